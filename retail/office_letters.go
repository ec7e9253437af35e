package retail

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"vouchsafe/retail/document"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// Resend mails a voucher's code once more, as a delivery of its own (A22): to recipient, or, if that is
// empty, to whom it was meant for. What has not left yet is cancelled in its favour, and while its order
// is cancelled it is held like every other. A shop that sends the codes itself is handed this one again, unless a recipient is named. The
// code stays what it is. A voucher that no webshop sold goes
// to nobody but recipient. Errors: ErrUnderWay while a delivery is being made or is in doubt (one that is not
// tried again by itself stops only what goes to somebody else), ErrNeedsAddress, ErrCodeGone, ErrNotSold,
// voucher.ErrInvalidated, voucher.ErrNotActive for one that was not sold at all, voucher.ErrNotFound.
func (o *BackOffice) Resend(ctx context.Context, by Actor, id, recipient, reason string) (made Delivery, err error) {
	defer explain("resend voucher "+id, &err)
	e, err := o.errand(ctx, id)
	if errors.Is(err, ErrNotSold) && recipient != "" {
		e, err = o.errandUnsold(ctx, id)
	}
	if err != nil {
		return Delivery{}, err
	}
	if _, _, err := o.sales.code(ctx, id); err != nil {
		return Delivery{}, err
	}
	e.action, e.reason = didResend, reason
	if recipient == "" {
		e.stoppedBy = mayLeave // whoever may have it already gets it once more
	}
	e.address = func(_ outbox.Tx, sold soldUnit, draft *outbox.Draft) error {
		draft.Due, draft.Waiting = time.Time{}, "" // the office asks for it now
		if recipient == "" && draft.Kind == KindHandover {
			return nil // the shop sends the codes of its vouchers, this one too
		}
		draft.Kind = KindCode
		if err := o.sales.address(draft, cmp.Or(recipient, sold.recipient())); err != nil {
			return err
		}
		if draft.Waiting != "" {
			return ErrNeedsAddress
		}
		return nil
	}
	return o.deliver(ctx, by, e)
}

// Delivery is a code on its way.
type Delivery = outbox.Delivery

// Recipient is whom a voucher is for.
type Recipient struct {
	Email string
	Name  string // empty leaves the name as it was
}

// ChangeRecipient sends a voucher's code to somebody else from now on (X22): what has not left yet is
// cancelled, and a new delivery takes its place and its day. Somebody who has it already, or for whom it
// is on its way, gets no second mail. Links to the voucher end: whom it was for may have them. One that no webshop sold is mailed to him; nothing keeps a name for it: ErrNoName. Other errors as
// for Resend.
func (o *BackOffice) ChangeRecipient(ctx context.Context, by Actor, id string, to Recipient, reason string) (made Delivery, err error) {
	defer explain("change the recipient of voucher "+id, &err)
	e, err := o.errand(ctx, id)
	unsold := errors.Is(err, ErrNotSold)
	if unsold && to.Name != "" {
		return Delivery{}, ErrNoName
	}
	if unsold {
		e, err = o.errandUnsold(ctx, id)
	}
	if err != nil {
		return Delivery{}, err
	}
	plain, err := mail.ParseAddress(to.Email)
	if err != nil {
		return Delivery{}, fmt.Errorf("%w: %w", ErrNeedsAddress, err)
	}
	if last := e.last(); to.Name == "" && last != nil && bytes.Equal(last.RecipientHash, o.sales.recipientHash(plain)) {
		return *last, nil
	}
	if _, _, err := o.sales.code(ctx, id); err != nil {
		return Delivery{}, err
	}
	e.action, e.reason = didRecipient, reason
	e.address = func(tx outbox.Tx, sold soldUnit, draft *outbox.Draft) error {
		draft.Kind = KindCode
		if err := o.sales.endLinks(ctx, tx, by.String(), id, didRecipient); err != nil {
			return err
		}
		if unsold {
			return o.sales.address(draft, plain)
		}
		sold.asked.Email, sold.asked.Name = plain, cmp.Or(to.Name, sold.asked.Name)
		sealed, err := o.sales.seal(purposeWishes, sold.unit.ID, sold.asked)
		if err != nil {
			return err
		}
		if err := orders.SetWishes(ctx, tx, sold.unit.ID, sealed, o.sales.subjectMAC(plain)); err != nil {
			return err
		}
		return o.sales.address(draft, plain)
	}
	return o.deliver(ctx, by, e)
}

// IsAddress tells whether a text is an address that can be mailed to.
func IsAddress(text string) bool {
	_, err := mail.ParseAddress(text)
	return err == nil
}

// recipientHash is what a delivery knows its recipient by.
func (s *Sales) recipientHash(plain string) []byte {
	return s.ring.MAC(purposeRecipient, []byte(strings.ToLower(plain)))
}

// Document prints a voucher (A22). Whoever has the page can spend the voucher, so that the audit trail
// says who asked for it. Errors: ErrCodeGone, voucher.ErrInvalidated, voucher.ErrNotActive,
// voucher.ErrNotFound.
func (o *BackOffice) Document(ctx context.Context, by Actor, id string) (printed []byte, err error) {
	defer explain("print voucher "+id, &err)
	seen, err := o.seen(ctx, id)
	if err != nil {
		return nil, err
	}
	switch seen.Voucher.State {
	case voucher.Invalidated:
		return nil, voucher.ErrInvalidated
	case voucher.Inventory: // its code is for the printer of its batch alone
		return nil, voucher.ErrNotActive
	}
	code, _, err := o.sales.code(ctx, id)
	if err != nil {
		return nil, err
	}
	page, err := o.sales.printout(ctx, seen.Voucher, code)
	if err != nil {
		return nil, err
	}
	pdf, err := document.PDF(page)
	if err != nil {
		return nil, err
	}
	return pdf, o.within(ctx, "print voucher "+id, func(tx outbox.Tx) error {
		return o.desk.audit(ctx, tx, by, didPrint, id, nil)
	})
}

// printout is the page of a voucher, whoever sold it. Unlike a mail it needs no sender.
func (s *Sales) printout(ctx context.Context, v voucher.Voucher, code voucher.Code) (document.Voucher, error) {
	gift, err := s.orders.Gift(ctx, v.ID)
	sold := err == nil
	if err != nil && !errors.Is(err, orders.ErrNotFound) {
		return document.Voucher{}, err
	}
	shop, err := s.seller(ctx, cmp.Or(gift.Shop, v.Shop))
	if err != nil {
		return document.Voucher{}, err
	}
	name, from, _ := senderOf(cmp.Or(shop.Sender, s.defaults.From)) // a page without a sender is a page all the same
	letter := mail.Letter{
		Language: s.tongue(shop, gift.Language), Date: v.IssuedAt.In(v.Zone), Shop: shopName(shop, name),
	}
	letter.Sender = strings.Trim(letter.Shop+", "+from, ", ")
	if sold {
		return s.page(ctx, gift, letter, shop, code)
	}
	return s.pageUnsold(v, letter, shop, code), nil
}
