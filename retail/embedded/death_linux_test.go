package embedded

import (
	"path/filepath"
	"testing"
)

// Only Linux ties the life of a child to ours; elsewhere the next start ends what a killed program left.
func TestKilledProgramTakesItsStoresAlong(t *testing.T) {
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
