package voucher_test

import (
	"errors"
	"testing"
	"time"

	"vouchsafe/retail/voucher"
)

// cashOut pays the one voucher out at the first register.
func cashOut(key string) voucher.CashOut {
	return voucher.CashOut{
		Ref: voucher.Ref{Owner: till, Kind: voucher.CashOuts, Key: key}, Detail: voucher.Detail{Receipt: "17", Reason: "asked for it"},
	}
}

// under lets the voucher be issued under the rules of a country.
func under(country string) step {
	return edited(func(v *voucher.Voucher) {
		if err := v.Under(voucher.Terms{Country: country, Expires: "P3Y", VAT: voucher.MultiPurpose}); err != nil {
			panic(err)
		}
	})
}

// paying sets what the merchant gives, and what he keeps.
func paying(limit, fee string) step {
	return func(s *shelf) { s.rules.CashOutLimit, s.rules.CashOutFee = limit, fee }
}

// days lets whole days pass.
func days(n int) step { return after(time.Duration(n) * 24 * time.Hour) }

const threeYears = 3*365 + 1 // days, one of them of a leap year; valid through the last of them

// X12: what is paid out, and what is kept.
func TestACashOutGoesByTheRuleOfItsCountry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		given     []step
		paid, fee int64
	}{
		{"in Denmark all of it", []step{under("DK")}, 500, 0},
		{"in Denmark less the fee while it is valid", []step{under("DK"), paying("", "25.00")}, 475, 25},
		{"in Denmark on its last day less the fee", []step{under("DK"), paying("", "25.00"), days(threeYears - 1)}, 475, 25},
		{"in Denmark after it has expired without a fee", []step{under("DK"), paying("", "25.00"), days(threeYears + 1)}, 500, 0},
		{"in Denmark until a year after it has expired", []step{under("DK"), days(threeYears + 365)}, 500, 0},
		{"in Denmark without a fee when it has no end", []step{under("DK"), paying("", "25.00"), edited(endless)}, 500, 0},
		{"in Denmark less the fee of its currency", []step{under("DK"), paying("", "EUR:3.00,DKK:25.00")}, 475, 25},
		{"in Denmark without a fee where others alone have one", []step{under("DK"), paying("", "EUR:3.00,SEK:40.00")}, 500, 0},
		{"a fee that leaves something", []step{under("DK"), paying("", "499.00")}, 1, 499},
		{"in Denmark one that waits to be claimed", []step{under("DK"), edited(func(v *voucher.Voucher) { v.Mode = voucher.Customer })}, 500, 0},
		{"in Denmark one for members", []step{under("DK"), edited(func(v *voucher.Voucher) { v.MembersOnly = true })}, 500, 0},
		{"elsewhere a rest within the limit, without a fee", []step{under("SE"), paying("50.00", "25.00"), given(redeem(till, "r", 450))}, 50, 0},
		{"elsewhere a rest within the limit of its currency", []step{under("SE"), paying("EUR:7.00,DKK:50.00", ""), given(redeem(till, "r", 450))}, 50, 0},
		{"a credit note within the limit", []step{under("DK"), kindOf(voucher.Credit), paying("500.00", "25.00")}, 500, 0},
		{"where nothing is known of the country, within the limit", []step{paying("500.00", "")}, 500, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			for _, step := range tt.given {
				step(s)
			}
			fence, before := s.one().Fence, len(s.entries)
			got := s.does(cashOut("c"))
			paid, fee := got.Record.PaidOut()
			if paid != kroner(tt.paid) || fee != kroner(tt.fee) || s.one().Balance != 0 || s.one().State != voucher.Depleted {
				t.Errorf("paid %s, kept %s, left %+v", paid, fee, s.one())
			}
			if s.one().Fence != fence+1 {
				t.Errorf("the fence is %d after %d", s.one().Fence, fence)
			}
			moved := int64(0)
			for _, e := range s.entries[before:] {
				moved -= e.Amount
			}
			if moved != (tt.paid+tt.fee)*100 {
				t.Errorf("the journal moved %d: %+v", moved, s.entries[before:])
			}
			again := s.does(cashOut("c"))
			if again.Created || again.Record.ID != got.Record.ID {
				t.Errorf("the same again: %+v", again.Record)
			}
		})
	}
}

