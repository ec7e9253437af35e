package main

import (
	"context"
	"errors"
	"fmt"
)

// errFindings says that the proof failed; the evidence is printed.
var errFindings = errors.New("an invariant is broken")

// verifyCommand proves the invariants.
type verifyCommand struct{}

func (verifyCommand) run(ctx context.Context, p *program) error {
	return p.with(ctx, func(h *house) error {
		findings, err := h.desk.Verify(ctx)
		if err != nil {
			return err
		}
		sales, err := h.sales.Verify(ctx)
		if err != nil {
			return err
		}
		findings = append(findings, sales...)
		for _, f := range findings {
			fmt.Fprintf(p.out, "BROKEN  %s: %s: %s\n", f.Invariant, f.Subject, f.Evidence)
		}
		if len(findings) > 0 {
			return errFindings
		}
		fmt.Fprintln(p.out, "Sound: journal, reservations, deliveries and witnesses prove each other.")
		return nil
	})
}
