package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// caller is somebody who asks, by the headers that he sends.
type caller struct {
	name, scope string
	header      http.Header
}

// bearing makes a caller with an API key.
func bearing(name, scope, key string) caller {
	return caller{name, scope, http.Header{"Authorization": {"Bearer " + key}}}
}

// guarded is a merchant with an object of each kind, and everybody who might ask for it.
type guarded struct {
	*merchant
	door    *running
	callers []caller
	code    string
	objects []string // paths of acts, each with the scope of its owner in front: "shop /v1/reservations/cart-1"
}

// guards sets it up.
func guards(t *testing.T) *guarded {
	t.Helper()
	m := opens(t)
	m.does("shop", "add", "--id", "other", "--platform", "standard", "--secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	g := &guarded{merchant: m, door: m.serves()}
	admin := m.does("key", "add", "--scope", "admin")
	revoked := g.revoked(admin)
	g.callers = []caller{
		{"nobody", "", nil},
		{"a password", "", http.Header{"Authorization": {"Basic dXNlcjpwYXNz"}}},
		{"two keys", "", http.Header{"Authorization": {"Bearer " + admin, "Bearer " + admin}}},
		{"half a key", "", http.Header{"Authorization": {"Bearer " + admin[:len(admin)-1]}}},
		{"a key in the query's place", "", http.Header{"X-Api-Key": {admin}}},
		bearing("a revoked key", "", revoked),
		bearing("the shop", "shop", m.shop), bearing("another shop", "shop", m.does("key", "add", "--scope", "shop", "--shop", "other")),
		bearing("the till", "till", m.till), bearing("another till", "till", m.does("key", "add", "--scope", "till", "--register", "kasse-2")),
		bearing("a till that frees", "release", m.does("key", "add", "--scope", "till", "--register", "kasse-3", "--may-release")),
		bearing("the office", "admin", admin),
		bearing("a clerk", "clerk", g.door.signsIn(g.invites("Bo", "clerk"), "the beach after a long walk")),
		bearing("a manager", "manager", g.door.signsIn(g.invites("Anna", "manager"), "a long walk on the beach")),
	}
	g.furnish()
	return g
}

// revoked is the text of an admin key that was ended.
func (g *guarded) revoked(admin string) string {
	g.t.Helper()
	made := g.door.wants(201, admin, "POST", "/v1/admin/keys", `{"scope": "admin", "name": "old"}`)
	g.door.wants(200, admin, "DELETE", fmt.Sprint("/v1/admin/keys/", made.at("id")), "")
	return fmt.Sprint(made.at("key"))
}

// furnish makes an act of each kind, by the shop and by the till.
func (g *guarded) furnish() {
	g.t.Helper()
	sold := g.sells(g.door, 3)
	g.code = sold[2]
	g.door.wants(201, g.shop, "PUT", "/v1/reservations/cart-1", reserving(sold[0], "cart-1"))
	g.door.wants(201, g.till, "PUT", "/v1/redemptions/r-1", redeeming(sold[1]))
	g.door.wants(201, g.till, "PUT", "/v1/reloads/l-1", fmt.Sprintf(`{"code": %q, "amount": {"amount": 100, "currency": "DKK"}, "receipt": "2", "tender": "cash"}`, sold[1]))
	g.door.wants(201, g.till, "PUT", "/v1/refunds/f-1", `{"redemption": "r-1", "amount": {"amount": 50, "currency": "DKK"}, "reason": "because"}`)
	g.objects = []string{"shop /v1/reservations/cart-1", "till /v1/redemptions/r-1", "till /v1/reloads/l-1", "till /v1/refunds/f-1"}
}

// does sends a request as a caller.
func (g *guarded) sends(by caller, method, path, body string) reply {
	g.t.Helper()
	request, err := http.NewRequestWithContext(g.t.Context(), method, g.door.url+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	request.Header = by.header.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	request.Header.Set("X-Forwarded-For", "192.0.2.1") // not from this machine, for the metrics
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		g.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	r := reply{status: answer.StatusCode, text: string(text)}
	_ = json.Unmarshal(text, &r.body) // an answer that is no JSON object has no body to look into
	return r
}

// routes are all that the daemon answers: its document is held against its router elsewhere.
func (g *guarded) routes() (all []string) {
	g.t.Helper()
	var document struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal([]byte(g.door.wants(200, "", "GET", "/openapi.json", "").text), &document); err != nil {
		g.t.Fatal(err)
	}
	for path, operations := range document.Paths {
		for method := range operations {
			all = append(all, strings.ToUpper(method)+" "+path)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(endsSession(a), endsSession(b)), cmp.Compare(a, b)) })
	return all
}

// endsSession is 1 for the route after which a caller is nobody any more.
func endsSession(route string) int {
	if route == "DELETE /v1/admin/sessions/current" {
		return 1
	}
	return 0
}

var parameterOf = regexp.MustCompile(`\{[a-z_]+\}`)

// absent is the route with an object that there is not.
func absent(path string) string {
	return parameterOf.ReplaceAllStringFunc(path, func(name string) string {
		if name == "{id}" {
			return "00000000-0000-4000-8000-000000000000"
		}
		return "absent"
	})
}

var requestID = regexp.MustCompile(`"request_id":"[^"]*"`)

// same is an answer without what differs between two requests for the same.
func (r reply) same(objects ...string) string {
	text := requestID.ReplaceAllString(r.text, "")
	for _, name := range objects {
		text = strings.ReplaceAll(text, name, "")
	}
	return fmt.Sprint(r.status, " ", text)
}

// G15: who may ask what: every route of the router by everybody. Who may not learns nothing and changes nothing.
func TestEveryRouteIsOpenToWhomItIsMeantForAndToNobodyElse(t *testing.T) {
	t.Parallel()
	g := guards(t)
	rows, routes := matrix(), g.routes()
	for name := range rows {
		if !slices.Contains(routes, name) {
			t.Errorf("%s is not served: take its row away", name)
		}
	}
	g.untouched(rows)
	for _, name := range routes {
		row, known := rows[name]
		if !known {
			t.Errorf("%s has no row: who may ask it?", name)
			continue
		}
		method, path, _ := strings.Cut(name, " ")
		body := strings.NewReplacer("{code}", g.code, "{key}", "absent").Replace(row.body)
		for _, by := range g.callers {
			g.judges(by, row, name, g.sends(by, method, absent(path), body))
		}
	}
}

// judges compares an answer with the row.
func (g *guarded) judges(by caller, row row, name string, r reply) {
	g.t.Helper()
	code := r.at("code")
	switch {
	case r.status >= 500 && !(name == "GET /readyz" && r.status == 503), r.status == 405:
		g.t.Errorf("%s by %s: %d %s", name, by.name, r.status, r.text)
	case row.may == "public":
		if r.status == 403 || r.status == 401 && code != "bad_signature" {
			g.t.Errorf("%s by %s: %d %s, and no key is asked for", name, by.name, r.status, r.text)
		}
	case by.scope == "":
		if r.status != 401 || code != "unauthorized" {
			g.t.Errorf("%s by %s: %d %s, want 401 unauthorized", name, by.name, r.status, r.text)
		}
	case !slices.Contains(strings.Fields(row.may), by.scope):
		if r.status != 403 || code != "forbidden" && code != "channel_not_allowed" {
			g.t.Errorf("%s by %s: %d %s, want 403", name, by.name, r.status, r.text)
		}
	case r.status == 401, r.status == 403 && name != "POST /v1/reservations/release-foreign":
		g.t.Errorf("%s by %s: %d %s, and it may", name, by.name, r.status, r.text)
	}
}

// untouched asks for the acts of others, and checks that nobody can tell them from acts that there are not, and that they stay as they are.
func (g *guarded) untouched(rows map[string]row) {
	g.t.Helper()
	before := g.own()
	for _, object := range g.objects {
		owner, path, _ := strings.Cut(object, " ")
		key := path[strings.LastIndex(path, "/")+1:]
		for name, row := range rows {
			method, pattern, _ := strings.Cut(name, " ")
			if !strings.HasPrefix(pattern, path[:strings.LastIndex(path, "/")]+"/{key}") && pattern != "/v1/captures" {
				continue
			}
			for i, by := range g.callers {
				if by.scope == "" || by.name == "the "+owner {
					continue
				}
				other := fmt.Sprintf("absent-%d", i)
				theirs := g.sends(by, method, strings.ReplaceAll(pattern, "{key}", key), strings.ReplaceAll(row.body, "{key}", key))
				nobodys := g.sends(by, method, strings.ReplaceAll(pattern, "{key}", other), strings.ReplaceAll(row.body, "{key}", other))
				if got, want := theirs.same(key), nobodys.same(other); got != want {
					g.t.Errorf("%s %s by %s: %s, and for one that there is not %s", method, path, by.name, got, want)
				}
			}
		}
	}
	if after := g.own(); !slices.Equal(before, after) {
		g.t.Errorf("others have changed\n%v\ninto\n%v", before, after)
	}
}

// own is what the owners of the acts are told of them.
func (g *guarded) own() (told []string) {
	g.t.Helper()
	for _, object := range g.objects {
		owner, path, _ := strings.Cut(object, " ")
		told = append(told, g.door.wants(200, map[string]string{"shop": g.shop, "till": g.till}[owner], "GET", path, "").text)
	}
	return told
}
