package ledger_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/retailtest"
	"vouchsafe/retail/voucher"
)

// together applies two acts on one voucher at the same moment, each by a gateway of its own, and tells
// which of them were done.
func together(a, b *house, id string, one, two voucher.Act) (first, second bool) {
	a.t.Helper()
	var wg sync.WaitGroup
	try := func(h *house, act voucher.Act, done *bool) {
		answer, err := h.Apply(context.Background(), ledger.Aimed{Voucher: id, Act: act})
		if err != nil && !voucher.IsRefusal(err) {
			a.t.Errorf("%T: %v", act, err)
		}
		*done = err == nil && answer.Outcome != voucher.OutcomeUnchanged
	}
	wg.Go(func() { try(a, one, &first) })
	wg.Go(func() { try(b, two, &second) })
	wg.Wait()
	return first, second
}

// The pairs of acts that meet at the same moment on two gateways (3.7, by number). Whatever comes
// first, the outcome is that of one order or the other, and the books are sound.
func TestActsThatMeetAtTheSameMoment(t *testing.T) {
	t.Parallel()
	const rounds = 15
	a := open(t)
	b := beside(t, a.pool)
	release := func(name string) voucher.Release {
		return voucher.Release{Ref: a.cart(name, 0).Ref, Final: voucher.Soft}
	}
	invalidate := func(name string) voucher.Invalidate {
		return voucher.Invalidate{ID: a.newID(), Ref: voucher.Ref{Owner: "office", Kind: voucher.Endings, Key: name}}
	}
	for round := range rounds {
		reserved := func(what string) (id, name string) {
			id, _ = a.issues(1000)
			name = fmt.Sprint(what, round)
			a.does(id, a.cart(name, 700))
			return id, name
		}
		check := func(what string, ok bool) {
			if !ok {
				t.Errorf("round %d: %s", round, what)
			}
		}
		id, name := reserved("3-")
		captured, released := together(a, b, id, a.capture(name, nil), release(name))
		check("3: either captured or released", captured != released)

		id, name = reserved("4-")
		other := a.capture(name, nil)
		other.Detail.Order = "another"
		one, two := together(a, b, id, a.capture(name, nil), other)
		check("4: one of two orders captures", one != two && a.balance(id) == 300)

		id, name = reserved("7-")
		captured, ended := together(a, b, id, a.capture(name, nil), invalidate(name))
		check("7: invalidated whatever the capture does", ended && a.balance(id) == 0)
		_ = captured

		id, _ = a.issues(1000)
		reload := voucher.Reload{ID: a.newID(), Ref: voucher.Ref{Owner: "till:k", Kind: voucher.Reloads, Key: fmt.Sprint("8-", round)}, Amount: dkk(500)}
		reloaded, redeemed := together(a, b, id, reload, a.till("k", fmt.Sprint("8-", round), 1000))
		check("8: both are done, in either order", reloaded && redeemed && a.balance(id) == 500)

		id, _ = a.issues(1000)
		sale := a.till("k", fmt.Sprint("21-", round), 600)
		a.does(id, sale)
		half := dkk(400)
		refund := func(key string) voucher.Refund {
			return voucher.Refund{ID: a.newID(), Ref: voucher.Ref{Owner: "till:k", Kind: voucher.Refunds, Key: fmt.Sprint(key, round)}, Redemption: sale.Ref, Amount: &half}
		}
		one, two = together(a, b, id, refund("21a-"), refund("21b-"))
		check("21: never more back than was captured", one != two && a.balance(id) == 800)
	}
	a.sound()
}

// A capture and the sweep meet at the very second at which a reservation expires (3.7 no. 5), and two
// gateways expire it and grant the code anew (no. 17): one capture, or one new holder.
func TestExpiryMeetsCaptureAndTheNextGrant(t *testing.T) {
	t.Parallel()
	a := open(t)
	b := beside(t, a.pool)
	var ids []string
	for i := range 10 {
		id, _ := a.issues(1000)
		a.does(id, a.cart(fmt.Sprint("c", i), 700))
		ids = append(ids, id)
	}
	retailtest.ShiftClock(t, a.pool, 24*time.Hour)
	for i, id := range ids {
		if i%2 == 0 {
			captured, _ := together(a, b, id, a.capture(fmt.Sprint("c", i), nil), voucher.Expire{})
			if !captured {
				t.Errorf("voucher %d: the capture was lost to the sweep", i)
			}
			continue
		}
		one, two := together(a, b, id, a.cart(fmt.Sprint("d", i), 700), b.cart(fmt.Sprint("e", i), 700))
		if one == two {
			t.Errorf("voucher %d: granted to both or neither: %v %v", i, one, two)
		}
	}
	a.sound()
}
