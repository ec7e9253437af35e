package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/hold/holdtest"
)

// history is a merchant whose database goes back in time, and what his vouchers were answered.
type history struct {
	*merchant
	d     *running
	admin string
	codes []string
	ids   map[string]string // of the vouchers, by code
	n     int               // acts so far
	done  []act             // the acts that were acknowledged since the last backup
}

// act is an act that somebody was told has happened.
type act struct{ code, key, method, path, body string }

// remembers sells so many vouchers.
func (m *merchant) remembers(d *running, vouchers int) *history {
	m.t.Helper()
	h := &history{merchant: m, d: d, ids: map[string]string{}, admin: m.does("key", "add", "--scope", "admin")}
	h.codes = m.sells(d, vouchers)
	for _, code := range h.codes {
		h.ids[code] = d.wants(200, m.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q}`, code)).at("voucher.id").(string)
	}
	return h
}

// acts does something to a voucher of which the caller is told that it has happened.
func (h *history) acts(code, what string) {
	h.t.Helper()
	h.n++
	name := fmt.Sprintf("%s-%d", what, h.n)
	a := act{code: code, key: h.till, method: "PUT"}
	switch what {
	case "redeem":
		a.path, a.body = "/v1/redemptions/"+name, redeeming(code)
	case "reload":
		a.path = "/v1/reloads/" + name
		a.body = fmt.Sprintf(`{"code": %q, "amount": {"amount": 100, "currency": "DKK"}, "receipt": "1", "tender": "cash"}`, code)
	case "reserve":
		a.key, a.path, a.body = h.shop, "/v1/reservations/"+h.ids[code], reserving(code, h.ids[code])
	case "capture":
		a.key, a.method, a.path, a.body = h.shop, "POST", "/v1/reservations/"+h.ids[code]+"/capture", `{"order": "1"}`
	case "release":
		a.key, a.method, a.path = h.shop, "POST", "/v1/reservations/"+h.ids[code]+"/release"
	}
	if r := h.again(a); r.status/100 != 2 {
		h.t.Fatalf("%s: %d %s\n%s", a.path, r.status, r.text, h.d.log)
	}
	h.done = append(h.done, a)
}

func (h *history) again(a act) reply { return h.d.asks(a.key, a.method, a.path, a.body) }

// lost are the ids of the vouchers that were changed since the last backup.
func (h *history) lost() []string {
	ids := map[string]bool{}
	for _, a := range h.done {
		ids[h.ids[a.code]] = true
	}
	return slices.Sorted(maps.Keys(ids))
}

// recovers waits until PostgreSQL is compared with Redis.
func (h *history) recovers() {
	h.t.Helper()
	eventually(h.t, recoversWithin, "PostgreSQL is compared with Redis", func() bool {
		return h.d.asks("", "GET", "/readyz", "").at("checks.recovery.state") == "ok"
	})
}

// quarantined asks the office which vouchers are in quarantine.
func (h *history) quarantined() (ids []string) {
	h.t.Helper()
	for _, item := range h.list("/v1/admin/vouchers?state=quarantined") {
		ids = append(ids, item["id"].(string))
	}
	slices.Sort(ids)
	return ids
}

// tasks are the subjects of the office's open tasks of a kind.
func (h *history) tasks(kind string) (subjects []string) {
	h.t.Helper()
	for _, item := range h.list("/v1/admin/tasks?kind=" + kind) {
		subjects = append(subjects, item["subject"].(string))
	}
	slices.Sort(subjects)
	return subjects
}

func (h *history) list(path string) (items []map[string]any) {
	h.t.Helper()
	for _, item := range h.d.wants(200, h.admin, "GET", path, "").body["items"].([]any) {
		items = append(items, item.(map[string]any))
	}
	return items
}

// lifts ends a quarantine, and checks that the office was shown both versions.
func (h *history) lifts(id string) {
	h.t.Helper()
	sheet := h.d.wants(200, h.admin, "GET", "/v1/admin/vouchers/"+id, "")
	known, seen := sheet.at("quarantine.version"), sheet.at("quarantine.witness")
	if known == nil || seen == nil || seen.(float64) <= known.(float64) {
		h.t.Errorf("the office sees %s, want a witness above the version", sheet.text)
	}
	h.d.wants(200, h.admin, "POST", "/v1/admin/vouchers/"+id+"/lift", `{"reason": "compared with the receipts"}`)
	if now := h.d.wants(200, h.admin, "GET", "/v1/admin/vouchers/"+id, "").at("version"); now != seen.(float64)+1 {
		h.t.Errorf("after the lift the version is %v, want %v", now, seen.(float64)+1)
	}
}

// TestP4ARestoredBackupQuarantinesWhatItLostAndNothingElse goes back to a backup of the files (P4, G7),
// with Redis away at first: until it is back nothing is granted.
func TestP4ARestoredBackupQuarantinesWhatItLostAndNothingElse(t *testing.T) {
	t.Parallel()
	p, redis := startsCluster(t), holdtest.Start(t)
	m := opens(t, "VOUCHSAFE_DATABASE_URL="+p.stores.DatabaseURL, "VOUCHSAFE_REDIS_URL="+redis.URL())
	m.url = p.stores.DatabaseURL
	h := m.remembers(m.serves(), 6)
	h.acts(h.codes[0], "reserve")
	h.acts(h.codes[1], "redeem")
	h.acts(h.codes[4], "redeem")
	h.acts(h.codes[5], "reserve")
	h.done = nil
	backup := p.backsUp()
	for code, what := range map[int]string{0: "capture", 1: "redeem", 2: "reserve", 3: "reload"} {
		h.acts(h.codes[code], what)
	}
	gone := h.forgets()
	h.witnessed(redis)
	h.d.dies()
	redis.Do(t, "SAVE")
	redis.Stop()
	p.restores(backup)

	h.d = m.serves()
	h.grantsNothing()
	redis.Restart(t)
	h.recovers()
	h.showsWhatWasLost(gone)
	h.settles(gone)
	h.sound()
	h.forgetsItsWitnesses(p, redis)
}

// witnessed waits until Redis knows all that was acknowledged. What it could not be told within its budget, on a busy machine, the daemon
// still owes it, and would take with it when it dies.
func (h *history) witnessed(redis *holdtest.Server) {
	h.t.Helper()
	pool := h.look()
	eventually(h.t, recoversWithin, "Redis knows all that was acknowledged", func() bool {
		for _, v := range column[string](h.t, pool, `SELECT 'vs:' || i.id || ':{' || v.id || '}:w ' || v.version FROM installation i, voucher v`) {
			if key, version, _ := strings.Cut(v, " "); redis.Do(h.t, "GET "+key) != version {
				return false
			}
		}
		return true
	})
}

// forgets spends a voucher that the backup knows nothing of, and returns its id.
func (h *history) forgets() string {
	h.t.Helper()
	code := h.sells(h.d, 1)[0]
	h.wants2xx(h.d.asks(h.till, "PUT", "/v1/redemptions/forgotten", redeeming(code)))
	return h.d.wants(200, h.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q}`, code)).at("voucher.id").(string)
}

