package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"vouchsafe/retail"
)

// errFindings says that the proof failed; the evidence is printed.
var errFindings = errors.New("an invariant is broken")

// verifyCommand proves the invariants, and keeps the result as the nightly proof does: the mark in
// /readyz and the office's task follow it.
type verifyCommand struct {
	Head string `help:"File with seals that were kept outside: lines of the log, or answers of GET /v1/admin/audit/seals. History must reach to each." type:"existingfile" placeholder:"FILE"`
}

func (c verifyCommand) run(ctx context.Context, p *program) error {
	kept, err := c.kept()
	if err != nil {
		return err
	}
	return p.with(ctx, func(h *house) error {
		proof, err := h.inspector.Prove(ctx, kept...)
		if err != nil {
			return err
		}
		for _, f := range proof.Findings {
			fmt.Fprintf(p.out, "BROKEN  %s: %s: %s\n", f.Invariant, f.Subject, f.Evidence)
		}
		if !proof.Sound() {
			return errFindings
		}
		fmt.Fprintln(p.out, "Sound: journal, reservations, deliveries, witnesses, audit trail and seals prove each other.")
		return nil
	})
}

// keptSeal is what is read of a seal, wherever it was copied from.
type keptSeal struct {
	Number int64  `json:"number"`
	Hash   string `json:"hash"`
}

// kept reads the file: JSON objects one after another, each a seal or a page of them. Objects that are neither, as other lines
// of a log, are passed over; a file without any seal is a slip.
func (c verifyCommand) kept() (seals []retail.KeptSeal, err error) {
	if c.Head == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.Head)
	if err != nil {
		return nil, fmt.Errorf("read the kept seals: %w", err)
	}
	reader := json.NewDecoder(bytes.NewReader(text))
	for reader.More() {
		var found struct {
			keptSeal
			Items []keptSeal `json:"items"`
		}
		if err := reader.Decode(&found); err != nil {
			return nil, fmt.Errorf("read the kept seals in %s: %w", c.Head, err)
		}
		for _, one := range append(found.Items, found.keptSeal) {
			if one == (keptSeal{}) {
				continue
			}
			seal, err := retail.ReadKeptSeal(one.Number, one.Hash)
			if err != nil {
				return nil, fmt.Errorf("read the kept seals in %s: %w", c.Head, err)
			}
			seals = append(seals, seal)
		}
	}
	if len(seals) == 0 {
		return nil, fmt.Errorf("%s holds no seal: want its number and its hash, as the log shows them", c.Head)
	}
	return seals, nil
}
