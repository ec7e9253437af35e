package staff

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/retailtest"
)

func TestMain(m *testing.M) { retailtest.Main(m) }

// watch is a clock that a test turns.
type watch struct {
	guard sync.Mutex
	at    time.Time
}

func newWatch() *watch { return &watch{at: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)} }

func (w *watch) now() time.Time {
	w.guard.Lock()
	defer w.guard.Unlock()
	return w.at
}

func (w *watch) pass(d time.Duration) {
	w.guard.Lock()
	defer w.guard.Unlock()
	w.at = w.at.Add(d)
}

// office is an installation's keys on a database of the test's own.
func office(t *testing.T) (*Keys, *watch, *pgxpool.Pool) {
	t.Helper()
	pool, w := retailtest.Database(t), newWatch()
	return NewKeys(pool, rand.Reader, w.now), w, pool
}

func add(t *testing.T, keys *Keys, grant Grant) (id, text string) {
	t.Helper()
	id, text, err := keys.Add(t.Context(), grant, "test")
	if err != nil {
		t.Fatalf("Add %+v: %v", grant, err)
	}
	return id, text
}

func TestAKeySpeaksForWhatItIsBoundTo(t *testing.T) {
	t.Parallel()
	keys, _, _ := office(t)
	for _, grant := range []Grant{
		{Scope: Shop, Shop: "woo.main-1", Name: "plugin"},
		{Scope: Till, Register: "Kasse 1 Østerbro", MayRelease: MayRelease, Name: "rød"},
		{Scope: Till, Register: "till-2", Shop: "woo.main-1"},
		{Scope: Admin},
	} {
		id, text := add(t, keys, grant)
		if !strings.HasPrefix(text, "vs_"+string(grant.Scope)+"_"+id+"_") {
			t.Errorf("the text of key %s does not name scope and id", id)
		}
		want := Actor{grant.Scope, grant.Shop, grant.Register, grant.MayRelease, id, grant.Name}
		for _, when := range []string{"first", "from the cache"} {
			got, err := keys.Authenticate(t.Context(), text)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s: %v (-want +got):\n%s", when, err, diff)
			}
		}
	}
}

