package sheet

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"vouchsafe/retail/money"
)

// column is a column that means something here.
type column int

// maxColumns is how many columns a table may have; no program writes so many.
const maxColumns = 200

const (
	code column = iota
	balance
	currency
	expires
	kind
	product
)

// names are what a column may be called, in any case, the first being our own.
func names() map[column][]string {
	return map[column][]string{
		code:     {"code", "kode", "gavekortkode", "gutscheincode", "gutscheinnummer", "presentkortskod", "kortnummer", "nummer", "number", "voucher"},
		balance:  {"balance", "saldo", "restbeløb", "restsaldo", "guthaben", "restwert", "rest", "amount", "beløb", "betrag", "belopp"},
		currency: {"currency", "valuta", "währung"},
		expires:  {"expires_on", "expires", "valid_through", "udløb", "udløbsdato", "gyldig til", "gültig bis", "ablaufdatum", "giltig till", "utløpsdato"},
		kind:     {"kind", "type", "art", "slags"},
		product:  {"product", "produkt", "sku", "varenummer", "artikelnummer"},
	}
}

// columns says where each column is, and what the file calls it.
type columns struct {
	at     map[column]int
	header []string
}

// columnsOf finds the columns in the first line. Error: ErrFile.
func columnsOf(header []string, stated money.Currency) (columns, []string, error) {
	if len(header) > maxColumns {
		return columns{}, nil, fmt.Errorf("%w: more than %d columns", ErrFile, maxColumns)
	}
	found := columns{at: map[column]int{}, header: header}
	var ignored []string
	for i, called := range header {
		called = strings.ToLower(strings.Join(strings.Fields(called), " "))
		c, known := named(called)
		if !known {
			if called != "" {
				ignored = append(ignored, spoken(called, i))
			}
			continue
		}
		if _, twice := found.at[c]; twice {
			return columns{}, nil, fmt.Errorf("%w: two columns could be %q", ErrFile, names()[c][0])
		}
		found.at[c] = i
	}
	needed := []column{code, balance}
	if stated == "" {
		needed = append(needed, currency)
	}
	for _, c := range needed {
		if _, there := found.at[c]; !there {
			return columns{}, nil, fmt.Errorf("%w: no column is called %q", ErrFile, names()[c][0])
		}
	}
	return found, ignored, nil
}

// spoken is what a column is called when it is told which mean nothing here. The first line of a table without names is one of values,
// and a code among them is not repeated: what has a digit or is as long as one is known by its place.
func spoken(called string, place int) string {
	if strings.ContainsFunc(called, unicode.IsDigit) || utf8.RuneCountInString(called) > longestName {
		return fmt.Sprintf("(column %d)", place+1)
	}
	return called
}

// longestName is how long the name of a column may be to be repeated, in symbols.
const longestName = 15

// named is the column that is called so.
func named(called string) (column, bool) {
	for c, known := range names() {
		if slices.Contains(known, called) {
			return c, true
		}
	}
	return 0, false
}

// of is a column's field in a line, without the space around it; "" where the line is too short.
func (c columns) of(fields []string, which column) string {
	at, there := c.at[which]
	if !there || at >= len(fields) {
		return ""
	}
	return strings.TrimSpace(fields[at])
}

// name is what the file calls a column; our own name where it has none.
func (c columns) name(which column) string {
	if at, there := c.at[which]; there {
		return c.header[at]
	}
	return names()[which][0]
}
