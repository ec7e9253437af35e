package torture

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/cmd/vouchbench/stack"
	"vouchsafe/retail/embedded"
	"vouchsafe/retail/hold/holdtest"
	"vouchsafe/retail/mail/mailtest"
)

// Options say what is tried, how hard and how long.
type Options struct {
	Seed     uint64        `json:"seed"`
	Duration time.Duration `json:"duration"` // of the faults; healing and checking come on top
	Gateways int           `json:"gateways"`
	Mix      Mix           `json:"mix"`
	Rounds   int           `json:"rounds,omitempty"`   // how often every failpoint is to come, whatever the duration
	Orders   int           `json:"orders,omitempty"`   // how many are to be sold, whatever the duration
	Codes    int           `json:"codes,omitempty"`    // how many are reserved, in [Reseed]
	Hasty    bool          `json:"hasty,omitempty"`    // the first violation is enough
	Settings []string      `json:"settings,omitempty"` // further ones of the gateways, NAME=value
	Mould    string        `json:"-"`                  // see [stack.Options]; it takes no other settings of PostgreSQL
	Program  string        `json:"-"`
	Dir      string        `json:"-"` // "" is removed afterwards, unless something was violated
	Log      *slog.Logger  `json:"-"`
}

// unhurried tells whether the run ends when something is done, and not by the clock.
func (o Options) unhurried() bool { return o.Rounds > 0 || o.Orders > 0 }

// The phases after the faults.
const (
	openingOrders = 12   // before anything goes wrong, so that there is something to fight for
	openingStock  = 1500 // vouchers, where none are sold
	hastyStock    = 300  // as many as a short run needs
	hastyOpening  = 20 * time.Second
	recoverWithin = time.Minute
	checkWithin   = time.Minute     // of one code's history
	hastyCheck    = 5 * time.Second // of one, where the first violation is enough
	atMost        = 2 * time.Hour   // of a run that ends when something is done
)

// Run tortures an installation of its own. An error means that the run itself failed; what it found is in the report.
func Run(ctx context.Context, o Options) (Report, error) {
	t := newTorture(o)
	err := t.run(ctx)
	t.report.Dir = t.dir()
	return t.report, errors.Join(err, t.close())
}

func newTorture(o Options) *torture {
	return &torture{
		options: o, sales: &sales{most: o.Orders},
		report: Report{Options: o, Faults: map[string]int{}, Deaths: map[string]int{}, Violations: []Violation{}},
	}
}

// torture is one run.
type torture struct {
	options Options
	report  Report
	stack   *stack.Stack
	wire    *holdtest.Proxy
	sink    *mailtest.Sink
	crowd   *crowd
	nemesis *nemesis
	sales   *sales
	mails   *postmarks
	seen    *witnesses
	hurts   pains
}

func (t *torture) run(ctx context.Context) error {
	if err := t.open(ctx); err != nil {
		return err
	}
	if err := t.opening(ctx); err != nil || len(t.report.Violations) > 0 {
		return err
	}
	if err := t.fight(ctx); err != nil {
		return err
	}
	t.options.Log.Info("healing")
	if !t.enough() {
		if err := t.recover(ctx); err != nil {
			return err
		}
	}
	t.options.Log.Info("checking", "answers", t.crowd.book.len())
	return t.check(ctx)
}

// open starts everything.
func (t *torture) open(ctx context.Context) (err error) {
	if t.sink, err = mailtest.Open(); err != nil {
		return err
	}
	t.stack, err = stack.Open(ctx, stack.Options{
		Dir: t.options.Dir, Program: t.options.Program, Gateways: t.options.Gateways, MailURL: t.sink.URL(), Log: slog.New(slog.DiscardHandler),
		// Every commit reaches the system before it is answered, which a crash of PostgreSQL alone can't take; a power cut is not tried.
		Durability: embedded.Durable, Database: t.options.Mix.database(),
		Gateway: append([]string{"VOUCHSAFE_REVERSE_FOR=8760h", "VOUCHSAFE_LOG_LEVEL=debug", "VOUCHSAFE_VOUCHERS_PER_ORDER=5"}, t.options.Settings...),
		Between: t.between, Furnish: furnish, Mould: t.options.Mould,
	})
	if err != nil {
		return err
	}
	t.crowd = &crowd{
		door: newDoor(t.urls), keys: Keys{t.stack.ShopKey, t.stack.FurtherKey, t.stack.TillKey, t.stack.AdminKey}, book: &history{}, start: time.Now(),
		pool: newPool(t.options.Mix.InPlay), seed: t.options.Seed, mix: t.options.Mix, hurts: &t.hurts, reversible: map[string]bool{},
	}
	t.nemesis = t.hand(1<<32, &t.hurts.others)
	t.nemesis.rounds = t.options.Rounds
	t.mails, t.seen = &postmarks{sink: t.sink, moved: &t.nemesis.forth, moving: &t.nemesis.moving}, &witnesses{stack: t.stack}
	return t.poison(ctx)
}

