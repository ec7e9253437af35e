package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const takeLease = `INSERT INTO lease (name, holder, until)
	VALUES (@name, @holder::uuid, vouchsafe_now() + @for::interval)
	ON CONFLICT (name) DO UPDATE
	SET
		holder = EXCLUDED.holder,
		until = EXCLUDED.until
	WHERE lease.holder = EXCLUDED.holder OR lease.until <= vouchsafe_now()`

const endLease = `DELETE FROM lease WHERE name = @name AND holder = @holder::uuid`

// Lease takes or prolongs a lease for this ledger and tells whether it has it. It keeps gateways
// from doing the same work at once; nothing that matters may rest on it, since it can run out under
// whoever holds it.
func (l *Ledger) Lease(ctx context.Context, name string, lasting time.Duration) (bool, error) {
	tag, err := l.pool.Exec(ctx, takeLease, pgx.NamedArgs{"name": name, "holder": l.id, "for": lasting})
	if err != nil {
		return false, fmt.Errorf("take the lease %s: %w", name, err)
	}
	return tag.RowsAffected() == 1, nil
}

// EndLease gives a lease back before its time.
func (l *Ledger) EndLease(ctx context.Context, name string) error {
	if _, err := l.pool.Exec(ctx, endLease, pgx.NamedArgs{"name": name, "holder": l.id}); err != nil {
		return fmt.Errorf("end the lease %s: %w", name, err)
	}
	return nil
}
