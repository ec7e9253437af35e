package ledger

import (
	"context"
	"fmt"
	"sync"
)

const (
	maxTogether = 64   // questions in one group
	maxAsked    = 4096 // questions waiting; beyond it the caller is told to come back
)

// gather answers questions together: those that come while a group is on its way make the next one, so that one round trip serves
// all of them. There is no timer; a question that comes alone waits for nobody.
type gather[Q, A any] struct {
	ask     func(ctx context.Context, questions []Q) ([]A, error)
	queue   chan question[Q, A]
	closing sync.RWMutex // held for reading while a question is queued
	closed  bool
}

// question waits for its answer.
type question[Q, A any] struct {
	Q      Q
	answer chan reply[A] // takes exactly one
}

// reply is what became of a question.
type reply[A any] struct {
	answer A
	err    error
}

// newGather starts so many readers, which end with close: groups of questions that are under way at once. The answers of ask have the
// order of its questions.
func newGather[Q, A any](running *sync.WaitGroup, readers int, ask func(ctx context.Context, questions []Q) ([]A, error)) *gather[Q, A] {
	g := &gather[Q, A]{ask: ask, queue: make(chan question[Q, A], maxAsked)}
	for range readers {
		running.Go(g.run)
	}
	return g
}

// close lets the readers answer what is queued and end.
func (g *gather[Q, A]) close() {
	g.closing.Lock()
	defer g.closing.Unlock()
	if !g.closed {
		g.closed = true
		close(g.queue)
	}
}

// get asks one question. It fails with ErrUnavailable when too many wait, or after close.
func (g *gather[Q, A]) get(ctx context.Context, q Q) (answer A, err error) {
	asked := question[Q, A]{q, make(chan reply[A], 1)}
	if !g.enqueue(asked) {
		return answer, fmt.Errorf("queue a question: %w", ErrUnavailable)
	}
	select {
	case r := <-asked.answer:
		return r.answer, r.err
	case <-ctx.Done():
		return answer, context.Cause(ctx)
	}
}

func (g *gather[Q, A]) enqueue(asked question[Q, A]) bool {
	g.closing.RLock()
	defer g.closing.RUnlock()
	if g.closed {
		return false
	}
	select {
	case g.queue <- asked:
		return true
	default:
		return false
	}
}

// run answers group after group.
func (g *gather[Q, A]) run() {
	for first := range g.queue {
		g.settle(g.together(first))
	}
}

// together takes what else is waiting.
func (g *gather[Q, A]) together(first question[Q, A]) []question[Q, A] {
	group := []question[Q, A]{first}
	for len(group) < maxTogether {
		select {
		case next, ok := <-g.queue:
			if !ok {
				return group
			}
			group = append(group, next)
		default:
			return group
		}
	}
	return group
}

// settle asks the questions of a group. What ends one caller's context does not end the others' question.
func (g *gather[Q, A]) settle(group []question[Q, A]) {
	ctx, cancel := context.WithTimeout(context.Background(), readWithin)
	defer cancel()
	questions := make([]Q, len(group))
	for i, asked := range group {
		questions[i] = asked.Q
	}
	answers, err := g.ask(ctx, questions)
	for i, asked := range group {
		if err != nil {
			asked.answer <- reply[A]{err: err}
			continue
		}
		asked.answer <- reply[A]{answer: answers[i]}
	}
}
