package retail

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/staff"
	"vouchsafe/retail/voucher"
)

// A buyer who has mistyped an address, or wants another day, calls the shop, and the shop corrects its order (X05). What it tells of a
// voucher that was issued counts where it differs from what the shop told last, and not from what is stored: the office may have corrected
// that, and a shop that repeats its old word must not undo it. As long as nothing of the mail has left, another takes its place, in the
// transaction that applies the order's state. After that, and where nobody can be sure what is meant, the office has a task.

// TaskRecipientChanged waits for somebody to look at what a shop has told of a voucher for which its mail could not be changed. A new
// delivery, another recipient or the end of the voucher closes it.
const TaskRecipientChanged = "recipient_changed"

// didCorrect is the audit trail's name for what a shop corrects.
const didCorrect = "correct_delivery"

// withHeard adds the vouchers of corrections to those that are locked.
func (c change) withHeard(acts []ledger.Aimed) []ledger.Aimed {
	for _, h := range c.heard {
		id := c.stored.Units[h.key].Voucher
		if !slices.ContainsFunc(acts, func(a ledger.Aimed) bool { return a.Voucher == id }) {
			acts = append(acts, ledger.Aimed{Voucher: id, Act: voucher.Expire{}})
		}
	}
	return acts
}

// corrector carries out what one state corrects.
type corrector struct {
	*Sales
	tx     outbox.Tx
	c      change
	locked map[string]voucher.Voucher // that could be read under their locks
	who    buyer

	displaced []ledger.NewVoucher        // whose mails are made anew
	held      map[string][]string        // holds of what these displace, by voucher
	former    map[string]outbox.Delivery // mails of one voucher whose recipient stays, by voucher
}

// correct carries out what a state corrects of units that were issued. The order and its vouchers are locked.
func (s *Sales) correct(ctx context.Context, tx outbox.Tx, c change, applied *ledger.Applied) error {
	if len(c.heard) == 0 {
		return nil
	}
	k := &corrector{Sales: s, tx: tx, c: c, held: map[string][]string{}, former: map[string]outbox.Delivery{}, locked: map[string]voucher.Voucher{}}
	for i, answer := range applied.Answers {
		if applied.Refusals[i] == nil {
			k.locked[answer.Voucher.ID] = answer.Voucher
		}
	}
	if err := s.unseal(purposeBuyer, c.stored.ID, c.stored.Buyer, &k.who); err != nil {
		return err
	}
	mails := outbox.Where{Parent: c.stored.ID, Kinds: []outbox.Kind{KindCode, KindHandover, KindCodes}}
	open, err := outbox.Unfinished(ctx, tx, mails) // all of them at once, in their order
	if err != nil {
		return err
	}
	for _, h := range c.heard {
		if err := k.one(ctx, h, open); err != nil {
			return fmt.Errorf("correct unit %d of line %s: %w", h.key.N, h.key.Line, err)
		}
	}
	return k.deliver(ctx)
}

// one carries out what is corrected of one unit, or puts it before the office.
func (k *corrector) one(ctx context.Context, h heard, open []outbox.Delivery) error {
	id := k.c.stored.Units[h.key].Voucher
	if v, known := k.locked[id]; known && v.State == voucher.Invalidated {
		return nil
	}
	mails, err := k.lettersWith(ctx, id, open)
	if err != nil {
		return err
	}
	letter, err := k.letterOf(id, mails)
	if err != nil {
		return err
	}
	fate := h.Fate(letter, h.twin)
	erased := k.forgotten(k.c.stored, h.line.RecipientEmail)
	if fate.Carry && erased { // no word of the shop brings back whom it was told to forget
		fate = purchase.Fate{Ask: purchase.LeftOut}
	}
	switch {
	case fate == (purchase.Fate{}):
		return nil
	case fate.Ask != "":
		return k.ask(ctx, h, id, fate.Ask, erased)
	}
	return k.carry(ctx, h, id, mails)
}

