package main

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail"
	"vouchsafe/retail/hold"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/staff"
)

// adoptCommand says that this database took the place of the one that Redis belongs to: a backup was
// restored over a lost original, or the database was moved. Without it no daemon starts, since a copy
// would take the original's reservations for its own. A fail-over to a standby needs no word.
type adoptCommand struct{}

func (adoptCommand) run(ctx context.Context, p *program) error {
	return p.with(ctx, func(h *house) error {
		seen, err := h.holds.Pulse(ctx)
		switch {
		case err == nil:
			fmt.Fprintln(p.out, "Redis belongs to this database already.")
			return nil
		case !errors.Is(err, hold.ErrCopied):
			return err
		}
		if seen.Life != "" && seen.Quiet < retail.SilentFor {
			return fmt.Errorf("the database that redis belongs to (%s) was served %s ago: stop its daemons first", seen.Database, seen.Quiet)
		}
		err = h.ledger.InTx(ctx, func(tx outbox.Tx) error {
			if err := ledger.Doubt(ctx, tx); err != nil {
				return err
			}
			return staff.Record(ctx, tx, staff.Entry{
				Actor: commandLine, Action: "adopt", Object: "redis", Detail: map[string]any{"was": seen.Database},
			})
		})
		if err != nil {
			return err
		}
		if err := h.holds.Adopt(ctx); err != nil {
			return err
		}
		fmt.Fprintln(p.out, "Redis belongs to this database now. The next daemon compares both, and puts into quarantine what the database lacks.")
		return nil
	})
}
