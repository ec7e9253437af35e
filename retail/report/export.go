package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/bookkeeping"
	"vouchsafe/retail/money"
	"vouchsafe/retail/turnover"
)

// exportWithin bounds the one statement of an export: ten million lines are sorted and sent.
const exportWithin = `SET LOCAL statement_timeout = '30min'`

// each reads rows one after the other, from one snapshot, and keeps none.
func each[T any](ctx context.Context, pool *pgxpool.Pool, query string, args pgx.NamedArgs, row func(T) error) error {
	return inSnapshot(ctx, pool, "export", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, exportWithin); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, query, args)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			one, err := pgx.RowToStructByName[T](rows)
			if err != nil {
				return err
			}
			if err := row(one); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// JournalLine is a line of the journal with the act that wrote it and the voucher that it is about, which is none for a customer's account.
type JournalLine struct {
	At       time.Time
	Account  string
	Seq      int64
	Kind     string
	Contra   string
	Amount   int64
	Currency string
	Balance  int64
	Act      string
	Owner    *string
	Key      *string
	Order    *string
	Receipt  *string
	Product  *string
	Shop     *string
	VAT      *string `db:"vat"`
	VATRate  *string `db:"vat_rate"`
}

// The VAT kind of a line is that of its voucher. What a customer's account holds are means of payment, but for points: nothing that was
// taxed when it was sold gets into one.
const (
	vatOfLine = vatOf + `e.currency` + orNone
	vatOfOwed = vatOf + `last.currency` + orNone
	vatOf     = `CASE WHEN v.id IS NOT NULL THEN v.vat WHEN `
	orNone    = ` NOT IN ('POINT', 'PUNCH') THEN 'multi_purpose' END`
)

const readJournal = `
SELECT
	e.at,
	e.account::text AS account,
	e.seq,
	e.kind,
	e.contra,
	e.amount,
	e.currency,
	e.balance,
	e.act::text AS act,
	a.owner,
	a.key,
	a.detail ->> 'order' AS order,
	a.detail ->> 'receipt' AS receipt,
	v.product,
	v.shop,
	` + vatOfLine + ` AS vat,
	v.vat_rate
FROM
	entry e
	LEFT JOIN act a ON a.id = e.act
	LEFT JOIN voucher v ON v.id = e.account
WHERE
	e.at >= @from
	AND e.at < @to
ORDER BY
	e.at,
	e.account,
	e.seq`

// EachLine reads the journal from an instant until before another, in the order of its instants.
func EachLine(ctx context.Context, pool *pgxpool.Pool, from, to time.Time, row func(JournalLine) error) error {
	return each(ctx, pool, readJournal, pgx.NamedArgs{"from": from, "to": to}, row)
}

// Owed is what was owed on a voucher, or on a customer's account, which has no product.
type Owed struct {
	Account   string
	Holder    string // voucher or account
	Product   *string
	Shop      *string
	Kind      *string
	State     *string // as it is now
	IssuedAt  *time.Time
	ExpiresOn *time.Time
	VAT       *string `db:"vat"`
	VATRate   *string `db:"vat_rate"`
	Currency  string
	Balance   int64
}

const readOwed = `
SELECT
	last.account::text AS account,
	CASE WHEN v.id IS NULL THEN 'account' ELSE 'voucher' END AS holder,
	v.product,
	v.shop,
	v.kind,
	CASE WHEN v.state IN ('issued', 'active') AND v.ends_at <= least(@before, vouchsafe_now()) THEN 'expired' ELSE v.state END AS state,
	v.issued_at,
	v.expires_on,
	` + vatOfOwed + ` AS vat,
	v.vat_rate,
	last.currency,
	last.balance
FROM (
	SELECT DISTINCT ON (e.account)
		e.account,
		e.currency,
		e.balance
	FROM
		entry e
	WHERE
		e.at < @before
	ORDER BY
		e.account,
		e.seq DESC
) last
LEFT JOIN voucher v ON v.id = last.account
WHERE
	last.balance > 0
ORDER BY
	last.account`