// lettersWith are the mails that are to show the code of a voucher, and are not finished.
func (k *corrector) lettersWith(ctx context.Context, id string, open []outbox.Delivery) ([]outbox.Delivery, error) {
	mails, err := outbox.Holding(ctx, k.tx, id)
	for _, d := range open {
		if d.Subject == id {
			mails = append(mails, d)
		}
	}
	return mails, err
}

// letterOf tells how far the mail with a code has come. Error: ErrUnderWay while it is being made and nobody knows yet what it says; the state
// is applied when it is tried again.
func (k *corrector) letterOf(id string, mails []outbox.Delivery) (purchase.Letter, error) {
	letter := purchase.Sent
	if len(mails) > 0 {
		letter = purchase.Unsent
	}
	if _, known := k.locked[id]; !known {
		letter = purchase.Doubtful
	}
	for _, d := range mails {
		if leaves(d) && d.BodyHash == nil {
			return 0, fmt.Errorf("the mail with the code of voucher %s: %w", id, ErrUnderWay)
		}
		if mayArrive(d) || d.Copies > 0 {
			letter = purchase.Doubtful
		}
	}
	return letter, nil
}

// carry notes what is told now, and takes the code out of the mails that say otherwise. One that has not been written yet needs no other for
// other words alone.
func (k *corrector) carry(ctx context.Context, h heard, id string, mails []outbox.Delivery) error {
	if err := k.note(ctx, h); err != nil {
		return err
	}
	if h.Day {
		if err := k.noteDay(ctx, h, id); err != nil {
			return err
		}
	}
	if err := outbox.CloseTask(ctx, k.tx, TaskRecipientChanged, id, "the shop has corrected it since"); err != nil {
		return err
	}
	if h.To {
		if err := k.endLinks(ctx, k.tx, "shop:"+k.c.shop.ID, id, didCorrect); err != nil {
			return err
		}
	}
	written := slices.ContainsFunc(mails, func(d outbox.Delivery) bool { return d.BodyHash != nil })
	if h.To || h.Day || written {
		if err := k.takeOut(ctx, h, id, mails); err != nil {
			return err
		}
	}
	return k.record(ctx, h, id, "carried out")
}

// takeOut ends the mail of a voucher in favour of another, or takes its code out of one with several.
func (k *corrector) takeOut(ctx context.Context, h heard, id string, mails []outbox.Delivery) error {
	const why = "the shop has corrected it"
	for _, d := range mails {
		k.held[id] = append(k.held[id], d.Held...)
		if d.Kind == KindCodes {
			if err := k.outbox.DropPart(ctx, k.tx, d.ID, id, why); err != nil {
				return err
			}
		} else if !h.To && d.Recipient != nil {
			k.former[id] = d
		}
	}
	if _, err := k.outbox.Cancel(ctx, k.tx, lettersOf(id), why); err != nil {
		return err
	}
	k.displaced = append(k.displaced, ledger.NewVoucher{Voucher: k.locked[id]})
	return nil
}

// note keeps for whom a unit is, and with which words, as far as the shop has told that otherwise.
func (k *corrector) note(ctx context.Context, h heard) error {
	if !h.To && !h.Name && !h.Message {
		return nil
	}
	unit := k.c.stored.Units[h.key]
	var asked wishes
	if err := k.unseal(purposeWishes, unit.ID, unit.Wishes, &asked); err != nil {
		return err
	}
	if h.To {
		asked.Email = h.line.RecipientEmail
	}
	if h.To || h.Name { // another recipient does not bear the name that the office gave the one before
		asked.Name = h.line.RecipientName
	}
	if h.Message {
		asked.Message = h.line.Message
	}
	var err error
	if unit.Wishes, err = k.seal(purposeWishes, unit.ID, asked); err != nil {
		return err
	}
	unit.WishesMAC = k.subjectMAC(asked.Email)
	k.c.stored.Units[h.key] = unit
	return orders.SetWishes(ctx, k.tx, unit.ID, unit.Wishes, unit.WishesMAC)
}

