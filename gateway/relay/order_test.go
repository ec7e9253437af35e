package relay_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/retailtest"
	"vouchsafe/webshop/woocommerce/woocommercetest"
)

func card(quantity int) woocommercetest.Line {
	return woocommercetest.Line{SKU: "GAVEKORT-500", Name: "Gavekort", Quantity: quantity, Total: fmt.Sprintf("%d.00", 500*quantity)}
}

func TestAnOrderTravelsFromTheShopToTheRecipient(t *testing.T) {
	t.Parallel()
	h := open(t)
	line := card(2)
	line.Meta = map[string]string{"Til": "Mormor Åse", "Mail": "mormor@example.dk"}
	o := h.woo.Order(line)
	o.Pay()
	for _, sent := range h.woo.Deliver(t.Context(), h.url("demo")) {
		if sent.Status != http.StatusOK {
			t.Errorf("%q was answered %d", sent.Topic, sent.Status)
		}
	}
	for _, m := range h.mails(2) {
		found, err := m.Codes()
		if err != nil || len(found) != 1 || !slices.Equal(m.Recipients, []string{"mormor@example.dk"}) {
			t.Errorf("a mail to %v with %d codes, %v", m.Recipients, len(found), err)
		}
	}
	h.settles()
	if got, want := h.standing(), "active 50000, active 50000"; got != want {
		t.Errorf("E06 got %q, want %q", got, want)
	}
}

func TestTheLifeOfAnOrder(t *testing.T) {
	t.Parallel()
	h := open(t)
	deliver := func() {
		h.woo.Deliver(t.Context(), h.url("demo"))
		h.settles()
	}
	o := h.woo.Order(card(3))
	deliver()
	if got := h.standing(); got != "" {
		t.Errorf("pending: got %q", got)
	}
	o.Pay()
	deliver()
	o.Refund(0, 1)
	deliver()
	if got, want := h.standing(), "active 50000, active 50000, invalidated 0"; got != want {
		t.Errorf("X01 one refunded: got %q, want %q", got, want)
	}
	o.Cancel()
	deliver()
	if got, want := h.standing(), "blocked active 50000, blocked active 50000, invalidated 0"; got != want {
		t.Errorf("cancelled: got %q, want %q", got, want)
	}
	o.PayAgain()
	deliver()
	if got, want := h.standing(), "active 50000, active 50000, invalidated 0"; got != want {
		t.Errorf("paid again: got %q, want %q", got, want)
	}
	o.RefundAmount("100.00")
	deliver()
	if got, want := h.tasks(), []string{purchase.RefundToSettle}; !slices.Equal(got, want) {
		t.Errorf("a refund without lines: tasks %q, want %q", got, want)
	}
	o.RefundAll()
	deliver()
	if got, want := h.standing(), "invalidated 0, invalidated 0, invalidated 0"; got != want {
		t.Errorf("all refunded: got %q, want %q", got, want)
	}
}

func TestRepeatsAndThinBodiesIssueOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.woo.Subscribe("action.woocommerce_payment_complete")
	o := h.woo.Order(card(1))
	o.Pay()
	sent := h.woo.Deliver(t.Context(), h.url("demo"))
	for range 3 {
		for _, s := range sent {
			if again := h.woo.Resend(t.Context(), h.url("demo"), s); again.Status != http.StatusOK {
				t.Errorf("%q again was answered %d", s.Topic, again.Status)
			}
		}
	}
	h.settles()
	if got, want := h.standing(), "active 50000"; got != want {
		t.Errorf("W1 got %q, want %q", got, want)
	}
}

func TestAPollFindsWhatNoWebhookTold(t *testing.T) {
	t.Parallel()
	h := open(t)
	_, err := h.pool.Exec(t.Context(), `UPDATE shop SET polled_until = '2026-11-22T01:00:00Z' WHERE id = 'demo'`)
	if err != nil {
		t.Fatal(err)
	}
	o := h.woo.Order(card(3))
	o.Pay()
	o.Refund(0, 1)
	for range 2 {
		if err := h.relay.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := h.standing(), "active 50000, active 50000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	var moved bool
	if err := h.pool.QueryRow(t.Context(), `SELECT polled_until > '2026-11-22T01:00:00Z' FROM shop WHERE id = 'demo'`).Scan(&moved); err != nil || !moved {
		t.Errorf("the poll was not noted: %v", err)
	}
}

func TestAPollThatFailsIsTriedFromWhereItBegan(t *testing.T) {
	t.Parallel()
	h := open(t)
	_, err := h.pool.Exec(t.Context(), `UPDATE shop SET polled_until = '2026-11-22T01:00:00Z' WHERE id = 'demo'`)
	if err != nil {
		t.Fatal(err)
	}
	h.woo.Order(card(1)).Pay()
	h.woo.FailNext(1, http.StatusInternalServerError, "")
	if err := h.relay.Poll(t.Context()); err == nil {
		t.Fatal("a failed poll succeeded")
	}
	if err := h.relay.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := h.standing(), "active 50000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := h.tasks(); len(got) != 0 {
		t.Errorf("tasks are left: %q", got)
	}
}

