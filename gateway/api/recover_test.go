package api_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/failpoint"
)

// X02, X03: an act is recovered by its key, and what is recovered is complete.
func TestAnActIsRecovered(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.shop.reserves("w:1", c, "cart-1", 300_00)
	h.shop.captures("w:1", "A-1", pays("amount", 250_00))
	h.shop.refunds("r:1", "w:1", pays("amount", 50_00))
	h.till.redeems("t:1", c, 400_00, `"allow_partial":true`)
	h.till.reloads("l:1", c, 20_00)
	capture := []string{`"redemption":` + actOf("w:1", 250_00), pays("released", 50_00), pays("balance", 250_00), `"late":false`, pays("remaining_due", 0), says("vat", "multi_purpose")}
	h.rotated.recovers("redemptions", "w:1").wants(200, members(append(capture, `"state":"done"`)...))
	h.shop.recovers("refunds", "r:1").wants(200, members(`"state":"done"`, `"refund":`+actOf("r:1", 50_00), pays("balance", 300_00)))
	h.till.recovers("redemptions", "t:1").has(200, members(`"state":"done"`, `"redemption":`+actOf("t:1", 300_00), pays("balance", 0), pays("remaining_due", 100_00)))
	h.till.recovers("reloads", "l:1").wants(200, members(`"state":"done"`, `"reload":`+actOf("l:1", 20_00), pays("balance", 20_00)))
	for _, kind := range []string{"redemptions", "refunds", "reloads"} {
		h.till.recovers(kind, "never").refuses(404, "not_found")
	}
	h.till.refunds("r:9", "t:1", pays("amount", 1_00))
	h.till.recovers("redemptions", "t:1").has(200, members(`"redemption":`+actOf("t:1", 300_00), pays("balance", 0)))
}

// X02: a DELETE takes back all that is left of an act, once, and keeps its key shut.
func TestAnActIsTakenBack(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.till.redeems("t:1", c, 200_00)
	h.till.refunds("r:0", "t:1", pays("amount", 50_00))
	for range 2 {
		h.till.reverses("redemptions", "t:1").wants(200, `{"outcome":"reversed"}`)
		h.leaves(c, 500_00)
	}
	h.till.recovers("redemptions", "t:1").has(200, members(`"state":"reversed"`, `"redemption":`+actOf("t:1", 200_00), pays("balance", 300_00)))
	h.till.redeems("t:1", c, 200_00).refuses(409, "prevented")
	h.till.refunds("r:9", "t:1").refuses(409, "insufficient_balance", pays("available", 0))

	h.till.reloads("l:1", c, 100_00)
	h.till.reverses("reloads", "l:1").wants(200, `{"outcome":"reversed"}`)
	h.till.reloads("l:1", c, 100_00).refuses(409, "prevented")
	h.leaves(c, 500_00)

	h.shop.reserves("w:1", c, "cart-1", 300_00)
	h.shop.captures("w:1", "A-1")
	h.shop.refunds("r:1", "w:1")
	h.shop.reverses("refunds", "r:1").wants(200, `{"outcome":"reversed"}`)
	h.leaves(c, 200_00)
	h.shop.reverses("redemptions", "w:1").wants(200, `{"outcome":"reversed"}`)
	h.shop.captures("w:1", "A-1").refuses(409, "prevented")
	h.shop.recovers("redemptions", "w:1").has(200, `{"state":"reversed"}`)
	h.leaves(c, 500_00)
}

func TestAnActThatNeverArrivedIsPrevented(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.till.redeems("t:1", c, 100_00)
	for _, kind := range []string{"redemptions", "refunds", "reloads"} {
		for range 2 {
			h.till.reverses(kind, "early").wants(200, `{"outcome":"prevented"}`)
		}
		h.till.recovers(kind, "early").wants(200, `{"state":"prevented"}`)
	}
	h.till.redeems("early", c, 10_00).refuses(409, "prevented")
	h.till.redeems("early", h.unknown(), 10_00).refuses(409, "prevented")
	h.till.reloads("early", c, 10_00).refuses(409, "prevented")
	h.till.refunds("early", "t:1").refuses(409, "prevented")
	h.till.refunds("early", "unheard-of").refuses(409, "prevented")
	h.leaves(c, 400_00)
	h.mayRelease.redeems("early", c, 10_00).has(201, members(pays("balance", 390_00)))
}

