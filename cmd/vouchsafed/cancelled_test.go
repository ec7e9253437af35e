package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/failpoint"
)

// X01: kill -9 while an order that a voucher paid for is cancelled: the office has one task, which ends by itself once the voucher has its
// money back.
func TestACancelledOrderIsToldOnceThroughEveryPowerCut(t *testing.T) {
	t.Parallel()
	for _, point := range []string{failpoint.WebhookStored, failpoint.WebhookCommitted, failpoint.RelayApplied} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			a := opensArcade(t)
			w := &outage{arcade: a, d: a.serves()}
			code := a.sells(w.d, "s:1")
			w.asks("PUT", a.shop, "/v1/reservations/r:1", fmt.Sprintf(`{"code": %q, "holder": "cart", "due": {"amount": 20000, "currency": "DKK"}}`, code))
			w.asks("POST", a.shop, "/v1/reservations/r:1/capture", `{"order": "1"}`)
			w.ordered("paid", time.Now().Add(-time.Hour))
			w.d.stops()
			w.d = a.serves("VOUCHSAFE_FAILPOINTS=" + point)
			armed, pool := w.d, a.look()
			waiting := func() int64 {
				return count(t, pool, `SELECT count(*) FROM task WHERE kind = 'cancelled_order' AND closed_at IS NULL`)
			}
			w.ordered("cancelled", time.Now())
			eventually(t, recoversWithin, "it has died, and the office is told", func() bool { w.revives(); return w.d != armed && waiting() == 1 })
			if r := w.asks("GET", a.office, "/v1/admin/tasks?kind=cancelled_order", ""); strings.Count(r.text, `"unreturned":[{"amount":20000,"currency":"DKK"}]`) != 1 {
				t.Errorf("the tasks are %s", r.text)
			}
			w.asks("PUT", a.shop, "/v1/refunds/f:1", `{"redemption": "r:1", "reason": "cancelled"}`)
			execute(t, pool, `INSERT INTO river_job (args, kind, max_attempts, priority, queue, state)
				VALUES ('{"name": "review-cancelled"}', 'tick', 1, 1, 'periodic', 'available')`)
			eventually(t, recoversWithin, "it is settled", func() bool { return waiting() == 0 })
			if n := count(t, pool, `SELECT count(*) FROM task WHERE kind = 'cancelled_order'`); n != 1 {
				t.Errorf("%d tasks were opened, want one", n)
			}
			w.d.stops()
			a.sound()
		})
	}
}
