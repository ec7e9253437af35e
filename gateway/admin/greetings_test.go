package admin_test

import (
	"strings"
	"testing"

	"vouchsafe/retail/purchase"
)

// X05: a purchase is not lost for a long greeting; the office is told once that its end is not mailed.
func TestALongGreetingIsToldToTheOffice(t *testing.T) {
	t.Parallel()
	h := open(t)
	long := func(o *purchase.Order) {
		o.Lines[0].Message = strings.Repeat("Tillykke ", 56) + "Mormor"
		goods := o.Lines[0]
		goods.ID, goods.SKU = "goods", "BOOK"
		o.Lines = append(o.Lines, goods)
	}
	h.sells(order("1042", 0, long))
	h.sells(order("1043", 0, func(o *purchase.Order) { o.Lines[0].Message = strings.Repeat("Tillykke ", 50) }))
	const told = "order_in_doubt the gift message of line 1 is longer than 500 characters: it is mailed and printed shortened"
	if got := h.openTasks(); got != told {
		t.Errorf("the office is told %q, want %q", got, told)
	}
	task := h.reads(`SELECT id::text FROM task`)
	h.office.asks("POST", "/v1/admin/tasks/"+task+"/close", `{"reason":"the buyer knows"}`).has(200, `{"id":"*"}`)
	h.tells(order("1042", 1, long))
	if got := h.openTasks(); got != "" {
		t.Errorf("told again: %q", got)
	}
}