func (k *corrector) noteDay(ctx context.Context, h heard, id string) error {
	unit := k.c.stored.Units[h.key]
	unit.DeliverOn, unit.DeliverSaid = h.day, h.said
	k.c.stored.Units[h.key] = unit
	return orders.SetDay(ctx, k.tx, h.day, h.said, id)
}

// deliver makes the mails of what was taken out of others: as when they were issued, those that go together in one.
func (k *corrector) deliver(ctx context.Context) error {
	if len(k.displaced) == 0 {
		return nil
	}
	together, single, err := k.bundles(k.c, k.displaced, k.who)
	if err != nil {
		return err
	}
	for _, n := range single {
		draft, err := k.draft(n.Voucher)
		if err != nil {
			return err
		}
		if err := k.place(ctx, k.tx, draft, k.c.planFor(n.Voucher).told(), k.held[n.Voucher.ID]); err != nil {
			return err
		}
	}
	for _, b := range together {
		draft, err := k.bundleDraft(k.c, b, k.who)
		if err != nil {
			return err
		}
		draft.Detail = detailOf(map[string]any{"codes": len(b.vouchers), "resend": true})
		var held []string
		for _, n := range b.vouchers {
			held = append(held, k.held[n.Voucher.ID]...)
		}
		if err := k.place(ctx, k.tx, draft, b.told(), held); err != nil {
			return err
		}
	}
	return nil
}

// draft is the mail of one voucher. Where the shop tells no other recipient it goes where the one before went: the office may have chosen.
func (k *corrector) draft(v voucher.Voucher) (outbox.Draft, error) {
	draft, err := k.codeDraft(k.c, v, k.who)
	if err != nil {
		return draft, err
	}
	draft.Seq, draft.Detail = outbox.NextSeq, detailOf(map[string]any{"resend": true})
	former, stays := k.former[v.ID]
	if !stays {
		return draft, nil
	}
	to, err := k.ring.Open(purposeRecipient, former.Recipient, []byte(former.ID))
	if err != nil {
		return draft, err
	}
	draft.Kind, draft.Waiting = former.Kind, k.c.planFor(v).waiting
	return draft, k.address(&draft, string(to))
}

// ask puts before the office what the shop wants now. Whoever has the mail sent again sends it to whom the shop names.
func (k *corrector) ask(ctx context.Context, h heard, id, reason string, erased bool) error {
	detail := map[string]any{
		"purchase": k.c.stored.ID, "order": k.c.stored.Order, "number": k.c.decision.Purchase.Number, "voucher": id,
		"unit": fmt.Sprintf("%s/%d", h.key.Line, h.key.N), "changed": h.Changed(),
	}
	if h.To && !erased {
		detail["to"] = masked(cmp.Or(h.line.RecipientEmail, k.who.Email))
	}
	if h.Day {
		detail["deliver_on"] = cmp.Or(h.said, h.day)
	}
	if reason == purchase.TooLate && !erased { // else the mail is still to come, or may be copied: it stays as it is
		if err := k.note(ctx, h); err != nil {
			return err
		}
	}
	if err := outbox.OpenTask(ctx, k.tx, outbox.Task{
		Kind: TaskRecipientChanged, Subject: id, Shop: k.c.shop.ID, Reason: reason, Detail: detailOf(detail),
	}); err != nil {
		return err
	}
	return k.record(ctx, h, id, "left to the office: "+reason)
}

// record writes into the audit trail what the shop has corrected.
func (k *corrector) record(ctx context.Context, h heard, id, outcome string) error {
	return staff.Record(ctx, k.tx, staff.Entry{
		Actor: "shop:" + k.c.shop.ID, Action: didCorrect, Object: id,
		Detail: map[string]any{"order": k.c.decision.Purchase.Number, "changed": h.Changed(), "outcome": outcome},
	})
}
