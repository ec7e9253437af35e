package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"vouchsafe/config"
	"vouchsafe/retail"
	"vouchsafe/retail/hold"
	"vouchsafe/retail/keyring"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/reach"
	"vouchsafe/retail/staff"
	"vouchsafe/retail/throttle"
	"vouchsafe/retail/voucher"
)

// house is the back office, put together from the configuration: what the daemon serves and what the
// commands work on.
type house struct {
	stores    *stores
	pool      *pgxpool.Pool
	redis     redis.UniversalClient
	ring      *keyring.Ring
	holds     *hold.Holds
	testimony *retail.Testimony
	ledger    *ledger.Ledger
	examiner  *retail.Examiner // nil for a command, which settles no acts
	outbox    *outbox.Outbox
	keys      *staff.Keys
	people    *retail.People
	signIns   *staff.People
	desk      *retail.Desk
	sales     *retail.Sales
	inspector *retail.Inspector
}

// openHouse opens the stores and puts the back office on them. What it opened is closed again if it
// fails.
func (p *program) openHouse(ctx context.Context, how besides) (*house, error) {
	s, err := p.openStores(ctx, how)
	if err != nil {
		return nil, err
	}
	h := &house{stores: s}
	if err := h.open(ctx, p, how); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

// open makes the parts, each from those before it.
func (h *house) open(ctx context.Context, p *program, how besides) (err error) {
	if h.pool, err = h.stores.openPool(ctx, p.watching.tracing.database()); err != nil {
		return err
	}
	if h.ring, err = p.openRing(ctx, h.stores, h.pool); err != nil {
		return err
	}
	installation, err := staff.Installation(ctx, h.pool)
	if err != nil {
		return err
	}
	if err := h.openRedis(ctx, p, installation, how); err != nil {
		return err
	}
	if err := h.openLedger(p); err != nil {
		return err
	}
	if how == alone {
		h.examiner = retail.NewExaminer(h.testimony, h.ledger, p.log)
	}
	if h.outbox, err = outbox.New(outbox.Config{Pool: h.pool, Log: p.log, EraseAfter: p.config.EraseMailsAfter, Attempted: p.watching.attempted()}); err != nil {
		return err
	}
	h.keys = staff.NewKeys(h.pool, rand.Reader, time.Now)
	if err := h.openSales(p); err != nil {
		return err
	}
	h.desk = retail.New(retail.Config{
		Ledger: h.ledger, Testimony: h.testimony, Ring: h.ring, Random: rand.Reader, Log: p.log, Members: h.sales,
		Throttle: throttle.New(h.redis, throttle.Config{
			Installation: installation, Key: h.ring.MAC("throttle", []byte("key")), Now: time.Now, Log: p.log,
		}),
	})
	h.openPeople()
	h.inspector = retail.NewInspector(retail.Inspection{
		Desk: h.desk, Sales: h.sales, Outbox: h.outbox, Log: p.log, Now: time.Now,
	})
	return nil
}

// issuer is whose codes an authenticator app shows.
const issuer = "Vouchsafe"

// openPeople puts those who sign in on the database.
func (h *house) openPeople() {
	h.signIns = staff.NewPeople(staff.PeopleConfig{
		Pool: h.pool, Ring: h.ring, Random: rand.Reader, Now: time.Now, Cost: staff.Costly(), Issuer: issuer,
	})
	h.people = retail.NewPeople(h.signIns, h.desk)
}

// openRedis connects to Redis and claims it for the installation and its database. A Redis that is away
// is no reason not to start; one that belongs to another installation is. One that belongs to another
// database of this installation stops a daemon; a command only looks.
func (h *house) openRedis(ctx context.Context, p *program, installation string, how besides) (err error) {
	database, err := staff.Database(ctx, h.pool)
	if err != nil {
		return err
	}
	if h.redis, err = hold.Open(h.stores.redisURL); err != nil {
		return err
	}
	h.holds = hold.New(h.redis, hold.Config{Installation: installation, Database: database, Log: p.log})
	h.testimony = retail.NewTestimony(h.holds, p.log)
	switch err = h.holds.Claim(ctx); {
	case errors.Is(err, hold.ErrForeign):
		return fmt.Errorf("%w: VOUCHSAFE_REDIS_URL names the wrong server, or this database was copied from another installation's", err)
	case errors.Is(err, hold.ErrCopied) && how == alone:
		return fmt.Errorf("%w: this database is a copy, and needs a Redis of its own; "+
			"or it took the place of the original, in which case say so, once, with: vouchsafed adopt", err)
	case errors.Is(err, hold.ErrCopied):
		p.log.Warn("redis speaks for another database of this installation", "err", err)
	case err != nil:
		p.log.Warn("redis is away: the gateway starts without it", "err", err)
	}
	return nil
}

// lanesFor is how many groups of acts are under way at once. Few big groups beat many small ones: on two processors, PostgreSQL among
// who shares them, one group of 30 acts takes a fifth less of both than two of 15; two beat more of them anywhere.
func lanesFor(processors int) int { return min(2, max(1, processors/2)) }

// openLedger puts the ledger on the database, with Redis as its witness.
func (h *house) openLedger(p *program) (err error) {
	h.ledger, err = ledger.New(ledger.Config{
		Pool: h.pool, Lanes: lanesFor(runtime.GOMAXPROCS(0)), Random: rand.Reader, Log: p.log,
		Witness: h.testimony.Witness, Committed: h.testimony.Committed, Watch: p.watching.ledger(),
		Rules: voucher.Rules{
			ReserveFor: p.config.ReserveFor, LateCapture: p.config.LateCapture, ReverseFor: p.config.ReverseFor,
			PerOrder: p.config.VouchersPerOrder, Ceiling: p.config.Ceiling, ApprovalAbove: p.config.ApprovalAbove,
			CashOutLimit: p.config.CashOutLimit, CashOutFee: p.config.CashOutFee,
		},
	})
	return err
}

// reach says where shops may be.
func (p *program) reach() reach.Guard { return reach.New(p.config.AllowPrivateShops...) }

// openSales puts the side towards webshops together. Without a mail server mails wait for one.
func (h *house) openSales(p *program) error {
	var sender *mail.Sender
	stated, err := config.States(p.getenv, p.configFile, "BALANCE_HOLDER")
	if err != nil {
		return err
	}
	if p.config.SMTPURL.IsSet() {
		if sender, err = mail.New(mail.Config{URL: p.config.SMTPURL.Reveal()}); err != nil {
			return err
		}
	}
	h.sales = retail.NewSales(retail.SalesConfig{
		Orders: orders.NewStore(h.pool), Ledger: h.ledger, Outbox: h.outbox, Ring: h.ring, Mail: sender, Random: rand.Reader, Log: p.log,
		Reach: p.reach(), Keep: retail.Keeping{Bodies: p.config.EraseWebhooksAfter, Orders: p.config.EraseOrdersAfter}, LateAfter: p.config.LateAfter,
		Defaults: retail.Defaults{
			Zone: p.config.TimeZone, Country: string(p.config.Country), Holder: string(p.config.BalanceHolder),
			Ceiling: p.config.Ceiling, From: p.config.MailFrom, HolderUnstated: !stated, RemindDays: p.config.RemindDays,
		},
	})
	return nil
}

// close closes what is open, the last first.
func (h *house) close() error {
	if h.ledger != nil {
		h.ledger.Close()
	}
	var faults []error
	if h.redis != nil {
		faults = append(faults, h.redis.Close())
	}
	if h.pool != nil {
		h.pool.Close()
	}
	return errors.Join(append(faults, h.stores.close())...)
}

// with opens the house, lets a command work in it, and closes it.
func (p *program) with(ctx context.Context, work func(*house) error) error {
	h, err := p.openHouse(ctx, beside)
	if err != nil {
		return err
	}
	return errors.Join(work(h), h.close())
}
