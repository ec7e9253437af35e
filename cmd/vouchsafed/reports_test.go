package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/failpoint"
	"vouchsafe/webshop/standard"
)

// listener is a till system that is told what happens to vouchers.
type listener struct {
	*httptest.Server
	mu     sync.Mutex
	secret string
	deaf   bool
	heard  []string // type and webhook-id of each message, in the order of their arrival
	forged int
}

// listens opens one.
func listens(t *testing.T) *listener {
	l := &listener{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what is torn is forged
		l.mu.Lock()
		defer l.mu.Unlock()
		var message struct{ Type string }
		if json.Unmarshal(body, &message) != nil || standard.Verify(r.Header, body, []string{l.secret}, time.Now()) != nil {
			l.forged++
		}
		l.heard = append(l.heard, message.Type+" "+r.Header.Get("Webhook-Id"))
		if l.deaf {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(l.Close)
	return l
}

// turns makes it deaf, or hear again.
func (l *listener) turns(deaf bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deaf = deaf
}

// messages are the different ones that arrived, in their order, and how many forged ones there were.
func (l *listener) messages() (types []string, times map[string]int, forged int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	times = map[string]int{}
	for _, m := range l.heard {
		if times[m]++; times[m] == 1 {
			types = append(types, m[:strings.Index(m, " ")])
		}
	}
	return types, times, l.forged
}

// X14: two daemons on the same stores tell a subscriber of each line once or more, in the order of the voucher, also when one of them is
// killed after a message was taken and before that was noted; a repeat bears the same id.
func TestASubscriberIsToldInOrderThoughADaemonIsKilled(t *testing.T) {
	t.Parallel()
	k := opensKiosk(t)
	first, l := k.serves(), listens(t)
	made := first.wants(201, k.office, "POST", "/v1/admin/subscribers", fmt.Sprintf(`{"name": "till system", "url": %q}`, l.URL))
	l.secret = fmt.Sprint(made.at("secret"))
	code := first.wants(201, k.till, "PUT", "/v1/sales/s:1", sellFresh).at("code")
	l.turns(true)
	eventually(t, 20*time.Second, "a message came", func() bool { types, _, _ := l.messages(); return len(types) == 1 })
	second := k.serves()
	first.dies()
	l.turns(false)
	for n := range 5 {
		second.wants(201, k.till, "PUT", fmt.Sprintf("/v1/redemptions/r:%d", n), fmt.Sprintf(`{"code": %q, "amount": {"amount": 1000, "currency": "DKK"}, "receipt": "1"}`, code))
	}
	eventually(t, 60*time.Second, "all is told", func() bool { types, _, _ := l.messages(); return len(types) == 6 })
	types, times, forged := l.messages()
	if got := strings.Join(types, " "); got != "voucher.issued"+strings.Repeat(" voucher.redeemed", 5) || forged != 0 {
		t.Errorf("told %s, %d forged", got, forged)
	}
	for message, n := range times {
		if strings.HasPrefix(message, "voucher.issued") && n < 2 {
			t.Errorf("%s came %d times, want a repeat under the same id", message, n)
		}
	}
	eventually(t, 20*time.Second, "nothing waits", func() bool {
		return second.wants(200, k.office, "GET", "/v1/admin/subscribers/"+fmt.Sprint(made.at("subscriber.id")), "").at("waiting") == 0.0
	})
	second.stops()
	k.sound()
}

// X14: the daemon dies between the answer of a subscriber and the note of it: the message comes again under its id.
func TestAMessageThatWasTakenAndNotNotedComesAgain(t *testing.T) {
	t.Parallel()
	k := opensKiosk(t)
	d, l := k.serves("VOUCHSAFE_FAILPOINTS="+failpoint.WebhooksSent), listens(t)
	made := d.wants(201, k.office, "POST", "/v1/admin/subscribers", fmt.Sprintf(`{"name": "till system", "url": %q}`, l.URL))
	l.secret = fmt.Sprint(made.at("secret"))
	d.asks(k.till, "PUT", "/v1/sales/s:1", sellFresh)
	eventually(t, 20*time.Second, "a message came", func() bool { types, _, _ := l.messages(); return len(types) == 1 })
	d.dies()
	d = k.serves()
	eventually(t, 30*time.Second, "it came again", func() bool {
		types, times, forged := l.messages()
		return len(types) == 1 && len(times) == 1 && forged == 0 && len(l.heard) > 1
	})
	d.stops()
}

// X11, A01–A05: the commands export what the report tells, and the books tie out.
func TestTheBooksAreExportedByCommand(t *testing.T) {
	t.Parallel()
	k := opensKiosk(t)
	d := k.serves()
	code := d.wants(201, k.till, "PUT", "/v1/sales/s:1", sellFresh).at("code")
	d.wants(201, k.till, "PUT", "/v1/redemptions/r:1", fmt.Sprintf(`{"code": %q, "amount": {"amount": 12345, "currency": "DKK"}, "receipt": "=1+1"}`, code))
	told := d.wants(200, k.office, "GET", "/v1/admin/turnover?today=true", "")
	if !strings.Contains(told.text, `"outstanding_of_sold":{"amount":37655,"currency":"DKK"}`) || !strings.Contains(told.text, `"liability":{"amount":37655,"currency":"DKK"}`) {
		t.Errorf("the turnover is %s", told.text)
	}
	rows := func(args ...string) [][]string {
		t.Helper()
		lines, err := csv.NewReader(strings.NewReader(k.does(append([]string{"export"}, args...)...))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return lines[1:]
	}
	if got := fmt.Sprint(cellsOf(rows("journal"), 5)); got != "[500.00 -123.45]" {
		t.Errorf("the journal's amounts are %s", got)
	}
	if got := fmt.Sprint(cellsOf(rows("journal"), 12)); got != "[17 '=1+1]" {
		t.Errorf("the receipts are %s", got)
	}
	if got := fmt.Sprint(cellsOf(rows("liability"), 11)); got != "[376.55]" {
		t.Errorf("owed are %s", got)
	}
	if got := fmt.Sprint(cellsOf(rows("accounting"), 6)); got != "[500.00 123.45]" {
		t.Errorf("booked are %s", got)
	}
	if said, err := k.tries("export", "accounting", "--layout", "datev"); err == nil || !strings.Contains(said, "/v1/admin/bookkeeping") {
		t.Errorf("datev without settings: %v %s", err, said)
	}
	d.stops()
	k.sound()
}

// cellsOf is a column of a table, counted from 0.
func cellsOf(rows [][]string, n int) (cells []string) {
	for _, row := range rows {
		cells = append(cells, row[n])
	}
	return cells
}
