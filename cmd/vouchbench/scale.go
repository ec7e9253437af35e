package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"vouchsafe/cmd/vouchbench/scale"
	"vouchsafe/cmd/vouchbench/stack"
)

// scaleCommand finds out what grows with the size.
type scaleCommand struct {
	Sizes    []int         `help:"How many vouchers there are, in rising order." default:"10000,100000,1000000"`
	Entries  int           `help:"Lines of the journal that each of them has." default:"10"`
	Reserved int           `help:"Codes that carts have reserved; a fifth of all codes at most." default:"100000"`
	Overdue  int           `help:"Reservations that have run out; a twentieth of all codes at most." default:"10000"`
	Clients  int           `help:"How many tills at once." default:"64"`
	For      time.Duration `help:"How long each workload is measured." default:"10s"`
	Plans    time.Duration `help:"Let PostgreSQL log the plans of statements that took longer (needs its contrib modules; see --dir)." default:"0"`
}

func (c scaleCommand) run(ctx context.Context, p *program) error {
	if !slices.IsSorted(c.Sizes) || len(c.Sizes) == 0 || c.Sizes[0] < 1 || len(slices.Compact(slices.Clone(c.Sizes))) != len(c.Sizes) {
		return errors.New("--sizes must rise")
	}
	if c.Entries < 1 || c.Clients < 1 || c.Sizes[0] < 4*c.Clients {
		return errors.New("--entries and --clients must be above zero, and the first size four times the clients")
	}
	dir := p.Dir
	if dir == "" {
		dir = os.TempDir()
	}
	daemon, err := stack.FindProgram(ctx, p.Vouchsafed, dir)
	if err != nil {
		return err
	}
	options := scale.Options{
		Sizes: c.Sizes, Entries: c.Entries, Live: c.Reserved, Overdue: c.Overdue, Clients: c.Clients, For: c.For, Plans: c.Plans,
		Program: daemon, Dir: p.Dir, Log: p.log,
	}
	rows, err := scale.Run(ctx, options)
	verdicts := scale.Judge(rows)
	results := struct {
		Rows     []scale.Row     `json:"rows"`
		Verdicts []scale.Verdict `json:"verdicts"`
	}{rows, verdicts}
	if faults := errors.Join(err, scale.Print(p.out, rows), p.write("scale", options, results)); faults != nil {
		return faults
	}
	if slices.ContainsFunc(rows, func(r scale.Row) bool { return !r.Sound }) {
		return errViolated
	}
	return nil
}
