package retail

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// ErrCodeTaken says that a voucher has the code that was chosen already, or a token of that number.
var ErrCodeTaken = ledger.ErrCodeTaken

// Replacement is a request to give a voucher another code.
type Replacement struct {
	Voucher string
	Key     string // the caller's name for it; "" for none, and then a repeat is another replacement
	Reason  string
	Code    string           // the text that the office chose; "" to have one drawn
	Text    voucher.CodeText // voucher.Drawn without Code; what it may guard with one
}

// Replaced is what became of a replacement.
type Replaced struct {
	Delivery *Delivery // of the new code; nil when nobody is known to send it to
	// Code is the new code where no delivery brings it, for as long as a sale's would be told; zero otherwise.
	Code voucher.Code
}

// Replace gives a voucher whose code is lost or in wrong hands a new one and delivers it (X22). The old code is unknown from then on, and
// no link to the voucher leads to the new one. A
// mail that may have left with it does no harm any more; one that is leaving right now must end first: ErrUnderWay. A voucher that
// nobody is known to send to is told to the caller. Under a key it happens once: the same again is told what came of it. Errors beside
// those of Resend: voucher.ErrKeyReused, voucher.ErrWeak, voucher.ErrCode, voucher.ErrGuessable, ErrCodeTaken.
func (o *BackOffice) Replace(ctx context.Context, by Actor, r Replacement) (done Replaced, err error) {
	defer explain("replace the code of voucher "+r.Voucher, &err)
	fresh, act, err := o.recoding(ctx, by, r)
	if err != nil {
		return Replaced{}, err
	}
	e, err := o.errand(ctx, r.Voucher)
	sold := !errors.Is(err, ErrNotSold)
	if err != nil && sold {
		return Replaced{}, err
	}
	recode := func(tx outbox.Tx, marked voucher.Answer) error {
		err := ledger.ReplaceCode(ctx, tx, ledger.NewCode{
			Voucher: r.Voucher, Version: marked.Voucher.Version, Last4: fresh.Voucher.Last4, MAC: fresh.MAC, Known: o.asToken(r.Code), Sealed: fresh.Sealed,
		})
		if err != nil {
			return err
		}
		return o.sales.endLinks(ctx, tx, by.String(), r.Voucher, didReplace)
	}
	if !sold {
		answer, err := o.does(ctx, by, deed{voucher: r.Voucher, act: act, action: didReplace, detail: why(r.Reason), also: recode})
		if err != nil {
			return Replaced{}, err
		}
		done.Code, err = o.replaced(ctx, answer)
		return done, err
	}
	e.action, e.reason, e.act, e.recode = didReplace, r.Reason, act, recode
	e.stoppedBy = leaves
	e.address = func(_ outbox.Tx, sold soldUnit, draft *outbox.Draft) error {
		if draft.Kind == KindHandover {
			return nil
		}
		return o.sales.address(draft, sold.recipient())
	}
	d, err := o.deliver(ctx, by, e)
	return Replaced{Delivery: &d}, err
}

// recoding makes the new code, and the act that puts it in the place of the old one.
func (o *BackOffice) recoding(ctx context.Context, by Actor, r Replacement) (fresh ledger.NewVoucher, act voucher.Replace, err error) {
	seen, err := o.seen(ctx, r.Voucher)
	if err != nil {
		return fresh, act, err
	}
	fresh.Voucher.ID = r.Voucher
	act = voucher.Replace{Text: voucher.Drawn, Detail: voucher.Detail{Reason: r.Reason}}
	if r.Code == "" {
		err = o.sales.drawCode(&fresh, o.formAs(ctx, seen.Voucher.Product))
	} else {
		act.Text, act.Wish = r.Text, sha256.Sum256([]byte(r.Code))
		err = o.chooseCode(&fresh, r.Code)
	}
	act.Last4 = fresh.Voucher.Last4
	if err == nil && r.Key != "" {
		act.Ref = by.ref(voucher.Replacements, r.Key)
		act.ID, err = o.desk.ledger.NewID()
	}
	return fresh, act, err
}

// formAs is how the codes of a product look; of one that is not registered, as usual.
func (o *BackOffice) formAs(ctx context.Context, sku string) voucher.Form {
	product, err := o.sales.Product(ctx, sku)
	if err != nil {
		return voucher.Form{}
	}
	return formOf(product)
}

// chooseCode gives a voucher a code whose text somebody chose.
func (o *BackOffice) chooseCode(n *ledger.NewVoucher, text string) error {
	code, err := voucher.Personal(text)
	if err != nil {
		return err
	}
	return o.sales.giveCode(n, code, purposeForeign)
}

// asToken is what a token would be known by whose number is the text that was chosen; none without one.
func (o *BackOffice) asToken(text string) [][]byte {
	typed, err := voucher.Read(text)
	if err != nil {
		return nil
	}
	return o.desk.ring.MACs(purposeForeign, []byte(typed.Foreign.Canonical()))
}

// replaced is the code of a replacement, as its caller may hear of it now.
func (o *BackOffice) replaced(ctx context.Context, answer voucher.Answer) (voucher.Code, error) {
	since := time.Duration(0)
	if record := answer.Record; repeats(answer) {
		if record.Detail.Replaced != answer.Voucher.Last4 {
			return voucher.Code{}, nil // another has taken its place since
		}
		since = answer.At.Sub(record.At)
	}
	if since >= codeTold {
		return voucher.Code{}, nil
	}
	code, _, err := o.sales.code(ctx, answer.Voucher.ID)
	if err != nil && !errors.Is(err, errNoCode) {
		return voucher.Code{}, fmt.Errorf("tell a code: %w", err)
	}
	return code, nil
}

// repeats tells that an act with a key happened before.
func repeats(answer voucher.Answer) bool { return answer.Record != nil && !answer.Created }
