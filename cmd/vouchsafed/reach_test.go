package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// inward are addresses that no shop has, however they are written.
func inward() []string {
	return []string{
		"http://shop.example/", "https://127.0.0.2.nip.example@127.0.0.1/", "https://169.254.169.254/latest/meta-data/", "https://10.0.0.1/",
		"https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://[fd00::1]/", "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/",
		"https://localhost/", "https://0/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL", "https://shop.example/?next=1",
	}
}

// A shop whose address leads inside is refused when it is registered, at the command line and in the office, by its field.
func TestAShopThatLeadsInsideIsNotRegistered(t *testing.T) {
	t.Parallel()
	i := install(t, "VOUCHSAFE_ALLOW_PRIVATE_SHOPS=none")
	i.does("migrate")
	office := i.does("key", "add", "--scope", "admin")
	d := i.serves()
	for _, address := range append(inward(), "http://127.0.0.1:8080/") {
		if said, err := i.tries("shop", "add", "--id", "demo", "--platform", "woocommerce", "--secret", hookSecret, "--url", address, "--api-key", "k", "--api-secret", "s"); err == nil || !strings.Contains(said, "url: ") {
			t.Errorf("shop add --url %s: %v: %s", address, err, said)
		}
		body := fmt.Sprintf(`{"id": "demo", "platform": "woocommerce", "secret": %q, "url": %q, "api_key": "k", "api_secret": "s"}`, hookSecret, address)
		if r := d.wants(400, office, "POST", "/v1/admin/shops", body); r.at("field") != "url" {
			t.Errorf("%s: %s", address, r.text)
		}
	}
	if n := count(t, i.look(), `SELECT count(*) FROM shop`); n != 0 {
		t.Errorf("%d shops are registered", n)
	}
}

// A shop that was registered when its address was allowed is not called any more when it is not, and neither is where a shop sends us.
func TestAShopThatLeadsInsideIsNeverCalled(t *testing.T) {
	t.Parallel()
	m := opens(t)
	var calls atomic.Int64
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	t.Cleanup(inside.Close)
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inside.URL, http.StatusTemporaryRedirect)
	}))
	t.Cleanup(outside.Close)
	pool := m.look()
	for _, tt := range []struct{ url, allowed string }{{inside.URL, "none"}, {inside.URL, "10.0.0.0/8"}, {outside.URL, "127.0.0.0/8"}} {
		m.writes(fmt.Sprintf(`UPDATE shop SET url = '%s'`, tt.url))
		d := m.serves("VOUCHSAFE_ALLOW_PRIVATE_SHOPS="+tt.allowed, "HTTP_PROXY="+inside.URL, "HTTPS_PROXY="+inside.URL)
		m.runs(pool, "poll-shops")
		eventually(t, recoversWithin, "the poll has failed", func() bool { return strings.Contains(d.log.String(), "periodic job failed") })
		d.dies()
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("what lies inside was called %d times", n)
	}
}
