package retailtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"vouchsafe/retail/embedded"
)

const (
	startFor = time.Minute      // a first start takes three seconds on an idle machine
	stopFor  = 20 * time.Second // and a stop a fraction of one
	prefix   = "vouchsafe-test-"

	memoryDisk   = "/dev/shm" // on Linux
	memoryNeeded = 2 << 30    // bytes free, for the test binaries that run side by side
)

// binary is the state of this test binary, which lives as long as the process: the tests of a package share nothing else that could
// carry it.
var binary = &fixtures{}

// fixtures are the stores of one test binary.
type fixtures struct {
	mu       sync.Mutex
	open     bool // between the start and the end of Main
	dir      string
	postgres *postgres
	pooler   *pooler
	redis    *redis
}

// Main runs the tests of a package, stops the stores they started and ends the process. Call it from TestMain.
func Main(m *testing.M) {
	binary.mu.Lock()
	binary.open = true
	binary.mu.Unlock()
	code := m.Run()
	if err := binary.close(); err != nil {
		fmt.Fprintln(os.Stderr, "retailtest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// close stops what was started and removes the directory.
func (f *fixtures) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open = false
	if f.dir == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopFor)
	defer cancel()
	return errors.Join(f.redis.close(ctx), f.pooler.close(), f.postgres.close(ctx), os.RemoveAll(f.dir))
}

// start runs one of the two stores in a directory of its own. The caller holds the lock.
func (f *fixtures) start(store, without embedded.Store) (*embedded.Stores, error) {
	if !f.open {
		return nil, errors.New("the tests of this package need: func TestMain(m *testing.M) { retailtest.Main(m) }")
	}
	if err := f.makeDir(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startFor)
	defer cancel()
	return embedded.Start(ctx, embedded.Options{
		Dir:         filepath.Join(f.dir, string(store)),
		Without:     []embedded.Store{without},
		PostgresBin: os.Getenv("VOUCHSAFE_PG_BIN"),
		// Deadlocks are found soon: on a busy machine a second more would run into the statements' own time limit.
		Settings:   map[string]string{"max_connections": "300", "deadlock_timeout": "200ms"},
		Durability: embedded.Volatile,
		Now:        time.Now,
		Random:     rand.Reader,
	})
}

// makeDir makes the directory of this binary and clears away what others left.
func (f *fixtures) makeDir() error {
	if f.dir != "" {
		return nil
	}
	dir, err := os.MkdirTemp(Parent(), prefix)
	if err != nil {
		return err
	}
	f.dir = dir
	if err := os.Chmod(dir, 0o711); err != nil { // root's PostgreSQL runs as somebody else
		return err
	}
	return clearLeft(dir)
}

// Parent is where the stores of tests are made: in memory where there is room, since making a database, which every test does, takes a
// third of the time there. Root's TMPDIR is avoided since others often may not enter it.
func Parent() string {
	var memory syscall.Statfs_t
	if err := syscall.Statfs(memoryDisk, &memory); err == nil && memory.Bavail*uint64(memory.Bsize) >= memoryNeeded {
		return memoryDisk
	}
	if os.Geteuid() == 0 {
		return "/tmp"
	}
	return os.TempDir()
}
