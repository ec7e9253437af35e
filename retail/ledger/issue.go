package ledger

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// NewVoucher is a voucher to be issued.
type NewVoucher struct {
	Voucher voucher.Voucher // ID, Last4, Product, Kind, Mode, Currency, State, Term, Zone, Shop, Unit
	Minor   int64           // what it is worth, minor units
	MAC     []byte          // of its code, by the current key
	Sealed  []byte          // its code, sealed for sending
	Ref     voucher.Ref     // kind Issues: no name issues twice
	Detail  voucher.Detail
}

const insertVoucher = `INSERT INTO voucher (
		id,
		code_mac,
		code_sealed,
		last4,
		product,
		kind,
		mode,
		currency,
		state,
		balance,
		fence,
		version,
		term,
		zone,
		expires_on,
		ends_at,
		country,
		term_from,
		owed_for,
		vat,
		vat_rate,
		members_only,
		shop,
		unit,
		issued_at,
		last_at,
		entries,
		head
	) VALUES (
		@id::uuid,
		@mac,
		@sealed,
		@last4,
		@product,
		@kind,
		@mode,
		@currency,
		@state,
		@balance,
		@fence,
		@version,
		@term,
		@zone,
		@expires_on,
		@ends_at,
		@country,
		@term_from,
		@owed_for,
		@vat,
		@vat_rate,
		@members_only,
		@shop,
		@unit::uuid,
		@issued_at,
		@last_at,
		@entries,
		@head
	)`

// Issue inserts vouchers, the acts that issue them and the first lines of their journals, in the
// caller's transaction, and returns the vouchers as they now are. A unit that was issued before, or
// a code that exists (once in 2⁷⁵), is a unique violation that ends the transaction.
func (l *Ledger) Issue(ctx context.Context, tx outbox.Tx, vouchers ...NewVoucher) ([]voucher.Voucher, error) {
	var at time.Time
	if err := tx.QueryRow(ctx, readInstant).Scan(&at); err != nil {
		return nil, fmt.Errorf("issue: read the instant: %w", err)
	}
	batch := &pgx.Batch{}
	issued := make([]voucher.Voucher, len(vouchers))
	var records recordColumnsOf
	var entries entryColumns
	for i, n := range vouchers {
		id, err := l.NewID()
		if err != nil {
			return nil, err
		}
		issue := voucher.Issue(n.Voucher, voucher.Record{ID: id, Ref: n.Ref, Detail: n.Detail}, n.Minor, at)
		if issue.Entry != nil {
			issue.Voucher.Head = Link(issue.Voucher.Head, *issue.Entry)
			entries.add(chained{*issue.Entry, issue.Voucher.Head})
		}
		records.add(&issue.Record)
		batch.Queue(insertVoucher, n.args(issue.Voucher))
		issued[i] = issue.Voucher
	}
	records.queueInsert(batch)
	entries.queueInsert(batch)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("issue %d vouchers: %w", len(vouchers), err)
	}
	return issued, nil
}

// args are the columns of the new row.
func (n NewVoucher) args(v voucher.Voucher) pgx.NamedArgs {
	return pgx.NamedArgs{
		"id":           v.ID,
		"mac":          n.MAC,
		"sealed":       n.Sealed,
		"last4":        v.Last4,
		"product":      v.Product,
		"kind":         string(v.Kind),
		"mode":         string(v.Mode),
		"currency":     string(v.Currency),
		"state":        string(v.State),
		"balance":      v.Balance,
		"fence":        v.Fence,
		"version":      v.Version,
		"term":         string(v.Term),
		"zone":         v.Zone.String(),
		"expires_on":   dayOrNull(v.ExpiresOn),
		"ends_at":      orNull(v.EndsAt),
		"country":      v.Country,
		"term_from":    termFromOf(v),
		"owed_for":     v.OwedFor,
		"vat":          vatOf(v),
		"vat_rate":     v.VATRate,
		"members_only": v.MembersOnly,
		"shop":         textOrNull(v.Shop),
		"unit":         textOrNull(v.Unit),
		"issued_at":    v.IssuedAt,
		"last_at":      v.LastAt,
		"entries":      v.Entries,
		"head":         v.Head[:],
	}
}

// termFromOf and vatOf are what is stored of a voucher that was made without a product's terms.
func termFromOf(v voucher.Voucher) string {
	return cmp.Or(string(v.TermFrom), string(voucher.TermOfProduct))
}

func vatOf(v voucher.Voucher) string { return cmp.Or(string(v.VAT), string(voucher.MultiPurpose)) }

const findSealed = `SELECT
		id::text,
		code_sealed,
		code_mac
	FROM voucher
	WHERE id = ANY(@ids::uuid[])
		AND code_sealed IS NOT NULL
		AND NOT code_retired`

// Sealed is a voucher's code as it is kept for sending, and its MAC to check it by.
type Sealed struct {
	ID     string
	Sealed []byte
	MAC    []byte
}

// SealedCodes reads the codes of vouchers that are still kept; shredded ones are left out.
func (l *Ledger) SealedCodes(ctx context.Context, ids ...string) ([]Sealed, error) {
	rows, _ := l.pool.Query(ctx, findSealed, pgx.NamedArgs{"ids": ids})
	sealed, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Sealed])
	if err != nil {
		return nil, fmt.Errorf("read sealed codes: %w", err)
	}
	return sealed, nil
}

const vouchersByID = `SELECT` + voucherColumns + `
	FROM voucher
	WHERE id = ANY($1::uuid[])
	ORDER BY id`

// Vouchers reads vouchers by id, in the order of their ids; what doesn't exist is left out.
func (l *Ledger) Vouchers(ctx context.Context, ids ...string) ([]voucher.Voucher, error) {
	rows, _ := l.pool.Query(ctx, vouchersByID, ids)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[voucherRow])
	if err != nil {
		return nil, away("read vouchers", err)
	}
	vouchers := make([]voucher.Voucher, len(found))
	for i, row := range found {
		if vouchers[i], err = l.voucher(row); err != nil {
			return nil, err
		}
	}
	return vouchers, nil
}
