package conformance

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/cmd/vouchbench/stack"
	"vouchsafe/webshop/standard"
)

// vice is what a client does wrong.
type vice string

const (
	none           vice = ""
	newKeys        vice = "draws a new key after a time-out"
	codeInQuery    vice = "asks for the code in the query"
	impatience     vice = "ignores Retry-After"
	secondOrder    vice = "captures under a second order"
	givesUp        vice = "gives up without DELETE"
	otherContent   vice = "changes the amount under its key"
	namesNoBuyer   vice = "does not name the buyer"
	keepsCarts     vice = "does not release a cancelled order"
	forgetsToTell  vice = "sends each webhook once"
	tillSwapsItems vice = "redeems under a new key after a time-out"
)

// plugin is a shop's plugin and a register in one, well-behaved but for its vice.
type plugin struct {
	ctx    context.Context
	vice   vice
	url    string
	name   string
	code   string
	client *http.Client
}

// tries is how often it asks before it gives an act up.
const tries = 5

// do asks until the end of the act is known.
func (p *plugin) do(method, path, key string, content body) reply {
	for n := range tries {
		if n > 0 && p.vice == otherContent && content["receipt"] != nil {
			content["amount"] = body{"amount": 2, "currency": "DKK"}
		}
		r := p.once(method, path, key, content)
		wait, _ := strconv.Atoi(r.header.Get("Retry-After"))
		switch {
		case r.status != 0 && r.status < 500 && wait == 0:
			return r
		case p.vice == givesUp:
			return r
		case p.vice == newKeys && method == http.MethodPut && strings.Contains(path, "reservations"),
			p.vice == tillSwapsItems && strings.Contains(path, "redemptions"):
			path += "-again"
		case p.vice != impatience:
			pauseFor(p.ctx, time.Duration(wait)*time.Second)
		}
	}
	return p.once(http.MethodDelete, path, key, nil)
}

func (p *plugin) once(method, path, key string, content body) reply {
	return send(p.ctx, p.client, call{method: method, url: p.url + path, key: key, content: content})
}

func pauseFor(ctx context.Context, d time.Duration) { wait(ctx, d) }

// cart reserves, and pays or cancels.
func (p *plugin) cart(n int) {
	key := fmt.Sprintf("%s-%d", p.name, n)
	content := body{"code": p.code, "holder": key, "due": body{"amount": 5, "currency": "DKK"}, "buyer": body{"ip": "192.0.2.7"}}
	if p.vice == namesNoBuyer {
		delete(content, "buyer")
	}
	if p.vice == codeInQuery && n == 0 {
		p.once(http.MethodGet, "/v1/balance?code="+url.QueryEscape(p.code), home.ShopKey, nil)
	}
	r := p.do(http.MethodPut, "/v1/reservations/"+key, home.ShopKey, content)
	if granted := r.word("key"); granted != "" {
		key = granted // the one of the last try
	}
	if n%4 == 3 {
		if p.vice != keepsCarts {
			p.do(http.MethodDelete, "/v1/reservations/"+key, home.ShopKey, nil)
		}
		return
	}
	p.do(http.MethodPost, "/v1/reservations/"+key+"/capture", home.ShopKey, body{"order": key})
	if p.vice == secondOrder {
		p.do(http.MethodPost, "/v1/reservations/"+key+"/capture", home.ShopKey, body{"order": key + "-2"})
	}
}

// redeems at the till.
func (p *plugin) redeem(n int) {
	key := fmt.Sprintf("%s-till-%d", p.name, n)
	p.do(http.MethodPut, "/v1/redemptions/"+key, home.TillKey, body{
		"code": p.code, "amount": body{"amount": 1, "currency": "DKK"}, "receipt": key,
	})
}

// tell sends a webhook until it is accepted.
func (p *plugin) tell(n int) {
	id, text := fmt.Sprintf("%s-hook-%d", p.name, n), fmt.Sprintf(`{"type":"ping","n":"%s-%d"}`, p.name, n)
	for range tries {
		now := time.Now()
		signature, err := standard.Sign(stack.Secret, id, now, []byte(text))
		if err != nil {
			panic(err)
		}
		r := send(p.ctx, p.client, call{
			method: http.MethodPost, url: p.url + "/v1/shops/" + stack.Shop + "/webhooks", content: text, header: http.Header{
				"Webhook-Id": {id}, "Webhook-Timestamp": {strconv.FormatInt(now.Unix(), 10)}, "Webhook-Signature": {signature},
			},
		})
		if r.status == http.StatusOK || p.vice == forgetsToTell {
			return
		}
		wait, _ := strconv.Atoi(r.header.Get("Retry-After"))
		pauseFor(p.ctx, time.Duration(wait)*time.Second)
	}
}

// Every vice fails its own line and no other; without one all lines are ok.
func TestAClientFailsOnExactlyTheRuleThatItBreaks(t *testing.T) {
	t.Parallel()
	for v, want := range map[vice]string{
		none: "", newKeys: "same-key", tillSwapsItems: "same-key", codeInQuery: "no-code-in-url", impatience: "retry-after",
		secondOrder: "one-order", givesUp: "take-back", otherContent: "same-content", namesNoBuyer: "buyer", keepsCarts: "released",
		forgetsToTell: "webhook",
	} {
		t.Run("vice "+string(v), func(t *testing.T) {
			t.Parallel()
			sheet, code := watched(t, v)
			expected := map[string]Verdict{}
			if want != "" {
				expected[want] = NotOK
			}
			got := verdicts(sheet)
			for id, verdict := range got {
				if verdict == NotTried {
					delete(got, id) // such as Retry-After, by one who never asks again
				}
			}
			if v == none {
				got = verdicts(sheet)
			}
			text := explain(t, sheet)
			if diff := cmp.Diff(expected, got); diff != "" {
				t.Errorf("lines that are not ok (-want +got):\n%s\n%s", diff, text)
			}
			if strings.Contains(text, code) {
				t.Error("the sheet shows the code")
			}
		})
	}
}

// watched lets a client with a vice work before a Watcher: seven turns, so that each kind of call meets each mischief.
func watched(t *testing.T, v vice) (sheet Sheet, code string) {
	t.Helper()
	w := NewWatcher(WatcherOptions{Upstream: home.Gateways[0].URL(), Slow: 300 * time.Millisecond, Client: patient(), Now: time.Now})
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	code = home.code()
	p := &plugin{
		ctx: t.Context(), vice: v, url: server.URL, name: "plugin-" + strings.ToLower(code), code: code,
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
	}
	for n := range len(plan()) {
		p.cart(n)
		if v == givesUp || v == keepsCarts {
			p.code = home.code() // the last one is still reserved
		}
		p.redeem(n)
		p.tell(n)
	}
	return w.Sheet(), code
}

func TestAWatcherServesUntilItIsToldToStop(t *testing.T) {
	t.Parallel()
	w := NewWatcher(WatcherOptions{Upstream: home.Gateways[0].URL(), Client: patient(), Now: time.Now})
	ctx, stop := context.WithCancel(t.Context())
	err := w.Serve(ctx, "127.0.0.1:0", func(url string) {
		go func() {
			defer stop()
			if r := send(ctx, patient(), call{method: http.MethodGet, url: url + "/healthz"}); r.status != http.StatusOK {
				t.Errorf("the gateway behind was answered %d", r.status)
			}
		}()
	})
	if err != nil {
		t.Errorf("Serve: %v", err)
	}
}
