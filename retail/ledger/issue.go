package ledger

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

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

const insertVouchers = `INSERT INTO voucher (
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
	)
	SELECT *
	FROM unnest(
		@id::uuid[],
		@mac::bytea[],
		@sealed::bytea[],
		@last4::text[],
		@product::text[],
		@kind::text[],
		@mode::text[],
		@currency::text[],
		@state::text[],
		@balance::bigint[],
		@fence::bigint[],
		@version::bigint[],
		@term::text[],
		@zone::text[],
		@expires_on::date[],
		@ends_at::timestamptz[],
		@country::text[],
		@term_from::text[],
		@owed_for::smallint[],
		@vat::text[],
		@vat_rate::text[],
		@members_only::boolean[],
		@shop::text[],
		@unit::uuid[],
		@issued_at::timestamptz[],
		@last_at::timestamptz[],
		@entries::bigint[],
		@head::bytea[]
	)`

// Issue inserts vouchers, the acts that issue them and the first lines of their journals, in the
// caller's transaction, and returns the vouchers as they now are. A unit that was issued before, or
// a code that exists (once in 2⁷⁵), is a unique violation that ends the transaction.
func (l *Ledger) Issue(ctx context.Context, tx outbox.Tx, vouchers ...NewVoucher) ([]voucher.Voucher, error) {
	at, err := Instant(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("issue: %w", err)
	}
	batch := &pgx.Batch{}
	issued := make([]voucher.Voucher, len(vouchers))
	var rows newVoucherColumns
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
		rows.add(n, issue.Voucher)
		issued[i] = issue.Voucher
	}
	batch.Queue(insertVouchers, rows.args())
	records.queueInsert(batch)
	entries.queueInsert(batch)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("issue %d vouchers: %w", len(vouchers), err)
	}
	return issued, nil
}

// newVoucherColumns are the rows of new vouchers column by column.
type newVoucherColumns struct {
	id, unit                                    []pgtype.UUID
	mac, sealed, head                           [][]byte
	last4, product, kind, mode, currency, state []string
	term, zone, country, termFrom, vat, vatRate []string
	shop                                        []*string
	balance, fence, version, entries            []int64
	owedFor                                     []int16
	membersOnly                                 []bool
	expires, ends                               []*time.Time
	issued, last                                []time.Time
}

func (l *newVoucherColumns) add(n NewVoucher, v voucher.Voucher) {
	l.id, l.unit = append(l.id, uuidOf(v.ID)), append(l.unit, uuidOf(v.Unit))
	l.mac, l.sealed, l.head = append(l.mac, n.MAC), append(l.sealed, n.Sealed), append(l.head, v.Head[:])
	l.last4, l.product, l.kind = append(l.last4, v.Last4), append(l.product, v.Product), append(l.kind, string(v.Kind))
	l.mode, l.currency = append(l.mode, string(v.Mode)), append(l.currency, string(v.Currency))
	l.state, l.term, l.zone = append(l.state, string(v.State)), append(l.term, string(v.Term)), append(l.zone, v.Zone.String())
	l.country, l.termFrom = append(l.country, v.Country), append(l.termFrom, termFromOf(v))
	l.vat, l.vatRate = append(l.vat, vatOf(v)), append(l.vatRate, v.VATRate)
	l.shop, l.balance = append(l.shop, textOrNull(v.Shop)), append(l.balance, v.Balance)
	l.fence, l.version, l.entries = append(l.fence, v.Fence), append(l.version, v.Version), append(l.entries, v.Entries)
	l.owedFor, l.membersOnly = append(l.owedFor, int16(v.OwedFor)), append(l.membersOnly, v.MembersOnly)
	l.expires, l.ends = append(l.expires, dayOrNull(v.ExpiresOn)), append(l.ends, orNull(v.EndsAt))
	l.issued, l.last = append(l.issued, v.IssuedAt), append(l.last, v.LastAt)
}

func (l *newVoucherColumns) args() pgx.NamedArgs {
	return pgx.NamedArgs{
		"id":           l.id,
		"mac":          l.mac,
		"sealed":       l.sealed,
		"last4":        l.last4,
		"product":      l.product,
		"kind":         l.kind,
		"mode":         l.mode,
		"currency":     l.currency,
		"state":        l.state,
		"balance":      l.balance,
		"fence":        l.fence,
		"version":      l.version,
		"term":         l.term,
		"zone":         l.zone,
		"expires_on":   l.expires,
		"ends_at":      l.ends,
		"country":      l.country,
		"term_from":    l.termFrom,
		"owed_for":     l.owedFor,
		"vat":          l.vat,
		"vat_rate":     l.vatRate,
		"members_only": l.membersOnly,
		"shop":         l.shop,
		"unit":         l.unit,
		"issued_at":    l.issued,
		"last_at":      l.last,
		"entries":      l.entries,
		"head":         l.head,
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
	return l.vouchers(found)
}

// VouchersNow is Vouchers with the instant at which they were read.
func (l *Ledger) VouchersNow(ctx context.Context, ids ...string) (vouchers []voucher.Voucher, now time.Time, err error) {
	var found []voucherRow
	batch := &pgx.Batch{}
	collect(batch.Queue(vouchersByID, ids), &found)
	batch.Queue(readInstant).QueryRow(func(row pgx.Row) error { return row.Scan(&now) })
	if err := l.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, now, away("read vouchers", err)
	}
	vouchers, err = l.vouchers(found)
	return vouchers, now, err
}

func (l *Ledger) vouchers(rows []voucherRow) (vouchers []voucher.Voucher, err error) {
	vouchers = make([]voucher.Voucher, len(rows))
	for i, row := range rows {
		if vouchers[i], err = l.voucher(row); err != nil {
			return nil, err
		}
	}
	return vouchers, nil
}
