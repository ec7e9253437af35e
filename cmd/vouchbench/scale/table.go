package scale

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"
)

// Verdict holds a goal against what was measured.
type Verdict struct {
	Goal     string `json:"goal"`
	Measured string `json:"measured"`
	Met      bool   `json:"met"`
}

const (
	keepPercent = 90 // of the smallest size's rate
	readyGoal   = 2000
	memoryGoal  = 150 << 20
	reseedGoal  = 10_000
	// What takes longer than lookMost at the largest size, and growsBy times as long as at the smallest, grows with the size.
	lookMost = 50
	growsBy  = 3
)

// Judge holds the rows against the goals.
func Judge(rows []Row) []Verdict {
	if len(rows) == 0 {
		return nil
	}
	first, last := rows[0], rows[len(rows)-1]
	kept := func(name string, from, to Rate) Verdict {
		percent := 100 * to.PerSecond / max(from.PerSecond, 1)
		return Verdict{
			fmt.Sprintf("%s at %d vouchers as fast as at %d (%d %%)", name, last.Vouchers, first.Vouchers, keepPercent),
			fmt.Sprintf("%.0f %%", percent), percent >= keepPercent && to.Errors == 0,
		}
	}
	verdicts := []Verdict{kept("redeem", first.Redeem, last.Redeem), kept("balance", first.Balance, last.Balance)}
	var ready, reseed float64
	var peak int64
	sound := true
	for _, r := range rows {
		ready, reseed, peak, sound = max(ready, r.Ready), max(reseed, r.Reseed), max(peak, r.Peak), sound && r.Sound
	}
	return append(verdicts,
		Verdict{"ready after kill -9 within 2 s", fmt.Sprintf("%.0f ms", ready), ready <= readyGoal},
		Verdict{"memory under load within 150 MB", megabytes(peak), peak <= memoryGoal},
		Verdict{fmt.Sprintf("%d reservations in Redis again within 10 s", last.Reserved), fmt.Sprintf("%.0f ms", reseed), reseed <= reseedGoal},
		Verdict{"the books prove themselves", fmt.Sprint(sound), sound},
		growth(first, last),
	)
}

// growth names the pages of the office that grow with the size.
func growth(first, last Row) Verdict {
	v := Verdict{Goal: fmt.Sprintf("no page grows with the size (beyond %d ms, %d times)", lookMost, growsBy), Measured: "none does", Met: true}
	var grown []string
	for i, l := range last.Looks {
		if l.Median > lookMost && l.Median > growsBy*first.Looks[i].Median {
			grown = append(grown, fmt.Sprintf("%s (%.0f ms → %.0f ms)", l.Name, first.Looks[i].Median, l.Median))
		}
	}
	if len(grown) > 0 {
		v.Measured, v.Met = strings.Join(grown, "; "), false
	}
	return v
}

// Print writes the rows side by side, and the verdicts below.
func Print(w io.Writer, rows []Row) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(name string, cell func(r Row) string) {
		fmt.Fprintf(table, "%s\t", name)
		for _, r := range rows {
			fmt.Fprintf(table, "%s\t", cell(r))
		}
		fmt.Fprintln(table)
	}
	line("vouchers", func(r Row) string { return fmt.Sprint(r.Vouchers) })
	line("journal entries", func(r Row) string { return fmt.Sprint(r.Entries) })
	line("database", func(r Row) string { return megabytes(r.Database) })
	line("redeem", func(r Row) string { return r.Redeem.String() })
	line("balance", func(r Row) string { return r.Balance.String() })
	line("memory, idle", func(r Row) string { return megabytes(r.Idle) })
	line("memory, most", func(r Row) string { return megabytes(r.Peak) })
	line("ready after kill -9", func(r Row) string { return fmt.Sprintf("%.0f ms", r.Ready) })
	line("verify", func(r Row) string { return fmt.Sprintf("%.0f ms", r.Verify) })
	line("Redis seeded", func(r Row) string { return fmt.Sprintf("%d in %.0f ms", r.Reserved, r.Reseed) })
	line("parts of accounts reserved", func(r Row) string { return fmt.Sprint(r.Parts) })
	line("overdue swept", func(r Row) string { return fmt.Sprintf("%d in %.0f ms", r.Overdue, r.Sweep) })
	line("summed up", func(r Row) string { return fmt.Sprintf("%.0f ms", r.SumUp) })
	if len(rows) > 0 {
		for i, l := range rows[0].Looks {
			line(l.Name, func(r Row) string { return r.Looks[i].String() })
		}
	}
	fmt.Fprintln(table)
	if err := table.Flush(); err != nil {
		return err
	}
	for _, v := range Judge(rows) {
		said := "ok    "
		if !v.Met {
			said = "NOT ok"
		}
		fmt.Fprintf(w, "%s  %s: %s\n", said, v.Goal, v.Measured)
	}
	for _, r := range rows {
		if !r.Sound {
			fmt.Fprintf(w, "%d vouchers: %s\n", r.Vouchers, r.Evidence)
		}
	}
	return nil
}

// String is for the table: "1234/s, p99 5.67 ms".
func (r Rate) String() string {
	text := fmt.Sprintf("%.0f/s, p99 %.1f ms", r.PerSecond, r.P99)
	if r.Errors > 0 {
		text += fmt.Sprintf(", %d errors", r.Errors)
	}
	return text
}

// String is for the table: the median, or why there is none.
func (l Look) String() string {
	switch l.Status {
	case http.StatusOK:
		return fmt.Sprintf("%.1f ms", l.Median)
	case http.StatusNotFound:
		return "–"
	}
	return fmt.Sprintf("answers %d after %.1f ms", l.Status, l.Median)
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.0f MB", float64(bytes)/(1<<20)) }
