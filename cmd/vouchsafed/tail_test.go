package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/embedded"
	"vouchsafe/retail/retailtest"
)

// startsCluster starts a PostgreSQL whose files can be copied while it runs.
func startsCluster(t *testing.T) *postgres {
	t.Helper()
	dir, err := os.MkdirTemp(retailtest.Parent(), "vs")
	if err == nil {
		err = os.Chmod(dir, 0o711) // PostgreSQL runs as another user where the test is root's
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	access := filepath.Join(dir, "access.conf")
	if err := os.WriteFile(access, []byte("local all,replication all peer map=vouchsafe\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p := &postgres{t: t, options: embedded.Options{
		Dir: dir + "/data", Without: []embedded.Store{embedded.Redis}, PostgresBin: os.Getenv("VOUCHSAFE_PG_BIN"),
		Durability: embedded.Volatile, Settings: map[string]string{"synchronous_commit": "on", "hba_file": access},
		Now: time.Now, Random: rand.Reader,
	}}
	p.starts()
	t.Cleanup(p.stops)
	return p
}

func (p *postgres) files() string { return p.stores.Dir + "/postgres" }

// backsUp copies the files while the server runs, and returns where they are.
func (p *postgres) backsUp(more ...string) string {
	p.t.Helper()
	copied, err := os.MkdirTemp(filepath.Dir(p.stores.Dir), "backup")
	if err != nil {
		p.t.Fatal(err)
	}
	runsProgram(p.t, postgresProgram(p.t, "pg_basebackup"), append([]string{
		"--dbname", address(p.t, p.stores.DatabaseURL), "--pgdata", copied, "--checkpoint=fast", "--wal-method=fetch", "--no-sync",
	}, more...)...)
	owns(p.t, copied)
	return copied
}

// restores puts a backup in the place of the files, which are lost.
func (p *postgres) restores(backup string) {
	p.t.Helper()
	p.dies()
	if err := errors.Join(os.RemoveAll(p.files()), os.Rename(backup, p.files())); err != nil {
		p.t.Fatal(err)
	}
	p.starts()
}

// lesser is the user as whom PostgreSQL runs where the test is root's, nil elsewhere.
func lesser(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	found, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(found.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(found.Gid)
	if err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// owns hands files over to the user of PostgreSQL.
func owns(t *testing.T, dir string) {
	t.Helper()
	as := lesser(t)
	if as == nil {
		return
	}
	err := filepath.Walk(dir, func(name string, _ os.FileInfo, err error) error {
		return errors.Join(err, os.Lchown(name, int(as.Uid), int(as.Gid)))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// standby is a second PostgreSQL server that follows the first.
type standby struct {
	installation
	sockets string
	dies    func() // at once
}

// follows starts a standby.
func (p *postgres) follows() *standby {
	p.t.Helper()
	files := p.backsUp("--write-recovery-conf")
	sockets, err := os.MkdirTemp(filepath.Dir(p.stores.Dir), "s")
	if err != nil {
		p.t.Fatal(err)
	}
	owns(p.t, sockets)
	server := exec.Command(postgresProgram(p.t, "postgres"), "-D", files, "-k", sockets, "-c", "listen_addresses=", "-c", "fsync=off",
		"-c", "hba_file="+p.options.Settings["hba_file"], "-c", "ident_file="+p.stores.Dir+"/postgres-people.conf", "-c", "hot_standby=on")
	server.SysProcAttr = &syscall.SysProcAttr{Credential: lesser(p.t)}
	var said strings.Builder
	server.Stdout, server.Stderr = &said, &said
	if err := server.Start(); err != nil {
		p.t.Fatal(err)
	}
	dies := sync.OnceFunc(func() {
		_ = server.Process.Signal(syscall.SIGQUIT)
		_ = server.Wait()
	})
	p.t.Cleanup(func() {
		dies()
		if p.t.Failed() {
			p.t.Log(said.String())
		}
	})
	s := &standby{installation{t: p.t, url: fmt.Sprintf("postgres://vouchsafe@/vouchsafe?host=%s&port=5432", sockets)}, sockets, dies}
	eventually(p.t, startsWithin, "the standby answers", func() bool { return s.answers(`SELECT pg_is_in_recovery()`) })
	return s
}

// answers tells whether the server says yes to a question.
func (s *standby) answers(question string) (yes bool) {
	conn, err := pgx.Connect(s.t.Context(), s.url)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close(s.t.Context()) }()
	return conn.QueryRow(s.t.Context(), question).Scan(&yes) == nil && yes
}

// loses cuts the standby off: it hears of nothing any more.
func (s *standby) loses() {
	s.t.Helper()
	s.writes(`ALTER SYSTEM SET primary_conninfo = ''`)
	s.writes(`SELECT pg_reload_conf()`)
	eventually(s.t, startsWithin, "the standby hears nothing", func() bool {
		return s.answers(`SELECT NOT EXISTS (SELECT FROM pg_stat_wal_receiver)`)
	})
}
