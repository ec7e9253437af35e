package points

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/loyalty"
)

// Asked is where a question can be put: a pool, or the transaction that the answer is for.
type Asked interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Version is the programme as somebody put it.
type Version struct {
	Number    int64 // 1 is the first
	Programme loyalty.Programme
	By        string // who put it, as the audit trail names him
	At        time.Time
}

// ChangedError refuses to replace a version of the programme that is not in force any more.
type ChangedError struct {
	Version int64 // the one in force; 0 for none
}

// Error says so.
func (e *ChangedError) Error() string {
	return fmt.Sprintf("the programme was changed meanwhile: version %d is in force", e.Version)
}

// Store reads what the merchant has decided, on a database.
type Store struct{ pool *pgxpool.Pool }

// New opens the decisions.
func New(pool *pgxpool.Pool) *Store { return &Store{pool} }

const readVersions = `
SELECT
	version,
	terms,
	put_by,
	put_at
FROM
	loyalty_programme
ORDER BY
	version DESC
LIMIT
	@most::integer`

// versionRow is a row of loyalty_programme.
type versionRow struct {
	Version int64
	Terms   []byte
	PutBy   string
	PutAt   time.Time
}

func readVersion(row pgx.CollectableRow) (Version, error) {
	r, err := pgx.RowToStructByName[versionRow](row)
	if err != nil {
		return Version{}, err
	}
	p, err := decode(r.Terms)
	if err != nil {
		return Version{}, fmt.Errorf("version %d: %w", r.Version, err)
	}
	return Version{r.Version, p, r.PutBy, r.PutAt}, nil
}

func versions(ctx context.Context, q Asked, most int) ([]Version, error) {
	rows, _ := q.Query(ctx, readVersions, pgx.NamedArgs{"most": most}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, readVersion)
	if err != nil {
		return nil, fmt.Errorf("read the programme of bonus points: %w", err)
	}
	return found, nil
}

// versionsMost is how many versions are listed.
const versionsMost = 200

// Versions lists the versions of the programme, the newest first, at most 200.
func (s *Store) Versions(ctx context.Context) ([]Version, error) {
	return versions(ctx, s.pool, versionsMost)
}

// All reads every programme that was ever put, the newest first.
func All(ctx context.Context, q Asked) ([]loyalty.Programme, error) {
	found, err := versions(ctx, q, math.MaxInt32)
	all := make([]loyalty.Programme, len(found))
	for i, v := range found {
		all[i] = v.Programme
	}
	return all, err
}

// InForce reads the programme in force with who put it; the zero Version before anybody did.
func (s *Store) InForce(ctx context.Context) (Version, error) { return inForce(ctx, s.pool) }

func inForce(ctx context.Context, q Asked) (Version, error) {
	found, err := versions(ctx, q, 1)
	if err != nil || len(found) == 0 {
		return Version{}, err
	}
	return found[0], nil
}

// Programme reads the programme in force and the number of its version; 0 and the zero Programme before there is one.
func Programme(ctx context.Context, q Asked) (version int64, p loyalty.Programme, err error) {
	v, err := inForce(ctx, q)
	return v.Number, v.Programme, err
}

// lockProgramme lets one at a time put a version, so that versions have no gaps and no twins.
const lockProgramme = `SELECT pg_advisory_xact_lock(hashtextextended('loyalty programme', 0))`

const insertVersion = `
INSERT INTO loyalty_programme (
	version,
	terms,
	put_by
)
VALUES (
	@version,
	@terms::jsonb,
	@by
)
RETURNING
	version,
	terms,
	put_by,
	put_at`

// Put puts a programme in force in place of the version that whoever asks has seen, 0 for none. One that says what the version in
// force says changes nothing, whatever was seen: changed tells. Errors: loyalty.ErrProgramme; *ChangedError.
func Put(ctx context.Context, tx pgx.Tx, seen int64, p loyalty.Programme, by string) (now Version, changed bool, err error) {
	if err := p.Check(); err != nil {
		return Version{}, false, err
	}
	terms, err := encode(p)
	if err != nil {
		return Version{}, false, err
	}
	if _, err := tx.Exec(ctx, lockProgramme); err != nil {
		return Version{}, false, fmt.Errorf("lock the programme of bonus points: %w", err)
	}
	now, err = inForce(ctx, tx)
	if err != nil {
		return Version{}, false, err
	}
	switch same, err := says(now, terms); {
	case err != nil || same:
		return now, false, err
	case now.Number != seen:
		return Version{}, false, &ChangedError{now.Number}
	}
	rows, _ := tx.Query(ctx, insertVersion, pgx.NamedArgs{"version": seen + 1, "terms": terms, "by": by}) // rows carry the error on
	if now, err = pgx.CollectExactlyOneRow(rows, readVersion); err != nil {
		return Version{}, false, fmt.Errorf("put the programme of bonus points: %w", err)
	}
	return now, true, nil
}

// says tells whether a version has these terms already.
func says(v Version, terms []byte) (bool, error) {
	if v.Number == 0 {
		return false, nil
	}
	had, err := encode(v.Programme)
	return bytes.Equal(had, terms), err
}
