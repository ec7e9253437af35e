package api

import (
	"context"
	"errors"
	"strings"

	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/voucher"
)

// codes are the problems of the rule book's refusals.
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
		{voucher.ErrCurrency, edge.CurrencyMismatch},
		{voucher.ErrAboveLimit, edge.AboveLimit},
		{voucher.ErrKeyReused, edge.KeyReused},
		{voucher.ErrPrevented, edge.Prevented},
		{voucher.ErrInProgress, edge.InProgress},
		{voucher.ErrNotReversible, edge.NotReversible},
		{voucher.ErrActNotFound, edge.NotFound},
		{voucher.ErrNoReservation, edge.ReservationNotFound},
		{voucher.ErrReservationEnded, edge.ReservationEnded},
		{voucher.ErrReservationExpired, edge.ReservationExpired},
		{voucher.ErrSuperseded, edge.ReservationSuperseded},
		{voucher.ErrTooMany, edge.TooManyVouchers},
		{retail.ErrChannel, edge.ChannelNotAllowed},
	}
}

// Map makes the problems of faults that the edge can't know: a store that is away.
func Map(err error) *edge.Problem {
	if errors.Is(err, retail.ErrUnavailable) {
		return edge.Refuse(edge.Unavailable, "The stores did not answer in time. Repeat the same request: its key tells what became of it.")
	}
	return nil
}

// concealed are the refusals that a shop is told nothing about: whether a code is unknown, blocked or
// expired must not be told by an answer that anybody with a browser can provoke.
func concealed() []error {
	return []error{
		voucher.ErrNotFound, voucher.ErrNotActive, voucher.ErrBlocked, voucher.ErrInvalidated, voucher.ErrExpired,
		voucher.ErrClaimed, voucher.ErrQuarantined, voucher.ErrClaimRequired,
	}
}

// refuseCode is the problem of an act by code: to a shop, every code that can't be used looks the same.
func (a *api) refuseCode(ctx context.Context, err error) error {
	if actorOf(ctx).Channel == retail.Webshop {
		for _, hidden := range concealed() {
			if errors.Is(err, hidden) {
				return edge.Refuse(edge.CannotBeApplied, "This code can't be applied.")
			}
		}
	}
	return a.refuse(ctx, err)
}

// refuse is the problem of a refusal, in full; a fault is passed on as it is.
func (a *api) refuse(ctx context.Context, err error) error {
	if held, ok := errors.AsType[*voucher.HeldError](err); ok {
		return heldElsewhere(actorOf(ctx), held)
	}
	if short, ok := errors.AsType[*voucher.InsufficientError](err); ok {
		return edge.Refuse(edge.InsufficientBalance, "Not enough: "+short.Error()+".", edge.With("available", short.Available))
	}
	if errors.Is(err, voucher.ErrAboveDue) {
		return invalid("amount", "is above what is due")
	}
	if limited, ok := errors.AsType[*retail.SlowDownError](err); ok {
		return edge.Refuse(edge.RateLimited, "Too many codes that don't exist.").After(limited.RetryAfter)
	}
	for _, c := range codes() {
		if errors.Is(err, c.err) {
			return edge.Refuse(c.code, sentence(c.err), uncovered(err)...)
		}
	}
	return err
}

// uncovered tells the owner of a reservation what his order now lacks.
func uncovered(err error) []edge.Member {
	if short, ok := errors.AsType[*voucher.ShortError](err); ok {
		return []edge.Member{edge.With("uncovered", short.Uncovered)}
	}
	return nil
}

// heldBy is who has a code, for staff to read (X04).
type heldBy struct {
	Channel string `json:"channel"`
	Holder  string `json:"holder"`
	Since   string `json:"since"`
}

// heldElsewhere refuses a reserved code: a shop learns until when, staff also by whom and what frees it.
func heldElsewhere(by retail.Actor, held *voucher.HeldError) error {
	until := edge.With("held_until", held.Until.UTC())
	if by.Channel == retail.Webshop {
		return edge.Refuse(edge.HeldElsewhere, "The code is reserved by another holder.", until)
	}
	channel, name, _ := strings.Cut(held.Owner, ":")
	who := heldBy{Channel: map[string]string{"shop": "webshop", "till": "till"}[channel], Holder: held.Hint, Since: stamp(held.Since)}
	if channel == "till" {
		who.Holder = name
	}
	return edge.Refuse(edge.HeldElsewhere, "The code is reserved by another holder.", until, edge.With("held_by", who),
		edge.With("released_by", "It is free at held_until, or earlier when its holder releases or captures it, when the office "+
			"releases it, or when a register that may does so while the customer stands there."))
}

// sentence makes a refusal's words a sentence.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
