package voucher_test

import (
	"errors"
	"testing"
	"time"

	"vouchsafe/retail/voucher"
)

// writtenOff is a voucher whose rest was written off long after its end.
func writtenOff(s *shelf) {
	days(threeYears + 400)(s)
	s.does(voucher.WriteOff{})
}

// forgoes tells how many minor units a write-off takes.
func (s *shelf) forgoes() int64 {
	s.t.Helper()
	before := s.one().Balance
	got := s.does(voucher.WriteOff{})
	if taken := before - s.one().Balance; taken > 0 != got.Created || (got.Outcome == voucher.OutcomeUnchanged) != (taken == 0) {
		s.t.Fatalf("%d were taken: %+v", taken, got)
	}
	return before - s.one().Balance
}

// X12: what has expired is owed until nobody can use it or ask for it any more.
func TestWhatExpiredIsWrittenOffOnceItIsNobodys(t *testing.T) {
	t.Parallel()
	// Every voucher of these is valid through the day that ends half a day after so many days.
	const end, claims = threeYears, 4
	held := func(before int) step {
		return func(s *shelf) { days(end - before)(s); s.does(online("w", "cart", 100)) }
	}
	for _, tt := range []struct {
		name  string
		given []step
		want  int64 // kroner
	}{
		{"in Denmark on the last day of the year in which it is owed", []step{under("DK"), days(end + 365)}, 0},
		{"in Denmark on the day after", []step{under("DK"), days(end + 366)}, 500},
		{"in Denmark a credit note, which no law lets its holder cash", []step{under("DK"), kindOf(voucher.Credit), days(end + claims + 1)}, 500},
		{"elsewhere while an order may still claim what it was promised", []step{under("SE"), days(end + claims)}, 0},
		{"elsewhere once no order can", []step{under("SE"), days(end + claims + 1)}, 500},
		{"where nothing is known of the country", []step{days(end + claims + 1)}, 500},
		{"what has no end", []step{edited(endless), days(9999)}, 0},
		{"what is valid", []step{under("SE")}, 0},
		{"the rest of it", []step{under("SE"), given(redeem(till, "r", 450)), days(end + claims + 1)}, 50},
		{"punches, which are owed as well", []step{under("SE"), kindOf(voucher.Punches), days(end + claims + 1)}, 500},
		{"what waits to be claimed", []step{under("SE"), edited(func(v *voucher.Voucher) { v.Mode = voucher.Customer }), days(end + claims + 1)}, 500},
		{"what waits to be activated", []step{under("SE"), in(voucher.Issued), days(end + claims + 1)}, 500},
		{"what is blocked", []step{under("SE"), given(voucher.Block{Kind: voucher.OrderBlock, Blocked: true}), days(end + claims + 1)}, 0},
		{"what is in quarantine", []step{under("SE"), edited(func(v *voucher.Voucher) { v.Quarantined = true }), days(end + claims + 1)}, 0},
		{"what somebody has reserved for longer than usual", []step{
			under("SE"), func(s *shelf) { s.rules.ReserveFor = 20 * 24 * time.Hour }, held(0),
			func(s *shelf) { s.rules.ReserveFor = 24 * time.Hour }, days(claims + 1),
		}, 0},
		{"what somebody has let expire", []step{under("SE"), held(0), days(claims + 1)}, 500},
		{"what a refund keeps alive for 30 days", []step{under("SE"), given(redeem(till, "r", 100)), days(end + 2), given(refund("f", redemption(till, "r"), 0)), days(31)}, 0},
		{"what is left after them", []step{
			under("SE"), given(redeem(till, "r", 100)), days(end + 2), given(refund("f", redemption(till, "r"), 0)), given(redeem(till, "r2", 70)), days(31 + claims),
		}, 430},
		{"nothing", []step{under("SE"), given(redeem(till, "r", 500)), days(9999)}, 0},
		{"what was ended", []step{under("SE"), given(invalidate("e")), days(9999)}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			for _, step := range tt.given {
				step(s)
			}
			if got := s.forgoes(); got != tt.want*100 {
				t.Errorf("%d are written off, want %d", got, tt.want*100)
			}
			if got := s.forgoes(); got != 0 {
				t.Errorf("%d more", got)
			}
		})
	}
}

