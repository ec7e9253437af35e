package torture

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"vouchsafe/retail/hold/holdtest"
)

const (
	latencyHands = 8                      // tills at once, each with codes of its own
	latencyRest  = 30 * time.Millisecond  // between two acts of one of them: some 200 acts a second in all
	stalledMost  = 200 * time.Millisecond // p99 while Redis does not answer
	backWithin   = 3 * time.Second        // until the first success, once PostgreSQL accepts connections again
)

// Latency measures what one fault costs those who wait for an answer (G9): Redis that does not answer, one of two gateways that is
// killed, PostgreSQL that starts anew.
func Latency(ctx context.Context, o Options) (Report, error) {
	t := newTorture(o)
	err := t.latency(ctx)
	t.report.Dir = t.dir()
	return t.report, errors.Join(err, t.close())
}

// phase is what was seen of one fault.
type phase struct {
	name    string
	mu      sync.Mutex
	took    []time.Duration // of what was answered, with its repeats
	answers map[string]int
	ready   atomic.Int64 // nanoseconds from when the store accepted connections to the first success after it; 0 for none yet
}

// latency makes one fault after the other, each for a quarter of the time.
func (t *torture) latency(ctx context.Context) error {
	t.options.Mix = Mix{Name: "latency", InPlay: 1}
	if err := t.open(ctx); err != nil {
		return err
	}
	codes, err := t.stack.Fill(ctx, latencyHands, 1_000_000_00)
	if err != nil {
		return err
	}
	t.report.Latencies, t.report.Outcomes = map[string]Spent{}, map[string]int{}
	var restarted atomic.Int64
	for n, fault := range []struct {
		name  string
		makes func(ctx context.Context) error
	}{
		{"nothing", func(context.Context) error { return nil }},
		{"Redis stalled", func(context.Context) error { t.wire.Set(holdtest.Stall); return nil }},
		{"a gateway killed", func(ctx context.Context) error { t.wire.Set(holdtest.Pass); return t.nemesis.killGateway(ctx) }},
		{"PostgreSQL restarted", func(ctx context.Context) error {
			err := t.stack.RestartDatabase(ctx)
			restarted.Store(time.Now().UnixNano())
			return err
		}},
	} {
		p, err := t.phase(ctx, n, fault.name, codes, &restarted, fault.makes)
		if err != nil {
			return fmt.Errorf("%s: %w", fault.name, err)
		}
		t.judgePhase(p)
	}
	return nil
}

// phase lets the tills work through one fault.
func (t *torture) phase(ctx context.Context, n int, name string, codes []string, restarted *atomic.Int64, fault func(context.Context) error) (*phase, error) {
	p := &phase{name: name, answers: map[string]int{}}
	fight, cancel := context.WithTimeout(ctx, t.options.Duration/4)
	defer cancel()
	var hands sync.WaitGroup
	for h, code := range codes {
		hands.Go(func() {
			till := t.crowd.person(n*latencyHands + h)
			for pause(fight, latencyRest) {
				answer, began := till.tries(fight, code)
				p.count(answer, began, restarted)
			}
		})
	}
	pause(fight, 10*breath)
	err := fault(ctx)
	hands.Wait()
	return p, err
}

// tries redeems a little, and once more at the other gateway where nobody answered, as any client does. It returns how it ended.
func (p *person) tries(ctx context.Context, code string) (answer reply, began time.Time) {
	r := p.payment(code, p.name("pay"), 1)
	began = time.Now()
	for again := range 2 {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		answer = p.door.ask(limited, p.n+p.acts+again, r.method, r.path, r.key, r.body)
		cancel()
		p.asked.Add(1)
		if answer.status != 0 {
			break
		}
	}
	return answer, began
}

// count notes an answer.
func (p *phase) count(answer reply, began time.Time, restarted *atomic.Int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.took = append(p.took, time.Since(began))
	p.answers[fmt.Sprintf("%s: answered %d", p.name, answer.status)]++
	if since := restarted.Load(); since > 0 && answer.status < http.StatusBadRequest && answer.status > 0 {
		p.ready.CompareAndSwap(0, time.Now().UnixNano()-since)
	}
}

// judgePhase says what must not have been.
func (t *torture) judgePhase(p *phase) {
	s := spent(p.took)
	t.report.Latencies[p.name] = s
	t.report.Requests = t.crowd.asked.Load()
	for what, n := range p.answers {
		t.report.Outcomes[what] = n
	}
	for what, n := range p.answers {
		switch what {
		case p.name + ": answered 200", p.name + ": answered 201":
		case "PostgreSQL restarted: answered 503":
		default:
			t.violated(Violation{"one fault fails nobody who tries once more", fmt.Sprintf("%d times %s", n, what)})
		}
	}
	if p.name == "Redis stalled" && s.P99 > stalledMost {
		t.violated(Violation{"without Redis answers are slower, not slow", fmt.Sprintf("p99 %s, want %s", s.P99, stalledMost)})
	}
	if p.name == "PostgreSQL restarted" {
		ready := time.Duration(p.ready.Load())
		t.report.Recovered = ready
		if ready == 0 || ready > backWithin {
			t.violated(Violation{"work goes on when PostgreSQL is back", fmt.Sprintf("first success after %s, want %s", ready, backWithin)})
		}
	}
}
