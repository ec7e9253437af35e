package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// standsStill is how long the database stands still before everything is gone: long enough for an answer that did not wait for its
// commit to reach whoever asked.
const standsStill = 30 * time.Millisecond

// CutPower ends the database and every gateway at one moment, and starts all of them again. The database is frozen a moment before the
// gateways die, so that what was not committed by then never will be.
func (s *Stack) CutPower(ctx context.Context) error {
	master, err := s.postmaster()
	if err != nil {
		return err
	}
	if err := syscall.Kill(master, syscall.SIGSTOP); err != nil {
		return fmt.Errorf("freeze PostgreSQL: %w", err)
	}
	backends, err := children(master)
	if err != nil {
		return errors.Join(err, syscall.Kill(master, syscall.SIGCONT))
	}
	for _, pid := range backends {
		_ = syscall.Kill(pid, syscall.SIGSTOP) // one that has ended meanwhile does no more harm
	}
	select { // what is sent meanwhile is never read
	case <-time.After(standsStill):
	case <-ctx.Done():
	}
	var faults []error
	for _, g := range s.Gateways {
		faults = append(faults, g.Kill())
	}
	for _, pid := range backends {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	faults = append(faults, syscall.Kill(master, syscall.SIGCONT), s.RestartDatabase(ctx))
	for _, g := range s.Gateways {
		faults = append(faults, g.Start(ctx))
	}
	return errors.Join(faults...)
}

// children are the processes that a process has started.
func children(pid int) ([]int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, fmt.Errorf("find the processes of PostgreSQL: %w", err)
	}
	var found []int
	for word := range strings.FieldsSeq(string(text)) {
		child, err := strconv.Atoi(word)
		if err != nil {
			return nil, fmt.Errorf("find the processes of PostgreSQL: %w", err)
		}
		found = append(found, child)
	}
	return found, nil
}
