package admin_test

import (
	"net/http"
	"testing"
)

// A database that is away is no fault of the caller's, who is told to come back.
func TestWithoutADatabaseTheOfficeIsToldToComeBack(t *testing.T) {
	t.Parallel()
	h := ajar(t)
	c := h.sells(order("1042", 0))[0]
	h.pool.Close()
	for _, path := range []string{
		"vouchers", "vouchers?q=1042", "vouchers/" + c.id, "vouchers/" + c.id + "/history", "vouchers/" + c.id + "/document.pdf",
		"reservations", "reservations?filter=rest", "audit", "audit?q=x",
	} {
		h.office.asks("GET", "/v1/admin/"+path, "").refuses(http.StatusServiceUnavailable, "unavailable")
	}
	for _, act := range []string{"activate", "block", "unblock", "invalidate", "replace", "lift"} {
		h.office.does(act, c, because).refuses(http.StatusServiceUnavailable, "unavailable")
	}
	for _, got := range []*reply{
		h.office.does("extend", c, because, says("expires_on", "2040-01-01")), h.office.does("resend", c), h.office.gives(c, says("email", "a@example.dk")),
		h.office.asks("POST", "/v1/admin/vouchers/find", says1("code", c.code)), h.office.adjusts("a:1", c, pays("delta", 1)),
		h.office.asks("GET", "/v1/adjustments/a:1", ""), h.office.asks("DELETE", "/v1/adjustments/a:1", ""),
		h.office.asks("POST", "/v1/admin/reservations/"+c.id+"/release", members(because)),
	} {
		got.refuses(http.StatusServiceUnavailable, "unavailable")
		if got.header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", got.asked)
		}
	}
}
