package admin_test

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"

	"vouchsafe/retail"
	"vouchsafe/retail/voucher"
)

// table reads an export; its first row names the columns.
func (h *house) table(path string) (rows []map[string]string) {
	h.t.Helper()
	got := h.office.asks("GET", "/v1/admin/exports/"+path, "")
	lines, err := csv.NewReader(strings.NewReader(got.text)).ReadAll()
	if err != nil || got.status != 200 || !strings.HasPrefix(got.header.Get("Content-Type"), "text/csv") {
		h.t.Fatalf("%s: %d %v %s", path, got.status, err, got.text)
	}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// total adds up a column of decimals, in minor units.
func (h *house) total(rows []map[string]string, column string, factor func(row map[string]string) int64) (sum int64) {
	h.t.Helper()
	for _, row := range rows {
		var whole, cents int64
		text := strings.TrimPrefix(row[column], "-")
		_, err := fmt.Sscanf(text, "%d.%d", &whole, &cents)
		h.must(err)
		minor := whole*100 + cents
		if text != row[column] {
			minor = -minor
		}
		sum += minor * factor(row)
	}
	return sum
}

func one(map[string]string) int64 { return 1 }

// dayOfTrade lets something of each kind happen today.
func (h *house) dayOfTrade() {
	h.t.Helper()
	a, b := h.issues(500_00), h.sells(order("1042", 0))[0]
	h.till.asks("PUT", "/v1/redemptions/r:1", members(says("code", a.code), pays("amount", 120_00), says("receipt", "=HYPERLINK(1)")))
	h.till.asks("PUT", "/v1/reloads/l:1", members(says("code", a.code), pays("amount", 50_00), says("receipt", "2"), says("tender", "cash")))
	h.till.asks("PUT", "/v1/refunds/f:1", members(says("redemption", "r:1"), pays("amount", 20_00), because))
	h.office.does("invalidate", b, because)
}

// X11: the totals of every export are those of the journal.
func TestTheTotalsOfTheExportsAreThoseOfTheJournal(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.dayOfTrade()
	owed := h.turnover("today=true")["DKK"][8]
	if owed != 450_00 {
		t.Fatalf("%d are owed", owed)
	}
	journal := h.table("journal.csv?today=true")
	if n := h.reads(`SELECT count(*)::text FROM entry`); fmt.Sprint(len(journal)) != n {
		t.Errorf("%d lines of %s", len(journal), n)
	}
	if sum := h.total(journal, "amount", one); sum != owed {
		t.Errorf("the journal comes to %d, owed are %d", sum, owed)
	}
	if sum := h.total(h.table("liability.csv"), "owed", one); sum != owed {
		t.Errorf("the vouchers come to %d, owed are %d", sum, owed)
	}
	books := h.table("accounting.csv?today=true")
	if sum := h.total(books, "amount", func(row map[string]string) int64 {
		switch "liability" {
		case row["credit"]:
			return 1
		case row["debit"]:
			return -1
		}
		return 0
	}); sum != owed {
		t.Errorf("the bookings come to %d, owed are %d: %v", sum, owed, books)
	}
	for _, row := range journal {
		if row["receipt"] != "" && strings.HasPrefix(row["receipt"], "=") {
			t.Errorf("a formula gets into the table: %v", row)
		}
	}
	if n := h.reads(`SELECT count(*)::text FROM audit WHERE action = 'export'`); n != "3" {
		t.Errorf("%s exports are in the audit trail", n)
	}
	if rows := h.table("journal.csv?from=2020-01-01&to=2020-01-31"); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
}

// X11: DATEV's table has the merchant's numbers, and comes to what the journal does.
func TestTheBooksForDATEV(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.dayOfTrade()
	h.office.asks("GET", "/v1/admin/exports/accounting.csv?today=true&layout=datev&currency=DKK", "").refuses(409, "settings_missing")
	accounts := `"accounts":{"liability":"3272","sold":"1460","reloaded":"1460","granted":"4990","redeemed":"1461","refunded":"1462","expired":"4830","adjusted":"6990"}`
	set := members(accounts, `"datev":{"consultant":29098,"client":55003,"account_length":4,"fiscal_year_start":"01-01","chart":"04"}`)
	h.office.asks("PUT", "/v1/admin/bookkeeping", set).wants(200, set)
	h.office.asks("GET", "/v1/admin/bookkeeping", "").wants(200, set)
	got := h.office.asks("GET", "/v1/admin/exports/accounting.csv?today=true&layout=datev&currency=DKK", "")
	lines := strings.Split(got.text+"\r\n", "\r\n") // the reply is trimmed
	if got.status != 200 || !strings.HasPrefix(lines[0], `"EXTF";700;21;"Buchungsstapel";13;`) || !strings.Contains(got.header.Get("Content-Disposition"), "EXTF_Buchungsstapel") {
		t.Fatalf("%d %s", got.status, got.text)
	}
	var booked []string
	for _, line := range lines[2 : len(lines)-1] {
		cells := strings.Split(line, ";")
		booked = append(booked, cells[6]+" "+cells[7]+" "+cells[0]+" "+cells[1])
	}
	slices.Sort(booked)
	if got, want := strings.Join(booked, "; "), `1460 3272 1000,00 "S"; 1460 3272 50,00 "S"; 1461 3272 100,00 "H"; 6990 3272 500,00 "H"`; got != want {
		t.Errorf("booked %s, want %s", got, want)
	}
	h.office.asks("GET", "/v1/admin/exports/accounting.csv?from=2026-12-31&to=2027-01-01&layout=datev", "").refuses(400, "invalid_request", says("field", "to"))
	for _, currency := range []string{"PUNCH", "XXX", "KWD"} {
		h.office.asks("GET", "/v1/admin/exports/accounting.csv?today=true&layout=datev&currency="+currency, "").refuses(400, "invalid_request", says("field", "currency"))
	}
	h.office.asks("PUT", "/v1/admin/bookkeeping", strings.Replace(set, "1461", "A-1461", 1)).refuses(400, "invalid_request", says("field", "accounts"))
	h.office.asks("PUT", "/v1/admin/bookkeeping", `{"accounts":{"bribes":"1"}}`).refuses(400, "invalid_request", says("field", "accounts"))
	h.office.asks("GET", "/v1/admin/exports/journal.csv", "").refuses(400, "invalid_request", says("field", "from"))
}

// X11, X12: what is paid out in cash and what is kept of it are booked apart, on the merchant's own accounts once he has named them, and
// come to what the journal does. In the turnover both are what was refunded.
func TestCashOutsAreBookedApartFromTheirFees(t *testing.T) {
	t.Parallel()
	h := open(t, keepsOfCash("25.00"))
	a, b := h.issues(500_00, danish), h.issues(300_00, danish)
	h.till.cashesOut("o:1", a).has(201, pays1("balance", 0))
	h.till.cashesOut("o:2", b).has(201, pays1("balance", 0))
	h.till.asks("DELETE", "/v1/cash-outs/o:2", "").has(200, `{"outcome":"reversed"}`)
	h.figures("today=true", "map[DKK:[80000 0 50000 0 0 30000 0 0 30000]]")
	booked := func(query string) string {
		t.Helper()
		var lines []string
		for _, row := range h.table("accounting.csv?today=true" + query) {
			lines = append(lines, row["move"]+" "+row["debit"]+" "+row["credit"]+" "+row["amount"]+" "+row["lines"])
		}
		slices.Sort(lines)
		return strings.Join(lines, "; ")
	}
	if got, want := booked(""), "fees liability fees 25.00 3; paid_out liability paid_out 475.00 3; sold sold liability 800.00 2"; got != want {
		t.Errorf("booked %s, want %s", got, want)
	}
	accounts := `"accounts":{"liability":"3272","sold":"1460","reloaded":"1460","granted":"4990","redeemed":"1461","refunded":"1462","expired":"4830","adjusted":"6990"`
	const datev = `"datev":{"consultant":29098,"client":55003,"account_length":4,"fiscal_year_start":"01-01","chart":"04"}`
	for more, want := range map[string]string{
		`}`:                                 "fees 3272 1462 25.00 3; paid_out 3272 1462 475.00 3; sold 1460 3272 800.00 2",
		`,"paid_out":"1600","fees":"4840"}`: "fees 3272 4840 25.00 3; paid_out 3272 1600 475.00 3; sold 1460 3272 800.00 2",
	} {
		h.office.asks("PUT", "/v1/admin/bookkeeping", members(accounts+more, datev)).has(200, "{}")
		if got := booked(""); got != want {
			t.Errorf("booked %s, want %s", got, want)
		}
		got := h.office.asks("GET", "/v1/admin/exports/accounting.csv?today=true&layout=datev&currency=DKK", "")
		if got.status != 200 || !strings.Contains(got.text, "ausgezahlt") || !strings.Contains(got.text, "als Geb\xfchr einbehalten") {
			t.Errorf("%d %s", got.status, got.text)
		}
	}
	h.office.asks("PUT", "/v1/admin/bookkeeping", members(accounts+`,"fees":"bribe"}`, datev)).refuses(400, "invalid_request", says("field", "accounts"))
	sum := h.total(h.table("accounting.csv?today=true"), "amount", func(row map[string]string) int64 {
		if row["credit"] == "3272" {
			return 1
		}
		return -1
	})
	if journal := h.total(h.table("journal.csv?today=true"), "amount", one); sum != 300_00 || journal != sum {
		t.Errorf("the bookings come to %d, the journal to %d", sum, journal)
	}
}

// keepsOfCash is what the merchant keeps of what he pays out.
func keepsOfCash(fee string) option {
	return func(r *voucher.Rules, _ *retail.NewShop) { r.CashOutFee = fee }
}
