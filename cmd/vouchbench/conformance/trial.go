package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Installation is the server under test, and what opens it.
type Installation struct {
	URL     string
	ShopKey string
	TillKey string
	// Code is of an active voucher that nobody uses meanwhile, with at least a hundred minor units on it. It has as much afterwards.
	Code string

	// Shop is registered on the platform "standard", and Secrets sign its webhooks: all of them must be taken. Without them no
	// webhook is tried.
	Shop    string
	Secrets []string
	// AdminKey and Product, an open product's SKU, let the trial see what webhooks came to. They issue vouchers for a test order.
	AdminKey string
	Product  string

	// Patience is how long the trial may wait for a reservation to run out, so that it can be captured late.
	Patience time.Duration
	Client   *http.Client // with a time-out
	Run      string       // of the names of all acts: no other run may have it
}

// rule is a line of the contract with its trial.
type rule struct {
	id, text string
	try      func(t *trial)
}

// Server plays a webshop and a register against an installation, rule by rule, and returns the sheet. An error means that nothing can
// be tried at all.
func Server(ctx context.Context, in Installation) (Sheet, error) {
	first := newTrial(ctx, &in, "begin")
	currency, balance, err := first.balance()
	if err != nil {
		return nil, fmt.Errorf("look the code up: %w", err)
	}
	if balance < leastBalance {
		return nil, fmt.Errorf("the voucher holds %d minor units: %d are needed", balance, leastBalance)
	}
	var sheet Sheet
	for _, r := range rules() {
		t := newTrial(ctx, &in, r.id)
		t.currency = currency
		r.try(t)
		t.tidy()
		if _, now, err := t.balance(); err != nil || now != balance {
			t.failf("the balance was %d before and is %d after all was taken back (%v)", balance, now, err)
			balance = now
		}
		sheet = append(sheet, t.line(r))
		if ctx.Err() != nil {
			return sheet, ctx.Err()
		}
	}
	return sheet, nil
}

// leastBalance is what the trials need on the voucher, in minor units.
const leastBalance = 100

// trial is one rule being tried. Faults are collected, so that a rule's function reads like the rule.
type trial struct {
	ctx      context.Context
	in       *Installation
	id       string
	currency string
	keys     int

	steps    []string // what was asked and answered
	faults   []string
	untried  string // why it could not be tried
	reserved []string
	redeemed map[string]string // key of a redemption to the API key that made it
}

func newTrial(ctx context.Context, in *Installation, id string) *trial {
	return &trial{ctx: ctx, in: in, id: id, redeemed: map[string]string{}}
}

// line is what the sheet says of the rule.
func (t *trial) line(r rule) Line {
	l := Line{ID: r.id, Rule: r.text, Verdict: OK, Evidence: strings.Join(t.steps, ", ")}
	switch {
	case len(t.faults) > 0:
		l.Verdict, l.Evidence = NotOK, strings.Join(t.faults, "; ")+" ["+l.Evidence+"]"
	case t.untried != "":
		l.Verdict, l.Evidence = NotTried, t.untried
	}
	l.Evidence = strings.ReplaceAll(l.Evidence, t.in.Code, "CODE")
	return l
}

func (t *trial) failf(format string, args ...any) {
	t.faults = append(t.faults, fmt.Sprintf(format, args...))
}

// key draws the name of a new act.
func (t *trial) key() string {
	t.keys++
	return fmt.Sprintf("%s-%s-%d", t.in.Run, t.id, t.keys)
}

// reply is an answer.
type reply struct {
	status int // 0: there was none
	header http.Header
	text   []byte
	fields map[string]any // of the JSON; nil if it is none
}

// field finds a value of the answer by its path, "redemption.amount.amount"; nil if it isn't there.
func (r reply) field(path string) any {
	var at any = r.fields
	for name := range strings.SplitSeq(path, ".") {
		object, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = object[name]
	}
	return at
}

// number is a field that is a figure; -1 if it isn't there.
func (r reply) number(path string) int64 {
	if n, ok := r.field(path).(float64); ok {
		return int64(n)
	}
	return -1
}

func (r reply) word(path string) string {
	text, _ := r.field(path).(string)
	return text
}

// body is the JSON of something.
type body map[string]any

// shop, till and office ask as one of the three channels. A string is sent as it is.
func (t *trial) shop(method, path string, content any) reply {
	return t.ask(method, path, t.in.ShopKey, content)
}

func (t *trial) till(method, path string, content any) reply {
	return t.ask(method, path, t.in.TillKey, content)
}

func (t *trial) ask(method, path, key string, content any) reply {
	r := send(t.ctx, t.in.Client, call{method: method, url: t.in.URL + path, key: key, content: content})
	t.step(method, path, r)
	return r
}

