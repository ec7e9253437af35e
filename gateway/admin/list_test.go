package admin_test

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// vouchers asks for vouchers and returns their ids in order, and the cursor of the next page.
func (c *caller) vouchers(query ...string) (ids []string, next string) {
	c.h.t.Helper()
	got := c.asks("GET", "/v1/admin/vouchers"+queryOf(query...), "").has(200, `{}`)
	return got.ids("id"), got.next()
}

// queryOf makes a query of names and values.
func queryOf(pairs ...string) string {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// ids are the texts of the items at a path.
func (r *reply) ids(path ...string) []string {
	r.t.Helper()
	items, ok := r.fields()["items"].([]any)
	if !ok {
		r.t.Fatalf("%s: no items in %s", r.asked, r.text)
	}
	ids := make([]string, len(items))
	for i, item := range items {
		for _, name := range path {
			within, _ := item.(map[string]any)
			item = within[name]
		}
		ids[i], _ = item.(string)
	}
	return ids
}

// next is the cursor of the page after this one; "" on the last.
func (r *reply) next() string {
	r.t.Helper()
	next, _ := r.fields()["next_cursor"].(string)
	return next
}

func idsOf(cards ...card) []string {
	ids := make([]string, len(cards))
	for i, c := range cards {
		ids[i] = c.id
	}
	return ids
}

// A06, A07, A15: one row for each card, with the order that it was bought in.
func TestAListTellsOfEveryCard(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1042", 0))[0]
	h.till.redeems("t:1", c, 100_00)
	h.shop.reserves("w:1", c, "cart", 50_00)
	h.office.asks("GET", "/v1/admin/vouchers", "").wants(200, `{"items":[`+members(
		says("id", c.id), says("last4", c.last4), says("kind", "money"), says("state", "active"), says("mode", "card"), says("product", "CARD-500"),
		`"expires_on":"*"`, `"issued_at":"*"`, pays("issued", 500_00), pays("balance", 400_00), pays("reserved", 50_00), pays("available", 350_00),
		`"blocked_by":[]`, `"quarantined":false`, says("vat", "multi_purpose"),
		`"order":`+members(says("shop", "demo"), says("platform", "woocommerce"), says("shop_url", "https://shop.example/"), says("id", "91042"),
			says("number", "1042"), says("title", "Gavekort til alle"), says("status", "paid"), says("tender", "quickpay"),
			says("paid_at", "2026-11-22T12:00:00Z"), `"purchase":"*"`, says("line", "1"), `"unit":1`, says("ordered_at", "2026-11-22T12:00:00Z"),
			pays("paid", 500_00), says("order_url", "https://shop.example/wp-admin/post.php?action=edit&post=91042")),
	)+`],"next_cursor":null}`)
	if text := h.office.asks("GET", "/v1/admin/vouchers", "").text; strings.Contains(text, c.code) {
		t.Error("the list has the code")
	}
}

// A11, A12: every state can be filtered by.
func TestAListIsFilteredByState(t *testing.T) {
	t.Parallel()
	h := ajar(t)
	free, held, used, rest := h.issues(500_00), h.issues(500_00), h.issues(500_00), h.issues(500_00)
	issued, inventory := h.issues(500_00, in(voucher.Issued)), h.issues(0, in(voucher.Inventory))
	expired, ended, blocked, quarantined := h.issues(500_00), h.issues(500_00), h.issues(500_00), h.issues(500_00)
	h.shop.reserves("w:1", held, "cart", 1_00)
	h.till.redeems("t:1", used, 500_00)
	h.till.redeems("t:2", rest, 1_00)
	h.runs(`UPDATE voucher SET expires_on = vouchsafe_now()::date - 1, ends_at = vouchsafe_now() - interval '1 hour' WHERE id = $1`, expired.id)
	h.office.does("invalidate", ended, because)
	h.office.does("block", blocked)
	h.forgets(quarantined, 9)
	for state, want := range map[string][]card{
		"active": {quarantined, blocked, rest, held, free}, "issued": {issued}, "inventory": {inventory}, "depleted": {used}, "expired": {expired},
		"invalidated": {ended}, "claimed": {}, "blocked": {blocked}, "reserved": {held}, "quarantined": {quarantined}, "rest": {rest},
	} {
		if got, _ := h.office.vouchers("state", state); !slices.Equal(got, idsOf(want...)) {
			t.Errorf("%s: got %q, want %q", state, got, idsOf(want...))
		}
	}
	h.passes(24 * time.Hour)
	if got, _ := h.office.vouchers("state", "reserved"); len(got) != 0 {
		t.Errorf("a reservation that is over: got %q", got)
	}
}

// A10, A13: a list is searched by the end of a code, by an order's number, by a product, and by id.
func TestAListIsSearched(t *testing.T) {
	t.Parallel()
	h := open(t)
	first, second := h.sells(order("1042", 0, units(2))), h.sells(order("1043", 0, of("CARD-MANUAL")))
	for q, want := range map[string][]string{
		"1042": idsOf(first[1], first[0]), "91042": idsOf(first[1], first[0]), "1043": idsOf(second...), first[0].id: idsOf(first[0]),
		first[0].last4: idsOf(first[0]), strings.ToLower(first[0].last4): idsOf(first[0]), "CARD-MANUAL": idsOf(second...), "spa": idsOf(second...),
		"gavekort": idsOf(first[1], first[0]), "1044": {}, "buyer@example.dk": {}, "01890a5d-ac96-774b-bcce-b302099a8057": {}, "%": {}, "'": {},
	} {
		if got, _ := h.office.vouchers("q", q); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", q, got, want)
		}
	}
	if got, _ := h.office.vouchers("q", "1042", "state", "issued"); len(got) != 0 {
		t.Errorf("with a filter: got %q", got)
	}
}

