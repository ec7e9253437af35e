package voucher_test

import (
	"errors"
	"testing"
	"time"

	"vouchsafe/retail/voucher"
)

// prints puts a card into the inventory, in the place of a voucher that was sold.
func prints(id string) step {
	return func(s *shelf) {
		s.entries = nil
		s.vouchers[id] = voucher.Print(voucher.Voucher{
			ID: id, Last4: "9ZZ4", Product: "gift", Kind: voucher.Money, Mode: voucher.Card, Currency: "DKK", Term: "P3Y", Zone: copenhagen(),
		}, s.now)
	}
}

// sale is a register's sale of the one voucher, which must be a printed one.
func sale(key string, whole int64) voucher.Sell {
	return voucher.Sell{
		Ref: voucher.Ref{Owner: till, Kind: voucher.Sales, Key: key}, Product: "gift", Price: kroner(whole), State: voucher.Active,
		Stock: voucher.Printed, Detail: voucher.Detail{Receipt: "17", Tender: "cash"},
	}
}

// changed is a sale that differs.
func changed(a voucher.Sell, change func(*voucher.Sell)) voucher.Sell { change(&a); return a }

// unsale takes a register's sale back.
func unsale(key string) voucher.Reverse {
	return voucher.Reverse{Target: sale(key, 0).Ref, Limited: voucher.Timed}
}

// X08: inventory → active, with the sale in the journal and the validity from its day.
func TestASaleMakesACardOfTheInventoryWorthItsPrice(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	prints("v1")(s)
	if v := s.one(); v.Balance != 0 || !v.ExpiresOn.Zero() || !errors.Is(v.Usable(s.now), voucher.ErrNotActive) {
		t.Fatalf("a card in the inventory is %+v", v)
	}
	s.passes(400 * 24 * time.Hour)
	before := len(s.entries)
	got := s.does(sale("s", 300))
	v := s.one()
	last := voucher.Date{Year: 2030, Month: time.December, Day: 27}
	if v.State != voucher.Active || v.Balance != 300_00 || v.ExpiresOn != last || !v.IssuedAt.Equal(s.now) || !got.Created {
		t.Errorf("sold: %+v", v)
	}
	if e := s.entries[before]; len(s.entries) != before+1 || e.Kind != "issue" || e.Contra != "sold/"+till || e.Amount != 300_00 {
		t.Errorf("the journal says %+v", s.entries[before:])
	}
	if sold := got.Record.Detail.Sold; *sold != (voucher.Sold{Product: "gift", Last4: "9ZZ4", Stock: voucher.Printed, State: voucher.Active, Entries: 1}) {
		t.Errorf("the record says %+v", sold)
	}
	s.does(redeem(till, "t", 100))
	again := s.does(sale("s", 300))
	if again.Created || again.Record.ID != got.Record.ID || again.Record.Balance != 300_00 {
		t.Errorf("the same again: %+v", again.Record)
	}
	if was := s.one().AsSold(*again.Record); was.Balance != 300_00 || was.State != voucher.Active || was.ExpiresOn != last {
		t.Errorf("as it was sold: %+v", was)
	}
}

func TestASaleOfWhatTheOfficeActivatesIsIssued(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	prints("v1")(s)
	s.does(changed(sale("s", 300), func(a *voucher.Sell) { a.State = voucher.Issued }))
	if v := s.one(); v.State != voucher.Issued || !errors.Is(v.Usable(s.now), voucher.ErrNotActive) {
		t.Errorf("sold: %+v", v)
	}
	s.does(voucher.Activate{})
	s.does(redeem(till, "t", 300))
}

func TestWhatCanNotBeSold(t *testing.T) {
	t.Parallel()
	card, sold := prints("v1"), given(sale("s", 300))
	other := func(change func(*voucher.Sell)) voucher.Sell { return changed(sale("s", 300), change) }
	refuses(t, []refusal{
		{"a voucher that a webshop sold", nil, sale("s", 300), voucher.ErrAlreadySold},
		{"a card twice", []step{card, sold}, sale("s2", 300), voucher.ErrAlreadySold},
		{"a card that was used up", []step{card, sold, given(redeem(till, "t", 300))}, sale("s2", 300), voucher.ErrAlreadySold},
		{"a card that the office ended", []step{card, given(invalidate("e"))}, sale("s", 300), voucher.ErrInvalidated},
		{"a card that the office blocked", []step{card, given(block())}, sale("s", 300), voucher.ErrBlocked},
		{"a card of another product", []step{card}, other(func(a *voucher.Sell) { a.Product = "spa" }), voucher.ErrOtherProduct},
		{"a card in another currency", []step{card}, other(func(a *voucher.Sell) { a.Price.Currency = "EUR" }), voucher.ErrCurrency},
		{"a card for too much", []step{card}, sale("s", 10_001), voucher.ErrAboveLimit},
		{"a card that was forgotten", []step{card, forgotten}, sale("s", 300), voucher.ErrQuarantined},
		{"another price under the key", []step{card, sold}, sale("s", 299), voucher.ErrKeyReused},
		{"another receipt under the key", []step{card, sold}, other(func(a *voucher.Sell) { a.Detail.Receipt = "18" }), voucher.ErrKeyReused},
		{"another product under the key", []step{card, sold}, other(func(a *voucher.Sell) { a.Product = "spa" }), voucher.ErrKeyReused},
		{"a fresh code under the key of a card", []step{card, sold}, other(func(a *voucher.Sell) { a.Stock = voucher.Fresh }), voucher.ErrKeyReused},
		{"a sale that was taken back", []step{card, sold, given(unsale("s"))}, sale("s", 300), voucher.ErrPrevented},
		{"a card by a redemption", []step{card}, redeem(till, "t", 1), voucher.ErrNotActive},
		{"a card by a reload", []step{card}, reload("l", 1), voucher.ErrNotActive},
		{"a card by a reservation", []step{card}, online("k", "A", 1), voucher.ErrNotActive},
		{"a new code for a card", []step{card}, voucher.Replace{}, voucher.ErrNotActive},
		{"a longer life for a card", []step{card}, voucher.Extend{Last: voucher.Date{Year: 2040, Month: 1, Day: 1}}, voucher.ErrNotLater},
	})
}

