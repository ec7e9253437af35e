package torture

import (
	"context"
	crand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"vouchsafe/retail/voucher"
)

const (
	guessedCodes = 100_000                 // live ones that somebody tries to hit
	guessTills   = 8                       // registers that guess
	guessBuyers  = 100                     // addresses that do so through a webshop
	guessHands   = 24                      // requests at once
	knownAfter   = 20_000                  // guesses until every guesser is surely known
	honestEvery  = 50 * time.Millisecond   // between two questions of a register that has nothing to do with it
	honestMost   = 1500 * time.Millisecond // what it may wait at most, on a machine that is busy with guesses
	passedMost   = 0.001                   // part of the guesses that may be looked up once the guessers are known
)

// Guess lets registers and the buyers of a webshop type codes that they have made up (G14): none may hit, next to none may be looked up
// once the guessers are known, and a register that has nothing to do with it is served as ever.
func Guess(ctx context.Context, o Options) (Report, error) {
	t := newTorture(o)
	err := t.guesses(ctx)
	t.report.Dir = t.dir()
	return t.report, errors.Join(err, t.close())
}

// tally counts what became of guesses.
type tally struct {
	all, hits, told, refused, odd atomic.Int64
	late, lateTold                atomic.Int64 // in the second half of the time
}

func (t *torture) guesses(ctx context.Context) error {
	t.options.Mix = Mix{Name: "guess", InPlay: 50}
	if err := t.open(ctx); err != nil {
		return err
	}
	codes, err := t.stack.Fill(ctx, guessedCodes, Worth)
	if err != nil {
		return err
	}
	t.crowd.pool.add(Worth, codes...)
	var keys []string
	for n := range guessTills {
		key, err := t.stack.Do(ctx, "key", "add", "--scope", "till", "--register", fmt.Sprintf("guesser-%d", n))
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	fight, cancel := context.WithTimeout(ctx, t.options.Duration)
	defer cancel()
	var made tally
	half := time.Now().Add(t.options.Duration / 2)
	var crowd sync.WaitGroup
	for n := range guessHands {
		crowd.Go(func() { t.crowd.person(n).guess(fight, keys, &made, half) })
	}
	t.crowd.person(clerkNumber).asksHonestly(fight)
	crowd.Wait()
	t.judgeGuesses(&made)
	return nil
}

// guess types one made-up code after the other, as a register or as the buyer of a webshop.
func (p *person) guess(ctx context.Context, tills []string, made *tally, half time.Time) {
	for ctx.Err() == nil {
		code, err := voucher.NewCode(crand.Reader)
		if err != nil {
			return
		}
		key, body := tills[p.random.IntN(len(tills))], fmt.Sprintf(`{"code":%q}`, code.Canonical())
		if p.chance(50) {
			key = p.keys.Shop
			body = fmt.Sprintf(`{"code":%q,"buyer":{"ip":"192.0.2.%d"}}`, code.Canonical(), p.random.IntN(guessBuyers))
		}
		answer := p.door.ask(ctx, p.random.IntN(64), http.MethodPost, "/v1/balance", key, body)
		p.asked.Add(1)
		made.count(answer, time.Now().After(half))
	}
}

// count notes what became of a guess.
func (t *tally) count(answer reply, late bool) {
	if answer.status == 0 {
		return // the run is over
	}
	t.all.Add(1)
	if late {
		t.late.Add(1)
	}
	switch answer.status {
	case http.StatusOK:
		t.hits.Add(1)
	case http.StatusTooManyRequests:
		t.refused.Add(1)
	case http.StatusNotFound, http.StatusUnprocessableEntity:
		t.told.Add(1)
		if late {
			t.lateTold.Add(1)
		}
	default:
		t.odd.Add(1)
	}
}

// asksHonestly is a register whose codes are good.
func (p *person) asksHonestly(ctx context.Context) {
	for pause(ctx, honestEvery) {
		code := p.pool.draw(p.random)
		p.once(ctx, request{
			in: input{Code: code, Verb: doBalance}, method: http.MethodPost, path: "/v1/balance", key: p.keys.Till, body: fmt.Sprintf(`{"code":%q}`, code),
		}, patience)
	}
}

// judgeGuesses says what must not have been.
func (t *torture) judgeGuesses(made *tally) {
	t.figures()
	t.report.Outcomes = map[string]int{
		"guesses": int(made.all.Load()), "guesses refused unseen": int(made.refused.Load()), "guesses looked up": int(made.told.Load()),
		"guesses looked up, second half": int(made.lateTold.Load()), "honest questions": t.crowd.book.len(),
	}
	if n := made.hits.Load(); n > 0 {
		t.violated(Violation{"nobody guesses a code", fmt.Sprintf("%d were hit", n)})
	}
	if n := made.odd.Load(); n > 0 {
		t.violated(Violation{"a guess is refused as unknown or too many", fmt.Sprintf("%d were answered otherwise", n)})
	}
	if late, told := made.late.Load(), made.lateTold.Load(); made.all.Load() > knownAfter && float64(told) > float64(late)*passedMost {
		t.violated(Violation{"who guesses is not even looked at", fmt.Sprintf("%d of the last %d guesses were looked up", told, late)})
	}
	for _, a := range t.crowd.book.attempts {
		if a.out.Result != done || a.back-a.called > honestMost {
			said, _ := json.Marshal(a.out) // two fields that always have a text
			t.violated(Violation{"an honest register is served as ever", fmt.Sprintf("%s after %s", said, a.back-a.called)})
			return
		}
	}
}
