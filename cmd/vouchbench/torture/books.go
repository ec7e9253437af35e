package torture

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// books are what the database has of the crowd's acts in the end, by their names in the histories.
type books struct {
	acts         map[string]journaled
	reservations map[string][]string // states of those that were made under a key
}

// journaled is an act as the books have it.
type journaled struct {
	Owner, Kind, Key string
	Amount           int64
	State            string
}

const readActs = `
SELECT
	owner,
	kind,
	key,
	amount,
	state
FROM act
WHERE kind IN ('redemption', 'reload', 'refund')
UNION ALL
SELECT
	owner,
	'reservation',
	key,
	amount,
	state
FROM reservation`

// readBooks reads them. The keys of the second shop are told from those of the first.
func readBooks(ctx context.Context, conn *pgx.Conn) (books, error) {
	rows, _ := conn.Query(ctx, readActs) // rows carry the error on
	acts, err := pgx.CollectRows(rows, pgx.RowToStructByName[journaled])
	if err != nil {
		return books{}, fmt.Errorf("read the acts: %w", err)
	}
	kept := books{acts: map[string]journaled{}, reservations: map[string][]string{}}
	for _, a := range acts {
		if a.Owner == "shop:"+otherShop {
			a.Key = otherHouse + a.Key
		}
		if a.Kind == "reservation" {
			kept.reservations[a.Key] = append(kept.reservations[a.Key], a.State)
			continue
		}
		kept.acts[a.Kind+" "+a.Key] = a
	}
	return kept, nil
}

// written is the act of a verb and a key; false if there is none, or one that never will be.
func (b books) written(v verb, key string) (journaled, bool) {
	kind := map[verb]string{doCapture: "redemption", doRedeem: "redemption", doReload: "reload", doRefund: "refund"}[v]
	a, ok := b.acts[kind+" "+key]
	return a, ok && a.State != "prevented"
}

// mayHaveBeen is false for what nobody was answered about when it has left no trace: it never was, or it was lost, and then whoever saw
// it contradicts the rest of the history. It spares the checker most of what it would have to suppose.
func (b books) mayHaveBeen(in input) bool {
	switch in.Verb {
	case doReserve:
		return len(b.reservations[in.Key]) > 0
	case doRelease:
		return slices.Contains(b.reservations[in.Key], "released")
	case doReverse:
		return b.acts["redemption "+in.Key].State == "reversed" || b.acts["redemption "+in.Key].State == "prevented"
	case doCapture, doRedeem, doReload, doRefund:
		a, ok := b.written(in.Verb, in.Key)
		return ok && (a.Amount == in.Amount || in.Verb == doCapture && in.Amount == 0)
	}
	return true
}

// durable checks that all that was acknowledged is in the books with its amount, once (I6).
func (b books) durable(book *history) (found []Violation) {
	for told, amount := range book.acknowledged() {
		if a, ok := b.written(told.Verb, told.Key); !ok || a.Amount != amount {
			found = append(found, Violation{"acknowledged is durable", fmt.Sprintf("%s %s of %d: the books have %+v", told.Verb, told.Key, amount, a)})
		}
	}
	return found
}
