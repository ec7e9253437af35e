package retail_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail"
	"vouchsafe/retail/keyring"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/mail/mailbox"
	"vouchsafe/retail/mail/mailtest"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/retailtest"
	"vouchsafe/retail/voucher"
)

// patience is how long a test waits for what a worker has to do.
const patience = time.Minute

// counter is a back office with a webshop, a mail server and workers, on a database of its own.
type counter struct {
	t      *testing.T
	pool   *pgxpool.Pool
	box    *outbox.Outbox
	ledger *ledger.Ledger
	sales  *retail.Sales
	sink   *mailtest.Sink
	shop   orders.Shop
	front  *storefront
}

// storefront is the shop that the back office asks.
type storefront struct {
	mu      sync.Mutex
	read    func(body string) (retail.Told, error)
	now     map[string]purchase.Order
	asked   int
	given   []retail.Handover
	refuse  []error // of the next handovers
	looked  int
	written map[string]bool // deliveries that the shop has
}

func (f *storefront) Read(_ context.Context, _ retail.Shopfront, body retail.Body) (retail.Told, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.read(string(body.Bytes))
}

func (f *storefront) Ask(_ context.Context, _ retail.Shopfront, id string) (retail.Told, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	o, ok := f.now[id]
	if !ok {
		return retail.Told{}, &retail.PassingError{Err: errors.New("not now")}
	}
	o.Origin = purchase.Fetched
	return retail.Told{Order: &o}, nil
}

func (f *storefront) HandOver(ctx context.Context, _ retail.Shopfront, h retail.Handover) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if h.Look {
		f.looked++
		if f.written[h.Delivery] {
			return nil
		}
	}
	if err := h.Announce(ctx); err != nil {
		return err
	}
	var err error
	if len(f.refuse) > 0 {
		err, f.refuse = f.refuse[0], f.refuse[1:]
	}
	if err == nil || errors.Is(err, retail.ErrUnclear) {
		f.given = append(f.given, h)
		f.written[h.Delivery] = true
	}
	return err
}

type option func(*retail.NewShop)

