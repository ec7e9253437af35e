package bookkeeping

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"vouchsafe/retail/money"
)

// What the format says of its fields, by their numbers. A text stands in quotation marks, also when it is empty; all else stands bare.
const (
	anyText  = `".*"`
	anyDay   = `((0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])20\d{2})?`
	aYearDay = `20\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])`
	bare     = `[0-9,]*`
)

// headFields are those of the first line.
func headFields() []string {
	return []string{
		`"EXTF"`, `700`, `21`, `"Buchungsstapel"`, `13`, `20\d{15}`, ``, `"RE"`, `"\w{0,25}"`, `"\w{0,25}"`, `[1-9]\d{3,6}`, `[1-9]\d{0,4}`,
		aYearDay, `[4-8]`, aYearDay, aYearDay, `"[\w.\-/ ]{0,30}"`, `"([A-Z]{2})?"`, `[12]`, `0|30|40|50|64`, `[01]`, `"[A-Z]{3}"`,
		``, `""`, ``, ``, `"(\d{2})?"`, `\d{0,4}`, ``, `""`, `".{0,16}"`,
	}
}

// field is a column of a booking.
type field struct{ name, form string }

// lineFields are those of a booking, with the name that stands above.
func lineFields() []field {
	fields := []field{
		{"Umsatz (ohne Soll/Haben-Kz)", `\d{1,10},\d{2}`}, {"Soll/Haben-Kennzeichen", `"[SH]"`}, {"WKZ Umsatz", `"[A-Z]{3}"`},
		{"Kurs", bare}, {"Basis-Umsatz", bare}, {"WKZ Basis-Umsatz", `"([A-Z]{3})?"`}, {"Konto", `\d{1,9}`},
		{"Gegenkonto (ohne BU-Schlüssel)", `\d{1,9}`}, {"BU-Schlüssel", `"(\d{4})?"`}, {"Belegdatum", `(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])`},
		{"Belegfeld 1", `"[\w$&%*+\-/]{0,36}"`}, {"Belegfeld 2", `"[\w$&%*+\-/]{0,12}"`}, {"Skonto", bare}, {"Buchungstext", `".{0,60}"`},
		{"Postensperre", `[01]?`}, {"Diverse Adressnummer", `"\w{0,9}"`}, {"Geschäftspartnerbank", bare}, {"Sachverhalt", bare},
		{"Zinssperre", `[01]?`}, {"Beleglink", `".{0,210}"`},
	}
	for n := 1; n <= 8; n++ {
		fields = append(fields, field{fmt.Sprintf("Beleginfo - Art %d", n), `".{0,20}"`}, field{fmt.Sprintf("Beleginfo - Inhalt %d", n), `".{0,210}"`})
	}
	fields = append(fields, []field{
		{"KOST1 - Kostenstelle", anyText}, {"KOST2 - Kostenstelle", anyText}, {"Kost-Menge", bare}, {"EU-Land u. UStID (Bestimmung)", `".{0,15}"`},
		{"EU-Steuersatz (Bestimmung)", bare}, {"Abw. Versteuerungsart", `"[IKPS]?"`}, {"Sachverhalt L+L", bare}, {"Funktionsergänzung L+L", bare},
		{"BU 49 Hauptfunktionstyp", bare}, {"BU 49 Hauptfunktionsnummer", bare}, {"BU 49 Funktionsergänzung", bare},
	}...)
	for n := 1; n <= 20; n++ {
		fields = append(fields, field{fmt.Sprintf("Zusatzinformation - Art %d", n), `".{0,20}"`}, field{fmt.Sprintf("Zusatzinformation- Inhalt %d", n), `".{0,210}"`})
	}
	return append(fields, []field{
		{"Stück", bare}, {"Gewicht", bare}, {"Zahlweise", bare}, {"Forderungsart", `"\w{0,10}"`}, {"Veranlagungsjahr", `(20\d{2})?`},
		{"Zugeordnete Fälligkeit", anyDay}, {"Skontotyp", bare}, {"Auftragsnummer", `".{0,30}"`}, {"Buchungstyp", `"([A-Z]{2})?"`},
		{"USt-Schlüssel (Anzahlungen)", bare}, {"EU-Land (Anzahlungen)", `"([A-Z]{2})?"`}, {"Sachverhalt L+L (Anzahlungen)", bare},
		{"EU-Steuersatz (Anzahlungen)", bare}, {"Erlöskonto (Anzahlungen)", bare}, {"Herkunft-Kz", `"([A-Z]{2})?"`}, {"Buchungs GUID", `".{0,36}"`},
		{"KOST-Datum", anyDay}, {"SEPA-Mandatsreferenz", `".{0,35}"`}, {"Skontosperre", `[01]?`}, {"Gesellschaftername", `".{0,76}"`},
		{"Beteiligtennummer", bare}, {"Identifikationsnummer", `".{0,11}"`}, {"Zeichnernummer", `".{0,20}"`}, {"Postensperre bis", anyDay},
		{"Bezeichnung SoBil-Sachverhalt", `".{0,30}"`}, {"Kennzeichen SoBil-Buchung", bare}, {"Festschreibung", `[01]`}, {"Leistungsdatum", anyDay},
		{"Datum Zuord. Steuerperiode", anyDay}, {"Fälligkeit", anyDay}, {"Generalumkehr (GU)", `"[01]?"`}, {"Steuersatz", bare}, {"Land", `"([A-Z]{2})?"`},
		{"Abrechnungsreferenz", `".{0,50}"`}, {"BVV-Position", `[1-5]?`}, {"EU-Land u. UStID (Ursprung)", `".{0,15}"`}, {"EU-Steuersatz (Ursprung)", bare},
		{"Abw. Skontokonto", bare},
	}...)
}

