package voucher_test

import (
	"errors"
	"testing"
	"time"

	"vouchsafe/retail/voucher"
)

func in(state voucher.State) step {
	return edited(func(v *voucher.Voucher) { v.State = state })
}

// until is an extension to a day.
func until(t *testing.T, text string) voucher.Extend {
	t.Helper()
	return voucher.Extend{Last: day(t, text)}
}

func TestAManualProductIsActivatedByTheOffice(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	in(voucher.Issued)(s)
	_, err := s.tries(redeem(till, "r", 1))
	expectRefusal(t, err, voucher.ErrNotActive)
	if got := s.does(voucher.Activate{}); got.Voucher.State != voucher.Active || got.Voucher.Fence != 0 || got.Voucher.Version != 2 {
		t.Errorf("got %+v", got.Voucher)
	}
	if got := s.does(voucher.Activate{}); got.Outcome != voucher.OutcomeUnchanged || s.one().Version != 2 {
		t.Errorf("again: got %+v", got)
	}
	s.does(redeem(till, "r", 1))
}

func TestAnEmptyVoucherThatIsActivatedIsUsedUp(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	in(voucher.Issued)(s)
	s.does(moves("a", -500))
	if got := s.does(voucher.Activate{}); got.Voucher.State != voucher.Depleted {
		t.Errorf("got %+v", got.Voucher)
	}
}

func TestActivationsThatAreRefused(t *testing.T) {
	t.Parallel()
	refuses(t, []refusal{
		{"never sold", []step{in(voucher.Inventory)}, voucher.Activate{}, voucher.ErrNotActive},
		{"invalidated", []step{given(invalidate("e"))}, voucher.Activate{}, voucher.ErrInvalidated},
		{"expired", []step{in(voucher.Issued), edited(over)}, voucher.Activate{}, voucher.ErrExpired},
		{"in quarantine", []step{in(voucher.Issued), forgotten}, voucher.Activate{}, voucher.ErrQuarantined},
	})
}

// X22: goodwill moves the end to a later day, and gives back what had expired.
func TestValidityIsExtended(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	if got := s.does(until(t, "2029-11-22")); got.Outcome != voucher.OutcomeUnchanged || s.one().Version != 1 {
		t.Errorf("to the day it has: got %+v", got)
	}
	got := s.does(until(t, "2030-12-31")).Voucher
	if got.ExpiresOn != day(t, "2030-12-31") || !got.EndsAt.Equal(instant(t, "2030-12-31T23:00:00Z")) || got.Version != 2 || got.Fence != 0 {
		t.Errorf("got %+v", got)
	}
	s = newShelf(t)
	s.edit(over)
	_, err := s.tries(redeem(till, "r", 1))
	expectRefusal(t, err, voucher.ErrExpired)
	s.does(until(t, "2026-11-22")) // today is the last day
	s.does(redeem(till, "r", 1))
}

func TestExtensionsThatAreRefused(t *testing.T) {
	t.Parallel()
	refuses(t, []refusal{
		{"a day earlier", nil, until(t, "2029-11-21"), voucher.ErrNotLater},
		{"later than it was, but over", []step{edited(func(v *voucher.Voucher) {
			v.ExpiresOn = voucher.Date{Year: 2026, Month: time.November, Day: 1}
			v.EndsAt = v.ExpiresOn.End(v.Zone)
		})}, until(t, "2026-11-21"), voucher.ErrNotLater},
		{"never expires", []step{edited(func(v *voucher.Voucher) {
			v.ExpiresOn, v.EndsAt = voucher.Date{}, time.Time{}
		})}, until(t, "2099-01-01"), voucher.ErrNotLater},
		{"invalidated", []step{given(invalidate("e"))}, until(t, "2030-01-01"), voucher.ErrInvalidated},
		{"claimed", []step{claimed}, until(t, "2030-01-01"), voucher.ErrClaimed},
		{"in quarantine", []step{forgotten}, until(t, "2030-01-01"), voucher.ErrQuarantined},
	})
}

