package admin_test

import (
	"fmt"
	"testing"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// P23: an order that its shop told to be a guest's or another customer's earns its caller nothing, however the shop told it; one that names
// no buyer is whoever's the caller says, and a customer who has several log-ins is one person.
func TestP23AnOrderEarnsForItsBuyerAlone(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	tellings := []func(purchase.Order){h.tells, func(o purchase.Order) { h.receives(o) }}
	by := func(number, login, email string) purchase.Order {
		o := goods(number, 1, purchase.Paid)
		o.Buyer = purchase.Buyer{ID: login, Email: email}
		return o
	}
	for i, tells := range tellings {
		number := func(n int) string { return fmt.Sprint(n*10 + i) }
		key := func(n int) (key, order string) { return "e:" + number(n), fivehundred("9" + number(n)) }
		tells(by(number(1), "", "guest@example.dk"))
		tells(by(number(2), "8", "eight@example.dk"))
		tells(by(number(3), "", ""))
		for n, detail := range map[int]string{
			1: "customer: the order was bought by a guest: points are for customers who are logged in",
			2: "customer: the order was bought by another customer",
		} {
			key, order := key(n)
			h.unchanged(detail, func() {
				h.shop.earns(key, "7", "order", order).refuses(400, "invalid_request", says("field", "customer")).has(400, says1("detail", detail))
			})
		}
		first, second := 20+i, 30+i
		h.shop.earns(fmt.Sprint("e:", first), "8", "order", fivehundred("9"+number(2))).has(201, members(point("earned", 40)))
		h.shop.earns(fmt.Sprint("e:", second), "7", "order", fivehundred("9"+number(3))).has(201, members(point("earned", 40)))
		h.shop.earns(fmt.Sprint("e:", first), "8", "order", fivehundred("9"+number(2))).has(200, members(point("earned", 40)))
		h.tells(by(number(1), "7", "guest@example.dk")) // as old, and with an account
		h.shop.earns("late:"+number(1), "7", "order", fivehundred("9"+number(1))).has(201, members(point("earned", 40)))
	}
	h.tells(by("99", "8", "eight@example.dk"))
	h.merges("8", "7")
	h.shop.earns("e:99", "7", "order", fivehundred("999")).has(201, members(point("earned", 40)))
}

// P06 X17: an order earns on no more than the goods that its shop has told of, whichever is told first, whatever lines the caller names.
func TestP06AnOrderThatIsKnownEarnsOnItsOwnGoodsAlone(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"told", "earned"} {
		t.Run(first+" first", func(t *testing.T) {
			t.Parallel()
			h := bonus(t, tenth)
			o := mixed("1001", 1, purchase.Paid) // 500.00 of goods beside a voucher
			o.Lines[1].Paid = money.Of(200_00, "DKK")
			steps := []func(){
				func() { h.tells(o) },
				func() {
					h.shop.earns("e:1", "7", "order", bought("91001", 800_00, `"lines":[`+members(says("sku", "TEA"), pays("net", 800_00))+`]`)).has(201, "{}")
				},
			}
			if first == "earned" {
				steps[0], steps[1] = steps[1], steps[0]
			}
			steps[0]()
			steps[1]()
			h.hasPoints("7", 20, 0)
			h.shop.earns("e:2", "7", "order", bought("5", 800_00, `"lines":[`+members(says("sku", "TEA"), pays("net", 800_00))+`]`)).has(201, members(point("earned", 80)))
		})
	}
}
