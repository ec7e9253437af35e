package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// manager is a person as the command line let him in.
type manager struct{ id, email, initial, seed string }

// invites lets somebody in, and reads what is printed once.
func (m *merchant) invites(name, role string) manager {
	m.t.Helper()
	email := strings.ToLower(name) + "@example.dk"
	said := m.does("person", "add", "--name", name, "--email", email, "--role", role)
	return setUp(m.t, said, email)
}

// setUp reads what is printed of somebody's access.
func setUp(t testing.TB, said, email string) manager {
	t.Helper()
	found := regexp.MustCompile(`Person: +(\S+) \((?:manager|clerk)\)\nInitial password: (\S+)\nAuthenticator: +(otpauth://\S+)\n`).FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("a new access is printed as %s", said)
	}
	key, err := otp.NewKeyFromURL(found[3])
	if err != nil {
		t.Fatal(err)
	}
	return manager{found[1], email, found[2], key.Secret()}
}

// signsIn is the first sign-in of a manager, whose token it returns.
func (d *running) signsIn(who manager, password string) string {
	d.t.Helper()
	code, err := totp.GenerateCode(who.seed, time.Now())
	if err != nil {
		d.t.Fatal(err)
	}
	body := fmt.Sprintf(`{"email": %q, "password": %q, "otp": %q, "new_password": %q}`, who.email, who.initial, code, password)
	return d.wants(201, "", "POST", "/v1/admin/sessions", body).at("token").(string)
}

// X13: two people through the binary. What one asks for above the set amount waits, outlives every power cut, and
// happens once when the other approves it, whether the power goes before that is written for good or after it.
func TestASecondPersonApprovesThroughPowerCuts(t *testing.T) {
	t.Parallel()
	m := opens(t, "VOUCHSAFE_APPROVAL_ABOVE=200.00")
	anna, bo := m.invites("Anna", "manager"), m.invites("Bo", "manager")
	if again := m.does("person", "reset", "--email", "BO@example.dk"); strings.Contains(again, bo.initial) || !strings.Contains(again, bo.id) {
		t.Errorf("person reset prints %s", again)
	} else {
		bo = setUp(t, again, bo.email)
	}
	d := m.serves()
	const walk, beach = "a long walk on the beach", "the beach after a long walk"
	first, second := d.signsIn(anna, walk), d.signsIn(bo, beach)
	code := m.sells(d, 1)[0]
	card := d.wants(200, first, "POST", "/v1/admin/vouchers/find", fmt.Sprintf(`{"code": %q}`, code)).at("id").(string)
	adjust := fmt.Sprintf(`{"voucher": %q, "delta": {"amount": 30000, "currency": "DKK"}, "reason": "goodwill"}`, card)
	asked := d.wants(202, first, "PUT", "/v1/adjustments/goodwill-1", adjust)
	if asked.at("code") != "awaiting_approval" {
		t.Errorf("asked: %s", asked.text)
	}
	log := d.log.String()
	d.dies()

	approve := fmt.Sprintf("/v1/admin/approvals/%s/approve", asked.at("approval.id"))
	for _, cut := range []struct {
		point   string
		balance float64 // that is found after it
	}{{"act.written", 50000}, {"act.committed", 80000}} {
		d = m.serves("VOUCHSAFE_FAILPOINTS=" + cut.point)
		if r := d.asks(second, "POST", approve, ""); r.status != 0 {
			t.Fatalf("%s: approved %d %s", cut.point, r.status, r.text)
		}
		log += d.log.String()
		d = m.serves()
		if now := d.wants(200, m.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q}`, code)); now.at("balance.amount") != cut.balance {
			t.Errorf("after a power cut at %s: %s", cut.point, now.text)
		}
		log += d.log.String()
		d.dies()
	}
	d = m.serves()
	d.wants(403, first, "POST", approve, "")
	if r := d.wants(200, second, "POST", approve, ""); r.at("state") != "approved" || r.at("asked_by.name") != "Anna" || r.at("decided_by.name") != "Bo" {
		t.Errorf("approved %s", r.text)
	}
	if r := d.wants(200, first, "PUT", "/v1/adjustments/goodwill-1", adjust); r.at("balance.amount") != 80000.0 {
		t.Errorf("the repeat is answered %s", r.text)
	}
	d.wants(200, first, "DELETE", "/v1/admin/sessions/current", "")
	d.wants(401, first, "GET", "/v1/admin/approvals", "")
	d.stops()
	m.sound()
	log += d.log.String()
	for _, secret := range []string{anna.initial, anna.seed, walk, beach, first, second, anna.email, "Anna"} {
		if strings.Contains(log, secret) {
			t.Errorf("%.6s… is in the log (I13)", secret)
		}
	}
	const told = `SELECT action FROM audit WHERE actor = 'command line' ORDER BY id`
	want := "add_shop add_product key added key added person added person added person reset"
	if got := strings.Join(column[string](t, m.look(), told), " "); got != want {
		t.Errorf("the command line's audit rows are %s, want %s", got, want)
	}
}

// X13 P15: points that are granted by hand above the set amount wait through power cuts, and are given once when another approves it.
func TestAGrantOfPointsIsApprovedThroughPowerCuts(t *testing.T) {
	t.Parallel()
	m := opens(t, "VOUCHSAFE_APPROVAL_ABOVE=20.00")
	anna, bo := m.invites("Anna", "clerk"), m.invites("Bo", "manager")
	d := m.serves()
	first, second := d.signsIn(anna, "a long walk on the beach"), d.signsIn(bo, "the beach after a long walk")
	d.wants(200, second, "PUT", "/v1/admin/loyalty", aProgramme)
	const grant = `{"customer": "7", "shop": "demo", "event": "manual", "points": 201, "reason": "goodwill"}`
	approve := fmt.Sprintf("/v1/admin/approvals/%s/approve", d.wants(202, first, "PUT", "/v1/points/g:1", grant).at("approval.id"))
	d.dies()
	for _, cut := range []struct{ point, state string }{{"act.written", "awaiting_approval"}, {"act.committed", "done"}} {
		d = m.serves("VOUCHSAFE_FAILPOINTS=" + cut.point)
		if r := d.asks(second, "POST", approve, ""); r.status != 0 {
			t.Fatalf("%s: approved %d %s", cut.point, r.status, r.text)
		}
		d = m.serves()
		if now := d.wants(200, first, "GET", "/v1/points/g:1", ""); now.at("state") != cut.state {
			t.Errorf("after a power cut at %s: %s", cut.point, now.text)
		}
		d.dies()
	}
	d = m.serves()
	d.wants(200, second, "POST", approve, "")
	if r := d.wants(200, first, "PUT", "/v1/points/g:1", grant); r.at("earned.amount") != 201.0 || r.at("balance.amount") != 201.0 {
		t.Errorf("the repeat is answered %s", r.text)
	}
	d.stops()
	m.sound()
}