func TestWhatIsNotAKeyIsUnauthorized(t *testing.T) {
	t.Parallel()
	keys, _, _ := office(t)
	id, text := add(t, keys, Grant{Scope: Till, Register: "till-1"})
	_, other := add(t, keys, Grant{Scope: Till, Register: "till-1"})
	secret := text[strings.LastIndex(text, "_")+1:]
	flipped := strings.Map(func(r rune) rune { return map[bool]rune{true: 'b', false: 'a'}[r == 'a'] }, secret)
	tests := []struct{ name, text string }{
		{"nothing", ""},
		{"another secret", "vs_till_" + id + "_" + flipped},
		{"the secret of another key", "vs_till_" + id + other[strings.LastIndex(other, "_"):]},
		{"another scope", "vs_admin_" + id + "_" + secret},
		{"an unknown scope", "vs_root_" + id + "_" + secret},
		{"an unknown id", "vs_till_0000000000000000_" + secret},
		{"the id alone", "vs_till_" + id},
		{"no secret", "vs_till_" + id + "_"},
		{"half of the secret", "vs_till_" + id + "_" + secret[:32]},
		{"more than the secret", text + "0"},
		{"another prefix", "xx" + text[2:]},
		{"upper case", strings.ToUpper(text)},
		{"a line feed at the end", text + "\n"},
		{"SQL", "vs_till_' OR 1=1 --_" + secret},
		{"very long", strings.Repeat("vs_", 100_000)},
	}
	for _, warm := range []bool{false, true} {
		if warm {
			if _, err := keys.Authenticate(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
		for _, tt := range tests {
			got, err := keys.Authenticate(t.Context(), tt.text)
			if !errors.Is(err, ErrUnauthorized) || err.Error() != ErrUnauthorized.Error() || got != (Actor{}) {
				t.Errorf("%s (warm %t): %+v, %v; want %v and nothing else", tt.name, warm, got, err, ErrUnauthorized)
			}
		}
	}
}

func TestTheDatabaseDoesNotKnowTheSecret(t *testing.T) {
	t.Parallel()
	keys, _, pool := office(t)
	id, text := add(t, keys, Grant{Scope: Shop, Shop: "woo"})
	secret := text[strings.LastIndex(text, "_")+1:]
	var found int
	const find = `
SELECT
    (SELECT count(*) FROM api_key k WHERE k::text LIKE '%' || $1 || '%') +
    (SELECT count(*) FROM audit a WHERE a::text LIKE '%' || $1 || '%')`
	for text, want := range map[string]int{id: 2, secret: 0} {
		if err := pool.QueryRow(t.Context(), find, text).Scan(&found); err != nil || found != want {
			t.Errorf("%d rows, %v; want %d", found, err, want)
		}
	}
}

func TestAGrantThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	keys, _, _ := office(t)
	add(t, keys, Grant{Scope: Till, Register: "Till-1", Shop: "woo"})
	tests := []struct {
		name  string
		grant Grant
	}{
		{"no scope", Grant{}},
		{"an unknown scope", Grant{Scope: "root"}},
		{"a shop key without a shop", Grant{Scope: Shop}},
		{"a shop key with a register", Grant{Scope: Shop, Shop: "woo", Register: "till-9"}},
		{"a shop key that may release", Grant{Scope: Shop, Shop: "woo", MayRelease: MayRelease}},
		{"a shop's id with a slash", Grant{Scope: Shop, Shop: "woo/1"}},
		{"a till key without a register", Grant{Scope: Till, Shop: "woo"}},
		{"a register of two lines", Grant{Scope: Till, Register: "a\nb"}},
		{"a register of spaces", Grant{Scope: Till, Register: " "}},
		{"a register with an invisible mark", Grant{Scope: Till, Register: "till\u202e1"}},
		{"a register without end", Grant{Scope: Till, Register: strings.Repeat("t", 65)}},
		{"a register of another shop", Grant{Scope: Till, Register: "Till-1", Shop: "other"}},
		{"a register of a shop for no shop", Grant{Scope: Till, Register: "Till-1"}},
		{"a register in another spelling", Grant{Scope: Till, Register: "till-1", Shop: "woo"}},
		{"an admin key of a shop", Grant{Scope: Admin, Shop: "woo"}},
		{"a name that is not UTF-8", Grant{Scope: Admin, Name: "\xff"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, text, err := keys.Add(t.Context(), tt.grant, "test"); !errors.Is(err, ErrGrant) || text != "" {
				t.Errorf("Add: %v, want %v and no key", err, ErrGrant)
			}
		})
	}
	if all, err := keys.List(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%d keys, %v; want the first alone", len(all), err)
	}
}

func TestARegisterGoesToOneShopWhoeverAsksAtOnce(t *testing.T) {
	t.Parallel()
	keys, _, _ := office(t)
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			_, _, errs[i] = keys.Add(t.Context(), Grant{Scope: Till, Register: "till-1", Shop: fmt.Sprint("shop", i)}, "test")
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, ErrGrant):
			t.Errorf("a loser got %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d shops have the register", won)
	}
}

