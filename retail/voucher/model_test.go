package voucher_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vouchsafe/retail/voucher"
)

// machine does the same to the rule book and to the reference, and compares them after every act.
type machine struct {
	shelf *shelf
	model *reference
}

// The world of the model: two carts, two registers and the office, and few enough keys to meet again.
func carts() *rapid.Generator[string]     { return rapid.SampledFrom([]string{"A", "B"}) }
func registers() *rapid.Generator[string] { return rapid.SampledFrom([]string{till, till2}) }
func owners() *rapid.Generator[string]    { return rapid.SampledFrom([]string{shop, till, till2}) }
func keys() *rapid.Generator[string]      { return rapid.SampledFrom([]string{"a", "b", "c", "d"}) }
func whole() *rapid.Generator[int64]      { return rapid.SampledFrom([]int64{1, 10, 50, 100, 250, 500}) }

func fewOrNone() *rapid.Generator[int64] { return rapid.SampledFrom([]int64{0, 0, 1, 50, 250, 500}) }

// does settles an act, which must be allowed if and only if the reference allowed it, and repeats it:
// the repeat must be answered alike and change nothing.
func (m *machine) does(t *rapid.T, act voucher.Act, allowed bool) {
	t.Helper()
	first, err := m.shelf.tries(act)
	if (err == nil) != allowed {
		t.Fatalf("%+v: got %v, the reference allows it: %t", act, err, allowed)
	}
	m.compare(t, act)
	before, entries := m.shelf.one(), len(m.shelf.entries)
	again, errAgain := m.shelf.tries(act)
	if (err == nil) != (errAgain == nil) || err != nil && err.Error() != errAgain.Error() {
		t.Fatalf("%+v: first %v, then %v", act, err, errAgain)
	}
	if !cmp.Equal(before, m.shelf.one(), compareCases()) || len(m.shelf.entries) != entries {
		t.Fatalf("the repeat of %+v changed the voucher:\n%s", act, cmp.Diff(before, m.shelf.one(), compareCases()))
	}
	if first.Record != nil && !cmp.Equal(first.Record.Stored(), again.Record.Stored(), compareCases()) {
		t.Fatalf("the repeat of %+v is answered otherwise:\n%s", act, cmp.Diff(first.Record, again.Record, compareCases()))
	}
}

// compare holds the voucher against the reference.
func (m *machine) compare(t *rapid.T, act voucher.Act) {
	t.Helper()
	v := m.shelf.one()
	if v.Balance != m.model.balance*100 || v.Fence != m.model.fence || (v.State == voucher.Invalidated) != m.model.ended {
		t.Fatalf("after %+v: balance %d, fence %d, %s; the reference has %d, %d, %t",
			act, v.Balance, v.Fence, v.State, m.model.balance*100, m.model.fence, m.model.ended)
	}
	live, want := m.live(), m.model.live()
	switch {
	case (live == nil) != (want == nil):
		t.Fatalf("after %+v: live %+v, the reference has %+v", act, live, want)
	case live == nil:
	case live.Owner != want.owner || live.Holder != holder(want.cart) || live.Amount != want.amount*100 || live.Fence != want.fence || !live.ExpiresAt.Equal(want.until):
		t.Fatalf("after %+v: live %+v, the reference has %+v", act, live, want)
	}
}

// live is the stored reservation that excludes others.
func (m *machine) live() *voucher.Reservation {
	for _, r := range m.shelf.reservations {
		if r.LiveAt(m.shelf.now) {
			return r
		}
	}
	return nil
}

func (m *machine) reserves(t *rapid.T) {
	owner, key, due := owners().Draw(t, "owner"), keys().Draw(t, "key"), fewOrNone().Draw(t, "due")
	if owner == shop {
		cart := carts().Draw(t, "cart")
		m.does(t, online(key, cart, due), m.model.reserve(shop, key, cart, due))
		return
	}
	m.does(t, atRegister(owner, key, due), m.model.reserve(owner, key, owner, due))
}

func (m *machine) captures(t *rapid.T) {
	owner, key := owners().Draw(t, "owner"), keys().Draw(t, "key")
	order, amount := rapid.SampledFrom([]string{"1042", "1043"}).Draw(t, "order"), fewOrNone().Draw(t, "amount")
	act := by(owner, capture(key, order))
	if amount > 0 {
		act.Amount = at(amount)
	}
	m.does(t, act, m.model.capture(owner, key, order, amount))
}

