package admin_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// tenth is a programme in which ten kroner of goods earn a point, and a point is worth ten øre.
const tenth = `"lifetime_days":365,
	"rates":[{"points":10,"value":{"amount":100,"currency":"DKK"}}],
	"rules":[
		{"event":"order","points":1,"per":{"amount":1000,"currency":"DKK"}},
		{"event":"signup","points":100},{"event":"review_product","points":25},
		{"event":"review_article","points":10},{"event":"referral","points":75}],
	"spending":{"per_order":5000},
	"rewards":[{"name":"Billet","points":50},{"name":"Gavekort","points":500,"sku":"CARD-500"}],
	"shown":{"account":true,"product":true,"review":true,"checkout":true,"confirmation":true}`

// bonus opens a house with a programme in force.
func bonus(t *testing.T, programme string) *house {
	t.Helper()
	h := open(t)
	h.office.rules(0, programme).has(200, `{"version":1}`)
	return h
}

// point is an amount of points.
func point(name string, n int64) string {
	return fmt.Sprintf(`%q:{"amount":%d,"currency":"POINT"}`, name, n)
}

// earns tells of an event.
func (c *caller) earns(key, customer, event string, more ...string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/points/"+key, members(append(more, says("customer", customer), says("event", event))...))
}

// bought is an order of goods, and what more there is to say of it.
func bought(id string, net int64, more ...string) string {
	return `"order":` + members(append(more, says("id", id), pays("net_goods", net))...)
}

// paysWith reserves points of a customer for a cart.
func (c *caller) paysWith(key, customer string, due int64, more ...string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/reservations/"+key,
		members(append(more, says("customer", customer), says("pay_with", "points"), says("holder", "cart-"+key), pays("due", due))...))
}

// grantsPoints gives points by hand.
func (h *house) grantsPoints(customer string, n int64) {
	h.t.Helper()
	h.office.earns(fmt.Sprintf("grant-%s-%d-%s", customer, n, h.reads("SELECT count(*) FROM act")), customer, "manual", says("shop", "demo"), fmt.Sprintf(`"points":%d`, n), because).has(201, "{}")
}

// hasPoints checks an account of points.
func (h *house) hasPoints(login string, balance, reserved int64) {
	h.t.Helper()
	h.shop.customer(login).has(200, `{"balances":[{`+point("balance", balance)+`,`+point("reserved", reserved)+`,`+point("available", balance-reserved)+`}]}`)
}

// P02 P03 P04 P05: every event earns what its rule says, once, and its repeat is answered the same.
func TestEventsEarnPoints(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	earned := func(n, balance int64) string { return members(point("earned", n), point("balance", balance)) }
	h.shop.earns("e:1", "7", "signup").wants(201, members(says("customer", "7"), says("event", "signup"), point("earned", 100), point("balance", 100),
		`"points":`+members(says("key", "e:1"), `"id":"*"`, point("amount", 100))))
	h.shop.earns("e:1", "7", "signup").has(200, earned(100, 100))
	h.shop.earns("e:2", "7", "signup").has(201, earned(0, 100)) // P04: once
	h.shop.earns("e:3", "7", "order", bought("1001", 199_99)).has(201, earned(19, 119))
	h.shop.earns("e:3", "7", "order", bought("1001", 199_99)).has(200, earned(19, 119))
	h.shop.earns("e:4", "7", "order", bought("1001", 199_99)).has(201, earned(0, 119)) // told twice
	h.shop.earns("e:5", "7", "review_product", `"about":{"sku":"TEA-1"}`).has(201, earned(25, 144))
	h.shop.earns("e:6", "7", "review_product", `"about":{"sku":"TEA-1"}`).has(201, earned(0, 144))
	h.shop.earns("e:7", "7", "review_article", `"about":{"sku":"how-to-brew"}`).has(201, earned(10, 154))
	h.shop.earns("e:8", "7", "referral", says("referred", "8")).has(201, earned(75, 229))
	h.shop.earns("e:9", "9", "referral", says("referred", "8")).has(201, earned(0, 0)) // somebody else was first
	h.shop.earns("e:3", "7", "order", bought("1001", 299_99)).refuses(422, "key_reused")
	h.shop.asks("GET", "/v1/points/e:3", "").has(200, members(says("state", "done"), says("event", "order"), point("earned", 19), point("balance", 119), point("taken_back", 0)))
	h.shop.asks("GET", "/v1/points/e:99", "").refuses(404, "not_found")
}

