package retail

import (
	"context"
	"errors"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/points"
	"vouchsafe/retail/voucher"
)

// What customers exchange points for is a voucher, or something that the merchant hands over himself: a ticket, a cup (P20). The office
// sees what waits, and says when it was handed over; from then on the points can't be taken back.

// didHandOver is the audit trail's name for a reward that was handed over.
const didHandOver = "hand_over_reward"

// ErrNotExternal says that nothing was exchanged for points under this id that the merchant hands over.
var ErrNotExternal = points.ErrNoReward

// RewardFilter narrows a list of rewards.
type RewardFilter = points.RewardFilter

// ExternalReward is a reward that the merchant hands over, and to whom.
type ExternalReward struct {
	points.Reward
	Customer Customer
}

// Rewards lists what the merchant hands over for points, the latest first. Errors: ErrCursor, ErrSort.
func (o *BackOffice) Rewards(ctx context.Context, f RewardFilter) (page []ExternalReward, next string, err error) {
	found, next, err := points.New(o.sales.orders.Pool()).Rewards(ctx, f)
	if err != nil {
		return nil, "", settled("list rewards", err)
	}
	page, err = o.rewards(ctx, found...)
	return page, next, settled("read whose rewards these are", err)
}

// rewards adds to rewards whose they are.
func (o *BackOffice) rewards(ctx context.Context, found ...points.Reward) ([]ExternalReward, error) {
	accounts := make([]string, len(found))
	for i, r := range found {
		accounts[i] = r.Account
	}
	whose, err := o.sales.customersOf(ctx, accounts...)
	page := make([]ExternalReward, len(found))
	for i, r := range found {
		page[i] = ExternalReward{r, whose[r.Account]}
	}
	return page, err
}

// HandOver says that a reward was handed over. Again, it does nothing. Errors: ErrNotExternal; ErrSettled when the points were taken
// back.
func (o *BackOffice) HandOver(ctx context.Context, by Actor, act string) (ExternalReward, error) {
	if !isID(act) {
		return ExternalReward{}, ErrNotExternal
	}
	var now points.Reward
	err := o.within(ctx, "hand a reward over", func(tx outbox.Tx) (err error) {
		now, err = points.LockReward(ctx, tx, act)
		switch {
		case err != nil || now.HandedOverAt != nil:
			return err
		case now.TakenBackAt != nil:
			return ErrSettled
		}
		if now, err = points.HandOver(ctx, tx, act, by.String()); err != nil {
			return err
		}
		return o.desk.audit(ctx, tx, by, didHandOver, now.Account, map[string]any{"reward": now.Name, "points": now.Points, "act": act})
	})
	if err != nil {
		return ExternalReward{}, err
	}
	shown, err := o.rewards(ctx, now)
	if err != nil {
		return ExternalReward{}, settled("read whose reward this is", err)
	}
	return shown[0], nil
}

// noteReward notes what a conversion leaves to be handed over, in its transaction.
func noteReward(ctx context.Context, tx outbox.Tx, answer voucher.Answer) error {
	r := answer.Record
	if !answer.Created {
		return nil
	}
	return points.AddReward(ctx, tx, points.Reward{Act: r.ID, Account: r.Voucher, Name: r.Detail.Reward.Name, Points: r.Amount, GivenAt: r.At})
}

// Unconvert takes a conversion back while what it gave is there, points and voucher together, or makes sure that it never happens
// (X02). What the merchant has handed over is not there any more.
func (l *Loyalty) Unconvert(ctx context.Context, by Actor, key string) (voucher.Answer, error) {
	desk, ref := l.accounts.desk, by.ref(voucher.Conversions, key)
	for {
		record, err := desk.ledger.Find(ctx, ref)
		switch {
		case err == nil && record.Voucher != "" && record.Detail.Reward.Voucher == "":
			return l.takeBack(ctx, by, record)
		case !errors.Is(err, voucher.ErrActNotFound):
			return desk.Reverse(ctx, by, voucher.Conversions, key)
		}
		prevented, err := desk.prevent(ctx, by, ref)
		if err != nil || prevented {
			return voucher.Answer{Outcome: voucher.OutcomePrevented}, err
		}
	}
}

// takeBack gives the points of a reward back that was not handed over.
func (l *Loyalty) takeBack(ctx context.Context, by Actor, record voucher.Record) (voucher.Answer, error) {
	desk := l.accounts.desk
	aimed := ledger.Aimed{Voucher: record.Voucher, Account: true, Act: voucher.Reverse{Target: record.Ref, Limited: by.limit()}}
	applied, err := desk.ledger.ApplyWhole(ctx, func(tx outbox.Tx) ([]ledger.Aimed, error) {
		reward, err := points.LockReward(ctx, tx, record.ID)
		if err == nil && reward.HandedOverAt != nil {
			err = voucher.ErrNotReversible
		}
		return []ledger.Aimed{aimed}, err
	}, func(tx outbox.Tx, applied *ledger.Applied) error {
		if idle(applied.Answers[0]) {
			return nil
		}
		if err := points.TakeRewardBack(ctx, tx, record.ID, applied.Answers[0].At); err != nil {
			return err
		}
		if by.Channel != Office {
			return nil
		}
		return desk.settledBy(ctx, tx, by, aimed, applied)
	})
	if explain("take a reward back", &err); err != nil {
		return voucher.Answer{}, err
	}
	desk.forwarding().onward(ctx, applied.Answers...)
	return applied.Answers[0], nil
}
