// Command vouchsafed is the gateway between webshops that sell gift vouchers and tills that take
// them, with the back office built in. "vouchsafed try" shows the whole system with sample data;
// "vouchsafed serve" is the daemon; the other commands set it up and prove it.
//
// It is configured by the environment (VOUCHSAFE_…, each also as …_FILE) and by --config FILE; see
// package config for every key. Without a database it runs on a private PostgreSQL and Redis of its
// own, in ./.vouchsafe. It logs JSON lines to standard error; what a command was asked for goes to
// standard output. SIGTERM and Ctrl-C drain and exit 0.
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

	"vouchsafe/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], surroundings{getenv: os.Getenv, in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// surroundings are what the program has of the world besides its arguments.
type surroundings struct {
	getenv   func(string) string
	in       io.Reader
	out, err io.Writer
}

// cli is the grammar of the command line.
type cli struct {
	Config string `help:"YAML file with settings; the environment wins." type:"existingfile" placeholder:"FILE"`
	Dir    string `help:"Where the embedded stores keep their data." default:".vouchsafe" type:"path"`

	Serve   serveCommand   `cmd:"" help:"Run the daemon."`
	Try     tryCommand     `cmd:"" help:"Run the whole system on the embedded stores, with a sample shop, products, keys and a mailbox."`
	Migrate migrateCommand `cmd:"" help:"Apply the schema to the database."`
	Key     struct {
		Add keyAddCommand `cmd:"" help:"Make an API key and print it, once."`
	} `cmd:"" help:"API keys."`
	Shop struct {
		Add shopAddCommand `cmd:"" help:"Register a webshop."`
	} `cmd:"" help:"Webshops."`
	Product struct {
		Add productAddCommand `cmd:"" help:"Register a voucher product."`
	} `cmd:"" help:"Voucher products."`
	Person struct {
		Add   personAddCommand   `cmd:"" help:"Let somebody sign in to the office, and print what opens the first sign-in, once."`
		Reset personResetCommand `cmd:"" help:"Give somebody a new initial password and new codes, and print them, once."`
	} `cmd:"" help:"People of the office."`
	Import importCommand `cmd:"" help:"Bring in vouchers that another system issued, from a CSV file; a dry run unless --commit is given."`
	Export exportCommand `cmd:"" help:"Write vouchers, customers, journal, liability or accounting as CSV."`
	Check  checkCommand  `cmd:"" help:"Go through the checklist: configuration, keys, stores, mail, shops, products; exit 1 if something fails."`
	Adopt  adoptCommand  `cmd:"" help:"Say that this database took the place of the one that Redis belongs to: after a restore or a move, once."`
	Rekey  rekeyCommand  `cmd:"" help:"Seal everything anew under the first master key, while gateways serve, and tell when older ones may be dropped."`
	Verify verifyCommand `cmd:"" help:"Replay journal, reservations and deliveries and prove the invariants."`
}

// command is what a parsed command can do.
type command interface {
	run(ctx context.Context, p *program) error
}

// program is what every command has at hand.
type program struct {
	surroundings
	config     config.Config
	configFile string // "" for none
	dir        string
	log        *slog.Logger

	watching watching
}

// The exit codes: a command that was asked wrongly is 2, as of every Unix tool.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// run does what the arguments say and returns the exit code.
func run(ctx context.Context, args []string, around surroundings) int {
	var grammar cli
	parser, err := kong.New(&grammar, kong.Name("vouchsafed"),
		kong.Description("The gateway between webshops that sell gift vouchers and tills that take them."),
		kong.Writers(around.out, around.err))
	if err != nil {
		panic("vouchsafed: the grammar of the command line is broken: " + err.Error())
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		parser.Errorf("%v; see vouchsafed --help", err)
		return exitUsage
	}
	chosen, ok := parsed.Selected().Target.Addr().Interface().(command)
	if !ok {
		panic("vouchsafed: the command " + parsed.Command() + " does nothing")
	}
	cfg, err := config.Load(around.getenv, grammar.Config)
	if err != nil {
		return misconfigured(chosen, around, err)
	}
	log, flush := newLog(around.err, cfg.LogLevel)
	p := &program{surroundings: around, config: cfg, configFile: grammar.Config, dir: grammar.Dir, log: log}
	err = chosen.run(ctx, p)
	flush()
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFindings):
		return exitFailed // they are printed already
	default:
		fmt.Fprintf(around.err, "vouchsafed: %v\n", err)
		return exitFailed
	}
}

// misconfigured tells of a configuration that no command can work with. The checklist has lines for it.
func misconfigured(chosen command, around surroundings, err error) int {
	if list, ok := chosen.(*checkCommand); ok {
		list.unconfigured(around.out, err)
		return exitFailed
	}
	fmt.Fprintf(around.err, "vouchsafed: %v\n", err)
	return exitUsage
}
