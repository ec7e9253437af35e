// Command vouchbench measures a vouchsafed and tries to break it. "vouchbench load" drives it as hard as it goes, beside what the
// machine can do at all; every command runs on a private installation of its own (PostgreSQL, Redis, mail server, gateways), or on
// one that is named. What it finds goes to standard output as text, and to a file as JSON.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// cli is the grammar of the command line.
type cli struct {
	Vouchsafed string `help:"The daemon to run; else the one beside this program, else one built from the source." type:"existingfile" placeholder:"FILE"`
	JSON       string `help:"Write the report there as JSON." type:"path" placeholder:"FILE"`
	Dir        string `help:"Keep stores and logs there; else they are removed." type:"path"`

	Load        loadCommand        `cmd:"" help:"Measure throughput, latency and cost, with the machine's own limits beside them."`
	Torture     tortureCommand     `cmd:"" help:"Hurt an installation while a crowd uses it, and check that nothing was lost, doubled or misdirected."`
	Scale       scaleCommand       `cmd:"" help:"Fill an installation step by step, and measure what grows with its size."`
	Conformance conformanceCommand `cmd:"" help:"Try a server, a shop plugin or a register against the contract."`
	Anchor      anchorCommand      `cmd:"" hidden:"" help:"Serve the anchors; load runs it as a process of its own."`
}

// command is what a parsed command can do.
type command interface {
	run(ctx context.Context, p *program) error
}

// program is what every command has at hand.
type program struct {
	cli
	out io.Writer
	log *slog.Logger
}

// The exit codes: what was measured or found stands in the report.
const (
	exitOK     = 0
	exitFailed = 1 // the run failed, or what it tested did
	exitUsage  = 2
)

// errViolated says that what was tested does not hold; the report says what.
var errViolated = errors.New("something does not hold")

// run does what the arguments say and returns the exit code.
func run(ctx context.Context, args []string, out, said io.Writer) int {
	p := &program{out: out, log: slog.New(slog.NewTextHandler(said, nil))}
	parser, err := kong.New(&p.cli, kong.Name("vouchbench"), kong.Description("Measures a vouchsafed and tries to break it."),
		kong.Writers(out, said))
	if err != nil {
		panic("vouchbench: the grammar of the command line is broken: " + err.Error())
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		parser.Errorf("%v; see vouchbench --help", err)
		return exitUsage
	}
	chosen, ok := parsed.Selected().Target.Addr().Interface().(command)
	if !ok {
		panic("vouchbench: the command " + parsed.Command() + " does nothing")
	}
	switch err := chosen.run(ctx, p); {
	case err == nil:
		return exitOK
	case errors.Is(err, errViolated):
		return exitFailed // the report is printed already
	default:
		fmt.Fprintf(said, "vouchbench: %v\n", err)
		return exitFailed
	}
}
