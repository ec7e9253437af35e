package retail

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"vouchsafe/retail/document"
	"vouchsafe/retail/language"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// errWrongLetter says that a rendered mail is not for its recipient, or does not hold its own code. It must never leave the house.
var errWrongLetter = errors.New("the rendered mail is not the one that belongs to the delivery")

// sendConfirmation makes one attempt at a first mail.
func (s *Sales) sendConfirmation(ctx context.Context, w *outbox.Work) outbox.Result {
	return s.send(ctx, w, func(to string) (mail.Message, error) { return s.renderConfirmation(ctx, w, to) }, nil)
}

// sendCode makes one attempt at a second mail.
func (s *Sales) sendCode(ctx context.Context, w *outbox.Work) outbox.Result {
	if late := s.tooLate(ctx, w); late != nil {
		return *late
	}
	code, mac, err := s.code(ctx, w.Subject)
	if errors.Is(err, errNoCode) {
		return outbox.Fail("the voucher's code is no longer kept")
	}
	if err != nil {
		return s.again(ctx, "open a code", w, err)
	}
	render := func(to string) (mail.Message, error) { return s.renderCode(ctx, w, to, code) }
	return s.send(ctx, w, render, [][]byte{mac})
}

// errNoCode says that a voucher's code was shredded, or never kept.
var errNoCode = errors.New("the code is not kept")

// code opens the code of a voucher, and tells the MAC that its row knows it by.
func (s *Sales) code(ctx context.Context, id string) (voucher.Code, []byte, error) {
	found, err := s.ledger.SealedCodes(ctx, id)
	if err != nil {
		return voucher.Code{}, nil, err
	}
	if len(found) == 0 {
		return voucher.Code{}, nil, errNoCode
	}
	code, err := s.unsealCode(id, found[0].Sealed)
	return code, found[0].MAC, err
}

// unsealCode opens a code as it is kept for sending.
func (s *Sales) unsealCode(id string, sealed []byte) (voucher.Code, error) {
	plain, err := s.ring.Open(purposeCode, sealed, []byte(id))
	if err != nil {
		return voucher.Code{}, fmt.Errorf("open the code of voucher %s: %w", id, err)
	}
	typed, err := voucher.Read(string(plain))
	if err == nil && typed.Ours.Zero() {
		typed.Ours, err = voucher.ForeignCode(string(plain))
	}
	if err != nil {
		return voucher.Code{}, fmt.Errorf("read the code of voucher %s: %w", id, err)
	}
	return typed.Ours, nil
}

// noMailServer is why mails wait.
const noMailServer = "no mail server is configured"

// send renders a letter once, keeps it, and hands exactly those bytes to the mail server. A letter with codes is checked against the
// MACs of the vouchers' rows each time that it leaves; none are for a letter without.
func (s *Sales) send(ctx context.Context, w *outbox.Work, render func(to string) (mail.Message, error), macs [][]byte) outbox.Result {
	if w.Recipient == nil {
		return outbox.Wait(NeedsAddress).WithTask()
	}
	to, err := s.ring.Open(purposeRecipient, w.Recipient, []byte(w.ID))
	if err != nil {
		return s.again(ctx, "open a recipient", w, err)
	}
	if s.mail == nil {
		return outbox.Backoff(noMailServer)
	}
	letter, err := s.letter(ctx, w, string(to), render)
	if err == nil {
		err = s.checkLetter(letter, string(to), macs)
	}
	switch {
	case errors.Is(err, errWrongLetter):
		s.log.ErrorContext(ctx, "mail refused", "delivery", w.ID, "kind", w.Kind, "err", err)
		return outbox.Fail(errWrongLetter.Error())
	case errors.Is(err, errErased):
		return outbox.Fail(errErased.Error())
	case errors.Is(err, outbox.ErrLost) || errors.Is(err, outbox.ErrBody):
		return outbox.Refused(err)
	case isUncomposable(err):
		s.log.ErrorContext(ctx, "a mail can't be composed", "delivery", w.ID, "kind", w.Kind, "err", err)
		return outbox.Fail(errUncomposed.Error())
	case err != nil:
		return s.again(ctx, "render a mail", w, err)
	}
	return s.post(ctx, w, string(to), letter)
}

