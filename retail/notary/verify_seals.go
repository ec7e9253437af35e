package notary

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const allSeals = `
SELECT` + sealColumns + `
FROM
	seal
ORDER BY
	number`

// verifySeals replays the chain of the seals. Old masters may have retired; since each seal covers the one before it, the
// fingerprint of the last one vouches for all of them.
func (n *Notary) verifySeals(ctx context.Context, tx pgx.Tx, kept []Kept) (sealed []Seal, findings []Finding, err error) {
	rows, _ := tx.Query(ctx, allSeals) // rows carry the error on
	sealed, err = pgx.CollectRows(rows, pgx.RowToStructByName[Seal])
	if err != nil {
		return nil, nil, fmt.Errorf("read the seals: %w", err)
	}
	atHand := n.ring.Checks()
	var previous []byte
	for i, s := range sealed {
		_, known := atHand[s.Key]
		if why := n.doubt(s, previous, int64(i+1), known || i == len(sealed)-1); why != "" && len(findings) < evidenceLimit {
			findings = append(findings, Finding{sealsAreWhole, fmt.Sprintf("seal %d", s.Number), why})
		}
		previous = s.Hash
	}
	for _, k := range kept {
		if why := missing(sealed, k); why != "" {
			findings = append(findings, Finding{keptHolds, fmt.Sprintf("seal %d", k.Number), why})
		}
	}
	return sealed, findings, nil
}

// doubt says what is wrong with a seal; "" for nothing.
func (n *Notary) doubt(s Seal, previous []byte, want int64, verifiable bool) string {
	hash := s.hash(previous)
	switch {
	case s.Number != want:
		return fmt.Sprintf("it follows where seal %d should", want)
	case !bytes.Equal(hash[:], s.Hash):
		return "it does not hash to what it says"
	case verifiable && !n.made(s):
		return "no master key at hand has made it"
	}
	return ""
}

// made tells whether a master key of the ring has made the seal.
func (n *Notary) made(s Seal) bool {
	for _, mac := range n.ring.MACs(purposeSeal, s.Hash) {
		if bytes.Equal(mac, s.MAC) {
			return true
		}
	}
	return false
}

// missing says why what was kept does not fit the seals; "" when it does.
func missing(sealed []Seal, k Kept) string {
	for _, s := range sealed {
		switch {
		case s.Number != k.Number:
		case bytes.Equal(s.Hash, k.Hash):
			return ""
		default:
			return "it is another one now: history was written anew"
		}
	}
	return "history was cut off before it"
}

const changedHeads = `
SELECT
	h.account::text,
	h.entries,
	h.seal,
	e.account IS NOT NULL
FROM
	sealed_head h
	LEFT JOIN entry e ON e.account = h.account AND e.seq = h.entries
WHERE
	e.hash IS DISTINCT FROM h.head
ORDER BY
	h.seal,
	h.account
LIMIT
	@limit`

const allHeads = `
SELECT
	seal,
	account::text,
	entries,
	head
FROM
	sealed_head
ORDER BY
	seal,
	sealed_head.account,
	entries`

// verifyHeads finds journals that are not what was sealed: their tail was edited together with the head that the voucher keeps,
// or cut off with it.
func verifyHeads(ctx context.Context, tx pgx.Tx, sealed []Seal) ([]Finding, error) {
	rows, _ := tx.Query(ctx, changedHeads, pgx.NamedArgs{"limit": evidenceLimit}) // rows carry the error on
	findings, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Finding, error) {
		var account string
		var entries, seal int64
		var there bool
		err := row.Scan(&account, &entries, &seal, &there)
		evidence := fmt.Sprintf("entry %d is not what seal %d has sealed", entries, seal)
		if !there {
			evidence = fmt.Sprintf("entry %d was there when seal %d was made", entries, seal)
		}
		return Finding{sealHolds, account, evidence}, err
	})
	if err != nil {
		return nil, fmt.Errorf("hold the journal against the seals: %w", err)
	}
	tallies, err := countHeads(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("count the sealed heads: %w", err)
	}
	return append(findings, compareTallies(tallies, sealed)...), nil
}

// countHeads makes the digests of the heads under each seal anew.
func countHeads(ctx context.Context, tx pgx.Tx) (map[int64]*tally, error) {
	rows, err := tx.Query(ctx, allHeads)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	tallies := map[int64]*tally{}
	for rows.Next() {
		var seal, entries int64
		var account string
		var head []byte
		if err := rows.Scan(&seal, &account, &entries, &head); err != nil {
			return nil, err
		}
		if tallies[seal] == nil {
			tallies[seal] = &tally{}
		}
		tallies[seal].add(account, entries, head)
	}
	return tallies, rows.Err()
}

// compareTallies finds the seals whose list of heads was changed.
func compareTallies(tallies map[int64]*tally, sealed []Seal) (findings []Finding) {
	for _, s := range sealed {
		t := tallies[s.Number]
		if t == nil {
			t = &tally{}
		}
		delete(tallies, s.Number)
		if (t.count != s.Accounts || !bytes.Equal(t.digest[:], s.Heads)) && len(findings) < evidenceLimit {
			findings = append(findings, Finding{
				sealHolds, fmt.Sprintf("seal %d", s.Number), fmt.Sprintf("%d heads were sealed, and the %d that are listed are not those", s.Accounts, t.count),
			})
		}
	}
	for seal := range tallies {
		findings = append(findings, Finding{sealHolds, fmt.Sprintf("seal %d", seal), "heads are listed under it, and it is not there"})
	}
	return findings
}
