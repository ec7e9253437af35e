package admin_test

import (
	"sync"
	"testing"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// givesBack is a refund of units of a line, and an amount; no line is one that says nothing of lines.
func givesBack(id, line string, quantity int, minor int64) func(*purchase.Order) {
	return func(o *purchase.Order) {
		r := purchase.Refund{ID: id, Amount: money.Of(minor, "DKK")}
		if line != "" {
			r.Lines = []purchase.RefundLine{{Line: line, Quantity: quantity}}
		}
		o.Refunds = append(o.Refunds, r)
	}
}

// hasOpen checks what waits for the office.
func (h *house) hasOpen(tasks string) {
	h.t.Helper()
	if got := h.openTasks(); got != tasks {
		h.t.Errorf("tasks: got %q, want %q", got, tasks)
	}
}

// X01: what the office has closed of a refund stays closed while the shop repeats itself, and is open again, once, when the shop says
// something else of the refund: also with the shop's word twice at once.
func TestX01AClosedRefundIsOpenAgainWhenItGrows(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spent       bool
		first, then func(*purchase.Order)
		was, is     string
	}{
		"less than was paid": {false, givesBack("a", "1", 1, 450_00), givesBack("a", "1", 2, 950_00), "less_than_paid", "less_than_paid"},
		"in use":             {true, givesBack("a", "1", 1, ofOne), givesBack("a", "1", 2, 2*ofOne), "in_use", "in_use"},
		"without lines":      {false, givesBack("a", "", 0, 50_00), givesBack("a", "", 0, 100_00), "names_no_lines", "names_no_lines"},
		"another problem":    {true, givesBack("a", "1", 1, 450_00), givesBack("a", "1", 1, ofOne), "less_than_paid", "in_use"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			all := h.sells(order("1001", 0, units(2)))
			if tt.spent {
				for i, c := range all {
					h.till.redeems("t:"+string(rune('a'+i)), c, 10_00).has(201, "{}")
				}
			}
			h.tells(order("1001", 1, units(2), tt.first))
			h.hasOpen("refund_to_settle " + tt.was)
			h.office.closes("refund_to_settle").has(200, "{}")
			h.tells(order("1001", 2, units(2), tt.first))
			h.tells(order("1001", 2, units(2), tt.first))
			h.must(h.sales.SettleRefunds(t.Context()))
			h.hasOpen("")
			var both sync.WaitGroup
			for range 2 {
				both.Go(func() { h.tells(order("1001", 3, units(2), tt.then)) })
			}
			both.Wait()
			h.hasOpen("refund_to_settle " + tt.is)
			if name == "in use" { // both are named
				h.office.sees(all[1]).has(200, `{"blocked_by":["refund"]}`)
			}
			h.office.closes("refund_to_settle").has(200, "{}")
			h.tells(order("1001", 4, units(2), tt.then))
			h.must(h.sales.SettleRefunds(t.Context()))
			h.hasOpen("")
		})
	}
}

// X01: a task that is open when the shop's word changes is the same task, with its age.
func TestX01AnOpenRefundThatGrowsIsOneTask(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.sells(order("1001", 0, units(2)))
	h.tells(order("1001", 1, units(2), givesBack("a", "1", 1, 450_00)))
	id := h.taskOf("refund_to_settle")
	h.tells(order("1001", 2, units(2), givesBack("a", "1", 2, 950_00)))
	if got := h.taskOf("refund_to_settle"); got != id {
		t.Errorf("the task is %s, and was %s", got, id)
	}
	h.tells(order("1001", 3, units(2), givesBack("a", "1", 2, 2*ofOne)))
	h.hasOpen("")
}
