// Package config reads what an installation may choose: once, from the environment, from files that the environment
// names, and from one YAML file.
//
// For every key NAME of the table in settings.go, in this order: VOUCHSAFE_NAME, or the content of the file that
// VOUCHSAFE_NAME_FILE names (both is a fault); then the key name, or name_file, of the YAML file; then the default. A
// variable that is empty counts as not set. Lists are comma separated, in YAML also sequences.
//
// Load reports all faults together and never repeats a secret in them. The result is passed by value, and only cmd
// sees it whole: everything else gets the few values that it needs. Secrets mask themselves however they are printed.
// What can be chosen for one shop (zone, country, holder) is stored with the shop; here is what holds where a shop
// chose nothing.
package config

import (
	"log/slog"
	"net"
	"net/netip"
	"time"

	// Zones must load in a container that has no zone files.
	_ "time/tzdata"
)

// Config is one installation's choices, checked.
type Config struct {
	// Listen is the host:port that serve listens on. Default 127.0.0.1:8080.
	Listen string
	// PublicURL is how the world reaches it, without a trailing slash. Default http:// and Listen.
	PublicURL string
	// TrustedProxies are the networks whose X-Forwarded-For is believed. Default none: it is ignored.
	TrustedProxies []netip.Prefix
	// ConnectionsPerAddress is how many connections one source address (of IPv6, one /64) may have open; 0 is any number.
	// This machine and trusted proxies stand for many and may have any number. Default 256.
	ConnectionsPerAddress int
	// RequestsInFlight is how many requests with a valid key are worked on at once; more are told to come back. Default 1024.
	RequestsInFlight int
	// AllowPrivateShops are the networks besides the public Internet in which a shop's URL may lie, on loopback also without
	// TLS. Default loopback if Listen is loopback, else none.
	AllowPrivateShops []netip.Prefix
	// LogLevel is the least level that is logged: debug, info, warn, error. Default info.
	LogLevel slog.Level

	// DrainFor is how long serve goes on taking requests after it was told to end, not ready any more, so that balancers
	// turn to others. Default 2s.
	DrainFor time.Duration

	// DatabaseURL is the PostgreSQL to use, perhaps through a pooler. Default none: the embedded one.
	DatabaseURL Secret
	// MigrateDatabaseURL reaches the same database without a pooler. Default DatabaseURL.
	MigrateDatabaseURL Secret
	// RedisURL is redis://, rediss://, unix:///path/of/socket, redis+sentinel://host:port,…/master or
	// redis+cluster://host:port,….
	// Default none.
	RedisURL Secret
	// MasterKey is a list that keyring.ParseMasters reads: the first writes, all read. Default none, which only the
	// embedded default takes.
	MasterKey Secret

	// SMTPURL is smtp://user:password@host:587 (STARTTLS is mandatory) or smtps://…:465; with ?tls=none a server on
	// loopback is spoken to in the clear. Default none.
	SMTPURL Secret
	// MailFrom is the sender of mails whose shop names none: an address, or "Name <address>". Default none.
	MailFrom string

	// TimeZone is the merchant's: validity ends with its days. Default Europe/Copenhagen.
	TimeZone *time.Location
	// Country decides the validity rule. Default DK.
	Country Country
	// BalanceHolder is the mode of new vouchers. Default card.
	BalanceHolder Holder
	// Ceiling is the most that a voucher may hold, a decimal in the voucher's own currency. Default 10000.00.
	Ceiling string
	// ApprovalAbove is the most that one person or API key may give away alone in the office, a decimal in the
	// voucher's own currency; 0 is nothing. Default none: there is no such limit.
	ApprovalAbove string
	// CashOutLimit is the most that is paid out in cash of what is left on a voucher where its country gives no right to
	// it, a decimal in the voucher's own currency, or one for each currency, DKK:50.00,EUR:7.00, and nothing in others.
	// Default none: nothing is.
	CashOutLimit string
	// CashOutFee is what is kept of a cash-out where the country's rule lets the merchant: in Denmark of a voucher with a last day, and
	// through that day. It is a decimal in the voucher's own currency, or one for each currency, DKK:25.00,EUR:3.00, and nothing in
	// others. It must be no more than what paying out costs. Default none: nothing is kept.
	CashOutFee string
	// ReserveFor is how long a reservation holds a code. Default 24h.
	ReserveFor time.Duration
	// LateCapture is how long after its end a reservation may still be captured while nobody else took the code;
	// 0 is strict. Default 72h.
	LateCapture time.Duration
	// ReverseFor is how long a shop or till may take an act back. Default 24h.
	ReverseFor time.Duration
	// VouchersPerOrder is how many codes one holder of a shop may reserve at once. Default 1.
	VouchersPerOrder int
	// EraseWebhooksAfter is how long the bodies that shops sent are kept once they are settled. Default 720h.
	EraseWebhooksAfter time.Duration
	// EraseMailsAfter is how long recipient and text of a mail are kept after it was delivered or given up. Default 2160h.
	EraseMailsAfter time.Duration
	// EraseOrdersAfter is how long buyer and recipients of an order are kept after its last delivery. Default 2160h.
	EraseOrdersAfter time.Duration
	// ShredCodesAfter is how long a code can be sent again after it could be spent or paid out for the last time. Default 2160h.
	ShredCodesAfter time.Duration
	// BalancePage says of which codes the public page /balance tells. Default own.
	BalancePage BalancePage
	// RemindDays is how many days before the last one of a voucher its buyer is reminded, unless its shop says otherwise; 0 is
	// never. Default 0.
	RemindDays int
	// LateAfter is when the office is told of a voucher that was paid and not delivered. Default 15m.
	LateAfter time.Duration
	// DefaultFacility is preselected and locked in the generator of links. Default none.
	DefaultFacility string
}

