package admin_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/staff"
)

func TestAKeyIsToldOnceAndWorksUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	h := open(t)
	const path = "/v1/admin/keys"
	made := h.office.asks("POST", path, members(says("scope", "till"), says("shop", "demo"), says("register", "Kasse 1"), `"may_release":true`, says("name", "new")))
	want := `"id":"*","scope":"till","shop":"demo","register":"Kasse 1","may_release":true,"name":"new","created_at":"*","last_used_at":null`
	made.wants(201, `{"key":"*","state":"live","revoked_at":null,`+want+`}`)
	id, text := made.at("id"), made.at("key")
	listed := h.office.asks("GET", path, "").wants(200, `{"next_cursor":null,"items":[{"state":"live","revoked_at":null,`+want+`}]}`)
	if strings.Contains(listed.text, text) || strings.Contains(h.noted("key "+id), text) {
		t.Error("the key's text is shown again")
	}
	keys := staff.NewKeys(h.pool, rand.Reader, time.Now)
	if who, err := keys.Authenticate(t.Context(), text); err != nil || who.Register != "Kasse 1" || !bool(who.MayRelease) {
		t.Errorf("the key is %+v, %v", who, err)
	}
	h.office.asks("DELETE", path+"/"+id, "").has(200, `{"outcome":"revoked"}`)
	h.untouched("the same again", func() { h.office.asks("DELETE", path+"/"+id, "").has(200, `{"outcome":"unchanged"}`) })
	if _, err := staff.NewKeys(h.pool, rand.Reader, time.Now).Authenticate(t.Context(), text); err == nil {
		t.Error("a revoked key still works")
	}
	if got := h.noted("key " + id); !strings.HasPrefix(got, "key added {") || !strings.HasSuffix(got, "\nkey revoked {}") {
		t.Errorf("the audit trail says %s", got)
	}
}

func TestKeysAreListedOldestFirst(t *testing.T) {
	t.Parallel()
	h := open(t)
	const path = "/v1/admin/keys"
	h.office.asks("POST", path, members(says("scope", "admin"), says("name", "a"))).has(201, `{"scope":"admin"}`)
	h.office.asks("POST", path, members(says("scope", "shop"), says("shop", "demo"), says("name", "b"))).has(201, `{"shop":"demo"}`)
	id := h.office.asks("POST", path, members(says("scope", "till"), says("register", "K"), says("name", "c"))).has(201, `{"register":"K"}`).at("id")
	h.office.asks("DELETE", path+"/"+id, "").has(200, `{"outcome":"revoked"}`)
	h.office.lists(path, "name", "a b c", "limit", "1")
	h.office.lists(path, "name", "b", "shop", "demo")
	h.office.lists(path, "name", "c", "scope", "till")
	h.office.lists(path, "name", "c", "state", "revoked")
	h.office.lists(path, "name", "a b", "state", "live")
}

func TestAKeyThatMakesNoSenseIsRefusedByItsField(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.office.asks("POST", "/v1/admin/keys", members(says("scope", "till"), says("shop", "demo"), says("register", "Kasse 1"))).has(201, `{"scope":"till"}`)
	for _, tt := range []struct{ name, body, field string }{
		{"no scope", `{}`, "scope"},
		{"another scope", `{"scope":"root"}`, "scope"},
		{"a shop's key without a shop", `{"scope":"shop"}`, "shop"},
		{"a shop that there is not", `{"scope":"shop","shop":"other"}`, "shop"},
		{"a shop's key with a register", `{"scope":"shop","shop":"demo","register":"K"}`, "register"},
		{"a till's key without a register", `{"scope":"till"}`, "register"},
		{"a register of another shop", `{"scope":"till","register":"Kasse 1"}`, "register"},
		{"a register in another spelling", `{"scope":"till","shop":"demo","register":"KASSE 1"}`, "register"},
		{"a register with spaces around it", `{"scope":"till","register":" K"}`, "register"},
		{"an office's key with a shop", `{"scope":"admin","shop":"demo"}`, "shop"},
		{"an office's key that may release", `{"scope":"admin","may_release":true}`, "may_release"},
		{"a name with a line end", `{"scope":"admin","name":"a\nb"}`, "name"},
		{"a field that there is not", `{"scope":"admin","key":"x"}`, "key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h.untouched(tt.name, func() {
				h.office.asks("POST", "/v1/admin/keys", tt.body).has(400, members(says("code", "invalid_request"), says("field", tt.field)))
			})
		})
	}
}
