package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	restoreCodes   = 40               // of one round: half of them are used after the copy was made
	restoreWorkers = 8                // who use them at once
	examinedWithin = 30 * time.Second // until every code that lost something is in quarantine
)

// Restore puts PostgreSQL back to an older state, again and again, while Redis keeps what it has seen (G7): every code that lost an
// acknowledged act must be found out, none of them may be granted again, and the others stay usable.
func Restore(ctx context.Context, o Options) (Report, error) {
	t := newTorture(o)
	err := t.restores(ctx)
	t.report.Dir = t.dir()
	return t.report, errors.Join(err, t.close())
}

func (t *torture) restores(ctx context.Context) error {
	if err := t.open(ctx); err != nil {
		return err
	}
	rounds := max(1, t.options.Rounds)
	codes, err := t.stack.Fill(ctx, rounds*restoreCodes, Worth)
	if err != nil {
		return err
	}
	t.crowd.pool.add(Worth, codes...)
	began := time.Now()
	for n := range rounds {
		if t.options.Rounds == 0 && time.Since(began) > t.options.Duration {
			break
		}
		if err := t.restore(ctx, n, codes[n*restoreCodes:(n+1)*restoreCodes]); err != nil {
			return fmt.Errorf("round %d: %w", n, err)
		}
		t.report.Faults["PostgreSQL restored"]++
	}
	t.figures()
	return nil
}

// restore is one round: copy, use half of the codes, put the copy back, look what is known of them.
func (t *torture) restore(ctx context.Context, round int, codes []string) error {
	copied := filepath.Join(t.stack.Dir(), "earlier")
	ids, err := t.identify(ctx, codes)
	if err != nil {
		return err
	}
	if err := t.whileStopped(ctx, func(data string) error { return copyTo(ctx, data, copied) }); err != nil {
		return err
	}
	lost := codes[:len(codes)/2]
	if err := t.uses(ctx, round, lost); err != nil {
		return err
	}
	if err := t.whileStopped(ctx, func(data string) error { return copyTo(ctx, copied, data) }); err != nil {
		return err
	}
	return t.examine(ctx, round, codes, ids)
}

// identify asks the office for the ids of codes.
func (t *torture) identify(ctx context.Context, codes []string) (map[string]string, error) {
	office := &clerk{t.crowd.person(clerkNumber)}
	ids := map[string]string{}
	for _, code := range codes {
		for until := time.Now().Add(recoverWithin); ids[code] == ""; {
			if ids[code] = office.find(ctx, code); ids[code] == "" && (time.Now().After(until) || !pause(ctx, breath)) {
				return nil, fmt.Errorf("the office did not find a code within %s", recoverWithin)
			}
		}
	}
	return ids, nil
}

// whileStopped does something to the files of PostgreSQL.
func (t *torture) whileStopped(ctx context.Context, do func(data string) error) error {
	if err := t.stack.StopDatabase(ctx); err != nil {
		return err
	}
	if err := do(t.stack.DatabaseDir()); err != nil {
		return err
	}
	return t.stack.StartDatabase(ctx)
}

// copyTo puts the files of a directory in the place of another's, with their owners.
func copyTo(ctx context.Context, from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if said, err := exec.CommandContext(ctx, "cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copy the database: %w: %s", err, said)
	}
	return nil
}

// uses lets the crowd do one act on each of the codes, and insists on its answer.
func (t *torture) uses(ctx context.Context, round int, codes []string) error {
	var crowd sync.WaitGroup
	faults := make([]error, restoreWorkers)
	for w := range restoreWorkers {
		crowd.Go(func() {
			p := t.crowd.person(round*restoreWorkers + w)
			for i := w; i < len(codes); i += restoreWorkers {
				faults[w] = errors.Join(faults[w], p.spends(ctx, codes[i]))
			}
		})
	}
	crowd.Wait()
	return errors.Join(faults...)
}

// spends does one of the acts that must not be forgotten.
func (p *person) spends(ctx context.Context, code string) error {
	r := p.reserve(code, p.name("cart"), p.name("holder"))
	if p.chance(60) {
		r = p.payment(code, p.name("pay"), int64(1+p.random.IntN(purse)))
	}
	return p.obtains(ctx, r)
}

const readQuarantined = `
SELECT
	id::text,
	quarantined
FROM voucher
WHERE id = ANY($1::uuid[])`

// examine tries at once to spend every code of the round, and then looks which of them are in quarantine.
func (t *torture) examine(ctx context.Context, round int, codes []string, ids map[string]string) error {
	var crowd sync.WaitGroup
	lost := map[string]bool{}
	for _, code := range codes[:len(codes)/2] {
		lost[code] = true
	}
	var mu sync.Mutex
	for w := range restoreWorkers {
		crowd.Go(func() {
			p := t.crowd.person(twins + round*restoreWorkers + w)
			for i := w; i < len(codes); i += restoreWorkers {
				err := p.spends(ctx, codes[i])
				mu.Lock()
				switch {
				case lost[codes[i]] && err == nil:
					t.violated(Violation{"what lost an acknowledged act is not granted again", "voucher " + ids[codes[i]]})
				case !lost[codes[i]] && err != nil:
					t.violated(Violation{"what lost nothing stays usable", fmt.Sprintf("voucher %s: %v", ids[codes[i]], err)})
				}
				mu.Unlock()
			}
		})
	}
	crowd.Wait()
	return t.quarantined(ctx, codes, ids, lost)
}

// quarantined waits until exactly the codes that lost something are in quarantine.
func (t *torture) quarantined(ctx context.Context, codes []string, ids map[string]string, lost map[string]bool) error {
	wanted := map[string]bool{}
	all := make([]string, 0, len(codes))
	for _, code := range codes {
		all = append(all, ids[code])
		wanted[ids[code]] = lost[code]
	}
	conn, err := pgx.Connect(ctx, t.stack.DatabaseURL())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var wrong []string
	for until := time.Now().Add(examinedWithin); ; {
		wrong = nil
		rows, _ := conn.Query(ctx, readQuarantined, all) // rows carry the error on
		var id string
		var is bool
		_, err := pgx.ForEachRow(rows, []any{&id, &is}, func() error {
			if is != wanted[id] {
				wrong = append(wrong, fmt.Sprintf("voucher %s: quarantined %t", id, is))
			}
			return nil
		})
		if err != nil || len(wrong) == 0 {
			return err
		}
		if time.Now().After(until) || !pause(ctx, 10*breath) {
			break
		}
	}
	t.violated(Violation{"exactly what lost an acknowledged act is in quarantine", fmt.Sprintf("%d are wrong; %s", len(wrong), wrong[0])})
	return nil
}
