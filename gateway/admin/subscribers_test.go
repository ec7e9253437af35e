package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/herald"
	"vouchsafe/retail/reach"
	"vouchsafe/webshop/standard"
)

// ear is a subscriber who listens.
type ear struct {
	*httptest.Server
	mu     sync.Mutex
	heard  []heard
	answer func(message heard) int
}

// heard is a message.
type heard struct {
	id     string
	header http.Header
	raw    []byte
	herald.Message
}

func (m heard) String() string {
	amount := int64(0)
	if m.Data.Amount != nil {
		amount = m.Data.Amount.Minor
	}
	return fmt.Sprintf("%s %d %d", strings.TrimPrefix(string(m.Type), "voucher."), amount, m.Data.Balance.Minor)
}

// listens opens an ear, which takes everything unless it is told otherwise.
func listens(t *testing.T) *ear {
	t.Helper()
	e := &ear{answer: func(heard) int { return http.StatusNoContent }}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := heard{id: r.Header.Get("Webhook-Id"), header: r.Header}
		m.raw, _ = io.ReadAll(r.Body) // what can't be read is no JSON either
		if err := json.Unmarshal(m.raw, &m.Message); err != nil {
			t.Errorf("%s is no message: %v", m.raw, err)
		}
		e.mu.Lock()
		status := e.answer(m)
		if status/100 == 2 {
			e.heard = append(e.heard, m)
		}
		e.mu.Unlock()
		w.WriteHeader(status)
	}))
	t.Cleanup(e.Close)
	return e
}

// says changes how the ear answers.
func (e *ear) says(answer func(message heard) int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = answer
}

// of are the messages about a card that were taken.
func (e *ear) of(c card) (texts []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.heard {
		if m.about() == c.id {
			texts = append(texts, m.String())
		}
	}
	return texts
}

// about is the id of the voucher or account.
func (m heard) about() string {
	if m.Data.Account != nil {
		return m.Data.Account.ID
	}
	return m.Data.Voucher.ID
}

// subscribes registers an ear and returns its id and secret.
func (h *house) subscribes(e *ear, more ...string) (id, secret string) {
	h.t.Helper()
	got := h.office.asks("POST", "/v1/admin/subscribers", members(append(more, says("name", "till system"), says("url", e.URL))...))
	if got.status != 201 {
		h.t.Fatalf("%d %s", got.status, got.text)
	}
	return got.at("subscriber", "id"), got.at("secret")
}

// herald is who tells.
func (h *house) herald() *herald.Herald {
	return h.sales.Herald(reach.New(netip.MustParsePrefix("127.0.0.0/8")).Client(), time.Now)
}

// round lets the subscriber be told what is due, until nothing is.
func (h *house) round(id string) {
	h.t.Helper()
	for range 50 {
		found, err := h.herald().Round(h.t.Context(), id)
		if errors.Is(err, herald.ErrUnknown) { // paused
			return
		}
		h.must(err)
		if found == 0 {
			return
		}
	}
	h.t.Fatal("there is no end to it")
}

func (h *house) hears(e *ear, of card, want ...string) {
	h.t.Helper()
	if got := strings.Join(e.of(of), "; "); got != strings.Join(want, "; ") {
		h.t.Errorf("heard %q, want %q", got, strings.Join(want, "; "))
	}
}

