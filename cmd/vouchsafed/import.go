package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/sheet"
)

// importCommand brings in vouchers that another system issued, or takes them out again. Without --commit it changes nothing.
type importCommand struct {
	File     string `arg:"" optional:"" help:"CSV with columns code, balance, currency, and perhaps expires_on, kind and product; - is standard input." placeholder:"FILE.csv"`
	Currency string `help:"Currency of lines that name none." placeholder:"DKK"`
	Commit   bool   `help:"Bring the vouchers in; without it the file is only looked through."`
	Key      string `help:"Your name for the import; a repeat under the same name is told what there is. Default: made of the file's content."`
	Reason   string `help:"For the audit trail." default:"imported from another system"`
	TakeBack string `help:"Take the import of this key or id out of the books again, as far as nobody has used it." placeholder:"KEY"`
}

// shownFaults is how many faults are printed of one file.
const shownFaults = 50

func (c importCommand) run(ctx context.Context, p *program) error {
	if (c.File == "") == (c.TakeBack == "") {
		return errors.New("import: name a file, or an import to take back")
	}
	return p.with(ctx, func(h *house) error {
		room := retail.NewStockroom(h.desk, h.sales)
		if c.TakeBack != "" {
			return c.takeBack(ctx, p, room)
		}
		file, err := c.read(p)
		if err != nil {
			return err
		}
		if c.Commit {
			return c.commit(ctx, p, room, file)
		}
		found, err := room.Weigh(ctx, file)
		if err != nil {
			return err
		}
		return c.weighed(p, found)
	})
}

// read reads the file.
func (c importCommand) read(p *program) (retail.File, error) {
	var text bytes.Buffer
	from := io.Reader(p.in)
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return retail.File{}, err
		}
		defer file.Close()
		from = file
	}
	_, err := io.Copy(&text, io.LimitReader(from, sheet.MaxBytes+1))
	return retail.File{Bytes: text.Bytes(), Currency: money.Currency(c.Currency)}, err
}

// weighed prints what a file would bring. Faults are exit code 1.
func (c importCommand) weighed(p *program, found retail.Weighed) error {
	c.totals(p, found)
	switch {
	case len(found.Faults) > 0:
		c.faults(p, found)
		return errFindings
	case found.Known != nil:
		fmt.Fprintf(p.out, "It was imported at %s as %s, and stands.\n", found.Known.ImportedAt.UTC().Format("2006-01-02 15:04"), found.Known.Key)
	default:
		fmt.Fprintln(p.out, "Nothing was changed. Compare the totals, and repeat with --commit.")
	}
	return nil
}

// totals prints the control totals.
func (c importCommand) totals(p *program, found retail.Weighed) {
	for _, total := range found.Totals {
		fmt.Fprintf(p.out, "%d vouchers with %s\n", total.Vouchers, money.Of(total.Minor, total.Currency))
	}
	if found.Empty > 0 {
		fmt.Fprintf(p.out, "%d lines are left out: nothing is on their vouchers\n", found.Empty)
	}
	if found.Weak > 0 {
		fmt.Fprintf(p.out, "%d codes are easier to guess than those that are drawn here: wrong codes of that kind count twice\n", found.Weak)
	}
	for _, total := range found.Ended {
		fmt.Fprintf(p.out, "%d of them with %s have ended, and nobody can have them in cash any more: if they are imported, they are written off within the hour\n", total.Vouchers, money.Of(total.Minor, total.Currency))
	}
	for _, w := range found.Warnings[:min(len(found.Warnings), shownFaults)] {
		fmt.Fprintf(p.out, "line %d: %s: %s\n", w.Line, w.Column, w.Text)
	}
	for _, column := range found.Ignored {
		fmt.Fprintf(p.out, "the column %q means nothing here\n", column)
	}
}

// faults prints what is wrong, by line.
func (c importCommand) faults(p *program, found retail.Weighed) {
	for _, f := range found.Faults[:min(len(found.Faults), shownFaults)] {
		column := ""
		if f.Column != "" {
			column = f.Column + ": "
		}
		fmt.Fprintf(p.out, "line %d: %s%s\n", f.Line, column, f.Text)
	}
	if more := len(found.Faults) + found.More - shownFaults; more > 0 {
		fmt.Fprintf(p.out, "and %d more\n", more)
	}
	fmt.Fprintln(p.out, "Nothing of the file can be imported until these are mended.")
}

// commit brings the vouchers in.
func (c importCommand) commit(ctx context.Context, p *program, room *retail.Stockroom, file retail.File) error {
	key := c.Key
	if key == "" {
		weighed, err := sheet.Read(file.Bytes, file.Currency)
		if err != nil {
			return err
		}
		key = "file:" + hex.EncodeToString(weighed.Digest[:8])
	}
	made, found, err := room.Import(ctx, retail.CommandLine(), retail.Bring{Key: key, Reason: c.Reason, File: file})
	switch {
	case errors.Is(err, retail.ErrFaults):
		c.totals(p, found)
		c.faults(p, found)
		return errFindings
	case err != nil:
		return err
	case made.TakenBackAt != nil:
		return fmt.Errorf("%s was imported and taken back: give it another --key", key)
	}
	c.totals(p, found)
	done := "It was imported before, as"
	if made.Created {
		done = "Imported as"
	}
	fmt.Fprintf(p.out, "%s %s.\n", done, made.Key)
	return nil
}

// takeBack takes an import out of the books.
func (c importCommand) takeBack(ctx context.Context, p *program, room *retail.Stockroom) error {
	done, err := room.TakeBack(ctx, retail.CommandLine(), c.TakeBack, c.Reason)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "%d vouchers of %s are out of the books.\n", done.Taken, done.Import.Key)
	for _, one := range done.Stayed {
		fmt.Fprintf(p.out, "line %d stays: voucher %s, code ending in %s, was used\n", one.Line, one.Voucher, one.Last4)
	}
	return nil
}
