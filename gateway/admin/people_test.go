package admin_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"vouchsafe/retail"
	"vouchsafe/retail/staff"
)

// clock is the clock of one-time codes. Each code that somebody needs turns it on, since none works twice.
type clock struct{ steps atomic.Int64 }

func (c *clock) now() time.Time { return noon.Add(time.Duration(c.steps.Load()) * 30 * time.Second) }

// opensPeople lets people sign in, with a cheap look at their passwords.
func (h *house) opensPeople() *staff.People {
	h.t.Helper()
	signIns := staff.NewPeople(staff.PeopleConfig{
		Pool: h.pool, Ring: h.ring, Random: rand.Reader, Now: h.clock.now, Cost: staff.Cost{KiB: 64, Passes: 1, Lanes: 1}, Issuer: "Vouchsafe",
	})
	h.people = retail.NewPeople(signIns, h.desk)
	return signIns
}

// newcomer is somebody who was just let in.
type newcomer struct{ id, email, initial, otpauth string }

// invites lets somebody in by the command line.
func (h *house) invites(name string, role retail.Role) newcomer {
	h.t.Helper()
	email := strings.ToLower(name) + "@example.dk"
	who, told, err := h.people.Add(h.t.Context(), retail.CommandLine(), retail.NewPerson{Name: name, Email: email, Role: role})
	h.must(err)
	return newcomer{who.ID, email, told.Password.Reveal(), told.OTPAuth.Reveal()}
}

// code is the next code that the newcomer's authenticator shows.
func (h *house) code(n newcomer) string {
	h.t.Helper()
	h.clock.steps.Add(1)
	key, err := otp.NewKeyFromURL(n.otpauth)
	h.must(err)
	code, err := totp.GenerateCode(key.Secret(), h.clock.now())
	h.must(err)
	return code
}

// walk is a password that nobody else has seen.
const walk = "a long walk on the beach"

// signs is what somebody signs in with for the first time.
func (h *house) signs(n newcomer, more ...string) string {
	h.t.Helper()
	return members(append(more, says("email", n.email), says("password", n.initial), says("otp", h.code(n)))...)
}

// clerk and manager sign somebody in whom the command line let in.
func (h *house) clerk(name string) *caller {
	h.t.Helper()
	return h.enters(h.invites(name, staff.Clerk))
}
func (h *house) manager(name string) *caller {
	h.t.Helper()
	return h.enters(h.invites(name, staff.Manager))
}

func (h *house) enters(n newcomer) *caller {
	h.t.Helper()
	got := (&caller{h, ""}).asks("POST", "/v1/admin/sessions", h.signs(n, says("new_password", walk)))
	if got.status != 201 {
		h.t.Fatalf("signing in: %d %s", got.status, got.text)
	}
	return &caller{h, got.at("token")}
}

func TestAPersonSignsInWithAPasswordOfHisOwn(t *testing.T) {
	t.Parallel()
	h := open(t)
	n, stranger := h.invites("Anna", staff.Manager), &caller{h, ""}
	stranger.asks("POST", "/v1/admin/sessions", h.signs(n)).refuses(403, "password_change_required", says("field", "new_password"))
	stranger.asks("POST", "/v1/admin/sessions", h.signs(n, says("new_password", "too short"))).refuses(400, "invalid_request", says("field", "new_password"))
	got := stranger.asks("POST", "/v1/admin/sessions", h.signs(n, says("new_password", walk)))
	got.wants(201, members(`"token":"*","expires_at":"*"`, `"person":`+members(says("id", n.id), says("name", "Anna"), says("email", n.email), says("role", "manager"))))
	anna := &caller{h, got.at("token")}
	anna.asks("GET", "/v1/admin/vouchers", "").has(200, `{"next_cursor":null}`)

	h.till.asks("POST", "/v1/balance", `{"code":"x"}`)
	anna.asks("POST", "/v1/admin/people/me/password", members(says("password", "wrong"), says("new_password", "a short walk to the bench"))).refuses(401, "unauthorized")
	anna.asks("POST", "/v1/admin/people/me/password", members(says("password", walk), says("new_password", walk))).
		refuses(400, "invalid_request", says("field", "new_password"))
	anna.asks("POST", "/v1/admin/people/me/password", members(says("password", walk), says("new_password", "a short walk to the bench"))).
		wants(200, `{"outcome":"changed"}`)
	h.office.asks("POST", "/v1/admin/people/me/password", members(says("password", walk), says("new_password", walk))).refuses(403, "forbidden")

	anna.asks("DELETE", "/v1/admin/sessions/current", "").wants(200, `{"outcome":"ended"}`)
	anna.asks("GET", "/v1/admin/vouchers", "").refuses(401, "unauthorized")
	h.office.asks("DELETE", "/v1/admin/sessions/current", "").refuses(403, "forbidden")
	want := "person added {\"role\": \"manager\"}\nsigned in {\"session\": \"*\"}\npassword changed {}\nsigned out {\"session\": \"*\"}"
	said := h.reads(`SELECT string_agg(action || ' ' || regexp_replace(detail::text, '"session": "[0-9a-f]{16}"', '"session": "*"'), E'\n' ORDER BY id)
		FROM audit WHERE object = $1`, "person "+n.id)
	if said != want {
		t.Errorf("the audit trail says\n%s, want\n%s", said, want)
	}
}

