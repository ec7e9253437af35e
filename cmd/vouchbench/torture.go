package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"vouchsafe/cmd/vouchbench/mutant"
	"vouchsafe/cmd/vouchbench/stack"
	"vouchsafe/cmd/vouchbench/torture"
)

// tortureCommand tries to break an installation.
type tortureCommand struct {
	Seed     uint64        `help:"Of workload and faults; 0 draws one." default:"0"`
	Seeds    int           `help:"How many runs, each with the next seed." default:"1"`
	Duration time.Duration `help:"Of the faults; healing and checking come on top." default:"30s"`
	Mode     string        `help:"Who does what, and what goes wrong: all, hot, days, clock, cuts, poison, redis, puts, crash, webhook, mail, post, canary, witness, guess." default:"all"`
	Gateways int           `help:"How many." default:"2"`
	Carts    int           `help:"Online customers at once; 0 leaves it to the mode." default:"0"`
	Tills    int           `help:"Registers at once; 0 leaves it to the mode." default:"0"`
	Faults   []string      `help:"Only these." sep:";" placeholder:"NAME;…"`
	Rounds   int           `help:"How often gateways die at every failpoint in turn, in mode crash, whatever the duration." default:"0"`
	Orders   int           `help:"How many orders are sold, whatever the duration." default:"0"`
	Mutant   []string      `help:"Torture wrong versions of the daemon instead, each of which must be found out: a name, or all." sep:";" placeholder:"NAME;…"`
}

func (c tortureCommand) run(ctx context.Context, p *program) error {
	if c.Seed == 0 {
		c.Seed = uint64(time.Now().UnixNano())
	}
	if len(c.Mutant) > 0 {
		return c.mutants(ctx, p)
	}
	dir := cmp.Or(p.Dir, os.TempDir())
	daemon, err := stack.FindProgram(ctx, p.Vouchsafed, dir)
	if err != nil {
		return err
	}
	reports := make([]torture.Report, 0, c.Seeds)
	for range c.Seeds {
		found, err := c.once(ctx, daemon, p.Dir, p.log)
		if err != nil {
			return fmt.Errorf("seed %d: %w", c.Seed, err)
		}
		c.print(p, found)
		reports = append(reports, found)
		c.Seed++
	}
	if err := p.write("torture", reports[0].Options, reports); err != nil {
		return err
	}
	for _, r := range reports {
		if len(r.Violations) > 0 {
			return errViolated
		}
	}
	return nil
}

// once is one run: a mix, or one of the two modes that are none.
func (c tortureCommand) once(ctx context.Context, daemon, dir string, log *slog.Logger) (torture.Report, error) {
	o := torture.Options{
		Seed: c.Seed, Duration: c.Duration, Gateways: c.Gateways, Rounds: c.Rounds, Orders: c.Orders, Hasty: len(c.Mutant) > 0, Program: daemon, Log: log,
	}
	if dir != "" {
		o.Dir = filepath.Join(dir, fmt.Sprintf("%s-%d", c.Mode, c.Seed))
	}
	switch c.Mode {
	case "witness":
		return torture.Restore(ctx, o)
	case "guess":
		return torture.Guess(ctx, o)
	}
	mix, err := torture.MixNamed(c.Mode)
	if err != nil {
		return torture.Report{}, err
	}
	mix.Carts, mix.Tills = cmp.Or(c.Carts, mix.Carts), cmp.Or(c.Tills, mix.Tills)
	if len(c.Faults) > 0 {
		mix.Faults = c.Faults
	}
	o.Mix = mix
	return torture.Run(ctx, o)
}