// open opens a back office. Its workers start with works.
func open(t *testing.T, options ...option) *counter {
	t.Helper()
	c := &counter{t: t, pool: retailtest.Database(t), sink: mailtest.Start(t), front: &storefront{
		now: map[string]purchase.Order{}, written: map[string]bool{},
	}}
	ring, err := keyring.New(rand.Reader, keyring.Master{ID: "k1", Key: [32]byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	c.ledger, err = ledger.New(ledger.Config{
		Pool: c.pool, Lanes: 1, Random: rand.Reader, Log: log,
		Rules:     voucher.Rules{ReserveFor: 24 * time.Hour, LateCapture: 72 * time.Hour, ReverseFor: 24 * time.Hour, PerOrder: 1, Ceiling: "10000.00"},
		Witness:   func(context.Context, []string) map[string]int64 { return nil },
		Committed: func(context.Context, []ledger.Change) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.ledger.Close)
	if c.box, err = outbox.New(outbox.Config{Pool: c.pool, Log: log, Poll: 20 * time.Millisecond, Sweep: 100 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	sender, err := mail.New(mail.Config{URL: c.sink.URL(), Answer: time.Second, Quit: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	c.sales = retail.NewSales(retail.SalesConfig{
		Orders: orders.NewStore(c.pool), Ledger: c.ledger, Outbox: c.box, Ring: ring, Mail: sender, Random: rand.Reader, Log: log,
		Defaults: retail.Defaults{Zone: zone, Country: "DK", Holder: "card", Ceiling: "10000.00", From: "Byens Bøger <gave@example.dk>"},
	})
	c.sales.Register(c.front)
	c.stocks()
	c.opens(options)
	return c
}

// stocks registers the products that the tests buy.
func (c *counter) stocks() {
	c.t.Helper()
	for _, p := range []purchase.Product{
		{SKU: "CARD-500", Name: "Gift card", Currency: "DKK", Amount: 500_00},
		{SKU: "CARD-OPEN", Name: "Gift card", Currency: "DKK", Open: &purchase.Range{}},
		{SKU: "CARD-MANUAL", Name: "Gift card", Currency: "DKK", Amount: 500_00, Activation: purchase.Manual},
	} {
		if _, err := c.sales.AddProduct(c.t.Context(), p); err != nil {
			c.t.Fatal(err)
		}
	}
}

// opens registers the shop.
func (c *counter) opens(options []option) {
	c.t.Helper()
	n := retail.NewShop{
		ID: "demo", Platform: "woocommerce", Secret: "rT9vQ2xW7mK4pL8nB3cZ6yH1", URL: "https://shop.example/", APIKey: "ck", APISecret: "cs", Language: "da",
	}
	for _, o := range options {
		o(&n)
	}
	shop, err := c.sales.AddShop(c.t.Context(), n)
	if err != nil {
		c.t.Fatal(err)
	}
	c.shop = shop
}

// works starts the workers.
func (c *counter) works() *counter {
	c.t.Helper()
	if err := c.box.Start(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := c.box.Stop(ctx); err != nil {
			c.t.Error(err)
		}
	})
	return c
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// order is an order of one card, paid at a minute past noon.
func order(minute int, change ...func(*purchase.Order)) purchase.Order {
	o := purchase.Order{
		ID: "15", Number: "B-15", Source: "https://shop.example/", Created: noon, Modified: noon.Add(time.Duration(minute) * time.Minute),
		Status: purchase.Paid, PaidAt: noon, Tender: "quickpay", Currency: "DKK", Language: "da",
		Buyer: purchase.Buyer{Email: "buyer@example.dk", Name: "Søren"},
		Lines: []purchase.Line{{ID: "1", SKU: "CARD-500", Name: "Gavekort", Quantity: 1, Paid: money.Of(500_00, "DKK")}},
	}
	for _, f := range change {
		f(&o)
	}
	return o
}

func units(n int) func(*purchase.Order) {
	return func(o *purchase.Order) {
		o.Lines[0].Quantity, o.Lines[0].Paid = n, money.Of(int64(n)*500_00, "DKK")
	}
}

func status(s purchase.Status) func(*purchase.Order) {
	return func(o *purchase.Order) { o.Status = s }
}

func refunded(id string, quantity int) func(*purchase.Order) {
	return func(o *purchase.Order) {
		o.Refunds = append(o.Refunds, purchase.Refund{
			ID: id, Amount: money.Of(int64(quantity)*500_00, "DKK"), Lines: []purchase.RefundLine{{Line: "1", Quantity: quantity}},
		})
	}
}

// tells applies a state of an order.
func (c *counter) tells(o purchase.Order) purchase.Decision {
	c.t.Helper()
	d, err := c.sales.ApplyOrder(c.t.Context(), c.shop, o)
	if err != nil {
		c.t.Fatal(err)
	}
	return d
}

// vouchers are the order's, with their states, in the order of their units.
func (c *counter) vouchers() []voucher.Voucher {
	c.t.Helper()
	rows, _ := c.pool.Query(c.t.Context(), `SELECT voucher::text FROM purchase_unit WHERE voucher IS NOT NULL ORDER BY line, unit`)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		c.t.Fatal(err)
	}
	found, err := c.ledger.Vouchers(c.t.Context(), ids...)
	if err != nil {
		c.t.Fatal(err)
	}
	slices.SortFunc(found, func(a, b voucher.Voucher) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return found
}

// standing is the order's vouchers as "active 50000", with "blocked" before those that are.
func (c *counter) standing() string {
	c.t.Helper()
	var text []string
	for _, v := range c.vouchers() {
		state := fmt.Sprintf("%s %d", v.State, v.Balance)
		if v.BlockedByOrder {
			state = "blocked " + state
		}
		text = append(text, state)
	}
	return strings.Join(text, ", ")
}

// tasks are the open ones, as "kind reason", sorted.
func (c *counter) tasks() []string {
	c.t.Helper()
	found, err := c.box.Tasks(c.t.Context(), outbox.TaskFilter{})
	if err != nil {
		c.t.Fatal(err)
	}
	var text []string
	for _, task := range found {
		text = append(text, task.Kind+" "+task.Reason)
	}
	slices.Sort(text)
	return text
}

// deliveries are those of a kind, as "state reason".
func (c *counter) deliveries(kind outbox.Kind) []string {
	c.t.Helper()
	found, _, err := c.box.Deliveries(c.t.Context(), outbox.Filter{Kinds: []outbox.Kind{kind}})
	if err != nil {
		c.t.Fatal(err)
	}
	var text []string
	for _, d := range found {
		text = append(text, strings.TrimSpace(string(d.State)+" "+d.Reason))
	}
	slices.Sort(text)
	return text
}

// until waits for something that a worker does.
func (c *counter) until(what string, is func() bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			c.t.Fatalf("waited in vain until %s", what)
		case <-ticker.C:
		}
	}
}

// mails waits for so many mails and returns them in the order of their arrival.
func (c *counter) mails(n int) []mailbox.Message {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	return c.sink.Wait(ctx, c.t, n)
}

// codes are the codes in a mail.
func codes(t *testing.T, m mailbox.Message) []string {
	t.Helper()
	found, err := m.Codes()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// recipient is whom a mail was for, by its envelope.
func recipient(m mailbox.Message) string { return strings.Join(m.Recipients, " ") }
