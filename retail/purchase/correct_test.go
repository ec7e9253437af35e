package purchase_test

import (
	"strings"
	"testing"

	"vouchsafe/retail/purchase"
)

// X05: what a shop tells otherwise than it last did is a correction; what it repeats, and what it stops telling, is none.
func TestWhatAShopTellsOtherwiseIsACorrection(t *testing.T) {
	t.Parallel()
	first := purchase.Words{To: "lisa", Named: true, Name: "Lisa", Message: "hi", Day: "24"}
	with := func(change func(w *purchase.Words)) purchase.Words {
		w := first
		change(&w)
		return w
	}
	for name, c := range map[string]struct {
		last, told purchase.Words
		changed    string
		fresh      bool
		kept       purchase.Words
	}{
		"the same":             {first, first, "", false, first},
		"another recipient":    {first, with(func(w *purchase.Words) { w.To = "bo" }), "recipient", true, with(func(w *purchase.Words) { w.To = "bo" })},
		"another name":         {first, with(func(w *purchase.Words) { w.Name = "Bo" }), "name", true, with(func(w *purchase.Words) { w.Name = "Bo" })},
		"another day":          {first, with(func(w *purchase.Words) { w.Day = "25" }), "deliver_on", true, with(func(w *purchase.Words) { w.Day = "25" })},
		"no message any more":  {first, with(func(w *purchase.Words) { w.Message = "" }), "message", false, with(func(w *purchase.Words) { w.Message = "" })},
		"a first message":      {with(func(w *purchase.Words) { w.Message = "" }), first, "message", true, first},
		"a first recipient":    {purchase.Words{To: "buyer"}, purchase.Words{To: "lisa", Named: true}, "recipient", true, purchase.Words{To: "lisa", Named: true}},
		"another buyer":        {purchase.Words{To: "buyer"}, purchase.Words{To: "other"}, "recipient", true, purchase.Words{To: "other"}},
		"the buyer is named":   {purchase.Words{To: "buyer"}, purchase.Words{To: "buyer", Named: true}, "", false, purchase.Words{To: "buyer", Named: true}},
		"a buyer without mail": {purchase.Words{To: "buyer"}, purchase.Words{}, "left_out", false, purchase.Words{To: "buyer", Gone: true}},
		"no recipient":         {first, with(func(w *purchase.Words) { w.To, w.Named = "buyer", false }), "left_out", false, with(func(w *purchase.Words) { w.Gone = true })},
		"no day":               {first, with(func(w *purchase.Words) { w.Day = "" }), "left_out", false, with(func(w *purchase.Words) { w.Gone = true })},
		"gone as before":       {with(func(w *purchase.Words) { w.Gone = true }), with(func(w *purchase.Words) { w.Day = "" }), "", false, with(func(w *purchase.Words) { w.Gone = true })},
		"there again":          {with(func(w *purchase.Words) { w.Gone = true }), first, "", false, first},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, kept := c.told.After(c.last)
			if changed := strings.Join(got.Changed(), " "); changed != c.changed || got.Fresh != c.fresh || got.Any() != (c.changed != "") {
				t.Errorf("it changes %q (fresh: %v), want %q (%v)", changed, got.Fresh, c.changed, c.fresh)
			}
			if got.Out != c.kept.Gone {
				t.Errorf("something is left out: %v, want %v", got.Out, c.kept.Gone)
			}
			if kept != c.kept {
				t.Errorf("remembered is %+v, want %+v", kept, c.kept)
			}
		})
	}
}

// X05: a mail that has not left is changed; all else is a person's, once there is something to read in it.
func TestTheFateOfACorrection(t *testing.T) {
	t.Parallel()
	fresh := purchase.Correction{To: true, Fresh: true}
	quiet := purchase.Correction{Message: true}
	gone := purchase.Correction{Gone: true, Out: true}
	goneAndFresh := purchase.Correction{Gone: true, Out: true, Name: true, Fresh: true}
	for name, c := range map[string]struct {
		correction purchase.Correction
		letter     purchase.Letter
		twin       bool
		want       purchase.Fate
	}{
		"nothing":                             {purchase.Correction{}, purchase.Unsent, false, purchase.Fate{}},
		"unsent":                              {fresh, purchase.Unsent, false, purchase.Fate{Carry: true}},
		"unsent, a message taken back":        {quiet, purchase.Unsent, false, purchase.Fate{Carry: true}},
		"unsent, something left out":          {gone, purchase.Unsent, false, purchase.Fate{Ask: purchase.LeftOut}},
		"unsent, left out and told":           {goneAndFresh, purchase.Unsent, false, purchase.Fate{Ask: purchase.LeftOut}},
		"unsent, while something is left out": {purchase.Correction{Day: true, Fresh: true, Out: true}, purchase.Unsent, false, purchase.Fate{Ask: purchase.LeftOut}},
		"unsent, of one second":               {fresh, purchase.Unsent, true, purchase.Fate{Ask: purchase.MaybeTooOld}},
		"in doubt":                            {fresh, purchase.Doubtful, false, purchase.Fate{Ask: purchase.MayHaveLeft}},
		"sent":                                {fresh, purchase.Sent, false, purchase.Fate{Ask: purchase.TooLate}},
		"sent, a message taken back":          {quiet, purchase.Sent, false, purchase.Fate{}},
		"sent, something left out":            {gone, purchase.Sent, true, purchase.Fate{}},
		"sent, left out and told":             {goneAndFresh, purchase.Sent, false, purchase.Fate{Ask: purchase.TooLate}},
	} {
		if got := c.correction.Fate(c.letter, c.twin); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
