package conformance

import "net/http"

// tillRules are those of a register.
func tillRules() []rule {
	return []rule{
		{"redeem", "A redemption is 201, the same again 200 with the same body, and GET recovers it", tryRedeem},
		{"key-reused", "The same key with other content is 422 key_reused and moves nothing", tryKeyReused},
		{"twins", "Of the same act many times at one moment one happens, and all are answered alike or 409 in_progress", tryTwins},
		{"take-back", "DELETE takes an act back, its repeat too; afterwards its PUT is 409 prevented", tryTakeBack},
		{"delete-before-put", "DELETE before its PUT prevents the act for good", tryDeleteBeforePut},
		{"insufficient", "More than is available is 409 insufficient_balance, with what is, and leaves the key free", tryInsufficient},
		{"refund", "A refund goes back to its voucher, once under its key, and never more than was redeemed", tryRefund},
		{"own-reservation", "A register redeems what it has reserved itself", tryOwnReservation},
	}
}

func tryRedeem(t *trial) {
	key := t.key()
	first := t.redeem(key, 7, nil)
	t.status(first, http.StatusCreated)
	t.is(first, "redemption.key", key)
	t.is(first, "redemption.amount.amount", 7)
	again := t.redeem(key, 7, nil)
	t.status(again, http.StatusOK)
	t.same(first, again)
	found := t.till(http.MethodGet, "/v1/redemptions/"+key, nil)
	t.status(found, http.StatusOK)
	t.is(found, "redemption.id", first.field("redemption.id"))
}

func tryKeyReused(t *trial) {
	key := t.key()
	first := t.redeem(key, 7, nil)
	t.status(first, http.StatusCreated)
	t.problem(t.redeem(key, 8, nil), http.StatusUnprocessableEntity, "key_reused")
	again := t.redeem(key, 7, nil)
	t.status(again, http.StatusOK)
	t.same(first, again)
}

// twins is how often the same is asked at one moment.
const twins = 8

func tryTwins(t *trial) {
	key := t.key()
	_, before, _ := t.balance()
	made := 0
	for _, r := range t.together(twins, func(t *trial, _ int) reply { return t.redeem(key, 3, nil) }) {
		switch {
		case r.status == http.StatusCreated:
			made++
		case r.status == http.StatusConflict && r.word("code") == "in_progress":
			if r.header.Get("Retry-After") == "" {
				t.failf("in_progress came without Retry-After")
			}
		case r.status != http.StatusOK:
			t.failf("a twin was answered %d %s", r.status, r.word("code"))
		}
	}
	if made != 1 {
		t.failf("%d twins were told that it happened now, not 1", made)
	}
	if _, after, err := t.balance(); err != nil || before-after != 3 {
		t.failf("the balance fell by %d, not by 3 (%v)", before-after, err)
	}
}

func tryTakeBack(t *trial) {
	key := t.key()
	_, before, _ := t.balance()
	t.status(t.redeem(key, 7, nil), http.StatusCreated)
	for range 2 {
		r := t.till(http.MethodDelete, "/v1/redemptions/"+key, nil)
		t.status(r, http.StatusOK)
		t.is(r, "outcome", "reversed")
	}
	if _, after, err := t.balance(); err != nil || after != before {
		t.failf("the balance was %d and is %d (%v)", before, after, err)
	}
	t.problem(t.redeem(key, 7, nil), http.StatusConflict, "prevented")
	t.is(t.till(http.MethodGet, "/v1/redemptions/"+key, nil), "state", "reversed")
}

func tryDeleteBeforePut(t *trial) {
	key := t.key()
	for range 2 {
		r := t.till(http.MethodDelete, "/v1/redemptions/"+key, nil)
		t.status(r, http.StatusOK)
		t.is(r, "outcome", "prevented")
	}
	t.problem(t.redeem(key, 7, nil), http.StatusConflict, "prevented")
	t.is(t.till(http.MethodGet, "/v1/redemptions/"+key, nil), "state", "prevented")
}

func tryInsufficient(t *trial) {
	key := t.key()
	_, balance, _ := t.balance()
	r := t.redeem(key, balance+1, nil)
	if r.status == http.StatusBadRequest {
		t.untried = "one more than the balance is above the ceiling of the installation"
		return
	}
	t.problem(r, http.StatusConflict, "insufficient_balance")
	t.is(r, "available.amount", int(balance))
	t.status(t.redeem(key, 7, nil), http.StatusCreated)
}

func tryRefund(t *trial) {
	redemption, refund := t.key(), t.key()
	t.status(t.redeem(redemption, 7, nil), http.StatusCreated)
	back := func(key string, minor int64) reply {
		return t.till(http.MethodPut, "/v1/refunds/"+key, body{"redemption": redemption, "amount": t.money(minor), "reason": "conformance"})
	}
	first := back(refund, 5)
	t.status(first, http.StatusCreated)
	t.is(first, "refund.amount.amount", 5)
	again := back(refund, 5)
	t.status(again, http.StatusOK)
	t.same(first, again)
	if r := back(t.key(), 5); r.status < 400 || r.status >= 500 {
		t.failf("a refund of more than is left was answered %d", r.status)
	}
	t.status(back(t.key(), 2), http.StatusCreated)
}

