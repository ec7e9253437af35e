package retail_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"vouchsafe/retail"
	"vouchsafe/retail/hold"
	"vouchsafe/retail/hold/holdtest"
)

// gateway is one of those that look after the same Redis.
func (c *counter) gateway(redis *holdtest.Server, installation string) (*retail.Reseeder, *hold.Holds) {
	c.t.Helper()
	client, err := hold.Open(redis.URL())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { client.Close() })
	holds := hold.New(client, hold.Config{Installation: installation})
	log := slog.New(slog.DiscardHandler)
	return retail.NewReseeder(retail.NewTestimony(holds, log), c.ledger, log, time.Now), holds
}

func TestGatewaysDoNotTakeEachOthersSeedingForALoss(t *testing.T) {
	t.Parallel()
	c := open(t)
	redis := holdtest.Start(t)
	installation := uuid.NewString()
	first, holds := c.gateway(redis, installation)
	second, _ := c.gateway(redis, installation)
	epoch := func() string {
		t.Helper()
		seen, err := holds.Epoch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return seen.Value
	}
	look := func(gateways ...*retail.Reseeder) {
		t.Helper()
		for _, g := range gateways {
			if err := g.RunOnce(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	look(first, second) // each fills once, at its start
	seeded := epoch()
	look(first, second, first, second)
	if got := epoch(); got != seeded {
		t.Errorf("filled again at %q, and nothing was lost since %q", got, seeded)
	}
	redis.Do(t, "FLUSHALL")
	look(second)
	if got := epoch(); got == seeded || got == "" {
		t.Errorf("epoch %q after a loss, want a new one (R2)", got)
	}
	seeded = epoch()
	look(first)
	redis.Do(t, "SAVE")
	redis.Restart(t)
	look(first)
	if got := epoch(); got == seeded {
		t.Error("a restarted Redis that remembers an epoch was not filled (R1)")
	}
}
