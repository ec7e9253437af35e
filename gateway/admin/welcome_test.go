package admin_test

import (
	"strings"
	"testing"
	"time"

	"vouchsafe/retail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

// opensAccount makes a customer of the demo shop known, with his address if he has one.
func (h *house) opensAccount(login, email string) retail.Customer {
	h.t.Helper()
	id := h.office.asks("PUT", "/v1/admin/customers/"+login+"?shop=demo", members(says("email", email))).at("id")
	found, err := orders.NewStore(h.pool).Customers(h.t.Context(), id)
	h.must(err)
	return found[0]
}

// welcomes queues the welcome of an account that has earned a hundred points, which live for a year.
func (h *house) welcomes(who retail.Customer) {
	h.t.Helper()
	h.must(outbox.InTx(h.t.Context(), h.pool, func(tx outbox.Tx) error {
		return h.sales.QueueWelcome(h.t.Context(), tx, retail.Welcome{
			Customer: who, Points: 100, EarnedAt: time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC), Days: 365,
		})
	}))
}

// welcomed are the states of a customer's welcomes.
func (h *house) welcomed(who retail.Customer) string {
	h.t.Helper()
	return h.reads(`SELECT coalesce(string_agg(rtrim(state || ' ' || reason), ',' ORDER BY created_at), '') FROM delivery WHERE kind = 'welcome' AND subject = $1`, who.ID)
}

// unbroken is a text whose figures may be parted from what belongs to them.
func unbroken(text string) string { return strings.ReplaceAll(text, "\u00a0", " ") }

// P21: a new account is welcomed by mail, once, in words that the merchant can change.
func TestANewAccountIsWelcomed(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.opensAccount("7", "anna@example.dk")
	h.welcomes(anna)
	h.office.rules(0, `"rules":[{"event":"signup","points":100}]`).has(200, `{"version":1}`)
	h.welcomes(anna)
	if got := h.welcomed(anna); got != "" {
		t.Errorf("nobody turned it on: %q", got)
	}
	h.office.rules(1, `"rules":[{"event":"signup","points":100}],"rates":[{"points":1,"value":`+dkk(5)+`}],"welcome_mail":true`).has(200, `{"version":2}`)
	h.welcomes(anna)
	h.welcomes(anna) // told twice
	nobody := h.opensAccount("8", "")
	h.welcomes(nobody)
	if got := h.welcomed(anna) + h.welcomed(nobody); got != "pending" {
		t.Errorf("welcomes: %q", got)
	}
	h.works()
	arrived := h.mails(1)[0]
	if got := h.letter(arrived); got != "anna@example.dk " {
		t.Errorf("the welcome is %s", got)
	}
	seen, err := arrived.Inspect()
	h.must(err)
	for _, text := range []string{
		"Tak, fordi du har oprettet en konto hos Byens Bøger. Du har fået 100 point.", "Dine point er 5,00 kr. værd lige nu.",
		"De kan bruges til og med den 23. november 2027.", // it was the 23rd already where the shop is
	} {
		if !strings.Contains(unbroken(seen.Text), text) || !strings.Contains(unbroken(seen.HTML), text) {
			t.Errorf("%q is not in\n%s\n%s", text, seen.Text, seen.HTML)
		}
	}
	if seen.Subject != "Velkommen til Byens Bøger" {
		t.Errorf("subject %q", seen.Subject)
	}
	h.until("it is done", func() bool { return h.welcomed(anna) == "done" })

	h.office.words("demo/da/welcome", "Hej fra {{.shop_name}}", "{{.points}}, {{.worth}}", "<p>{{.points}}</p>").has(200, `{"version":1}`)
	h.welcomes(h.opensAccount("9", "bo@example.dk"))
	seen, err = h.mails(2)[1].Inspect()
	h.must(err)
	if seen.Subject != "Hej fra Byens Bøger" || !strings.Contains(unbroken(seen.Text), "100 point, 5,00 kr.") {
		t.Errorf("in the merchant's words: %q %q", seen.Subject, seen.Text)
	}
}

// P21: whoever opens an account is welcomed where the office says or, where it says nothing, where the shop says with it or has told that he
// paid for something of his own; once, however often and wherever it is told.
func TestP21AWelcomeFindsItsAddress(t *testing.T) {
	t.Parallel()
	const told = `"email":"told@example.dk"`
	signup := func(h *house, key string, more ...string) *reply { return h.shop.earns(key, "7", "signup", more...) }
	office := func(h *house) { h.opensAccount("7", "office@example.dk") }
	bought := func(h *house) {
		h.tells(order("1001", 1, func(o *purchase.Order) { o.Lines[0].ForSelf = purchase.Yes }))
	}
	for name, c := range map[string]struct {
		before func(h *house)
		more   []string
		to     string
	}{
		"the office's":            {office, nil, "office@example.dk"},
		"the office's before all": {func(h *house) { office(h); bought(h) }, []string{told}, "office@example.dk"},
		"told with it":            {func(*house) {}, []string{told}, "told@example.dk"},
		"told before the order's": {bought, []string{told}, "told@example.dk"},
		"of an order of his own":  {bought, nil, "buyer@example.dk"},
		"of a gift he has bought": {func(h *house) {
			h.tells(order("1001", 1, func(o *purchase.Order) { o.Lines[0].ForSelf = purchase.No }))
		}, nil, ""},
		"nobody's": {func(*house) {}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			h.office.rules(0, `"rules":[{"event":"signup","points":100}],"welcome_mail":true`).has(200, `{"version":1}`)
			c.before(h)
			signup(h, "e:1", c.more...).has(201, members(point("earned", 100)))
			signup(h, "e:1").has(200, members(point("earned", 100)))
			signup(h, "e:2", told).has(201, members(point("earned", 0)))
			const of = ` FROM delivery WHERE kind = 'welcome'`
			if n := h.reads(`SELECT count(*)` + of); n != map[bool]string{true: "1", false: "0"}[c.to != ""] {
				t.Errorf("%s welcomes", n)
			}
			if c.to == "" {
				return
			}
			h.works()
			h.until("the welcome is done", func() bool { return h.reads(`SELECT count(*)`+of+` AND state = 'done'`) == "1" })
			var to []string
			for _, m := range h.mails(1) {
				if seen, err := m.Inspect(); err != nil || strings.HasPrefix(seen.Subject, "Velkommen") {
					to = append(to, m.Recipients...)
				}
			}
			if got := strings.Join(to, ","); got != c.to {
				t.Errorf("welcomed at %q, want %q", got, c.to)
			}
		})
	}
	h := bonus(t, tenth)
	h.unchanged("an address", func() {
		signup(h, "e:1", `"email":"nowhere"`).refuses(400, "invalid_request", says("field", "email"))
		h.shop.earns("e:2", "7", "order", fivehundred("5"), told).refuses(400, "invalid_request", says("field", "email"))
	})
}

// P21: a welcome that has not left is cancelled with the points that it tells of.
func TestAWelcomeEndsWithItsPoints(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.office.rules(0, `"welcome_mail":true`).has(200, `{"version":1}`)
	anna := h.opensAccount("7", "anna@example.dk")
	h.welcomes(anna)
	h.must(outbox.InTx(t.Context(), h.pool, func(tx outbox.Tx) error { return h.sales.StopWelcome(t.Context(), tx, anna.ID) }))
	if got := h.welcomed(anna); got != "cancelled the points were taken back" {
		t.Errorf("the welcome is %q", got)
	}
	h.welcomes(anna)
	if got := h.welcomed(anna); got != "cancelled the points were taken back" {
		t.Errorf("earned again: %q", got)
	}
}
