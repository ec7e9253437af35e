package admin_test

import (
	"strings"
	"testing"
)

// B06: a voucher is paid at once on the web. What was ordered with a tender that pays later, or with none, waits for the office and
// issues nothing.
func TestWhatIsNotPaidOnlineIssuesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	for number, method := range map[string]string{"1042": "bacs", "1043": "cod", "1044": ""} {
		h.tells(order(number, 0, tender(method)))
	}
	waiting, tasks := h.office.asks("GET", "/v1/admin/purchases?state=waiting", ""), h.office.asks("GET", "/v1/admin/tasks", "")
	if n, told := strings.Count(waiting.text, `"state":"waiting"`), strings.Count(tasks.text, "not_paid_online"); n != 3 || told < 3 {
		t.Errorf("%d of 3 wait, %d are told: %s %s", n, told, waiting.text, tasks.text)
	}
	h.office.asks("GET", "/v1/admin/vouchers", "").wants(200, `{"items":[],"next_cursor":null}`)
	h.tells(order("1045", 0)) // paid online
	if got := h.office.asks("GET", "/v1/admin/vouchers", ""); strings.Count(got.text, `"last4"`) != 1 {
		t.Errorf("the vouchers are %s", got.text)
	}
}
