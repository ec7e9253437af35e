package voucher_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

func TestACaptureSpendsWhatTheOrderNeeds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		when           voucher.Capture
		want, released int64
	}{
		{"all that is reserved", capture("k", "1042"), 200, 0},
		{"an amount of its own", capturing("k", "1042", 150), 150, 50},
		{"exactly what is reserved", capturing("k", "1042", 200), 200, 0},
		{"the order's total", ofOrder(capture("k", "1042"), 120), 120, 80},
		{"the order's total above what is reserved", ofOrder(capture("k", "1042"), 900), 200, 0},
		{"the order's total less other tenders (A21)", ofOrder(capture("k", "1042"), 300, 100, 70), 130, 70},
		{"nothing, other tenders paid it all", ofOrder(capture("k", "1042"), 300, 300), 0, 200},
		{"nothing, other tenders paid too much", ofOrder(capture("k", "1042"), 300, 400), 0, 200},
		{"its own amount, whatever the total", ofOrder(capturing("k", "1042", 150), 120), 150, 50},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			reserved := s.does(online("k", "A", 200)).Reservation
			answer := s.does(tt.when)
			record := answer.Record
			if record.Amount != tt.want*100 || record.Released != tt.released*100 || record.Balance != (500-tt.want)*100 || record.Late {
				t.Errorf("got %+v", record)
			}
			if record.Ref != redemption(shop, "k") || record.Reservation != reserved.ID || !answer.Created {
				t.Errorf("got %+v", record)
			}
			got := answer.Reservation
			if got.State != voucher.Captured || got.Amount != 200_00 || !got.EndedAt.Equal(s.now) || s.one().Fence != 1 {
				t.Errorf("got %+v", got)
			}
			if len(s.shorts) != 0 || len(s.lifted) != 1 || s.lifted[0].Reservation != reserved.ID {
				t.Errorf("shorts %v, lifted %v", s.shorts, s.lifted)
			}
		})
	}
}

func TestACaptureIsALineOfTheJournal(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.does(online("k", "A", 200))
	s.passes(time.Minute)
	record := s.does(capture("k", "1042")).Record
	want := voucher.Entry{
		Account: "v1", Seq: 2, Act: record.ID, Kind: "redeem", Contra: "redeemed/shop:demo",
		Amount: -200_00, Currency: "DKK", Balance: 300_00, At: s.now,
	}
	if diff := cmp.Diff(want, s.entries[1]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestACaptureOfAllUsesTheVoucherUp(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.does(online("k", "A", 900))
	if got := s.does(capture("k", "1042")).Voucher; got.State != voucher.Depleted || got.Balance != 0 {
		t.Errorf("got %s with %d", got.State, got.Balance)
	}
}

func TestTheSameCaptureGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]voucher.Capture{
		"as before":            capturing("k", "1042", 150),
		"without the amount":   capture("k", "1042"),
		"with another total":   ofOrder(capture("k", "1042"), 700),
		"with the same amount": ofOrder(capturing("k", "1042", 150), 700, 10),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			s.does(online("k", "A", 200))
			first := s.does(capturing("k", "1042", 150))
			s.does(redeem(till, "r", 350))
			s.does(invalidate("lost"))
			s.passes(1000 * time.Hour)
			before := s.one()
			got := s.does(again)
			if !cmp.Equal(got.Record.Stored(), first.Record.Stored(), compareCases()) || got.Created || s.one().Version != before.Version {
				t.Errorf("got %+v, first %+v", got.Record, first.Record)
			}
		})
	}
}

func TestACaptureWhoseCommitWasInDoubtIsToldAsDone(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.does(online("k", "A", 200))
	act := capture("k", "1042")
	act.ID = "doubted"
	s.does(act)
	if answer := s.does(act); !answer.Created {
		t.Errorf("got %+v", answer)
	}
}

func TestValidityIsNotAskedAgainAtCapture(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.now = s.one().EndsAt.Add(-time.Nanosecond)
	s.does(online("k", "A", 200))
	s.passes(24*time.Hour - time.Nanosecond)
	if got := s.does(capture("k", "1042")).Record; got.Amount != 200_00 || got.Late {
		t.Errorf("got %+v", got)
	}
}

