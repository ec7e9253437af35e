package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Keys are API keys: of two shops, a register and the office.
type Keys struct{ Shop, Stranger, Till, Admin string }

// crowd is everybody who uses the installation.
type crowd struct {
	door  *door
	keys  Keys
	book  *history
	start time.Time
	pool  *pool
	seed  uint64
	mix   Mix
	hurts *pains

	wallets    accounts
	asked      atomic.Int64    // requests
	reversible map[string]bool // keys of what somebody takes back, in whole or in part
	mu         sync.Mutex      // of reversible
}

const (
	patience  = 8 * time.Second         // how long a client waits for one answer
	impatient = 250 * time.Millisecond  // how long a hasty one does
	insists   = 6                       // how often a client repeats what was not answered
	breath    = 40 * time.Millisecond   // between repeats
	ponders   = 1200 * time.Millisecond // how long a customer may think it over
	purse     = 400                     // largest amount of one act, minor units
	twins     = 10_000                  // people's twins are numbered beyond all people
)

// person is one of the crowd.
type person struct {
	*crowd
	n      int
	shop   string // the API key of a customer's shop
	house  string // what tells the keys of that shop from those of the first, in the histories
	random *rand.Rand
	acts   int // begun
}

func (c *crowd) person(n int) *person {
	return &person{crowd: c, n: n, shop: c.keys.Shop, random: rand.New(rand.NewPCG(c.seed, uint64(n)))}
}

// stranger is a customer of the second shop, which names its carts as the first one does.
func (c *crowd) stranger(n int) *person {
	p := c.person(n)
	p.shop, p.house, p.random = c.keys.Stranger, otherHouse, rand.New(rand.NewPCG(c.seed, uint64(n)+twins))
	return p
}

// chance is true so many times of a hundred.
func (p *person) chance(percent int) bool { return p.random.IntN(100) < percent }

// name makes a key that nobody else of the same owner has.
func (p *person) name(kind string) string {
	p.acts++
	if p.mix.Poison && p.random.IntN(12) == 0 {
		kind = poisoned + kind
	}
	return fmt.Sprintf("%s-%d-%d", kind, p.n, p.acts)
}

// poisoned begins the keys of acts that the database refuses where a mix wants it.
const poisoned = "poison-"

// request is what is asked under one key, however often.
type request struct {
	in                      input
	method, path, key, body string
}

// once sends a request and writes down what came of it.
func (p *person) once(ctx context.Context, r request, wait time.Duration) output {
	answer, a := p.asks(ctx, r, wait)
	var err error
	if a.out, err = answer.read(r.in.Verb); err == errNothing {
		return output{Result: unknown}
	}
	if answer.broken() && p.spoiled(r.in.Key) {
		return output{Result: failed} // as it must: nothing of it has happened
	}
	if a.out.Result != unknown {
		a.answer = answer.compact()
	}
	p.book.add(a)
	return a.out
}

// asks sends a request and begins the attempt that will tell of it.
func (p *person) asks(ctx context.Context, r request, wait time.Duration) (reply, attempt) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait)
	defer cancel()
	a := attempt{client: p.n, called: time.Since(p.start), in: r.in, during: p.hurts.name()}
	answer := p.door.ask(limited, p.random.IntN(64), r.method, r.path, r.key, r.body)
	a.back = time.Since(p.start)
	p.asked.Add(1)
	return answer, a
}

// insist repeats a request until it is answered, or the client has had enough. Some click twice; both clicks are the same act.
func (p *person) insist(ctx context.Context, r request) output {
	wait := p.patience()
	if p.chance(15) {
		second := p.twice(ctx, func(twin *person) { twin.once(ctx, r, wait) })
		defer second.Wait()
	}
	out := output{Result: unknown}
	for range insists {
		if out = p.once(ctx, r, wait); out.Result != unknown || !pause(ctx, breath) {
			break
		}
	}
	return out
}

// obtains insists until what nobody can refuse is granted, however slow the machine is.
func (p *person) obtains(ctx context.Context, r request) error {
	for until := time.Now().Add(recoverWithin); time.Now().Before(until); {
		switch out := p.insist(ctx, r); out.Result {
		case done:
			return nil
		case unknown:
		default:
			return fmt.Errorf("a fresh code was refused: %s", out.Result)
		}
	}
	return fmt.Errorf("nobody was answered within %s", recoverWithin)
}

// patience is how long this client waits.
func (p *person) patience() time.Duration {
	if p.chance(5) {
		return impatient
	}
	return patience
}

// twice lets somebody do the same at the same time.
func (p *person) twice(_ context.Context, does func(twin *person)) *sync.WaitGroup {
	twin := *p
	twin.n, twin.random = p.n+twins, rand.New(rand.NewPCG(p.seed, p.random.Uint64()))
	var second sync.WaitGroup
	second.Go(func() { does(&twin) })
	return &second
}

// pause is false when the context ends first.
func pause(ctx context.Context, d time.Duration) bool {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-wait.C:
		return true
	}
}

// ponder lets some people think it over, as long as the context allows.
func (p *person) ponder(ctx context.Context) {
	if p.chance(p.mix.Dawdle) {
		pause(ctx, time.Duration(p.random.Int64N(int64(ponders))))
	}
}

// regrets notes that an act will be taken back, before it is asked for: the books of the model need not remember the others.
func (p *person) regrets(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reversible[key] = true
}

// spoiled tells whether the database refuses what bears a key.
func (p *person) spoiled(key string) bool { return p.mix.Poison && strings.Contains(key, poisoned) }