// X14: signed messages in the order of each voucher, with balances, from the moment of the subscription on; never a code.
func TestASubscriberIsToldWhatHappens(t *testing.T) {
	t.Parallel()
	h := open(t)
	before := h.issues(100_00)
	e := listens(t)
	id, secret := h.subscribes(e)
	c := h.issues(500_00)
	h.till.redeems("r:1", c, 120_00)
	h.till.asks("PUT", "/v1/reloads/l:1", members(says("code", c.code), pays("amount", 50_00), says("receipt", "2"), says("tender", "cash")))
	h.till.asks("PUT", "/v1/refunds/f:1", members(says("redemption", "r:1"), pays("amount", 20_00), because))
	h.office.does("block", c, because)
	h.office.does("unblock", c, because)
	h.till.asks("DELETE", "/v1/reloads/l:1", "")
	h.office.does("invalidate", c, because)
	h.round(id)
	h.round(id)
	h.hears(e, before)
	h.hears(e, c, "issued 50000 50000", "redeemed -12000 38000", "reloaded 5000 43000", "refunded 2000 45000", "blocked 0 45000", "unblocked 0 45000",
		"reversed -5000 40000", "invalidated -40000 0")
	for _, m := range e.heard {
		if err := standard.Verify(m.header, m.raw, []string{secret}, time.Now()); err != nil {
			t.Errorf("%s: %v", m, err)
		}
		if plain := strings.ReplaceAll(c.code, "-", ""); strings.Contains(string(m.raw), c.code) || strings.Contains(string(m.raw), plain) {
			t.Errorf("the code is in %s", m.raw)
		}
	}
	h.office.asks("GET", "/v1/admin/subscribers/"+id, "").has(200, `{"state":"active","sent":8,"waiting":0,"failures":0,"secrets":1}`)
}

// A line that is committed late, by a transaction that began before others, is told once it is committed, and no other twice.
func TestALineThatIsCommittedLateIsToldOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	a, b := h.issues(500_00), h.issues(500_00)
	e := listens(t)
	id, _ := h.subscribes(e)
	late, err := h.pool.BeginTx(t.Context(), pgx.TxOptions{})
	h.must(err)
	defer func() { _ = late.Rollback(context.Background()) }() // it is committed below
	_, err = h.ledger.ApplyTx(t.Context(), late, redemption(h, a, "late"))
	h.must(err)
	h.till.redeems("r:1", b, 100_00)
	h.round(id)
	h.till.redeems("r:2", b, 100_00)
	h.round(id)
	h.hears(e, a)
	h.hears(e, b, "redeemed -10000 40000", "redeemed -10000 30000")
	h.must(late.Commit(t.Context()))
	h.round(id)
	h.hears(e, a, "redeemed -10000 40000")
	h.hears(e, b, "redeemed -10000 40000", "redeemed -10000 30000")
}

// A message that is not taken holds back the later ones of its voucher alone, comes again under the same id, and is given up in the end.
func TestAMessageThatFailsHoldsBackItsVoucherAlone(t *testing.T) {
	t.Parallel()
	h := open(t)
	e := listens(t)
	id, _ := h.subscribes(e, `"events":["voucher.redeemed"]`)
	a, b := h.issues(500_00), h.issues(500_00)
	h.till.redeems("r:1", a, 10_00)
	h.till.redeems("r:2", a, 20_00)
	h.till.redeems("r:3", b, 10_00)
	ids := map[string]bool{}
	refuses := func(m heard) int {
		if m.about() != a.id {
			return 200
		}
		ids[m.id] = true
		return 500
	}
	e.says(refuses)
	h.round(id)
	h.round(id)
	h.hears(e, a)
	h.hears(e, b, "redeemed -1000 49000")
	h.passes(time.Minute)
	h.round(id)
	if len(ids) != 1 {
		t.Errorf("%d ids of one message", len(ids))
	}
	e.says(func(heard) int { return 200 })
	h.passes(time.Hour)
	h.round(id)
	h.hears(e, a, "redeemed -1000 49000", "redeemed -2000 47000")

	e.says(refuses)
	h.till.redeems("r:4", a, 30_00)
	h.runs(`UPDATE webhook SET attempts = 19`)
	h.round(id)
	h.runs(`UPDATE webhook SET attempts = 19`)
	h.till.redeems("r:5", b, 10_00)
	h.passes(2 * time.Hour)
	h.round(id)
	if got := h.reads(`SELECT coalesce(string_agg(reason, ','), '') FROM task WHERE kind = 'webhooks' AND closed_at IS NULL`); !strings.Contains(got, "voucher.redeemed was not taken 20 times: answered 500") {
		t.Errorf("the office is told %q", got)
	}
}