// errUncomposed says that no mail can be made of what a delivery holds, however often it is tried.
var errUncomposed = errors.New("the mail can't be composed")

// isUncomposable tells a fault of a mail's content, which is a task at once and holds no later mail up, from one that may pass.
func isUncomposable(err error) bool {
	for _, fault := range []error{errUncomposed, mail.ErrLayout, mail.ErrCode, mail.ErrMalformed} {
		if errors.Is(err, fault) {
			return true
		}
	}
	return false
}

// errErased says that a letter was sent long ago and its bytes are gone: another rendering would not be the same mail.
var errErased = errors.New("the mail was erased; a new delivery is needed")

// letter is the mail's bytes: those of an earlier attempt, or rendered now and kept before they are used.
func (s *Sales) letter(ctx context.Context, w *outbox.Work, to string, render func(to string) (mail.Message, error)) ([]byte, error) {
	if w.BodyHash != nil {
		if w.Body == nil {
			return nil, errErased
		}
		return s.ring.Open(purposeLetter, w.Body, []byte(w.ID))
	}
	message, err := render(to)
	if err != nil {
		return nil, err
	}
	sealed, err := s.ring.Seal(purposeLetter, message.Bytes, []byte(w.ID))
	if err != nil {
		return nil, fmt.Errorf("seal a mail: %w", err)
	}
	hash := sha256.Sum256(message.Bytes)
	return message.Bytes, w.SaveBody(ctx, sealed, hash[:], message.MessageID)
}

// checkLetter reads the bytes back as a stranger would (I9): the delivery's recipient alone, and the codes of its vouchers alone, each
// of them, or none.
func (s *Sales) checkLetter(letter []byte, to string, macs [][]byte) error {
	seen, err := mail.Inspect(letter)
	if err != nil {
		return err
	}
	if !slices.Equal(seen.Recipients, []string{to}) {
		return fmt.Errorf("%w: its recipients", errWrongLetter)
	}
	codes, err := s.codesIn(letter)
	if err != nil {
		return err
	}
	if len(codes) == 0 && len(macs) == 1 && s.holdsForeign(seen.Text, macs[0]) {
		return nil
	}
	if len(codes) != len(macs) {
		return fmt.Errorf("%w: %d codes where %d belong", errWrongLetter, len(codes), len(macs))
	}
	for _, mac := range macs {
		if !slices.ContainsFunc(codes, func(found [][]byte) bool { return among(found, mac) }) {
			return fmt.Errorf("%w: another code", errWrongLetter)
		}
	}
	return nil
}

// codesIn are the codes in a letter, each as the MACs that it may be known by.
func (s *Sales) codesIn(letter []byte) ([][][]byte, error) {
	shown, err := mail.Codes(letter)
	if err != nil {
		return nil, err
	}
	codes := make([][][]byte, len(shown))
	for i, text := range shown {
		typed, err := voucher.Read(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errWrongLetter, err)
		}
		codes[i] = s.ring.MACs(purposeCode, []byte(typed.Ours.Canonical()))
	}
	return codes, nil
}

// among tells whether a MAC is one of some.
func among(some [][]byte, mac []byte) bool {
	return slices.ContainsFunc(some, func(one []byte) bool { return hmac.Equal(one, mac) })
}

// holdsForeign tells whether a line of a letter, or what stands behind a label in it, is the foreign code of a fingerprint.
func (s *Sales) holdsForeign(text string, mac []byte) bool {
	for line := range strings.Lines(text) {
		_, labelled, _ := strings.Cut(line, ": ")
		for _, part := range []string{line, labelled} {
			typed, err := voucher.Read(part)
			if err != nil {
				continue
			}
			if among(s.ring.MACs(purposeForeign, []byte(typed.Foreign.Canonical())), mac) {
				return true
			}
		}
	}
	return false
}

