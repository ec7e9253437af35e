package hold

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// witnessFor is how long a voucher's last version is remembered after its last
// act. It must outlive the backups that a merchant keeps, usually a month: a
// database restored from one is caught only where the witness is still there.
const witnessFor = 35 * 24 * time.Hour

// putScript: KEYS hold, witness; ARGV version, value of the hold ("" for
// none), its rest in ms, the witness's life in ms.
//
// Versions are compared as numbers, which Lua does exactly up to 2^53, and
// stored as the text that came, so that none is ever rounded. The same version
// again writes the same keys again: a re-seed heals a hold that Redis dropped
// while it kept the witness.
const putScript = `
local seen = tonumber(redis.call('GET', KEYS[2]) or '0') or 0
if tonumber(ARGV[1]) < seen then
  return 0
end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[4])
return 1
`

// Put is what PostgreSQL committed about one voucher.
type Put struct {
	Voucher string
	Version int64         // the voucher's version after the act
	Holder  string        // hash of the holder; "" when nothing holds the code
	Fence   int64         // fence of the hold
	Rest    time.Duration // what PostgreSQL said is left of the reservation; nothing left is no hold
}

// value is the hold key's content, or "" for no hold.
func (p Put) value() string {
	if p.Holder == "" || p.Rest < time.Millisecond {
		return ""
	}
	return strconv.FormatInt(p.Fence, 10) + ":" + p.Holder
}

// Put tells Redis what was committed, all in one round trip (two after Redis
// lost its scripts). For each voucher the highest version wins, whatever the
// order of arrival; the same again is harmless. The error is [ErrAway], or the
// context's own when the caller gave up; after either some puts may have been
// made, and all of them may be repeated.
//
// A batch of more than a hundred gets a budget for each further hundred, but
// never more than a second: a re-seed goes in batches of 500.
func (h *Holds) Put(ctx context.Context, puts ...Put) error {
	if len(puts) == 0 {
		return nil
	}
	vouchers := make([]string, len(puts))
	for i, p := range puts {
		vouchers[i] = p.Voucher
	}
	err := h.within(ctx, vouchers, func(ctx context.Context, ask []int) []error {
		faults := h.send(ctx, puts, ask, redis.Pipeliner.EvalSha, h.putSHA)
		missed, places := missing(faults, ask)
		if len(missed) == 0 {
			return faults
		}
		again := h.send(ctx, puts, missed, redis.Pipeliner.Eval, putScript)
		for n, at := range places {
			if faults[at] = nil; again != nil {
				faults[at] = again[n]
			}
		}
		return faults
	})
	if err != nil {
		return fmt.Errorf("put holds: %w", err)
	}
	return nil
}

// missing are the puts whose server doesn't know the script: a restart, SCRIPT
// FLUSH or another master. They were not run. Their faults are at places.
func missing(faults []error, ask []int) (missed, places []int) {
	for n, fault := range faults {
		if redis.HasErrorPrefix(fault, "NOSCRIPT") {
			missed, places = append(missed, ask[n]), append(places, n)
		}
	}
	return missed, places
}

// eval is EVAL or EVALSHA, which differ only in what names the script.
type eval func(pipe redis.Pipeliner, ctx context.Context, script string, keys []string, args ...any) *redis.Cmd

// send runs the script for each of the puts in one pipeline, and gives the fault
// of each, or nil when there was none at all.
func (h *Holds) send(ctx context.Context, puts []Put, ask []int, run eval, script string) []error {
	pipe := h.client.Pipeline()
	replies := make([]*redis.Cmd, len(puts))
	for _, i := range ask {
		p := puts[i]
		keys := []string{h.keys.hold(p.Voucher), h.keys.witness(p.Voucher)}
		replies[i] = run(pipe, ctx, script, keys,
			strconv.FormatInt(p.Version, 10), p.value(), p.Rest.Milliseconds(), witnessFor.Milliseconds())
	}
	_, err := pipe.Exec(ctx)
	return faultsOf(err, ask, func(i int) error { return replies[i].Err() })
}