// Whoever takes nothing for a day is paused, with a task, and gets what happened meanwhile when it is resumed.
func TestASubscriberWhoTakesNothingIsPaused(t *testing.T) {
	t.Parallel()
	h := open(t)
	e := listens(t)
	id, _ := h.subscribes(e)
	e.says(func(heard) int { return 503 })
	c := h.issues(500_00)
	h.round(id)
	h.passes(25 * time.Hour)
	h.round(id)
	h.office.asks("GET", "/v1/admin/subscribers/"+id, "").has(200, `{"state":"paused","reason":"*","waiting":1}`)
	if got := h.reads(`SELECT count(*)::text FROM task WHERE kind = 'webhooks' AND subject = $1 AND closed_at IS NULL`, id); got != "1" {
		t.Errorf("%s tasks", got)
	}
	h.till.redeems("r:1", c, 10_00)
	e.says(func(heard) int { return 200 })
	h.office.asks("POST", "/v1/admin/subscribers/"+id+"/resume", "").has(200, `{"state":"active","failures":0}`)
	h.round(id)
	h.hears(e, c, "issued 50000 50000", "redeemed -1000 49000")
	e.says(func(heard) int { return 410 })
	h.till.redeems("r:2", c, 10_00)
	_, err := h.herald().Round(t.Context(), id)
	h.must(err)
	h.office.asks("GET", "/v1/admin/subscribers/"+id, "").has(200, `{"state":"paused"}`)
}

// While a secret is rotated both sign; then the new one alone.
func TestASecretIsRotated(t *testing.T) {
	t.Parallel()
	h := open(t)
	e := listens(t)
	id, first := h.subscribes(e)
	rotates := func(old string) string {
		return h.office.asks("POST", "/v1/admin/subscribers/"+id+"/secret", members(says("retire_old", old))).at("secret")
	}
	told := func() heard {
		h.issues(500_00)
		h.round(id)
		return e.heard[len(e.heard)-1]
	}
	signedBy := func(m heard, secret string) bool {
		return standard.Verify(m.header, m.raw, []string{secret}, time.Now()) == nil
	}
	second := rotates("later")
	if m := told(); !signedBy(m, first) || !signedBy(m, second) {
		t.Error("one of the two does not sign")
	}
	third := rotates("now")
	if m := told(); signedBy(m, first) || signedBy(m, second) || !signedBy(m, third) {
		t.Error("an old secret signs, or the new one does not")
	}
}

// A subscriber's address must not lead to the services behind our own firewall.
func TestASubscriberIsOnAPublicAddress(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, address := range []string{"https://169.254.169.254/latest", "http://shop.example/", "https://10.0.0.1/", "ftp://shop.example/", "nonsense"} {
		h.office.asks("POST", "/v1/admin/subscribers", members(says("name", "n"), says("url", address))).refuses(400, "invalid_request", says("field", "url"))
	}
	h.office.asks("POST", "/v1/admin/subscribers", members(says("name", "n"), says("url", "https://shop.example/"), `"events":["voucher.stolen"]`)).
		refuses(400, "invalid_request", says("field", "events"))
	h.office.asks("GET", "/v1/admin/subscribers/"+noVoucher, "").refuses(404, "not_found")
	h.office.asks("POST", "/v1/admin/subscribers/"+noVoucher+"/resume", "").refuses(404, "not_found")
	h.office.asks("DELETE", "/v1/admin/subscribers/"+noVoucher, "").refuses(404, "not_found")
}

// noVoucher is an id that nothing has.
const noVoucher = "00000000-0000-7000-8000-000000000000"

func TestASubscriberIsChangedAndEnded(t *testing.T) {
	t.Parallel()
	h := open(t)
	e := listens(t)
	id, _ := h.subscribes(e)
	h.issues(500_00)
	h.office.asks("PUT", "/v1/admin/subscribers/"+id, members(says("name", "other"), says("url", e.URL+"/hook"), `"events":["voucher.issued"]`)).
		has(200, `{"name":"other","events":["voucher.issued"]}`)
	h.office.asks("POST", "/v1/admin/subscribers/"+id+"/pause", members(because)).has(200, `{"state":"paused","reason":"a customer called"}`)
	if _, err := h.herald().Round(t.Context(), id); err == nil {
		t.Error("a paused one is told something")
	}
	h.office.asks("DELETE", "/v1/admin/subscribers/"+id, "").has(200, `{"state":"ended"}`)
	h.office.asks("GET", "/v1/admin/subscribers", "").has(200, `{"items":[]}`)
}
