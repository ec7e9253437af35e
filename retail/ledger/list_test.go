package ledger_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/retailtest"
)

// manyOf copies a voucher: each copy was sold an hour after the one before, and the first ones have ended.
const manyOf = `
	INSERT INTO voucher (id, code_mac, last4, product, kind, mode, currency, state, balance, fence, version, term, zone, expires_on, ends_at, issued_at, last_at, entries, head)
	SELECT
		gen_random_uuid(),
		sha256(n::text::bytea),
		last4,
		product,
		kind,
		mode,
		currency,
		state,
		balance,
		fence,
		version,
		term,
		zone,
		at::date,
		at,
		timestamptz '2020-01-01' + n * interval '1 hour',
		last_at,
		entries,
		head
	FROM
		voucher,
		generate_series(1, 20000) n,
		LATERAL (SELECT CASE WHEN n <= @ended THEN timestamptz '2021-01-01' ELSE timestamptz '2900-01-01' END AS at) ends`

// A12: what has expired is listed without the rows of what has not, be it nothing or all that was sold first.
func TestTheListOfWhatHasExpiredReadsNoOtherRows(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		ended int
		sort  string
	}{
		"none, the latest first":                     {0, "-issued_at"},
		"none, by the balance":                       {0, "balance"},
		"the oldest, which come last":                {6000, "-issued_at"},
		"the oldest, by the end of their validity":   {6000, "expires_on"},
		"the oldest, by the other end of their list": {6000, "issued_at"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			h.issues(500_00)
			for _, sql := range []string{manyOf, "VACUUM ANALYZE voucher"} {
				if _, err := h.pool.Exec(t.Context(), sql, pgx.NamedArgs{"ended": tt.ended}); err != nil {
					t.Fatal(err)
				}
			}
			sql, args, err := ledger.PageOf(ledger.Listing{Page: ledger.Page{Sort: tt.sort, Limit: 50}, State: "expired"}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			rows, _ := h.pool.Query(t.Context(), "EXPLAIN (ANALYZE, TIMING off) "+sql, args) // rows carry the error on
			plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(plan, "\n"); strings.Contains(text, "Rows Removed by Filter") || strings.Contains(text, "Seq Scan") {
				t.Errorf("the plan is\n%s", text)
			}
		})
	}
}

// An act writes no index of the vouchers: what it changes is in none of them.
func TestNoIndexOfVouchersKnowsWhatActsChange(t *testing.T) {
	t.Parallel()
	rows, _ := retailtest.Database(t).Query(t.Context(), `
		SELECT DISTINCT column_name::text
		FROM information_schema.columns
			JOIN pg_indexes ON tablename = table_name AND regexp_replace(indexdef, '^.* USING ', '') ~ ('\m' || column_name || '\M')
		WHERE table_name = 'voucher'`)
	indexed, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, changing := range []string{"state", "balance", "fence", "version", "last_at", "entries", "head"} {
		if slices.Contains(indexed, changing) {
			t.Errorf("an index has %s", changing)
		}
	}
	if !slices.Contains(indexed, "issued_at") || !slices.Contains(indexed, "ends_at") {
		t.Errorf("the indexes have %q alone", indexed)
	}
}
