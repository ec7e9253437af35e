package admin_test

import (
	"net/url"
	"strings"
	"testing"
)

// teaAndMug is a cart of tea for 100.00 and a mug for 50.00.
const teaAndMug = `[{"sku":"TEA","category":"tea","net":{"amount":8000,"currency":"DKK"},"gross":{"amount":10000,"currency":"DKK"}},{"sku":"MUG","net":{"amount":5000,"currency":"DKK"}}]`

// P14 P13: what an order earned and what points paid of it is told in the currency that was fixed then, whatever the programme has become.
func TestTheViewsOfAnOrderKeepTheirCurrency(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 2000)
	h.shop.paysWith("r:1", "7", 100_00).has(201, "{}")
	h.shop.captures("r:1", "1001").has(200, "{}")
	h.shop.earns("e:1", "7", "order", bought("1002", 400_00)).has(201, members(point("earned", 40)))
	h.office.rules(1, `"rates":[{"points":1,"value":{"amount":100,"currency":"EUR"}}],"shown":{"confirmation":true}`).has(200, `{"version":2}`)
	of := func(order string) *reply {
		return h.office.asks("GET", "/v1/admin/loyalty/orders?shop=demo&order="+order, "")
	}
	of("1001").has(200, members(says("customer", "7"), point("redeemed", 1000), pays("covers", 100_00), pays("refunded", 0)))
	of("1002").has(200, members(says("customer", "7"), point("earned", 40), point("redeemed", 0), pays("covers", 0), pays("refunded", 0)))
	of("1003").has(200, members(point("redeemed", 0), `"covers":{"amount":0,"currency":"EUR"}`))
	h.shop.asks("GET", "/v1/customers/7/points?context=confirmation&order=1001", "").has(200, members(point("redeemed", 1000),
		`"total_line":{"type":"redeemed_points","points":1000,"amount":{"amount":-10000,"currency":"DKK"}}`))
}

// P09 P10 P13: a checkout shows what a reservation would take and an order earn: of the cart's lines, for customers who may.
func TestACheckoutShowsWhatAReservationWouldTake(t *testing.T) {
	t.Parallel()
	h := bonus(t, `"rates":[{"points":1,"value":{"amount":100,"currency":"DKK"}}],"spending":{"only":{"categories":["tea"]},"groups":["gold"]},
		"rules":[{"event":"order","points":1,"per":{"amount":1000,"currency":"DKK"},"only":{"without":["MUG"]}}],"shown":{"checkout":true}`)
	h.grantsPoints("7", 1000)
	shown := func(more string) *reply {
		return h.shop.asks("GET", "/v1/customers/7/points?context=checkout"+more, "")
	}
	quotes := func(due int64, more ...string) *reply {
		return h.shop.asks("POST", "/v1/quotes", members(append(more, `"codes":[]`, says("customer", "7"), says("pay_with", "points"), pays("due", due))...))
	}
	lines, cart := `"lines":`+teaAndMug, "&lines="+url.QueryEscape(teaAndMug)
	shown("&due=15000"+cart).has(200, members(point("usable", 0), point("earned", 8))) // not of the group
	quotes(150_00, lines).refuses(422, "cannot_be_applied")
	h.office.asks("PUT", "/v1/admin/loyalty/customers/7?shop=demo", `{"group":"gold"}`).has(200, "{}")
	shown("&due=15000"+cart).has(200, members(point("usable", 100), pays("covers", 100_00), point("earned", 8)))
	quotes(150_00, lines).wants(200, members(pays("covered", 100_00), pays("remaining_due", 50_00), `"payment_required":true`,
		`"lines":[`+members(says("customer", "7"), point("available", 1000), point("amount", 100), pays("covers", 100_00))+`]`))
	h.shop.paysWith("r:1", "7", 150_00, lines).has(201, members(point("amount", 100), pays("covers", 100_00)))
	shown("&due=15000").refuses(400, "invalid_request", says("field", "lines"))
	quotes(150_00).refuses(400, "invalid_request", says("field", "lines"))
	shown("&net_goods=20000").has(200, members(point("usable", 0), point("earned", 20))) // nothing is due yet
	shown("&due=15000&currency=EUR&lines="+url.QueryEscape(strings.ReplaceAll(teaAndMug, "DKK", "EUR"))).has(200, members(point("usable", 0)))
	for _, bad := range []string{"[", "{}", `[{"net":{"amount":1,"currency":"DKK"}}]`, `[{"sku":"A","more":1}]`, `[{"sku":"A","sku":"B"}]`} {
		if got := shown("&due=1&lines=" + url.QueryEscape(bad)); got.status != 400 || !strings.Contains(got.text, `"field":"lines`) {
			t.Errorf("lines %s: %d %s", bad, got.status, got.text)
		}
	}
}

