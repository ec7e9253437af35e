package admin_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/report"
	"vouchsafe/retail/voucher"
)

// turnover is what the office is told of a period, currency by currency: sold, the five, redeemed in the period, liability.
func (h *house) turnover(query string) map[string][]int64 {
	h.t.Helper()
	got := h.office.asks("GET", "/v1/admin/turnover?"+query, "")
	if got.status != 200 {
		h.t.Fatalf("%d %s", got.status, got.text)
	}
	told := map[string][]int64{}
	for _, each := range got.fields()["currencies"].([]any) {
		row := each.(map[string]any)
		figure := func(name string) int64 {
			var minor int64
			_, err := fmt.Sscan(fmt.Sprint(row[name].(map[string]any)["amount"]), &minor)
			h.must(err)
			return minor
		}
		five := []int64{
			figure("sold"), figure("redeemed_of_sold"), figure("refunded_of_sold"), figure("expired_of_sold"), figure("adjusted_of_sold"),
			figure("outstanding_of_sold"),
		}
		if five[0] != five[1]+five[2]+five[3]+five[4]+five[5] {
			h.t.Errorf("sold is not the sum of the five: %v", five)
		}
		told[row["currency"].(string)] = append(five, figure("reloaded"), figure("redeemed_in_period"), figure("liability"))
	}
	return told
}

// figures holds figures against what is wanted, summed up or not.
func (h *house) figures(query, want string) {
	h.t.Helper()
	for _, when := range []string{"as the journal has it", "summed up", "summed up twice"} {
		if got := fmt.Sprint(h.turnover(query)); got != want {
			h.t.Errorf("%s: %s, want %s", when, got, want)
		}
		h.must(h.sales.SumUp(h.t.Context()))
	}
}

// A01, A02, A03, A04, A05, X11: the turnover of a period, before and after the journal was summed up.
func TestTheTurnoverTellsWhatBecameOfWhatWasSold(t *testing.T) {
	t.Parallel()
	h := open(t)
	a, b, c := h.issues(500_00), h.issues(300_00), h.issues(200_00)
	h.till.redeems("r:1", a, 120_00)
	h.office.asks("PUT", "/v1/refunds/f:1", members(says("redemption", h.till.asks("GET", "/v1/redemptions/r:1", "").at("redemption", "id")), pays("amount", 20_00), because))
	h.till.asks("PUT", "/v1/reloads/l:1", members(says("code", b.code), pays("amount", 50_00), says("receipt", "2"), says("tender", "cash")))
	h.till.redeems("r:2", b, 310_00)
	h.office.does("invalidate", c, because)
	const want = "map[DKK:[100000 40000 0 0 20000 40000 5000 41000 44000]]"
	h.figures("today=true", want)
	today := h.reads(`SELECT (vouchsafe_now() AT TIME ZONE 'Europe/Copenhagen')::date::text`)
	h.figures("from="+today+"&to="+today, want)
	h.till.redeems("r:3", a, 100_00)
	h.figures("from="+today, "map[DKK:[100000 50000 0 0 20000 30000 5000 51000 34000]]")
	h.figures("from=2020-01-01&to=2020-12-31", "map[]")
}

// X11: days are local days, and what is owed can be asked for any of them.
func TestDaysAreThoseOfTheMerchantsZone(t *testing.T) {
	t.Parallel()
	h := open(t)
	midnight := time.Date(2026, 6, 30, 22, 0, 0, 0, time.UTC) // in Copenhagen
	h.passes(time.Until(midnight.Add(-time.Second)))
	a := h.issues(500_00)
	h.passes(time.Until(midnight.Add(time.Second)))
	h.issues(300_00)
	h.till.redeems("r:1", a, 100_00)
	h.figures("from=2026-06-30&to=2026-06-30", "map[DKK:[50000 10000 0 0 0 40000 0 0 50000]]")
	h.figures("from=2026-07-01&to=2026-07-01", "map[DKK:[30000 0 0 0 0 30000 0 10000 70000]]")
	h.figures("today=true", "map[DKK:[30000 0 0 0 0 30000 0 10000 70000]]")
	owed := func(day, liability, expired string) {
		t.Helper()
		h.office.asks("GET", "/v1/admin/liability?on="+day, "").has(200, `{"currencies":[{"currency":"DKK","liability":{"amount":`+liability+
			`,"currency":"DKK"},"expired":{"amount":`+expired+`,"currency":"DKK"},"written_off":{"amount":0,"currency":"DKK"},"breakage":{"amount":`+expired+`,"currency":"DKK"}}]}`)
	}
	owed("2026-06-30", "50000", "0")
	owed("2026-07-01", "70000", "0")
	owed("2029-07-01", "70000", "70000")
	owed("2029-06-30", "70000", "40000")
	h.office.asks("GET", "/v1/admin/liability?on=2026-06-29", "").has(200, `{"currencies":[]}`)
}

func TestAPeriodThatCannotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	for query, field := range map[string]string{
		"": "from", "from=soon": "from", "from=2026-02-30": "from", "from=2026-02-02&to=2026-02-01": "to", "today=true&from=2026-02-02": "today",
	} {
		h.office.asks("GET", "/v1/admin/turnover?"+query, "").refuses(400, "invalid_request", says("field", field))
	}
	h.office.asks("GET", "/v1/admin/liability?on=yesterday", "").refuses(400, "invalid_request", says("field", "on"))
}

// A line that is committed late, by a transaction that began early, is summed up once all the same.
func TestALineThatIsCommittedLateIsSummedUpOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	a, b := h.issues(500_00), h.issues(500_00)
	late, err := h.pool.BeginTx(t.Context(), pgx.TxOptions{})
	h.must(err)
	defer func() { _ = late.Rollback(context.Background()) }() // it is committed below
	_, err = h.ledger.ApplyTx(t.Context(), late, redemption(h, a, "late"))
	h.must(err)
	h.till.redeems("r:1", b, 100_00)
	h.figures("today=true", "map[DKK:[100000 10000 0 0 0 90000 0 10000 90000]]")
	h.must(late.Commit(t.Context()))
	h.figures("today=true", "map[DKK:[100000 20000 0 0 0 80000 0 20000 80000]]")
	h.ties()
}

// ties holds what is summed up against the journal.
func (h *house) ties() {
	h.t.Helper()
	h.must(h.sales.SumUp(h.t.Context()))
	for what, query := range map[string]string{
		"sums":  `SELECT format('%s %s', (SELECT sum(amount) FROM turnover_sum), (SELECT sum(amount) FROM entry)) WHERE (SELECT sum(amount) FROM turnover_sum) <> (SELECT sum(amount) FROM entry)`,
		"lines": `SELECT 'differ' WHERE (SELECT sum(lines) FROM turnover_sum) <> (SELECT count(*) FROM entry)`,
	} {
		var evidence string
		if err := h.pool.QueryRow(h.t.Context(), query).Scan(&evidence); err == nil {
			h.t.Errorf("%s: %s", what, evidence)
		}
	}
	findings, err := report.Verify(h.t.Context(), h.pool)
	h.must(err)
	for _, f := range findings {
		h.t.Errorf("%+v", f)
	}
}

// A database that was restored on another server bears that server's transactions: it is read anew, and no line counts twice.
func TestTheSumsOfARestoredDatabaseAreMadeAnew(t *testing.T) {
	t.Parallel()
	h := open(t)
	a := h.issues(500_00)
	h.ties()
	h.runs(`ALTER TABLE entry DISABLE TRIGGER entry_append_only`)
	h.runs(`UPDATE entry SET txid = txid + 1000000`)
	h.runs(`ALTER TABLE entry ENABLE TRIGGER entry_append_only`)
	h.runs(`UPDATE turnover_seen SET seen = '2000000:2000000:'`)
	h.must(h.sales.SumUp(t.Context()))
	h.till.redeems("r:1", a, 100_00)
	h.figures("today=true", "map[DKK:[50000 10000 0 0 0 40000 0 10000 40000]]")
	h.ties()
}

// A broken sum is found by the proof.
func TestTheProofComparesTheSumsWithTheJournal(t *testing.T) {
	t.Parallel()
	h := ajar(t)
	h.issues(500_00)
	h.ties()
	h.runs(`UPDATE turnover_sum SET amount = amount + 1`)
	findings, err := report.Verify(t.Context(), h.pool)
	h.must(err)
	if len(findings) == 0 || !strings.Contains(findings[0].Invariant, "summed up") {
		t.Errorf("%+v", findings)
	}
}

// redemption is one of the till, to be applied by hand.
func redemption(h *house, of card, key string) ledger.Aimed {
	id, err := h.ledger.NewID()
	h.must(err)
	ref := voucher.Ref{Owner: "till:till-1", Kind: voucher.Redemptions, Key: key}
	return ledger.Aimed{Voucher: of.id, Act: voucher.Redeem{ID: id, Ref: ref, Amount: money.Of(100_00, "DKK"), Partial: voucher.Whole}}
}
