package admin_test

import (
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// halves give two log-ins of a person points and money, of which the old one has paid with some.
func (h *house) halves() {
	h.t.Helper()
	h.grantsPoints("old", 500)
	h.grantsPoints("new", 10)
	h.shop.claims("c:old", h.issues(500_00, claimable), "old").has(201, "{}")
	h.shop.paysWith("mmP", "old", 10_00).has(201, members(point("amount", 100)))
	h.shop.captures("mmP", "71").has(200, "{}")
	h.shop.exchanges("mmC", "old", 50, "Billet").has(201, "{}")
	h.shop.spends("mmM", "old", 20_00).has(201, "{}")
	h.shop.captures("mmM", "72").has(200, "{}")
}

// leftOn is what the accounts of a customer hold in all.
func (h *house) leftOn(login string) string {
	h.t.Helper()
	return h.reads(`SELECT coalesce(sum(a.balance), 0)::text FROM account a JOIN customer c ON c.id = a.customer WHERE c.login = $1`, login)
}

// hasBoth checks what somebody has of points and of money.
func (h *house) hasBoth(login string, points, minor int64) {
	h.t.Helper()
	has := func(amount func(string, int64) string, n int64) string {
		return members(amount("balance", n), amount("reserved", 0), amount("available", n))
	}
	h.shop.customer(login).has(200, `{"balances":[`+has(pays, minor)+`,`+has(point, points)+`]}`)
}

// D17 X01 X02 P18: what comes back from what a log-in did before it was merged away is where its person has everything else at once, for
// as long as it would have lived.
func TestWhatComesBackFollowsAMerge(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]func(h *house){
		"a refund": func(h *house) {
			h.shop.asks("PUT", "/v1/refunds/mmRP", members(says("redemption", "mmP"), because)).has(201, members(point("balance", 460), says("customer", "new")))
			h.shop.asks("PUT", "/v1/refunds/mmRM", members(says("redemption", "mmM"), because)).has(201, members(pays("balance", 500_00), says("customer", "new")))
			for range 2 { // told again, or asked for, also after more has come
				h.shop.asks("PUT", "/v1/refunds/mmRP", members(says("redemption", "mmP"), because)).has(200, members(point("balance", 460), says("customer", "new")))
				h.shop.asks("GET", "/v1/refunds/mmRM", "").has(200, members(pays("balance", 500_00), says("customer", "new")))
			}
		},
		"a redemption taken back": func(h *house) {
			h.shop.asks("DELETE", "/v1/redemptions/mmP", "").has(200, says1("outcome", "reversed"))
			h.shop.asks("DELETE", "/v1/redemptions/mmM", "").has(200, says1("outcome", "reversed"))
		},
		"the office's refund": func(h *house) {
			for _, key := range []string{"mmP", "mmM"} {
				id := h.reads(`SELECT id::text FROM act WHERE kind = 'redemption' AND key = $1`, key)
				h.office.asks("PUT", "/v1/refunds/o:"+key, members(says("redemption", id), because)).has(201, "{}")
			}
		},
		"two at once": func(h *house) {
			var all sync.WaitGroup
			for _, key := range []string{"mmP", "mmM"} {
				all.Go(func() {
					h.shop.asks("PUT", "/v1/refunds/"+key, members(says("redemption", key), because)).has(201, "{}")
				})
			}
			all.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := bonus(t, tenth)
			h.halves()
			h.merges("old", "new").has(200, "{}")
			h.hasBoth("new", 360, 480_00)
			back(h)
			h.hasBoth("new", 460, 500_00)
			h.shop.asks("DELETE", "/v1/conversions/mmC", "").has(200, says1("outcome", "reversed"))
			h.hasBoth("new", 510, 500_00)
			if got := h.leftOn("old"); got != "0" {
				t.Errorf("%s are left on the old log-in", got)
			}
			h.passes(364 * 24 * time.Hour)
			h.hasPointsLeft("new", 510)
			h.passes(366 * 24 * time.Hour)
			h.hasPointsLeft("new", 0)
		})
	}
}

// X17 D17: points that come back with their order are with their person at once, too, whoever tells of the order, and however often.
func TestX17PointsThatComeBackWithTheirOrderFollowAMerge(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.halves()
	h.grantsPoints("third", 1)
	h.merges("old", "new").has(200, "{}")
	h.merges("new", "third").has(200, "{}")
	ended := goods("1", 1, purchase.Cancelled)
	ended.ID, ended.Number = "71", "171"
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { h.tells(ended) })
	}
	both.Wait()
	h.hasBoth("third", 461, 480_00)
	if got := h.leftOn("old"); got != "0" {
		t.Errorf("%s are left on the old log-in", got)
	}
	h.office.asks("GET", "/v1/admin/loyalty/orders?shop=demo&order=71", "").has(200, members(point("redeemed", 0), `"closed":true`))
	h.passes(366 * 24 * time.Hour)
	h.hasPointsLeft("third", 0)
}

// hasPointsLeft checks how many points somebody has.
func (h *house) hasPointsLeft(login string, n int64) {
	h.t.Helper()
	h.shop.asks("GET", "/v1/customers/"+login+"/points?context=account", "").has(200, members(point("balance", n)))
}

// D17: where one leads may lead on; what comes back then goes all the way, and so does what a crash has left behind: by the job, or when
// the merge is asked for again.
func TestWhatWasLeftBehindIsMovedOn(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.halves()
	h.merges("old", "new").has(200, "{}")
	h.grantsPoints("third", 1)
	h.merges("new", "third").has(200, "{}")
	h.shop.asks("PUT", "/v1/refunds/mmRP", members(says("redemption", "mmP"), because)).has(201, "{}")
	h.hasBoth("third", 461, 480_00)
	h.strands()
	h.merges("old", "third").has(200, "{}")
	h.hasBoth("third", 461, 490_00)
	h.strands()
	h.must(h.backOffice().ForwardMerged(t.Context()))
	h.hasBoth("third", 461, 500_00)
	if got := h.leftOn("old"); got != "0" {
		t.Errorf("%s are left on the old log-in", got)
	}
}

// strands gives half of what was paid with money back, and dies before it is moved on.
func (h *house) strands() {
	h.t.Helper()
	id, err := h.ledger.NewID()
	h.must(err)
	half := money.Of(10_00, "DKK")
	_, err = h.ledger.Apply(h.t.Context(), ledger.Aimed{
		Voucher: h.reads(`SELECT voucher::text FROM act WHERE kind = 'redemption' AND key = 'mmM'`), Account: true,
		Act: voucher.Refund{
			ID: id, Ref: voucher.Ref{Owner: "shop:demo", Kind: voucher.Refunds, Key: id}, Amount: &half,
			Redemption: voucher.Ref{Owner: "shop:demo", Kind: voucher.Redemptions, Key: "mmM"},
		},
	})
	h.must(err)
	if got := h.leftOn("old"); got != "1000" {
		h.t.Errorf("%s are on the old log-in, want 1000", got)
	}
}
