package retailtest

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

const (
	// poolerVariable chooses what stands between Database and PostgreSQL: nothing, or pgbouncer.
	poolerVariable = "VOUCHSAFE_TEST_POOLER"
	pgbouncerName  = "pgbouncer"
	poolerPort     = "6432" // names the socket; nothing listens on it
)

// PooledURL returns the way to a database of DatabaseURL through a PgBouncer of this binary, which gives each transaction another
// connection, of few: whatever a session was told is told to somebody else.
func PooledURL(t testing.TB, databaseURL string) string {
	t.Helper()
	p, err := binary.pool()
	if err != nil {
		t.Fatalf("retailtest: %v", err)
	}
	return through(p.dir, poolerPort, databaseURL)
}

// through is an address by way of another directory of sockets.
func through(dir, port, address string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(fmt.Sprintf("retailtest: %v", err)) // embedded made it
	}
	query := u.Query()
	query.Set("host", dir)
	query.Set("port", port)
	u.RawQuery = query.Encode()
	return u.String()
}

// pooler is the PgBouncer of this binary.
type pooler struct {
	dir     string
	process *os.Process
	ended   chan struct{}
	err     error // why there is none; then every test fails alike
}

// pool starts PgBouncer when the first test asks; its PostgreSQL runs by then.
func (f *fixtures) pool() (*pooler, error) {
	server, err := f.database()
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pooler == nil {
		f.pooler = &pooler{dir: filepath.Join(f.dir, "pgbouncer"), ended: make(chan struct{})}
		f.pooler.err = f.pooler.start(server.stores.DatabaseURL)
	}
	return f.pooler, f.pooler.err
}

// poolerSettings are PgBouncer's, for every database behind: few connections, but more than a test holds open at once, and a different
// one for each transaction. Each is asked whether it lives before it is given away, since tests end them and go on at that very instant.
const poolerSettings = `[databases]
* = host=%[1]s port=%[2]s user=%[3]s

[pgbouncer]
listen_addr =
listen_port = %[4]s
unix_socket_dir = %[5]s
unix_socket_mode = 0777
auth_type = any
pool_mode = transaction
default_pool_size = 8
min_pool_size = 3
server_round_robin = 1
server_check_delay = 0
autodb_idle_timeout = 10
max_client_conn = 2000
server_idle_timeout = 5
logfile = %[5]s/log
`

func (p *pooler) start(databaseURL string) error {
	program, err := findPgBouncer()
	if err != nil {
		return err
	}
	behind, err := url.Parse(databaseURL)
	if err != nil {
		return err
	}
	owner, err := p.makeDir(behind.Query().Get("host"))
	if err != nil {
		return fmt.Errorf("make the directory of pgbouncer: %w", err)
	}
	settings := fmt.Sprintf(poolerSettings, behind.Query().Get("host"), behind.Query().Get("port"), behind.User.Username(), poolerPort, p.dir)
	file := filepath.Join(p.dir, "settings.ini")
	if err := os.WriteFile(file, []byte(settings), 0o644); err != nil {
		return err
	}
	cmd := exec.Command(program, "--quiet", file)
	cmd.SysProcAttr = childAttributes(owner)
	if err := p.run(cmd); err != nil {
		return fmt.Errorf("start pgbouncer: %w", err)
	}
	return p.await()
}

// findPgBouncer looks where Debian puts it too, which is on the path of root alone.
func findPgBouncer() (string, error) {
	for _, name := range []string{pgbouncerName, "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("pgbouncer is not installed: run scripts/setup (apt-get install pgbouncer, brew install pgbouncer)")
}

// makeDir makes a directory that belongs to whoever PostgreSQL runs as, and tells who that is: like PostgreSQL, PgBouncer refuses to run
// as root. It is nil where everything runs as this process.
func (p *pooler) makeDir(sockets string) (*syscall.Credential, error) {
	info, err := os.Stat(sockets)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(p.dir, 0o755); err != nil {
		return nil, err
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !known || os.Geteuid() != 0 {
		return nil, nil
	}
	return &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}, os.Chown(p.dir, int(owner.Uid), int(owner.Gid))
}

// run starts the program on a thread that lives as long, for the kernel ties the child's life to it.
func (p *pooler) run(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		p.process = cmd.Process
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is told to end
			close(p.ended)
		}
	}()
	return <-started
}

// await returns when PgBouncer takes connections.
func (p *pooler) await() error {
	patience := time.NewTimer(startFor)
	defer patience.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.Dial("unix", filepath.Join(p.dir, ".s.PGSQL."+poolerPort))
		if err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-p.ended:
			said, _ := os.ReadFile(filepath.Join(p.dir, "log")) // without it there is nothing to quote
			return fmt.Errorf("pgbouncer ended by itself: %s", said)
		case <-patience.C:
			return fmt.Errorf("pgbouncer takes no connections: %w", err)
		}
	}
}

func (p *pooler) close() error {
	if p == nil || p.process == nil {
		return nil
	}
	err := p.process.Kill()
	<-p.ended
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}
