package hold_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"vouchsafe/retail/hold"
)

// pulse reads the pulse without its age.
func pulse(t testing.TB, holds *hold.Holds) hold.Pulse {
	t.Helper()
	p, err := holds.Pulse(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.Quiet = 0
	return p
}

func newestNeverGoesBack(t *testing.T, _ *hold.Holds, client redis.UniversalClient) {
	holds := hold.New(client, hold.Config{Installation: "shop1", Database: "original", Budget: patient})
	if got, want := pulse(t, holds), (hold.Pulse{}); got != want {
		t.Errorf("an empty Redis has the pulse %+v", got)
	}
	if err := holds.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, b := range []struct{ life, newest, want string }{
		{"life 1", "", ""}, {"life 1", "02", "02"}, {"life 2", "01", "02"}, {"life 2", "", "02"}, {"life 2", "03", "03"},
	} {
		if err := holds.Beat(t.Context(), b.life, b.newest); err != nil {
			t.Fatal(err)
		}
		if got, want := pulse(t, holds), (hold.Pulse{Database: "original", Newest: b.want, Life: b.life}); got != want {
			t.Errorf("after %+v: got %+v, want %+v", b, got, want)
		}
	}
	if p, err := holds.Pulse(t.Context()); err != nil || p.Quiet < 0 || p.Quiet > time.Minute {
		t.Errorf("got %+v, %v; want a pulse of just now", p, err)
	}
	for _, c := range []struct {
		name, seen, newest, want string
		kept                     bool
	}{
		{"it went back", "03", "01", "01", true},
		{"another gateway was ahead meanwhile", "00", "02", "01", true},
	} {
		kept, err := holds.Settle(t.Context(), c.seen, c.newest)
		if got := pulse(t, holds).Newest; err != nil || kept != c.kept || got != c.want {
			t.Errorf("%s: kept %v, %v, newest %q; want %v, %q", c.name, kept, err, got, c.kept, c.want)
		}
	}
	client.FlushAll(t.Context())
	if kept, err := holds.Settle(t.Context(), "01", "02"); kept || err != nil {
		t.Errorf("a Redis that forgot meanwhile: kept %v, %v", kept, err)
	}
	if kept, err := holds.Settle(t.Context(), "", "02"); !kept || err != nil {
		t.Errorf("a Redis that never knew: kept %v, %v", kept, err)
	}
}

func aCopyIsRefused(t *testing.T, _ *hold.Holds, client redis.UniversalClient) {
	original := hold.New(client, hold.Config{Installation: "shop1", Database: "original", Budget: patient})
	copied := hold.New(client, hold.Config{Installation: "shop1", Database: "copy", Budget: patient})
	if err := original.Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := original.Beat(t.Context(), "life", "01"); err != nil {
		t.Fatal(err)
	}
	if err := copied.Claim(t.Context()); !errors.Is(err, hold.ErrCopied) {
		t.Errorf("claim: got %v, want ErrCopied", err)
	}
	if p, err := copied.Pulse(t.Context()); !errors.Is(err, hold.ErrCopied) || p.Database != "original" {
		t.Errorf("pulse: got %+v, %v, want ErrCopied and whose it is", p, err)
	}
	if err := copied.Beat(t.Context(), "another", "09"); err != nil {
		t.Fatal(err)
	}
	if got, want := pulse(t, original), (hold.Pulse{Database: "original", Newest: "01", Life: "life"}); got != want {
		t.Errorf("the copy has left %+v, want %+v", got, want)
	}
	if err := copied.Adopt(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := original.Claim(t.Context()); !errors.Is(err, hold.ErrCopied) {
		t.Errorf("after the adoption: got %v, want ErrCopied for the original", err)
	}
	other := hold.New(client, hold.Config{Installation: "shop2", Database: "original", Budget: patient})
	if _, err := other.Pulse(t.Context()); !errors.Is(err, hold.ErrForeign) {
		t.Errorf("another installation: got %v, want ErrForeign", err)
	}
	if err := other.Adopt(t.Context()); !errors.Is(err, hold.ErrForeign) {
		t.Errorf("another installation adopts: got %v, want ErrForeign", err)
	}
}
