package retail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/staff"
	"vouchsafe/retail/voucher"
)

// What a decision about an approval is refused for, beside the refusals of its act.
var (
	// ErrNoApproval says that nothing that waits, or waited, for approval has this id.
	ErrNoApproval = errors.New("no approval has this id")
	// ErrNotManager says that only a manager who has signed in may do this.
	ErrNotManager = errors.New("only a manager who has signed in may do this")
	// ErrSamePerson says that whoever decides may be acting for whoever asked.
	ErrSamePerson = errors.New("this takes another person than whoever asked, one whose sign-in the asker has not set up")
	// ErrOtherAmount says that an act would by now move another amount than was asked for.
	ErrOtherAmount = errors.New("the act would now move another amount than was asked for")
)

// Approval is an act of the office that waits, or waited, for a second person (X13).
type Approval = staff.Approval

// ApprovalFilter narrows a list of approvals; what is left empty doesn't narrow.
type ApprovalFilter struct {
	Page
	State string
}

// Approvals lists approvals, the latest first. Error: ErrCursor.
func (o *BackOffice) Approvals(ctx context.Context, f ApprovalFilter) (page []Approval, next string, err error) {
	page, next, err = staff.Approvals(ctx, o.sales.orders.Pool(), staff.ApprovalFilter{Page: f.Page, State: staff.ApprovalState(f.State)})
	return page, next, settled("list approvals", err)
}

// Approval reads one. Error: ErrNoApproval.
func (o *BackOffice) Approval(ctx context.Context, id string) (Approval, error) {
	if !isID(id) {
		return Approval{}, ErrNoApproval
	}
	found, err := staff.ReadApproval(ctx, o.sales.orders.Pool(), id)
	if errors.Is(err, staff.ErrNoApproval) {
		err = ErrNoApproval
	}
	return found, settled("read an approval", err)
}

// errDecided says that what was to be decided is decided in this very way.
var errDecided = errors.New("it is decided so already")

// Approve carries out, under its own key, an act that another person asked for, in one transaction with the end of its
// approval: it happens once, however often and by however many it is approved. An act that no longer fits is refused
// for its own reason, and goes on waiting. Errors: ErrNoApproval, ErrNotManager, ErrSamePerson, ErrSettled,
// ErrOtherAmount, those of the act.
func (o *BackOffice) Approve(ctx context.Context, by Actor, id string) (Approval, error) {
	a, err := o.toDecide(ctx, by, id)
	if err != nil {
		return Approval{}, err
	}
	asked, err := requestIn(a)
	switch {
	case err != nil:
	case a.Kind == string(KindActivation):
		err = o.approvePurchase(ctx, by, a)
	case asked.makesNote(a):
		err = o.approveNote(ctx, by, a, asked)
	default:
		err = o.approveAct(ctx, by, a)
	}
	if err != nil && !errors.Is(err, errDecided) {
		return Approval{}, settled("approve "+id, err)
	}
	return o.Approval(ctx, id)
}

// toDecide reads what somebody is about to decide.
func (o *BackOffice) toDecide(ctx context.Context, by Actor, id string) (Approval, error) {
	a, err := o.Approval(ctx, id)
	if err == nil && by.Person == "" {
		err = ErrNotManager
	}
	return a, err
}

// locks takes an approval for a decision, in the transaction that carries it out. Errors: errDecided, ErrSettled,
// ErrNotManager, ErrSamePerson.
func (o *BackOffice) locks(ctx context.Context, tx outbox.Tx, by Actor, a Approval, wanted staff.ApprovalState) error {
	if err := staff.LockNames(ctx, tx, nameOf(voucher.ActKind(a.Kind), a.Key)); err != nil {
		return err
	}
	if !by.Manager {
		return ErrNotManager
	}
	independent, err := staff.Independent(ctx, tx, by.Person, a.AskedBy)
	if err != nil {
		return err
	}
	if !independent {
		return ErrSamePerson
	}
	now, err := staff.LockApproval(ctx, tx, a.ID)
	switch {
	case err != nil:
		return err
	case now.State == wanted:
		return errDecided
	case now.State != staff.Waiting || now.Overdue:
		return ErrSettled
	}
	return nil
}

// approveAct carries out an act on a voucher. Its refusal is noted in the same transaction, with what was found out on
// the way.
func (o *BackOffice) approveAct(ctx context.Context, by Actor, a Approval) error {
	aimed, err := o.stored(ctx, a)
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		var applied *ledger.Applied
		var refusal error
		err := o.desk.ledger.InTx(ctx, func(tx outbox.Tx) (err error) {
			if err := o.locks(ctx, tx, by, a, staff.Approved); err != nil {
				return err
			}
			led, err := o.led(ctx, tx, aimed)
			if err != nil {
				return err
			}
			applied, refusal, err = o.applies(ctx, tx, by, a, led)
			return err
		})
		switch {
		case ledger.IsTwin(err) && try < twins:
			continue
		case errors.Is(err, ErrOtherAmount), err != nil && voucher.IsRefusal(err): // the other half of a transfer refused
			return o.stillWaits(ctx, a, err)
		case err != nil:
			return err
		}
		failpoint.Hit(failpoint.ActCommitted)
		o.desk.ledger.Told(ctx, applied)
		if refusal == nil && returnsValue(aimed.Act) {
			o.desk.forwarding().onward(ctx, applied.Answers...)
		}
		return refusal
	}
}

