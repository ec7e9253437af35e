package torture

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"pgregory.net/rapid"

	amounts "vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// saying is one act of a hand-made history: from when to when, what was asked and what was answered.
type saying struct {
	from, to int64
	in       input
	out      output
}

func of(v verb, key string, amount int64) input {
	return input{Code: "C", Verb: v, Key: key, Amount: amount}
}
func is(r result, amount int64) output { return output{Result: r, Amount: amount} }

// The checker finds out what must never be, and lets pass what may: its word is worth nothing otherwise (G3, I7).
func TestTheCheckerJudgesHistories(t *testing.T) {
	t.Parallel()
	reserveA := saying{0, 10, of(doReserve, "a", 60), is(done, 60)}
	captureA := saying{11, 20, of(doCapture, "a", 0), is(done, 60)}
	day := saying{12, 13, input{Code: "C", Verb: doDay}, is(done, 0)}
	for name, tt := range map[string]struct {
		acts  []saying
		legal bool
	}{
		"reserved and captured":                          {[]saying{reserveA, captureA, {21, 22, of(doBalance, "", 0), is(done, 40)}}, true},
		"captured, and the balance is as before":         {[]saying{reserveA, captureA, {21, 22, of(doBalance, "", 0), is(done, 100)}}, false},
		"two holders at once":                            {[]saying{reserveA, {0, 10, of(doReserve, "b", 10), is(done, 10)}}, false},
		"one holder after the other":                     {[]saying{reserveA, {11, 12, of(doRelease, "a", 0), is(done, 0)}, {13, 14, of(doReserve, "b", 10), is(done, 10)}}, true},
		"held although nobody holds":                     {[]saying{{0, 1, of(doReserve, "b", 10), is(held, 0)}}, false},
		"held by somebody who is under way":              {[]saying{reserveA, {1, 2, of(doReserve, "b", 10), is(held, 0)}}, true},
		"spent twice":                                    {[]saying{{0, 9, of(doRedeem, "p", 70), is(done, 70)}, {0, 9, of(doRedeem, "q", 70), is(done, 70)}}, false},
		"spent twice, once refused":                      {[]saying{{0, 9, of(doRedeem, "p", 70), is(done, 70)}, {0, 9, of(doRedeem, "q", 70), is(short, 0)}}, true},
		"redeemed inside another's reservation":          {[]saying{reserveA, {11, 12, of(doRedeem, "p", 10), is(done, 10)}}, false},
		"captured twice":                                 {[]saying{reserveA, captureA, {21, 30, input{Code: "C", Verb: doCapture, Key: "a", Amount: 5}, is(done, 5)}}, false},
		"captured above its reservation":                 {[]saying{reserveA, {11, 20, of(doCapture, "a", 61), is(done, 61)}}, false},
		"captured in part":                               {[]saying{reserveA, {11, 20, of(doCapture, "a", 5), is(done, 5)}, {21, 22, of(doBalance, "", 0), is(done, 95)}}, true},
		"captured late":                                  {[]saying{reserveA, day, {14, 20, of(doCapture, "a", 0), is(done, 60)}}, true},
		"captured late, after another was granted it":    {[]saying{reserveA, day, {14, 15, of(doRedeem, "p", 1), is(done, 1)}, {16, 20, of(doCapture, "a", 0), is(done, 60)}}, false},
		"captured much too late":                         {[]saying{reserveA, day, day, day, day, {14, 20, of(doCapture, "a", 0), is(done, 60)}}, false},
		"an unknown redemption that happened":            {[]saying{{0, 99, of(doRedeem, "p", 70), is(unknown, 0)}, {5, 6, of(doBalance, "", 0), is(done, 30)}}, true},
		"an unknown redemption that did not":             {[]saying{{0, 99, of(doRedeem, "p", 70), is(unknown, 0)}, {5, 6, of(doBalance, "", 0), is(done, 100)}}, true},
		"an unknown redemption that came and went":       {[]saying{{0, 99, of(doRedeem, "p", 70), is(unknown, 0)}, {5, 6, of(doBalance, "", 0), is(done, 30)}, {7, 8, of(doBalance, "", 0), is(done, 100)}}, false},
		"refunded above what was redeemed":               {[]saying{{0, 1, of(doRedeem, "kept", 50), is(done, 50)}, {2, 3, refundOf("kept", 30), is(done, 30)}, {4, 5, refundOf("kept", 30), is(done, 30)}}, false},
		"refunded in two parts":                          {[]saying{{0, 1, of(doRedeem, "kept", 50), is(done, 50)}, {2, 3, refundOf("kept", 30), is(done, 30)}, {4, 5, refundOf("kept", 20), is(done, 20)}, {6, 7, of(doBalance, "", 0), is(done, 100)}}, true},
		"taken back, what is left":                       {[]saying{{0, 1, of(doRedeem, "kept", 50), is(done, 50)}, {2, 3, refundOf("kept", 30), is(done, 30)}, {4, 5, of(doReverse, "kept", 50), is(undone, 0)}, {6, 7, of(doBalance, "", 0), is(done, 100)}}, true},
		"prevented, and done all the same":               {[]saying{{0, 1, of(doReverse, "kept", 50), is(never, 0)}, {2, 3, of(doRedeem, "kept", 50), is(done, 50)}}, false},
		"used after it was invalidated":                  {[]saying{{0, 1, of(doInvalidate, "", 0), is(done, 0)}, {2, 3, of(doRedeem, "p", 1), is(done, 1)}}, false},
		"used while it was blocked":                      {[]saying{{0, 1, of(doBlock, "", 0), is(done, 0)}, {2, 3, of(doReserve, "p", 1), is(done, 1)}}, false},
		"a reservation that its owner did not let go of": {[]saying{reserveA, {11, 12, of(doRelease, "b", 0), is(done, 0)}, {13, 14, of(doCapture, "a", 0), is(ended, 0)}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := model(map[string]int64{"C": 100}, map[string]bool{"kept": true})
			var ops []porcupine.Operation
			for i, a := range tt.acts {
				ops = append(ops, porcupine.Operation{ClientId: i, Input: a.in, Call: a.from, Output: a.out, Return: a.to})
			}
			if got := porcupine.CheckOperations(rules, ops); got != tt.legal {
				t.Errorf("legal %t, want %t", got, tt.legal)
			}
		})
	}
}

