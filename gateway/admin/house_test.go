package admin_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"vouchsafe/gateway/admin"
	"vouchsafe/gateway/api"
	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/hold"
	"vouchsafe/retail/keyring"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/mail/mailtest"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/reach"
	"vouchsafe/retail/retailtest"
	"vouchsafe/retail/staff"
	"vouchsafe/retail/throttle"
	"vouchsafe/retail/voucher"
)

func TestMain(m *testing.M) {
	edge.Prepare()
	retailtest.Main(m)
}

// ceiling is the most that a voucher may hold and that a caller may name.
const ceiling = "10000.00"

// house is the real thing: the office's API beside the one of checkout and till, a back office on a
// database of its own, a Redis of its own and a mail server.
type house struct {
	t      *testing.T
	pool   *pgxpool.Pool
	redis  redis.UniversalClient
	ring   *keyring.Ring
	holds  *hold.Holds
	ledger *ledger.Ledger
	box    *outbox.Outbox
	sink   *mailtest.Sink
	desk   *retail.Desk
	sales  *retail.Sales
	demo   orders.Shop
	given  *handovers
	server *httptest.Server
	edge   *edge.Edge
	people *retail.People
	clock  clock
	shelf  shelf

	shop, till, office *caller
}

// option changes the rules, or the shop, of a house.
type option func(*voucher.Rules, *retail.NewShop)

// approvalAbove limits what one alone may give.
func approvalAbove(limit string) option {
	return func(r *voucher.Rules, _ *retail.NewShop) { r.ApprovalAbove = limit }
}

// The secrets of webhooks: of a shop that lets people choose it, and as Standard Webhooks have it.
const (
	hookSecret     = "rT9vQ2xW7mK4pL8nB3cZ6yH1"
	standardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLjSw"
)

// sendsItself is a shop that sends the codes.
func sendsItself(_ *voucher.Rules, s *retail.NewShop) { s.CodesBy = orders.TheShop }

// open opens a house. When the test ends, its books must be sound.
func open(t *testing.T, with ...option) *house {
	t.Helper()
	h := ajar(t, with...)
	t.Cleanup(func() {
		findings, err := h.desk.Verify(context.Background())
		of, fault := h.sales.Verify(context.Background())
		if err := errors.Join(err, fault); err != nil {
			t.Errorf("verify: %v", err)
		}
		for _, f := range append(findings, of...) {
			t.Errorf("verify: %s: %s: %s", f.Invariant, f.Subject, f.Evidence)
		}
	})
	return h
}

// ajar opens a house that the test leaves in a state that no verification lets pass.
func ajar(t *testing.T, with ...option) *house {
	t.Helper()
	h := &house{t: t, pool: retailtest.Database(t), sink: mailtest.Start(t), shelf: stocked(), given: &handovers{}}
	rules := voucher.Rules{
		ReserveFor: 24 * time.Hour, LateCapture: 72 * time.Hour, ReverseFor: 24 * time.Hour, PerOrder: 1, Ceiling: ceiling,
	}
	seller := retail.NewShop{
		ID: "demo", Platform: "woocommerce", Secret: hookSecret, URL: "https://shop.example/", APIKey: "ck", APISecret: "cs",
		Language: "da", Confirmation: orders.TheShop,
	}
	for _, change := range with {
		change(&rules, &seller)
	}
	h.opensStores(rules)
	h.opensSales(seller)
	h.opensDoor()
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) opensStores(rules voucher.Rules) {
	h.t.Helper()
	log := slog.New(slog.DiscardHandler)
	var err error
	h.redis, err = hold.Open(retailtest.RedisURL(h.t))
	h.must(err)
	h.t.Cleanup(func() { h.redis.Close() })
	h.holds = hold.New(h.redis, hold.Config{Installation: "test", Budget: time.Second})
	testimony := retail.NewTestimony(h.holds, log)
	h.ring, err = keyring.New(rand.Reader, keyring.Master{ID: "k1", Key: [32]byte{1}})
	h.must(err)
	h.ledger, err = ledger.New(ledger.Config{
		Pool: h.pool, Rules: rules, Lanes: 2, Random: rand.Reader, Log: log, Witness: testimony.Witness, Committed: testimony.Committed,
	})
	h.must(err)
	h.t.Cleanup(h.ledger.Close)
	h.desk = retail.New(retail.Config{
		Ledger: h.ledger, Testimony: testimony, Ring: h.ring, Random: rand.Reader, Log: log,
		Throttle: throttle.New(h.redis, throttle.Config{Installation: "test", Key: []byte("key"), Now: time.Now, Budget: time.Second}),
	})
}

func (h *house) opensSales(seller retail.NewShop) {
	h.t.Helper()
	log := slog.New(slog.DiscardHandler)
	var err error
	h.box, err = outbox.New(outbox.Config{Pool: h.pool, Log: log, Poll: 20 * time.Millisecond, Sweep: 100 * time.Millisecond})
	h.must(err)
	sender, err := mail.New(mail.Config{URL: h.sink.URL(), Answer: time.Second, Quit: 100 * time.Millisecond})
	h.must(err)
	zone, err := time.LoadLocation("Europe/Copenhagen")
	h.must(err)
	h.sales = retail.NewSales(retail.SalesConfig{
		Orders: orders.NewStore(h.pool), Ledger: h.ledger, Outbox: h.box, Ring: h.ring, Mail: sender, Random: rand.Reader, Log: log, Reach: reach.New(netip.MustParsePrefix("127.0.0.0/8")),
		Defaults: retail.Defaults{Zone: zone, Country: "DK", Holder: "card", Ceiling: ceiling, From: "Byens Bøger <gave@example.dk>"},
	})
	h.sales.Register(h.given)
	for _, p := range products() {
		_, err := h.sales.AddProduct(h.t.Context(), p)
		h.must(err)
	}
	h.demo, err = h.sales.AddShop(h.t.Context(), seller)
	h.must(err)
}

