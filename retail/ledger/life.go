package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
)

// Pulse is what one look tells of where PostgreSQL stands. Whether it went back is told by three things
// that it says itself, so that no position has to be written by those who are in a hurry:
//
//   - Life: which server process answers from which files. Nothing takes committed changes away without
//     a new one: not a fail-over, a restore, a promotion nor a dump that is read back. Every transaction
//     that settles acts reads it along with its instant, at no cost, so that not even the first act
//     after a fail-over is settled unawares.
//   - Examined: the life in which PostgreSQL was compared last with what Redis testifies to. It is a row
//     like any other: an older copy bears an older one.
//   - Newest: the newest act. Ids of acts sort by time, so that it is one step into an index. Redis
//     remembers it (see package hold), once a second; it finds out what would leave the life as it is,
//     such as rows that were deleted and filled in again by hand.
//
// A timeline and a position in the write-ahead log would say less: a copy that is started without a
// recovery keeps its timeline, its log grows again with whatever else the server does, and neither
// survives a dump. What was acknowledged since Redis was last told of the newest act (a second at most)
// is covered by the vouchers' own witnesses, which are all compared in each new life.
type Pulse struct {
	Life     string
	Newest   string // "" when nothing has ever happened
	Examined string // "" for none
	Before   bool   // whether there has been an examination at all
}

// Known tells whether this life of PostgreSQL has been compared with Redis.
func (p Pulse) Known() bool { return p.Examined == p.Life }

const readPulse = `SELECT
		vouchsafe_life() AS life,
		coalesce((SELECT a.id::text FROM act a ORDER BY a.id DESC LIMIT 1), '') AS newest,
		coalesce(e.life, '') AS examined,
		e.life IS NOT NULL AS before
	FROM (SELECT 1) AS one
	LEFT JOIN examination e ON true`

// Pulse reads the pulse.
func (l *Ledger) Pulse(ctx context.Context) (Pulse, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, readPulse)
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Pulse])
	if err != nil {
		return Pulse{}, away("read the pulse of the database", err)
	}
	return p, nil
}

// Trust says which life of PostgreSQL is taken at its word. In any other an act is settled only if
// Redis could be asked about its voucher, and is [ErrUnavailable] otherwise: what the row says may have
// been spent already. Until it is called every life is trusted.
func (l *Ledger) Trust(life string) { l.trusted.Store(&life) }

// trusts tells whether a life is taken at its word.
func (l *Ledger) trusts(life string) bool {
	trusted := l.trusted.Load()
	return trusted == nil || *trusted == life
}

// errUnheard refuses to settle an act on a voucher of which nobody could say what was acknowledged. Not
// even what gives nothing away is settled: its version would rise, and with enough of them it would
// catch up with the witness that proves the loss.
var errUnheard = fmt.Errorf("%w: PostgreSQL may have lost something, and Redis could not be asked about the voucher", ErrUnavailable)

// unheard tells that an act on a voucher can't be settled in this life of PostgreSQL.
func (s *state) unheard(voucher string) bool {
	if !s.doubted {
		return false
	}
	_, heard := s.heard[voucher]
	return !heard
}

// hearAgain asks Redis once more where PostgreSQL may have gone back, now that the rows are locked: it
// may have done so since Redis was asked first, and with it lost what was acknowledged in between.
func (l *Ledger) hearAgain(ctx context.Context, s *state) {
	if !s.doubted {
		return
	}
	s.heard = l.witness(ctx, vouchersOf(s.acts))
	for id, c := range s.cases {
		c.Witness = s.heard[id]
	}
}

// Examination is what came of comparing PostgreSQL with Redis.
type Examination struct {
	Life        string
	Witnesses   int64
	Quarantined int64 // vouchers that were put into quarantine by it
	Missing     int64 // vouchers that turned out to be gone
}

// ErrMoved says that another life of PostgreSQL has begun meanwhile.
var ErrMoved = errors.New("postgresql was replaced meanwhile")

const writeExamination = `INSERT INTO examination (single, life, ended_at, witnesses, quarantined, missing)
	SELECT true, @life, vouchsafe_now(), @witnesses, @quarantined, @missing
	WHERE vouchsafe_life() = @life
	ON CONFLICT (single) DO UPDATE SET
		life = EXCLUDED.life,
		ended_at = EXCLUDED.ended_at,
		witnesses = EXCLUDED.witnesses,
		quarantined = EXCLUDED.quarantined,
		missing = EXCLUDED.missing`

// Examined notes for all gateways that this life of PostgreSQL was compared, and opens the tasks that
// come of it. Error: [ErrMoved].
func (l *Ledger) Examined(ctx context.Context, e Examination, tasks ...outbox.Task) error {
	err := outbox.InTx(ctx, l.pool, func(tx outbox.Tx) error {
		tag, err := tx.Exec(ctx, writeExamination, pgx.NamedArgs{
			"life": e.Life, "witnesses": e.Witnesses, "quarantined": e.Quarantined, "missing": e.Missing,
		})
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrMoved
		}
		for _, task := range tasks {
			err = errors.Join(err, outbox.OpenTask(ctx, tx, task))
		}
		return err
	})
	if err != nil {
		return away("note an examination", err)
	}
	return nil
}

const writeDoubt = `UPDATE examination SET life = ''`

// Doubt lets all gateways compare PostgreSQL anew, whichever life it is in.
func Doubt(ctx context.Context, tx outbox.Tx) error {
	if _, err := tx.Exec(ctx, writeDoubt); err != nil {
		return fmt.Errorf("doubt the database: %w", err)
	}
	return nil
}
