package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"vouchsafe/config"
	"vouchsafe/gateway"
	"vouchsafe/gateway/edge"
	"vouchsafe/gateway/relay"
	"vouchsafe/gateway/schedule"
	"vouchsafe/retail"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/schema"
	"vouchsafe/retail/staff"
)

// drainFor is how long requests under way may take to end after SIGTERM.
const drainFor = 10 * time.Second

// serveCommand runs the daemon.
type serveCommand struct {
	Migrate  bool `help:"Apply the schema first."`
	Embedded bool `help:"The embedded stores are meant: say no more about it."`
}

func (c serveCommand) run(ctx context.Context, p *program) error {
	if c.Migrate {
		if err := c.migrate(ctx, p); err != nil {
			return err
		}
	}
	if err := p.watch(ctx); err != nil {
		return err
	}
	h, err := p.openHouse(ctx, alone)
	if err != nil {
		return err
	}
	if h.stores.running != nil && !c.Embedded {
		p.log.Warn(h.stores.own()+": good for trying out, and with backups for one small shop; start it with --embedded if that is meant",
			"dir", h.stores.dir)
	}
	d := &daemon{program: p, house: h, embeddedMeant: c.Embedded}
	if h.stores.running == nil { // else it is alone, and there is nobody to send requests to instead
		d.notice = p.config.DrainFor
	}
	return errors.Join(d.run(ctx), h.close(), p.watching.tracing.close())
}

// migrate brings a configured database up to date; the embedded one follows by itself.
func (c serveCommand) migrate(ctx context.Context, p *program) error {
	if !p.config.DatabaseURL.IsSet() {
		return nil
	}
	s := &stores{migrateURL: p.config.MigrateDatabaseURL.Reveal()}
	return s.migrate(ctx)
}

// daemon is the house with its doors open.
type daemon struct {
	*program
	house         *house
	embeddedMeant bool
	notice        time.Duration           // how long it still takes requests when it is about to end
	extra         map[string]http.Handler // further pages, of the trial
	ready         func(address string)    // called once it answers; may be nil
}

// run serves until the context ends or a store that this process started dies. It stops in order:
// readiness, HTTP, then the workers; the caller closes the stores.
func (d *daemon) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := d.isOriginal(ctx); err != nil {
		return err
	}
	handler, err := d.open(ctx.Done())
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", d.config.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", d.config.Listen, err)
	}
	listener = edge.Crowd{Most: d.config.ConnectionsPerAddress, Proxies: d.config.TrustedProxies}.Around(listener)
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorking()
	if err := d.house.outbox.Start(working); err != nil {
		return errors.Join(err, listener.Close())
	}
	var loops sync.WaitGroup
	reseeder := retail.NewReseeder(d.house.testimony, d.house.ledger, d.log, time.Now)
	loops.Go(func() { reseeder.Run(working) })
	loops.Go(func() { d.house.examiner.Run(working) })
	loops.Go(func() { d.house.sales.Herald(d.reach().Client(), time.Now).Run(working) })
	loops.Go(func() { d.watching.metrics.Gather(working, d.house.inspector.Figures, d.log) })
	d.watchStores(ctx, cancel)
	d.log.Info("serving", "address", listener.Addr().String())
	if d.ready != nil {
		d.ready("http://" + listener.Addr().String())
	}
	served := edge.Serve(ctx, listener, handler, edge.Drain{Notice: d.notice, Within: drainFor}, d.log)
	stopped := d.stopWorkers(working)
	stopWorking()
	loops.Wait()
	d.log.Info("stopped")
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return errors.Join(cause, served, stopped)
	}
	return errors.Join(served, stopped)
}

// isOriginal makes sure that nobody serves the same data from another PostgreSQL server. The embedded one
// is nobody else's: after a quick restart it would wait in vain for itself.
func (d *daemon) isOriginal(ctx context.Context) error {
	if d.house.stores.running != nil && d.house.stores.ownDatabase {
		return nil
	}
	if err := d.house.examiner.Alone(ctx); err != nil {
		return fmt.Errorf("%w: it is a copy of its files, and needs a Redis of its own; or the other one must be stopped first", err)
	}
	return nil
}