// grantsNothing asks for everything while PostgreSQL may have lost something and Redis is away.
func (h *history) grantsNothing() {
	h.t.Helper()
	for _, code := range h.codes[1:5] { // those that nobody has reserved
		h.isUnavailable(h.d, h.till, "PUT", "/v1/redemptions/early", redeeming(code))
		h.isUnavailable(h.d, h.shop, "PUT", "/v1/reservations/early", reserving(code, "another"))
		h.d.wants(200, h.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q}`, code))
	}
	h.isUnavailable(h.d, h.shop, "POST", "/v1/reservations/"+h.ids[h.codes[5]]+"/release", "")
	ready := h.d.wants(200, "", "GET", "/readyz", "")
	if detail, _ := ready.at("checks.recovery.detail").(string); !strings.HasPrefix(detail, "recovering") {
		h.t.Errorf("/readyz says %s", ready.text)
	}
	if figures, _ := h.d.scrapes(); figures.value("vouchsafe_recovering") != 1 {
		h.t.Error("the metrics don't say that it recovers")
	}
}

// showsWhatWasLost checks what is told of the loss: to the office, by verify, by the metrics.
func (h *history) showsWhatWasLost(gone string) {
	h.t.Helper()
	if diff := cmp.Diff(h.lost(), h.quarantined()); diff != "" {
		h.t.Errorf("in quarantine (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(h.lost(), h.tasks("quarantine")); diff != "" {
		h.t.Errorf("tasks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{gone}, h.tasks("missing_voucher")); diff != "" {
		h.t.Errorf("missing (-want +got):\n%s", diff)
	}
	if n := len(h.tasks("rollback")); n != 1 {
		h.t.Errorf("%d alarms, want one", n)
	}
	figures, _ := h.d.scrapes()
	for name, want := range map[string]float64{
		"vouchsafe_recovering": 0, "vouchsafe_missing_vouchers_total": 1, "vouchsafe_quarantines_total": float64(len(h.lost())),
	} {
		if got := figures.value(name); got != want {
			h.t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	said, err := h.tries("verify")
	if err == nil || strings.Count(said, "BROKEN") != len(h.lost())+1 {
		h.t.Errorf("verify: %v\n%s", err, said)
	}
	h.wants2xx(h.d.asks(h.till, "PUT", "/v1/redemptions/later", redeeming(h.codes[4])))
}

// settles repeats the lost acts: they are refused until the office has looked, and then done anew.
func (h *history) settles(gone string) {
	h.t.Helper()
	for _, a := range h.done {
		r := h.again(a)
		if code := r.at("code"); code != "quarantined" && (a.key != h.shop || code != "cannot_be_applied") {
			h.t.Errorf("%s on a voucher in quarantine: %d %s", a.path, r.status, r.text)
		}
	}
	for _, id := range h.lost() {
		h.lifts(id)
	}
	for _, a := range h.done {
		h.wants2xx(h.again(a))
	}
	if got := h.quarantined(); got != nil {
		h.t.Errorf("in quarantine again: %v", got)
	}
	for _, task := range h.list("/v1/admin/tasks?kind=missing_voucher") {
		h.d.wants(200, h.admin, "POST", fmt.Sprintf("/v1/admin/tasks/%.0f/close", task["id"]), `{"reason": "`+gone+` was refunded"}`)
	}
}

// forgetsItsWitnesses starts PostgreSQL anew with an empty Redis: nothing can be compared, the office is
// told, and acts go on.
func (h *history) forgetsItsWitnesses(p *postgres, redis *holdtest.Server) {
	h.t.Helper()
	h.d.dies()
	p.stops()
	redis.Do(h.t, "FLUSHALL")
	p.starts()
	h.d = h.serves()
	h.recovers()
	h.wants2xx(h.d.asks(h.till, "PUT", "/v1/redemptions/on", redeeming(h.codes[4])))
	if n := len(h.tasks("unwitnessed")); n != 1 {
		h.t.Errorf("%d tasks that nothing could be compared, want 1", n)
	}
	h.sound()
}

// TestP4AFailOverToAStandbyThatWasBehindIsFoundByItself promotes a standby that lacks the last acts. The
// running daemon goes over to it by itself; the old primary, should it come back writable, finds no daemon,
// though it comes first in the URL (P4).
func TestP4AFailOverToAStandbyThatWasBehindIsFoundByItself(t *testing.T) {
	t.Parallel()
	p := startsCluster(t)
	m := opens(t, "VOUCHSAFE_DATABASE_URL="+p.stores.DatabaseURL)
	m.url = p.stores.DatabaseURL
	h := m.remembers(m.serves(), 4)
	h.acts(h.codes[0], "redeem")
	h.d.stops()
	second := p.follows()
	old, err := url.Parse(m.url)
	if err != nil {
		t.Fatal(err)
	}
	both := "VOUCHSAFE_DATABASE_URL=" + fmt.Sprintf("postgres://vouchsafe@/vouchsafe?host=%s,%s&port=5432,5432&target_session_attrs=read-write",
		old.Query().Get("host"), second.sockets)
	h.d = m.serves(both)
	h.acts(h.codes[1], "redeem")
	eventually(t, startsWithin, "the standby has it", func() bool {
		return second.answers(`SELECT count(*) = 2 FROM act WHERE kind = 'redemption'`)
	})
	second.loses()
	h.done = nil
	h.acts(h.codes[2], "redeem")
	h.acts(h.codes[1], "reload")
	p.dies()
	second.writes(`SELECT pg_promote()`)
	eventually(t, recoversWithin, "the daemon works on", func() bool {
		return h.d.asks(m.till, "PUT", "/v1/redemptions/on", redeeming(h.codes[3])).status/100 == 2
	})
	for _, a := range h.done {
		var r reply
		eventually(t, recoversWithin, "it is known what became of an act", func() bool { r = h.again(a); return r.status != 503 })
		if r.status != 409 || r.at("code") != "quarantined" {
			t.Errorf("%s on a voucher that lost it: %d %s", a.path, r.status, r.text)
		}
	}
	h.recovers()
	if diff := cmp.Diff(h.lost(), h.quarantined()); diff != "" {
		t.Errorf("in quarantine (-want +got):\n%s", diff)
	}
	p.starts()
	m.refuses("the same data is being served from another PostgreSQL server")
	h.staysWith(second, both)
	h.goesBack(second, both)
}

// staysWith makes every daemon connect anew while the old primary takes writes again, and wants all of them at its successor.
func (h *history) staysWith(second *standby, both string) {
	h.t.Helper()
	const acts = `SELECT count(*) FROM act`
	old, successor := h.look(), second.look()
	left, served := count(h.t, old, acts), count(h.t, successor, acts)
	const rounds = 4
	for round, d := range [rounds]*running{h.d, h.d, h.serves(both), h.d} {
		endsAll(h.t, successor)
		h.asksAtOnce(d, h.codes[3], round)
	}
	if now := count(h.t, old, acts); now != left {
		h.t.Errorf("%d acts were settled on the server that was left", now-left)
	}
	if now := count(h.t, successor, acts); now < served+rounds {
		h.t.Errorf("%d acts were settled on its successor, want %d", now-served, rounds)
	}
	if diff := cmp.Diff(h.lost(), h.quarantined()); diff != "" {
		h.t.Errorf("in quarantine (-want +got):\n%s", diff)
	}
}

// goesBack loses the successor for good. No running daemon works with the older server; one that is started anew does, and finds out
// what that lacks.
func (h *history) goesBack(second *standby, both string) {
	h.t.Helper()
	second.dies()
	h.isUnavailable(h.d, h.till, "PUT", "/v1/redemptions/back", redeeming(h.codes[3]))
	if r := h.d.asks("", "GET", "/readyz", ""); r.status != 503 || !strings.Contains(r.text, "older than the one that was served") {
		h.t.Errorf("readyz: %d %s, want 503 and why no server is taken", r.status, r.text)
	}
	h.d.dies()
	h.d = h.serves(both)
	h.recovers()
	if r := h.d.asks(h.till, "PUT", "/v1/redemptions/back", redeeming(h.codes[3])); r.at("code") != "quarantined" {
		h.t.Errorf("a voucher that was spent on the lost server: %d %s", r.status, r.text)
	}
	h.wants2xx(h.d.asks(h.till, "PUT", "/v1/redemptions/back-too", redeeming(h.codes[2])))
}

// rollbacks is how often the dice go back in time.
const rollbacks = 12

// TestG7RandomRollbacksAreAllDetected goes back again and again, to random points between acts that are
// drawn by lot. Each time exactly what was lost is in quarantine.
func TestG7RandomRollbacksAreAllDetected(t *testing.T) {
	t.Parallel()
	p := startsCluster(t)
	m := opens(t, "VOUCHSAFE_DATABASE_URL="+p.stores.DatabaseURL)
	m.url = p.stores.DatabaseURL
	h := m.remembers(m.serves(), 12)
	seed := uint64(time.Now().UnixNano())
	dice := rand.New(rand.NewPCG(seed, 0))
	for round := range rollbacks {
		h.drawsLots(dice, dice.IntN(10))
		h.done = nil
		backup := p.backsUp()
		h.drawsLots(dice, 1+dice.IntN(10))
		p.restores(backup)
		h.recovers()
		if diff := cmp.Diff(h.lost(), h.quarantined()); diff != "" {
			t.Fatalf("seed %d, round %d: in quarantine (-want +got):\n%s\n%s", seed, round, diff, h.d.log)
		}
		for _, id := range h.lost() {
			h.lifts(id)
		}
	}
	m.sound()
}

// drawsLots does so many things to vouchers that are drawn by lot.
func (h *history) drawsLots(dice *rand.Rand, acts int) {
	h.t.Helper()
	for range acts {
		h.acts(h.codes[dice.IntN(len(h.codes))], []string{"redeem", "reload"}[dice.IntN(2)])
	}
}
