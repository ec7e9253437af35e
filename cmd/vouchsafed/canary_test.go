package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"vouchsafe/webshop/woocommerce/woocommercetest"
)

// canary is a secret and the forms in which somebody might find it.
type canary struct {
	name  string
	forms []string
}

// canaryOf makes the forms of a secret: as it is, without its dashes, in small letters, escaped, in hex and in base64 with and without
// padding, at each of the three places that it may have within other bytes.
func canaryOf(name, secret string) canary {
	c := canary{name: name}
	for _, plain := range []string{secret, strings.ReplaceAll(secret, "-", ""), strings.ReplaceAll(secret, "-", " ")} {
		for _, text := range []string{plain, strings.ToLower(plain)} {
			c.forms = append(c.forms, text, url.QueryEscape(text), hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text))))
			for shift := range 3 {
				for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
					long := encoding.EncodeToString(append(make([]byte, shift), text...))
					c.forms = append(c.forms, long[4:len(long)-4]) // without the ends, which depend on what is beside
				}
			}
		}
	}
	slices.Sort(c.forms)
	c.forms = slices.Compact(c.forms)
	return c
}

// sings tells every form of a canary that is in a text.
func (c canary) sings(t *testing.T, where, text string) {
	t.Helper()
	for _, form := range c.forms {
		if at := strings.Index(text, form); at >= 0 {
			t.Errorf("%s is in %s as %q (I13): …%s…", c.name, where, form, text[max(0, at-200):min(len(text), at+100)])
			return
		}
	}
}

// watched is a merchant whose stores say everything that they are told.
type watched struct {
	*merchant
	office  string
	traces  *collects
	monitor *strings.Builder
	quiet   func() // ends the watching of Redis
}

// watches lets PostgreSQL log all statements with their parameters, and Redis tell every command.
func watches(t *testing.T) *watched {
	t.Helper()
	w := &watched{merchant: opens(t), traces: collect(t), monitor: &strings.Builder{}}
	w.office = w.does("key", "add", "--scope", "admin")
	for _, setting := range []string{
		"log_statement = 'all'", "log_min_duration_statement = 0", "log_error_verbosity = 'verbose'", "log_parameter_max_length = -1",
		"log_parameter_max_length_on_error = -1", "log_min_error_statement = 'debug1'",
	} {
		w.writes("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET " + strings.ReplaceAll(setting, "'", "''") + "', current_database()); END $$")
	}
	w.watchesRedis()
	return w
}

// watchesRedis listens to all that Redis is told.
func (w *watched) watchesRedis() {
	w.t.Helper()
	options := w.redis().Options()
	conn, err := net.Dial(options.Network, options.Addr)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "MONITOR\r\n"); err != nil {
		w.t.Fatal(err)
	}
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		_, _ = io.Copy(w.monitor, conn) // until it is closed
	}()
	w.quiet = sync.OnceFunc(func() {
		_ = conn.Close()
		<-heard
	})
	w.t.Cleanup(w.quiet)
}

// serverLog is what PostgreSQL has written since a place in its log.
func (w *watched) serverLog() string {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = conn.Close(w.t.Context()) }()
	var data, database string
	if err := conn.QueryRow(w.t.Context(), `SELECT current_setting('data_directory'), current_database()`).Scan(&data, &database); err != nil {
		w.t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(data), "*.log"))
	if err != nil || len(files) == 0 {
		w.t.Fatalf("no log of PostgreSQL beside %s: %v", data, err)
	}
	var all strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			w.t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// asksEverything uses a code on every route that takes or gives one, in right places and in wrong ones.
