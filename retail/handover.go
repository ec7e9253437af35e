package retail

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"vouchsafe/retail/document"
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
	if late := h.sales.tooLate(ctx, w); late != nil {
		return *late
	}
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
	text, err := h.sales.note(ctx, front.Shop, gift, code)
	if err != nil {
		return Handover{}, Shopfront{}, err
	}
	return Handover{
		Order: gift.Order, Delivery: w.ID, Text: text + "\n(" + w.ID + ")", Look: w.Resumed || w.Doubted || w.Attempt > 1,
	}, front, nil
}

// note is the second message as the shop sends it: the merchant's own text for it, where there is one (E11), or a few plain lines, and
// for whom it is (B05, B12). The shop's mails have a look and a subject of their own.
func (s *Sales) note(ctx context.Context, shop orders.Shop, gift orders.Gift, code voucher.Code) (string, error) {
	product, err := s.productOf(ctx, gift.SKU)
	if err != nil {
		return "", err
	}
	name, from, _ := senderOf(cmp.Or(shop.Sender, s.defaults.From)) // a shop that mails itself may have none
	letter := mail.Letter{Language: s.tongue(shop, gift.Language), Shop: shopName(shop, name), PrivacyURL: shop.PrivacyURL}
	letter.Sender = letter.Shop
	if from != "" {
		letter.Sender += ", " + from
	}
	page, err := s.page(ctx, gift, letter, shop, code)
	if err != nil {
		return "", err
	}
	says := forBuyer(written(page))
	if says.Membership, err = s.membershipOf(ctx, shop.ID, letter, product.RequiresMembership); err != nil {
		return "", err
	}
	text := plainNote(letter.Language, says)
	l := laying{which: mail.SecondMail, template: product.Template, shop: shop.ID, letter: letter}
	_, err = s.compose(ctx, l, func(own mail.Letter) (mail.Message, error) {
		if own.Layout == nil {
			return mail.Message{}, nil
		}
		laid, err := mail.RenderNote(own, says)
		if err == nil {
			text = strings.TrimSpace(laid)
		}
		return mail.Message{}, err
	})
	if err != nil {
		return "", err
	}
	return s.withPresent(text, letter.Language, gift, page)
}

// withPresent adds to a note for whom its voucher is, and the buyer's words: also those of one that names nobody, which the shop gets
// with no mail of ours.
func (s *Sales) withPresent(note string, tag language.Tag, gift orders.Gift, page document.Voucher) (string, error) {
	var asked wishes
	if err := s.unseal(purposeWishes, gift.Unit, gift.Wishes, &asked); err != nil {
		return "", err
	}
	present := mail.Present{Message: asked.Message}
	if page.Gift {
		present.Name, present.Address = asked.Name, asked.Email
	}
	return mail.WithPresent(note, tag, present), nil
}

// forBuyer is what a mail says when the buyer gets it, also of a present: the shop knows nobody else's address.
func forBuyer(v mail.Voucher) mail.Voucher {
	if v.Gift {
		v.Gift, v.Recipient, v.Giver = false, v.Giver, ""
	}
	return v
}

// plainNote is the second message in plain lines.
func plainNote(tag language.Tag, v mail.Voucher) string {
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
	if v.Expires != "" {
		valid = tag.Say(key(language.ValidThrough), language.Values{"date": v.Expires})
	}
	return strings.Join([]string{
		v.Title,
		tag.Say(key(language.CodeLabel), nil) + ": " + v.Code,
		tag.Say(key(language.ValueLabel), nil) + ": " + v.Value,
		valid,
		tag.Say(key(language.KeepLikeCash), nil),
	}, "\n")
}
