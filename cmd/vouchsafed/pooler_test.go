package main

import (
	"testing"

	"vouchsafe/retail/retailtest"
)

// behindPooler is a merchant whose daemons reach PostgreSQL through a pooler in transaction mode, which the schema is brought up
// to date past.
func behindPooler(t *testing.T) *merchant {
	t.Helper()
	direct := retailtest.DatabaseURL(t)
	m := opens(t, "VOUCHSAFE_DATABASE_URL="+retailtest.PooledURL(t, direct), "VOUCHSAFE_MIGRATE_DATABASE_URL="+direct)
	m.url = direct
	return m
}

// P6: the main job through a pooler in transaction mode.
func TestTheStoryThroughAPooler(t *testing.T) {
	t.Parallel()
	theStory(t, behindPooler(t))
}

// P6, P1: the crowd fights for codes through the pooler, whose connections to PostgreSQL break all the time, until enough of them did and somebody was
// refused.
func TestBrokenConnectionsBehindAPoolerLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	m := behindPooler(t)
	f := m.fights(5, 2, m.serves(), m.serves())
	pool := m.look()
	end := f.keepsOn()
	t.Cleanup(end)
	broken, seen := int64(0), int64(0)
	eventually(t, recoversWithin, "enough connections are broken", func() bool {
		if now := f.answered.Load(); now > seen {
			broken, seen = broken+count(t, pool, endBackends), now
		}
		return broken >= 20 && f.fought()
	})
	end()
	f.ends()
}
