package voucher_test

import (
	"testing"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// adjustment names an adjustment of the office.
func adjustment(key string) voucher.Ref {
	return voucher.Ref{Owner: office, Kind: voucher.Adjustments, Key: key}
}

// moves adds whole kroner to the balance, or takes them.
func moves(key string, whole int64) voucher.Adjust {
	return voucher.Adjust{Ref: adjustment(key), Delta: at(whole), Detail: voucher.Detail{Reason: "because"}}
}

// sets puts a balance in the place of another.
func sets(key string, whole, expected int64) voucher.Adjust {
	return voucher.Adjust{Ref: adjustment(key), SetTo: at(whole), Expected: at(expected), Detail: voucher.Detail{Reason: "because"}}
}

// claimed is a voucher whose whole amount a customer has.
func claimed(s *shelf) {
	s.does(moves("emptied", -500))
	s.edit(func(v *voucher.Voucher) { v.State = voucher.Claimed })
}

// over is a voucher whose validity is over.
func over(v *voucher.Voucher) {
	v.ExpiresOn = voucher.Date{Year: 2026, Month: time.November, Day: 21}
	v.EndsAt = v.ExpiresOn.End(v.Zone)
}

// A23, A26, A27: what an adjustment makes of a balance of 500, and whether it takes value away.
func TestAnAdjustmentMovesTheBalance(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		given   []step
		when    voucher.Adjust
		balance int64
		delta   int64
		state   voucher.State
		taken   bool
	}{
		{"more", nil, moves("a", 100), 600, 100, voucher.Active, false},
		{"less", nil, moves("a", -100), 400, -100, voucher.Active, true},
		{"nothing left", nil, moves("a", -500), 0, -500, voucher.Depleted, true},
		{"set higher: A26, 800 and 500 is 1300 only when asked for", nil, sets("a", 800, 500), 800, 300, voucher.Active, false},
		{"set lower", nil, sets("a", 1, 500), 1, -499, voucher.Active, true},
		{"set to nothing", nil, sets("a", 0, 500), 0, -500, voucher.Depleted, true},
		{"set to what it is", nil, sets("a", 500, 500), 500, 0, voucher.Active, false},
		{"set on a used-up one", []step{given(redeem(till, "r", 500))}, sets("a", 20, 0), 20, 20, voucher.Active, false},
		{"set on a claimed one: A27, it is open anew", []step{claimed}, sets("a", 500, 0), 500, 500, voucher.Active, false},
		{"set to nothing on a claimed one", []step{claimed}, sets("a", 0, 0), 0, 0, voucher.Claimed, false},
		{"blocked", []step{given(block())}, moves("a", 1), 501, 1, voucher.Active, false},
		{"expired", []step{edited(over)}, moves("a", -1), 499, -1, voucher.Active, true},
		{"not activated yet", []step{edited(func(v *voucher.Voucher) { v.State = voucher.Issued })}, sets("a", 0, 500), 0, -500, voucher.Issued, true},
		{"more while it is reserved", []step{given(online("k", "A", 500))}, moves("a", 5), 505, 5, voucher.Active, false},
		{"what nobody has reserved", []step{given(online("k", "A", 400))}, moves("a", -100), 400, -100, voucher.Active, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			for _, step := range tt.given {
				step(s)
			}
			before := s.one()
			got := s.does(tt.when)
			if v := s.one(); v.Balance != tt.balance*100 || v.State != tt.state || v.Fence-before.Fence != map[bool]int64{true: 1}[tt.taken] {
				t.Errorf("got %+v", v)
			}
			if r := got.Record; !got.Created || *r.Detail.Adjusted != kroner(tt.delta) || r.Amount != max(tt.delta, -tt.delta)*100 || r.Balance != tt.balance*100 {
				t.Errorf("record %+v", r)
			}
			if e := s.entries[len(s.entries)-1]; tt.delta != 0 && (e.Kind != "adjust" || e.Contra != "adjusted/office" || e.Amount != tt.delta*100) {
				t.Errorf("entry %+v", e)
			}
		})
	}
}

