package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"vouchsafe/cmd/vouchbench/stack"
	"vouchsafe/cmd/vouchbench/torture"
)

// tortureCommand tries to break an installation.
type tortureCommand struct {
	Seed     uint64        `help:"Of workload and faults; 0 draws one." default:"0"`
	Seeds    int           `help:"How many runs, each with the next seed; 0 is one, or three against each mutant." default:"0"`
	Duration time.Duration `help:"Of the faults; healing and checking come on top. 0 is 30s, or 6s against a mutant." default:"0s"`
	Mode     string        `help:"Who does what, and what goes wrong: all, hot, pairs, days, clock, cuts, poison, redis, stale, puts, crash, webhook, mail, post, canary, witness, guess, latency, reseed." default:"all"`
	Gateways int           `help:"How many." default:"2"`
	Carts    int           `help:"Online customers at once; 0 leaves it to the mode." default:"0"`
	Tills    int           `help:"Registers at once; 0 leaves it to the mode." default:"0"`
	Faults   []string      `help:"Only these." sep:";" placeholder:"NAME;…"`
	Rounds   int           `help:"How often gateways die at every failpoint in turn, in mode crash, whatever the duration." default:"0"`
	Orders   int           `help:"How many orders are sold, whatever the duration." default:"0"`
	Codes    int           `help:"How many are reserved, in mode reseed; 0 is ten thousand." default:"0"`
	Mutant   []string      `help:"Torture wrong versions of the daemon instead, each of which must be found out: a name, or all." sep:";" placeholder:"NAME;…"`

	mould string // keeps a furnished database for all runs against mutants
}

// usualDuration is that of the faults.
const usualDuration = 30 * time.Second

func (c tortureCommand) run(ctx context.Context, p *program) error {
	if c.Seed == 0 {
		c.Seed = uint64(time.Now().UnixNano())
	}
	if len(c.Mutant) > 0 {
		return c.mutants(ctx, p)
	}
	c.Seeds, c.Duration = cmp.Or(c.Seeds, 1), cmp.Or(c.Duration, usualDuration)
	dir := cmp.Or(p.Dir, os.TempDir())
	daemon, err := stack.FindProgram(ctx, p.Vouchsafed, dir)
	if err != nil {
		return err
	}
	reports := make([]torture.Report, 0, c.Seeds)
	for range c.Seeds {
		found, err := c.once(ctx, daemon, p.Dir, p.log, "")
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

// once is one run: a mix, or one of the four modes that are none. The setting makes a wrong daemon a mutant; "" is none.
func (c tortureCommand) once(ctx context.Context, daemon, dir string, log *slog.Logger, setting string) (torture.Report, error) {
	o := torture.Options{
		Seed: c.Seed, Duration: c.Duration, Gateways: c.Gateways, Rounds: c.Rounds, Orders: c.Orders, Codes: c.Codes, Hasty: setting != "", Program: daemon, Mould: c.mould, Log: log,
	}
	if setting != "" {
		o.Settings = []string{setting}
	}
	if dir != "" {
		o.Dir = filepath.Join(dir, fmt.Sprintf("%s-%d", c.Mode, c.Seed))
	}
	switch c.Mode {
	case "witness":
		return torture.Restore(ctx, o)
	case "guess":
		return torture.Guess(ctx, o)
	case "reseed":
		return torture.Reseed(ctx, o)
	case "latency":
		return torture.Latency(ctx, o)
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
	fmt.Fprintf(p.out, "%s, seed %d: %d requests, %d vouchers, %d acts on accounts, %d orders, %d mails, %d faults, recovered in %s\n", c.Mode, c.Seed, found.Requests,
		found.Vouchers, found.Accounts, found.Orders, found.Mails, total, found.Recovered.Round(time.Millisecond))
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
