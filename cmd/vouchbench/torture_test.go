package main

import (
	"log/slog"
	"os"
	"testing"
	"time"

	"vouchsafe/cmd/vouchbench/mutant"
	"vouchsafe/cmd/vouchbench/torture"
)

// The short form of the torture (G1): a few seconds of everything at once, and the runs that once failed.
func TestATorturedInstallationLosesNothing(t *testing.T) {
	t.Parallel()
	program, err := daemon()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := torture.Seeds()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(kept, torture.Seed{Mode: "all", Seed: 20261122, Duration: 4 * time.Second}) {
		t.Run(s.Mode, func(t *testing.T) {
			mix, err := torture.MixNamed(s.Mode)
			if err != nil {
				t.Fatal(err)
			}
			found, err := torture.Run(t.Context(), torture.Options{
				Seed: s.Seed, Duration: s.Duration, Gateways: 2, Mix: mix, Program: program, Log: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range found.Violations {
				t.Errorf("seed %d: %s: %.500s", s.Seed, v.Invariant, v.Evidence)
			}
			if found.Requests < 100 {
				t.Errorf("%d requests: nobody was there", found.Requests)
			}
		})
	}
}

// scratch is a directory through which the unprivileged user of PostgreSQL can pass, as it can't through a test's own.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vouchbench-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// inTheSuite are mutants that are found out within seconds, nearly always with the first seed: always the same ones, so that none can hide for long.
func inTheSuite() []string {
	return []string{
		"no row lock", "time runs backwards", "expiry without lock", "fence not raised", "act names ignored", "one shop's keys are another's",
		"capture ignores its amount", "refund without sum", "self-check removed", "acknowledged before the commit", "poison spreads",
	}
}

// busily is how many requests a run makes at least on a machine that has time for it. One that makes fewer shows nothing.
const busily = 1000

// Wrong daemons, each of which breaks a rule of its own in its own way, are found out (G3). "vouchbench torture --mutant all" tries
// all of them, with three seeds each.
func TestATortureFindsWrongDaemonsOut(t *testing.T) {
	t.Parallel()
	root, err := mutant.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := mutant.Build(t.Context(), root, scratch(t))
	if err != nil {
		t.Fatal(err)
	}
	mould := scratch(t)
	for n, m := range mutant.Named(inTheSuite()...) {
		t.Run(m.Name, func(t *testing.T) {
			if n > 0 { // the first one makes the mould of all others
				t.Parallel()
			}
			mix, err := torture.MixNamed(m.Mix)
			if err != nil {
				t.Fatal(err)
			}
			seeds := 0
			for seed := uint64(0); seeds < mutantSeeds && seed < 2*mutantSeeds; seed++ {
				found, err := torture.Run(t.Context(), torture.Options{
					Seed: seed + 1, Duration: mutantDuration, Gateways: 2, Mix: mix, Hasty: true, Settings: []string{m.Setting()}, Mould: mould,
					Program: wrong, Dir: scratch(t), Log: slog.New(slog.DiscardHandler),
				})
				if err != nil {
					t.Fatal(err)
				}
				if len(found.Violations) > 0 {
					return
				}
				if found.Requests >= busily {
					seeds++
				}
			}
			t.Errorf("it breaks the rule %q, and nothing was found", m.Breaks)
		})
	}
}
