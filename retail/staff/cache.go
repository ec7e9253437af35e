package staff

import (
	"sync"
	"time"
)

const (
	// keepFor is how long a key that was read counts without asking again: so long a revoked key may still work in
	// another process.
	keepFor = 5 * time.Second
	// askFor is how long others go on with what was read before while one of them asks again, so that a busy key
	// sends one question and not one for each request in flight.
	askFor = time.Second
	// keepKeys bounds the cache: more keys than a chain has registers, a few megabytes.
	keepKeys = 4096
)

// known is a live key as it was read.
type known struct {
	actor Actor
	hash  []byte
	until time.Time
}

// cache keeps live keys for a moment. It never keeps that a key is not live: only what exists gets in, so strangers
// can't fill it.
type cache struct {
	now   func() time.Time
	guard sync.Mutex
	keys  map[string]known
}

func newCache(now func() time.Time) *cache { return &cache{now: now, keys: map[string]known{}} }

// lookUp gives a key that was read. When it is not fresh, or there is none, the caller is to read it and keep it.
func (c *cache) lookUp(id string) (key known, fresh bool) {
	c.guard.Lock()
	defer c.guard.Unlock()
	key, found := c.keys[id]
	if !found {
		return known{}, false
	}
	now := c.now()
	if now.Before(key.until) {
		return key, true
	}
	// This caller asks; the others have askFor more, unless it has long been out of use.
	if now.Sub(key.until) < keepFor {
		asked := key
		asked.until = now.Add(askFor)
		c.keys[id] = asked
	}
	return key, false
}

// keep holds a key that was just read, and gives it back.
func (c *cache) keep(key known) known {
	c.guard.Lock()
	defer c.guard.Unlock()
	now := c.now()
	key.until = now.Add(keepFor)
	c.keys[key.actor.KeyID] = key
	if len(c.keys) > keepKeys {
		c.shrink(now, key.actor.KeyID)
	}
	return key
}

// shrink drops what is old, and if that is not enough some other key, but never the one just read.
func (c *cache) shrink(now time.Time, newest string) {
	for id, key := range c.keys {
		if !now.Before(key.until) {
			delete(c.keys, id)
		}
	}
	for id := range c.keys {
		if len(c.keys) <= keepKeys {
			return
		}
		if id != newest {
			delete(c.keys, id)
		}
	}
}

// forget drops a key that is no longer live.
func (c *cache) forget(id string) {
	c.guard.Lock()
	defer c.guard.Unlock()
	delete(c.keys, id)
}
