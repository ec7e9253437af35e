package admin_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// X07: a file is looked through, brought in once, and taken back as far as nobody has used it.
func TestAFileOfForeignVouchersIsImportedAndTakenBack(t *testing.T) {
	t.Parallel()
	h := open(t, approvalAbove("1000.00"))
	file := says("csv", "kode;saldo;valuta;udløbsdato\nGAVE-2019-0001;350,00;DKK;31.12.2030\nGAVE-2019-0002;99;DKK;\nGAVE-2019-0003;0;DKK;\n")
	h.unchanged("a dry run", func() {
		h.office.asks("POST", "/v1/admin/imports/weigh", members(file)).
			wants(200, members(`"totals":[{"vouchers":2,"sum":`+dkk(449_00)+`}]`, `"empty":1`, `"weak":2`, `"ignored":[]`, `"faults":[]`, `"warnings":[]`, `"ended":[]`, `"known":null`))
		h.office.asks("POST", "/v1/admin/imports/weigh", says1("csv", "kode;saldo;valuta\nGAVE-1;1.234;DKK\n")).
			has(200, `{"faults":[{"line":2,"column":"saldo","detail":"*"}]}`)
		h.office.asks("PUT", "/v1/admin/imports/old", members(says("csv", "kode;saldo;valuta\nGAVE-1;1.234;DKK\n"), because)).
			refuses(400, "invalid_request", `"field":"csv"`, `"faults":[{"line":2,"column":"saldo","detail":"*"}]`)
		h.office.asks("PUT", "/v1/admin/imports/old", members(says("csv", "PK"), because)).refuses(400, "invalid_request", `"field":"csv"`)
		h.office.asks("PUT", "/v1/admin/imports/old", members(says("csv", "kode;saldo;valuta\nGAVE-123;1001,00;DKK\n"), because)).refuses(403, "approval_required")
		h.office.asks("GET", "/v1/admin/imports/old", "").refuses(404, "not_found")
		h.office.asks("POST", "/v1/admin/imports/old/take-back", members(because)).refuses(404, "not_found")
	})
	made := h.office.asks("PUT", "/v1/admin/imports/old", members(file, because))
	made.has(201, members(says("key", "old"), `"vouchers":2`, says("state", "standing")))
	if again := h.office.asks("PUT", "/v1/admin/imports/old", members(file, because)); again.status != 200 || again.text != made.text {
		t.Errorf("again: %d %s", again.status, again.text)
	}
	h.unchanged("the file under another key, other content under the key, and codes that exist", func() {
		h.office.asks("PUT", "/v1/admin/imports/new", members(file, because)).refuses(409, "already_exists")
		other := says("csv", "kode;saldo;valuta\nGAVE20190002;5;DKK\n")
		h.office.asks("PUT", "/v1/admin/imports/old", members(other, because)).refuses(422, "key_reused")
		h.office.asks("PUT", "/v1/admin/imports/new", members(other, because)).refuses(400, "invalid_request", `"field":"csv"`, `"faults":[{"line":2,"column":"code","detail":"a voucher has this code already"}]`)
	})
	h.office.asks("GET", "/v1/admin/imports", "").explains(`"key":"old"`)
	first, second := card{code: "gave 2019 0001"}, card{code: "GAVE20190002"}
	h.till.looksUp(first).has(200, pays1("balance", 350_00)).explains(`"expires_on":"2030-12-31"`, `"kind":"money"`, `"mode":"card"`)
	h.till.looksUp(second).has(200, pays1("balance", 99_00)).explains(`"expires_on":null`)
	h.till.redeems("r:1", first, 50_00).has(201, pays1("balance", 300_00))
	for range 2 {
		h.office.asks("POST", "/v1/admin/imports/old/take-back", members(because)).
			has(200, members(`"taken":1`, `"stayed":[{"line":2,"voucher":"*","last4":"0001"}]`)).explains(`"state":"taken_back"`)
	}
	h.till.looksUp(second).refuses(404, "voucher_not_found")
	h.till.redeems("r:2", first, 300_00).has(201, "{}")
	h.office.asks("PUT", "/v1/admin/imports/mended", members(says("csv", "kode;saldo;valuta\nGAVE-2019-0002;98,50;DKK\n"), because)).has(201, "{}")
	h.till.looksUp(second).has(200, pays1("balance", 98_50))
}

