package conformance

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// rules are all rules, in the order of the sheet.
func rules() []rule {
	return slices.Concat(reservationRules(), captureRules(), tillRules(), formRules(), webhookRules())
}

// reservationRules are those of a cart.
func reservationRules() []rule {
	return []rule{
		{"reserve", "A reservation is 201, and the same again 200 with what is", tryReserve},
		{"replace", "A changed cart replaces its reservation, which ends no later for it", tryReplace},
		{"two-tabs", "Two tabs of one cart share one reservation, which answers to both keys", tryTwoTabs},
		{"crashed-browser", "After a crash the cart finds its reservations by its holder", tryCrashedBrowser},
		{"one-holder", "Of two carts that want a code at the same moment one gets it, the other 409 held_elsewhere", tryOneHolder},
		{"revision", "A cart's lower revision changes nothing", tryRevision},
		{"release", "Release is soft: it never fails, and a PUT opens the key anew", tryRelease},
		{"delete-first", "DELETE before its PUT prevents the reservation for good", tryDeleteFirst},
	}
}

func tryReserve(t *trial) {
	key := t.key()
	first := t.reserve(key, "cart", 10, nil)
	t.status(first, http.StatusCreated)
	t.is(first, "state", "active")
	t.is(first, "amount.amount", 10)
	t.is(first, "resumed", false)
	again := t.reserve(key, "cart", 10, nil)
	t.status(again, http.StatusOK)
	t.same(first, again)
	t.same(again, t.shop(http.MethodGet, "/v1/reservations/"+key, nil))
}

func tryReplace(t *trial) {
	key := t.key()
	first := t.reserve(key, "cart", 10, nil)
	changed := t.reserve(key, "cart", 20, nil)
	t.status(changed, http.StatusOK)
	t.is(changed, "amount.amount", 20)
	t.is(changed, "expires_at", first.field("expires_at"))
}

func tryTwoTabs(t *trial) {
	keys := []string{t.key(), t.key()}
	t.reserved = append(t.reserved, keys...)
	answers := t.together(len(keys), func(t *trial, n int) reply { return t.reserve(keys[n], "cart", 10, nil) })
	resumed := 0
	for _, r := range answers {
		switch {
		case r.status != http.StatusOK && r.status != http.StatusCreated:
			t.failf("a tab was answered %d %s", r.status, r.word("code"))
		case r.field("resumed") == true:
			resumed++
		}
	}
	if resumed != 1 {
		t.failf("%d tabs were told that they resume, not 1", resumed)
	}
	for _, key := range keys {
		r := t.shop(http.MethodGet, "/v1/reservations/"+key, nil)
		t.status(r, http.StatusOK)
		t.is(r, "state", "active")
	}
}

// together asks several things at the same moment, each in a trial of its own, and notes them here.
func (t *trial) together(n int, ask func(t *trial, n int) reply) []reply {
	answers, trials := make([]reply, n), make([]*trial, n)
	var all sync.WaitGroup
	for i := range n {
		trials[i] = newTrial(t.ctx, t.in, t.id)
		trials[i].currency = t.currency
		all.Go(func() { answers[i] = ask(trials[i], i) })
	}
	all.Wait()
	for _, one := range trials {
		t.steps = append(t.steps, one.steps...)
		t.reserved = append(t.reserved, one.reserved...)
		for key, by := range one.redeemed {
			t.redeemed[key] = by
		}
	}
	return answers
}

func tryCrashedBrowser(t *trial) {
	key := t.key()
	t.status(t.reserve(key, "cart", 10, nil), http.StatusCreated)
	found := t.shop(http.MethodPost, "/v1/reservations/find", body{"holder": t.in.Run + "-" + t.id + "-cart"})
	t.status(found, http.StatusOK)
	items, _ := found.field("items").([]any)
	if len(items) != 1 {
		t.failf("%d reservations were found, not 1", len(items))
		return
	}
	if item, _ := items[0].(map[string]any); item["key"] != key {
		t.failf("the reservation that was found is called %v", item["key"])
	}
}

func tryOneHolder(t *trial) {
	keys := []string{t.key(), t.key()}
	granted := 0
	for _, r := range t.together(len(keys), func(t *trial, n int) reply { return t.reserve(keys[n], keys[n], 10, nil) }) {
		if r.status == http.StatusCreated {
			granted++
			continue
		}
		t.problem(r, http.StatusConflict, "held_elsewhere")
		t.has(r, "held_until")
	}
	if granted != 1 {
		t.failf("%d carts got the code, not 1", granted)
	}
	staff := t.redeem(t.key(), 1, nil)
	t.problem(staff, http.StatusConflict, "held_elsewhere")
	t.has(staff, "held_by.channel")
}

func tryRevision(t *trial) {
	key := t.key()
	t.status(t.reserve(key, "cart", 10, body{"revision": 5}), http.StatusCreated)
	old := t.reserve(key, "cart", 20, body{"revision": 4})
	t.status(old, http.StatusOK)
	t.is(old, "amount.amount", 10)
}

func tryRelease(t *trial) {
	key := t.key()
	t.status(t.reserve(key, "cart", 10, nil), http.StatusCreated)
	for _, want := range []string{"released", "unchanged"} {
		r := t.shop(http.MethodPost, "/v1/reservations/"+key+"/release", nil)
		t.status(r, http.StatusOK)
		t.is(r, "outcome", want)
	}
	t.status(t.shop(http.MethodPost, "/v1/reservations/"+t.key()+"/release", nil), http.StatusOK)
	again := t.reserve(key, "cart", 10, nil)
	t.status(again, http.StatusCreated)
	t.is(again, "reopened", true)
}

