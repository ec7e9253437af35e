package conformance

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/cmd/vouchbench/stack"
)

// installation is the real one, through some URL.
func installation(t *testing.T, url, code string) Installation {
	t.Helper()
	return Installation{
		URL: url, ShopKey: home.ShopKey, TillKey: home.TillKey, AdminKey: home.AdminKey, Code: code, Shop: stack.Shop, Product: stack.Product,
		Secrets: []string{stack.Secret, newSecret}, Patience: 10 * time.Second, Client: patient(), Run: "run-" + strings.ToLower(code),
	}
}

func TestARealGatewayKeepsEveryRule(t *testing.T) {
	t.Parallel()
	code := home.code()
	sheet, err := Server(t.Context(), installation(t, home.Gateways[1].URL(), code))
	if err != nil {
		t.Fatal(err)
	}
	text := explain(t, sheet)
	if diff := cmp.Diff(map[string]Verdict{}, verdicts(sheet)); diff != "" {
		t.Errorf("rules that are not ok (-want +got):\n%s\n%s", diff, text)
	}
	if strings.Contains(text, code) {
		t.Error("the sheet shows the code")
	}
}

func TestAGatewayThatBreaksARuleFailsThatLine(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]struct {
		mend func(r *http.Request, text string) string // what becomes of an answer
		want string
	}{
		"a problem has no request id": {func(_ *http.Request, text string) string {
			return strings.Replace(text, `"request_id"`, `"no_id"`, 1)
		}, "problem"},
		"a repeat is answered in other words": {func(r *http.Request, text string) string {
			if strings.HasSuffix(r.URL.Path, "-redeem-1") && r.Method == http.MethodPut {
				return strings.Replace(text, `"remaining_due"`, `"at `+time.Now().Format(time.RFC3339Nano)+`":1,"remaining_due"`, 1)
			}
			return text
		}, "redeem"},
		"a lower revision is taken": {func(r *http.Request, text string) string {
			if strings.HasSuffix(r.URL.Path, "-revision-1") {
				return strings.Replace(text, `"amount":10`, `"amount":20`, 1)
			}
			return text
		}, "revision"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			front := mangle(t, broken.mend)
			in := installation(t, front, home.code())
			in.Patience = 0
			sheet, err := Server(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]Verdict{broken.want: NotOK, "late-capture": NotTried}
			if diff := cmp.Diff(want, verdicts(sheet)); diff != "" {
				t.Errorf("rules that are not ok (-want +got):\n%s\n%s", diff, explain(t, sheet))
			}
			if sheet.Passed() {
				t.Error("the sheet passed")
			}
		})
	}
}

// mangle serves the real gateway with other answers.
func mangle(t *testing.T, mend func(r *http.Request, text string) string) (url string) {
	t.Helper()
	w := NewWatcher(WatcherOptions{Upstream: home.Gateways[0].URL(), Client: patient(), Now: time.Now})
	server := httptest.NewServer(http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		answer := w.pass(r, text)
		to.Header().Set("Content-Type", answer.header.Get("Content-Type"))
		to.Header().Set("Retry-After", answer.header.Get("Retry-After"))
		to.WriteHeader(answer.status)
		if _, err := io.WriteString(to, mend(r, string(answer.text))); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}
