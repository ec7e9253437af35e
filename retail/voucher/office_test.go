package voucher_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/voucher"
)

func TestInvalidatingEndsAVoucherForGood(t *testing.T) { // E22
	t.Parallel()
	s := newShelf(t)
	held := s.does(online("k", "A", 100)).Reservation
	answer := s.does(invalidate("lost"))
	v := s.one()
	if v.State != voucher.Invalidated || v.Balance != 0 || v.Fence != 2 || answer.Record.Amount != 500_00 || !answer.Created {
		t.Errorf("got %+v, %+v", v, answer.Record)
	}
	if answer.Reservation.ID != held.ID || answer.Reservation.State != voucher.Voided || !answer.Reservation.EndedAt.Equal(s.now) {
		t.Errorf("the reservation is %+v", answer.Reservation)
	}
	want := voucher.Entry{
		Account: "v1", Seq: 2, Act: answer.Record.ID, Kind: "invalidate", Contra: "invalidated/office",
		Amount: -500_00, Currency: "DKK", Balance: 0, At: s.now,
	}
	if diff := cmp.Diff(want, s.entries[1]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again := s.does(invalidate("lost"))
	if again.Created || !cmp.Equal(again.Record.Stored(), answer.Record.Stored(), compareCases()) {
		t.Errorf("the repeat answers %+v", again.Record)
	}
	if other := s.does(invalidate("again")); other.Outcome != voucher.OutcomeUnchanged || other.Record != nil || s.one().Version != v.Version {
		t.Errorf("a second invalidation answers %+v", other)
	}
}

func TestVouchersThatCanBeInvalidated(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]step{
		"used up":     given(redeem(till, "r", 500)),
		"partly used": given(redeem(till, "r", 1)),
		"blocked":     given(block()),
		"quarantined": forgotten,
		"expired":     func(s *shelf) { s.now = s.one().EndsAt },
		"not sold":    edited(func(v *voucher.Voucher) { v.State = voucher.Inventory }),
	} {
		s := newShelf(t)
		before(s)
		if got := s.does(invalidate("e")); got.Voucher.State != voucher.Invalidated || got.Voucher.Balance != 0 {
			t.Errorf("%s: got %+v", name, got.Voucher)
		}
	}
}

// The refund of a purchase takes back only what nobody counts on (X01).
func TestARefundedPurchaseSparesWhatIsInUse(t *testing.T) {
	t.Parallel()
	spare := invalidate("e")
	spare.Spare = voucher.SpareUsed
	held := &voucher.HeldError{Since: noon(), Until: noon().Add(24 * time.Hour), Owner: shop, Hint: "A"}
	refuses(t, []refusal{
		{"reserved", []step{given(online("k", "A", 1))}, spare, held},
		{"reserved, by a cancelled order", []step{given(online("k", "A", 1)), given(voucher.Block{Kind: voucher.OrderBlock, Blocked: true})}, spare, held},
		{"spent", []step{given(redeem(till, "r", 500))}, spare, voucher.ErrNotReversible},
		{"partly spent", []step{given(redeem(till, "r", 1))}, spare, voucher.ErrNotReversible},
		{"reloaded", []step{given(reload("l", 1))}, spare, voucher.ErrNotReversible},
		{"claimed", []step{edited(func(v *voucher.Voucher) { v.State = voucher.Claimed })}, spare, voucher.ErrNotReversible},
	})
	for name, before := range map[string]step{
		"untouched":            after(time.Hour),
		"blocked":              given(voucher.Block{Kind: voucher.OrderBlock, Blocked: true}),
		"reserved once":        func(s *shelf) { s.does(online("k", "A", 1)); s.passes(24 * time.Hour) },
		"already invalidated":  given(invalidate("office")),
		"waiting to be active": edited(func(v *voucher.Voucher) { v.State = voucher.Issued }),
	} {
		s := newShelf(t)
		before(s)
		if got := s.does(spare); got.Voucher.State != voucher.Invalidated {
			t.Errorf("%s: got %+v", name, got.Voucher)
		}
	}
}

func TestInvalidationsThatAreRefused(t *testing.T) {
	t.Parallel()
	refuses(t, []refusal{
		{"under a key whose cancellation came first", []step{
			prevented(voucher.Ref{Owner: office, Kind: voucher.Endings, Key: "e"}),
		}, invalidate("e"), voucher.ErrPrevented},
	})
	s := newShelf(t)
	s.issues("v2", 100)
	s.does(invalidate("e"))
	_, err := s.settles("v2", invalidate("e"))
	expectRefusal(t, err, voucher.ErrKeyReused)
}

