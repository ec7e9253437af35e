package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vouchsafe/retail/failpoint"
)

// arcade is a merchant with a shop whose customers have accounts, a register and an office.
type arcade struct {
	*installation
	shop, till, office string // keys
}

// opensArcade sets one up through the commands.
func opensArcade(t *testing.T) *arcade {
	t.Helper()
	a := &arcade{installation: install(t)}
	a.does("migrate")
	a.does("shop", "add", "--id", "demo", "--platform", "standard", "--secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	a.does("product", "add", "--sku", "GAVEKORT-500", "--name", "Gavekort 500 kr.", "--amount", "500.00", "--currency", "DKK")
	a.shop = a.does("key", "add", "--scope", "shop", "--shop", "demo")
	a.till = a.does("key", "add", "--scope", "till", "--register", "kasse-1")
	a.office = a.does("key", "add", "--scope", "admin")
	return a
}

const (
	byCard     = "VOUCHSAFE_BALANCE_HOLDER=card"
	byCustomer = "VOUCHSAFE_BALANCE_HOLDER=customer"
)

// sells sells a voucher of 500.00 and returns its code.
func (a *arcade) sells(d *running, key string) string {
	a.t.Helper()
	return fmt.Sprint(d.wants(201, a.till, "PUT", "/v1/sales/"+key, `{"product": "GAVEKORT-500", "receipt": "1", "tender": "cash"}`).at("code"))
}

func redeem1(code string) string {
	return fmt.Sprintf(`{"code": %q, "amount": {"amount": 100, "currency": "DKK"}, "receipt": "1"}`, code)
}

func claimFor7(code string) string { return fmt.Sprintf(`{"code": %q, "customer": "7"}`, code) }

const dueOf1 = `{"customer": "7", "holder": %q, "due": {"amount": 100, "currency": "DKK"}}`

// D01, D02: the mode is switched while acts run, forth and back, gateway by gateway. Every voucher keeps the mode that it was issued in and works
// on, new ones have the new mode, and check says how many are in the other.
func TestSwitchingTheModeBreaksNoVoucher(t *testing.T) {
	t.Parallel()
	a := opensArcade(t)
	before := a.serves(byCard)
	card := a.sells(before, "s:1")
	after := a.serves(byCustomer)
	own := a.sells(after, "s:2")
	after.wants(201, a.shop, "PUT", "/v1/claims/c:1", claimFor7(own))

	var spent, failed atomic.Int64
	var load sync.WaitGroup
	var door atomic.Pointer[running]
	door.Store(before)
	stop := make(chan struct{})
	spends := func(lane int) {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			d, key := door.Load(), fmt.Sprintf("x:%d:%d", lane, i)
			for _, r := range []reply{
				d.asks(a.till, "PUT", "/v1/redemptions/"+key, redeem1(card)), d.asks(a.shop, "PUT", "/v1/reservations/"+key, fmt.Sprintf(dueOf1, key)),
				d.asks(a.shop, "POST", "/v1/reservations/"+key+"/capture", `{"order": "1"}`),
			} {
				if r.status != 200 && r.status != 201 && r.at("code") != "insufficient_balance" && r.at("code") != "reservation_not_found" {
					failed.Add(1)
					t.Errorf("%d %s", r.status, r.text)
				}
			}
			spent.Add(1)
		}
	}
	for lane := range 4 {
		load.Go(func() { spends(lane) })
	}
	for _, d := range []*running{after, before, after} {
		until(t, spent.Load()+20, &spent)
		door.Store(d)
	}
	until(t, spent.Load()+20, &spent)
	close(stop)
	load.Wait()
	before.stops()

	if r := after.wants(200, a.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q}`, card)); r.at("voucher.mode") != "card" {
		t.Errorf("the card is %s", r.text)
	}
	fresh := a.sells(after, "s:3")
	if r := after.wants(409, a.till, "PUT", "/v1/redemptions/y:1", redeem1(fresh)); r.at("code") != "claim_required" {
		t.Errorf("a new voucher is %s", r.text)
	}
	after.stops()
	a.env = append(a.env, byCustomer)
	if said, _ := a.tries("check"); !strings.Contains(said, "1 issued vouchers are in card mode and stay so") {
		t.Errorf("check says %s", said)
	}
	a.sound()
}

// until waits until a counter has come so far.
func until(t *testing.T, far int64, counter *atomic.Int64) {
	t.Helper()
	tick, end := time.NewTicker(time.Millisecond), time.After(30*time.Second)
	defer tick.Stop()
	for counter.Load() < far {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("the load stands still at %d", counter.Load())
		}
	}
}

// Kill -9 at every point that a claim, a reservation of an account, a transfer and a merge pass: each happens once under its key, and no
// part of an amount is lost or there twice (D1, I1-I8).
func TestWhatCustomersHaveSurvivesEveryPowerCut(t *testing.T) {
	t.Parallel()
	for _, point := range []string{
		failpoint.ActLocked, failpoint.ActWritten, failpoint.ActCommitted, failpoint.PutLost,
		failpoint.GroupLocked, failpoint.GroupWritten, failpoint.GroupCommitted,
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			a := opensArcade(t)
			w := &outage{arcade: a, d: a.serves(byCustomer), with: []string{byCustomer}}
			first, second := a.sells(w.d, "s:1"), a.sells(w.d, "s:2")
			w.d.stops()
			w.d = a.serves(byCustomer, "VOUCHSAFE_FAILPOINTS="+point)
			w.asks("PUT", a.shop, "/v1/claims/c:1", claimFor7(first))
			w.asks("PUT", a.shop, "/v1/claims/c:2", fmt.Sprintf(`{"code": %q, "customer": "8"}`, second))
			w.asks("PUT", a.shop, "/v1/reservations/r:1", fmt.Sprintf(dueOf1, "cart"))
			w.asks("POST", a.shop, "/v1/reservations/r:1/capture", `{"order": "1"}`)
			w.asks("PUT", a.office, "/v1/transfers/t:1", `{"from": "customer:7", "to": "customer:8", "amount": {"amount": 100, "currency": "DKK"}, "reason": "a mistake"}`)
			id := func(login string) string {
				return fmt.Sprint(w.asks("GET", a.office, "/v1/admin/customers/"+login, "").at("id"))
			}
			w.asks("POST", a.office, "/v1/admin/customers/"+id("8")+"/merge", fmt.Sprintf(`{"into": %q, "reason": "one person"}`, id("7")))
			w.asks("DELETE", a.shop, "/v1/reservations/r:2", "")
			r := w.asks("GET", a.shop, "/v1/customers/8", "")
			if !strings.Contains(r.text, `"balances":[{"balance":{"amount":99900,"currency":"DKK"},"reserved":{"amount":0,"currency":"DKK"}`) {
				t.Errorf("after a crash at %s: %s", point, r.text)
			}
			w.d.stops()
			a.sound()
		})
	}
}

// outage is an arcade whose daemon dies once and is started again.
type outage struct {
	*arcade
	d    *running
	with []string // the settings that it runs with

	listened func(d *running) // told of each daemon that takes the place of one that died; nil for nobody
}

// asks asks until it is answered, starting the daemon anew when it has died.
func (w *outage) asks(method, key, path, body string) reply {
	w.t.Helper()
	for end := time.Now().Add(recoversWithin); time.Now().Before(end); {
		r := w.d.asks(key, method, path, body)
		if slices.Contains([]int{200, 201}, r.status) {
			return r
		}
		if r.status != 0 && r.status != 503 {
			w.t.Fatalf("%s %s: %d %s", method, path, r.status, r.text)
		}
		w.revives()
	}
	w.t.Fatalf("%s %s is never answered\n%s", method, path, w.d.log)
	return reply{}
}

// revives starts the daemon anew if it has died, or waits a moment.
func (w *outage) revives() {
	select {
	case err := <-w.d.ended:
		w.d.ended <- err
		w.d = w.serves(w.with...)
		if w.listened != nil {
			w.listened(w.d)
		}
	case <-time.After(50 * time.Millisecond):
	}
}
