package retailtest

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestOnlyWhatKilledTestsLeftIsClearedAway(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	ours := leave(t, parent, "ours", 0)
	for _, c := range []struct {
		name string
		dir  string
		gone bool
	}{
		{name: "an old one that nobody holds", dir: leave(t, parent, "old", time.Hour), gone: true},
		{name: "an old one that is still running", dir: locked(t, leave(t, parent, "running", time.Hour))},
		{name: "a young one that may be about to be locked", dir: leave(t, parent, "young", time.Second)},
	} {
		if err := clearLeft(ours); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(c.dir); os.IsNotExist(err) != c.gone {
			t.Errorf("%s: gone = %v, want %v", c.name, !c.gone, c.gone)
		}
	}
}

// leave makes a directory as a test binary of that age would.
func leave(t *testing.T, parent, name string, age time.Duration) string {
	t.Helper()
	dir := filepath.Join(parent, prefix+name)
	if err := os.MkdirAll(filepath.Join(dir, "postgres"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "postgres", "lock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	made := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).Add(-age)
	if err := os.Chtimes(dir, made, made); err != nil {
		t.Fatal(err)
	}
	return dir
}

func locked(t *testing.T, dir string) string {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, "postgres", "lock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	return dir
}
