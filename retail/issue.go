package retail

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/staff"
	"vouchsafe/retail/voucher"
)

// heldByOrder is the reason of the hold on the mails of a cancelled order.
const heldByOrder = "order_cancelled"

// change is a decision about a purchase that is about to be written.
type change struct {
	shop      orders.Shop
	order     *purchase.Order // nil when the office decided
	catalogue purchase.Catalogue
	stored    *orders.Purchase
	decision  purchase.Decision
	before    *purchase.Purchase // as it was; nil for a new one
	inUse     map[string]bool    // vouchers that were found to be in use; added to
	at        time.Time          // when vouchers are issued; zero where nothing depends on it
	whole     map[string]int64   // vouchers that were spent and are whole again, with the entries that they had then
	standing  bool               // it is known how the vouchers stand
	heard     []heard            // what the shop corrects of units that were issued before
}

// carryOut writes decisions and all that follows from them: those of one order, or of several whose rows are locked. Vouchers that
// exist are acted upon by one decision alone, since all of them are locked at once ([change.reaches]). Its error wraps errMoved when
// one of them turned out to be in use.
func (s *Sales) carryOut(ctx context.Context, tx outbox.Tx, changes ...change) (*ledger.Applied, error) {
	if err := dated(ctx, tx, changes); err != nil {
		return nil, err
	}
	made, err := s.prepare(changes)
	if err != nil {
		return nil, err
	}
	if err := orders.Save(ctx, tx, made.stored...); err != nil {
		return nil, err
	}
	if len(made.issued) > 0 {
		if _, err := s.ledger.Issue(ctx, tx, made.issued...); err != nil {
			return nil, err
		}
		if err := s.own(ctx, tx, changes); err != nil {
			return nil, err
		}
	}
	var applied *ledger.Applied
	if len(changes) == 1 {
		if applied, err = s.applyActs(ctx, tx, changes[0]); err != nil {
			return nil, err
		}
	}
	if len(made.letters) > 0 {
		if err := s.outbox.Add(ctx, tx, made.letters...); err != nil {
			return nil, err
		}
	}
	for i, c := range changes {
		if err := s.steerMails(ctx, tx, c); err != nil {
			return nil, err
		}
		if err := s.correct(ctx, tx, c, applied); err != nil {
			return nil, err
		}
		if err := s.settleMatters(ctx, tx, c, made.tasks[i]); err != nil {
			return nil, err
		}
	}
	if len(made.issued) > 0 {
		failpoint.Hit(failpoint.IssueInserted)
	}
	return applied, nil
}

// prepared is what decisions make, before it is written.
type prepared struct {
	stored  []*orders.Purchase
	issued  []ledger.NewVoucher
	letters []outbox.Draft
	tasks   [][]outbox.Task // of each change
}

// prepare mints the vouchers and drafts the deliveries of decisions.
func (s *Sales) prepare(changes []change) (prepared, error) {
	var made prepared
	for _, c := range changes {
		issued, err := s.mint(c)
		if err != nil {
			return prepared{}, err
		}
		drafts, err := s.drafts(c, issued)
		if err != nil {
			return prepared{}, err
		}
		made.stored, made.issued = append(made.stored, c.stored), append(made.issued, issued...)
		made.letters, made.tasks = append(made.letters, drafts.all...), append(made.tasks, append(drafts.tasks, c.activationTasks(issued)...))
	}
	return made, nil
}

// reaches tells whether a decision acts upon vouchers that exist, or upon their mails.
func (c change) reaches() bool {
	return len(c.decision.Invalidate)+len(c.decision.Block)+len(c.decision.Lift)+len(c.heard) > 0 || c.awaits()
}

// mint makes the vouchers of the units that issue and notes them on their units.
func (s *Sales) mint(c change) ([]ledger.NewVoucher, error) {
	var minted []ledger.NewVoucher
	for _, unit := range c.issuing() {
		extra := c.stored.Units[unit.Key()]
		id, err := s.ledger.NewID()
		if err != nil {
			return nil, err
		}
		n, err := s.newVoucher(c, unit, id)
		if err != nil {
			return nil, fmt.Errorf("issue unit %d of line %s: %w", unit.N, unit.Line, err)
		}
		extra.Voucher = id
		c.stored.Units[unit.Key()] = extra
		minted = append(minted, n)
	}
	return minted, nil
}

