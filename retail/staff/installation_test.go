package staff

import (
	"bytes"
	"errors"
	"regexp"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/retailtest"
)

func TestDaemonsThatStartAtOnceAreOneInstallation(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	ids := make([]string, 8)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			id, err := Installation(t.Context(), pool)
			if err != nil {
				t.Errorf("Installation: %v", err)
			}
			ids[i] = id
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] || !regexp.MustCompile(`^[0-9a-f-]{36}$`).MatchString(id) {
			t.Errorf("ids %q", ids)
			break
		}
	}
	other, err := Installation(t.Context(), retailtest.Database(t))
	if err != nil || other == ids[0] {
		t.Errorf("another database is %s too, %v", other, err)
	}
}

// check is the check value of a key that is all of one byte.
func check(fill byte) []byte { return bytes.Repeat([]byte{fill}, 32) }

func TestAWrongMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		known map[string][]byte
		given map[string][]byte
		wrong bool
		want  int // ids known afterwards
	}{
		{"the first start", nil, map[string][]byte{"a": check(1)}, false, 1},
		{"the same key", map[string][]byte{"a": check(1)}, map[string][]byte{"a": check(1)}, false, 1},
		{"a new key beside the old", map[string][]byte{"a": check(1)}, map[string][]byte{"b": check(2), "a": check(1)}, false, 2},
		{"an old key retired", map[string][]byte{"a": check(1), "b": check(2)}, map[string][]byte{"b": check(2)}, false, 2},
		{"a wrong key", map[string][]byte{"a": check(1)}, map[string][]byte{"a": check(2)}, true, 1},
		{"a new key beside a wrong one", map[string][]byte{"a": check(1)}, map[string][]byte{"b": check(2), "a": check(3)}, true, 1},
		{"a new key alone", map[string][]byte{"a": check(1)}, map[string][]byte{"b": check(2)}, true, 1},
		{"no key at all", map[string][]byte{"a": check(1)}, nil, true, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := retailtest.Database(t)
			if tt.known != nil {
				if err := CheckKeys(t.Context(), pool, tt.known); err != nil {
					t.Fatal(err)
				}
			}
			if err := CheckKeys(t.Context(), pool, tt.given); errors.Is(err, ErrWrongKey) != tt.wrong || (err != nil) != tt.wrong {
				t.Errorf("CheckKeys: %v, want wrong %t", err, tt.wrong)
			}
			var got int
			if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM master_key`).Scan(&got); err != nil || got != tt.want {
				t.Errorf("%d keys known, %v; want %d", got, err, tt.want)
			}
		})
	}
}

func TestTheErrorNamesTheWrongKey(t *testing.T) {
	t.Parallel()
	_, err := compareChecks(map[string][]byte{"2026": check(1)}, map[string][]byte{"2026": check(2)})
	want := "wrong master key: the key 2026 is not the one that this database was written with"
	if err == nil || cmp.Diff(want, err.Error()) != "" {
		t.Errorf("error %v", err)
	}
}

func TestOfTwoFirstDaemonsWithDifferentKeysOneIsRefused(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i, checks := range []map[string][]byte{{"a": check(1)}, {"b": check(2)}} {
		both.Go(func() { errs[i] = CheckKeys(t.Context(), pool, checks) })
	}
	both.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), ErrWrongKey) {
		t.Errorf("errors %v", errs)
	}
}
