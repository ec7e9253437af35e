package report

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/turnover"
)

// ErrNotSummed says that more of the journal is not summed up yet than a report reads by itself. It passes.
var ErrNotSummed = errors.New("the journal is being summed up")

// Turnover is what was sold in a period in one currency, and what has become of it until now, in minor units. Sold is the sum of the five
// that end in OfSold.
type Turnover struct {
	Currency string
	Sold     int64
	Reloaded int64 // in the period, less what was taken back in it

	RedeemedOfSold    int64
	RefundedOfSold    int64
	ExpiredOfSold     int64
	AdjustedOfSold    int64
	OutstandingOfSold int64

	RedeemedInPeriod int64 // whenever it was sold, less what was refunded in the period
	Liability        int64 // what was owed at the end of the period, whenever it was sold
}

// tailMost is how many accounts a report follows by itself.
const tailMost = 50_000

const (
	readTail = `
SELECT DISTINCT
	account::text
FROM (
	SELECT
		account
	FROM
		turnover_due
	UNION ALL
	SELECT
		e.account
	FROM
		entry e
	WHERE ` + unseen + `
) tail
LIMIT @most`

	// readSums adds what is summed up and what is not. What is owed at an instant is the sum of all lines before it.
	readSums = `
SELECT
	currency,
	kind,
	class,
	sum(amount)::bigint AS owed,
	coalesce(sum(amount) FILTER (WHERE at >= @from), 0)::bigint AS moved
FROM (
	SELECT
		at,
		currency,
		kind,
		class,
		amount
	FROM
		turnover_sum
	WHERE
		at < @to
	UNION ALL
	SELECT
		e.at,
		e.currency,
		e.kind,
		` + classOf + `,
		e.amount
	FROM
		entry e
	WHERE ` + unseen + `
		AND e.at < @to
) lines
GROUP BY
	1,
	2,
	3`

	readFates = `
SELECT
	currency,
	sum(redeemed)::bigint AS redeemed,
	sum(refunded)::bigint AS refunded,
	sum(expired)::bigint AS expired,
	sum(adjusted)::bigint AS adjusted,
	sum(outstanding)::bigint AS outstanding
FROM
	turnover_fate
WHERE
	at >= @from
	AND at < @to
	AND (cardinality(@but::uuid[]) = 0 OR account <> ALL (@but::uuid[]))
GROUP BY
	currency`
)

// sumRow is what lines of one sort come to.
type sumRow struct {
	Currency string
	Kind     string
	Class    string
	Owed     int64
	Moved    int64
}

// fateRow is what has become of what was sold.
type fateRow struct {
	Currency    string
	Redeemed    int64
	Refunded    int64
	Expired     int64
	Adjusted    int64
	Outstanding int64
}

// Turnovers reports what was sold from an instant until before another, by currency. Both begin a quarter of an hour. All of it is read
// from one snapshot: what is summed up, and what is not yet. Error: ErrNotSummed.
func Turnovers(ctx context.Context, pool *pgxpool.Pool, from, to time.Time) (figures []Turnover, err error) {
	err = inSnapshot(ctx, pool, "report the turnover", func(tx pgx.Tx) error {
		at, err := placeOf(ctx, tx, "")
		if err != nil {
			return err
		}
		b := books{from: from, to: to, of: map[string]*Turnover{}}
		if err := b.sums(ctx, tx, at); err != nil {
			return err
		}
		if err := b.fates(ctx, tx, at); err != nil {
			return err
		}
		figures = b.all()
		return nil
	})
	return figures, err
}

// books are the figures of a period as they come together.
type books struct {
	from, to time.Time
	of       map[string]*Turnover
}

func (b *books) in(currency string) *Turnover {
	if b.of[currency] == nil {
		b.of[currency] = &Turnover{Currency: currency}
	}
	return b.of[currency]
}

// sums adds what moved in the period, and what is owed at its end.
func (b *books) sums(ctx context.Context, tx pgx.Tx, at place) error {
	rows, _ := tx.Query(ctx, readSums, at.args(pgx.NamedArgs{"from": b.from, "to": b.to})) // rows carry the error to CollectRows
	sums, err := pgx.CollectRows(rows, pgx.RowToStructByName[sumRow])
	for _, s := range sums {
		figures := b.in(s.Currency)
		figures.Liability += s.Owed
		switch move, _ := turnover.MoveOf(s.Kind, s.Class); move {
		case turnover.Sold:
			figures.Sold += s.Moved
		case turnover.Reloaded:
			figures.Reloaded += s.Moved
		case turnover.Redeemed:
			figures.RedeemedInPeriod -= s.Moved
		}
	}
	return err
}

// fates adds what has become of what was sold: as it is stored, and for accounts whose journal went on, as it is now.
func (b *books) fates(ctx context.Context, tx pgx.Tx, at place) error {
	fates, accounts, err := tail(ctx, tx, at)
	if err != nil {
		return err
	}
	rows, _ := tx.Query(ctx, readFates, pgx.NamedArgs{"from": b.from, "to": b.to, "but": accounts}) // rows carry the error to CollectRows
	stored, err := pgx.CollectRows(rows, pgx.RowToStructByName[fateRow])
	for _, f := range stored {
		b.add(f)
	}
	for _, f := range fates {
		if !f.At.Before(b.from) && f.At.Before(b.to) {
			b.add(fateRow{f.Currency, f.Redeemed, f.Refunded, f.Expired, f.Adjusted, f.Outstanding})
		}
	}
	return err
}

func (b *books) add(f fateRow) {
	figures := b.in(f.Currency)
	figures.RedeemedOfSold += f.Redeemed
	figures.RefundedOfSold += f.Refunded
	figures.ExpiredOfSold += f.Expired
	figures.AdjustedOfSold += f.Adjusted
	figures.OutstandingOfSold += f.Outstanding
}

// tail follows the accounts whose journal went on since they were followed last, and tells whose fates that are. Error: ErrNotSummed.
func tail(ctx context.Context, tx pgx.Tx, at place) (fates []turnover.Fate, accounts []string, err error) {
	rows, _ := tx.Query(ctx, readTail, at.args(pgx.NamedArgs{"most": tailMost + 1})) // rows carry the error to CollectRows
	due, err := pgx.CollectRows(rows, pgx.RowTo[string])
	switch {
	case err != nil:
		return nil, nil, err
	case len(due) > tailMost:
		return nil, nil, ErrNotSummed
	case len(due) == 0:
		return nil, []string{}, nil
	}
	if fates, err = follow(ctx, tx, due); err != nil {
		return nil, nil, err
	}
	accounts = due
	for _, f := range fates {
		accounts = append(accounts, f.Account)
	}
	slices.Sort(accounts)
	return fates, slices.Compact(accounts), nil
}

// all are the figures, by currency.
func (b *books) all() []Turnover {
	figures := make([]Turnover, 0, len(b.of))
	for _, f := range b.of {
		figures = append(figures, *f)
	}
	slices.SortFunc(figures, func(x, y Turnover) int { return cmp.Compare(x.Currency, y.Currency) })
	return figures
}
