package admin_test

import (
	"fmt"
	"strings"
	"testing"

	"vouchsafe/retail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/voucher"
)

// goodProduct is a product with all the fields that there are, and what is said beside or instead.
func goodProduct(change ...string) string {
	fields := map[string]string{
		"sku": `"SPA/90"`, "name": `"Spa 90 min"`, "kind": `"money"`, "amount": dkk(750_00), "mode": `"card"`, "category": `"Spa"`,
		"facilities": `["Aarhus","Odense"]`, "requires_membership": "true", "vat": `"single_purpose"`, "vat_rate": `"25"`,
		"expires": `"P3Y"`, "min_paid": "80", "activation": `"manual"`, "prefix": `"SPA"`, "template": `"spa"`,
	}
	for i := 0; i < len(change); i += 2 {
		if fields[change[i]] = change[i+1]; change[i+1] == "" {
			delete(fields, change[i])
		}
	}
	var text []string
	for name, value := range fields {
		text = append(text, fmt.Sprintf("%q:%s", name, value))
	}
	return members(text...)
}

func TestAProductIsRegisteredAndListedAsItWasStated(t *testing.T) {
	t.Parallel()
	h := open(t)
	const path = "/v1/admin/products"
	want := `"sku":"SPA/90","name":"Spa 90 min","kind":"money","amount":` + dkk(750_00) + `,"mode":"card","category":"Spa",
		"facilities":["Aarhus","Odense"],"requires_membership":true,"vat":"single_purpose","vat_rate":"25","expires":"P3Y","min_paid":80,
		"activation":"manual","prefix":"SPA","code_length":"standard","template":"spa"`
	id := h.office.asks("POST", path, goodProduct()).wants(201, `{"id":"*",`+want+`}`).at("id")
	h.office.asks("GET", path+"?q=spa+90", "").wants(200, `{"next_cursor":null,"items":[{"id":"`+id+`",`+want+`}]}`)
	h.office.lists(path, "sku", "CARD-500 CARD-MANUAL SPA/90", "limit", "1")
	h.office.lists(path, "sku", "CARD-500", "q", "card-5")
	h.office.asks("POST", path+"/"+id+"/check", "").has(200, `{"ok":true}`)
	if got := h.noted("product SPA/90"); got != `add_product {"name": "Spa 90 min", "amount": 75000, "currency": "DKK"}` {
		t.Errorf("the audit trail says %s", got)
	}
	h.untouched("a second product of the SKU", func() { h.office.asks("POST", path, goodProduct()).refuses(409, "already_exists") })
}

// What is left out has its default; open products and punch cards say what they are worth in their own way.
func TestTheKindsOfProduct(t *testing.T) {
	t.Parallel()
	h := open(t)
	least := func(name string) string { return says("sku", name) + "," + says("name", name) }
	defaults := `"vat":"multi_purpose","expires":"country","min_paid":100,"activation":"automatic","code_length":"standard"`
	for _, tt := range []struct{ name, body, want string }{
		{"FIXED", says("kind", "money") + "," + pays("amount", 1), pays("amount", 1) + "," + defaults},
		{"CREDIT", says("kind", "credit") + "," + pays("amount", 1), pays("amount", 1) + "," + defaults},
		{"OPEN", says("kind", "money") + `,"open":` + members(pays("min", 100_00), pays("max", 500_00)), `"open":` + members(pays("min", 100_00), pays("max", 500_00)) + "," + defaults},
		{"OPEN-UP", says("kind", "money") + `,"open":` + members(pays("min", 100_00)), `"open":` + members(pays("min", 100_00)) + "," + defaults},
		{"OPEN-DOWN", says("kind", "money") + `,"open":` + members(pays("max", 100_00)), `"open":` + members(pays("min", 1), pays("max", 100_00)) + "," + defaults},
		{"PUNCH", says("kind", "punches") + `,"punches":10,"vat":"single_purpose"`, `"punches":10,"vat":"single_purpose","expires":"country","min_paid":100,"activation":"automatic","code_length":"standard"`},
	} {
		kind := "money"
		if tt.name == "CREDIT" || tt.name == "PUNCH" {
			kind = map[string]string{"CREDIT": "credit", "PUNCH": "punches"}[tt.name]
		}
		want := members(says("id", tt.name), least(tt.name), says("kind", kind), tt.want)
		h.office.asks("POST", "/v1/admin/products", members(least(tt.name), tt.body)).wants(201, want)
	}
}

