package bookkeeping

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"vouchsafe/retail/money"
)

// Datev is what DATEV wants to know of whose bookings they are.
type Datev struct {
	Consultant    int    `json:"consultant"`        // Beraternummer
	Client        int    `json:"client"`            // Mandantennummer
	AccountLength int    `json:"account_length"`    // Sachkontenlänge
	YearBegins    string `json:"fiscal_year_start"` // month and day, such as 01-01
	Chart         string `json:"chart,omitempty"`   // Sachkontenrahmen, such as 03 or 04
}

func (d Datev) check() error {
	_, err := time.Parse("01-02", d.YearBegins)
	return errors.Join(
		unless(d.Consultant >= 1001 && d.Consultant <= 9999999, "datev.consultant: 1001 to 9999999"),
		unless(d.Client >= 1 && d.Client <= 99999, "datev.client: 1 to 99999"),
		unless(d.AccountLength >= 4 && d.AccountLength <= 8, "datev.account_length: 4 to 8"),
		unless(err == nil && d.YearBegins != "02-29", "datev.fiscal_year_start: month and day, such as 01-01"),
		unless(d.Chart == "" || chart.MatchString(d.Chart), "datev.chart: two digits, such as 03"),
	)
}

var (
	chart  = regexp.MustCompile(`^[0-9]{2}$`)
	ledger = regexp.MustCompile(`^[0-9]{1,9}$`)
)

// takes tells whether DATEV knows such a number of an account: digits, as long as its client's are, or a person's with one more.
func (d Datev) takes(account string) bool {
	return ledger.MatchString(account) && strings.Trim(account, "0") != "" && len(account) <= d.AccountLength+1
}

func unless(holds bool, fault string) error {
	if holds {
		return nil
	}
	return errors.New(fault)
}

// Errors of a DATEV table.
var (
	// ErrNoDatev says that the merchant has not named what DATEV wants to know.
	ErrNoDatev = errors.New("accounting settings lack what DATEV wants to know, or the number of an account")
	// ErrTwoYears says that a period lies in two fiscal years: DATEV takes one in a table.
	ErrTwoYears = errors.New("the period lies in two fiscal years")
)

// Batch is a Buchungsstapel of DATEV: whose it is and of which period.
type Batch struct {
	Settings Settings
	Currency string
	From, To time.Time // days, as midnights in UTC
	Made     time.Time
}

// year is the first day of the fiscal year that a day lies in.
func (d Datev) year(day time.Time) time.Time {
	begins, err := time.Parse("01-02", d.YearBegins)
	if err != nil {
		panic("bookkeeping: a fiscal year begins on no day: " + d.YearBegins)
	}
	first := time.Date(day.Year(), begins.Month(), begins.Day(), 0, 0, 0, 0, time.UTC)
	if first.After(day) {
		first = first.AddDate(-1, 0, 0)
	}
	return first
}

// Check tells why the batch can't be made, or nil. Errors: ErrNoDatev, ErrTwoYears.
func (b Batch) Check() error {
	datev := b.Settings.Datev
	if datev == nil || b.Settings.Accounts[Liability] == "" {
		return ErrNoDatev
	}
	for _, move := range moves() {
		if b.Settings.account(move, "") == "" {
			return fmt.Errorf("%w: %s", ErrNoDatev, move)
		}
	}
	for name, account := range b.Settings.Accounts {
		if !datev.takes(account) {
			return fmt.Errorf("%w: that of %.40s is none that DATEV takes", ErrNoDatev, name)
		}
	}
	if !datev.year(b.From).Equal(datev.year(b.To)) {
		return ErrTwoYears
	}
	return nil
}

// What the format is, and which version of it is written.
const (
	datevHeader  = 700
	datevKind    = 21
	datevVersion = 13
	textMost     = 60 // symbols of a booking's text
	lineEnd      = "\r\n"
	datevColumns = 125
	day          = "20060102"
)

// Begin writes the two lines at the head: whose bookings these are, and the names of the columns. The text is in Windows-1252, as all
// of the table.
func (b Batch) Begin(to io.Writer) error {
	d := b.Settings.Datev
	made := b.Made.UTC().Format("20060102150405") + fmt.Sprintf("%03d", b.Made.Nanosecond()/1e6)
	head := []string{
		quoted("EXTF"), strconv.Itoa(datevHeader), strconv.Itoa(datevKind), quoted("Buchungsstapel"), strconv.Itoa(datevVersion), made, "",
		quoted("RE"), quoted(""), quoted(""), strconv.Itoa(d.Consultant), strconv.Itoa(d.Client), d.year(b.From).Format(day),
		strconv.Itoa(d.AccountLength), b.From.Format(day), b.To.Format(day), quoted("Gutscheine"), quoted(""), "1", "0", "0", quoted(b.Currency),
		"", quoted(""), "", "", quoted(d.Chart), "", "", quoted(""), quoted(""),
	}
	return writeLine(to, strings.Join(head, ";")+lineEnd+strings.Join(columns(), ";"))
}

// Line writes a booking. Its account is the move's, and the other one what is owed.
func (b Batch) Line(to io.Writer, booking Booking) error {
	cells := make([]string, datevColumns)
	for i := range cells {
		if isText(i + 1) {
			cells[i] = quoted("")
		}
	}
	account, side := booking.Debit, "S"
	if booking.Amount.Minor < 0 {
		account, side = booking.Credit, "H"
	}
	cells[0] = inDatev(booking.Moved)
	cells[1], cells[2] = quoted(side), quoted(b.Currency)
	cells[6], cells[7] = account, b.Settings.Accounts[Liability]
	cells[9], cells[10] = booking.Day.Format("0201"), quoted("GS"+booking.Day.Format(day))
	cells[13] = quoted(cut(inGerman(booking), textMost))
	cells[113] = "0"
	return writeLine(to, strings.Join(cells, ";"))
}

// inDatev is an amount as the format has it: two digits behind a comma, also of a currency that has none.
func inDatev(amount money.Amount) string {
	whole, rest, _ := strings.Cut(amount.Decimal(), ".")
	return whole + "," + (rest + "00")[:max(len(rest), 2)]
}

// inGerman is what a booking is called.
func inGerman(b Booking) string {
	what := map[string]string{
		"sold": "verkauft", "reloaded": "aufgeladen", "granted": "gutgeschrieben", "redeemed": "eingelöst", "refunded": "erstattet",
		"paid_out": "ausgezahlt", "fees": "als Gebühr einbehalten", "expired": "verfallen", "adjusted": "berichtigt",
	}[string(b.Move)]
	if b.VAT == "single_purpose" {
		return strings.TrimSpace("Einzweckgutscheine " + what + " " + b.VATRate)
	}
	return "Mehrzweckgutscheine " + what
}

func cut(text string, most int) string {
	symbols := []rune(text)
	return string(symbols[:min(len(symbols), most)])
}

// quoted is a text of the format: control characters are not allowed within it.
func quoted(text string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
	return `"` + strings.ReplaceAll(plain, `"`, `""`) + `"`
}

// writeLine writes in Windows-1252, which has German as Latin-1 has it.
func writeLine(to io.Writer, text string) error {
	line := make([]byte, 0, len(text)+len(lineEnd))
	for _, r := range text + lineEnd {
		if r > 0xff || r >= 0x80 && r < 0xa0 {
			r = '?'
		}
		line = append(line, byte(r))
	}
	_, err := to.Write(line)
	return err
}
