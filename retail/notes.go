package retail

import (
	"context"
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

// The office gives credit notes for goods that came back, and for redemptions of vouchers that have ended. A note is a voucher of its
// own each time, so that what one gives alone is counted over all the notes that he gives in a currency, and above the set amount a
// second person is asked before there is any voucher (X13).

// note is a credit note that the office is about to make.
type note struct {
	named   named
	product purchase.Product
	action  string // in the audit trail
	// fill are the acts in the transaction that makes the voucher with this id, the last of which gives it its value.
	fill func(id string, by voucher.Approval) []ledger.Aimed
}

// creditNote is the note of a sale that nobody pays. sku is the product as it was named.
func creditNote(sku string, product purchase.Product, act voucher.Sell) note {
	return note{
		named: named{
			kind: act.Ref.Kind, key: act.Ref.Key, subject: notesIn(act.Price.Currency),
			request: request{Amount: &act.Price, Product: sku, Detail: act.Detail},
		},
		product: product, action: didCredit,
		fill: func(id string, by voucher.Approval) []ledger.Aimed {
			act.Approval = by
			return []ledger.Aimed{{Voucher: id, Act: act}}
		},
	}
}

// refundNote is the note of a redemption whose voucher has ended, which is locked beside it.
func refundNote(redemption voucher.Record, act voucher.RefundAnew) note {
	return note{
		named: named{
			kind: act.Ref.Kind, key: act.Ref.Key, subject: redemption.Voucher,
			request: request{Redemption: &redemptionName{redemption.Owner, redemption.Key}, Amount: act.Amount, Anew: true, Detail: act.Detail},
		},
		product: purchase.CreditNote(redemption.Currency), action: didRefund,
		fill: func(id string, by voucher.Approval) []ledger.Aimed {
			act.Approval = by
			ended := ledger.Aimed{Voucher: redemption.Voucher, Act: voucher.Expire{}}
			return []ledger.Aimed{ended, {Voucher: id, Act: act, After: func(before []voucher.Answer) voucher.Act {
				act.From = before[0].Voucher
				return act
			}}}
		},
	}
}

// notesIn stands for all the notes in a currency, where what one gives is counted by the voucher: they are one each time.
func notesIn(c money.Currency) string { return standsFor("credit notes in " + string(c)) }

// errNoteMade says that the key of a note was taken meanwhile: the voucher that was made for it is none.
var errNoteMade = errors.New("the credit note was made meanwhile")

// gives makes a credit note that the office gives, and asks a second person where one alone may not. Errors: *AwaitingError,
// *voucher.ApprovalError to an API key, errNoteMade.
func (s *Stockroom) gives(by Actor, n note) fills {
	return func(ctx context.Context, fresh ledger.NewVoucher) (voucher.Answer, error) {
		var applied *ledger.Applied
		err := s.desk.ledger.InTx(ctx, func(tx outbox.Tx) (err error) {
			applied, err = s.givesAlone(ctx, tx, by, n, fresh)
			return err
		})
		over, tooMuch := errors.AsType[*voucher.ApprovalError](err)
		switch {
		case tooMuch && by.Person != "":
			return voucher.Answer{}, s.office.asksFor(ctx, by, n.named, []money.Amount{over.Amount})
		case err != nil && voucher.IsRefusal(err) && applied != nil:
			return voucher.Answer{}, s.desk.ledger.RolledBack(ctx, applied, err)
		case err != nil:
			return voucher.Answer{}, err
		}
		failpoint.Hit(failpoint.ActCommitted)
		s.desk.ledger.Told(ctx, applied)
		return applied.Answers[len(applied.Answers)-1], nil
	}
}

// givesAlone makes a note that one alone may give, counting those that he has given lately.
func (s *Stockroom) givesAlone(ctx context.Context, tx outbox.Tx, by Actor, n note, fresh ledger.NewVoucher) (*ledger.Applied, error) {
	if err := s.office.standsBack(ctx, tx, n.named); err != nil {
		return nil, err
	}
	all := notesIn(fresh.Voucher.Currency)
	if err := staff.LockNames(ctx, tx, "notes "+all+" of "+by.giver()); err != nil {
		return nil, err
	}
	given, err := staff.GivenLately(ctx, tx, by.giver(), all)
	if err != nil {
		return nil, err
	}
	applied, record, err := s.filled(ctx, tx, fresh, n.fill(fresh.Voucher.ID, voucher.Approval{Alone: true, Given: given}))
	if err != nil {
		return applied, err
	}
	if err := staff.Give(ctx, tx, staff.Given{Act: record.ID, Giver: by.giver(), Voucher: all, Amount: record.Amount}); err != nil {
		return nil, err
	}
	return applied, s.noted(ctx, by, n.action, n.named.request.Detail)(tx, applied)
}

// filled makes the voucher of a note, and gives it its value by the last of the acts.
func (s *Stockroom) filled(ctx context.Context, tx outbox.Tx, fresh ledger.NewVoucher, acts []ledger.Aimed) (*ledger.Applied, *voucher.Record, error) {
	if err := s.desk.ledger.Stock(ctx, tx, fresh); err != nil {
		return nil, nil, err
	}
	applied, err := s.desk.ledger.ApplyTx(ctx, tx, acts...)
	if err != nil {
		return nil, nil, err
	}
	if refusal := applied.Refused(); refusal != nil {
		return applied, nil, refusal
	}
	made := applied.Answers[len(acts)-1]
	if !made.Created {
		return nil, nil, errNoteMade
	}
	return applied, made.Record, nil
}

// makesNote tells whether an approval is of a note.
func (r request) makesNote(a Approval) bool { return r.Anew || a.Kind == string(voucher.Credits) }

// approveNote makes a note that another person asked for. Errors as for Approve.
func (o *BackOffice) approveNote(ctx context.Context, by Actor, a Approval, asked request) error {
	s := &Stockroom{desk: o.desk, sales: o.sales, office: o}
	n, err := s.askedNote(ctx, a, asked)
	if isOffer(err) { // the product is another by now
		return o.stillWaits(ctx, a, err)
	}
	if err != nil {
		return err
	}
	fresh, err := s.fresh(ctx, by, n.product)
	if err != nil {
		return err
	}
	var applied *ledger.Applied
	err = o.desk.ledger.InTx(ctx, func(tx outbox.Tx) (err error) {
		if err = o.locks(ctx, tx, by, a, staff.Approved); err == nil {
			applied, err = s.givesApproved(ctx, tx, by, a, n, fresh)
		}
		return err
	})
	switch {
	case errors.Is(err, errNoteMade):
		return o.stillWaits(ctx, a, voucher.ErrKeyReused)
	case errors.Is(err, ErrOtherAmount), err != nil && voucher.IsRefusal(err):
		return o.stillWaits(ctx, a, err)
	case err != nil:
		return err
	}
	failpoint.Hit(failpoint.ActCommitted)
	o.desk.ledger.Told(ctx, applied)
	return nil
}

// givesApproved makes a note that two answer for, and ends its approval with it.
func (s *Stockroom) givesApproved(ctx context.Context, tx outbox.Tx, by Actor, a Approval, n note, fresh ledger.NewVoucher) (*ledger.Applied, error) {
	applied, record, err := s.filled(ctx, tx, fresh, n.fill(fresh.Voucher.ID, voucher.Approval{}))
	if err != nil {
		return nil, err
	}
	amounts, err := amountsIn(a)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(amounts, []money.Amount{money.Of(record.Amount, record.Currency)}) {
		return nil, ErrOtherAmount
	}
	err = s.desk.audit(ctx, tx, by, n.action, fresh.Voucher.ID, map[string]any{
		"act": record.ID, "amount": amounts[0].String(), "reason": a.Reason, "asked_by": a.AskedBy, "approval": a.ID,
	})
	if err != nil {
		return nil, err
	}
	_, err = endApproval(ctx, tx, a.ID, staff.Approved, by.Person)
	return applied, err
}

// askedNote is the note that an approval holds. Errors: ErrUnknownProduct, those of purchase.Product.Price.
func (s *Stockroom) askedNote(ctx context.Context, a Approval, asked request) (note, error) {
	ref := Actor{Channel: Office}.ref(voucher.ActKind(a.Kind), a.Key)
	id, err := s.desk.ledger.NewID()
	if err != nil {
		return note{}, err
	}
	if asked.Redemption != nil {
		from := voucher.Ref{Owner: asked.Redemption.Owner, Kind: voucher.Redemptions, Key: asked.Redemption.Key}
		redemption, err := s.desk.ledger.Find(ctx, from)
		return refundNote(redemption, voucher.RefundAnew{ID: id, Ref: ref, Redemption: from, Amount: asked.Amount, Detail: asked.Detail}), err
	}
	if asked.Amount == nil {
		return note{}, fmt.Errorf("an approval of kind %q holds no credit note", a.Kind)
	}
	product, act, err := s.crediting(ctx, Credit{Product: asked.Product, Amount: *asked.Amount, Detail: asked.Detail})
	act.ID, act.Ref = id, ref
	return creditNote(asked.Product, product, act), err
}
