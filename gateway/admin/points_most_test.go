package admin_test

import (
	"testing"
	"time"
)

// P06 X11: no event earns more than anybody is given at once, however dear the order, so that the books can always be summed up.
func TestAnEventEarnsNoMoreThanAnybodyIsGivenAtOnce(t *testing.T) {
	t.Parallel()
	h := bonus(t, `"rules":[{"event":"order","points":1000,"per":{"amount":1,"currency":"DKK"}},{"event":"signup","points":1000000000}]`)
	for id, customer := range map[string]string{"1001": "7", "1002": "8"} {
		h.shop.earns("e:"+id, customer, "order", bought(id, 1_000_000_000_000_000)).has(201, members(point("earned", 1_000_000_000)))
		h.office.asks("PUT", "/v1/admin/loyalty/customers/"+customer+"?shop=demo", `{"percent":1000}`).has(200, "{}")
		h.shop.earns("s:"+id, customer, "signup").has(201, members(point("earned", 1_000_000_000), point("balance", 2_000_000_000)))
	}
	h.must(h.sales.SumUp(t.Context()))
	h.passes(24 * time.Hour)
	h.office.asks("GET", "/v1/admin/turnover?from=2026-01-01&to=2026-12-31", "").has(200, "{}")
}
