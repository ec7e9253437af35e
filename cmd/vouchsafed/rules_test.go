package main

import (
	"fmt"
	"testing"
	"time"

	"vouchsafe/retail/failpoint"
)

// X12, B15: the daemon dies at every instant of a binding and of a cash-out. Whoever repeats it is told of one, a card is bound once, and
// money leaves the voucher once.
func TestABindingAndACashOutHappenOnceWhateverInstantTheDaemonDies(t *testing.T) {
	t.Parallel()
	for _, point := range []string{
		failpoint.ActLocked, failpoint.ActWritten, failpoint.ActCommitted, failpoint.GroupWritten, failpoint.GroupCommitted,
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			k := opensKiosk(t)
			k.env = append(k.env, "VOUCHSAFE_CASH_OUT_FEE=EUR:3.00,DKK:25.00")
			d := k.serves()
			code, _ := d.wants(201, k.till, "PUT", "/v1/sales/s", sellFresh).at("code").(string)
			d.dies()
			d = k.serves("VOUCHSAFE_FAILPOINTS=" + point)
			d = k.repeats(d, "/v1/bindings/b", fmt.Sprintf(`{"code": %q, "token": "CARD-4711-0815", "retire_code": true}`, code))
			d = k.repeats(d, "/v1/cash-outs/o", `{"code": "card 4711 0815", "receipt": "19", "reason": "asked for it"}`)
			if r := d.wants(200, k.till, "GET", "/v1/cash-outs/o", ""); r.at("cash_out.amount.amount") != 47500.0 || r.at("cash_out.fee.amount") != 2500.0 {
				t.Errorf("paid out %s", r.text)
			}
			if r := d.wants(200, k.till, "POST", "/v1/balance", `{"code": "CARD47110815"}`); r.at("balance.amount") != 0.0 || r.at("voucher.state") != "depleted" {
				t.Errorf("left %s", r.text)
			}
			d.wants(404, k.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q}`, code))
			d.stops()
			k.isSound(d, []string{code, "CARD47110815", "CARD-4711-0815", "card 4711 0815"})
		})
	}
}

// X04, X08: the daemon dies at every instant of a credit note and of a refund to a new one. Whoever repeats it is told of one, with the
// same code, and no money is made.
func TestACreditNoteAndARefundToANewOneHappenOnceWhateverInstantTheDaemonDies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ act, point string }{
		{"credit note", failpoint.ActWritten}, {"credit note", failpoint.ActCommitted},
		{"refund", failpoint.ActWritten}, {"refund", failpoint.ActCommitted},
	} {
		t.Run(tt.act+" "+tt.point, func(t *testing.T) {
			t.Parallel()
			k := opensKiosk(t)
			d := k.serves()
			sale := d.wants(201, k.till, "PUT", "/v1/sales/s", sellFresh)
			redeemed := d.wants(201, k.till, "PUT", "/v1/redemptions/t", fmt.Sprintf(`{"code": %q, "amount": {"amount": 20000, "currency": "DKK"}, "receipt": "18"}`, sale.at("code")))
			d.wants(200, k.office, "POST", fmt.Sprintf("/v1/admin/vouchers/%v/invalidate", sale.at("voucher.id")), `{"reason": "lost"}`)
			d.dies()
			key, path, body := k.till, "/v1/credit-notes/c", `{"amount": {"amount": 20000, "currency": "DKK"}, "receipt": "19", "reason": "came back"}`
			if tt.act == "refund" {
				key, path, body = k.office, "/v1/refunds/r", fmt.Sprintf(`{"redemption": %q, "reason": "came back", "to": "new"}`, redeemed.at("redemption.id"))
			}
			armed := k.serves("VOUCHSAFE_FAILPOINTS=" + tt.point)
			d = k.repeatsAs(key, armed, path, body)
			if d == armed {
				t.Error("the daemon never died")
			}
			note := d.wants(200, key, "PUT", path, body)
			code, _ := note.at("code").(string)
			if r := d.wants(200, k.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q}`, code)); r.at("balance.amount") != 20000.0 {
				t.Errorf("the note holds %s", r.text)
			}
			if n := count(t, k.look(), `SELECT count(*) FROM voucher`); n != 2 {
				t.Errorf("%d vouchers, want the one that was sold and its note", n)
			}
			d.stops()
			k.isSound(d, []string{code})
		})
	}
}

// repeats asks for an act until it was answered three times, starting the daemon anew when it has died: all answers are one.
func (k *kiosk) repeats(d *running, path, body string) *running {
	k.t.Helper()
	return k.repeatsAs(k.till, d, path, body)
}

// repeatsAs repeats with a key.
func (k *kiosk) repeatsAs(key string, d *running, path, body string) *running {
	k.t.Helper()
	var answers []string
	for end := time.Now().Add(recoversWithin); len(answers) < 3 && time.Now().Before(end); {
		r := d.asks(key, "PUT", path, body)
		if r.status == 0 {
			d.dies()
			d = k.serves()
			continue
		}
		if r.status == 503 { // a busy machine took too long
			continue
		}
		if r.status != 200 && r.status != 201 {
			k.t.Errorf("%s: %d %s", path, r.status, r.text)
		}
		answers = append(answers, r.text)
	}
	if len(answers) < 3 || answers[1] != answers[0] || answers[2] != answers[0] {
		k.t.Errorf("%s is answered by %q", path, answers)
	}
	return d
}