func TestAKeyIsRotatedWithoutAGap(t *testing.T) {
	t.Parallel()
	keys, _, _ := office(t)
	oldID, oldText := add(t, keys, Grant{Scope: Till, Register: "till-1"})
	_, newText := add(t, keys, Grant{Scope: Till, Register: "till-1"})
	for _, text := range []string{oldText, newText} {
		if got, err := keys.Authenticate(t.Context(), text); err != nil || got.Register != "till-1" {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if err := keys.Revoke(t.Context(), oldID, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Authenticate(t.Context(), oldText); !errors.Is(err, ErrUnauthorized) {
		t.Errorf("the revoked key: %v", err)
	}
	if _, err := keys.Authenticate(t.Context(), newText); err != nil {
		t.Errorf("the new key: %v", err)
	}
}

func TestOnlyALiveKeyIsRevoked(t *testing.T) {
	t.Parallel()
	keys, _, _ := office(t)
	id, _ := add(t, keys, Grant{Scope: Admin})
	if err := keys.Revoke(t.Context(), id, "test"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{id, "0000000000000000", ""} {
		if err := keys.Revoke(t.Context(), id, "test"); !errors.Is(err, ErrNoKey) {
			t.Errorf("Revoke %q: %v, want %v", id, err, ErrNoKey)
		}
	}
}

func TestARevocationReachesOtherProcessesWithinSeconds(t *testing.T) {
	t.Parallel()
	here, w, pool := office(t)
	there := NewKeys(pool, rand.Reader, w.now)
	id, text := add(t, here, Grant{Scope: Admin})
	if _, err := there.Authenticate(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	if err := here.Revoke(t.Context(), id, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := there.Authenticate(t.Context(), text); err != nil {
		t.Errorf("within keepFor: %v", err)
	}
	w.pass(keepFor)
	for range 2 {
		if _, err := there.Authenticate(t.Context(), text); !errors.Is(err, ErrUnauthorized) {
			t.Errorf("after keepFor: %v", err)
		}
	}
}

func TestAFreshKeyCostsNoRoundTrip(t *testing.T) {
	t.Parallel()
	keys, w, pool := office(t)
	_, text := add(t, keys, Grant{Scope: Admin})
	if _, err := keys.Authenticate(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel() // nothing reaches the database any more
	before := pool.Stat().AcquireCount()
	if _, err := keys.Authenticate(gone, text); err != nil || pool.Stat().AcquireCount() != before {
		t.Errorf("%v, %d connections taken", err, pool.Stat().AcquireCount()-before)
	}
	w.pass(keepFor)
	if _, err := keys.Authenticate(gone, text); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnauthorized) {
		t.Errorf("a fault of the database is %v", err)
	}
}

// lastUsed gives the one key's last use.
func lastUsed(t *testing.T, keys *Keys) time.Time {
	t.Helper()
	all, err := keys.List(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("%d keys, %v", len(all), err)
	}
	return all[0].LastUsed
}

func TestUseIsRecordedAtMostOnceAMinute(t *testing.T) {
	t.Parallel()
	keys, w, pool := office(t)
	id, text := add(t, keys, Grant{Scope: Admin})
	use := func() time.Time {
		w.pass(keepFor)
		if _, err := keys.Authenticate(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		return lastUsed(t, keys)
	}

	_, _ = keys.Authenticate(t.Context(), "vs_admin_"+id+"_"+strings.Repeat("0", 64))
	if at := lastUsed(t, keys); !at.IsZero() {
		t.Errorf("a wrong secret counts as use at %s", at)
	}
	first := use()
	if first.IsZero() {
		t.Fatal("the first use is not recorded")
	}
	if second := use(); !second.Equal(first) {
		t.Errorf("used at %s and again at %s", first, second)
	}
	retailtest.ShiftClock(t, pool, 61*time.Second)
	if third := use(); third.Sub(first) < time.Minute {
		t.Errorf("a minute later it is still %s, first %s", third, first)
	}
}

func TestListTellsEverythingButTheSecret(t *testing.T) {
	t.Parallel()
	keys, _, _ := office(t)
	one, _ := add(t, keys, Grant{Scope: Till, Register: "till-1", Shop: "woo", MayRelease: MayRelease, Name: "red"})
	two, _ := add(t, keys, Grant{Scope: Admin})
	if err := keys.Revoke(t.Context(), two, "test"); err != nil {
		t.Fatal(err)
	}
	got, err := keys.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []Key{
		{Actor: Actor{Till, "woo", "till-1", MayRelease, one, "red"}},
		{Actor: Actor{Scope: Admin, KeyID: two}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes(time.Time{})); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if got[0].CreatedAt.IsZero() || !got[0].RevokedAt.IsZero() || got[1].RevokedAt.Before(got[1].CreatedAt) {
		t.Errorf("times: %+v", got)
	}
}

func TestWithoutRandomnessThereIsNoKey(t *testing.T) {
	t.Parallel()
	keys := NewKeys(retailtest.Database(t), iotest.ErrReader(io.ErrClosedPipe), newWatch().now)
	if _, text, err := keys.Add(t.Context(), Grant{Scope: Admin}, "test"); !errors.Is(err, io.ErrClosedPipe) || text != "" {
		t.Errorf("Add: %q, %v", text, err)
	}
}