// opensDoor serves both APIs to a shop, a register and the office.
func (h *house) opensDoor() {
	h.t.Helper()
	h.shop, h.till, h.office = &caller{h, "shop"}, &caller{h, "till"}, &caller{h, "admin"}
	signIns := h.opensPeople()
	authenticate := func(ctx context.Context, key string) (edge.Actor, error) {
		if staff.IsSession(key) {
			who, err := signIns.Authenticate(ctx, key)
			if err != nil {
				return edge.Actor{}, edge.ErrUnauthorized
			}
			return edge.Actor{Scope: edge.Admin, Person: who.Person, Session: who.Session, Manager: who.Role == staff.Manager}, nil
		}
		actor, known := map[string]edge.Actor{
			"shop": {Scope: edge.Shop, Shop: "demo"}, "till": {Scope: edge.Till, Register: "till-1"}, "admin": {Scope: edge.Admin},
		}[key]
		if !known {
			return edge.Actor{}, edge.ErrUnauthorized
		}
		actor.KeyID = "id-of-" + key
		return actor, nil
	}
	var err error
	h.edge, err = edge.New(edge.Options{
		Authenticate: authenticate, Map: counter.Map, Log: slog.New(slog.DiscardHandler), Now: time.Now, Random: rand.Reader, Version: "test",
	})
	h.must(err)
	api.Register(h.edge.API(), h.desk, retail.NewAccounts(h.desk, h.sales), ceiling)
	admin.Register(h.edge.API(), h.desk, h.sales, retail.NewKeys(staff.NewKeys(h.pool, rand.Reader, time.Now), h.sales), ceiling)
	api.RegisterFAQ(h.edge.API(), h.sales)
	admin.RegisterPeople(h.edge.Front(), h.edge.API(), h.people)
	admin.RegisterApprovals(h.edge.API(), h.desk, h.sales, h.people)
	api.RegisterSales(h.edge.API(), retail.NewStockroom(h.desk, h.sales), ceiling)
	admin.RegisterBatches(h.edge.API(), h.desk, h.sales)
	admin.RegisterImports(h.edge.API(), retail.NewStockroom(h.desk, h.sales))
	admin.RegisterShowroom(h.edge.API(), retail.NewShowroom(h.desk, h.sales, &h.shelf))
	h.server = httptest.NewServer(h.edge)
	h.t.Cleanup(h.server.Close)
}

// works starts the workers.
func (h *house) works() {
	h.t.Helper()
	h.must(h.box.Start(h.t.Context()))
	h.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := h.box.Stop(ctx); err != nil {
			h.t.Error(err)
		}
	})
}

// handovers is a shop that takes codes to send.
type handovers struct {
	mu    sync.Mutex
	texts []string
}

// Read is not asked here.
func (*handovers) Read(context.Context, retail.Shopfront, retail.Body) (retail.Told, error) {
	return retail.Told{}, retail.ErrUnreadable
}

// Ask is not asked here.
func (*handovers) Ask(context.Context, retail.Shopfront, string) (retail.Told, error) {
	return retail.Told{}, retail.ErrUnreadable
}

// HandOver takes a code.
func (g *handovers) HandOver(ctx context.Context, _ retail.Shopfront, h retail.Handover) error {
	if err := h.Announce(ctx); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.texts = append(g.texts, h.Text)
	return nil
}

// card is a voucher with the code that its owner has in hand.
type card struct{ id, code, last4 string }

// trait makes a voucher differ from an active one in DKK that anyone may use.
type trait func(*voucher.Voucher)

func in(state voucher.State) trait { return func(v *voucher.Voucher) { v.State = state } }

// issues makes a voucher of so many minor units, as a till or an import would: no webshop sold it.
func (h *house) issues(minor int64, traits ...trait) card {
	h.t.Helper()
	code, err := voucher.NewCode(rand.Reader)
	h.must(err)
	zone, err := time.LoadLocation("Europe/Copenhagen")
	h.must(err)
	v := voucher.Voucher{
		ID: uuid.NewString(), Last4: code.Last4(), Product: "CARD-500", Kind: voucher.Money, Mode: voucher.Card, Currency: "DKK",
		State: voucher.Active, Term: "P3Y", Zone: zone,
	}
	for _, change := range traits {
		change(&v)
	}
	sealed, err := h.ring.Seal("voucher code", []byte(code.Canonical()), []byte(v.ID))
	h.must(err)
	h.must(outbox.InTx(h.t.Context(), h.pool, func(tx outbox.Tx) error {
		_, err := h.ledger.Issue(h.t.Context(), tx, ledger.NewVoucher{
			Voucher: v, Minor: minor, MAC: h.ring.MAC("voucher code", []byte(code.Canonical())), Sealed: sealed,
			Ref: voucher.Ref{Owner: "till:till-1", Kind: voucher.Issues, Key: v.ID},
		})
		return err
	}))
	return card{v.ID, code.Reveal(), code.Last4()}
}
