package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"vouchsafe/cmd/vouchbench/load"
	"vouchsafe/retail/retailtest"
)

// TestMain lets the test binary be the process of the anchors, which the command starts from its own executable,
// and lets more tests run side by side than there are processors: half of the time they wait for other processes to start and to end. None of
// them measures a disk, so all that they make lies in memory.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "anchor" {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	if err := errors.Join(flag.Set("test.parallel", strconv.Itoa(2+runtime.GOMAXPROCS(0))), os.Setenv("TMPDIR", retailtest.Parent())); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// The short form of "vouchbench load": every workload and every anchor is driven on the real program without an error, each figure says
// what it costs, and the books are sound afterwards.
func TestLoadMeasuresEveryWorkloadBesideItsAnchor(t *testing.T) {
	t.Parallel()
	var rows []load.Row
	program, err := daemon()
	if err != nil {
		t.Fatal(err)
	}
	r := runs(t.Context(), t, &rows, "--vouchsafed", program, "load", "--clients", "4", "--duration", "150ms", "--warm-up", "50ms", "--rounds", "1", "--vouchers", "4000", "--registers", "2")
	if r.exit != exitOK {
		t.Fatalf("exit %d\n%s\n%s", r.exit, &r.out, &r.said)
	}
	measured := map[string]load.Row{}
	for _, row := range rows {
		measured[row.ID] = row
		if row.Errors > 0 || row.PerSecond.Median <= 0 || row.P99.Median <= 0 || len(row.CPU) == 0 {
			t.Errorf("%s: %+v", row.Workload, row)
		}
	}
	for _, w := range load.Workloads() {
		row, bare := measured[w.ID], measured[w.Anchor]
		if w.Anchor != "" && (row.Ratio.Median <= 0 || bare.PerSecond.Median <= 0) {
			t.Errorf("%s has no anchor beside it: %+v", w.Name, row)
		}
	}
	if trips := measured["W4r"].Trips; trips <= 0 {
		t.Error("a redemption costs no round trip")
	}
	if !strings.Contains(r.out.String(), "Sound") {
		t.Errorf("the books do not prove themselves:\n%s", &r.out)
	}
}

func TestAWorkloadThatThereIsNotIsRefused(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	if exit := run(t.Context(), []string{"load", "--workloads", "dance"}, &said, &said); exit != exitFailed || !strings.Contains(said.String(), `no workload "dance"`) {
		t.Errorf("exit %d: %s", exit, &said)
	}
}
