package hold

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// ErrCopied means that this Redis speaks for another database of the same installation: one of the two
// is a copy, or the database was moved and nobody has said so yet; see [Holds.Adopt].
var ErrCopied = errors.New("redis belongs to another database of this installation")

// Pulse is what the gateways leave in Redis every second, so that a database which went back is told
// from one that did not, and a copy from the original.
type Pulse struct {
	Database string        // whose Redis this is; "" for nobody's
	Newest   string        // the id of the newest act that was ever read; ids sort by time; "" if unknown
	Life     string        // the life of PostgreSQL in which a gateway looked last
	Quiet    time.Duration // since then, by Redis's own clock; 0 if nobody ever did
}

// Redis's own clock tells how long nobody has looked: those of the gateways may differ.
const pulseScript = `
local now = redis.call('TIME')
local seen = redis.call('HMGET', KEYS[1], 'database', 'newest', 'life', 'at')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
return {seen[1] or '', seen[2] or '', seen[3] or '', tostring(seen[4] and ms - seen[4] or 0)}
`

// Pulse reads the pulse. [ErrForeign], [ErrCopied] with the pulse that was found, [ErrAway].
func (h *Holds) Pulse(ctx context.Context) (Pulse, error) {
	ctx, cancel := context.WithTimeout(ctx, housekeepingFor)
	defer cancel()
	owner, err := Owner(ctx, h.client)
	if err != nil {
		return Pulse{}, err
	}
	if owner != "" && owner != h.keys.installation() {
		return Pulse{}, fmt.Errorf("%w: %s", ErrForeign, owner)
	}
	fields, err := h.client.Eval(ctx, pulseScript, []string{h.keys.pulse()}).StringSlice()
	if err != nil || len(fields) != 4 {
		return Pulse{}, fmt.Errorf("read the pulse: %w: %w", ErrAway, err)
	}
	quiet, err := strconv.ParseFloat(fields[3], 64)
	if err != nil {
		return Pulse{}, fmt.Errorf("read the pulse: %w: %w", ErrAway, err)
	}
	p := Pulse{Database: fields[0], Newest: fields[1], Life: fields[2], Quiet: time.Duration(quiet) * time.Millisecond}
	if p.Database != "" && h.database != "" && p.Database != h.database {
		return p, fmt.Errorf("%w: %s", ErrCopied, p.Database)
	}
	return p, nil
}

// A database that Redis does not belong to leaves no trace, and what was seen newest never goes back.
const beatScript = `
if redis.call('HGET', KEYS[1], 'database') ~= ARGV[1] then
  return 0
end
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], 'life', ARGV[2], 'at', string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000)))
if ARGV[3] > (redis.call('HGET', KEYS[1], 'newest') or '') then
  redis.call('HSET', KEYS[1], 'newest', ARGV[3])
end
return 1
`

// Beat leaves a pulse: that a gateway has just looked at this life of PostgreSQL, and which act it found
// to be the newest. An older one than was left before changes nothing. [ErrAway].
func (h *Holds) Beat(ctx context.Context, life, newest string) error {
	ctx, cancel := context.WithTimeout(ctx, housekeepingFor)
	defer cancel()
	err := h.client.Eval(ctx, beatScript, []string{h.keys.pulse()}, h.database, life, newest).Err()
	if err != nil {
		return fmt.Errorf("leave a pulse: %w: %w", ErrAway, err)
	}
	return nil
}

const settleScript = `
local is = redis.call('HGET', KEYS[1], 'newest')
if ARGV[1] ~= '' and not is then
  return 0
end
if (is or '') == ARGV[1] then
  redis.call('HSET', KEYS[1], 'newest', ARGV[2])
end
return 1
`

// Settle accepts that PostgreSQL's newest act is now this one, though Redis has seen the other, after
// all witnesses were compared. False means that Redis has forgotten it meanwhile, and so perhaps
// witnesses that were not compared yet. [ErrAway].
func (h *Holds) Settle(ctx context.Context, seen, newest string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, housekeepingFor)
	defer cancel()
	kept, err := h.client.Eval(ctx, settleScript, []string{h.keys.pulse()}, seen, newest).Bool()
	if err != nil {
		return false, fmt.Errorf("settle the pulse: %w: %w", ErrAway, err)
	}
	return kept, nil
}

// bind makes this Redis the database's, or confirms that it is: the first to come stays.
func (h *Holds) bind(ctx context.Context) error {
	if h.database == "" {
		return nil
	}
	pipe := h.client.Pipeline()
	pipe.HSetNX(ctx, h.keys.pulse(), "database", h.database)
	owner := pipe.HGet(ctx, h.keys.pulse(), "database")
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("claim redis: %w: %w", ErrAway, err)
	}
	if owner.Val() != h.database {
		return fmt.Errorf("claim redis for the database %s: %w: %s", h.database, ErrCopied, owner.Val())
	}
	return nil
}

// Adopt makes this Redis the database's, whichever of the installation it belonged to: a person says
// that this one is no copy. [ErrForeign], [ErrAway].
func (h *Holds) Adopt(ctx context.Context) error {
	err := h.Claim(ctx)
	if !errors.Is(err, ErrCopied) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, housekeepingFor)
	defer cancel()
	if err := h.client.HSet(ctx, h.keys.pulse(), "database", h.database).Err(); err != nil {
		return fmt.Errorf("adopt redis: %w: %w", ErrAway, err)
	}
	return nil
}
