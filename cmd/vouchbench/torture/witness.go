package torture

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"vouchsafe/cmd/vouchbench/stack"
)

// witnesses watch what Redis testifies to. It may lose it; but as long as Redis itself loses nothing, no witness ever goes back.
type witnesses struct {
	stack *stack.Stack

	mu   sync.Mutex
	last map[string]int64
	back []string // witnesses that went back
	lost int      // keys that were there and are no more
}

// glance is how often Redis is looked at.
const glance = 5 * time.Millisecond

// watch looks at all witnesses again and again, where Redis is not to lose any.
func (w *witnesses) watch(ctx context.Context) {
	client, err := w.stack.Redis()
	if err != nil {
		return
	}
	defer client.Close()
	for pause(ctx, glance) {
		seen, err := read(ctx, client)
		if err != nil {
			continue // it is away; what it knows then is looked at later
		}
		w.compare(seen)
	}
}

// compare notes what went back.
func (w *witnesses) compare(seen map[string]int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for voucher, version := range w.last {
		now, known := seen[voucher]
		switch {
		case !known:
			w.lost++
		case now < version:
			w.back = append(w.back, fmt.Sprintf("voucher %s: from %d to %d", voucher, version, now))
		}
	}
	w.last = seen
}

// read is every voucher's witness.
func read(ctx context.Context, client *redis.Client) (map[string]int64, error) {
	names, err := client.Keys(ctx, "vs:*:w").Result()
	if err != nil || len(names) == 0 {
		return nil, err
	}
	values, err := client.MGet(ctx, names...).Result()
	if err != nil {
		return nil, err
	}
	seen := make(map[string]int64, len(names))
	for i, name := range names {
		text, _ := values[i].(string)
		version, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			continue // it has gone between the two questions
		}
		_, voucher, _ := strings.Cut(name, "{")
		seen[strings.TrimSuffix(voucher, "}:w")] = version
	}
	return seen, nil
}

const readHeld = `
SELECT
	v.id::text,
	v.version,
	coalesce(r.fence, 0) AS fence
FROM voucher v
LEFT JOIN reservation r ON r.voucher = v.id AND r.state = 'active' AND r.expires_at > vouchsafe_now()`

// heldRow is a voucher as PostgreSQL has it, with the fence of its live reservation.
type heldRow struct {
	ID      string
	Version int64
	Fence   int64
}

// agree checks that Redis and PostgreSQL say the same once all is healed: no witness is ahead, and every live reservation has its key.
// A key that Redis kept too long does no harm and is not looked for.
func (w *witnesses) agree(ctx context.Context, conn *pgx.Conn) ([]string, error) {
	client, err := w.stack.Redis()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	seen, err := read(ctx, client)
	if err != nil {
		return nil, fmt.Errorf("read the witnesses: %w", err)
	}
	rows, _ := conn.Query(ctx, readHeld) // rows carry the error on
	vouchers, err := pgx.CollectRows(rows, pgx.RowToStructByName[heldRow])
	if err != nil {
		return nil, fmt.Errorf("read the vouchers: %w", err)
	}
	var found []string
	holds, err := fences(ctx, client)
	for _, v := range vouchers {
		if seen[v.ID] > v.Version {
			found = append(found, fmt.Sprintf("voucher %s: the witness is at %d, the row at %d", v.ID, seen[v.ID], v.Version))
		}
		if v.Fence > 0 && holds[v.ID] != v.Fence {
			found = append(found, fmt.Sprintf("voucher %s: held under fence %d, Redis has %d", v.ID, v.Fence, holds[v.ID]))
		}
	}
	return found, err
}

// fences are those of the reservations that Redis knows.
func fences(ctx context.Context, client *redis.Client) (map[string]int64, error) {
	names, err := client.Keys(ctx, "vs:*:h").Result()
	if err != nil || len(names) == 0 {
		return nil, err
	}
	values, err := client.MGet(ctx, names...).Result()
	if err != nil {
		return nil, err
	}
	found := map[string]int64{}
	for i, name := range names {
		text, _ := values[i].(string)
		fence, _, _ := strings.Cut(text, ":")
		_, voucher, _ := strings.Cut(name, "{")
		found[strings.TrimSuffix(voucher, "}:h")], _ = strconv.ParseInt(fence, 10, 64) // what can't be read is no fence
	}
	return found, nil
}
