package admin_test

import (
	"testing"
	"time"

	"vouchsafe/retail/purchase"
)

// X22, X06: what the office dismissed before it was paid comes before it again when the shop tells of the money, once, and is settled either
// way; what was told before the dismissal changes nothing.
func TestX22ADismissedPurchaseThatIsPaidWaitsForTheOfficeAgain(t *testing.T) {
	t.Parallel()
	unpaid := func(o *purchase.Order) { o.Status, o.PaidAt, o.Tender = purchase.Placed, time.Time{}, "invoice" }
	const again = "purchase_waiting paid_after_dismissal"
	for _, ends := range []string{"activate", "dismiss"} {
		h := open(t)
		h.receives(order("1001", 1, unpaid))
		here := "/v1/admin/purchases/" + h.purchaseOf("1001")
		h.office.asks("POST", here+"/dismiss", members(because)).has(200, `{"state":"dismissed"}`)
		h.office.lists("/v1/admin/purchases", "state", "dismissed", "state", "dismissed")
		h.receives(order("1001", 0))
		if got := h.openTasks(); got != "" {
			t.Errorf("an older state has opened %s", got)
		}
		for minute := range 3 {
			h.receives(order("1001", 2+minute/2))
			h.tells(order("1001", 2+minute/2))
			if got := h.openTasks(); got != again {
				t.Errorf("tasks: got %q, want %q", got, again)
			}
		}
		h.office.lists("/v1/admin/purchases", "state", "waiting", "state", "waiting")
		h.office.asks("POST", here+"/"+ends, members(because)).has(200, "{}")
		h.receives(order("1001", 5))
		h.tells(order("1001", 6))
		want := map[string]string{"activate": `{"state":"issued","issued":1}`, "dismiss": `{"state":"dismissed","issued":0}`}[ends]
		h.office.asks("GET", here, "").has(200, want)
		if got := h.openTasks(); got != "" {
			t.Errorf("tasks are left: %s", got)
		}
	}
}