// stored is the act that an approval holds, aimed at its voucher.
func (o *BackOffice) stored(ctx context.Context, a Approval) (ledger.Aimed, error) {
	asked, err := requestIn(a)
	if err != nil {
		return ledger.Aimed{}, err
	}
	id, err := o.desk.ledger.NewID()
	if err != nil {
		return ledger.Aimed{}, err
	}
	act, err := asked.act(id, Actor{Channel: Office}.ref(voucher.ActKind(a.Kind), a.Key))
	if err == nil && asked.Account {
		act, err = o.sales.lasting(ctx, act)
	}
	return withReceipt(ledger.Aimed{Voucher: a.Subject, Account: asked.Account, Act: act}), err
}

// applies does an approved act, and ends its approval with it or notes why it was refused.
func (o *BackOffice) applies(ctx context.Context, tx outbox.Tx, by Actor, a Approval, aimed ledger.Aimed) (*ledger.Applied, error, error) {
	applied, err := o.desk.applyTx(ctx, tx, aimed)
	if err != nil {
		return nil, nil, err
	}
	if err := applied.Torn(); err != nil {
		return nil, nil, err
	}
	if refusal := applied.Refusals[0]; refusal != nil {
		return applied, refusal, o.notes(ctx, tx, a, refusal)
	}
	amounts, err := amountsIn(a)
	if err != nil {
		return nil, nil, err
	}
	done := applied.Answers[0].Record
	if !slices.Equal(amounts, []money.Amount{money.Of(done.Amount, done.Currency)}) {
		return nil, nil, ErrOtherAmount
	}
	action, detail := told(aimed.Act)
	detail["asked_by"], detail["approval"] = a.AskedBy, a.ID
	if err := o.desk.audit(ctx, tx, by, action, aimed.Voucher, detail); err != nil {
		return nil, nil, err
	}
	_, err = endApproval(ctx, tx, a.ID, staff.Approved, by.Person)
	return applied, nil, err
}

// notes says on an approval, and on its task, why it goes on waiting.
func (o *BackOffice) notes(ctx context.Context, tx outbox.Tx, a Approval, refusal error) error {
	if err := staff.NoteRefusal(ctx, tx, a.ID, refusal.Error()); err != nil {
		return err
	}
	return openApproval(ctx, tx, a, refusal.Error())
}

// stillWaits notes a refusal whose transaction was rolled back, and returns it. An approval that was decided meanwhile is left.
func (o *BackOffice) stillWaits(ctx context.Context, a Approval, refusal error) error {
	err := o.desk.ledger.InTx(ctx, func(tx outbox.Tx) error {
		now, err := staff.LockApproval(ctx, tx, a.ID)
		if err != nil || now.State != staff.Waiting {
			return err
		}
		return o.notes(ctx, tx, a, refusal)
	})
	return errors.Join(refusal, err)
}

// requestIn reads what an approval holds.
func requestIn(a Approval) (asked request, err error) {
	if err := json.Unmarshal(a.Request, &asked); err != nil {
		return request{}, fmt.Errorf("read what approval %s holds: %w", a.ID, err)
	}
	return asked, nil
}

// amountsIn reads what an approval would move.
func amountsIn(a Approval) (amounts []money.Amount, err error) {
	if err := json.Unmarshal(a.Amounts, &amounts); err != nil {
		return nil, fmt.Errorf("read what approval %s would move: %w", a.ID, err)
	}
	return amounts, nil
}

// Reject ends an approval without its act, whose key is free again. Whoever asked withdraws it so. Errors:
// ErrNoApproval, ErrNotManager, ErrSamePerson, ErrSettled.
func (o *BackOffice) Reject(ctx context.Context, by Actor, id, reason string) (Approval, error) {
	a, err := o.toDecide(ctx, by, id)
	if err != nil {
		return Approval{}, err
	}
	end, action := staff.Rejected, didReject
	if by.Person == a.AskedBy {
		end, action = staff.Withdrawn, didWithdraw
	}
	err = o.desk.ledger.InTx(ctx, func(tx outbox.Tx) error {
		if err := o.mayEnd(ctx, tx, by, a, end); err != nil {
			return err
		}
		if _, err := endApproval(ctx, tx, a.ID, end, by.Person); err != nil {
			return err
		}
		return o.desk.audit(ctx, tx, by, action, a.Subject, map[string]any{"approval": a.ID, "asked_by": a.AskedBy, "reason": reason})
	})
	if err != nil && !errors.Is(err, errDecided) {
		return Approval{}, settled("reject "+id, err)
	}
	return o.Approval(ctx, id)
}

