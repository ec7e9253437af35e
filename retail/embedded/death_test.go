package embedded

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ownerOf names the directory for a copy of this test binary that runs stores until it is killed.
const ownerOf = "VOUCHSAFE_TEST_OWNER_OF"

// killedFor is what the stores may take to follow their program: a fraction of a second, on a machine that has nothing else to do.
const killedFor = 2 * time.Second

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerOf); dir != "" {
		holdStores(dir)
		return
	}
	os.Exit(m.Run())
}

func holdStores(dir string) {
	s, err := Start(context.Background(), options(dir))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(s.sockets.dir)
	<-s.Done()
}

// launchOwner runs stores in another process and returns where they listen.
func launchOwner(t *testing.T, dir string) (owner *exec.Cmd, sockets string) {
	t.Helper()
	owner = exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), ownerOf+"="+dir)
	owner.Stderr = os.Stderr
	said, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = owner.Process.Kill()
		_ = owner.Wait()
	})
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatal("the other process did not start its stores: ", err)
	}
	return owner, strings.TrimSpace(line)
}

// within polls, since nobody tells us about the children of another process.
func within(t *testing.T, limit time.Duration, complaint string, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	ticks := time.NewTicker(pollEvery)
	defer ticks.Stop()
	for !done() {
		select {
		case <-deadline.C:
			t.Fatalf("%s after %s", complaint, limit)
		case <-ticks.C:
		}
	}
}

// processOf reads the process number from the description of a store.
func processOf(t *testing.T, description string) int {
	t.Helper()
	_, text, _ := strings.Cut(description, "process ")
	pid, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("no process in %q", description)
	}
	return pid
}

func TestRootRunsPostgresAsSomebodyElse(t *testing.T) {
	t.Parallel()
	s := start(t, options(enterable(t)))
	info, err := os.Stat(filepath.Join(s.Dir, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner == 0 {
		t.Error("the data belongs to root")
	} else if me := os.Geteuid(); me != 0 && int(owner) != me {
		t.Errorf("the data belongs to user %d, want %d who runs PostgreSQL himself", owner, me)
	}
	if s.Moved != "" {
		t.Errorf("Moved = %q for a directory that can be reached", s.Moved)
	}
}

func TestDataUnderAPrivateDirectoryOfRootMoves(t *testing.T) {
	t.Parallel()
	private := enterable(t)
	if err := os.Mkdir(private, 0o700); err != nil {
		t.Fatal(err)
	}
	o := options(filepath.Join(private, "data"))
	o.Elsewhere = enterable(t)
	first := start(t, o)
	if os.Geteuid() != 0 { // his own private directory is open to who runs PostgreSQL himself
		o.Elsewhere = private
	}
	if moves := os.Geteuid() == 0; (first.Moved != "") != moves || filepath.Dir(first.Dir) != o.Elsewhere {
		t.Errorf("data in %s, Moved = %q; want it below %s and a reason", first.Dir, first.Moved, o.Elsewhere)
	}
	execute(t, first, "CREATE TABLE kept ()")
	stop(t, first)
	if got := query(t, start(t, o), "SELECT 'kept'::regclass::text"); got != "kept" {
		t.Errorf("the next start finds %q, want the table kept", got)
	}
}