// issuing are the units that issue.
func (c change) issuing() []purchase.Unit {
	wanted := map[purchase.Key]bool{}
	for _, key := range c.decision.Issue {
		wanted[key] = true
	}
	var units []purchase.Unit
	for _, unit := range c.decision.Purchase.Units {
		if wanted[unit.Key()] {
			units = append(units, unit)
		}
	}
	return units
}

// newVoucher draws a code and gives the unit's voucher what its product and shop prescribe.
func (s *Sales) newVoucher(c change, unit purchase.Unit, id string) (ledger.NewVoucher, error) {
	product, ok := c.catalogue[unit.SKU]
	if !ok {
		return ledger.NewVoucher{}, fmt.Errorf("product %q: %w", unit.SKU, ErrUnknownProduct)
	}
	n, err := s.blank(product, c.shop, id)
	if err != nil {
		return ledger.NewVoucher{}, err
	}
	n.Minor, n.Detail = unit.Value.Minor, voucher.Detail{Order: c.decision.Purchase.Number}
	n.Ref = voucher.Ref{
		Owner: "shop:" + c.shop.ID, Kind: voucher.Issues,
		Key: c.stored.Order + "/" + unit.Line + "/" + strconv.Itoa(unit.N),
	}
	n.Voucher.Currency, n.Voucher.State, n.Voucher.Unit = unit.Value.Currency, begins(product), c.stored.Units[unit.Key()].ID
	return n, nil
}

// blank is a voucher of a product with a code and no value yet, as its shop prescribes; the zero Shop prescribes nothing.
func (s *Sales) blank(product purchase.Product, shop orders.Shop, id string) (ledger.NewVoucher, error) {
	n, err := s.uncoded(product, shop, id)
	if err != nil {
		return ledger.NewVoucher{}, err
	}
	return n, s.drawCode(&n, formOf(product))
}

// uncoded is blank without a code.
func (s *Sales) uncoded(product purchase.Product, shop orders.Shop, id string) (ledger.NewVoucher, error) {
	zone, err := s.zone(shop)
	if err != nil {
		return ledger.NewVoucher{}, err
	}
	n := ledger.NewVoucher{Voucher: voucher.Voucher{
		ID: id, Product: product.SKU, Kind: voucher.Kind(product.Kind), Currency: product.Currency,
		Mode: voucher.Mode(product.ModeAt(shop.Holder, s.defaults.Holder, shop.DuplicateLogins)), Zone: zone, Shop: shop.ID,
	}}
	return n, n.Voucher.Under(termsOf(product, s.country(shop)))
}

// formOf is how the codes of a product look (X08).
func formOf(p purchase.Product) voucher.Form {
	return voucher.Form{Prefix: p.Prefix, Length: voucher.Length(p.CodeLength)}
}

// termsOf are the rules under which a product's vouchers are issued in a country.
func termsOf(p purchase.Product, country string) voucher.Terms {
	return voucher.Terms{
		Country: country, Expires: p.Expires, VAT: voucher.VAT(p.VAT), VATRate: p.VATRate, MembersOnly: p.RequiresMembership,
	}
}

// begins is the state that a sold voucher of a product begins in.
func begins(product purchase.Product) voucher.State {
	if product.Activation == purchase.Manual {
		return voucher.Issued
	}
	return voucher.Active
}

// drawCode gives a new voucher its code.
func (s *Sales) drawCode(n *ledger.NewVoucher, form voucher.Form) error {
	code, err := form.Draw(s.random)
	if err != nil {
		return err
	}
	failpoint.Hit(failpoint.IssueDrawn)
	return s.giveCode(n, code, purposeCode)
}

// giveCode notes a code on a voucher: by its fingerprint, as one of ours or a foreign one, and sealed as it is printed.
func (s *Sales) giveCode(n *ledger.NewVoucher, code voucher.Code, purpose string) (err error) {
	n.Voucher.Last4 = code.Last4()
	n.MAC = s.ring.MAC(purpose, []byte(code.Canonical()))
	if n.Sealed, err = s.ring.Seal(purposeCode, []byte(code.Reveal()), []byte(n.Voucher.ID)); err != nil {
		return fmt.Errorf("seal a code: %w", err)
	}
	return nil
}