// A code never stands in an address: neither one of ours nor a foreign one that a voucher has.
func TestACodeIsNeverSearchedInAnAddress(t *testing.T) {
	t.Parallel()
	h := open(t)
	ours, foreign := h.issues(500_00), h.issues(500_00)
	h.runs(`UPDATE voucher SET code_mac = $2 WHERE id = $1`, foreign.id, h.ring.MAC("foreign voucher code", []byte("OLD123456")))
	lost := ours.code
	h.office.does("replace", ours, because) // nobody's code any more, and a code all the same
	ours = h.reveals(ours.id)
	for _, code := range []string{lost, ours.code, strings.ToLower(ours.code), strings.ReplaceAll(ours.code, "-", ""), " " + ours.code, "old-123456"} {
		for _, list := range []string{"vouchers", "reservations", "purchases", "deliveries", "tasks", "products", "shops", "keys", "audit", "batches"} {
			got := h.office.asks("GET", "/v1/admin/"+list+queryOf("q", code), "")
			got.refuses(400, "invalid_request", `"field":"q"`)
			if strings.Contains(got.text, code) {
				t.Errorf("the answer repeats it: %s", got.text)
			}
		}
	}
	h.office.asks("POST", "/v1/admin/vouchers/find", says1("code", "old 123456")).has(200, says1("id", foreign.id))
}

// A list can be walked page by page in every order, and each item comes once.
func TestAListIsWalkedPageByPage(t *testing.T) {
	t.Parallel()
	h := open(t)
	var cards []card
	for _, minor := range []int64{300, 100, 200, 200, 200} {
		cards = append(cards, h.issues(minor))
	}
	a, b, c, d, e := cards[0].id, cards[1].id, cards[2].id, cards[3].id, cards[4].id
	h.runs(`UPDATE voucher SET expires_on = NULL, ends_at = NULL WHERE id = $1`, a)
	same := slices.Sorted(slices.Values([]string{c, d, e}))
	for sort, want := range map[string][]string{
		"issued_at": {a, b, c, d, e}, "-issued_at": {e, d, c, b, a}, "": {e, d, c, b, a},
		"balance": {b, same[0], same[1], same[2], a}, "-balance": {a, same[2], same[1], same[0], b},
	} {
		if got := h.office.walks(sort, 2); !slices.Equal(got, want) {
			t.Errorf("by %q: got %q, want %q", sort, got, want)
		}
	}
	if got := h.office.walks("expires_on", 1); len(got) != 5 || got[4] != a {
		t.Errorf("what never expires comes last: got %q", got)
	}
	if got := h.office.walks("-expires_on", 1); len(got) != 5 || got[0] != a {
		t.Errorf("what never expires comes first: got %q", got)
	}
}

