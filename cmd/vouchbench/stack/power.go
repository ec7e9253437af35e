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

	"github.com/jackc/pgx/v5"
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
	wait(ctx, standsStill) // what is sent meanwhile is never read
	var faults []error
	for _, g := range s.Gateways {
		faults = append(faults, g.Kill())
	}
	for _, pid := range backends {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	faults = append(faults, syscall.Kill(master, syscall.SIGCONT), s.RestartDatabase(ctx))
	for _, g := range s.Gateways {
		faults = append(faults, g.Supervise(ctx))
	}
	return errors.Join(faults...)
}

// decideWithin is how long acts take from their locks to their decision, on a machine that is busy.
const decideWithin = 100 * time.Millisecond

// Jam lets acts queue up for so long behind a session that has locked every voucher, and then lets them through to where they would
// write the journal, which another session has locked until its end.
func (s *Stack) Jam(ctx context.Context, queue time.Duration) (end func(), err error) {
	journal, err := pgx.Connect(ctx, s.DatabaseURL())
	if err != nil {
		return nil, fmt.Errorf("jam the database: %w", err)
	}
	end = func() { _ = journal.Close(ctx) } // a session of a database that is gone can't even say good-bye
	vouchers, err := pgx.Connect(ctx, s.DatabaseURL())
	if err != nil {
		end()
		return nil, fmt.Errorf("jam the database: %w", err)
	}
	_, err = vouchers.Exec(ctx, `BEGIN; SELECT FROM voucher ORDER BY id FOR UPDATE`)
	if err == nil {
		wait(ctx, queue)
		_, err = journal.Exec(ctx, `BEGIN; SET LOCAL lock_timeout = '1s'; LOCK TABLE act IN EXCLUSIVE MODE`)
	}
	if err = errors.Join(err, vouchers.Close(ctx)); err != nil {
		end()
		return nil, fmt.Errorf("jam the database: %w", err)
	}
	wait(ctx, decideWithin)
	return end, nil
}

// wait ends early with the context.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
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
