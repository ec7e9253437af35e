package report

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/turnover"
)

const (
	// sumWithin bounds a statement of the job: the first one reads the whole journal.
	sumWithin = `SET LOCAL statement_timeout = '10min'; SET LOCAL plan_cache_mode = force_custom_plan`

	takePlace = `
FOR UPDATE SKIP LOCKED`

	// beginAnew is for a database that was restored on another server: what it has is read anew, whatever transactions it bears.
	beginAnew = `
WITH sums AS (DELETE FROM turnover_sum)
UPDATE
	turnover_seen
SET
	seen = '1:1:',
	since = '-infinity'`

	classOf = `split_part(e.contra, '/', 1) || CASE WHEN split_part(e.contra, '/', 2) LIKE 'shop:%' THEN '/shop' ELSE '' END`

	sumUp = `
WITH fresh AS MATERIALIZED (
	SELECT
		e.account,
		date_bin('15 minutes', e.at, '2000-01-01T00:00:00Z') AS at,
		e.currency,
		e.kind,
		` + classOf + ` AS class,
		e.amount
	FROM
		entry e
	WHERE ` + unseen + `
), sums AS (
	INSERT INTO turnover_sum AS t (
		at,
		currency,
		kind,
		class,
		amount,
		lines
	)
	SELECT
		at,
		currency,
		kind,
		class,
		sum(amount),
		count(*)
	FROM
		fresh
	GROUP BY
		1,
		2,
		3,
		4
	ON CONFLICT (at, currency, kind, class) DO UPDATE SET
		amount = t.amount + EXCLUDED.amount,
		lines = t.lines + EXCLUDED.lines
), due AS (
	INSERT INTO turnover_due (account)
	SELECT DISTINCT
		account
	FROM
		fresh
	ON CONFLICT (account) DO NOTHING
)
UPDATE
	turnover_seen
SET
	seen = pg_current_snapshot(),
	since = CASE WHEN @foreign::boolean THEN coalesce((SELECT max(at) FROM entry), since) ELSE since END`
)

// serializationFailure is the SQLSTATE of a row that somebody has changed since the snapshot was taken.
const serializationFailure = "40001"

// errBusy says that another gateway sums up at the moment.
var errBusy = errors.New("another gateway sums up")

// SumUp brings the sums of the journal, and the fates of what was sold, up to date. It may be missed, repeated, cut off anywhere or run
// by several gateways at once: reports read what it has not seen yet from the journal itself.
func SumUp(ctx context.Context, pool *pgxpool.Pool) error {
	err := sumLines(ctx, pool)
	for after := beforeAll; after != "" && err == nil; {
		after, err = followDue(ctx, pool, after)
	}
	if errors.Is(err, errBusy) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sum up the journal: %w", err)
	}
	return nil
}

// sumLines adds the lines that were not seen yet, in one snapshot.
func sumLines(ctx context.Context, pool *pgxpool.Pool) error {
	return pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		at, err := lockSums(ctx, tx)
		if err != nil {
			return err
		}
		foreign := at.Foreign
		if foreign {
			if _, err := tx.Exec(ctx, beginAnew); err != nil {
				return err
			}
			if at, err = placeOf(ctx, tx, ""); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, sumUp, at.args(pgx.NamedArgs{"foreign": foreign}))
		return err
	})
}

// lockSums takes the lock of whoever sums up, and tells how far the journal is summed up. Error: errBusy.
func lockSums(ctx context.Context, tx pgx.Tx) (at place, err error) {
	if _, err := tx.Exec(ctx, sumWithin); err != nil {
		return place{}, err
	}
	at, err = placeOf(ctx, tx, takePlace)
	if overtaken, ok := errors.AsType[*pgconn.PgError](err); ok && overtaken.Code == serializationFailure || errors.Is(err, pgx.ErrNoRows) {
		err = errBusy
	}
	return at, err
}

// dueBatch is how many accounts one transaction follows.
const dueBatch = 5000

// beforeAll is before the id of every account.
const beforeAll = "00000000-0000-0000-0000-000000000000"

// takeDue takes a stretch of the accounts in the order of their ids. It names its end, and joins nothing: the table is empty each time that
// it is analysed, and a join that is planned for so few looks at all of them for each.
const takeDue = `
DELETE FROM turnover_due
WHERE
	account > @after::text::uuid
	AND account <= (
		SELECT
			account
		FROM
			(SELECT account FROM turnover_due WHERE account > @after::text::uuid ORDER BY account LIMIT @most) stretch
		ORDER BY
			account DESC
		LIMIT 1
	)
RETURNING
	account::text`

const writeFates = `
INSERT INTO turnover_fate AS f (
	account,
	seq,
	currency,
	at,
	sold,
	redeemed,
	refunded,
	expired,
	adjusted,
	outstanding
)
SELECT
	*
FROM
	unnest(@accounts::uuid[], @seqs::bigint[], @currencies::text[], @ats::timestamptz[], @sold::bigint[], @redeemed::bigint[],
		@refunded::bigint[], @expired::bigint[], @adjusted::bigint[], @outstanding::bigint[])
ON CONFLICT (account, seq) DO UPDATE SET
	redeemed = EXCLUDED.redeemed,
	refunded = EXCLUDED.refunded,
	expired = EXCLUDED.expired,
	adjusted = EXCLUDED.adjusted,
	outstanding = EXCLUDED.outstanding
WHERE
	(f.redeemed, f.refunded, f.expired, f.adjusted) <> (EXCLUDED.redeemed, EXCLUDED.refunded, EXCLUDED.expired, EXCLUDED.adjusted)`

// followDue follows the next accounts that are due, and tells the last of them; "" when there were none. It goes by their ids, so as not
// to pass again and again over what it has deleted. The lock is held to the end: whoever follows an account later has read at least as
// much of its journal.
func followDue(ctx context.Context, pool *pgxpool.Pool, after string) (last string, err error) {
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := lockSums(ctx, tx); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, takeDue, pgx.NamedArgs{"after": after, "most": dueBatch}) // rows carry the error to CollectRows
		due, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || len(due) == 0 {
			return err
		}
		last = slices.Max(due)
		fates, err := follow(ctx, tx, due)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, writeFates, columnsOf(fates))
		return err
	})
	return last, err
}

// columnsOf lays fates out as unnest takes them.
func columnsOf(fates []turnover.Fate) pgx.NamedArgs {
	columns := map[string][]int64{}
	var accounts, currencies []string
	var ats []any
	for _, f := range fates {
		accounts, currencies, ats = append(accounts, f.Account), append(currencies, f.Currency), append(ats, f.At)
		for name, value := range map[string]int64{
			"seqs": f.Seq, "sold": f.Sold, "redeemed": f.Redeemed, "refunded": f.Refunded, "expired": f.Expired, "adjusted": f.Adjusted,
			"outstanding": f.Outstanding,
		} {
			columns[name] = append(columns[name], value)
		}
	}
	args := pgx.NamedArgs{"accounts": accounts, "currencies": currencies, "ats": ats}
	for name, values := range columns {
		args[name] = values
	}
	return args
}
