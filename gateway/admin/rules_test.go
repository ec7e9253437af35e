package admin_test

import (
	"strings"
	"testing"

	"vouchsafe/retail/voucher"
)

// under gives a voucher the rules of a country, and perhaps a term of its product's own.
func under(country, expires string) trait {
	return func(v *voucher.Voucher) {
		err := v.Under(voucher.Terms{Country: country, Expires: expires, VAT: voucher.SinglePurpose, VATRate: "25"})
		if err != nil {
			panic(err)
		}
	}
}

// X09, X10, X12: the office sees why a voucher ends when it does, where the rule stands, how it is taxed, and who may have its value.
func TestTheOfficeSeesUnderWhichRulesAVoucherWasIssued(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, tt := range []struct {
		name      string
		of        trait
		want, why []string
	}{
		{"Denmark", under("DK", "country"), []string{`"term":"P3Y"`, `"from":"country"`, `"right":"holder"`, `"fee":"while_valid"`, "forældelsesloven", "betalingsloven", `"read_on":"2026-11"`, "not legal advice"},
			[]string{"the customary one of DK", "until the end of that day in Europe/Copenhagen"}},
		{"Denmark, without an end", under("DK", "never"), []string{`"right":"holder"`, `"fee":"none"`, "betalingsloven"}, []string{"it does not expire"}},
		{"Germany", under("DE", "country"), []string{`"term":"P3Y/year-end"`, `"right":"merchant"`, `"fee":"none"`, "BGB"}, []string{"-12-31"}},
		{"Austria", under("AT", "country"), []string{`"term":"never"`, `"owed_until":null`, "ABGB"}, []string{"it does not expire"}},
		{"Sweden", under("SE", "country"), []string{`"term":"P10Y"`, "preskriptionslagen"}, []string{"the customary one of SE"}},
		{"a product of its own", under("NO", "P5Y"), []string{`"term":"P5Y"`, `"from":"product"`, "foreldelsesloven"}, []string{"the product's own"}},
	} {
		c := h.issues(500_00, tt.of)
		got := h.office.asks("GET", "/v1/admin/vouchers/"+c.id, "").has(200, members(says("vat", "single_purpose"), says("vat_rate", "25"), `"token":null`, `"code_retired":false`))
		for _, text := range append(tt.want, tt.why...) {
			if !strings.Contains(got.text, text) {
				t.Errorf("%s: %q is not in %s", tt.name, text, got.text)
			}
		}
	}
	c := h.issues(500_00, under("DK", "country"))
	moved := h.office.does("extend", c, because, says("expires_on", "2040-01-01"))
	if !strings.Contains(moved.text, `"moved":true`) || !strings.Contains(moved.text, "moved the day later") {
		t.Errorf("after it was extended: %s", moved.text)
	}
}

// B15, X22: a lost card is taken from its voucher, whose code is replaced when it was retired.
func TestALostTokenIsTakenFromItsVoucher(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.till.asks("PUT", "/v1/bindings/b:1", members(says("code", c.code), says("token", "CARD-4711"), `"retire_code":true`)).has(201, says1("voucher", c.id))
	shown := h.office.asks("GET", "/v1/admin/vouchers/"+c.id, "").has(200, `{"code_retired":true}`)
	if !strings.Contains(shown.text, `"token":{"last4":"4711"`) || !strings.Contains(shown.text, `"bound_by":"till:`) {
		t.Errorf("the office sees %s", shown.text)
	}
	h.office.asks("GET", "/v1/admin/vouchers?q=CARD-4711", "").refuses(400, "invalid_request", says("field", "q"))
	h.office.does("unbind", c, says("reason", "")).refuses(400, "invalid_request", says("field", "reason"))
	h.office.does("unbind", c, says("reason", "lost")).has(200, members(`"token":null`, `"code_retired":true`))
	h.unchanged("a second time", func() { h.office.does("unbind", c, says("reason", "lost")).has(200, `{"token":null}`) })
	h.till.redeems("t:1", card{code: "CARD-4711"}, 1_00).refuses(404, "voucher_not_found")
	h.till.redeems("t:1", c, 1_00).refuses(404, "voucher_not_found")
	h.office.does("replace", c, because)
	h.office.asks("GET", "/v1/admin/vouchers/"+c.id, "").has(200, `{"code_retired":false}`)
	if got := h.audited(c); !strings.Contains(got, `unbind {"reason": "lost"}`) {
		t.Errorf("audited %q", got)
	}
}