func TestAProductThatMakesNoSenseIsRefusedByItsField(t *testing.T) {
	t.Parallel()
	h := open(t)
	open := func(bounds ...string) string { return members(bounds...) }
	krone := `{"amount":1,"currency":"XYZ"}`
	for _, tt := range []struct {
		name   string
		change []string
		field  string
	}{
		{"no SKU", []string{"sku", ""}, "sku"},
		{"a SKU with a line end", []string{"sku", `"A\nB"`}, "sku"},
		{"no name", []string{"name", `""`}, "name"},
		{"no kind", []string{"kind", ""}, "kind"},
		{"another kind", []string{"kind", `"points"`}, "kind"},
		{"no value", []string{"amount", ""}, "amount"},
		{"two values", []string{"open", open(pays("min", 1))}, "amount"},
		{"a value of nothing", []string{"amount", dkk(0)}, "amount.amount"},
		{"an unknown currency", []string{"amount", krone}, "amount.currency"},
		{"money in punches", []string{"amount", `{"amount":1,"currency":"PUNCH"}`}, "amount.currency"},
		{"above the ceiling", []string{"amount", dkk(10_000_01)}, "amount"},
		{"a decimal", []string{"amount", `{"amount":1.5,"currency":"DKK"}`}, "amount.amount"},
		{"open without a limit", []string{"amount", "", "open", "{}"}, "open"},
		{"open downwards", []string{"amount", "", "open", open(pays("min", 2), pays("max", 1))}, "open"},
		{"open in two currencies", []string{"amount", "", "open", open(pays("min", 1), `"max":{"amount":2,"currency":"EUR"}`)}, "open.max.currency"},
		{"open above the ceiling", []string{"amount", "", "open", open(pays("min", 1), pays("max", 10_000_01))}, "open"},
		{"punches of money", []string{"amount", "", "punches", "10"}, "punches"},
		{"a punch card without punches", []string{"kind", `"punches"`}, "punches"},
		{"a punch card without a word about VAT", []string{"kind", `"punches"`, "amount", "", "punches", "10", "vat", ""}, "vat"},
		{"another mode", []string{"mode", `"both"`}, "mode"},
		{"a facility without a name", []string{"facilities", `[""]`}, "facilities[0]"},
		{"a rate that is none", []string{"vat_rate", `"25%"`}, "vat_rate"},
		{"a term that is none", []string{"expires", `"3 years"`}, "expires"},
		{"more than all of it paid", []string{"min_paid", "101"}, "min_paid"},
		{"nothing of it paid", []string{"min_paid", "0"}, "min_paid"},
		{"another activation", []string{"activation", `"later"`}, "activation"},
		{"a prefix in small letters", []string{"prefix", `"spa"`}, "prefix"},
		{"a field that there is not", []string{"price", "1"}, "price"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h.untouched(tt.name, func() {
				got := h.office.asks("POST", "/v1/admin/products", goodProduct(tt.change...))
				got.has(400, members(says("code", "invalid_request"), says("field", tt.field)))
			})
		})
	}
	h.untouched("several faults", func() {
		got := h.office.asks("POST", "/v1/admin/products", goodProduct("prefix", `"spa"`, "vat_rate", `"x"`))
		got.has(400, `{"errors":[{"field":"vat_rate","detail":"*"},{"field":"prefix","detail":"*"}]}`)
	})
}

// X09, X10, D07: what to know before a product is sold, with the source of the rule.
func TestTheChecklistWarnsWithItsSources(t *testing.T) {
	t.Parallel()
	h := open(t, func(_ *voucher.Rules, s *retail.NewShop) { s.DuplicateLogins = true })
	_, err := h.sales.AddShop(t.Context(), retail.NewShop{ID: "wien", Platform: "standard", Secret: standardSecret, Country: "AT", Confirmation: orders.TheShop})
	h.must(err)
	h.office.asks("POST", "/v1/admin/products", goodProduct("sku", `"SHORT"`, "mode", `"customer"`, "vat", `"multi_purpose"`, "requires_membership", "")).has(201, `{"id":"SHORT"}`)
	h.untouched("a check", func() {
		list := h.office.asks("POST", "/v1/admin/products/SHORT/check", "").has(200, `{"ok":true}`)
		for _, point := range []struct{ check, state, detail, source string }{
			{"expires", "warning", "Its term P3Y is shorter than the rule of AT, never.", "§ 879 Abs 3, § 1478 ABGB; OGH 7 Ob 22/12d struck down terms of two and three years"},
			{"expires", "ok", "Sold in DK, its term is P3Y.", "forældelsesloven § 3: three years; the Consumer Ombudsman's practice follows it"},
			{"vat", "warning", "", ""},
			{"mode", "warning", "", ""},
			{"value", "warning", "A voucher of 750.00 DKK is issued when 80 percent of it was paid.", ""},
			{"activation", "warning", "", ""},
		} {
			list.explains(`"check":"`+point.check+`","state":"`+point.state+`","detail":"`+point.detail, point.source)
		}
	})
	got := h.office.asks("POST", "/v1/admin/products/CARD-500/check", "").has(200, `{"ok":true,"warnings":0}`)
	if strings.Contains(got.text, `"warning"`) {
		t.Errorf("a plain product warns: %s", got.text)
	}
}
