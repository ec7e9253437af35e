package admin_test

import (
	"fmt"
	"testing"
	"time"

	"vouchsafe/retail/purchase"
)

// misplaced is what the open matters of points that are misplaced say.
func (h *house) misplaced() string {
	h.t.Helper()
	return h.reads(`SELECT coalesce(string_agg(subject || ': ' || reason, E'\n'), 'none') FROM task WHERE kind = 'points_misplaced' AND closed_at IS NULL`)
}

// asksOf checks what is asked of misplaced points.
func (h *house) asksOf(want string) {
	h.t.Helper()
	if got := h.misplaced(); got != want {
		h.t.Errorf("the office is asked %q, want %q", got, want)
	}
}

// underNumber is what the office is asked of points that were earned under the number of an order, of which is told what became of it.
func underNumber(number, fate string) string {
	return fmt.Sprintf("demo/9%s: order 9%s was %s, and its points stay: 40 were earned under %s, which is its number and not its id", number, number, fate, number)
}

// X17: points that were told under the number of an order, and not under its id, are not taken back with it; the office is asked once, in
// whatever order and however often that comes to be known.
func TestX17PointsUnderTheNumberOfAnOrderAreAskedFor(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	for i, sequence := range orderings(3) {
		number := fmt.Sprint(2001 + i)
		steps := []func(){
			func() {
				h.shop.earns("e:"+number, "7", "order", fivehundred(number)).has(201, members(point("earned", 40)))
			},
			func() { h.tellsBoth(goods(number, 1, purchase.Paid)) },
			func() { h.tellsBoth(goods(number, 2, purchase.Cancelled)) },
		}
		for _, step := range sequence {
			steps[step]()
			h.must(h.sales.SettlePoints(t.Context()))
			if i%2 == 0 {
				h.tellsBoth(goods(number, 0, purchase.Placed)) // late
			}
		}
		h.hasPoints("7", int64(i+1)*40, 0)
		h.asksOf(underNumber(number, "cancelled or refunded"))
		points := func(order string) string {
			return `{"method":"GET","path":"/v1/admin/loyalty/orders?order=` + order + `&shop=demo","does":"*"}`
		}
		h.office.asks("GET", "/v1/admin/tasks?kind=points_misplaced", "").has(200, `{"items":[{"id":"*","kind":"points_misplaced","subject":"demo/9`+number+`",
			"shop":"demo","reason":"*","opened_at":"*","age_seconds":"*","closed_at":null,"closes":"by_hand",
			"detail":{"order":"9`+number+`","earned_as":"`+number+`","act":"*","customer":"`+h.idOf("7")+`","points":{"amount":40,"currency":"POINT"}},
			"calls":[`+points("9"+number)+`,`+points(number)+`,
				{"method":"GET","path":"/v1/admin/customers/`+h.idOf("7")+`","does":"*"},{"method":"POST","path":"*","does":"*"}]}]}`)
		h.office.closes("points_misplaced").has(200, "{}")
		h.tellsBoth(goods(number, 2, purchase.Cancelled))
		h.tellsBoth(goods(number, 3, purchase.Refunded, 500_00))
		h.must(h.sales.SettlePoints(t.Context()))
		h.asksOf("none")
	}
}

// X17: the matter is over when the points are taken back, when the order stands again, or when the number turns out to be the id of another
// order, which they were earned for; and it comes again with its cause.
func TestX17PointsUnderTheNumberOfAnOrderMayBeRight(t *testing.T) {
	t.Parallel()
	for name, over := range map[string]func(h *house){
		"taken back": func(h *house) {
			h.shop.asks("DELETE", "/v1/points/e:1", "").has(200, says1("outcome", "reversed"))
		},
		"paid again": func(h *house) {
			h.tellsBoth(goods("1001", 5, purchase.Paid))
			h.asksOf("none")
			h.tellsBoth(goods("1001", 6, purchase.Cancelled))
			h.asksOf(underNumber("1001", "cancelled or refunded"))
			h.tellsBoth(goods("1001", 7, purchase.Paid, 100_00))
			h.asksOf(underNumber("1001", "refunded in part"))
			paid := goods("1001", 8, purchase.Paid)
			h.receives(paid)
			if state := h.reads(`SELECT state FROM inbox ORDER BY received_at DESC LIMIT 1`); state != "received" {
				h.t.Errorf("a state of an order that is asked about is %s, not left to the relay", state)
			}
			h.tells(paid)
		},
		"of another order": func(h *house) {
			other := goods("5", 1, purchase.Paid)
			other.ID, other.Number = "1001", "505"
			h.tellsBoth(other)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := bonus(t, tenth)
			h.shop.earns("e:1", "7", "order", fivehundred("1001")).has(201, "{}")
			h.tellsBoth(goods("1001", 1, purchase.Cancelled))
			h.asksOf(underNumber("1001", "cancelled or refunded"))
			over(h)
			h.must(h.sales.SettlePoints(t.Context()))
			h.asksOf("none")
		})
	}
}

