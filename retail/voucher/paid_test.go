package voucher_test

import (
	"errors"
	"testing"

	"vouchsafe/retail/voucher"
)

// journal is that of the one voucher.
func (s *shelf) journal() []voucher.Entry { return s.journals()["v1"] }

// journals are all of them, by their places.
func (s *shelf) journals() map[string][]voucher.Entry {
	all := make(map[string][]voucher.Entry)
	for _, e := range s.entries {
		all[e.Account] = append(all[e.Account], e)
	}
	return all
}

// paid is what of a balance was paid for.
func (s *shelf) paid(id string) voucher.Paid { return voucher.PaidIn(id, s.journals()) }

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
		{"goodwill that was spent and taken back is goodwill", []voucher.Act{
			redeem(till, "r", 500), goodwill("a", 500), redeem(till, "s", 500), reverse(redemption(till, "s")),
		}, 0, 500},
		{"and that was refunded", []voucher.Act{redeem(till, "r", 500), goodwill("a", 500), redeem(till, "s", 500), refund("f", redemption(till, "s"), 0)}, 0, 500},
		{"and some of it, again and again", []voucher.Act{
			redeem(till, "r", 500), goodwill("a", 500), redeem(till, "s", 100), reverse(redemption(till, "s")),
			redeem(till, "u", 100), reverse(redemption(till, "u")), redeem(till, "w", 1), refund("f", redemption(till, "w"), 1),
		}, 0, 500},
		{"what was paid for and spent comes back beside goodwill that was spent later", []voucher.Act{
			redeem(till, "r", 500), goodwill("a", 300), redeem(till, "s", 300), reverse(redemption(till, "s")), reverse(spent),
		}, 500, 300},
		{"half of what both paid brings back what was paid for first", []voucher.Act{goodwill("a", 100), redeem(till, "r", 300), refund("f", spent, 150)}, 450, 0},
		{"then goodwill", []voucher.Act{goodwill("a", 100), redeem(till, "r", 300), refund("f", spent, 150), refund("g", spent, 100)}, 500, 50},
		{"what a refund brought and was paid out goes out of goodwill once the refund is taken back, and comes as goodwill again", []voucher.Act{
			redeem(till, "r", 500), goodwill("a", 500), refund("f", spent, 300), cashOut("o"), reverseRefund("f", spent), refund("g", spent, 500),
		}, 200, 500},
		{"a correction taken back beside it", []voucher.Act{
			goodwill("a", 100), redeem(till, "r", 200), goodwill("b", -300), reverse(goodwill("b", -300).Ref), reverse(spent),
		}, 500, 100},
		{"goodwill taken back", []voucher.Act{goodwill("a", 100), reverse(goodwill("a", 100).Ref)}, 500, 0},
		{"a mistake taken back", []voucher.Act{goodwill("a", -400), reverse(goodwill("a", -400).Ref)}, 500, 0},
		{"a reload taken back", []voucher.Act{reload("l", 200), goodwill("a", 50), reverse(reload("l", 200).Ref)}, 500, 50},
		{"a refund taken back", []voucher.Act{redeem(till, "r", 300), refund("f", spent, 300), reverseRefund("f", spent), goodwill("a", 100)}, 200, 100},
		{"goodwill that was spent, taken back before its spending is", []voucher.Act{
			goodwill("a", 100), redeem(till, "r", 100), reverse(goodwill("a", 100).Ref), reverse(spent),
		}, 500, 0},
		{"goodwill that was spent, taken back in the place of what was paid for", []voucher.Act{
			goodwill("a", 100), redeem(till, "r", 100), reverse(goodwill("a", 100).Ref),
		}, 400, 0},
		{"then other goodwill in its place, which makes up for it", []voucher.Act{
			goodwill("a", 100), redeem(till, "r", 100), reverse(goodwill("a", 100).Ref), goodwill("b", 50),
		}, 450, 0},
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
	act.Paid = s.paid("v1")
	s.does(redeem(till, "r", 400))
	if _, err := s.tries(act); !errors.Is(err, voucher.ErrInProgress) {
		t.Errorf("got %v", err)
	}
}
