package retail

import (
	"context"

	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// exportPage is how many lines of an export are read at once.
const exportPage = 500

// Codes says whether an export tells codes.
type Codes string

// Whoever has an export with codes can spend every voucher in it.
const (
	WithoutCodes Codes = "without_codes"
	WithCodes    Codes = "with_codes"
)

// VoucherExport is a voucher in an export.
type VoucherExport struct {
	Listed
	Code voucher.Code // zero where codes aren't told, or it is no longer kept
}

// ExportVouchers hands over every voucher, the oldest first (X07). The audit trail says who asked, and whether for codes. What is issued
// meanwhile comes too.
func (o *BackOffice) ExportVouchers(ctx context.Context, by Actor, codes Codes, hand func(VoucherExport) error) (err error) {
	defer explain("export vouchers", &err)
	if err := o.noteExport(ctx, by, "vouchers", codes); err != nil {
		return err
	}
	for cursor := ""; ; {
		page, next, err := o.desk.ledger.List(ctx, Listing{Page: Page{Sort: "issued_at", Cursor: cursor, Limit: exportPage}})
		if err != nil {
			return err
		}
		revealed := map[string]voucher.Code{}
		if codes == WithCodes {
			if revealed, err = o.codesOf(ctx, page); err != nil {
				return err
			}
		}
		for _, line := range page {
			if err := hand(VoucherExport{Listed: line, Code: revealed[line.Voucher.ID]}); err != nil {
				return err
			}
		}
		if cursor = next; next == "" {
			return nil
		}
	}
}

// codesOf opens the codes of vouchers that are still kept. Those of cards that nobody has bought are their printer's alone.
func (o *BackOffice) codesOf(ctx context.Context, page []Listed) (map[string]voucher.Code, error) {
	var ids []string
	for _, line := range page {
		if line.Voucher.State != voucher.Inventory {
			ids = append(ids, line.Voucher.ID)
		}
	}
	sealed, err := o.desk.ledger.SealedCodes(ctx, ids...)
	if err != nil {
		return nil, err
	}
	codes := make(map[string]voucher.Code, len(sealed))
	for _, one := range sealed {
		if codes[one.ID], err = o.sales.unsealCode(one.ID, one.Sealed); err != nil {
			return nil, err
		}
	}
	return codes, nil
}

// ExportCustomers hands over every customer with his accounts, the oldest first (X07). It tells no address.
func (o *BackOffice) ExportCustomers(ctx context.Context, by Actor, hand func(CustomerLine) error) (err error) {
	defer explain("export customers", &err)
	if err := o.noteExport(ctx, by, "customers", WithoutCodes); err != nil {
		return err
	}
	for cursor := ""; ; {
		page, next, err := o.Customers(ctx, CustomerFilter{Page: Page{Sort: "created_at", Cursor: cursor, Limit: exportPage}})
		if err != nil {
			return err
		}
		for _, line := range page {
			if err := hand(line); err != nil {
				return err
			}
		}
		if cursor = next; next == "" {
			return nil
		}
	}
}

// noteExport writes into the audit trail who exports what.
func (o *BackOffice) noteExport(ctx context.Context, by Actor, what string, codes Codes) error {
	return o.within(ctx, "note an export", func(tx outbox.Tx) error {
		return o.desk.audit(ctx, tx, by, didExport, what, map[string]any{"codes": codes == WithCodes})
	})
}
