package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// caller is somebody with an API key: a shop, a register or the office.
type caller struct {
	h   *house
	key string
}

// reply is what a caller was answered.
type reply struct {
	t      testing.TB
	asked  string
	status int
	header http.Header
	text   string
}

// asks sends one request with a body as it is.
func (c *caller) asks(method, path, body string) *reply {
	c.h.t.Helper()
	got, err := c.tries(c.h.t.Context(), method, path, body)
	if err != nil {
		c.h.t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

// tries is asks for requests that may be given up.
func (c *caller) tries(ctx context.Context, method, path, body string) (*reply, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.h.server.URL+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.h.server.Client().Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return &reply{
		t: c.h.t, asked: c.key + ": " + method + " " + path, status: response.StatusCode, header: response.Header,
		text: strings.TrimSpace(string(text)),
	}, nil
}

// members joins the members of a body, leaving out empty ones.
func members(of ...string) string {
	return "{" + strings.Join(slices.DeleteFunc(of, func(m string) bool { return m == "" }), ",") + "}"
}

// says is a member that is a text.
func says(name, text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("%q:%s", name, encoded)
}

// pays is a member that is an amount of DKK.
func pays(name string, minor int64) string { return fmt.Sprintf("%q:%s", name, dkk(minor)) }

// dkk is an amount as it is written.
func dkk(minor int64) string { return fmt.Sprintf(`{"amount":%d,"currency":"DKK"}`, minor) }

// The verbs of the office, and of those whose vouchers it cares for.

func (c *caller) reserves(key string, of card, holder string, due int64) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/reservations/"+key, members(says("code", of.code), pays("due", due), says("holder", holder)))
}

func (c *caller) captures(key, order string, more ...string) *reply {
	c.h.t.Helper()
	return c.asks("POST", "/v1/reservations/"+key+"/capture", members(append(more, says("order", order))...))
}

func (c *caller) redeems(key string, of card, minor int64, more ...string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/redemptions/"+key, members(append(more, says("code", of.code), pays("amount", minor), says("receipt", "R-1"))...))
}

func (c *caller) looksUp(of card) *reply {
	c.h.t.Helper()
	return c.asks("POST", "/v1/balance", members(says("code", of.code)))
}

// does posts an act on a voucher.
func (c *caller) does(act string, to card, body ...string) *reply {
	c.h.t.Helper()
	text := ""
	if len(body) > 0 {
		text = members(body...)
	}
	return c.asks("POST", "/v1/admin/vouchers/"+to.id+"/"+act, text)
}

func (c *caller) sees(of card) *reply {
	c.h.t.Helper()
	return c.asks("GET", "/v1/admin/vouchers/"+of.id, "")
}

func (c *caller) gives(of card, body ...string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/admin/vouchers/"+of.id+"/recipient", members(body...))
}

func (c *caller) adjusts(key string, of card, body ...string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/adjustments/"+key, members(append(body, says("voucher", of.id), says("reason", "a mistake"))...))
}

// because is the member that says why.
var because = says("reason", "a customer called")

// fields are the answer's members.
func (r *reply) fields() map[string]any {
	r.t.Helper()
	return parse(r.t, r.asked, r.text)
}

func parse(t testing.TB, what, text string) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		t.Fatalf("%s: %v in %s", what, err, text)
	}
	return fields
}

// wants checks the whole answer; "*" in the wanted JSON stands for any value.
func (r *reply) wants(status int, want string) *reply {
	r.t.Helper()
	r.compare(status, r.fields(), parse(r.t, r.asked, want))
	return r
}

// has checks those members of the answer that are named; null means that there is none.
func (r *reply) has(status int, want string) *reply {
	r.t.Helper()
	got, wanted := r.fields(), parse(r.t, r.asked, want)
	maps.DeleteFunc(got, func(name string, value any) bool { _, named := wanted[name]; return !named || value == nil })
	maps.DeleteFunc(wanted, func(_ string, value any) bool { return value == nil })
	r.compare(status, got, wanted)
	return r
}

// refuses checks that the answer is the problem of a code, with these members beside the fixed ones and no others.
func (r *reply) refuses(status int, code string, more ...string) *reply {
	r.t.Helper()
	want := parse(r.t, r.asked, members(append(more, `"type":"/problems/`+code+`"`, says("code", code), fmt.Sprintf(`"status":%d`, status),
		`"title":"*"`, `"detail":"*"`, `"request_id":"*"`)...))
	r.compare(status, r.fields(), want)
	if media := r.header.Get("Content-Type"); media != "application/problem+json" {
		r.t.Errorf("%s: a problem is %q", r.asked, media)
	}
	return r
}

func (r *reply) compare(status int, got, want map[string]any) {
	r.t.Helper()
	fill(want, got)
	if diff := cmp.Diff(want, got); diff != "" || r.status != status {
		r.t.Errorf("%s: %d, want %d (-want +got):\n%s", r.asked, r.status, status, diff)
	}
}

// fill puts what was got where anything is wanted.
func fill(want, got any) {
	switch wanted := want.(type) {
	case map[string]any:
		have, _ := got.(map[string]any)
		for name, value := range wanted {
			if present, ok := have[name]; ok && value == "*" && present != nil && present != "" {
				wanted[name] = present
			} else {
				fill(value, present)
			}
		}
	case []any:
		have, _ := got.([]any)
		for i := range min(len(have), len(wanted)) {
			fill(wanted[i], have[i])
		}
	}
}

// at is a text within the answer, by the names that lead to it.
func (r *reply) at(names ...string) string {
	r.t.Helper()
	var value any = r.fields()
	for _, name := range names {
		fields, _ := value.(map[string]any)
		value = fields[name]
	}
	text, ok := value.(string)
	if !ok {
		r.t.Fatalf("%s: no text at %v in %s", r.asked, names, r.text)
	}
	return text
}

// says1 is an answer with one member that is a text.
func says1(name, text string) string { return members(says(name, text)) }