// inLines undoes the encoding, and parts a table in lines: no field holds a line's end.
func inLines(t *testing.T, table []byte) []string {
	t.Helper()
	text, err := charmap.Windows1252.NewDecoder().String(string(table))
	if err != nil || !strings.HasSuffix(text, "\r\n") || strings.Count(text, "\n") != strings.Count(text, "\r\n") || strings.Count(text, "\r") != strings.Count(text, "\n") {
		t.Fatalf("lines do not end as they must, or it is not in Windows-1252: %v\n%q", err, text)
	}
	return strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n")
}

// inFields parts a line, and keeps the quotation marks around a text. A text may hold a semicolon.
var inFields = regexp.MustCompile(`(?:^|;)("(?:[^"]|"")*"|[^";]*)`)

// compiled are the forms of fields.
func compiled(forms []string) (all []*regexp.Regexp) {
	for _, form := range forms {
		all = append(all, regexp.MustCompile(`^(?:`+form+`)$`))
	}
	return all
}

// holds holds a line against the forms of its fields.
func holds(t *testing.T, line string, forms []*regexp.Regexp) {
	t.Helper()
	found := inFields.FindAllStringSubmatch(line, -1)
	if len(found) != len(forms) {
		t.Fatalf("%d fields, want %d: %s", len(found), len(forms), line)
	}
	for i, form := range forms {
		value := found[i][1]
		if strings.HasPrefix(value, `"`) { // a doubled mark is one of the text
			value = `"` + strings.ReplaceAll(value[1:len(value)-1], `""`, `"`) + `"`
		}
		if !form.MatchString(value) {
			t.Errorf("field %d is %s, want %s", i+1, value, form)
		}
	}
	reader := csv.NewReader(strings.NewReader(line))
	reader.Comma = ';'
	if cells, err := reader.Read(); err != nil || len(cells) != len(forms) {
		t.Errorf("read as CSV, %d cells: %v", len(cells), err)
	}
}

// X11: each line of a Buchungsstapel is as the description of the format has it, field by field, whatever is booked.
func TestEveryFieldOfABatchIsAsTheFormatHasIt(t *testing.T) {
	t.Parallel()
	var forms, names []string
	for _, f := range lineFields() {
		forms, names = append(forms, f.form), append(names, f.name)
	}
	head, line := compiled(headFields()), compiled(forms)
	if len(head) != 31 || len(line) != 125 {
		t.Fatalf("%d and %d fields", len(head), len(line))
	}
	for _, amount := range []money.Amount{
		money.Of(1, "EUR"), money.Of(-1234_50, "DKK"), money.Of(999_999_999_999, "SEK"), money.Of(-1500, "JPY"),
	} {
		for _, chart := range []string{"", "03"} {
			lines := inLines(t, everyBooking(t, amount, chart))
			holds(t, lines[0], head)
			if lines[1] != strings.Join(names, ";") {
				t.Errorf("the columns are named\n%s, want\n%s", lines[1], strings.Join(names, ";"))
			}
			for _, booked := range lines[2:] {
				holds(t, booked, line)
			}
		}
	}
}

// everyBooking is a table with the amount booked by each move and kind of VAT, at rates with whatever a text may hold.
func everyBooking(t *testing.T, amount money.Amount, chart string) []byte {
	t.Helper()
	batch := Batch{Settings: settings(), Currency: string(amount.Currency), From: day22().AddDate(0, 0, -21), To: day22(), Made: day22()}
	batch.Settings.Datev.Chart = chart
	var table bytes.Buffer
	faults := []error{batch.Check(), batch.Begin(&table)}
	for _, move := range moves() {
		for _, rate := range []string{"", "25", "7,5 % \"half\"; and\r\nmore " + strings.Repeat("ü€", 40)} {
			for _, vat := range []string{"single_purpose", "multi_purpose"} {
				booking, _ := batch.Settings.Book(Sum{Day: day22(), Move: move, VAT: vat, VATRate: rate, Amount: amount, Quantity: 1})
				faults = append(faults, batch.Line(&table, booking))
			}
		}
	}
	if err := errors.Join(faults...); err != nil {
		t.Fatal(err)
	}
	return table.Bytes()
}

func TestAmountsOfAnyCurrencyHaveTwoDigitsBehindAComma(t *testing.T) {
	t.Parallel()
	for want, amount := range map[string]money.Amount{
		"0,01": money.Of(1, "EUR"), "1234,50": money.Of(123450, "DKK"), "1500,00": money.Of(1500, "JPY"),
	} {
		if got := inDatev(amount); got != want {
			t.Errorf("%v is %s, want %s", amount, got, want)
		}
	}
}

// A number that DATEV does not take for an account is refused with the settings, and again with the batch.
func TestAccountsAreNumbersThatDATEVTakes(t *testing.T) {
	t.Parallel()
	for account, takes := range map[string]bool{"8400": true, "10001": true, "84": true, "A100": false, "84.00": false, "0000": false, "840000": false, "": false} {
		s := settings()
		s.Accounts["sold"] = account
		if err := s.Check(); (err == nil) != takes {
			t.Errorf("the settings with %q: %v", account, err)
		}
		if err := (Batch{Settings: s, From: day22(), To: day22()}).Check(); (err == nil) != takes {
			t.Errorf("the batch with %q: %v", account, err)
		}
	}
}
