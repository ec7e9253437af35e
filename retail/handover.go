package retail

import (
	"context"
	"errors"
	"strings"

	"vouchsafe/retail/language"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// Handover is a code for the shop to send to the buyer, as the second message (E09, E10).
type Handover struct {
	Order    string // the shop's key
	Delivery string // what tells whether it was handed over before; it is part of the text
	Text     string // what the buyer is to read; it holds the code
	Look     bool   // an earlier attempt may have succeeded: the order must be read first
	// Announce is called right before the code leaves, and stops the handover with its error.
	Announce func(ctx context.Context) error
}

// handovers hands codes to shops that send the second message themselves.
type handovers struct {
	sales     *Sales
	platforms Platforms
}

// run makes one attempt.
func (h *handovers) run(ctx context.Context, w *outbox.Work) outbox.Result {
	handover, front, err := h.prepare(ctx, w)
	if errors.Is(err, errNoCode) {
		return outbox.Fail("the voucher's code is no longer kept")
	}
	if err != nil {
		return h.sales.again(ctx, "prepare a handover", w, err)
	}
	var refusal error
	handover.Announce = func(ctx context.Context) error {
		refusal = w.MarkCopy(ctx)
		return refusal
	}
	err = h.platforms.HandOver(ctx, front, handover)
	switch {
	case err == nil:
		return outbox.Done()
	case refusal != nil:
		return outbox.Refused(refusal)
	case errors.Is(err, ErrUnclear):
		return outbox.InDoubt("whether the shop has the code can't be told")
	case errors.Is(err, ErrUnreadable):
		return outbox.Fail("the shop refuses the code: " + err.Error())
	}
	return h.sales.again(ctx, "hand a code over", w, err)
}

// prepare opens the shop and the code.
func (h *handovers) prepare(ctx context.Context, w *outbox.Work) (Handover, Shopfront, error) {
	front, err := h.sales.Shopfront(ctx, w.Shop)
	if err != nil {
		return Handover{}, Shopfront{}, err
	}
	code, _, err := h.sales.code(ctx, w.Subject)
	if err != nil {
		return Handover{}, Shopfront{}, err
	}
	gift, err := h.sales.orders.Gift(ctx, w.Subject)
	if err != nil {
		return Handover{}, Shopfront{}, err
	}
	found, err := h.sales.vouchersByID(ctx, []string{w.Subject})
	if err != nil {
		return Handover{}, Shopfront{}, err
	}
	return Handover{
		Order: gift.Order, Delivery: w.ID, Text: h.text(front.Shop, gift, found[w.Subject], code) + "\n(" + w.ID + ")",
		Look: w.Resumed || w.Doubted || w.Attempt > 1,
	}, front, nil
}

// text is the second message in the buyer's language, in plain lines.
func (h *handovers) text(shop orders.Shop, gift orders.Gift, v voucher.Voucher, code voucher.Code) string {
	tag := h.sales.tongue(shop, gift.Language)
	key := func(k language.Key) language.Key {
		switch v.Kind {
		case voucher.Punches:
			return k.ForPunchCard()
		case voucher.Credit, voucher.StoreCredit:
			return k.ForCreditNote()
		}
		return k
	}
	valid := tag.Say(key(language.NeverExpires), nil)
	if day := lastDay(v, tag); day != "" {
		valid = tag.Say(key(language.ValidThrough), language.Values{"date": day})
	}
	return strings.Join([]string{
		mail.CleanName(gift.Title),
		tag.Say(key(language.CodeLabel), nil) + ": " + code.Reveal(),
		tag.Say(key(language.ValueLabel), nil) + ": " + worth(gift, tag, h.sales.country(shop)),
		valid,
		tag.Say(key(language.KeepLikeCash), nil),
	}, "\n")
}
