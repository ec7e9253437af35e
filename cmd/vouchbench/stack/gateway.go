package stack

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// startWithin is how long a gateway may take until it serves, on a machine that is busy with other things.
const startWithin = time.Minute

// ErrNotRunning means that the gateway does not run at the moment.
var ErrNotRunning = errors.New("the gateway does not run")

// Gateway is one vouchsafed process, or its place while it is down. It is safe for concurrent use.
type Gateway struct {
	program string
	env     []string
	log     string // file, appended to at every start

	mu      sync.Mutex
	process *exec.Cmd // nil while it is down
	ended   chan struct{}
	url     string
}

// URL is where the gateway serves, or served last: every start takes another port.
func (g *Gateway) URL() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.url
}

// PID is the process, 0 while there is none.
func (g *Gateway) PID() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.process == nil {
		return 0
	}
	return g.process.Process.Pid
}

// LogFile is where the gateway writes its log.
func (g *Gateway) LogFile() string { return g.log }

// Start runs the gateway with further settings, "NAME=value", and waits until it serves.
func (g *Gateway) Start(ctx context.Context, settings ...string) error {
	log, err := os.OpenFile(g.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("start a gateway: %w", err)
	}
	cmd := exec.Command(g.program, "serve")
	cmd.Env = append(append([]string{}, g.env...), settings...)
	said, err := cmd.StderrPipe()
	if err != nil {
		return errors.Join(fmt.Errorf("start a gateway: %w", err), log.Close())
	}
	if err := cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("start a gateway: %w", err), log.Close())
	}
	ended, address := make(chan struct{}), make(chan string, 1)
	go follow(cmd, said, log, address, ended)
	return g.await(ctx, cmd, address, ended)
}

// supervisedStarts is how often a gateway is started that ends by itself before it serves.
const supervisedStarts = 3

// Supervise starts the gateway as a supervisor of services does: one that gives up, because a store is not what it was, is started anew.
func (g *Gateway) Supervise(ctx context.Context) (err error) {
	for range supervisedStarts {
		if err = g.Start(ctx); err == nil {
			return nil
		}
	}
	return err
}

// await takes the address that the gateway names in its log. One that doesn't come up is killed.
func (g *Gateway) await(ctx context.Context, cmd *exec.Cmd, address <-chan string, ended chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	select {
	case at := <-address:
		g.mu.Lock()
		defer g.mu.Unlock()
		g.process, g.ended, g.url = cmd, ended, "http://"+at
		return nil
	case <-ended:
		return fmt.Errorf("start a gateway: it ended by itself: see %s", g.log)
	case <-ctx.Done():
		_ = cmd.Process.Kill() // if it can't be killed it has ended
		<-ended
		return fmt.Errorf("start a gateway: %w: see %s", context.Cause(ctx), g.log)
	}
}

// follow copies the log of a process to its file, finds its address in it, and waits for its end.
func follow(cmd *exec.Cmd, said io.Reader, log *os.File, address chan<- string, ended chan<- struct{}) {
	defer close(ended)
	lines := bufio.NewScanner(io.TeeReader(said, log))
	lines.Buffer(nil, 1<<20)
	found := false
	for !found && lines.Scan() {
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			address <- line.Address
			found = true
		}
	}
	_, _ = io.Copy(log, said) // what is lost of the log is lost
	_ = cmd.Wait()            // how it ended is in its log
	_ = log.Close()
}

// Kill ends the gateway as a power cut would; one that is down stays so.
func (g *Gateway) Kill() error { return g.end(syscall.SIGKILL) }

// Stop asks the gateway to end and waits until it has.
func (g *Gateway) Stop() error { return g.end(syscall.SIGTERM) }

func (g *Gateway) end(by syscall.Signal) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.process == nil {
		return nil
	}
	if err := g.process.Process.Signal(by); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end a gateway: %w", err)
	}
	<-g.ended
	g.process = nil
	return nil
}

// Ended is closed when the process has ended by itself or was killed; nil while there is none.
func (g *Gateway) Ended() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.process == nil {
		return nil
	}
	return g.ended
}

// Pause stops the process as a debugger or a hypervisor does; Resume lets it go on.
func (g *Gateway) Pause() error { return g.signal(syscall.SIGSTOP) }

// Resume lets a paused process go on.
func (g *Gateway) Resume() error { return g.signal(syscall.SIGCONT) }

func (g *Gateway) signal(s syscall.Signal) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.process == nil {
		return ErrNotRunning
	}
	if err := g.process.Process.Signal(s); err != nil {
		return fmt.Errorf("signal a gateway: %w", err)
	}
	return nil
}
