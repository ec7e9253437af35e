package ledger_test

import (
	"testing"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/retailtest"
	"vouchsafe/retail/voucher"
)

// onAccount settles an act on an account that must not be refused.
func (h *house) onAccount(id string, act voucher.Act) voucher.Answer {
	h.t.Helper()
	answer, err := h.Apply(h.t.Context(), ledger.Aimed{Voucher: id, Account: true, Act: act})
	if err != nil {
		h.t.Fatalf("%+v: %v", act, err)
	}
	return answer
}

func demo(kind voucher.ActKind, key string) voucher.Ref {
	return voucher.Ref{Owner: "shop:demo", Kind: kind, Key: key}
}

func (h *house) earns(account, key string, points int64, days int) {
	h.t.Helper()
	h.onAccount(account, voucher.Earn{ID: h.newID(), Ref: demo(voucher.Earnings, key), Asked: key, Event: "order", Points: points, Days: days})
}

// pays is a wish to pay with points at a rate of one for ten øre.
func (h *house) pays(key string, cart byte, due int64) voucher.Reserve {
	return voucher.Reserve{
		ID: h.newID(), Ref: demo(voucher.Reservations, key), Holder: voucher.Holder{cart}, Due: dkk(due),
		Points: &voucher.PayPoints{Rate: money.Rate{Units: 1, Value: dkk(10)}, Due: dkk(due), Payable: due, Most: 1 << 40, Permits: 1 << 50},
	}
}

// holds makes sure of what an account of points has.
func (h *house) holds(account string, balance int64) {
	h.t.Helper()
	accounts, err := h.Accounts(h.t.Context(), account)
	if err != nil || len(accounts) != 1 || accounts[0].Balance != money.Of(balance, money.Point) {
		h.t.Fatalf("the account is %+v, %v; want %d points", accounts, err, balance)
	}
	h.sound()
}

func TestPointsAreKeptInLotsThroughAllTheirLife(t *testing.T) {
	t.Parallel()
	h := open(t)
	account := h.opensAccountIn(money.Point)
	h.earns(account, "a", 100, 10)
	h.earns(account, "b", 50, 0)
	h.onAccount(account, h.pays("r", 1, 12_00))
	h.onAccount(account, h.pays("r", 1, 11_00)) // a smaller cart
	h.holds(account, 150)
	h.onAccount(account, voucher.Capture{ID: h.newID(), Ref: demo(voucher.Reservations, "r"), Detail: voucher.Detail{Order: "1", OrderTotal: new(dkk(10_55))}})
	h.holds(account, 45)
	again := h.onAccount(account, voucher.Capture{ID: h.newID(), Ref: demo(voucher.Reservations, "r"), Detail: voucher.Detail{Order: "1", OrderTotal: new(dkk(10_55))}})
	if again.Created || *again.Record.Detail.Covers != dkk(10_50) {
		t.Errorf("the repeat of the capture is %+v", again.Record)
	}
	h.onAccount(account, voucher.Refund{ID: h.newID(), Ref: demo(voucher.Refunds, "f"), Redemption: demo(voucher.Redemptions, "r")})
	h.holds(account, 150)
	h.onAccount(account, h.pays("s", 2, 3_00))
	retailtest.ShiftClock(t, h.pool, 12*24*time.Hour)
	if _, err := h.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.holds(account, 50)
	h.onAccount(account, voucher.Reverse{Target: demo(voucher.Earnings, "b"), Limited: voucher.Unlimited})
	h.holds(account, 0)
	found, err := h.Sweep(t.Context())
	if err != nil || found != 0 {
		t.Errorf("swept %d more, %v", found, err)
	}
}

// Whatever is edited of the lots of an account, the proof of the books finds it.
func TestVerifyFindsWhatIsWrongWithLots(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ invariant, edit string }{
		{"the lots of an account of points add up to its balance, and what they have set aside to what is reserved", `UPDATE lot SET rest = rest + 1`},
		{"the lots of an account of points add up to its balance, and what they have set aside to what is reserved", `UPDATE lot SET aside = aside - 1`},
		{"the lots of an account of points add up to its balance, and what they have set aside to what is reserved", `UPDATE account SET currency = 'DKK'`},
		{"a lot has left what was brought to it and not taken", `UPDATE lot SET rest = rest + 1`},
		{"every entry of points says what it moved of which lots", `ALTER TABLE lot_move DISABLE TRIGGER ALL; UPDATE lot_move SET points = points - 1`},
		{"every entry of points says what it moved of which lots", `ALTER TABLE lot_move DISABLE TRIGGER ALL; DELETE FROM lot_move`},
		{"a reservation of points has set them aside in lots while it is live, at a rate of its own", `UPDATE lot_aside SET points = points + 1`},
		{"a reservation of points has set them aside in lots while it is live, at a rate of its own", `DELETE FROM exchange`},
		{"a lot has set aside what reservations have of it", `UPDATE lot_aside SET points = points + 1`},
		{"what an earning of points gave back is what was recalled of it and not given again", `UPDATE act SET taken_back = 1 WHERE kind = 'points'`},
		{"what an earning of points gave back is what was recalled of it and not given again", `UPDATE act SET rest = 1 WHERE kind = 'points'`},
		{"what an earning of points gave back is what was recalled of it and not given again", `UPDATE act SET amount = amount + 1 WHERE kind = 'recall'`},
		{"points have paid no more of an order than its limits and its lines let them", `UPDATE exchange SET most = 9`},
		{"points have paid no more of an order than its limits and its lines let them", `UPDATE exchange SET permits = 98`},
		{"what an earning has brought, as the journal says, is what stands of it and what was spent of the rest", `UPDATE act SET amount = amount + 1 WHERE kind = 'points'`},
	} {
		t.Run(tt.edit, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			account := h.opensAccountIn(money.Point)
			h.earns(account, "a", 100, 10)
			h.onAccount(account, h.pays("r", 1, 5_00))
			h.onAccount(account, h.pays("s", 2, 1_00))
			h.onAccount(account, voucher.Capture{ID: h.newID(), Ref: demo(voucher.Reservations, "s"), Detail: voucher.Detail{Order: "1"}})
			h.onAccount(account, voucher.Settle{ID: h.newID(), Ref: demo(voucher.Recalls, "a"), Earning: demo(voucher.Earnings, "a"), Deserves: 60})
			h.sound()
			h.finds(tt.edit, tt.invariant)
		})
	}
}
