package scale

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/uuid"

	"vouchsafe/cmd/vouchbench/stack"
	"vouchsafe/retail/keyring"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

const (
	// Worth is what every voucher holds in the end, but for one draw, in minor units: the usual ceiling.
	Worth    = 1_000_000
	drawn    = 12_500 // of each redemption of a past, and of the reload that follows it
	till     = "till:till-1"
	shop     = "shop:" + stack.Shop
	currency = money.Currency("DKK")
	// purposeCode is what the back office derives the keys of codes for.
	purposeCode = "voucher code"
)

// ending is how a past ends: with a code that is free, reserved, or reserved by a cart that ran out.
type ending string

const (
	free    ending = "free"
	live    ending = "live"
	overdue ending = "overdue"
)

// rules of a past are the usual ones.
func rules() voucher.Rules { return voucher.Rules{ReserveFor: 24 * time.Hour, Ceiling: "10000.00"} }

// When a cart reserved: an hour ago, or an hour too long ago, and one each tenth of a second before that.
const (
	liveSince    = time.Hour
	overdueSince = 25 * time.Hour
	cartsApart   = 100 * time.Millisecond
	cartsWithin  = 2 * time.Hour
)

// life is a voucher with all that has happened to it.
type life struct {
	voucher     voucher.Voucher
	mac, sealed []byte
	code        string
	entries     []hashed
	records     []*voucher.Record
	grants      []*voucher.Reservation
	letter      uuid.UUID // the delivery of its code
}

// hashed is a line of the journal with its link of the chain.
type hashed struct {
	voucher.Entry
	hash [32]byte
}

// author makes up lives.
type author struct {
	ring *keyring.Ring
	run  string // of the names of the acts, once and for ever
	now  time.Time
	made int
}

// newAuthor opens the keys of an installation.
func newAuthor(master string, now time.Time) (*author, error) {
	masters, err := keyring.ParseMasters(master)
	if err != nil {
		return nil, err
	}
	ring, err := keyring.New(rand.Reader, masters...)
	if err != nil {
		return nil, err
	}
	return &author{ring: ring, run: fmt.Sprintf("past-%x", now.UnixNano()), now: now}, nil
}

// write makes up one life with so many entries, issued at an instant: sold, then redeemed and reloaded in turn, a day apart.
func (a *author) write(issued time.Time, entries int, end ending) (*life, error) {
	a.made++
	l := &life{}
	if err := a.draw(l); err != nil {
		return nil, err
	}
	record, err := a.record(voucher.Issues, shop)
	if err != nil {
		return nil, err
	}
	issue := voucher.Issue(l.voucher, *record, Worth, issued)
	c := &voucher.Case{
		At: issued, Rules: rules(), Voucher: issue.Voucher, Records: map[voucher.Ref]*voucher.Record{}, Holdings: voucher.Holdings{},
		Entries: []voucher.Entry{*issue.Entry},
	}
	l.records = append(l.records, &issue.Record)
	for n := 1; n < entries; n++ {
		c.At = c.At.Add(24 * time.Hour)
		if err := a.trade(l, c, n); err != nil {
			return nil, err
		}
	}
	if err := a.end(l, c, end); err != nil {
		return nil, err
	}
	l.close(c)
	return l, nil
}

// draw gives a life its voucher and code.
func (a *author) draw(l *life) error {
	code, err := voucher.NewCode(rand.Reader)
	if err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	text := []byte(code.Canonical())
	if l.sealed, err = a.ring.Seal(purposeCode, text, []byte(id.String())); err != nil {
		return err
	}
	if l.letter, err = uuid.NewV7(); err != nil {
		return err
	}
	l.mac, l.code = a.ring.MAC(purposeCode, text), code.Canonical()
	l.voucher = voucher.Voucher{
		ID: id.String(), Last4: code.Last4(), Product: stack.Product, Kind: voucher.Money, Mode: voucher.Card, Currency: currency,
		State: voucher.Active, Term: "P3Y", Zone: time.UTC, Shop: stack.Shop,
	}
	return nil
}

// record names the next act of the life that is being written.
func (a *author) record(kind voucher.ActKind, owner string) (*voucher.Record, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	return &voucher.Record{ID: id.String(), Ref: voucher.Ref{Owner: owner, Kind: kind, Key: fmt.Sprintf("%s-%09d", a.run, a.made)}}, nil
}

// trade lets the register redeem, or sell back what was redeemed.
func (a *author) trade(l *life, c *voucher.Case, n int) error {
	kind := voucher.Redemptions
	if n%2 == 0 {
		kind = voucher.Reloads
	}
	record, err := a.record(kind, till)
	if err != nil {
		return err
	}
	record.Key += fmt.Sprintf("-%d", n)
	amount, detail := money.Of(drawn, currency), voucher.Detail{Receipt: record.Key}
	var act voucher.Act = voucher.Redeem{ID: record.ID, Ref: record.Ref, Holder: sha256.Sum256([]byte(till)), Amount: amount, Partial: voucher.Whole, Detail: detail}
	if kind == voucher.Reloads {
		act = voucher.Reload{ID: record.ID, Ref: record.Ref, Amount: amount, Detail: detail}
	}
	return l.does(c, act)
}

// end reserves the code for a cart, where the life ends so.
func (a *author) end(l *life, c *voucher.Case, end ending) error {
	before := time.Duration(a.made) * cartsApart % cartsWithin
	switch end {
	case live:
		c.At = a.now.Add(-liveSince - before)
	case overdue:
		c.At = a.now.Add(-overdueSince - before)
	default:
		return nil
	}
	record, err := a.record(voucher.Reservations, shop)
	if err != nil {
		return err
	}
	return l.does(c, voucher.Reserve{
		ID: record.ID, Ref: record.Ref, Holder: sha256.Sum256([]byte(record.Key)), Hint: record.Key[len(record.Key)-6:], Due: money.Of(drawn, currency),
	})
}

// does lets the rule book decide.
func (l *life) does(c *voucher.Case, act voucher.Act) error {
	answer, err := voucher.Decide(c, act)
	if err != nil {
		return fmt.Errorf("make up the past of a voucher: %w", err)
	}
	l.records = append(l.records, answer.Record)
	return nil
}

// close takes what the case came to, and chains the journal.
func (l *life) close(c *voucher.Case) {
	l.voucher, l.grants = c.Voucher, c.Reservations
	for _, e := range c.Entries {
		l.voucher.Head = ledger.Link(l.voucher.Head, e)
		l.entries = append(l.entries, hashed{e, l.voucher.Head})
	}
}
