package sheet

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

const (
	// MaxBytes is how long a file may be.
	MaxBytes = 32 << 20
	// MaxRows is how many vouchers one file may bring: they are imported in one transaction.
	MaxRows = 200_000

	maxFaults  = 1000 // that are told of one file
	leastCode  = 4    // symbols; less is no code that anybody would have handed out
	maxProduct = 100  // characters of a SKU
)

// ErrFile says that a file can't be read as a table of vouchers at all; what wraps it says why.
var ErrFile = errors.New("the file can't be read")

// Row is one voucher of another system.
type Row struct {
	Line      int // of the file, from 1
	Code      voucher.Code
	Value     money.Amount
	Kind      voucher.Kind
	ExpiresOn voucher.Date // zero: it never expires
	Product   string       // SKU; "" for none

	weak bool // its code counts in Sheet.Weak
}

// Fault is what is wrong with a line. It never repeats what is there: in a column that has shifted that may be a code.
type Fault struct {
	Line   int
	Column string // "" for the line as a whole
	Text   string
}

// Total is the control total of one currency.
type Total struct {
	Currency money.Currency `json:"currency"`
	Vouchers int            `json:"vouchers"`
	Minor    int64          `json:"amount"` // sum of the values, minor units
}

// Sheet is a file that was read.
type Sheet struct {
	Digest  [sha256.Size]byte // of the file's bytes
	Rows    []Row
	Faults  []Fault  // the first thousand
	More    int      // faults beyond them
	Totals  []Total  // of the rows, by currency
	Empty   int      // lines that were left out, since nothing is on their vouchers
	Weak    int      // codes of the rows that can be guessed more easily than one that is drawn here
	Ignored []string // columns that mean nothing here
}

// reader reads the lines of a file.
type reader struct {
	Sheet
	columns  columns
	width    int            // how many columns its header names
	currency money.Currency // of lines that name none; "" for none
	seen     map[string]int // the line of each code
}

// Read reads a file. The currency is that of lines that name none; "" where each must. Error: ErrFile.
func Read(file []byte, currency money.Currency) (Sheet, error) {
	text, err := decoded(file)
	if err != nil {
		return Sheet{}, err
	}
	lines, before := separated(text)
	lines.FieldsPerRecord = -1
	header, err := lines.Read()
	if err != nil {
		return Sheet{}, fmt.Errorf("%w: its first line has no names of columns: %w", ErrFile, err)
	}
	r := reader{width: len(header), currency: currency, seen: map[string]int{}}
	r.Digest = sha256.Sum256(file)
	if r.columns, r.Ignored, err = columnsOf(header, currency); err != nil {
		return Sheet{}, err
	}
	if err := r.readAll(lines, before); err != nil {
		return Sheet{}, err
	}
	slices.SortFunc(r.Totals, byCurrency)
	return r.Sheet, nil
}

// Leave leaves out the rows of lines that are refused for what the file alone doesn't show: totals, like Weak, are of what can be taken.
func (s *Sheet) Leave(refused map[int]bool) {
	s.Rows = slices.DeleteFunc(s.Rows, func(row Row) bool {
		if !refused[row.Line] {
			return false
		}
		i := slices.IndexFunc(s.Totals, func(t Total) bool { return t.Currency == row.Value.Currency })
		s.Totals[i].Vouchers, s.Totals[i].Minor = s.Totals[i].Vouchers-1, s.Totals[i].Minor-row.Value.Minor
		if row.weak {
			s.Weak--
		}
		return true
	})
	s.Totals = slices.DeleteFunc(s.Totals, func(t Total) bool { return t.Vouchers == 0 })
}

// readAll reads all lines behind the header. What is before it counts as lines too.
func (r *reader) readAll(lines *csv.Reader, before int) error {
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if broken, ok := errors.AsType[*csv.ParseError](err); ok {
			r.fault(Fault{Line: broken.Line + before, Text: broken.Err.Error()})
			continue
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrFile, err)
		}
		line, _ := lines.FieldPos(0)
		if blank(fields) {
			continue
		}
		r.line(line+before, fields)
		if len(r.Rows) > MaxRows {
			return fmt.Errorf("%w: more than %d vouchers; split it", ErrFile, MaxRows)
		}
	}
}

func blank(fields []string) bool {
	return !slices.ContainsFunc(fields, func(field string) bool { return strings.TrimSpace(field) != "" })
}

