package retail

import (
	"context"
	"errors"
	"maps"
	"slices"

	"vouchsafe/retail/document"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// A company that buys thirty vouchers wants one mail and not thirty (X05). A buyer who asks for it, or a shop that does it always,
// gets the codes that are for the buyer himself and for the same day in one delivery: one recipient, one message, and exactly these
// codes, each with a page of the document. What is for somebody else still goes to him, alone.

const (
	bundleLeast = 2   // a single code has the mail that shows its symbol
	bundleMost  = 100 // codes of one mail, so that every server takes it
)

// bundle is what goes in one mail.
type bundle struct {
	plan
	vouchers []ledger.NewVoucher
}

// inBundle tells whether the code of a unit goes to the buyer together with others.
func (s *Sales) inBundle(c change, unit orders.Unit) (bool, error) {
	if c.shop.CodesBy == orders.TheShop || !c.shop.OneMail && !unit.OneMail {
		return false, nil
	}
	var asked wishes
	err := s.unseal(purposeWishes, unit.ID, unit.Wishes, &asked)
	return asked.Email == "" && !slices.ContainsFunc(c.stored.Erased, func(mac []byte) bool { return len(mac) > 0 }), err
}

// together tells whether all codes of an order are to come in one mail. What can't be read is not, which is for the mails to find out.
func (s *Sales) together(c change) bool {
	plans, count := map[plan]bool{}, 0
	for _, unit := range c.decision.Purchase.Units {
		if unit.State == purchase.TakenBack || unit.State == purchase.Dismissed {
			continue
		}
		extra := c.stored.Units[unit.Key()]
		if joins, err := s.inBundle(c, extra); err != nil || !joins {
			return false
		}
		plans[planOf(extra, voucher.Date{})] = true
		count++
	}
	return len(plans) == 1 && count >= bundleLeast && count <= bundleMost
}

// bundles divides what was issued into what goes together and what goes alone.
func (s *Sales) bundles(c change, issued []ledger.NewVoucher, who buyer) (together []bundle, single []ledger.NewVoucher, err error) {
	if _, err := mail.ParseAddress(who.Email); err != nil { // each waits for an address of its own
		return nil, issued, nil
	}
	byPlan := map[plan][]ledger.NewVoucher{}
	for _, n := range issued {
		unit := c.unitOf(n.Voucher.ID)
		joins, err := s.inBundle(c, unit)
		if err != nil {
			return nil, nil, err
		}
		if !joins {
			single = append(single, n)
			continue
		}
		planned := c.planFor(n.Voucher)
		byPlan[planned] = append(byPlan[planned], n)
	}
	for _, planned := range slices.SortedFunc(maps.Keys(byPlan), plan.compare) {
		for some := range slices.Chunk(byPlan[planned], bundleMost) {
			if len(some) < bundleLeast {
				single = append(single, some...)
				continue
			}
			together = append(together, bundle{planned, some})
		}
	}
	return together, single, nil
}

// bundleDraft is the second mail for several vouchers.
func (s *Sales) bundleDraft(c change, b bundle, who buyer) (outbox.Draft, error) {
	id, err := s.ledger.NewID()
	if err != nil {
		return outbox.Draft{}, err
	}
	draft := outbox.Draft{
		ID: id, Kind: KindCodes, Subject: c.stored.ID, Seq: outbox.NextSeq, Parent: c.stored.ID, Shop: c.shop.ID,
		After: c.stored.Confirmation, Detail: detailOf(map[string]any{"codes": len(b.vouchers)}),
	}
	for _, n := range b.vouchers {
		draft.Parts = append(draft.Parts, n.Voucher.ID)
	}
	if err := b.put(&draft, b.vouchers[0].Voucher.Zone); err != nil {
		return outbox.Draft{}, err
	}
	return draft, s.address(&draft, who.Email)
}

// stopLetters keeps the code of a voucher that has ended from being mailed: its own deliveries are cancelled, and it leaves those that
// hold others too. A mail with several codes that is leaving right now may still show it; it opens nothing any more.
func (s *Sales) stopLetters(ctx context.Context, tx outbox.Tx, id, reason string) error {
	if _, err := s.outbox.Cancel(ctx, tx, lettersOf(id), reason); err != nil {
		return err
	}
	for _, kind := range []string{TaskRecipientChanged, TaskActivate} {
		if err := outbox.CloseTask(ctx, tx, kind, id, reason); err != nil {
			return err
		}
	}
	holding, err := outbox.Holding(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, d := range holding {
		if err := s.outbox.DropPart(ctx, tx, d.ID, id, reason); err != nil {
			return err
		}
	}
	return nil
}

// leaveBundles takes the voucher of an errand out of the mails with several codes that have not left. The draft inherits their day and
// what they wait for; held are their holds. Error: ErrUnderWay.
func (s *Sales) leaveBundles(ctx context.Context, tx outbox.Tx, e errand, draft *outbox.Draft) (held []string, err error) {
	holding, err := outbox.Holding(ctx, tx, e.voucher)
	if err != nil {
		return nil, err
	}
	for _, d := range holding {
		if e.stoppedBy(d) {
			return nil, ErrUnderWay
		}
		e.inherits(d, draft)
		held = append(held, d.Held...)
		if err := s.outbox.DropPart(ctx, tx, d.ID, e.voucher, "a new delivery takes its place"); err != nil {
			return nil, err
		}
	}
	return held, nil
}

// retryCodes makes a mail with several codes due, with its order locked first.
func (o *BackOffice) retryCodes(ctx context.Context, tx outbox.Tx, d outbox.Delivery) error {
	blocked, err := o.lockOrder(ctx, tx, d)
	if err != nil {
		return err
	}
	if err := outboxRefusal(o.sales.outbox.Retry(ctx, tx, d.ID)); err != nil || !blocked {
		return err
	}
	_, err = o.sales.outbox.Hold(ctx, tx, outbox.Where{ID: d.ID}, heldByOrder)
	return err
}

// member is a voucher whose code a mail with several is to show.
type member struct {
	id   string
	code voucher.Code
	mac  []byte
}

// sendCodes makes one attempt at a mail with several codes. It shows those of its vouchers that can still be used; when one has left
// since the mail was rendered, and no copy can have gone out, another mail takes its place.
func (s *Sales) sendCodes(ctx context.Context, w *outbox.Work) outbox.Result {
	if late := s.tooLate(ctx, w); late != nil {
		return *late
	}
	members, err := s.members(ctx, w)
	if errors.Is(err, errNoCode) {
		return outbox.Fail("a voucher's code is no longer kept")
	}
	if err != nil {
		return s.again(ctx, "open the codes of a mail", w, err)
	}
	if len(members) == 0 {
		return s.withdraw(ctx, w, "no voucher of it can be used any more", nil)
	}
	macs, fits, err := s.stillFits(w, members)
	if err != nil {
		return s.again(ctx, "read a mail back", w, err)
	}
	if !fits {
		return s.withdraw(ctx, w, "another mail takes its place", members)
	}
	return s.send(ctx, w, func(to string) (mail.Message, error) { return s.renderCodes(ctx, w, to, members) }, macs)
}

// members are the vouchers of a delivery that can still be used, with their codes.
func (s *Sales) members(ctx context.Context, w *outbox.Work) ([]member, error) {
	ids, err := s.partsOf(ctx, w.ID)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	found, err := s.ledger.Vouchers(ctx, ids...)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(v voucher.Voucher) bool { return deliverable(v) != nil })
	members := make([]member, len(found))
	for i, v := range found {
		code, mac, err := s.code(ctx, v.ID)
		if err != nil {
			return nil, err
		}
		members[i] = member{v.ID, code, mac}
	}
	return members, nil
}

// stillFits tells whether a mail that was rendered before shows exactly the codes of its vouchers, and by which MACs it is to be
// checked. Of one that may have gone out already every copy stays the same, whatever has become of its vouchers since.
func (s *Sales) stillFits(w *outbox.Work, members []member) (macs [][]byte, fits bool, err error) {
	for _, m := range members {
		macs = append(macs, m.mac)
	}
	if w.Body == nil {
		return macs, true, nil
	}
	letter, err := s.ring.Open(purposeLetter, w.Body, []byte(w.ID))
	if err != nil {
		return nil, false, err
	}
	shown, err := s.codesIn(letter)
	if err != nil {
		return nil, false, err
	}
	if w.Copies > 0 {
		return firsts(shown), true, nil
	}
	for _, code := range shown {
		fits = slices.ContainsFunc(macs, func(mac []byte) bool { return among(code, mac) })
		if !fits {
			return nil, false, nil
		}
	}
	return macs, len(shown) == len(macs), nil
}

// firsts are codes by the MAC under the key that writes.
func firsts(codes [][][]byte) (macs [][]byte) {
	for _, code := range codes {
		macs = append(macs, code[0])
	}
	return macs
}

// withdraw ends a delivery under way of which no copy has left, and puts a new one for the members in its place; none for nobody.
func (s *Sales) withdraw(ctx context.Context, w *outbox.Work, reason string, members []member) outbox.Result {
	err := outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error {
		if _, err := s.outbox.Cancel(ctx, tx, outbox.Where{ID: w.ID}, reason); err != nil || members == nil {
			return err
		}
		to, err := s.ring.Open(purposeRecipient, w.Recipient, []byte(w.ID))
		if err != nil {
			return err
		}
		draft := outbox.Draft{Kind: w.Kind, Subject: w.Subject, Seq: outbox.NextSeq, Parent: w.Parent, Shop: w.Shop, Detail: w.Detail}
		if draft.ID, err = s.ledger.NewID(); err != nil {
			return err
		}
		for _, m := range members {
			draft.Parts = append(draft.Parts, m.id)
		}
		if err := s.address(&draft, string(to)); err != nil {
			return err
		}
		return s.outbox.Add(ctx, tx, draft)
	})
	if err != nil {
		return s.again(ctx, "withdraw a mail", w, err)
	}
	return outbox.Refused(outbox.ErrCancelled)
}

