package retail

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/staff"
	"vouchsafe/retail/voucher"
)

// didCredit is the audit trail's name for a credit note that the office gives.
const didCredit = "credit"

// Credit is a request for a credit note.
type Credit struct {
	Key     string
	Product string // SKU of a product of kind credit; "" for the usual one
	Amount  money.Amount
	Detail  voucher.Detail
}

// Credit gives a credit note for goods that came back, at a register or in the office. Nothing was paid for it: in the books its value
// comes from what was credited, and not from what was sold. Errors beside those of Sell: of the office *AwaitingError, and to an API key
// voucher.ErrApproval, above the amount that one alone may give.
func (s *Stockroom) Credit(ctx context.Context, by Actor, c Credit) (Sale, error) {
	if by.Channel == Webshop {
		return Sale{}, settled("credit", ErrChannel)
	}
	answer, err := s.credit(ctx, by, c)
	if err != nil {
		return Sale{}, settled("credit", err)
	}
	sale, err := s.told(ctx, *answer.Record, answer.Voucher, answer.At)
	sale.Created = answer.Created
	return sale, settled("tell of a credit note", err)
}

func (s *Stockroom) credit(ctx context.Context, by Actor, c Credit) (voucher.Answer, error) {
	ref := by.ref(voucher.Credits, c.Key)
	product, act, err := s.crediting(ctx, c)
	switch {
	case isOffer(err):
		return voucher.Answer{}, s.desk.unlessTaken(ctx, ref, err)
	case err != nil:
		return voucher.Answer{}, err
	}
	act.Ref = ref
	if act.ID, err = s.desk.ledger.NewID(); err != nil {
		return voucher.Answer{}, err
	}
	if by.Channel == Office {
		return s.made(ctx, by, product, act, s.gives(by, creditNote(c.Product, product, act)))
	}
	return s.made(ctx, by, product, act, s.selling(act))
}

// crediting is what a credit note is made as, and the act that does, without its name.
func (s *Stockroom) crediting(ctx context.Context, c Credit) (purchase.Product, voucher.Sell, error) {
	product, err := s.creditProduct(ctx, c.Product, c.Amount.Currency)
	if err != nil {
		return product, voucher.Sell{}, err
	}
	price, err := product.Price(&c.Amount)
	return product, voucher.Sell{Product: product.SKU, Price: price, State: voucher.Active, Stock: voucher.Fresh, Detail: c.Detail}, err
}

// ErrNoCreditNote says that a product is there, and that no credit note can be made as one.
var ErrNoCreditNote = errors.New("the product is not of kind credit")

// creditProduct is what a credit note is made as: a registered product of that kind, or the usual one.
func (s *Stockroom) creditProduct(ctx context.Context, sku string, currency money.Currency) (purchase.Product, error) {
	if sku == "" {
		return purchase.CreditNote(currency), nil
	}
	product, err := s.sales.Product(ctx, sku)
	if err == nil && product.Kind != purchase.Credit {
		err = fmt.Errorf("product %.100q is of kind %s: %w", sku, product.Kind, ErrNoCreditNote)
	}
	return product, err
}

// noted is the line of the audit trail for a voucher that the office has made, written along with it.
func (s *Stockroom) noted(ctx context.Context, by Actor, action string, detail voucher.Detail) func(outbox.Tx, *ledger.Applied) error {
	return func(tx outbox.Tx, applied *ledger.Applied) error {
		if by.Channel != Office {
			return nil
		}
		answer := applied.Answers[len(applied.Answers)-1]
		return s.desk.audit(ctx, tx, by, action, answer.Voucher.ID, map[string]any{
			"act": answer.Record.ID, "amount": money.Of(answer.Record.Amount, answer.Record.Currency).String(),
			"reason": cmp.Or(detail.Reason, detail.Receipt),
		})
	}
}