// line reads one voucher, or notes everything that is wrong with it.
func (r *reader) line(line int, fields []string) {
	was := len(r.Faults) + r.More
	get := func(c column) string { return r.columns.of(fields, c) }
	row := Row{Line: line, Product: get(product)}
	wrong := func(c column, text string) { r.fault(Fault{Line: line, Column: r.columns.name(c), Text: text}) }
	if len(fields) > r.width && !blank(fields[r.width:]) { // 100,50 without quotes is two fields, and would be read as 100
		r.fault(Fault{Line: line, Text: "more fields than the first line names; an amount with a comma in it needs quotes"})
	}
	typed := r.code(line, get(code), wrong)
	row.Value = r.value(get(balance), get(currency), wrong)
	var err error
	if row.Kind, err = kindOf(get(kind), row.Value.Currency); err != nil {
		wrong(kind, err.Error())
	}
	if row.ExpiresOn, err = dayOf(get(expires)); err != nil {
		wrong(expires, err.Error())
	}
	if len(row.Product) > maxProduct {
		wrong(product, "a SKU has at most 100 characters")
	}
	if len(r.Faults)+r.More > was {
		return
	}
	if row.Value.Minor == 0 {
		r.Empty++
		return
	}
	if row.Code, err = voucher.ForeignCode(get(code)); err != nil {
		wrong(code, err.Error())
		return
	}
	if err := r.add(row.Value); err != nil {
		wrong(balance, "with the lines before it this is more than can be counted")
		return
	}
	if row.weak = typed.Weak(); row.weak {
		r.Weak++
	}
	r.Rows = append(r.Rows, row)
}

// code reads a code that no line before has.
func (r *reader) code(line int, text string, wrong func(column, string)) voucher.Typed {
	typed, err := voucher.Read(text)
	switch {
	case err != nil:
		wrong(code, err.Error())
		return typed
	case len(typed.Foreign.Canonical()) < leastCode:
		wrong(code, fmt.Sprintf("a code of fewer than %d symbols can be guessed at once", leastCode))
		return typed
	}
	for _, known := range []voucher.Code{typed.Foreign, typed.Ours} {
		if known.Zero() {
			continue
		}
		if first, twice := r.seen[known.Canonical()]; twice && first != line {
			wrong(code, fmt.Sprintf("line %d has the same code", first))
			return typed
		}
		r.seen[known.Canonical()] = line
	}
	return typed
}

// value reads an amount in the currency of its line, or of the file.
func (r *reader) value(text, named string, wrong func(column, string)) money.Amount {
	in := r.currency
	if named != "" {
		in = money.Currency(strings.ToUpper(named))
	}
	if _, known := in.Digits(); !known || in == money.Point {
		wrong(currency, "a currency is written as DKK (ISO 4217), or PUNCH for punches")
		return money.Amount{}
	}
	amount, err := amountOf(text, in)
	if err != nil {
		wrong(balance, err.Error())
	}
	return amount
}

// fault notes what is wrong.
func (r *reader) fault(f Fault) {
	if len(r.Faults) == maxFaults {
		r.More++
		return
	}
	r.Faults = append(r.Faults, f)
}

// add counts a row into the total of its currency. Error: a sum above what can be counted, and then the row is not in it.
func (r *reader) add(value money.Amount) error {
	for i, total := range r.Totals {
		if total.Currency != value.Currency {
			continue
		}
		sum, err := money.Of(total.Minor, total.Currency).Add(value)
		if err == nil {
			r.Totals[i].Vouchers, r.Totals[i].Minor = total.Vouchers+1, sum.Minor
		}
		return err
	}
	r.Totals = append(r.Totals, Total{value.Currency, 1, value.Minor})
	return nil
}

// TotalsOf are the totals of some rows of one file, by currency.
func TotalsOf(rows []Row) []Total {
	var some reader
	for _, row := range rows {
		_ = some.add(row.Value) // the whole file could be counted
	}
	slices.SortFunc(some.Totals, byCurrency)
	return some.Totals
}

func byCurrency(a, b Total) int { return strings.Compare(string(a.Currency), string(b.Currency)) }

// separated finds what separates the fields: what Excel says in a line of its own, or what the first line has most of. before is how
// many lines that took.
func separated(text []byte) (lines *csv.Reader, before int) {
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	first = bytes.TrimRight(first, "\r")
	if named, is := bytes.CutPrefix(bytes.ToLower(first), []byte("sep=")); is && len(named) == 1 {
		lines = csv.NewReader(bytes.NewReader(rest))
		lines.Comma = rune(named[0])
		return lines, 1
	}
	lines = csv.NewReader(bytes.NewReader(text))
	most := 0
	for _, mark := range []rune{';', ',', '\t'} {
		if n := bytes.Count(first, []byte(string(mark))); n > most {
			most, lines.Comma = n, mark
		}
	}
	return lines, 0
}
