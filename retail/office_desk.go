package retail

import (
	"context"
	"fmt"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// settle applies an act that has a key. Those of shops and tills go in groups. One of the office is in the
// audit trail by its own transaction, unless it repeats another.
func (d *Desk) settle(ctx context.Context, by Actor, aimed ledger.Aimed) (voucher.Answer, error) {
	if by.Channel != Office {
		return d.ledger.Apply(ctx, aimed)
	}
	audit := func(tx outbox.Tx, applied *ledger.Applied) error {
		if applied.Refusals[0] != nil || idle(applied.Answers[0]) {
			return nil
		}
		action, detail := told(aimed.Act)
		return d.audit(ctx, tx, by, action, aimed.Voucher, detail)
	}
	for try := 0; ; try++ {
		applied, err := d.ledger.ApplyWith(ctx, audit, aimed)
		switch {
		case err == nil:
			return applied.Answers[0], applied.Refusals[0]
		case !ledger.IsTwin(err) || try == twins:
			return voucher.Answer{}, fmt.Errorf("settle an act of the office: %w", err)
		}
	}
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
	case voucher.Reverse:
		return didReverse, map[string]any{"kind": a.Target.Kind, "key": a.Target.Key}
	}
	return string(act.Refs()[0].Kind), nil
}
