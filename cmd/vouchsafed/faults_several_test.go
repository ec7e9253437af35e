package main

import (
	"fmt"
	"testing"
	"time"

	"vouchsafe/retail/hold/holdtest"
)

// R2, G6: the master of Redis dies under load and a replica takes its place, which may lack what came last. No act is refused for it
// and none takes long; nobody holds twice; the new master knows every reservation, whether it was told in time or not.
func TestRedisFailOverCostsNoAct(t *testing.T) {
	t.Parallel()
	redis := holdtest.StartWatched(t)
	m := opens(t, "VOUCHSAFE_REDIS_URL="+redis.URL())
	d, other := m.serves(), m.serves()
	sold := m.sells(d, 3)
	m.reserves(d, "ended", sold[1])
	f := m.fights(3, 2, d, other)
	end := f.keepsOn()
	t.Cleanup(end)
	dead := redis.KillMaster(t)
	m.endures(d, sold)
	redis.AwaitSuccessor(t, dead)
	end()
	pool := m.look()
	now := func() keys { return keys{t, redis.Master(t), pool} } // on a busy machine it may change once more
	eventually(t, 2*reseededWithin, "the new master knows what happened meanwhile", func() bool {
		k := now()
		return k.lasts("held") && k.rest(k.name("ended")) == 0
	})
	if n := f.away.Load(); n != 0 {
		t.Errorf("%d acts were turned away because of Redis", n)
	}
	m.reserves(other, "after", sold[1])
	eventually(t, recoversWithin, "the new master is told of the next reservation", func() bool { return now().lasts("after") })
	f.balances()
}

// R1: one node of a cluster dies, stays away and comes back empty. Reservations go on everywhere; Redis learns those of the other
// nodes' vouchers at once, as if nothing had happened, and the others when the node is back.
func TestClusterNodeThatDiesTakesItsOwnKeysAlone(t *testing.T) {
	t.Parallel()
	nodes := holdtest.StartNodes(t)
	m := opens(t, "VOUCHSAFE_REDIS_URL="+nodes.URL())
	d := m.serves()
	sold := m.sells(d, 12)
	pool := m.look()
	lasts := func(cart string) bool {
		k := keys{t, nil, pool}
		k.redis = nodes.Of(t, k.name(cart))
		return k.redis != nil && k.lasts(cart)
	}
	nodes[1].Stop()
	alive, carts := 0, []string{}
	for n, code := range sold {
		cart := fmt.Sprintf("cart-%d", n)
		carts = append(carts, cart)
		m.soon(d, pool, time.Second, func() { m.reserves(d, cart, code) })
		if k := (keys{t, nil, pool}); nodes.Of(t, k.name(cart)) == nil {
			continue
		}
		if alive++; !lasts(cart) {
			t.Errorf("reservation %d is of a node that lives, and Redis doesn't know it", n)
		}
	}
	if alive == 0 || alive == len(sold) {
		t.Fatalf("%d of %d vouchers are of nodes that live: nothing is tested", alive, len(sold))
	}
	nodes[1].Restart(t)
	for _, cart := range carts {
		eventually(t, 2*reseededWithin, "the node that came back empty is filled", func() bool { return lasts(cart) })
	}
	m.sound()
}
