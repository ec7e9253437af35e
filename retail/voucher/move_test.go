package voucher_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// two are a voucher and an account of one group, on which acts are decided one after the other.
type two struct{ from, to *voucher.Case }

// opposite puts a voucher of 500 in customer mode and an account of 100 side by side.
func opposite(change func(from, to *voucher.Voucher)) two {
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	records, holdings := map[voucher.Ref]*voucher.Record{}, voucher.Holdings{}
	rules := voucher.Rules{ReserveFor: 24 * time.Hour, LateCapture: 72 * time.Hour, ReverseFor: 24 * time.Hour, PerOrder: 1, Ceiling: "1000.00", ApprovalAbove: "700.00"}
	place := func(id string, kind voucher.Kind, mode voucher.Mode, balance int64) *voucher.Case {
		return &voucher.Case{At: at, Rules: rules, Records: records, Holdings: holdings, Voucher: voucher.Voucher{
			ID: id, Kind: kind, Mode: mode, Currency: "DKK", State: voucher.Active, Balance: balance, Version: 1, Entries: 1,
			Term: voucher.NeverExpires, Zone: time.UTC, LastAt: at,
		}}
	}
	pair := two{place("voucher", voucher.Money, voucher.Customer, 500_00), place("account", voucher.Account, "", 100_00)}
	change(&pair.from.Voucher, &pair.to.Voucher)
	return pair
}

// moves decides both halves, and returns the refusal of either.
func (p two) moves(act voucher.Act) error {
	if _, err := voucher.Decide(p.from, act); err != nil {
		return err
	}
	_, err := voucher.Decide(p.to, voucher.Receive{Ref: act.Refs()[0]})
	return err
}

func nothing(_, _ *voucher.Voucher) {}

func claimOf() voucher.Claim {
	return voucher.Claim{ID: "c", Ref: voucher.Ref{Owner: "shop:demo", Kind: voucher.Claims, Key: "c"}, To: "account", Customer: "7"}
}

func transferOf(minor int64) voucher.Transfer {
	act := voucher.Transfer{ID: "t", Ref: voucher.Ref{Owner: "office", Kind: voucher.Transfers, Key: "t"}, To: "account", Account: true}
	if minor > 0 {
		amount := money.Of(minor, "DKK")
		act.Amount = &amount
	}
	return act
}

// D10, D12, A25: who may move what where.
func TestValueMovesWhereItFits(t *testing.T) {
	t.Parallel()
	card := func(from, _ *voucher.Voucher) { from.Mode = voucher.Card }
	for _, tt := range []struct {
		name   string
		change func(from, to *voucher.Voucher)
		act    voucher.Act
		want   error
	}{
		{"a claim", nothing, claimOf(), nil},
		{"a claim of a bearer's voucher", card, claimOf(), voucher.ErrMode},
		{"a claim of a claimed one", func(from, _ *voucher.Voucher) { from.State, from.Balance = voucher.Claimed, 0 }, claimOf(), voucher.ErrClaimed},
		{"a claim of an empty one", func(from, _ *voucher.Voucher) { from.State, from.Balance = voucher.Depleted, 0 }, claimOf(), &voucher.InsufficientError{Available: money.Of(0, "DKK")}},
		{"a claim of a blocked one", func(from, _ *voucher.Voucher) { from.BlockedByOffice = true }, claimOf(), voucher.ErrBlocked},
		{"a claim of one that waits for the office", func(from, _ *voucher.Voucher) { from.State = voucher.Issued }, claimOf(), voucher.ErrNotActive},
		{"a claim of a members' one by nobody", func(from, _ *voucher.Voucher) { from.MembersOnly = true }, claimOf(), voucher.ErrMembership},
		{"a claim into an account in quarantine", func(_, to *voucher.Voucher) { to.Quarantined = true }, claimOf(), voucher.ErrQuarantined},
		{"a claim into another currency", func(_, to *voucher.Voucher) { to.Currency = "EUR" }, claimOf(), voucher.ErrCurrency},
		{"a claim of punches", func(from, _ *voucher.Voucher) { from.Kind = voucher.Punches }, claimOf(), voucher.ErrOtherKind},
		{"a claim of what was taxed when it was sold", func(from, _ *voucher.Voucher) { from.VAT = voucher.SinglePurpose }, claimOf(), voucher.ErrOtherKind},
		{"a claim of a credit note", func(from, _ *voucher.Voucher) { from.Kind = voucher.Credit }, claimOf(), nil},
		{"a claim above the ceiling of one voucher", func(_, to *voucher.Voucher) { to.Balance = 900_00 }, claimOf(), nil},
		{"a transfer of all", nothing, transferOf(0), nil},
		{"a transfer of too much", nothing, transferOf(500_01), &voucher.InsufficientError{Available: money.Of(500_00, "DKK")}},
		{"a transfer of a credit note", func(from, _ *voucher.Voucher) { from.Kind = voucher.Credit }, transferOf(0), voucher.ErrOtherKind},
		{"a transfer between credit notes", func(from, to *voucher.Voucher) { from.Kind, to.Kind = voucher.Credit, voucher.Credit }, transferOf(0), nil},
		{"a transfer into a full voucher", func(_, to *voucher.Voucher) { to.Kind, to.Balance = voucher.Money, 500_01 }, transferOf(0), voucher.ErrAboveLimit},
		{"a transfer into an ended one", func(_, to *voucher.Voucher) { to.Kind, to.State = voucher.Money, voucher.Invalidated }, transferOf(0), voucher.ErrInvalidated},
		{"a transfer out of an expired one", func(from, _ *voucher.Voucher) { over(from) }, transferOf(0), voucher.ErrExpired},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pair := opposite(tt.change)
			before := pair.from.Voucher.Balance + pair.to.Voucher.Balance
			err := pair.moves(tt.act)
			if tt.want != nil {
				expectRefusal(t, err, tt.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := pair.from.Voucher.Balance + pair.to.Voucher.Balance; got != before || pair.from.Voucher.Balance != 0 {
				t.Errorf("%d and %d of %d", pair.from.Voucher.Balance, pair.to.Voucher.Balance, before)
			}
			if pair.from.Voucher.Fence != 1 {
				t.Error("whoever held an earlier fence still counts")
			}
		})
	}
}

