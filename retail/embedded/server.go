package embedded

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	serverPort   = "5432" // names the socket; nothing listens on it
	orphanFor    = 10 * time.Second
	statusReady  = "ready"
	pidLines     = 8 // of postmaster.pid when the server has written all of it
	pidLineDir   = 4 // socket directory
	pidLineState = 7
)

// server is a running PostgreSQL.
type server struct {
	programs programs
	data     string
	url      string
	child    *child
}

// startServer makes the data if there is none, starts PostgreSQL on it and waits until it takes connections.
func startServer(ctx context.Context, h home, o Options) (*server, error) {
	data := filepath.Join(h.dir, "postgres")
	p, err := choose(ctx, o, data, h.as)
	if err != nil {
		return nil, err
	}
	if err := create(ctx, p, h, data, o.Durability); err != nil {
		return nil, err
	}
	if err := endOrphan(ctx, p, h, data); err != nil {
		return nil, fmt.Errorf("stop the PostgreSQL that a killed program left behind: %w", err)
	}
	access, err := writeAccess(h)
	if err != nil {
		return nil, fmt.Errorf("say who may connect: %w", err)
	}
	s := &server{programs: p, data: data, url: h.databaseURL()}
	s.child, err = s.launch(h, settings(o, h, access))
	if err != nil {
		return nil, err
	}
	return s, s.awaitReady(ctx)
}

func (s *server) launch(h home, settings map[string]string) (*child, error) {
	log, err := h.logFile("postgres")
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own
	cmd := exec.Command(s.programs.path("postgres"), append([]string{"-D", s.data}, arguments(settings)...)...)
	cmd.Dir = s.data
	cmd.Stdout, cmd.Stderr = log, log
	// SIGQUIT is an immediate shutdown of the postmaster and all its backends: nobody is left to wait for a checkpoint.
	c, err := launch(cmd, h.as, syscall.SIGQUIT)
	if err != nil {
		return nil, err
	}
	c.log = log.Name()
	return c, nil
}

// awaitReady asks the file that pg_ctl asks too. A server that doesn't come up is stopped again.
func (s *server) awaitReady(ctx context.Context) error {
	pid := strconv.Itoa(s.child.cmd.Process.Pid)
	err := s.child.await(ctx, func() bool {
		lines := pidFile(s.data)
		return len(lines) >= pidLines && lines[0] == pid && lines[pidLineState] == statusReady
	})
	if err == nil {
		return nil
	}
	s.child.signalGroup(syscall.SIGQUIT)
	<-s.child.ended
	return err
}

// pidFile are the lines of postmaster.pid; none if there is no such file.
func pidFile(data string) []string {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return nil
	}
	lines := strings.Split(string(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}

// endOrphan ends a server that outlived a killed program: we hold the lock, so nobody watches it any more. That it answers on its
// socket proves that the number in the file isn't a stranger's by now.
func endOrphan(ctx context.Context, p programs, h home, data string) error {
	lines := pidFile(data)
	if len(lines) < pidLines || !answers(filepath.Join(lines[pidLineDir], ".s.PGSQL."+serverPort)) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, orphanFor)
	defer cancel()
	stop := exec.Command(p.path("pg_ctl"), "stop", "-D", data, "-m", "fast", "-w")
	stop.Dir = data
	_, err := run(ctx, stop, h.as)
	if err != nil && pidFile(data) == nil {
		return nil // it went by itself meanwhile
	}
	return err
}

func answers(socket string) bool {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// writeAccess lets in the user of this process and the account, known by the kernel and not by a password, as the superuser. The
// files lie beside the data: what an operator wrote inside stays.
func writeAccess(h home) (map[string]string, error) {
	me, err := processUser()
	if err != nil {
		return nil, err
	}
	rules := "local all all peer map=vouchsafe\n"
	people := fmt.Sprintf("vouchsafe %q %s\nvouchsafe %q %s\n", me, superuser, h.as.name, superuser)
	files := map[string]string{
		"hba_file":   filepath.Join(h.dir, "postgres-access.conf"),
		"ident_file": filepath.Join(h.dir, "postgres-people.conf"),
	}
	for setting, text := range map[string]string{"hba_file": rules, "ident_file": people} {
		if err := os.WriteFile(files[setting], []byte(text), 0o600); err != nil {
			return nil, err
		}
		if err := h.as.own(files[setting]); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// settings are given on the command line at every start, so that nothing depends on what the data directory says. The server logs no
// values: a line of it could carry a code.
func settings(o Options, h home, access map[string]string) map[string]string {
	all := map[string]string{
		"cluster_name":             "vouchsafe",
		"listen_addresses":         "",
		"port":                     serverPort,
		"unix_socket_directories":  `"` + h.sockets + `"`,
		"unix_socket_permissions":  "0700",
		"timezone":                 "UTC",
		"log_timezone":             "UTC",
		"logging_collector":        "off",
		"log_checkpoints":          "off",
		"log_error_verbosity":      "terse",
		"log_min_error_statement":  "panic",
		"log_parameter_max_length": "0",
		"log_statement":            "none",
		"jit":                      "off",
	}
	maps.Copy(all, access)
	maps.Copy(all, durabilitySettings(o.Durability))
	maps.Copy(all, o.Settings)
	return all
}

func durabilitySettings(d Durability) map[string]string {
	if d == Durable {
		return nil
	}
	return map[string]string{
		"fsync":                      "off",
		"synchronous_commit":         "off",
		"full_page_writes":           "off",
		"dynamic_shared_memory_type": "mmap", // in the data directory: a killed server leaves nothing elsewhere
	}
}

// arguments puts settings on the command line of postgres, in the same order every time.
func arguments(settings map[string]string) []string {
	var args []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

func (h home) databaseURL() string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(superuser),
		Path:     "/" + databaseName,
		RawQuery: url.Values{"host": {h.sockets}, "port": {serverPort}}.Encode(),
	}
	return u.String()
}

func (s *server) describe() string {
	return fmt.Sprintf("PostgreSQL %s of %s, process %d", s.programs.full, s.programs.dir, s.child.cmd.Process.Pid)
}

func (s *server) part() part {
	return part{
		name:  "PostgreSQL",
		ended: s.child.ended,
		fault: s.child.fault,
		stop: func(ctx context.Context) error {
			return s.child.stop(ctx, syscall.SIGINT, syscall.SIGQUIT) // fast, then immediate: neither waits for clients to leave
		},
	}
}
