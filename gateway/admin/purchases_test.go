package admin_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// A06, A15: the lines of orders that are cards, with date and amount.
func TestPurchasesAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.tells(order("1001", 0))
	h.tells(order("1002", 0, tender("bacs")))
	h.passes(48 * time.Hour)
	h.tells(order("1003", 0, withStatus(purchase.Placed)))
	const path = "/v1/admin/purchases"
	h.office.lists(path, "number", "1003 1002 1001")
	h.office.lists(path, "number", "1003 1002 1001", "limit", "1")
	h.office.lists(path, "state", "offered waiting issued")
	h.office.lists(path, "number", "1002", "state", "waiting")
	h.office.lists(path, "number", "1001", "q", "1001")
	h.office.lists(path, "number", "1001", "q", "91001")
	h.office.lists(path, "number", "", "q", "100")
	h.office.lists(path, "number", "1003 1002 1001", "shop", "demo")
	h.office.lists(path, "number", "", "shop", "other")
	after := h.reads(`SELECT to_char((vouchsafe_now() - interval '1 day') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`)
	h.office.lists(path, "number", "1003", "from", after)
	h.office.lists(path, "number", "1002 1001", "to", after)
	h.office.asks("GET", path+"?q=1001", "").wants(200, `{"next_cursor":null,"items":[{
		"id":"*","shop":"demo","order":"91001","number":"1001","status":"paid","state":"issued","total":`+dkk(500_00)+`,"tender":"quickpay",
		"ordered_at":"2026-11-22T12:00:00Z","paid_at":"2026-11-22T12:00:00Z","received_at":"*","units":1,"issued":1}]}`)
}

// A13, A14: from the purchase to order and customer in the shop's own office.
func TestAPurchaseShowsItsUnitsAndLeadsToTheShop(t *testing.T) {
	t.Parallel()
	h := open(t)
	cards := h.sells(order("1001", 0, toRecipient("mormor@example.dk")))
	got := h.office.asks("GET", "/v1/admin/purchases/"+h.purchaseOf("1001"), "")
	got.wants(200, `{
		"id":"*","shop":"demo","order":"91001","number":"1001","status":"paid","state":"issued","total":`+dkk(500_00)+`,"tender":"quickpay",
		"ordered_at":"2026-11-22T12:00:00Z","paid_at":"2026-11-22T12:00:00Z","received_at":"*","units":1,"issued":1,"language":"da",
		"platform":"woocommerce","blocked":false,"doubts":[],"refunds":[],
		"link":"https://shop.example/wp-admin/post.php?action=edit&post=91001",
		"customer":{"id":"7","name":"Søren","email":"b•••@example.dk","link":"https://shop.example/wp-admin/user-edit.php?user_id=7"},
		"items":[{"line":"1","unit":1,"sku":"CARD-500","title":"Gavekort til alle","state":"issued","value":`+dkk(500_00)+`,"paid":`+dkk(500_00)+`,
			"missing":false,"voucher":"`+cards[0].id+`","for_self":false,"recipient":{"name":"Mormor","email":"m•••@example.dk"}}]}`)
	for _, secret := range []string{cards[0].code, strings.ReplaceAll(cards[0].code, "-", ""), "mormor@", "buyer@"} {
		if strings.Contains(got.text, secret) {
			t.Errorf("the answer shows %q", secret)
		}
	}
}