// stopWorkers lets the workers end what they do, for as long as requests may take. What isn't done by
// then is a durable row, and the next start's or another daemon's to do.
func (d *daemon) stopWorkers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainFor)
	defer cancel()
	return d.house.outbox.Stop(ctx)
}

// open puts the gateway on the house, and gives the outbox its workers and its schedule.
func (d *daemon) open(draining <-chan struct{}) (http.Handler, error) {
	h := d.house
	shops := relay.New(relay.Config{Sales: h.sales, HTTP: d.reach().Client(), Now: time.Now, Random: rand.Reader, Log: d.log})
	h.sales.Register(shops)
	retail.NewShowroom(h.desk, h.sales, shops).Register()
	if err := schedule.Register(d.every, d.jobs(shops)...); err != nil {
		return nil, err
	}
	d.watching.stores(h)
	return gateway.New(gateway.Config{
		Desk: h.desk, Sales: h.sales, Keys: retail.NewKeys(h.keys, h.sales), Relay: shops, People: h.people, Authenticate: authenticator(h.keys, h.signIns), Checks: d.checks(), Draining: draining, Ceiling: d.config.Ceiling,
		TrustedProxies: d.config.TrustedProxies, InFlight: d.config.RequestsInFlight, Log: d.log, Now: time.Now, Random: rand.Reader, Version: version(), Extra: d.extra,
		Metrics: d.watching.metrics, Traces: d.watching.tracing.provider(),
		PublicURL: d.config.PublicURL, Facility: d.config.DefaultFacility, Glances: glances(d.config.BalancePage), Country: string(d.config.Country),
	})
}

// glances says of which codes the public page tells.
func glances(page config.BalancePage) retail.Glances {
	switch page {
	case config.BalanceOfOwnCodes:
		return retail.OfOwnCodes
	case config.BalanceOfAllCodes:
		return retail.OfAllCodes
	}
	return ""
}

// proofWithin is how long the nightly proof may take: a large journal is replayed line by line.
const proofWithin = 2 * time.Hour

// eraseWithin is how long the nightly search may take for what is to be erased or shredded: it passes every voucher, and the first one
// finds years of orders.
const eraseWithin = 10 * time.Minute

// sumWithin is how long the first run of the sums that reports are made of may take: it reads the whole journal.
const sumWithin = time.Hour

// remindWithin is how long the first reminders of a large merchant may take to make.
const remindWithin = time.Hour

// writeOffWithin is how long the first write-off of a merchant may take who has sold for years.
const writeOffWithin = time.Hour

// every registers a job of the schedule with the outbox.
func (d *daemon) every(job schedule.Job, when schedule.When) {
	if job.Within > 0 {
		d.house.outbox.EveryWithin(job.Name, when, job.Within, job.Run)
		return
	}
	d.house.outbox.Every(job.Name, when, job.Run)
}

