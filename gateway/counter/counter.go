// Package counter is what every room of the gateway shares when it stands at the Desk: who asks, as the
// Desk knows him, and what its refusals are called over HTTP.
//
// It tells the whole truth, as staff hear it. What a webshop must not be told is kept back by package
// api, the one room that a webshop can enter.
package counter

import (
	"context"
	"errors"
	"strings"
	"time"

	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// Caller is who asks, as the Desk knows him.
func Caller(ctx context.Context) retail.Actor {
	from, _ := edge.ActorFrom(ctx)
	switch from.Scope {
	case edge.Shop:
		return retail.Actor{Channel: retail.Webshop, Name: from.Shop, Key: from.KeyID}
	case edge.Till:
		return retail.Actor{Channel: retail.Till, Name: from.Register, Shop: from.Shop, MayRelease: from.MayRelease, Key: from.KeyID}
	default:
		return retail.Actor{Channel: retail.Office, Key: from.KeyID, Person: from.Person, Session: from.Session, Manager: from.Manager}
	}
}

// Map makes the problems of faults that the edge can't know: a store that is away.
func Map(err error) *edge.Problem {
	if errors.Is(err, retail.ErrUnavailable) {
		return edge.Refuse(edge.Unavailable, "The stores did not answer in time. Repeat the same request: its key tells what became of it.")
	}
	return nil
}

// codes are the problems of the refusals that say no more than that they are one.
func codes() []struct {
	err  error
	code edge.Code
} {
	return []struct {
		err  error
		code edge.Code
	}{
		{voucher.ErrNotFound, edge.VoucherNotFound},
		{voucher.ErrNotActive, edge.NotActive},
		{voucher.ErrBlocked, edge.Blocked},
		{voucher.ErrInvalidated, edge.Invalidated},
		{voucher.ErrExpired, edge.Expired},
		{voucher.ErrClaimed, edge.Claimed},
		{voucher.ErrQuarantined, edge.Quarantined},
		{voucher.ErrClaimRequired, edge.ClaimRequired},
		{voucher.ErrMode, edge.ModeMismatch},
		{retail.ErrSharedLogins, edge.ModeMismatch},
		{voucher.ErrOtherKind, edge.KindMismatch},
		{retail.ErrNoCustomer, edge.NotFound},
		{voucher.ErrCurrency, edge.CurrencyMismatch},
		{voucher.ErrAboveLimit, edge.AboveLimit},
		{voucher.ErrAlreadySold, edge.AlreadySold},
		{voucher.ErrOtherProduct, edge.OtherProduct},
		{retail.ErrNoBatch, edge.NotFound},
		{voucher.ErrKeyReused, edge.KeyReused},
		{voucher.ErrPrevented, edge.Prevented},
		{voucher.ErrInProgress, edge.InProgress},
		{voucher.ErrPointsGone, edge.NotReversible},
		{voucher.ErrNotReversible, edge.NotReversible},
		{voucher.ErrActNotFound, edge.NotFound},
		{voucher.ErrNoReservation, edge.ReservationNotFound},
		{voucher.ErrReservationEnded, edge.ReservationEnded},
		{voucher.ErrReservationExpired, edge.ReservationExpired},
		{voucher.ErrPointsEnded, edge.ReservationExpired},
		{voucher.ErrFreed, edge.ReservationEnded},
		{voucher.ErrSuperseded, edge.ReservationSuperseded},
		{voucher.ErrNothingForPoints, edge.CannotBeApplied},
		{voucher.ErrPerOrder, edge.AboveLimit},
		{voucher.ErrTooMany, edge.TooManyVouchers},
		{voucher.ErrMembership, edge.MembershipRequired},
		{voucher.ErrNoCashOut, edge.CashOutNotAllowed},
		{voucher.ErrTokenTaken, edge.TokenTaken},
		{voucher.ErrApproval, edge.ApprovalRequired},
		{retail.ErrNotManager, edge.Forbidden},
		{retail.ErrSamePerson, edge.Forbidden},
		{retail.ErrOtherAmount, edge.OtherAmount},
		{retail.ErrChannel, edge.ChannelNotAllowed},
		{retail.ErrUnderWay, edge.DeliveryUnderWay},
		{retail.ErrNeedsAddress, edge.NeedsAddress},
		{retail.ErrNotSold, edge.NeedsAddress},
		{retail.ErrCodeGone, edge.CodeGone},
		{retail.ErrCodeTaken, edge.AlreadyExists},
		{voucher.ErrGuessable, edge.Guessable},
	}
}

// fields are the refusals that blame one field of what was asked.
func fields() []struct {
	err   error
	field string
} {
	return []struct {
		err   error
		field string
	}{
		{voucher.ErrAboveDue, "amount"},
		{voucher.ErrNotLater, "expires_on"},
		{voucher.ErrStillThere, "to"},
		{retail.ErrCursor, "cursor"},
		{retail.ErrSort, "sort"},
		{retail.ErrIsCode, "q"},
		{retail.ErrLogin, "customer"},
		{retail.ErrNobody, "customer"},
		{retail.ErrWhichCustomer, "shop"},
		{retail.ErrMerge, "into"},
		{retail.ErrNoAddress, "email"},
		{retail.ErrOnePlace, "to"},
		{retail.ErrNameAmount, "amount"},
		{retail.ErrUnknownShop, "shop"},
	}
}

// Refuse is the problem of a refusal, in full; a fault is passed on as it is.
func Refuse(err error) error {
	if p := figures(err); p != nil {
		return p
	}
	if limited, ok := errors.AsType[*retail.SlowDownError](err); ok {
		why := "Too many codes that don't exist."
		if limited.Tokens {
			why = "Too many numbers that are neither the code nor the card of a voucher. Until then no card is looked up at this register, also none that there is; codes work all the same."
		}
		return edge.Refuse(edge.RateLimited, why).After(limited.RetryAfter)
	}
	if waits, ok := errors.AsType[*retail.AwaitingError](err); ok {
		return edge.Refuse(edge.AwaitingApproval, "The act is stored and waits for a second person. Nothing has moved yet.",
			edge.With("approval", Awaited{waits.ID, waits.ExpiresAt.UTC()}))
	}
	if claimed, ok := errors.AsType[*retail.ClaimedError](err); ok {
		return edge.Refuse(edge.Claimed, "The voucher was claimed. Its customer keeps what he claimed, whatever the voucher is set to; repeat with confirm_claimed to open it anew.",
			edge.With("claimed_by", WhoClaimed(claimed.By)))
	}
	for _, f := range fields() {
		if errors.Is(err, f.err) {
			return Invalid(f.field, f.err.Error())
		}
	}
	for _, c := range codes() {
		if errors.Is(err, c.err) {
			return edge.Refuse(c.code, sentence(c.err), uncovered(err)...)
		}
	}
	return err
}

// Awaited is the approval that an act waits for.
type Awaited struct {
	ID        string    `json:"id" format:"uuid"`
	ExpiresAt time.Time `json:"expires_at" doc:"When it ends unless somebody has decided"`
}

// figures is the problem of a refusal that tells who holds a code, or an amount; nil for another.
func figures(err error) error {
	if live, ok := errors.AsType[*voucher.UnconfirmedError](err); ok {
		return heldElsewhere(live.Held, "The voucher is reserved. Repeat with confirm_live to end the reservation too.", edge.With("amount", live.Amount))
	}
	if held, ok := errors.AsType[*voucher.HeldError](err); ok {
		return heldElsewhere(held, "The code is reserved by another holder.")
	}
	if short, ok := errors.AsType[*voucher.InsufficientError](err); ok {
		return edge.Refuse(edge.InsufficientBalance, "Not enough: "+short.Error()+".", edge.With("available", short.Available))
	}
	if above, ok := errors.AsType[*voucher.CashOutLimitError](err); ok {
		return edge.Refuse(edge.CashOutNotAllowed, sentence(above), edge.With("limit", above.Limit))
	}
	if stranger, ok := errors.AsType[*retail.MembershipError](err); ok {
		return edge.Refuse(edge.MembershipRequired, sentence(stranger), edge.With("notice", stranger.Notice))
	}
	if changed, ok := errors.AsType[*voucher.BalanceChangedError](err); ok {
		return edge.Refuse(edge.BalanceChanged, sentence(changed), edge.With("balance", changed.Balance))
	}
	return nil
}

// Invalid refuses a field of a request.
func Invalid(field, detail string) error {
	return edge.Refuse(edge.InvalidRequest, field+": "+detail, edge.With("field", field))
}

// uncovered tells the owner of a reservation what his order now lacks.
func uncovered(err error) []edge.Member {
	if short, ok := errors.AsType[*voucher.ShortError](err); ok {
		return []edge.Member{edge.With("uncovered", short.Uncovered)}
	}
	return nil
}

// HeldBy is who has a code, for staff to read (X04).
type HeldBy struct {
	Channel string `json:"channel" enum:"webshop,till,office"`
	Holder  string `json:"holder" doc:"The end of the shop's order or cart, or the register"`
	Since   string `json:"since" format:"date-time"`
}

// WhoHolds tells staff of a reservation's owner, and the hint that he gave of its holder.
func WhoHolds(owner, hint string, since time.Time) HeldBy {
	channel, name, _ := strings.Cut(owner, ":")
	who := HeldBy{Channel: channel, Holder: hint, Since: since.UTC().Format(time.RFC3339)}
	switch channel {
	case "shop":
		who.Channel = "webshop"
	case "till":
		who.Holder = name
	}
	return who
}

// ReleasedBy says what frees a reserved code.
const ReleasedBy = "It is free at held_until, or earlier when its holder releases or captures it, when the office " +
	"releases it, or when a register that may does so while the customer stands there."

// heldElsewhere refuses a reserved code: until when, by whom and what frees it.
func heldElsewhere(held *voucher.HeldError, detail string, more ...edge.Member) error {
	return edge.Refuse(edge.HeldElsewhere, detail, append([]edge.Member{
		edge.With("held_until", held.Until.UTC()), edge.With("held_by", WhoHolds(held.Owner, held.Hint, held.Since)), edge.With("released_by", ReleasedBy),
	}, more...)...)
}

// ClaimedBy is who has claimed a voucher, for staff to read (A19).
type ClaimedBy struct {
	ID       string       `json:"id" format:"uuid"`
	Shop     string       `json:"shop"`
	Customer string       `json:"customer" doc:"The shop's id of the customer"`
	WalletID string       `json:"wallet_id"`
	Kept     money.Amount `json:"kept" doc:"What the claim brought him: it stays his"`
}

// WhoClaimed tells staff of a claim.
func WhoClaimed(by retail.ClaimedBy) ClaimedBy {
	return ClaimedBy{by.Customer.ID, by.Customer.Shop, by.Customer.Login, by.Customer.WalletID, by.Kept}
}

// sentence makes a refusal's words a sentence.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
