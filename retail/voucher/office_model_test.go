package voucher_test

import (
	"time"

	"pgregory.net/rapid"
)

// adjust is an adjustment of the reference: by a difference, or to a balance in the place of another.
func (m *reference) adjust(key string, delta int64, set, expected *int64) bool {
	type content struct {
		delta, set, expected int64
		sets                 bool
	}
	asked := content{delta: delta}
	if set != nil {
		asked = content{set: *set, expected: *expected, sets: true}
	}
	name := "adjustment" + office + key
	if done := m.acts[name]; done != nil {
		return done.content == asked && !done.reversed
	}
	if m.ended || set != nil && (m.live() != nil || *expected != m.balance) {
		return false
	}
	if set != nil {
		delta = *set - m.balance
	}
	if delta < 0 && m.free() < -delta || delta > 0 && m.balance+delta > 1000 {
		return false
	}
	m.balance += delta
	if delta < 0 {
		m.fence++
	}
	m.acts[name] = &booking{content: asked, amount: delta, at: m.now}
	return true
}

// readjust takes an adjustment back.
func (m *reference) readjust(key string) bool {
	done := m.acts["adjustment"+office+key]
	if done == nil || done.reversed {
		return done != nil
	}
	if m.ended || !m.now.Before(done.at.Add(24*time.Hour)) || done.amount > 0 && m.free() < done.amount {
		return false
	}
	m.balance -= done.amount
	if done.amount > 0 {
		m.fence++
	}
	done.reversed = true
	return true
}

func (m *machine) adjusts(t *rapid.T) {
	key, delta := keys().Draw(t, "key"), whole().Draw(t, "delta")
	if rapid.Bool().Draw(t, "taken") {
		delta = -delta
	}
	m.does(t, moves(key, delta), m.model.adjust(key, delta, nil, nil))
}

func (m *machine) sets(t *rapid.T) {
	key, to, expected := keys().Draw(t, "key"), fewOrNone().Draw(t, "to"), m.model.balance
	if rapid.IntRange(0, 3).Draw(t, "stale") == 0 {
		expected = fewOrNone().Draw(t, "expected")
	}
	m.does(t, sets(key, to, expected), m.model.adjust(key, 0, &to, &expected))
}

func (m *machine) readjusts(t *rapid.T) {
	key := keys().Draw(t, "key")
	m.does(t, reverse(adjustment(key)), m.model.readjust(key))
}
