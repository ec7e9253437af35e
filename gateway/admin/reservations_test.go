package admin_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// E16, E18: what is held now, the first to be free at the head.
func TestReservedCodesAreListed(t *testing.T) {
	t.Parallel()
	h := open(t)
	a, b, c, d := h.sells(order("1042", 0))[0], h.issues(500_00), h.issues(500_00), h.issues(500_00)
	h.shop.reserves("w:1", a, "order-2026-001042", 120_00)
	h.shop.reserves("w:2", b, "cart-2", 1_00)
	h.shop.reserves("w:3", c, "cart-3", 1_00)
	h.shop.captures("w:3", "A-3", pays("amount", 1_00))
	h.till.redeems("t:1", d, 1_00)
	got := h.office.asks("GET", "/v1/admin/reservations", "")
	if want := idsOf(a, b); !slices.Equal(got.ids("voucher", "id"), want) || got.next() != "" {
		t.Errorf("got %s, want %q", got.text, want)
	}
	one := h.office.asks("GET", "/v1/admin/reservations?limit=1", "").has(200, `{"items":[{"id":"*","voucher":"*","reservation":`+members(
		`"id":"*"`, says("key", "w:1"), says("owner", "shop:demo"), says("state", "active"), pays("amount", 120_00), pays("due", 120_00), `"held_until":"*"`, `"ended_at":null`,
		`"released_by":"*"`, `"held_by":`+members(says("channel", "webshop"), says("holder", "001042"), `"since":"*"`))+`}]}`)
	two := h.office.asks("GET", "/v1/admin/reservations"+queryOf("limit", "1", "cursor", one.next()), "")
	if !slices.Equal(two.ids("voucher", "id"), idsOf(b)) || two.next() != "" {
		t.Errorf("the second page is %s", two.text)
	}
	if got := h.office.asks("GET", "/v1/admin/reservations?from=2099-01-01", ""); len(got.ids("voucher", "id")) != 0 {
		t.Errorf("from a day to come: %s", got.text)
	}
	h.passes(24 * time.Hour)
	if got := h.office.asks("GET", "/v1/admin/reservations", ""); len(got.ids("voucher", "id")) != 0 {
		t.Errorf("when all are over: %s", got.text)
	}
}

// E16: the parts of accounts that are set aside stand among the codes, and are found by whose they are.
func TestReservedPartsOfAccountsAreListed(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.shop.claims("c:1", h.issues(500_00, claimable), "7").has(201, "{}")
	h.shop.spends("r:1", "7", 100_00).has(201, "{}")
	c := h.issues(500_00)
	h.passes(time.Minute)
	h.shop.reserves("w:1", c, "cart", 1_00)
	h.shop.spends("r:2", "7", 200_00).has(201, "{}")
	got := h.office.asks("GET", "/v1/admin/reservations", "")
	for what, want := range map[string][]string{"reservation/key": {"r:1", "w:1", "r:2"}, "account/customer/customer": {"7", "", "7"}, "voucher/id": {"", c.id, ""}} {
		if ids := got.ids(strings.Split(what, "/")...); !slices.Equal(ids, want) {
			t.Errorf("%s is %q, want %q", what, ids, want)
		}
	}
	if strings.Count(got.text, `"voucher":`) != 1 || !strings.Contains(got.text, pays("reserved", 300_00)) || !strings.Contains(got.text, pays("amount", 100_00)) {
		t.Errorf("got %s", got.text)
	}
	for asked, want := range map[string][]string{"7": {"r:1", "r:2"}, h.reads(`SELECT id::text FROM account`): {"r:1", "r:2"}, c.id: {"w:1"}} {
		if got := h.office.asks("GET", "/v1/admin/reservations"+queryOf("q", asked), "").ids("reservation", "key"); !slices.Equal(got, want) {
			t.Errorf("by %q: %q, want %q", asked, got, want)
		}
	}
	id := got.ids("id")[0]
	h.office.asks("POST", "/v1/admin/reservations/"+id+"/release", members(because)).has(200, `{"outcome":"released"}`)
	one := h.office.asks("GET", "/v1/admin/reservations?limit=1", "")
	two := h.office.asks("GET", "/v1/admin/reservations"+queryOf("limit", "1", "cursor", one.next()), "")
	if keys := append(one.ids("reservation", "key"), two.ids("reservation", "key")...); !slices.Equal(keys, []string{"w:1", "r:2"}) || two.next() != "" {
		t.Errorf("page by page: %q", keys)
	}
}

// E17: what is used in part and has a rest, reserved or not.
func TestCodesWithARestAreListed(t *testing.T) {
	t.Parallel()
	h := open(t)
	free, held, whole, spent, back := h.issues(500_00), h.issues(500_00), h.issues(500_00), h.issues(500_00), h.issues(500_00)
	for key, c := range map[string]card{"t:1": free, "t:2": held, "t:5": back} {
		h.till.redeems(key, c, 1_00)
	}
	h.till.redeems("t:4", spent, 500_00)
	h.till.asks("DELETE", "/v1/redemptions/t:5", "").has(200, `{"outcome":"reversed"}`)
	h.shop.reserves("w:1", held, "cart", 1_00)
	h.shop.reserves("w:2", whole, "cart-2", 1_00)
	got := h.office.asks("GET", "/v1/admin/reservations?filter=rest", "")
	if want := idsOf(held, free); !slices.Equal(got.ids("voucher", "id"), want) {
		t.Errorf("got %s, want %q", got.text, want)
	}
	if ids := got.ids("reservation", "key"); ids[0] != "w:1" {
		t.Errorf("the first is held under %q", ids)
	}
	one := h.office.asks("GET", "/v1/admin/reservations?filter=rest&limit=1", "")
	two := h.office.asks("GET", "/v1/admin/reservations?filter=rest&limit=1&cursor="+one.next(), "")
	if !slices.Equal(append(one.ids("voucher", "id"), two.ids("voucher", "id")...), idsOf(held, free)) || two.next() != "" {
		t.Errorf("page by page: %s, %s", one.text, two.text)
	}
}

// X04, X22: the office frees a code, and its owner is told the truth.
func TestTheOfficeReleasesAReservation(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.shop.reserves("w:1", c, "cart", 120_00)
	id := h.office.sees(c).at("reservation", "id")
	release := func() *reply {
		return h.office.asks("POST", "/v1/admin/reservations/"+id+"/release", members(says("reason", "the customer called")))
	}
	release().wants(200, `{"outcome":"released","state":"voided"}`)
	h.unchanged("to release what is released", func() { release().wants(200, `{"outcome":"unchanged","state":"voided"}`) })
	if got, want := h.audited(c), `release {"reason": "the customer called", "reservation": "`+id+`"}`; got != want {
		t.Errorf("audited %q, want %q", got, want)
	}
	h.till.redeems("t:1", c, 450_00).has(201, members(pays("balance", 50_00)))
	h.shop.captures("w:1", "A-1").refuses(409, "reservation_superseded", pays("uncovered", 120_00))
	h.shop.reserves("w:2", c, "cart-2", 1_00)
	release().wants(200, `{"outcome":"unchanged","state":"voided"}`)
	h.office.sees(c).has(200, members(pays("reserved", 1_00)))
	for _, none := range []string{"01890a5d-ac96-774b-bcce-b302099a8057", "none", c.id} {
		h.office.asks("POST", "/v1/admin/reservations/"+none+"/release", members(because)).refuses(404, "reservation_not_found")
	}
	h.office.asks("POST", "/v1/admin/reservations/"+id+"/release", "{}").refuses(400, "invalid_request", `"field":"reason"`)
}
