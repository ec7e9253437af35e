package hold

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// scanBatch is how many keys Redis looks through for one answer: large enough
// to finish a million in seconds, small enough to keep nobody waiting.
const scanBatch = 1000

// Witnesses calls see for every witness of the installation, on every master.
// A voucher may be seen twice and one that changes during the scan may be seen
// with either version; one that stays is seen, unless the cluster moves its slot
// meanwhile. An error of see ends the scan and is returned as it is; otherwise
// the error is [ErrAway].
func (h *Holds) Witnesses(ctx context.Context, see func(voucher string, version int64) error) error {
	return h.eachMaster(ctx, func(ctx context.Context, node redis.Cmdable) error {
		var cursor uint64
		for {
			found, next, err := h.scan(ctx, node, cursor)
			if err != nil {
				return fmt.Errorf("scan witnesses: %w: %w", ErrAway, err)
			}
			for _, w := range found {
				if err := see(w.voucher, w.version); err != nil {
					return err
				}
			}
			if next == 0 {
				return nil
			}
			cursor = next
		}
	})
}

type witness struct {
	voucher string
	version int64
}

// scan takes one step of a scan and reads the witnesses it came upon. They are
// read through the client, not the node, which may have given a slot away.
func (h *Holds) scan(ctx context.Context, node redis.Cmdable, cursor uint64) ([]witness, uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, housekeepingFor)
	defer cancel()
	names, next, err := node.Scan(ctx, cursor, h.keys.witnesses(), scanBatch).Result()
	if err != nil || len(names) == 0 {
		return nil, next, err
	}
	pipe := h.client.Pipeline()
	for _, name := range names {
		pipe.Get(ctx, name)
	}
	replies, _ := pipe.Exec(ctx) // each reply carries its own error
	found := make([]witness, 0, len(names))
	for i, reply := range replies {
		text, err := reply.(*redis.StringCmd).Result()
		if errors.Is(err, redis.Nil) {
			continue // expired since the scan came upon it
		}
		if err != nil {
			return nil, 0, err
		}
		version, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", names[i], err)
		}
		found = append(found, witness{voucher: h.keys.voucher(names[i]), version: version})
	}
	return found, next, nil
}
