package admin_test

import (
	"strings"
	"testing"
)

// The list of cards as the shopkeeper knows it: each order line that is a card (A06, D20), a line of its own for each unit (A07), a number of
// its own (A09), found by the whole number or by its end (A10), activated or not (A11, A12), with links to the order (A13) and the
// customer (A14) in the shop, date of purchase and amount (A15).
func TestTheListOfCards(t *testing.T) {
	t.Parallel()
	h := open(t)
	cards := h.sells(order("1042", 0, units(2)))
	other := h.sells(order("1043", 0))[0]
	h.runs(`UPDATE voucher SET state = 'issued' WHERE id = $1`, other.id)
	line := func(unit string, c card) string {
		return `{"id":"` + c.id + `","last4":"` + c.last4 + `","issued":` + dkk(500_00) + `,"order":{"number":"1042","line":"1","unit":` + unit + `,"paid":` + dkk(500_00) +
			`,"ordered_at":"2026-11-22T12:00:00Z","order_url":"https://shop.example/wp-admin/post.php?action=edit\u0026post=91042"}}`
	}
	got := h.office.asks("GET", "/v1/admin/vouchers?q=1042&sort=issued_at", "")
	for i, c := range cards {
		want := line(string(rune('1'+i)), c)
		if !h.lists(got, c, want) {
			t.Errorf("unit %d is not in %s, want %s", i+1, got.text, want)
		}
	}
	if cards[0].code == cards[1].code || strings.Contains(got.text, cards[0].code) {
		t.Error("two cards of one number, or the number is in the list")
	}
	h.office.asks("POST", "/v1/admin/vouchers/find", says1("code", strings.ToLower(cards[0].code))).has(200, `{"id":"`+cards[0].id+`"}`)
	for query, want := range map[string]int{
		"q=" + cards[0].last4: 1, "state=active": 2, "state=issued": 1, "q=1043": 1, "q=91042": 2, "q=CARD-500": 3, "from=2020-01-01&to=2020-12-31": 0,
	} {
		items, _ := h.office.asks("GET", "/v1/admin/vouchers?"+query, "").fields()["items"].([]any)
		if len(items) != want {
			t.Errorf("%s: %d cards, want %d", query, len(items), want)
		}
	}
	sheet := h.office.sees(cards[0])
	for _, want := range []string{`"customer":"7"`, `"customer_url":"https://shop.example/wp-admin/user-edit.php?user_id=7"`} {
		if !strings.Contains(sheet.text, want) {
			t.Errorf("%s is not in %s", want, sheet.text)
		}
	}
}

// lists tells whether a page has a card with these members.
func (h *house) lists(page *reply, c card, want string) bool {
	h.t.Helper()
	items, _ := page.fields()["items"].([]any)
	for _, item := range items {
		if found := item.(map[string]any); found["id"] == c.id {
			return within(parse(h.t, "want", want), found)
		}
	}
	return false
}

// within tells whether what is wanted is in what was got.
func within(want, got map[string]any) bool {
	for name, value := range want {
		inner, nested := value.(map[string]any)
		if found, ok := got[name].(map[string]any); nested && ok {
			if !within(inner, found) {
				return false
			}
		} else if got[name] != value {
			return false
		}
	}
	return true
}

// A card's own page has its history, which no list has (A17): the orders that it was used on (A18), what each cost in all (A20), and how the
// rest was paid (A21).
func TestTheHistoryOfACard(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.shop.reserves("woo:1", c, "cart-1", 800_00)
	h.shop.captures("woo:1", "1077", pays("order_total", 800_00), `"other_tenders":[{"method":"card","amount":`+dkk(300_00)+`}]`)
	history := h.office.asks("GET", "/v1/admin/vouchers/"+c.id+"/history", "")
	for _, want := range []string{`"order":"1077"`, `"order_total":` + dkk(800_00), `"other_tenders":[{"method":"card","amount":` + dkk(300_00) + `}]`, `"kind":"redeem"`} {
		if !strings.Contains(history.text, want) {
			t.Errorf("%s is not in %s", want, history.text)
		}
	}
	if list := h.office.asks("GET", "/v1/admin/vouchers", ""); strings.Contains(list.text, "1077") {
		t.Error("the history is in the list")
	}
}

// A16: all balances are there at once, page by page, with what is reserved of them.
func TestManyBalancesAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	want := map[string]bool{}
	for range 5 {
		want[h.issues(500_00).id] = true
	}
	held := h.issues(300_00)
	h.shop.reserves("woo:1", held, "cart-1", 100_00)
	cursor := ""
	for range 4 {
		page := h.office.asks("GET", "/v1/admin/balances?limit=2&cursor="+cursor, "")
		for _, item := range page.fields()["items"].([]any) {
			row := item.(map[string]any)
			delete(want, row["id"].(string))
			if row["id"] == held.id && !within(parse(t, "want", `{"balance":`+dkk(300_00)+`,"reserved":`+dkk(100_00)+`,"available":`+dkk(200_00)+`,"state":"active"}`), row) {
				t.Errorf("%v", row)
			}
		}
		if page.fields()["next_cursor"] == nil {
			break
		}
		cursor = page.at("next_cursor")
	}
	if len(want) != 0 {
		t.Errorf("%d balances are missing", len(want))
	}
	h.office.asks("GET", "/v1/admin/balances?cursor=made-up", "").refuses(400, "invalid_request", says("field", "cursor"))
}
