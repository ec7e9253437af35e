package voucher_test

import (
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// town has two vouchers and an account, and knows of each act what it took and brought of what was paid for. Amounts are minor units.
type town struct {
	t       *rapid.T
	cases   map[string]*voucher.Case
	records map[voucher.Ref]*voucher.Record
	keys    int
	paidIn  int64 // less what was handed back
	cash    int64
	done    []*deed // that may be taken back
	took    map[voucher.Ref]int64
	held    map[string]int64 // what was paid for, by place, also where goodwill has left in its place
	lacked  bool             // something that an act had brought was gone when that was taken back
}

// deed is an act that stands.
type deed struct {
	ref, of voucher.Ref // of: the redemption that a refund gave back
	at, to  string
	minor   int64
	raised  map[string]int64 // what was paid for, by place
}

func newTown(t *rapid.T) *town {
	w := &town{t: t, cases: make(map[string]*voucher.Case), records: make(map[voucher.Ref]*voucher.Record), took: make(map[voucher.Ref]int64), held: make(map[string]int64)}
	for id, kind := range map[string]voucher.Kind{"v1": voucher.Money, "v2": voucher.Money, "a": voucher.Account} {
		w.cases[id] = &voucher.Case{
			At: noon(), Records: w.records, Holdings: make(voucher.Holdings),
			Rules: voucher.Rules{ReserveFor: 24 * time.Hour, ReverseFor: 24 * time.Hour, PerOrder: 1, Ceiling: "1000000.00"},
			Voucher: voucher.Voucher{
				ID: id, Kind: kind, Mode: voucher.Card, Currency: "DKK", State: voucher.Active, Version: 1, Term: voucher.NeverExpires,
				Zone: copenhagen(), Country: "DK", LastAt: noon(),
			},
		}
	}
	return w
}

func (w *town) journals() map[string][]voucher.Entry {
	all := make(map[string][]voucher.Entry)
	for id, c := range w.cases {
		all[id] = c.Entries
	}
	return all
}

func (w *town) paid(id string) int64    { return voucher.PaidIn(id, w.journals()).Minor }
func (w *town) balance(id string) int64 { return w.cases[id].Voucher.Balance }

// splits are all balances and what of them was paid for.
func (w *town) splits() map[string][2]int64 {
	all := make(map[string][2]int64)
	for id := range w.cases {
		all[id] = [2]int64{w.balance(id), w.paid(id)}
	}
	return all
}

func (w *town) name(owner string, kind voucher.ActKind) voucher.Ref {
	w.keys++
	return voucher.Ref{Owner: owner, Kind: kind, Key: fmt.Sprint(w.keys)}
}

// does decides acts on places, none of which may be refused, and proves that they raised what was paid for by so much and no other.
func (w *town) does(raised map[string]int64, acts ...aimed) {
	w.t.Helper()
	for _, a := range acts {
		if _, err := voucher.Decide(w.cases[a.at], a.act); err != nil {
			w.t.Fatalf("%+v on %s: %v", a.act, a.at, err)
		}
	}
	var held, took int64
	for id := range w.cases {
		w.held[id] += raised[id]
		held += w.held[id]
		if now := w.paid(id); now != min(w.held[id], w.balance(id)) || now < 0 {
			w.t.Fatalf("%+v: of %s %d of %d were paid for; want %d, %d more than before", acts, id, now, w.balance(id), w.held[id], raised[id])
		}
	}
	for _, minor := range w.took {
		took += minor
	}
	if held+took+w.cash > w.paidIn {
		w.t.Fatalf("%+v: %d are there, %d spent and %d paid out; %d were paid in", acts, held, took, w.cash, w.paidIn)
	}
}

// aimed is an act on a place.
type aimed struct {
	at  string
	act voucher.Act
}

// gone is by how much taking so much of a place lowers what was paid for there: goodwill goes first.
func (w *town) gone(id string, minor int64) int64 { return min(0, w.balance(id)-w.paid(id)-minor) }

// withdrawn is likewise for what an act had brought: that goes as what it came as, as far as it is there.
func (w *town) withdrawn(id string, brought int64) int64 {
	w.lacked = w.lacked || brought > w.held[id]
	return -min(brought, w.held[id])
}

func (w *town) place() string { return rapid.SampledFrom([]string{"v1", "v2", "a"}).Draw(w.t, "place") }
func (w *town) some() int64   { return rapid.Int64Range(1, 400).Draw(w.t, "minor") }

// part is some of what there is, 0 if there is nothing.
func (w *town) part(most int64) int64 {
	if most <= 0 {
		return 0
	}
	return rapid.OneOf(rapid.Just(most), rapid.Int64Range(1, most)).Draw(w.t, "part")
}

func (w *town) keeps(d deed) { w.done = append(w.done, &d) }

func (w *town) reloads() {
	id, minor, ref := w.place(), w.some(), w.name(till, voucher.Reloads)
	w.paidIn += minor
	w.does(map[string]int64{id: minor}, aimed{id, voucher.Reload{ID: ref.Key, Ref: ref, Amount: money.Of(minor, "DKK")}})
	w.keeps(deed{ref: ref, at: id, minor: minor})
}

func (w *town) adjusts() {
	id, minor, ref := w.place(), w.some(), w.name(office, voucher.Adjustments)
	raised := map[string]int64{}
	if rapid.IntRange(0, 3).Draw(w.t, "taken") == 0 {
		if minor = -w.part(w.balance(id)); minor == 0 {
			return
		}
		raised[id] = w.gone(id, -minor)
	}
	delta := money.Of(minor, "DKK")
	w.does(raised, aimed{id, voucher.Adjust{ID: ref.Key, Ref: ref, Delta: &delta}})
	w.keeps(deed{ref: ref, at: id, minor: minor, raised: raised})
}

func (w *town) redeems() {
	id, ref := w.place(), w.name(till, voucher.Redemptions)
	minor := w.part(w.balance(id))
	if minor == 0 {
		return
	}
	raised := map[string]int64{id: w.gone(id, minor)}
	w.took[ref] = -raised[id]
	w.does(raised, aimed{id, voucher.Redeem{ID: ref.Key, Ref: ref, Amount: money.Of(minor, "DKK")}})
	w.keeps(deed{ref: ref, at: id, minor: minor})
}

// spent is a redemption of which something is left, nil for none.
func (w *town) spent() *deed {
	for _, d := range w.done {
		if d.ref.Kind == voucher.Redemptions && w.left(d.ref) > 0 && rapid.Bool().Draw(w.t, "this") {
			return d
		}
	}
	return nil
}

func (w *town) left(ref voucher.Ref) int64 { return w.records[ref].Amount - w.records[ref].TakenBack }

func (w *town) refunds() {
	d := w.spent()
	if d == nil {
		return
	}
	minor, ref := w.part(w.left(d.ref)), w.name(till, voucher.Refunds)
	amount, raised := money.Of(minor, "DKK"), map[string]int64{d.at: min(minor, w.took[d.ref])}
	w.took[d.ref] -= raised[d.at]
	w.does(raised, aimed{d.at, voucher.Refund{ID: ref.Key, Ref: ref, Redemption: d.ref, Amount: &amount}})
	w.keeps(deed{ref: ref, of: d.ref, at: d.at, minor: minor, raised: raised})
}

func (w *town) transfers() {
	from, to, ref := w.place(), w.place(), w.name(office, voucher.Transfers)
	minor := w.part(w.balance(from))
	if minor == 0 || from == to {
		return
	}
	amount, gone := money.Of(minor, "DKK"), w.gone(from, minor)
	raised := map[string]int64{from: gone, to: -gone}
	w.does(raised, aimed{from, voucher.Transfer{ID: ref.Key, Ref: ref, To: to, Account: to == "a", Amount: &amount}}, aimed{to, voucher.Receive{Ref: ref}})
	w.records[ref].Detail.Account = from == "a"
	w.keeps(deed{ref: ref, at: from, to: to, minor: minor, raised: raised})
}

func (w *town) cashesOut() {
	id, ref := rapid.SampledFrom([]string{"v1", "v2"}).Draw(w.t, "voucher"), w.name(till, voucher.CashOuts)
	paid := voucher.PaidIn(id, w.journals())
	if paid.Minor == 0 {
		return
	}
	w.cash += paid.Minor
	raised := map[string]int64{id: -paid.Minor}
	w.does(raised, aimed{id, voucher.CashOut{ID: ref.Key, Ref: ref, Paid: paid}})
	w.keeps(deed{ref: ref, at: id, minor: paid.Minor, raised: raised})
}

// takesBack takes back an act that stands.
func (w *town) takesBack() {
	if len(w.done) > 0 {
		w.reverses(rapid.IntRange(0, len(w.done)-1).Draw(w.t, "which"))
	}
}

// reverses takes an act back if that can be.
func (w *town) reverses(n int) {
	d := w.done[n]
	act, raised := voucher.Reverse{Target: d.ref, Limited: voucher.Unlimited, Paid: voucher.PaidIn(d.at, w.journals())}, map[string]int64{}
	acts := []aimed{{d.at, act}}
	switch d.ref.Kind {
	case voucher.Reloads:
		if w.balance(d.at) < d.minor || w.paid(d.at) < d.minor {
			if _, err := voucher.Decide(w.cases[d.at], act); !errors.Is(err, voucher.ErrNotReversible) {
				w.t.Fatalf("%d of %d paid for, and a reload of %d taken back: %v", w.paid(d.at), w.balance(d.at), d.minor, err)
			}
			return
		}
		raised[d.at] = -d.minor
		w.paidIn -= d.minor
	case voucher.Redemptions:
		if w.left(d.ref) == 0 {
			return
		}
		raised[d.at], w.took[d.ref] = w.took[d.ref], 0
	case voucher.Refunds:
		if w.balance(d.at) < d.minor || w.records[d.of].State != voucher.Done {
			return
		}
		act.Source = &d.of
		acts[0].act = act
		raised[d.at] = w.withdrawn(d.at, d.raised[d.at])
		w.took[d.of] -= raised[d.at]
	case voucher.Adjustments:
		if raised[d.at] = -d.raised[d.at]; d.minor > 0 {
			if w.balance(d.at) < d.minor {
				return
			}
			raised[d.at] = w.withdrawn(d.at, 0)
		}
	case voucher.Transfers:
		if w.balance(d.to) < d.minor {
			return
		}
		raised[d.to] = w.withdrawn(d.to, d.raised[d.to])
		raised[d.at] = min(-raised[d.to], -d.raised[d.at])
		acts = append(acts, aimed{d.to, voucher.Return{Target: d.ref}})
	case voucher.CashOuts:
		w.cash -= d.minor
		raised[d.at] = d.minor
	}
	w.does(raised, acts...)
	w.done = append(w.done[:n], w.done[n+1:]...)
}

// thereAndBack takes the act back that was just done: then nothing has happened.
func (w *town) thereAndBack(act func()) {
	before, took, done := w.splits(), maps.Clone(w.took), len(w.done)
	if act(); len(w.done) == done {
		return
	}
	if w.reverses(done); len(w.done) != done {
		w.t.Fatalf("%+v can't be taken back at once", w.done[done])
	}
	maps.DeleteFunc(w.took, func(ref voucher.Ref, _ int64) bool { _, known := took[ref]; return !known })
	if diff := cmp.Diff(before, w.splits()); diff != "" || !maps.Equal(took, w.took) {
		w.t.Fatalf("there and back:\n%s\n%s", diff, cmp.Diff(took, w.took))
	}
}

// X12, X02: whatever is done and taken back on vouchers and accounts, what was paid for and goodwill come back as what they were: never is
// more to be had in cash than was paid in and neither spent nor paid out, and an act with its reversal is nothing.
func TestWhatIsTakenBackIsWhatItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newTown(t)
		acts := []func(){w.reloads, w.adjusts, w.redeems, w.refunds, w.transfers, w.cashesOut}
		t.Repeat(map[string]func(*rapid.T){
			"reload": func(*rapid.T) { w.reloads() }, "adjust": func(*rapid.T) { w.adjusts() }, "redeem": func(*rapid.T) { w.redeems() },
			"refund": func(*rapid.T) { w.refunds() }, "transfer": func(*rapid.T) { w.transfers() }, "cash out": func(*rapid.T) { w.cashesOut() },
			"take back": func(*rapid.T) { w.takesBack() }, "take back another": func(*rapid.T) { w.takesBack() },
			"there and back": func(t *rapid.T) { w.thereAndBack(acts[rapid.IntRange(0, len(acts)-1).Draw(t, "act")]) },
		})
	})
}

