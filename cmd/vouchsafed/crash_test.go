package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/retailtest"
	"vouchsafe/webshop/woocommerce/woocommercetest"
)

// TestNothingIsLostOrDoneTwiceWhateverInstantTheDaemonDies kills the daemon at every named point while a
// customer buys two vouchers, a cart reserves and captures one and a till redeems the other, each
// repeating what was not answered, as shops and tills do. Afterwards there are two vouchers, each act
// happened once, every code reached its recipient, and the books prove each other (D1, I1-I10).
func TestNothingIsLostOrDoneTwiceWhateverInstantTheDaemonDies(t *testing.T) {
	t.Parallel()
	for _, point := range failpoint.Names() {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			m := opens(t)
			armed := point
			if point == failpoint.MailMarked {
				armed += "=2" // a code, after the confirmation
			}
			w := &weather{merchant: m, point: point, d: m.serves("VOUCHSAFE_FAILPOINTS=" + armed)}
			w.buysTwo()
			sold := w.codes()
			w.spends(sold)
			if w.mustDie() && !w.died {
				t.Errorf("it never died at %s: nothing was tried", point)
			}
			w.d.stops()
			if said := m.does("verify"); !strings.HasPrefix(said, "Sound") {
				t.Errorf("verify says %s", said)
			}
		})
	}
}

// recoversWithin is how long after a crash everything that was pending must be finished (L1).
const recoversWithin = 60 * time.Second

// weather is a merchant whose daemon dies once and is started again.
type weather struct {
	*merchant
	point string
	d     *running
	died  bool
}

// mustDie tells whether a sale or a spending passes the point.
func (w *weather) mustDie() bool {
	way, _, _ := strings.Cut(w.point, ".")
	return slices.Contains([]string{"webhook", "relay", "issue", "mail", "group"}, way)
}

// again runs something until it succeeds, starting the daemon anew when it has died.
func (w *weather) again(what string, try func() bool) {
	w.t.Helper()
	for end := time.Now().Add(recoversWithin); time.Now().Before(end); {
		if try() {
			return
		}
		select {
		case err := <-w.d.ended:
			w.d.ended <- err
			w.d, w.died = w.serves(), true
		case <-time.After(100 * time.Millisecond):
		}
	}
	w.t.Fatalf("%s: never done with a crash at %s\n%s", what, w.point, w.d.log)
}

// buysTwo lets the shop tell of an order of two until it is believed, and once more: what is settled with the webhook that tells of it
// is read anew when it is repeated.
func (w *weather) buysTwo() {
	w.t.Helper()
	w.buys(2)
	for _, sent := range w.woo.Deliver(w.t.Context(), w.d.url+"/v1/shops/demo/webhooks") {
		w.again("deliver "+sent.Topic, func() bool { return sent.Status == 200 || w.resent(sent) })
		w.again("repeat "+sent.Topic, func() bool { return w.resent(sent) })
	}
}

// resent sends a webhook once more and tells whether it was accepted.
func (w *weather) resent(sent woocommercetest.Sent) bool {
	return w.woo.Resend(w.t.Context(), w.d.url+"/v1/shops/demo/webhooks", sent).Status == 200
}

// codes waits until both codes were mailed, and checks that no mail was sent more often than a crash
// between the final dot and the record explains. A mail that was about to leave may have left for all that
// anybody knows: it is sent again a quarter of an hour later, which is let pass at once, whichever point
// the daemon died at.
func (w *weather) codes() []string {
	w.t.Helper()
	pool := w.look()
	var sold []string
	w.again("mail", func() bool {
		sold = codes(w.t, w.sink.Messages())
		slices.Sort(sold)
		sold = slices.Compact(sold)
		if len(sold) == 2 {
			return true
		}
		if count(w.t, pool, `SELECT count(*) FROM delivery WHERE kind = 'code' AND state = 'in_doubt' AND due_at > vouchsafe_now()`) > 0 {
			retailtest.ShiftClock(w.t, pool, 20*time.Minute)
		}
		return false
	})
	if n := len(w.sink.Messages()); n > 4 {
		w.t.Errorf("%d mails after one crash, want at most one more than 3", n)
	}
	return sold
}

// spends reserves and captures the first code, redeems the second, each under one key however often
// it takes, and checks that each happened once.
func (w *weather) spends(sold []string) {
	w.t.Helper()
	done := func(status ...int) func(reply) bool {
		return func(r reply) bool {
			if r.status != 0 && r.status != 503 && !slices.Contains(status, r.status) {
				w.t.Errorf("%d %s", r.status, r.text)
			}
			return slices.Contains(status, r.status)
		}
	}
	put := done(200, 201)
	w.again("reserve", func() bool {
		return put(w.d.asks(w.shop, "PUT", "/v1/reservations/r", fmt.Sprintf(`{"code": %q, "holder": "c", "due": {"amount": 20000, "currency": "DKK"}}`, sold[0])))
	})
	w.again("capture", func() bool {
		return done(200)(w.d.asks(w.shop, "POST", "/v1/reservations/r/capture", `{"order": "7"}`))
	})
	w.again("redeem", func() bool {
		return put(w.d.asks(w.till, "PUT", "/v1/redemptions/k", fmt.Sprintf(`{"code": %q, "amount": {"amount": 30000, "currency": "DKK"}, "receipt": "1"}`, sold[1])))
	})
	for i, want := range []float64{30000, 20000} {
		r := w.d.wants(200, w.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q}`, sold[i]))
		if r.at("balance.amount") != want {
			w.t.Errorf("code %d: balance %v, want %v", i, r.at("balance.amount"), want)
		}
	}
}
