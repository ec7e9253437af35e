package admin_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"vouchsafe/gateway/admin"
	"vouchsafe/gateway/pickup"
	"vouchsafe/retail"
)

// lends opens the pages that links to vouchers lead to.
func (h *house) lends() {
	h.t.Helper()
	links := retail.NewPickups(h.desk, h.sales, "https://vouchers.example/")
	admin.RegisterPickups(h.edge.API(), links)
	pickup.Routes(h.edge.Public(), links, "DK")
}

// links makes a link to a card, and returns its id and its path.
func (h *house) links(c card) (id, path string) {
	h.t.Helper()
	got := h.office.asks("POST", "/v1/admin/vouchers/"+c.id+"/links", members(because))
	if got.status != 201 {
		h.t.Fatalf("%d %s", got.status, got.text)
	}
	path, found := strings.CutPrefix(got.at("url"), "https://vouchers.example")
	if !found || len(path) != len("/pickup/")+43 {
		h.t.Fatalf("the link is %s", got.at("url"))
	}
	return got.at("link", "id"), path
}

// follows asks for a page as a browser in German does.
func (h *house) follows(method, path string) (status int, header http.Header, text string) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), method, h.server.URL+path, nil)
	h.must(err)
	request.Header.Set("Accept-Language", "de-DE,de;q=0.9")
	answer, err := h.server.Client().Do(request)
	h.must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	h.must(err)
	return answer.StatusCode, answer.Header, string(body)
}

// A22: the office gets a link for a customer who lost his voucher. Following it shows no code and counts nothing; a click does.
func TestALinkToAVoucherShowsTheCodeAfterAClick(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.lends()
	c := h.sells(order("1042", 0))[0]
	id, path := h.links(c)
	for range 30 { // scanners of mails
		if status, _, text := h.follows("GET", path); status != 200 || strings.Contains(text, c.code) || !strings.Contains(text, "Gutschein anzeigen") {
			t.Fatalf("%d %s", status, text)
		}
	}
	status, header, text := h.follows("POST", path)
	if status != 200 || !strings.Contains(text, c.code) || !strings.Contains(text, "data:image/png") {
		t.Errorf("%d %s", status, text)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer", "Content-Security-Policy": "default-src 'none'"} {
		if !strings.Contains(header.Get(name), want) {
			t.Errorf("%s: %q", name, header.Get(name))
		}
	}
	if status, header, text := h.follows("POST", path+"/voucher.pdf"); status != 200 || header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(text, "%PDF-") {
		t.Errorf("%d %s", status, header)
	}
	h.office.asks("GET", "/v1/admin/vouchers/"+c.id+"/links", "").has(200, `{"items":[{"id":"`+id+`","made_by":"*","created_at":"*","expires_at":"*","revoked_at":null,"views":2,"views_most":20,"viewed_at":"*"}]}`)
	if got := h.audited(c); !strings.Contains(got, "make_link") || strings.Contains(got, path[8:]) {
		t.Errorf("audited %q", got)
	}
	if got := h.reads(`SELECT count(*)::text FROM audit WHERE object = $1 AND action = 'view_by_link'`, c.id); got != "2" {
		t.Errorf("%s views are in the audit trail", got)
	}
	if got := h.reads(`SELECT count(*)::text FROM voucher_link WHERE token_hash::text LIKE '%' || $1 || '%'`, path[8:]); got != "0" {
		t.Error("the token is stored")
	}
}

// A link ends: after twenty views, after thirty days, when it is revoked, when its voucher has ended. All of it looks the same.
func TestALinkThatEndedLooksLikeNone(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.lends()
	_, _, none := h.follows("GET", "/pickup/"+strings.Repeat("A", 43))
	gone := func(what, path string) {
		t.Helper()
		for _, method := range []string{"GET", "POST"} {
			if status, _, text := h.follows(method, path); status != 404 || text != none {
				t.Errorf("%s, %s: %d %s", what, method, status, text)
			}
		}
	}
	used, revoked, ended := h.issues(500_00), h.issues(500_00), h.issues(500_00)
	_, usedUp := h.links(used)
	for range 20 {
		if status, _, _ := h.follows("POST", usedUp); status != 200 {
			t.Fatalf("%d", status)
		}
	}
	gone("used up", usedUp)
	id, path := h.links(revoked)
	h.office.asks("DELETE", "/v1/admin/vouchers/"+used.id+"/links/"+id, "").refuses(404, "not_found")
	h.office.asks("DELETE", "/v1/admin/vouchers/"+revoked.id+"/links/"+id, "").has(200, `{"revoked_at":"*"}`)
	h.office.asks("DELETE", "/v1/admin/vouchers/"+revoked.id+"/links/"+id, "").has(200, `{"revoked_at":"*"}`)
	gone("revoked", path)
	_, path = h.links(ended)
	h.office.does("invalidate", ended, because)
	gone("invalidated", path)
	h.office.asks("POST", "/v1/admin/vouchers/"+ended.id+"/links", "{}").refuses(409, "invalidated")
	h.office.asks("POST", "/v1/admin/vouchers/"+noVoucher+"/links", "{}").refuses(404, "voucher_not_found")
	_, path = h.links(used)
	h.passes(31 * 24 * time.Hour)
	gone("expired", path)
}

// A22, X22: who has a link was to see the code as it was, for whom it was then. So it ends with a new code and with another recipient,
// also one that the shop corrects; another mail to the same ends nothing.
func TestALinkEndsWithTheCodeAndTheRecipientItWasMadeFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		want int // how the page answers afterwards
		does func(*house, card)
	}{
		{"the code is replaced", 404, func(h *house, c card) { h.office.does("replace", c, because).answers(200) }},
		{"another recipient", 404, func(h *house, c card) { h.office.gives(c, says("email", "new@example.dk")).answers(200) }},
		{"the shop corrects the recipient", 404, func(h *house, _ card) {
			h.tells(order("1042", 5, toRecipient("new@example.dk"), deliverOn(soon(3))))
		}},
		{"the same recipient", 200, func(h *house, c card) { h.office.gives(c, says("email", "lisa@example.dk")).answers(200) }},
		{"another mail", 200, func(h *house, c card) { h.office.does("resend", c).answers(200) }},
		{"the shop corrects the day", 200, func(h *house, _ card) {
			h.tells(order("1042", 5, toRecipient("lisa@example.dk"), deliverOn(soon(5))))
		}},
		{"nothing is replaced without a reason", 200, func(h *house, c card) { h.office.does("replace", c, says("reason", "")).answers(400) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			h.lends()
			c := h.sells(order("1042", 0, toRecipient("lisa@example.dk"), deliverOn(soon(3))))[0]
			id, path := h.links(c)
			test.does(h, c)
			if status, _, text := h.follows("POST", path); status != test.want {
				t.Fatalf("the link answers %d %s", status, text)
			}
			ended := h.reads(`SELECT coalesce(max(detail->>'link'), '') FROM audit WHERE object = $1 AND action = 'revoke_link'`, c.id)
			if want := map[int]string{404: id}[test.want]; ended != want {
				t.Errorf("the audit trail says that %q was revoked", ended)
			}
			_, fresh := h.links(c)
			if status, _, text := h.follows("POST", fresh); status != 200 || !strings.Contains(text, h.reveals(c.id).code) {
				t.Errorf("a new link answers %d %s", status, text)
			}
		})
	}
}

// answers checks the status alone.
func (r *reply) answers(status int) {
	r.t.Helper()
	if r.status != status {
		r.t.Errorf("%s: %d %s, want %d", r.asked, r.status, r.text, status)
	}
}
