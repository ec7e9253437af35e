package retail

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/notary"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/staff"
)

// The audit trail's names for what the office does about data subjects.
const (
	didExportSubject = "export_data_subject"
	didEraseSubject  = notary.Forgets
)

// subjectSymbols is how much of a digest names a person in the audit trail: enough to tell two apart.
const subjectSymbols = 16

// subjectName is how the audit trail names a person: nobody without the master key can tell who that is, or try addresses.
func (s *Sales) subjectName(email string) string {
	return "data subject " + hex.EncodeToString(s.ring.MAC(purposeSubject, subjectOf(email)))[:subjectSymbols]
}

// StillToDeliverError refuses to erase a person to whom something is still to be delivered, or of whom something waits in the office.
type StillToDeliverError struct {
	Deliveries int // that are not finished, or did not arrive
	Units      int // vouchers that wait for the office to decide
	Bodies     int // webhooks that name the person and are not settled; nothing but settling them helps
}

// Error says how many of each.
func (e *StillToDeliverError) Error() string {
	return fmt.Sprintf("%d deliveries, %d vouchers and %d webhooks of the person are not finished", e.Deliveries, e.Units, e.Bodies)
}

// CancelDeliveries says what becomes of what is still to be delivered to a person who is erased.
type CancelDeliveries bool

// The choices.
const (
	KeepDeliveries    CancelDeliveries = false // then nobody is erased
	CancelUndelivered CancelDeliveries = true
)

// Erasure is what was erased. All zero: there was nothing, or it had been erased before.
type Erasure struct {
	Subject    string  // how the audit trail names the person
	Orders     int     // that the person placed
	Gifts      int     // that were for the person
	Deliveries int64   // mails, with their recipients
	Bodies     int64   // webhooks
	Customers  int     // log-ins at shops
	Texts      int64   // of tasks, acts and approvals in which the person was named
	Lines      []int64 // of the audit trail that named the person
	Cancelled  int     // deliveries
}

// nothing tells whether there was nothing to erase.
func (e Erasure) nothing() bool {
	return e.Orders+e.Gifts+e.Customers+e.Cancelled+len(e.Lines) == 0 && e.Deliveries+e.Bodies+e.Texts == 0
}

// EraseSubject erases what is held on a mail address, in one transaction: nothing of it, or all. What must stay (amounts, dates,
// opaque ids, digests) stays, and no later word of a shop brings back what an erased order said. Again, it erases what has come since.
// Errors: ErrNoAddress, *StillToDeliverError, ErrUnderWay while a mail is leaving right now, ErrNotManager for a clerk.
func (o *BackOffice) EraseSubject(ctx context.Context, by Actor, email, reason string, undelivered CancelDeliveries) (done Erasure, err error) {
	const doing = "erase a person"
	defer explain(doing, &err)
	if by.Person != "" && !by.Manager { // what a clerk erases by mistake nobody brings back
		return Erasure{}, ErrNotManager
	}
	found, err := o.sales.subject(ctx, email)
	if err != nil {
		return Erasure{}, err
	}
	err = o.within(ctx, doing, func(tx outbox.Tx) error {
		e := &eraser{sales: o.sales, tx: tx, subject: found, done: Erasure{Subject: o.sales.subjectName(email)}, undelivered: undelivered}
		if err := e.erase(ctx); err != nil || e.done.nothing() {
			done = e.done
			return err
		}
		done = e.done
		return o.desk.audit(ctx, tx, by, didEraseSubject, done.Subject, done.said(e.scrub(reason)))
	})
	return done, err
}

// said is what the audit trail says of an erasure.
func (e Erasure) said(reason string) map[string]any {
	lines := e.Lines
	if lines == nil {
		lines = []int64{}
	}
	return map[string]any{
		"reason": reason, "orders": e.Orders, "gifts": e.Gifts, "deliveries": e.Deliveries, "webhooks": e.Bodies, "texts": e.Texts,
		"customers": e.Customers, "cancelled": e.Cancelled, "lines": lines,
	}
}

// eraser erases one person in one transaction. It locks orders, then deliveries, then the rest, as everybody does.
type eraser struct {
	sales       *Sales
	tx          outbox.Tx
	undelivered CancelDeliveries
	*subject

	bought   []string      // ids of the person's own orders
	given    []orders.Held // units for the person in orders of others
	vouchers []string
	called   []string // names that the person bears in them
	logins   []login  // that they name
	members  []string // ids of the person's log-ins
	accounts []string // of those
	waiting  int      // units that wait for the office
	done     Erasure
}