func (w *watched) asksEverything(d *running, codes []string) {
	w.t.Helper()
	code := codes[0]
	id := fmt.Sprint(d.wants(200, w.office, "POST", "/v1/admin/vouchers/find", fmt.Sprintf(`{"code": %q}`, code)).at("id"))
	d.wants(200, w.shop, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q}`, strings.ToLower(code)))
	d.wants(200, w.shop, "POST", "/v1/quotes", fmt.Sprintf(`{"codes": [%q], "due": {"amount": 100, "currency": "DKK"}}`, code))
	d.wants(201, w.shop, "PUT", "/v1/reservations/a", reserving(code, "cart"))
	d.wants(409, w.till, "PUT", "/v1/redemptions/a", redeeming(code))
	d.wants(200, w.shop, "POST", "/v1/reservations/a/capture", `{"order": "1"}`)
	d.wants(201, w.till, "PUT", "/v1/redemptions/b", redeeming(strings.ReplaceAll(code, "-", " ")))
	d.wants(201, w.till, "PUT", "/v1/reloads/b", fmt.Sprintf(`{"code": %q, "amount": {"amount": 100, "currency": "DKK"}, "receipt": "2", "tender": "cash"}`, code))
	for _, act := range []string{"block", "unblock", "resend"} {
		d.wants(200, w.office, "POST", "/v1/admin/vouchers/"+id+"/"+act, `{}`)
	}
	d.wants(200, w.office, "GET", "/v1/admin/vouchers/"+id+"/history", "")
	d.wants(200, w.office, "GET", "/v1/admin/vouchers/"+id+"/document.pdf", "")
	w.misplaces(d, codes[1])
}

// misplaces puts a code where none belongs.
func (w *watched) misplaces(d *running, code string) {
	w.t.Helper()
	for _, plain := range []string{code, strings.ReplaceAll(code, "-", ""), strings.ToLower(code)} {
		d.asks(w.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q, %q: 1}`, plain, plain))
		d.asks(w.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": [%q]}`, plain))
		d.asks(w.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q`, plain))
		d.asks(w.till, "POST", "/v1/balance", plain)
		d.asks(w.till, "POST", "/v1/balance?code="+url.QueryEscape(plain), "")
		d.asks(w.till, "PUT", "/v1/redemptions/c?code="+url.QueryEscape(plain), redeeming(code))
		d.asks(w.till, "PUT", "/v1/redemptions/c", fmt.Sprintf(`{"code": %q, "amount": {"amount": 1, "currency": %q}, "receipt": "1"}`, code, plain))
		d.asks(w.office, "GET", "/v1/admin/vouchers?q="+url.QueryEscape(plain), "")
		d.asks(w.office, "GET", "/v1/admin/deliveries?q="+url.QueryEscape(plain), "")
		d.asks(w.office, "GET", "/v1/admin/vouchers?state="+url.QueryEscape(plain), "")
		d.asks(plain, "GET", "/v1/admin/vouchers", "")
		d.asks("", "POST", "/v1/shops/demo/webhooks", plain)
		w.headed(d, plain)
	}
}

// strays puts a code into paths and methods.
func (w *watched) strays(d *running, code string) {
	w.t.Helper()
	for _, plain := range []string{code, strings.ReplaceAll(code, "-", ""), strings.ToLower(code)} {
		for _, path := range []string{"/", "/v1/admin/vouchers/", "/v1/redemptions/", "/v1/reservations/", "/problems/", "/v1/admin/shops/", "/docs/"} {
			d.asks(w.office, "GET", path+url.PathEscape(plain), "")
			d.asks(w.till, "DELETE", path+url.PathEscape(plain), "")
		}
		d.asks("", "POST", "/v1/shops/"+url.PathEscape(plain)+"/webhooks", plain)
		d.asks("", strings.ReplaceAll(plain, "-", ""), "/", "")
	}
}

// panics lets a handler and a worker run into a bug while they hold a code, and returns what is logged of it. The daemon lives.
func (w *watched) panics(code string) string {
	w.t.Helper()
	d := w.serves("VOUCHSAFE_LOG_LEVEL=debug", "VOUCHSAFE_FAILPOINTS=act.written=panic,issue.drawn=panic")
	id := fmt.Sprint(d.wants(200, w.office, "POST", "/v1/admin/vouchers/find", fmt.Sprintf(`{"code": %q}`, code)).at("id"))
	d.wants(500, w.office, "POST", "/v1/admin/vouchers/"+id+"/replace", `{"reason": "because"}`)
	w.buys(1)
	w.delivers(d)
	eventually(w.t, recoversWithin, "a worker panics", func() bool { return strings.Contains(d.log.String(), "issue.drawn") })
	d.wants(200, w.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q}`, code))
	d.dies()
	return d.log.String()
}

