package throttle

import (
	"slices"
	"sync"
	"time"
)

// remembered bounds the process's memory against a guesser who changes his
// name with every guess: some 5 MB at most.
const remembered = 4096

// counters are the wrong codes that this process was told of.
type counters struct {
	mu    sync.Mutex
	names map[string][]time.Time // newest first, never empty
}

func newCounters() *counters {
	return &counters{names: map[string][]time.Time{}}
}

// wrong returns a copy of what is known of a name, newest first.
func (c *counters) wrong(name string) []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.names[name])
}

// add counts a wrong code and keeps the newest of them.
func (c *counters) add(name string, at time.Time, keep int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wrong, known := c.names[name]
	if !known && len(c.names) >= remembered {
		c.makeRoom(at)
	}
	wrong = slices.Insert(wrong, 0, at)
	c.names[name] = wrong[:min(int64(len(wrong)), keep)]
}

// makeRoom drops whatever no rule looks at any more, or else the name that has
// been quiet for longest.
func (c *counters) makeRoom(now time.Time) {
	var quiet string
	var since time.Time
	for name, wrong := range c.names {
		if now.Sub(wrong[0]) >= remember {
			delete(c.names, name)
			continue
		}
		if quiet == "" || wrong[0].Before(since) {
			quiet, since = name, wrong[0]
		}
	}
	if len(c.names) >= remembered {
		delete(c.names, quiet)
	}
}
