package admin_test

import (
	"fmt"
	"testing"
	"time"

	"vouchsafe/retail/voucher"
)

// aYear is one with a day to spare.
const aYear = 366 * 24 * time.Hour

// writesOff lets the clock write off what is nobody's, and tells how many vouchers that were.
func (h *house) writesOff(want int) {
	h.t.Helper()
	n, err := h.ledger.WriteOff(h.t.Context())
	h.must(err)
	if n != want {
		h.t.Errorf("%d vouchers were written off, want %d", n, want)
	}
}

// owes holds what is owed now, what of it has expired, and what was written off, against what is wanted.
func (h *house) owes(liability, expired, writtenOff int64) {
	h.t.Helper()
	h.office.asks("GET", "/v1/admin/liability", "").has(200, fmt.Sprintf(`{"currencies":[{"currency":"DKK","liability":{"amount":%d,"currency":"DKK"},`+
		`"expired":{"amount":%d,"currency":"DKK"},"written_off":{"amount":%d,"currency":"DKK"},"breakage":{"amount":%d,"currency":"DKK"}}]}`,
		liability, expired, writtenOff, expired+writtenOff))
}

// X11, X12: the value of an expired voucher is owed until nobody can ask for it, is written off then, once, and told wherever value is: in
// the turnover, the liability, the exports, the voucher's history and to subscribers. A refund afterwards is its own, and an extension
// brings back what was written off.
func TestWhatExpiredIsWrittenOffAndBroughtBack(t *testing.T) {
	t.Parallel()
	h := open(t)
	first := h.reads(`SELECT (vouchsafe_now() AT TIME ZONE 'Europe/Copenhagen')::date::text`)
	owed, other := h.issues(500_00, danish), h.issues(300_00)
	h.till.redeems("r:1", owed, 120_00).has(201, "{}")
	e := listens(t)
	id, _ := h.subscribes(e)
	h.writesOff(0)

	h.passes(3*aYear + 5*24*time.Hour)
	h.writesOff(1)
	h.writesOff(0)
	h.owes(380_00, 380_00, 300_00)
	if rows := h.table("liability.csv"); len(rows) != 1 || rows[0]["state"] != "expired" || rows[0]["owed"] != "380.00" {
		t.Errorf("owed is %v", rows)
	}
	h.till.looksUp(other).has(200, pays1("balance", 0)).explains(`"state":"expired"`)
	h.figures("from="+first, "map[DKK:[80000 12000 0 30000 0 38000 0 12000 38000]]")

	h.passes(4*aYear + 5*24*time.Hour)
	h.writesOff(1)
	h.owes(0, 0, 680_00)
	h.figures("from="+first, "map[DKK:[80000 12000 0 68000 0 0 0 12000 0]]")
	h.till.cashesOut("o:1", owed).refuses(409, "expired")
	h.till.redeems("r:2", owed, 1).refuses(409, "expired")
	journal := h.table("journal.csv?today=true")
	if len(journal) != 1 || journal[0]["kind"] != "expire" || journal[0]["contra"] != "expired/clock" || journal[0]["amount"] != "-380.00" || journal[0]["key"] != owed.id+":3" {
		t.Errorf("the journal says %v", journal)
	}
	books := h.table("accounting.csv?today=true")
	if len(books) != 1 || books[0]["move"] != "expired" || books[0]["debit"] != "liability" || books[0]["credit"] != "expired" || books[0]["amount"] != "380.00" {
		t.Errorf("the books say %v", books)
	}

	h.till.asks("PUT", "/v1/refunds/f:1", members(says("redemption", "r:1"), pays("amount", 100_00), because)).has(201, members(pays("balance", 100_00)))
	h.till.redeems("r:3", owed, 30_00).has(201, members(pays("balance", 70_00)))
	h.writesOff(0)
	h.passes(4*aYear + 40*24*time.Hour)
	h.writesOff(0) // for a year again it can be paid out
	h.owes(70_00, 70_00, 680_00)
	h.passes(5*aYear + 40*24*time.Hour)
	h.writesOff(1)
	h.owes(0, 0, 750_00)
	h.figures("from="+first, "map[DKK:[80000 5000 0 75000 0 0 0 5000 0]]")

	h.office.does("extend", owed, because, says("expires_on", "2050-01-01")).has(200, says1("expires_on", "2050-01-01"))
	h.office.does("extend", owed, because, says("expires_on", "2050-01-01")).has(200, "{}")
	h.owes(450_00, 0, 300_00)
	h.till.redeems("r:4", owed, 450_00).has(201, members(pays("balance", 0)))
	h.figures("from="+first, "map[DKK:[80000 50000 0 30000 0 0 0 50000 0]]")
	h.round(id)
	h.hears(e, owed, "expired -38000 0", "refunded 10000 10000", "redeemed -3000 7000", "expired -7000 0", "reversed 38000 38000", "reversed 7000 45000", "extended 0 45000", "redeemed -45000 0")
	acts := h.reads(`SELECT string_agg(kind || ' ' || owner || ' ' || state, ', ' ORDER BY at) FROM act WHERE voucher = $1 AND kind = 'lapse'`, owed.id)
	if acts != "lapse clock reversed, lapse clock reversed" {
		t.Errorf("the acts are %s", acts)
	}
	h.office.asks("GET", "/v1/admin/vouchers/"+owed.id+"/history", "").explains(`"kind":"lapse"`, `"kind":"expire"`, `"contra":"expired/clock"`)
	h.ties()
}

