package ledger

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/voucher"
)

const (
	readJournals = `SELECT` + lineColumns + `,
		coalesce(a.source::text, '')
	FROM entry e
	LEFT JOIN act a ON a.id = e.act
	WHERE e.account = ANY($1::uuid[])
	ORDER BY
		e.account,
		e.seq`

	readGivenBack = `SELECT voucher::text
		FROM act
		WHERE id = ANY($1::uuid[])
	UNION
	SELECT voucher::text
		FROM act
		WHERE kind = 'refund' AND source = ANY($1::uuid[])`
)

// journalRow is a line of the journal with the act that its own one gives back.
type journalRow struct {
	entryRow
	Source string
}

// Journal reads all lines of a voucher's journal, the earliest first. One that doesn't exist has none.
func (l *Ledger) Journal(ctx context.Context, id string) ([]voucher.Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	journals := make(map[string][]voucher.Entry)
	if err := readInto(ctx, l.pool, journals, id); err != nil {
		return nil, away("read a journal", err)
	}
	return journals[id], nil
}

// PaidFor is what of a voucher's balance was paid for, by its journal and those of the places that its value came from.
func (l *Ledger) PaidFor(ctx context.Context, id string) (voucher.Paid, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	paid, err := paidFor(ctx, l.pool, id)
	if err != nil {
		return voucher.Paid{}, away("read what was paid for a voucher", err)
	}
	return paid, nil
}

// The bounds of what is followed of one voucher's value: from place to place, and through how many places in all.
const (
	longestWay = 20
	mostPlaces = 5000
)

// paidFor reads the voucher's journal first: whatever is told there has happened elsewhere by the time that those are read.
func paidFor(ctx context.Context, q Rowser, id string) (voucher.Paid, error) {
	journals := make(map[string][]voucher.Entry)
	next := []string{id}
	for way := 0; len(next) > 0 && way <= longestWay && len(journals) < mostPlaces; way++ {
		if err := readInto(ctx, q, journals, next...); err != nil {
			return voucher.Paid{}, err
		}
		var err error
		if next, err = cameFrom(ctx, q, journals, next); err != nil {
			return voucher.Paid{}, err
		}
	}
	return voucher.PaidIn(id, journals), nil
}

// readInto adds whole journals to others.
func readInto(ctx context.Context, q Rowser, journals map[string][]voucher.Entry, ids ...string) error {
	rows, _ := q.Query(ctx, readJournals, ids) // rows carry the error on
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[journalRow])
	for _, row := range found {
		e := row.entry()
		e.Source = row.Source
		journals[e.Account] = append(journals[e.Account], e)
	}
	return err
}

// cameFrom are the places that what came to some others is known from, but for those that were read.
func cameFrom(ctx context.Context, q Rowser, journals map[string][]voucher.Entry, ids []string) ([]string, error) {
	places, redemptions := make(map[string]bool), make(map[string]bool)
	for _, id := range ids {
		for _, e := range journals[id] {
			places[e.CameFrom()], redemptions[e.GivenAnew()] = true, true
		}
	}
	delete(redemptions, "")
	if len(redemptions) > 0 {
		rows, _ := q.Query(ctx, readGivenBack, slices.Collect(maps.Keys(redemptions))) // rows carry the error on
		given, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, err
		}
		for _, id := range given {
			places[id] = true
		}
	}
	maps.DeleteFunc(places, func(id string, _ bool) bool { return id == "" || journals[id] != nil })
	return slices.Sorted(maps.Keys(places)), nil
}
