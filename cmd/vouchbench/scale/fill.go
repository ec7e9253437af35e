package scale

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/voucher"
)

const (
	fillBatch = 5000 // lives in one transaction
	// longEntries is how many lines the last voucher of a filling has: as much as a history shows of each of its parts.
	longEntries = 500
	// era is how far back the first voucher was sold; the last one's past has just ended.
	era = 700 * 24 * time.Hour
)

// table is where a kind of row goes.
type table struct {
	name    string
	columns []string
	rows    [][]any
}

// tables are those of lives, in the order in which they are written.
func tables() []*table {
	return []*table{
		{name: "voucher", columns: []string{
			"id", "code_mac", "code_sealed", "last4", "product", "kind", "mode", "currency", "state", "balance", "fence", "version", "term",
			"zone", "expires_on", "ends_at", "shop", "issued_at", "last_at", "entries", "head",
		}},
		{name: "act", columns: []string{
			"id", "owner", "kind", "key", "state", "fingerprint", "voucher", "reservation", "currency", "amount", "taken_back", "balance",
			"rest", "released", "late", "detail", "at",
		}},
		{name: "reservation", columns: []string{
			"id", "voucher", "fence", "owner", "key", "holder", "holder_hint", "amount", "due", "revision", "state", "granted_at",
			"expires_at", "ended_at",
		}},
		{name: "entry", columns: []string{"account", "seq", "act", "kind", "contra", "amount", "currency", "balance", "at", "hash"}},
		{name: "delivery", columns: []string{
			"id", "kind", "subject", "seq", "shop", "state", "attempt", "copies", "message_id", "body_hash", "ready_at", "created_at",
			"finished_at",
		}},
	}
}

// rows of one life, in the order of tables.
func (l *life) rows(into []*table) error {
	v := l.voucher
	id, err := uuid.Parse(v.ID)
	if err != nil {
		return err
	}
	day := v.ExpiresOn.Start(time.UTC)
	into[0].rows = append(into[0].rows, []any{
		id, l.mac, l.sealed, v.Last4, v.Product, string(v.Kind), string(v.Mode), string(v.Currency), string(v.State), v.Balance, v.Fence,
		v.Version, string(v.Term), v.Zone.String(), day, v.EndsAt, v.Shop, v.IssuedAt, v.LastAt, v.Entries, v.Head[:],
	})
	for _, r := range l.records {
		detail, err := json.Marshal(r.Detail)
		if err != nil {
			return err
		}
		into[1].rows = append(into[1].rows, []any{
			uuid.MustParse(r.ID), r.Owner, string(r.Kind), r.Key, string(r.State), r.Fingerprint[:], id, idOrNull(r.Reservation), string(r.Currency),
			r.Amount, r.TakenBack, r.Balance, r.Rest, r.Released, r.Late, json.RawMessage(detail), r.At,
		})
	}
	for _, g := range l.grants {
		into[2].rows = append(into[2].rows, grantRow(id, g))
	}
	for _, e := range l.entries {
		into[3].rows = append(into[3].rows, []any{
			id, e.Seq, uuid.MustParse(e.Act), e.Kind, e.Contra, e.Amount, string(e.Currency), e.Balance, e.At, e.hash[:],
		})
	}
	said := sha256.Sum256(l.letter[:])
	into[4].rows = append(into[4].rows, []any{
		l.letter, "code", v.ID, 0, v.Shop, "done", 1, 1, l.letter.String() + "@scale.example", said[:], v.IssuedAt, v.IssuedAt, v.IssuedAt.Add(time.Minute),
	})
	return nil
}

func grantRow(of uuid.UUID, g *voucher.Reservation) []any {
	var ended *time.Time
	if !g.EndedAt.IsZero() {
		ended = &g.EndedAt
	}
	return []any{
		uuid.MustParse(g.ID), of, g.Fence, g.Owner, g.Key, g.Holder[:], g.HolderHint, g.Amount, g.Due, g.Revision, string(g.State), g.GrantedAt,
		g.ExpiresAt, ended,
	}
}

// idOrNull is NULL for no id.
func idOrNull(id string) *uuid.UUID {
	if id == "" {
		return nil
	}
	parsed := uuid.MustParse(id)
	return &parsed
}

// Filling says what to add.
type Filling struct {
	Vouchers int
	Entries  int // of each voucher
	Live     int // how many of them a cart has reserved
	Overdue  int // how many of them a cart had reserved until an hour ago
}

// end is how the n-th life ends: reserved ones are the first.
func (f Filling) end(n int) ending {
	switch {
	case n < f.Live:
		return live
	case n < f.Live+f.Overdue:
		return overdue
	}
	return free
}

// issued is when the n-th voucher was sold, so that its past ends before the carts came.
func (f Filling) issued(n int, now time.Time) time.Time {
	last := now.Add(-overdueSince - time.Duration(f.Entries)*24*time.Hour)
	return last.Add(-era + era/time.Duration(f.Vouchers)*time.Duration(n)).Truncate(time.Microsecond)
}

// filled are the vouchers that were added: the codes that are free, the id of one of them, and that of the one with the long past.
type filled struct {
	codes        []string
	sample, long string
}

// batch is what is written at once.
type batch struct {
	tables []*table
	err    error
}

// fill makes up lives and writes them; while some are written the next are made up.
func fill(ctx context.Context, pool *pgxpool.Pool, a *author, f Filling) (filled, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var done filled
	batches := make(chan batch)
	go func() {
		defer close(batches)
		for n := 0; n < f.Vouchers; n += fillBatch {
			made, err := a.batch(f, n, &done)
			select {
			case batches <- batch{made, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	var failed error
	for b := range batches { // read to its end: the author is done when the channel is closed
		if failed = b.err; failed == nil {
			failed = b.copy(ctx, pool)
		}
		if failed != nil {
			cancel()
			break
		}
	}
	for range batches { // until the author has seen that it is over
	}
	if failed != nil {
		return filled{}, fmt.Errorf("fill: %w", failed)
	}
	return done, ctx.Err()
}

// batch makes up the lives from the n-th on.
func (a *author) batch(f Filling, n int, done *filled) ([]*table, error) {
	into := tables()
	for i := n; i < min(n+fillBatch, f.Vouchers); i++ {
		end := f.end(i)
		of := f
		if i == f.Vouchers-1 {
			of = Filling{Vouchers: f.Vouchers, Entries: max(f.Entries, longEntries)}
		}
		l, err := a.write(of.issued(i, a.now), of.Entries, end)
		if err != nil {
			return nil, err
		}
		if end == free {
			done.codes, done.sample, done.long = append(done.codes, l.code), done.long, l.voucher.ID
		}
		if err := l.rows(into); err != nil {
			return nil, err
		}
	}
	return into, nil
}

// copy writes a batch. What a power cut would take of it nobody misses.
func (b batch) copy(ctx context.Context, pool *pgxpool.Pool) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL synchronous_commit = off`); err != nil {
			return err
		}
		for _, t := range b.tables {
			if _, err := tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromRows(t.rows)); err != nil {
				return fmt.Errorf("copy into %s: %w", t.name, err)
			}
		}
		return nil
	})
}
