package notary

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
)

// Finding is something that history does not bear out, with its evidence.
type Finding struct {
	Invariant string // the rule, in words
	Subject   string // what breaks it: a line of the audit trail, a seal, an account of the journal
	Evidence  string
}

// The rules.
const (
	trailIsWhole  = "the audit trail is an unbroken chain"
	blankIsSaid   = "a line of the audit trail is blank only where an erasure says so"
	sealsAreWhole = "the seals are an unbroken chain, made with the master key"
	sealHolds     = "what is under a seal is as it was sealed"
	keptHolds     = "a seal that was kept outside is there"
)

// evidenceLimit is how many findings of one sort are reported: after the first broken link a chain has little left to say.
const evidenceLimit = 20

// Kept is what somebody keeps of a seal outside of this database.
type Kept struct {
	Number int64
	Hash   []byte
}

// Verify replays the chain of the audit trail from its beginning, and the seals, and holds the journal and what was kept outside
// against the seals, on one snapshot. It returns what is broken, the first of each sort first.
func (n *Notary) Verify(ctx context.Context, kept ...Kept) (findings []Finding, err error) {
	err = n.within(ctx, proving, func(tx pgx.Tx) error {
		findings, err = n.verify(ctx, tx, kept)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("verify history: %w", err)
	}
	return findings, nil
}

func (n *Notary) verify(ctx context.Context, tx pgx.Tx, kept []Kept) ([]Finding, error) {
	sealed, findings, err := n.verifySeals(ctx, tx, kept)
	if err != nil {
		return nil, err
	}
	trail, err := verifyTrail(ctx, tx, sealed)
	if err != nil {
		return nil, err
	}
	heads, err := verifyHeads(ctx, tx, sealed)
	return append(append(findings, trail...), heads...), err
}

const readTrail = `
SELECT
	l.seq,
	l.entry,
	l.digest,
	l.hash,
	a.id IS NOT NULL AS kept,
	COALESCE(a.at, 'epoch'),
	COALESCE(a.actor, ''),
	COALESCE(a.action, ''),
	COALESCE(a.object, ''),
	COALESCE(a.detail::text, ''),
	a.salt,
	COALESCE(a.txid::text, '')
FROM
	audit_link l
	LEFT JOIN audit a ON a.id = l.entry
ORDER BY
	l.seq`

// linked is a link with its line.
type linked struct {
	line
	seq          int64
	digest, hash []byte
	kept         bool // the line is there
}

func (l *linked) targets() []any {
	return []any{&l.seq, &l.ID, &l.digest, &l.hash, &l.kept, &l.At, &l.Actor, &l.Action, &l.Object, &l.Detail, &l.Salt, &l.TxID}
}

// trail follows the chain of the audit trail.
type trail struct {
	seq      int64
	hash     [32]byte
	under    map[int64][]Seal // by the number of the line that they end with
	blank    []int64          // lines that are
	said     map[int64]bool   // lines that an erasure says are
	findings []Finding
}

func verifyTrail(ctx context.Context, tx pgx.Tx, sealed []Seal) ([]Finding, error) {
	t := trail{under: map[int64][]Seal{}, said: map[int64]bool{}}
	for _, s := range sealed {
		t.under[s.AuditLines] = append(t.under[s.AuditLines], s)
	}
	t.meets()
	rows, err := tx.Query(ctx, readTrail)
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	defer rows.Close()
	for rows.Next() && len(t.findings) < evidenceLimit {
		var l linked
		if err := rows.Scan(l.targets()...); err != nil {
			return nil, fmt.Errorf("read the audit trail: %w", err)
		}
		t.next(l)
	}
	rows.Close()
	if rows.Err() != nil {
		return nil, fmt.Errorf("read the audit trail: %w", rows.Err())
	}
	if len(t.findings) >= evidenceLimit { // the rest was not read
		return t.findings, nil
	}
	t.spares()
	return t.findings, t.ends(ctx, tx)
}

// next follows the chain by one line. After a break it goes on from what the link says, so that one break is one finding.
func (t *trail) next(l linked) {
	digest := l.line.digest()
	if l.Salt == nil {
		t.blank = append(t.blank, l.ID)
		digest = [32]byte(l.digest)
	}
	want := t.seq + 1
	hash := l.line.hash(t.hash, l.seq, [32]byte(l.digest))
	switch {
	case l.seq != want:
		t.broken(l, fmt.Sprintf("link %d follows where %d should", l.seq, want))
	case !l.kept:
		t.broken(l, fmt.Sprintf("link %d is there and its line is not", l.seq))
	case !bytes.Equal(digest[:], l.digest):
		t.broken(l, fmt.Sprintf("the detail is not what link %d has the digest of", l.seq))
	case !bytes.Equal(hash[:], l.hash):
		t.broken(l, fmt.Sprintf("it does not hash to what link %d says", l.seq))
	}
	t.seq, t.hash = l.seq, [32]byte(l.hash)
	t.listens(l)
	t.meets()
}

func (t *trail) broken(l linked, evidence string) {
	t.findings = append(t.findings, Finding{trailIsWhole, nameOf(l.ID), evidence})
}

// nameOf names a line of the audit trail by its id.
func nameOf(id int64) string { return "audit line " + strconv.FormatInt(id, 10) }

// listens notes which lines an erasure has blanked.
func (t *trail) listens(l linked) {
	if l.Action != Forgets {
		return
	}
	var said struct {
		Lines []int64 `json:"lines"`
	}
	if err := json.Unmarshal([]byte(l.Detail), &said); err != nil {
		return // then it says nothing, and what it blanked is found
	}
	for _, id := range said.Lines {
		t.said[id] = true
	}
}

// meets compares the chain with the seals that ended with this line.
func (t *trail) meets() {
	for _, s := range t.under[t.seq] {
		if !bytes.Equal(s.AuditHash, t.hash[:]) {
			t.findings = append(t.findings, Finding{
				sealHolds, fmt.Sprintf("seal %d", s.Number), fmt.Sprintf("the audit trail up to line %d is not what was sealed", t.seq),
			})
		}
	}
	delete(t.under, t.seq)
}

// spares finds the lines that are blank for no reason.
func (t *trail) spares() {
	for _, id := range t.blank {
		if !t.said[id] && len(t.findings) < evidenceLimit {
			t.findings = append(t.findings, Finding{blankIsSaid, nameOf(id), "its detail is gone, and no erasure lists it"})
		}
	}
}

const readEnd = `
SELECT
	seq,
	hash,
	'' AS since,
	'' AS horizon
FROM
	audit_chain`

// ends compares the last link with where the chain should end, and with the seals that saw more.
func (t *trail) ends(ctx context.Context, tx pgx.Tx) error {
	rows, _ := tx.Query(ctx, readEnd) // rows carry the error on
	ends, err := pgx.CollectRows(rows, pgx.RowToStructByName[end])
	if err != nil {
		return fmt.Errorf("read the end of the audit trail: %w", err)
	}
	if len(ends) != 1 || ends[0].Seq != t.seq || !bytes.Equal(ends[0].Hash, t.hash[:]) {
		t.findings = append(t.findings, Finding{
			trailIsWhole, fmt.Sprintf("audit link %d", t.seq), "the last link is not where the chain should end",
		})
	}
	for lines, seals := range t.under {
		t.findings = append(t.findings, Finding{
			sealHolds, fmt.Sprintf("seal %d", seals[0].Number), fmt.Sprintf("%d lines of the audit trail were sealed, %d are left", lines, t.seq),
		})
	}
	return nil
}
