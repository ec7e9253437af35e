package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"vouchsafe/retail"
	"vouchsafe/retail/bookkeeping"
	"vouchsafe/retail/money"
)

// exportCommand writes what is here as CSV: RFC 4180, UTF-8, one line of names, amounts with a decimal point.
type exportCommand struct {
	What  string `arg:"" help:"What to export; an unknown name lists them." placeholder:"WHAT"`
	Out   string `help:"File to write, readable by its owner alone; default: standard output." placeholder:"FILE"`
	Codes bool   `help:"With the codes of vouchers: whoever has the file can spend them. The audit trail says so."`
	bookFlags
}

// exports is the table of what can be exported.
func exports() map[string]func(exportCommand) exporter {
	return map[string]func(exportCommand) exporter{
		"vouchers":  func(c exportCommand) exporter { return c.vouchers },
		"customers": func(exportCommand) exporter { return customers },

		"journal":    func(c exportCommand) exporter { return c.journal() },
		"liability":  func(c exportCommand) exporter { return c.liability() },
		"accounting": func(c exportCommand) exporter { return c.accounting() },
	}
}

// exporter writes one export.
type exporter func(ctx context.Context, h *house, to io.Writer) error

func (c exportCommand) run(ctx context.Context, p *program) (err error) {
	chosen, known := exports()[c.What]
	if !known {
		return fmt.Errorf("export: %q is none of %s", c.What, strings.Join(slices.Sorted(maps.Keys(exports())), ", "))
	}
	return p.with(ctx, func(h *house) error {
		if c.Out == "" {
			return chosen(c)(ctx, h, p.out)
		}
		file, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		return errors.Join(chosen(c)(ctx, h, file), file.Close())
	})
}

// table writes lines of CSV with these names of columns; fill hands it one after the other.
func table(to io.Writer, names []string, fill func(row func(cells ...string) error) error) error {
	t, err := bookkeeping.NewTable(to, names...)
	if err != nil {
		return err
	}
	return errors.Join(fill(t.Row), t.Close())
}

// vouchers exports every voucher. With its code it is a line that vouchsafed import takes.
func (c exportCommand) vouchers(ctx context.Context, h *house, to io.Writer) error {
	codes, names := retail.WithoutCodes, []string{"id", "last4", "kind", "product", "mode", "state", "balance", "currency", "issued", "expires_on", "issued_at", "shop"}
	if c.Codes {
		codes, names = retail.WithCodes, append(names, "code")
	}
	return table(to, names, func(row func(cells ...string) error) error {
		return retail.NewBackOffice(h.desk, h.sales).ExportVouchers(ctx, retail.CommandLine(), codes, func(line retail.VoucherExport) error {
			v := line.Voucher
			day := ""
			if !v.ExpiresOn.Zero() {
				day = v.ExpiresOn.String()
			}
			cells := []string{
				v.ID, v.Last4, string(v.Kind), bookkeeping.Text(v.Product), string(v.Mode), string(v.StateAt(line.At)), money.Of(v.Balance, v.Currency).Decimal(),
				string(v.Currency), money.Of(line.Issued, v.Currency).Decimal(), day, v.IssuedAt.UTC().Format(time.RFC3339), v.Shop,
			}
			if c.Codes {
				cells = append(cells, bookkeeping.Text(line.Code.Reveal()))
			}
			return row(cells...)
		})
	})
}

// customers exports every customer, with a line for each of his accounts.
func customers(ctx context.Context, h *house, to io.Writer) error {
	names := []string{"id", "shop", "customer", "wallet_id", "member_until", "balance", "reserved", "currency"}
	return table(to, names, func(row func(cells ...string) error) error {
		return retail.NewBackOffice(h.desk, h.sales).ExportCustomers(ctx, retail.CommandLine(), func(line retail.CustomerLine) error {
			member := ""
			if line.MemberUntil != nil {
				member = line.MemberUntil.Format(time.DateOnly)
			}
			who := []string{line.ID, line.Shop, bookkeeping.Text(line.Login), line.WalletID, member}
			if len(line.Accounts) == 0 {
				return row(append(who, "", "", "")...)
			}
			for _, a := range line.Accounts {
				if err := row(append(slices.Clone(who), a.Balance.Decimal(), a.Reserved.Decimal(), string(a.Balance.Currency))...); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
