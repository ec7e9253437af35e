package voucher_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

func TestARegisterRedeems(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		when       voucher.Redeem
		want, rest int64
		state      voucher.State
	}{
		{"a part", redeem(till, "r", 200), 200, 0, voucher.Active},
		{"all of it", redeem(till, "r", 500), 500, 0, voucher.Depleted},
		{"as far as it goes, and it goes all the way", partly(redeem(till, "r", 200)), 200, 0, voucher.Active},
		{"as far as it goes, to its end", partly(redeem(till, "r", 500)), 500, 0, voucher.Depleted},
		{"as far as it goes, and a rest is due", partly(redeem(till, "r", 620)), 500, 120, voucher.Depleted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			answer := s.does(tt.when)
			record := answer.Record
			if record.Amount != tt.want*100 || record.Rest != tt.rest*100 || record.Balance != (500-tt.want)*100 || record.Released != 0 {
				t.Errorf("got %+v", record)
			}
			if s.one().State != tt.state || s.one().Fence != 1 || !answer.Created {
				t.Errorf("voucher %+v", s.one())
			}
			want := &voucher.Reservation{
				ID: record.ID, Voucher: "v1", Fence: 1, Owner: till, Key: "r", Holder: holder(till), HolderHint: till,
				Amount: tt.want * 100, Due: tt.when.Amount.Minor, State: voucher.Captured,
				GrantedAt: s.now, ExpiresAt: s.now, EndedAt: s.now,
			}
			if diff := cmp.Diff(want, answer.Reservation.Stored(), compareCases()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestARegisterTakesItsOwnReservation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                     string
		when                     voucher.Redeem
		want, released, reserved int64
	}{
		{"exactly", redeem(till, "r", 200), 200, 0, 200},
		{"less than it set aside", redeem(till, "r", 50), 50, 150, 200},
		{"more than it set aside", redeem(till, "r", 300), 300, 0, 300},
		{"all there is", partly(redeem(till, "r", 900)), 500, 0, 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			held := s.does(atRegister(till, "hold", 200)).Reservation
			answer := s.does(tt.when)
			got := answer.Reservation
			if got.ID != held.ID || got.State != voucher.Captured || got.Amount != tt.reserved*100 || s.one().Fence != held.Fence {
				t.Errorf("got %+v", got)
			}
			if answer.Record.Amount != tt.want*100 || answer.Record.Released != tt.released*100 || answer.Record.Reservation != held.ID {
				t.Errorf("got %+v", answer.Record)
			}
			if again := s.does(tt.when); again.Created || !cmp.Equal(again.Record.Stored(), answer.Record.Stored(), compareCases()) {
				t.Errorf("the repeat answers %+v", again.Record)
			}
		})
	}
}

func TestARegisterKeepsItsPromiseOverTheLastDay(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.now = s.one().EndsAt.Add(-time.Nanosecond)
	s.does(atRegister(till, "hold", 200))
	s.passes(time.Hour)
	_, err := s.tries(redeem(till, "r", 201))
	expectRefusal(t, err, voucher.ErrExpired)
	if got := s.does(redeem(till, "r", 200)).Record; got.Amount != 200_00 {
		t.Errorf("got %+v", got)
	}
	_, err = s.tries(redeem(till, "r2", 1))
	expectRefusal(t, err, voucher.ErrExpired)
}

func TestARepeatedRedemptionSpendsNothing(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	first := s.does(redeem(till, "r", 200))
	s.does(redeem(till2, "r", 100)) // the key of another register is another key
	s.does(invalidate("lost"))
	before := s.one()
	again := s.does(redeem(till, "r", 200))
	if !cmp.Equal(again.Record.Stored(), first.Record.Stored(), compareCases()) || again.Created || s.one().Version != before.Version {
		t.Errorf("got %+v, first %+v", again.Record, first.Record)
	}
	if again.Record.Balance != 300_00 {
		t.Errorf("the repeat tells a balance of %d", again.Record.Balance)
	}
}

func TestAnActWhoseCommitWasInDoubtIsToldAsDone(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	spending, loading, giving, ending := redeem(till, "r", 200), reload("l", 100), refund("f", spent(), 0), invalidate("e")
	spending.ID, loading.ID, giving.ID, ending.ID = "doubted 1", "doubted 2", "doubted 3", "doubted 4"
	for _, act := range []voucher.Act{spending, loading, giving, ending} {
		first := s.does(act)
		before := s.one()
		again := s.does(act)
		if !again.Created || !cmp.Equal(first.Record.Stored(), again.Record.Stored(), compareCases()) || s.one().Version != before.Version {
			t.Errorf("%T: the repeat answers %+v", act, again.Record)
		}
	}
}

func TestRedemptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	euro, lower, other := redeem(till, "r", 200), redeem(till, "r", 199), redeem(till, "r", 200)
	euro.Amount = money.Of(1, "EUR")
	other.Detail.Receipt = "another"
	done := given(redeem(till, "r", 200))
	held := &voucher.HeldError{Since: noon(), Until: noon().Add(24 * time.Hour), Owner: shop, Hint: "A"}
	own := &voucher.HeldError{Since: noon(), Until: noon().Add(24 * time.Hour), Owner: till, Hint: till}
	cart := &voucher.HeldError{Since: noon(), Until: noon().Add(24 * time.Hour), Owner: shop, Hint: till}
	refuses(t, []refusal{
		{"a code that a cart holds (E20)", []step{given(online("k", "A", 1)), after(24*time.Hour - time.Nanosecond)}, redeem(till, "r", 200), held},
		{"a code that another register holds", []step{given(atRegister(till, "h", 1))}, redeem(till2, "r", 1), own},
		{"a code held by a cart that is named like the register", []step{given(online("k", till, 1))}, redeem(till, "r", 1), cart},
		{"a blocked code that a cart holds", []step{given(online("k", "A", 1)), given(block())}, redeem(till, "r", 1), voucher.ErrBlocked},
		{"more than there is", nil, redeem(till, "r", 501), only(500)},
		{"a used-up voucher", []step{given(redeem(till, "x", 500))}, redeem(till, "r", 1), only(0)},
		{"a used-up voucher, as far as it goes", []step{given(redeem(till, "x", 500))}, partly(redeem(till, "r", 1)), only(0)},
		{"another currency", nil, euro, voucher.ErrCurrency},
		{"an expired voucher", []step{func(s *shelf) { s.now = s.one().EndsAt }}, redeem(till, "r", 1), voucher.ErrExpired},
		{"a blocked voucher", []step{given(block())}, redeem(till, "r", 1), voucher.ErrBlocked},
		{"an invalidated voucher", []step{given(invalidate("e"))}, redeem(till, "r", 1), voucher.ErrInvalidated},
		{"a quarantined voucher", []step{forgotten}, redeem(till, "r", 1), voucher.ErrQuarantined},
		{"another amount under the key", []step{done}, lower, voucher.ErrKeyReused},
		{"another receipt under the key", []step{done}, other, voucher.ErrKeyReused},
		{"a part where it was to be the whole", []step{done}, partly(redeem(till, "r", 200)), voucher.ErrKeyReused},
		{"a key that was taken back", []step{done, given(reverse(redemption(till, "r")))}, redeem(till, "r", 200), voucher.ErrPrevented},
		{"a key whose cancellation came first", []step{prevented(redemption(till, "r"))}, redeem(till, "r", 200), voucher.ErrPrevented},
	})
}

func TestARedemptionsKeyNamesOneVoucher(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.issues("v2", 500)
	s.does(redeem(till, "r", 200))
	_, err := s.settles("v2", redeem(till, "r", 200))
	expectRefusal(t, err, voucher.ErrKeyReused)
}

func TestAReservationThatHasExpiredIsInNobodysWay(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	held := s.does(online("k", "A", 200)).Reservation
	s.passes(24 * time.Hour)
	s.does(redeem(till, "r", 500))
	if got := s.reservation(held.ID); got.State != voucher.ReservationExpired || !got.EndedAt.Equal(held.ExpiresAt) {
		t.Errorf("got %+v", got)
	}
}

func TestAReloadRaisesTheBalance(t *testing.T) { // E23, E24
	t.Parallel()
	s := newShelf(t)
	s.passes(time.Hour)
	end := s.one().ExpiresOn
	answer := s.does(reload("l", 100))
	if answer.Record.Amount != 100_00 || answer.Record.Balance != 600_00 || !answer.Created || answer.Reservation != nil {
		t.Errorf("got %+v", answer.Record)
	}
	want := voucher.Entry{
		Account: "v1", Seq: 2, Act: answer.Record.ID, Kind: "reload", Contra: "reloaded/till:Kasse 1",
		Amount: 100_00, Currency: "DKK", Balance: 600_00, At: s.now,
	}
	if diff := cmp.Diff(want, s.entries[1]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if v := s.one(); v.Fence != 0 || v.ExpiresOn != end || v.State != voucher.Active {
		t.Errorf("voucher %+v", v)
	}
	if again := s.does(reload("l", 100)); again.Created || !cmp.Equal(again.Record.Stored(), answer.Record.Stored(), compareCases()) {
		t.Errorf("the repeat answers %+v", again.Record)
	}
}

func TestAReloadLeavesAReservationAsItIs(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	held := s.does(online("k", "A", 900)).Reservation
	s.does(reload("l", 100))
	if got := s.reservation(held.ID); !cmp.Equal(got, held.Stored(), compareCases()) || got.Amount != 500_00 || s.one().Fence != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestTheValidityOfAUsedUpVoucherStartsAnew(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		term voucher.Term
		want string
	}{
		{"for as long again", "P3Y", "2030-11-22"},
		{"through the end of a later year", "P3Y/year-end", "2030-12-31"},
		{"but is never shortened", "P1Y", "2029-11-22"},
		{"and never ends, if that is its term by now", voucher.NeverExpires, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			s.does(redeem(till, "r", 500))
			s.edit(func(v *voucher.Voucher) { v.Term = tt.term })
			s.now = s.now.AddDate(1, 0, 0)
			v := s.does(reload("l", 100)).Voucher
			if v.State != voucher.Active || v.Balance != 100_00 || v.ExpiresOn.String() != tt.want {
				t.Errorf("%s through %s, want %s", v.State, v.ExpiresOn, tt.want)
			}
			if tt.want == "" && !v.EndsAt.IsZero() || tt.want != "" && !v.EndsAt.Equal(day(t, tt.want).End(copenhagen())) {
				t.Errorf("ends at %v", v.EndsAt)
			}
		})
	}
}