// headed sends a code in every header that somebody might write down.
func (w *watched) headed(d *running, text string) {
	w.t.Helper()
	for _, name := range []string{"X-Request-Id", "User-Agent", "Referer", "Cookie", "X-Forwarded-For", "Content-Type", "Traceparent", "Tracestate", "Baggage", "Origin", "Host"} {
		request, err := http.NewRequestWithContext(w.t.Context(), "POST", d.url+"/v1/balance", strings.NewReader("{}"))
		if err != nil {
			w.t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+w.till)
		request.Header.Set(name, text)
		if name == "Host" {
			request.Host = text
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			w.t.Fatal(err)
		}
		_ = answer.Body.Close()
	}
}

// G13, I13: a code is where it belongs and nowhere else, whatever is written down and whatever goes wrong.
func TestNoSecretIsWrittenDown(t *testing.T) {
	t.Parallel()
	w := watches(t)
	d := w.serves("VOUCHSAFE_LOG_LEVEL=debug", "OTEL_EXPORTER_OTLP_ENDPOINT="+w.traces.URL, "OTEL_BSP_SCHEDULE_DELAY=100")
	sold := w.sells(d, 3)
	w.asksEverything(d, sold)
	_, metrics := d.scrapes()
	d.stops()
	log := d.log.String()
	log += w.panics(sold[2])
	server := w.serverLog() // from here on codes are in paths, and what PostgreSQL is asked for is the caller's own fault
	d = w.serves("VOUCHSAFE_LOG_LEVEL=debug", "OTEL_EXPORTER_OTLP_ENDPOINT="+w.traces.URL, "OTEL_BSP_SCHEDULE_DELAY=100")
	w.strays(d, sold[1])
	_, strayed := d.scrapes()
	d.stops()
	metrics, log = metrics+strayed, log+d.log.String()
	w.quiet()
	if !strings.Contains(server, "code_mac") || !strings.Contains(strings.ToLower(w.monitor.String()), "eval") {
		t.Errorf("the stores wrote down %d and %d bytes: nothing is tested", len(server), w.monitor.Len())
	}
	canaries := []canary{
		canaryOf("a till's key", w.till), canaryOf("a shop's key", w.shop), canaryOf("an admin key", w.office),
		canaryOf("the master key", base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))),
		canaryOf("the webhook secret", woocommercetest.WebhookSecret), canaryOf("the shop's API key", woocommercetest.ConsumerKey), canaryOf("the shop's API secret", woocommercetest.ConsumerSecret),
	}
	for i, code := range sold {
		canaries = append(canaries, canaryOf(fmt.Sprint("code ", i+1), code))
	}
	w.traces.mu.Lock()
	defer w.traces.mu.Unlock()
	for _, c := range canaries {
		c.sings(t, "the log", log)
		c.sings(t, "the metrics", metrics)
		c.sings(t, "the traces", w.traces.raw.String())
		c.sings(t, "what Redis was told", w.monitor.String())
		c.sings(t, "what Redis keeps", w.dump())
		c.sings(t, "the log of PostgreSQL", server)
	}
}

// dump is everything that Redis keeps for this installation.
func (w *watched) dump() string {
	w.t.Helper()
	client := w.redis()
	keys, err := client.Keys(w.t.Context(), "*").Result()
	if err != nil {
		w.t.Fatal(err)
	}
	var all strings.Builder
	for _, key := range keys {
		value, err := client.Dump(w.t.Context(), key).Result()
		if err != nil && err != redis.Nil { // what has expired meanwhile
			w.t.Fatal(err)
		}
		all.WriteString(key + value)
	}
	return all.String()
}