// P08: a quote with points is at the exchange, of points that nobody else has set aside, after the codes; there is none in points.
func TestAQuoteWithPointsExchangesThem(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1000)
	card := h.issues(500_00)
	quotes := func(more ...string) *reply {
		return h.shop.asks("POST", "/v1/quotes", members(append(more, says("customer", "7"))...))
	}
	withPoints := says("pay_with", "points")
	quotes(`"codes":[]`, withPoints, pays("due", 60_05)).has(200, members(pays("covered", 60_00), pays("remaining_due", 5)))
	quotes(`"codes":[`+dkkCode(card)+`]`, withPoints, pays("due", 550_00)).has(200, members(pays("covered", 550_00), pays("remaining_due", 0), `"payment_required":false`))
	h.shop.paysWith("r:1", "7", 60_00).has(201, members(point("amount", 600)))
	quotes(`"codes":[]`, withPoints, pays("due", 60_00)).has(200, members(pays("covered", 40_00)))
	h.office.rules(1, strings.Replace(tenth, `"amount":100,`, `"amount":500,`, 1)).has(200, "{}")
	quotes(`"codes":[]`, withPoints, pays("due", 60_00), says("holder", "cart-r:1")).has(200, members(pays("covered", 60_00), // as was reserved
		`"lines":[`+members(says("customer", "7"), point("available", 1000), point("amount", 600), pays("covers", 60_00))+`]`))
	h.unchanged("what can't be quoted", func() {
		quotes(`"codes":[]`, point("due", 100)).refuses(409, "currency_mismatch")
		quotes(`"codes":[]`, withPoints, point("due", 100)).refuses(409, "currency_mismatch")
		quotes(`"codes":[]`, pays("due", 1), `"lines":`+teaAndMug).refuses(400, "invalid_request", says("field", "lines"))
		h.shop.asks("POST", "/v1/quotes", members(`"codes":[`+dkkCode(card)+`]`, withPoints, pays("due", 1))).refuses(400, "invalid_request", says("field", "pay_with"))
		h.till.asks("POST", "/v1/quotes", members(`"codes":[]`, says("customer", "7"), withPoints, pays("due", 1))).refuses(403, "channel_not_allowed")
		h.shop.asks("POST", "/v1/quotes", members(`"codes":[]`, says("customer", "0"), withPoints, pays("due", 1))).refuses(400, "invalid_request", says("field", "customer"))
		h.shop.asks("POST", "/v1/quotes", members(`"codes":["0000-0000-0000-0000"]`, says("customer", "7"), withPoints, pays("due", 1))).refuses(422, "cannot_be_applied")
	})
}

// dkkCode is a card's code as an item of a list.
func dkkCode(c card) string { return `"` + c.code + `"` }

// P03: the page of a review shows what it earns, of a product or of an article.
func TestAReviewShowsWhatItEarns(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	shown := func(more string) *reply {
		return h.shop.asks("GET", "/v1/customers/7/points?context=review&sku=TEA"+more, "")
	}
	shown("").has(200, members(point("earned", 25)))
	shown("&event=review_product").has(200, members(point("earned", 25)))
	shown("&event=review_article").has(200, members(point("earned", 10)))
	shown("&event=signup").refuses(400, "invalid_request", says("field", "event"))
}

// P23: what is reserved is told to whom it was made for and nobody else, and whoever has no points is refused as anybody is.
func TestAStandingReservationIsToldToItsOwnHolder(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1000)
	h.grantsPoints("8", 1000)
	h.shop.paysWith("r:1", "7", 60_00).has(201, "{}")
	h.office.rules(1, `"shown":{}`).has(200, "{}") // points are worth nothing now
	asks := func(key, customer, holder string) *reply {
		return h.shop.asks("PUT", "/v1/reservations/"+key, members(says("customer", customer), says("pay_with", "points"), says("holder", holder), pays("due", 60_00)))
	}
	asks("r:1", "7", "cart-r:1").has(200, members(says("customer", "7"), point("amount", 600)))
	h.unchanged("asking for another's", func() {
		asks("r:1", "8", "cart-r:1").refuses(422, "key_reused")
		asks("r:1", "nobody", "cart-r:1").refuses(422, "key_reused")
		asks("r:1", "0", "cart-r:1").refuses(400, "invalid_request", says("field", "customer"))
		asks("r:1", "7", "another").refuses(422, "cannot_be_applied")
		for _, customer := range []string{"7", "8", "nobody"} {
			asks("r:2", customer, "cart").refuses(422, "cannot_be_applied")
		}
	})
}

// A number of points is a whole one: 5.0 is refused, and the problem names the field.
func TestPointsThatAreNotWrittenAsAWholeNumberAreRefusedByField(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.unchanged("other numbers", func() {
		for number, field := range map[string]string{
			"5.0": "points", "5e0": "points", "5.5": "points", `"5"`: "points", `{"amount":5.0,"currency":"POINT"}`: "points.amount", "[]": "points",
		} {
			h.blames(h.office.earns("g:1", "7", "manual", says("shop", "demo"), because, `"points":`+number), field, number)
			h.blames(h.shop.asks("PUT", "/v1/conversions/c:1", members(says("customer", "7"), says("reward", "Billet"), `"points":`+number)), field, number)
		}
	})
}
