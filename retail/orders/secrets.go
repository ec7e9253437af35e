package orders

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
)

const lockShop = readShop + `
FOR UPDATE`

// LockShop locks and reads a shop: for a change that depends on what it is. Error: ErrNotFound.
func LockShop(ctx context.Context, tx outbox.Tx, id string) (Shop, error) {
	rows, _ := tx.Query(ctx, lockShop, pgx.NamedArgs{"id": id}) // rows carry the error to CollectRows
	shop, err := exactlyOne[Shop](rows)
	if err != nil {
		return Shop{}, fmt.Errorf("lock shop %.64q: %w", id, err)
	}
	return shop, nil
}
