package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"vouchsafe/config"
)

// askFor is how long the checklist waits for one answer of a store, a mail server or a shop.
const askFor = 15 * time.Second

// checkCommand goes through the checklist. It changes nothing: it claims no Redis, applies no schema to a
// configured database and takes note of no key. The embedded stores are started as every command does.
type checkCommand struct {
	Embedded bool `help:"The embedded stores are meant: don't warn of them."`
}

// point is the grade of a line of the checklist.
type point string

// The grades.
const (
	passed point = "ok"
	warned point = "warn" // it works, and a person should know
	failed point = "FAIL" // it does not work, or is not safe
)

// checklist prints one line for each thing that it looks at.
type checklist struct {
	out   io.Writer
	fails int
}

func (l *checklist) line(p point, subject, text string) {
	if p == failed {
		l.fails++
	}
	fmt.Fprintf(l.out, "%-4s  %-14s %s\n", p, subject, strings.Join(strings.Fields(text), " "))
}

// ok says that something is as it should be.
func (l *checklist) ok(subject, format string, args ...any) {
	l.line(passed, subject, fmt.Sprintf(format, args...))
}

// warn says what a person should know, and what to do about it.
func (l *checklist) warn(subject, format string, args ...any) {
	l.line(warned, subject, fmt.Sprintf(format, args...))
}

// fail says what does not work, and what to do about it.
func (l *checklist) fail(subject, format string, args ...any) {
	l.line(failed, subject, fmt.Sprintf(format, args...))
}

// result is errFindings if a line failed: all is printed.
func (l *checklist) result() error {
	if l.fails > 0 {
		return errFindings
	}
	return nil
}

func (c checkCommand) run(ctx context.Context, p *program) error {
	i := &inspection{program: p, checklist: &checklist{out: p.out}, embeddedMeant: c.Embedded}
	i.configuration()
	i.stores(ctx)
	i.mail(ctx)
	if i.house.pool != nil {
		i.trade(ctx)
	}
	if err := i.house.close(); err != nil {
		i.warn("stores", "they could not be stopped: %v", err)
	}
	return i.result()
}

// unconfigured is the checklist of a configuration that can't be read: a line for each fault, and nothing
// that would need it.
func (c checkCommand) unconfigured(out io.Writer, err error) {
	list := &checklist{out: out}
	for fault := range strings.Lines(err.Error()) {
		if !strings.HasPrefix(fault, "the configuration is faulty") {
			list.fail("configuration", "%s", fault)
		}
	}
}

// inspection is one run of the checklist: what it has opened so far.
type inspection struct {
	*program
	*checklist
	embeddedMeant bool
	house         *house
	installation  string // the database's id; "" when there is none yet
}

// configuration looks at what can be judged without asking anybody.
func (i *inspection) configuration() {
	i.ok("configuration", "read; %s, %s, reservations last %s, at most %s on a voucher",
		i.config.Country, i.config.TimeZone, spoken(i.config.ReserveFor), i.config.Ceiling)
	i.publicURL()
	i.masterKey()
}

// spoken leaves the noughts off a duration: 24h rather than 24h0m0s.
func spoken(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// publicURL warns of an address that no webshop can reach.
func (i *inspection) publicURL() {
	public, err := url.Parse(i.config.PublicURL)
	switch {
	case err != nil:
		i.fail("public address", "VOUCHSAFE_PUBLIC_URL can't be read; write it as https://vouchers.example.com")
	case local(public.Hostname()):
		i.warn("public address", "%s is this machine alone: webshops elsewhere can't reach it; set VOUCHSAFE_PUBLIC_URL to how the world does", i.config.PublicURL)
	case public.Scheme != "https":
		i.warn("public address", "%s is not encrypted: API keys and codes can be read on the way; put a proxy with TLS before it and say https", i.config.PublicURL)
	default:
		i.ok("public address", "%s", i.config.PublicURL)
	}
}

// local tells that a host is this machine alone.
func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

// masterKey looks whether there is one. Whether it is the right one is the database's to say.
func (i *inspection) masterKey() {
	list := i.config.MasterKey.Reveal()
	switch {
	case list == "" && i.config.DatabaseURL.IsSet():
		i.fail("master key", "VOUCHSAFE_MASTER_KEY is not set, and serve refuses to start without; make one with "+
			"echo \"1:$(openssl rand -base64 32)\", and keep it safe and apart from the database")
	case list == "":
		i.ok("master key", "the embedded default keeps its own beside its data: back both up")
	case i.getenv("VOUCHSAFE_MASTER_KEY") != "":
		i.warn("master key", "%d in the environment, which other programs of the same user can read; VOUCHSAFE_MASTER_KEY_FILE names a file instead", strings.Count(list, ",")+1)
	default:
		i.ok("master key", "%d from a file", strings.Count(list, ",")+1)
	}
}

// mode says how new vouchers work, and whether anybody has chosen it (D01, D02).
func (i *inspection) mode(ctx context.Context) {
	mode := string(i.config.BalanceHolder)
	stated, err := config.States(i.getenv, i.configFile, "BALANCE_HOLDER")
	others, count := i.otherModes(ctx, mode)
	switch {
	case err != nil || count != nil:
		i.fail("mode", "it can't be told: %v", firstOf(err, count))
	case !stated:
		i.warn("mode", "nobody has chosen how new vouchers work: %s is the default; confirm it with VOUCHSAFE_BALANCE_HOLDER=card "+
			"(whoever has the code may use it) or =customer (claiming moves the balance to an account)%s", mode, others)
	default:
		i.ok("mode", "new vouchers are in %s mode%s", mode, others)
	}
}

func firstOf(faults ...error) error {
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	return nil
}
