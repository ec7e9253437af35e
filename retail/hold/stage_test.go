package hold_test

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"vouchsafe/retail/hold"
	"vouchsafe/retail/hold/holdtest"
)

const (
	cart = "5d41402abc4b2a76b9719d911017c592" // hash of a webshop's cart
	till = "7d793037a0760186574b0282f2f435e7" // hash of a register

	patient = 2 * time.Second // a budget for tests of anything but the budget, on a busy machine
)

// backend is one of the Redis servers that the scripts must run on alike.
type backend struct {
	name string
	url  func(t testing.TB) string
}

func backends() []backend {
	return []backend{
		{"miniredis", func(t testing.TB) string { return "redis://" + miniredis.RunT(t).Addr() }},
		{"redis-server", func(t testing.TB) string { return holdtest.Start(t).URL() }},
		{"cluster", func(t testing.TB) string { return holdtest.StartCluster(t).URL() }},
		{"sentinel", func(t testing.TB) string {
			return "redis+sentinel://" + holdtest.StartSentinel(t, holdtest.StartTCP(t), "main") + "/main"
		}},
	}
}

// TestEveryRedisAgrees runs the same scenarios on each kind of Redis, one after
// the other on an emptied server: a cluster takes two seconds to start.
func TestEveryRedisAgrees(t *testing.T) {
	t.Parallel()
	scenarios := []struct {
		name string
		run  func(*testing.T, *hold.Holds, redis.UniversalClient)
	}{
		{"the highest version wins whatever the order", highestVersionWins},
		{"many vouchers in one batch", oneBatch},
		{"interleaving 10: a stale hold after a flush is healed by the next put", staleHoldIsHealed},
		{"both keys expire", bothKeysExpire},
		{"the same put restores a hold that Redis dropped", samePutRestores},
		{"a server that forgot its scripts is told again", forgottenScripts},
		{"keys carry the installation and one hash tag a voucher", keysAndTags},
		{"R2: a flushed Redis has no epoch", flushedHasNoEpoch},
		{"a Redis belongs to the first installation that claims it", firstClaimStays},
		{"every witness of the installation is seen", everyWitnessIsSeen},
		{"what was seen newest never goes back by itself", newestNeverGoesBack},
		{"a copied database is refused", aCopyIsRefused},
	}
	for _, b := range backends() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			client := open(t, b.url(t))
			holds := hold.New(client, hold.Config{Installation: "shop1", Budget: patient})
			for _, s := range scenarios {
				t.Run(s.name, func(t *testing.T) {
					if err := client.FlushAll(t.Context()).Err(); err != nil {
						t.Fatal(err)
					}
					s.run(t, holds, client)
				})
			}
		})
	}
}

func open(t testing.TB, url string) redis.UniversalClient {
	t.Helper()
	client, err := hold.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func put(t testing.TB, holds *hold.Holds, puts ...hold.Put) {
	t.Helper()
	if err := holds.Put(t.Context(), puts...); err != nil {
		t.Fatal(err)
	}
}

func look(t testing.TB, holds *hold.Holds, voucher string) hold.State {
	t.Helper()
	states, err := holds.Look(t.Context(), voucher)
	if err != nil {
		t.Fatal(err)
	}
	return states[voucher]
}

// held and free are what PostgreSQL would say of voucher v1 at a version.
func held(version int64, holder string) hold.Put {
	return hold.Put{Voucher: "v1", Version: version, Holder: holder, Fence: version * 10, Rest: 24 * time.Hour}
}

func free(version int64) hold.Put {
	return hold.Put{Voucher: "v1", Version: version}
}
