package admin_test

import (
	"testing"
	"time"

	"vouchsafe/retail/purchase"
)

// X17: what a cart has set aside when its order is cancelled is taken back when it is free, however the cart lets go of it; and is spent
// when it pays.
func TestPointsThatWereSetAsideAreTakenBackWhenTheyAreFree(t *testing.T) {
	t.Parallel()
	for name, lets := range map[string]struct {
		ends func(h *house)
		want string
		open string
	}{
		"released": {func(h *house) { h.shop.asks("DELETE", "/v1/reservations/r:1", "").has(200, "{}") }, "0", "0"},
		"expired":  {func(h *house) { h.passes(25 * time.Hour) }, "0", "0"},
		"paid":     {func(h *house) { h.shop.captures("r:1", "91009").has(200, "{}") }, "0", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := bonus(t, tenth)
			h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
			h.shop.paysWith("r:1", "7", 4_00).has(201, "{}")
			h.tells(goods("1001", 1, purchase.Cancelled))
			spent := func() string {
				return h.reads(`SELECT count(*)::text FROM task WHERE kind = 'points_spent' AND closed_at IS NULL`)
			}
			if got := spent(); got != "0" {
				t.Errorf("the office was told of points that were spent, and they are only set aside")
			}
			lets.ends(h)
			h.must(h.sales.SettlePoints(t.Context()))
			h.must(h.sales.SettlePoints(t.Context()))
			if got := h.reads(`SELECT balance::text FROM account WHERE currency = 'POINT'`); got != lets.want || spent() != lets.open {
				t.Errorf("%s points stand and %s tasks, want %s and %s", got, spent(), lets.want, lets.open)
			}
			if got := h.reads(`SELECT count(*)::text FROM loyalty_order WHERE unsettled`); got != "0" {
				t.Errorf("%s orders wait to be settled, want none", got)
			}
		})
	}
}

// X17: an account in quarantine is settled when it is out of it.
func TestPointsInQuarantineAreTakenBackAfterIt(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	h.runs(`UPDATE account SET quarantined = true`)
	h.tells(goods("1001", 1, purchase.Cancelled))
	h.must(h.sales.SettlePoints(t.Context()))
	if got := h.reads(`SELECT balance::text FROM account WHERE currency = 'POINT'`); got != "40" {
		t.Errorf("%s points stand in quarantine, want 40", got)
	}
	h.runs(`UPDATE account SET quarantined = false`)
	h.must(h.sales.SettlePoints(t.Context()))
	if got := h.reads(`SELECT balance::text FROM account WHERE currency = 'POINT'`); got != "0" {
		t.Errorf("%s points stand after it, want none", got)
	}
}
