package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/keyset"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
)

// Import is a file of another system's vouchers that was brought in.
type Import struct {
	ID          string
	Key         string // its caller's name for it, once and for ever
	Digest      []byte // SHA-256 of the file
	Size        int    // vouchers
	Totals      json.RawMessage
	Reason      string
	ImportedAt  time.Time
	TakenBackAt *time.Time // since when all of it that nobody had used is out of the books again; nil while it stands
}

// ImportState is what became of an import.
type ImportState string

// The states of an import.
const (
	Standing  ImportState = "standing"
	TakenBack ImportState = "taken_back"
)

// State tells what became of the import.
func (i Import) State() ImportState {
	if i.TakenBackAt != nil {
		return TakenBack
	}
	return Standing
}

const importColumns = `
		id::text,
		key,
		digest,
		size,
		totals,
		reason,
		imported_at,
		taken_back_at`

// ErrNoImport says that there is no such import.
var ErrNoImport = errors.New("there is no such import")

const findImport = `SELECT` + importColumns + `
	FROM import
	WHERE key = @name OR id::text = @name
	ORDER BY key = @name DESC
	LIMIT 1`

// FindImport finds an import by its caller's name for it, or else by its id. Error: [ErrNoImport].
func (l *Ledger) FindImport(ctx context.Context, name string) (Import, error) {
	return l.oneImport(ctx, findImport, pgx.NamedArgs{"name": name})
}

const findStanding = `SELECT` + importColumns + `
	FROM import
	WHERE digest = @digest AND taken_back_at IS NULL`

// FindFile finds the import of a file, unless it was taken back. Error: [ErrNoImport].
func (l *Ledger) FindFile(ctx context.Context, digest []byte) (Import, error) {
	return l.oneImport(ctx, findStanding, pgx.NamedArgs{"digest": digest})
}

// oneImport reads one.
func (l *Ledger) oneImport(ctx context.Context, sql string, args pgx.NamedArgs) (Import, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, sql, args) // rows carry the error to CollectExactlyOneRow
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Import])
	if errors.Is(err, pgx.ErrNoRows) {
		return Import{}, ErrNoImport
	}
	if err != nil {
		return Import{}, away("find an import", err)
	}
	return found, nil
}

const insertImport = `INSERT INTO import (
		id,
		key,
		digest,
		size,
		totals,
		reason,
		imported_at
	) VALUES (
		@id::uuid,
		@key,
		@digest,
		@size,
		@totals,
		@reason,
		vouchsafe_now()
	)`

// NewImport is an import to be made, with its vouchers and the lines that they come from.
type NewImport struct {
	Import
	Vouchers []NewVoucher // Ref of kind Imports
	Lines    []int        // of each voucher
}

// AddImport brings vouchers into the books, in the caller's transaction. A key that names an import already, a file that was imported,
// and a code that exists or is the number of a token are unique violations.
func (l *Ledger) AddImport(ctx context.Context, tx outbox.Tx, i NewImport) error {
	_, err := tx.Exec(ctx, insertImport, pgx.NamedArgs{
		"id": i.ID, "key": i.Key, "digest": i.Digest, "size": len(i.Vouchers), "totals": i.Totals, "reason": i.Reason,
	})
	if err != nil {
		return fmt.Errorf("add import %s: %w", i.Key, err)
	}
	if err := l.IssueMany(ctx, tx, i.Vouchers...); err != nil {
		return fmt.Errorf("add import %s: %w", i.Key, err)
	}
	lines, macs := make([][]any, len(i.Vouchers)), make([][]byte, len(i.Vouchers))
	for n, v := range i.Vouchers {
		lines[n], macs[n] = []any{i.ID, i.Lines[n], v.Voucher.ID}, v.MAC
	}
	if err := copyRows(ctx, tx, "imported", []string{"import", "line", "voucher"}, lines); err != nil {
		return fmt.Errorf("add import %s: %w", i.Key, err)
	}
	if err := expectNoTokens(ctx, tx, macs); err != nil {
		return fmt.Errorf("add import %s: %w", i.Key, err)
	}
	return nil
}

const knownMACs = `SELECT q.place
	FROM unnest(@macs::bytea[]) WITH ORDINALITY AS q (mac, place)
	WHERE EXISTS (SELECT FROM voucher v WHERE v.code_mac = q.mac OR v.token_mac = q.mac)`

// KnownCodes tells which of some MACs a voucher has, by their places from 0.
func (l *Ledger) KnownCodes(ctx context.Context, macs [][]byte) ([]int, error) {
	ctx, cancel := context.WithTimeout(ctx, listWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, knownMACs, pgx.NamedArgs{"macs": macs}) // rows carry the error to CollectRows
	places, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return nil, away("look for codes", err)
	}
	for i := range places {
		places[i]--
	}
	return places, nil
}

// MayAlone tells whether one alone may give so much in the office (X13).
func (l *Ledger) MayAlone(a money.Amount) bool { return l.rules.MayAlone(a.Minor, a.Currency) }

// Imported is a voucher of an import.
type Imported struct {
	Line    int
	Voucher string
	Last4   string
	Act     string // the key of the act that brought it
	Undone  bool   // it was taken back
	Entries int64  // lines of its journal
}

// importPageWithin bounds the reading of one page of an import.
const importPageWithin = 10 * time.Second

