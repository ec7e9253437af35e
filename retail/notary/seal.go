package notary

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Seal is what a seal says. Number and Hash are what is worth keeping outside: they fix all that was before.
type Seal struct {
	Number     int64 // 1, 2, 3 …
	At         time.Time
	AuditLines int64  // how many lines of the audit trail were chained
	AuditHash  []byte // the end of their chain
	Accounts   int64  // how many heads of the journal had changed since the seal before
	Heads      []byte // their digest
	Key        string // id of the master key
	Hash       []byte // over all of the above and the hash of the seal before
	MAC        []byte `db:"mac"` // of the hash, under a key derived from the master key
}

// hash chains the seal to the one before it.
func (s Seal) hash(previous []byte) [32]byte {
	return digestOf(previous, number(s.Number), instant(s.At), number(s.AuditLines), s.AuditHash, number(s.Accounts), s.Heads, []byte(s.Key))
}

// String is what an operator keeps: "3:9f86d0…", the number and the hash.
func (s Seal) String() string { return fmt.Sprintf("%d:%s", s.Number, hex.EncodeToString(s.Hash)) }

const sealColumns = `
	number,
	at,
	audit_lines,
	audit_hash,
	accounts,
	heads,
	key,
	hash,
	mac`

const lastSeal = `
SELECT` + sealColumns + `
FROM
	seal
ORDER BY
	number DESC
LIMIT
	1`

// overlap is how much older than the last seal an entry may be and yet not be under it: an act takes its instant before it
// commits, and that in seconds.
const overlap = time.Hour

// sealHeads finds the heads by what was written lately, not by asking each voucher. A head that is under a seal already stays
// under that one, which the key of the table tells: whoever asks the table itself, while it grows, may read all of it for each head.
// An OR beside the IN would keep PostgreSQL from joining the two.
const sealHeads = `
INSERT INTO sealed_head (
	account,
	entries,
	head,
	seal
)
SELECT
	v.id,
	v.entries,
	v.head,
	@seal
FROM
	(
		SELECT id, entries, head FROM voucher
		UNION ALL
		SELECT id, entries, head FROM account
	) v
WHERE
	v.entries > 0
	AND v.id IN (SELECT account FROM entry WHERE at >= coalesce(@since::timestamptz, '-infinity'))
ON CONFLICT (account, entries) DO NOTHING`

const headsOfSeal = `
SELECT
	account::text,
	entries,
	head
FROM
	sealed_head
WHERE
	seal = @seal
ORDER BY
	sealed_head.account,
	entries`

const insertSeal = `
INSERT INTO seal (` + sealColumns + `
)
VALUES (
	@number,
	@at,
	@audit_lines,
	@audit_hash,
	@accounts,
	@heads,
	@key,
	@hash,
	@mac
)`

// errNothingNew says that nothing has changed since the last seal.
var errNothingNew = errors.New("nothing is new")

// Seal puts the ends of all chains that have changed since the last seal under a new one, and returns it; nil when nothing has
// changed. One process seals at a time, others wait.
func (n *Notary) Seal(ctx context.Context, extent Extent) (*Seal, error) {
	var made Seal
	err := n.within(ctx, writing, func(tx pgx.Tx) (err error) {
		made, err = n.seal(ctx, tx, extent)
		return err
	})
	if errors.Is(err, errNothingNew) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("seal history: %w", err)
	}
	return &made, nil
}