// customer asks for a customer of the demo shop.
func (c *caller) customer(login string) *reply {
	c.h.t.Helper()
	return c.asks("GET", "/v1/customers/"+login, "")
}

// P06 P10 X17: an order earns for its goods alone: not for vouchers, whether the shop says so or not, nor for what does not earn.
func TestWhatOfAnOrderEarns(t *testing.T) {
	t.Parallel()
	h := bonus(t, `"rates":[{"points":10,"value":{"amount":100,"currency":"DKK"}}],
		"rules":[{"event":"order","points":1,"per":{"amount":1000,"currency":"DKK"},"only":{"without":["SALE"]},"per_order":30,"per_product":20}]`)
	line := func(sku string, net int64, more ...string) string {
		return members(append(more, says("sku", sku), pays("net", net))...)
	}
	for i, tt := range []struct {
		what  string
		net   int64
		lines string
		want  int64
	}{
		{"goods", 100_00, line("TEA", 100_00), 10},
		{"a voucher of ours", 600_00, line("TEA", 100_00) + "," + line("CARD-500", 500_00), 10},
		{"a voucher of somebody's", 600_00, line("TEA", 100_00) + "," + line("OTHER", 500_00, `"stored_value":true`), 10},
		{"what is left out", 600_00, line("TEA", 100_00) + "," + line("SALE", 500_00), 10},
		{"the limit of a product", 500_00, line("TEA", 500_00), 20},
		{"the limit of an order", 900_00, line("TEA", 300_00) + "," + line("MUG", 300_00) + "," + line("POT", 300_00), 30},
		{"goods that come to less than their lines", 50_00, line("TEA", 100_00), 5},
	} {
		h.shop.earns(fmt.Sprint("e:", i), "7", "order", bought(fmt.Sprint("o", i), tt.net, `"lines":[`+tt.lines+`]`)).has(201, members(point("earned", tt.want)))
	}
}

// P23: points are for customers who are logged in, and what can't be meant changes nothing.
func TestPointsAreRefused(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.unchanged("what is refused", func() {
		for _, tt := range []struct {
			got   *reply
			field string
		}{
			{h.shop.earns("e:1", "0", "signup"), "customer"},
			{h.shop.paysWith("r:1", "0", 100_00), "customer"},
			{h.shop.earns("e:1", "7", "order"), "order"},
			{h.shop.earns("e:1", "7", "signup", bought("1", 1_00)), "order"},
			{h.shop.earns("e:1", "7", "signup", says("referred", "8")), "referred"},
			{h.shop.earns("e:1", "7", "signup", `"about":{"sku":"TEA"}`), "about"},
			{h.shop.earns("e:1", "7", "review_article", `"about":{"sku":""}`), "about.sku"},
			{h.shop.earns("e:1", "7", "referral", says("referred", "0")), "referred"},
			{h.shop.earns("e:1", "7", "referral", says("referred", "\t")), "referred"},
			{h.shop.earns("e:1", "7", "signup", `"points":5`), "points"},
			{h.shop.earns("e:1", "7", "signup", says("shop", "demo")), "shop"},
			{h.shop.earns("e:1", "7", "order", bought("1", -1)), "order.net_goods.amount"},
			{h.shop.earns("e:1", "7", "order", bought("1", 1_00, `"lines":[{"sku":"A","net":{"amount":1,"currency":"EUR"}}]`)), "lines[0].net.currency"},
			{h.office.earns("e:1", "7", "manual", says("shop", "demo"), `"points":5`), "reason"},
			{h.shop.asks("PUT", "/v1/conversions/c:1", members(says("customer", "0"), `"points":5`, says("reward", "Billet"))), "customer"},
		} {
			tt.got.refuses(400, "invalid_request", says("field", tt.field))
		}
		h.shop.earns("e:1", "", "signup").refuses(400, "invalid_request", says("field", "customer"))
		h.shop.earns("e:1", "7", "birthday").refuses(400, "invalid_request", says("field", "event"))
		h.shop.earns("e:1", "7", "manual", `"points":5`, because).refuses(403, "channel_not_allowed")
		h.till.earns("e:1", "7", "signup").refuses(403, "channel_not_allowed")
		h.shop.earns("e:1", "7", "order", `"order":{"id":"1","net_goods":{"amount":100,"currency":"EUR"}}`).refuses(409, "currency_mismatch")
		h.office.asks("PUT", "/v1/points/e:1", members(says("customer", "7"), says("shop", "demo"), says("event", "manual"), because, `"points":{"amount":5,"currency":"DKK"}`)).refuses(400, "invalid_request", says("field", "points"))
		h.shop.paysWith("r:1", "7", 100_00).refuses(409, "insufficient_balance", point("available", 0))
	})
}