// CreditNote finds a credit note of this actor by its key; of one that was prevented, or of the office's that nobody has approved, there
// is the record alone. Error: voucher.ErrActNotFound.
func (s *Stockroom) CreditNote(ctx context.Context, by Actor, key string) (Sale, error) {
	ref := by.ref(voucher.Credits, key)
	sale, err := s.named(ctx, ref)
	if by.Channel == Office && errors.Is(err, voucher.ErrActNotFound) {
		record, err := s.desk.unsettled(ctx, ref)
		return Sale{Record: record}, settled("find a credit note", err)
	}
	return sale, err
}

// Uncredit takes a credit note of this actor back while all of its value is there, or makes sure that it is never given (X02).
func (s *Stockroom) Uncredit(ctx context.Context, by Actor, key string) (voucher.Answer, error) {
	return s.desk.Reverse(ctx, by, voucher.Credits, key)
}

// RefundAnew gives a redemption back to a new credit note, since the voucher that it took from was invalidated. Only the office may.
// Errors beside those of Desk.Refund: ErrChannel, voucher.ErrStillThere.
func (s *Stockroom) RefundAnew(ctx context.Context, by Actor, r Refund) (Sale, error) {
	if by.Channel != Office {
		return Sale{}, settled("refund", ErrChannel)
	}
	answer, err := s.refundAnew(ctx, by, r)
	if err != nil {
		return Sale{}, settled("refund", err)
	}
	sale, err := s.told(ctx, *answer.Record, answer.Voucher, answer.At)
	sale.Created = answer.Created
	return sale, settled("tell of a refund", err)
}

func (s *Stockroom) refundAnew(ctx context.Context, by Actor, r Refund) (voucher.Answer, error) {
	act := voucher.RefundAnew{Ref: by.ref(voucher.Refunds, r.Key), Amount: r.Amount, Approval: voucher.Approval{Alone: true}, Detail: r.Detail}
	redemption, err := s.desk.redemption(ctx, by, r.Redemption)
	if errors.Is(err, voucher.ErrActNotFound) {
		err = s.desk.unlessTaken(ctx, act.Ref, err)
	}
	if err != nil {
		return voucher.Answer{}, err
	}
	act.Redemption = redemption.Ref
	if act.ID, err = s.desk.ledger.NewID(); err != nil {
		return voucher.Answer{}, err
	}
	n := refundNote(redemption, act)
	return s.made(ctx, by, n.product, act, s.gives(by, n))
}

// Refunded finds a refund of the office by its key; ok is false for one that went back to where it came from, which tells no code.
func (s *Stockroom) Refunded(ctx context.Context, by Actor, key string) (sale Sale, ok bool, err error) {
	named, err := s.desk.ledger.ByName(ctx, by.ref(voucher.Refunds, key))
	if errors.Is(err, voucher.ErrActNotFound) || err == nil && (named.Voucher == nil || named.Record.Detail.Sold == nil) {
		return Sale{}, false, nil
	}
	if err == nil {
		sale, err = s.told(ctx, named.Record, *named.Voucher, named.At)
	}
	return sale, true, settled("tell of a refund", err)
}

// reverseAnew takes back a refund that went to a credit note of its own. The voucher that the redemption took from is locked beside
// it: whatever is refunded of one redemption is settled under that lock.
func (d *Desk) reverseAnew(ctx context.Context, by Actor, from string, note ledger.Aimed) (voucher.Answer, error) {
	var applied *ledger.Applied
	err := d.ledger.InTx(ctx, func(tx outbox.Tx) (err error) {
		if applied, err = d.ledger.ApplyTx(ctx, tx, ledger.Aimed{Voucher: from, Act: voucher.Expire{}}, note); err != nil {
			return err
		}
		if applied.Refused() != nil || idle(applied.Answers[1]) {
			return nil
		}
		if err := staff.TakeBack(ctx, tx, applied.Answers[1].Record.ID); err != nil {
			return err
		}
		action, detail := told(note.Act)
		return d.audit(ctx, tx, by, action, note.Voucher, detail)
	})
	explain("reverse a refund", &err)
	if err != nil {
		return voucher.Answer{}, err
	}
	d.ledger.Told(ctx, applied)
	return applied.Answers[1], applied.Refusals[1]
}
