package admin_test

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/hold"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/mail/mailbox"
	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/retailtest"
	"vouchsafe/retail/voucher"
)

// patience is how long a test waits for what a worker has to do.
const patience = time.Minute

// products are what the tests buy.
func products() []purchase.Product {
	return []purchase.Product{
		{SKU: "CARD-500", Name: "Gavekort", Currency: "DKK", Amount: 500_00},
		{SKU: "CARD-MANUAL", Name: "Spa dag", Currency: "DKK", Amount: 500_00, Activation: purchase.Manual},
	}
}

// noon is when the orders of the tests are placed.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// order is an order of one card, paid at a minute past noon.
func order(number string, minute int, change ...func(*purchase.Order)) purchase.Order {
	o := purchase.Order{
		ID: "9" + number, Number: number, Source: "https://shop.example/", Created: noon, Modified: noon.Add(time.Duration(minute) * time.Minute),
		Status: purchase.Paid, PaidAt: noon, Tender: "quickpay", Currency: "DKK", Language: "da", Total: money.Of(500_00, "DKK"),
		Buyer: purchase.Buyer{ID: "7", Email: "buyer@example.dk", Name: "Søren"},
		Lines: []purchase.Line{{ID: "1", SKU: "CARD-500", Name: "Gavekort til alle", Quantity: 1, Paid: money.Of(500_00, "DKK")}},
	}
	for _, f := range change {
		f(&o)
	}
	return o
}

func of(sku string) func(*purchase.Order) {
	return func(o *purchase.Order) { o.Lines[0].SKU = sku }
}

func units(n int) func(*purchase.Order) {
	return func(o *purchase.Order) {
		o.Total = money.Of(int64(n)*500_00, "DKK")
		o.Lines[0].Quantity, o.Lines[0].Paid = n, o.Total
	}
}

func withStatus(s purchase.Status) func(*purchase.Order) {
	return func(o *purchase.Order) { o.Status = s }
}

func deliverOn(day string) func(*purchase.Order) {
	return func(o *purchase.Order) { o.Lines[0].DeliverOn = day }
}

func toRecipient(email string) func(*purchase.Order) {
	return func(o *purchase.Order) { o.Lines[0].RecipientEmail, o.Lines[0].RecipientName = email, "Mormor" }
}

// tells applies a state of an order.
func (h *house) tells(o purchase.Order) {
	h.t.Helper()
	_, err := h.sales.ApplyOrder(h.t.Context(), h.demo, o)
	for tries := 0; err != nil && ledger.IsPassing(err) && tries < 5; tries++ { // as a shop does, where a busy machine took too long
		_, err = h.sales.ApplyOrder(h.t.Context(), h.demo, o)
	}
	h.must(err)
}

// sells applies an order and returns its cards.
func (h *house) sells(o purchase.Order) []card {
	h.t.Helper()
	h.tells(o)
	rows, _ := h.pool.Query(h.t.Context(), `SELECT u.voucher::text FROM purchase_unit u JOIN purchase p ON p.id = u.purchase
		WHERE p.order_id = $1 AND u.voucher IS NOT NULL ORDER BY u.line, u.unit`, o.ID)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	h.must(err)
	cards := make([]card, len(ids))
	for i, id := range ids {
		cards[i] = h.reveals(id)
	}
	return cards
}

// reveals opens the code of a voucher, as a mail to its owner would.
func (h *house) reveals(id string) card {
	h.t.Helper()
	sealed, err := h.ledger.SealedCodes(h.t.Context(), id)
	h.must(err)
	plain, err := h.ring.Open("voucher code", sealed[0].Sealed, []byte(id))
	h.must(err)
	typed, err := voucher.Read(string(plain))
	h.must(err)
	return card{id, typed.Ours.Reveal(), typed.Ours.Last4()}
}

// forgets makes PostgreSQL lose what Redis has seen of a voucher.
func (h *house) forgets(c card, witness int64) {
	h.t.Helper()
	h.must(h.holds.Put(h.t.Context(), hold.Put{Voucher: c.id, Version: witness}))
	_, err := h.ledger.Apply(h.t.Context(), ledger.Aimed{Voucher: c.id, Act: voucher.Expire{}})
	h.must(err)
}

func (h *house) passes(d time.Duration) { h.t.Helper(); retailtest.ShiftClock(h.t, h.pool, d) }

func (h *house) runs(sql string, args ...any) {
	h.t.Helper()
	_, err := h.pool.Exec(h.t.Context(), sql, args...)
	h.must(err)
}

// reads reads one value of the database as text.
func (h *house) reads(sql string, args ...any) string {
	h.t.Helper()
	var value string
	h.must(h.pool.QueryRow(h.t.Context(), sql, args...).Scan(&value))
	return value
}

// books is a summary of all that acts write: equal before and after, nothing was changed.
func (h *house) books() string {
	h.t.Helper()
	return h.reads(`SELECT concat_ws(' ',
		(SELECT count(*) || ' acts' FROM act),
		(SELECT count(*) || ' entries' FROM entry),
		(SELECT md5(coalesce(string_agg(r::text, ',' ORDER BY r.id), '')) FROM reservation r),
		(SELECT md5(coalesce(string_agg(v::text, ',' ORDER BY v.id), '')) FROM voucher v),
		(SELECT md5(coalesce(string_agg(d::text, ',' ORDER BY d.id), '')) FROM delivery d),
		(SELECT md5(coalesce(string_agg(u.wishes::text, ',' ORDER BY u.id), '')) FROM purchase_unit u),
		(SELECT count(*) || ' tasks' FROM task),
		(SELECT count(*) || ' audited' FROM audit))`)
}

// unchanged runs what must change nothing.
func (h *house) unchanged(what string, run func()) {
	h.t.Helper()
	before := h.books()
	run()
	if after := h.books(); after != before {
		h.t.Errorf("%s changed something: %s, then %s", what, before, after)
	}
}

// audited is what the audit trail says of a voucher, "action detail" each, the earliest first.
func (h *house) audited(c card) string {
	h.t.Helper()
	return h.reads(`SELECT coalesce(string_agg(action || ' ' || detail::text, E'\n' ORDER BY id), '') FROM audit
		WHERE object = $1 AND actor = 'office (key id-of-admin)'`, c.id)
}

// sent are the deliveries of a card, "kind state reason" each, the earliest first.
func (h *house) sent(c card) string {
	h.t.Helper()
	return h.reads(`SELECT coalesce(string_agg(rtrim(kind || ' ' || state || ' ' || reason), E'\n' ORDER BY created_at, id), '') FROM delivery
		WHERE subject = $1`, c.id)
}

// mails waits for so many mails and returns them in the order of their arrival.
func (h *house) mails(n int) []mailbox.Message {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	return h.sink.Wait(ctx, h.t, n)
}

// until waits for something that a worker does.
func (h *house) until(what string, is func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			h.t.Fatalf("waited in vain until %s", what)
		case <-ticker.C:
		}
	}
}

// letter is to whom a mail went and which code is in it.
func (h *house) letter(m mailbox.Message) string {
	h.t.Helper()
	codes, err := m.Codes()
	h.must(err)
	return strings.Join(m.Recipients, ",") + " " + strings.Join(codes, ",")
}
