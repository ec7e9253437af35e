package admin_test

import (
	"fmt"
	"net/url"
	"testing"
)

// told is a line of an order in the form that webhooks have, and what more there is to say of it.
func told(sku string, quantity, unit, total int64, more ...string) string {
	return members(append(more, says("id", "l-"+sku), says("sku", sku), says("name", "What it is called"), fmt.Sprintf(`"quantity":%d`, quantity), pays("unit_price", unit), pays("total", total))...)
}

// P06 P10 X17: an order earns by lines in the form that its shop tells of it in, too: what it comes to without VAT is shared among its goods.
func TestLinesAsShopsTellOfThemEarn(t *testing.T) {
	t.Parallel()
	h := bonus(t, `"rates":[{"points":10,"value":{"amount":100,"currency":"DKK"}}],
		"rules":[{"event":"order","points":1,"per":{"amount":1000,"currency":"DKK"},"only":{"without":["SALE"]},"per_product":90}]`)
	for i, tt := range []struct {
		what  string
		net   int64
		lines string
		want  int64
	}{
		{"as they are told", 400_00, told("TEA", 2, 125_00, 250_00) + "," + told("SALE", 1, 250_00, 250_00), 20},
		{"without a total", 400_00, `{"sku":"TEA","quantity":3,` + pays("unit_price", 100_00) + `},{"sku":"SALE",` + pays("unit_price", 100_00) + `}`, 30},
		{"a total that says another than the price", 400_00, told("TEA", 1, 1, 300_00) + "," + told("SALE", 1, 1, 100_00), 30},
		{"a gross that says another than the total", 400_00, told("TEA", 1, 1, 1, pays("gross", 300_00)) + "," + told("SALE", 1, 1, 1, pays("gross", 100_00)), 30},
		{"beside one that says its net", 400_00, told("TEA", 1, 125_00, 125_00) + "," + told("SALE", 1, 1, 1, pays("net", 150_00)), 25},
		{"beside a voucher of ours", 100_00, told("TEA", 1, 125_00, 125_00) + "," + told("CARD-500", 1, 500_00, 500_00), 10},
		{"with a voucher of ours", 600_00, told("TEA", 1, 125_00, 125_00) + "," + told("CARD-500", 1, 500_00, 500_00), 10},
		{"with a voucher of somebody's", 600_00, told("TEA", 1, 125_00, 125_00) + "," + told("OTHER", 1, 500_00, 500_00, `"stored_value":true`), 10},
		{"without an amount", 400_00, `{"sku":"TEA","quantity":2}`, 40},
		{"several without an amount", 400_00, `{"sku":"TEA","quantity":3},{"sku":"SALE"}`, 30},
		{"the limit of a product", 2000_00, told("TEA", 1, 1250_00, 1250_00) + "," + told("MUG", 1, 1250_00, 1250_00), 180},
	} {
		t.Log(tt.what)
		h.shop.earns(fmt.Sprint("e:", i), "7", "order", bought(fmt.Sprint("o", i), tt.net, `"lines":[`+tt.lines+`]`)).has(201, members(point("earned", tt.want)))
	}
}

// P09 X17: points pay for lines in the form that a shop tells of an order in, by their gross.
func TestLinesAsShopsTellOfThemArePaid(t *testing.T) {
	t.Parallel()
	h := bonus(t, `"rates":[{"points":1,"value":{"amount":100,"currency":"DKK"}}],"spending":{"only":{"without":["SALE"]}},"shown":{"checkout":true}`)
	h.grantsPoints("7", 1000)
	cart := told("TEA", 2, 50_00, 100_00) + "," + told("SALE", 1, 50_00, 50_00) + "," + told("CARD-500", 1, 500_00, 500_00)
	lines := `"lines":[` + cart + `,{"sku":"MUG","quantity":2,` + pays("unit_price", 10_00) + `}]`
	h.shop.asks("POST", "/v1/quotes", members(`"codes":[]`, says("customer", "7"), says("pay_with", "points"), pays("due", 670_00), lines)).has(200, members(pays("covered", 120_00)))
	h.shop.asks("GET", "/v1/customers/7/points?context=checkout&due=67000&lines="+url.QueryEscape(lines[len(`"lines":`):]), "").has(200, members(point("usable", 120)))
	h.shop.paysWith("r:1", "7", 670_00, lines).has(201, members(point("amount", 120), pays("covers", 120_00)))
}

// Lines that can't be meant change nothing.
func TestLinesAreRefused(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	const most = 1_000_000_000_000_000
	h.unchanged("lines that are refused", func() {
		for field, line := range map[string]string{
			"lines[0].total.amount":        `{"sku":"A",` + pays("total", -1) + `}`,
			"lines[0].unit_price.amount":   `{"sku":"A","quantity":2,` + pays("unit_price", most) + `}`,
			"lines[0].unit_price.currency": `{"sku":"A","unit_price":{"amount":1,"currency":"EUR"}}`,
			"lines[0].total.currency":      `{"sku":"A","total":{"amount":1,"currency":"EUR"}}`,
		} {
			h.shop.earns("e:1", "7", "order", bought("1", 1_00, `"lines":[`+line+`]`)).refuses(400, "invalid_request", says("field", field))
			h.shop.paysWith("r:1", "7", 1_00, `"lines":[`+line+`]`).refuses(400, "invalid_request", says("field", field))
		}
		for _, quantity := range []string{"-1", "100001"} {
			h.shop.paysWith("r:1", "7", 1_00, `"lines":[{"sku":"A","quantity":`+quantity+`}]`).refuses(400, "invalid_request", says("field", "lines[0].quantity"))
			h.shop.asks("GET", "/v1/customers/7/points?context=checkout&lines="+url.QueryEscape(`[{"sku":"A","quantity":`+quantity+`}]`), "").refuses(400, "invalid_request", says("field", "lines[0].quantity"))
		}
		h.shop.paysWith("r:1", "7", 1_00, `"lines":[{"sku":"A","price":1}]`).refuses(400, "invalid_request", says("field", "lines[0].price"))
	})
}
