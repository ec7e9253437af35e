package admin_test

import (
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// prints asks for a batch.
func (c *caller) prints(key, product string, count int) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/admin/batches/"+key, members(says("product", product), `"count":`+strconv.Itoa(count), says("reason", "for the summer")))
}

// cards are the printer's list of a batch.
func (c *caller) cards(batch string) (cards []card) {
	c.h.t.Helper()
	got := c.asks("GET", "/v1/admin/batches/"+batch+"/codes.csv", "")
	lines, err := csv.NewReader(strings.NewReader(got.text)).ReadAll()
	c.h.must(err)
	if media := got.header.Get("Content-Type"); got.status != 200 || media != "text/csv; charset=utf-8" || !slices.Equal(lines[0], []string{"number", "voucher", "code"}) {
		c.h.t.Fatalf("%s: %d %s %q", got.asked, got.status, media, lines[0])
	}
	if got.header.Get("Cache-Control") != "no-store" {
		c.h.t.Error("the printer's list may be stored")
	}
	for _, line := range lines[1:] {
		cards = append(cards, card{id: line[1], code: line[2], last4: line[2][15:]})
	}
	return cards
}

// trailOf are the actions that the trail has of a thing.
func (h *house) trailOf(object string) string {
	h.t.Helper()
	var actions string
	h.must(h.pool.QueryRow(h.t.Context(), `SELECT coalesce(string_agg(action || detail::text, ' ' ORDER BY id), '') FROM audit WHERE object = $1`, object).Scan(&actions))
	return actions
}

// X08: the office has vouchers printed that are worth nothing until a register sells them.
func TestABatchIsPrintedAndSold(t *testing.T) {
	t.Parallel()
	h := open(t)
	made := h.office.prints("summer", "CARD-500", 3)
	made.wants(201, members(`"id":"*"`, says("key", "summer"), says("product", "CARD-500"), `"count":3`, says("reason", "for the summer"),
		says("state", "open"), `"created_at":"*"`, `"closed_at":null`, `"vouchers":{"inventory":3}`))
	cards := h.office.cards("summer")
	if len(cards) != 3 || len(h.office.cards(made.at("id"))) != 3 {
		t.Fatalf("%d cards", len(cards))
	}
	if audited := h.trailOf("batch " + made.at("id")); !strings.HasPrefix(audited, `print_batch{"count": 3, "reason": "for the summer", "product": "CARD-500"} tell_codes{"codes": 3}`) {
		t.Errorf("the audit trail says %s", audited)
	}
	h.office.sees(cards[0]).has(200, members(says("state", "inventory"), pays("balance", 0), pays("issued", 0), `"expires_on":null`))
	sold := h.till.asks("PUT", "/v1/sales/s:1", members(says("product", "CARD-500"), says("receipt", "1"), says("tender", "cash"), says("code", cards[0].code)))
	sold.has(201, members(pays("balance", 500_00)))
	h.office.sees(cards[0]).has(200, members(says("state", "active"), pays("issued", 500_00), `"expires_on":"*"`, `"order":null`))
	h.office.does("invalidate", cards[1], because).has(200, says1("state", "invalidated"))
	h.office.does("block", cards[2]).has(200, says1("state", "inventory"))
	if left := h.office.cards("summer"); len(left) != 1 || left[0] != cards[2] {
		t.Errorf("what is left is %v", left)
	}
	if again := h.office.prints("summer", "CARD-500", 3); again.status != 200 || again.text != made.text {
		t.Errorf("the same again is %d %s; want %s", again.status, again.text, made.text)
	}
	h.office.asks("GET", "/v1/admin/batches/summer", "").has(200, `{"state":"open","vouchers":{"inventory":1,"active":1,"invalidated":1}}`)
	for range 2 {
		h.office.asks("POST", "/v1/admin/batches/summer/close", "").has(200, `{"state":"closed","closed_at":"*","vouchers":{"inventory":1,"active":1,"invalidated":1}}`)
	}
	h.office.asks("GET", "/v1/admin/batches/summer/codes.csv", "").refuses(409, "already_settled")
	if again := h.office.prints("summer", "CARD-500", 3); again.status != 200 || again.text != made.text {
		t.Errorf("the same again is %d %s; want %s", again.status, again.text, made.text)
	}
	h.till.asks("DELETE", "/v1/sales/s:1", "").wants(200, `{"outcome":"reversed"}`)
	h.office.sees(cards[0]).has(200, members(says("state", "inventory"), pays("issued", 0), `"expires_on":null`))
}