func (m *machine) releases(t *rapid.T) {
	act := release(keys().Draw(t, "key"), rapid.SampledFrom([]voucher.Finality{voucher.Soft, voucher.Soft, voucher.Final}).Draw(t, "final"))
	act.Ref.Owner = owners().Draw(t, "owner")
	m.model.release(act.Ref.Owner, act.Ref.Key, act.Final == voucher.Final)
	m.shelf.does(act) // its outcome tells what it found, so that its repeat answers otherwise
	m.does(t, act, true)
}

func (m *machine) redeems(t *rapid.T) {
	register, key, amount := registers().Draw(t, "register"), keys().Draw(t, "key"), whole().Draw(t, "amount")
	act := redeem(register, key, amount)
	partial := rapid.Bool().Draw(t, "partial")
	if partial {
		act = partly(act)
	}
	m.does(t, act, m.model.redeem(register, key, amount, partial))
}

func (m *machine) reloads(t *rapid.T) {
	key, amount := keys().Draw(t, "key"), whole().Draw(t, "amount")
	m.does(t, reload(key, amount), m.model.reload(key, amount))
}

func (m *machine) refunds(t *rapid.T) {
	key, owner, of, amount := keys().Draw(t, "key"), owners().Draw(t, "owner"), keys().Draw(t, "of"), fewOrNone().Draw(t, "amount")
	m.does(t, refund(key, redemption(owner, of), amount), m.model.refund(key, owner, of, amount))
}

func (m *machine) reverses(t *rapid.T) {
	kind := rapid.SampledFrom([]voucher.ActKind{voucher.Redemptions, voucher.Reloads, voucher.Refunds}).Draw(t, "kind")
	target := voucher.Ref{Owner: till, Kind: kind, Key: keys().Draw(t, "key")}
	if kind == voucher.Redemptions {
		target.Owner = owners().Draw(t, "owner")
	}
	act := reverse(target)
	if record := m.shelf.records[target]; kind == voucher.Refunds && record != nil {
		act.Source = m.sourceOf(record)
	}
	m.model.paid = m.shelf.paid("v1").Minor / 100
	m.does(t, act, m.model.reverse(kind, target.Owner, target.Key))
}

// sourceOf names the redemption that a refund came from.
func (m *machine) sourceOf(refund *voucher.Record) *voucher.Ref {
	for ref, r := range m.shelf.records {
		if r.ID == refund.Source && ref.Kind == voucher.Redemptions {
			return &ref
		}
	}
	return nil
}

func (m *machine) invalidates(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "rarely") > 0 {
		return
	}
	m.model.invalidate()
	m.does(t, invalidate("e"), true)
}

func (m *machine) blocks(t *rapid.T) {
	kind := rapid.SampledFrom([]voucher.BlockKind{voucher.OrderBlock, voucher.OfficeBlock}).Draw(t, "kind")
	on := rapid.IntRange(0, 3).Draw(t, "on") == 0
	m.does(t, voucher.Block{Kind: kind, Blocked: on}, m.model.block(kind, on))
}

func (m *machine) voids(t *rapid.T) {
	m.model.voidLive()
	m.does(t, voucher.ReleaseForeign{}, true)
}

func (m *machine) waits(t *rapid.T) {
	d := rapid.SampledFrom([]time.Duration{0, time.Minute, time.Hour, 24*time.Hour - 1, 24 * time.Hour, 72 * time.Hour}).Draw(t, "for")
	m.shelf.passes(d)
	m.model.now = m.shelf.now
	m.does(t, voucher.Expire{}, true)
}

// TestTheRulesAgreeWithTheModel lets two carts, two registers and the office act at random. After
// every act the shelf proves I1 to I4 and I11: no balance below zero, none that is not the sum of its
// entries, one live reservation at most, fences that rise, no capture above its reservation, no refunds
// above their redemption. Every act is repeated at once and must be answered alike (I5).
func TestTheRulesAgreeWithTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{newShelf(t), newReference(noon(), 500)}
		m.shelf.rules.Ceiling = "1000"
		t.Repeat(map[string]func(*rapid.T){
			"reserve": m.reserves, "reserve again": m.reserves, "capture": m.captures, "capture again": m.captures,
			"release": m.releases, "redeem": m.redeems, "reload": m.reloads, "refund": m.refunds, "reverse": m.reverses,
			"invalidate": m.invalidates, "block": m.blocks, "void": m.voids, "wait": m.waits,
			"adjust": m.adjusts, "set": m.sets, "take an adjustment back": m.readjusts,
		})
	})
}
