package admin_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// P20: points are exchanged for a voucher, or for something of the merchant's own; taken back, both halves are, or neither.
func TestP20PointsAreExchangedForAReward(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1100)
	converts := func(key string, points, reward string) *reply {
		return h.shop.asks("PUT", "/v1/conversions/"+key, members(says("customer", "7"), `"points":`+points, says("reward", reward)))
	}
	ticket := members(`"conversion":`+members(says("key", "c:1"), `"id":"*"`, point("amount", 50)), says("customer", "7"), `"reward":{"name":"Billet","kind":"external"}`, point("balance", 1050))
	converts("c:1", "50", "Billet").wants(201, ticket)
	converts("c:1", "50", "Billet").wants(200, ticket)
	converts("c:1", "50", "Gavekort").refuses(422, "key_reused")
	got := converts("c:2", `{"amount":500,"currency":"POINT"}`, "Gavekort").has(201, members(`"reward":{"name":"Gavekort","kind":"voucher"}`, point("balance", 550), pays("value", 500_00)))
	again := converts("c:2", "500", "Gavekort").has(200, members(pays("value", 500_00), point("balance", 550)))
	code := got.at("code")
	if code == "" || again.at("code") != code {
		t.Errorf("the codes are %q and %q", code, again.at("code"))
	}
	h.till.asks("POST", "/v1/balance", says1("code", code)).has(200, members(pays("balance", 500_00)))
	h.unchanged("what is refused", func() {
		converts("c:3", "49", "Billet").refuses(400, "invalid_request", says("field", "points"))
		converts("c:3", "50", "Bil").refuses(400, "invalid_request", says("field", "reward"))
		converts("c:3", "0", "Billet").refuses(400, "invalid_request", says("field", "points"))
		h.shop.asks("PUT", "/v1/conversions/c:3", members(says("customer", "nobody"), `"points":50`, says("reward", "Billet"))).refuses(404, "not_found")
	})
	h.shop.asks("GET", "/v1/conversions/c:2", "").has(200, members(says("state", "done"), pays("value", 500_00)))
	h.shop.asks("DELETE", "/v1/conversions/c:2", "").wants(200, says1("outcome", "reversed"))
	h.shop.asks("DELETE", "/v1/conversions/c:2", "").wants(200, says1("outcome", "reversed"))
	h.till.asks("POST", "/v1/balance", says1("code", code)).has(200, members(pays("balance", 0)))
	h.hasPoints("7", 1050, 0)
	spent := converts("c:4", "500", "Gavekort").has(201, "{}").at("code")
	h.till.redeems("x:1", card{code: spent}, 1_00).has(201, "{}")
	h.shop.asks("DELETE", "/v1/conversions/c:4", "").refuses(409, "not_reversible")
	h.hasPoints("7", 550, 0)
	converts("c:5", "500", "Gavekort").has(201, members(point("balance", 50)))
	converts("c:6", "500", "Gavekort").refuses(409, "insufficient_balance", point("available", 50))
	h.shop.asks("DELETE", "/v1/conversions/c:6", "").has(200, says1("outcome", "prevented"))
	converts("c:6", "50", "Billet").refuses(409, "prevented")
}

// A conversion that is taken back while it is being made leaves both of its halves, or neither.
func TestAConversionThatIsTakenBackAtOnceIsWhole(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1000)
	for i := range 24 {
		path := fmt.Sprint("/v1/conversions/c:", i)
		var both sync.WaitGroup
		both.Go(func() { h.shop.asks("PUT", path, `{"customer":"7","points":500,"reward":"Gavekort"}`) })
		both.Go(func() {
			for range i % 12 { // a little later each time
				h.shop.asks("GET", "/v1/conversions/none", "")
			}
			h.shop.asks("DELETE", path, "")
		})
		both.Wait()
		h.shop.asks("DELETE", path, "")
	}
	h.hasPoints("7", 1000, 0)
	if got := h.reads(`SELECT coalesce(sum(balance), 0)::text FROM voucher`); got != "0" {
		t.Errorf("vouchers of %s are left", got) // and the books are proven when the house closes
	}
}

