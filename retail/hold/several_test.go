package hold_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/hold"
	"vouchsafe/retail/hold/holdtest"
)

// R5, N1: a node of a cluster that is gone takes the answers about its own vouchers with it, and no others; neither alone nor in one
// batch with them.
func TestNodeThatIsGoneTakesNoOthersAnswers(t *testing.T) {
	t.Parallel()
	nodes := holdtest.StartNodes(t)
	var log lines
	holds := hold.New(open(t, nodes.URL()), hold.Config{
		Installation: "shop1", Budget: 250 * time.Millisecond, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	var all, gone, alive []string
	for n := range 40 {
		all = append(all, fmt.Sprintf("v%d", n))
	}
	becomes(t, "the cluster takes puts", func() bool { return holds.Put(t.Context(), puts(all, 1)...) == nil })
	nodes[2].Do(t, "SCRIPT FLUSH") // and one that lives has lost its scripts
	nodes[1].Stop()
	for _, voucher := range all {
		if nodes.Of(t, "{"+voucher+"}") == nil {
			gone = append(gone, voucher)
		} else {
			alive = append(alive, voucher)
		}
	}
	if err := holds.Put(t.Context(), puts(all, 2)...); !errors.Is(err, hold.ErrAway) {
		t.Errorf("put of all: got %v, want ErrAway", err)
	}
	for range 6 {
		for _, voucher := range gone {
			if _, err := holds.Look(t.Context(), voucher); !errors.Is(err, hold.ErrAway) {
				t.Fatalf("look: got %v, want ErrAway", err)
			}
		}
	}
	states, err := holds.Look(t.Context(), all...)
	if err != nil || len(states) != len(alive) {
		t.Errorf("look at all: %d answers, %v; want %d", len(states), err, len(alive))
	}
	for _, voucher := range alive {
		if states[voucher].Version != 2 {
			t.Errorf("%s: %+v, want version 2", voucher, states[voucher])
		}
	}
	if err := holds.Put(t.Context(), puts(alive, 3)...); err != nil {
		t.Errorf("put of the living: %v", err)
	}
	if !holds.Away() {
		t.Error("nobody is told that a part of Redis is away")
	}
	nodes[1].Restart(t)
	becomes(t, "the node is back", func() bool { return holds.Put(t.Context(), puts(all, 4)...) == nil })
	for _, want := range []string{"redis is away", "redis is back"} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("the log says %q, want %q once", log.String(), want)
		}
	}
}

// puts of so many vouchers, free at a version.
func puts(vouchers []string, version int64) []hold.Put {
	made := make([]hold.Put, len(vouchers))
	for i, voucher := range vouchers {
		made[i] = hold.Put{Voucher: voucher, Version: version}
	}
	return made
}
