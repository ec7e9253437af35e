package retail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// The audit trail's names for what the office does.
const (
	didActivate   = "activate"
	didBlock      = "block"
	didUnblock    = "unblock"
	didInvalidate = "invalidate"
	didExtend     = "extend"
	didLift       = "lift"
	didRelease    = "release"
	didAdjust     = "adjust"
	didClaim      = "claim"
	didTransfer   = "transfer"
	didRefund     = "refund"
	didAsk        = "ask_approval"
	didReject     = "reject_approval"
	didWithdraw   = "withdraw_approval"
	didReload     = "reload"
	didReverse    = "reverse"
	didResend     = "resend"
	didReplace    = "replace"
	didRecipient  = "change_recipient"
	didPrint      = "print"
	didUnbind     = "unbind"
	didCashOut    = "cash_out"
)

// Activate makes a voucher usable whose product the office activates by hand (A13).
func (o *BackOffice) Activate(ctx context.Context, by Actor, id, reason string) (voucher.Answer, error) {
	return o.does(ctx, by, deed{
		voucher: id, act: voucher.Activate{}, action: didActivate, detail: why(reason),
		also: func(tx outbox.Tx, _ voucher.Answer) error {
			return outbox.CloseTask(ctx, tx, TaskActivate, id, didActivate)
		},
	})
}

// Block stops every use of a voucher until the office unblocks it. A reservation lives on, and can't be
// captured.
func (o *BackOffice) Block(ctx context.Context, by Actor, id, reason string) (voucher.Answer, error) {
	act := voucher.Block{Kind: voucher.OfficeBlock, Blocked: true}
	return o.does(ctx, by, deed{voucher: id, act: act, action: didBlock, detail: why(reason)})
}

// Unblock lifts the office's own block. That of a cancelled order stays until the order is paid.
func (o *BackOffice) Unblock(ctx context.Context, by Actor, id, reason string) (voucher.Answer, error) {
	act := voucher.Block{Kind: voucher.OfficeBlock}
	return o.does(ctx, by, deed{voucher: id, act: act, action: didUnblock, detail: why(reason)})
}

// Invalidate ends a voucher for good (E22), and the mails that would still bring its code. Until spare is
// voucher.SpareNothing a reserved one is refused with *voucher.UnconfirmedError, which tells who would
// be left short.
func (o *BackOffice) Invalidate(ctx context.Context, by Actor, id, reason string, spare voucher.Spare) (voucher.Answer, error) {
	act := voucher.Invalidate{
		Ref: by.ref(voucher.Endings, id), Detail: voucher.Detail{Reason: reason}, Spare: spare,
	}
	var err error
	if act.ID, err = o.desk.ledger.NewID(); err != nil {
		return voucher.Answer{}, err
	}
	return o.does(ctx, by, deed{
		voucher: id, act: act, action: didInvalidate, detail: why(reason),
		also: func(tx outbox.Tx, _ voucher.Answer) error {
			return o.sales.stopLetters(ctx, tx, id, "the voucher was invalidated")
		},
	})
}

// lettersOf are the deliveries of a voucher's code alone.
func lettersOf(id string) outbox.Where {
	return outbox.Where{Subject: id, Kinds: []outbox.Kind{KindCode, KindHandover}}
}

// Extend moves the last day of a voucher's validity to a later one (X22), and brings back what was written off of it (X12).
func (o *BackOffice) Extend(ctx context.Context, by Actor, id string, last voucher.Date, reason string) (answer voucher.Answer, err error) {
	for try := 0; ; try++ {
		answer, err = o.extend(ctx, by, id, last, reason)
		if !errors.Is(err, voucher.ErrInProgress) || try == twins {
			return answer, err
		}
	}
}

// extend is Extend by what the journal says now. Error: voucher.ErrInProgress when the voucher was used meanwhile.
func (o *BackOffice) extend(ctx context.Context, by Actor, id string, last voucher.Date, reason string) (voucher.Answer, error) {
	if !isID(id) {
		return voucher.Answer{}, voucher.ErrNotFound
	}
	journal, err := o.desk.ledger.Journal(ctx, id)
	if err != nil {
		explain("extend voucher "+id, &err)
		return voucher.Answer{}, err
	}
	return o.does(ctx, by, deed{
		voucher: id, act: voucher.Extend{Last: last, WrittenOff: voucher.WrittenOffIn(journal)}, action: didExtend,
		detail: map[string]any{"reason": reason, "expires_on": last.String()},
	})
}

