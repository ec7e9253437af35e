package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/retailtest"
	"vouchsafe/webshop/woocommerce"
	"vouchsafe/webshop/woocommerce/woocommercetest"
)

// hears lets the shop deliver to nobody, and returns what it has to say of orders.
func (m *merchant) hears() (told []woocommercetest.Sent) {
	m.t.Helper()
	nobody := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer nobody.Close()
	for _, sent := range m.woo.Deliver(m.t.Context(), nobody.URL) {
		if sent.Topic == "order.updated" {
			told = append(told, sent)
		}
	}
	return told
}

// tells delivers what was heard.
func (m *merchant) tells(d *running, said woocommercetest.Sent) woocommercetest.Sent {
	return m.woo.Resend(m.t.Context(), d.url+"/v1/shops/demo/webhooks", said)
}

// settled waits until every body that was taken is dealt with.
func settled(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	eventually(t, recoversWithin, "all bodies are settled", func() bool {
		return count(t, pool, `SELECT count(*) FROM delivery WHERE kind = 'relay' AND finished_at IS NULL`) == 0
	})
}

// W1, I8: the same delivery a hundred times at once at two daemons, and again three days later, is one
// voucher for each unit, one mail for each voucher and one confirmation.
func TestAHundredRepeatsOfAWebhookSellOnce(t *testing.T) {
	t.Parallel()
	m := opens(t)
	doors := []*running{m.serves(), m.serves()}
	m.buys(2)
	said := m.hears()[0]
	var crowd sync.WaitGroup
	for n := range 100 {
		crowd.Go(func() {
			if got := m.tells(doors[n%2], said); got.Status != 200 {
				t.Errorf("answered %d %s", got.Status, got.Answer)
			}
		})
	}
	crowd.Wait()
	m.mails(3)
	pool := m.look()
	settled(t, pool)
	retailtest.ShiftClock(t, pool, 72*time.Hour)
	m.tells(doors[0], said)
	settled(t, pool)
	if n := count(t, pool, `SELECT count(*) FROM voucher WHERE state = 'active'`); n != 2 {
		t.Errorf("%d vouchers, want 2 (I8)", n)
	}
	if n := count(t, pool, `SELECT count(*) FROM delivery WHERE kind IN ('code', 'confirmation') AND state = 'done'`); n != 3 {
		t.Errorf("%d mails are done, want 3", n)
	}
	if n := len(m.sink.Messages()); n != 3 {
		t.Errorf("%d mails, want a confirmation and two codes (I10)", n)
	}
	m.sound()
}

// permutations are all orders in which n things can happen.
func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, shorter := range permutations(n - 1) {
		for at := range n {
			all = append(all, slices.Insert(slices.Clone(shorter), at, n-1))
		}
	}
	return all
}

// W2: the states of an order (placed, paid, cancelled, paid again, one of two units refunded) arrive in
// any of their 120 orders. In the end one voucher of each order can be spent and nothing waits for a
// person: the newest state decides, whenever the old ones come. No mail server is there: they wait.
func TestWhateverOrderTheStatesArriveInTheVouchersAreTheSame(t *testing.T) {
	t.Parallel()
	m := opens(t, "VOUCHSAFE_SMTP_URL=")
	m.woo = m.woos(t)
	d := m.serves()
	pool := m.look()
	ways := permutations(5)
	told := make([][]woocommercetest.Sent, len(ways)) // of each order, its states
	for i := range ways {
		order := m.woo.Order(woocommercetest.Line{SKU: "GAVEKORT-500", Name: "Gavekort", Quantity: 2, Total: "1000.00"})
		for _, act := range []func(){func() {}, order.Pay, order.Cancel, order.PayAgain, func() { order.Refund(0, 1) }} {
			act()
			told[i] = append(told[i], m.hears()...)
		}
	}
	for step := range 5 {
		for i, way := range ways {
			if got := m.tells(d, told[i][way[step]]); got.Status != 200 {
				t.Fatalf("answered %d %s", got.Status, got.Answer)
			}
		}
		settled(t, pool)
	}
	const spendable = `SELECT p.order_id || ': ' || count(*) || ' worth ' || sum(v.balance)
		FROM purchase p JOIN purchase_unit u ON u.purchase = p.id JOIN voucher v ON v.id = u.voucher
		WHERE v.state = 'active' AND NOT v.blocked_order GROUP BY p.order_id ORDER BY p.order_id`
	got := column[string](t, pool, spendable)
	if len(got) != len(ways) {
		t.Errorf("%d orders have a voucher that can be spent, want %d", len(got), len(ways))
	}
	for _, order := range got {
		if !strings.HasSuffix(order, ": 1 worth 50000") {
			t.Errorf("order %s, want 1 worth 50000", order)
		}
	}
	for _, task := range column[string](t, pool, `SELECT DISTINCT kind || ': ' || reason FROM task WHERE closed_at IS NULL`) {
		t.Errorf("a person is asked to look: %s", task)
	}
	m.sound()
}

// woos is a shop in the place of the merchant's, whose clock moves a second with each act.
func (m *merchant) woos(t *testing.T) *woocommercetest.Shop {
	t.Helper()
	shop := woocommercetest.New(t)
	execute(t, m.look(), fmt.Sprintf(`UPDATE shop SET url = '%s'`, shop.URL))
	return shop
}