// X22: a new code is no new voucher: who holds it goes on holding it.
func TestAReplacedCodeKeepsItsReservation(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.does(online("k", "A", 100))
	if got := s.does(voucher.Replace{}).Voucher; got.Version != 3 || got.Fence != 1 {
		t.Errorf("got %+v", got)
	}
	s.does(capture("k", "1042"))
	refuses(t, []refusal{
		{"invalidated", []step{given(invalidate("e"))}, voucher.Replace{}, voucher.ErrInvalidated},
		{"claimed", []step{claimed}, voucher.Replace{}, voucher.ErrClaimed},
		{"in quarantine", []step{forgotten}, voucher.Replace{}, voucher.ErrQuarantined},
	})
}

// E18, X22: the office ends the reservation it has looked at, and no other.
func TestTheOfficeVoidsOneReservation(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	first := s.does(online("k", "A", 100)).Reservation.ID
	if got := s.does(voucher.Void{Reservation: first}); got.Outcome != voucher.OutcomeReleased || got.Reservation.State != voucher.Voided {
		t.Errorf("got %+v", got)
	}
	_, err := s.tries(capture("k", "1042"))
	expectRefusal(t, err, short(100, voucher.ErrSuperseded))
	second := s.does(online("k2", "B", 50)).Reservation.ID
	for _, id := range []string{first, "none"} {
		if got := s.does(voucher.Void{Reservation: id}); got.Outcome != voucher.OutcomeUnchanged {
			t.Errorf("%s: got %+v", id, got)
		}
	}
	if r := s.reservation(second); r.State != voucher.Reserved {
		t.Errorf("got %+v", r)
	}
	s.passes(24 * time.Hour)
	if got := s.does(voucher.Void{Reservation: second}); got.Outcome != voucher.OutcomeUnchanged || s.reservation(second).State != voucher.ReservationExpired {
		t.Errorf("overdue: got %+v", got)
	}
}

// 3.5: lifted, a quarantine stands above everything that anybody has testified to.
func TestALiftedQuarantineIsAheadOfEveryWitness(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		noted, stands int64
		want          int64
	}{
		{"Redis testifies still", 7, 7, 8},
		{"Redis has seen more since", 7, 9, 10},
		{"Redis was emptied", 7, 0, 8},
		{"nobody knows any more", 0, 0, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			s.edit(func(v *voucher.Voucher) { v.Quarantined = true })
			s.witness = tt.stands
			c := s.reads("v1", voucher.Lift{})
			got, err := voucher.Decide(c, voucher.Lift{Seen: tt.noted})
			if err != nil || got.Voucher.Quarantined || got.Voucher.Version != tt.want || got.Voucher.Fence != 0 || !c.Changed() {
				t.Errorf("%v: got %+v", err, got.Voucher)
			}
			if _, err := voucher.Decide(c, redeem(till, "r", 1)); err != nil {
				t.Errorf("it can't be used: %v", err)
			}
		})
	}
}

func TestAQuarantineThatNobodyHasLookedAtIsNotLifted(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	if got := s.does(voucher.Lift{}); got.Outcome != voucher.OutcomeUnchanged || s.one().Version != 1 {
		t.Errorf("without one: got %+v", got)
	}
	c := s.reads("v1", voucher.Lift{})
	c.Witness = 5
	if _, err := voucher.Decide(c, voucher.Lift{Seen: 5}); !errors.Is(err, voucher.ErrQuarantined) || !c.Changed() || !c.Voucher.Quarantined {
		t.Errorf("%v: got %+v", err, c.Voucher)
	}
}

// A reserved voucher is ended only after its office was shown who would be left short.
func TestAReservedVoucherIsEndedOnceItIsConfirmed(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.does(online("k", "A", 100))
	careful := invalidate("e")
	careful.Spare = voucher.SpareReserved
	_, err := s.tries(careful)
	live, ok := errors.AsType[*voucher.UnconfirmedError](err)
	if !ok || live.Amount != kroner(100) || live.Held.Owner != shop || live.Held.Hint != "A" || !live.Held.Until.Equal(noon().Add(24*time.Hour)) {
		t.Fatalf("got %v", err)
	}
	s.does(invalidate("e"))
	s = newShelf(t)
	if got := s.does(careful); got.Voucher.State != voucher.Invalidated {
		t.Errorf("free: got %+v", got.Voucher)
	}
}
