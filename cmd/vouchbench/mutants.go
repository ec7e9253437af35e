package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vouchsafe/cmd/vouchbench/mutant"
	"vouchsafe/cmd/vouchbench/torture"
)

const (
	withinMutant   = time.Minute     // of a run that finds a mutant out
	mutantDuration = 6 * time.Second // of the faults of such a run
	mutantSeeds    = 3
)

// caught is what became of a mutant.
type caught struct {
	Mutant string `json:"mutant"`
	Breaks string `json:"breaks"`
	Mode   string `json:"mode"`
	Seeds  int    `json:"seeds"` // how many runs there may be; none is made once it is decided
	Tries  []try  `json:"tries"`
}

// try is one run against a mutant.
type try struct {
	Seed      uint64        `json:"seed"`
	Took      time.Duration `json:"took"`      // all of it, from an empty directory on
	Invariant string        `json:"invariant"` // the first that was found violated; "" for none
	Evidence  string        `json:"evidence"`
}

// found are the tries that found the mutant out within its minute.
func (c caught) found() []try {
	return slices.DeleteFunc(slices.Clone(c.Tries), func(t try) bool { return t.Invariant == "" || t.Took > withinMutant })
}

// survives tells whether more than a third of the runs that there may be did not find the mutant out.
func (c caught) survives() bool { return 3*len(c.found()) < 2*c.Seeds }

// mutants torture one wrong daemon after the other: at least two of three runs must find each of them out.
func (c tortureCommand) mutants(ctx context.Context, p *program) error {
	chosen := mutant.Named(c.Mutant...)
	if len(chosen) == 0 {
		return fmt.Errorf("no mutant is called %s", strings.Join(c.Mutant, " or "))
	}
	dir, err := wrongDir(p.Dir)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	root, err := mutant.Root(ctx)
	if err != nil {
		return err
	}
	daemon, err := mutant.Build(ctx, root, dir)
	if err != nil {
		return err
	}
	c.mould = filepath.Join(dir, "mould")
	if err := os.Mkdir(c.mould, 0o711); err != nil {
		return err
	}
	c.Seeds, c.Duration = cmp.Or(c.Seeds, mutantSeeds), cmp.Or(c.Duration, mutantDuration)
	fmt.Fprintln(p.out, "| wrong daemon | torture | seeds that found it out | what found it out | after s |\n|---|---|---|---|---|")
	var all []caught
	missed := 0
	for _, m := range chosen {
		tried, err := c.catch(ctx, daemon, dir, m)
		if err != nil {
			return err
		}
		fmt.Fprintln(p.out, tried.row())
		all = append(all, tried)
		if tried.survives() {
			missed++
		}
	}
	fmt.Fprintf(p.out, "%d mutants, %d of them found out\n", len(all), len(all)-missed)
	if err := p.write("torture", c, all); err != nil {
		return err
	}
	if missed > 0 {
		return errViolated
	}
	return nil
}

// wrongDir is a directory through which the unprivileged user of PostgreSQL can pass.
func wrongDir(within string) (string, error) {
	dir, err := os.MkdirTemp(within, "mutants-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}

// row is a line of the table.
func (c caught) row() string {
	found := c.found()
	var seeds, by, after []string
	for _, t := range found {
		seeds, after = append(seeds, fmt.Sprint(t.Seed)), append(after, fmt.Sprintf("%.0f", t.Took.Seconds()))
		if !slices.Contains(by, t.Invariant) {
			by = append(by, t.Invariant)
		}
	}
	if c.survives() {
		by = append([]string{"**SURVIVES**"}, by...)
	}
	return fmt.Sprintf("| %s | %s | %d of %d: %s | %s | %s |", c.Mutant, c.Mode, len(found), len(c.Tries), strings.Join(seeds, ", "),
		strings.Join(by, "; "), strings.Join(after, ", "))
}

// catch tortures one wrong daemon, with one seed after the other.
func (c tortureCommand) catch(ctx context.Context, daemon, dir string, m mutant.Mutant) (caught, error) {
	c.Mode = m.Mix
	tried := caught{Mutant: m.Name, Breaks: m.Breaks, Mode: m.Mix, Seeds: c.Seeds}
	for n := uint64(0); n < uint64(c.Seeds) && tried.survives(); n++ {
		within := filepath.Join(dir, fmt.Sprint(n))
		began := time.Now()
		run := c
		run.Seed = n + 1
		report, err := run.once(ctx, daemon, within, slog.New(slog.DiscardHandler), m.Setting())
		if err != nil {
			return caught{}, fmt.Errorf("mutant %q, seed %d: %w", m.Name, run.Seed, err)
		}
		t := try{Seed: run.Seed, Took: time.Since(began)}
		for _, v := range report.Violations {
			if v.Invariant != torture.Undecided && t.Invariant == "" {
				t.Invariant, t.Evidence = v.Invariant, v.Evidence
			}
		}
		tried.Tries = append(tried.Tries, t)
		if err := os.RemoveAll(within); err != nil {
			return caught{}, err
		}
	}
	return tried, nil
}