// X17: what points pay of an order, and what is refunded of it, is measured by what may earn: vouchers in it don't count.
func TestVouchersInAnOrderDoNotDiluteItsPoints(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1250)
	mixed := func(id string) string {
		return bought(id, 100_00, pays("total", 625_00), `"lines":[`+members(says("sku", "SHOE"), pays("net", 100_00), pays("gross", 125_00))+`,`+members(says("sku", "CARD-500"), pays("net", 500_00))+`]`)
	}
	h.shop.paysWith("r:1", "7", 125_00).has(201, members(pays("covers", 125_00)))
	h.shop.captures("r:1", "1").has(200, "{}")
	h.shop.earns("e:1", "7", "order", mixed("1")).has(201, members(point("earned", 0)))
	h.shop.earns("e:2", "7", "order", mixed("91001")).has(201, members(point("earned", 10)))
	h.tells(order("1001", 1, of("SHOE"), func(o *purchase.Order) {
		o.Total, o.Refunds = money.Of(625_00, "DKK"), []purchase.Refund{{ID: "1", Amount: money.Of(125_00, "DKK")}}
	}))
	h.shop.asks("GET", "/v1/points/e:2", "").has(200, members(point("taken_back", 10)))
}

// What can't be given is refused by field, and a repeat is answered as it was whatever the programme has become.
func TestPointsAreRefusedByFieldWhateverTheProgramme(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 200_000) // more than a voucher may hold
	h.shop.earns("e:1", "7", "order", bought("1", 400_00)).has(201, members(point("earned", 40)))
	h.shop.earns("e:9", "7", "referral", says("referred", "7")).refuses(400, "invalid_request", says("field", "referred"))
	h.shop.paysWith("r:1", "7", 400_00, point("amount", 400)).has(201, "{}")
	h.shop.captures("r:1", "2", pays("amount", 90_00)).refuses(409, "insufficient_balance", pays("available", 40_00))
	h.shop.captures("r:1", "2", pays("amount", 40_00)).has(200, members(pays("covers", 40_00)))
	h.shop.paysWith("r:2", "7", 4000_00, point("amount", 20_000)).refuses(400, "invalid_request", says("field", "amount"))
	h.office.grants("a:1", "7", says("shop", "demo"), point("delta", -150_000)).has(201, members(point("balance", 49_640)))
	h.office.rules(1, `"rates":[{"points":10,"value":{"amount":100,"currency":"EUR"}}]`).has(200, `{"version":2}`)
	h.shop.earns("e:1", "7", "order", bought("1", 400_00)).has(200, members(point("earned", 40)))
}

// P11 P13: points are shown at five places, each of which has a switch, as figures and as texts for a theme.
func TestP13PointsAreShownWhereTheMerchantWants(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1234)
	shown := func(of string) *reply { return h.shop.asks("GET", "/v1/customers/7/points?context="+of, "") }
	shown("account").has(200, members(`"shown":true`, point("balance", 1234), point("available", 1234), pays("worth", 123_40),
		`"rate":{"points":10,"value":{"amount":100,"currency":"DKK"}}`, `"variables":`+members(says("points_balance", "1.234\u00a0point"), says("points_worth", "123,40\u00a0kr."), says("points_reserved", ""),
			says("points_ending", "1.234\u00a0point"), `"points_ending_on":"*"`, says("points_rate", "10\u00a0point = 1,00\u00a0kr."))))
	shown("product&sku=TEA&net_goods=40000").has(200, members(point("earned", 40), pays("worth", 4_00), `"variables":{"points_earned":"40 point","points_worth":"4,00 kr."}`))
	shown("product&sku=CARD-500&net_goods=40000").has(200, members(point("earned", 0)))
	shown("review&sku=TEA").has(200, members(point("earned", 25)))
	shown("checkout&due=25005&net_goods=20000").has(200, members(point("usable", 1234), pays("covers", 123_40), point("earned", 20)))
	shown("checkout&due=2505").has(200, members(point("usable", 250), pays("covers", 25_00)))
	h.shop.paysWith("r:1", "7", 25_00).has(201, "{}")
	h.shop.captures("r:1", "1001").has(200, "{}")
	h.shop.earns("e:1", "7", "order", bought("1001", 100_00)).has(201, "{}")
	shown("confirmation&order=1001").has(200, members(point("redeemed", 250), point("earned", 7),
		`"total_line":{"type":"redeemed_points","points":250,"amount":{"amount":-2500,"currency":"DKK"}}`,
		`"variables":`+members(says("points_earned", "7\u00a0point"), says("points_redeemed", "250\u00a0point"), says("points_redeemed_worth", "25,00\u00a0kr."), says("points_balance", "991\u00a0point"))))
	h.shop.asks("GET", "/v1/customers/nobody/points?context=account", "").has(200, members(`"shown":true`, point("balance", 0)))
	h.shop.asks("GET", "/v1/customers/0/points?context=account", "").refuses(400, "invalid_request", says("field", "customer"))
	shown("shelf").refuses(400, "invalid_request", says("field", "context"))
	h.office.rules(1, `"shown":{"checkout":true}`).has(200, "{}")
	shown("account").wants(200, `{"context":"account","shown":false}`)
}

