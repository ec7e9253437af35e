package admin_test

import (
	"slices"
	"testing"

	"vouchsafe/retail/voucher"
)

// taxedAtSale are Danish vouchers that were taxed when they were sold, at 25 percent.
var taxedAtSale = under("DK", "country")

// X10, X11, X12: each act that moves value is exported with the VAT kind of its voucher, and the journal, what is owed on each voucher and
// account, the bookings and the turnover come to the same, also with what was paid out in cash and what was moved between vouchers and
// accounts.
func TestEveryActIsExportedWithItsVATKindAndTheTotalsTieOut(t *testing.T) {
	t.Parallel()
	h := open(t)
	single, other := h.issues(500_00, taxedAtSale), h.issues(100_00, taxedAtSale)
	multi, own := h.issues(300_00, danish, taxedAs(voucher.MultiPurpose)), h.issues(200_00, claimable, taxedAs(voucher.MultiPurpose))
	h.till.redeems("r:1", single, 120_00).has(201, "{}")
	h.office.transfers("t:1", single.id, other.id, pays("amount", 80_00)).has(201, "{}")
	h.till.cashesOut("o:1", other).has(201, pays1("balance", 0))
	h.till.cashesOut("o:2", multi).has(201, pays1("balance", 0))
	h.shop.claims("c:1", own, "7").has(201, "{}")
	h.shop.spends("s:1", "7", 30_00).has(201, "{}")
	h.shop.captures("s:1", "A-1").has(200, "{}")
	h.office.grants("g:1", "7", pays("delta", 10_00)).has(201, "{}")
	h.office.transfers("t:2", "customer:7", multi.id, pays("amount", 50_00)).has(201, "{}")
	h.till.asks("DELETE", "/v1/cash-outs/o:2", "").has(200, `{"outcome":"reversed"}`)

	owed := h.turnover("today=true")["DKK"][8]
	if want := int64(300_00 + 350_00 + 130_00); owed != want {
		t.Errorf("%d are owed, want %d", owed, want)
	}
	journal := h.table("journal.csv?today=true")
	if sum := h.total(journal, "amount", one); sum != owed {
		t.Errorf("the journal comes to %d, owed are %d", sum, owed)
	}
	h.tiesOut(journal, map[string]string{single.id: "single_purpose 25", other.id: "single_purpose 25", multi.id: "multi_purpose ", own.id: "multi_purpose "})
	var kinds []string
	for _, row := range journal {
		kinds = append(kinds, row["kind"])
	}
	slices.Sort(kinds)
	for _, kind := range []string{"issue", "redeem", "transfer", "cash_out", "claim", "adjust", "reversal"} {
		if _, found := slices.BinarySearch(kinds, kind); !found {
			t.Errorf("no %s is in the journal: %v", kind, kinds)
		}
	}
}

// tiesOut holds the lists of what is owed and of the bookings against the journal, for each kind of VAT, and the journal's lines against
// the VAT kinds of vouchers.
func (h *house) tiesOut(journal []map[string]string, vat map[string]string) {
	h.t.Helper()
	of := func(kind string) func(map[string]string) int64 {
		return func(row map[string]string) int64 {
			if row["vat"] != kind {
				return 0
			}
			return 1
		}
	}
	for _, row := range journal {
		if want, known := vat[row["account"]]; known && row["vat"]+" "+row["vat_rate"] != want {
			h.t.Errorf("%v is not %s", row, want)
		}
	}
	owed, books := h.table("liability.csv"), h.table("accounting.csv?today=true")
	for _, kind := range []string{"single_purpose", "multi_purpose"} {
		want := h.total(journal, "amount", of(kind))
		if sum := h.total(owed, "owed", of(kind)); sum != want || want == 0 {
			h.t.Errorf("%s: owed are %d, the journal comes to %d", kind, sum, want)
		}
		sum := h.total(books, "amount", func(row map[string]string) int64 {
			switch "liability" {
			case row["credit"]:
				return of(kind)(row)
			case row["debit"]:
				return -of(kind)(row)
			}
			return 0
		})
		if sum != want {
			h.t.Errorf("%s: the bookings come to %d, the journal to %d: %v", kind, sum, want, books)
		}
	}
}