// A13, E05: a person lets issue what nobody paid online, and says so.
func TestAnUnpaidPurchaseIsActivatedOnceByConsent(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.tells(order("1001", 0, tender("bacs"), units(2)))
	id := h.purchaseOf("1001")
	here := "/v1/admin/purchases/" + id
	h.office.asks("GET", here, "").has(200, `{"state":"waiting","issued":0}`)
	h.untouched("activation without consent", func() {
		h.office.asks("POST", here+"/activate", members(because)).refuses(409, "not_paid_online")
	})
	h.office.asks("POST", here+"/activate", members(because, `"confirm_unpaid":true`)).has(200, `{"state":"issued","units":2,"issued":2}`)
	if got, want := h.reads(`SELECT count(*) || ' ' || sum(balance) FROM voucher WHERE state = 'active'`), "2 100000"; got != want {
		t.Errorf("the vouchers are %s, want %s", got, want)
	}
	if got, want := h.noted(id), `activate_purchase {"order": "1001", "issued": 2, "reason": "a customer called"}`; got != want {
		t.Errorf("the audit trail says %s, want %s", got, want)
	}
	if got := h.openTasks(); got != "" {
		t.Errorf("tasks are left: %s", got)
	}
	h.untouched("the same again", func() {
		h.office.asks("POST", here+"/activate", members(because, `"confirm_unpaid":true`)).refuses(409, "already_settled")
		h.office.asks("POST", here+"/dismiss", members(because)).refuses(409, "already_settled")
	})
}

// A13: however many press the button, a purchase issues once.
func TestAPurchaseThatManyActivateIssuesOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.tells(order("1001", 0, tender("bacs")))
	here := "/v1/admin/purchases/" + h.purchaseOf("1001") + "/activate"
	var clerks sync.WaitGroup
	var issued, refused atomic.Int64
	for range 12 {
		clerks.Go(func() {
			got, err := h.office.tries(t.Context(), "POST", here, members(because, `"confirm_unpaid":true`))
			switch {
			case err == nil && got.status == 200:
				issued.Add(1)
			case err == nil && got.status == 409:
				refused.Add(1)
			default:
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	clerks.Wait()
	if issued.Load() != 1 || refused.Load() != 11 || h.reads(`SELECT count(*)::text FROM voucher`) != "1" {
		t.Errorf("%d issued, %d were refused, there are %s vouchers", issued.Load(), refused.Load(), h.reads(`SELECT count(*)::text FROM voucher`))
	}
}

// X22: what is dismissed never issues, whatever the shop tells later.
func TestADismissedPurchaseNeverIssues(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.tells(order("1001", 0, tender("bacs")))
	id := h.purchaseOf("1001")
	h.office.asks("POST", "/v1/admin/purchases/"+id+"/dismiss", members(because)).has(200, `{"state":"dismissed","issued":0}`)
	h.tells(order("1001", 1))
	h.office.asks("GET", "/v1/admin/purchases/"+id, "").has(200, `{"issued":0}`)
	if got, want := h.noted(id), `dismiss_purchase {"order": "1001", "issued": 0, "reason": "a customer called"}`; got != want {
		t.Errorf("the audit trail says %s, want %s", got, want)
	}
}

// X13: above the set amount one alone lets nothing issue.
func TestActivationAboveTheSetAmountNeedsAPerson(t *testing.T) {
	t.Parallel()
	h := open(t, approvalAbove("500.00"))
	h.tells(order("1001", 0, tender("bacs")))
	h.tells(order("1002", 0, tender("bacs"), units(2), func(o *purchase.Order) { o.Total = money.Of(1000_00, "DKK") }))
	body := members(because, `"confirm_unpaid":true`)
	h.untouched("activation above the amount", func() {
		h.office.asks("POST", "/v1/admin/purchases/"+h.purchaseOf("1002")+"/activate", body).refuses(403, "approval_required")
	})
	h.office.asks("POST", "/v1/admin/purchases/"+h.purchaseOf("1001")+"/activate", body).has(200, `{"issued":1}`)
}

// A06: a purchase is called what is left of it.
func TestAPurchaseOfWhichNothingIsLeftIsRefunded(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.sells(order("1001", 0, units(2)))
	h.tells(order("1001", 1, units(2), refundedUnits(1, ofOne)))
	h.office.lists("/v1/admin/purchases", "state", "issued", "state", "issued")
	h.tells(order("1001", 2, units(2), refundedUnits(2, 2*ofOne)))
	h.office.lists("/v1/admin/purchases", "state", "refunded", "state", "refunded")
}