// P04 P21: whoever signs up is welcomed by mail, once, with what he has earned.
func TestP21WhoeverSignsUpIsWelcomed(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth+`,"welcome_mail":true`)
	h.office.asks("PUT", "/v1/admin/customers/7?shop=demo", says1("email", "new@example.dk")).has(200, "{}")
	h.works()
	h.shop.earns("e:1", "7", "signup").has(201, members(point("earned", 100)))
	h.shop.earns("e:2", "7", "signup").has(201, members(point("earned", 0)))
	seen, err := h.mails(1)[0].Inspect()
	h.must(err)
	if !strings.Contains(unbroken(seen.Text), "Du har fået 100 point.") {
		t.Errorf("the mail says %s", seen.Text)
	}
	h.shop.earns("e:3", "8", "signup").has(201, members(point("earned", 100))) // nobody knows where to
	if got := h.reads(`SELECT count(*)::text FROM delivery WHERE kind = 'welcome'`); got != "1" {
		t.Errorf("%s welcomes", got)
	}
}

// P14: the office sees what an order earned, and what points paid of it.
func TestP14TheOfficeSeesThePointsOfAnOrder(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 2000)
	h.shop.paysWith("r:1", "7", 100_00).has(201, "{}")
	h.shop.captures("r:1", "1001").has(200, "{}")
	h.shop.earns("e:1", "7", "order", bought("1001", 400_00, pays("total", 500_00))).has(201, members(point("earned", 32)))
	of := func(order string) *reply {
		return h.office.asks("GET", "/v1/admin/loyalty/orders?shop=demo&order="+order, "")
	}
	of("1001").wants(200, members(says("shop", "demo"), says("order", "1001"), says("customer", "7"), point("earned", 32), point("taken_back", 0),
		point("redeemed", 1000), pays("covers", 100_00), pays("refunded", 0), `"closed":false`))
	of("1002").has(200, members(point("earned", 0), point("redeemed", 0)))
	h.office.asks("GET", "/v1/admin/loyalty/orders?shop=nowhere&order=1", "").refuses(404, "not_found")
	h.shop.customer("7").has(200, members(`"points":`+members(point("balance", 1032), point("reserved", 0), point("available", 1032))))
}

// D17: whoever is merged into another brings his points, and they end when they would have.
func TestMergedCustomersBringTheirPoints(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("8", 100)
	h.passes(100 * 24 * time.Hour)
	h.grantsPoints("7", 50)
	earned := h.shop.earns("e:1", "8", "order", bought("1001", 400_00)).has(201, members(point("earned", 40), point("balance", 140)))
	h.office.asks("POST", "/v1/admin/customers/"+h.idOf("8")+"/merge", members(says("into", h.idOf("7")), because)).has(200, says1("customer", "7"))
	h.hasPoints("7", 190, 0)
	h.shop.earns("e:1", "8", "order", bought("1001", 400_00)).wants(200, earned.text)
	h.passes(366 * 24 * time.Hour)
	h.shop.asks("GET", "/v1/customers/7/points?context=account", "").has(200, members(point("balance", 90)))
	h.tells(order("1001", 1, of("TEA"), withStatus(purchase.Cancelled), func(o *purchase.Order) { o.ID = "1001" }))
	h.hasPoints("7", 50, 0) // from where they are now
}

