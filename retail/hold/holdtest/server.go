// Package holdtest starts real Redis servers for tests, stand-alone, behind
// Sentinel and in cluster mode, and puts a faulty wire before one. A missing
// redis-server fails the test: nothing is skipped.
package holdtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// startFor is how long a server may take until it answers.
const startFor = 10 * time.Second

// Server is one private redis-server with an empty memory. It dies with its test.
type Server struct {
	args    []string
	dir     string
	network string
	address string
	process *exec.Cmd
}

// Start runs a stand-alone server on a unix socket; options are those of the
// redis-server command line.
func Start(t testing.TB, options ...string) *Server {
	t.Helper()
	s := &Server{dir: directory(t), network: "unix"}
	s.address = filepath.Join(s.dir, "redis.sock")
	s.args = append([]string{"--port", "0", "--unixsocket", s.address}, options...)
	s.run(t)
	return s
}

// StartTCP runs a stand-alone server on a port of the loopback interface.
func StartTCP(t testing.TB, options ...string) *Server {
	t.Helper()
	port := freePort(t)
	s := &Server{dir: directory(t), network: "tcp", address: "127.0.0.1:" + port}
	s.args = append([]string{"--port", port, "--bind", "127.0.0.1"}, options...)
	s.run(t)
	return s
}

// StartCluster runs a cluster of one node that owns all slots, which is enough
// for Redis to refuse keys of two slots in one command.
func StartCluster(t testing.TB) *Server {
	t.Helper()
	s := StartTCP(t, "--cluster-enabled", "yes", "--cluster-port", freePort(t), "--cluster-announce-ip", "127.0.0.1")
	s.Do(t, "CLUSTER ADDSLOTSRANGE 0 16383")
	until(t, "the cluster is up", func() bool {
		return strings.Contains(s.Do(t, "CLUSTER INFO"), "cluster_state:ok")
	})
	return s
}

// StartSentinel runs a sentinel that watches the server, which must be on TCP,
// under a name, and returns the sentinel's address.
func StartSentinel(t testing.TB, master *Server, name string) string {
	t.Helper()
	port := freePort(t)
	s := &Server{dir: directory(t), network: "tcp", address: "127.0.0.1:" + port}
	config := filepath.Join(s.dir, "sentinel.conf")
	text := fmt.Sprintf("port %s\nbind 127.0.0.1\nsentinel monitor %s %s 1\n",
		port, name, strings.Replace(master.address, ":", " ", 1))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.args = []string{config, "--sentinel"}
	s.run(t)
	return s.address
}

// URL is what a client is opened with. A cluster's is redis+cluster.
func (s *Server) URL() string {
	switch {
	case s.network == "unix":
		return "unix://" + s.address
	case strings.Contains(strings.Join(s.args, " "), "--cluster-enabled yes"):
		return "redis+cluster://" + s.address
	default:
		return "redis://" + s.address
	}
}

// Address is where the server listens.
func (s *Server) Address() (network, address string) { return s.network, s.address }

// Restart kills the server and starts it anew; its memory is lost, but for what
// the command SAVE has put on its disk.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.kill()
	s.run(t)
}

// Stop kills the server; Restart starts it anew.
func (s *Server) Stop() { s.kill() }

// Running tells whether the server was not stopped.
func (s *Server) Running() bool { return s.process.ProcessState == nil }

// Do sends one command, written as a person would type it, and returns the
// text of its reply.
func (s *Server) Do(t testing.TB, command string) string {
	t.Helper()
	reply, err := s.ask(command)
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return reply
}

func (s *Server) ask(command string) (string, error) {
	conn, err := net.Dial(s.network, s.address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(command + "\r\n")); err != nil {
		return "", err
	}
	in := bufio.NewReader(conn)
	line, err := in.ReadString('\n')
	if err != nil || line[0] != '$' {
		return strings.TrimSpace(line), err
	}
	size, err := strconv.Atoi(strings.TrimSpace(line[1:]))
	if err != nil || size < 0 {
		return "", err
	}
	text := make([]byte, size)
	_, err = io.ReadFull(in, text)
	return string(text), err
}

func (s *Server) run(t testing.TB) {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("these tests need a real redis-server: %v", err)
	}
	s.process = exec.Command(path, append(s.args,
		"--dir", s.dir, "--save", "", "--appendonly", "no", "--daemonize", "no", "--logfile", filepath.Join(s.dir, "log"))...)
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	until(t, "redis-server answers", func() bool {
		reply, err := s.ask("PING")
		return err == nil && reply == "+PONG"
	})
}

// kill may be called twice.
func (s *Server) kill() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

// directory is short: the path of a unix socket may have 107 bytes.
func directory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func freePort(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// until waits for another process, which can't tell when it is ready.
func until(t testing.TB, what string, ready func() bool) {
	t.Helper()
	deadline := time.NewTimer(startFor)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ready() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited %v in vain until %s", startFor, what)
		}
	}
}
