package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"vouchsafe/retail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/reseal"
)

// rekeyCommand moves everything to the first master key, while gateways serve. It may be ended and begun again.
type rekeyCommand struct{}

// errLeft says that an older master key is still needed; how much is printed.
var errLeft = errors.New("an older master key is still needed")

func (rekeyCommand) run(ctx context.Context, p *program) error {
	return p.with(ctx, func(h *house) error {
		keys := retail.Rekeying{Orders: orders.NewStore(h.pool), Ring: h.ring}
		faults := 0
		err := keys.Run(ctx, func(m reseal.Moved) {
			fmt.Fprintf(p.out, "%-24s %d sealed anew\n", m.Column, m.Rows)
			for _, f := range m.Faults {
				fmt.Fprintf(p.out, "%-24s row %s can't be: %v\n", m.Column, f.Key, f.Err)
			}
			faults += len(m.Faults)
		})
		if err != nil {
			return err
		}
		left, err := keys.Left(ctx)
		if err != nil {
			return err
		}
		return p.tellLeft(left, h.ring.Writer(), faults)
	})
}

// tellLeft says what stands in the way of dropping the older keys, or that nothing does.
func (p *program) tellLeft(left map[string]int64, writer string, faults int) error {
	for _, master := range slices.Sorted(maps.Keys(left)) {
		fmt.Fprintf(p.out, "Key %s is still needed by %d rows.\n", master, left[master])
	}
	switch {
	case faults > 0:
		return fmt.Errorf("%w: %d rows could not be sealed anew", errLeft, faults)
	case len(left) > 0:
		return fmt.Errorf("%w: a gateway still writes with it; give all of them key %s in front, then run this again", errLeft, writer)
	}
	fmt.Fprintf(p.out, "Everything is under key %s. Once no gateway has another one in front, the others may be dropped.\n", writer)
	return nil
}
