package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/failpoint"
	"vouchsafe/webshop/standard"
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

// ordered sends the state of an order of goods as the shop would, until it is taken, starting the daemon anew when it has died.
func (w *outage) ordered(status string, at time.Time) {
	w.t.Helper()
	body := fmt.Appendf(nil, `{"type": "order.%s", "data": {"order": {"id": "1", "number": "1", "status": %q, "updated_at": %q, "currency": "DKK",
		"customer": {"email": "anna@example.org", "name": "Anna"}, "payment": {"method": "card", "paid_at": %[3]q}, "total": {"amount": 6000000, "currency": "DKK"},
		"lines": [{"id": "1", "sku": "TEA", "name": "Tea", "quantity": 1, "unit_price": {"amount": 6000000, "currency": "DKK"}, "total": {"amount": 6000000, "currency": "DKK"}}]}}}`,
		status, status, at.UTC().Format(time.RFC3339))
	sent := time.Now()
	signed, err := standard.Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "hook-"+status, sent, body)
	if err != nil {
		w.t.Fatal(err)
	}
	for end := time.Now().Add(recoversWithin); time.Now().Before(end); {
		request, err := http.NewRequestWithContext(w.t.Context(), "POST", w.d.url+"/v1/shops/demo/webhooks", bytes.NewReader(body))
		if err != nil {
			w.t.Fatal(err)
		}
		request.Header = http.Header{
			"Content-Type": {"application/json"}, "Webhook-Id": {"hook-" + status}, "Webhook-Signature": {signed}, "Webhook-Timestamp": {fmt.Sprint(sent.Unix())},
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		w.revives()
	}
	w.t.Fatalf("the %s order is never taken\n%s", status, w.d.log)
}

// Kill -9 while an order that has earned is cancelled: its points are taken back, once, and what came of it is known (D1, X17).
func TestX17ACancelledOrderIsSettledThroughEveryPowerCut(t *testing.T) {
	t.Parallel()
	for _, point := range []string{failpoint.ActLocked, failpoint.ActWritten, failpoint.ActCommitted} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			a := opensArcade(t)
			w := &outage{arcade: a, d: a.serves()}
			w.asks("PUT", a.office, "/v1/admin/loyalty", aProgramme)
			w.asks("PUT", a.shop, "/v1/points/e:1", `{"customer": "7", "event": "signup"}`)
			w.asks("PUT", a.shop, "/v1/points/e:2", `{"customer": "7", "event": "order", "order": {"id": "1", "net_goods": {"amount": 6000000, "currency": "DKK"}}}`)
			w.d.stops()
			w.d = a.serves("VOUCHSAFE_FAILPOINTS=" + point)
			armed := w.d
			w.ordered("cancelled", time.Now())
			eventually(t, recoversWithin, "it has died at "+point+", and the points are settled", func() bool {
				w.revives()
				return w.d != armed && strings.Contains(w.asks("GET", a.shop, "/v1/points/e:2", "").text, `"taken_back":{"amount":6000,`)
			})
			w.ordered("cancelled", time.Now()) // told again
			if r := w.asks("GET", a.shop, "/v1/customers/7", ""); !strings.Contains(r.text, `"balance":{"amount":100,"currency":"POINT"}`) {
				t.Errorf("after a crash at %s: %s", point, r.text)
			}
			w.d.stops()
			a.sound()
		})
	}
}
