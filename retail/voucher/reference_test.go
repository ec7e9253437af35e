package voucher_test

import (
	"time"

	"vouchsafe/retail/voucher"
)

// reference is the rule book once more, told as simply as can be and in whole kroner: who holds the
// one voucher, what is in it, and what each key has done. Its acts tell whether they are allowed.
type reference struct {
	now            time.Time
	balance, fence int64
	paid           int64 // of the balance was paid for, as it was told
	ended          bool
	blocks         map[voucher.BlockKind]bool
	last           *promise            // the latest reservation
	keys           map[string]*promise // by owner and key
	dead           map[string]bool     // reservation keys that never open again
	acts           map[string]*booking // by kind, owner and key
}

// promise is a reservation.
type promise struct {
	owner, key, cart string
	amount, fence    int64
	until            time.Time
	state            voucher.ReservationState // active also when its time is over
}

// booking is an act that moved money.
type booking struct {
	content   any
	amount    int64
	takenBack int64
	at        time.Time
	reversed  bool
	source    *booking
	of        *promise
}

func newReference(now time.Time, balance int64) *reference {
	return &reference{
		now: now, balance: balance, blocks: make(map[voucher.BlockKind]bool), keys: make(map[string]*promise),
		dead: make(map[string]bool), acts: make(map[string]*booking),
	}
}

func (m *reference) stopped() bool {
	return m.ended || m.blocks[voucher.OrderBlock] || m.blocks[voucher.OfficeBlock]
}

// live is the promise that excludes others now.
func (m *reference) live() *promise {
	if m.last != nil && m.last.state == voucher.Reserved && m.now.Before(m.last.until) {
		return m.last
	}
	return nil
}

func (m *reference) free() int64 {
	if live := m.live(); live != nil {
		return m.balance - live.amount
	}
	return m.balance
}

func (m *reference) grant(owner, key, cart string) *promise {
	m.fence++
	m.last = &promise{owner: owner, key: key, cart: cart, fence: m.fence, until: m.now.Add(24 * time.Hour), state: voucher.Reserved}
	return m.last
}

func (m *reference) reserve(owner, key, cart string, due int64) bool {
	name := owner + key
	own := m.keys[name]
	switch {
	case m.dead[name]:
		return false
	case own != nil && own.state == voucher.Captured:
		return true
	case m.stopped() || m.balance == 0:
		return false
	}
	live := m.live()
	if live != nil && live != own && (live.owner != owner || live.cart != cart) {
		return false
	}
	if live == nil {
		live = m.grant(owner, key, cart)
	}
	live.cart, live.amount, m.keys[name] = cart, min(due, m.balance), live
	return true
}

func (m *reference) capture(owner, key, order string, amount int64) bool {
	own := m.keys[owner+key]
	if own == nil {
		return false
	}
	name := "redemption" + owner + own.key
	if own.state == voucher.Captured {
		done := m.acts[name]
		return done != nil && done.of == own && done.content == order && !done.reversed && (amount == 0 || amount == done.amount)
	}
	if amount == 0 {
		amount = own.amount
	}
	late := !m.now.Before(own.until)
	revivable := own.fence == m.fence && m.now.Before(own.until.Add(72*time.Hour))
	if m.stopped() || own.state != voucher.Reserved || late && !revivable || amount > own.amount || m.acts[name] != nil {
		return false
	}
	own.state = voucher.Captured
	m.balance -= amount
	m.acts[name] = &booking{content: order, amount: amount, at: m.now, of: own}
	return true
}

func (m *reference) release(owner, key string, final bool) {
	own := m.keys[owner+key]
	if own != nil && own == m.live() {
		own.state = voucher.Released
	}
	if final && (own == nil || own.state != voucher.Captured) {
		m.dead[owner+key] = true
	}
}

func (m *reference) voidLive() {
	if live := m.live(); live != nil {
		live.state = voucher.Voided
	}
}

func (m *reference) redeem(owner, key string, amount int64, partial bool) bool {
	type content struct {
		amount  int64
		partial bool
	}
	name := "redemption" + owner + key
	if done := m.acts[name]; done != nil {
		return done.content == content{amount, partial} && !done.reversed
	}
	live := m.live()
	if m.stopped() || m.balance == 0 || live != nil && live.owner != owner || amount > m.balance && !partial {
		return false
	}
	if live == nil {
		live = m.grant(owner, key, owner)
	}
	taken := min(amount, m.balance)
	m.balance -= taken
	live.state = voucher.Captured
	m.acts[name] = &booking{content: content{amount, partial}, amount: taken, at: m.now, of: live}
	return true
}

func (m *reference) reload(key string, amount int64) bool {
	name := "reload" + till + key
	if done := m.acts[name]; done != nil {
		return done.content == amount && !done.reversed
	}
	if m.stopped() || m.balance+amount > 1000 {
		return false
	}
	m.balance += amount
	m.acts[name] = &booking{content: amount, amount: amount, at: m.now}
	return true
}

func (m *reference) refund(key, owner, of string, amount int64) bool {
	type content struct {
		owner, of string
		amount    int64
	}
	name, source := "refund"+till+key, m.acts["redemption"+owner+of]
	if done := m.acts[name]; done != nil {
		return done.content == content{owner, of, amount} && !done.reversed
	}
	if source == nil || m.ended {
		return false
	}
	left := source.amount - source.takenBack
	given := amount
	if amount == 0 {
		given = left
	}
	if given > left || given == 0 {
		return false
	}
	source.takenBack += given
	m.balance += given
	m.acts[name] = &booking{content: content{owner, of, amount}, amount: given, at: m.now, source: source}
	return true
}

// reverse takes back what is left of an act; sign is what the act did to the balance.
func (m *reference) reverse(kind voucher.ActKind, owner, key string) bool {
	done := m.acts[string(kind)+owner+key]
	if done == nil || done.reversed {
		return done != nil
	}
	left := done.amount - done.takenBack
	if m.ended || !m.now.Before(done.at.Add(24*time.Hour)) || left == 0 && done.amount > 0 {
		return false
	}
	switch {
	case kind == voucher.Redemptions:
		m.balance += left
	case m.free() < left || kind == voucher.Reloads && m.paid < left || done.source != nil && done.source.reversed:
		return false
	default:
		m.balance -= left
		m.fence++
	}
	if done.source != nil {
		done.source.takenBack -= left
	}
	done.takenBack, done.reversed = done.amount, true
	return true
}

func (m *reference) invalidate() {
	if m.ended {
		return
	}
	m.voidLive()
	m.ended, m.balance = true, 0
	m.fence++
}

func (m *reference) block(kind voucher.BlockKind, on bool) bool {
	if m.ended {
		return false
	}
	m.blocks[kind] = on
	return true
}