// X07, X12: a file is told which of its lines nobody can ask for any more, and an import is taken back wholly whatever of it was written off.
func TestAnImportIsTakenBackThoughItsLinesWereWrittenOff(t *testing.T) {
	t.Parallel()
	h := open(t)
	file := says("csv", "kode;saldo;valuta;udløb\nGAVE-2019-0001;350,00;DKK;31.12.2019\nGAVE-2019-0002;99;DKK;\nGAVE-2019-0003;10;DKK;31.12.2019\n"+
		"GAVE-2019-0004;70;DKK;31.12.2030\nGAVE-2019-0005;80;DKK;31.12.2030\nGAVE-2019-0006;60;DKK;31.12.2030\n")
	h.unchanged("a dry run", func() {
		h.office.asks("POST", "/v1/admin/imports/weigh", members(file)).
			has(200, members(`"ended":[{"vouchers":2,"sum":`+dkk(360_00)+`}]`,
				`"warnings":[{"line":2,"column":"expires_on","detail":"*"},{"line":4,"column":"expires_on","detail":"*"}]`, `"faults":[]`)).
			explains(`"vouchers":6,"sum":` + dkk(669_00))
	})
	h.office.asks("PUT", "/v1/admin/imports/old", members(file, because)).has(201, "{}")
	h.writesOff(2)
	later, used := card{code: "GAVE-2019-0004"}, card{code: "GAVE-2019-0006"}
	h.till.redeems("r:1", used, 20_00).has(201, "{}")
	h.passes(7 * aYear)
	h.writesOff(3)
	found := h.office.asks("POST", "/v1/admin/vouchers/find", says1("code", later.code))
	later.id = found.at("id")
	h.office.does("extend", later, because, says("expires_on", "2090-01-01")).has(200, "{}")
	h.owes(99_00+70_00, 0, 360_00+80_00+40_00)
	for range 2 {
		h.office.asks("POST", "/v1/admin/imports/old/take-back", members(because)).
			has(200, members(`"taken":5`, `"stayed":[{"line":7,"voucher":"*","last4":"0006"}]`)).explains(`"state":"taken_back"`)
	}
	h.owes(0, 0, 40_00)
	h.till.looksUp(later).refuses(404, "voucher_not_found")
	if left := h.reads(`SELECT sum(amount)::text FROM entry WHERE contra = 'imported/office'`); left != "6000" {
		t.Errorf("what was imported and stands is %s, want what was used alone", left)
	}
	h.ties()
	again := says("csv", "kode;saldo;valuta;udløb\nGAVE-2019-0001;350,00;DKK;31.12.2035\n")
	h.office.asks("PUT", "/v1/admin/imports/mended", members(again, because)).has(201, "{}")
	h.writesOff(0)
	h.till.looksUp(card{code: "GAVE-2019-0001"}).has(200, pays1("balance", 350_00))
}

// X07: control totals are of the lines that can be taken: neither what is above the limit, nor a code or a product that doesn't fit.
func TestControlTotalsAreOfTheLinesThatAreTaken(t *testing.T) {
	t.Parallel()
	h := open(t)
	known := h.issues(500_00)
	file := "kode;saldo;valuta;produkt\nGAVE-2019-0001;350,00;DKK;\nGAVE-2019-0002;10000,01;DKK;\n" + known.code + ";99;DKK;\n" +
		"GAVE-2019-0004;1;DKK;NO-SUCH\nGAVE-2019-0005;20000;SEK;\nGAVE-2019-0006;10000;DKK;\n"
	h.unchanged("a file of which some lines fit", func() {
		h.office.asks("POST", "/v1/admin/imports/weigh", members(says("csv", file))).
			has(200, members(`"totals":[{"vouchers":2,"sum":`+dkk(10_350_00)+`}]`, `"weak":2`)).
			explains(`"line":3,"column":"balance"`, `"line":4,"column":"code"`, `"line":5,"column":"product"`, `"line":6,"column":"balance"`)
		h.office.asks("POST", "/v1/admin/imports/weigh", members(says("csv", "kode;saldo;valuta\nGAVE-2019-0005;20000;SEK\n"))).has(200, `{"totals":[],"weak":0}`)
	})
}

// X07: an import may be larger than other bodies, up to its own limit.
func TestAFileIsLargerThanOtherBodies(t *testing.T) {
	t.Parallel()
	h := open(t)
	file := "kode;saldo;valuta\n"
	for i := range 5_000 {
		file += fmt.Sprintf("GAVE-2019-%06d;5,00;DKK\n", i)
	}
	h.office.asks("POST", "/v1/admin/imports/weigh", says1("csv", file)).has(200, `{"totals":[{"vouchers":5000,"sum":`+dkk(25_000_00)+`}]}`)
	h.office.asks("POST", "/v1/admin/imports/weigh", says1("csv", strings.Repeat("x", 4<<20))).refuses(413, "too_large")
	h.office.asks("POST", "/v1/admin/imports/weigh", says1("csv", "kode;saldo;valuta"+strings.Repeat(";", 1_000))).refuses(400, "invalid_request", `"field":"csv"`)
}

// Wrong codes that can't even be one of ours count twice: what was imported may be guessed more easily.
func TestGuessesAtForeignCodesCountTwice(t *testing.T) {
	t.Parallel()
	h := open(t)
	buyer := `"buyer":{"ip":"192.0.2.7"}`
	for range 3 {
		h.shop.asks("POST", "/v1/balance", members(says("code", "GAVE-2019-9999"), buyer)).refuses(422, "cannot_be_applied")
	}
	h.shop.asks("POST", "/v1/balance", members(says("code", "GAVE-2019-9999"), buyer)).refuses(429, "rate_limited")
}

// X07, I13: what is wrong with a file is told by line and column, and what was expected; never what is there, since columns shift.
func TestAShiftedColumnTellsNoCode(t *testing.T) {
	t.Parallel()
	h := open(t)
	const code = "GAVE-2019-7731"
	for _, column := range []string{"valuta", "art", "udløb", "saldo", "produkt"} {
		header := []string{"kode", "saldo", "valuta", "udløb", "art", "produkt"}
		line := []string{"ANDEN-KODE-1", "5", "DKK", "", "", ""}
		line[slices.Index(header, column)] = code
		file := members(says("csv", strings.Join(header, ";")+"\n"+strings.Join(line, ";")+"\n"), because)
		weighed := h.office.asks("POST", "/v1/admin/imports/weigh", strings.Replace(file, ","+because, "", 1))
		brought := h.office.asks("PUT", "/v1/admin/imports/shifted", file)
		for _, got := range []*reply{weighed, brought} {
			if !strings.Contains(got.text, `"line":2`) || !strings.Contains(got.text, column) && column != "produkt" {
				t.Errorf("%s: it doesn't say where: %s", column, got.text)
			}
			for _, part := range strings.Split(code, "-") {
				if strings.Contains(got.text, part) {
					t.Errorf("%s: the answer repeats %s: %s", column, part, got.text)
				}
			}
		}
	}
}
