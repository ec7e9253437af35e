package voucher_test

import (
	"errors"
	"testing"

	"vouchsafe/retail/voucher"
)

// journal is that of the one voucher.
func (s *shelf) journal() (lines []voucher.Entry) {
	for _, e := range s.entries {
		if e.Account == "v1" {
			lines = append(lines, e)
		}
	}
	return lines
}

// goodwill adds to the balance in the office, or takes from it.
func goodwill(key string, whole int64) voucher.Adjust {
	delta := kroner(whole)
	return voucher.Adjust{Ref: voucher.Ref{Owner: office, Kind: voucher.Adjustments, Key: key}, Delta: &delta, Detail: voucher.Detail{Reason: "sorry"}}
}

// X12: goodwill never becomes cash, and no way of spending or taking back makes more paid for than was paid.
func TestOnlyWhatWasPaidForIsPaidOut(t *testing.T) {
	t.Parallel()
	spent := redeem(till, "r", 1).Ref
	for _, tt := range []struct {
		name       string
		acts       []voucher.Act
		paid, left int64
	}{
		{"as it was sold", nil, 500, 0},
		{"with a reload", []voucher.Act{reload("l", 200)}, 700, 0},
		{"with goodwill", []voucher.Act{goodwill("a", 100)}, 500, 100},
		{"goodwill is spent first", []voucher.Act{goodwill("a", 100), redeem(till, "r", 90)}, 500, 10},
		{"then what was paid", []voucher.Act{goodwill("a", 100), redeem(till, "r", 150)}, 450, 0},
		{"what is spent is not paid for again by goodwill", []voucher.Act{redeem(till, "r", 500), goodwill("a", 500)}, 0, 500},
		{"a refund gives back what was paid", []voucher.Act{redeem(till, "r", 500), goodwill("a", 500), refund("f", spent, 300)}, 300, 500},
		{"a refund of goodwill gives back goodwill", []voucher.Act{goodwill("a", 100), redeem(till, "r", 100), refund("f", spent, 100)}, 500, 100},
		{"part of a redemption refunded, the rest taken back", []voucher.Act{
			goodwill("a", 100), redeem(till, "r", 200), refund("f", spent, 50), reverse(redeem(till, "r", 200).Ref),
		}, 500, 100},
		{"goodwill taken back", []voucher.Act{goodwill("a", 100), reverse(goodwill("a", 100).Ref)}, 500, 0},
		{"a mistake taken back", []voucher.Act{goodwill("a", -400), reverse(goodwill("a", -400).Ref)}, 500, 0},
		{"a reload taken back", []voucher.Act{reload("l", 200), goodwill("a", 50), reverse(reload("l", 200).Ref)}, 500, 50},
		{"a refund taken back", []voucher.Act{redeem(till, "r", 300), refund("f", spent, 300), reverseRefund("f", spent), goodwill("a", 100)}, 200, 100},
		{"a cash-out taken back", []voucher.Act{goodwill("a", 100), cashOut("o"), reverse(cashOut("o").Ref)}, 500, 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			under("DK")(s)
			for _, act := range tt.acts {
				s.does(act)
			}
			if tt.paid == 0 {
				if _, err := s.tries(cashOut("c")); !errors.Is(err, voucher.ErrNoCashOut) {
					t.Errorf("paid out: %v", err)
				}
				return
			}
			got := s.does(cashOut("c"))
			if paid, _ := got.Record.PaidOut(); paid != kroner(tt.paid) || s.one().Balance != tt.left*100 {
				t.Errorf("paid %s, left %d; want %d and %d", paid, s.one().Balance, tt.paid, tt.left)
			}
			if tt.left == 0 {
				return
			}
			if _, err := s.tries(cashOut("c2")); !errors.Is(err, voucher.ErrNoCashOut) {
				t.Errorf("the rest: %v", err)
			}
		})
	}
}

// Who reckons from an older journal than the one under the lock comes again.
func TestACashOutIsReckonedFromTheWholeJournal(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	under("DK")(s)
	act := cashOut("c")
	act.Paid = voucher.PaidIn(s.journal(), func(voucher.Entry) int64 { return 0 })
	s.does(redeem(till, "r", 400))
	if _, err := s.tries(act); !errors.Is(err, voucher.ErrInProgress) {
		t.Errorf("got %v", err)
	}
}