func TestAdjustmentsThatAreRefused(t *testing.T) {
	t.Parallel()
	held := &voucher.HeldError{Since: noon(), Until: noon().Add(24 * time.Hour), Owner: shop, Hint: "A"}
	euro := voucher.Adjust{Ref: adjustment("a"), Delta: &money.Amount{Minor: 1, Currency: "EUR"}}
	mixed := sets("a", 1, 500)
	mixed.Expected = &money.Amount{Minor: 500_00, Currency: "EUR"}
	refuses(t, []refusal{
		{"a stale balance", []step{given(redeem(till, "r", 1))}, sets("a", 600, 500), &voucher.BalanceChangedError{Balance: kroner(499)}},
		{"set while it is reserved", []step{given(online("k", "A", 1))}, sets("a", 600, 500), held},
		{"what somebody has reserved", []step{given(online("k", "A", 400))}, moves("a", -101), only(100)},
		{"more than there is", nil, moves("a", -501), only(500)},
		{"above the ceiling", nil, moves("a", 9501), voucher.ErrAboveLimit},
		{"set above the ceiling", nil, sets("a", 10001, 500), voucher.ErrAboveLimit},
		{"another currency", nil, euro, voucher.ErrCurrency},
		{"another currency expected", nil, mixed, voucher.ErrCurrency},
		{"invalidated", []step{given(invalidate("e"))}, sets("a", 5, 0), voucher.ErrInvalidated},
		{"in quarantine", []step{forgotten}, moves("a", 1), voucher.ErrQuarantined},
		{"never sold", []step{edited(func(v *voucher.Voucher) { v.State = voucher.Inventory })}, moves("a", 1), voucher.ErrNotActive},
		{"claimed, by a difference", []step{claimed}, moves("a", 1), voucher.ErrClaimed},
		{"other content under its key", []step{given(moves("a", 1))}, moves("a", 2), voucher.ErrKeyReused},
		{"another way to the same", []step{given(moves("a", 1))}, sets("a", 501, 500), voucher.ErrKeyReused},
		{"its key was prevented", []step{prevented(adjustment("a"))}, moves("a", 1), voucher.ErrPrevented},
	})
}

func TestACeilingThatWasLoweredStopsNoCorrectionDownwards(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.rules.Ceiling = "100.00"
	s.does(sets("a", 300, 500))
	_, err := s.tries(moves("b", 1))
	expectRefusal(t, err, voucher.ErrAboveLimit)
}

func TestTheSameAdjustmentTwiceIsOne(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	first := s.does(sets("a", 600, 500))
	again := s.does(sets("a", 600, 500))
	if again.Created || again.Record.ID != first.Record.ID || s.one().Balance != 600_00 || len(s.entries) != 2 {
		t.Errorf("got %+v, balance %d", again, s.one().Balance)
	}
}

// X02: taken back, an adjustment moves the other way, as long as what it gave is there.
func TestAnAdjustmentIsTakenBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		given   []step
		balance int64
		fence   int64
	}{
		{"one that gave", []step{given(moves("a", 100))}, 500, 1},
		{"one that took", []step{given(moves("a", -100))}, 500, 1},
		{"one that set", []step{given(sets("a", 20, 500))}, 500, 1},
		{"one that moved nothing", []step{given(sets("a", 500, 500))}, 500, 0},
		{"one that took all", []step{given(moves("a", -500))}, 500, 1},
		{"long ago", []step{given(moves("a", 100)), after(1000 * time.Hour)}, 500, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			for _, step := range tt.given {
				step(s)
			}
			got := s.does(voucher.Reverse{Target: adjustment("a"), Limited: voucher.Unlimited})
			if v := s.one(); got.Outcome != voucher.OutcomeReversed || v.Balance != tt.balance*100 || v.State != voucher.Active || v.Fence != tt.fence {
				t.Errorf("%s: got %+v", got.Outcome, v)
			}
			_, err := s.tries(moves("a", 100))
			expectRefusal(t, err, voucher.ErrPrevented)
		})
	}
	refuses(t, []refusal{
		{"spent", []step{given(moves("a", 100)), given(redeem(till, "r", 501))}, reverse(adjustment("a")), voucher.ErrNotReversible},
		{"reserved", []step{given(moves("a", 100)), given(online("k", "A", 501))}, reverse(adjustment("a")), voucher.ErrNotReversible},
		{"invalidated", []step{given(moves("a", -100)), given(invalidate("e"))}, reverse(adjustment("a")), voucher.ErrNotReversible},
	})
}