// P08 P19 P16: points pay at the rate of the day, at most so many on an order; what is taken plus what is left is always the whole.
func TestAnOrderIsPaidWithPoints(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 6000)
	h.shop.paysWith("r:1", "7", 250_05).has(201, members(says("state", "active"), says("customer", "7"), point("amount", 2500), pays("covers", 250_00), pays("remaining_due", 5),
		`"payment_required":true`, `"total_line":{"type":"redeemed_points","points":2500,"amount":{"amount":-25000,"currency":"DKK"}}`))
	h.shop.paysWith("r:1", "7", 250_05).has(200, members(point("amount", 2500)))
	h.shop.paysWith("r:1", "7", 900_00).has(200, members(point("amount", 5000), pays("covers", 500_00))) // P19
	h.shop.asks("GET", "/v1/reservations/r:1", "").has(200, members(point("amount", 5000), pays("covers", 500_00), pays("remaining_due", 400_00), says("customer", "7")))
	h.shop.asks("POST", "/v1/reservations/find", says1("holder", "cart-r:1")).has(200, `{"items":[`+members(`"key":"r:1"`, point("amount", 5000), pays("covers", 500_00), says("customer", "7"), pays("remaining_due", 400_00), `"expires_at":"*"`,
		`"payment_required":true`, `"resumed":false`, says("state", "active"), `"total_line":{"type":"redeemed_points","points":5000,"amount":{"amount":-50000,"currency":"DKK"}}`)+`]}`)
	captured := members(`"redemption":`+members(says("key", "r:1"), `"id":"*"`, point("amount", 4321)), pays("covers", 432_10), point("balance", 1679), point("released", 679),
		`"total_line":{"type":"redeemed_points","points":4321,"amount":{"amount":-43210,"currency":"DKK"}}`)
	h.shop.captures("r:1", "1001", pays("order_total", 432_15)).has(200, captured)
	h.shop.captures("r:1", "1001", pays("order_total", 432_15)).has(200, captured)
	h.shop.asks("PUT", "/v1/refunds/f:1", members(says("redemption", "r:1"), point("amount", 321), because)).has(201, members(point("balance", 2000)))
	h.shop.asks("PUT", "/v1/refunds/f:2", members(says("redemption", "r:1"), because)).has(201, members(point("balance", 6000)))
	h.shop.asks("PUT", "/v1/refunds/f:3", members(says("redemption", "r:1"), because)).refuses(409, "insufficient_balance", point("available", 0))
	h.hasPoints("7", 6000, 0)
}