// mayEnd takes an approval in order to reject it, or to withdraw one's own.
func (o *BackOffice) mayEnd(ctx context.Context, tx outbox.Tx, by Actor, a Approval, end staff.ApprovalState) error {
	if end == staff.Rejected {
		return o.locks(ctx, tx, by, a, end)
	}
	now, err := staff.LockApproval(ctx, tx, a.ID)
	switch {
	case err != nil:
		return err
	case now.State == end:
		return errDecided
	case now.State != staff.Waiting:
		return ErrSettled
	}
	return nil
}

// ExpireApprovals ends what has waited too long for a second person. It runs on a schedule.
func (o *BackOffice) ExpireApprovals(ctx context.Context) error {
	err := o.desk.ledger.InTx(ctx, func(tx outbox.Tx) error {
		overdue, err := staff.OverdueApprovals(ctx, tx)
		for _, a := range overdue {
			if _, err := endApproval(ctx, tx, a.ID, staff.Lapsed, ""); err != nil {
				return err
			}
		}
		return err
	})
	return settled("expire approvals", err)
}

// activation is the request that a purchase issue, under the purchase's own name.
func activation(id string, consent purchase.Consent, reason string) named {
	return named{kind: KindActivation, key: id, subject: id, request: request{Consent: consent, Detail: voucher.Detail{Reason: reason}}}
}

// worthError refuses to let one alone give what a decision is worth. It wraps voucher.ErrApproval.
type worthError struct{ worth []money.Amount }

func (e *worthError) Error() string { return fmt.Sprintf("%v: %v", voucher.ErrApproval, e.worth) }
func (e *worthError) Unwrap() error { return voucher.ErrApproval }

// mayAlone refuses to let one alone give more than the merchant has set.
func (o *BackOffice) mayAlone(d purchase.Decision) error {
	worth := worthOf(d)
	for _, amount := range worth {
		if !o.desk.ledger.Rules().MayAlone(amount.Minor, amount.Currency) {
			return &worthError{worth}
		}
	}
	return nil
}

// standsBack refuses to activate a purchase whose activation waits for a second person.
func (o *BackOffice) standsBack(ctx context.Context, tx outbox.Tx, n named) error {
	if err := staff.LockNames(ctx, tx, n.name()); err != nil {
		return err
	}
	waits, err := o.desk.waiting(ctx, tx, n)
	if err != nil || waits == nil {
		return err
	}
	return &AwaitingError{ID: waits.ID, ExpiresAt: waits.ExpiresAt}
}

// asksFor puts the activation of a purchase before a second person; its transaction found that one alone may not.
func (o *BackOffice) asksFor(ctx context.Context, by Actor, n named, worth []money.Amount) error {
	var asked staff.Approval
	err := o.desk.ledger.InTx(ctx, func(tx outbox.Tx) (err error) {
		if err = o.standsBack(ctx, tx, n); err != nil {
			return err
		}
		asked, err = o.desk.ask(ctx, tx, by, n, worth...)
		return err
	})
	if err != nil {
		return err
	}
	return &AwaitingError{ID: asked.ID, ExpiresAt: asked.ExpiresAt}
}

// approvePurchase lets a purchase issue that another person asked for.
func (o *BackOffice) approvePurchase(ctx context.Context, by Actor, a Approval) error {
	asked, err := requestIn(a)
	if err != nil {
		return err
	}
	amounts, err := amountsIn(a)
	if err != nil {
		return err
	}
	err = o.settle(ctx, by, a.Subject, verdict{
		action: didActivatePurchase, reason: asked.Detail.Reason, detail: map[string]any{"asked_by": a.AskedBy, "approval": a.ID},
		first: func(tx outbox.Tx) error { return o.locks(ctx, tx, by, a, staff.Approved) },
		decide: func(known purchase.Purchase) (purchase.Decision, error) {
			d, err := purchase.Activate(known, asked.Consent)
			if err == nil && !slices.Equal(worthOf(d), amounts) {
				err = ErrOtherAmount
			}
			return d, err
		},
		also: func(tx outbox.Tx) error {
			_, err := endApproval(ctx, tx, a.ID, staff.Approved, by.Person)
			return err
		},
	})
	for _, refusal := range []error{ErrOtherAmount, purchase.ErrNothingWaits, purchase.ErrNotPaidOnline} {
		if errors.Is(err, refusal) {
			return o.stillWaits(ctx, a, refusal)
		}
	}
	return err
}