func refundOf(redemption string, amount int64) input {
	return input{Code: "C", Verb: doRefund, Key: fmt.Sprint("back", amount), Amount: amount, Of: redemption}
}

// book does with the rule book itself what the crowd asks of a daemon.
type book struct {
	at           time.Time
	voucher      voucher.Voucher
	reservations []*voucher.Reservation
	records      map[voucher.Ref]*voucher.Record
	made         int
}

func newBook(t *rapid.T) *book {
	term, err := voucher.ParseTerm("P3Y", "DK")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)
	return &book{at: start, records: map[voucher.Ref]*voucher.Record{}, voucher: voucher.Voucher{
		ID: "v", Kind: voucher.Money, Mode: voucher.Card, Currency: "DKK", State: voucher.Active, Balance: 1000, Zone: time.UTC, LastAt: start, Entries: 1, Term: term,
	}}
}

// does settles an act and says how it ended in the words of the model.
func (b *book) does(act voucher.Act) (voucher.Answer, result) {
	c := &voucher.Case{
		At: b.at, Voucher: b.voucher, Reservations: b.reservations, Records: b.records, Holdings: voucher.Holdings{},
		Rules: voucher.Rules{ReserveFor: 24 * time.Hour, LateCapture: 72 * time.Hour, ReverseFor: 8760 * time.Hour, PerOrder: 5, Ceiling: "10000"},
	}
	answer, err := voucher.Decide(c, act)
	b.voucher, b.reservations = c.Voucher, c.Reservations
	return answer, resultOf(answer, err)
}

// resultOf is what the door makes of an answer of the rule book.
func resultOf(answer voucher.Answer, err error) result {
	holder, scarce := &voucher.HeldError{}, &voucher.InsufficientError{}
	switch {
	case errors.As(err, &holder):
		return held
	case errors.As(err, &scarce):
		return short
	case errors.Is(err, voucher.ErrBlocked), errors.Is(err, voucher.ErrInvalidated):
		return dead
	case errors.Is(err, voucher.ErrReservationEnded), errors.Is(err, voucher.ErrReservationExpired), errors.Is(err, voucher.ErrSuperseded),
		errors.Is(err, voucher.ErrNoReservation):
		return ended
	case errors.Is(err, voucher.ErrPrevented):
		return never
	case errors.Is(err, voucher.ErrActNotFound):
		return absent
	case errors.Is(err, voucher.ErrNotReversible):
		return fixed
	case err != nil:
		return unwanted
	case answer.Outcome == voucher.OutcomeReversed:
		return undone
	case answer.Outcome == voucher.OutcomePrevented:
		return never
	}
	return done
}