func tryOwnReservation(t *trial) {
	key := t.key()
	r := t.till(http.MethodPut, "/v1/reservations/"+key, body{"code": t.in.Code, "due": t.money(10)})
	t.status(r, http.StatusCreated)
	t.status(t.redeem(t.key(), 10, nil), http.StatusCreated)
	r = t.till(http.MethodDelete, "/v1/reservations/"+key, nil)
	t.status(r, http.StatusOK)
	t.is(r, "outcome", "unchanged")
}

// formRules are those of requests and refusals in general.
func formRules() []rule {
	return []rule{
		{"scope", "A key does what its scope may, and no more", tryScope},
		{"bad-json", "What can't be meant is 400 invalid_request, and changes nothing", tryBadJSON},
		{"unknown-code", "An unknown code is 422 cannot_be_applied to a shop and 404 voucher_not_found to a till", tryUnknownCode},
		{"problem", "A refusal is application/problem+json with its code and a request id", tryProblem},
		{"quote", "A quote says what is left to pay, and consumes nothing", tryQuote},
	}
}

func tryScope(t *trial) {
	t.problem(t.ask(http.MethodPost, "/v1/balance", "", body{"code": t.in.Code}), http.StatusUnauthorized, "unauthorized")
	for _, r := range []reply{
		t.shop(http.MethodPut, "/v1/redemptions/"+t.key(), body{"code": t.in.Code, "amount": t.money(1), "receipt": "1"}),
		t.shop(http.MethodPut, "/v1/reloads/"+t.key(), body{"code": t.in.Code, "amount": t.money(1), "receipt": "1", "tender": "cash"}),
		t.till(http.MethodGet, "/v1/admin/vouchers", nil),
		t.shop(http.MethodGet, "/v1/admin/vouchers", nil),
	} {
		if code := r.word("code"); r.status != http.StatusForbidden || code != "forbidden" && code != "channel_not_allowed" {
			t.failf("answered %d %s, not 403 forbidden or channel_not_allowed", r.status, code)
		}
	}
	key := t.key()
	t.status(t.reserve(key, "cart", 10, nil), http.StatusCreated)
	t.problem(t.till(http.MethodGet, "/v1/reservations/"+key, nil), http.StatusNotFound, "reservation_not_found")
}

func tryBadJSON(t *trial) {
	code, amount := `"code":"`+t.in.Code+`"`, `"amount":{"amount":1,"currency":"`+t.currency+`"}`
	for _, text := range []string{
		``, `[]`, `{` + code + `,` + amount + `,"receipt":"1"`, `{` + code + `,` + amount + `,"receipt":"1"}{}`,
		`{` + code + `,` + amount + `,"receipt":"1","colour":"red"}`,
		`{` + code + `,` + amount + `,` + amount + `,"receipt":"1"}`,
		`{` + code + `,` + amount + `,"receipt":7}`,
		`{` + code + `,` + amount + `,"receipt":"\u0000"}`,
		`{` + code + `,` + amount + `,"receipt":"` + "\xff" + `"}`,
		`{` + code + `,"amount":{"amount":0,"currency":"` + t.currency + `"},"receipt":"1"}`,
		`{` + code + `,"amount":{"amount":-1,"currency":"` + t.currency + `"},"receipt":"1"}`,
		`{` + code + `,"amount":{"amount":1.5,"currency":"` + t.currency + `"},"receipt":"1"}`,
		`{` + code + `,"amount":{"amount":1,"currency":"XYZ"},"receipt":"1"}`,
	} {
		key := t.key()
		t.redeemed[key] = t.in.TillKey
		if r := t.till(http.MethodPut, "/v1/redemptions/"+key, text); r.status != http.StatusBadRequest || r.word("code") != "invalid_request" {
			t.failf("%q was answered %d %s", text, r.status, r.word("code"))
		}
	}
}

func tryUnknownCode(t *trial) {
	const nobodys = "0000000000000000"
	t.problem(t.shop(http.MethodPut, "/v1/reservations/"+t.key(), body{
		"code": nobodys, "holder": t.in.Run, "due": t.money(1), "buyer": body{"session": t.in.Run},
	}), http.StatusUnprocessableEntity, "cannot_be_applied")
	t.problem(t.till(http.MethodPost, "/v1/balance", body{"code": nobodys}), http.StatusNotFound, "voucher_not_found")
}

func tryProblem(t *trial) {
	r := t.shop(http.MethodGet, "/v1/reservations/"+t.key(), nil)
	t.problem(r, http.StatusNotFound, "reservation_not_found")
	if kind := r.header.Get("Content-Type"); kind != "application/problem+json" {
		t.failf("its Content-Type is %q", kind)
	}
	for _, name := range []string{"type", "title", "status", "detail", "code", "request_id"} {
		t.has(r, name)
	}
}

func tryQuote(t *trial) {
	r := t.shop(http.MethodPost, "/v1/quotes", body{"codes": []string{t.in.Code}, "due": t.money(10), "buyer": body{"session": t.in.Run}})
	t.status(r, http.StatusOK)
	t.is(r, "covered.amount", 10)
	t.is(r, "remaining_due.amount", 0)
	t.is(r, "payment_required", false)
	t.is(t.till(http.MethodPost, "/v1/balance", body{"code": t.in.Code}), "reserved.amount", 0)
}
