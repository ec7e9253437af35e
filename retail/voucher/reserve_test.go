package voucher_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

func TestAGrantIsExclusiveFor24Hours(t *testing.T) { // E18, E19
	t.Parallel()
	s := newShelf(t)
	answer := s.does(revision(online("woo:1", "cart A", 125), 4))
	want := &voucher.Reservation{
		ID: answer.Record.ID, Voucher: "v1", Fence: 1, Owner: shop, Key: "woo:1", Holder: holder("cart A"),
		HolderHint: "cart A", Amount: 125_00, Due: 125_00, Revision: 4, State: voucher.Reserved,
		GrantedAt: noon(), ExpiresAt: noon().Add(24 * time.Hour),
	}
	if diff := cmp.Diff(want, answer.Reservation.Stored(), compareCases()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !answer.Created || answer.Resumed || answer.Reopened || answer.Voucher.Balance != 500_00 || !answer.At.Equal(noon()) {
		t.Errorf("answer %+v", answer)
	}
	if got := s.one(); got.Fence != 1 || got.Version != 2 || got.Balance != 500_00 {
		t.Errorf("voucher %+v", got)
	}
}

func TestWhatAReservationSetsAside(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		when voucher.Reserve
		want int64
	}{
		{"what is due, if the voucher has more", online("k", "A", 125), 125},
		{"what the voucher has, if more is due", online("k", "A", 900), 500},
		{"nothing of what costs nothing", online("k", "A", 0), 0},
		{"what was asked, below what is due", asking(online("k", "A", 125), 100), 100},
		{"what was asked, all that is due", asking(online("k", "A", 125), 125), 125},
		{"what was asked, all that there is", asking(online("k", "A", 900), 500), 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := newShelf(t).does(tt.when).Reservation; got.Amount != tt.want*100 || got.Due != tt.when.Due.Minor {
				t.Errorf("reserved %d of %d due, want %d", got.Amount, got.Due, tt.want*100)
			}
		})
	}
}

// A live reservation is resumed and replaced; neither prolongs it, and neither is a grant.
func TestALiveReservationBecomesWhatIsAskedNow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		first    voucher.Reserve
		when     voucher.Reserve
		amount   int64
		revision int64
		holder   string
		resumed  bool
		same     bool // nothing is written
	}{
		{"the same again", online("k", "A", 125), online("k", "A", 125), 125, 0, "A", false, true},
		{"less is due", online("k", "A", 125), online("k", "A", 100), 100, 0, "A", false, false},
		{"more is due", online("k", "A", 125), online("k", "A", 700), 500, 0, "A", false, false},
		{"an amount of its own", online("k", "A", 125), asking(online("k", "A", 125), 20), 20, 0, "A", false, false},
		{"more is due, the amount stays", asking(online("k", "A", 125), 20), asking(online("k", "A", 200), 20), 20, 0, "A", false, false},
		{"another holder under its key", online("k", "A", 125), online("k", "B", 125), 125, 0, "B", false, false},
		{"another key of the holder (E21)", online("k", "A", 125), online("k2", "A", 125), 125, 0, "A", true, false},
		{"another key and another amount", online("k", "A", 125), online("k2", "A", 90), 90, 0, "A", true, false},
		{"a higher revision", revision(online("k", "A", 125), 3), revision(online("k", "A", 90), 4), 90, 4, "A", false, false},
		{"the same revision", revision(online("k", "A", 125), 3), revision(online("k", "A", 90), 3), 90, 3, "A", false, false},
		{"a higher revision alone", revision(online("k", "A", 125), 3), revision(online("k", "A", 125), 4), 125, 4, "A", false, false},
		{"no revision any more", revision(online("k", "A", 125), 3), online("k", "A", 90), 90, 3, "A", false, false},
		{"a lower revision", revision(online("k", "A", 125), 3), revision(online("k", "B", 90), 2), 125, 3, "A", false, true},
		{"a lower revision of an amount that can't be", revision(online("k", "A", 125), 3), revision(asking(online("k", "A", 90), 91), 2), 125, 3, "A", false, true},
		{"a lower revision under another key", revision(online("k", "A", 125), 3), revision(online("k2", "A", 90), 2), 125, 3, "A", true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			first := s.does(tt.first).Reservation
			before := s.one()
			s.passes(time.Hour)
			answer := s.does(tt.when)
			got := answer.Reservation
			if got.Amount != tt.amount*100 || got.Revision != tt.revision || got.Holder != holder(tt.holder) || got.HolderHint != tt.holder {
				t.Errorf("got %+v", got)
			}
			if got.ID != first.ID || got.Key != "k" || !got.ExpiresAt.Equal(first.ExpiresAt) || got.Fence != 1 || s.one().Fence != 1 {
				t.Errorf("%+v was not kept: %+v", first, got)
			}
			if answer.Resumed != tt.resumed || answer.Created || answer.Reopened || answer.Record.Key != tt.when.Ref.Key {
				t.Errorf("answer %+v", answer)
			}
			if (s.one().Version == before.Version) != tt.same {
				t.Errorf("version %d after %d", s.one().Version, before.Version)
			}
		})
	}
}

