package voucher_test

import (
	"errors"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/voucher"
)

// compareCases compares all of two cases, what is not exported included.
func compareCases() cmp.Options {
	return cmp.Options{
		cmp.AllowUnexported(voucher.Case{}, voucher.Reservation{}, voucher.Record{}),
		cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }),
	}
}

// provesUntouched proves that a refusal left what time alone would have made of the case, but for
// the task of a short order.
func (s *shelf) provesUntouched(got, fresh *voucher.Case, refusal error) {
	s.t.Helper()
	if !voucher.IsRefusal(refusal) {
		s.t.Fatalf("%v is a fault, not a refusal", refusal)
	}
	if _, err := voucher.Decide(fresh, voucher.Expire{}); err != nil {
		s.t.Fatalf("Expire: %v", err)
	}
	short, isShort := errors.AsType[*voucher.ShortError](refusal)
	if (isShort && short.Uncovered.Minor > 0) != (len(got.Shorts) == 1) {
		s.t.Fatalf("the refusal %q left %d short orders", refusal, len(got.Shorts))
	}
	fresh.Shorts = got.Shorts
	if diff := cmp.Diff(fresh, got, compareCases()); diff != "" {
		s.t.Fatalf("the refusal %q changed the case (-want +got):\n%s", refusal, diff)
	}
}

// provesWritten proves that no change is lost: a row that changed has a new version, fences rise only
// with grants and takings, and every step of the balance is an entry.
func (s *shelf) provesWritten(before voucher.Voucher, c *voucher.Case) {
	s.t.Helper()
	v := c.Voucher
	if v.Version < before.Version || v.Version > before.Version+1 {
		s.t.Fatalf("one act moved the version from %d to %d", before.Version, v.Version)
	}
	touched := len(c.FreshReservations())+len(c.ChangedReservations())+len(c.Entries) > 0 || v.State != before.State
	if touched && v.Version == before.Version {
		s.t.Fatalf("a change left the version at %d", v.Version)
	}
	if v.Version > before.Version && !v.LastAt.Equal(s.now) {
		s.t.Fatalf("the voucher changed at %v but says %v", s.now, v.LastAt)
	}
	if v.Fence < before.Fence || v.Fence > before.Fence+1 {
		s.t.Fatalf("one act moved the fence from %d to %d", before.Fence, v.Fence)
	}
	if v.Entries != before.Entries+int64(len(c.Entries)) {
		s.t.Fatalf("%d entries were numbered, %d written", v.Entries-before.Entries, len(c.Entries))
	}
}

// provesSound proves the invariants I1 to I4 and I11 of a voucher and its history.
func (s *shelf) provesSound(id string) {
	s.t.Helper()
	v := s.vouchers[id]
	var sum, seq int64
	for _, e := range s.entries {
		if e.Account != id {
			continue
		}
		sum, seq = sum+e.Amount, seq+1
		if e.Seq != seq || e.Balance != sum || e.Balance < 0 || e.Amount == 0 || e.Currency != v.Currency {
			s.t.Fatalf("entry %+v is out of line: it should be number %d of balance %d", e, seq, sum)
		}
	}
	if v.Balance != sum || v.Balance < 0 || v.Entries != seq {
		s.t.Fatalf("balance %d in %d entries, the journal has %d in %d", v.Balance, v.Entries, sum, seq)
	}
	writtenOff := v.ExpiredAt(s.now)
	if (v.State == voucher.Depleted || v.State == voucher.Invalidated) && v.Balance != 0 || v.State == voucher.Active && v.Balance == 0 && !writtenOff {
		s.t.Fatalf("the voucher is %s with a balance of %d", v.State, v.Balance)
	}
	s.provesExclusive(v)
	s.provesBounded()
}

// provesExclusive proves that a voucher has one live reservation at most and that fences rise.
func (s *shelf) provesExclusive(v voucher.Voucher) {
	s.t.Helper()
	live, fence := 0, int64(0)
	for _, r := range s.reservations {
		if r.Voucher != v.ID {
			continue
		}
		if r.Fence <= fence || r.Fence > v.Fence {
			s.t.Fatalf("reservation %s has fence %d after %d, the voucher %d", r.ID, r.Fence, fence, v.Fence)
		}
		fence = r.Fence
		if (r.State == voucher.Reserved) != r.EndedAt.IsZero() || r.EndedAt.Before(r.GrantedAt) && !r.EndedAt.IsZero() {
			s.t.Fatalf("reservation %s is %s and ended at %v", r.ID, r.State, r.EndedAt)
		}
		if r.State == voucher.Reserved {
			live++
		}
	}
	if live > 1 {
		s.t.Fatalf("%d live reservations of %s", live, v.ID)
	}
}

// provesBounded proves that no capture is above its reservation, happens twice, or is given back
// more than once.
func (s *shelf) provesBounded() {
	s.t.Helper()
	refunded, captured := make(map[string]int64), make(map[string]bool)
	for _, r := range s.records {
		if r.Kind == voucher.Refunds && r.State == voucher.Done {
			refunded[r.Source] += r.Amount
		}
		if r.TakenBack < 0 || r.TakenBack > r.Amount || r.Amount < 0 {
			s.t.Fatalf("%s %s of %d has %d taken back", r.Kind, r.Key, r.Amount, r.TakenBack)
		}
		if r.Kind != voucher.Redemptions || r.Reservation == "" {
			continue
		}
		if own := s.reservation(r.Reservation); own.State != voucher.Captured || r.Amount > own.Amount || captured[own.ID] {
			s.t.Fatalf("redemption %+v of reservation %+v", r, own)
		}
		captured[r.Reservation] = true
	}
	for _, r := range s.records {
		if r.Kind == voucher.Redemptions && refunded[r.ID] > r.Amount {
			s.t.Fatalf("redemption %s of %d was refunded by %d", r.Key, r.Amount, refunded[r.ID])
		}
	}
}

// isShort tells whether a refused capture leaves an order short.
func isShort(err error) bool {
	_, ok := errors.AsType[*voucher.ShortError](err)
	return ok
}
