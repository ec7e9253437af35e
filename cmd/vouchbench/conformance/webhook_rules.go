package conformance

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"vouchsafe/webshop/standard"
)

// webhookRules are those of a shop that tells of its orders.
func webhookRules() []rule {
	return []rule{
		{"webhook", "A signed webhook is 200, the same bytes again too, and what can't be understood as well", needsShop(tryWebhook)},
		{"signature", "Without its own signature nothing is taken: 401", needsShop(trySignature)},
		{"clock", "A signature's time may be minutes off, not more", needsShop(tryClock)},
		{"two-secrets", "While secrets change, both are taken, alone and side by side", needsShop(tryTwoSecrets)},
		{"order-state", "A state that is older than the one applied changes nothing, in whatever order webhooks come", needsOffice(tryOrderState)},
	}
}

// needsShop skips a rule where no shop was named.
func needsShop(try func(t *trial)) func(t *trial) {
	return func(t *trial) {
		if t.in.Shop == "" || len(t.in.Secrets) == 0 {
			t.untried = "name a shop on the platform standard, and its secret"
			return
		}
		try(t)
	}
}

// needsOffice skips a rule that needs to see what came of it.
func needsOffice(try func(t *trial)) func(t *trial) {
	return needsShop(func(t *trial) {
		if t.in.AdminKey == "" || t.in.Product == "" {
			t.untried = "name an admin key and an open product"
			return
		}
		try(t)
	})
}

// message is a webhook to be sent.
type message struct {
	id      string
	text    string
	at      time.Time
	secrets []string // that sign it
}

// hook sends a webhook.
func (t *trial) hook(shop string, m message) reply {
	header := http.Header{"Webhook-Id": {m.id}, "Webhook-Timestamp": {strconv.FormatInt(m.at.Unix(), 10)}}
	signatures := ""
	for _, secret := range m.secrets {
		signature, err := standard.Sign(secret, m.id, m.at, []byte(m.text))
		if err != nil {
			t.failf("sign: %v", err)
		}
		signatures += " " + signature
	}
	if signatures != "" {
		header["Webhook-Signature"] = []string{signatures[1:]}
	}
	path := "/v1/shops/" + url.PathEscape(shop) + "/webhooks"
	r := send(t.ctx, t.in.Client, call{method: http.MethodPost, url: t.in.URL + path, content: m.text, header: header})
	t.step("webhook", path, r)
	return r
}

// ping is a message that concerns no order, signed by the first secret.
func (t *trial) ping() message {
	return message{id: t.key(), text: `{"type":"ping.` + t.in.Run + `","data":{}}`, at: time.Now(), secrets: t.in.Secrets[:1]}
}

// strange is a well-formed secret that is nobody's.
const strange = "whsec_c3RyYW5nZXN0cmFuZ2VzdHJhbmdlc3RyYW5nZXN0cmFuZ2U="

func tryWebhook(t *trial) {
	m := t.ping()
	first := t.hook(t.in.Shop, m)
	t.status(first, http.StatusOK)
	t.is(first, "accepted", true)
	t.is(first, "duplicate", false)
	again := t.hook(t.in.Shop, m)
	t.status(again, http.StatusOK)
	t.is(again, "duplicate", true)
	t.status(t.hook("nobody-"+t.in.Run, m), http.StatusNotFound)
}

func trySignature(t *trial) {
	m := t.ping()
	m.secrets = nil
	t.problem(t.hook(t.in.Shop, m), http.StatusUnauthorized, "bad_signature")
	m.secrets = []string{strange}
	t.problem(t.hook(t.in.Shop, m), http.StatusUnauthorized, "bad_signature")
}

func tryClock(t *trial) {
	for _, off := range []time.Duration{-4 * time.Minute, 4 * time.Minute} {
		m := t.ping()
		m.at = m.at.Add(off)
		t.status(t.hook(t.in.Shop, m), http.StatusOK)
	}
	for _, off := range []time.Duration{-time.Hour, time.Hour} {
		m := t.ping()
		m.at = m.at.Add(off)
		t.problem(t.hook(t.in.Shop, m), http.StatusUnauthorized, "bad_signature")
	}
}

func tryTwoSecrets(t *trial) {
	for _, secret := range t.in.Secrets {
		m := t.ping()
		m.secrets = []string{secret}
		t.status(t.hook(t.in.Shop, m), http.StatusOK)
		m = t.ping()
		m.secrets = []string{strange, secret}
		t.status(t.hook(t.in.Shop, m), http.StatusOK)
	}
	if len(t.in.Secrets) == 1 && len(t.faults) == 0 {
		t.untried = "one secret works, alone and beside a strange one; name the one before too"
	}
}

// order is a test order in one of its states.
func (t *trial) order(id, status string, at time.Time) message {
	order := body{
		"id": id, "number": id, "status": status, "updated_at": at.UTC().Format(time.RFC3339), "currency": t.currency,
		"customer": body{"email": "conformance@example.com"},
		"lines":    []body{{"id": "1", "sku": t.in.Product, "name": "Test", "quantity": 1, "total": t.money(leastBalance)}},
	}
	if status == "paid" {
		order["payment"] = body{"method": "card", "paid_at": at.UTC().Format(time.RFC3339)}
	}
	text, err := json.Marshal(body{"type": "order." + status, "data": body{"order": order}})
	if err != nil {
		t.failf("write an order: %v", err)
	}
	return message{id: id + "-" + status, text: string(text), at: time.Now(), secrets: t.in.Secrets[:1]}
}

// An order is seen by the office within appliedWithin; what comes too late has certainly been looked at after ignoredWithin.
const (
	appliedWithin = 20 * time.Second
	ignoredWithin = 2 * time.Second
	lookEvery     = 200 * time.Millisecond
)

func tryOrderState(t *trial) {
	id, now := t.key(), time.Now().Add(-time.Minute)
	t.status(t.hook(t.in.Shop, t.order(id, "cancelled", now.Add(2*time.Second))), http.StatusOK)
	for deadline := time.Now().Add(appliedWithin); t.bought(id)["status"] != "cancelled"; {
		if time.Now().After(deadline) || !pause(t, lookEvery) {
			t.failf("the office does not see the order as cancelled")
			return
		}
	}
	for _, old := range []message{t.order(id, "paid", now.Add(time.Second)), t.order(id, "placed", now)} {
		t.status(t.hook(t.in.Shop, old), http.StatusOK)
	}
	for deadline := time.Now().Add(ignoredWithin); time.Now().Before(deadline) && pause(t, lookEvery); {
		if order := t.bought(id); order["status"] != "cancelled" || order["issued"] != 0.0 {
			t.failf("the order is %v and has %v vouchers, after states that are older than its cancellation", order["status"], order["issued"])
			return
		}
	}
}

// bought is an order as the office sees it; nil if it doesn't.
func (t *trial) bought(number string) map[string]any {
	r := send(t.ctx, t.in.Client, call{method: http.MethodGet, url: t.in.URL + "/v1/admin/purchases?q=" + number, key: t.in.AdminKey})
	items, _ := r.field("items").([]any)
	if len(items) != 1 {
		return nil
	}
	order, _ := items[0].(map[string]any)
	return order
}
