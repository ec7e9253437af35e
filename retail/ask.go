package retail

import (
	"errors"
	"sync"
)

// asks lets those who want to know the same thing at the same time share one look at it. What each of them is told was looked for after
// he had asked: whoever comes while somebody is looking shares the next look, so that nobody is told what was so before he came.
type asks[T any] struct {
	mu  sync.Mutex
	now map[string]*ask[T] // the look that is under way
}

// errNotSeen is what those are told who share a look that came to no end.
var errNotSeen = errors.New("the look was broken off")

// ask is one look.
type ask[T any] struct {
	done  chan struct{}
	value T
	err   error
	next  *ask[T] // of those who came meanwhile; nil while there is nobody
}

// share looks, or is told what somebody else sees. A look may serve others as well: it must not end with its caller.
func (s *asks[T]) share(what string, look func() (T, error)) (T, error) {
	mine, before, leads := s.join(what)
	if !leads {
		<-mine.done
		return mine.value, mine.err
	}
	if before != nil {
		<-before.done
	}
	defer s.leave(what, mine)
	mine.value, mine.err = look()
	return mine.value, mine.err
}

// join finds the look to share; whoever leads makes it, when the one before is done.
func (s *asks[T]) join(what string) (mine, before *ask[T], leads bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	current := s.now[what]
	if current != nil && current.next != nil {
		return current.next, nil, false
	}
	mine = &ask[T]{done: make(chan struct{}), err: errNotSeen}
	if current != nil {
		current.next = mine
		return mine, current, true
	}
	if s.now == nil {
		s.now = map[string]*ask[T]{}
	}
	s.now[what] = mine
	return mine, nil, true
}

// leave ends a look and lets the next begin.
func (s *asks[T]) leave(what string, mine *ask[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if mine.next != nil {
		s.now[what] = mine.next
	} else {
		delete(s.now, what)
	}
	close(mine.done)
}
