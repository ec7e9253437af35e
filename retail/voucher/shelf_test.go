package voucher_test

import (
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// fataler is what a shelf needs of a test: a *testing.T or a *rapid.T.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// shelf keeps vouchers as a store does: it reads for each act just what the act names, lets it be
// decided, proves that nothing forbidden has happened, and keeps what changed.
type shelf struct {
	t            fataler
	now          time.Time
	rules        voucher.Rules
	vouchers     map[string]voucher.Voucher
	reservations []*voucher.Reservation
	records      map[voucher.Ref]*voucher.Record
	entries      []voucher.Entry
	witness      int64
	ids          int

	shorts []voucher.Short // of the last act
	lifted []voucher.Short // of the last act
}

// noon is when the tests begin, in the middle of a day in Copenhagen.
func noon() time.Time { return time.Date(2026, time.November, 22, 11, 0, 0, 0, time.UTC) }

// copenhagen is the zone of the merchant.
func copenhagen() *time.Location { return zone("Europe/Copenhagen") }

func zone(name string) *time.Location {
	loaded, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loaded
}

// kroner is an amount in DKK.
func kroner(whole int64) money.Amount { return money.Of(whole*100, "DKK") }

// at points to an amount in DKK.
func at(whole int64) *money.Amount { a := kroner(whole); return &a }

// newShelf holds one voucher of 500 kroner, named "v1".
func newShelf(t fataler) *shelf {
	s := &shelf{
		t: t, now: noon(), vouchers: make(map[string]voucher.Voucher), records: make(map[voucher.Ref]*voucher.Record),
		rules: voucher.Rules{
			ReserveFor: 24 * time.Hour, LateCapture: 72 * time.Hour, ReverseFor: 24 * time.Hour,
			PerOrder: 1, Ceiling: "10000.00",
		},
	}
	s.issues("v1", 500)
	return s
}

// issues puts another voucher on the shelf.
func (s *shelf) issues(id string, whole int64) {
	s.t.Helper()
	issued := voucher.Issue(voucher.Voucher{
		ID: id, Last4: "0HNC", Product: "gift", Kind: voucher.Money, Mode: voucher.Card, Currency: "DKK",
		State: voucher.Active, Term: "P3Y", Zone: copenhagen(), Shop: "demo",
	}, voucher.Record{ID: s.nextID(), Ref: voucher.Ref{Owner: shop, Kind: voucher.Issues, Key: id}}, whole*100, s.now)
	s.vouchers[id] = issued.Voucher
	s.records[issued.Record.Ref] = issued.Record.Stored()
	if issued.Entry != nil {
		s.entries = append(s.entries, *issued.Entry)
	}
}

func (s *shelf) nextID() string {
	s.ids++
	return fmt.Sprintf("id-%d", s.ids)
}

// one is the voucher that most tests are about.
func (s *shelf) one() voucher.Voucher { return s.vouchers["v1"] }

// edit changes a voucher's row by hand.
func (s *shelf) edit(change func(v *voucher.Voucher)) {
	v := s.vouchers["v1"]
	change(&v)
	s.vouchers["v1"] = v
}

// reads is the case of a voucher for an act: the live reservation and what the act names.
func (s *shelf) reads(id string, act voucher.Act) *voucher.Case {
	c := &voucher.Case{
		At: s.now, Rules: s.rules, Voucher: s.vouchers[id], Witness: s.witness,
		Records: make(map[voucher.Ref]*voucher.Record), Holdings: make(voucher.Holdings),
	}
	wanted := make(map[string]bool)
	for _, ref := range act.Refs() {
		s.readRecord(c, ref)
		if named := s.records[ref]; named != nil && ref.Kind == voucher.Reservations && named.Reservation != "" {
			wanted[named.Reservation] = true
			own := s.reservation(named.Reservation)
			s.readRecord(c, voucher.Ref{Owner: own.Owner, Kind: voucher.Redemptions, Key: own.Key})
		}
	}
	for _, r := range s.reservations {
		if r.LiveAt(s.now) {
			s.holds(c, r)
		}
		if r.Voucher == id && (r.State == voucher.Reserved || wanted[r.ID]) {
			c.Reservations = append(c.Reservations, r.Stored())
		}
	}
	return c
}

func (s *shelf) readRecord(c *voucher.Case, ref voucher.Ref) {
	if record := s.records[ref]; record != nil {
		c.Records[ref] = record.Stored()
	}
}

func (s *shelf) holds(c *voucher.Case, r *voucher.Reservation) {
	holding := voucher.Holding{Owner: r.Owner, Holder: r.Holder}
	if c.Holdings[holding] == nil {
		c.Holdings[holding] = make(map[string]bool)
	}
	c.Holdings[holding][r.Voucher] = true
}

// reservation finds a stored reservation.
func (s *shelf) reservation(id string) *voucher.Reservation {
	for _, r := range s.reservations {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// settles decides an act on a voucher, proves what must hold whatever the act, and keeps the result.
func (s *shelf) settles(id string, act voucher.Act) (voucher.Answer, error) {
	s.t.Helper()
	act = s.named(act)
	c := s.reads(id, act)
	answer, err := voucher.Decide(c, act)
	if err != nil {
		s.provesUntouched(c, s.reads(id, act), err)
	}
	s.keeps(c)
	s.provesSound(id)
	answer.Reservation, answer.Record = copied(answer.Reservation), copied(answer.Record)
	return answer, err
}

// tries settles an act on the one voucher.
func (s *shelf) tries(act voucher.Act) (voucher.Answer, error) {
	s.t.Helper()
	return s.settles("v1", act)
}

// does settles an act that must not be refused.
func (s *shelf) does(act voucher.Act) voucher.Answer {
	s.t.Helper()
	answer, err := s.tries(act)
	if err != nil {
		s.t.Fatalf("%+v: %v", act, err)
	}
	return answer
}

// passes lets time pass.
func (s *shelf) passes(d time.Duration) { s.now = s.now.Add(d) }

// copied is a copy of what a pointer points to.
func copied[T any](from *T) *T {
	if from == nil {
		return nil
	}
	to := *from
	return &to
}

// named gives an act an id of its own, as the ledger does for every request, unless it has one.
func (s *shelf) named(act voucher.Act) voucher.Act {
	id := s.nextID()
	give := func(to *string) {
		if *to == "" {
			*to = id
		}
	}
	switch a := act.(type) {
	case voucher.Reserve:
		give(&a.ID)
		return a
	case voucher.Capture:
		give(&a.ID)
		return a
	case voucher.Release:
		give(&a.ID)
		return a
	case voucher.Redeem:
		give(&a.ID)
		return a
	case voucher.Reload:
		give(&a.ID)
		return a
	case voucher.Refund:
		give(&a.ID)
		return a
	case voucher.Invalidate:
		give(&a.ID)
		return a
	case voucher.Adjust:
		give(&a.ID)
		return a
	case voucher.Sell:
		give(&a.ID)
		return a
	case voucher.CashOut:
		give(&a.ID)
		if a.Paid.Entries == 0 {
			a.Paid = s.paid("v1")
		}
		return a
	case voucher.Reverse:
		a.Paid = s.paid("v1")
		return a
	case voucher.Bind:
		give(&a.ID)
		return a
	case voucher.WriteOff:
		give(&a.ID)
		return a
	case voucher.Extend:
		if a.WrittenOff.Entries == 0 {
			a.WrittenOff = voucher.WrittenOffIn(s.journal())
		}
		return a
	}
	return act
}

// keeps writes what a decided case says must be written, and nothing else.
func (s *shelf) keeps(c *voucher.Case) {
	s.t.Helper()
	before := s.vouchers[c.Voucher.ID]
	if !c.Changed() && !cmp.Equal(before, c.Voucher, compareCases()) {
		s.t.Fatalf("the voucher changed but need not be written: %s", cmp.Diff(before, c.Voucher, compareCases()))
	}
	for _, r := range c.ChangedReservations() {
		*s.reservation(r.ID) = *r.Stored()
	}
	for _, r := range c.FreshReservations() {
		s.reservations = append(s.reservations, r.Stored())
	}
	for ref, r := range c.Records {
		if was := s.records[ref]; r.Changed() && was.State != voucher.Done {
			s.t.Fatalf("the %s record %s changed once more", was.State, was.Key)
		}
		if r.Fresh() || r.Changed() {
			s.records[ref] = r.Stored()
		}
	}
	s.vouchers[c.Voucher.ID] = c.Voucher
	s.entries = append(s.entries, c.Entries...)
	s.shorts, s.lifted = c.Shorts, c.Lifted
	s.provesWritten(before, c)
}
