package admin_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail"
	"vouchsafe/retail/notary"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/purchase"
)

// anna is a person whose data must go, written so that nothing else can hold it by chance.
const (
	annaMail = "Anna.Kanarie@Example.org"
	annaName = "Anna Kanarievogel"
	annaWish = "Lyver som en kanarie"
)

// by lets somebody buy.
func by(email, name string) func(*purchase.Order) {
	return func(o *purchase.Order) { o.Buyer.Email, o.Buyer.Name = email, name }
}

// wishing adds a message to the recipient.
func wishing(email, name, message string) func(*purchase.Order) {
	return func(o *purchase.Order) {
		o.Lines[0].RecipientEmail, o.Lines[0].RecipientName, o.Lines[0].Message = email, name, message
	}
}

// mentions are the tables in which a text stands, in clear or as bytes.
func (h *house) mentions(texts ...string) (found []string) {
	h.t.Helper()
	rows, _ := h.pool.Query(h.t.Context(), `SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	h.must(err)
	for _, table := range tables {
		for _, text := range texts {
			held := h.reads(`SELECT count(*)::text FROM `+pgx.Identifier{table}.Sanitize()+` r WHERE strpos(lower(r::text), lower($1)) > 0 OR strpos(r::text, $2) > 0`,
				text, hex.EncodeToString([]byte(text)))
			if held != "0" {
				found = append(found, table+" holds "+text)
			}
		}
	}
	return found
}

// about asks for something about a person.
func (h *house) about(what, email string, more ...string) *reply {
	h.t.Helper()
	return h.office.asks("POST", "/v1/admin/data-subjects/"+what, members(append(more, says("email", email))...))
}

// erases erases a person, and expects so many orders, gifts, deliveries, webhooks, texts and lines of the audit trail to be erased, and
// deliveries to be cancelled.
func (h *house) erases(email, want string, more ...string) {
	h.t.Helper()
	erased, _ := h.about("erase", email, append(more, says("reason", "Anna Kanarievogel asked by mail"))...).has(200, `{"kept":"*"}`).fields()["erased"].(map[string]any)
	var got []string
	for _, what := range []string{"orders", "gifts", "deliveries", "webhooks", "texts", "audit_lines", "cancelled"} {
		got = append(got, fmt.Sprint(erased[what]))
	}
	if strings.Join(got, " ") != want {
		h.t.Errorf("erased %s, want %s", strings.Join(got, " "), want)
	}
}

// delivered waits until nothing is left to deliver.
func (h *house) delivered() {
	h.t.Helper()
	h.until("all is delivered", func() bool { return h.reads(`SELECT count(*)::text FROM delivery WHERE finished_at IS NULL`) == "0" })
}

func TestAPersonIsToldAllThatIsHeldAndIsErasedFromAllOfIt(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	own := h.sells(order("2001", 0, by(annaMail, annaName), wishing("bo@example.dk", "Bo", annaWish)))[0]
	gift := h.sells(order("2002", 0, wishing("Anna.Kanarie@EXAMPLE.ORG", annaName, "Kære du")))[0]
	other := h.sells(order("2003", 0))[0]
	h.delivered()
	h.office.does("block", own, says("reason", "Frau Kanarievogel called from anna.kanarie@example.org"))
	h.office.does("unblock", own)
	h.office.does("block", other, says("reason", "as ANNA.KANARIE@example.org said"))
	h.office.does("unblock", other)

	told := h.about("export", "Anna.Kanarie@example.ORG").has(200, members(`"consents":[]`, says("email", "Anna.Kanarie@example.org")))
	for _, part := range []string{own.id, gift.id, own.last4, annaName, annaWish, "Kære du", `"number":"2001"`, `"number":"2002"`} {
		if !strings.Contains(told.text, part) {
			t.Errorf("the export lacks %s: %s", part, told.text)
		}
	}
	if strings.Contains(told.text, own.code) || strings.Contains(told.text, "bo@example.dk") || strings.Contains(told.text, "2003") {
		t.Errorf("the export tells what is not the person's: %s", told.text)
	}
	h.about("export", "anna.kanarie@example.org").has(200, `{"orders":[],"gifts":[]}`) // who that is, is for the mail server to say

	h.erases(annaMail, "1 1 2 0 0 2 0")
	if found := h.mentions(annaMail, annaName, annaWish, "Kanarievogel", "Kære du"); len(found) > 0 {
		t.Errorf("after the erasure %v", found)
	}
	h.erases(annaMail, "0 0 0 0 0 0 0")
	if n := h.reads(`SELECT count(*)::text FROM audit WHERE action = 'erase_data_subject' AND detail ->> 'reason' = '[erased] asked by mail'`); n != "1" {
		t.Errorf("%s erasures are in the audit trail", n)
	}
	if left := h.about("export", annaMail).text; !strings.Contains(left, `"number":"2001"`) || strings.Contains(left, `"name"`) || strings.Contains(left, `"customer"`) {
		t.Errorf("after the erasure is left: %s", left)
	}
	h.till.redeems("t:1", own, 100_00).has(201, members(pays("balance", 400_00)))
	h.till.redeems("t:2", gift, 100_00).has(201, members(pays("balance", 400_00)))
	h.proven()
}

// proven expects that history is as it was, after it was chained.
func (h *house) proven() {
	h.t.Helper()
	n := notary.New(h.pool, h.ring)
	_, err := n.Chain(context.Background(), notary.Recent)
	h.must(err)
	findings, err := n.Verify(context.Background())
	h.must(err)
	for _, f := range findings {
		h.t.Errorf("%s: %s: %s", f.Invariant, f.Subject, f.Evidence)
	}
}

func TestALaterWordOfTheShopBringsNothingPersonalBack(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	bought := []func(*purchase.Order){by(annaMail, annaName), wishing("", annaName, annaWish)}
	card := h.sells(order("2001", 0, bought...))[0]
	placed := append(bought, withStatus(purchase.Placed))
	h.tells(order("2002", 0, placed...))
	forAnna := []func(*purchase.Order){wishing(annaMail, annaName, annaWish)}
	h.tells(order("2003", 0, append(forAnna, withStatus(purchase.Placed))...))
	h.delivered()
	h.erases(annaMail, "2 1 1 0 0 0 0")

	h.tells(order("2001", 1, append(bought, withStatus(purchase.Cancelled))...))
	h.office.sees(card).has(200, `{"blocked_by":["order"]}`)
	h.tells(order("2001", 2, append(bought, units(1))...))
	h.tells(order("2002", 1, bought...))
	h.tells(order("2003", 1, forAnna...))
	if found := h.mentions(annaMail, annaName, annaWish); len(found) > 0 {
		t.Errorf("the shop told it again, and %v", found)
	}
	if kept := h.reads(`SELECT (count(*) FILTER (WHERE p.buyer IS NOT NULL) || ' ' || count(u.wishes)) FROM purchase p JOIN purchase_unit u ON u.purchase = p.id`); kept != "1 0" {
		t.Errorf("buyers and wishes that are kept: %s, want the buyer of 2003 alone", kept)
	}
	h.till.redeems("t:1", card, 100_00).has(201, members(pays("balance", 400_00)))
	if waits := h.reads(`SELECT string_agg(reason, ' ') FROM delivery WHERE finished_at IS NULL AND state = 'waiting'`); waits != "needs_address" {
		t.Errorf("what is paid after the erasure waits for %q", waits)
	}
}

func TestNobodyIsErasedWhileSomethingIsStillToBeDelivered(t *testing.T) {
	t.Parallel()
	h := open(t)
	card := h.sells(order("2001", 0, by(annaMail, annaName), deliverOn("2029-01-01")))[0]
	h.unchanged("a refused erasure", func() {
		h.about("erase", annaMail, because).refuses(409, "still_to_deliver", `"deliveries":1`, `"vouchers":0`, `"webhooks":0`)
		h.about("erase", "nobody", because).refuses(400, "invalid_request", `"field":"email"`)
		h.about("erase", annaMail).refuses(400, "invalid_request", `"field":"reason"`)
	})
	h.erases(annaMail, "1 0 1 0 0 0 1", `"cancel_deliveries":true`)
	if got := h.sent(card); got != "code cancelled the recipient was erased" {
		t.Errorf("the code's deliveries: %s", got)
	}
	if found := h.mentions(annaMail, annaName); len(found) > 0 {
		t.Errorf("after the erasure %v", found)
	}
	h.till.redeems("t:1", card, 100_00).has(201, members(pays("balance", 400_00)))
}

func TestAWebhookThatNamesAPersonIsErasedOnceItIsSettled(t *testing.T) {
	t.Parallel()
	h := open(t)
	body := retail.Body{Bytes: []byte(`{"billing":{"email":"anna.kanarie\u0040example.org"}}`)}
	receives := func() {
		t.Helper()
		_, err := h.sales.Receive(t.Context(), orders.Shop{ID: "demo"}, body)
		h.must(err)
	}
	receives()
	h.about("erase", annaMail, because).refuses(409, "still_to_deliver", `"deliveries":0`, `"vouchers":0`, `"webhooks":1`)
	h.runs(`UPDATE inbox SET state = 'ignored'`)
	h.about("export", annaMail).has(200, `{"webhooks":[{"id":"*","received_at":"*","shop":"demo","state":"ignored"}]}`)
	h.erases(annaMail, "0 0 0 1 0 0 0")
	receives()
	if kept := h.reads(`SELECT count(body)::text FROM inbox`); kept != "0" {
		t.Error("a repeat brings the erased body back")
	}
}

func TestOrdersFromBeforeDigestsAreFoundToo(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	h.sells(order("2001", 0, by(annaMail, annaName)))
	h.sells(order("2002", 0, wishing(annaMail, annaName, annaWish)))
	h.delivered()
	h.runs(`UPDATE purchase SET buyer_mac = NULL`)
	h.runs(`UPDATE purchase_unit SET wishes_mac = NULL`)
	h.erases(annaMail, "1 1 2 0 0 0 0")
}

func TestWhatIsOldIsErasedByDateUnlessItStillWaits(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	h.sells(order("2001", 0, by(annaMail, annaName), wishing("", annaName, annaWish)))
	h.sells(order("2002", 0, deliverOn("2029-01-01")))
	h.sells(order("2003", 0))
	h.until("two are mailed", func() bool { return h.reads(`SELECT count(*)::text FROM delivery WHERE finished_at IS NULL`) == "1" })
	h.runs(`INSERT INTO task (kind, subject, reason, detail, opened_at) SELECT 'flagged', 'x', 'look', jsonb_build_object('purchase', id), vouchsafe_now() FROM purchase WHERE number = '2003'`)
	held := func() string {
		return h.reads(`SELECT coalesce(string_agg(number, ' ' ORDER BY number), '') FROM purchase WHERE buyer IS NOT NULL`)
	}
	h.passes(89 * 24 * time.Hour)
	h.must(h.sales.EraseOrders(t.Context()))
	if got := held(); got != "2001 2002 2003" {
		t.Errorf("a day before its time: %s are held", got)
	}
	h.passes(91 * 24 * time.Hour)
	h.must(h.sales.EraseOrders(t.Context()))
	h.must(h.box.Clean(t.Context()))
	if got := held(); got != "2002 2003" {
		t.Errorf("after 91 days %s are held", got)
	}
	if wishes := h.reads(`SELECT count(*)::text FROM purchase_unit u JOIN purchase p ON p.id = u.purchase WHERE number = '2001' AND wishes IS NOT NULL`); wishes != "0" {
		t.Error("the wishes of an erased order are held")
	}
	h.runs(`UPDATE purchase_unit SET wishes = 'another recipient' WHERE purchase = (SELECT id FROM purchase WHERE number = '2001')`)
	h.must(h.sales.EraseOrders(t.Context()))
	if wishes := h.reads(`SELECT count(*)::text FROM purchase_unit WHERE wishes = 'another recipient'`); wishes != "0" {
		t.Error("whom an erased order was sent to later is held")
	}
	h.runs(`UPDATE task SET closed_at = vouchsafe_now(), closed_reason = 'seen'`)
	h.must(h.sales.EraseOrders(t.Context()))
	if got := held(); got != "2002" {
		t.Errorf("when the task is closed %s are held", got)
	}
}

func TestCodesAreShreddedWhenTheyCanNotBeSpentAnyMore(t *testing.T) {
	t.Parallel()
	h := open(t)
	spent, live, ended := h.issues(500_00), h.issues(500_00), h.issues(500_00)
	h.till.redeems("t:1", spent, 500_00)
	h.office.does("invalidate", ended, because)
	const after = 90 * 24 * time.Hour
	kept := func() string {
		return h.reads(`SELECT coalesce(string_agg(last4, ' ' ORDER BY id), '') FROM voucher WHERE code_sealed IS NOT NULL`)
	}
	h.passes(after - time.Hour)
	if n, err := h.ledger.Shred(t.Context(), after); err != nil || n != 0 {
		t.Errorf("before its time: %d, %v", n, err)
	}
	h.passes(after + time.Hour)
	if n, err := h.ledger.Shred(t.Context(), after); err != nil || n != 2 || kept() != live.last4 {
		t.Errorf("%d are shredded, %v; %s are kept", n, err, kept())
	}
	h.passes(4 * 365 * 24 * time.Hour) // three years to the day, and more
	if n, err := h.ledger.Shred(t.Context(), after); err != nil || n != 1 {
		t.Errorf("after its validity: %d, %v", n, err)
	}
	h.office.asks("POST", "/v1/admin/vouchers/find", members(says("code", spent.code))).has(200, members(says("id", spent.id)))
	h.passes(0)
}

func TestSealsAreListed(t *testing.T) {
	t.Parallel()
	h := open(t)
	n := notary.New(h.pool, h.ring)
	for range 3 {
		h.issues(500_00)
		_, err := n.Seal(t.Context(), notary.Recent)
		h.must(err)
	}
	line := `"at":"*","hash":"*","mac":"*","key":"k1","audit_lines":0,"accounts":1}`
	first := h.office.asks("GET", "/v1/admin/audit/seals?limit=2", "").has(200, `{"items":[{"number":3,`+line+`,{"number":2,`+line+`]}`)
	h.office.asks("GET", "/v1/admin/audit/seals?limit=2&cursor="+first.next(), "").wants(200, `{"items":[{"number":1,`+line+`],"next_cursor":null}`)
	h.office.asks("GET", "/v1/admin/audit/seals?cursor=x", "").refuses(400, "invalid_request", `"field":"cursor"`)
}

func TestAnErasureThatIsCutOffHasErasedNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	h.sells(order("2001", 0, by(annaMail, annaName)))
	h.delivered()
	h.runs(`ALTER TABLE audit ADD CONSTRAINT torn CHECK (action <> 'erase_data_subject')`) // the last thing that it does
	h.unchanged("an erasure that was cut off", func() { h.about("erase", annaMail, because).refuses(500, "internal") })
	if h.reads(`SELECT count(buyer)::text FROM purchase`) != "1" {
		t.Error("the buyer is gone")
	}
	h.runs(`ALTER TABLE audit DROP CONSTRAINT torn`)
	h.erases(annaMail, "1 0 1 0 0 0 0")
}