// machine lets the rule book act at random, and the model explain what it answered.
type machine struct {
	book  *book
	state state
}

// explain fails unless the model has the answer, and would not have a slightly wrong one.
func (m *machine) explain(t *rapid.T, in input, out output) {
	t.Helper()
	kept := map[string]bool{}
	for _, key := range keys() {
		kept[key] = true
	}
	ok, next := step(m.state, in, out, kept)
	if !ok {
		t.Fatalf("the model has not: %s in %+v", describe(in, out), m.state)
	}
	wrong := out
	wrong.Amount++
	if out.Result == done && out.Amount > 0 {
		if ok, _ := step(m.state, in, wrong, kept); ok {
			t.Fatalf("the model has: %s in %+v", describe(in, wrong), m.state)
		}
	}
	m.state = next
	if next.balance != m.book.voucher.Balance {
		t.Fatalf("after %s: balance %d, the rule book has %d", describe(in, out), next.balance, m.book.voucher.Balance)
	}
}

func keys() []string { return []string{"a", "b", "c", "d", "e", "f"} }

func dkk(minor int64) amounts.Amount { return amounts.Of(minor, "DKK") }

func (b *book) id() string {
	b.made++
	return fmt.Sprint("id", b.made)
}

func ref(owner string, kind voucher.ActKind, key string) voucher.Ref {
	return voucher.Ref{Owner: owner, Kind: kind, Key: key}
}

const (
	theShop = "shop:bench"
	theTill = "till:one"
)

// A reservation's key is used for one cart after the other only, as the crowd does: what has ended is not opened again.
func (m *machine) reserves(t *rapid.T) {
	key, due := fmt.Sprint("cart", m.book.made), rapid.Int64Range(1, 600).Draw(t, "due")
	got, ended := m.book.does(voucher.Reserve{ID: m.book.id(), Ref: ref(theShop, voucher.Reservations, key), Holder: sha256.Sum256([]byte(key)), Due: dkk(due), Counted: true})
	out := output{Result: ended}
	if ended == done {
		out.Amount = got.Reservation.Amount
	}
	m.explain(t, input{Verb: doReserve, Key: key, Amount: due}, out)
}

// anyCart is the key of a reservation that there once was; "" while there is none.
func (m *machine) anyCart(t *rapid.T) string {
	if len(m.book.reservations) == 0 {
		return ""
	}
	all := m.book.reservations
	return all[len(all)-1-rapid.IntRange(0, min(2, len(all)-1)).Draw(t, "which")].Key
}

func (m *machine) captures(t *rapid.T) {
	key := m.anyCart(t)
	if r := m.book.records[ref(theShop, voucher.Redemptions, key)]; r != nil || m.book.records[ref(theShop, voucher.Reservations, key)] == nil {
		return // a repeat, or no cart
	}
	act := voucher.Capture{ID: m.book.id(), Ref: ref(theShop, voucher.Reservations, key), Detail: voucher.Detail{Order: key}}
	amount := rapid.SampledFrom([]int64{0, 0, 1, 100, 500}).Draw(t, "amount")
	if amount > 0 {
		minor := dkk(amount)
		act.Amount = &minor
	}
	got, ended := m.book.does(act)
	out := output{Result: ended}
	if ended == done {
		out.Amount = got.Record.Amount
	}
	m.explain(t, input{Verb: doCapture, Key: key, Amount: amount}, out)
}

func (m *machine) releases(t *rapid.T) {
	key := m.anyCart(t)
	if key == "" {
		return
	}
	_, ended := m.book.does(voucher.Release{ID: m.book.id(), Ref: ref(theShop, voucher.Reservations, key), Final: voucher.Soft})
	m.explain(t, input{Verb: doRelease, Key: key}, output{Result: ended})
}