// head is what every letter of a shop has.
func (s *Sales) head(ctx context.Context, w *outbox.Work, to, tongue string) (mail.Letter, orders.Shop, error) {
	shop, err := s.seller(ctx, w.Shop)
	if err != nil {
		return mail.Letter{}, orders.Shop{}, err
	}
	name, from, err := senderOf(cmp.Or(shop.Sender, s.defaults.From))
	if err != nil {
		return mail.Letter{}, orders.Shop{}, fmt.Errorf("sender of shop %s: %w", shop.ID, err)
	}
	zone, err := s.zone(shop)
	if err != nil {
		return mail.Letter{}, orders.Shop{}, err
	}
	shown := cmp.Or(shopName(shop, name), from)
	_, domain, _ := strings.Cut(from, "@")
	return mail.Letter{
		Language: s.tongue(shop, tongue), MessageID: w.ID + "@" + domain, Date: w.CreatedAt.In(zone),
		FromName: shown, From: from, To: to,
		Shop: shown, Sender: shown + ", " + from, PrivacyURL: shop.PrivacyURL,
	}, shop, nil
}

// shopName is the shop as its buyers know it.
func shopName(shop orders.Shop, sender string) string {
	host := ""
	if parsed, err := url.Parse(shop.URL); err == nil {
		host = parsed.Hostname()
	}
	return cmp.Or(shop.Name, sender, host, shop.ID)
}

// renderConfirmation renders a first mail.
func (s *Sales) renderConfirmation(ctx context.Context, w *outbox.Work, to string) (mail.Message, error) {
	var told listed
	if err := json.Unmarshal(w.Detail, &told); err != nil {
		return mail.Message{}, fmt.Errorf("%w: read what the confirmation lists: %w", errUncomposed, err)
	}
	letter, shop, err := s.head(ctx, w, to, told.Language)
	if err != nil {
		return mail.Message{}, err
	}
	p, err := s.orders.PurchaseByID(ctx, w.Subject)
	if err != nil {
		return mail.Message{}, err
	}
	var who buyer
	if err := s.unseal(purposeBuyer, p.ID, p.Buyer, &who); err != nil {
		return mail.Message{}, err
	}
	country := s.country(shop)
	c := mail.Confirmation{Order: told.Order, Buyer: who.Name, Vouchers: told.Vouchers, PunchCards: told.PunchCards, Together: told.Together}
	for _, item := range told.Items {
		c.Items = append(c.Items, mail.Item{
			Quantity: item.Quantity, Title: item.Title,
			Value: letter.Language.Amount(item.Paid.Decimal(), string(item.Paid.Currency), country),
		})
	}
	if told.Total != nil {
		c.Total = letter.Language.Amount(told.Total.Decimal(), string(told.Total.Currency), country)
	}
	if c.Membership, err = s.membershipOf(ctx, shop.ID, letter, told.Membership); err != nil {
		return mail.Message{}, err
	}
	return s.compose(ctx, laying{which: mail.FirstMail, shop: shop.ID, letter: letter}, func(l mail.Letter) (mail.Message, error) {
		return mail.RenderConfirmation(l, c)
	})
}

