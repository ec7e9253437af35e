package admin_test

import (
	"fmt"
	"strings"
	"testing"

	"vouchsafe/retail/hold"
)

// The tail of PostgreSQL that was lost is found out on an account as on a voucher: it is set aside until somebody has looked.
func TestAnAccountThatLostSomethingIsSetAside(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.shop.claims("c:1", h.issues(500_00, claimable), "7").has(201, "{}")
	account := h.reads(`SELECT id::text FROM account`)
	h.must(h.holds.Put(t.Context(), hold.Put{Voucher: account, Version: 99}))
	h.shop.spends("r:1", "7", 100_00).has(409, members(says("code", "quarantined")))
	h.shop.claims("c:2", h.issues(100_00, claimable), "7").has(422, members(says("code", "cannot_be_applied")))
	h.office.grants("a:1", "7", pays("delta", 1_00)).has(409, members(says("code", "quarantined")))
	h.office.lists("/v1/admin/tasks", "subject", account, "kind", "quarantine")
	h.customer("7").has(200, `{"accounts":[{"id":"`+account+`","quarantined":true,"last_at":"*",`+pays("balance", 500_00)+`}]}`)
	h.office.asks("POST", "/v1/admin/accounts/"+account+"/lift", members(because)).wants(200, `{"account":"`+account+`",`+pays("balance", 500_00)+`}`)
	h.shop.spends("r:1", "7", 100_00).has(201, "{}")
	h.office.asks("POST", "/v1/admin/accounts/nothing/lift", members(because)).refuses(404, "voucher_not_found")
}

// X22 of an account: the office ends a reservation of it.
func TestTheOfficeReleasesAPartOfAnAccount(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.shop.claims("c:1", h.issues(500_00, claimable), "7").has(201, "{}")
	h.shop.spends("r:1", "7", 100_00).has(201, "{}")
	h.shop.spends("r:2", "7", 200_00).has(201, "{}")
	id := h.reads(`SELECT id::text FROM account_reservation WHERE key = 'r:1'`)
	h.office.asks("POST", "/v1/admin/reservations/"+id+"/release", members(because)).has(200, "{}")
	h.shop.captures("r:1", "1042").refuses(409, "reservation_ended", pays("uncovered", 100_00), says("detail", "The office has freed what was set aside on the customer's account."))
	h.shop.captures("r:2", "1043").has(200, members(pays("balance", 300_00)))
}

// X22 X03: so of points: the shop is told the true reason, and the office that it was its own.
func TestTheOfficeReleasesPointsThatWereSetAside(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 100)
	h.shop.paysWith("r:1", "7", 10_00).has(201, members(point("amount", 100)))
	id := h.reads(`SELECT id::text FROM account_reservation WHERE key = 'r:1'`)
	h.office.asks("POST", "/v1/admin/reservations/"+id+"/release", members(because)).has(200, "{}")
	h.hasPoints("7", 100, 0)
	for range 2 {
		h.shop.captures("r:1", "1042").refuses(409, "reservation_ended", pays("uncovered", 10_00), says("detail", "The office has freed what was set aside on the customer's account."))
	}
	if got := h.reads(`SELECT string_agg(reason, ',') FROM task WHERE kind = 'short_order'`); got != "order 1042 is short by 10.00 DKK: the office has freed what was set aside on the customer's account" {
		t.Errorf("the office is told %q", got)
	}
	h.hasPoints("7", 100, 0)
}

// A person's address is exported and erased with his log-ins; what he still has stays his.
func TestACustomersDataIsExportedAndErased(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.office.asks("PUT", "/v1/admin/customers/rich?shop=demo", members(says("email", "anna@example.dk"), says("member_until", "2030-01-31"))).has(200, "{}")
	h.office.asks("PUT", "/v1/admin/customers/poor?shop=demo", members(says("email", "anna@example.dk"))).has(200, "{}")
	h.office.asks("PUT", "/v1/adjustments/a:1", members(says("customer", "rich"), pays("delta", 100_00), says("reason", "for anna@example.dk, who wept"))).has(201, "{}")
	exported := h.about("export", "anna@example.dk").has(200, `{"orders":[]}`)
	for _, login := range []string{"rich", "poor"} {
		if !strings.Contains(exported.text, `"customer":"`+login+`"`) {
			t.Errorf("the export leaves out %s: %s", login, exported.text)
		}
	}
	erased := h.about("erase", "anna@example.dk", says("reason", "asked")).has(200, `{"kept":"*"}`).fields()["erased"].(map[string]any)
	if fmt.Sprint(erased["customers"]) != "2" || fmt.Sprint(erased["texts"]) != "1" {
		t.Errorf("erased %v", erased)
	}
	h.customer("rich").has(200, `{"email":null,"customer":"rich"}`)
	h.customer("poor").refuses(404, "not_found")
	if again := h.about("erase", "anna@example.dk", says("reason", "asked")).fields()["erased"].(map[string]any); fmt.Sprint(again["customers"]) != "0" {
		t.Errorf("erased again %v", again)
	}
	if left := h.reads(`SELECT count(*)::text FROM act WHERE detail::text LIKE '%anna@%'`); left != "0" {
		t.Error("the reason of an act names her still")
	}
}

// The office reaches a customer whose id at the shop has a slash.
func TestTheOfficeNamesACustomerWithASlash(t *testing.T) {
	t.Parallel()
	h := open(t)
	const path = "/v1/admin/customers/gid:%2F%2Fshop%2F7"
	h.office.asks("PUT", path+"?shop=demo", members(says("member_until", "2030-01-31"))).has(200, says1("customer", "gid://shop/7"))
	h.office.asks("GET", path, "").has(200, members(says("customer", "gid://shop/7"), says("member_until", "2030-01-31")))
}
