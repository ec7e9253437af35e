package main

import (
	"fmt"
	"strings"
	"testing"

	"vouchsafe/retail/failpoint"
)

// aProgramme is one in which ten kroner of goods earn a point, and a point is worth ten øre.
const aProgramme = `{"version": 0, "lifetime_days": 365, "rates": [{"points": 10, "value": {"amount": 100, "currency": "DKK"}}],
	"rules": [{"event": "order", "points": 1, "per": {"amount": 1000, "currency": "DKK"}}, {"event": "signup", "points": 100}],
	"rewards": [{"name": "Billet", "points": 50}, {"name": "Gavekort", "points": 5000, "sku": "GAVEKORT-500"}], "shown": {"account": true}}`

// Kill -9 at every point that points pass, from being earned to paying, being given back and becoming a voucher: each act happens once
// under its key, and the lots add up (D1, I1-I8, P02, P04, P08, P20, X17).
func TestPointsSurviveEveryPowerCut(t *testing.T) {
	t.Parallel()
	for _, point := range []string{
		failpoint.ActLocked, failpoint.ActWritten, failpoint.ActCommitted, failpoint.PutLost,
		failpoint.GroupLocked, failpoint.GroupWritten, failpoint.GroupCommitted,
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			a := opensArcade(t)
			w := &outage{arcade: a, d: a.serves()}
			w.asks("PUT", a.office, "/v1/admin/loyalty", aProgramme)
			w.d.stops()
			w.d = a.serves("VOUCHSAFE_FAILPOINTS=" + point)
			w.asks("PUT", a.shop, "/v1/points/e:1", `{"customer": "7", "event": "signup"}`)
			w.asks("PUT", a.shop, "/v1/points/e:2", `{"customer": "7", "event": "order", "order": {"id": "1", "net_goods": {"amount": 6000000, "currency": "DKK"}}}`)
			w.asks("PUT", a.shop, "/v1/reservations/r:1", `{"customer": "7", "pay_with": "points", "holder": "cart", "due": {"amount": 10000, "currency": "DKK"}}`)
			w.asks("POST", a.shop, "/v1/reservations/r:1/capture", `{"order": "2", "order_total": {"amount": 10000, "currency": "DKK"}}`)
			w.asks("PUT", a.shop, "/v1/refunds/f:1", `{"redemption": "r:1", "amount": {"amount": 400, "currency": "POINT"}, "reason": "came back"}`)
			w.asks("PUT", a.shop, "/v1/conversions/c:1", `{"customer": "7", "points": 5000, "reward": "Gavekort"}`)
			w.asks("PUT", a.shop, "/v1/conversions/c:2", `{"customer": "7", "points": 50, "reward": "Billet"}`)
			w.asks("DELETE", a.shop, "/v1/conversions/c:2", "")
			w.asks("DELETE", a.shop, "/v1/points/e:3", "")
			r := w.asks("GET", a.shop, "/v1/customers/7", "")
			if want := fmt.Sprintf(`"balances":[{"balance":{"amount":%d,"currency":"POINT"},"reserved":{"amount":0,"currency":"POINT"}`, 100+6000-1000+400-5000); !strings.Contains(r.text, want) {
				t.Errorf("after a crash at %s: %s", point, r.text)
			}
			w.d.stops()
			a.sound()
		})
	}
}
