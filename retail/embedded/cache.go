package embedded

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	askFor   = time.Second           // how long Redis may take over one answer while it starts
	askEvery = 10 * time.Millisecond // how often a leaving Redis is looked for

	databases     = "16"
	testDatabases = "256" // one for every test that runs at the same time
)

// cache is a running Redis of one kind or the other.
type cache struct {
	url  string
	what string
	part part
}

// startCache prefers a real Redis, and says which it is.
func startCache(ctx context.Context, h home, o Options) (*cache, error) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, ok := lookup(o.SearchPath, name); ok {
			return startRedisServer(ctx, h, o, path)
		}
	}
	return startMiniredis(o)
}

func startRedisServer(ctx context.Context, h home, o Options, path string) (*cache, error) {
	socket := filepath.Join(h.sockets, "redis.sock")
	if err := endOrphanRedis(ctx, socket); err != nil {
		return nil, fmt.Errorf("stop the Redis that a killed program left behind: %w", err)
	}
	c, err := launchRedis(h, path, socket, o.Durability)
	if err != nil {
		return nil, err
	}
	if err := c.await(ctx, func() bool { return ask(ctx, socket, "PING") == "+PONG" }); err != nil {
		c.signalGroup(syscall.SIGKILL)
		<-c.ended
		return nil, err
	}
	return &cache{
		url:  (&url.URL{Scheme: "unix", Path: socket}).String(),
		what: fmt.Sprintf("%s, process %d", path, c.cmd.Process.Pid),
		part: redisPart(c),
	}, nil
}

func launchRedis(h home, path, socket string, d Durability) (*child, error) {
	data := filepath.Join(h.dir, "redis")
	if err := h.as.makePrivate(data); err != nil {
		return nil, fmt.Errorf("make the directory of Redis: %w", err)
	}
	log, err := h.logFile("redis")
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own
	cmd := exec.Command(path, redisArguments(data, socket, d)...)
	cmd.Dir = data
	cmd.Stdout, cmd.Stderr = log, log
	// What it was sent is in its file or with the kernel: a kill loses nothing, and unlike SIGTERM no running script delays it.
	c, err := launch(cmd, h.as, syscall.SIGKILL)
	if err != nil {
		return nil, err
	}
	c.log = log.Name()
	return c, nil
}

func redisArguments(data, socket string, d Durability) []string {
	args := []string{
		"--port", "0",
		"--unixsocket", socket,
		"--unixsocketperm", "700",
		"--dir", data,
		"--daemonize", "no",
		"--save", "",
		"--maxmemory-policy", "noeviction", // a hold must not be pushed out by another
	}
	if d == Volatile {
		return append(args, "--appendonly", "no", "--databases", testDatabases)
	}
	return append(args, "--appendonly", "yes", "--databases", databases)
}

// ask sends one inline command and returns the first line of the answer, or nothing when there is none.
func ask(ctx context.Context, socket, command string) string {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return ""
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if _, err := io.WriteString(conn, command+"\r\n"); err != nil {
		return ""
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return ""
	}
	return strings.TrimSpace(line)
}

// endOrphanRedis ends a server that outlived a killed program: two of them would write one file.
func endOrphanRedis(ctx context.Context, socket string) error {
	ctx, cancel := context.WithTimeout(ctx, orphanFor)
	defer cancel()
	ticks := time.NewTicker(askEvery)
	defer ticks.Stop()
	for answers(socket) {
		ask(ctx, socket, "SHUTDOWN NOSAVE") // the append-only file is written all the same
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticks.C:
		}
	}
	return nil
}

func redisPart(c *child) part {
	return part{
		name:  "Redis",
		ended: c.ended,
		fault: c.fault,
		stop: func(ctx context.Context) error {
			return c.stop(ctx, syscall.SIGTERM, syscall.SIGKILL)
		},
	}
}
