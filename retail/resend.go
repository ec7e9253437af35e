package retail

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/mail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// Errors of sending a code once more.
var (
	// ErrUnderWay says that a delivery of the code is being made, or may have been: its recipient can't change now.
	ErrUnderWay = outbox.ErrUnderWay
	// ErrNeedsAddress says that there is no usable address to send to.
	ErrNeedsAddress = errors.New("there is no usable address")
	// ErrCodeGone says that the code was shredded.
	ErrCodeGone = errNoCode
	// ErrNotSold says that no webshop sold the voucher, so that nothing is known of a recipient.
	ErrNotSold = errors.New("no webshop sold the voucher")
)

// Resend mails a voucher's code once more, as a delivery of its own (A22): to recipient, or, if that is empty, to whom it was meant
// for. What has not left yet is cancelled in its favour, and while its order is cancelled it is held like every other. The code
// stays what it is. Errors: ErrUnderWay while a delivery is being made or is in doubt, ErrNeedsAddress, ErrCodeGone, ErrNotSold,
// voucher.ErrInvalidated.
func (s *Sales) Resend(ctx context.Context, id, recipient string) error {
	gift, err := s.orders.Gift(ctx, id)
	if errors.Is(err, orders.ErrNotFound) {
		return fmt.Errorf("resend voucher %s: %w", id, ErrNotSold)
	}
	if err != nil {
		return err
	}
	draft, err := s.resent(ctx, gift, recipient)
	if err == nil {
		err = outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error { return s.replaceDelivery(ctx, tx, draft) })
	}
	if err != nil {
		return fmt.Errorf("resend voucher %s: %w", id, err)
	}
	return nil
}

// replaceDelivery puts a delivery in the place of those that have not left.
func (s *Sales) replaceDelivery(ctx context.Context, tx outbox.Tx, draft outbox.Draft) error {
	sold, err := orders.LockByID(ctx, tx, draft.Parent)
	if err != nil {
		return err
	}
	where := outbox.Where{Subject: draft.Subject, Kinds: []outbox.Kind{KindCode, KindHandover}}
	open, err := outbox.Unfinished(ctx, tx, where)
	if err != nil {
		return err
	}
	for _, d := range open {
		if d.State == outbox.StateSending || d.State == outbox.StateInDoubt {
			return ErrUnderWay
		}
	}
	if _, err := s.outbox.Cancel(ctx, tx, where, "a new delivery takes its place"); err != nil {
		return err
	}
	if err := s.outbox.Add(ctx, tx, draft); err != nil || !sold.Decided.Blocked {
		return err
	}
	_, err = s.outbox.Hold(ctx, tx, outbox.Where{ID: draft.ID}, heldByOrder)
	return err
}

// resent is the new delivery.
func (s *Sales) resent(ctx context.Context, gift orders.Gift, recipient string) (outbox.Draft, error) {
	if _, _, err := s.code(ctx, gift.Voucher); err != nil {
		return outbox.Draft{}, err
	}
	found, err := s.vouchersByID(ctx, []string{gift.Voucher})
	if err != nil {
		return outbox.Draft{}, err
	}
	if found[gift.Voucher].State == voucher.Invalidated {
		return outbox.Draft{}, voucher.ErrInvalidated
	}
	var who buyer
	var asked wishes
	err = errors.Join(
		s.unseal(purposeBuyer, gift.Purchase, gift.Buyer, &who),
		s.unseal(purposeWishes, gift.Unit, gift.Wishes, &asked),
	)
	if err != nil {
		return outbox.Draft{}, err
	}
	to := cmp.Or(recipient, asked.Email, who.Email)
	if _, err := mail.ParseAddress(to); err != nil {
		return outbox.Draft{}, fmt.Errorf("%w: %w", ErrNeedsAddress, err)
	}
	id, err := s.ledger.NewID()
	if err != nil {
		return outbox.Draft{}, err
	}
	draft := outbox.Draft{
		ID: id, Kind: KindCode, Subject: gift.Voucher, Seq: outbox.NextSeq, Parent: gift.Purchase, Shop: gift.Shop,
	}
	return draft, s.address(&draft, to)
}
