package retail

import (
	"context"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/staff"
	"vouchsafe/retail/voucher"
)

// settle applies an act that has a key. Those of shops and tills go in groups. One of the office has a transaction of
// its own, with its line of the audit trail unless it repeats another. Error beside the refusals: *AwaitingError.
func (d *Desk) settle(ctx context.Context, by Actor, aimed ledger.Aimed) (voucher.Answer, error) {
	return d.settleLed(ctx, by, aimed, nil)
}

// leading aims an act of the office again in its transaction, with its customers locked: they may have been merged since it was aimed.
type leading func(context.Context, outbox.Tx, ledger.Aimed) (ledger.Aimed, error)

// settleLed settles an act, which is aimed again first unless lead is nil.
func (d *Desk) settleLed(ctx context.Context, by Actor, aimed ledger.Aimed, lead leading) (voucher.Answer, error) {
	answer, err := d.settleIn(ctx, by, aimed, lead)
	if err == nil && returnsValue(aimed.Act) {
		d.forwarding().onward(ctx, answer)
	}
	return answer, err
}

// settleIn chooses the transaction of an act by who does it, and to what.
func (d *Desk) settleIn(ctx context.Context, by Actor, aimed ledger.Aimed, lead leading) (voucher.Answer, error) {
	switch {
	case by.Channel != Office && aimed.Then != nil:
		return d.settleHalves(ctx, aimed)
	case by.Channel != Office && aimed.Account:
		return d.settleAccount(ctx, aimed)
	case by.Channel != Office:
		return d.ledger.Apply(ctx, aimed)
	}
	for try := 0; ; try++ {
		answer, err := d.settleAlone(ctx, by, aimed, lead)
		if ledger.IsTwin(err) && try < twins {
			continue
		}
		explain("settle an act of the office", &err)
		return answer, err
	}
}

func (d *Desk) settleAlone(ctx context.Context, by Actor, aimed ledger.Aimed, lead leading) (voucher.Answer, error) {
	var applied *ledger.Applied
	var waits *staff.Approval
	err := d.ledger.InTx(ctx, func(tx outbox.Tx) (err error) {
		aimed := aimed
		if lead != nil {
			if aimed, err = lead(ctx, tx, aimed); err != nil {
				return err
			}
		}
		if _, gives := voucher.Answerable(aimed.Act, voucher.Approval{}); gives {
			applied, waits, err = d.giveAlone(ctx, tx, by, aimed)
			return err
		}
		if applied, err = d.applyTx(ctx, tx, aimed); err != nil {
			return err
		}
		if err := applied.Torn(); err != nil {
			return err
		}
		return d.settledBy(ctx, tx, by, aimed, applied)
	})
	if voucher.IsRefusal(err) && applied != nil {
		return voucher.Answer{}, d.ledger.RolledBack(ctx, applied, err)
	}
	if err != nil {
		return voucher.Answer{}, err
	}
	if applied != nil {
		d.ledger.Told(ctx, applied)
	}
	if waits != nil {
		return voucher.Answer{}, &AwaitingError{ID: waits.ID, ExpiresAt: waits.ExpiresAt}
	}
	return applied.Answers[0], applied.Refusals[0]
}

// settledBy writes what the office did into the audit trail, unless it did nothing.
func (d *Desk) settledBy(ctx context.Context, tx outbox.Tx, by Actor, aimed ledger.Aimed, applied *ledger.Applied) error {
	answer := applied.Answers[0]
	if applied.Refusals[0] != nil || idle(answer) {
		return nil
	}
	if answer.Outcome == voucher.OutcomeReversed {
		if err := staff.TakeBack(ctx, tx, answer.Record.ID); err != nil {
			return err
		}
	}
	action, detail := told(aimed.Act)
	return d.audit(ctx, tx, by, action, aimed.Voucher, detail)
}

// idle tells that an act changed nothing: it was so already, or its key tells of an earlier time.
func idle(a voucher.Answer) bool {
	switch a.Outcome {
	case voucher.OutcomeUnchanged, voucher.OutcomePrevented:
		return true
	case voucher.OutcomeReversed:
		return !a.Record.ReversedAt.Equal(a.At)
	}
	return a.Record != nil && !a.Created
}

// told is what the audit trail says of an act with a key.
func told(act voucher.Act) (action string, detail map[string]any) {
	switch a := act.(type) {
	case voucher.Refund:
		return didRefund, map[string]any{"reason": a.Detail.Reason, "refund": a.ID}
	case voucher.Reload:
		return didReload, map[string]any{"receipt": a.Detail.Receipt, "tender": a.Detail.Tender, "reload": a.ID}
	case voucher.Adjust:
		return didAdjust, map[string]any{"reason": a.Detail.Reason, "adjustment": a.ID}
	case voucher.Earn:
		return didEarn, map[string]any{"event": a.Event, "points": a.Points, "reason": a.Detail.Reason, "act": a.ID}
	case voucher.CashOut:
		return didCashOut, map[string]any{"reason": a.Detail.Reason, "receipt": a.Detail.Receipt, "cash_out": a.ID}
	case voucher.Transfer:
		return didTransfer, map[string]any{"reason": a.Detail.Reason, "transfer": a.ID, "to": a.To}
	case voucher.Reverse:
		return didReverse, map[string]any{"kind": a.Target.Kind, "key": a.Target.Key}
	}
	return string(act.Refs()[0].Kind), nil
}