func TestAReservationAnswersToAllItsKeysAlike(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	first := s.does(online("k", "A", 125)).Reservation
	s.does(online("k2", "A", 125))
	if got := s.does(online("k2", "A", 60)); got.Reservation.ID != first.ID || got.Reservation.Amount != 60_00 {
		t.Errorf("the second key answers %+v", got.Reservation)
	}
	if got := s.does(online("k", "A", 60)); got.Reservation.ID != first.ID || got.Reservation.Amount != 60_00 {
		t.Errorf("the first key answers %+v", got.Reservation)
	}
	if got := s.does(capture("k2", "1042")); got.Record.Key != "k" || got.Record.Reservation != first.ID {
		t.Errorf("the redemption bears the key %s", got.Record.Key)
	}
	if got := s.does(capture("k", "1042")); got.Record.Key != "k" || got.Created {
		t.Errorf("the first key repeats %+v", got)
	}
}

func TestAKeyWhoseReservationHasEndedOpensAnew(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		ended []step
		state voucher.ReservationState
	}{
		{"after a soft release", []step{given(release("k", voucher.Soft))}, voucher.Released},
		{"after 24 hours", []step{after(24 * time.Hour)}, voucher.ReservationExpired},
		{"after the office freed it", []step{given(voucher.ReleaseForeign{})}, voucher.Voided},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			first := s.does(online("k", "A", 125)).Reservation
			for _, step := range tt.ended {
				step(s)
			}
			answer := s.does(online("k", "B", 90))
			if !answer.Created || !answer.Reopened || answer.Resumed {
				t.Errorf("answer %+v", answer)
			}
			got := answer.Reservation
			if got.ID == first.ID || got.Fence != 2 || got.Amount != 90_00 || !got.ExpiresAt.Equal(s.now.Add(24*time.Hour)) {
				t.Errorf("got %+v", got)
			}
			if was := s.reservation(first.ID); was.State != tt.state {
				t.Errorf("the first is %s, want %s", was.State, tt.state)
			}
			if again := s.does(online("k", "B", 90)); again.Reservation.ID != got.ID || again.Created {
				t.Errorf("the key now answers %+v", again)
			}
		})
	}
}

func TestAnEndedKeyFindsWhatItsHolderHasUnderAnother(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.does(online("k", "A", 125))
	s.does(release("k", voucher.Soft))
	second := s.does(online("k2", "A", 100)).Reservation
	answer := s.does(online("k", "A", 80))
	if !answer.Resumed || answer.Reopened || answer.Created || answer.Reservation.ID != second.ID || answer.Reservation.Amount != 80_00 {
		t.Errorf("answer %+v of %+v", answer, answer.Reservation)
	}
	if got := s.does(capture("k", "1042")); got.Record.Key != "k2" {
		t.Errorf("the redemption bears the key %s", got.Record.Key)
	}
}

func TestACapturedKeyAnswersWhateverIsAsked(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.does(revision(online("k", "A", 125), 3))
	s.does(capture("k", "1042"))
	s.does(invalidate("lost"))
	for _, when := range []voucher.Reserve{
		online("k", "A", 125), online("k", "B", 900), asking(online("k", "A", 10), 20), revision(online("k", "A", 1), 1),
	} {
		before := s.one()
		answer := s.does(when)
		if answer.Reservation.State != voucher.Captured || answer.Reservation.Amount != 125_00 || answer.Created {
			t.Errorf("answer %+v", answer)
		}
		if s.one().Version != before.Version {
			t.Error("the answer changed the voucher")
		}
	}
}

// A request of the cart that arrives after a later one has ended the reservation is out of date.
func TestALowerRevisionOpensNothingAnew(t *testing.T) {
	t.Parallel()
	for name, ended := range map[string]step{
		"after a release": given(release("k", voucher.Soft)), "after 24 hours": after(24 * time.Hour),
	} {
		s := newShelf(t)
		first := s.does(revision(online("k", "A", 125), 5)).Reservation
		ended(s)
		answer := s.does(revision(online("k", "A", 90), 4))
		if answer.Reservation.ID != first.ID || answer.Reservation.State == voucher.Reserved || answer.Created || s.one().Fence != 1 {
			t.Errorf("%s: answer %+v of %+v", name, answer, answer.Reservation)
		}
		if answer := s.does(revision(online("k", "A", 90), 5)); !answer.Reopened || answer.Reservation.Revision != 5 {
			t.Errorf("%s: the same revision answers %+v", name, answer)
		}
	}
}