// The second shop, and what tells its keys from those of the first in the histories.
const (
	otherShop  = "other"
	otherHouse = "other/"
)

// furnish registers the second shop and returns its key.
func furnish(ctx context.Context, s *stack.Stack) (string, error) {
	if _, err := s.Do(ctx, "shop", "add", "--id", otherShop, "--platform", "standard", "--secret", stack.Secret, "--lang", "en"); err != nil {
		return "", err
	}
	if _, err := s.Do(ctx, "product", "add", "--sku", claimable, "--name", "Claim", "--open", "--min", "1.00", "--max", "10000.00", "--currency", "DKK",
		"--mode", "customer"); err != nil {
		return "", err
	}
	return s.Do(ctx, "key", "add", "--scope", "shop", "--shop", otherShop)
}

// poisoning lets the database refuse acts by a fault of its own.
const poisoning = `
CREATE FUNCTION torture_poison() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'poisoned' USING ERRCODE = 'XX000';
END
$$;
CREATE TRIGGER torture_poison BEFORE INSERT ON act
FOR EACH ROW WHEN (NEW.key LIKE '` + poisoned + `%') EXECUTE FUNCTION torture_poison()`

func (t *torture) poison(ctx context.Context) error {
	if !t.options.Mix.Poison {
		return nil
	}
	conn, err := pgx.Connect(ctx, t.stack.DatabaseURL())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, poisoning)
	return err
}

// hand is a nemesis with a plan of its own.
func (t *torture) hand(plan uint64, hurts *atomic.Pointer[string]) *nemesis {
	return &nemesis{
		stack: t.stack, wire: t.wire, random: rand.New(rand.NewPCG(t.options.Seed, plan)), crowd: t.crowd, mix: t.options.Mix,
		log: t.options.Log, hurts: hurts, counts: map[string]int{}, deaths: t.report.Deaths,
	}
}

// Numbers of people that are not carts or tills.
const (
	vendorNumber = 9000
	clerkNumber  = 9001
	memberNumber = 8000
)

// between puts a wire before Redis that can be made faulty.
func (t *torture) between(redisURL string) (string, error) {
	at, err := url.Parse(redisURL)
	if err != nil {
		return "", err
	}
	if t.wire, err = holdtest.OpenProxy("unix", at.Path); err != nil {
		return "", err
	}
	return t.wire.URL(), nil
}

func (t *torture) urls() []string {
	urls := make([]string, len(t.stack.Gateways))
	for i, g := range t.stack.Gateways {
		urls[i] = g.URL()
	}
	return urls
}

// vendor is one of those who sell.
func (t *torture) vendor(n int) *vendor {
	return &vendor{person: t.crowd.person(vendorNumber + n), stall: Stall{stack.Shop, stack.Secret, stack.Product}, sales: t.sales}
}

// opening sells the first vouchers in peace, or has them made where none are sold.
func (t *torture) opening(ctx context.Context) error {
	if !t.options.Mix.sells() {
		stock := openingStock
		if t.options.Hasty {
			stock = hastyStock
		}
		codes, err := t.stack.Fill(ctx, stock, Worth)
		t.crowd.pool.add(Worth, codes...)
		return err
	}
	first := t.vendor(t.options.Mix.Vendors)
	first.sales = &sales{}
	for range openingOrders {
		first.order(ctx, 3, true)
	}
	want := 0
	for _, s := range first.sales.all() {
		t.sales.add(s)
		want += s.units()
	}
	within := recoverWithin
	if t.options.Hasty {
		within = hastyOpening
	}
	for until := time.Now().Add(within); t.circulate() < want; {
		if !pause(ctx, breath) {
			return ctx.Err()
		}
		if time.Now().After(until) {
			t.violated(Violation{"while nothing is wrong what is bought is mailed", fmt.Sprintf("%d of %d vouchers within %s", t.circulate(), want, within)})
			return nil
		}
	}
	return nil
}

