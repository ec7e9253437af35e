package retail

import (
	"context"
	"fmt"
	"sync"
)

// turns lets those who come for the same thing in a few at a time: mails to one domain, repeats of one
// webhook. A hundred repeats would otherwise wait for one row with a hundred connections, which costs
// all others theirs, and the last of them more time than a statement has. Each process has turns of its
// own; what must be so for all of them the database sees to.
type turns struct {
	most int // at once
	mu   sync.Mutex
	now  map[string]*turn
}

// turn is one thing that somebody has or waits for.
type turn struct {
	taken chan struct{} // holds one token for each who has it
	crowd int           // who has it or waits; the last one clears up
}

func newTurns(most int) *turns { return &turns{most: most, now: map[string]*turn{}} }

// take waits for the turn, at most until the context ends. Whoever gets it must give it back.
func (t *turns) take(ctx context.Context, what string) (giveBack func(), err error) {
	mine := t.join(what)
	select {
	case mine.taken <- struct{}{}:
		return func() {
			<-mine.taken
			t.leave(what, mine)
		}, nil
	case <-ctx.Done():
		t.leave(what, mine)
		return nil, fmt.Errorf("wait for a turn: %w", context.Cause(ctx))
	}
}

func (t *turns) join(what string) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine := t.now[what]
	if mine == nil {
		mine = &turn{taken: make(chan struct{}, t.most)}
		t.now[what] = mine
	}
	mine.crowd++
	return mine
}

func (t *turns) leave(what string, mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if mine.crowd--; mine.crowd == 0 {
		delete(t.now, what)
	}
}
