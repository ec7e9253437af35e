package purchase_test

import (
	"testing"

	"vouchsafe/retail/purchase"
)

// X01: what the office has closed stays closed while the shop repeats itself; what it says otherwise of a refund is another matter.
func TestAMatterIsNewWhenTheShopSaysSomethingElse(t *testing.T) {
	t.Parallel()
	var (
		two   = lines(sells("1", "CARD-500", 2, 1000_00))
		three = lines(sells("1", "CARD-500", 3, 1500_00))
		spent = purchase.Voucher{Balance: 400_00, Touched: true}
	)
	for name, test := range map[string]struct {
		play func(*world)
		next func(*world)
		same bool
	}{
		"less than was paid, told again": {func(w *world) { w.told(state(0, two)).told(state(1, two, gives("r1", 1, 450_00))) },
			func(w *world) { w.told(state(2, two, gives("r1", 1, 450_00))) }, true},
		"less than was paid, and a look": {func(w *world) { w.told(state(0, two)).told(state(1, two, gives("r1", 1, 450_00))) }, func(w *world) { w.looks() }, true},
		"less than was paid, told without its lines": {func(w *world) { w.told(state(0, two)).told(state(1, two, gives("r1", 1, 450_00))) },
			func(w *world) { w.told(state(2, two, says("r1", 450_00))) }, true},
		"less than was paid, and another line changes": {func(w *world) { w.told(state(0, two)).told(state(1, two, gives("r1", 1, 450_00))) },
			func(w *world) {
				w.told(state(2, lines(sells("1", "CARD-500", 2, 1000_00), sells("2", "COFFEE", 1, 10_00)), gives("r1", 1, 450_00)))
			}, true},
		"less than was paid, for two units": {func(w *world) { w.told(state(0, two)).told(state(1, two, gives("r1", 1, 450_00))) },
			func(w *world) { w.told(state(2, two, gives("r1", 2, 950_00))) }, false},
		"less than was paid, for two units and the same money": {func(w *world) { w.told(state(0, two)).told(state(1, two, gives("r1", 1, 450_00))) },
			func(w *world) { w.told(state(2, two, gives("r1", 2, 450_00))) }, false},
		"less than was paid, and a little more": {func(w *world) { w.told(state(0, two)).told(state(1, two, gives("r1", 1, 450_00))) },
			func(w *world) { w.told(state(2, two, gives("r1", 1, 460_00))) }, false},
		"in use, and one unit more": {func(w *world) {
			w.told(state(0, two)).voucher("1", 1, spent).voucher("1", 2, spent).told(state(1, two, gives("r1", 1, 500_00)))
		}, func(w *world) { w.told(state(2, two, gives("r1", 2, 1000_00))) }, false},
		"in use, and one of two is taken": {func(w *world) {
			w.told(state(0, two)).voucher("1", 1, spent).voucher("1", 2, spent).told(state(1, two, gives("r1", 2, 1000_00)))
		}, func(w *world) { w.voucher("1", 2, purchase.Voucher{Balance: 500_00}).looks() }, true},
		"without lines, and more money": {func(w *world) { w.told(state(0, two)).told(state(1, two, says("r1", 50_00))) },
			func(w *world) { w.told(state(2, two, says("r1", 100_00))) }, false},
		"without lines, told again": {func(w *world) { w.told(state(0, two)).told(state(1, two, says("r1", 50_00))) },
			func(w *world) { w.told(state(2, two, says("r1", 50_00))) }, true},
		"taken back, told again": {func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 2, 1000_00))).told(state(2, three))
		}, func(w *world) { w.told(state(3, three)) }, true},
		"made smaller, and smaller": {func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 3, 1500_00))).told(state(2, three, gives("r1", 2, 1000_00)))
		}, func(w *world) { w.told(state(3, three, gives("r1", 1, 1000_00))) }, false},
		"made smaller, and taken back": {func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 3, 1500_00))).told(state(2, three, gives("r1", 2, 1000_00)))
		}, func(w *world) { w.told(state(3, three)) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			test.play(w)
			before := w.known.Matters()
			test.next(w)
			after := w.known.Matters()
			if len(before) != 1 || len(after) != 1 {
				t.Fatalf("one matter was expected: %+v, then %+v", before, after)
			}
			b, a := before[0], after[0]
			if same := b.Kind == a.Kind && b.About == a.About && b.Reason == a.Reason && b.Word == a.Word; same != test.same {
				t.Errorf("the same matter: got %t, want %t: %+v, then %+v", same, test.same, b, a)
			}
		})
	}
}
