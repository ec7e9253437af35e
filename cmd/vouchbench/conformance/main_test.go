package conformance

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vouchsafe/cmd/vouchbench/stack"
	"vouchsafe/retail/embedded"
)

// house is the real installation of this package's tests.
type house struct {
	*stack.Stack
	codes []string
	used  atomic.Int64
}

var home house

// TestMain opens one real installation for all tests. Its second gateway lets carts keep a code for seconds only, and a second secret
// signs the shop's webhooks. More tests run side by side than there are processors: clients mostly wait, as they are told to. The command
// line wins.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	code, err := withHome(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

const (
	newSecret  = "whsec_bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3"
	reserveFor = "VOUCHSAFE_RESERVE_FOR=5s"
)

func withHome(m *testing.M) (code int, err error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program, err := stack.FindProgram(ctx, "", dir)
	if err != nil {
		return 1, err
	}
	home.Stack, err = stack.Open(ctx, stack.Options{
		Program: program, Gateways: 2, Durability: embedded.Volatile, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	if home.codes, err = home.Fill(ctx, 100, 50_000); err != nil {
		return 1, err
	}
	if err := errors.Join(home.Gateways[1].Stop(), home.Gateways[1].Start(ctx, reserveFor)); err != nil {
		return 1, err
	}
	r := send(ctx, http.DefaultClient, call{
		method: http.MethodPost, url: home.Gateways[0].URL() + "/v1/admin/shops/" + stack.Shop + "/secret", key: home.AdminKey,
		content: body{"secret": newSecret},
	})
	if r.status != http.StatusOK {
		return 1, fmt.Errorf("give the shop a second secret: %d %s", r.status, r.text)
	}
	return m.Run(), nil
}

// code is a voucher for one test alone.
func (h *house) code() string { return h.codes[h.used.Add(1)-1] }

// verdicts of a sheet that differ from ok.
func verdicts(s Sheet) map[string]Verdict {
	found := map[string]Verdict{}
	for _, l := range s {
		if l.Verdict != OK {
			found[l.ID] = l.Verdict
		}
	}
	return found
}

// explain is a sheet as text.
func explain(t *testing.T, s Sheet) string {
	t.Helper()
	var text strings.Builder
	if err := s.Print(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// patient is a client for tests.
func patient() *http.Client { return &http.Client{Timeout: 30 * time.Second} }
