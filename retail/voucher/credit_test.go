package voucher_test

import (
	"errors"
	"testing"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// A credit note is no sale: its value comes from what was credited, and goes back there.
func TestACreditNoteIsCreditedAndNotSold(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	prints("v1")(s)
	note := sale("c", 300)
	note.Ref.Kind, note.Stock = voucher.Credits, voucher.Fresh
	before := len(s.entries)
	s.does(note)
	s.does(voucher.Reverse{Target: note.Ref, Limited: voucher.Timed})
	for _, e := range s.entries[before:] {
		if e.Contra != "credited/"+till {
			t.Errorf("%s against %s", e.Kind, e.Contra)
		}
	}
	if v := s.one(); v.State != voucher.Invalidated || v.Balance != 0 {
		t.Errorf("taken back: %+v", v)
	}
}

// The office alone gives no more than one alone may.
func TestACreditNoteAboveTheSetAmountIsNotForOneAlone(t *testing.T) {
	t.Parallel()
	for whole, want := range map[int64]error{100: nil, 101: voucher.ErrApproval} {
		note := sale("c", whole)
		note.Ref = voucher.Ref{Owner: "office", Kind: voucher.Credits, Key: "c"}
		note.Approval.Alone = true
		c := blank()
		c.Rules.ApprovalAbove = "100.00"
		if _, err := voucher.Decide(c, note); !errors.Is(err, want) {
			t.Errorf("%d: %v, want %v", whole, err, want)
		}
	}
}

// blank is the case of a note that nobody has given yet.
func blank() *voucher.Case {
	return &voucher.Case{Records: map[voucher.Ref]*voucher.Record{}, Rules: voucher.Rules{Ceiling: "10000.00"}, Voucher: voucher.Voucher{
		ID: "n1", Last4: "9ZZ4", Product: "gift", Kind: voucher.Credit, Currency: "DKK", State: voucher.Inventory, Term: "P3Y", Zone: copenhagen(),
	}}
}

// A refund goes to a new note only from a voucher that has ended, and never above what was captured.
func TestARefundGoesToANewNoteOnlyFromAVoucherThatHasEnded(t *testing.T) {
	t.Parallel()
	spent := voucher.Ref{Owner: till, Kind: voucher.Redemptions, Key: "r"}
	ended := voucher.Voucher{State: voucher.Invalidated}
	amount := func(minor int64, c money.Currency) *money.Amount { a := money.Of(minor, c); return &a }
	for name, tt := range map[string]struct {
		from   voucher.Voucher
		amount *money.Amount
		known  bool
		want   error
		left   int64 // of the redemption afterwards
	}{
		"all of it":              {ended, nil, true, nil, 0},
		"a part":                 {ended, amount(50_00, "DKK"), true, nil, 150_00},
		"more than was captured": {ended, amount(200_01, "DKK"), true, &voucher.InsufficientError{}, 200_00},
		"in another currency":    {ended, amount(1, "EUR"), true, voucher.ErrCurrency, 200_00},
		"a voucher that is good": {voucher.Voucher{State: voucher.Depleted}, nil, true, voucher.ErrStillThere, 200_00},
		"one in quarantine":      {voucher.Voucher{State: voucher.Invalidated, Quarantined: true}, nil, true, voucher.ErrQuarantined, 200_00},
		"no redemption":          {ended, nil, false, voucher.ErrActNotFound, 200_00},
	} {
		c := blank()
		redemption := &voucher.Record{ID: "r1", Ref: spent, State: voucher.Done, Amount: 200_00}
		if tt.known {
			c.Records[spent] = redemption
		}
		got, err := voucher.Decide(c, voucher.RefundAnew{
			ID: "f1", Ref: voucher.Ref{Owner: "office", Kind: voucher.Refunds, Key: "f"}, Redemption: spent, From: tt.from, Amount: tt.amount,
		})
		_, insufficient := errors.AsType[*voucher.InsufficientError](err)
		_, wanted := errors.AsType[*voucher.InsufficientError](tt.want)
		if insufficient != wanted || !wanted && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
		if left := redemption.Amount - redemption.TakenBack; left != tt.left {
			t.Errorf("%s: %d of the redemption is left, want %d", name, left, tt.left)
		}
		if err == nil && (c.Voucher.State != voucher.Active || c.Voucher.Balance != got.Record.Amount || c.Entries[0].Contra != "redeemed/"+till) {
			t.Errorf("%s: %+v %+v", name, c.Voucher, c.Entries)
		}
	}
}

// X07: what was imported comes with its own validity and as an opening balance, and leaves the books only while nobody has used it.
func TestWhatWasImportedIsTakenBackWhileNobodyHasUsedIt(t *testing.T) {
	t.Parallel()
	ref := voucher.Ref{Owner: "office", Kind: voucher.Imports, Key: "i/2"}
	last := voucher.Date{Year: 2030, Month: 12, Day: 31}
	made := voucher.Issue(voucher.Voucher{
		ID: "v1", Kind: voucher.Money, Mode: voucher.Card, Currency: "DKK", State: voucher.Active, Term: "P3Y", Zone: copenhagen(), ExpiresOn: last,
		EndsAt: last.End(copenhagen()),
	}, voucher.Record{ID: "a1", Ref: ref}, 300_00, last.Start(copenhagen()))
	if made.Voucher.ExpiresOn != last || made.Entry.Kind != "issue" || made.Entry.Contra != "imported/office" {
		t.Errorf("imported: %+v %+v", made.Voucher, made.Entry)
	}
	for name, tt := range map[string]struct {
		change func(*voucher.Case)
		want   error
	}{
		"untouched": {func(*voucher.Case) {}, nil},
		"used":      {func(c *voucher.Case) { c.Voucher.Entries, c.Voucher.Balance = 2, 200_00 }, voucher.ErrNotReversible},
		"reserved": {func(c *voucher.Case) {
			c.Reservations = []*voucher.Reservation{{ID: "x", Voucher: "v1", State: voucher.Reserved, ExpiresAt: c.At.AddDate(0, 0, 1)}}
		}, voucher.ErrNotReversible},
	} {
		record := made.Record
		c := &voucher.Case{At: made.Voucher.IssuedAt, Voucher: made.Voucher, Records: map[voucher.Ref]*voucher.Record{ref: &record}}
		tt.change(c)
		_, err := voucher.Decide(c, voucher.Reverse{Target: ref, Limited: voucher.Unlimited})
		if !errors.Is(err, tt.want) || err == nil && (c.Voucher.State != voucher.Invalidated || c.Voucher.Balance != 0) {
			t.Errorf("%s: %v, %+v", name, err, c.Voucher)
		}
	}
}

// X07, X12: an imported voucher that was written off is taken back as if it had not been, however often that happened; one that was used is
// not, whatever was written off of it.
func TestWhatWasImportedIsTakenBackThoughItWasWrittenOff(t *testing.T) {
	t.Parallel()
	year := 2031
	extended := func(s *shelf) {
		year += 5
		s.does(voucher.Extend{Last: voucher.Date{Year: year, Month: time.January, Day: 1}, WrittenOff: voucher.WrittenOffIn(s.journal())})
	}
	anew := func(s *shelf) { days(20 * 366)(s); s.does(voucher.WriteOff{}) }
	for _, tt := range []struct {
		name  string
		given []step
		want  error
	}{
		{"written off", []step{writtenOff}, nil},
		{"written off and brought back", []step{writtenOff, extended}, nil},
		{"written off twice", []step{writtenOff, extended, anew}, nil},
		{"written off after it was used", []step{given(redeem(till, "r", 100)), writtenOff}, voucher.ErrNotReversible},
		{"used after it was brought back", []step{writtenOff, extended, given(redeem(till, "r", 100))}, voucher.ErrNotReversible},
		{"used up and refunded after it was written off", []step{
			given(redeem(till, "r", 100)), writtenOff, given(refund("f", redemption(till, "r"), 0)),
		}, voucher.ErrNotReversible},
		{"given its amount by the office since", []step{writtenOff, given(moves("a", 500))}, voucher.ErrNotReversible},
		{"reserved", []step{writtenOff, extended, given(online("w", "cart", 100))}, voucher.ErrNotReversible},
	} {
		year = 2031
		s := newShelf(t)
		target := voucher.Ref{Owner: "office", Kind: voucher.Imports, Key: "i/2"}
		s.records[target] = &voucher.Record{ID: "i", Ref: target, State: voucher.Done, Voucher: "v1", Currency: "DKK", Amount: 500_00}
		for _, step := range tt.given {
			step(s)
		}
		_, err := s.tries(voucher.Reverse{Target: target, Limited: voucher.Unlimited, WriteOffs: voucher.WriteOffsSince("v1", s.one().Entries)})
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if v := s.one(); err == nil && (v.Balance != 0 || v.State != voucher.Invalidated || s.entries[len(s.entries)-1].Amount != -500_00) {
			t.Errorf("%s: %+v", tt.name, v)
		}
	}
}

// A replacement under a key happens once; a chosen code guards a small amount only.
func TestAReplacementUnderAKeyHappensOnce(t *testing.T) {
	t.Parallel()
	ref := voucher.Ref{Owner: "office", Kind: voucher.Replacements, Key: "k"}
	act := voucher.Replace{ID: "a1", Ref: ref, Last4: "NEW4", Text: voucher.Drawn, Detail: voucher.Detail{Reason: "lost"}}
	c := blank()
	c.Voucher.State, c.Voucher.Balance = voucher.Active, 500_01
	first, err := voucher.Decide(c, act)
	if err != nil || !first.Created || first.Record.Detail.Replaced != "NEW4" {
		t.Fatalf("%+v, %v", first, err)
	}
	version := c.Voucher.Version
	act.ID, act.Last4 = "a2", "XXXX"
	if again, err := voucher.Decide(c, act); err != nil || again.Created || again.Record.Detail.Replaced != "NEW4" || c.Voucher.Version != version {
		t.Errorf("again: %+v, %v", again, err)
	}
	act.Wish = [32]byte{1}
	if _, err := voucher.Decide(c, act); !errors.Is(err, voucher.ErrKeyReused) {
		t.Errorf("another text under the key: %v", err)
	}
	act.Ref.Key, act.Text = "k2", voucher.ChosenSmall
	if _, err := voucher.Decide(c, act); !errors.Is(err, voucher.ErrGuessable) {
		t.Errorf("a chosen code for 500.01: %v", err)
	}
	act.Text = voucher.ChosenInSpite
	if _, err := voucher.Decide(c, act); err != nil {
		t.Errorf("confirmed: %v", err)
	}
}

// X13: a refund in small parts, each to a note of its own, is given by one alone no further than in one piece.
func TestOneAloneGivesNoMoreInSmallParts(t *testing.T) {
	t.Parallel()
	spent := voucher.Ref{Owner: till, Kind: voucher.Redemptions, Key: "r"}
	redemption := &voucher.Record{ID: "r1", Ref: spent, State: voucher.Done, Amount: 500_00}
	part := money.Of(100_00, "DKK")
	for i, want := range []error{nil, nil, nil, nil, voucher.ErrApproval} {
		c := blank()
		c.Rules.ApprovalAbove = "400.00"
		c.Records[spent] = redemption
		_, err := voucher.Decide(c, voucher.RefundAnew{
			ID: "f", Ref: voucher.Ref{Owner: "office", Kind: voucher.Refunds, Key: string(rune('a' + i))}, Redemption: spent,
			From: voucher.Voucher{State: voucher.Invalidated}, Amount: &part, Approval: voucher.Approval{Alone: true},
		})
		if !errors.Is(err, want) {
			t.Errorf("part %d: %v, want %v", i+1, err, want)
		}
	}
}
