package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/voucher"
)

// readWithin bounds one read outside of a transaction.
const readWithin = 2 * time.Second

// Seen is a voucher as one read found it, without a lock. What it refuses was true at that instant;
// what it would allow is decided under the lock.
type Seen struct {
	Voucher voucher.Voucher
	Live    *voucher.Reservation // nil when the code is free
	Named   bool                 // whether an act bears the name that was asked for
	At      time.Time
	rules   voucher.Rules
}

// The columns of the reservation have names of their own, since the voucher's are not qualified.
const seenColumns = voucherColumns + `,
		r.reservation::text,
		coalesce(r.held_fence, 0),
		coalesce(r.owner, ''),
		coalesce(r.key, ''),
		r.holder,
		coalesce(r.holder_hint, ''),
		coalesce(r.amount, 0),
		coalesce(r.due, 0),
		r.granted_at,
		r.expires_at,
		vouchsafe_now()`

// withLive joins the live reservation of a voucher v.
const withLive = `
	LEFT JOIN LATERAL (
		SELECT
			id AS reservation,
			fence AS held_fence,
			owner,
			key,
			holder,
			holder_hint,
			amount,
			due,
			granted_at,
			expires_at
		FROM reservation
		WHERE voucher = v.id AND state = 'active'
		OFFSET 0
	) r ON true`

const lookByID = `SELECT` + seenColumns + `
	FROM voucher v` + withLive + `
	WHERE v.id = $1::uuid`

// Each finds its rows by an index for every row of unnest. The array stands in a subquery, which hides its length: PostgreSQL would
// plan the statement anew for every length, and that takes longer than the look-up.
const (
	lookVouchers = `SELECT
		q.place,` + seenColumns + `
	FROM unnest((SELECT $1::bytea[])) WITH ORDINALITY AS q (mac, place)
	CROSS JOIN LATERAL (
		SELECT *
		FROM voucher
		WHERE code_mac = q.mac
		OFFSET 0
	) v` + withLive

	lookNames = `SELECT
		q.place,
		a.state
	FROM unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::text[])) WITH ORDINALITY AS q (owner, kind, key, place)
	CROSS JOIN LATERAL (
		SELECT state
		FROM act
		WHERE owner = q.owner AND kind = q.kind AND key = q.key
		OFFSET 0
	) a`
)

// looking is a question for a voucher by its code, and for an act by its name.
type looking struct {
	macs [][]byte
	ref  voucher.Ref
}

// looked is the answer: nil where nothing was found.
type looked struct {
	voucher *lookRow
	named   *nameRow
}

// Look finds a voucher by the MACs that its code may have, with its live reservation; and whether an
// act named ref exists. Both are read in one round trip whatever is found, so that the time tells
// nothing. It fails with voucher.ErrNotFound; under a name that is taken an unknown code is other
// content like any other, and the refusal is the name's, so that it doesn't tell codes apart either.
func (l *Ledger) Look(ctx context.Context, macs [][]byte, ref voucher.Ref) (Seen, error) {
	found, err := l.looks.get(ctx, looking{macs, ref})
	switch {
	case err != nil:
		return Seen{}, away("look up a code", err)
	case found.voucher != nil:
		return l.seen(*found.voucher, found.named != nil)
	case found.named != nil:
		return Seen{}, found.named.taken()
	}
	return Seen{}, voucher.ErrNotFound
}

// look answers questions together.
func (l *Ledger) look(ctx context.Context, questions []looking) ([]looked, error) {
	var macs [][]byte
	var refs refColumns
	var asker, namer []int // of each MAC, of each name
	for i, q := range questions {
		for _, mac := range q.macs {
			macs, asker = append(macs, mac), append(asker, i)
		}
		if q.ref.Key != "" { // a question for a balance is not about an act, whatever its code is
			refs.add(q.ref)
			namer = append(namer, i)
		}
	}
	vouchers := make([]placedVoucher, 0, len(questions))
	var names []placedName
	batch := &pgx.Batch{} // one transaction, since nothing ends one within it
	batch.Queue(setPlans)
	collect(batch.Queue(lookVouchers, macs), &vouchers)
	if len(namer) > 0 {
		collect(batch.Queue(lookNames, refs.owners, refs.kinds, refs.keys), &names)
	}
	if err := l.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	answers := make([]looked, len(questions))
	for i := range vouchers {
		if v := &vouchers[i]; !v.CodeRetired { // else there is no such voucher to whoever has the code
			answers[asker[v.Place-1]].voucher = &v.lookRow
		}
	}
	for i := range names {
		answers[namer[names[i].Place-1]].named = &names[i].nameRow
	}
	return answers, nil
}

