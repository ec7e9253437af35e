package purchase_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"vouchsafe/retail/purchase"
)

// X01: which vouchers refunds wait for, as long as no person has closed their matter.
func TestWhichVouchersRefundsWaitFor(t *testing.T) {
	t.Parallel()
	three := lines(sells("1", "CARD-500", 3, 1500_00))
	spent, ended := purchase.Voucher{Balance: 100_00, Touched: true}, purchase.Voucher{Ended: true}
	used := func(w *world) *world {
		w.told(state(0, three))
		return w.voucher("1", 1, spent).voucher("1", 2, spent).voucher("1", 3, spent)
	}
	for name, tt := range map[string]struct {
		play   func(w *world)
		closed string
		waits  string
	}{
		"one of three":              {func(w *world) { used(w).told(state(1, three, gives("r1", 1, 500_00))) }, "", "1/1 for_one_of, 1/2 for_one_of, 1/3 for_one_of"},
		"all three":                 {func(w *world) { used(w).told(state(1, three, gives("r1", 3, 1500_00))) }, "", "1/1 for_it, 1/2 for_it, 1/3 for_it"},
		"all three, by two refunds": {func(w *world) { used(w).told(state(1, three, gives("r1", 1, 500_00), gives("r2", 2, 1000_00))) }, "", "1/1 for_it, 1/2 for_it, 1/3 for_it"},
		"two refunds, one closed":   {func(w *world) { used(w).told(state(1, three, gives("r1", 1, 500_00), gives("r2", 2, 1000_00))) }, "r2", "1/1 for_one_of, 1/2 for_one_of, 1/3 for_one_of"},
		"the only one that is left": {func(w *world) {
			used(w).voucher("1", 2, ended).voucher("1", 3, ended).told(state(1, three, gives("r1", 3, 1500_00)))
		}, "", "1/1 for_it"},
		"the whole order": {func(w *world) {
			used(w).told(state(1, three, status(purchase.Refunded), gives("r1", 1, 500_00), says("r2", 1000_00)))
		}, "", "1/1 for_it, 1/2 for_it, 1/3 for_it"},
		"a closed one":              {func(w *world) { used(w).told(state(1, three, gives("r1", 1, 500_00))) }, "r1", ""},
		"one that is taken back":    {func(w *world) { used(w).told(state(1, three, gives("r1", 1, 500_00))).told(state(2, three)) }, "", ""},
		"one of less than was paid": {func(w *world) { used(w).told(state(1, three, gives("r1", 1, 100_00))) }, "", ""},
		"one of nothing known":      {func(w *world) { used(w).told(state(1, three, says("r1", 500_00))) }, "", ""},
		"one that is settled":       {func(w *world) { w.told(state(0, three)).told(state(1, three, gives("r1", 1, 500_00))) }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.play(w)
			found := w.known.Awaited(func(refund string) bool { return refund != tt.closed })
			var text []string
			for key := range maps.Keys(found) {
				text = append(text, fmt.Sprintf("%s/%d %s", key.Line, key.N, found[key]))
			}
			slices.Sort(text)
			if got := strings.Join(text, ", "); got != tt.waits {
				t.Errorf("got %q, want %q", got, tt.waits)
			}
			if w.known.AwaitsUse() != (tt.waits != "" || name == "a closed one") {
				t.Errorf("it waits for vouchers in use: %t", w.known.AwaitsUse())
			}
		})
	}
}