// Country is an ISO 3166 code of a country whose validity rule is known.
type Country string

// The countries with a rule.
const (
	Austria Country = "AT"
	Germany Country = "DE"
	Denmark Country = "DK"
	Norway  Country = "NO"
	Sweden  Country = "SE"
)

// BalancePage says of which codes anybody who has one may look up the balance on the public page.
type BalancePage string

const (
	// BalanceOfOwnCodes: of codes that were drawn here, which nobody can guess, and of no imported ones, whose pattern may be weak.
	BalanceOfOwnCodes BalancePage = "own"
	// BalanceOfAllCodes: of imported codes too.
	BalanceOfAllCodes BalancePage = "all"
	// NoBalancePage: there is no such page.
	NoBalancePage BalancePage = "off"
)

// Holder says whom the balance of a new voucher belongs to.
type Holder string

const (
	// HolderCard: the balance belongs to the code; whoever has it may use it.
	HolderCard Holder = "card"
	// HolderCustomer: claiming moves the whole amount to the customer's account.
	HolderCustomer Holder = "customer"
)

// Load reads the configuration. getenv is os.Getenv; file is the YAML file, or "" for none. The error names every
// faulty key, one on each line, and no secret.
func Load(getenv func(string) string, file string) (Config, error) {
	sources := []source{environment(getenv)}
	var faults faults
	if file != "" {
		fromFile, err := readYAML(file)
		faults.add(err)
		sources = append(sources, fromFile)
	}
	var c Config
	for _, s := range c.settings() {
		faults.add(s.read(sources))
	}
	c.complete()
	if err := faults.err(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// complete fills what defaults to another key.
func (c *Config) complete() {
	if !c.MigrateDatabaseURL.IsSet() {
		c.MigrateDatabaseURL = c.DatabaseURL
	}
	if c.AllowPrivateShops == nil && isLoopback(c.Listen) {
		c.AllowPrivateShops = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	if c.PublicURL == "" {
		c.PublicURL = "http://" + reachable(c.Listen)
	}
}

// isLoopback tells whether only this machine reaches what listens there.
func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// reachable turns the address that is listened on into one that a browser on the same machine can ask.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if address, err := netip.ParseAddr(host); host == "" || err == nil && address.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