func tryDeleteFirst(t *trial) {
	key := t.key()
	for range 2 {
		t.status(t.shop(http.MethodDelete, "/v1/reservations/"+key, nil), http.StatusOK)
	}
	t.problem(t.reserve(key, "cart", 10, nil), http.StatusConflict, "prevented")
	r := t.shop(http.MethodGet, "/v1/reservations/"+key, nil)
	t.is(r, "state", "prevented")
}

// captureRules are those of an order that is paid.
func captureRules() []rule {
	return []rule{
		{"capture", "A capture takes what is reserved, once for one order; its repeat is answered alike", tryCapture},
		{"partial-capture", "A partial capture frees the rest of its reservation", tryPartialCapture},
		{"capture-limit", "Nothing above the reservation is captured", tryCaptureLimit},
		{"order-total", "Without an amount, a capture leaves what other tenders paid", tryOrderTotal},
		{"all-or-none", "Captures of one order happen all or none", tryAllOrNone},
		{"late-capture", "A reservation that ran out is captured late while nobody has taken the code", tryLateCapture},
		{"capture-reversed", "DELETE of a capture's redemption gives everything back, and its key is over", tryCaptureReversed},
	}
}

func tryCapture(t *trial) {
	key := t.key()
	t.status(t.reserve(key, "cart", 10, nil), http.StatusCreated)
	first := t.capture(key, "order", nil)
	t.status(first, http.StatusOK)
	t.is(first, "redemption.amount.amount", 10)
	t.is(first, "redemption.key", key)
	t.same(first, t.capture(key, "order", nil))
	t.problem(t.capture(key, "another-order", nil), http.StatusConflict, "reservation_ended")
	after := t.reserve(key, "cart", 10, nil)
	t.status(after, http.StatusOK)
	t.is(after, "state", "captured")
	freed := t.shop(http.MethodPost, "/v1/reservations/"+key+"/release", nil)
	t.status(freed, http.StatusOK)
	t.is(freed, "outcome", "unchanged")
}

func tryPartialCapture(t *trial) {
	key := t.key()
	t.status(t.reserve(key, "cart", 10, nil), http.StatusCreated)
	r := t.capture(key, "order", body{"amount": t.money(4)})
	t.status(r, http.StatusOK)
	t.is(r, "redemption.amount.amount", 4)
	t.is(r, "released.amount", 6)
	t.status(t.reserve(t.key(), "another cart", 5, nil), http.StatusCreated)
}

func tryCaptureLimit(t *trial) {
	key := t.key()
	t.status(t.reserve(key, "cart", 10, nil), http.StatusCreated)
	r := t.capture(key, "order", body{"amount": t.money(11)})
	t.problem(r, http.StatusConflict, "insufficient_balance")
	t.is(r, "available.amount", 10)
}

func tryOrderTotal(t *trial) {
	key := t.key()
	t.status(t.reserve(key, "cart", 10, nil), http.StatusCreated)
	r := t.capture(key, "order", body{
		"order_total": t.money(30), "other_tenders": []body{{"method": "card", "amount": t.money(23)}},
	})
	t.status(r, http.StatusOK)
	t.is(r, "redemption.amount.amount", 7)
}

func tryAllOrNone(t *trial) {
	key := t.key()
	t.status(t.reserve(key, "cart", 10, nil), http.StatusCreated)
	order := t.in.Run + "-" + t.id + "-order"
	r := t.shop(http.MethodPost, "/v1/captures", body{"order": order, "reservations": []body{{"key": key}, {"key": t.key()}}})
	t.problem(r, http.StatusNotFound, "reservation_not_found")
	t.is(t.shop(http.MethodGet, "/v1/reservations/"+key, nil), "state", "active")
	t.redeemed[key] = t.in.ShopKey
	r = t.shop(http.MethodPost, "/v1/captures", body{"order": order, "reservations": []body{{"key": key}}})
	t.status(r, http.StatusOK)
	if captures, _ := r.field("captures").([]any); len(captures) != 1 {
		t.failf("%d captures were answered, not 1", len(captures))
	}
}

func tryLateCapture(t *trial) {
	key := t.key()
	granted := t.reserve(key, "cart", 10, nil)
	t.status(granted, http.StatusCreated)
	until, err := time.Parse(time.RFC3339Nano, granted.word("expires_at"))
	if err != nil {
		t.failf("expires_at is no instant: %v", err)
		return
	}
	if wait := time.Until(until); wait > t.in.Patience {
		t.untried = "the reservation lasts for " + wait.Round(time.Second).String() + ", which is longer than --patience"
		return
	} else if !pause(t, wait+time.Second) {
		return
	}
	t.is(t.shop(http.MethodGet, "/v1/reservations/"+key, nil), "state", "expired")
	r := t.capture(key, "order", nil)
	t.status(r, http.StatusOK)
	t.is(r, "late", true)
}

// pause is false when the run ends first.
func pause(t *trial, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-t.ctx.Done():
		return false
	}
}

func tryCaptureReversed(t *trial) {
	key := t.key()
	t.status(t.reserve(key, "cart", 10, nil), http.StatusCreated)
	t.status(t.capture(key, "order", nil), http.StatusOK)
	r := t.shop(http.MethodDelete, "/v1/redemptions/"+key, nil)
	t.status(r, http.StatusOK)
	t.is(r, "outcome", "reversed")
	t.is(t.shop(http.MethodGet, "/v1/redemptions/"+key, nil), "state", "reversed")
}