func TestAWebhookThatTheShopGaveUpIsRevived(t *testing.T) {
	t.Parallel()
	h := open(t)
	o := h.woo.Order(card(1))
	h.woo.Deliver(t.Context(), h.url("demo"))
	h.settles()
	h.door.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	for range 8 {
		o.Touch()
		h.woo.Deliver(t.Context(), h.url("demo"))
	}
	if got := h.woo.WebhookStatus("order.updated"); got != "disabled" {
		t.Fatalf("the webhook is %s after eight failures", got)
	}
	if err := h.relay.CheckWebhooks(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.woo.WebhookStatus("order.updated"); got != "active" {
		t.Errorf("the webhook is %s", got)
	}
	if got, want := h.tasks(), []string{retail.AlarmWebhook}; !slices.Equal(got, want) {
		t.Errorf("tasks: got %q, want %q", got, want)
	}
	if err := h.relay.CheckWebhooks(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.tasks(); len(got) != 0 {
		t.Errorf("tasks are left: %q", got)
	}
}

func TestACloneOfTheShopIsSetAside(t *testing.T) {
	t.Parallel()
	h := open(t)
	o := h.woo.Order(card(1))
	o.Pay()
	h.woo.Deliver(t.Context(), h.url("demo"))
	h.settles()
	h.woo.PretendSource("https://staging.example/")
	o.Cancel()
	h.woo.Deliver(t.Context(), h.url("demo"))
	h.settles()
	if got, want := h.standing(), "active 50000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := h.tasks(); !slices.Contains(got, retail.TaskSetAside) {
		t.Errorf("tasks: got %q, want %s", got, retail.TaskSetAside)
	}
}

func TestCodesAreHandedToTheShopOnce(t *testing.T) {
	t.Parallel()
	h := open(t, func(n *retail.NewShop) { n.CodesBy = orders.TheShop })
	o := h.woo.Order(card(2))
	o.Pay()
	h.woo.Deliver(t.Context(), h.url("demo"))
	h.until("the shop has both codes", func() bool { return len(o.Notes()) == 2 })
	h.until("both are recorded", func() bool {
		found, _, err := h.box.Deliveries(t.Context(), outbox.Filter{Kinds: []outbox.Kind{retail.KindHandover}, States: []outbox.State{outbox.StateDone}})
		return err == nil && len(found) == 2
	})
	for _, note := range o.Notes() {
		if !strings.Contains(note, "Gavekortkode: ") || !strings.Contains(note, "500,00") {
			t.Error("E09 a note lacks its code or its value")
		}
	}
	if n := len(h.sink.Messages()); n != 0 {
		t.Errorf("E10 %d mails were sent as well", n)
	}
}

func TestAHandoverWhoseAnswerWasLostIsFoundAndNotRepeated(t *testing.T) {
	t.Parallel()
	h := open(t, func(n *retail.NewShop) { n.CodesBy = orders.TheShop })
	post := http.MethodPost
	h.line.loses.Store(&post)
	o := h.woo.Order(card(1))
	o.Pay()
	h.woo.Deliver(t.Context(), h.url("demo"))
	state := func(s outbox.State) func() bool {
		return func() bool {
			found, _, err := h.box.Deliveries(t.Context(), outbox.Filter{Kinds: []outbox.Kind{retail.KindHandover}})
			return err == nil && len(found) == 1 && found[0].State == s
		}
	}
	h.until("the handover is in doubt", state(outbox.StateInDoubt))
	retailtest.ShiftClock(t, h.pool, 20*time.Minute)
	h.until("it is done", state(outbox.StateDone))
	if n := len(o.Notes()); n != 1 {
		t.Errorf("E10 the buyer was told %d times, want once", n)
	}
}