// step notes what was asked and answered.
func (t *trial) step(method, path string, r reply) {
	said := fmt.Sprintf("%s %s %d", method, strings.ReplaceAll(strings.TrimPrefix(path, "/v1/"), t.in.Run+"-"+t.id+"-", "KEY"), r.status)
	if code := r.word("code"); r.status >= 400 && code != "" {
		said += " " + code
	}
	t.steps = append(t.steps, said)
}

// call is a request.
type call struct {
	method, url, key string
	content          any
	header           http.Header
}

func send(ctx context.Context, client *http.Client, c call) reply {
	text, raw := c.content.(string)
	if !raw && c.content != nil {
		encoded, err := json.Marshal(c.content)
		if err != nil {
			return reply{}
		}
		text = string(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, c.method, c.url, strings.NewReader(text))
	if err != nil {
		return reply{}
	}
	for name, values := range c.header {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", "application/json")
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
	answer, err := client.Do(request)
	if err != nil {
		return reply{}
	}
	defer answer.Body.Close()
	r := reply{status: answer.StatusCode, header: answer.Header}
	if r.text, err = io.ReadAll(answer.Body); err != nil {
		return reply{}
	}
	_ = json.Unmarshal(r.text, &r.fields) // an answer that is no object has no fields
	return r
}

// money is an amount in the voucher's currency.
func (t *trial) money(minor int64) body { return body{"amount": minor, "currency": t.currency} }

// balance looks the voucher up.
func (t *trial) balance() (currency string, minor int64, err error) {
	r := send(t.ctx, t.in.Client, call{
		method: http.MethodPost, url: t.in.URL + "/v1/balance", key: t.in.TillKey, content: body{"code": t.in.Code},
	})
	if r.status != http.StatusOK {
		return "", 0, fmt.Errorf("answered %d %s", r.status, r.word("code"))
	}
	return r.word("balance.currency"), r.number("balance.amount"), nil
}

// status expects an answer's status.
func (t *trial) status(r reply, want int) {
	if r.status != want {
		t.failf("answered %d %s, not %d", r.status, r.word("code"), want)
	}
}

// problem expects a problem of this code.
func (t *trial) problem(r reply, want int, code string) {
	if r.status != want || r.word("code") != code {
		t.failf("answered %d %s, not %d %s", r.status, r.word("code"), want, code)
	}
}

// is expects a field's value.
func (t *trial) is(r reply, path string, want any) {
	got := r.field(path)
	if n, ok := want.(int); ok {
		want = float64(n)
	}
	if got != want {
		t.failf("%s is %v, not %v", path, got, want)
	}
}

// has expects a field to be there.
func (t *trial) has(r reply, path string) {
	if r.field(path) == nil {
		t.failf("%s is missing", path)
	}
}

// same expects two answers to be alike, byte for byte of their compact JSON.
func (t *trial) same(a, b reply) {
	var one, other bytes.Buffer
	if json.Compact(&one, a.text) != nil || json.Compact(&other, b.text) != nil || one.String() != other.String() {
		t.failf("the repeat was answered otherwise: %s, then %s", a.text, b.text)
	}
}

// reserve asks for a reservation that is taken back when the trial is over.
func (t *trial) reserve(key, holder string, minor int64, more body) reply {
	t.reserved = append(t.reserved, key)
	content := body{
		"code": t.in.Code, "holder": t.in.Run + "-" + t.id + "-" + holder, "due": t.money(minor), "buyer": body{"session": t.in.Run},
	}
	for name, value := range more {
		content[name] = value
	}
	return t.shop(http.MethodPut, "/v1/reservations/"+key, content)
}

// capture spends a reservation; its redemption is taken back when the trial is over.
func (t *trial) capture(key, order string, more body) reply {
	content := body{"order": t.in.Run + "-" + t.id + "-" + order}
	for name, value := range more {
		content[name] = value
	}
	r := t.shop(http.MethodPost, "/v1/reservations/"+key+"/capture", content)
	if made := r.word("redemption.key"); made != "" {
		t.redeemed[made] = t.in.ShopKey
	}
	return r
}

// redeem spends at the till, until the trial is over.
func (t *trial) redeem(key string, minor int64, more body) reply {
	t.redeemed[key] = t.in.TillKey
	content := body{"code": t.in.Code, "amount": t.money(minor), "receipt": "conformance"}
	for name, value := range more {
		content[name] = value
	}
	return t.till(http.MethodPut, "/v1/redemptions/"+key, content)
}

// tidy takes everything back. Who has taken something back himself finds it so.
func (t *trial) tidy() {
	for key, by := range t.redeemed {
		_ = send(t.ctx, t.in.Client, call{method: http.MethodDelete, url: t.in.URL + "/v1/redemptions/" + key, key: by})
	}
	for _, key := range t.reserved {
		_ = send(t.ctx, t.in.Client, call{method: http.MethodDelete, url: t.in.URL + "/v1/reservations/" + key, key: t.in.ShopKey})
	}
}
