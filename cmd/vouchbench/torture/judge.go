package torture

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/cmd/vouchbench/stack"
)

// check compares what everybody was told with what is so; what takes longest comes last.
func (t *torture) check(ctx context.Context) error {
	t.circulate()
	t.figures()
	t.violated(replies(t.crowd.book)...)
	t.violated(t.calm()...)
	t.violated(mailed(t.mails.look(), t.sales.all())...)
	t.violated(t.mails.hurried()...)
	if back := t.seen.back; len(back) > 0 && !t.options.Mix.losesRedis() {
		t.violated(Violation{"no witness goes back", fmt.Sprintf("%d times; %s", len(back), back[0])})
	}
	for _, look := range []func(context.Context) error{t.checkBooks, t.checkAccounts, t.prove, t.checkFiles, t.explain} {
		if t.options.Hasty && len(t.report.Violations) > 0 {
			return nil
		}
		if err := look(ctx); err != nil {
			return err
		}
	}
	return nil
}

// prove lets the daemon prove its books.
func (t *torture) prove(ctx context.Context) error {
	if said, err := t.stack.Do(ctx, "verify"); err != nil {
		t.violated(Violation{"the books prove themselves", fmt.Sprintf("%s: %v", said, err)})
	}
	return nil
}

// explain checks the histories of the codes.
func (t *torture) explain(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, t.stack.DatabaseURL())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	kept, err := readBooks(ctx, conn)
	if err != nil {
		return err
	}
	t.violated(t.histories(kept)...)
	return nil
}

// figures are what the report says of the run.
func (t *torture) figures() {
	t.report.Requests, t.report.Vouchers, t.report.Orders = t.crowd.asked.Load(), t.crowd.pool.len(), len(t.sales.all())
	t.report.Mails, t.report.Outcomes = len(t.mails.look()), t.crowd.book.outcomes()
	t.report.Latencies, t.report.UnderFault = t.crowd.book.latencies()
}

// puzzledMost is how many of a hundred attempts may come to nothing on a machine that has other things to do.
const puzzledMost = 2

// calm checks that hardly anybody was told that a store is away, or nothing at all, while nothing was.
func (t *torture) calm() []Violation {
	if len(t.options.Mix.Faults) > 0 {
		return nil
	}
	puzzled := t.crowd.book.puzzled()
	if len(puzzled)*100 <= puzzledMost*t.crowd.book.len() {
		return nil
	}
	return []Violation{{"while nothing is wrong everybody is answered", fmt.Sprintf("%d were not; %s", len(puzzled), puzzled[0])}}
}

// puzzled are the attempts of patient clients that came to nothing.
func (h *history) puzzled() (found []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.attempts {
		if a.out.Result == unknown && a.back-a.called > impatient+impatient/2 {
			found = append(found, fmt.Sprintf("%s %s after %s", a.in.Verb, a.in.Key, (a.back-a.called).Round(time.Millisecond)))
		} else if a.out.Result == unknown && a.back-a.called < impatient-impatient/10 {
			found = append(found, fmt.Sprintf("%s %s at once", a.in.Verb, a.in.Key))
		}
	}
	return found
}

// checkBooks asks the database.
func (t *torture) checkBooks(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, t.stack.DatabaseURL())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	kept, err := readBooks(ctx, conn)
	if err != nil {
		return err
	}
	t.violated(kept.durable(t.crowd.book)...)
	miscounted, err2 := issued(ctx, conn, stack.Shop, t.sales.all())
	t.violated(miscounted...)
	copied, err3 := t.doubtless(ctx, conn)
	t.violated(copied...)
	locked, err4 := deadlocks(ctx, conn)
	t.violated(locked...)
	return errors.Join(err, err2, err3, err4, t.testify(ctx, conn))
}

// testify waits until Redis says what PostgreSQL says: whoever heals it may need a moment.
func (t *torture) testify(ctx context.Context, conn *pgx.Conn) error {
	var apart []string
	for until := time.Now().Add(recoverWithin); time.Now().Before(until); {
		var err error
		if apart, err = t.seen.agree(ctx, conn); err != nil || len(apart) == 0 {
			return err
		}
		if !pause(ctx, 10*breath) {
			return ctx.Err()
		}
	}
	t.violated(Violation{"Redis and PostgreSQL agree once all is healed", fmt.Sprintf("%d do not; %s", len(apart), apart[0])})
	return nil
}

const readDoubted = `
SELECT
	message_id,
	doubts
FROM delivery
WHERE message_id IS NOT NULL`

// doubtless checks that a mail was repeated only where it had been in doubt (I10).
func (t *torture) doubtless(ctx context.Context, conn *pgx.Conn) (found []Violation, err error) {
	copies := map[string]int{}
	for _, m := range t.mails.look() {
		if seen, err := m.Inspect(); err == nil {
			copies[seen.MessageID]++
		}
	}
	rows, _ := conn.Query(ctx, readDoubted) // rows carry the error on
	var id string
	var doubts int
	_, err = pgx.ForEachRow(rows, []any{&id, &doubts}, func() error {
		if n := max(copies[id], copies["<"+id+">"]); n > 1+doubts {
			found = append(found, Violation{"a mail is repeated only in doubt", fmt.Sprintf("%s: %d copies, %d doubts", id, n, doubts)})
		}
		return nil
	})
	return found, err
}

// deadlocks asks the database for those that it has ended, since its last crash.
func deadlocks(ctx context.Context, conn *pgx.Conn) ([]Violation, error) {
	var n int64
	err := conn.QueryRow(ctx, `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&n)
	if n == 0 || err != nil {
		return nil, err
	}
	return []Violation{{"locks are taken in one order", fmt.Sprintf("PostgreSQL ended %d deadlocks", n)}}, nil
}

// checkFiles looks through what the run has left on disk.
func (t *torture) checkFiles(ctx context.Context) error {
	if err := t.disclose(ctx); err != nil {
		return err
	}
	leaked, err := leaks(t.dir(), t.crowd.pool.all())
	t.violated(leaked...)
	if t.options.Mix.Poison {
		return err
	}
	var faults []error
	for _, g := range t.stack.Gateways {
		raised, err := alarms(g.LogFile())
		faults = append(faults, err)
		t.violated(raised...)
	}
	return errors.Join(append(faults, err)...)
}

// alarming are the messages by which a gateway says that it has found a fault of its own.
func alarming() []string {
	return []string{"act failed", "handler panicked", "mail refused", "panic", "webhook set aside"}
}

// alarms reads them in a log.
func alarms(name string) (found []Violation, err error) {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var line struct{ Msg string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && slices.Contains(alarming(), line.Msg) && len(found) == 0 {
			found = append(found, Violation{"no gateway finds a fault of its own", lines.Text()})
		}
	}
	return found, lines.Err()
}