// A write-off is an act of the clock, named by its line, and takes the voucher away from whoever let his reservation expire.
func TestAWriteOffIsToldInTheJournal(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	under("DK")(s)
	fence := s.one().Fence
	writtenOff(s)
	last := s.entries[len(s.entries)-1]
	if last.Kind != "expire" || last.Contra != "expired/clock" || last.Amount != -500_00 || last.Seq != 2 {
		t.Errorf("the line is %+v", last)
	}
	record := s.records[voucher.Ref{Owner: "clock", Kind: voucher.Lapses, Key: "v1:2"}]
	if record == nil || record.ID != last.Act || record.Amount != 500_00 || record.State != voucher.Done {
		t.Errorf("the act is %+v", record)
	}
	if v := s.one(); v.Fence != fence+1 || v.StateAt(s.now) != voucher.Expired {
		t.Errorf("the voucher is %+v", v)
	}
	if _, err := s.tries(cashOut("c")); !errors.Is(err, voucher.ErrExpired) {
		t.Errorf("a cash-out: %v", err)
	}
}

// X12, X22: whoever extends a voucher brings back what was written off of it, all of it and once.
func TestAnExtensionBringsBackWhatWasWrittenOff(t *testing.T) {
	t.Parallel()
	late := voucher.Date{Year: 2040, Month: time.January, Day: 1}
	spent := redemption(till, "r")
	for _, tt := range []struct {
		name  string
		given []step
		want  int64
	}{
		{"all of it", []step{writtenOff}, 500},
		{"beside what a refund has brought since", []step{given(redeem(till, "r", 100)), writtenOff, given(refund("f", spent, 0))}, 500},
		{"less what was spent of that", []step{given(redeem(till, "r", 100)), writtenOff, given(refund("f", spent, 0)), given(redeem(till, "r2", 100))}, 400},
		{"of two write-offs", []step{
			given(redeem(till, "r", 100)), writtenOff, given(refund("f", spent, 0)), days(36), given(voucher.WriteOff{}),
		}, 500},
		{"not what was brought back before", []step{
			writtenOff, given(voucher.Extend{Last: voucher.Date{Year: 2032, Month: time.January, Day: 1}}), given(redeem(till, "r2", 100)),
		}, 400},
		{"of one that waits to be activated", []step{in(voucher.Issued), writtenOff}, 500},
		{"nothing of one that was adjusted to nothing", []step{edited(over), given(moves("a", -500))}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			for _, step := range tt.given {
				step(s)
			}
			s.does(voucher.Extend{Last: late})
			if v := s.one(); v.Balance != tt.want*100 || v.ExpiresOn != late {
				t.Errorf("it holds %+v, want %d", v, tt.want)
			}
			if got := s.does(voucher.Extend{Last: late}); got.Outcome != voucher.OutcomeUnchanged || s.one().Balance != tt.want*100 {
				t.Errorf("the same again: %+v", got)
			}
			for ref, r := range s.records {
				if ref.Kind == voucher.Lapses && (r.State != voucher.Reversed || r.TakenBack != r.Amount) {
					t.Errorf("the write-off is %+v", r)
				}
			}
			if s.forgoes() != 0 {
				t.Error("what was brought back is written off again")
			}
		})
	}
}

// Who reckons from an older journal than the one under the lock comes again: no write-off is overlooked.
func TestAnExtensionKnowsTheWholeJournal(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	act := voucher.Extend{Last: voucher.Date{Year: 2040, Month: time.January, Day: 1}, WrittenOff: voucher.WrittenOffIn(s.journal())}
	writtenOff(s)
	if _, err := s.tries(act); !errors.Is(err, voucher.ErrInProgress) || s.one().Balance != 0 {
		t.Errorf("got %v", err)
	}
}

