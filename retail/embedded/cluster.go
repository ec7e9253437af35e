package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	superuser    = "vouchsafe" // in PostgreSQL, whoever the program runs as
	databaseName = "vouchsafe"
)

// clusterVersion is the major version that made the data, 0 when there is none yet.
func clusterVersion(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, refuseForeign(data)
	}
	if err != nil {
		return 0, fmt.Errorf("read the version of the data: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read the version of the data in %s: %w", data, err)
	}
	return major, nil
}

// refuseForeign keeps initdb from a directory that holds something, but no database we know.
func refuseForeign(data string) error {
	if _, err := os.Lstat(data); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s exists but is no PostgreSQL data (it has no PG_VERSION): move it away or choose another directory", data)
	}
	return nil
}

// create makes the data under another name and renames it when it is complete: a crash on the way leaves no half database behind
// that a later start would take for a whole one.
func create(ctx context.Context, p programs, h home, data string, d Durability) error {
	if _, err := os.Lstat(data); err == nil {
		return nil
	}
	draft := data + ".incomplete"
	if err := os.RemoveAll(draft); err != nil { // never was a database: that has the final name
		return fmt.Errorf("clear an interrupted start away: %w", err)
	}
	if err := h.as.makePrivate(draft); err != nil {
		return fmt.Errorf("make the database directory: %w", err)
	}
	if err := initialise(ctx, p, h, draft, d); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	if err := os.Rename(draft, data); err != nil {
		return fmt.Errorf("put the new database in its place: %w", err)
	}
	return syncDir(filepath.Dir(data))
}

func initialise(ctx context.Context, p programs, h home, draft string, d Durability) error {
	initdb := exec.Command(p.path("initdb"), append([]string{
		"--pgdata=" + draft,
		"--username=" + superuser,
		"--encoding=UTF8",
		"--locale=C",
		"--data-checksums",
		"--auth-local=peer",
		"--auth-host=reject",
	}, initdbExtras(d)...)...)
	initdb.Dir = draft
	if _, err := run(ctx, initdb, h.as); err != nil {
		return err
	}
	single := exec.Command(p.path("postgres"), append([]string{"--single", "-D", draft, "-c", "exit_on_error=on"}, append(arguments(durabilitySettings(d)), "postgres")...)...)
	single.Dir = draft
	single.Stdin = strings.NewReader("CREATE DATABASE " + databaseName + "\n")
	_, err := run(ctx, single, h.as)
	return err
}

func initdbExtras(d Durability) []string {
	if d == Volatile {
		return []string{"--no-sync"}
	}
	return nil
}

// syncDir makes a rename survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
