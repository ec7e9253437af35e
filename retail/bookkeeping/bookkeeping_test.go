package bookkeeping

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/turnover"
)

// settings are complete ones.
func settings() Settings {
	return Settings{
		Accounts: map[string]string{
			"liability": "3272", "sold": "1460", "sold/single_purpose": "8400", "reloaded": "1460", "granted": "4990", "redeemed": "1461",
			"refunded": "1462", "expired": "4830", "adjusted": "6990",
		},
		Datev: &Datev{Consultant: 29098, Client: 55003, AccountLength: 4, YearBegins: "01-01", Chart: "04"},
	}
}

func day22() time.Time { return time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) }

func sum(move turnover.Move, minor int64, vat string) Sum {
	return Sum{Day: day22(), Move: move, VAT: vat, Amount: money.Of(minor, "EUR"), Quantity: 1}
}

func TestABookingIsBetweenWhatIsOwedAndTheAccountOfTheMove(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		sum           Sum
		debit, credit string
	}{
		{"what is sold is owed", sum(turnover.Sold, 500, "multi_purpose"), "1460", "3272"},
		{"what was taxed at its sale has an account of its own", sum(turnover.Sold, 500, "single_purpose"), "8400", "3272"},
		{"what is redeemed is owed no more", sum(turnover.Redeemed, -500, "multi_purpose"), "3272", "1461"},
		{"a refund of a redemption goes the other way", sum(turnover.Redeemed, 500, "multi_purpose"), "1461", "3272"},
	} {
		b, booked := settings().Book(tt.sum)
		if !booked || b.Debit != tt.debit || b.Credit != tt.credit || b.Moved.Minor != 500 {
			t.Errorf("%s: %+v", tt.name, b)
		}
	}
	if _, booked := settings().Book(sum(turnover.Moved, 500, "")); booked {
		t.Error("a move between accounts is booked")
	}
}

// X12: what is paid out in cash, and what is kept of it, have accounts of their own, and until they do those of refunds, each by its VAT
// kind.
func TestCashOutsAndTheirFeesHaveAccountsOfTheirOwn(t *testing.T) {
	t.Parallel()
	with := func(named ...string) Settings {
		s := settings()
		for i := 0; i < len(named); i += 2 {
			s.Accounts[named[i]] = named[i+1]
		}
		return s
	}
	for _, tt := range []struct {
		name       string
		settings   Settings
		vat        string
		paid, fees string
	}{
		{"neither is named", with(), "multi_purpose", "1462", "1462"},
		{"neither is named, but that of refunds for what was taxed", with("refunded/single_purpose", "1463"), "single_purpose", "1463", "1463"},
		{"both are named", with("paid_out", "1600", "fees", "4840"), "multi_purpose", "1600", "4840"},
		{"both are named, and one for what was taxed", with("paid_out", "1600", "fees", "4840", "fees/single_purpose", "4841"), "single_purpose", "1600", "4841"},
		{"what is named goes before refunds of what was taxed", with("paid_out", "1600", "refunded/single_purpose", "1463"), "single_purpose", "1600", "1463"},
	} {
		if err := tt.settings.Check(); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		paid, _ := tt.settings.Book(sum(turnover.PaidOut, -475_00, tt.vat))
		fees, _ := tt.settings.Book(sum(turnover.Fees, -25_00, tt.vat))
		if paid.Debit != "3272" || paid.Credit != tt.paid || fees.Debit != "3272" || fees.Credit != tt.fees {
			t.Errorf("%s: %+v, %+v", tt.name, paid, fees)
		}
		back, _ := tt.settings.Book(sum(turnover.Fees, 25_00, tt.vat))
		if back.Debit != tt.fees || back.Credit != "3272" {
			t.Errorf("%s: taken back %+v", tt.name, back)
		}
	}
	without := with()
	delete(without.Accounts, "refunded")
	if err := (Batch{Settings: without, From: day22(), To: day22()}).Check(); !errors.Is(err, ErrNoDatev) {
		t.Errorf("neither these nor refunds have a number: %v", err)
	}
}

// The head is as the format has it, field by field.
func TestABatchOfDatev(t *testing.T) {
	t.Parallel()
	batch := Batch{Settings: settings(), Currency: "EUR", From: day22().AddDate(0, 0, -21), To: day22(), Made: time.Date(2026, 11, 23, 9, 8, 7, 6e6, time.UTC)}
	if err := batch.Check(); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	booking, _ := batch.Settings.Book(sum(turnover.Redeemed, -1234_50, "multi_purpose"))
	if err := errors.Join(batch.Begin(&text), batch.Line(&text, booking)); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(text.String(), "\r\n")
	const head = `"EXTF";700;21;"Buchungsstapel";13;20261123090807006;;"RE";"";"";29098;55003;20260101;4;20261101;20261122;"Gutscheine";"";1;0;0;"EUR";;"";;;"04";;;"";""`
	if lines[0] != head {
		t.Errorf("the head is\n%s, want\n%s", lines[0], head)
	}
	if n := len(strings.Split(lines[1], ";")); n != 125 || strings.Contains(lines[1], "ü") || !strings.Contains(lines[1], "BU-Schl\xfcssel") {
		t.Errorf("%d columns, or not in Windows-1252", n)
	}
	cells := strings.Split(lines[2], ";")
	const begins = "1234,50;\"H\";\"EUR\";;;\"\";1461;3272;\"\";2211;\"GS20261122\";\"\";;\"Mehrzweckgutscheine eingel\xf6st\";"
	if len(cells) != 125 || !strings.HasPrefix(lines[2], begins) || cells[113] != "0" || lines[3] != "" {
		t.Errorf("%d cells: %q", len(cells), lines[2])
	}
}

func TestABatchThatDatevWouldNotTakeIsRefused(t *testing.T) {
	t.Parallel()
	across := Batch{Settings: settings(), From: day22(), To: day22().AddDate(0, 2, 0)}
	if err := across.Check(); !errors.Is(err, ErrTwoYears) {
		t.Errorf("two years: %v", err)
	}
	unnamed := Batch{Settings: settings(), From: day22(), To: day22()}
	delete(unnamed.Settings.Accounts, "expired")
	if err := unnamed.Check(); !errors.Is(err, ErrNoDatev) {
		t.Errorf("an account without a number: %v", err)
	}
}

func TestSettingsAreCheckedByField(t *testing.T) {
	t.Parallel()
	if err := settings().Check(); err != nil {
		t.Error(err)
	}
	for field, s := range map[string]Settings{
		"accounts:":               {Accounts: map[string]string{"bribes": "1"}},
		"the number of sold":      {Accounts: map[string]string{"sold": "=1+1"}},
		"datev.consultant":        {Datev: &Datev{Consultant: 1, Client: 1, AccountLength: 4, YearBegins: "01-01"}},
		"datev.fiscal_year_start": {Datev: &Datev{Consultant: 1001, Client: 1, AccountLength: 4, YearBegins: "13-01"}},
	} {
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// A text that somebody else chose is no formula in the bookkeeper's spreadsheet.
func TestATextIsNoFormula(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"=HYPERLINK(1)": "'=HYPERLINK(1)", "+1": "'+1", "-1": "'-1", "@SUM(1)": "'@SUM(1)", "\t=1": "'\t=1", "'=1": "''=1", "Kasse 1": "Kasse 1", "": "",
	} {
		if got := Text(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
