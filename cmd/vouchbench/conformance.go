package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"vouchsafe/cmd/vouchbench/conformance"
	"vouchsafe/cmd/vouchbench/stack"
	"vouchsafe/retail/embedded"
)

// conformanceCommand is the kit of those who write a server, a shop's plugin or a register.
type conformanceCommand struct {
	Server conformanceServer `cmd:"" help:"Play a webshop and a register against an installation, and see which rules of the contract it keeps."`
	Client conformanceClient `cmd:"" help:"Serve a gateway that misbehaves on plan, and see how a plugin or register copes."`
}

// askWithin is how long an answer may take.
const askWithin = time.Minute

// conformanceServer tries an installation.
type conformanceServer struct {
	URL      string        `required:"" help:"The installation." placeholder:"URL"`
	ShopKey  string        `required:"" help:"API key of scope shop." env:"VOUCHBENCH_SHOP_KEY"`
	TillKey  string        `required:"" help:"API key of scope till." env:"VOUCHBENCH_TILL_KEY"`
	Code     string        `required:"" help:"Of an active voucher that nobody uses meanwhile; it holds as much afterwards." env:"VOUCHBENCH_CODE"`
	Shop     string        `help:"Shop on the platform \"standard\", for the rules of webhooks."`
	Secret   []string      `help:"Secret of its webhooks; while it changes, both." env:"VOUCHBENCH_SECRET"`
	AdminKey string        `help:"API key of scope admin, to see what came of webhooks (they tell of an order that is cancelled)." env:"VOUCHBENCH_ADMIN_KEY"`
	Product  string        `help:"SKU of an open product, for that order."`
	Patience time.Duration `help:"Wait so long for a reservation to run out." default:"0"`
}

func (c conformanceServer) run(ctx context.Context, p *program) error {
	sheet, err := conformance.Server(ctx, conformance.Installation{
		URL: strings.TrimSuffix(c.URL, "/"), ShopKey: c.ShopKey, TillKey: c.TillKey, Code: c.Code, Shop: c.Shop, Secrets: c.Secret,
		AdminKey: c.AdminKey, Product: c.Product, Patience: c.Patience, Client: &http.Client{Timeout: askWithin},
		Run: "conf-" + strconv.FormatInt(time.Now().UnixNano(), 36),
	})
	if err != nil {
		return err
	}
	return p.hand(sheet, "conformance server", map[string]string{"url": c.URL})
}

// hand prints a sheet, writes it down, and says whether it is good.
func (p *program) hand(sheet conformance.Sheet, command string, options any) error {
	if err := errors.Join(sheet.Print(p.out), p.write(command, options, sheet)); err != nil {
		return err
	}
	if !sheet.Passed() {
		return errViolated
	}
	return nil
}

// conformanceClient tries a plugin or a register.
type conformanceClient struct {
	Listen string        `help:"Where the client under test is to call." default:"127.0.0.1:8099"`
	URL    string        `help:"The installation behind; else a private one, whose keys and codes are printed." placeholder:"URL"`
	Codes  int           `help:"How many vouchers a private installation has." default:"50"`
	Worth  int64         `help:"What is on each of them, in minor units." default:"50000"`
	Slow   time.Duration `help:"How long a late answer takes." default:"15s"`
	For    time.Duration `help:"End after so long; 0 waits for Ctrl-C." default:"0"`
}

func (c conformanceClient) run(ctx context.Context, p *program) (err error) {
	upstream := c.URL
	if upstream == "" {
		s, err := c.open(ctx, p)
		if err != nil {
			return err
		}
		defer func() {
			if fault := s.Close(); fault != nil {
				p.log.Warn("the private installation did not end well", "error", fault)
			}
		}()
		upstream = s.Gateways[0].URL()
	}
	watcher := conformance.NewWatcher(conformance.WatcherOptions{
		Upstream: upstream, Slow: c.Slow, Client: &http.Client{Timeout: askWithin}, Now: time.Now,
	})
	if c.For > 0 {
		limited, cancel := context.WithTimeout(ctx, c.For)
		defer cancel()
		ctx = limited
	}
	if err := watcher.Serve(ctx, c.Listen, func(url string) {
		fmt.Fprintf(p.out, "address   %s\nLet the client sell, redeem and cancel; end with Ctrl-C.\n", url)
	}); err != nil {
		return err
	}
	return p.hand(watcher.Sheet(), "conformance client", c)
}

// open starts a private installation and says what opens it.
func (c conformanceClient) open(ctx context.Context, p *program) (*stack.Stack, error) {
	dir := p.Dir
	if dir == "" {
		dir = os.TempDir()
	}
	daemon, err := stack.FindProgram(ctx, p.Vouchsafed, dir)
	if err != nil {
		return nil, err
	}
	s, err := stack.Open(ctx, stack.Options{Dir: p.Dir, Program: daemon, Gateways: 1, Durability: embedded.Durable, Log: p.log})
	if err != nil {
		return nil, err
	}
	codes, err := s.Fill(ctx, c.Codes, c.Worth)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	fmt.Fprintf(p.out, "shop      %s\nsecret    %s\nproduct   %s\nshop key  %s\ntill key  %s\nadmin key %s\n", stack.Shop, stack.Secret,
		stack.Product, s.ShopKey, s.TillKey, s.AdminKey)
	for _, code := range codes {
		fmt.Fprintf(p.out, "code      %s\n", code)
	}
	return s, nil
}