// P08: the rate of a reservation is that of the day on which it was made, whatever the rate becomes.
func TestAReservationKeepsItsRate(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1000)
	h.shop.paysWith("r:1", "7", 50_00).has(201, members(point("amount", 500), pays("covers", 50_00)))
	h.office.rules(1, `"rates":[{"points":10,"value":{"amount":500,"currency":"DKK"}}]`).has(200, `{"version":2}`)
	h.shop.paysWith("r:1", "7", 60_00).has(200, members(point("amount", 600), pays("covers", 60_00)))
	h.shop.captures("r:1", "1001").has(200, members(pays("covers", 60_00)))
	h.shop.paysWith("r:2", "7", 60_00).has(201, members(point("amount", 120), pays("covers", 60_00)))
	h.office.rules(2, `"shown":{}`).has(200, `{"version":3}`)
	h.shop.paysWith("r:2", "7", 70_00).has(200, members(point("amount", 120))) // what is live stays as it is
	h.shop.paysWith("r:3", "7", 60_00).refuses(422, "cannot_be_applied")
	h.shop.asks("POST", "/v1/reservations/r:2/release", "").has(200, says1("outcome", "released"))
	h.shop.paysWith("r:2", "7", 70_00).refuses(422, "cannot_be_applied")
	h.shop.paysWith("r:1", "7", 60_00).has(200, says1("state", "captured"))
}

// P09: only chosen products are paid with points, and only by the customers who may.
func TestPointsPayForChosenProducts(t *testing.T) {
	t.Parallel()
	h := bonus(t, `"rates":[{"points":1,"value":{"amount":100,"currency":"DKK"}}],"spending":{"only":{"categories":["tea"]},"groups":["gold"]}`)
	h.grantsPoints("7", 1000)
	lines := `"lines":[{"sku":"TEA","category":"tea","net":{"amount":8000,"currency":"DKK"},"gross":{"amount":10000,"currency":"DKK"}},{"sku":"MUG","net":{"amount":5000,"currency":"DKK"}}]`
	h.shop.paysWith("r:1", "7", 150_00, lines).refuses(422, "cannot_be_applied")
	h.office.asks("PUT", "/v1/admin/loyalty/customers/7?shop=demo", `{"excluded":false,"percent":100,"group":"gold"}`).has(200, "{}")
	h.shop.paysWith("r:1", "7", 150_00).refuses(400, "invalid_request", says("field", "lines"))
	h.shop.paysWith("r:1", "7", 150_00, lines).has(201, members(point("amount", 100), pays("covers", 100_00), pays("remaining_due", 50_00)))
	h.office.asks("PUT", "/v1/admin/loyalty/customers/7?shop=demo", `{"excluded":true,"percent":100,"group":"gold"}`).has(200, "{}")
	h.shop.paysWith("r:2", "7", 150_00, lines).refuses(422, "cannot_be_applied") // P15
	h.shop.earns("e:1", "7", "signup").has(201, members(point("earned", 0)))
}

// P15: the office gives points by hand, and says how much of what others earn a customer earns.
func TestP15TheOfficeGivesPoints(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 40)
	h.office.asks("PUT", "/v1/admin/loyalty/customers/7?shop=demo", `{"excluded":false,"percent":150,"group":""}`).has(200, "{}")
	h.shop.earns("e:1", "7", "order", bought("1", 199_99)).has(201, members(point("earned", 29), point("balance", 69)))
	h.office.grants("a:1", "7", says("shop", "demo"), point("delta", -9)).has(201, members(point("balance", 60)))
	if got := h.reads(`SELECT string_agg(action, ' ' ORDER BY id) FROM audit WHERE action IN ('grant_points', 'set_standing', 'adjust')`); got != "grant_points set_standing adjust" {
		t.Errorf("the audit trail says %s", got)
	}
}

// A grant whose worth is above what one alone may give is refused, in one act as in points that become a voucher.
func TestPointsAboveTheSetAmountAreNotGivenAlone(t *testing.T) {
	t.Parallel()
	h := open(t, approvalAbove("100.00"))
	h.office.rules(0, tenth).has(200, "{}")
	h.office.earns("g:1", "7", "manual", says("shop", "demo"), `"points":1001`, because).refuses(403, "approval_required")
	h.office.earns("g:1", "7", "manual", says("shop", "demo"), `"points":1000`, because).has(201, members(point("balance", 1000)))
}

