package admin_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/purchase"
)

// paidWith lets a voucher of 500.00 pay 200.00 of an order, under a name that its shop gives it.
func (h *house) paidWith(key, order string) card {
	h.t.Helper()
	c := h.issues(500_00)
	h.shop.reserves(key, c, "cart-"+key, 200_00).has(201, "{}")
	h.shop.captures(key, order).has(200, "{}")
	return c
}

// reviews lets the job look at cancelled orders, and checks what the office has to do.
func (h *house) reviews(want int) {
	h.t.Helper()
	h.must(h.sales.ReviewCancelled(h.t.Context()))
	h.hasTasks("cancelled_order", want)
}

// X01: an order that a voucher paid for is put before the office when its shop cancels it, whichever of its names the capture knew, told
// twice or on two machines at once; and it is settled once all of it has come back.
func TestACancelledOrderThatAVoucherPaidForWaitsForTheOffice(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"91001", "1001"} {
		h := open(t)
		c := h.paidWith("r:1", name)
		h.receives(goods("1001", 0, purchase.Paid))
		h.reviews(0)
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if _, err := h.sales.ApplyOrder(t.Context(), h.demo, goods("1001", 2, purchase.Cancelled)); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		h.hasTasks("cancelled_order", 1)
		h.receives(goods("1001", 1, purchase.Paid)) // late
		h.tells(goods("1001", 1, purchase.Paid))
		h.reviews(1)
		redemption := h.reads(`SELECT id::text FROM act WHERE kind = 'redemption'`)
		h.office.asks("GET", "/v1/admin/tasks?kind=cancelled_order", "").wants(200, `{"next_cursor":null,"items":[{"id":"*","kind":"cancelled_order","subject":"demo/91001",
			"shop":"demo","reason":"order 1001 (91001) was cancelled, and 200.00 DKK that vouchers paid of it was not refunded","opened_at":"*","age_seconds":"*","closed_at":null,
			"closes":"by_hand","detail":{"owner":"shop:demo","order":"91001","number":"1001","unreturned":[`+dkk(200_00)+`],
				"payments":[{"redemption":"`+redemption+`","voucher":"`+c.id+`","amount":`+dkk(200_00)+`}]},
			"calls":[{"method":"GET","path":"/v1/admin/vouchers/`+c.id+`/history","does":"*"},{"method":"POST","path":"/v1/admin/tasks/`+h.taskOf("cancelled_order")+`/close","does":"*"}]}]}`)
		h.shop.asks("PUT", "/v1/refunds/f:1", members(says("redemption", "r:1"), pays("amount", 50_00), because)).has(201, "{}")
		h.reviews(1)
		h.office.asks("GET", "/v1/admin/tasks?kind=cancelled_order", "").explains(`"unreturned":[` + dkk(150_00) + `]`)
		h.shop.asks("PUT", "/v1/refunds/f:2", members(says("redemption", "r:1"), because)).has(201, "{}")
		h.reviews(0)
		h.shop.asks("DELETE", "/v1/refunds/f:2", "").has(200, "{}")
		h.reviews(1)
		h.tells(goods("1001", 3, purchase.Paid))
		h.hasTasks("cancelled_order", 0)
		h.tells(goods("1001", 4, purchase.Cancelled))
		h.hasTasks("cancelled_order", 1)
		h.receives(goods("1001", 5, purchase.Paid)) // by webhook alone
		h.reviews(0)
	}
}

// X01: facts come in whatever order, and lead to the same; a capture that comes late is found.
func TestACancelledOrderIsToldInWhateverOrderItsFactsCome(t *testing.T) {
	t.Parallel()
	h := open(t)
	for n, sequence := range orderings(4) {
		key, number := fmt.Sprintf("r:%d", n), fmt.Sprint(2000+n)
		c := h.issues(500_00)
		h.shop.reserves(key, c, "cart-"+key, 200_00).has(201, "{}")
		for _, what := range sequence {
			switch what {
			case 0:
				h.receives(goods(number, 0, purchase.Paid))
			case 1:
				h.tells(goods(number, 1, purchase.Cancelled))
			case 2:
				h.shop.captures(key, "9"+number).has(200, "{}")
			case 3:
				h.tells(goods(number, 1, purchase.Cancelled))
			}
		}
	}
	h.reviews(24)
	h.reviews(24)
	if got := h.reads(`SELECT count(*)::text FROM task WHERE kind = 'cancelled_order'`); got != "24" {
		t.Errorf("%s tasks were opened for 24 orders", got)
	}
}

