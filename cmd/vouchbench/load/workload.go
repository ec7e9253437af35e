package load

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"vouchsafe/webshop/standard"
)

// Target is the installation under load.
type Target struct {
	URLs []string // of its gateways
	// Shop is the id of a webshop on the platform "standard", Secret signs its webhooks, Product is an open product of it.
	Shop, Secret, Product string
	// ShopKeys and TillKeys are spread over the clients: one of each is one shared shop or register.
	ShopKeys, TillKeys []string
	Codes              []string // of active vouchers, with more on them than a run can take
	Currency           string
}

// Workload is one kind of use.
type Workload struct {
	ID    string // of the definition, such as "W2"
	Name  string
	About string
	// Anchor is the path, and the id, of the anchor that it is compared with; "" for none.
	Anchor string
	// Goal is what its rate should be, in percent of the anchor's, at 64 clients; 0 for none.
	Goal int
	// step makes the operation for a run.
	step func(r *run) step
	// before prepares a run, outside of what is measured.
	before func(ctx context.Context, r *run) error
	// async says that the work goes on after the answer, and is done when the vouchers exist.
	async bool
}

// run is one round of a workload.
type run struct {
	target *Target
	shape  Shape
	prefix string // of the keys of this round's acts

	issued func(ctx context.Context) (int, error)

	next     atomic.Int64 // next voucher that nobody has used yet
	mu       sync.Mutex
	reserved []string // keys of live reservations
}

// Workloads are the ones that there are, in the order in which a round runs them.
func Workloads() []Workload {
	return []Workload{
		{ID: "W0", Name: "alive", About: "the gateway's own answer that it lives", Anchor: "/echo", step: alive},
		{ID: "W2", Name: "reserve", About: "a code nobody holds, for a new cart", Anchor: "/reserve", Goal: 45, step: reserveFresh},
		{ID: "W3", Name: "reserve, release", About: "both calls are one operation", step: reserveRelease},
		{ID: "W4", Name: "capture", About: "of reservations made before", Anchor: "/redeem", Goal: 130, step: capture, before: reserveAll},
		{ID: "W5", Name: "reserve, capture", About: "both calls are one operation", step: reserveCapture},
		{ID: "W4r", Name: "redeem", About: "at the till", Anchor: "/redeem", Goal: 130, step: redeem},
		{ID: "W9", Name: "redeem one code", About: "everybody the same", step: redeemHot},
		{ID: "W6", Name: "balance", About: "over all codes", Anchor: "/balance", Goal: 80, step: balance},
		{ID: "W8", Name: "refuse", About: "everybody reserves one code that a cart holds", Anchor: "/reserve", Goal: 50, step: refuse, before: holdHot},
		{ID: "W7", Name: "issue", About: "a signed webhook each, until the vouchers exist", Anchor: "/issue", Goal: 60, step: issue, async: true},
		{ID: "W10", Name: "mixed", About: "50 % balance, 25 % reserve, 15 % capture, 8 % release, 2 % issue", step: mixed},
	}
}

// key names an act of a client.
func (r *run) key(c *client) string { return fmt.Sprintf("%s-%d-%d", r.prefix, c.n, c.count) }

// code is the client's in this turn: no two clients meet while codes are a multiple of clients.
func (r *run) code(c *client) string {
	return r.target.Codes[(c.n+c.count*r.shape.Clients)%len(r.target.Codes)]
}

func (r *run) shopKey(c *client) string { return r.target.ShopKeys[c.n%len(r.target.ShopKeys)] }
func (r *run) tillKey(c *client) string { return r.target.TillKeys[c.n%len(r.target.TillKeys)] }

// put reserves a code for a cart that is named as the act.
func (r *run) put(c *client, key, code string) int {
	body := fmt.Sprintf(`{"code":%q,"holder":%q,"due":{"amount":100,"currency":%q}}`, code, key, r.target.Currency)
	return r.ask(c, http.MethodPut, "/v1/reservations/"+key, r.shopKey(c), body)
}

