package main

import (
	"slices"
	"strings"
	"testing"

	"vouchsafe/retail/failpoint"
	"vouchsafe/webshop/woocommerce/woocommercetest"
)

// X05, D1: a shop corrects the address of a code that waits for one, and the daemon dies at every instant of it. The code reaches whom the
// shop names, once, also when the shop tells it again.
func TestACorrectionHappensOnceWhateverInstantTheDaemonDies(t *testing.T) {
	t.Parallel()
	for _, point := range []string{failpoint.WebhookStored, failpoint.RelayApplied, failpoint.ActLocked, failpoint.ActWritten} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			m := opens(t)
			w := &weather{merchant: m, point: point, d: m.serves()}
			order := m.woo.Order(woocommercetest.Line{
				SKU: "GAVEKORT-500", Name: "Gavekort 500 kr.", Quantity: 1, Total: "500.00", Meta: map[string]string{"Til e-mail": "nowhere"},
			})
			order.Pay()
			m.delivers(w.d)
			eventually(t, recoversWithin, "the code waits", func() bool {
				return m.count(`SELECT count(*) FROM delivery WHERE kind = 'code' AND state = 'waiting' AND reason = 'needs_address'`) == 1
			})
			w.d.stops()
			w.d = m.serves("VOUCHSAFE_FAILPOINTS=" + point)
			order.Edit(func(lines []woocommercetest.Line) []woocommercetest.Line {
				lines[0].Meta = map[string]string{"Til e-mail": "lisa@example.com"}
				return lines
			})
			for _, sent := range m.woo.Deliver(t.Context(), w.d.url+"/v1/shops/demo/webhooks") {
				w.again("deliver "+sent.Topic, func() bool { return sent.Status == 200 || w.resent(sent) })
				w.again("repeat "+sent.Topic, func() bool { return w.resent(sent) })
			}
			w.again("mail", func() bool { return len(codes(t, m.sink.Messages())) == 1 })
			w.again("record", func() bool {
				return m.count(`SELECT count(*) FROM delivery WHERE kind = 'code' AND state = 'done'`) == 1
			})
			if !w.died {
				t.Errorf("it never died at %s: nothing was tried", point)
			}
			for _, mail := range m.sink.Messages() {
				if in, err := mail.Codes(); err != nil || len(in) > 0 && !slices.Equal(mail.Recipients, []string{"lisa@example.com"}) {
					t.Errorf("a code went to %v (%v)", mail.Recipients, err)
				}
			}
			w.d.stops()
			if n := m.count(`SELECT count(*) FROM audit WHERE action = 'correct_delivery'`); n != 1 {
				t.Errorf("it was corrected %d times", n)
			}
			if said := m.does("verify"); !strings.HasPrefix(said, "Sound") {
				t.Errorf("verify says %s", said)
			}
		})
	}
}
