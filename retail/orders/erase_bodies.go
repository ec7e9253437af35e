package orders

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
)

// bodyPage is how many bodies are read at once.
const bodyPage = 200

const keptBodies = `
SELECT
	id::text AS id,
	shop,
	digest,
	message,
	body,
	headers,
	received,
	state,
	reason,
	order_id,
	received_at
FROM
	inbox
WHERE
	body IS NOT NULL
	AND id > @after::uuid
ORDER BY
	id
LIMIT
	@most`

// EachBody hands every body that is still kept to look. There are some weeks of them.
func (s *Store) EachBody(ctx context.Context, look func(Item) error) error {
	after := "00000000-0000-0000-0000-000000000000"
	for {
		items, err := many[Item](ctx, s, keptBodies, pgx.NamedArgs{"after": after, "most": bodyPage})
		if err != nil {
			return fmt.Errorf("read the bodies that are kept: %w", err)
		}
		for _, item := range items {
			if err := look(item); err != nil {
				return err
			}
		}
		if len(items) < bodyPage {
			return nil
		}
		after = items[len(items)-1].ID
	}
}

const eraseBodiesFor = `
UPDATE
	inbox i
SET
	body = NULL,
	erased_at = vouchsafe_now()
WHERE
	i.state IN ('applied', 'ignored')
	AND i.erased_at IS NULL
	AND (
		i.id = ANY (@ids::uuid[])
		OR EXISTS (SELECT FROM purchase p WHERE p.id = ANY (@purchases::uuid[]) AND p.shop = i.shop AND p.order_id = i.order_id)
	)`

// EraseBodiesFor forgets bodies for good, those with the ids and those that tell of the orders, and counts them. Their bytes don't
// come back when the shop repeats them: what they tell is applied. Bodies that are not settled are left.
func EraseBodiesFor(ctx context.Context, tx outbox.Tx, bodies, purchases []string) (int64, error) {
	tag, err := tx.Exec(ctx, eraseBodiesFor, pgx.NamedArgs{"ids": bodies, "purchases": purchases})
	if err != nil {
		return 0, fmt.Errorf("erase the bodies of a person: %w", err)
	}
	return tag.RowsAffected(), nil
}