func (r *run) take(c *client, key string) int {
	return r.ask(c, http.MethodPost, "/v1/reservations/"+key+"/capture", r.shopKey(c), `{"order":"`+key+`"}`)
}

func (r *run) release(c *client, key string) int {
	return r.ask(c, http.MethodPost, "/v1/reservations/"+key+"/release", r.shopKey(c), "")
}

// ask is one request; what was not answered is noAnswer.
func (r *run) ask(c *client, method, path, key, body string) int {
	status, _, err := c.wire.ask(method, path, bearer(key), body)
	if err != nil {
		return noAnswer
	}
	return status
}

func alive(r *run) step {
	return func(c *client) (int, bool) { return r.ask(c, http.MethodGet, "/healthz", r.tillKey(c), ""), true }
}

func reserveFresh(r *run) step {
	return func(c *client) (int, bool) {
		n := r.next.Add(1) - 1
		if n >= int64(len(r.target.Codes)) {
			return 0, false
		}
		key := r.key(c)
		status := r.put(c, key, r.target.Codes[n])
		if status == http.StatusCreated {
			r.leave(key)
		}
		return status, true
	}
}

// leave remembers a reservation, which is released after the workload.
func (r *run) leave(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reserved = append(r.reserved, key)
}

func reserveRelease(r *run) step {
	return func(c *client) (int, bool) {
		key := r.key(c)
		if status := r.put(c, key, r.code(c)); status != http.StatusCreated {
			return status, true
		}
		return r.release(c, key), true
	}
}

func reserveCapture(r *run) step {
	return func(c *client) (int, bool) {
		key := r.key(c)
		if status := r.put(c, key, r.code(c)); status != http.StatusCreated {
			return status, true
		}
		return r.take(c, key), true
	}
}

// reserveAll reserves as many codes as there is time for, so that capture has something.
func reserveAll(ctx context.Context, r *run) error {
	drive(ctx, r.target.URLs[0], Shape{Clients: r.shape.Clients, Duration: r.shape.Duration + r.shape.WarmUp}, reserveFresh(r), idle)
	r.next.Store(int64(len(r.reserved)))
	return ctx.Err()
}

// free releases what a workload has left reserved: the next one wants the codes.
func (r *run) free(ctx context.Context) error {
	var next, failed atomic.Int64
	drive(ctx, r.target.URLs[0], Shape{Clients: r.shape.Clients, Duration: freeWithin}, func(c *client) (int, bool) {
		n := next.Add(1) - 1
		if n >= int64(len(r.reserved)) {
			return 0, false
		}
		if r.release(c, r.reserved[n]) != http.StatusOK {
			failed.Add(1)
		}
		return http.StatusOK, true
	}, idle)
	if n := failed.Load(); n > 0 {
		return fmt.Errorf("%d reservations could not be released", n)
	}
	return ctx.Err()
}

// freeWithin bounds the clean-up after a workload.
const freeWithin = 5 * time.Minute

// lookEvery is how often the vouchers are counted, which itself takes some milliseconds.
const lookEvery = 100 * time.Millisecond

