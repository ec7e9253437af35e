package retail

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/keyring"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/reach"
	"vouchsafe/retail/wording"
)

// The kinds of delivery that a purchase makes.
const (
	KindRelay        outbox.Kind = "relay"        // a webhook body to be read and applied
	KindConfirmation outbox.Kind = "confirmation" // the first mail: the order, without any code
	KindCode         outbox.Kind = "code"         // the second mail: the code, to its recipient
	KindHandover     outbox.Kind = "handover"     // the code, to the shop, which sends the second message itself
	KindCodes        outbox.Kind = "codes"        // the second mail for a buyer who wants all his codes of an order in one
	KindReminder     outbox.Kind = "reminder"     // to the buyer, before the last day of a voucher
	KindWelcome      outbox.Kind = "welcome"      // to a customer whose new account has earned points
)

// The purposes of what is sealed here; see the Desk's for codes.
const (
	purposeWebhook   = "webhook body"
	purposeShop      = "shop credentials"
	purposeBuyer     = "buyer"
	purposeWishes    = "gift wishes"
	purposeTold      = "told wishes"
	purposeRecipient = "recipient"
	purposeLetter    = "letter"
)

const (
	lateAfter    = 15 * time.Minute    // paid and not delivered by then: the office is told (X06), unless it is set otherwise
	relayFor     = time.Minute         // one try to read and apply a body, questions to the shop included
	letterFor    = 13 * time.Minute    // one try to mail; the sender itself ends within 12
	handoverFor  = 2 * time.Minute     // one try to hand a code over
	relayKept    = 7 * 24 * time.Hour  // relays that are done
	bodiesKept   = 30 * 24 * time.Hour // webhook bodies that are settled: personal data
	relayHands   = 8                   // bodies under way at once in one process
	letterHands  = 8                   // mails under way at once in one process
	handsPerHost = 4                   // of them for one domain, so that one slow server does not keep all
)

// Defaults are the installation's settings for shops that have none of their own.
type Defaults struct {
	Zone    *time.Location
	Country string // ISO 3166
	Holder  string // mode of new vouchers, "card" or "customer"
	// HolderUnstated says that nobody has chosen Holder.
	HolderUnstated bool
	Ceiling        string // the most that a voucher may hold, a decimal in its own currency
	From           string // sender of mails, an address or "Name <address>"; "" when there is none
	RemindDays     int    // how many days before the last one of a voucher its buyer is reminded; 0 is never (X09)
}

// SalesConfig is what Sales works with.
type SalesConfig struct {
	Orders   *orders.Store
	Ledger   *ledger.Ledger
	Outbox   *outbox.Outbox
	Ring     *keyring.Ring
	Mail     *mail.Sender // nil: no mail server is configured, and mails wait for one
	Random   io.Reader    // for codes
	Log      *slog.Logger
	Defaults Defaults
	Keep     Keeping
	Reach    reach.Guard // which addresses a shop's URL may name
	// LateAfter is when the office is told of what was paid and not delivered (X06); default 15 minutes.
	LateAfter time.Duration
}

// Sales is the back office's side towards webshops: what they are, what they sell, what they tell, and the mails that carry the
// codes. It is safe for concurrent use.
type Sales struct {
	orders   *orders.Store
	ledger   *ledger.Ledger
	outbox   *outbox.Outbox
	ring     *keyring.Ring
	mail     *mail.Sender
	random   io.Reader
	log      *slog.Logger
	defaults Defaults
	keep     Keeping
	reach    reach.Guard
	wording  *wording.Store
	late     time.Duration
	hands    *turns // of each domain that mails go to, so that one that drips does not keep every worker (S6)
	repeats  *turns // of webhook bodies
	intake   intake // of webhooks
	fronts   asks[Shopfront]
}

// NewSales opens the side towards webshops.
func NewSales(cfg SalesConfig) *Sales {
	return &Sales{
		orders: cfg.Orders, ledger: cfg.Ledger, outbox: cfg.Outbox, ring: cfg.Ring, mail: cfg.Mail, random: cfg.Random,
		log: cfg.Log, defaults: cfg.Defaults, keep: cfg.Keep, reach: cfg.Reach, hands: newTurns(handsPerHost), repeats: newTurns(1),
		wording: wording.NewStore(cfg.Orders.Pool()), late: cmp.Or(cfg.LateAfter, lateAfter),
	}
}

// Platforms speaks with the shops, each in its own words. Package relay does.
type Platforms interface {
	// Read makes our words of a body that its shop has signed. It asks the shop for what the body leaves out. Errors:
	// ErrUnreadable, *PassingError; anything else counts as passing.
	Read(ctx context.Context, shop Shopfront, body Body) (Told, error)
	// Ask fetches an order as it is now. Errors as for Read.
	Ask(ctx context.Context, shop Shopfront, order string) (Told, error)
	// HandOver gives the shop a code to send to the buyer. It looks first whether it did so before, where it is told to. Errors:
	// ErrUnreadable when the shop refuses for good, ErrUnclear when the code may have arrived, *PassingError otherwise.
	HandOver(ctx context.Context, shop Shopfront, handover Handover) error
}

// Told is what a shop told. Exactly one field is set.
type Told struct {
	Order   *purchase.Order
	Ignored string // why nothing follows
}

// Register gives the outbox the handlers of all that a purchase makes. Call it once, before the outbox starts.
func (s *Sales) Register(platforms Platforms) {
	relay := &relay{sales: s, platforms: platforms}
	s.outbox.Handle(KindRelay, relay.run, outbox.Options{
		Workers: relayHands, Timeout: relayFor, AlarmAfter: s.late, Keep: relayKept,
		Claimed: failpoint.RelayClaimed, Recorded: failpoint.RelayCommitted,
	})
	lacks := "" // what is not worth sending late is tried all the same, so that it is given up in time
	if s.mail == nil {
		lacks = noMailServer
	}
	letters := outbox.Options{
		Workers: letterHands, Timeout: letterFor, AlarmAfter: s.late, Lacks: lacks,
		Claimed: failpoint.MailClaimed, Recorded: failpoint.MailRecorded,
	}
	s.outbox.Handle(KindConfirmation, s.sendConfirmation, letters)
	s.outbox.Handle(KindCode, s.sendCode, letters)
	s.outbox.Handle(KindCodes, s.sendCodes, letters)
	s.outbox.Handle(KindReminder, s.sendReminder, outbox.Options{Timeout: letterFor, GiveUpAfter: reminderFor})
	s.outbox.Handle(KindWelcome, s.sendWelcome, outbox.Options{Timeout: letterFor, GiveUpAfter: welcomeFor})
	handovers := &handovers{sales: s, platforms: platforms}
	s.outbox.Handle(KindHandover, handovers.run, outbox.Options{Timeout: handoverFor, AlarmAfter: s.late})
}

// zone is the shop's time zone.
func (s *Sales) zone(shop orders.Shop) (*time.Location, error) {
	if shop.Zone == "" {
		return s.defaults.Zone, nil
	}
	zone, err := time.LoadLocation(shop.Zone)
	if err != nil {
		return nil, fmt.Errorf("load the time zone of shop %s: %w", shop.ID, err)
	}
	return zone, nil
}

// country is the shop's country.
func (s *Sales) country(shop orders.Shop) string { return cmp.Or(shop.Country, s.defaults.Country) }