// Who was promised 24 hours on the last day of validity has them, but no more than that.
func TestAPromiseOutlivesTheLastDay(t *testing.T) {
	t.Parallel()
	lastHour := func(s *shelf) { s.now = s.one().EndsAt.Add(-time.Hour) }
	s := newShelf(t)
	lastHour(s)
	s.does(online("k", "A", 125))
	s.passes(2 * time.Hour)
	for _, when := range []voucher.Reserve{online("k", "A", 125), online("k2", "A", 125), online("k", "A", 100)} {
		if got := s.does(when).Reservation; got.State != voucher.Reserved {
			t.Errorf("%s is %s", when.Ref.Key, got.State)
		}
	}
	_, err := s.tries(online("k", "A", 126))
	expectRefusal(t, err, voucher.ErrExpired)
	_, err = s.tries(online("kB", "B", 10))
	expectRefusal(t, err, voucher.ErrExpired)
	if got := s.does(capture("k", "1042")).Record; got.Amount != 100_00 {
		t.Errorf("captured %d", got.Amount)
	}
}

func TestTheCommitThatWasInDoubtIsToldAsDone(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	act := online("k", "A", 125)
	act.ID = "doubted"
	first := s.does(act)
	before := s.one()
	again := s.does(act)
	if !again.Created || !cmp.Equal(first.Reservation.Stored(), again.Reservation.Stored(), compareCases()) || s.one().Version != before.Version {
		t.Errorf("the repeat answers %+v", again)
	}
}

func TestReservationsThatAreRefused(t *testing.T) {
	t.Parallel()
	euro := online("k", "A", 125)
	euro.Due = money.Of(125_00, "EUR")
	euroAmount := asking(online("k", "A", 125), 100)
	euroAmount.Amount = &money.Amount{Minor: 1, Currency: "EUR"}
	state := func(state voucher.State) step {
		return edited(func(v *voucher.Voucher) { v.State = state })
	}
	refuses(t, []refusal{
		{"of a voucher that waits to be sold", []step{state(voucher.Inventory)}, online("k", "A", 1), voucher.ErrNotActive},
		{"of a voucher that waits to be activated", []step{state(voucher.Issued)}, online("k", "A", 1), voucher.ErrNotActive},
		{"of a claimed voucher", []step{state(voucher.Claimed)}, online("k", "A", 1), voucher.ErrClaimed},
		{"of a voucher that must be claimed", []step{edited(func(v *voucher.Voucher) { v.Mode = voucher.Customer })}, online("k", "A", 1), voucher.ErrClaimRequired},
		{"of an invalidated voucher", []step{given(invalidate("e"))}, online("k", "A", 1), voucher.ErrInvalidated},
		{"of a blocked voucher", []step{given(block())}, online("k", "A", 1), voucher.ErrBlocked},
		{"of a blocked voucher by its own holder", []step{given(online("k", "A", 1)), given(block())}, online("k", "A", 2), voucher.ErrBlocked},
		{"of a quarantined voucher", []step{forgotten}, online("k", "A", 1), voucher.ErrQuarantined},
		{"of a quarantined voucher that is held", []step{given(online("k", "A", 1)), forgotten}, online("k2", "B", 1), voucher.ErrQuarantined},
		{"of a voucher the instant after its last day", []step{func(s *shelf) { s.now = s.one().EndsAt }}, online("k", "A", 1), voucher.ErrExpired},
		{"of a used-up voucher", []step{given(redeem(till, "r", 500))}, online("k", "A", 1), only(0)},
		{"of a used-up voucher for what costs nothing", []step{given(redeem(till, "r", 500))}, online("k", "A", 0), only(0)},
		{"due in another currency", nil, euro, voucher.ErrCurrency},
		{"of an amount in another currency", nil, euroAmount, voucher.ErrCurrency},
		{"of an amount above what is due", nil, asking(online("k", "A", 125), 126), voucher.ErrAboveDue},
		{"of an amount above the balance", nil, asking(online("k", "A", 900), 501), only(500)},
		{"raised above the balance", []step{given(online("k", "A", 125))}, asking(online("k", "A", 900), 501), only(500)},
		{"raised above what is due", []step{given(online("k", "A", 125))}, asking(online("k", "A", 125), 126), voucher.ErrAboveDue},
		{"resumed with an amount above what is due", []step{given(online("k", "A", 125))}, asking(online("k2", "A", 125), 126), voucher.ErrAboveDue},
		{"reopened with an amount above what is due", []step{given(online("k", "A", 125)), given(release("k", voucher.Soft))}, asking(online("k", "A", 125), 126), voucher.ErrAboveDue},
		{"under a key whose cancellation came first", []step{given(release("k", voucher.Final))}, online("k", "A", 125), voucher.ErrPrevented},
		{"under a key that was finally released", []step{given(online("k", "A", 125)), given(release("k", voucher.Final))}, online("k", "A", 125), voucher.ErrPrevented},
	})
}

