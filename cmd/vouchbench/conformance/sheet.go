package conformance

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Verdict is what came of a rule.
type Verdict string

// The verdicts. What was not tried is neither good nor bad: the evidence says what it would take.
const (
	OK       Verdict = "ok"
	NotOK    Verdict = "NOT ok"
	NotTried Verdict = "not tried"
)

// Line is a rule of the contract with what came of it.
type Line struct {
	ID       string  `json:"id"`
	Rule     string  `json:"rule"`
	Verdict  Verdict `json:"verdict"`
	Evidence string  `json:"evidence"` // never with a code in it
}

// Sheet is what is handed to whoever wrote the server or the client.
type Sheet []Line

// Passed tells whether no rule is broken.
func (s Sheet) Passed() bool {
	for _, l := range s {
		if l.Verdict == NotOK {
			return false
		}
	}
	return true
}

// Print writes the sheet for people, a line for each rule.
func (s Sheet) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, l := range s {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", l.Verdict, l.ID, l.Rule, l.Evidence)
	}
	return table.Flush()
}
