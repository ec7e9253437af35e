package main

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"

	"vouchsafe/retail/failpoint"
)

// kiosk is a merchant without a webshop: he sells at a register.
type kiosk struct {
	*installation
	office, till string // API keys
}

// opensKiosk sets one up through the commands.
func opensKiosk(t *testing.T) *kiosk {
	t.Helper()
	k := &kiosk{installation: install(t)}
	k.does("migrate")
	k.does("product", "add", "--sku", "GAVEKORT-500", "--name", "Gavekort 500 kr.", "--amount", "500.00", "--currency", "DKK")
	k.office = k.does("key", "add", "--scope", "admin")
	k.till = k.does("key", "add", "--scope", "till", "--register", "kasse-1")
	return k
}

// prints has cards printed and returns their codes.
func (k *kiosk) prints(d *running, count int) (codes []string) {
	k.t.Helper()
	d.wants(201, k.office, "PUT", "/v1/admin/batches/summer", fmt.Sprintf(`{"product": "GAVEKORT-500", "count": %d, "reason": "summer"}`, count))
	list := d.wants(200, k.office, "GET", "/v1/admin/batches/summer/codes.csv", "")
	lines, err := csv.NewReader(strings.NewReader(list.text)).ReadAll()
	if err != nil || len(lines) != count+1 {
		k.t.Fatalf("the printer's list: %v\n%s", err, list.text)
	}
	d.wants(200, k.office, "POST", "/v1/admin/batches/summer/close", "")
	for _, line := range lines[1:] {
		codes = append(codes, line[2])
	}
	return codes
}

const (
	sellFresh = `{"product": "GAVEKORT-500", "receipt": "17", "tender": "cash"}`
	sellCard  = `{"product": "GAVEKORT-500", "receipt": "18", "tender": "card", "code": %q}`
)

// A batch goes to the printer, a register sells one of its cards, the power is cut, the register repeats, and the customer spends the
// card (X08).
func TestTheStoryOfACard(t *testing.T) {
	t.Parallel()
	k := opensKiosk(t)
	d := k.serves()
	cards := k.prints(d, 3)
	balance := fmt.Sprintf(`{"code": %q}`, cards[0])
	if r := d.wants(409, k.till, "POST", "/v1/balance", balance); r.at("code") != "not_active" {
		t.Errorf("before it is sold: %s", r.text)
	}
	sell := fmt.Sprintf(sellCard, cards[0])
	sold := d.wants(201, k.till, "PUT", "/v1/sales/kasse1:18", sell)
	if sold.at("code") != cards[0] || sold.at("balance.amount") != 50000.0 || sold.at("voucher.state") != "active" {
		t.Errorf("sold %s", sold.text)
	}
	d.dies()
	d = k.serves()
	if again := d.wants(200, k.till, "PUT", "/v1/sales/kasse1:18", sell); again.text != sold.text {
		t.Errorf("after the power cut: %s; before: %s", again.text, sold.text)
	}
	d.wants(201, k.till, "PUT", "/v1/redemptions/kasse1:19", fmt.Sprintf(`{"code": %q, "amount": {"amount": 20000, "currency": "DKK"}, "receipt": "19"}`, cards[0]))
	if r := d.wants(200, k.till, "POST", "/v1/balance", balance); r.at("balance.amount") != 30000.0 {
		t.Errorf("balance %s", r.text)
	}
	d.wants(409, k.till, "DELETE", "/v1/sales/kasse1:18", "")
	d.wants(201, k.till, "PUT", "/v1/sales/kasse1:20", fmt.Sprintf(sellCard, cards[1]))
	d.wants(200, k.till, "DELETE", "/v1/sales/kasse1:20", "")
	if states := d.wants(200, k.office, "GET", "/v1/admin/batches/summer", ""); states.at("vouchers.inventory") != 2.0 || states.at("vouchers.active") != 1.0 {
		t.Errorf("the batch is %s", states.text)
	}
	d.wants(409, k.office, "GET", "/v1/admin/batches/summer/codes.csv", "")
	d.wants(201, k.office, "PUT", "/v1/admin/batches/winter", `{"product": "GAVEKORT-500", "count": 1, "reason": "winter"}`)
	d.stops()
	if lines, _ := k.checks(); !says(lines, "ok", "batches", "1 of pre-printed") {
		t.Errorf("the checklist says %q", lines)
	}
	k.writes(`UPDATE batch SET created_at = created_at - interval '20 days'`)
	if lines, _ := k.checks(); !says(lines, "warn", "batches", "/close") {
		t.Errorf("the checklist says %q", lines)
	}
	k.isSound(d, cards)
}

// isSound proves the books, and that no code is in the log (I13).
func (k *kiosk) isSound(d *running, codes []string) {
	k.t.Helper()
	if said := k.does("verify"); !strings.HasPrefix(said, "Sound") {
		k.t.Errorf("verify says %s", said)
	}
	for _, code := range codes {
		if log := d.log.String(); strings.Contains(log, code) || strings.Contains(log, strings.ReplaceAll(code, "-", "")) {
			k.t.Error("a code is in the log")
		}
	}
}

// The daemon dies at every instant of a sale, of a card and of a fresh code: whoever repeats it is told of one sale.
func TestASaleHappensOnceWhateverInstantTheDaemonDies(t *testing.T) {
	t.Parallel()
	for _, point := range []string{
		failpoint.GroupLocked, failpoint.GroupWritten, failpoint.GroupCommitted, failpoint.IssueDrawn, failpoint.ActWritten, failpoint.ActCommitted,
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			k := opensKiosk(t)
			d := k.serves()
			card := k.prints(d, 1)[0]
			d.dies()
			d = k.serves("VOUCHSAFE_FAILPOINTS=" + point)
			var codes []string
			for key, body := range map[string]string{"card": fmt.Sprintf(sellCard, card), "fresh": sellFresh} {
				var first, again reply
				d, first = k.insists(d, key, body)
				if d, again = k.insists(d, key, body); first.status/100 != 2 || again.status != 200 || again.text != first.text {
					t.Errorf("%s: %d %s; again %d %s", key, first.status, first.text, again.status, again.text)
				}
				code, _ := first.at("code").(string)
				codes = append(codes, code)
			}
			listed := d.wants(200, k.office, "GET", "/v1/admin/vouchers", "")
			if items, _ := listed.body["items"].([]any); len(items) != 2 {
				t.Errorf("%d vouchers, want one that was printed and one that was made", len(items))
			}
			d.stops()
			if slices.Sort(codes); !slices.Contains(codes, card) || codes[0] == codes[1] {
				t.Errorf("sold %d different codes", len(slices.Compact(codes)))
			}
			k.isSound(d, codes)
		})
	}
}

// insists asks for a sale until it is answered, starting the daemon anew when it has died.
func (k *kiosk) insists(d *running, key, body string) (*running, reply) {
	k.t.Helper()
	for range 3 {
		if r := d.asks(k.till, "PUT", "/v1/sales/"+key, body); r.status != 0 {
			return d, r
		}
		d.dies()
		d = k.serves()
	}
	k.t.Fatalf("the sale %s is never answered", key)
	return nil, reply{}
}
