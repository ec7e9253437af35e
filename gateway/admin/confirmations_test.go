package admin_test

import (
	"fmt"
	"strings"
	"testing"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// E07: the confirmation of an order of thousands of lines lists as many as a mail can hold, and the code follows it.
func TestALongOrderIsConfirmed(t *testing.T) {
	t.Parallel()
	h := open(t, confirms)
	h.works()
	h.tells(order("1042", 0, func(o *purchase.Order) {
		for i := range 4000 {
			o.Lines = append(o.Lines, purchase.Line{ID: fmt.Sprint(i + 2), SKU: "SOCK", Name: strings.Repeat("Uldsok ", 30), Quantity: 1, Paid: money.Of(1_00, "DKK")})
		}
	}))
	mails := h.mails(2)
	if text := string(mails[0].Bytes); !strings.Contains(text, "Linjer, der ikke er vist her: 3801") {
		t.Errorf("the confirmation of %d octets doesn't say how many lines it leaves out", len(text))
	}
}

// E07: a confirmation that can't be composed at all is a task at once, and holds no code up.
func TestAConfirmationThatCannotBeComposedHoldsNoCodeUp(t *testing.T) {
	t.Parallel()
	h := open(t, confirms)
	c := h.sells(order("1042", 0))[0]
	h.runs(`UPDATE delivery SET detail = '{"items": 5}' WHERE kind = 'confirmation'`)
	h.works()
	if text := string(h.mails(1)[0].Bytes); !strings.Contains(text, c.code) {
		t.Errorf("the mail is not the one with the code:\n%s", text)
	}
	got := h.reads(`SELECT string_agg(t.kind || ' of a ' || d.kind || ': ' || d.reason, ', ') FROM task t JOIN delivery d ON d.id::text = t.subject WHERE closed_at IS NULL`)
	if got != "delivery of a confirmation: the mail can't be composed" {
		t.Errorf("the tasks are %s", got)
	}
}