// applyActs invalidates, blocks and lifts, and tells vouchers whether a refund waits for them, with all rows locked at once in the order of their ids.
func (s *Sales) applyActs(ctx context.Context, tx outbox.Tx, c change) (*ledger.Applied, error) {
	var acts []ledger.Aimed
	for _, key := range c.decision.Invalidate {
		extra := c.stored.Units[key]
		id, err := s.ledger.NewID()
		if err != nil {
			return nil, err
		}
		acts = append(acts, ledger.Aimed{Voucher: extra.Voucher, Act: voucher.Invalidate{
			ID: id, Ref: voucher.Ref{Owner: "shop:" + c.shop.ID, Kind: voucher.Endings, Key: "refund:" + extra.ID},
			Detail: voucher.Detail{Order: c.decision.Purchase.Number, Reason: "the purchase was refunded"},
			Spare:  voucher.SpareUsed, Whole: c.whole[extra.Voucher],
		}})
	}
	for _, key := range c.decision.Block {
		act := voucher.Block{Kind: voucher.OrderBlock, Blocked: true}
		acts = append(acts, ledger.Aimed{Voucher: c.stored.Units[key].Voucher, Act: act})
	}
	for _, key := range c.decision.Lift {
		act := voucher.Block{Kind: voucher.OrderBlock}
		acts = append(acts, ledger.Aimed{Voucher: c.stored.Units[key].Voucher, Act: act})
	}
	waiting, err := c.awaiting(ctx, tx)
	if err != nil {
		return nil, err
	}
	acts = c.withHeard(withoutFresh(append(acts, waiting...), c))
	if len(acts) == 0 {
		return nil, nil
	}
	applied, err := s.ledger.ApplyTx(ctx, tx, acts...)
	if err != nil {
		return nil, err
	}
	if err := c.refusals(acts, applied); err != nil {
		return applied, err
	}
	return applied, c.noteBlocks(ctx, tx, acts, applied)
}

// noteBlocks writes into the audit trail which vouchers the order has blocked or freed: nothing else says when it was, and why.
func (c change) noteBlocks(ctx context.Context, tx outbox.Tx, acts []ledger.Aimed, applied *ledger.Applied) error {
	for i, aimed := range acts {
		block, ok := aimed.Act.(voucher.Block)
		if !ok || applied.Refusals[i] != nil || applied.Answers[i].Outcome == voucher.OutcomeUnchanged {
			continue
		}
		action, reason := didUnblock, "the order was paid again"
		if block.Blocked {
			action, reason = didBlock, "the order was cancelled"
		}
		err := staff.Record(ctx, tx, staff.Entry{
			Actor: "shop:" + c.shop.ID, Action: action, Object: aimed.Voucher,
			Detail: map[string]any{"reason": reason, "order": c.decision.Purchase.Number},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// withoutFresh leaves out the vouchers that this very decision issues: they bear no block yet.
func withoutFresh(acts []ledger.Aimed, c change) []ledger.Aimed {
	fresh := map[string]bool{}
	for _, key := range c.decision.Issue {
		fresh[c.stored.Units[key].Voucher] = true
	}
	var others []ledger.Aimed
	for _, act := range acts {
		if !fresh[act.Voucher] {
			others = append(others, act)
		}
	}
	return others
}

// refusals notes which vouchers turned out to be in use, so that the state is decided anew. A block that finds its voucher ended
// has nothing left to do.
func (c change) refusals(acts []ledger.Aimed, applied *ledger.Applied) error {
	moved := false
	for i, refusal := range applied.Refusals {
		_, invalidates := acts[i].Act.(voucher.Invalidate)
		_, looks := acts[i].Act.(voucher.Expire)
		switch {
		case looks && voucher.IsRefusal(refusal):
		case refusal == nil, !invalidates && errors.Is(refusal, voucher.ErrInvalidated):
		case voucher.IsRefusal(refusal):
			c.inUse[acts[i].Voucher] = true
			moved = true
		default:
			return refusal
		}
	}
	if moved {
		return errMoved
	}
	return nil
}
