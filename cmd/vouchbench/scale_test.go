package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vouchsafe/cmd/vouchbench/scale"
	"vouchsafe/cmd/vouchbench/stack"
)

// daemon is the real program, built once for the tests of these commands.
var daemon = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "vouchbench-")
	if err != nil {
		return "", err
	}
	return stack.Build(context.Background(), filepath.Join(dir, "vouchsafed"), "-ldflags=-s -w")
})

// ran is what a command of vouchbench came to.
type ran struct {
	exit      int
	out, said strings.Builder
}

// runs a command and reads its report's results.
func runs(ctx context.Context, t *testing.T, results any, args ...string) *ran {
	t.Helper()
	name, r := filepath.Join(t.TempDir(), "report.json"), &ran{}
	r.exit = run(ctx, append([]string{"--json", name}, args...), &r.out, &r.said)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("vouchbench %s left no report: %v\n%s", strings.Join(args, " "), err, &r.said)
	}
	if err := json.Unmarshal(text, &struct{ Results any }{results}); err != nil {
		t.Fatal(err)
	}
	return r
}

// The short form of "vouchbench scale" on the real program: every figure is there, the lists answer, and the books that were filled by
// COPY prove themselves.
func TestScaleMeasuresEverySizeOnSoundBooks(t *testing.T) {
	t.Parallel()
	var results struct {
		Rows     []scale.Row
		Verdicts []scale.Verdict
	}
	program, err := daemon()
	if err != nil {
		t.Fatal(err)
	}
	r := runs(t.Context(), t, &results, "--vouchsafed", program, "scale", "--sizes", "400,1200", "--clients", "8", "--for", "200ms")
	if r.exit != exitOK {
		t.Fatalf("exit %d\n%s\n%s", r.exit, &r.out, &r.said)
	}
	if len(results.Rows) != 2 || len(results.Verdicts) == 0 {
		t.Fatalf("%d rows and %d verdicts\n%s", len(results.Rows), len(results.Verdicts), &r.out)
	}
	for _, row := range results.Rows {
		if !row.Sound || row.Entries != 10*row.Vouchers || row.Reserved != row.Vouchers/5 || row.Overdue != row.Vouchers/20 || row.Parts != row.Reserved/10 {
			t.Errorf("the row is %+v", row)
		}
		if row.Redeem.PerSecond == 0 || row.Balance.PerSecond == 0 || row.Redeem.Errors+row.Balance.Errors > 0 || row.Peak < row.Idle ||
			min(row.Ready, row.Verify, row.Reseed, row.Sweep, row.SumUp, row.Filled) <= 0 {
			t.Errorf("the figures of the row are %+v", row)
		}
		for _, l := range row.Looks {
			if l.Status != http.StatusOK {
				t.Errorf("%s answered %d", l.Path, l.Status)
			}
		}
	}
	if !strings.Contains(r.out.String(), "ok      the books prove themselves: true") {
		t.Errorf("it printed\n%s", &r.out)
	}
}

func TestScaleRefusesSizesThatDoNotRise(t *testing.T) {
	t.Parallel()
	for _, sizes := range []string{"2000,1000", "1000,1000", "0,1000"} {
		var out, said strings.Builder
		if exit := run(t.Context(), []string{"scale", "--sizes", sizes}, &out, &said); exit != exitFailed || !strings.Contains(said.String(), "must rise") {
			t.Errorf("--sizes %s: exit %d, %s", sizes, exit, &said)
		}
	}
}
