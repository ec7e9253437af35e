package failpoint

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// childVariable makes the test binary play the process that crashes; its value is how often it hits.
const childVariable = "FAILPOINT_TEST_CHILD"

func TestMain(m *testing.M) {
	if hits := os.Getenv(childVariable); hits != "" {
		for range len(hits) {
			Hit(GroupLocked)
			Hit(GroupCommitted)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// runChild runs this binary with points armed and hits passes, and returns how it ended.
func runChild(t *testing.T, points, hits string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0])
	child.Env = []string{childVariable + "=" + hits, environment + "=" + points}
	return child.Run()
}

func killed(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

func TestAProcessKillsItself(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		points string
		hits   string
		killed bool
	}{
		{"at the first hit", "group.committed", "x", true},
		{"at the third hit", "group.committed=3", "xxx", true},
		{"at one of several points", "mail.dot, group.locked=2", "xx", true},
		{"not before the third hit", "group.committed=3", "xx", false},
		{"not at other points", "mail.dot", "xxx", false},
		{"never unless armed", "", "xxx", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := runChild(t, tt.points, tt.hits)
			if got := killed(err); got != tt.killed {
				t.Errorf("killed = %t, want %t (%v)", got, tt.killed, err)
			}
			if !tt.killed && err != nil {
				t.Errorf("the process ended with %v", err)
			}
		})
	}
}

func TestAMisspeltPointStopsTheProcess(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"group.comitted", "group.committed=0", "group.committed=x", "group.committed,"} {
		t.Run(list, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Errorf("fromEnvironment(%q) did not panic", list)
				}
			}()
			fromEnvironment(list)
		})
	}
}

func TestAHookRunsUntilItIsRestored(t *testing.T) {
	t.Parallel()
	r := &registry{}
	var ran []string
	note := func(word string) func() { return func() { ran = append(ran, word) } }

	r.hit(MailDot)
	restoreOuter := r.set(MailDot, note("outer"))
	r.hit(MailDot)
	restoreInner := r.set(MailDot, note("inner"))
	r.hit(MailDot)
	r.hit(MailAccepted)
	restoreInner()
	r.hit(MailDot)
	restoreOuter()
	r.hit(MailDot)

	if diff := cmp.Diff([]string{"outer", "inner", "outer"}, ran); diff != "" {
		t.Errorf("hooks that ran (-want +got):\n%s", diff)
	}
	if r.armed.Load() != nil {
		t.Error("something is still armed")
	}
}

// TestTheTableHoldsEveryPointOnce reads the constants themselves: a crash test that walks through Names misses none.
func TestTheTableHoldsEveryPointOnce(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "names.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	ast.Inspect(file, func(n ast.Node) bool {
		if constant, ok := n.(*ast.ValueSpec); ok {
			for _, value := range constant.Values {
				name, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				declared = append(declared, name)
			}
		}
		return true
	})
	if diff := cmp.Diff(declared, Names()); diff != "" || len(declared) == 0 {
		t.Errorf("Names (-declared +got):\n%s", diff)
	}
	slices.Sort(declared)
	if once := slices.Compact(slices.Clone(declared)); len(once) != len(declared) {
		t.Errorf("%d points, %d differ", len(declared), len(once))
	}
}

func BenchmarkHitUnarmed(b *testing.B) {
	for b.Loop() {
		Hit(GroupLocked)
	}
}
