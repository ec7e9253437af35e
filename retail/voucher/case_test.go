package voucher_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// A witness ahead of the row proves that PostgreSQL lost acknowledged changes.
func TestAWitnessThatIsAheadQuarantinesTheVoucher(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		ahead   int64
		blocked bool
	}{{"says nothing", -1, false}, {"says the same", 0, false}, {"is one ahead", 1, true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			version := s.one().Version
			s.witness = max(0, version+tt.ahead)
			s.does(voucher.Expire{})
			if got := s.one(); got.Quarantined != tt.blocked || got.Version != version {
				t.Errorf("quarantined %t at version %d", got.Quarantined, got.Version)
			}
		})
	}
}

func TestAQuarantineIsWrittenThoughTheActIsRefused(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	c := s.reads("v1", redeem(till, "r", 1))
	c.Witness = c.Voucher.Version + 1
	if _, err := voucher.Decide(c, redeem(till, "r", 1)); !errors.Is(err, voucher.ErrQuarantined) {
		t.Fatalf("got %v", err)
	}
	if !c.Changed() || !c.Voucher.Quarantined || c.Voucher.Version != 1 {
		t.Errorf("got %+v", c.Voucher)
	}
	c = s.reads("v1", redeem(till, "r", 1))
	c.Voucher.Quarantined, c.Witness = true, 9
	if _, err := voucher.Decide(c, redeem(till, "r", 1)); !errors.Is(err, voucher.ErrQuarantined) || c.Changed() {
		t.Errorf("a known quarantine is written again: %v", err)
	}
}

func TestAQuarantineStaysWhenTheVersionCatchesUp(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.does(online("k", "A", 100))
	forgotten(s)
	s.does(release("k", voucher.Soft))
	s.witness = 0
	_, err := s.tries(redeem(till, "r", 1))
	expectRefusal(t, err, voucher.ErrQuarantined)
}

func TestAReservationExpiresAtTheVeryInstantPromised(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	held := s.does(online("k", "A", 100)).Reservation
	s.passes(24*time.Hour - time.Nanosecond)
	if got := s.does(voucher.Expire{}); got.Outcome != voucher.OutcomeUnchanged || s.one().Version != 2 {
		t.Errorf("a nanosecond early: %+v", got)
	}
	if !held.LiveAt(s.now) || held.StateAt(s.now) != voucher.Reserved {
		t.Error("it is not live in its last nanosecond")
	}
	s.passes(time.Nanosecond)
	if held.LiveAt(s.now) || held.StateAt(s.now) != voucher.ReservationExpired {
		t.Error("it is live at its end")
	}
	s.does(voucher.Expire{})
	got := s.reservation(held.ID)
	if got.State != voucher.ReservationExpired || !got.EndedAt.Equal(held.ExpiresAt) || s.one().Version != 3 {
		t.Errorf("got %+v", got)
	}
	s.passes(time.Hour)
	s.does(voucher.Expire{})
	if s.one().Version != 3 || got.StateAt(s.now) != voucher.ReservationExpired {
		t.Error("it expired twice")
	}
}

func TestARefusalStillWritesWhatTimeHasDone(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	held := s.does(online("k", "A", 100)).Reservation
	s.passes(30 * time.Hour)
	_, err := s.tries(redeem(till, "r", 501))
	expectRefusal(t, err, only(500))
	if got := s.reservation(held.ID); got.State != voucher.ReservationExpired || !got.EndedAt.Equal(held.ExpiresAt) {
		t.Errorf("got %+v", got)
	}
}

func TestActsOfAGroupSeeEachOther(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	c := s.reads("v1", voucher.Expire{})
	for _, then := range []struct {
		act  voucher.Act
		want error
	}{
		{redeem(till, "r", 300), nil},
		{redeem(till, "r", 300), nil}, // the same again
		{redeem(till2, "r", 300), only(200)},
		{online("k", "A", 50), nil},
		{redeem(till2, "r", 100), &voucher.HeldError{}},
		{capture("k", "1042"), nil},
		{refund("f", spent(), 0), nil},
		{release("none", voucher.Final), nil},
	} {
		_, err := voucher.Decide(c, s.named(then.act))
		if held, ok := errors.AsType[*voucher.HeldError](err); ok {
			*held = voucher.HeldError{}
		}
		if (then.want != nil || err != nil) && !cmp.Equal(err, then.want) {
			t.Fatalf("%+v: got %v, want %v", then.act, err, then.want)
		}
	}
	if c.Voucher.Version != 2 || c.Voucher.Balance != 450_00 || len(c.Entries) != 3 || len(c.FreshReservations()) != 2 || len(c.ChangedReservations()) != 0 {
		t.Errorf("voucher %+v, entries %+v", c.Voucher, c.Entries)
	}
	for ref, record := range c.Records {
		if !record.Fresh() || record.Changed() {
			t.Errorf("%+v is not new", ref)
		}
	}
}