// print says what came of it.
func (c tortureCommand) print(p *program, found torture.Report) {
	total := 0
	for _, n := range found.Faults {
		total += n
	}
	fmt.Fprintf(p.out, "%s, seed %d: %d requests, %d vouchers, %d orders, %d mails, %d faults, recovered in %s\n", c.Mode, c.Seed, found.Requests,
		found.Vouchers, found.Orders, found.Mails, total, found.Recovered.Round(time.Millisecond))
	for _, counts := range []map[string]int{found.Faults, found.Deaths, found.Outcomes} {
		for _, name := range torture.Names(counts) {
			fmt.Fprintf(p.out, "  %6d  %s\n", counts[name], name)
		}
	}
	for _, took := range []map[string]torture.Spent{found.Latencies, found.UnderFault} {
		for _, name := range torture.Names(took) {
			fmt.Fprintf(p.out, "  %6d  %-32s p50 %-10s p99 %-10s max %s\n", took[name].Count, name, short(took[name].P50), short(took[name].P99), short(took[name].Max))
		}
	}
	if len(found.Violations) == 0 {
		fmt.Fprintln(p.out, "No violation.")
		return
	}
	fmt.Fprintf(p.out, "%d VIOLATIONS; the evidence lies in %s\n", len(found.Violations), found.Dir)
	for _, v := range found.Violations {
		fmt.Fprintf(p.out, "  %s: %s\n", v.Invariant, v.Evidence)
	}
}

// short is a duration for people.
func short(d time.Duration) string { return d.Round(100 * time.Microsecond).String() }

// withinMutant is how long all tries of the torture may take until a mutant is found out.
const withinMutant = time.Minute

// caught is what became of a mutant.
type caught struct {
	Mutant    string              `json:"mutant"`
	Breaks    string              `json:"breaks"`
	Tries     int                 `json:"tries"`
	Took      time.Duration       `json:"took"` // all tries together, the building aside
	Violation []torture.Violation `json:"violations"`
}

// mutants torture one wrong daemon after the other until each is found out, or its minute is over.
func (c tortureCommand) mutants(ctx context.Context, p *program) error {
	root, err := mutant.Root(ctx)
	if err != nil {
		return err
	}
	var all []caught
	missed := 0
	for _, m := range mutant.Named(c.Mutant...) {
		found, err := c.catch(ctx, p, root, m)
		if err != nil {
			return err
		}
		all = append(all, found)
		if len(found.Violation) == 0 {
			missed++
			fmt.Fprintf(p.out, "NOT FOUND OUT in %s: %s\n", found.Took.Round(time.Second), m.Name)
			continue
		}
		fmt.Fprintf(p.out, "found out in %s, at try %d: %s\n  %s: %.200s\n", found.Took.Round(time.Second), found.Tries, m.Name, found.Violation[0].Invariant, found.Violation[0].Evidence)
	}
	fmt.Fprintf(p.out, "%d mutants, %d of them found out\n", len(all), len(all)-missed)
	if err := p.write("torture", c, all); err != nil {
		return err
	}
	if missed > 0 || len(all) == 0 {
		return errViolated
	}
	return nil
}

// catch tortures one wrong daemon, with one seed after the other.
func (c tortureCommand) catch(ctx context.Context, p *program, root string, m mutant.Mutant) (caught, error) {
	dir, err := os.MkdirTemp(p.Dir, "mutant-")
	if err != nil {
		return caught{}, err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil {
		return caught{}, err
	}
	daemon, err := m.Build(ctx, root, dir)
	if err != nil {
		return caught{}, err
	}
	c.Mode = m.Mix
	found := caught{Mutant: m.Name, Breaks: m.Breaks}
	for began := time.Now(); found.Took < withinMutant && len(found.Violation) == 0; found.Took = time.Since(began) {
		report, err := c.once(ctx, daemon, filepath.Join(dir, fmt.Sprint(found.Tries)), slog.New(slog.DiscardHandler))
		if err != nil {
			return caught{}, fmt.Errorf("mutant %q, seed %d: %w", m.Name, c.Seed, err)
		}
		found.Violation = slices.DeleteFunc(report.Violations, func(v torture.Violation) bool { return v.Invariant == torture.Undecided })
		found.Tries++
		c.Seed++
	}
	return found, nil
}