func (m *machine) redeems(t *rapid.T) {
	key, amount := rapid.SampledFrom(keys()).Draw(t, "key"), rapid.Int64Range(1, 300).Draw(t, "amount")
	if r := m.book.records[ref(theTill, voucher.Redemptions, key)]; r != nil && r.State == voucher.Done {
		return
	}
	got, ended := m.book.does(voucher.Redeem{
		ID: m.book.id(), Ref: ref(theTill, voucher.Redemptions, key), Holder: sha256.Sum256([]byte(theTill)), Amount: dkk(amount), Partial: voucher.Whole,
	})
	out := output{Result: ended}
	if ended == done {
		out.Amount = got.Record.Amount
	}
	if m.state.barred != "" && has(m.state.barred, key) && ended == held { // the name comes first, under the lock as before it
		t.Fatalf("a barred key is held")
	}
	m.explain(t, input{Verb: doRedeem, Key: key, Amount: amount}, out)
}

func (m *machine) reloads(t *rapid.T) {
	amount := rapid.Int64Range(1, 300).Draw(t, "amount")
	_, ended := m.book.does(voucher.Reload{ID: m.book.id(), Ref: ref(theTill, voucher.Reloads, fmt.Sprint(m.book.made)), Amount: dkk(amount)})
	m.explain(t, input{Verb: doReload, Key: fmt.Sprint(m.book.made), Amount: amount}, output{Result: ended})
}

func (m *machine) refunds(t *rapid.T) {
	of, amount := rapid.SampledFrom(keys()).Draw(t, "of"), rapid.Int64Range(1, 200).Draw(t, "amount")
	minor := dkk(amount)
	got, ended := m.book.does(voucher.Refund{
		ID: m.book.id(), Ref: ref(theTill, voucher.Refunds, fmt.Sprint(m.book.made)), Redemption: ref(theTill, voucher.Redemptions, of), Amount: &minor,
	})
	out := output{Result: ended}
	if ended == done {
		out.Amount = got.Record.Amount
	}
	m.explain(t, input{Verb: doRefund, Key: fmt.Sprint(m.book.made), Amount: amount, Of: of}, out)
}

func (m *machine) reverses(t *rapid.T) {
	key := rapid.SampledFrom(keys()).Draw(t, "key")
	target := ref(theTill, voucher.Redemptions, key)
	if m.book.records[target] == nil { // as the desk does: a cancellation that overtakes its act
		m.book.records[target] = voucher.Prevent(m.book.id(), target, m.book.at)
		m.explain(t, input{Verb: doReverse, Key: key}, output{Result: never})
		return
	}
	_, ended := m.book.does(voucher.Reverse{Target: target, Limited: voucher.Timed})
	m.explain(t, input{Verb: doReverse, Key: key}, output{Result: ended})
}

func (m *machine) blocks(t *rapid.T) {
	on := rapid.IntRange(0, 3).Draw(t, "on") == 0
	_, ended := m.book.does(voucher.Block{Kind: voucher.OfficeBlock, Blocked: on})
	m.explain(t, input{Verb: map[bool]verb{true: doBlock, false: doUnblock}[on]}, output{Result: ended})
}

func (m *machine) invalidates(t *rapid.T) {
	if rapid.IntRange(0, 19).Draw(t, "rarely") > 0 {
		return
	}
	_, ended := m.book.does(voucher.Invalidate{ID: m.book.id(), Ref: ref("office", voucher.Endings, fmt.Sprint(m.book.made)), Spare: voucher.SpareNothing})
	m.explain(t, input{Verb: doInvalidate}, output{Result: ended})
}

func (m *machine) waits(t *rapid.T) {
	m.book.at = m.book.at.Add(25 * time.Hour)
	m.explain(t, input{Verb: doDay}, output{Result: done})
}

func (m *machine) looks(t *rapid.T) {
	m.explain(t, input{Verb: doBalance}, output{Result: done, Amount: m.book.voucher.Balance})
}

// Whatever the rule book answers, the model of the torture has it, and has nothing else in its place (G17).
func TestTheModelAgreesWithTheRuleBook(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{book: newBook(t), state: state{balance: 1000}}
		t.Repeat(map[string]func(*rapid.T){
			"reserve": m.reserves, "reserve again": m.reserves, "capture": m.captures, "release": m.releases, "redeem": m.redeems, "reload": m.reloads,
			"refund": m.refunds, "reverse": m.reverses, "block": m.blocks, "invalidate": m.invalidates, "a day passes": m.waits, "look": m.looks,
		})
	})
}