// EachOwed reads what was owed before an instant, on each voucher and each account, by the journal.
func EachOwed(ctx context.Context, pool *pgxpool.Pool, before time.Time, row func(Owed) error) error {
	return each(ctx, pool, readOwed, pgx.NamedArgs{"before": before}, row)
}

// dailyRow is what lines of one sort moved on one day.
type dailyRow struct {
	Day      time.Time
	Currency string
	Kind     string
	Class    string
	VAT      string `db:"vat"`
	VATRate  string `db:"vat_rate"`
	Amount   int64
	Lines    int64
}

const readDaily = `
SELECT
	(e.at AT TIME ZONE @zone)::date AS day,
	e.currency,
	e.kind,
	` + classOf + ` AS class,
	coalesce(` + vatOfLine + `, '') AS vat,
	coalesce(v.vat_rate, '') AS vat_rate,
	sum(e.amount)::bigint AS amount,
	count(*) AS lines
FROM
	entry e
	LEFT JOIN voucher v ON v.id = e.account
WHERE
	e.at >= @from
	AND e.at < @to
GROUP BY
	1,
	2,
	3,
	4,
	5,
	6
ORDER BY
	1,
	2,
	5,
	6,
	3,
	4`

// EachSum reads what moved on each day of a zone, by move and VAT kind, of one currency, or of all when it is empty. Lines of one sort
// that come in one after the other are added up.
func EachSum(ctx context.Context, pool *pgxpool.Pool, p Days, currency string, row func(bookkeeping.Sum) error) error {
	type booked struct {
		move         turnover.Move
		currency     string
		vat, vatRate string
		day          time.Time
	}
	sums, order := map[booked]*bookkeeping.Sum{}, []booked{}
	err := each(ctx, pool, readDaily, pgx.NamedArgs{"from": p.From, "to": p.To, "zone": p.Zone}, func(r dailyRow) error {
		if currency != "" && r.Currency != currency {
			return nil
		}
		move, _ := turnover.MoveOf(r.Kind, r.Class)
		at := booked{move, r.Currency, r.VAT, r.VATRate, r.Day}
		if sums[at] == nil {
			order = append(order, at)
			sums[at] = &bookkeeping.Sum{Day: r.Day, Move: move, VAT: r.VAT, VATRate: r.VATRate, Amount: money.Of(0, money.Currency(r.Currency))}
		}
		sums[at].Amount.Minor += r.Amount
		sums[at].Quantity += r.Lines
		return nil
	})
	for _, at := range order {
		if err == nil {
			err = row(*sums[at])
		}
	}
	return err
}

// Days is a period in the days of a zone.
type Days struct {
	From, To time.Time
	Zone     string
}

// Bookkeeping reads what the merchant's bookkeeper has named; nothing before he has.
func Bookkeeping(ctx context.Context, pool *pgxpool.Pool) (settings bookkeeping.Settings, err error) {
	var stored []byte
	err = pool.QueryRow(ctx, `SELECT settings FROM bookkeeping`).Scan(&stored)
	if errors.Is(err, pgx.ErrNoRows) {
		return bookkeeping.Settings{}, nil
	}
	if err == nil {
		err = json.Unmarshal(stored, &settings)
	}
	if err != nil {
		return bookkeeping.Settings{}, fmt.Errorf("read the settings of the books: %w", err)
	}
	return settings, nil
}

const keepBookkeeping = `
INSERT INTO bookkeeping (settings)
VALUES (@settings)
ON CONFLICT (single) DO UPDATE SET
	settings = EXCLUDED.settings`

// KeepBookkeeping replaces them, in the caller's transaction.
func KeepBookkeeping(ctx context.Context, tx pgx.Tx, settings bookkeeping.Settings) error {
	text, err := json.Marshal(settings)
	if err == nil {
		_, err = tx.Exec(ctx, keepBookkeeping, pgx.NamedArgs{"settings": text})
	}
	if err != nil {
		return fmt.Errorf("keep the settings of the books: %w", err)
	}
	return nil
}