// A stranger is slowed where he is; the owner elsewhere is not.
func TestFailedSignInsLockTheAccountForTheirAddressAlone(t *testing.T) {
	t.Parallel()
	h := open(t)
	n, stranger := h.invites("Anna", staff.Manager), &caller{h, ""}
	wrong := members(says("email", n.email), says("password", "a guess"), says("otp", "000000"))
	for range 5 {
		stranger.asks("POST", "/v1/admin/sessions", wrong).refuses(401, "unauthorized")
	}
	limited := stranger.asks("POST", "/v1/admin/sessions", h.signs(n, says("new_password", walk))).refuses(429, "rate_limited")
	if limited.header.Get("Retry-After") == "" {
		t.Error("nobody is told when to come back")
	}
	other := h.invites("Bo", staff.Manager)
	stranger.asks("POST", "/v1/admin/sessions", h.signs(other, says("new_password", walk))).has(201, `{"token":"*"}`)
	if _, err := h.people.SignIn(t.Context(), "192.0.2.7", retail.Credentials{
		Email: n.email, Password: retail.Secret(n.initial), OTP: h.code(n), New: walk,
	}); err != nil {
		t.Errorf("the owner elsewhere: %v", err)
	}
	for _, unknown := range []string{"nobody@example.dk", "somebody@example.dk"} {
		body := members(says("email", unknown), says("password", "a guess"), says("otp", "000000"))
		for range 5 {
			stranger.asks("POST", "/v1/admin/sessions", body).refuses(401, "unauthorized")
		}
		stranger.asks("POST", "/v1/admin/sessions", body).refuses(429, "rate_limited")
	}
}

// Only managers who have signed in look after people: with a key one alone could make himself a second person.
func TestManagersLookAfterPeople(t *testing.T) {
	t.Parallel()
	h := open(t)
	boss := h.manager("Anna")
	const path = "/v1/admin/people"
	body := members(says("name", "Bo"), says("email", "bo@example.dk"))
	made := boss.asks("POST", path, body)
	listed := members(says("name", "Bo"), says("email", "bo@example.dk"), says("role", "clerk"), says("state", "invited"),
		`"id":"*","created_at":"*","signed_in_at":null,"disabled_at":null`)
	made.wants(201, strings.TrimSuffix(listed, "}")+`,"initial_password":"*","otpauth":"*","initial_until":"*"}`)
	bo := newcomer{made.at("id"), "bo@example.dk", made.at("initial_password"), made.at("otpauth")}
	clerk := h.enters(bo)
	for name, who := range map[string]*caller{"a key": h.office, "a clerk": clerk} {
		who.asks("POST", path, members(says("name", "Cia"), says("email", "cia@example.dk"))).refuses(403, "forbidden")
		who.asks("POST", path+"/"+bo.id+"/reset", "").refuses(403, "forbidden")
		who.asks("POST", path+"/"+bo.id+"/disable", "").refuses(403, "forbidden")
		if got := who.asks("GET", path, "").has(200, `{"next_cursor":null}`); !strings.Contains(got.text, bo.id) || strings.Contains(got.text, "otpauth") {
			t.Errorf("%s sees %s", name, got.text)
		}
	}
	for _, route := range []string{"POST /v1/admin/keys", "DELETE /v1/admin/keys/x", "POST /v1/admin/shops", "POST /v1/admin/shops/demo/secret", "POST /v1/admin/products"} {
		method, path, _ := strings.Cut(route, " ")
		clerk.asks(method, path, "{}").refuses(403, "forbidden")
	}
	boss.asks("POST", path, body).refuses(409, "already_exists")
	boss.asks("POST", path, members(says("name", " "), says("email", "x@example.dk"))).refuses(400, "invalid_request", says("field", "name"))
	boss.asks("POST", path, members(says("name", "X"), says("email", "x"))).has(400, says1("field", "email"))
	self := h.reads(`SELECT id::text FROM person WHERE role = 'manager'`)
	boss.asks("POST", path+"/"+self+"/disable", "").refuses(403, "forbidden")
	boss.asks("POST", path+"/none/reset", "").refuses(404, "not_found")

	boss.asks("POST", path+"/"+bo.id+"/disable", "").has(200, `{"outcome":"disabled"}`)
	boss.asks("POST", path+"/"+bo.id+"/disable", "").has(200, `{"outcome":"unchanged"}`)
	clerk.asks("GET", "/v1/admin/vouchers", "").refuses(401, "unauthorized")
	again := boss.asks("POST", path+"/"+bo.id+"/reset", "").has(200, says1("state", "invited"))
	bo.initial, bo.otpauth = again.at("initial_password"), again.at("otpauth")
	h.enters(bo).asks("GET", "/v1/admin/vouchers", "").has(200, `{"next_cursor":null}`)
}

// What a person does is in the audit trail under his id, and the act stays the office's.
func TestAPersonsActIsTheOffices(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, anna := h.issues(500_00), h.invites("Anna", staff.Clerk)
	clerk := h.enters(anna)
	first := clerk.adjusts("a:1", c, pays("delta", 100_00)).has(201, members(pays("balance", 600_00)))
	if again := h.office.adjusts("a:1", c, pays("delta", 100_00)); again.status != 200 || again.text != first.text {
		t.Errorf("the same by a key: %d %s", again.status, again.text)
	}
	want := fmt.Sprintf("office (person %s) adjust", anna.id)
	if got := h.reads(`SELECT string_agg(actor || ' ' || action, ', ') FROM audit WHERE object = $1`, c.id); got != want {
		t.Errorf("the audit trail says %s, want %s", got, want)
	}
}
