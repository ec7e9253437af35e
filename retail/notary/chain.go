package notary

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// chainBatch is how many lines one transaction chains: it holds the sealer's lock for some tens of milliseconds.
const chainBatch = 5000

// line is a line of the audit trail, as the chain covers it.
type line struct {
	ID     int64
	At     time.Time
	Actor  string
	Action string
	Object string
	Detail string // the JSON as PostgreSQL writes it
	Salt   []byte // nil once blanked
	TxID   string `db:"txid"`
}

// digest is what the chain holds of the detail. Nobody can find the detail by trying, since the salt goes with it.
func (l line) digest() [32]byte { return digestOf(l.Salt, []byte(l.Detail)) }

// hash chains the line, with the digest of its detail, to the one before it.
func (l line) hash(previous [32]byte, seq int64, digest [32]byte) [32]byte {
	return digestOf(previous[:], number(seq), number(l.ID), instant(l.At), []byte(l.Actor), []byte(l.Action), []byte(l.Object),
		[]byte(l.TxID), digest[:])
}

// end is where the chain ends.
type end struct {
	Seq  int64
	Hash []byte
	// Since is the transaction from which on a line may be without its link.
	Since string
	// Horizon is such that every line of an earlier transaction is seen by whatever is read from now on.
	Horizon string
}

// lockEnd takes the horizon from its own snapshot, which is older than that of any later statement: what is invisible to a
// later one was to this one too, so its transaction is not below the horizon. A horizon that lies ahead of the server is from
// another one, of which this is a restored copy: transactions count anew, and everything is looked at.
const lockEnd = `
SELECT
	seq,
	hash,
	CASE
		WHEN @everything OR horizon > pg_snapshot_xmin(pg_current_snapshot()) THEN '0'
		ELSE horizon::text
	END AS since,
	pg_snapshot_xmin(pg_current_snapshot())::text AS horizon
FROM
	audit_chain
FOR UPDATE`

const unlinked = `
SELECT
	a.id,
	a.at,
	a.actor,
	a.action,
	a.object,
	a.detail::text AS detail,
	a.salt,
	a.txid::text AS txid
FROM
	audit a
	LEFT JOIN audit_link l ON l.entry = a.id
WHERE
	a.txid >= @since::text::xid8
	AND a.id > @after
	AND l.entry IS NULL
ORDER BY
	a.id
LIMIT
	@most`

const insertLinks = `
INSERT INTO audit_link (
	seq,
	entry,
	digest,
	hash
)
SELECT
	seq,
	entry,
	digest,
	hash
FROM
	unnest(@seqs::bigint[], @entries::bigint[], @digests::bytea[], @hashes::bytea[]) AS n (seq, entry, digest, hash)`

const moveEnd = `
UPDATE
	audit_chain
SET
	seq = @seq,
	hash = @hash,
	horizon = CASE WHEN @horizon = '' THEN horizon ELSE @horizon::text::xid8 END
WHERE
	seq = @was`

// run is one walk over the lines that are not chained yet, in one or more transactions.
type run struct {
	extent  Extent
	skip    string // what the lock does when somebody else has it
	after   int64  // id of the last line seen
	since   string // of the first transaction
	horizon string // of the first transaction
	chained int
	done    bool
}

// skipLocked leaves the work to who is at it.
const skipLocked = " SKIP LOCKED"

// Chain chains the lines that were committed since the last time and tells how many. If another process is at it, it does
// nothing.
func (n *Notary) Chain(ctx context.Context, extent Extent) (int, error) {
	r := &run{extent: extent, skip: skipLocked}
	for !r.done {
		if err := n.within(ctx, writing, func(tx pgx.Tx) error { return r.batch(ctx, tx) }); err != nil {
			return r.chained, fmt.Errorf("chain the audit trail: %w", err)
		}
	}
	return r.chained, nil
}

// chainAll chains everything that the transaction can see, waiting for whoever is at it.
func chainAll(ctx context.Context, tx pgx.Tx) error {
	r := &run{}
	for !r.done {
		if err := r.batch(ctx, tx); err != nil {
			return fmt.Errorf("chain the audit trail: %w", err)
		}
	}
	return nil
}

// batch chains the next lines. A line that commits behind the walk is left to the next walk: its transaction is not below the
// horizon, which is that of the first transaction.
func (r *run) batch(ctx context.Context, tx pgx.Tx) error {
	at, free, err := r.lock(ctx, tx)
	if err != nil || !free {
		r.done = true
		return err
	}
	if r.horizon == "" {
		r.since, r.horizon = at.Since, at.Horizon
	}
	rows, _ := tx.Query(ctx, unlinked, pgx.NamedArgs{"since": r.since, "after": r.after, "most": chainBatch}) // rows carry the error on
	lines, err := pgx.CollectRows(rows, pgx.RowToStructByName[line])
	if err != nil {
		return err
	}
	r.done = len(lines) < chainBatch
	horizon := ""
	if r.done {
		horizon = r.horizon
	}
	if len(lines) > 0 {
		r.after = lines[len(lines)-1].ID
	}
	r.chained += len(lines)
	return extend(ctx, tx, at, lines, horizon)
}

// lock takes the sealer's lock, or tells that it isn't free.
func (r *run) lock(ctx context.Context, tx pgx.Tx) (end, bool, error) {
	rows, _ := tx.Query(ctx, lockEnd+r.skip, pgx.NamedArgs{"everything": r.extent == Everything}) // rows carry the error on
	at, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[end])
	if errors.Is(err, pgx.ErrNoRows) && r.skip == skipLocked {
		return end{}, false, nil
	}
	return at, err == nil, err
}

// extend writes the links and where the chain ends now.
func extend(ctx context.Context, tx pgx.Tx, at end, lines []line, horizon string) error {
	var seqs, entries []int64
	var digests, hashes [][]byte
	seq, hash := at.Seq, [32]byte(at.Hash)
	for _, l := range lines {
		seq++
		digest := l.digest()
		hash = l.hash(hash, seq, digest)
		seqs, entries = append(seqs, seq), append(entries, l.ID)
		digests, hashes = append(digests, digest[:]), append(hashes, append([]byte{}, hash[:]...))
	}
	if len(lines) > 0 {
		args := pgx.NamedArgs{"seqs": seqs, "entries": entries, "digests": digests, "hashes": hashes}
		if _, err := tx.Exec(ctx, insertLinks, args); err != nil {
			return err
		}
	}
	tag, err := tx.Exec(ctx, moveEnd, pgx.NamedArgs{"seq": seq, "hash": hash[:], "horizon": horizon, "was": at.Seq})
	if err == nil && tag.RowsAffected() != 1 {
		err = fmt.Errorf("%d ends of the chain at %d", tag.RowsAffected(), at.Seq)
	}
	return err
}
