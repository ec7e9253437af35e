package embedded

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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

func TestKilledProgramTakesItsStoresAlong(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties the life of a child to ours; elsewhere the next start ends it")
	}
	t.Parallel()
	dir := enterable(t)
	owner, sockets := launchOwner(t, dir)
	if !answers(filepath.Join(sockets, ".s.PGSQL.5432")) || !answers(filepath.Join(sockets, "redis.sock")) {
		t.Fatal("the stores of the other process don't answer")
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, killedFor, "the stores outlive their program", func() bool {
		return !answers(filepath.Join(sockets, ".s.PGSQL.5432")) && !answers(filepath.Join(sockets, "redis.sock"))
	})
	if got := query(t, start(t, options(dir)), "SELECT 1::text"); got != "1" {
		t.Errorf("after the crash the database answers %q, want 1", got)
	}
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
	onlyRoot(t)
	t.Parallel()
	s := start(t, options(enterable(t)))
	info, err := os.Stat(filepath.Join(s.Dir, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner == 0 {
		t.Error("the data belongs to root")
	}
	if s.Moved != "" {
		t.Errorf("Moved = %q for a directory that can be reached", s.Moved)
	}
}

func TestDataUnderAPrivateDirectoryOfRootMoves(t *testing.T) {
	onlyRoot(t)
	t.Parallel()
	private := enterable(t)
	if err := os.Mkdir(private, 0o700); err != nil {
		t.Fatal(err)
	}
	o := options(filepath.Join(private, "data"))
	o.Elsewhere = enterable(t)
	first := start(t, o)
	if first.Moved == "" || filepath.Dir(first.Dir) != o.Elsewhere {
		t.Errorf("data in %s, Moved = %q; want it below %s and a reason", first.Dir, first.Moved, o.Elsewhere)
	}
	execute(t, first, "CREATE TABLE kept ()")
	stop(t, first)
	if got := query(t, start(t, o), "SELECT 'kept'::regclass::text"); got != "kept" {
		t.Errorf("the next start finds %q, want the table kept", got)
	}
}

// onlyRoot skips where the case does not exist: another user runs PostgreSQL as himself.
func onlyRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("concerns root alone")
	}
}
