package api_test

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// request is a good body of one route, member by member.
type request struct {
	route string
	who   func(*house) *caller
	body  map[string]string
}

func asShop(h *house) *caller { return h.shop }
func asTill(h *house) *caller { return h.till }

// requests are the routes that take a body, with all the members that they know.
func requests(c card) []request {
	code, buyer := fmt.Sprintf("%q", c.code), `{"ip":"203.0.113.9","session":"s"}`
	tenders := `[{"method":"card","amount":` + dkk(1_00) + `}]`
	return []request{
		{"POST /v1/balance", asShop, map[string]string{"code": code, "buyer": buyer}},
		{"POST /v1/quotes", asShop, map[string]string{"codes": "[" + code + "]", "due": dkk(5_00), "holder": `"cart"`, "buyer": buyer}},
		{"PUT /v1/reservations/w:9", asShop, map[string]string{
			"code": code, "holder": `"cart"`, "due": dkk(5_00), "amount": dkk(5_00), "revision": "1", "buyer": buyer,
		}},
		{"POST /v1/reservations/find", asShop, map[string]string{"holder": `"cart"`}},
		{"POST /v1/reservations/w:1/capture", asShop, map[string]string{
			"order": `"A-1"`, "amount": dkk(5_00), "order_total": dkk(6_00), "other_tenders": tenders,
		}},
		{"POST /v1/captures", asShop, map[string]string{
			"order": `"A-1"`, "reservations": `[{"key":"w:1","amount":` + dkk(5_00) + `}]`, "order_total": dkk(6_00), "other_tenders": tenders,
		}},
		{"POST /v1/reservations/release-foreign", func(h *house) *caller { return h.mayRelease }, map[string]string{"code": code, "reason": `"so"`, "buyer": buyer}},
		{"PUT /v1/redemptions/t:9", asTill, map[string]string{
			"code": code, "amount": dkk(5_00), "receipt": `"R-1"`, "allow_partial": "true", "order_total": dkk(6_00), "other_tenders": tenders, "buyer": buyer,
		}},
		{"PUT /v1/reloads/l:9", asTill, map[string]string{"code": code, "amount": dkk(5_00), "receipt": `"R-1"`, "tender": `"cash"`, "buyer": buyer}},
		{"PUT /v1/sales/s:9", asTill, map[string]string{
			"product": `"CARD-500"`, "amount": dkk(500_00), "receipt": `"R-1"`, "tender": `"cash"`, "code": code, "buyer": buyer,
		}},
		{"PUT /v1/credit-notes/n:9", asTill, map[string]string{"amount": dkk(5_00), "receipt": `"R-1"`, "reason": `"so"`}},
		{"PUT /v1/bindings/b:9", asTill, map[string]string{"code": code, "token": `"CARD-4711"`, "buyer": buyer}},
		{"PUT /v1/cash-outs/o:9", asTill, map[string]string{"code": code, "receipt": `"R-1"`, "reason": `"so"`, "buyer": buyer}},
		{"PUT /v1/claims/c:9", asShop, map[string]string{"code": code, "customer": `"7"`, "buyer": buyer}},
		{"PUT /v1/refunds/r:9", asTill, map[string]string{"redemption": `"t:1"`, "amount": dkk(5_00), "reason": `"so"`}},
	}
}