// Lift ends a quarantine after somebody has settled what the lost changes were. The voucher's version
// then stands above everything that was ever acknowledged.
func (o *BackOffice) Lift(ctx context.Context, by Actor, id, reason string) (done voucher.Answer, err error) {
	defer explain("lift the quarantine of voucher "+id, &err)
	witness, err := o.quarantineOf(ctx, id)
	if err != nil {
		return voucher.Answer{}, err
	}
	return o.does(ctx, by, deed{
		voucher: id, act: voucher.Lift{Seen: witness}, action: didLift,
		detail: map[string]any{"reason": reason, "witness": witness},
		also: func(tx outbox.Tx, _ voucher.Answer) error {
			return outbox.CloseTask(ctx, tx, ledger.TaskQuarantine, id, "lifted")
		},
	})
}

// quarantineOf is the highest version of a voucher that anybody has testified to: what was noted when the
// quarantine began, or what Redis says now; 0 if neither says anything.
func (o *BackOffice) quarantineOf(ctx context.Context, id string) (int64, error) {
	witness := o.desk.testimony.Witness(ctx, []string{id})[id]
	tasks, err := o.sales.outbox.Tasks(ctx, outbox.TaskFilter{Kind: ledger.TaskQuarantine, Subject: id})
	if err != nil {
		return 0, err
	}
	for _, task := range tasks {
		var noted struct {
			Witness int64 `json:"witness"`
		}
		if err := json.Unmarshal(task.Detail, &noted); err != nil {
			return 0, fmt.Errorf("read why voucher %s is in quarantine: %w", id, err)
		}
		witness = max(witness, noted.Witness)
	}
	return witness, nil
}

// Ended is what came of ending a reservation.
type Ended struct {
	Reservation voucher.Reservation
	Outcome     voucher.Outcome // released, or unchanged when it was over
	At          time.Time
}

// ReleaseReservation ends a live reservation with a reason: its owner's later capture is refused as
// superseded. One that is over is left as it is. Error: voucher.ErrNoReservation.
func (o *BackOffice) ReleaseReservation(ctx context.Context, by Actor, id, reason string) (Ended, error) {
	found, account, err := o.reservation(ctx, id)
	if err != nil {
		return Ended{}, err
	}
	done, err := o.does(ctx, by, deed{
		voucher: found.Voucher, account: account, act: voucher.Void{Reservation: id}, action: didRelease,
		detail: map[string]any{"reason": reason, "reservation": id},
	})
	if err != nil {
		return Ended{}, err
	}
	found, _, err = o.reservation(ctx, id)
	return Ended{found, done.Outcome, done.At}, err
}

// reservation finds a reservation by its id, and tells whether it is of an account.
func (o *BackOffice) reservation(ctx context.Context, id string) (r voucher.Reservation, account bool, err error) {
	if !isID(id) {
		return voucher.Reservation{}, false, voucher.ErrNoReservation
	}
	return o.desk.ledger.ReservationAnywhere(ctx, id)
}

// Adjustment is a request to correct a balance. Exactly one of Delta and SetTo is set, Expected with
// SetTo.
type Adjustment struct {
	Key      string
	Voucher  string
	Delta    *money.Amount
	SetTo    *money.Amount
	Expected *money.Amount
	Claimed  voucher.Spare // voucher.SpareReserved asks first what it means to set the balance of a claimed voucher (A27)
	Reason   string
}

// Adjust corrects a voucher's balance (A23, A26, A27). Of a claimed voucher *ClaimedError says who has claimed it.
func (o *BackOffice) Adjust(ctx context.Context, by Actor, a Adjustment) (voucher.Answer, error) {
	act := voucher.Adjust{
		Ref: by.ref(voucher.Adjustments, a.Key), Delta: a.Delta, SetTo: a.SetTo, Expected: a.Expected, Claimed: a.Claimed,
		Detail: voucher.Detail{Reason: a.Reason},
	}
	if !isID(a.Voucher) {
		return voucher.Answer{}, o.desk.unlessTaken(ctx, act.Ref, voucher.ErrNotFound)
	}
	var err error
	if act.ID, err = o.desk.ledger.NewID(); err != nil {
		return voucher.Answer{}, err
	}
	answer, err := o.desk.settle(ctx, by, ledger.Aimed{Voucher: a.Voucher, Act: act})
	if errors.Is(err, voucher.ErrNotFound) {
		err = o.desk.unlessTaken(ctx, act.Ref, err)
	}
	return answer, o.whoClaimed(ctx, a.Voucher, err)
}

// Adjusted finds an adjustment by its key. Error: voucher.ErrActNotFound.
func (o *BackOffice) Adjusted(ctx context.Context, by Actor, key string) (voucher.Record, error) {
	return o.desk.Recover(ctx, by, voucher.Adjustments, key)
}

// ReverseAdjustment takes an adjustment back, or makes sure that it never happens (X02).
func (o *BackOffice) ReverseAdjustment(ctx context.Context, by Actor, key string) (voucher.Answer, error) {
	return o.desk.Reverse(ctx, by, voucher.Adjustments, key)
}
