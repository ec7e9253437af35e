package hold_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"vouchsafe/retail/hold"
	"vouchsafe/retail/hold/holdtest"
)

func epoch(t testing.TB, holds *hold.Holds) hold.Epoch {
	t.Helper()
	e, err := holds.Epoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func seed(t testing.TB, holds *hold.Holds, value string) {
	t.Helper()
	if err := holds.SetEpoch(t.Context(), value); err != nil {
		t.Fatal(err)
	}
}

func flushedHasNoEpoch(t *testing.T, holds *hold.Holds, client redis.UniversalClient) {
	if got := epoch(t, holds); got.Value != "" || got.Same(got) {
		t.Errorf("an empty Redis: got %+v, want no epoch", got)
	}
	seed(t, holds, "e1")
	before := epoch(t, holds)
	if got := epoch(t, holds); got.Value != "e1" || !got.Same(before) {
		t.Errorf("a seeded Redis: got %+v, want %+v again", got, before)
	}
	client.FlushAll(t.Context())
	if got := epoch(t, holds); got.Same(before) {
		t.Errorf("a flushed Redis: got %+v, want it different from %+v", got, before)
	}
}

func TestR1ARestartedServerIsAnotherOneEvenWithItsKeys(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *holdtest.Server{
		"redis-server": func(t testing.TB) *holdtest.Server { return holdtest.Start(t) },
		"cluster":      holdtest.StartCluster,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t)
			holds := hold.New(open(t, server.URL()), hold.Config{Installation: "shop1", Budget: patient})
			seed(t, holds, "e1")
			before := epoch(t, holds)
			if len(before.RunIDs) != 1 {
				t.Fatalf("got run ids %v, want one", before.RunIDs)
			}
			server.Restart(t)
			becomes(t, "the client reaches it again", func() bool { return holds.SetEpoch(t.Context(), "e1") == nil })
			after := epoch(t, holds)
			if after.Value != before.Value || after.Same(before) {
				t.Errorf("got %+v after %+v, want the run id to tell them apart", after, before)
			}
		})
	}
}

func TestAServerThatForbidsInfoIsTolerated(t *testing.T) {
	t.Parallel()
	server := holdtest.Start(t)
	server.Do(t, "ACL SETUSER shy on >secret ~vs:* +@all -info")
	_, socket := server.Address()
	holds := hold.New(open(t, "unix://shy:secret@"+socket), hold.Config{Installation: "shop1", Budget: patient})
	seed(t, holds, "e1")
	if got, want := epoch(t, holds), (hold.Epoch{Value: "e1"}); !cmp.Equal(got, want) || !got.Same(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if policy, err := holds.Policy(t.Context()); policy != "" || err != nil {
		t.Errorf("got %q, %v, want no answer and no error", policy, err)
	}
	put(t, holds, held(1, cart))
	if got := look(t, holds, "v1"); got.Holder != cart {
		t.Errorf("got %+v", got)
	}
}

func TestR5TheEvictionPolicyIsTold(t *testing.T) {
	t.Parallel()
	for _, server := range []*holdtest.Server{holdtest.Start(t), holdtest.StartCluster(t)} {
		holds := hold.New(open(t, server.URL()), hold.Config{Installation: "shop1"})
		for _, want := range []string{"noeviction", "allkeys-lru"} {
			server.Do(t, "CONFIG SET maxmemory-policy "+want)
			if got, err := holds.Policy(t.Context()); got != want || err != nil {
				t.Errorf("%s: got %q, %v, want %q", server.URL(), got, err, want)
			}
		}
	}
}

func firstClaimStays(t *testing.T, holds *hold.Holds, client redis.UniversalClient) {
	for range 2 {
		if err := holds.Claim(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	copied := hold.New(client, hold.Config{Installation: "staging"})
	err := copied.Claim(t.Context())
	if !errors.Is(err, hold.ErrForeign) || !strings.Contains(err.Error(), "shop1") {
		t.Errorf("got %v, want ErrForeign naming shop1", err)
	}
	if err := holds.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func everyWitnessIsSeen(t *testing.T, holds *hold.Holds, client redis.UniversalClient) {
	want := map[string]int64{}
	var puts []hold.Put
	for i := range 2500 {
		p := hold.Put{Voucher: fmt.Sprintf("v-%d", i), Version: int64(i + 1)}
		puts = append(puts, p)
		want[p.Voucher] = p.Version
	}
	for batch := range slices.Chunk(puts, 500) {
		put(t, holds, batch...)
	}
	put(t, holds, hold.Put{Voucher: "v-7", Version: 9999, Holder: cart, Fence: 1, Rest: patient})
	want["v-7"] = 9999
	put(t, hold.New(client, hold.Config{Installation: "other", Budget: patient}), hold.Put{Voucher: "v-7", Version: 1})

	got := map[string]int64{}
	err := holds.Witnesses(t.Context(), func(voucher string, version int64) error {
		got[voucher] = version
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("witnesses (-want +got):\n%s", diff)
	}
	enough := errors.New("enough")
	err = holds.Witnesses(t.Context(), func(string, int64) error { return enough })
	if !errors.Is(err, enough) || errors.Is(err, hold.ErrAway) {
		t.Errorf("got %v, want the caller's own error", err)
	}
}
