package load

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Row is a workload in one shape over all its rounds.
type Row struct {
	Workload  string             `json:"workload"`
	ID        string             `json:"id"`
	Clients   int                `json:"clients"`
	PerSecond Spread             `json:"per_second"`
	P50       Spread             `json:"p50_ms"`
	P95       Spread             `json:"p95_ms"`
	P99       Spread             `json:"p99_ms"`
	Ratio     Spread             `json:"percent_of_anchor"` // zero for workloads without an anchor
	Anchor    Spread             `json:"anchor_per_second"`
	CPU       map[string]float64 `json:"cpu_us"` // of the median round
	Commits   float64            `json:"commits"`
	Trips     float64            `json:"postgres_round_trips"`
	Commands  float64            `json:"redis_commands"`
	Errors    int                `json:"errors"`
}

// Spread is the median of the rounds, with the smallest and the largest.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// spread of values; zero for none.
func spread(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	slices.Sort(values)
	return Spread{Median: values[len(values)/2], Min: values[0], Max: values[len(values)-1]}
}

// Rows gathers the rounds, in the order in which the workloads were first run.
func Rows(figures []Figure) []Row {
	var rows []Row
	for _, f := range figures {
		if f.Round == 1 {
			rows = append(rows, row(slices.DeleteFunc(slices.Clone(figures), func(other Figure) bool {
				return other.ID != f.ID || other.Clients != f.Clients
			})))
		}
	}
	return rows
}

// row gathers the rounds of one workload in one shape.
func row(rounds []Figure) Row {
	r := Row{Workload: rounds[0].Workload, ID: rounds[0].ID, Clients: rounds[0].Clients}
	var rates, p50, p95, p99, ratios, anchors []float64
	for _, f := range rounds {
		rates = append(rates, f.PerSecond)
		p50, p95, p99 = append(p50, f.Latency.P50), append(p95, f.Latency.P95), append(p99, f.Latency.P99)
		if f.Anchor > 0 {
			anchors = append(anchors, f.Anchor)
			ratios = append(ratios, 100*f.PerSecond/f.Anchor)
		}
		for _, n := range f.Errors {
			r.Errors += n
		}
	}
	r.PerSecond, r.P50, r.P95, r.P99 = spread(rates), spread(p50), spread(p95), spread(p99)
	r.Ratio, r.Anchor = spread(ratios), spread(anchors)
	middle := rounds[slices.IndexFunc(rounds, func(f Figure) bool { return f.PerSecond == r.PerSecond.Median })]
	r.CPU, r.Commits, r.Trips, r.Commands = middle.Cost.CPU, middle.Cost.Commits, middle.Cost.RoundTrips, middle.Cost.Commands
	return r
}

// Print writes rows as a table for people.
func Print(w io.Writer, rows []Row) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "workload\tclients\t/s (min–max)\tof anchor (min–max)\tp50\tp95\tp99 ms\tCPU µs\tround trips\tcommits\tRedis\terrors\t")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%d\t%.0f (%.0f–%.0f)\t%s\t%.2f\t%.2f\t%.2f\t%s\t%.3f\t%.3f\t%.2f\t%d\t\n", r.Workload, r.Clients,
			r.PerSecond.Median, r.PerSecond.Min, r.PerSecond.Max, r.ofAnchor(), r.P50.Median, r.P95.Median, r.P99.Median, r.cpu(),
			r.Trips, r.Commits, r.Commands, r.Errors)
	}
	return table.Flush()
}

func (r Row) ofAnchor() string {
	if r.Anchor.Median == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f %% (%.0f–%.0f)", r.Ratio.Median, r.Ratio.Min, r.Ratio.Max)
}

// cpu is processor time by process, "gateway 80 postgres 60".
func (r Row) cpu() string {
	var parts []string
	for _, name := range (Cost{CPU: r.CPU}).names() {
		if r.CPU[name] >= 1 {
			parts = append(parts, fmt.Sprintf("%s %.0f", name, r.CPU[name]))
		}
	}
	return strings.Join(parts, " ")
}