// P23 X17: what somebody earned under the number of an order that is another customer's or a guest's may be for an order that has it for its
// id: he keeps it, and the office is asked once, whichever came first, until the shop tells of such an order or the points are gone.
func TestX17PointsUnderTheNumberOfAnOrderThatIsNotHisAreAskedFor(t *testing.T) {
	t.Parallel()
	earns := func(h *house) {
		h.shop.earns("e:1", "8", "order", fivehundred("1001")).has(201, members(point("earned", 40)))
	}
	told := func(h *house) { h.tellsBoth(goods("1001", 1, purchase.Paid)) }
	guests := func(h *house) { h.boughtBy("", 1) }
	for name, c := range map[string]struct {
		steps [2]func(*house)
		says  string
	}{
		"another's, known before": {[2]func(*house){told, earns}, "another customer's than who"},
		"another's, known later":  {[2]func(*house){earns, told}, "another customer's than who"},
		"a guest's, known before": {[2]func(*house){guests, earns}, "a guest's, and a customer"},
		"a guest's, known later":  {[2]func(*house){earns, guests}, "a guest's, and a customer"},
		"and its own earns as well": {[2]func(*house){func(h *house) {
			told(h)
			h.shop.earns("e:2", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
		}, earns}, "another customer's than who"},
	} {
		for over, ends := range map[string]func(*house){
			"taken back": func(h *house) {
				h.shop.asks("DELETE", "/v1/points/e:1", "").has(200, says1("outcome", "reversed"))
			},
			"of another order": func(h *house) {
				other := goods("5", 1, purchase.Paid)
				other.ID, other.Number, other.Buyer.ID = "1001", "505", "8"
				h.tellsBoth(other)
			},
		} {
			t.Run(name+", "+over, func(t *testing.T) {
				t.Parallel()
				h := bonus(t, tenth)
				for _, step := range c.steps {
					step(h)
					h.must(h.sales.SettlePoints(t.Context()))
				}
				asked := "demo/91001: order 91001 is " + c.says + " was given 40 points under 1001, which is its number and not its id"
				h.asksOf(asked)
				h.must(h.sales.SettlePoints(t.Context()))
				h.asksOf(asked)
				h.hasPoints("8", 40, 0)
				ends(h)
				h.must(h.sales.SettlePoints(t.Context()))
				h.asksOf("none")
			})
		}
	}
}

// X17: once a person has let them be, what becomes of another customer's order asks nothing more of them.
func TestX17PointsOfAnotherOrderAreAskedForOnce(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "8", "order", fivehundred("1001")).has(201, "{}")
	h.tellsBoth(goods("1001", 1, purchase.Paid))
	h.office.closes("points_misplaced").has(200, "{}")
	h.tellsBoth(goods("1001", 2, purchase.Cancelled))
	h.tellsBoth(goods("1003", 1, purchase.Paid))
	h.must(h.sales.SettlePoints(t.Context()))
	h.asksOf("none")
	h.hasPoints("8", 40, 0)
}

// X17: an order that its buyer earns for under its id and under its number is asked about, whichever comes first and wherever its webhook
// comes in between, until the number turns out to be the id of another order.
func TestX17AnOrderThatEarnsUnderBothOfItsNamesIsAskedAbout(t *testing.T) {
	t.Parallel()
	for _, sequence := range orderings(3) {
		t.Run(fmt.Sprint(sequence), func(t *testing.T) {
			t.Parallel()
			h := bonus(t, tenth)
			steps := []func(){
				func() { h.shop.earns("e:1", "7", "order", fivehundred("91002")).has(201, "{}") },
				func() { h.shop.earns("e:2", "7", "order", fivehundred("1002")).has(201, "{}") },
				func() { h.tellsBoth(goods("1002", 1, purchase.Paid)) },
			}
			for _, step := range sequence {
				steps[step]()
				h.must(h.sales.SettlePoints(t.Context()))
			}
			const twice = "demo/91002: order 91002 has earned under its id, and 40 points under 1002, which is its number and not its id"
			h.asksOf(twice)
			h.tellsBoth(goods("1002", 2, purchase.Cancelled))
			h.must(h.sales.SettlePoints(t.Context()))
			h.asksOf(twice)
			other := goods("5", 1, purchase.Paid)
			other.ID, other.Number = "1002", "505"
			h.tellsBoth(other)
			h.must(h.sales.SettlePoints(t.Context()))
			h.asksOf("none")
		})
	}
}

