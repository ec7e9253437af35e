package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"vouchsafe/cmd/vouchbench/stack"
)

// claimable is the product whose vouchers go to the account of whoever claims them.
const claimable = "CLAIM"

// members are the customers whose accounts the crowd fights for; each has several tabs open.
const members = 4

// deed is one act on an account, by the path at which it is recovered.
type deed struct {
	customer string
	path     string // of a GET
	key      string // whose answer it is
	unit     string // of the account
	sign     int64  // 1 for what comes in, -1 for what goes out
	told     *int64 // the amount that was acknowledged; nil if nobody was told
}

// accounts is what was tried with the customers' accounts.
type accounts struct {
	mu    sync.Mutex
	deeds []*deed
}

func (a *accounts) add(d *deed) *deed {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.deeds = append(a.deeds, d)
	return d
}

// joins lets customers bring value into their accounts, by vouchers that a till sells and they claim (D10, D13) and by the office's hand
// (A31), and spend it in several carts at once (D11, D14).
func (p *person) joins(ctx context.Context) {
	for ctx.Err() == nil {
		customer := fmt.Sprintf("member-%d", p.random.IntN(members))
		switch turn := p.random.IntN(100); {
		case turn < 10:
			p.claims(ctx, customer)
		case turn < 20:
			p.credits(ctx, customer)
		case turn < 25:
			p.earns(ctx, customer)
		case turn < 50:
			p.draws(ctx, customer, points)
		default:
			p.draws(ctx, customer, kroner)
		}
	}
}

// claims buys a voucher at the till and adds all of it to the account.
func (p *person) claims(ctx context.Context, customer string) {
	key, amount := p.name("sale"), int64(100+p.random.IntN(purse))
	sold := p.persists(ctx, http.MethodPut, "/v1/sales/"+key, p.keys.Till,
		fmt.Sprintf(`{"product":%q,"amount":{"amount":%d,"currency":"DKK"},"receipt":%q,"tender":"cash"}`, claimable, amount, key))
	var bought struct{ Code string }
	if sold.status >= 300 || json.Unmarshal(sold.body, &bought) != nil || bought.Code == "" {
		return
	}
	claim := p.name("claim")
	d := p.wallets.add(&deed{customer: customer, path: "/v1/claims/" + claim, key: p.keys.Shop, unit: kroner, sign: 1})
	body := fmt.Sprintf(`{"code":%q,"customer":%q}`, bought.Code, customer)
	second := p.twice(ctx, func(twin *person) { // another tab of the same customer
		twin.persists(ctx, http.MethodPut, "/v1/claims/"+claim, p.keys.Shop, body)
	})
	defer second.Wait()
	p.hears(d, p.persists(ctx, http.MethodPut, "/v1/claims/"+claim, p.keys.Shop, body))
}

// credits lets the office give the customer store credit.
func (p *person) credits(ctx context.Context, customer string) {
	key := p.name("credit")
	d := p.wallets.add(&deed{customer: customer, path: "/v1/adjustments/" + key, key: p.keys.Admin, unit: kroner, sign: 1})
	p.hears(d, p.persists(ctx, http.MethodPut, "/v1/adjustments/"+key, p.keys.Admin,
		fmt.Sprintf(`{"customer":%q,"shop":%q,"delta":{"amount":%d,"currency":"DKK"},"reason":"torture"}`, customer, stack.Shop, 1+p.random.IntN(purse))))
}

// The units of accounts.
const (
	kroner = "DKK"
	points = "POINT"
)

// programme is that of the bonus points: one of them pays one øre.
const programme = `{"version":0,"rates":[{"points":1,"value":{"amount":1,"currency":"DKK"}}],"rules":[{"event":"order","points":1,"per":{"amount":1,"currency":"DKK"}}]}`

// rules puts the programme in force, which is in force already when it is told again.
func (p *person) rules(ctx context.Context) error {
	if answer := p.persists(ctx, http.MethodPut, "/v1/admin/loyalty", p.keys.Admin, programme); answer.status != http.StatusOK {
		return fmt.Errorf("put a programme of points in force: %s", answer.compact())
	}
	return nil
}

// earns tells of an order that earns points (P02), by two tabs at once.
func (p *person) earns(ctx context.Context, customer string) {
	key, net := p.name("earn"), 1+p.random.IntN(10*purse)
	d := p.wallets.add(&deed{customer: customer, path: "/v1/points/" + key, key: p.keys.Shop, unit: points, sign: 1})
	body := fmt.Sprintf(`{"customer":%q,"event":"order","order":{"id":%q,"net_goods":{"amount":%d,"currency":"DKK"}}}`, customer, key, net)
	second := p.twice(ctx, func(twin *person) { twin.persists(ctx, http.MethodPut, "/v1/points/"+key, p.keys.Shop, body) })
	defer second.Wait()
	p.hears(d, p.persists(ctx, http.MethodPut, "/v1/points/"+key, p.keys.Shop, body))
}

