package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// ErrChannel refuses what the actor's channel may not do, such as a reload by a webshop (E24).
var ErrChannel = errors.New("not allowed on this channel")

// Redeem is a request to spend a voucher at the till.
type Redeem struct {
	Key string
	Typed
	Amount  money.Amount
	Partial voucher.Partial
	Member  Member
	Detail  voucher.Detail
}

// Redeem spends a voucher at a register at once.
func (d *Desk) Redeem(ctx context.Context, by Actor, r Redeem) (voucher.Answer, error) {
	if by.Channel != Till {
		return voucher.Answer{}, fmt.Errorf("redeem: %w", ErrChannel)
	}
	id, err := d.ledger.NewID()
	if err != nil {
		return voucher.Answer{}, err
	}
	member, err := d.membership(ctx, by, r.Member)
	if err != nil {
		return voucher.Answer{}, err
	}
	holder, hint := by.holder("")
	ref := by.ref(voucher.Redemptions, r.Key)
	answer, err := d.act(ctx, by, r.Typed, ref, voucher.Redeem{
		ID: id, Ref: ref, Holder: holder, Hint: hint, Amount: r.Amount, Partial: r.Partial, Member: member, Detail: r.Detail,
	})
	return answer, d.notMember(ctx, by, err)
}

// Reload is a request to add money to a voucher.
type Reload struct {
	Key string
	Typed
	Amount money.Amount
	Detail voucher.Detail
}

// Reload adds money to a voucher, at a register or in the office; never for a webshop, which sells a
// new code instead (E24, E25).
func (d *Desk) Reload(ctx context.Context, by Actor, r Reload) (voucher.Answer, error) {
	if by.Channel == Webshop {
		return voucher.Answer{}, fmt.Errorf("reload: %w", ErrChannel)
	}
	id, err := d.ledger.NewID()
	if err != nil {
		return voucher.Answer{}, err
	}
	ref := by.ref(voucher.Reloads, r.Key)
	return d.act(ctx, by, r.Typed, ref, voucher.Reload{
		ID: id, Ref: ref, Amount: r.Amount, Detail: r.Detail,
	})
}

// Refund is a request to give a redemption back to its voucher.
type Refund struct {
	Key        string
	Redemption string        // the key of the actor's own, or any redemption's id for a till or the office
	Amount     *money.Amount // nil for all that is left
	Detail     voucher.Detail
}

// Refund gives a redemption, or part of it, back to the voucher it came from (X01).
func (d *Desk) Refund(ctx context.Context, by Actor, r Refund) (voucher.Answer, error) {
	ref := by.ref(voucher.Refunds, r.Key)
	redemption, err := d.redemption(ctx, by, r.Redemption)
	if errors.Is(err, voucher.ErrActNotFound) {
		err = d.unlessTaken(ctx, ref, err)
	}
	if err != nil {
		return voucher.Answer{}, fmt.Errorf("refund %s: %w", r.Key, err)
	}
	id, err := d.ledger.NewID()
	if err != nil {
		return voucher.Answer{}, err
	}
	act := voucher.Refund{
		ID: id, Ref: ref, Redemption: redemption.Ref, Amount: r.Amount, Detail: r.Detail,
	}
	return d.settle(ctx, by, ledger.Aimed{Voucher: redemption.Voucher, Account: redemption.Detail.Account, Act: act})
}

// redemption finds what is to be refunded: the actor's own by its key or, for a till or the office,
// anybody's by its id, since a customer may bring goods back to another register.
func (d *Desk) redemption(ctx context.Context, by Actor, named string) (voucher.Record, error) {
	record, err := d.ledger.Find(ctx, by.ref(voucher.Redemptions, named))
	if errors.Is(err, voucher.ErrActNotFound) && by.Channel != Webshop && isID(named) {
		record, err = d.ledger.ByID(ctx, voucher.Redemptions, named)
	}
	if err == nil && record.Voucher == "" {
		return voucher.Record{}, voucher.ErrActNotFound
	}
	return record, err
}

// unlessTaken is the refusal of an act that can't even be aimed, unless its name is taken: then that
// comes first, as for any other content.
func (d *Desk) unlessTaken(ctx context.Context, ref voucher.Ref, refusal error) error {
	record, err := d.ledger.Find(ctx, ref)
	switch {
	case errors.Is(err, voucher.ErrActNotFound):
		return refusal
	case err != nil:
		return err
	case record.State == voucher.Done:
		return voucher.ErrKeyReused
	}
	return voucher.ErrPrevented
}