// with is the body, with some members as given ("" leaves one out).
func (r request) with(changed map[string]string) string {
	var parts []string
	for name, value := range r.body {
		if to, change := changed[name]; change {
			value = to
		}
		if value != "" {
			parts = append(parts, fmt.Sprintf("%q:%s", name, value))
		}
	}
	for name, value := range changed {
		if _, known := r.body[name]; !known {
			parts = append(parts, fmt.Sprintf("%q:%s", name, value))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// wrong is a value that a member can't have, and the field that the problem names: the member or something within it.
type wrong struct{ value, field string }

// limits are the longest texts.
func limits() map[string]int {
	return map[string]int{"code": 128, "holder": 512, "order": 128, "receipt": 128, "tender": 64, "reason": 500, "redemption": 128, "product": 100, "customer": 128}
}

// required are the members that a body can't be without.
func required() map[string]string {
	return map[string]string{
		"POST /v1/balance": "code", "POST /v1/quotes": "codes due", "PUT /v1/reservations/w:9": "code due holder",
		"POST /v1/reservations/find": "holder", "POST /v1/reservations/w:1/capture": "order", "POST /v1/captures": "order reservations",
		"POST /v1/reservations/release-foreign": "code reason", "PUT /v1/redemptions/t:9": "code amount receipt",
		"PUT /v1/reloads/l:9": "code amount receipt tender", "PUT /v1/refunds/r:9": "redemption reason",
		"PUT /v1/sales/s:9":        "product receipt tender",
		"PUT /v1/credit-notes/n:9": "amount receipt reason", "PUT /v1/claims/c:9": "code customer",
	}
}

// wrongs are the wrong values of a member.
func wrongs(name string) []wrong {
	long := func(n int) string { return `"` + strings.Repeat("x", n) + `"` }
	switch name {
	case "amount", "due", "order_total":
		return append(wrongAmounts(name), map[string][]wrong{
			"amount": {{dkk(0), "amount.amount"}, {dkk(10_000_01), "amount.amount"}, {`{"amount":10001,"currency":"JPY"}`, "amount.amount"}},
		}[name]...)
	case "revision":
		return []wrong{{`"1"`, name}, {"-1", name}, {"1.5", name}}
	case "allow_partial":
		return []wrong{{`"true"`, name}, {"1", name}}
	case "codes":
		return []wrong{{`[]`, name}, {`"X"`, name}, {`[1]`, "codes[0]"}, {`[""]`, "codes[0]"}, {"[" + long(129) + "]", "codes[0]"}, {`["a\u0000"]`, "codes[0]"}}
	case "buyer":
		return []wrong{
			{`"me"`, name}, {`[]`, name}, {`{"ip":1}`, "buyer.ip"}, {`{"who":"me"}`, "buyer.who"}, {`{"ip":` + long(65) + `}`, "buyer.ip"},
			{`{"session":` + long(129) + `}`, "buyer.session"}, {`{"ip":"1","ip":"2"}`, "buyer.ip"},
		}
	case "other_tenders":
		return []wrong{
			{`{}`, name}, {`[1]`, "other_tenders[0]"}, {`[{"method":"card"}]`, "other_tenders[0].amount"},
			{`[{"method":"","amount":` + dkk(1) + `}]`, "other_tenders[0].method"}, {`[{"method":"a","amount":` + dkk(-1) + `}]`, "other_tenders[0].amount.amount"},
			{`[{"method":"a","amount":{"amount":1,"currency":"XXX"}}]`, "other_tenders[0].amount.currency"},
		}
	case "reservations":
		return []wrong{
			{`[]`, name}, {`{}`, name}, {`[{}]`, "reservations[0].key"}, {`[{"key":"a/b"}]`, "reservations[0].key"}, {`[{"key":".a"}]`, "reservations[0].key"},
			{`[{"key":"w:1","amount":` + dkk(0) + `}]`, "reservations[0].amount.amount"}, {`[{"key":"w:1","more":1}]`, "reservations[0].more"},
		}
	}
	return []wrong{{"1", name}, {"[]", name}, {"{}", name}, {long(limits()[name] + 1), name}, {`"a\u0000b"`, name}, {"\"a\xffb\"", ""}, {`"\ud800"`, name}}
}

// wrongAmounts are the values that no amount can have, wherever it stands.
func wrongAmounts(name string) []wrong {
	return []wrong{
		{"5", name}, {`"5.00"`, name}, {`{"amount":1}`, name + ".currency"}, {`{"currency":"DKK"}`, name + ".amount"},
		{`{"amount":"1","currency":"DKK"}`, name + ".amount"}, {`{"amount":1.5,"currency":"DKK"}`, name + ".amount"},
		{`{"amount":1e2,"currency":"DKK"}`, name + ".amount"}, {`{"amount":9223372036854775808,"currency":"DKK"}`, name + ".amount"},
		{dkk(-1), name + ".amount"}, {dkk(1_000_000_000_000_001), name + ".amount"}, {`{"amount":1,"currency":"XXX"}`, name + ".currency"},
		{`{"amount":1,"currency":"dkk"}`, name + ".currency"}, {`{"amount":1,"amount":2,"currency":"DKK"}`, name + ".amount"},
		{`{"amount":1,"currency":"DKK","more":1}`, name + ".more"},
	}
}

// What can't be meant is refused before anything is looked up, naming the field.
func TestABodyThatCannotBeMeantIsRefusedByField(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.till.redeems("t:1", c, 10_00)
	h.shop.reserves("w:1", c, "cart", 5_00)
	before := h.books()
	refuses := func(r request, body, field string) {
		t.Helper()
		method, path, _ := strings.Cut(r.route, " ")
		got := r.who(h).asks(method, path, body)
		fields := got.fields()
		named, _ := fields["field"].(string)
		if got.status != http.StatusBadRequest || fields["code"] != "invalid_request" || named != field {
			t.Errorf("%s %s: %s; want 400 naming %q", r.route, short(body), got.text, field)
		}
		if strings.Contains(got.text, c.code) {
			t.Errorf("%s %s: the answer repeats the code: %s", r.route, short(body), got.text)
		}
	}
	for _, r := range requests(c) {
		for _, whole := range []string{"[]", `"x"`, "1", "null", r.with(nil) + "{}", r.with(nil) + "x", r.with(nil)[1:], "{", "\xff"} {
			refuses(r, whole, "")
		}
		refuses(r, r.with(map[string]string{"unheard_of": "1"}), "unheard_of")
		for name := range r.body {
			refuses(r, strings.TrimSuffix(r.with(nil), "}")+fmt.Sprintf(",%q:%s}", name, r.body[name]), name)
			for _, w := range wrongs(name) {
				refuses(r, r.with(map[string]string{name: w.value}), w.field)
			}
		}
	}
	for _, r := range requests(c) {
		for _, name := range strings.Fields(required()[r.route]) {
			refuses(r, r.with(map[string]string{name: ""}), name)
			refuses(r, r.with(map[string]string{name: "null"}), name)
			if name != "holder" && (name != "code" || !strings.HasPrefix(r.route, "PUT /v1/reservations/")) { // which only a shop must name; or a customer
				refuses(r, r.with(map[string]string{name: "", strings.ToUpper(name): r.body[name]}), name)
			}
			if strings.HasPrefix(r.body[name], `"`) {
				refuses(r, r.with(map[string]string{name: `""`}), name)
			}
		}
	}
	if after := h.books(); after != before {
		t.Errorf("a bad body changed something: %s, then %s", before, after)
	}
}

func short(body string) string { return fmt.Sprintf("%.300q", body) }

func TestAHolderIsCountedInBytes(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.shop.reserves("w:1", c, strings.Repeat("ø", 257), 5_00).refuses(400, "invalid_request", `"field":"holder"`)
	h.shop.finds(strings.Repeat("ø", 257)).refuses(400, "invalid_request", `"field":"holder"`)
	h.shop.quotes(5_00, `"codes":["`+c.code+`"]`, says("holder", strings.Repeat("ø", 257))).refuses(400, "invalid_request", `"field":"holder"`)
	h.shop.reserves("w:1", c, strings.Repeat("ø", 256), 5_00).has(201, `{"state":"active"}`)
}

func TestARegisterNamesNoHolderAndAShopMust(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	body := members(says("code", c.code), pays("due", 5_00))
	h.shop.asks("PUT", "/v1/reservations/w:1", body).refuses(400, "invalid_request", `"field":"holder"`)
	h.shop.asks("POST", "/v1/reservations/find", "{}").refuses(400, "invalid_request", `"field":"holder"`)
	h.till.asks("PUT", "/v1/reservations/w:1", members(says("holder", "x"), says("code", c.code), pays("due", 5_00))).
		refuses(400, "invalid_request", `"field":"holder"`)
	h.till.asks("POST", "/v1/reservations/find", members(says("holder", "x"))).refuses(400, "invalid_request", `"field":"holder"`)
}

// A bad key in a path changes nothing. A slash that is escaped is part of it, and one that is not makes another address.
func TestABadKeyIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	before := h.books()
	for key, slash := range map[string]bool{
		strings.Repeat("k", 129): false, ".a": false, "-a": false, "a%20b": false, "%C3%B8": false, "a%00": false, "a%0A": false, "a%2Fb": false, "a/b/c": true, "a,b": false,
	} {
		for route := range h.operations() {
			method, path, _ := strings.Cut(route, " ")
			if !strings.Contains(path, "{key}") {
				continue
			}
			body, who := "", h.till
			for _, r := range requests(h.unknown()) {
				if m, p, _ := strings.Cut(r.route, " "); m == method && sameShape(p, path) {
					body, who = r.with(nil), r.who(h)
				}
			}
			got := who.asks(method, strings.ReplaceAll(path, "{key}", key), body)
			if ofCustomers(path) {
				got = h.shop.asks(method, strings.ReplaceAll(path, "{key}", key), cmp.Or(earnings()[route], body))
			}
			if slash && got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
				t.Errorf("%s with %q: %s", route, key, got.text)
			} else if !slash {
				got.refuses(400, "invalid_request", `"field":"key"`)
			}
		}
	}
	if after := h.books(); after != before {
		t.Errorf("a bad key changed something: %s, then %s", before, after)
	}
	h.till.shows(strings.Repeat("k", 128)).refuses(404, "reservation_not_found")
}

// sameShape tells whether a path is one of a pattern's.
func sameShape(path, pattern string) bool {
	have, want := strings.Split(path, "/"), strings.Split(pattern, "/")
	if len(have) != len(want) {
		return false
	}
	for i := range want {
		if want[i] != "{key}" && want[i] != have[i] {
			return false
		}
	}
	return true
}

// The fixed words of the addresses are keys like any other.
func TestAKeyMayBeAWordOfTheAddresses(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, key := range []string{"find", "release-foreign", "capture", "finder", "release", "F", strings.Repeat("k", 128), "a.b_c:d-e"} {
		c := h.issues(500_00)
		h.shop.reserves(key, c, "cart "+key, 5_00).has(201, `{"state":"active"}`)
		h.shop.shows(key).has(200, `{"state":"active"}`)
		h.shop.captures(key, "A-1", pays("amount", 1_00)).has(200, `{"late":false}`)
		h.shop.releases(key).wants(200, `{"outcome":"unchanged","state":"captured"}`)
		h.shop.forgets(key).wants(200, `{"outcome":"unchanged","state":"captured"}`)
	}
}

func TestABodyThatIsTooLargeOrNoJSONIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.till.asks("PUT", "/v1/redemptions/t:1", `{"code":"`+strings.Repeat("x", 70<<10)+`"}`).refuses(413, "too_large")
	request, err := http.NewRequestWithContext(t.Context(), "PUT", h.server.URL+"/v1/redemptions/t:1", strings.NewReader("code=x"))
	h.must(err)
	request.Header.Set("Authorization", "Bearer till-1")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := h.server.Client().Do(request)
	h.must(err)
	defer response.Body.Close()
	if response.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("a form is %s", response.Status)
	}
	h.till.asks("PATCH", "/v1/redemptions/t:1", "{}").refuses(405, "method_not_allowed")
	h.till.asks("GET", "/v1/nothing", "").refuses(404, "not_found")
	h.till.asks("GET", "/v1/redemptions/t:1?code=x", "").refuses(400, "invalid_request", `"field":"code"`)
}