// X12: what is done to a voucher after its write-off neither loses nor doubles its value.
func TestActsOnAVoucherThatWasWrittenOff(t *testing.T) {
	t.Parallel()
	spent := redemption(till, "r")
	for _, tt := range []struct {
		name  string
		acts  []voucher.Act
		want  int64
		state voucher.State
	}{
		{"a refund is its own", []voucher.Act{refund("f", spent, 60)}, 60, voucher.Active},
		{"a refund that is taken back", []voucher.Act{refund("f", spent, 60), reverseRefund("f", spent)}, 0, voucher.Depleted},
		{"a redemption that is taken back restores money, not validity", []voucher.Act{voucher.Reverse{Target: spent, Limited: voucher.Unlimited}}, 100, voucher.Expired},
		{"which is written off as well", []voucher.Act{voucher.Reverse{Target: spent, Limited: voucher.Unlimited}, voucher.WriteOff{}}, 0, voucher.Expired},
		{"goodwill", []voucher.Act{moves("a", 70)}, 70, voucher.Expired},
		{"its end", []voucher.Act{invalidate("e")}, 0, voucher.Invalidated},
		{"a new code", []voucher.Act{voucher.Replace{}}, 0, voucher.Expired},
		{"a block", []voucher.Act{voucher.Block{Kind: voucher.OfficeBlock, Blocked: true}}, 0, voucher.Expired},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			s.does(redeem(till, "r", 100))
			writtenOff(s)
			for _, act := range tt.acts {
				s.does(act)
			}
			if v := s.one(); v.Balance != tt.want*100 || v.StateAt(s.now) != tt.state {
				t.Errorf("it holds %d and is %s", v.Balance, v.StateAt(s.now))
			}
		})
	}
	refuses(t, []refusal{
		{"a redemption", []step{writtenOff}, redeem(till, "r2", 1), voucher.ErrExpired},
		{"a reload", []step{writtenOff}, reload("l", 1), voucher.ErrExpired},
		{"a transfer", []step{writtenOff}, transferOf(1), voucher.ErrExpired},
		{"a correction below nothing", []step{writtenOff}, moves("a", -1), only(0)},
		{"taking back a reload", []step{given(reload("l", 50)), writtenOff}, voucher.Reverse{Target: reload("l", 50).Ref, Limited: voucher.Unlimited}, voucher.ErrNotReversible},
	})
}

// X12: what is paid for stays paid for through a write-off and back.
func TestWhatWasPaidForIsBroughtBackAsPaidFor(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	under("DK")(s)
	s.does(goodwill("a", 100))
	writtenOff(s)
	s.does(voucher.Extend{Last: voucher.Date{Year: 2040, Month: time.January, Day: 1}})
	got := s.does(cashOut("c"))
	if paid, _ := got.Record.PaidOut(); paid != kroner(500) || s.one().Balance != 100_00 {
		t.Errorf("paid %s, left %d", paid, s.one().Balance)
	}
}

// X12, A26: whoever has given a voucher another amount since it was written off has decided what it holds; extending it adds nothing.
func TestAnAmountGivenAfterAWriteOffStandsInItsPlace(t *testing.T) {
	t.Parallel()
	late := voucher.Date{Year: 2040, Month: time.January, Day: 1}
	for name, tt := range map[string]struct {
		acts []voucher.Act
		want int64
	}{
		"set":                {[]voucher.Act{sets("a", 500, 0)}, 500},
		"given":              {[]voucher.Act{moves("a", 100)}, 100},
		"given and set":      {[]voucher.Act{sets("a", 500, 0), moves("b", 100)}, 600},
		"given, taken again": {[]voucher.Act{moves("a", 100), voucher.Reverse{Target: adjustment("a"), Limited: voucher.Unlimited}}, 500},
	} {
		s := newShelf(t)
		writtenOff(s)
		for _, act := range tt.acts {
			s.does(act)
		}
		s.does(voucher.Extend{Last: late})
		if got := s.one().Balance; got != tt.want*100 {
			t.Errorf("%s: it holds %d, want %d", name, got, tt.want*100)
		}
	}
}

// X12, X13: no more is brought back than one alone may give; two set the amount before the voucher is extended.
func TestOneAloneBringsBackNoMoreThanHeMayGive(t *testing.T) {
	t.Parallel()
	late := voucher.Date{Year: 2040, Month: time.January, Day: 1}
	s := newShelf(t)
	s.rules.ApprovalAbove = "499.99"
	writtenOff(s)
	if _, err := s.tries(voucher.Extend{Last: late}); !errors.Is(err, voucher.ErrApproval) || s.one().Balance != 0 || s.one().ExpiresOn == late {
		t.Errorf("got %v, %+v", err, s.one())
	}
	s.does(sets("a", 500, 0)) // by two
	s.does(voucher.Extend{Last: late})
	if got := s.one().Balance; got != 500_00 {
		t.Errorf("it holds %d", got)
	}
	s = newShelf(t)
	s.rules.ApprovalAbove = "500.00"
	writtenOff(s)
	s.does(voucher.Extend{Last: late})
	if got := s.one().Balance; got != 500_00 {
		t.Errorf("within the limit it holds %d", got)
	}
}