// X02: what was moved goes home whole, or not at all.
func TestWhatWasMovedGoesHome(t *testing.T) {
	t.Parallel()
	for _, act := range []voucher.Act{claimOf(), transferOf(200_00)} {
		pair := opposite(nothing)
		if err := pair.moves(act); err != nil {
			t.Fatal(err)
		}
		back := voucher.Reverse{Target: act.Refs()[0], Limited: voucher.Unlimited}
		if _, err := voucher.Decide(pair.from, back); err != nil {
			t.Fatal(err)
		}
		if _, err := voucher.Decide(pair.to, voucher.Return{Target: act.Refs()[0]}); err != nil {
			t.Fatal(err)
		}
		if pair.from.Voucher.Balance != 500_00 || pair.to.Voucher.Balance != 100_00 || pair.from.Voucher.State != voucher.Active {
			t.Errorf("%T left %d %s and %d", act, pair.from.Voucher.Balance, pair.from.Voucher.State, pair.to.Voucher.Balance)
		}
	}
	spent := opposite(nothing)
	if err := spent.moves(claimOf()); err != nil {
		t.Fatal(err)
	}
	spent.to.Voucher.Balance = 499_99
	if _, err := voucher.Decide(spent.from, voucher.Reverse{Target: claimOf().Ref, Limited: voucher.Unlimited}); err != nil {
		t.Fatal(err)
	}
	if _, err := voucher.Decide(spent.to, voucher.Return{Target: claimOf().Ref}); !errors.Is(err, voucher.ErrNotReversible) {
		t.Errorf("what was spent came back: %v", err)
	}
}

// The parts of an account are together never above its balance, whoever holds them, and each holder has one.
func TestAnAccountIsSetAsideByAmount(t *testing.T) {
	t.Parallel()
	account := opposite(nothing).to
	tries := 0
	reserves := func(key string, holder byte, minor int64) (voucher.Answer, error) {
		tries++
		amount := money.Of(minor, "DKK")
		return voucher.Decide(account, voucher.Reserve{
			ID: fmt.Sprint(tries), Ref: voucher.Ref{Owner: "shop:demo", Kind: voucher.Reservations, Key: key}, Holder: voucher.Holder{holder}, Due: amount, Amount: &amount,
		})
	}
	for _, tt := range []struct {
		key      string
		holder   byte
		minor    int64
		reserved int64 // afterwards
		refused  bool
	}{
		{"a", 1, 60_00, 60_00, false},
		{"b", 2, 40_01, 60_00, true},
		{"b", 2, 40_00, 100_00, false},
		{"c", 3, 1, 100_00, true},
		{"d", 1, 10_00, 50_00, false}, // his part again, under another key
		{"a", 2, 10_00, 50_00, true},  // that holder has a part already
		{"c", 3, 50_00, 100_00, false},
	} {
		if _, err := reserves(tt.key, tt.holder, tt.minor); (err != nil) != tt.refused {
			t.Errorf("%s of %d: %v", tt.key, tt.minor, err)
		}
		if got := account.Reserved(); got != tt.reserved {
			t.Errorf("%s of %d: %d is set aside, want %d", tt.key, tt.minor, got, tt.reserved)
		}
	}
}