// renderCodes renders a mail with several codes and its document.
func (s *Sales) renderCodes(ctx context.Context, w *outbox.Work, to string, members []member) (mail.Message, error) {
	p, err := s.orders.PurchaseByID(ctx, w.Subject)
	if err != nil {
		return mail.Message{}, err
	}
	letter, shop, err := s.head(ctx, w, to, p.Language)
	if err != nil {
		return mail.Message{}, err
	}
	var who buyer
	if err := s.unseal(purposeBuyer, p.ID, p.Buyer, &who); err != nil {
		return mail.Message{}, err
	}
	b := mail.Bundle{Order: p.Decided.Number, Buyer: who.Name}
	pages, membership, err := s.pages(ctx, letter, shop, members)
	if err != nil {
		return mail.Message{}, err
	}
	for _, page := range pages {
		b.Vouchers = append(b.Vouchers, written(page))
	}
	if b.PDF, err = document.PDF(pages...); err != nil {
		return mail.Message{}, err
	}
	if b.Membership, err = s.membershipOf(ctx, shop.ID, letter, membership); err != nil {
		return mail.Message{}, err
	}
	return s.compose(ctx, laying{which: mail.BulkMail, shop: shop.ID, letter: letter}, func(l mail.Letter) (mail.Message, error) {
		return mail.RenderBundle(l, b)
	})
}

// pages are the printed vouchers of a mail with several; whether one asks for a membership.
func (s *Sales) pages(ctx context.Context, letter mail.Letter, shop orders.Shop, members []member) (pages []document.Voucher, membership bool, err error) {
	for _, m := range members {
		gift, err := s.orders.Gift(ctx, m.id)
		if err != nil {
			return nil, false, err
		}
		page, err := s.page(ctx, gift, letter, shop, m.code)
		if err != nil {
			return nil, false, err
		}
		product, err := s.productOf(ctx, gift.SKU)
		if err != nil {
			return nil, false, err
		}
		pages, membership = append(pages, page), membership || product.RequiresMembership
	}
	return pages, membership, nil
}