// circulate brings what was mailed into circulation, and counts all that is.
func (t *torture) circulate() int {
	t.crowd.pool.add(Worth, t.mails.fresh()...)
	return t.crowd.pool.len()
}

// fight lets everybody and everything loose.
func (t *torture) fight(ctx context.Context) error {
	length := t.options.Duration
	if t.options.unhurried() {
		length = atMost
	}
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var crowd, shops sync.WaitGroup
	mix := t.options.Mix
	if mix.Members > 0 {
		if err := t.crowd.person(memberNumber).rules(ctx); err != nil {
			return err
		}
	}
	for i := range mix.Carts {
		crowd.Go(func() { t.crowd.person(i).shops(ctx) })
	}
	for i := range mix.Strangers {
		crowd.Go(func() { t.crowd.stranger(i).shops(ctx) })
	}
	for i := range mix.Tills {
		crowd.Go(func() { t.crowd.person(mix.Carts + i).serves(ctx) })
	}
	for i := range mix.Vendors {
		shops.Go(func() { t.vendor(i).sells(ctx) })
	}
	for i := range mix.Members {
		crowd.Go(func() { t.crowd.person(memberNumber + i).joins(ctx) })
	}
	if mix.Clerk {
		crowd.Go(func() { (&clerk{t.crowd.person(clerkNumber)}).works(ctx) })
	}
	crowd.Go(func() { t.misdeliver(ctx) })
	if !mix.losesRedis() {
		crowd.Go(func() { t.seen.watch(ctx) })
	}
	crowd.Go(func() { t.overhear(ctx) })
	if t.options.Hasty {
		crowd.Go(func() {
			for pause(ctx, 5*breath) && !t.enough() {
			}
			cancel()
		})
	}
	if t.options.Orders > 0 {
		crowd.Go(func() { shops.Wait(); cancel() })
	}
	err := t.hurt(ctx, cancel)
	crowd.Wait()
	shops.Wait()
	return errors.Join(err, t.nemesis.heal(context.WithoutCancel(ctx)))
}

// enough tells whether the first violation is enough, and there is one already.
func (t *torture) enough() bool { return t.options.Hasty && len(t.crowd.book.unwanted()) > 0 }

// hurt makes the faults of the mix, those of Redis beside all others, and then cancels the fight.
func (t *torture) hurt(ctx context.Context, cancel context.CancelFunc) error {
	redis, others := t.chosen()
	second := t.hand(3<<32, &t.hurts.redis)
	if len(others) > 0 {
		second.mix.Rest = 4 * restMost // or Redis would be away most of the time, and nothing else be tried
	}
	var faults [2]error
	var hands sync.WaitGroup
	hands.Go(func() {
		if faults[0] = second.runs(ctx, redis); faults[0] != nil {
			cancel()
		}
	})
	faults[1] = t.nemesis.runs(ctx, others)
	cancel()
	hands.Wait()
	for _, counts := range []map[string]int{second.counts, t.nemesis.counts} {
		maps.Copy(t.report.Faults, counts)
	}
	return errors.Join(faults[:]...)
}

// chosen are the faults of the mix: those that hurt Redis alone, and all others.
func (t *torture) chosen() (redis, others []Fault) {
	for _, f := range Faults() {
		switch {
		case !slices.Contains(t.options.Mix.Faults, f.Name):
		case strings.HasPrefix(f.Name, "redis"):
			redis = append(redis, f)
		default:
			others = append(others, f)
		}
	}
	return redis, others
}

// misdeliver lets the mail server misbehave, and brings into circulation what it has taken nevertheless.
func (t *torture) misdeliver(ctx context.Context) {
	random := rand.New(rand.NewPCG(t.options.Seed, 2<<32))
	rude := t.options.Mix.rude
	for pause(ctx, 5*breath) {
		if len(rude) > 0 && random.IntN(3) == 0 {
			t.sink.Next(rude[random.IntN(len(rude))])
		}
		t.circulate()
	}
}

func (t *torture) violated(found ...Violation) {
	t.report.Violations = append(t.report.Violations, found...)
}

func (t *torture) dir() string {
	if t.stack == nil {
		return ""
	}
	return t.stack.Dir()
}

func (t *torture) close() error {
	var faults []error
	if t.stack != nil {
		t.stack.Keep(len(t.report.Violations) > 0)
		faults = append(faults, t.stack.Close())
	}
	if t.wire != nil {
		t.wire.Close()
	}
	if t.sink != nil {
		t.sink.Close()
	}
	return errors.Join(faults...)
}
