package admin_test

import (
	"strings"
	"testing"
)

// X07, X09, X12: what has an end that cannot be told beside the year for which its value is owed, has none: no answer breaks on it.
func TestADayThatIsTooFarAwayIsRefusedAndTheYear9999MeansNever(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00, under("DK", "country"))
	h.unchanged("days after the last one", func() {
		for _, day := range []string{"9001-01-01", "9999-01-01", "9999-12-31"} {
			h.office.asks("POST", "/v1/admin/vouchers/"+c.id+"/extend", members(because, says("expires_on", day))).
				refuses(400, "invalid_request", `"field":"expires_on"`)
			h.office.asks("PUT", "/v1/admin/customers/7?shop=demo", says1("member_until", day)).refuses(400, "invalid_request", `"field":"member_until"`)
			h.office.asks("GET", "/v1/admin/turnover?from=2026-01-01&to="+day, "").refuses(400, "invalid_request", `"field":"to"`)
			h.office.asks("GET", "/v1/admin/vouchers?from="+day, "").refuses(400, "invalid_request", `"field":"from"`)
		}
		h.office.asks("POST", "/v1/admin/imports/weigh", says1("csv", "kode;saldo;valuta;udløb\nGAVE-2019-0001;5;DKK;9001-01-01\nGAVE-2019-0002;5;DKK;31.02.9999\n")).
			has(200, `{"faults":[{"line":2,"column":"udløb","detail":"*"},{"line":3,"column":"udløb","detail":"*"}]}`)
	})
	h.office.asks("POST", "/v1/admin/vouchers/"+c.id+"/extend", members(because, says("expires_on", "9000-12-31"))).
		has(200, says1("expires_on", "9000-12-31")).explains(`"owed_until":"9001-12-31T23:00:00Z"`)
	if got := h.office.asks("POST", "/v1/admin/vouchers/"+c.id+"/replace", members(because)).has(200, "{}"); !strings.Contains(got.text, `"code":`) {
		t.Errorf("the new code is not told: %s", got.text)
	}
	file := "kode;saldo;valuta;udløb\nGAVE-2019-0001;5;DKK;9999-12-31\nGAVE-2019-0002;5;DKK;31.12.9999\n"
	h.office.asks("PUT", "/v1/admin/imports/old", members(says("csv", file), because)).has(201, "{}")
	for _, code := range []string{"GAVE20190001", "GAVE20190002"} {
		h.till.looksUp(card{code: code}).has(200, "{}").explains(`"expires_on":null`)
		h.office.asks("POST", "/v1/admin/vouchers/find", says1("code", code)).has(200, `{"expires_on":null}`).explains(`"owed_until":null`)
	}
}
