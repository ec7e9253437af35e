package admin_test

import (
	"slices"
	"strings"
	"testing"
)

// X13: who did what is listed, the latest first, and filtered.
func TestTheAuditTrailIsListed(t *testing.T) {
	t.Parallel()
	h := open(t)
	a, b := h.issues(500_00), h.issues(500_00)
	h.office.does("block", a, because)
	h.office.does("block", b)
	h.office.does("unblock", a)
	lines := func(pairs ...string) (actions []string, next string) {
		got := h.office.asks("GET", "/v1/admin/audit"+queryOf(pairs...), "").has(200, `{}`)
		return got.ids("action"), got.next()
	}
	for _, tt := range []struct {
		query []string
		want  string
	}{
		{[]string{"object", a.id}, "unblock block"},
		{[]string{"action", "block"}, "block block"},
		{[]string{"q", "ID-OF-admin"}, "unblock block block"},
		{[]string{"q", a.id}, "unblock block"},
		{[]string{"q", "nobody"}, ""},
		{[]string{"to", "2020-01-01"}, ""},
		{[]string{"from", "2020-01-01"}, "unblock block block"},
	} {
		if got, _ := lines(tt.query...); strings.Join(got, " ") != tt.want {
			t.Errorf("%q: got %q, want %q", tt.query, got, tt.want)
		}
	}
	h.office.asks("GET", "/v1/admin/audit"+queryOf("object", b.id), "").wants(200, `{"items":[`+members(
		`"id":"*"`, `"at":"*"`, says("actor", "office (key id-of-admin)"), says("action", "block"), says("object", b.id), `"detail":{}`)+`],"next_cursor":null}`)
	first, next := lines("limit", "2")
	rest, end := lines("limit", "2", "cursor", next)
	if !slices.Equal(first, []string{"unblock", "block"}) || !slices.Equal(rest, []string{"block"}) || end != "" {
		t.Errorf("page by page: %q, %q, %q", first, rest, end)
	}
}

// What the office does with a key of its own is in the audit trail too, once however often it is repeated.
func TestKeyedActsOfTheOfficeAreAudited(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	id := h.till.redeems("t:1", c, 300_00).at("redemption", "id")
	refund := members(says("redemption", id), pays("amount", 100_00), because)
	reload := members(says("code", c.code), pays("amount", 10_00), says("receipt", "R-9"), says("tender", "bank"))
	for range 2 {
		h.office.asks("PUT", "/v1/refunds/r:1", refund)
		h.office.asks("PUT", "/v1/reloads/l:1", reload)
		h.office.asks("DELETE", "/v1/reloads/l:1", "").wants(200, `{"outcome":"reversed"}`)
	}
	h.office.asks("PUT", "/v1/refunds/r:2", members(says("redemption", id), pays("amount", 400_00), because)).refuses(409, "insufficient_balance", pays("available", 200_00))
	h.till.asks("PUT", "/v1/reloads/l:1", reload).has(201, members(pays("balance", 310_00)))
	acts := strings.Split(h.audited(c), "\n")
	for i, want := range []string{
		`refund {"reason": "a customer called", "refund": "`, `reload {"reload": "`, `reverse {"key": "l:1", "kind": "reload"}`,
	} {
		if len(acts) != 3 || !strings.HasPrefix(acts[i], want) {
			t.Errorf("audited %q; want %q", acts, want)
		}
	}
}
