package voucher_test

import (
	"errors"
	"testing"
	"time"

	"vouchsafe/retail/voucher"
)

func TestAReleaseAnswersWhatIs(t *testing.T) {
	t.Parallel()
	k := given(online("k", "A", 200))
	for _, tt := range []struct {
		name    string
		given   []step
		when    voucher.Release
		outcome voucher.Outcome
		state   voucher.ReservationState // of the reservation, if it names one
		record  voucher.RecordState      // what the key says afterwards
	}{
		{"of a live reservation", []step{k}, release("k", voucher.Soft), "released", voucher.Released, voucher.Done},
		{"of a live reservation, for ever", []step{k}, release("k", voucher.Final), "released", voucher.Released, voucher.Prevented},
		{"by its other key", []step{k, given(online("k2", "A", 1))}, release("k2", voucher.Soft), "released", voucher.Released, voucher.Done},
		{"at the instant it expires", []step{k, after(24 * time.Hour)}, release("k", voucher.Soft), "unchanged", voucher.ReservationExpired, voucher.Done},
		{"twice", []step{k, given(release("k", voucher.Soft))}, release("k", voucher.Soft), "unchanged", voucher.Released, voucher.Done},
		{"soft, then for ever", []step{k, given(release("k", voucher.Soft))}, release("k", voucher.Final), "unchanged", voucher.Released, voucher.Prevented},
		{"for ever, twice", []step{k, given(release("k", voucher.Final))}, release("k", voucher.Final), "unchanged", voucher.Released, voucher.Prevented},
		{"of a captured one", []step{k, given(capture("k", "1"))}, release("k", voucher.Soft), "unchanged", voucher.Captured, voucher.Done},
		{"of a captured one, for ever", []step{k, given(capture("k", "1"))}, release("k", voucher.Final), "unchanged", voucher.Captured, voucher.Done},
		{"of one that was freed", []step{k, given(voucher.ReleaseForeign{})}, release("k", voucher.Soft), "unchanged", voucher.Voided, voucher.Done},
		{"of a blocked voucher", []step{k, given(block())}, release("k", voucher.Soft), "released", voucher.Released, voucher.Done},
		{"of a quarantined voucher", []step{k, forgotten}, release("k", voucher.Soft), "released", voucher.Released, voucher.Done},
		{"of an unknown key", nil, release("k", voucher.Soft), "unchanged", "", ""},
		{"of an unknown key, for ever", nil, release("k", voucher.Final), "prevented", "", voucher.Prevented},
		{"of a prevented key", []step{given(release("k", voucher.Final))}, release("k", voucher.Soft), "prevented", "", voucher.Prevented},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			for _, step := range tt.given {
				step(s)
			}
			fence := s.one().Fence
			answer := s.does(tt.when)
			if answer.Outcome != tt.outcome || s.one().Fence != fence || s.one().Balance != answer.Voucher.Balance {
				t.Errorf("outcome %s, want %s", answer.Outcome, tt.outcome)
			}
			if answer.Reservation != nil && answer.Reservation.State != tt.state || answer.Reservation == nil && tt.state != "" {
				t.Errorf("reservation %+v, want %s", answer.Reservation, tt.state)
			}
			if record := s.records[tt.when.Ref]; record != nil && record.State != tt.record || record == nil && tt.record != "" {
				t.Errorf("record %+v, want %s", record, tt.record)
			}
		})
	}
}

func TestAReleasedCodeIsFreeForOthers(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.does(online("k", "A", 200))
	if got := s.does(release("k", voucher.Soft)).Reservation; !got.EndedAt.Equal(s.now) {
		t.Errorf("ended at %v", got.EndedAt)
	}
	if got := s.does(atRegister(till, "t", 10)).Reservation; got.Fence != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestARegisterFreesAnothersReservation(t *testing.T) { // X22
	t.Parallel()
	s := newShelf(t)
	if got := s.does(voucher.ReleaseForeign{}); got.Outcome != voucher.OutcomeUnchanged || got.Reservation != nil {
		t.Errorf("nothing to free: %+v", got)
	}
	s.does(online("k", "A", 200))
	got := s.does(voucher.ReleaseForeign{})
	if got.Outcome != voucher.OutcomeReleased || got.Reservation.State != voucher.Voided || !got.Reservation.EndedAt.Equal(s.now) {
		t.Errorf("got %+v of %+v", got, got.Reservation)
	}
	s.does(redeem(till, "r", 500))
}

func TestARegisterFreesNoOtherRegistersReservation(t *testing.T) { // X22
	t.Parallel()
	s := newShelf(t)
	s.does(atRegister(till, "t", 10))
	_, err := s.tries(voucher.ReleaseForeign{OnlyOf: "shop:"})
	if held, ok := errors.AsType[*voucher.HeldError](err); !ok || held.Owner != till {
		t.Errorf("got %v, want it held by %s", err, till)
	}
}
