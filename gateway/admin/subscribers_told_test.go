package admin_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// reserved is what a message says of a reservation, beside its type and the balance.
func reserved(m heard) string {
	r := m.Data.Reservation
	if r == nil {
		return m.String()
	}
	return fmt.Sprintf("%s %s of %s until %s, %s holds %d", m.Type, r.Amount, m.Data.Balance, r.ExpiresAt.Sub(m.Timestamp), r.Owner, m.Data.Balance.Minor)
}

// X14: the grant of a reservation is told and its end, each once and in the order of the voucher, between the lines of the journal.
func TestASubscriberIsToldOfReservations(t *testing.T) {
	t.Parallel()
	h := open(t)
	e := listens(t)
	a, b, lapsed := h.issues(500_00), h.issues(500_00), h.issues(500_00)
	id, _ := h.subscribes(e)
	h.shop.reserves("w:1", a, "cart", 120_00)
	h.round(id)
	h.shop.reserves("w:1", a, "cart", 130_00)
	h.round(id)
	h.shop.captures("w:1", "A-1").has(200, "{}")
	h.shop.reserves("w:2", b, "cart", 10_00)
	h.shop.asks("POST", "/v1/reservations/w:2/release", "").has(200, `{"outcome":"released"}`)
	h.till.redeems("t:1", b, 20_00)
	h.shop.reserves("w:3", b, "cart", 30_00)
	held := h.office.sees(b).at("reservation", "id")
	h.office.asks("POST", "/v1/admin/reservations/"+held+"/release", members(because)).has(200, `{"state":"voided"}`)
	h.shop.reserves("w:4", lapsed, "cart", 40_00)
	h.passes(25 * time.Hour)
	_, err := h.ledger.Sweep(t.Context())
	h.must(err)
	h.round(id)
	h.shop.captures("w:4", "A-4").has(200, `{"late":true}`)
	h.round(id)
	h.round(id)
	h.hears(e, a, "reserved 0 50000", "captured 0 37000", "redeemed -13000 37000")
	h.hears(e, b, "reserved 0 50000", "released 0 50000", "redeemed -2000 48000", "reserved 0 48000", "released 0 48000")
	h.hears(e, lapsed, "reserved 0 50000", "reservation_expired 0 50000", "captured 0 46000", "redeemed -4000 46000")
	of, first := map[string]string{}, e.heard[0]
	for _, m := range e.heard {
		if m.Data.Reservation != nil && m.about() == a.id {
			of[m.Data.Reservation.State] = m.Data.Reservation.ID + " " + m.Data.Reservation.Amount.String()
		}
		if m.Data.Act != nil && m.about() == a.id && m.Data.Act.Reservation != first.Data.Reservation.ID {
			t.Errorf("what captured it names the reservation %q", m.Data.Act.Reservation)
		}
	}
	was := first.Data.Reservation.ID
	if of["active"] != was+" 120.00 DKK" || of["captured"] != was+" 130.00 DKK" {
		t.Errorf("told are %q", of)
	}
	if got, want := reserved(first), "voucher.reserved 120.00 DKK of 500.00 DKK until 24h0m0s, shop:demo holds 50000"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

// X14: a reservation whose transaction is committed late is told then, and one that begins and ends between two looks is told whole.
func TestAReservationThatIsCommittedLateIsToldOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	e := listens(t)
	a, b := h.issues(500_00), h.issues(500_00)
	id, _ := h.subscribes(e)
	late, err := h.pool.BeginTx(t.Context(), pgx.TxOptions{})
	h.must(err)
	defer func() { _ = late.Rollback(t.Context()) }() // it is committed below
	drawn, err := h.ledger.NewID()
	h.must(err)
	_, err = h.ledger.ApplyTx(t.Context(), late, ledger.Aimed{Voucher: a.id, Act: voucher.Reserve{
		ID: drawn, Ref: voucher.Ref{Owner: "shop:demo", Kind: voucher.Reservations, Key: "late"}, Due: money.Of(10_00, "DKK"), Holder: voucher.Holder{1},
	}})
	h.must(err)
	h.shop.reserves("w:1", b, "cart", 10_00)
	h.round(id)
	h.hears(e, a)
	h.must(late.Commit(t.Context()))
	h.shop.asks("DELETE", "/v1/reservations/late", "").has(200, `{"outcome":"released"}`)
	h.round(id)
	h.round(id)
	h.hears(e, a, "reserved 0 50000", "released 0 50000")
	h.hears(e, b, "reserved 0 50000")
}

// X14: what a cancelled order blocks is told, and what it frees again; the audit trail says why.
func TestASubscriberIsToldOfTheBlocksOfAnOrder(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1042", 0))[0]
	e := listens(t)
	id, _ := h.subscribes(e)
	h.tells(order("1042", 1, withStatus(purchase.Cancelled)))
	h.tells(order("1042", 1, withStatus(purchase.Cancelled)))
	h.tells(order("1042", 2))
	h.round(id)
	h.hears(e, c, "blocked 0 50000", "unblocked 0 50000")
	got := h.reads(`SELECT string_agg(action || ' ' || (detail ->> 'reason'), '; ' ORDER BY id) FROM audit WHERE object = $1 AND actor = 'shop:demo'`, c.id)
	if want := "block the order was cancelled; unblock the order was paid again"; got != want {
		t.Errorf("audited %q, want %q", got, want)
	}
}

// X14, D11: what happens on a customer's account is told under the shop's own name for him.
func TestASubscriberIsToldOfAccounts(t *testing.T) {
	t.Parallel()
	h := open(t)
	e, narrow := listens(t), listens(t)
	id, _ := h.subscribes(e)
	some, _ := h.subscribes(narrow, `"events":["account.claimed"]`)
	c := h.issues(500_00, claimable)
	h.shop.claims("c:1", c, "7").has(201, "{}")
	h.shop.spends("r:1", "7", 100_00).has(201, "{}")
	h.shop.spends("r:2", "7", 50_00).has(201, "{}")
	h.shop.asks("POST", "/v1/reservations/r:2/release", "").has(200, `{"outcome":"released"}`)
	h.shop.captures("r:1", "A-1").has(200, "{}")
	h.office.grants("g:1", "7", pays("delta", 5_00)).has(201, "{}")
	account := card{id: h.reads(`SELECT id::text FROM account`)}
	h.round(id)
	h.round(some)
	h.hears(e, c, "issued 50000 50000", "claimed -50000 0")
	h.hears(e, account, "account.claimed 50000 50000", "account.reserved 0 50000", "account.reserved 0 50000", "account.released 0 50000",
		"account.captured 0 40000", "account.redeemed -10000 40000", "account.adjusted 500 40500")
	h.hears(narrow, account, "account.claimed 50000 50000")
	told := narrow.heard[0].Data.Account
	if told.Customer != "7" || told.Shop != "demo" || told.WalletID == "" || narrow.heard[0].Data.Voucher != nil {
		t.Errorf("told %s", narrow.heard[0].raw)
	}
	narrow.says(func(heard) int { return 500 })
	h.shop.claims("c:2", h.issues(100_00, claimable), "7").has(201, "{}")
	h.round(some)
	h.runs(`UPDATE webhook SET attempts = 19, due_at = vouchsafe_now()`)
	h.round(some)
	if got := h.reads(`SELECT string_agg(detail ->> 'account', ',') FROM task WHERE kind = 'webhooks'`); got != account.id {
		t.Errorf("the office is told of the account %q", got)
	}
}