func endless(v *voucher.Voucher) { v.ExpiresOn, v.EndsAt = voucher.Date{}, time.Time{} }

func kindOf(k voucher.Kind) step {
	return edited(func(v *voucher.Voucher) { v.Kind, v.OwedFor = k, 0 })
}

func TestACashOutIsRefused(t *testing.T) {
	t.Parallel()
	above := &voucher.CashOutLimitError{Limit: kroner(50)}
	refuses(t, []refusal{
		{"above the merchant's limit", []step{under("DE"), paying("50.00", "")}, cashOut("c"), above},
		{"above the limit of its currency", []step{under("DE"), paying("EUR:900.00,DKK:50.00", "")}, cashOut("c"), above},
		{"in a currency that has no limit where others have", []step{under("DE"), paying("EUR:900.00,SEK:900.00", "")}, cashOut("c"), voucher.ErrNoCashOut},
		{"where the merchant gives nothing", []step{under("AT")}, cashOut("c"), voucher.ErrNoCashOut},
		{"punches, which have no price", []step{under("DK"), kindOf(voucher.Punches), paying("900.00", "")}, cashOut("c"), voucher.ErrNoCashOut},
		{"what was given", []step{under("DK"), kindOf(voucher.StoreCredit), paying("900.00", "")}, cashOut("c"), voucher.ErrNoCashOut},
		{"a credit note above the limit", []step{under("DK"), kindOf(voucher.Credit)}, cashOut("c"), voucher.ErrNoCashOut},
		{"more than a year after it has expired", []step{under("DK"), days(threeYears + 366)}, cashOut("c"), voucher.ErrExpired},
		{"an expired one elsewhere", []step{under("SE"), paying("900.00", ""), days(threeYears + 1)}, cashOut("c"), voucher.ErrExpired},
		{"a used-up one", []step{under("DK"), given(redeem(till, "r", 500))}, cashOut("c"), only(0)},
		{"a blocked one", []step{under("DK"), given(voucher.Block{Kind: voucher.OfficeBlock, Blocked: true})}, cashOut("c"), voucher.ErrBlocked},
		{"one in quarantine", []step{under("DK"), forgotten}, cashOut("c"), voucher.ErrQuarantined},
		{"one that was never sold", []step{under("DK"), edited(func(v *voucher.Voucher) { v.State = voucher.Issued })}, cashOut("c"), voucher.ErrNotActive},
		{"other content under its key", []step{under("DK"), given(cashOut("c")), given(reload("l", 5))}, voucher.CashOut{Ref: cashOut("c").Ref}, voucher.ErrKeyReused},
	})
	s := newShelf(t)
	under("DK")(s)
	s.does(online("w", "cart", 100))
	if _, err := s.tries(cashOut("c")); err == nil || err.Error() != (&voucher.HeldError{Until: s.now.Add(24 * time.Hour)}).Error() {
		t.Errorf("a reserved one: %v", err)
	}
}

