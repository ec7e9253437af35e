package throttle

import (
	"sync"
	"time"
)

// cleanFor is how long somebody who had no wrong codes is believed to have none, unless this process counts one: the honest register
// costs Redis five questions a second, not one for every customer. What another gateway counts is seen that much later.
const cleanFor = 200 * time.Millisecond

// clean are those who had no wrong codes when Redis was last asked.
type clean struct {
	mu    sync.Mutex
	until map[Who]time.Time
}

func newClean() *clean { return &clean{until: map[Who]time.Time{}} }

// all tells whether none of these has a wrong code, as far as is known.
func (c *clean) all(who []Who, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range who {
		if !now.Before(c.until[w]) {
			return false
		}
	}
	return true
}

// add remembers somebody without wrong codes. When too many are remembered all are asked for again.
func (c *clean) add(w Who, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.until) >= remembered {
		clear(c.until)
	}
	c.until[w] = now.Add(cleanFor)
}

// drop forgets somebody: he may have a wrong code now.
func (c *clean) drop(w Who) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.until, w)
}