// X13: one alone gives no more than the merchant lets him. What he takes is not limited, nor what a till does.
func TestOneAloneGivesNoMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	alone := func(a voucher.Adjust) voucher.Adjust { a.Approval = voucher.Approval{Alone: true}; return a }
	back := refund("f", redemption(till, "r"), 300)
	backAlone := back
	backAlone.Approval = voucher.Approval{Alone: true}
	more := reload("l", 300)
	moreAlone := more
	moreAlone.Approval = voucher.Approval{Alone: true}
	again := func(a voucher.Adjust, given int64) voucher.Adjust {
		a.Approval = voucher.Approval{Alone: true, Given: given * 100}
		return a
	}
	for _, tt := range []struct {
		name  string
		limit string
		when  voucher.Act
		want  error
	}{
		{"no limit", "", alone(moves("a", 9000)), nil},
		{"up to the limit", "200.00", alone(moves("a", 200)), nil},
		{"above it", "200.00", alone(moves("a", 201)), voucher.ErrApproval},
		{"set above it", "200.00", alone(sets("a", 401, 200)), voucher.ErrApproval},
		{"a limit of nothing", "0", alone(moves("a", 1)), voucher.ErrApproval},
		{"taken", "0", alone(moves("a", -200)), nil},
		{"with approval", "0", moves("a", 1), nil},
		{"a refund", "200.00", backAlone, voucher.ErrApproval},
		{"a refund at the till", "200.00", back, nil},
		{"a reload", "200.00", moreAlone, voucher.ErrApproval},
		{"a reload at the till", "200.00", more, nil},
		{"an end", "0", invalidate("e"), nil},
		{"in steps up to the limit", "200.00", again(moves("a", 50), 150), nil},
		{"in steps above it", "200.00", again(moves("a", 51), 150), voucher.ErrApproval},
		{"taken after steps", "200.00", again(moves("a", -200), 200), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			s.does(redeem(till, "r", 300))
			s.rules.ApprovalAbove = tt.limit
			if _, err := s.tries(tt.when); tt.want != nil || err != nil {
				expectRefusal(t, err, tt.want)
			}
		})
	}
}

// The limit holds in every currency, however many decimals it is written with.
func TestTheLimitIsReadInTheVouchersCurrency(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		limit    string
		currency money.Currency
		most     int64 // minor units that one alone may give
	}{
		{"200.00", "DKK", 200_00},
		{"200.00", "JPY", 200},
		{"200.50", "JPY", 200},
		{"200.005", "DKK", 200_00},
		{"200.505", "DKK", 200_50},
		{"200.00", "KWD", 200_000},
		{"200.005", "KWD", 200_005},
		{"200.0059", "KWD", 200_005},
		{"200", "KWD", 200_000},
		{"0.5", "JPY", 0},
		{"10.00", "PUNCH", 10},
	} {
		rules := voucher.Rules{ApprovalAbove: tt.limit}
		if !rules.MayAlone(tt.most, tt.currency) || rules.MayAlone(tt.most+1, tt.currency) {
			t.Errorf("%s in %s: one alone may not give just %d", tt.limit, tt.currency, tt.most)
		}
	}
}

// An act that was done keeps its answer when the limit is lowered afterwards.
func TestALowerLimitLeavesARepeatItsAnswer(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	act := moves("a", 100)
	act.Approval = voucher.Approval{Alone: true}
	s.does(act)
	s.rules.ApprovalAbove = "0"
	if got := s.does(act); got.Created || got.Record == nil {
		t.Errorf("got %+v", got)
	}
}
