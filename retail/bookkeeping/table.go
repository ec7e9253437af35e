package bookkeeping

import (
	"encoding/csv"
	"io"
	"strings"
)

// Table writes rows of CSV as RFC 4180 has it.
type Table struct{ rows *csv.Writer }

// NewTable begins a table with the names of its columns.
func NewTable(to io.Writer, columns ...string) (*Table, error) {
	t := &Table{csv.NewWriter(to)}
	t.rows.UseCRLF = true
	return t, t.rows.Write(columns)
}

// Row writes a row. What somebody else chose must have passed [Text].
func (t *Table) Row(cells ...string) error { return t.rows.Write(cells) }

// Close writes what is left.
func (t *Table) Close() error {
	t.rows.Flush()
	return t.rows.Error()
}

// Text makes a text harmless that somebody else chose: a cell that begins with one of these is a formula to a spreadsheet, which would
// run it. The apostrophe before it makes it a text.
func Text(text string) string {
	if strings.HasPrefix(text, "'") || strings.IndexAny(text, "=+-@\t\r\n|%") == 0 {
		return "'" + text
	}
	return text
}
