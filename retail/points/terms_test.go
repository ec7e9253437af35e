package points

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
)

// everything is a programme that rules all there is to rule.
func everything(t *testing.T) loyalty.Programme {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	day := func(month time.Month) time.Time { return time.Date(2026, month, 1, 0, 0, 0, 0, zone) }
	only := loyalty.Filter{SKUs: []string{"a"}, Categories: []string{"b"}, Without: []string{"c"}}
	return loyalty.Programme{
		Opens: day(1), Closes: day(7), In: "DKK", Lifetime: 365, Greets: true,
		Rates:    []loyalty.Rate{{Rate: money.Rate{Units: 1, Value: money.Of(2, "DKK")}}, {Since: day(6), Rate: money.Rate{Units: 1, Value: money.Of(3, "DKK")}}},
		Rules:    []loyalty.Rule{{Event: loyalty.Order, Points: 1, Per: 1000, Only: only, PerOrder: 5, PerProduct: 6}, {Event: loyalty.Signup, Points: 9}},
		Spending: loyalty.Spending{PerOrder: 7, PerProduct: 8, Only: only, Groups: []string{"gold"}},
		Rewards:  []loyalty.Reward{{Name: "ticket", Points: 5}, {Name: "voucher", SKU: "CARD"}},
		Shown:    map[loyalty.Context]bool{loyalty.Account: true},
	}
}

func TestAProgrammeIsReadAsItWasStored(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]loyalty.Programme{"P07 all there is": everything(t), "nothing": {Shown: map[loyalty.Context]bool{}}} {
		text, err := encode(want)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := decode(text)
		if got.Shown == nil {
			got.Shown = map[loyalty.Context]bool{}
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// P01: the day that was named is the one that is shown, in summer and in winter, wherever this program runs.
func TestTheDayThatWasNamedIsKept(t *testing.T) {
	t.Parallel()
	text, err := encode(everything(t))
	if err != nil {
		t.Fatal(err)
	}
	p, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	if opens, closes := p.Opens.Format(time.DateOnly), p.Closes.Add(-1).Format(time.DateOnly); opens != "2026-01-01" || closes != "2026-06-30" {
		t.Errorf("from %s to %s", opens, closes)
	}
}

func TestWhatASwitchThatIsOffSaysIsNothing(t *testing.T) {
	t.Parallel()
	p := everything(t)
	on, err := encode(p)
	if err != nil {
		t.Fatal(err)
	}
	p.Shown[loyalty.Review] = false
	if off, err := encode(p); err != nil || string(off) != string(on) {
		t.Errorf("P13 %s, %v; want %s", off, err, on)
	}
}

func TestStoredTermsThatAreNotKnownAreAFault(t *testing.T) {
	t.Parallel()
	text, err := encode(everything(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{
		strings.Replace(string(text), `"lifetime_days"`, `"lifetime"`, 1), strings.Replace(string(text), `"per_order"`, `"per_cart"`, 1), `[]`, `{"opens":"soon"}`, ``,
	} {
		if p, err := decode([]byte(wrong)); err == nil {
			t.Errorf("%s is read as %+v", wrong, p)
		}
	}
}

// P22: the same questions, in the same order, in each language; every text can be filled in.
func TestTheBuiltInAnswers(t *testing.T) {
	t.Parallel()
	for _, tag := range Tongues() {
		all := drafts(tag)
		if len(all) != 17 {
			t.Errorf("%s: %d answers", tag, len(all))
		}
		for i, a := range all {
			if a.Entry != drafts(Tongues()[0])[i].Entry || a.Language != tag || a.Approved || a.Version != 0 {
				t.Errorf("%s: %+v", tag, a)
			}
			for _, text := range []string{a.Question, a.Answer} {
				if err := loyalty.CheckAnswer(text); err != nil || text == "" {
					t.Errorf("%s %s: %q: %v", tag, a.Entry, text, err)
				}
			}
			if found, err := draft(tag, a.Entry); err != nil || found != a {
				t.Errorf("%s %s: found %+v, %v", tag, a.Entry, found, err)
			}
		}
	}
}