// X02: taken back, the money and the fee are on the voucher again. A reservation from before has lost its claim.
func TestACashOutIsTakenBack(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	under("DK")(s)
	paying("", "25.00")(s)
	s.does(cashOut("c"))
	back := voucher.Reverse{Target: cashOut("c").Ref, Limited: voucher.Timed}
	if got := s.does(back); got.Outcome != voucher.OutcomeReversed || s.one().Balance != 500_00 || s.one().State != voucher.Active {
		t.Errorf("taken back: %+v, %+v", got, s.one())
	}
	if _, err := s.tries(cashOut("c")); err != voucher.ErrPrevented {
		t.Errorf("under the same key: %v", err)
	}
	s.does(cashOut("c2"))
	s.passes(24 * time.Hour)
	if _, err := s.tries(voucher.Reverse{Target: cashOut("c2").Ref, Limited: voucher.Timed}); err != voucher.ErrNotReversible {
		t.Errorf("after a day: %v", err)
	}

	late := newShelf(t)
	under("DK")(late)
	late.does(online("w", "cart", 100))
	late.passes(25 * time.Hour)
	late.does(cashOut("c"))
	if _, err := late.tries(capture("w", "A-1")); !isShort(err) {
		t.Errorf("a late capture after a cash-out: %v", err)
	}
}

// X09, X12: the end of a day where the merchant is, and a year later the end of the same day.
func TestTheValueIsOwedUntilTheRightHasEnded(t *testing.T) {
	t.Parallel()
	v := voucher.Voucher{Kind: voucher.Money, Zone: copenhagen(), ExpiresOn: voucher.Date{Year: 2028, Month: time.February, Day: 29}}
	if err := v.Under(voucher.Terms{Country: "DK", Expires: "country"}); err != nil {
		t.Fatal(err)
	}
	if got, want := v.OwedUntil(), time.Date(2029, time.February, 28, 23, 0, 0, 0, time.UTC); !got.Equal(want) || v.TermFrom != voucher.TermOfCountry {
		t.Errorf("owed until %s, want %s; term from %s", got, want, v.TermFrom)
	}
	if err := v.Under(voucher.Terms{Country: "XX", Expires: "country"}); err == nil {
		t.Error("the term of no country is known")
	}
	v = voucher.Voucher{Kind: voucher.Money, Zone: copenhagen()}
	if !v.OwedUntil().IsZero() {
		t.Error("what never expires is owed for ever")
	}
}

// B08: who must be a member is asked when the value is granted, and not again.
func TestAVoucherForMembers(t *testing.T) {
	t.Parallel()
	members := edited(func(v *voucher.Voucher) { v.MembersOnly = true })
	seen := voucher.Membership{Seen: true}
	until := func(day int) voucher.Membership {
		return voucher.Membership{Until: voucher.Date{Year: 2026, Month: time.November, Day: day}}
	}
	by := func(m voucher.Membership) voucher.Redeem { r := redeem(till, "r", 100); r.Member = m; return r }
	with := func(m voucher.Membership) voucher.Reserve { r := online("w", "cart", 100); r.Member = m; return r }
	refuses(t, []refusal{
		{"redeemed by nobody in particular", []step{members}, by(voucher.Membership{}), voucher.ErrMembership},
		{"reserved by nobody in particular", []step{members}, with(voucher.Membership{}), voucher.ErrMembership},
		{"a membership that is over", []step{members}, by(until(21)), voucher.ErrMembership},
		{"after its last day", []step{members, after(12 * time.Hour)}, with(until(22)), voucher.ErrMembership},
	})
	for _, act := range []voucher.Act{by(seen), by(until(22)), with(until(22)), with(seen)} {
		s := newShelf(t)
		members(s)
		s.does(act)
	}
	s := newShelf(t)
	members(s)
	s.does(with(until(22)))
	s.passes(20 * time.Hour)
	s.does(capture("w", "A-1"))
}

// X12: nobody loses what is left of his voucher to the fee for having it paid out.
func TestAFeeThatWouldTakeAllOfItIsRefused(t *testing.T) {
	t.Parallel()
	for _, fee := range []string{"500.00", "900.00"} {
		s := newShelf(t)
		under("DK")(s)
		paying("", fee)(s)
		if _, err := s.tries(cashOut("c")); !errors.Is(err, voucher.ErrNoCashOut) || s.one().Balance != 500_00 {
			t.Errorf("a fee of %s: %v, left %+v", fee, err, s.one())
		}
	}
}