// X01: no task comes of what was refunded before, of an order that no voucher paid for, of a state that is late, or of what merely looks like
// the order's name. What the office has closed is told again only when more of it is spent.
func TestACancelledOrderIsToldOnlyWhereSomethingIsLost(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.paidWith("r:1", "91001")
	h.shop.asks("PUT", "/v1/refunds/f:1", members(says("redemption", "r:1"), because)).has(201, "{}")
	h.tells(goods("1001", 1, purchase.Cancelled))
	h.tells(goods("1002", 1, purchase.Cancelled))
	h.paidWith("r:3", "91003")
	h.receives(goods("1003", 2, purchase.Paid))
	h.tells(goods("1003", 1, purchase.Cancelled))
	h.reviews(0)

	h.paidWith("r:4", "1004") // the id of an order, and the number of another
	mine, other := goods("1004", 1, purchase.Cancelled), goods("3004", 1, purchase.Paid)
	other.ID = "1004"
	h.receives(other)
	h.tells(mine)
	h.reviews(0)

	h.paidWith("r:5", "91005")
	h.tells(goods("1005", 1, purchase.Cancelled))
	h.office.closes("cancelled_order").has(200, "{}")
	h.reviews(0)
	h.tells(goods("1005", 2, purchase.Cancelled))
	h.shop.asks("PUT", "/v1/refunds/f:5", members(says("redemption", "r:5"), pays("amount", 50_00), because)).has(201, "{}")
	h.reviews(0)
	h.paidWith("r:6", "91005")
	h.reviews(1)
	h.passes(30 * 24 * time.Hour)
	h.shop.asks("PUT", "/v1/refunds/f:6", members(says("redemption", "r:5"), because)).has(201, "{}")
	h.office.asks("PUT", "/v1/refunds/f:7", members(says("redemption", h.reads(`SELECT id::text FROM act WHERE kind = 'redemption' AND key = 'r:6'`)), because)).has(201, "{}")
	h.reviews(0)
}

// X01: an order that is called refunded, and of which all that money had paid was given back, is put before the office for what vouchers and
// points had paid; not one that is called so after any refund. Its facts come in whatever order.
func TestARefundedOrderThatAVoucherPaidForInPartWaitsForTheOffice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		refunded []int64
		tasks    int
	}{
		{"all that money had paid", []int64{300_00}, 1},
		{"in parts", []int64{100_00, 200_00}, 1},
		{"a part of it", []int64{100_00}, 0},
		{"all but a cent", []int64{299_99}, 0},
		{"more than money had paid", []int64{350_00}, 1},
		{"all of it", []int64{500_00}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			for n, sequence := range orderings(3) {
				key, number := fmt.Sprintf("r:%d", n), fmt.Sprint(2000+n)
				c := h.issues(500_00)
				h.shop.reserves(key, c, "cart-"+key, 200_00).has(201, "{}")
				for _, what := range sequence {
					switch what {
					case 0:
						h.receives(goods(number, 0, purchase.Paid))
					case 1:
						h.tells(goods(number, 1, purchase.Refunded, tt.refunded...))
						h.tells(goods(number, 1, purchase.Refunded, tt.refunded...))
					case 2:
						h.shop.captures(key, "9"+number).has(200, "{}")
					}
				}
			}
			h.reviews(6 * tt.tasks)
			h.reviews(6 * tt.tasks)
			h.shop.asks("PUT", "/v1/refunds/f:0", members(says("redemption", "r:0"), because)).has(201, "{}")
			h.reviews(5 * tt.tasks)
			h.tells(goods("2001", 2, purchase.Paid))
			h.reviews(4 * tt.tasks)
		})
	}
}