// boughtBy tells that order 91001 is paid, and whose it is; "" is a guest's.
func (h *house) boughtBy(login string, minute int) {
	h.t.Helper()
	o := goods("1001", minute, purchase.Paid)
	o.Buyer.ID = login
	h.tellsBoth(o)
}

// P23 X17: an order that its shop tells later to be another customer's leaves its points where they are, and the office is asked, until it
// is his again or the points are taken back. Who has several log-ins is one person, and who has given his account up was right then.
func TestX17PointsOfAnOrderThatIsAnothersAreAskedFor(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, "{}")
	const anothers = "demo/91001: order 91001 is another customer's than who was given 40 points for it"
	h.boughtBy("7", 1)
	h.boughtBy("", 2)
	h.asksOf("none")
	h.boughtBy("8", 3)
	h.boughtBy("8", 3)
	h.asksOf(anothers)
	h.boughtBy("7", 4)
	h.asksOf("none")
	h.boughtBy("8", 5)
	h.asksOf(anothers)
	h.hasPoints("7", 40, 0)
	h.shop.asks("DELETE", "/v1/points/e:1", "").has(200, says1("outcome", "reversed"))
	h.must(h.sales.SettlePoints(t.Context()))
	h.asksOf("none")
	h.shop.earns("e:2", "8", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	h.boughtBy("8", 6)
	h.grantsPoints("9", 1)
	h.merges("8", "9").has(200, "{}")
	h.boughtBy("9", 7)
	h.asksOf("none")
	h.boughtBy("7", 8)
	h.asksOf(anothers)
	cancelled := goods("1001", 9, purchase.Cancelled)
	h.tellsBoth(cancelled)
	h.asksOf("none")
	h.passes(time.Hour)
	h.hasPoints("9", 1, 0)
}

// P23 X17: a guest's order that its shop has told points for, before it told of the order, is asked about until a buyer is named or the
// points are gone.
func TestX17PointsOfAnOrderThatIsAGuestsAreAskedFor(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, "{}")
	const guests = "demo/91001: order 91001 is a guest's, and a customer was given 40 points for it"
	h.boughtBy("", 1)
	h.asksOf(guests)
	h.boughtBy("", 1)
	h.boughtBy("", 2)
	h.must(h.sales.SettlePoints(t.Context()))
	h.asksOf(guests)
	h.boughtBy("7", 3)
	h.asksOf("none")
	h.hasPoints("7", 40, 0)
}

// D17 X17: a question whose points they are is over with the merge that makes the order's buyer and who has them one person, whichever of
// them stays; the shop need not tell of the order again.
func TestX17PointsOfAnotherWhoIsMergedWithTheBuyerAreInTheirPlace(t *testing.T) {
	t.Parallel()
	for name, earned := range map[string]string{"under its id": "91001", "under its number": "1001"} {
		for _, merge := range [][2]string{{"7", "8"}, {"8", "7"}, {"third", "8"}} {
			t.Run(name+", "+merge[0]+" into "+merge[1], func(t *testing.T) {
				t.Parallel()
				h := bonus(t, tenth)
				h.shop.earns("e:1", "7", "order", fivehundred(earned)).has(201, "{}")
				h.boughtBy("8", 1)
				h.grantsPoints("8", 1)
				asked := h.misplaced()
				if asked == "none" {
					t.Fatal("nobody is asked")
				}
				if merge[0] == "third" {
					h.grantsPoints("third", 1)
					h.merges("7", "third").has(200, "{}")
					h.must(h.sales.SettlePoints(t.Context()))
					h.asksOf(asked)
				}
				h.merges(merge[0], merge[1]).has(200, "{}")
				h.must(h.sales.SettlePoints(t.Context()))
				h.asksOf("none")
				h.boughtBy("8", 2)
				h.asksOf("none")
			})
		}
	}
}