// renderCode renders a second mail with its document.
func (s *Sales) renderCode(ctx context.Context, w *outbox.Work, to string, code voucher.Code) (mail.Message, error) {
	gift, err := s.orders.Gift(ctx, w.Subject)
	if err != nil && !errors.Is(err, orders.ErrNotFound) {
		return mail.Message{}, err
	}
	sold := err == nil
	letter, shop, err := s.head(ctx, w, to, gift.Language)
	if err != nil {
		return mail.Message{}, err
	}
	var page document.Voucher
	if sold {
		page, err = s.page(ctx, gift, letter, shop, code)
	} else {
		page, gift.SKU, err = s.given(ctx, w.Subject, letter, shop, code)
	}
	if err != nil {
		return mail.Message{}, err
	}
	pdf, err := document.PDF(page)
	if err != nil {
		return mail.Message{}, err
	}
	qr, err := document.QR(page.Code)
	if err != nil {
		return mail.Message{}, err
	}
	product, err := s.productOf(ctx, gift.SKU)
	if err != nil {
		return mail.Message{}, err
	}
	written := written(page)
	written.QR, written.PDF = qr, pdf
	if written.Membership, err = s.membershipOf(ctx, shop.ID, letter, product.RequiresMembership); err != nil {
		return mail.Message{}, err
	}
	l := laying{which: mail.SecondMail, template: product.Template, shop: shop.ID, letter: letter}
	return s.compose(ctx, l, func(l mail.Letter) (mail.Message, error) { return mail.RenderVoucher(l, written) })
}

// productOf is what a voucher was sold as; nothing for a product that is no longer there.
func (s *Sales) productOf(ctx context.Context, sku string) (purchase.Product, error) {
	product, err := s.orders.Product(ctx, sku)
	if errors.Is(err, orders.ErrNotFound) {
		return purchase.Product{}, nil
	}
	return product, err
}

// written is what a mail says of a page.
func written(page document.Voucher) mail.Voucher {
	return mail.Voucher{
		Kind: page.Kind, Title: page.Title, Value: page.Value, Code: page.Code, Expires: page.Expires,
		Inactive: page.Inactive, Gift: page.Gift, Recipient: page.Recipient, Giver: page.Giver, Message: page.Message,
	}
}

// page is the printed voucher.
func (s *Sales) page(ctx context.Context, gift orders.Gift, letter mail.Letter, shop orders.Shop, code voucher.Code) (document.Voucher, error) {
	found, err := s.ledger.Vouchers(ctx, gift.Voucher)
	if err == nil && len(found) == 0 {
		err = voucher.ErrNotFound
	}
	if err != nil {
		return document.Voucher{}, fmt.Errorf("print voucher %s: %w", gift.Voucher, err)
	}
	v := found[0]
	var who buyer
	var asked wishes
	err = errors.Join(
		s.unseal(purposeBuyer, gift.Purchase, gift.Buyer, &who),
		s.unseal(purposeWishes, gift.Unit, gift.Wishes, &asked),
	)
	page := document.Voucher{
		Kind: v.Kind, Language: letter.Language, Made: letter.Date, Shop: letter.Shop, Sender: letter.Sender,
		Title: mail.CleanName(gift.Title),
		Value: worth(gift, letter.Language, s.country(shop)), Code: code.Reveal(),
		Expires:  lastDay(v, letter.Language),
		Inactive: v.State == voucher.Issued,
		Gift:     !gift.ForSelf && (asked.Email != "" || asked.Name != "" || asked.Message != ""),
		Message:  mail.CleanMessage(asked.Message), // the page is cleaned as the mail is: one hand wrote both
	}
	page.Recipient = mail.CleanName(who.Name)
	if page.Gift {
		page.Recipient, page.Giver = mail.CleanName(asked.Name), mail.CleanName(who.Name)
	}
	return page, err
}

// worth is what the voucher was issued for, as it is printed.
func worth(gift orders.Gift, tag language.Tag, country string) string {
	value := money.Of(gift.Value, money.Currency(gift.Currency))
	return tag.Amount(value.Decimal(), gift.Currency, country)
}

// lastDay is the last day of validity as it is printed; nothing for none.
func lastDay(v voucher.Voucher, tag language.Tag) string {
	if v.ExpiresOn.Zero() {
		return ""
	}
	return tag.Date(v.ExpiresOn.Start(time.UTC))
}
