package voucher_test

import (
	"testing"
	"time"

	"vouchsafe/retail/voucher"
)

// bind binds a token at the first register; its fingerprint is its number here.
func bind(key, number string) voucher.Bind {
	return voucher.Bind{
		Ref: voucher.Ref{Owner: till, Kind: voucher.Bindings, Key: key}, Token: voucher.Token{MAC: number, Sealed: "sealed " + number},
		Asked: []string{"code"},
		Known: []string{number, "old " + number}, Last4: "1234",
	}
}

func retiring(b voucher.Bind) voucher.Bind { b.Retire = true; return b }

// unbinding takes a binding back.
func unbinding(key string) voucher.Reverse {
	return voucher.Reverse{Target: bind(key, "").Ref, Limited: voucher.Timed}
}

// B15: a token is the voucher's until another follows or it is taken back.
func TestATokenIsBound(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	got := s.does(bind("b", "T1"))
	if v := s.one(); v.Token.MAC != "T1" || v.Token.By != got.Record.ID || v.CodeRetired || v.Fence != 0 || v.Balance != 500_00 {
		t.Errorf("bound: %+v", v)
	}
	if again := s.does(bind("b", "T1")); again.Created || again.Record.ID != got.Record.ID {
		t.Errorf("the same again: %+v", again.Record)
	}
	second := s.does(retiring(bind("b2", "T2")))
	if v := s.one(); v.Token.MAC != "T2" || v.Token.By != second.Record.ID || !v.CodeRetired {
		t.Errorf("bound anew: %+v", v)
	}
	if _, err := s.tries(unbinding("b")); err != voucher.ErrNotReversible {
		t.Errorf("the earlier binding has nothing left to take back: %v", err)
	}
	s.does(unbinding("b2"))
	if v := s.one(); v.Token.Bound() || v.CodeRetired {
		t.Errorf("taken back: %+v", v)
	}
	if _, err := s.tries(bind("b2", "T2")); err != voucher.ErrPrevented {
		t.Errorf("under a key that was taken back: %v", err)
	}
	if len(s.entries) != 1 {
		t.Errorf("a binding moved something: %+v", s.entries)
	}
}

// A repeat is one under every master key that the number may have been stored under.
func TestABindingIsKnownAgainUnderAnotherKey(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	earlier := bind("b", "old T1")
	earlier.Known = []string{"old T1"}
	got := s.does(earlier)
	if again := s.does(bind("b", "T1")); again.Created || again.Record.ID != got.Record.ID {
		t.Errorf("the same number under another key: %+v", again.Record)
	}
}

func TestABindingIsRefused(t *testing.T) {
	t.Parallel()
	refuses(t, []refusal{
		{"to a blocked voucher", []step{given(voucher.Block{Kind: voucher.OfficeBlock, Blocked: true})}, bind("b", "T1"), voucher.ErrBlocked},
		{"to an expired one", []step{days(4 * 366)}, bind("b", "T1"), voucher.ErrExpired},
		{"to a card that nobody has bought", []step{prints("v1")}, bind("b", "T1"), voucher.ErrNotActive},
		{"to one in quarantine", []step{forgotten}, bind("b", "T1"), voucher.ErrQuarantined},
		{"another number under its key", []step{given(bind("b", "T1"))}, bind("b", "T2"), voucher.ErrKeyReused},
		{"otherwise retiring under its key", []step{given(bind("b", "T1"))}, retiring(bind("b", "T1")), voucher.ErrKeyReused},
	})
	s := newShelf(t)
	s.does(online("w", "cart", 100))
	s.edit(func(v *voucher.Voucher) { v.Mode = voucher.Customer })
	s.does(bind("b", "T1"))
}

// A till takes a token only from a voucher that is over; the office from any.
func TestATokenIsFreed(t *testing.T) {
	t.Parallel()
	free := voucher.Unbind{Known: []string{"T1"}, Spare: voucher.SpareTokenInUse}
	refuses(t, []refusal{
		{"from one in use", []step{given(bind("b", "T1"))}, free, voucher.ErrTokenTaken},
		{"from one that somebody has reserved", []step{given(bind("b", "T1")), given(redeem(till, "r", 400)), given(online("w", "cart", 100))}, free, voucher.ErrTokenTaken},
	})
	for name, over := range map[string]step{
		"used up": given(redeem(till, "r", 500)),
		"expired": days(4 * 366),
		"invalidated": func(s *shelf) {
			s.does(voucher.Invalidate{Ref: voucher.Ref{Owner: office, Kind: voucher.Endings, Key: "e"}, Spare: voucher.SpareNothing})
		},
	} {
		s := newShelf(t)
		s.does(bind("b", "T1"))
		over(s)
		if s.does(free); s.one().Token.Bound() {
			t.Errorf("%s: %+v", name, s.one().Token)
		}
	}
	s := newShelf(t)
	s.does(retiring(bind("b", "T1")))
	if s.does(voucher.Unbind{Known: []string{"T9"}, Spare: voucher.SpareNoToken}); !s.one().Token.Bound() {
		t.Error("another token was taken from it")
	}
	if s.does(voucher.Unbind{Spare: voucher.SpareNoToken}); s.one().Token.Bound() || !s.one().CodeRetired {
		t.Errorf("after the office took it: %+v", s.one())
	}
	if s.does(voucher.Replace{}); s.one().CodeRetired {
		t.Error("another code is retired from the start")
	}
}

// A card that lies in the shop again has neither token nor retired code.
func TestASaleThatIsTakenBackLosesItsToken(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	prints("v1")(s)
	s.does(sale("s", 300))
	s.does(retiring(bind("b", "T1")))
	s.passes(time.Hour)
	s.does(unsale("s"))
	if v := s.one(); v.State != voucher.Inventory || v.Token.Bound() || v.CodeRetired {
		t.Errorf("in the inventory again: %+v", v)
	}
}