// Points and a voucher pay one order together, whichever comes first.
func TestPointsAndAVoucherPayOneOrder(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 2000)
	for i, order := range [][2]string{{"p", "v"}, {"v", "p"}} {
		card := h.issues(500_00)
		key := func(which string) string { return fmt.Sprintf("%s:%d", which, i) }
		h.shop.paysWith(key("p"), "7", 550_00, point("amount", 800)).has(201, members(pays("covers", 80_00)))
		h.shop.reserves(key("v"), card, "cart-"+key("p"), 500_00).has(201, "{}")
		first, second := key(order[0]), key(order[1])
		got := h.shop.asks("POST", "/v1/captures", members(says("order", key("o")), pays("order_total", 550_00),
			`"reservations":[{"key":"`+first+`"},{"key":"`+second+`"}]`))
		want := map[string]string{"pv": "80_00 470_00", "vp": "500_00 50_00"}[order[0]+order[1]]
		if paid := got.paid(); paid != want {
			t.Errorf("%v pay %s, want %s", order, paid, want)
		}
	}
	card := h.issues(500_00) // the points are named, after the voucher
	h.shop.paysWith("p:2", "7", 550_00, point("amount", 300)).has(201, "{}")
	h.shop.reserves("v:2", card, "cart-x", 500_00).has(201, "{}")
	got := h.shop.asks("POST", "/v1/captures", members(says("order", "o:2"), pays("order_total", 510_00), `"reservations":[{"key":"v:2"},{"key":"p:2",`+point("amount", 300)+`}]`))
	if paid := got.paid(); paid != "480_00 30_00" {
		t.Errorf("they pay %s", paid)
	}
}

// paid is how much of the order each capture has paid, in kroner.
func (r *reply) paid() string {
	r.t.Helper()
	var told struct {
		Captures []struct {
			Redemption struct{ Amount money.Amount }
			Covers     *money.Amount
		}
	}
	if err := json.Unmarshal([]byte(r.text), &told); err != nil || r.status != 200 {
		r.t.Fatalf("%d %s, %v", r.status, r.text, err)
	}
	var paid []string
	for _, c := range told.Captures {
		amount := c.Redemption.Amount
		if c.Covers != nil {
			amount = *c.Covers
		}
		paid = append(paid, strings.ReplaceAll(amount.Decimal(), ".", "_"))
	}
	return strings.Join(paid, " ")
}

// Two tabs, or two gateways, can't spend the same points.
func TestTheSamePointsAreNeverSpentTwice(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1000)
	var done sync.WaitGroup
	for i := range 8 {
		done.Go(func() { h.shop.paysWith(fmt.Sprint("r:", i), "7", 30_00) })
	}
	done.Wait()
	if got := h.reads(`SELECT sum(amount)::text || ' ' || count(*) FROM account_reservation WHERE state = 'active'`); got != "1000 4" {
		t.Errorf("set aside are %s", got)
	}
}

// X17: what points pay earns nothing, whether the order earns before it is paid with them or after.
func TestPointsNeverMakePoints(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 2000)
	whole := func(id string) string { return bought(id, 400_00, pays("total", 500_00)) }
	h.shop.paysWith("r:1", "7", 500_00, point("amount", 1000)).has(201, members(pays("covers", 100_00)))
	h.shop.captures("r:1", "1001").has(200, "{}")
	h.shop.earns("e:1", "7", "order", whole("1001")).has(201, members(point("earned", 32))) // four fifths of forty
	h.shop.earns("e:2", "7", "order", whole("1002")).has(201, members(point("earned", 40)))
	h.shop.paysWith("r:2", "7", 500_00, point("amount", 1000)).has(201, members(pays("covers", 100_00)))
	h.shop.captures("r:2", "1002").has(200, "{}")
	h.shop.captures("r:2", "1002").has(200, "{}")
	h.shop.asks("GET", "/v1/points/e:2", "").has(200, members(point("earned", 40), point("taken_back", 8)))
	h.hasPoints("7", 32+32, 0)
}

