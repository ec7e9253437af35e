package sheet_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/money"
	"vouchsafe/retail/sheet"
)

// rows are what was read, a line each: "2 ABC-1 money 500.00 DKK 2027-12-31 SKU".
func rows(s sheet.Sheet) (read []string) {
	for _, r := range s.Rows {
		read = append(read, strings.TrimSpace(fmt.Sprintf("%d %s %s %s %s %s", r.Line, r.Code.Reveal(), r.Kind, r.Value, day(r), r.Product)))
	}
	return read
}

func day(r sheet.Row) string {
	if r.ExpiresOn.Zero() {
		return "never"
	}
	return r.ExpiresOn.String()
}

func faults(s sheet.Sheet) (found []string) {
	for _, f := range s.Faults {
		found = append(found, fmt.Sprintf("%d %s: %s", f.Line, f.Column, f.Text))
	}
	return found
}

// X07: a table is read as the merchant's program wrote it.
func TestATableIsReadAsExcelWritesIt(t *testing.T) {
	t.Parallel()
	want := []string{"2 GAVE-2019-0001 money 1234.50 DKK 2027-12-31", "3 gave20190002 money 99.00 DKK never"}
	want[1] = strings.ToUpper(want[1][:14]) + want[1][14:]
	for name, file := range map[string]string{
		"semicolons, Danish":            "Gavekortkode;Saldo;Valuta;Udløbsdato\r\nGAVE-2019-0001;1.234,50;DKK;31.12.2027\r\ngave20190002;99;dkk;\r\n",
		"a byte order mark":             "\ufeffkode;restbeløb;valuta;gyldig til\nGAVE-2019-0001;1 234,50 kr.;DKK;31-12-2027\ngave20190002;99,00;DKK;\n",
		"Windows-1252":                  "kode;restbel\xf8b;valuta;udl\xf8bsdato\nGAVE-2019-0001;1234,5;DKK;31/12/2027\ngave20190002;kr. 99,00;DKK;\n",
		"commas, English":               "code,balance,currency,expires_on\nGAVE-2019-0001,\"1,234.50\",DKK,2027-12-31\ngave20190002,99.00,DKK,\n",
		"tabs, German":                  "Gutscheincode\tGuthaben\tWährung\tGültig bis\nGAVE-2019-0001\t1.234,50\tDKK\t31.12.2027\ngave20190002\t99\tDKK\t\n",
		"columns that nobody asked for": "Id;Kode;Kunde;Saldo;Valuta;Udløbsdato\n1;GAVE-2019-0001;Anna;1234,50;DKK;2027-12-31T00:00:00\n2;gave20190002;;99;DKK;\n",
	} {
		got, err := sheet.Read([]byte(file), "")
		if err != nil || len(got.Faults) > 0 {
			t.Errorf("%s: %v %v", name, err, faults(got))
		}
		if diff := cmp.Diff(want, rows(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff([]sheet.Total{{Currency: "DKK", Vouchers: 2, Minor: 1333_50}}, got.Totals); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestLinesThatCanNotBeMeantAreFaultsWithTheirNumbers(t *testing.T) {
	t.Parallel()
	file := "sep=;\n" +
		"kode;saldo;valuta;udløb;art\n" +
		"AAA-111-BBB;1.234;DKK;;\n" +
		"AAA-112-BBB;-5;DKK;;\n" +
		"AAA-113-BBB;abc;DKK;;\n" +
		"AAA-114-BBB;5;ABC;;\n" +
		"AAA-115-BBB;5;DKK;31.02.2027;\n" +
		"AAA-116-BBB;5;DKK;;pony\n" +
		"A1;5;DKK;;\n" +
		";5;DKK;;\n" +
		"AAA-117-BBB;5;DKK;;\n" +
		"aaa117bbb;6;DKK;;\n" +
		"\n" +
		"AAA-118-BBB;0,00;DKK;;\n" +
		"AAA-119-BBB;10;PUNCH;;\n" +
		"AAA-120-BBB;5,555;DKK;;\n" +
		"\"AAA;5;DKK;;\n"
	got, err := sheet.Read([]byte(file), "")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range []string{"3 saldo", "4 saldo", "5 saldo", "6 valuta", "7 udløb", "8 art", "9 kode", "10 kode", "12 kode", "16 saldo"} {
		if found := faults(got); i >= len(found) || !strings.HasPrefix(found[i], line+": ") {
			t.Errorf("want %s in %q", line, found)
		}
	}
	if last := faults(got)[len(got.Faults)-1]; len(got.Faults) != 11 || !strings.HasPrefix(last, "17 : ") {
		t.Errorf("%q", faults(got))
	}
	if !strings.Contains(strings.Join(faults(got), "\n"), "line 11 has the same code") {
		t.Errorf("%q", faults(got))
	}
	if want := []string{"11 AAA-117-BBB money 5.00 DKK never", "15 AAA-119-BBB punches 10 PUNCH never"}; !cmp.Equal(want, rows(got)) || got.Empty != 1 || got.Weak != 2 {
		t.Errorf("%q, %d empty, %d weak", rows(got), got.Empty, got.Weak)
	}
}

// An amount that its comma cuts in two is never read as what stands before it; empty cells behind the last column mean nothing.
func TestALineWithMoreFieldsThanColumnsIsAFault(t *testing.T) {
	t.Parallel()
	got, err := sheet.Read([]byte("code,currency,balance\nAAA-111-BBB,DKK,100,50\nAAA-112-BBB,DKK,\"100,50\",,\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	if found := faults(got); len(found) != 1 || !strings.HasPrefix(found[0], "2 : more fields") {
		t.Errorf("faults %q", found)
	}
	if want := []string{"3 AAA-112-BBB money 100.50 DKK never"}; !cmp.Equal(want, rows(got)) {
		t.Errorf("%q", rows(got))
	}
}

func TestAFileThatIsNoTableIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	for file, says := range map[string]string{
		"PK\x03\x04…":                      "workbook",
		"\xff\xfek\x00":                    "UTF-16",
		"code;balance\x00":                 "no text",
		"code;balance;currency\nA\x81;1;D": "Windows-1252",
		"":                                 "first line",
		"code;currency\nA;DKK":             `"balance"`,
		"code;balance\nA;1":                `"currency"`,
		"code;kode;balance;currency\nA":    "two columns",
	} {
		if _, err := sheet.Read([]byte(file), ""); !errors.Is(err, sheet.ErrFile) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func TestTheCurrencyOfAFileIsThatOfLinesThatNameNone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"500":       "500.00 DKK",
		"1.234.567": "1234567.00 DKK",
		"1'234,5":   "1234.50 DKK",
		"0,5":       "0.50 DKK",
		"€ 12.50":   "12.50 DKK",
	} {
		got, err := sheet.Read([]byte("code;balance\nABCDE-1;"+text), "DKK")
		if err != nil || len(got.Rows) != 1 || got.Rows[0].Value.String() != want {
			t.Errorf("%s: %v %v %v, want %s", text, err, rows(got), faults(got), want)
		}
	}
	got, err := sheet.Read([]byte("code;balance\nABCDE-1;1234,567"), money.Currency("KWD"))
	if err != nil || len(got.Rows) != 1 || got.Rows[0].Value.Minor != 1234567 {
		t.Errorf("%v %v", err, rows(got))
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("code;balance;currency\nABCDE;5,00;DKK\n"))
	f.Add([]byte("sep=,\ncode,balance\n\"A\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := sheet.Read(file, "DKK")
		if err != nil && !errors.Is(err, sheet.ErrFile) {
			t.Fatal(err)
		}
		vouchers := 0
		for _, total := range got.Totals {
			vouchers += total.Vouchers
		}
		if vouchers != len(got.Rows) {
			t.Fatalf("%d vouchers counted, %d read", vouchers, len(got.Rows))
		}
	})
}

// X07: a control total is right, or there is none: amounts that add up to more than can be counted are faults.
func TestTotalsDoNotOverflow(t *testing.T) {
	t.Parallel()
	const most = "92233720368547758.07"
	got, err := sheet.Read([]byte("code;balance\nAAA-111-BBB;"+most+"\nAAA-112-BBB;0.01\nAAA-113-BBB;"+most+"\n"), "DKK")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]sheet.Total{{Currency: "DKK", Vouchers: 1, Minor: 1<<63 - 1}}, got.Totals); diff != "" {
		t.Error(diff)
	}
	if found := faults(got); len(found) != 2 || !strings.HasPrefix(found[0], "3 balance: ") || !strings.HasPrefix(found[1], "4 balance: ") {
		t.Errorf("faults %q", found)
	}
}

// X07: what a file holds is not repeated where it is wrong, since a code may stand in any column, and in the first line too.
func TestNoCodeIsRepeatedWhereverItStands(t *testing.T) {
	t.Parallel()
	const one = "GAVE-2019-0001"
	for name, file := range map[string]string{
		"a column early":   "kode;saldo;valuta;udløbsdato;type;product\n" + one + ";" + one + ";" + one + ";" + one + ";" + one + ";x\n",
		"as a quote":       "kode;saldo;valuta\nA\"" + one + "\";1;DKK\n",
		"as a field more":  "kode;saldo;valuta\nGAVE-2019-0002;100;DKK;" + one + "\n",
		"twice":            "kode;saldo;valuta\n" + one + ";100;DKK\n" + one + ";100;DKK\n",
		"as a SKU":         "kode;saldo;valuta;product\nGAVE-2019-0002;1x;DKK;" + one + "\n",
		"beside the names": "kode;saldo;valuta;" + one + ";XQJWKTRBVNMPLSDFG\nGAVE-2019-0002;1;DKK;;\n",
		"instead of names": one + ";100;DKK\nGAVE-2019-0002;1;DKK\n",
	} {
		got, err := sheet.Read([]byte(file), "")
		told := fmt.Sprint(err, faults(got), got.Ignored)
		if upper := strings.ToUpper(told); strings.Contains(upper, one) || strings.Contains(upper, "XQJW") || err == nil && len(got.Faults)+len(got.Ignored) == 0 {
			t.Errorf("%s: told %s", name, told)
		}
	}
}
