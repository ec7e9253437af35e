package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/herald"
	"vouchsafe/retail/retailtest"
	"vouchsafe/webshop/standard"
)

// chronicle is a subscriber who keeps what he is told of each voucher and account, and finds fault with how.
type chronicle struct {
	*httptest.Server
	mu     sync.Mutex
	secret string
	of     map[string][]string // by the id of the voucher or account: what was told, each once, in the order in which it came first
	last   map[string]string   // the webhook-id of the latest of them
	taken  map[string]string   // by webhook-id: the body
	faults []string
	cuts   int // the power is cut while each so manieth message is under way, before it is answered; 0 for never
	daemon *running
}

// chronicles opens one.
func chronicles(t *testing.T) *chronicle {
	c := &chronicle{of: map[string][]string{}, last: map[string]string{}, taken: map[string]string{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what is torn is forged
		if c.hears(r.Header, body) {
			_ = c.tells().Process.Signal(syscall.SIGKILL) // it may have died already
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// hears notes a message, and tells whether the power is cut now.
func (c *chronicle) hears(header http.Header, body []byte) (cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := header.Get("Webhook-Id")
	var message herald.Message
	if err := standard.Verify(header, body, []string{c.secret}, time.Now()); err != nil || json.Unmarshal(body, &message) != nil {
		c.faults = append(c.faults, fmt.Sprintf("%s is forged: %v", body, err))
		return false
	}
	about := ""
	if message.Data.Account != nil {
		about = message.Data.Account.ID
	} else {
		about = message.Data.Voucher.ID
	}
	if known, again := c.taken[id]; again {
		if c.last[about] != id || known != string(body) {
			c.faults = append(c.faults, fmt.Sprintf("%s comes again after %s", body, c.taken[c.last[about]]))
		}
		return false
	}
	c.taken[id], c.last[about] = string(body), id
	c.of[about] = append(c.of[about], fmt.Sprintf("%s %d", message.Type, message.Data.Balance.Minor))
	return c.cuts > 0 && len(c.taken)%c.cuts == 0
}

// listensTo says which daemon tells.
func (c *chronicle) listensTo(d *running) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.daemon = d
}

// tells is the process of the daemon that tells.
func (c *chronicle) tells() *exec.Cmd {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.daemon.cmd
}

// count is how many different messages have come.
func (c *chronicle) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.taken)
}

// compares holds what was told of vouchers, by their ids, and of the one account against what should have been.
func (c *chronicle) compares(t *testing.T, want map[string][]string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	got := map[string][]string{}
	for id, told := range c.of {
		if want[id] == nil {
			id = theAccount
		}
		got[id] = append(got[id], told...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	for _, fault := range c.faults {
		t.Error(fault)
	}
}

// theAccount stands for the id of the only account there is.
const theAccount = "the account"

// X14: whatever instant the daemon dies at, over and over: after the commit of an act, after a message was taken, or while one is under
// way, a subscriber is told in the end of every grant and end of a reservation, of every act on vouchers and accounts, and of every block,
// in the order of each voucher and account, signed, and a repeat is the same message.
func TestX14EverythingIsToldInOrderThroughEveryPowerCut(t *testing.T) {
	t.Parallel()
	for name, with := range map[string][]string{
		"after the commit of each group":      {"VOUCHSAFE_FAILPOINTS=" + failpoint.GroupCommitted + "=2"},
		"after the commit of each other act":  {"VOUCHSAFE_FAILPOINTS=" + failpoint.ActCommitted + "=2"},
		"after messages were taken":           {"VOUCHSAFE_FAILPOINTS=" + failpoint.WebhooksSent + "=2"},
		"while every third one is under way":  nil,
		"when overdue reservations are found": {"VOUCHSAFE_FAILPOINTS=" + failpoint.SweepFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			toldThrough(t, with)
		})
	}
}

// toldThrough lets everything happen that is told, on a daemon that dies as it is armed.
func toldThrough(t *testing.T, armed []string) {
	t.Helper()
	a, c := opensArcade(t), chronicles(t)
	pool := a.look()
	w := &outage{arcade: a, d: a.serves(byCard)}
	made := w.asks("POST", a.office, "/v1/admin/subscribers", fmt.Sprintf(`{"name": "till system", "url": %q}`, c.URL))
	c.secret = fmt.Sprint(made.at("secret"))
	sold := w.asks("PUT", a.till, "/v1/sales/s:1", sellFresh)
	card, code := fmt.Sprint(sold.at("voucher.id")), fmt.Sprint(sold.at("code"))
	w.d.stops()
	if armed == nil {
		c.mu.Lock()
		c.cuts = 3
		c.mu.Unlock()
	}
	w.with = append([]string{byCustomer}, armed...)
	w.listened = func(d *running) {
		execute(t, pool, `DELETE FROM lease WHERE name LIKE 'webhooks %'`) // of whom we know to be dead: it need not run out
		c.listensTo(d)
	}
	w.d = a.serves(w.with...)
	w.listened(w.d)
	first := w.d
	own := w.everythingHappens(code)
	w.sweepsTomorrow(t, pool, func() bool { return c.count() >= 22 })
	if w.d == first {
		t.Error("it never died: nothing was tried")
	}
	c.compares(t, map[string][]string{card: toldOfACard(), own: {"voucher.issued 50000", "voucher.claimed 0"}, theAccount: toldOfAnAccount()})
	w.d.dies() // it may be armed still
	a.sound()
}

// sweepsTomorrow ends what is reserved now, and lets a day pass until something is so; the daemon may die once more.
func (w *outage) sweepsTomorrow(t *testing.T, pool *pgxpool.Pool, so func() bool) {
	t.Helper()
	retailtest.ShiftClock(t, pool, 25*time.Hour)
	w.with = []string{byCustomer} // its successor lives
	var swept *running
	eventually(t, recoversWithin, "all is told", func() bool {
		w.revives()
		if swept != w.d {
			swept = w.d
			execute(t, pool, `INSERT INTO river_job (args, kind, max_attempts, priority, queue, state)
				VALUES ('{"name": "sweep-reservations"}', 'tick', 1, 1, 'periodic', 'available')`)
		}
		return so()
	})
}

// everythingHappens does all that is told, to a card and to what another brings a customer, and returns the id of that one.
func (w *outage) everythingHappens(code string) (own string) {
	w.t.Helper()
	reserve := func(key string) {
		w.asks("PUT", w.shop, "/v1/reservations/"+key, fmt.Sprintf(`{"code": %q, "holder": %q, "due": {"amount": 10000, "currency": "DKK"}}`, code, key))
	}
	part := func(key string) { w.asks("PUT", w.shop, "/v1/reservations/"+key, fmt.Sprintf(dueOf1, key)) }
	ends := func(key, how, body string) { w.asks("POST", w.shop, "/v1/reservations/"+key+"/"+how, body) }
	sold := w.asks("PUT", w.till, "/v1/sales/s:2", sellFresh)
	reserve("r:1")
	ends("r:1", "release", "")
	reserve("r:2")
	ends("r:2", "capture", `{"order": "A-1"}`)
	card := w.asks("POST", w.office, "/v1/admin/vouchers/find", fmt.Sprintf(`{"code": %q}`, code))
	for _, act := range []string{"block", "unblock"} {
		w.asks("POST", w.office, fmt.Sprintf("/v1/admin/vouchers/%v/%s", card.at("id"), act), `{"reason": "a customer called"}`)
	}
	w.asks("PUT", w.till, "/v1/redemptions/x:1", fmt.Sprintf(`{"code": %q, "amount": {"amount": 5000, "currency": "DKK"}, "receipt": "3"}`, code))
	reserve("r:3")

	w.asks("PUT", w.shop, "/v1/claims/c:1", claimFor7(fmt.Sprint(sold.at("code"))))
	part("r:4")
	ends("r:4", "release", "")
	part("r:5")
	ends("r:5", "capture", `{"order": "A-2"}`)
	w.asks("PUT", w.office, "/v1/adjustments/g:1", `{"customer": "7", "delta": {"amount": 500, "currency": "DKK"}, "reason": "a customer called"}`)
	part("r:6")
	return fmt.Sprint(sold.at("voucher.id"))
}

// toldOfACard is what is told of the card, and its balance afterwards.
func toldOfACard() []string {
	return []string{
		"voucher.issued 50000", "voucher.reserved 50000", "voucher.released 50000", "voucher.reserved 50000", "voucher.captured 40000",
		"voucher.redeemed 40000", "voucher.blocked 40000", "voucher.unblocked 40000", "voucher.redeemed 35000", "voucher.reserved 35000",
		"voucher.reservation_expired 35000",
	}
}

// toldOfAnAccount is what is told of the customer's account.
func toldOfAnAccount() []string {
	return []string{
		"account.claimed 50000", "account.reserved 50000", "account.released 50000", "account.reserved 50000", "account.captured 49900",
		"account.redeemed 49900", "account.adjusted 50400", "account.reserved 50400", "account.reservation_expired 50400",
	}
}