// X17 P14: what an order earned goes back by reference when it is refunded or cancelled, in parts as in one, whenever that is told.
func TestPointsGoBackWithTheirOrder(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	goods := func(number string, minute int, status purchase.Status, refunds ...int64) purchase.Order {
		o := order(number, minute, of("TEA"), withStatus(status))
		o.Total = money.Of(500_00, "DKK")
		for i, minor := range refunds {
			o.Refunds = append(o.Refunds, purchase.Refund{ID: fmt.Sprint(i), Amount: money.Of(minor, "DKK")})
		}
		return o
	}
	told := func(id string) string { return bought(id, 400_00, pays("total", 500_00)) }
	h.shop.earns("e:1", "7", "order", told("91001")).has(201, members(point("earned", 40), point("balance", 40)))
	h.tells(goods("1001", 1, purchase.Paid, 125_00))
	h.tells(goods("1001", 1, purchase.Paid, 125_00)) // twice
	h.shop.asks("GET", "/v1/points/e:1", "").has(200, members(point("taken_back", 10)))
	h.tells(goods("1001", 2, purchase.Paid, 125_00, 125_00))
	h.shop.asks("GET", "/v1/points/e:1", "").has(200, members(point("taken_back", 20)))
	h.tells(goods("1001", 3, purchase.Refunded))
	h.shop.asks("GET", "/v1/points/e:1", "").has(200, members(point("taken_back", 40), says("state", "done")))
	h.tells(goods("1002", 1, purchase.Cancelled)) // before the order earned anything
	h.shop.earns("e:2", "7", "order", told("91002")).has(201, members(point("earned", 0), point("balance", 0)))

	h.shop.earns("e:3", "7", "order", told("91003")).has(201, members(point("earned", 40)))
	h.shop.paysWith("r:1", "7", 3_00).has(201, members(point("amount", 30)))
	h.shop.captures("r:1", "1004").has(200, "{}")
	h.tells(goods("1003", 1, purchase.Refunded)) // the points were spent meanwhile
	h.hasPoints("7", 0, 0)
	if got := h.reads(`SELECT string_agg(subject || ': ' || reason, ' ') FROM task WHERE kind = 'points_spent'`); got != "demo/91003: 30 of the points that order 91003 earned were spent before it was refunded; what comes back makes up for them until this is closed" {
		t.Errorf("the office is told: %s", got)
	}
}

// DELETE takes back what an event earned, all of it or nothing, and prevents what never came; the event may then be told anew.
func TestWhatAnEventEarnedIsTakenBack(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "7", "order", bought("1", 400_00)).has(201, members(point("earned", 40)))
	h.passes(23 * time.Hour)
	h.shop.asks("DELETE", "/v1/points/e:1", "").has(200, says1("outcome", "reversed"))
	h.shop.asks("DELETE", "/v1/points/e:1", "").has(200, says1("outcome", "reversed"))
	h.shop.earns("e:1", "7", "order", bought("1", 400_00)).refuses(409, "prevented")
	h.shop.earns("e:2", "7", "order", bought("1", 200_00)).has(201, members(point("earned", 20), point("balance", 20)))
	h.shop.paysWith("r:1", "7", 1_00).has(201, members(point("amount", 10)))
	h.shop.asks("DELETE", "/v1/points/e:2", "").refuses(409, "not_reversible")
	h.shop.asks("DELETE", "/v1/points/e:9", "").has(200, says1("outcome", "prevented"))
	h.shop.earns("e:9", "7", "signup").refuses(409, "prevented")
	h.shop.asks("GET", "/v1/points/e:9", "").wants(200, says1("state", "prevented"))
}

// P18: points end through a day of the merchant's, the oldest first, and nobody is told of more than he has.
func TestP18PointsEnd(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 100)
	h.passes(200 * 24 * time.Hour)
	h.grantsPoints("7", 50)
	h.shop.asks("GET", "/v1/customers/7/points?context=account", "").has(200, members(point("balance", 150), `"ending":`+members(point("points", 100), `"at":"*"`)))
	h.passes(366 * 24 * time.Hour)
	h.shop.asks("GET", "/v1/customers/7/points?context=account", "").has(200, members(point("balance", 50), `"ending":`+members(point("points", 50), `"at":"*"`)))
	h.shop.paysWith("r:1", "7", 100_00).has(201, members(point("amount", 50)))
	h.hasPoints("7", 50, 50)
	h.passes(700 * 24 * time.Hour) // the reservation is over, and so are the points
	h.must(func() error { _, err := h.ledger.Sweep(t.Context()); return err }())
	h.hasPoints("7", 0, 0)
}