// W3, W4: what is not known to be the shop's is refused and nothing of it is stored.
func TestForgedAndHugeWebhooksLeaveNoTrace(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	pool := m.look()
	m.buys(1)
	said := m.hears()[0]
	forged := said
	forged.Body = bytes.Replace(said.Body, []byte(`"500.00"`), []byte(`"900.00"`), 1)
	unsigned := said
	unsigned.Header = said.Header.Clone()
	unsigned.Header.Del("X-Wc-Webhook-Signature")
	strange := said
	strange.Header = said.Header.Clone()
	strange.Header.Set("X-Wc-Webhook-Signature", woocommerce.Sign("another shop's secret", said.Body))
	for name, sent := range map[string]woocommercetest.Sent{"altered": forged, "unsigned": unsigned, "signed by another": strange} {
		if got := m.tells(d, sent); got.Status != 401 || !strings.Contains(string(got.Answer), "bad_signature") {
			t.Errorf("%s: %d %s, want 401 bad_signature", name, got.Status, got.Answer)
		}
	}
	for extra, want := range map[int]int{0: 200, 1: 413} {
		if got := m.tells(d, padded(said, 1<<20+extra)); got.Status != want {
			t.Errorf("a body of 1 MiB + %d: %d %s, want %d", extra, got.Status, got.Answer, want)
		}
	}
	settled(t, pool)
	if n := count(t, pool, `SELECT count(*) FROM inbox`); n != 1 {
		t.Errorf("%d bodies are stored, want the one of 1 MiB", n)
	}
	if n := count(t, pool, `SELECT count(*) FROM voucher`); n != 1 {
		t.Errorf("%d vouchers, want 1", n)
	}
}

// padded is a body with white space up to a size, signed anew.
func padded(sent woocommercetest.Sent, size int) woocommercetest.Sent {
	body := append(slices.Clone(sent.Body), bytes.Repeat([]byte(" "), size-len(sent.Body))...)
	sent.Body, sent.Header = body, sent.Header.Clone()
	sent.Header.Set("X-Wc-Webhook-Signature", woocommerce.Sign(woocommercetest.WebhookSecret, body))
	return sent
}

// A thin body names an order. The shop is asked for it until it answers.
func TestThinWebhookIsFetchedFromAShopThatWasDown(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	pool := m.look()
	m.woo.FailNext(2, 503, "")
	order := m.buys(1)
	thin := m.hears()[0]
	thin.Body = []byte(`{"id": ` + order.ID() + `}`)
	thin.Header = thin.Header.Clone()
	thin.Header.Set("X-Wc-Webhook-Signature", woocommerce.Sign(woocommercetest.WebhookSecret, thin.Body))
	if got := m.tells(d, thin); got.Status != 200 {
		t.Fatalf("answered %d %s", got.Status, got.Answer)
	}
	const tried = `SELECT count(*) FROM delivery WHERE kind = 'relay' AND state = 'pending' AND tries = $1`
	for try := range 2 {
		eventually(t, recoversWithin, "the shop was asked in vain", func() bool { return count(t, pool, tried, try+1) == 1 })
		retailtest.ShiftClock(t, pool, time.Duration(try+1)*time.Minute)
	}
	m.mails(2)
	if n := count(t, pool, `SELECT count(*) FROM voucher WHERE state = 'active'`); n != 1 {
		t.Errorf("%d vouchers, want 1", n)
	}
	m.sound()
}

// runs starts a job of the schedule as if its time had come, and waits for its end.
func (m *merchant) runs(pool *pgxpool.Pool, job string) {
	m.t.Helper()
	const start = `INSERT INTO river_job (args, kind, max_attempts, priority, queue, state)
		VALUES (jsonb_build_object('name', $1::text), 'tick', 1, 1, 'periodic', 'available') RETURNING id`
	id := column[int64](m.t, pool, start, job)[0]
	eventually(m.t, recoversWithin, job+" has run", func() bool {
		return count(m.t, pool, `SELECT count(*) FROM river_job WHERE id = $1 AND state = 'completed'`, id) == 1
	})
}

// WooCommerce gives up a webhook that failed seven times, and tells nobody. Polling finds what was not
// told, the webhook is switched on again, and what comes twice sells once (W1).
func TestPollingFindsWhatADisabledWebhookDidNotTell(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	pool := m.look()
	m.runs(pool, "poll-shops")
	d.dies()
	for range 8 {
		m.buys(1)
		m.woo.Deliver(m.t.Context(), d.url+"/v1/shops/demo/webhooks")
	}
	if status := m.woo.WebhookStatus("order.updated"); status != "disabled" {
		t.Fatalf("the webhook is %s: nothing is tested", status)
	}
	d = m.serves("VOUCHSAFE_LISTEN=" + strings.TrimPrefix(d.url, "http://"))
	other := m.serves()
	var crowd sync.WaitGroup
	for range 2 {
		crowd.Go(func() { m.runs(pool, "poll-shops") })
	}
	crowd.Wait()
	m.runs(pool, "check-webhooks")
	if status := m.woo.WebhookStatus("order.updated"); status != "active" {
		t.Errorf("the webhook is %s, want it active again", status)
	}
	m.mails(16)
	m.buys(1)
	m.delivers(d)
	m.mails(18)
	m.runs(pool, "poll-shops")
	settled(t, pool)
	if n := count(t, pool, `SELECT count(*) FROM voucher WHERE state = 'active'`); n != 9 {
		t.Errorf("%d vouchers, want 9 (I8)", n)
	}
	if n := len(m.sink.Messages()); n != 18 {
		t.Errorf("%d mails, want 18", n)
	}
	other.stops()
	m.sound()
}