// ReleaseForeign frees the reservation that keeps a customer from paying at the till with his own
// code (X22). Only the office and a register with that right may; who did it and why goes to the
// audit trail in the same transaction.
func (d *Desk) ReleaseForeign(ctx context.Context, by Actor, typed Typed, reason string) (voucher.Answer, error) {
	if by.Channel != Office && !by.MayRelease {
		return voucher.Answer{}, fmt.Errorf("release another's reservation: %w", ErrChannel)
	}
	found, err := d.find(ctx, by, typed, voucher.Ref{})
	if err != nil {
		return voucher.Answer{}, err
	}
	aimed := ledger.Aimed{Voucher: found.Voucher.ID, MACs: found.macs, Act: voucher.ReleaseForeign{OnlyOf: "shop:"}}
	audit := func(tx outbox.Tx, applied *ledger.Applied) error {
		if applied.Answers[0].Reservation == nil {
			return nil
		}
		return d.audit(ctx, tx, by, "release_foreign", found.Voucher.ID, map[string]any{"reason": reason})
	}
	applied, err := d.ledger.ApplyWith(ctx, audit, aimed)
	if err != nil {
		return voucher.Answer{}, fmt.Errorf("release another's reservation: %w", err)
	}
	return applied.Answers[0], applied.Refusals[0]
}

// Recover finds an act of this actor by its name: what a till asks after an answer was lost.
func (d *Desk) Recover(ctx context.Context, by Actor, kind voucher.ActKind, key string) (voucher.Record, error) {
	record, err := d.ledger.Find(ctx, by.ref(kind, key))
	if by.Channel == Office && errors.Is(err, voucher.ErrActNotFound) {
		return d.unsettled(ctx, by.ref(kind, key))
	}
	return record, err
}

// VoucherOf reads the voucher that an act was done to; the zero Voucher for an act that was prevented, or done to an account.
func (d *Desk) VoucherOf(ctx context.Context, record voucher.Record) (voucher.Voucher, error) {
	if record.Voucher == "" || record.Detail.Account {
		return voucher.Voucher{}, nil
	}
	found, err := d.ledger.Vouchers(ctx, record.Voucher)
	if err != nil || len(found) == 0 {
		return voucher.Voucher{}, err
	}
	return found[0], nil
}

// Reverse takes back all that is left of an act of this actor; an act that has not come never will (X02).
func (d *Desk) Reverse(ctx context.Context, by Actor, kind voucher.ActKind, key string) (voucher.Answer, error) {
	ref := by.ref(kind, key)
	for {
		record, err := d.ledger.Find(ctx, ref)
		switch {
		case err == nil && record.Voucher == "":
			return voucher.Answer{Record: &record, Outcome: voucher.OutcomePrevented}, nil
		case err == nil:
			return d.reverse(ctx, by, record)
		case !errors.Is(err, voucher.ErrActNotFound):
			return voucher.Answer{}, err
		}
		prevented, err := d.prevent(ctx, by, ref)
		if err != nil || prevented {
			return voucher.Answer{Outcome: voucher.OutcomePrevented}, err
		}
	}
}

// reverse takes back an act that happened; a refund's redemption is found first.
func (d *Desk) reverse(ctx context.Context, by Actor, record voucher.Record) (voucher.Answer, error) {
	act := voucher.Reverse{Target: record.Ref, Limited: by.limit()}
	if record.Kind == voucher.Refunds {
		source, err := d.ledger.ByID(ctx, voucher.Redemptions, record.Source)
		if err != nil {
			return voucher.Answer{}, err
		}
		act.Source = &source.Ref
		if source.Voucher != record.Voucher {
			return d.reverseAnew(ctx, by, source.Voucher, ledger.Aimed{Voucher: record.Voucher, Act: act})
		}
	}
	if record.Kind == voucher.Reloads || record.Kind == voucher.Sales {
		return d.handBack(ctx, by, record.Voucher, act)
	}
	return d.settle(ctx, by, withReturn(ledger.Aimed{Voucher: record.Voucher, Account: record.Detail.Account, Act: act}, record))
}

// handBack takes back what was paid in for a voucher, as long as that is what is on it.
func (d *Desk) handBack(ctx context.Context, by Actor, id string, act voucher.Reverse) (answer voucher.Answer, err error) {
	for try := 0; ; try++ {
		if act.Paid, err = d.ledger.PaidFor(ctx, id); err != nil {
			return voucher.Answer{}, err
		}
		answer, err = d.settle(ctx, by, ledger.Aimed{Voucher: id, Act: act})
		if !errors.Is(err, voucher.ErrInProgress) || try == twins { // it was used meanwhile
			return answer, err
		}
	}
}

// isID tells whether a text looks like an identifier of ours (a UUID), which no database is asked
// about otherwise.
func isID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, r := range text {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := r >= '0' && r <= '9' || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F'
		if dash != (r == '-') || !dash && !hex {
			return false
		}
	}
	return true
}