// What a purchase is paid for with points is not paid with money: a voucher in it waits for the office.
func TestAVoucherThatPointsPaidIsNotIssued(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 5000)
	h.shop.paysWith("r:1", "7", 500_00).has(201, members(pays("covers", 500_00)))
	h.shop.captures("r:1", "91001").has(200, "{}")
	if got := h.sells(order("1001", 1)); len(got) != 0 {
		t.Errorf("issued %v", got)
	}
}

// X17: a state that is told late takes nothing back, and an order that is paid after all has its points again.
func TestACancellationThatIsOverIsOver(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	mixed := bought("91001", 400_00, pays("total", 500_00))
	h.tells(goods("1001", 5, purchase.Paid))
	h.shop.earns("e:1", "7", "order", mixed).has(201, members(point("earned", 40)))
	h.tells(goods("1001", 2, purchase.Cancelled))
	h.hasPoints("7", 40, 0)
	h.tells(goods("1001", 6, purchase.Cancelled))
	h.hasPoints("7", 0, 0)
	h.shop.earns("e:2", "7", "order", mixed).has(201, members(point("earned", 0)))
	h.tells(goods("1001", 7, purchase.Paid))
	h.hasPoints("7", 40, 0)
	h.shop.earns("e:3", "7", "order", mixed).has(201, members(point("earned", 0), point("balance", 40)))
	h.shop.earns("e:4", "7", "order", mixed).has(201, members(point("earned", 0)))
	h.shop.earns("e:1", "7", "order", mixed).has(200, members(point("earned", 40))) // as it was
	h.hasPoints("7", 40, 0)
}

// D17 X17: a late capture after a merge takes back what the order had earned on the part that points pay, as any other does.
func TestALateCaptureAfterAMergeMakesNoPoints(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("8", 1000)
	h.grantsPoints("7", 1)
	h.shop.earns("e:1", "8", "order", bought("1", 400_00, pays("total", 500_00))).has(201, members(point("earned", 40)))
	h.shop.paysWith("r:1", "8", 500_00, point("amount", 1000)).has(201, members(pays("covers", 100_00)))
	h.passes(30 * time.Hour)
	h.must(func() error { _, err := h.ledger.Sweep(t.Context()); return err }())
	h.office.asks("POST", "/v1/admin/customers/"+h.idOf("8")+"/merge", members(says("into", h.idOf("7")), because)).has(200, says1("customer", "7"))
	h.shop.captures("r:1", "1", pays("amount", 100_00)).has(200, members(pays("covers", 100_00), `"late":true`))
	h.hasPoints("7", 1+32, 0)
}

// P03 P05: a thing is reviewed once by each customer, and a customer referred once by anybody, under however many keys it is told at the
// same moment.
func TestTheSameThingEarnsOnceUnderManyKeysAtOnce(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	var all sync.WaitGroup
	for i := range 6 {
		for event, more := range map[string]string{
			"review_product": `"about":{"sku":"TEA"}`, "review_article": `"about":{"sku":"TEA"}`, "referral": says("referred", "8"), "signup": "",
		} {
			all.Go(func() { h.shop.earns(fmt.Sprint(event, i), "7", event, more).has(201, "{}") })
		}
		all.Go(func() { h.shop.earns(fmt.Sprint("other", i), "9", "referral", says("referred", "8")).has(201, "{}") })
	}
	all.Wait()
	if got := h.reads(`SELECT string_agg(detail ->> 'earned' || ' ' || amount, ', ' ORDER BY detail ->> 'earned') FROM act WHERE amount > 0`); got !=
		"referral 75, review_article 10, review_product 25, signup 100" {
		t.Errorf("earned %s", got)
	}
	h.shop.earns("again", "9", "review_product", `"about":{"sku":"TEA"}`).has(201, members(point("earned", 25))) // his own
}
