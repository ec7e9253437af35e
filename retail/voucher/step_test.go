package voucher_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/voucher"
)

// step is one thing that happens before an act.
type step func(s *shelf)

// given is an act that is done.
func given(act voucher.Act) step { return func(s *shelf) { s.t.Helper(); s.does(act) } }

// after is time that passes.
func after(d time.Duration) step { return func(s *shelf) { s.passes(d) } }

// edited is a row changed by hand.
func edited(change func(v *voucher.Voucher)) step { return func(s *shelf) { s.edit(change) } }

// forgotten is a witness that is ahead of the row: PostgreSQL lost its tail.
func forgotten(s *shelf) { s.witness = s.one().Version + 1 }

// refusal is an act that is turned down.
type refusal struct {
	name  string
	given []step
	when  voucher.Act
	want  error
}

// refuses runs a table of refusals.
func refuses(t *testing.T, table []refusal) {
	t.Helper()
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			for _, step := range tt.given {
				step(s)
			}
			_, err := s.tries(tt.when)
			expectRefusal(t, err, tt.want)
		})
	}
}

// expectRefusal compares refusals: sentinels by identity, the others by their content.
func expectRefusal(t testing.TB, got, want error) {
	t.Helper()
	if short, ok := errors.AsType[*voucher.ShortError](want); ok {
		gotShort, ok := errors.AsType[*voucher.ShortError](got)
		if !ok || !errors.Is(gotShort.Reason, short.Reason) || gotShort.Uncovered != short.Uncovered {
			t.Fatalf("got %v, want %v", got, want)
		}
		return
	}
	if isShort(got) || got == nil {
		t.Fatalf("got %v, want %v", got, want)
	}
	if !errors.Is(got, want) && !cmp.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// only is the refusal of an amount for want of balance.
func only(whole int64) error { return &voucher.InsufficientError{Available: kroner(whole)} }

// short is the refusal of a capture that leaves an order short.
func short(whole int64, reason error) error {
	return &voucher.ShortError{Reason: reason, Uncovered: kroner(whole)}
}