func TestWhatRedisIsToldNamesNobody(t *testing.T) {
	t.Parallel()
	a, b, c := online("k", "A", 1), online("k", "B", 1), atRegister(till, "k", 1)
	seen := make(map[string]bool)
	for _, act := range []voucher.Reserve{a, b, c} {
		s := newShelf(t)
		digest := s.does(act).Reservation.Digest()
		if raw, err := hex.DecodeString(digest); err != nil || len(raw) != 16 || seen[digest] {
			t.Errorf("got %q, %v", digest, err)
		}
		seen[digest] = true
	}
	s := newShelf(t)
	if !seen[s.does(online("other", "A", 9)).Reservation.Digest()] {
		t.Error("the same holder has another digest under another key")
	}
}

func TestRefusalsAreToldFromFaults(t *testing.T) {
	t.Parallel()
	for _, refusal := range []error{
		voucher.ErrNotFound, voucher.ErrInProgress, voucher.ErrTooMany, voucher.ErrAboveDue, voucher.ErrSuperseded,
		&voucher.HeldError{}, only(1), short(1, voucher.ErrBlocked), fmt.Errorf("capture: %w", voucher.ErrExpired),
	} {
		if !voucher.IsRefusal(refusal) {
			t.Errorf("%v is taken for a fault", refusal)
		}
	}
	for _, fault := range []error{nil, io.EOF, voucher.ErrCode, voucher.ErrTerm} {
		if voucher.IsRefusal(fault) || isShort(fault) {
			t.Errorf("%v is taken for a refusal", fault)
		}
	}
	if isShort(voucher.ErrBlocked) || !errors.Is(short(1, voucher.ErrBlocked), voucher.ErrBlocked) {
		t.Error("a short order and its reason are mixed up")
	}
}

func TestARefusalSaysWhatAPersonNeeds(t *testing.T) {
	t.Parallel()
	held := &voucher.HeldError{Until: noon().In(copenhagen()), Owner: shop, Hint: "order 1042"}
	for want, err := range map[string]error{
		"the code is reserved by another holder until 2026-11-22T11:00:00Z": held,
		"only 12.00 DKK is available":                                       only(12),
		"the voucher is blocked: 12.00 DKK is not covered":                  short(12, voucher.ErrBlocked),
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestADetailIsEmptyOnlyWithoutAnyWord(t *testing.T) {
	t.Parallel()
	total := money.Of(1, "DKK")
	if !(voucher.Detail{}).Zero() {
		t.Error("nothing is something")
	}
	for _, d := range []voucher.Detail{
		{Order: "1"}, {Receipt: "1"}, {Tender: "cash"}, {Reason: "lost"}, {OrderTotal: &total}, {OtherTenders: []voucher.Tender{{}}},
	} {
		if d.Zero() {
			t.Errorf("%+v is nothing", d)
		}
	}
}

// What a caller says of an act is part of its content, down to each tender.
func TestEveryDetailMakesAnotherAct(t *testing.T) {
	t.Parallel()
	total, more := money.Of(1, "DKK"), money.Of(2, "DKK")
	seen := make(map[[32]byte]voucher.Detail)
	for _, d := range []voucher.Detail{
		{},
		{Order: "1"},
		{Receipt: "1"},
		{Tender: "1"},
		{Reason: "1"},
		{OrderTotal: &total},
		{OrderTotal: &more},
		{OtherTenders: []voucher.Tender{{Method: "card", Amount: total}}},
		{OtherTenders: []voucher.Tender{{Method: "card", Amount: more}}},
		{OtherTenders: []voucher.Tender{{Method: "cash", Amount: total}}},
	} {
		s := newShelf(t)
		act := redeem(till, "r", 1)
		act.Detail = d
		print := s.does(act).Record.Fingerprint
		if other, ok := seen[print]; ok {
			t.Errorf("%+v and %+v are one act", d, other)
		}
		seen[print] = d
	}
}