// draws reserves a part of an account for a cart, and pays with it, or thinks better of it, or vanishes.
func (p *person) draws(ctx context.Context, customer, unit string) {
	cart, due, with := p.name("wallet"), 1+p.random.IntN(purse), ""
	if unit == points {
		with = `"pay_with":"points",`
	}
	held := p.persists(ctx, http.MethodPut, "/v1/reservations/"+cart, p.keys.Shop,
		fmt.Sprintf(`{"customer":%q,%s"holder":%q,"due":{"amount":%d,"currency":"DKK"}}`, customer, with, cart, due))
	if held.status >= 300 {
		return
	}
	p.ponder(ctx)
	switch turn := p.random.IntN(100); {
	case turn < 70:
		d := p.wallets.add(&deed{customer: customer, path: "/v1/redemptions/" + cart, key: p.keys.Shop, unit: unit, sign: -1})
		p.hears(d, p.persists(ctx, http.MethodPost, "/v1/reservations/"+cart+"/capture", p.keys.Shop, fmt.Sprintf(`{"order":%q}`, cart)))
	case turn < 95:
		p.persists(ctx, http.MethodPost, "/v1/reservations/"+cart+"/release", p.keys.Shop, "")
	} // the others close the browser
}

// persists repeats a request until it is answered, or the client has had enough; a fault of the program is written down.
func (p *person) persists(ctx context.Context, method, path, key, body string) (answer reply) {
	for range insists {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.patience())
		answer = p.door.ask(limited, p.random.IntN(64), method, path, key, body)
		cancel()
		p.asked.Add(1)
		switch {
		case answer.broken():
			p.book.add(attempt{client: p.n, in: input{Key: method + " " + path}, out: output{Result: unwanted}, answer: answer.compact(), during: p.hurts.name()})
			return answer
		case answer.status != 0 && answer.status != http.StatusServiceUnavailable && answer.status != http.StatusTooManyRequests && refusalOf(answer) != unknown:
			return answer
		case !pause(ctx, breath):
			return reply{status: http.StatusServiceUnavailable}
		}
	}
	return reply{status: http.StatusServiceUnavailable}
}

// figureOf is the amount that an answer about an act on an account tells of.
func figureOf(answer reply) (int64, error) {
	var s struct {
		State      string
		Claimed    *money
		Earned     *money
		Redemption *moved
		Adjustment *struct{ Delta money }
	}
	if err := json.Unmarshal(answer.body, &s); err != nil {
		return 0, fmt.Errorf("read an answer: %w", err)
	}
	switch {
	case s.Claimed != nil:
		return s.Claimed.Amount, nil
	case s.Earned != nil:
		return s.Earned.Amount, nil
	case s.Redemption != nil:
		return s.Redemption.Amount.Amount, nil
	case s.Adjustment != nil:
		return s.Adjustment.Delta.Amount, nil
	}
	return 0, errors.New("no amount in " + answer.compact())
}

// hears keeps what was acknowledged.
func (p *person) hears(d *deed, answer reply) {
	if answer.status != http.StatusOK && answer.status != http.StatusCreated {
		return
	}
	amount, err := figureOf(answer)
	if err != nil {
		p.book.add(attempt{client: p.n, in: input{Key: d.path}, out: output{Result: unwanted}, answer: answer.compact()})
		return
	}
	p.wallets.mu.Lock()
	defer p.wallets.mu.Unlock()
	d.told = &amount
}

// checkAccounts asks what became of every act on an account: what was acknowledged is there, as it was told, and what came in less what
// went out is what is left (I3, I4).
func (t *torture) checkAccounts(ctx context.Context) error {
	sums := map[[2]string]int64{}
	for _, d := range t.crowd.wallets.deeds {
		answer := t.crowd.door.ask(ctx, 0, http.MethodGet, d.path, d.key, "")
		switch {
		case answer.status == http.StatusNotFound && d.told == nil:
			continue
		case answer.status != http.StatusOK:
			t.violated(Violation{"what was acknowledged is in the books", fmt.Sprintf("%s: %d %s", d.path, answer.status, answer.compact())})
			continue
		}
		amount, err := figureOf(answer)
		if err != nil || d.told != nil && *d.told != amount {
			t.violated(Violation{"what was acknowledged is in the books", fmt.Sprintf("%s: %s %v, and %v was told", d.path, answer.compact(), err, d.told)})
		}
		sums[[2]string{d.customer, d.unit}] += d.sign * amount
	}
	for of, want := range sums {
		if have, err := t.balanceOf(ctx, of[0], of[1]); err != nil || have != want {
			t.violated(Violation{"an account holds what came in less what went out", fmt.Sprintf("%s has %d %s, want %d: %v", of[0], have, of[1], want, err)})
		}
	}
	t.report.Accounts = len(t.crowd.wallets.deeds)
	return ctx.Err()
}

// balanceOf asks what a customer has of a unit.
func (t *torture) balanceOf(ctx context.Context, customer, unit string) (int64, error) {
	answer := t.crowd.door.ask(ctx, 0, http.MethodGet, "/v1/customers/"+customer, t.crowd.keys.Shop, "")
	var sheet struct {
		Balances []struct{ Balance money }
	}
	if err := json.Unmarshal(answer.body, &sheet); err != nil {
		return 0, fmt.Errorf("answered %d %s: %w", answer.status, answer.compact(), err)
	}
	for _, of := range sheet.Balances {
		if of.Balance.Currency == unit {
			return of.Balance.Amount, nil
		}
	}
	return 0, fmt.Errorf("answered %d %s", answer.status, answer.compact())
}