// settles waits until what was sold exists; nil for workloads that are done when they are answered.
func (w Workload) settles(ctx context.Context, r *run) func(ctx context.Context, sold int) error {
	if !w.async {
		return nil
	}
	before, err := r.issued(ctx)
	return func(ctx context.Context, sold int) error {
		look := time.NewTicker(lookEvery)
		defer look.Stop()
		for exist := 0; err == nil && exist < before+sold; exist, err = r.issued(ctx) {
			select {
			case <-look.C:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return err
	}
}

func capture(r *run) step {
	return func(c *client) (int, bool) {
		n := r.next.Add(-1)
		if n < 0 {
			return 0, false
		}
		return r.take(c, r.reserved[n]), true
	}
}

func redeem(r *run) step {
	return func(c *client) (int, bool) { return r.pay(c, r.code(c)), true }
}

func redeemHot(r *run) step {
	return func(c *client) (int, bool) { return r.pay(c, r.target.Codes[0]), true }
}

func (r *run) pay(c *client, code string) int {
	body := fmt.Sprintf(`{"code":%q,"amount":{"amount":1,"currency":%q},"receipt":"1"}`, code, r.target.Currency)
	return r.ask(c, http.MethodPut, "/v1/redemptions/"+r.key(c), r.tillKey(c), body)
}

func balance(r *run) step {
	return func(c *client) (int, bool) {
		return r.ask(c, http.MethodPost, "/v1/balance", r.tillKey(c), `{"code":"`+r.code(c)+`"}`), true
	}
}

// holdHot lets a cart have the first code.
func holdHot(_ context.Context, r *run) error {
	c := &client{wire: newWire(r.target.URLs[0])}
	defer c.wire.close()
	if status := r.put(c, r.prefix+"-holder", r.target.Codes[0]); status != http.StatusCreated {
		return fmt.Errorf("hold the code that all want: answered %d", status)
	}
	r.reserved = []string{r.prefix + "-holder"}
	return nil
}

// refuse is half webshop and half till.
func refuse(r *run) step {
	return func(c *client) (int, bool) {
		status := 0
		if c.n%2 == 0 {
			status = r.put(c, r.key(c), r.target.Codes[0])
		} else {
			status = r.pay(c, r.target.Codes[0])
		}
		if status == http.StatusConflict {
			return http.StatusOK, true // what is asked for here
		}
		return status, true
	}
}

func issue(r *run) step {
	return func(c *client) (int, bool) { return r.sell(c), true }
}

// sell tells of a paid order of one voucher.
func (r *run) sell(c *client) int {
	id, now := r.key(c), time.Now()
	body := fmt.Sprintf(`{"type":"order.paid","data":{"order":{"id":%[1]q,"number":%[1]q,"status":"paid","updated_at":%[2]q,"currency":%[3]q,`+
		`"customer":{"email":"buyer@example.com"},"payment":{"method":"card","paid_at":%[2]q},`+
		`"lines":[{"id":"1","sku":%[4]q,"name":"Gift voucher","quantity":1,"total":{"amount":10000,"currency":%[3]q}}]}}}`,
		id, now.UTC().Format(time.RFC3339), r.target.Currency, r.target.Product)
	signature, err := standard.Sign(r.target.Secret, id, now, []byte(body))
	if err != nil {
		return noAnswer
	}
	headers := "webhook-id: " + id + "\r\nwebhook-timestamp: " + strconv.FormatInt(now.Unix(), 10) + "\r\nwebhook-signature: " + signature + "\r\n"
	status, _, err := c.wire.ask(http.MethodPost, "/v1/shops/"+r.target.Shop+"/webhooks", headers, body)
	if err != nil {
		return noAnswer
	}
	return status
}

// mixed is a day in a shop: every hundredth of a client's operations has its place. Of 25 reservations 15 are captured and 8 released;
// two are asked for again, as when a page is loaded anew.
func mixed(r *run) step {
	return func(c *client) (int, bool) {
		turn := c.count % 100
		slot := c.count - turn + turn%25
		switch {
		case turn < 23:
			r.leave(r.slotKey(c, slot))
			return r.put(c, r.slotKey(c, slot), r.slotCode(c, slot)), true
		case turn < 25:
			slot -= 23
			return r.put(c, r.slotKey(c, slot), r.slotCode(c, slot)), true
		case turn < 40:
			return r.take(c, r.slotKey(c, slot)), true
		case turn < 48:
			return r.release(c, r.slotKey(c, slot)), true
		case turn < 50:
			return r.sell(c), true
		default:
			return r.ask(c, http.MethodPost, "/v1/balance", r.tillKey(c), `{"code":"`+r.code(c)+`"}`), true
		}
	}
}

// slotKey and slotCode name a reservation of the mixed day, whichever act it is about.
func (r *run) slotKey(c *client, slot int) string {
	return fmt.Sprintf("%s-%d-s%d", r.prefix, c.n, slot)
}

func (r *run) slotCode(c *client, slot int) string {
	return r.target.Codes[(c.n+slot*r.shape.Clients)%len(r.target.Codes)]
}