// Each line finds its voucher and its act by an index, whatever PostgreSQL believes of tables that have just been filled.
const readImported = `SELECT
		m.line,
		v.id::text,
		v.last4,
		a.key,
		a.state <> 'done',
		v.entries
	FROM (
		SELECT
			line,
			voucher
		FROM imported
		WHERE import = @import::uuid AND line > @after
		ORDER BY line
		LIMIT @most
	) m
	CROSS JOIN LATERAL (
		SELECT
			id,
			last4,
			entries
		FROM voucher
		WHERE id = m.voucher
		OFFSET 0
	) v
	CROSS JOIN LATERAL (
		SELECT
			key,
			state
		FROM act
		WHERE owner = 'office' AND kind = 'import' AND key = @import::text || '/' || m.line
		OFFSET 0
	) a
	ORDER BY m.line`

// ImportedAfter reads vouchers of an import behind a line, in the order of their lines.
func (l *Ledger) ImportedAfter(ctx context.Context, id string, after, most int) ([]Imported, error) {
	ctx, cancel := context.WithTimeout(ctx, importPageWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, readImported, pgx.NamedArgs{"import": id, "after": after, "most": most}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Imported])
	if err != nil {
		return nil, away("read what was imported", err)
	}
	return found, nil
}

const takeBackImport = `UPDATE import
	SET taken_back_at = vouchsafe_now()
	WHERE id = @id::uuid AND taken_back_at IS NULL`

// TakeBackImport notes that what could be taken back of an import is. It tells whether it had not been noted before.
func TakeBackImport(ctx context.Context, tx outbox.Tx, id string) (bool, error) {
	tag, err := tx.Exec(ctx, takeBackImport, pgx.NamedArgs{"id": id})
	if err != nil {
		return false, fmt.Errorf("take back import %s: %w", id, err)
	}
	return tag.RowsAffected() == 1, nil
}

// importList is how imports are listed: by index import_listed.
func importList() keyset.List {
	return keyset.InTime("imports", "-imported_at", keyset.Key{Column: "id", Type: "uuid"})
}

// importRow is a row of the list.
type importRow struct {
	Import
	SortKey string
}

// ImportFilter narrows a list of imports.
type ImportFilter struct {
	Page
	State ImportState // "" for each
}

// Imports lists imports. Errors: keyset.ErrSort, ErrCursor.
func (l *Ledger) Imports(ctx context.Context, f ImportFilter) (found []Import, next string, err error) {
	turn, err := importList().Turn(f.Page)
	if err != nil {
		return nil, "", err
	}
	sql := `SELECT` + importColumns + `, ` + turn.Column() + ` FROM import WHERE (@state::text = '' OR (taken_back_at IS NOT NULL) = (@state::text = 'taken_back'))`
	rows, next, err := paged(ctx, l, keyset.Query{Turn: turn, SQL: sql, Args: pgx.NamedArgs{"state": string(f.State)}}, func(r importRow) (key, id string) { return r.SortKey, r.ID })
	if err != nil {
		return nil, "", away("list imports", err)
	}
	for _, row := range rows {
		found = append(found, row.Import)
	}
	return found, next, nil
}

// importProofs are those of what another system issued.
func importProofs() []proof {
	return []proof{
		{"an import has as many vouchers as its file had", `SELECT i.id::text, format('%s of %s', count(m.voucher), i.size)
			FROM import i
			LEFT JOIN imported m ON m.import = i.id
			GROUP BY i.id
			HAVING count(m.voucher) <> i.size`},
		{"an import brought what its control totals say", `SELECT i.id::text, format('%s vouchers with %s %s, its totals say %s with %s', e.vouchers, e.amount, coalesce(e.currency, t.currency), t.vouchers, t.amount)
			FROM import i
			CROSS JOIN LATERAL jsonb_to_recordset(i.totals) AS t (currency text, vouchers bigint, amount bigint)
			FULL JOIN (
				SELECT
					m.import,
					e.currency,
					count(*) AS vouchers,
					sum(e.amount) AS amount
				FROM imported m
				JOIN entry e ON e.account = m.voucher AND e.seq = 1
				GROUP BY
					m.import,
					e.currency
			) e ON e.import = i.id AND e.currency = t.currency
			WHERE e.vouchers IS DISTINCT FROM t.vouchers OR e.amount IS DISTINCT FROM t.amount`},
		{"what was imported began with its opening balance, and nothing else did", `SELECT coalesce(m.voucher, e.account)::text, format('line %s, first entry %s against %s', m.line, e.kind, e.contra)
			FROM imported m
			FULL JOIN (
				SELECT
					account,
					kind,
					contra
				FROM entry
				WHERE seq = 1 AND contra LIKE 'imported/%'
			) e ON e.account = m.voucher
			WHERE m.voucher IS NULL OR e.account IS NULL OR e.kind <> 'issue'`},
		{"a credit note was given, and not sold", `SELECT v.id::text, format('%s against %s', e.kind, e.contra)
			FROM act a
			JOIN voucher v ON v.id = a.voucher
			JOIN entry e ON e.account = v.id AND e.seq = 1
			WHERE a.kind = 'credit_note' AND a.voucher IS NOT NULL AND e.contra <> 'credited/' || a.owner`},
		{"a refund to a credit note comes from a redemption of a voucher that has ended", `SELECT a.id::text, format('redemption %s of voucher %s', r.id, v.id)
			FROM act a
			LEFT JOIN act r ON r.id = a.source AND r.kind = 'redemption'
			LEFT JOIN voucher v ON v.id = r.voucher
			WHERE a.kind = 'refund' AND a.detail ? 'sold' AND v.state IS DISTINCT FROM 'invalidated'`},
	}
}
