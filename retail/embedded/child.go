package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	pollEvery = 5 * time.Millisecond // how often a starting store is asked whether it is ready
	killAfter = 5 * time.Second      // what a store gets that was told to end at once
	tailBytes = 2048                 // how much of a log an error quotes
)

// child is a running program. It is started and awaited by one goroutine that keeps its operating system thread to itself: the kernel
// ties the life of the child to that of the thread, and another thread might end early.
type child struct {
	cmd   *exec.Cmd
	log   string        // path; empty if it keeps none
	ended chan struct{} // closed when it ended
	err   error         // how; set before ended is closed
}

// launch starts the program in a process group of its own, to be signalled when this process dies.
func launch(cmd *exec.Cmd, as account, atDeath syscall.Signal) (*child, error) {
	cmd.SysProcAttr = attributes(as.credential, atDeath)
	cmd.Env = environment()
	c := &child{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			c.err = cmd.Wait()
			close(c.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return c, nil
}

// environment keeps from the children what is meant for this program: its secrets, and settings of PostgreSQL clients.
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
}

// run waits for a short program and returns what it said; a failure quotes it. A cut context kills it.
func run(ctx context.Context, cmd *exec.Cmd, as account) (string, error) {
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	c, err := launch(cmd, as, syscall.SIGKILL)
	if err != nil {
		return "", err
	}
	select {
	case <-c.ended:
	case <-ctx.Done():
		c.signalGroup(syscall.SIGKILL)
		<-c.ended
		return "", fmt.Errorf("%s: %w", cmd.Path, context.Cause(ctx))
	}
	if c.err != nil {
		return "", fmt.Errorf("%s: %w: %s", cmd.Path, c.err, strings.TrimSpace(said.String()))
	}
	return said.String(), nil
}

// await returns when ready says so, or why it never will.
func (c *child) await(ctx context.Context, ready func() bool) error {
	ticks := time.NewTicker(pollEvery)
	defer ticks.Stop()
	for !ready() {
		select {
		case <-c.ended:
			return c.fault()
		case <-ctx.Done():
			return fmt.Errorf("%s isn't ready: %w%s", c.cmd.Path, context.Cause(ctx), c.lastWords())
		case <-ticks.C:
		}
	}
	return nil
}

// stop asks, and insists when the context ends.
func (c *child) stop(ctx context.Context, polite, firm syscall.Signal) error {
	c.signal(polite)
	select {
	case <-c.ended:
		return nil
	case <-ctx.Done():
	}
	c.signal(firm)
	select {
	case <-c.ended:
	case <-time.After(killAfter):
		c.signalGroup(syscall.SIGKILL)
		<-c.ended
	}
	return fmt.Errorf("%s did not stop in time and was ended at once: %w", c.cmd.Path, context.Cause(ctx))
}

func (c *child) signal(s syscall.Signal) {
	_ = c.cmd.Process.Signal(s) // fails only if it has just ended
}

// signalGroup reaches the helpers of a child as well.
func (c *child) signalGroup(s syscall.Signal) {
	select {
	case <-c.ended: // its number may belong to somebody else by now
	default:
		_ = syscall.Kill(-c.cmd.Process.Pid, s) // fails only if it has just ended
	}
}

// fault says how the child ended; to be called after ended is closed.
func (c *child) fault() error {
	how := c.err
	if how == nil {
		how = errors.New("exit status 0")
	}
	return fmt.Errorf("%s: %w%s", c.cmd.Path, how, c.lastWords())
}

// lastWords quotes the end of the log.
func (c *child) lastWords() string {
	text, err := os.ReadFile(c.log)
	if err != nil || len(text) == 0 {
		return ""
	}
	text = text[max(0, len(text)-tailBytes):]
	return fmt.Sprintf("; the end of %s:\n%s", c.log, bytes.TrimSpace(text))
}
