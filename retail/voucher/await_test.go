package voucher_test

import (
	"testing"
	"time"

	"vouchsafe/retail/voucher"
)

// awaited is a refund of the purchase that waits for the voucher, or, with what it held at first, for it or another one.
func awaited(whole int64) voucher.Await {
	return voucher.Await{Refund: voucher.RefundWait{Waits: true, Whole: whole * 100}}
}

// X01: while a refund of its purchase waits, nobody begins to use a voucher, whatever comes back to it.
func TestAVoucherThatARefundWaitsForIsNotUsedAnew(t *testing.T) {
	t.Parallel()
	spent := []step{given(redeem(till, "r", 300)), given(awaited(0))}
	back := append(spent[:2:2], given(reverse(redemption(till, "r"))))
	held := []step{given(asking(online("k", "A", 100), 100)), given(awaited(0))}
	free := append(held[:2:2], given(release("k", voucher.Soft)))
	refuses(t, []refusal{
		{"what is left of it, at a till", spent, redeem(till, "s", 1), voucher.ErrBlocked},
		{"what is left of it, in a shop", spent, online("s", "A", 1), voucher.ErrAwaited},
		{"what came back", back, redeem(till, "s", 500), voucher.ErrAwaited},
		{"what came back in part", append(spent[:2:2], given(refund("f", redemption(till, "r"), 100))), redeem(till, "s", 300), voucher.ErrAwaited},
		{"in cash", back, cashOut("c"), voucher.ErrAwaited},
		{"a reload", back, reload("l", 10), voucher.ErrAwaited},
		{"a transfer", free, transferOf(0), voucher.ErrAwaited},
		{"a claim", append(free[:3:3], edited(func(v *voucher.Voucher) { v.Mode = voucher.Customer })), claimOf(), voucher.ErrAwaited},
		{"another's, while it is reserved", held, redeem(till, "s", 1), voucher.ErrAwaited},
		{"more than he has reserved", held, asking(online("k", "A", 200), 200), voucher.ErrAwaited},
		{"once it is released", free, online("s", "B", 1), voucher.ErrAwaited},
		{"once it is released, under its own key", free, online("k", "A", 100), voucher.ErrAwaited},
		{"once it has expired", append(held[:2:2], after(25*time.Hour)), redeem(till, "s", 1), voucher.ErrAwaited},
		{"one of several that is whole", []step{given(awaited(500))}, redeem(till, "s", 1), voucher.ErrAwaited},
		{"one of several that is whole again", []step{given(redeem(till, "r", 300)), given(awaited(500)), given(reverse(redemption(till, "r")))}, redeem(till, "s", 1), voucher.ErrAwaited},
		{"one that has ended", []step{given(invalidate("e"))}, awaited(0), voucher.ErrInvalidated},
	})
}

// X01: whoever has reserved the voucher goes on, one of several is used as far as it is not the one, and what no refund waits for is free.
func TestAVoucherThatARefundWaitsForIsUsedByWhoHasIt(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]step{
		"captured":               {given(online("k", "A", 100)), given(awaited(0)), given(capture("k", "1042"))},
		"resumed, and lowered":   {given(online("k", "A", 100)), given(awaited(0)), given(online("k2", "A", 100)), given(asking(online("k", "A", 100), 50)), given(capture("k", "1042"))},
		"captured late":          {given(online("k", "A", 100)), given(awaited(0)), after(25 * time.Hour), given(capture("k", "1042"))},
		"redeemed by its holder": {given(atRegister(till, "k", 100)), given(awaited(0)), given(redeem(till, "r", 100))},
		"refunded":               {given(redeem(till, "r", 300)), given(awaited(0)), given(refund("f", redemption(till, "r"), 100))},
		"one of several":         {given(redeem(till, "r", 300)), given(awaited(500)), given(redeem(till, "s", 100))},
		"lifted":                 {given(redeem(till, "r", 300)), given(awaited(0)), given(voucher.Await{}), given(redeem(till, "s", 200))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			for _, step := range steps {
				step(s)
			}
		})
	}
	s := newShelf(t)
	s.does(awaited(0))
	version := s.one().Version
	got := s.does(awaited(0))
	if v := s.one(); got.Outcome != voucher.OutcomeUnchanged || v.Version != version || !v.Awaited() {
		t.Errorf("told twice: got %+v", got)
	}
	if s.does(invalidate("e")); s.one().Refund.Waits {
		t.Error("a refund waits for a voucher that has ended")
	}
}