// X10, X11, X12: what is written off keeps its VAT kind, also punches and what waits to be claimed; what a customer has claimed has no end.
func TestEveryKindOfValueIsWrittenOff(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.issues(100_00, taxedAs(voucher.SinglePurpose))
	h.issues(200_00, claimable, taxedAs(voucher.MultiPurpose))
	claimed := h.issues(400_00, claimable, taxedAs(voucher.MultiPurpose))
	h.issues(7, func(v *voucher.Voucher) { v.Kind, v.Currency, v.VAT = voucher.Punches, "PUNCH", voucher.MultiPurpose })
	h.shop.claims("c:1", claimed, "7").has(201, "{}")
	h.passes(3*aYear + 5*24*time.Hour)
	h.writesOff(3)
	books := map[string]string{}
	for _, row := range h.table("accounting.csv?today=true") {
		books[row["currency"]+" "+row["vat"]] = row["move"] + " " + row["amount"]
	}
	if got, want := fmt.Sprint(books), "map[DKK multi_purpose:expired 200.00 DKK single_purpose:expired 100.00 PUNCH multi_purpose:expired 7]"; got != want {
		t.Errorf("booked %s, want %s", got, want)
	}
	if left := h.turnover("today=true"); left["DKK"][8] != 400_00 || left["PUNCH"][8] != 0 {
		t.Errorf("owed are %v", left)
	}
	h.ties()
}

// X12, X13, A26: an expired voucher isn't given twice what it held, nor more than one alone may give.
func TestAVoucherThatWasWrittenOffIsGivenOnce(t *testing.T) {
	t.Parallel()
	h := open(t, approvalAbove("400.00"))
	set, large := h.issues(300_00), h.issues(500_00)
	h.passes(4 * aYear)
	h.writesOff(2)
	h.office.asks("PUT", "/v1/adjustments/a:1", members(says("voucher", set.id), pays("set_to", 300_00), pays("expected_balance", 0), because)).has(201, pays1("balance", 300_00))
	h.office.does("extend", set, because, says("expires_on", "2050-01-01")).has(200, says1("expires_on", "2050-01-01"))
	h.till.looksUp(set).has(200, pays1("balance", 300_00))
	h.unchanged("more than one alone may give", func() {
		h.office.does("extend", large, because, says("expires_on", "2050-01-01")).refuses(403, "approval_required")
	})
}
