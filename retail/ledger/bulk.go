package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// The columns of COPY, in the order of the rows below.
var (
	copiedVoucher = [...]string{
		"id", "code_mac", "code_sealed", "last4", "product", "kind", "mode", "currency", "state", "balance", "fence", "version", "term",
		"zone", "expires_on", "ends_at", "shop", "unit", "issued_at", "last_at", "entries", "head",
		"country", "term_from", "owed_for", "vat", "vat_rate", "members_only",
	}
	copiedAct = [...]string{
		"id", "owner", "kind", "key", "state", "fingerprint", "voucher", "currency", "amount", "taken_back", "balance", "rest", "released",
		"late", "detail", "at",
	}
	copiedEntry = [...]string{"account", "seq", "act", "kind", "contra", "amount", "currency", "balance", "at", "hash"}
)

// IssueMany is [Ledger.Issue] for thousands at once, by COPY.
func (l *Ledger) IssueMany(ctx context.Context, tx outbox.Tx, vouchers ...NewVoucher) error {
	at, err := Instant(ctx, tx)
	if err != nil {
		return fmt.Errorf("issue many: %w", err)
	}
	rows := bulk{}
	for _, n := range vouchers {
		id, err := l.NewID()
		if err != nil {
			return err
		}
		if err := rows.add(n, voucher.Record{ID: id, Ref: n.Ref, Detail: n.Detail}, at); err != nil {
			return fmt.Errorf("issue many: %w", err)
		}
	}
	return rows.copy(ctx, tx)
}

// bulk are rows to be copied.
type bulk struct{ vouchers, acts, entries [][]any }

func (b *bulk) add(n NewVoucher, record voucher.Record, at time.Time) error {
	issue := voucher.Issue(n.Voucher, record, n.Minor, at)
	v, r := issue.Voucher, issue.Record
	id, err := uuid.Parse(v.ID)
	if err != nil {
		return fmt.Errorf("read the id of a voucher: %w", err)
	}
	act, err := uuid.Parse(r.ID)
	if err != nil {
		return fmt.Errorf("read the id of an act: %w", err)
	}
	if e := issue.Entry; e != nil {
		v.Head = Link(v.Head, *e)
		b.entries = append(b.entries, []any{id, e.Seq, act, e.Kind, e.Contra, e.Amount, string(e.Currency), e.Balance, e.At, v.Head[:]})
	}
	b.acts = append(b.acts, []any{
		act, r.Owner, string(r.Kind), r.Key, string(r.State), r.Fingerprint[:], id, textOrNull(string(r.Currency)), r.Amount, r.TakenBack,
		r.Balance, r.Rest, r.Released, r.Late, detailOrNull(r.Detail), r.At,
	})
	row, err := n.row(v)
	b.vouchers = append(b.vouchers, row)
	return err
}

// row is the voucher's row, as COPY takes it.
func (n NewVoucher) row(v voucher.Voucher) ([]any, error) {
	id, err := uuid.Parse(v.ID)
	if err != nil {
		return nil, fmt.Errorf("read the id of a voucher: %w", err)
	}
	return []any{
		id, n.MAC, n.Sealed, v.Last4, v.Product, string(v.Kind), string(v.Mode), string(v.Currency), string(v.State), v.Balance, v.Fence,
		v.Version, string(v.Term), v.Zone.String(), dayOrNull(v.ExpiresOn), orNull(v.EndsAt), textOrNull(v.Shop), textOrNull(v.Unit),
		v.IssuedAt, v.LastAt, v.Entries, v.Head[:],
		v.Country, termFromOf(v), v.OwedFor, vatOf(v), v.VATRate, v.MembersOnly,
	}, nil
}

// copy writes the rows. Acts come in the order in which they were given: whoever copies has the shop or the stock to itself.
func (b *bulk) copy(ctx context.Context, tx outbox.Tx) error {
	err := copyRows(ctx, tx, "voucher", copiedVoucher[:], b.vouchers)
	if err == nil {
		err = copyRows(ctx, tx, "act", copiedAct[:], b.acts)
	}
	if err == nil {
		err = copyRows(ctx, tx, "entry", copiedEntry[:], b.entries)
	}
	if err != nil {
		return fmt.Errorf("issue many: %w", err)
	}
	return nil
}
