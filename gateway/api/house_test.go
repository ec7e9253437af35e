package api_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"vouchsafe/gateway/api"
	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/hold"
	"vouchsafe/retail/keyring"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/retailtest"
	"vouchsafe/retail/throttle"
	"vouchsafe/retail/voucher"
)

func TestMain(m *testing.M) {
	edge.Prepare()
	retailtest.Main(m)
}

// ceiling is the most that a voucher may hold and that a caller may name.
const ceiling = "10000.00"

// house is the real thing: the API behind the edge, a Desk, a ledger on a database of its own and a Redis of its own.
type house struct {
	t         *testing.T
	pool      *pgxpool.Pool
	redis     redis.UniversalClient
	ring      *keyring.Ring
	holds     *hold.Holds
	testimony *retail.Testimony
	throttle  *throttle.Throttle
	ledger    *ledger.Ledger
	desk      *retail.Desk
	sales     *retail.Sales
	edge      *edge.Edge
	server    *httptest.Server

	shop, rotated, other, till, mayRelease, office *caller
}

// option changes how a house is opened.
type option func(*options)

type options struct {
	rules    voucher.Rules
	redisURL string
	budget   time.Duration // of a call to Redis; long, so that a busy machine fails no test
}

// perOrder allows so many codes per order.
func perOrder(n int) option { return func(o *options) { o.rules.PerOrder = n } }

// redisAt puts Redis somewhere else, where it gets no more time than in service.
func redisAt(url string) option {
	return func(o *options) { o.redisURL, o.budget = url, 0 }
}

// open opens a house. When the test ends, journal, reservations and witnesses must be sound.
func open(t *testing.T, with ...option) *house {
	t.Helper()
	h := ajar(t, with...)
	t.Cleanup(func() {
		findings, err := h.desk.Verify(context.Background())
		if err != nil {
			t.Errorf("verify: %v", err)
		}
		for _, f := range findings {
			t.Errorf("verify: %s: %s: %s", f.Invariant, f.Subject, f.Evidence)
		}
	})
	return h
}

// ajar opens a house that the test leaves in a state that no verification lets pass.
func ajar(t *testing.T, with ...option) *house {
	t.Helper()
	o := options{budget: time.Second, rules: voucher.Rules{
		ReserveFor: 24 * time.Hour, LateCapture: 72 * time.Hour, ReverseFor: 24 * time.Hour, PerOrder: 1, Ceiling: ceiling,
	}}
	for _, change := range with {
		change(&o)
	}
	h := &house{t: t, pool: retailtest.Database(t)}
	if o.redisURL == "" {
		o.redisURL = retailtest.RedisURL(t)
	}
	h.opensRedis(o.redisURL, o.budget)
	h.opensDesk(o)
	h.opensDoor()
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) opensRedis(url string, budget time.Duration) {
	h.t.Helper()
	var err error
	h.redis, err = hold.Open(url)
	h.must(err)
	h.t.Cleanup(func() { h.redis.Close() })
	h.holds = hold.New(h.redis, hold.Config{Installation: "test", Budget: budget})
	h.testimony = retail.NewTestimony(h.holds, slog.New(slog.DiscardHandler))
}

func (h *house) opensDesk(o options) {
	h.t.Helper()
	log := slog.New(slog.DiscardHandler)
	var err error
	h.ring, err = keyring.New(rand.Reader, keyring.Master{ID: "k1", Key: [32]byte{1}})
	h.must(err)
	h.ledger, err = ledger.New(ledger.Config{
		Pool: h.pool, Rules: o.rules, Lanes: 2, Random: rand.Reader, Log: log,
		Witness: h.testimony.Witness, Committed: h.testimony.Committed,
	})
	h.must(err)
	h.t.Cleanup(h.ledger.Close)
	h.throttle = throttle.New(h.redis, throttle.Config{Installation: "test", Key: []byte("key"), Now: time.Now, Budget: o.budget})
	h.desk = retail.New(retail.Config{
		Ledger: h.ledger, Testimony: h.testimony, Throttle: h.throttle, Ring: h.ring, Random: rand.Reader, Log: log, Members: memberships{h},
	})
}