func TestACodeIsHeldByOneHolderOnly(t *testing.T) { // E20
	t.Parallel()
	held := func(owner, hint string) error {
		return &voucher.HeldError{Since: noon(), Until: noon().Add(24 * time.Hour), Owner: owner, Hint: hint}
	}
	almost := after(24*time.Hour - time.Nanosecond)
	refuses(t, []refusal{
		{"another cart", []step{given(online("k", "A", 125))}, online("k2", "B", 10), held(shop, "A")},
		{"a register", []step{given(online("k", "A", 125)), almost}, atRegister(till, "t", 10), held(shop, "A")},
		{"another register", []step{given(atRegister(till, "t", 10))}, atRegister(till2, "t", 10), held(till, till)},
		{"a shop of the same words", []step{given(atRegister(till, "t", 10))}, online("k", till, 10), held(till, till)},
		{"a key that ended while another took the code", []step{
			given(online("k", "A", 125)), given(release("k", voucher.Soft)), given(atRegister(till, "t", 10)),
		}, online("k", "A", 10), held(till, till)},
	})
}

func TestAKeyNamesOneVoucherForEver(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.issues("v2", 100)
	s.does(online("k", "A", 125))
	_, err := s.settles("v2", online("k", "A", 125))
	expectRefusal(t, err, voucher.ErrKeyReused)
	s.does(release("k", voucher.Soft))
	_, err = s.settles("v2", online("k", "A", 125))
	expectRefusal(t, err, voucher.ErrKeyReused)
}

func TestOneHolderOfAShopHasSoManyCodes(t *testing.T) { // D09
	t.Parallel()
	s := newShelf(t)
	s.issues("v2", 100)
	s.does(online("k", "A", 125))
	_, err := s.settles("v2", online("k2", "A", 10))
	expectRefusal(t, err, voucher.ErrTooMany)

	s.does(online("k", "A", 90)) // its own code is not in the way
	if _, err := s.settles("v2", online("k2", "B", 10)); err != nil {
		t.Errorf("another cart: %v", err)
	}
	_, err = s.settles("v2", online("k2", "A", 10))
	expectRefusal(t, err, voucher.ErrTooMany) // a key may not move to a cart that has enough

	s.passes(24 * time.Hour)
	if _, err := s.settles("v2", online("k2", "A", 10)); err != nil {
		t.Errorf("after the first has expired: %v", err)
	}
}

func TestASettingAllowsSeveralCodes(t *testing.T) { // D13
	t.Parallel()
	s := newShelf(t)
	s.rules.PerOrder = 2
	s.issues("v2", 100)
	s.issues("v3", 100)
	s.does(online("k", "A", 125))
	if _, err := s.settles("v2", online("k2", "A", 10)); err != nil {
		t.Errorf("the second: %v", err)
	}
	_, err := s.settles("v3", online("k3", "A", 10))
	expectRefusal(t, err, voucher.ErrTooMany)
}

func TestARegisterIsNotCounted(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.issues("v2", 100)
	s.does(atRegister(till, "t", 10))
	if _, err := s.settles("v2", atRegister(till, "t2", 10)); err != nil {
		t.Errorf("the second code of a register: %v", err)
	}
}

// In one transaction the codes of a cart are counted as they are granted, moved and ended.
func TestTheActsOfAGroupCountEachOthersCodes(t *testing.T) {
	t.Parallel()
	holdings, records := make(voucher.Holdings), make(map[voucher.Ref]*voucher.Record)
	s := newShelf(t)
	s.issues("v2", 100)
	caseOf := func(id string) *voucher.Case {
		return &voucher.Case{At: s.now, Rules: s.rules, Voucher: s.vouchers[id], Records: records, Holdings: holdings}
	}
	first, second := caseOf("v1"), caseOf("v2")
	for _, then := range []struct {
		c    *voucher.Case
		act  voucher.Act
		want error
	}{
		{first, online("k", "A", 10), nil},
		{second, online("k2", "A", 10), voucher.ErrTooMany},
		{first, online("k", "B", 10), nil}, // moves away from A
		{second, online("k2", "A", 10), nil},
		{second, online("k2", "B", 10), voucher.ErrTooMany},
		{first, release("k", voucher.Soft), nil},
		{second, online("k2", "B", 10), nil},
	} {
		act := s.named(then.act)
		if _, err := voucher.Decide(then.c, act); err != then.want {
			t.Fatalf("%+v: got %v, want %v", act, err, then.want)
		}
	}
	if first.Voucher.Version != 2 || second.Voucher.Version != 2 {
		t.Errorf("a group raised the versions to %d and %d", first.Voucher.Version, second.Voucher.Version)
	}
}