// placedVoucher is a row of lookVouchers: which MAC found it.
type placedVoucher struct {
	Place int64
	lookRow
}

// placedName is a row of lookNames: whose question found it.
type placedName struct {
	Place int64
	nameRow
}

// nameRow is an act's state.
type nameRow struct{ State string }

// taken refuses other content under the name.
func (n nameRow) taken() error {
	if n.State == string(voucher.Done) {
		return voucher.ErrKeyReused
	}
	return voucher.ErrPrevented
}

// seen reads the row.
func (l *Ledger) seen(row lookRow, named bool) (Seen, error) {
	v, err := l.voucher(row.voucherRow)
	if err != nil {
		return Seen{}, err
	}
	seen := Seen{Voucher: v, Named: named, At: row.Now, rules: l.rules}
	if row.Reservation == nil {
		return seen, nil
	}
	live := &voucher.Reservation{
		ID: *row.Reservation, Voucher: v.ID, Fence: row.RFence, Owner: row.Owner, Key: row.Key,
		Holder: voucher.Holder(row.Holder), HolderHint: row.HolderHint, Amount: row.Amount, Due: row.Due,
		State: voucher.Reserved, GrantedAt: *row.GrantedAt, ExpiresAt: *row.ExpiresAt,
	}
	if live.LiveAt(seen.At) {
		seen.Live = live
	}
	return seen, nil
}

// lookRow is a voucher with its live reservation.
type lookRow struct {
	voucherRow
	Reservation *string
	RFence      int64
	Owner       string
	Key         string
	Holder      []byte
	HolderHint  string
	Amount      int64
	Due         int64
	GrantedAt   *time.Time
	ExpiresAt   *time.Time
	Now         time.Time
}

// Refuse decides an act on what was seen, and returns its refusal or nil. An act whose name exists
// is never refused here: it may be a repeat, whose answer only the lock can tell. So is nothing
// allowed here: nil means "ask under the lock".
func (s Seen) Refuse(act voucher.Act) error {
	if s.Named {
		return nil
	}
	c := &voucher.Case{
		At: s.At, Rules: s.rules, Voucher: s.Voucher,
		Records: make(map[voucher.Ref]*voucher.Record), Holdings: make(voucher.Holdings),
	}
	if s.Live != nil {
		live := *s.Live
		c.Reservations = append(c.Reservations, &live)
	}
	_, err := voucher.Decide(c, act)
	return err
}

// Unusable says why nobody could be granted value of the voucher, or nil.
func (s Seen) Unusable() error { return s.Voucher.Usable(s.At) }

// Reserved is what the live reservation sets aside, in minor units.
func (s Seen) Reserved() int64 {
	if s.Live == nil {
		return 0
	}
	return s.Live.Amount
}

const findHeld = `SELECT` + reservationColumns + `
	FROM reservation r
	WHERE r.owner = $1 AND r.holder = $2 AND r.ended_at IS NULL AND r.expires_at > vouchsafe_now()
	ORDER BY r.granted_at
	LIMIT 100`

// PerOrder is how many codes one holder of a shop may reserve at once.
func (l *Ledger) PerOrder() int { return l.rules.PerOrder }

// HeldBy lists the live reservations of a holder, the oldest first, at most 100.
func (l *Ledger) HeldBy(ctx context.Context, owner string, holder voucher.Holder) ([]voucher.Reservation, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, findHeld, owner, holder[:])
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[reservationRow])
	if err != nil {
		return nil, away("find the reservations of a holder", err)
	}
	held := make([]voucher.Reservation, len(found))
	for i, row := range found {
		held[i] = *row.reservation()
	}
	return held, nil
}

const readVersions = `SELECT
		id::text,
		version
	FROM voucher
	WHERE id = ANY($1::uuid[])
	UNION ALL
	SELECT
		id::text,
		version
	FROM account
	WHERE id = ANY($1::uuid[])`

// Versions reads the versions of vouchers and accounts, without a lock; what doesn't exist is left out.
func (l *Ledger) Versions(ctx context.Context, ids []string) (map[string]int64, error) {
	rows, _ := l.pool.Query(ctx, readVersions, ids)
	versions := make(map[string]int64, len(ids))
	var id string
	var version int64
	_, err := pgx.ForEachRow(rows, []any{&id, &version}, func() error {
		versions[id] = version
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read versions: %w", err)
	}
	return versions, nil
}