func (e *eraser) erase(ctx context.Context) error {
	if err := e.lock(ctx); err != nil {
		return err
	}
	if err := e.settle(ctx); err != nil {
		return err
	}
	if err := e.eraseCustomers(ctx); err != nil {
		return err
	}
	if err := e.eraseOrders(ctx); err != nil {
		return err
	}
	return e.eraseTexts(ctx)
}

// lock locks the orders and sees what they hold now.
func (e *eraser) lock(ctx context.Context) error {
	own := map[string]bool{}
	for _, h := range e.held {
		own[h.Purchase] = own[h.Purchase] || h.Unit == ""
	}
	for _, id := range sortedKeys(own) {
		p, err := orders.LockByID(ctx, e.tx, id)
		if err != nil {
			return err
		}
		if err := e.see(p, own[id]); err != nil {
			return err
		}
	}
	return nil
}

func sortedKeys(of map[string]bool) []string {
	keys := make([]string, 0, len(of))
	for key := range of {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// see notes what of an order is the person's: all of his own, the units that are for him of another's.
func (e *eraser) see(p *orders.Purchase, own bool) error {
	personal := own && p.Buyer != nil
	if own {
		e.bought = append(e.bought, p.ID)
		var who buyer
		if err := e.sales.unseal(purposeBuyer, p.ID, p.Buyer, &who); err != nil {
			return err
		}
		e.called = append(e.called, who.Name)
		e.logins = append(e.logins, login{p.Shop, who.ID})
	}
	for _, unit := range p.Decided.Units {
		extra := p.Units[unit.Key()]
		his := e.is(extra.WishesMAC)
		if !own && !his {
			continue
		}
		personal = personal || own && extra.Wishes != nil
		if err := e.seeUnit(p, unit, his && !own); err != nil {
			return err
		}
	}
	if personal {
		e.done.Orders++
	}
	return nil
}

// seeUnit notes a unit of the person's, or one that is for him.
func (e *eraser) seeUnit(p *orders.Purchase, unit purchase.Unit, gift bool) error {
	extra := p.Units[unit.Key()]
	if extra.Voucher != "" {
		e.vouchers = append(e.vouchers, extra.Voucher)
	}
	if unit.State == purchase.Waiting {
		e.waiting++
	}
	if !gift {
		return nil
	}
	var asked wishes
	if err := e.sales.unseal(purposeWishes, extra.ID, extra.Wishes, &asked); err != nil {
		return err
	}
	e.called = append(e.called, asked.Name)
	e.given = append(e.given, orders.Held{Purchase: p.ID, Unit: extra.ID})
	if extra.Wishes != nil {
		e.done.Gifts++
	}
	return nil
}

// is tells whether a digest is of the person's address.
func (e *eraser) is(mac []byte) bool {
	return len(mac) > 0 && slices.ContainsFunc(e.macs, func(his []byte) bool { return string(his) == string(mac) })
}

// settle refuses while something is still to be delivered, or cancels it.
func (e *eraser) settle(ctx context.Context) error {
	open, err := outbox.Undelivered(ctx, e.tx, e.personal())
	if err != nil {
		return err
	}
	still := &StillToDeliverError{Bodies: e.unsettled()}
	if e.undelivered == KeepDeliveries {
		still.Deliveries, still.Units = len(open), e.waiting
	}
	if *still != (StillToDeliverError{}) {
		return still
	}
	for _, d := range open {
		if err := e.cancel(ctx, d); err != nil {
			return err
		}
	}
	e.done.Cancelled = len(open)
	return nil
}

// cancel ends a delivery, and the task of one that did not arrive.
func (e *eraser) cancel(ctx context.Context, d outbox.Delivery) error {
	const why = "the recipient was erased"
	if d.FinishedAt != nil {
		return outbox.CloseTask(ctx, e.tx, TaskDelivery, d.ID, why)
	}
	ending, err := e.sales.outbox.Cancel(ctx, e.tx, outbox.Where{ID: d.ID}, why)
	if err == nil && ending.Stopping > 0 {
		err = ErrUnderWay
	}
	return err
}

// personal chooses the mails: all of the person's orders, since they name him as the giver, and those that went to him.
func (e *eraser) personal() outbox.Personal {
	p := outbox.Personal{Parents: e.bought}
	for _, d := range e.deliveries {
		p.IDs = append(p.IDs, d.ID)
	}
	return p
}

// unsettled counts the bodies that are still to be applied, or that a person has to look at.
func (e *eraser) unsettled() (n int) {
	for _, item := range e.bodies {
		if item.State == orders.Received || item.State == orders.SetAside {
			n++
		}
	}
	return n
}

func (e *eraser) eraseOrders(ctx context.Context) (err error) {
	if err = orders.Erase(ctx, e.tx, e.bought...); err != nil {
		return err
	}
	if err = orders.EraseGifts(ctx, e.tx, e.macs[0], e.given); err != nil { // under the master key that writes
		return err
	}
	var bodies []string
	for _, item := range e.bodies {
		bodies = append(bodies, item.ID)
	}
	if e.done.Bodies, err = orders.EraseBodiesFor(ctx, e.tx, bodies, e.bought); err != nil {
		return err
	}
	e.done.Deliveries, err = outbox.Forget(ctx, e.tx, e.personal())
	return err
}

// eraseTexts takes the person out of what people wrote: his address everywhere, his name where it is about what is his.
func (e *eraser) eraseTexts(ctx context.Context) error {
	address, names := anyOf(e.spellings), anyOf(wordsOf(e.called))
	words := strings.Trim(address+"|"+names, "|")
	about := slices.Concat(e.bought, e.vouchers, e.personal().IDs, e.members, e.accounts)
	tasks, err := outbox.ScrubTasks(ctx, e.tx, outbox.Words{Address: address, Names: names, Subjects: about})
	if err != nil {
		return err
	}
	acts, err := ledger.ScrubActs(ctx, e.tx, slices.Concat(e.vouchers, e.accounts), words)
	if err != nil {
		return err
	}
	approvals, err := staff.ScrubApprovals(ctx, e.tx, about, words, outbox.Erased)
	if err != nil {
		return err
	}
	e.done.Texts = tasks + acts + approvals
	e.done.Lines, err = notary.Forget(ctx, e.tx, notary.Mentions{Address: address, Names: names, Objects: about})
	return err
}

// scrub takes the person out of the reason for erasing him.
func (e *eraser) scrub(reason string) string {
	for _, word := range append(wordsOf(e.called), e.spellings...) {
		reason = regexp.MustCompile(`(?i)`+regexp.QuoteMeta(word)).ReplaceAllString(reason, outbox.Erased)
	}
	return reason
}

// nameRunes is the shortest word of a name that is looked for: shorter ones are everywhere.
const nameRunes = 3

// wordsOf are names, whole and word by word: a clerk writes "Frau Beispiel" of an Anna Beispiel.
func wordsOf(names []string) (words []string) {
	for _, name := range names {
		for _, word := range append([]string{strings.TrimSpace(name)}, strings.Fields(name)...) {
			if isName(word) && !slices.Contains(words, word) {
				words = append(words, word)
			}
		}
	}
	return words
}

// isName tells whether a word can be looked for in texts that are JSON: its numbers and its own words are no names there, whoever
// is called so.
func isName(word string) bool {
	return len([]rune(word)) >= nameRunes && strings.ContainsFunc(word, unicode.IsLetter) &&
		!slices.Contains([]string{"null", "true", "false"}, strings.ToLower(word))
}

// anyOf is a regular expression of PostgreSQL's for one of some texts, as whole words; "" for none. In JSON a text stands as JSON
// spells it.
func anyOf(texts []string) string {
	var found []string
	for _, text := range texts {
		plain := regexp.QuoteMeta(text)
		quoted := strings.Trim(string(detailOf(text)), `"`)
		for _, spelled := range []string{plain, regexp.QuoteMeta(quoted)} {
			if !slices.Contains(found, spelled) {
				found = append(found, spelled)
			}
		}
	}
	if len(found) == 0 {
		return ""
	}
	return `(?<![[:alnum:]])(` + strings.Join(found, "|") + `)(?![[:alnum:]])`
}

// isSubjectRefusal tells an answer about a data subject from a fault.
func isSubjectRefusal(err error) bool {
	_, still := errors.AsType[*StillToDeliverError](err)
	return still || errors.Is(err, ErrNoAddress) || errors.Is(err, ErrNotManager)
}