func TestWhatCannotBeTakenBackStays(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, spent := h.issues(500_00), h.issues(100_00)
	h.till.redeems("t:1", c, 200_00)
	h.till.refunds("r:1", "t:1")
	h.till.reverses("redemptions", "t:1").refuses(409, "not_reversible")
	h.till.reloads("l:1", spent, 50_00)
	h.till.redeems("t:2", spent, 120_00)
	h.till.reverses("reloads", "l:1").refuses(409, "not_reversible")
	h.leaves(spent, 30_00)

	h.till.redeems("t:3", c, 10_00)
	h.office.reloads("l:2", c, 10_00)
	h.passes(24*time.Hour - time.Minute)
	h.till.reloads("l:3", c, 5_00)
	h.passes(24*time.Hour + time.Minute)
	h.till.reverses("redemptions", "t:3").refuses(409, "not_reversible")
	h.till.reverses("reloads", "l:3").wants(200, `{"outcome":"reversed"}`)
	h.office.reverses("reloads", "l:2").wants(200, `{"outcome":"reversed"}`)
	h.leaves(c, 490_00)
}

// X03, I5: twenty at once are one act with one answer.
func TestTheSameRequestTwentyTimesIsOneAct(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, d, e := h.issues(500_00), h.issues(500_00), h.issues(500_00)
	h.till.redeems("t:0", d, 100_00)
	h.shop.reserves("w:0", e, "cart-0", 50_00)
	for _, act := range []struct {
		name   string
		asks   func() *reply
		happen int // the status of the one that makes it happen
	}{
		{"redeem", func() *reply { return h.till.redeems("t:1", c, 10_00) }, 201},
		{"reload", func() *reply { return h.till.reloads("l:1", d, 10_00) }, 201},
		{"refund", func() *reply { return h.till.refunds("r:1", "t:0", pays("amount", 10_00)) }, 201},
		{"reserve", func() *reply { return h.shop.reserves("w:1", c, "cart-1", 10_00) }, 201},
		{"resume", func() *reply { return h.shop.reserves("w:2", c, "cart-1", 10_00) }, 200},
		{"capture", func() *reply { return h.shop.captures("w:0", "A-1") }, 200},
	} {
		texts, statuses := twentyTimes(act.asks)
		if len(texts) != 1 {
			t.Errorf("%s: %d different answers: %v", act.name, len(texts), texts)
		}
		if want := map[int]int{act.happen: 1, 200: 19}; act.happen == 201 && (statuses[201] != want[201] || statuses[200] != want[200]) {
			t.Errorf("%s: statuses %v; want %v", act.name, statuses, want)
		} else if act.happen == 200 && statuses[200] != 20 {
			t.Errorf("%s: statuses %v; want 200 alone", act.name, statuses)
		}
	}
	h.leaves(c, 490_00)
	h.leaves(d, 420_00)
	h.leaves(e, 450_00)
}

// twentyTimes asks at once, and counts the texts and statuses of the answers.
func twentyTimes(ask func() *reply) (texts map[string]int, statuses map[int]int) {
	texts, statuses = make(map[string]int), make(map[int]int)
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			got := ask()
			mu.Lock()
			defer mu.Unlock()
			texts[got.text]++
			statuses[got.status]++
		})
	}
	all.Wait()
	return texts, statuses
}

// X03: the answer is lost after the commit; the key tells what became of the act. Not parallel, since every group of the
// process meets its hook.
func TestAnAnswerThatIsLostIsRecovered(t *testing.T) {
	h := open(t)
	c := h.issues(500_00)
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan struct{})
	restore := failpoint.Set(failpoint.GroupCommitted, func() {
		leave()
		<-left
	})
	_, err := h.till.tries(ctx, "PUT", "/v1/redemptions/t:1", members(says("code", c.code), pays("amount", 100_00), says("receipt", "R-1")))
	close(left)
	restore()
	if err == nil {
		t.Fatal("the client was answered")
	}
	h.till.recovers("redemptions", "t:1").has(200, members(`"state":"done"`, `"redemption":`+actOf("t:1", 100_00), pays("balance", 400_00)))
	h.till.redeems("t:1", c, 100_00).wants(200, redeemed("t:1", 100_00, 400_00, 0))
	h.leaves(c, 400_00)
}