func TestAVoucherWithoutAnEndKeepsNoneWhenItIsReloaded(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.edit(func(v *voucher.Voucher) { v.ExpiresOn, v.EndsAt = voucher.Date{}, time.Time{} })
	s.does(redeem(till, "r", 500))
	if v := s.does(reload("l", 100)).Voucher; !v.ExpiresOn.Zero() || !v.EndsAt.IsZero() {
		t.Errorf("ends on %s", v.ExpiresOn)
	}
}

func TestReloadsThatAreRefused(t *testing.T) {
	t.Parallel()
	euro, card := reload("l", 100), reload("l", 100)
	euro.Amount = money.Of(1, "EUR")
	card.Detail.Tender = "card"
	huge := reload("l", 1)
	huge.Amount = money.Of(1<<63-1, "DKK")
	done := given(reload("l", 100))
	refuses(t, []refusal{
		{"above the limit", nil, reload("l", 9501), voucher.ErrAboveLimit},
		{"far above the limit", nil, huge, voucher.ErrAboveLimit},
		{"an expired voucher", []step{func(s *shelf) { s.now = s.one().EndsAt }}, reload("l", 100), voucher.ErrExpired},
		{"a blocked voucher", []step{given(block())}, reload("l", 100), voucher.ErrBlocked},
		{"an invalidated voucher", []step{given(invalidate("e"))}, reload("l", 100), voucher.ErrInvalidated},
		{"a quarantined voucher", []step{forgotten}, reload("l", 100), voucher.ErrQuarantined},
		{"a claimed voucher", []step{edited(func(v *voucher.Voucher) { v.State = voucher.Claimed })}, reload("l", 100), voucher.ErrClaimed},
		{"another currency", nil, euro, voucher.ErrCurrency},
		{"another amount under the key", []step{done}, reload("l", 101), voucher.ErrKeyReused},
		{"another tender under the key", []step{done}, card, voucher.ErrKeyReused},
		{"a key that was taken back", []step{done, given(reverse(reloadOf("l")))}, reload("l", 100), voucher.ErrPrevented},
		{"a key whose cancellation came first", []step{prevented(reloadOf("l"))}, reload("l", 100), voucher.ErrPrevented},
	})
}

func TestTheLimitIsInTheVouchersOwnCurrency(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		ceiling  string
		currency money.Currency
		highest  int64 // minor units
	}{
		{"in kroner", "10000.00", "DKK", 10000_00},
		{"in dinars of a thousand fils", "10000.00", "KWD", 10000_000},
		{"in yen", "10000.00", "JPY", 10000},
		{"in punches", "10000.00", "PUNCH", 10000},
		{"finer than the currency, rounded down", "500.50", "PUNCH", 500},
		{"higher than can be counted", "99999999999999999999.00", "DKK", 1<<63 - 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			s.rules.Ceiling = tt.ceiling
			c := s.reads("v1", voucher.Expire{})
			c.Voucher.Currency, c.Voucher.Balance = tt.currency, 100
			above, fits := reload("above", 1), reload("fits", 1)
			if tt.highest < 1<<63-1 {
				above.Amount = money.Of(tt.highest-99, tt.currency)
				_, err := voucher.Decide(c, above)
				expectRefusal(t, err, voucher.ErrAboveLimit)
			}
			fits.Amount = money.Of(tt.highest-100, tt.currency)
			if _, err := voucher.Decide(c, fits); err != nil || c.Voucher.Balance != tt.highest {
				t.Errorf("got %d, %v, want %d", c.Voucher.Balance, err, tt.highest)
			}
		})
	}
}