// jobs is the table of what happens by the clock, in UTC.
func (d *daemon) jobs(shops *relay.Relay) []schedule.Job {
	h := d.house
	return []schedule.Job{
		{Name: "sweep-reservations", Spec: "@every 30s", Run: func(ctx context.Context) error { _, err := h.ledger.Sweep(ctx); return err }},
		{Name: "watch-deliveries", Spec: "* * * * *", Run: h.outbox.Watch},
		{Name: "poll-shops", Spec: "*/5 * * * *", Run: shops.Poll},
		{Name: "check-webhooks", Spec: "2-59/10 * * * *", Run: shops.CheckWebhooks},
		{Name: "clean-deliveries", Spec: "17 3 * * *", Run: h.outbox.Clean},
		{Name: "expire-approvals", Spec: "4-59/5 * * * *", Run: retail.NewBackOffice(h.desk, h.sales).ExpireApprovals},
		{Name: "forward-merged", Spec: "3-59/5 * * * *", Run: retail.NewBackOffice(h.desk, h.sales).ForwardMerged},
		{Name: "settle-points", Spec: "* * * * *", Run: h.sales.SettlePoints},
		{Name: "review-cancelled", Spec: "* * * * *", Run: h.sales.ReviewCancelled},
		{Name: "settle-refunds", Spec: "* * * * *", Run: h.sales.SettleRefunds},
		{Name: "clean-sessions", Spec: "47 3 * * *", Run: h.signIns.CleanSessions},
		{Name: "verify", Spec: "7 2 * * *", Within: proofWithin, Run: func(ctx context.Context) error { _, err := h.inspector.Prove(ctx); return err }},
		{Name: "erase-webhook-bodies", Spec: "37 3 * * *", Run: h.sales.EraseBodies},
		{Name: "erase-orders", Spec: "27 3 * * *", Within: eraseWithin, Run: h.sales.EraseOrders},
		{Name: "shred-codes", Spec: "57 3 * * *", Within: eraseWithin, Run: func(ctx context.Context) error { _, err := h.ledger.Shred(ctx, d.config.ShredCodesAfter); return err }},
		{Name: "chain-audit", Spec: "* * * * *", Run: h.inspector.ChainAudit},
		{Name: "sum-up", Spec: "* * * * *", Within: sumWithin, Run: h.sales.SumUp},
		{Name: "remind", Spec: "6 * * * *", Within: remindWithin, Run: h.sales.Remind},
		{Name: "write-off-expired", Spec: "21 * * * *", Within: writeOffWithin, Run: func(ctx context.Context) error { _, err := h.ledger.WriteOff(ctx); return err }},
		{Name: "seal-history", Spec: "11 * * * *", Run: h.inspector.SealHistory},
	}
}

// watchStores ends the daemon when a store that it started has died: without it nothing can be served.
func (d *daemon) watchStores(ctx context.Context, end context.CancelCauseFunc) {
	running := d.house.stores.running
	if running == nil {
		return
	}
	go func() {
		select {
		case <-ctx.Done():
		case <-running.Done():
			end(running.Err())
		}
	}()
}

// checks are what /readyz asks.
func (d *daemon) checks() []gateway.Check {
	h := d.house
	checks := []gateway.Check{
		{Name: "postgres", Vital: true, Ask: func(ctx context.Context) (string, error) { return "", h.pool.Ping(ctx) }},
		{Name: "schema", Vital: true, Ask: func(ctx context.Context) (string, error) {
			return fmt.Sprintf("version %d", schema.Version()), schema.Check(ctx, h.pool)
		}},
		{Name: "verify", Ask: h.inspector.Proven},
		{Name: "recovery", Ask: h.examiner.Standing},
		{Name: "redis", Ask: func(ctx context.Context) (string, error) { return "", h.holds.Ping(ctx) }},
	}
	if h.stores.running != nil && !d.embeddedMeant {
		checks = append(checks, gateway.Check{Name: "embedded", Ask: func(context.Context) (string, error) {
			return "", errors.New(h.stores.own() + ": configure others, or start with --embedded if that is meant")
		}})
	}
	return checks
}

// authenticator lets the edge ask the staff list who shows a key, or a session's token.
func authenticator(keys *staff.Keys, people *staff.People) edge.Authenticator {
	return func(ctx context.Context, key string) (edge.Actor, error) {
		actor, err := whoShows(ctx, key, keys, people)
		switch {
		case errors.Is(err, staff.ErrUnauthorized):
			return edge.Actor{}, edge.ErrUnauthorized
		case err != nil && ledger.IsPassing(err): // whoever asks is to come back, not to give up
			return edge.Actor{}, fmt.Errorf("%w: %w", retail.ErrUnavailable, err)
		}
		return actor, err
	}
}

func whoShows(ctx context.Context, key string, keys *staff.Keys, people *staff.People) (edge.Actor, error) {
	if staff.IsSession(key) {
		who, err := people.Authenticate(ctx, key)
		return edge.Actor{Scope: edge.Admin, Person: who.Person, Session: who.Session, Manager: who.Role == staff.Manager}, err
	}
	actor, err := keys.Authenticate(ctx, key)
	return edge.Actor{
		Scope: edge.Scope(actor.Scope), Shop: actor.Shop, Register: actor.Register,
		MayRelease: bool(actor.MayRelease), KeyID: actor.KeyID, Name: actor.Name,
	}, err
}

// version is the program's, as the Go toolchain stamped it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "devel"
}
