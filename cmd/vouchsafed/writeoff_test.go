package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/retailtest"
)

// nobodys is long after the end of what was sold, and of the year in which its value is owed in Denmark.
const nobodys = 5 * 366 * 24 * time.Hour

// writesOffNow lets the job begin as if its time had come.
func writesOffNow(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	execute(t, pool, `INSERT INTO river_job (args, kind, max_attempts, priority, queue, state)
		VALUES ('{"name": "write-off-expired"}', 'tick', 1, 1, 'periodic', 'available')`)
}

// X12: the daemon dies at every instant of a write-off. Its successor writes off what is left, each voucher once; an extension brings one
// back once, and the books are sound.
func TestAWriteOffHappensOnceWhateverInstantTheDaemonDies(t *testing.T) {
	t.Parallel()
	for _, point := range []string{failpoint.GroupLocked, failpoint.GroupWritten, failpoint.GroupCommitted} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			a := opensArcade(t)
			pool := a.look()
			d := a.serves()
			codes := []string{a.sells(d, "s:1"), a.sells(d, "s:2")}
			d.dies()
			retailtest.ShiftClock(t, pool, nobodys)
			w := &outage{arcade: a, d: a.serves("VOUCHSAFE_FAILPOINTS=" + point)}
			armed := w.d
			writesOffNow(t, pool)
			eventually(t, recoversWithin, "the daemon dies", func() bool { w.revives(); return w.d != armed })
			writesOffNow(t, pool)
			left := func() int64 { return count(t, pool, `SELECT count(*) FROM voucher WHERE balance > 0`) }
			eventually(t, recoversWithin, "all is written off", func() bool { return left() == 0 })

			found := w.asks("POST", a.office, "/v1/admin/vouchers/find", fmt.Sprintf(`{"code": %q}`, codes[0]))
			w.asks("POST", a.office, fmt.Sprintf("/v1/admin/vouchers/%v/extend", found.at("id")), `{"expires_on": "2099-01-01", "reason": "goodwill"}`)
			w.asks("PUT", a.till, "/v1/redemptions/r:1", redeem1(codes[0]))
			for i, want := range []float64{499_00, 0} {
				if r := w.asks("POST", a.till, "/v1/balance", fmt.Sprintf(`{"code": %q}`, codes[i])); r.at("balance.amount") != want {
					t.Errorf("the voucher holds %s", r.text)
				}
			}
			if n := count(t, pool, `SELECT count(*) FROM entry WHERE contra = 'expired/clock'`); n != 3 {
				t.Errorf("%d lines of write-offs, want two and one that was brought back", n)
			}
			w.d.stops()
			a.sound()
		})
	}
}
