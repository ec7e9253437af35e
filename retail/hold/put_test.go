package hold_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"vouchsafe/retail/hold"
)

func highestVersionWins(t *testing.T, holds *hold.Holds, client redis.UniversalClient) {
	cases := []struct {
		name string
		puts []hold.Put
		want hold.State
	}{
		{"nothing put is nothing known", nil, hold.State{}},
		{"a reservation is seen", []hold.Put{held(1, cart)}, hold.State{Holder: cart, Fence: 10, Version: 1}},
		{"a release clears it and leaves the witness", []hold.Put{held(1, cart), free(2)}, hold.State{Version: 2}},
		{"a newer holder replaces an older one", []hold.Put{held(1, cart), held(2, till)}, hold.State{Holder: till, Fence: 20, Version: 2}},
		{"an older holder doesn't replace a newer one", []hold.Put{held(2, till), held(1, cart)}, hold.State{Holder: till, Fence: 20, Version: 2}},
		{"an older release doesn't clear a newer hold", []hold.Put{held(2, till), free(1)}, hold.State{Holder: till, Fence: 20, Version: 2}},
		{"the same again is harmless", []hold.Put{held(1, cart), held(1, cart)}, hold.State{Holder: cart, Fence: 10, Version: 1}},
		{"the same release again is harmless", []hold.Put{held(1, cart), free(2), free(2)}, hold.State{Version: 2}},
		{"interleaving 9: a reservation that arrives after its release", []hold.Put{free(2), held(1, cart)}, hold.State{Version: 2}},
		{"interleaving 18: a re-seed that read before the release", []hold.Put{held(1, cart), free(2), held(1, cart)}, hold.State{Version: 2}},
		{"versions are numbers, not text", []hold.Put{held(9, cart), held(10, till)}, hold.State{Holder: till, Fence: 100, Version: 10}},
		{"large versions keep every digit", []hold.Put{free(1<<53 - 1), free(1<<53 - 2)}, hold.State{Version: 1<<53 - 1}},
		{"a reservation with nothing left is no hold", []hold.Put{{Voucher: "v1", Version: 3, Holder: cart, Fence: 1}}, hold.State{Version: 3}},
		{"a holder may be any text", []hold.Put{{Voucher: "v1", Version: 1, Holder: "a:b", Fence: 7, Rest: time.Hour}}, hold.State{Holder: "a:b", Fence: 7, Version: 1}},
	}
	for i, tc := range cases {
		voucher := fmt.Sprintf("voucher-%d", i)
		for _, p := range tc.puts {
			p.Voucher = voucher
			put(t, holds, p)
		}
		if got := look(t, holds, voucher); got != tc.want {
			t.Errorf("%s: got %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

// oneBatch puts many vouchers, and one of them twice, in a single round trip.
func oneBatch(t *testing.T, holds *hold.Holds, _ redis.UniversalClient) {
	var puts []hold.Put
	var vouchers []string
	want := map[string]hold.State{"batch-unknown": {}}
	for i := range 250 {
		voucher := fmt.Sprintf("batch-%d", i)
		vouchers = append(vouchers, voucher)
		puts = append(puts, hold.Put{Voucher: voucher, Version: int64(i + 1), Holder: cart, Fence: int64(i), Rest: time.Hour})
		want[voucher] = hold.State{Holder: cart, Fence: int64(i), Version: int64(i + 1)}
	}
	puts = append(puts, hold.Put{Voucher: "batch-0", Version: 2})
	want["batch-0"] = hold.State{Version: 2}
	put(t, holds, puts...)
	got, err := holds.Look(t.Context(), append(vouchers, "batch-unknown")...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a batch (-want +got):\n%s", diff)
	}
}

func staleHoldIsHealed(t *testing.T, holds *hold.Holds, client redis.UniversalClient) {
	put(t, holds, free(2))
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	put(t, holds, held(1, cart)) // the reservation that was released long ago
	if got := look(t, holds, "v1"); got.Holder != cart {
		t.Fatalf("got %+v: the case needs a stale hold", got)
	}
	put(t, holds, free(2))
	if got, want := look(t, holds, "v1"), (hold.State{Version: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func bothKeysExpire(t *testing.T, holds *hold.Holds, client redis.UniversalClient) {
	const month = 31 * 24 * time.Hour
	put(t, holds, hold.Put{Voucher: "v1", Version: 1, Holder: cart, Fence: 1, Rest: 90 * time.Minute})
	rest := client.PTTL(t.Context(), "vs:shop1:{v1}:h").Val()
	if rest <= 89*time.Minute || rest > 90*time.Minute {
		t.Errorf("the hold expires in %v, want 90 minutes", rest)
	}
	if life := client.PTTL(t.Context(), "vs:shop1:{v1}:w").Val(); life < month {
		t.Errorf("the witness expires in %v, want more than a month", life)
	}
}

func samePutRestores(t *testing.T, holds *hold.Holds, client redis.UniversalClient) {
	put(t, holds, held(1, cart))
	client.Del(t.Context(), "vs:shop1:{v1}:h")
	put(t, holds, held(1, cart))
	if got := look(t, holds, "v1"); got.Holder != cart {
		t.Errorf("got %+v, want it held again", got)
	}
}

func forgottenScripts(t *testing.T, holds *hold.Holds, client redis.UniversalClient) {
	put(t, holds, held(1, cart))
	if err := client.ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	put(t, holds, held(2, till), hold.Put{Voucher: "v2", Version: 5})
	if got, want := look(t, holds, "v1"), (hold.State{Holder: till, Fence: 20, Version: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := look(t, holds, "v2"), (hold.State{Version: 5}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func keysAndTags(t *testing.T, holds *hold.Holds, client redis.UniversalClient) {
	put(t, holds, held(1, cart))
	ctx := t.Context()
	want := map[string]string{"vs:shop1:{v1}:h": "10:" + cart, "vs:shop1:{v1}:w": "1"}
	got := map[string]string{}
	for _, key := range client.Keys(ctx, "*").Val() {
		got[key] = client.Get(ctx, key).Val()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	slots := []int64{
		client.ClusterKeySlot(ctx, "vs:shop1:{v1}:h").Val(),
		client.ClusterKeySlot(ctx, "vs:shop1:{v1}:w").Val(),
	}
	if slots[0] != slots[1] {
		t.Errorf("hold and witness lie in slots %v", slots)
	}
	other := hold.New(client, hold.Config{Installation: "shop2", Budget: patient})
	if got := look(t, other, "v1"); got != (hold.State{}) {
		t.Errorf("another installation sees %+v", got)
	}
}
