package retail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"vouchsafe/retail/notary"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/report"
)

// TaskVerify is the kind of the task that stays open while the last proof found something broken. It
// has one subject, since the proof is of all that there is.
const (
	TaskVerify    = "verify"
	subjectVerify = "all invariants"
)

const (
	censusEvery = 5 * time.Minute // how old the count of all vouchers may get before it is taken anew
	censusLease = 3 * time.Minute // longer than a count may take: one gateway counts for all
	censusName  = "census"
	// proofOlderThan makes a proof too old to rely on: two nights were missed.
	proofOlderThan = 3 * 24 * time.Hour
)

// Inspection is what an Inspector works with.
type Inspection struct {
	Desk   *Desk
	Sales  *Sales
	Outbox *outbox.Outbox
	Log    *slog.Logger
	Now    func() time.Time // times the proofs, and decides nothing
}

// Inspector looks at the house as a whole: it proves the invariants and keeps what came of it for
// every gateway, and gathers the figures that dashboards show. It changes nothing of what it looks at.
type Inspector struct {
	desk   *Desk
	sales  *Sales
	outbox *outbox.Outbox
	notary *notary.Notary
	log    *slog.Logger
	now    func() time.Time
}

// NewInspector makes an Inspector.
func NewInspector(i Inspection) *Inspector {
	return &Inspector{desk: i.Desk, sales: i.Sales, outbox: i.Outbox, notary: i.Sales.notary(), log: i.Log, now: i.Now}
}

// Proof is what one verification came to.
type Proof = report.Proof

// Prove verifies everything and keeps the result, with a task for the office as long as something is
// broken or could not be proven. What is sound is sealed. Kept are the seals that somebody keeps outside:
// history must reach to them. The error says that the proof could not be finished or kept.
func (i *Inspector) Prove(ctx context.Context, kept ...KeptSeal) (Proof, error) {
	began := i.now()
	findings, err := i.verify(ctx, kept)
	proof := Proof{Took: i.now().Sub(began), Broken: len(findings), Findings: findings}
	if err != nil {
		proof.Fault = err.Error()
	}
	if ctx.Err() != nil { // nothing is known, neither good nor bad
		return proof, err
	}
	if len(findings) > 0 {
		i.log.ErrorContext(ctx, "invariants are broken", "findings", len(findings), "first", findings[0].Invariant, "subject", findings[0].Subject)
	}
	stored := outbox.InTx(ctx, i.sales.orders.Pool(), func(tx outbox.Tx) error {
		if err := report.KeepProof(ctx, tx, proof); err != nil {
			return err
		}
		return i.settleTask(ctx, tx, proof)
	})
	if proof.Sound() {
		err = i.seal(ctx, notary.Everything)
	}
	return proof, errors.Join(err, stored)
}

// verify asks all that can prove something.
func (i *Inspector) verify(ctx context.Context, kept []KeptSeal) ([]report.Finding, error) {
	books, err := i.desk.Verify(ctx)
	if err != nil {
		return nil, err
	}
	sales, err := i.sales.Verify(ctx)
	if err != nil {
		return nil, err
	}
	var findings []report.Finding
	for _, f := range append(books, sales...) {
		findings = append(findings, report.Finding(f))
	}
	if _, err := i.notary.Chain(ctx, notary.Everything); err != nil {
		return nil, err
	}
	past, err := i.notary.Verify(ctx, kept...)
	for _, f := range past {
		findings = append(findings, report.Finding(f))
	}
	return findings, err
}

// settleTask opens, renews or closes the office's task.
func (i *Inspector) settleTask(ctx context.Context, tx outbox.Tx, p Proof) error {
	if p.Sound() {
		return outbox.CloseTask(ctx, tx, TaskVerify, subjectVerify, "sound again")
	}
	task := outbox.Task{Kind: TaskVerify, Subject: subjectVerify, Reason: "the proof could not be finished"}
	if p.Broken > 0 {
		task.Reason = fmt.Sprintf("found %d broken, the first: %s", p.Broken, p.Findings[0].Invariant)
	}
	task.Detail = detailOf(map[string]any{"findings": p.Findings[:min(len(p.Findings), 5)], "fault": p.Fault})
	return outbox.OpenTask(ctx, tx, task)
}

// ErrUnproven says that the last proof found something broken, could not be finished, or is too old.
var ErrUnproven = errors.New("not proven")

// Proven tells when everything was proven last, as a word for the operator. It is ErrUnproven when the
// last proof is none to rely on. Before the first proof nothing speaks against it.
func (i *Inspector) Proven(ctx context.Context) (string, error) {
	last, known, err := report.LastProof(ctx, i.sales.orders.Pool())
	if err != nil {
		return "", err
	}
	if !known {
		return "not run yet", nil
	}
	at := last.EndedAt.UTC().Format(time.RFC3339)
	now, err := i.sales.orders.Now(ctx)
	switch {
	case err != nil:
		return "", err
	case last.Fault != "":
		return "", fmt.Errorf("%w: the proof of %s could not be finished", ErrUnproven, at)
	case last.Broken > 0:
		return "", fmt.Errorf("%w: the proof of %s found %d broken; see the task, or run vouchsafed verify", ErrUnproven, at, last.Broken)
	case now.Sub(last.EndedAt) > proofOlderThan:
		return "", fmt.Errorf("%w: the last proof is of %s", ErrUnproven, at)
	}
	return "sound at " + at, nil
}

// Figures are what dashboards show of the stores. They are some minutes old at most.
type Figures struct {
	Vouchers   []report.Census // by currency and state
	Tasks      []report.Backlog
	Deliveries outbox.Stats
	Proof      Proof
	Proven     bool // whether there has been a proof
}

// Figures gathers the figures. Now and then it counts the vouchers anew, one gateway for all.
func (i *Inspector) Figures(ctx context.Context) (f Figures, err error) {
	pool := i.sales.orders.Pool()
	if f.Vouchers, err = i.census(ctx); err != nil {
		return Figures{}, err
	}
	if f.Tasks, err = report.OpenTasks(ctx, pool); err != nil {
		return Figures{}, err
	}
	if f.Deliveries, err = i.outbox.Stats(ctx); err != nil {
		return Figures{}, err
	}
	f.Proof, f.Proven, err = report.LastProof(ctx, pool)
	return f, err
}

// census reads the count of all vouchers, and takes it first where it is old and nobody else is at it.
func (i *Inspector) census(ctx context.Context) ([]report.Census, error) {
	pool := i.sales.orders.Pool()
	counts, err := report.LastCensus(ctx, pool)
	if err != nil {
		return nil, err
	}
	now, err := i.sales.orders.Now(ctx)
	if err != nil || len(counts) > 0 && now.Sub(counts[0].CountedAt) < censusEvery {
		return counts, err
	}
	mine, err := i.desk.ledger.Lease(ctx, censusName, censusLease)
	if err != nil || !mine {
		return counts, err
	}
	if err := report.TakeCensus(ctx, pool); err != nil {
		return nil, err
	}
	if err := i.desk.ledger.EndLease(ctx, censusName); err != nil {
		return nil, err
	}
	return report.LastCensus(ctx, pool)
}
