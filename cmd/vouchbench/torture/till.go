package torture

import (
	"context"
	"fmt"
	"net/http"
)

// serves is a register: it redeems, reloads, asks, and now and then takes back what it did.
func (p *person) serves(ctx context.Context) {
	for ctx.Err() == nil {
		code, amount := p.pool.draw(p.random), int64(1+p.random.IntN(purse))
		switch turn := p.random.IntN(100); {
		case turn < 60:
			p.redeems(ctx, code, amount)
		case turn < 75:
			key := p.name("load")
			p.insist(ctx, request{
				in: input{Code: code, Verb: doReload, Key: key, Amount: amount}, method: http.MethodPut, path: "/v1/reloads/" + key, key: p.keys.Till,
				body: fmt.Sprintf(`{"code":%q,"amount":{"amount":%d,"currency":"DKK"},"receipt":%q,"tender":"cash"}`, code, amount, key),
			})
		default:
			p.insist(ctx, request{
				in: input{Code: code, Verb: doBalance}, method: http.MethodPost, path: "/v1/balance", key: p.keys.Till,
				body: fmt.Sprintf(`{"code":%q}`, code),
			})
		}
	}
}

// redeems pays with a code. Some of it is taken back, in whole, or in parts that may be more than there was.
func (p *person) redeems(ctx context.Context, code string, amount int64) {
	key, returns := p.name("pay"), p.chance(30)
	if returns {
		p.regrets(key)
	}
	r := p.payment(code, key, amount)
	out, in := p.insist(ctx, r), r.in
	if !returns || out.Result != done && out.Result != unknown {
		return
	}
	for p.chance(60) {
		p.refunds(ctx, in, 1+p.random.Int64N(amount))
	}
	if p.chance(50) {
		in.Verb = doReverse
		p.insist(ctx, request{in: in, method: http.MethodDelete, path: "/v1/redemptions/" + key, key: p.keys.Till})
	}
}

// payment is a redemption.
func (p *person) payment(code, key string, amount int64) request {
	return request{
		in:     input{Code: code, Verb: doRedeem, Key: key, Amount: amount},
		method: http.MethodPut, path: "/v1/redemptions/" + key, key: p.keys.Till,
		body: fmt.Sprintf(`{"code":%q,"amount":{"amount":%d,"currency":"DKK"},"receipt":%q}`, code, amount, key),
	}
}

// refunds gives a part of a redemption back.
func (p *person) refunds(ctx context.Context, redeemed input, amount int64) {
	key := p.name("back")
	p.insist(ctx, request{
		in:     input{Code: redeemed.Code, Verb: doRefund, Key: key, Amount: amount, Of: redeemed.Key},
		method: http.MethodPut, path: "/v1/refunds/" + key, key: p.keys.Till,
		body: fmt.Sprintf(`{"redemption":%q,"amount":{"amount":%d,"currency":"DKK"},"reason":"torture"}`, redeemed.Key, amount),
	})
}