// opensDoor serves the API to the callers that the tests know.
func (h *house) opensDoor() {
	h.t.Helper()
	h.shop, h.other = &caller{h: h, key: "shop-demo"}, &caller{h: h, key: "shop-other"}
	h.rotated, h.office = &caller{h: h, key: "shop-demo-new"}, &caller{h: h, key: "admin"}
	h.till, h.mayRelease = &caller{h: h, key: "till-1", register: true}, &caller{h: h, key: "till-2", register: true}
	var err error
	h.edge, err = edge.New(edge.Options{
		Authenticate: authenticate, Map: counter.Map, Log: slog.New(slog.DiscardHandler), Now: time.Now, Random: rand.Reader, Version: "test",
	})
	h.must(err)
	stockroom := h.opensStockroom()
	api.Register(h.edge.API(), h.desk, retail.NewAccounts(h.desk, h.sales), ceiling)
	api.RegisterSales(h.edge.API(), stockroom, ceiling)
	api.RegisterFAQ(h.edge.API(), h.sales)
	h.server = httptest.NewServer(h.edge)
	h.t.Cleanup(h.server.Close)
}

// authenticate knows two shops, one of them with a second key, two registers and the office.
func authenticate(_ context.Context, key string) (edge.Actor, error) {
	actor, known := map[string]edge.Actor{
		"shop-demo":     {Scope: edge.Shop, Shop: "demo"},
		"shop-demo-new": {Scope: edge.Shop, Shop: "demo"},
		"shop-other":    {Scope: edge.Shop, Shop: "other"},
		"till-1":        {Scope: edge.Till, Register: "till-1"},
		"till-2":        {Scope: edge.Till, Register: "till-2", MayRelease: true},
		"till-of-shop":  {Scope: edge.Till, Register: "till-3", Shop: "svensk"},
		"admin":         {Scope: edge.Admin},
	}[key]
	if !known {
		return edge.Actor{}, edge.ErrUnauthorized
	}
	actor.KeyID = "id-of-" + key
	return actor, nil
}

// card is a voucher with the code that its owner has in hand.
type card struct{ id, code, last4 string }

// trait makes a voucher differ from an active one in DKK that anyone may use.
type trait func(*voucher.Voucher)

func in(state voucher.State) trait     { return func(v *voucher.Voucher) { v.State = state } }
func of(currency money.Currency) trait { return func(v *voucher.Voucher) { v.Currency = currency } }
func claimable(v *voucher.Voucher)     { v.Mode = voucher.Customer }

// passes lets so much time pass since the truth; a second call replaces the first.
func (h *house) passes(d time.Duration) {
	h.t.Helper()
	retailtest.ShiftClock(h.t, h.pool, d)
}

// issues makes a voucher of so many minor units, whose code is stored as the Desk looks it up.
func (h *house) issues(minor int64, traits ...trait) card {
	h.t.Helper()
	code, err := voucher.NewCode(rand.Reader)
	h.must(err)
	zone, err := time.LoadLocation("Europe/Copenhagen")
	h.must(err)
	v := voucher.Voucher{
		ID: uuid.NewString(), Last4: code.Last4(), Product: "CARD-500", Kind: voucher.Money, Mode: voucher.Card,
		Currency: "DKK", State: voucher.Active, Term: "P3Y", Zone: zone, Shop: "demo",
	}
	for _, change := range traits {
		change(&v)
	}
	h.must(outbox.InTx(h.t.Context(), h.pool, func(tx outbox.Tx) error {
		_, err := h.ledger.Issue(h.t.Context(), tx, ledger.NewVoucher{
			Voucher: v, Minor: minor, MAC: h.ring.MAC("voucher code", []byte(code.Canonical())), Sealed: []byte("sealed"),
			Ref: voucher.Ref{Owner: "shop:demo", Kind: voucher.Issues, Key: v.ID},
		})
		return err
	}))
	return card{v.ID, code.Reveal(), code.Last4()}
}