func TestAnExpiredReservationIsCapturedLate(t *testing.T) { // X02
	t.Parallel()
	for _, tt := range []struct {
		name  string
		given []step
	}{
		{"at the instant it expires", []step{after(24 * time.Hour)}},
		{"at the last instant of the window", []step{after(96*time.Hour - time.Nanosecond)}},
		{"after a sweep", []step{after(25 * time.Hour), given(voucher.Expire{})}},
		{"after a reload", []step{after(25 * time.Hour), given(reload("l", 100))}},
		{"after a refund", []step{after(25 * time.Hour), given(refund("f", redemption(till, "before"), 50))}},
		{"after a block was lifted", []step{given(block()), after(25 * time.Hour), given(voucher.Block{Kind: voucher.OfficeBlock})}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			s.does(redeem(till, "before", 100))
			reserved := s.does(online("late", "A", 200)).Reservation
			for _, step := range tt.given {
				step(s)
			}
			answer := s.does(capture("late", "1042"))
			if !answer.Record.Late || answer.Record.Amount != 200_00 || answer.Reservation.ID != reserved.ID {
				t.Errorf("got %+v", answer.Record)
			}
			if again := s.does(capture("late", "1042")); !again.Record.Late || again.Created {
				t.Errorf("the repeat answers %+v", again.Record)
			}
		})
	}
}

// A granted reservation that can no longer be captured tells its owner why and what is uncovered,
// and leaves the office a task; the row stays as it is (by the check of every refusal).
func TestACaptureThatComesTooLateLeavesTheOrderShort(t *testing.T) {
	t.Parallel()
	k := given(online("k", "A", 200))
	lapsed := after(24 * time.Hour)
	refuses(t, []refusal{
		{"the window is over", []step{k, after(96 * time.Hour)}, capture("k", "1042"), short(200, voucher.ErrReservationExpired)},
		{"there is no window", []step{k, lapsed, func(s *shelf) { s.rules.LateCapture = 0 }}, capture("k", "1042"), short(200, voucher.ErrReservationExpired)},
		{"another reserved it since", []step{k, lapsed, given(online("k2", "B", 10))}, capture("k", "1042"), short(200, voucher.ErrSuperseded)},
		{"another reserved it and let it go", []step{k, lapsed, given(online("k2", "B", 10)), given(release("k2", voucher.Soft))}, capture("k", "1042"), short(200, voucher.ErrSuperseded)},
		{"another redeemed since", []step{k, lapsed, given(redeem(till, "r", 1))}, capture("k", "1042"), short(200, voucher.ErrSuperseded)},
		{"value was taken away since", []step{k, lapsed, given(reload("l", 10)), given(reverse(reloadOf("l")))}, capture("k", "1042"), short(200, voucher.ErrSuperseded)},
		{"its owner released it", []step{k, given(release("k", voucher.Soft))}, capture("k", "1042"), short(200, voucher.ErrReservationEnded)},
		{"its owner ended the key", []step{k, given(release("k", voucher.Final))}, capture("k", "1042"), short(200, voucher.ErrReservationEnded)},
		{"a register freed it (X22)", []step{k, given(voucher.ReleaseForeign{})}, capture("k", "1042"), short(200, voucher.ErrSuperseded)},
		{"the voucher is blocked", []step{k, given(block())}, capture("k", "1042"), short(200, voucher.ErrBlocked)},
		{"its order was cancelled", []step{k, given(voucher.Block{Kind: voucher.OrderBlock, Blocked: true})}, capture("k", "1042"), short(200, voucher.ErrBlocked)},
		{"it expired and the voucher is blocked", []step{k, given(block()), lapsed}, capture("k", "1042"), short(200, voucher.ErrBlocked)},
		{"the voucher is invalidated", []step{k, given(invalidate("e"))}, capture("k", "1042"), short(200, voucher.ErrInvalidated)},
		{"it expired and the voucher is invalidated", []step{k, lapsed, given(invalidate("e"))}, capture("k", "1042"), short(200, voucher.ErrInvalidated)},
		{"the voucher is quarantined", []step{k, forgotten}, capture("k", "1042"), short(200, voucher.ErrQuarantined)},
		{"another order has it", []step{k, given(capture("k", "1042"))}, capture("k", "1043"), short(200, voucher.ErrReservationEnded)},
		{"its register redeemed it", []step{
			given(atRegister(till, "k", 200)), given(redeem(till, "r", 50)),
		}, by(till, capture("k", "1042")), short(200, voucher.ErrReservationEnded)},
		{"a part was asked", []step{k, after(96 * time.Hour)}, capturing("k", "1042", 150), short(150, voucher.ErrReservationExpired)},
		{"the order needs a part", []step{k, after(96 * time.Hour)}, ofOrder(capture("k", "1042"), 300, 180), short(120, voucher.ErrReservationExpired)},
	})
}

