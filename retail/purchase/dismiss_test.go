package purchase_test

import (
	"testing"

	"vouchsafe/retail/purchase"
)

// dismissed lets the office dismiss what waits.
func (w *world) dismissed() *world {
	w.t.Helper()
	d, err := purchase.Dismiss(*w.known)
	if err != nil {
		w.t.Fatal(err)
	}
	w.known = &d.Purchase
	return w
}

// X22: what was dismissed before it was paid waits for the office again when the shop tells of the money; what was known is settled for good.
func TestWhatWasDismissedWaitsAgainOnNewsOfItsPayment(t *testing.T) {
	t.Parallel()
	var (
		unpaid  = status(purchase.Placed)
		invoice = tender("invoice")
		over    = status(purchase.Cancelled)
	)
	const again = "purchase_waiting paid_after_dismissal"
	tests := []struct {
		name  string
		play  func(w *world)
		waits string
		state string
	}{
		{"dismissed", func(w *world) { w.told(state(0, unpaid, invoice)).dismissed() }, "", "dismissed"},
		{"still not paid", func(w *world) { w.told(state(0, unpaid, invoice)).dismissed().told(state(1, unpaid, invoice)) }, "", "dismissed"},
		{"paid online", func(w *world) { w.told(state(0, unpaid, invoice)).dismissed().told(state(1)) }, again, "waiting"},
		{"paid online, told again and again", func(w *world) {
			w.told(state(0, unpaid, invoice)).dismissed().told(state(1)).told(state(1)).told(state(2))
		}, again, "waiting"},
		{"paid otherwise", func(w *world) { w.told(state(0, unpaid, invoice)).dismissed().told(state(1, invoice)) }, "purchase_waiting not_paid_online", "waiting"},
		{"paid by an older state, which is late", func(w *world) { w.told(state(1, unpaid, invoice)).dismissed().told(state(0)) }, "", "dismissed"},
		{"paid, and dismissed again", func(w *world) {
			w.told(state(0, unpaid, invoice)).dismissed().told(state(1)).dismissed().told(state(1)).told(state(2))
		}, "", "dismissed"},
		{"paid, dismissed again, cancelled and paid again", func(w *world) {
			w.told(state(0, unpaid, invoice)).dismissed().told(state(1)).dismissed().told(state(2, over)).told(state(3))
		}, "", "dismissed"},
		{"paid and cancelled", func(w *world) { w.told(state(0, unpaid, invoice)).dismissed().told(state(1)).told(state(2, over)) }, "", "cancelled"},
		{"paid, cancelled and paid again", func(w *world) {
			w.told(state(0, unpaid, invoice)).dismissed().told(state(1)).told(state(2, over)).told(state(3))
		}, again, "waiting"},
		{"dismissed after it was paid otherwise", func(w *world) { w.told(state(0, invoice)).dismissed().told(state(1, invoice)) }, "", "dismissed"},
		{"dismissed after it was paid otherwise, then online", func(w *world) { w.told(state(0, invoice)).dismissed().told(state(1)) }, again, "waiting"},
		{"dismissed for another reason", func(w *world) {
			cheap := lines(sells("1", "CARD-500", 1, 100_00))
			w.told(state(0, cheap)).dismissed().told(state(1, cheap)).told(state(2))
		}, "", "dismissed"},
		{"paid and refunded", func(w *world) {
			w.told(state(0, unpaid, invoice)).dismissed().told(state(1)).told(state(2, refund("r1", "1", 1)))
		}, "", "refunded"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			test.play(w)
			if len(w.issued) > 0 {
				t.Errorf("%v issued by itself", w.issued)
			}
			if got := w.waits(); got != test.waits {
				t.Errorf("waits for the office: got %q, want %q", got, test.waits)
			}
			if got := w.known.State(); got != test.state {
				t.Errorf("the purchase is %s, want %s", got, test.state)
			}
		})
	}
	w := newWorld(t).told(state(0, unpaid, invoice)).dismissed().told(state(1)).activated().told(state(2))
	if got := w.usable() + w.waits(); got != "1/1=50000" {
		t.Errorf("activated: %q", got)
	}
}
