package admin_test

import (
	"testing"

	"vouchsafe/retail/purchase"
)

// spentAndCancelled is a house whose customer has spent the 40 points that an order earned before it was cancelled.
func spentAndCancelled(t *testing.T) *house {
	t.Helper()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	h.shop.paysWith("r:1", "7", 4_00).has(201, members(point("amount", 40)))
	h.shop.captures("r:1", "55").has(200, "{}")
	h.tells(goods("1001", 1, purchase.Cancelled))
	return h
}

// X17: once the office has closed the matter of points that were spent, since it has settled it with the customer or forgives it, nothing
// of it is collected any more: what comes back is the customer's.
func TestX17WhatTheOfficeLetsBeIsNotCollected(t *testing.T) {
	t.Parallel()
	h := spentAndCancelled(t)
	task := h.reads(`SELECT id::text FROM task WHERE kind = 'points_spent' AND closed_at IS NULL`)
	h.office.asks("POST", "/v1/admin/tasks/"+task+"/close", members(because)).has(200, "{}")
	h.shop.asks("PUT", "/v1/refunds/f:1", members(says("redemption", "r:1"), because)).has(201, members(point("balance", 40)))
	h.hasPoints("7", 40, 0)
	h.must(h.sales.SettlePoints(t.Context()))
	h.hasTasks("points_spent", 0)
	h.tells(goods("1001", 2, purchase.Paid)) // he has had what he deserves
	h.hasPoints("7", 40, 0)
	h.tells(goods("1001", 3, purchase.Cancelled))
	h.hasPoints("7", 0, 0)
}

// X17: an answer says what there is after what was open has been made up for.
func TestX17ARefundSaysWhatIsLeftAfterWhatWasOpen(t *testing.T) {
	t.Parallel()
	h := spentAndCancelled(t)
	for _, status := range []int{201, 200} {
		h.shop.asks("PUT", "/v1/refunds/f:1", members(says("redemption", "r:1"), because)).has(status, members(point("balance", 0)))
	}
	h.hasPoints("7", 0, 0)
	h.unchanged("a refund of which nothing is there any more", func() {
		h.shop.asks("DELETE", "/v1/refunds/f:1", "").refuses(409, "not_reversible").has(409, says1("detail", "The points that came back are not there any more: they were spent, set aside or ended, "+
			"or they made up for points of a refunded order that had been spent: the act can no longer be taken back; "+
			"let the customer pay otherwise, or the office adjust his points."))
	})
}