// by is the capture of another owner's reservation.
func by(owner string, c voucher.Capture) voucher.Capture {
	c.Ref.Owner = owner
	return c
}

func TestAShortOrderIsATaskForTheOffice(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	reserved := s.does(online("k", "A", 200)).Reservation
	s.does(block())
	_, err := s.tries(ofOrder(capture("k", "1042"), 120))
	if !isShort(err) || !voucher.IsRefusal(err) {
		t.Fatalf("got %v", err)
	}
	want := []voucher.Short{{
		Reservation: reserved.ID, Owner: shop, Order: "1042", Uncovered: kroner(120), Reason: voucher.ErrBlocked.Error(),
	}}
	if diff := cmp.Diff(want, s.shorts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCapturesThatAreRefused(t *testing.T) {
	t.Parallel()
	k := given(online("k", "A", 200))
	euro := money.Of(1, "EUR")
	inEuro, ofEuro, byEuro := capture("k", "1042"), capture("k", "1042"), ofOrder(capture("k", "1042"), 300)
	inEuro.Amount, ofEuro.Detail.OrderTotal = &euro, &euro
	byEuro.Detail.OtherTenders = []voucher.Tender{{Method: "card", Amount: euro}}
	refuses(t, []refusal{
		{"a key that names nothing", nil, capture("k", "1042"), voucher.ErrNoReservation},
		{"another owner's key", []step{k}, by("shop:other", capture("k", "1042")), voucher.ErrNoReservation},
		{"a key whose cancellation came first", []step{given(release("k", voucher.Final))}, capture("k", "1042"), voucher.ErrNoReservation},
		{"more than is reserved", []step{k}, capturing("k", "1042", 201), only(200)},
		{"more than is reserved, late", []step{k, after(24 * time.Hour)}, capturing("k", "1042", 201), only(200)},
		{"another amount than was captured", []step{k, given(capturing("k", "1042", 150))}, capturing("k", "1042", 151), voucher.ErrKeyReused},
		{"an amount in another currency", []step{k}, inEuro, voucher.ErrCurrency},
		{"a total in another currency", []step{k}, ofEuro, voucher.ErrCurrency},
		{"a tender in another currency", []step{k}, byEuro, voucher.ErrCurrency},
		{"a key that names another redemption", []step{given(redeem(till, "k", 10)), given(atRegister(till, "k", 20))}, by(till, capture("k", "1042")), voucher.ErrKeyReused},
		{"a redemption that was taken back", []step{k, given(capture("k", "1042")), given(reverse(redemption(shop, "k")))}, capture("k", "1042"), voucher.ErrPrevented},
		{"a redemption whose cancellation came first", []step{k, prevented(redemption(shop, "k"))}, capture("k", "1042"), voucher.ErrPrevented},
	})
}

// prevented is a cancellation that overtook its act.
func prevented(ref voucher.Ref) step {
	return func(s *shelf) { s.records[ref] = voucher.Prevent(s.nextID(), ref, s.now).Stored() }
}