func (n *Notary) seal(ctx context.Context, tx pgx.Tx, extent Extent) (Seal, error) {
	rows, _ := tx.Query(ctx, lockEnd, pgx.NamedArgs{"everything": false}) // rows carry the error on
	at, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[end])
	if err != nil {
		return Seal{}, fmt.Errorf("lock the end of the audit trail: %w", err)
	}
	rows, _ = tx.Query(ctx, lastSeal)
	last, err := pgx.CollectOneRow(rows, pgx.RowToStructByName[Seal])
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Seal{}, fmt.Errorf("read the last seal: %w", err)
	}
	s := Seal{Number: last.Number + 1, AuditLines: at.Seq, AuditHash: at.Hash, Key: n.ring.Writer()}
	if err := s.takeHeads(ctx, tx, last, extent); err != nil {
		return Seal{}, err
	}
	if s.Accounts == 0 && s.AuditLines == last.AuditLines {
		return Seal{}, errNothingNew
	}
	hash := s.hash(last.Hash)
	s.Hash, s.MAC = hash[:], n.ring.MAC(purposeSeal, hash[:])
	return s, s.write(ctx, tx)
}

// takeHeads puts the heads that changed under the seal, and dates it. The instant is read before the heads: what commits in
// between is looked for from then on.
func (s *Seal) takeHeads(ctx context.Context, tx pgx.Tx, last Seal, extent Extent) error {
	var since *time.Time
	if extent == Recent && last.Number > 0 {
		from := last.At.Add(-overlap)
		since = &from
	}
	if err := tx.QueryRow(ctx, `SELECT vouchsafe_now()`).Scan(&s.At); err != nil {
		return fmt.Errorf("ask for the time: %w", err)
	}
	tag, err := tx.Exec(ctx, sealHeads, pgx.NamedArgs{"seal": s.Number, "since": since})
	if err != nil {
		return fmt.Errorf("put heads under seal %d: %w", s.Number, err)
	}
	s.Accounts = tag.RowsAffected()
	rows, err := tx.Query(ctx, headsOfSeal, pgx.NamedArgs{"seal": s.Number})
	if err != nil {
		return fmt.Errorf("read the heads of seal %d: %w", s.Number, err)
	}
	defer rows.Close()
	var heads tally
	for rows.Next() {
		var account string
		var entries int64
		var head []byte
		if err := rows.Scan(&account, &entries, &head); err != nil {
			return fmt.Errorf("read the heads of seal %d: %w", s.Number, err)
		}
		heads.add(account, entries, head)
	}
	s.Heads = heads.digest[:]
	return rows.Err()
}

// tally is the digest of heads in the order of their accounts.
type tally struct {
	count  int64
	digest [32]byte
}

func (t *tally) add(account string, entries int64, head []byte) {
	t.count++
	t.digest = digestOf(t.digest[:], []byte(account), number(entries), head)
}

func (s *Seal) write(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, insertSeal, pgx.NamedArgs{
		"number":      s.Number,
		"at":          s.At,
		"audit_lines": s.AuditLines,
		"audit_hash":  s.AuditHash,
		"accounts":    s.Accounts,
		"heads":       s.Heads,
		"key":         s.Key,
		"hash":        s.Hash,
		"mac":         s.MAC,
	})
	if err != nil {
		return fmt.Errorf("write seal %d: %w", s.Number, err)
	}
	return nil
}

const (
	sealsMost   = 500 // the longest page
	sealsWithin = 2 * time.Second
)

const listSeals = `
SELECT` + sealColumns + `
FROM
	seal
WHERE
	(@before = 0 OR number < @before)
ORDER BY
	number DESC
LIMIT
	@limit`

// Seals lists seals, the latest first: those with a number below before, or all for 0. A limit of 0 is 500, the most there is.
func (n *Notary) Seals(ctx context.Context, before int64, limit int) ([]Seal, error) {
	if limit <= 0 || limit > sealsMost {
		limit = sealsMost
	}
	ctx, cancel := context.WithTimeout(ctx, sealsWithin)
	defer cancel()
	rows, _ := n.pool.Query(ctx, listSeals, pgx.NamedArgs{"before": before, "limit": limit}) // rows carry the error on
	seals, err := pgx.CollectRows(rows, pgx.RowToStructByName[Seal])
	if err != nil {
		return nil, fmt.Errorf("list seals: %w", err)
	}
	return seals, nil
}