// unknown is a well-formed code that no voucher has.
func (h *house) unknown() card {
	h.t.Helper()
	code, err := voucher.NewCode(rand.Reader)
	h.must(err)
	return card{uuid.NewString(), code.Reveal(), code.Last4()}
}

// applies does what only the office may.
func (h *house) applies(c card, act voucher.Act) {
	h.t.Helper()
	_, err := h.ledger.Apply(h.t.Context(), ledger.Aimed{Voucher: c.id, Act: act})
	h.must(err)
}

// blocks and unblocks are the office's.
func (h *house) blocks(c card) {
	h.t.Helper()
	h.applies(c, voucher.Block{Kind: voucher.OfficeBlock, Blocked: true})
}

func (h *house) unblocks(c card) {
	h.t.Helper()
	h.applies(c, voucher.Block{Kind: voucher.OfficeBlock})
}

// invalidates ends a voucher.
func (h *house) invalidates(c card) {
	h.t.Helper()
	id, err := h.ledger.NewID()
	h.must(err)
	h.applies(c, voucher.Invalidate{
		ID: id, Ref: voucher.Ref{Owner: "office", Kind: voucher.Endings, Key: c.id}, Spare: voucher.SpareNothing,
	})
}

// expires makes yesterday the last day of a voucher.
func (h *house) expires(c card) {
	h.t.Helper()
	h.runs(`UPDATE voucher SET expires_on = vouchsafe_now()::date - 1, ends_at = vouchsafe_now() - interval '1 hour' WHERE id = $1`, c.id)
}

// testifies lets Redis have seen more of a voucher than the database knows.
func (h *house) testifies(c card) {
	h.t.Helper()
	h.must(h.holds.Put(h.t.Context(), hold.Put{Voucher: c.id, Version: 99}))
}

func (h *house) runs(sql string, args ...any) {
	h.t.Helper()
	_, err := h.pool.Exec(h.t.Context(), sql, args...)
	h.must(err)
}

// reads reads one value of the database as text.
func (h *house) reads(sql string, args ...any) string {
	h.t.Helper()
	var value string
	h.must(h.pool.QueryRow(h.t.Context(), sql, args...).Scan(&value))
	return value
}

// leaves checks what is left on a card.
func (h *house) leaves(c card, minor int64) {
	h.t.Helper()
	var got int64
	h.must(h.pool.QueryRow(h.t.Context(), `SELECT balance FROM voucher WHERE id = $1`, c.id).Scan(&got))
	if got != minor {
		h.t.Errorf("the balance is %d; want %d", got, minor)
	}
}

// books is a summary of all that acts write: equal before and after, nothing was changed.
func (h *house) books() string {
	h.t.Helper()
	return h.reads(`SELECT concat_ws(' ',
		(SELECT count(*) || ' acts' FROM act),
		(SELECT count(*) || ' entries' FROM entry),
		(SELECT md5(coalesce(string_agg(r::text, ',' ORDER BY r.id), '')) FROM reservation r),
		(SELECT md5(coalesce(string_agg(v::text, ',' ORDER BY v.id), '')) FROM voucher v),
		(SELECT count(*) || ' tasks' FROM task),
		(SELECT count(*) || ' audited' FROM audit))`)
}

// tasks lists the open tasks of a kind, each as its reason.
func (h *house) tasks(kind string) string {
	h.t.Helper()
	return h.reads(`SELECT coalesce(string_agg(reason, E'\n' ORDER BY id), '') FROM task WHERE kind = $1 AND closed_at IS NULL`, kind)
}