// Nobody gets at the code of a card but its printer, and the office does with it only what makes sense.
func TestTheCodeOfACardIsForItsPrinter(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.office.prints("summer", "CARD-500", 1)
	c := h.office.cards("summer")[0]
	for _, path := range []string{"/v1/admin/vouchers/" + c.id, "/v1/admin/vouchers/" + c.id + "/history", "/v1/admin/vouchers", "/v1/admin/batches", "/v1/admin/audit"} {
		if text := h.office.asks("GET", path, "").text; strings.Contains(text, c.code) {
			t.Errorf("%s has the code", path)
		}
	}
	h.office.asks("GET", "/v1/admin/vouchers/"+c.id+"/document.pdf", "").refuses(409, "not_active")
	h.office.does("replace", c, because).refuses(409, "not_active")
	h.office.does("activate", c).refuses(409, "not_active")
	h.office.does("extend", c, because, says("expires_on", "2040-01-01")).refuses(400, "invalid_request", `"field":"expires_on"`)
	h.office.adjusts("a:1", c, pays("delta", 1)).refuses(409, "not_active")
	h.office.asks("POST", "/v1/balance", says1("code", c.code)).refuses(409, "not_active")
}

func TestABatchThatCanNotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.unchanged("a bad batch", func() {
		h.office.prints("a", "NOTHING", 1).refuses(404, "not_found")
		h.office.prints("a", "CARD-500", 0).refuses(400, "invalid_request", `"field":"count"`)
		h.office.prints("a", "CARD-500", 10_001).refuses(400, "invalid_request", `"field":"count"`)
		h.office.asks("PUT", "/v1/admin/batches/a", members(says("product", "CARD-500"), `"count":1`)).refuses(400, "invalid_request", `"field":"reason"`)
		for _, path := range []string{"", "/codes.csv"} {
			h.office.asks("GET", "/v1/admin/batches/a"+path, "").refuses(404, "not_found")
		}
		h.office.asks("POST", "/v1/admin/batches/a/close", "").refuses(404, "not_found")
	})
	h.office.prints("a", "CARD-500", 1)
	h.office.prints("a", "CARD-500", 2).refuses(422, "key_reused")
	h.office.prints("a", "CARD-MANUAL", 1).refuses(422, "key_reused")
}

// A printer's order of the largest size is made while its caller waits.
func TestTheLargestBatchIsMadeAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	start := time.Now()
	h.office.prints("all", "CARD-500", 10_000).has(201, `{"count":10000,"vouchers":{"inventory":10000}}`)
	t.Logf("10,000 vouchers took %s", time.Since(start))
	cards := h.office.cards("all")
	codes := make(map[string]bool, len(cards))
	for _, c := range cards {
		codes[c.code] = true
	}
	if len(cards) != 10_000 || len(codes) != 10_000 {
		t.Errorf("%d cards with %d codes", len(cards), len(codes))
	}
}

func TestBatchesAreListed(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, key := range []string{"a", "b", "c"} {
		h.office.prints(key, "CARD-500", 1)
	}
	h.office.asks("POST", "/v1/admin/batches/b/close", "")
	for query, want := range map[string][]string{
		"": {"c", "b", "a"}, "?sort=created_at": {"a", "b", "c"}, "?state=open": {"c", "a"}, "?state=closed": {"b"}, "?q=card": {"c", "b", "a"},
		"?q=nothing": {}, "?to=2020-01-01": {}, "?from=2020-01-01": {"c", "b", "a"},
	} {
		if got := h.office.asks("GET", "/v1/admin/batches"+query, "").ids("key"); !slices.Equal(got, want) {
			t.Errorf("%s: %v; want %v", query, got, want)
		}
	}
}