// walks goes through a list in pages of a size.
func (c *caller) walks(sort string, size int) (all []string) {
	c.h.t.Helper()
	query := []string{"limit", string(rune('0' + size))}
	if sort != "" {
		query = append(query, "sort", sort)
	}
	for cursor, pages := "", 0; pages < 9; pages++ {
		ids, next := c.vouchers(append(query, "cursor", cursor)...)
		all = append(all, ids...)
		if cursor = next; cursor == "" {
			return all
		}
	}
	c.h.t.Fatalf("the list by %s does not end", sort)
	return nil
}

// From and to are instants, or days of the merchant's zone.
func TestAListIsBoundedByTime(t *testing.T) {
	t.Parallel()
	h := open(t)
	old, day := h.issues(1), h.issues(2)
	h.runs(`UPDATE voucher SET issued_at = '2026-03-01T22:59:59Z' WHERE id = $1`, old.id) // a second before midnight in Copenhagen
	h.runs(`UPDATE voucher SET issued_at = '2026-03-01T23:00:00Z' WHERE id = $1`, day.id)
	for _, tt := range []struct {
		query []string
		want  []string
	}{
		{[]string{"from", "2026-03-02"}, idsOf(day)},
		{[]string{"to", "2026-03-01"}, idsOf(old)},
		{[]string{"from", "2026-03-01", "to", "2026-03-02"}, idsOf(day, old)},
		{[]string{"from", "2026-03-01T23:00:00Z"}, idsOf(day)},
		{[]string{"to", "2026-03-01T23:00:00Z"}, idsOf(old)},
		{[]string{"from", "2026-03-03"}, []string{}},
	} {
		if got, _ := h.office.vouchers(tt.query...); !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.query, got, tt.want)
		}
	}
}

// Whatever can't be meant is refused by its name, in every list.
func TestAQueryThatCannotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.issues(1)
	h.issues(2)
	_, byBalance := h.office.vouchers("limit", "1", "sort", "balance")
	forge := func(list, sort string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(list + "\x00" + sort + "\x00x\x00y"))
	}
	forged := forge("vouchers", "-issued_at")
	for _, tt := range []struct{ list, name, value string }{
		{"vouchers", "state", "spent"}, {"vouchers", "sort", "code"}, {"vouchers", "limit", "0"}, {"vouchers", "limit", "501"}, {"vouchers", "limit", "x"},
		{"vouchers", "cursor", "x"}, {"vouchers", "cursor", forged}, {"vouchers", "cursor", byBalance}, {"vouchers", "from", "yesterday"},
		{"vouchers", "to", "2026-02-30"}, {"vouchers", "q", strings.Repeat("x", 201)}, {"vouchers", "code", "x"},
		{"reservations", "filter", "all"}, {"reservations", "cursor", "x"}, {"reservations", "cursor", forged}, {"reservations", "from", "x"}, {"reservations", "sort", "issued_at"}, {"reservations", "cursor", forge("held", "held_until")},
		{"audit", "cursor", forge("audit", "-at")}, {"purchases", "cursor", forge("purchases", "-received_at")}, {"tasks", "cursor", forge("tasks", "opened_at")},
		{"deliveries", "cursor", forge("deliveries", "-created_at")}, {"products", "cursor", forge("products", "-created_at")},
		{"keys", "cursor", forge("keys", "-created_at")}, {"batches", "cursor", forge("batches", "-created_at")},
		{"audit", "cursor", "x"}, {"audit", "limit", "0"}, {"audit", "to", "x"}, {"audit", "actor", "x"},
	} {
		h.office.asks("GET", "/v1/admin/"+tt.list+queryOf(tt.name, tt.value), "").refuses(400, "invalid_request", says("field", tt.name))
	}
}