// The whole unspent voucher goes back, or nothing does.
func TestASaleIsTakenBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		stock voucher.Stock
		given []step
		want  voucher.State // "" when it can't be taken back
	}{
		{"of a card", voucher.Printed, nil, voucher.Inventory},
		{"of a fresh code", voucher.Fresh, nil, voucher.Invalidated},
		{"of one that was spent and refunded", voucher.Fresh, []step{given(redeem(till, "t", 100)), given(refund("f", redemption(till, "t"), 100))}, voucher.Invalidated},
		{"of one whose reservation is over", voucher.Printed, []step{given(online("k", "A", 100)), after(23 * time.Hour), given(release("k", voucher.Soft))}, voucher.Inventory},
		{"of one that is blocked", voucher.Printed, []step{given(block())}, voucher.Inventory},
		{"of a card that was spent and refunded", voucher.Printed, []step{given(redeem(till, "t", 100)), given(refund("f", redemption(till, "t"), 100))}, voucher.Invalidated},
		{"of a card that was spent and reloaded", voucher.Printed, []step{given(redeem(till, "t", 100)), given(reload("l", 100))}, voucher.Invalidated},
		{"of one that was spent in part", voucher.Printed, []step{given(redeem(till, "t", 1))}, ""},
		{"of one that is reserved", voucher.Printed, []step{given(online("k", "A", 100))}, ""},
		{"of one that was reloaded", voucher.Fresh, []step{given(reload("l", 100))}, ""},
		{"of one that the office ended", voucher.Fresh, []step{given(invalidate("e"))}, ""},
		{"too late", voucher.Fresh, []step{after(24 * time.Hour)}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			prints("v1")(s)
			s.does(changed(sale("s", 300), func(a *voucher.Sell) { a.Stock = tt.stock }))
			for _, step := range tt.given {
				step(s)
			}
			got, err := s.tries(unsale("s"))
			if tt.want == "" {
				expectRefusal(t, err, voucher.ErrNotReversible)
				return
			}
			if v := s.one(); err != nil || got.Outcome != voucher.OutcomeReversed || v.State != tt.want || v.Balance != 0 {
				t.Fatalf("taken back: %v, %+v", err, v)
			}
			if again := s.does(unsale("s")); again.Outcome != voucher.OutcomeReversed {
				t.Errorf("once more: %+v", again)
			}
		})
	}
}

// A card that came back lies in the shop, without a validity, and is sold anew.
func TestACardThatCameBackIsSoldAnew(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	prints("v1")(s)
	s.does(sale("s", 300))
	s.does(unsale("s"))
	if v := s.one(); !v.ExpiresOn.Zero() || !v.EndsAt.IsZero() {
		t.Errorf("in the inventory it is valid through %s", v.ExpiresOn)
	}
	s.passes(48 * time.Hour)
	s.does(sale("s2", 400))
	if v := s.one(); v.Balance != 400_00 || v.ExpiresOn != (voucher.Date{Year: 2029, Month: time.November, Day: 24}) {
		t.Errorf("sold anew: %+v", v)
	}
}

// What was done with a card before its sale was taken back never reaches whoever would buy it next.
func TestACardThatWasUsedIsNotSoldAnew(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	prints("v1")(s)
	s.does(sale("s", 300))
	s.does(redeem(till, "r", 100))
	s.does(reload("l", 100))
	s.does(unsale("s"))
	for _, act := range []voucher.Act{reverse(reloadOf("l")), reverse(redemption(till, "r"))} {
		_, err := s.tries(act)
		expectRefusal(t, err, voucher.ErrNotReversible)
	}
	_, err := s.tries(refund("f", redemption(till, "r"), 0))
	expectRefusal(t, err, voucher.ErrInvalidated)
	_, err = s.tries(sale("s2", 300))
	expectRefusal(t, err, voucher.ErrInvalidated)
}
