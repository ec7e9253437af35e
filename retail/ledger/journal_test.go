package ledger_test

import (
	"testing"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// X12: goodwill that was paid out in cash all the same is found.
func TestTheProofFindsGoodwillThatBecameCash(t *testing.T) {
	t.Parallel()
	h := open(t)
	id, _ := h.issues(10000)
	if _, err := h.pool.Exec(t.Context(), `UPDATE voucher SET country = 'DK'`); err != nil {
		t.Fatal(err)
	}
	delta := money.Of(10000, "DKK")
	office := func(kind voucher.ActKind) voucher.Ref { return voucher.Ref{Owner: "office", Kind: kind, Key: "k"} }
	h.does(id, h.till("r", "1", 10000))
	h.does(id, voucher.Adjust{ID: h.newID(), Ref: office(voucher.Adjustments), Delta: &delta})
	spent := h.till("s", "2", 10000)
	h.does(id, spent)
	h.does(id, voucher.Reverse{Target: spent.Refs()[0], Limited: voucher.Unlimited})
	paid, err := h.PaidFor(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if paid.Minor != 0 || paid.Entries != 5 {
		t.Errorf("paid for: %+v", paid)
	}
	paid.Minor = 10000 // what a broken program might reckon
	if _, err := h.Apply(t.Context(), ledger.Aimed{Voucher: id, Act: voucher.CashOut{ID: h.newID(), Ref: office(voucher.CashOuts), Paid: paid}}); err != nil {
		t.Fatal(err)
	}
	found, err := h.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Invariant != "no more is paid out of a voucher than was paid for it" || found[0].Subject != id {
		t.Errorf("found %v", found)
	}
}
