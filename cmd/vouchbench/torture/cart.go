package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// shops lets one online customer after the other reserve a code and pay, change his mind, or vanish.
func (p *person) shops(ctx context.Context) {
	for ctx.Err() == nil {
		if p.chance(p.mix.Several) {
			p.paysWithTwo(ctx)
			continue
		}
		code, cart := p.pool.draw(p.random), p.name("cart")
		out := p.insist(ctx, p.reserve(code, cart, cart))
		if out.Result != done && out.Result != unknown {
			continue
		}
		p.ponder(ctx)
		switch turn := p.random.IntN(100); {
		case out.Result == done && turn < 65:
			p.pays(ctx, code, cart, out.Amount)
		case turn < 97:
			p.insist(ctx, p.release(code, cart))
		} // the others close the browser
	}
}

// pays captures a reservation: all of it, a part, or first more than it has, which must be refused. Now and then the page that is left
// behind releases it afterwards.
func (p *person) pays(ctx context.Context, code, cart string, reserved int64) {
	amount := int64(0)
	switch turn := p.random.IntN(100); {
	case turn < 15:
		amount = 1 + p.random.Int64N(max(1, reserved))
	case turn < 25:
		p.insist(ctx, p.capture(code, cart, reserved+1+p.random.Int64N(50)))
	}
	p.insist(ctx, p.capture(code, cart, amount))
	if p.chance(20) {
		p.ponder(ctx)
		p.insist(ctx, p.release(code, cart))
	}
}

func (p *person) reserve(code, cart, holder string) request {
	due := int64(1 + p.random.IntN(purse))
	return request{
		in:     input{Code: code, Verb: doReserve, Key: p.house + cart, Amount: due},
		method: http.MethodPut, path: "/v1/reservations/" + cart, key: p.shop,
		body: fmt.Sprintf(`{"code":%q,"holder":%q,"due":{"amount":%d,"currency":"DKK"}}`, code, holder, due),
	}
}

func (p *person) capture(code, cart string, amount int64) request {
	body := fmt.Sprintf(`{"order":%q}`, cart)
	if amount > 0 {
		body = fmt.Sprintf(`{"order":%q,"amount":{"amount":%d,"currency":"DKK"}}`, cart, amount)
	}
	return request{
		in:     input{Code: code, Verb: doCapture, Key: p.house + cart, Amount: amount},
		method: http.MethodPost, path: "/v1/reservations/" + cart + "/capture", key: p.shop, body: body,
	}
}

func (p *person) release(code, cart string) request {
	return request{
		in:     input{Code: code, Verb: doRelease, Key: p.house + cart},
		method: http.MethodPost, path: "/v1/reservations/" + cart + "/release", key: p.shop,
	}
}

// paysWithTwo reserves two codes for one order and captures both at once, or neither. Some click twice, and their browser names the
// codes in the other order the second time.
func (p *person) paysWithTwo(ctx context.Context) {
	one, other := p.pool.two(p.random)
	if other == "" {
		return
	}
	cart := p.name("order")
	held := []request{}
	for i, code := range []string{one, other} {
		key := fmt.Sprintf("%s.%d", cart, i)
		if p.insist(ctx, p.reserve(code, key, cart)).Result != done {
			break
		}
		held = append(held, p.capture(code, key, 0))
	}
	p.ponder(ctx)
	if len(held) == 2 && p.capturesAll(ctx, cart, held) {
		return
	}
	for _, r := range held { // what can't be had together is of no use
		p.insist(ctx, p.release(r.in.Code, strings.TrimPrefix(r.in.Key, p.house)))
	}
}

// capturesAll spends reservations together; false when it was refused.
func (p *person) capturesAll(ctx context.Context, order string, held []request) bool {
	wait := p.patience()
	backwards := slices.Clone(held)
	slices.Reverse(backwards)
	second := p.twice(ctx, func(twin *person) { twin.together(ctx, order, backwards, wait) })
	defer second.Wait()
	for range insists {
		if out := p.together(ctx, order, held, wait); out != unknown {
			return out == done
		}
		if !pause(ctx, breath) {
			break
		}
	}
	return true // nobody knows
}

// together sends one capture of several reservations. A refusal says which of them can't be had only to people, so it is no reading
// of any code.
func (p *person) together(ctx context.Context, order string, held []request, wait time.Duration) result {
	var named []string
	for _, r := range held {
		named = append(named, fmt.Sprintf(`{"key":%q}`, strings.TrimPrefix(r.in.Key, p.house)))
	}
	answer, a := p.asks(ctx, request{
		method: http.MethodPost, path: "/v1/captures", key: p.shop,
		body: fmt.Sprintf(`{"order":%q,"reservations":[%s]}`, order, strings.Join(named, ",")),
	}, wait)
	var said struct {
		Captures []struct {
			Key        string
			Redemption moved
		}
	}
	switch {
	case answer.broken():
		a.in, a.out, a.answer = input{Code: held[0].in.Code, Verb: doCapture, Key: order}, output{Result: unwanted}, answer.compact()
		p.book.add(a)
		return unwanted
	case answer.unsent:
		return unknown
	case answer.status >= 400 && answer.status != http.StatusServiceUnavailable && answer.status != http.StatusConflict:
		return ended
	case answer.status == http.StatusConflict && refusalOf(answer) != unknown:
		return ended
	case answer.status != http.StatusOK || json.Unmarshal(answer.body, &said) != nil:
		for _, r := range held {
			a.in, a.out = r.in, output{Result: unknown}
			p.book.add(a)
		}
		return unknown
	}
	for _, one := range said.Captures {
		for _, r := range held {
			if r.in.Key == p.house+one.Key {
				a.in, a.out = r.in, output{Result: done, Amount: one.Redemption.Amount.Amount}
				p.book.add(a)
			}
		}
	}
	return done
}