// X12, X02: goodwill and money that are moved about, spent and refunded, and all of it taken back in whatever order, are where they were:
// what can be had in cash of each voucher is what it was, unless what had been brought to it was gone when that was taken back. None of it
// is lost even then.
func TestWhatIsTakenBackInAnyOrderIsWhereItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newTown(t)
		for range rapid.IntRange(1, 6).Draw(t, "first") {
			rapid.SampledFrom([]func(){w.reloads, w.adjusts, w.redeems, w.transfers}).Draw(t, "before")()
		}
		first, before, held := w.done, w.splits(), maps.Clone(w.held)
		w.done = nil
		acts := []func(){w.reloads, w.adjusts, w.redeems, w.refunds, w.transfers}
		for range rapid.IntRange(1, 6).Draw(t, "moves") {
			rapid.SampledFrom(acts).Draw(t, "move")()
		}
		w.lacked = false
		for stuck := 0; len(w.done) > 0 && stuck < 20; stuck++ {
			n := len(w.done)
			if w.reverses(rapid.IntRange(0, n-1).Draw(t, "which")); len(w.done) < n {
				stuck = 0
			}
		}
		if len(w.done) > 0 { // one needs what another has
			return
		}
		if diff := cmp.Diff(before, w.splits()); diff != "" && !w.lacked {
			t.Fatalf("%d acts stood before; all that came after was taken back:\n%s", len(first), diff)
		}
		var was, is int64
		for id := range w.cases {
			was, is = was+held[id], is+w.held[id]
		}
		if was != is {
			t.Fatalf("%d were paid for in all, now %d", was, is)
		}
	})
}
