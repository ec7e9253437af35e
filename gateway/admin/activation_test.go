package admin_test

import (
	"strings"
	"testing"
)

// A11, A13: a voucher that is activated by hand says so, and waits for the office until it is activated or ended.
func TestAVoucherThatIsToBeActivatedIsATask(t *testing.T) {
	t.Parallel()
	h := open(t)
	first, second := h.sells(order("1042", 0, of("CARD-MANUAL")))[0], h.sells(order("1043", 0, of("CARD-MANUAL")))[0]
	h.sells(order("1044", 0))
	const path = "/v1/admin/tasks"
	h.office.lists(path, "subject", first.id+" "+second.id, "kind", "voucher_to_activate")
	h.works()
	says := map[bool]int{}
	for _, m := range h.mails(3) {
		seen, err := m.Inspect()
		h.must(err)
		says[strings.Contains(seen.Text, "Butikken aktiverer gavekortet, før det kan bruges. Indtast koden")]++
	}
	if says[true] != 2 {
		t.Errorf("%d of 3 mails say that their voucher is not active yet", says[true])
	}
	h.office.does("activate", first, because)
	h.office.lists(path, "subject", second.id, "kind", "voucher_to_activate")
	h.office.does("invalidate", second, because)
	h.office.lists(path, "subject", "", "kind", "voucher_to_activate")
}