// Each block is lifted only by its own kind.
func TestABlockIsLiftedByItsOwnKindOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ own, other voucher.BlockKind }{
		{voucher.OrderBlock, voucher.OfficeBlock}, {voucher.OfficeBlock, voucher.OrderBlock},
	} {
		s := newShelf(t)
		held := s.does(online("k", "A", 100)).Reservation
		s.does(voucher.Block{Kind: tt.own, Blocked: true})
		v := s.one()
		if !v.Blocked() || v.BlockedByOrder != (tt.own == voucher.OrderBlock) || v.BlockedByOffice != (tt.own == voucher.OfficeBlock) {
			t.Errorf("%s: got %+v", tt.own, v)
		}
		if v.Fence != 1 || v.Version != 3 || s.reservation(held.ID).State != voucher.Reserved {
			t.Errorf("%s: a block ended something: %+v", tt.own, v)
		}
		for _, idle := range []voucher.Block{{Kind: tt.own, Blocked: true}, {Kind: tt.other}} {
			if got := s.does(idle); got.Outcome != voucher.OutcomeUnchanged || !got.Voucher.Blocked() || s.one().Version != v.Version {
				t.Errorf("%+v: got %+v", idle, got)
			}
		}
		if got := s.does(voucher.Block{Kind: tt.own}); got.Voucher.Blocked() || got.Voucher.Version != 4 {
			t.Errorf("%s: it is not lifted: %+v", tt.own, got.Voucher)
		}
		s.does(capture("k", "1042"))
	}
}

func TestAVoucherIsBlockedUntilBothBlocksAreLifted(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.does(block())
	s.does(voucher.Block{Kind: voucher.OrderBlock, Blocked: true})
	s.does(voucher.Block{Kind: voucher.OrderBlock})
	_, err := s.tries(redeem(till, "r", 1))
	expectRefusal(t, err, voucher.ErrBlocked)
	s.does(voucher.Block{Kind: voucher.OfficeBlock})
	s.does(redeem(till, "r", 1))
}

func TestAnInvalidatedVoucherIsNotBlocked(t *testing.T) {
	t.Parallel()
	for _, when := range []voucher.Block{block(), {Kind: voucher.OrderBlock, Blocked: true}, {Kind: voucher.OfficeBlock}} {
		s := newShelf(t)
		s.does(invalidate("e"))
		_, err := s.tries(when)
		expectRefusal(t, err, voucher.ErrInvalidated)
	}
}

func TestAVoucherIsIssuedWithItsFirstEntry(t *testing.T) {
	t.Parallel()
	ref := voucher.Ref{Owner: shop, Kind: voucher.Issues, Key: "1042/1/1"}
	got := voucher.Issue(voucher.Voucher{
		ID: "v9", Currency: "DKK", State: voucher.Active, Term: "P3Y", Zone: copenhagen(),
		Balance: 7, Fence: 7, Version: 7, Entries: 7, // of no account: a new voucher has none
	}, voucher.Record{ID: "a9", Ref: ref, Detail: voucher.Detail{Order: "1042"}}, 500_00, noon())
	wantVoucher := voucher.Voucher{
		ID: "v9", Currency: "DKK", State: voucher.Active, Term: "P3Y", Zone: copenhagen(), Balance: 500_00, Version: 1, Entries: 1,
		ExpiresOn: day(t, "2029-11-22"), EndsAt: instant(t, "2029-11-22T23:00:00Z"), IssuedAt: noon(), LastAt: noon(),
	}
	if diff := cmp.Diff(wantVoucher, got.Voucher, compareCases()); diff != "" {
		t.Errorf("voucher (-want +got):\n%s", diff)
	}
	wantEntry := &voucher.Entry{
		Account: "v9", Seq: 1, Act: "a9", Kind: "issue", Contra: "sold/shop:demo",
		Amount: 500_00, Currency: "DKK", Balance: 500_00, At: noon(),
	}
	if diff := cmp.Diff(wantEntry, got.Entry); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	record := got.Record
	if record.Ref != ref || record.State != voucher.Done || record.Voucher != "v9" || record.Amount != 500_00 || record.Balance != 500_00 ||
		record.Currency != "DKK" || !record.At.Equal(noon()) || record.Fingerprint == [32]byte{} || !record.Fresh() || record.Detail.Order != "1042" {
		t.Errorf("record %+v", record)
	}
}

func TestAVoucherIssuedEmptyHasNoEntry(t *testing.T) {
	t.Parallel()
	got := voucher.Issue(voucher.Voucher{ID: "v9", State: voucher.Inventory, Term: "never", Zone: copenhagen()}, voucher.Record{}, 0, noon())
	if got.Entry != nil || got.Voucher.Entries != 0 || got.Voucher.Balance != 0 {
		t.Errorf("got %+v", got)
	}
}