// A04, A14, A17 to A21: the sheet and the history of a card.
func TestAVoucherTellsItsStory(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1042", 0))[0]
	until := h.shop.reserves("w:1", c, "order-2026-001042", 120_00).at("expires_at")
	sheet := h.office.sees(c).has(200, members(pays("balance", 500_00), pays("reserved", 120_00), pays("available", 380_00), says("time_zone", "Europe/Copenhagen"),
		`"reservation":`+members(`"id":"*"`, says("key", "w:1"), says("owner", "shop:demo"), says("state", "active"), pays("amount", 120_00), pays("due", 120_00),
			says("held_until", until), `"released_by":"*"`, `"ended_at":null`, `"held_by":`+members(says("channel", "webshop"), says("holder", "001042"), `"since":"*"`))))
	if got := sheet.at("order", "customer"); got != "7" {
		t.Errorf("A14: the customer is %q", got)
	}
	h.office.asks("POST", "/v1/admin/vouchers/find", says1("code", c.code)).wants(200, sheet.text)
	h.shop.captures("w:1", "A-7", pays("amount", 100_00), pays("order_total", 150_00), `"other_tenders":[{"method":"card",`+pays("amount", 50_00)+`}]`)
	h.office.does("block", c, because)
	got := h.office.asks("GET", "/v1/admin/vouchers/"+c.id+"/history", "")
	got.has(200, `{"entries":[`+strings.Join([]string{
		members(`"seq":1`, `"act":"*"`, says("kind", "issue"), says("contra", "sold/shop:demo"), pays("amount", 500_00), pays("balance", 500_00), `"at":"*"`),
		members(`"seq":2`, `"act":"*"`, says("kind", "redeem"), says("contra", "redeemed/shop:demo"), pays("amount", -100_00), pays("balance", 400_00), `"at":"*"`),
	}, ",")+`],"claims":[],"changes":[`+members(`"id":"*"`, `"at":"*"`, says("actor", "office (key id-of-admin)"), says("action", "block"), says("object", c.id),
		`"detail":{"reason":"a customer called"}`)+`],"deliveries":[`+members(`"id":"*"`, says("kind", "code"), says("state", "pending"), says("recipient", "buyer@example.dk"),
		`"copies":0`, `"created_at":"*"`, `"due_at":"*"`, `"finished_at":null`)+`]}`)
	acts, _ := got.fields()["acts"].([]any)
	if len(acts) != 3 {
		t.Fatalf("A18: %d acts in %s", len(acts), got.text)
	}
	redemption := acts[2].(map[string]any)
	if redemption["kind"] != "redemption" || redemption["order"] != "A-7" || redemption["order_total"] == nil || redemption["other_tenders"] == nil {
		t.Errorf("A20, A21: got %v", redemption)
	}
	if strings.Contains(got.text, c.code) {
		t.Error("the history has the code")
	}
}

func TestAVoucherThatNoWebshopSoldHasNoOrder(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00, func(v *voucher.Voucher) { v.Term = voucher.NeverExpires })
	h.office.sees(c).has(200, `{"order":null,"expires_on":null,"reservation":null,"quarantine":null}`)
	guest := h.sells(order("1042", 0, func(o *purchase.Order) { o.Buyer.ID = "" }))[0]
	if got := h.office.sees(guest).fields()["order"].(map[string]any); got["customer"] != nil {
		t.Errorf("a guest is %v", got["customer"])
	}
}
