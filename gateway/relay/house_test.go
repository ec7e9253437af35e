package relay_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/gateway/edge"
	"vouchsafe/gateway/relay"
	"vouchsafe/retail"
	"vouchsafe/retail/keyring"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/mail/mailbox"
	"vouchsafe/retail/mail/mailtest"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/reach"
	"vouchsafe/retail/retailtest"
	"vouchsafe/retail/voucher"
	"vouchsafe/webshop/woocommerce/woocommercetest"
)

func TestMain(m *testing.M) {
	edge.Prepare()
	retailtest.Main(m)
}

const (
	patience       = time.Minute
	standardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLjSw"
)

// house is the whole program around a WooCommerce shop: door, relay, back office, mail server.
type house struct {
	t      *testing.T
	pool   *pgxpool.Pool
	box    *outbox.Outbox
	ledger *ledger.Ledger
	sales  *retail.Sales
	relay  *relay.Relay
	sink   *mailtest.Sink
	woo    *woocommercetest.Shop
	line   *line
	door   *httptest.Server
}

// line is the way to the shop. It can lose an answer.
type line struct {
	http.RoundTripper
	loses atomic.Pointer[string] // the method whose next answer is lost
}

// RoundTrip lets the request arrive in any case.
func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.RoundTripper.RoundTrip(r)
	if method := l.loses.Load(); err == nil && method != nil && *method == r.Method && l.loses.CompareAndSwap(method, nil) {
		_ = answer.Body.Close()
		return nil, errors.New("the answer was lost")
	}
	return answer, err
}

// open opens the house with two shops: "demo" is woo, "plain" speaks Standard Webhooks.
func open(t *testing.T, change ...func(*retail.NewShop)) *house {
	t.Helper()
	h := &house{t: t, pool: retailtest.Database(t), sink: mailtest.Start(t), woo: woocommercetest.New(t)}
	h.backOffice()
	h.line = &line{RoundTripper: http.DefaultTransport}
	h.relay = relay.New(relay.Config{
		Sales: h.sales, HTTP: &http.Client{Transport: h.line}, Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	h.sales.Register(h.relay)
	h.opens(change)
	wall, err := edge.New(edge.Options{
		Authenticate: func(context.Context, string) (edge.Actor, error) { return edge.Actor{}, errors.New("no keys here") },
		Log:          slog.New(slog.DiscardHandler), Now: time.Now, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.relay.Routes(wall.Public())
	h.door = httptest.NewServer(wall)
	t.Cleanup(h.door.Close)
	if err := h.box.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.stop)
	return h
}

func (h *house) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := h.box.Stop(ctx); err != nil {
		h.t.Error(err)
	}
}

// backOffice opens stores and the side towards shops.
func (h *house) backOffice() {
	h.t.Helper()
	ring, err := keyring.New(rand.Reader, keyring.Master{ID: "k1", Key: [32]byte{1}})
	if err != nil {
		h.t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	h.ledger, err = ledger.New(ledger.Config{
		Pool: h.pool, Lanes: 1, Random: rand.Reader, Log: log, Rules: voucher.Rules{Ceiling: "10000.00"},
		Witness:   func(context.Context, []string) map[string]int64 { return nil },
		Committed: func(context.Context, []ledger.Change) {},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(h.ledger.Close)
	if h.box, err = outbox.New(outbox.Config{Pool: h.pool, Log: log, Poll: 20 * time.Millisecond, Sweep: 100 * time.Millisecond}); err != nil {
		h.t.Fatal(err)
	}
	sender, err := mail.New(mail.Config{URL: h.sink.URL(), Quit: 100 * time.Millisecond})
	if err != nil {
		h.t.Fatal(err)
	}
	h.sales = retail.NewSales(retail.SalesConfig{
		Orders: orders.NewStore(h.pool), Ledger: h.ledger, Outbox: h.box, Ring: ring, Mail: sender, Random: rand.Reader, Log: log,
		Reach:    reach.New(netip.MustParsePrefix("127.0.0.0/8")), // where the pretended shop is
		Defaults: retail.Defaults{Zone: time.UTC, Country: "DK", Holder: "card", Ceiling: "10000.00", From: "Byens Bøger <gave@example.dk>"},
	})
}

func (h *house) opens(change []func(*retail.NewShop)) {
	h.t.Helper()
	n := retail.NewShop{
		ID: "demo", Platform: "woocommerce", Secret: woocommercetest.WebhookSecret, Confirmation: orders.TheShop,
		URL: h.woo.URL, APIKey: woocommercetest.ConsumerKey, APISecret: woocommercetest.ConsumerSecret,
		Fields: orders.Fields{RecipientName: "Til", RecipientEmail: "Mail", Message: "_gift_message"},
	}
	for _, f := range change {
		f(&n)
	}
	for _, shop := range []retail.NewShop{n, {ID: "plain", Platform: "standard", Secret: standardSecret, Confirmation: orders.TheShop}} {
		if _, err := h.sales.AddShop(h.t.Context(), shop); err != nil {
			h.t.Fatal(err)
		}
	}
	for sku, amount := range map[string]int64{"GAVEKORT-500": 500_00, "GAVEKORT-250": 250_00} {
		product := purchase.Product{SKU: sku, Name: "Gavekort", Currency: "DKK", Amount: amount}
		if _, err := h.sales.AddProduct(h.t.Context(), product); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *house) url(shop string) string { return h.door.URL + "/v1/shops/" + shop + "/webhooks" }

// posts sends a request to the door and returns status and body.
func (h *house) posts(shop string, header http.Header, body []byte) (int, string) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.url(shop), bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	request.Header = header.Clone()
	answer, err := h.door.Client().Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer.StatusCode, strings.TrimSpace(string(text))
}

// settles waits until everything that was received is relayed.
func (h *house) settles() {
	h.t.Helper()
	h.until("all bodies are relayed", func() bool {
		var open int
		err := h.pool.QueryRow(h.t.Context(), `SELECT count(*) FROM delivery WHERE kind = 'relay' AND state <> 'done'`).Scan(&open)
		return err == nil && open == 0
	})
}

func (h *house) until(what string, is func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			h.t.Fatalf("waited in vain until %s", what)
		case <-ticker.C:
		}
	}
}

// standing is the vouchers of all orders, as "active 50000", in the order in which they were issued.
func (h *house) standing() string {
	h.t.Helper()
	rows, _ := h.pool.Query(h.t.Context(), `SELECT CASE WHEN blocked_order THEN 'blocked ' ELSE '' END || state || ' ' || balance FROM voucher ORDER BY issued_at, id`)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		h.t.Fatal(err)
	}
	slices.Sort(found)
	return strings.Join(found, ", ")
}

// tasks are the open ones, as kinds.
func (h *house) tasks() []string {
	h.t.Helper()
	found, err := h.box.Tasks(h.t.Context(), outbox.TaskFilter{})
	if err != nil {
		h.t.Fatal(err)
	}
	var kinds []string
	for _, task := range found {
		kinds = append(kinds, task.Kind)
	}
	slices.Sort(kinds)
	return kinds
}

func (h *house) mails(n int) []mailbox.Message {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	return h.sink.Wait(ctx, h.t, n)
}
