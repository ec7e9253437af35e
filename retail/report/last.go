package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// evidenceKept is how many findings of a proof are kept with it; the number of all is kept too.
const evidenceKept = 20

// Proof is what one verification came to.
type Proof struct {
	EndedAt  time.Time
	Took     time.Duration
	Broken   int       // how many findings there were
	Findings []Finding // the first of them
	Fault    string    // why it could not be finished; "" when it was
}

// Sound tells whether everything was proven.
func (p Proof) Sound() bool { return p.Broken == 0 && p.Fault == "" }

const keepProof = `
INSERT INTO proof (
	ended_at,
	took,
	findings,
	evidence,
	fault
)
VALUES (
	vouchsafe_now(),
	@took,
	@findings,
	@evidence::jsonb,
	@fault
)
ON CONFLICT (single) DO UPDATE SET
	ended_at = EXCLUDED.ended_at,
	took = EXCLUDED.took,
	findings = EXCLUDED.findings,
	evidence = EXCLUDED.evidence,
	fault = EXCLUDED.fault`

// KeepProof replaces the last proof by p, whose EndedAt is now and whose findings are all there are.
func KeepProof(ctx context.Context, tx pgx.Tx, p Proof) error {
	shown := p.Findings[:min(len(p.Findings), evidenceKept)]
	if shown == nil {
		shown = []Finding{}
	}
	evidence, err := json.Marshal(shown)
	if err != nil {
		return fmt.Errorf("keep the proof: %w", err)
	}
	_, err = tx.Exec(ctx, keepProof, pgx.NamedArgs{
		"took": p.Took, "findings": len(p.Findings), "evidence": evidence, "fault": p.Fault,
	})
	if err != nil {
		return fmt.Errorf("keep the proof: %w", err)
	}
	return nil
}

const readProof = `
SELECT
	ended_at,
	took,
	findings,
	evidence,
	fault
FROM
	proof`

// proofRow is what readProof reads.
type proofRow struct {
	EndedAt  time.Time
	Took     time.Duration
	Findings int
	Evidence []Finding
	Fault    string
}

// LastProof reads the last proof; known is false before the first.
func LastProof(ctx context.Context, pool *pgxpool.Pool) (last Proof, known bool, err error) {
	rows, _ := pool.Query(ctx, readProof) // rows carry the error to CollectExactlyOneRow
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[proofRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return Proof{}, false, nil
	}
	if err != nil {
		return Proof{}, false, fmt.Errorf("read the last proof: %w", err)
	}
	return Proof{row.EndedAt, row.Took, row.Findings, row.Evidence, row.Fault}, true, nil
}
