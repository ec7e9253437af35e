package admin_test

import (
	"testing"
	"time"
)

// X02 P15: a shop takes an earning back for so long, the office always.
func TestX02AShopTakesAnEarningBackForSoLong(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "7", "signup").has(201, "{}")
	h.shop.earns("e:2", "8", "signup").has(201, "{}")
	h.passes(23 * time.Hour)
	h.shop.asks("DELETE", "/v1/points/e:1", "").has(200, says1("outcome", "reversed"))
	h.passes(25 * time.Hour)
	h.shop.asks("DELETE", "/v1/points/e:2", "").refuses(409, "not_reversible")
	h.hasPoints("8", 100, 0)
	h.office.grantsBy("g:1", "8", 5).has(201, "{}")
	h.passes(72 * time.Hour)
	h.office.asks("DELETE", "/v1/points/g:1", "").has(200, says1("outcome", "reversed"))
}

// X03: the task of an order that lacks points leads to the customer whose points they are.
func TestX03AnOrderThatLacksPointsLeadsToItsCustomer(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 100)
	h.shop.paysWith("r:1", "7", 10_00).has(201, "{}")
	h.passes(25 * time.Hour)
	h.shop.paysWith("r:2", "7", 10_00).has(201, "{}")
	h.shop.captures("r:1", "71").refuses(409, "reservation_superseded", pays("uncovered", 10_00))
	h.office.asks("GET", "/v1/admin/tasks?kind=short_order", "").has(200, `{"items":[{"id":"*","kind":"short_order","subject":"*","shop":"demo","reason":"*","detail":"*",
		"opened_at":"*","age_seconds":"*","closed_at":null,"closes":"by_hand","calls":[
			{"method":"GET","path":"/v1/admin/customers/`+h.idOf("7")+`","does":"see what the customer has, and what became of it"},{"does":"*","method":"*","path":"*"}]}]}`)
}
