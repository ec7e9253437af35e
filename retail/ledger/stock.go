package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// copyStep is how many rows one COPY brings: each has the time of one statement.
const copyStep = 2000

// Stock puts vouchers into the inventory, in the caller's transaction. They have no act and no journal: nobody has been promised
// anything. Ref, Minor and Detail are not used.
func (l *Ledger) Stock(ctx context.Context, tx outbox.Tx, vouchers ...NewVoucher) error {
	at, err := Instant(ctx, tx)
	if err != nil {
		return fmt.Errorf("stock: %w", err)
	}
	rows := make([][]any, len(vouchers))
	for i, n := range vouchers {
		var err error
		if rows[i], err = n.row(voucher.Print(n.Voucher, at)); err != nil {
			return fmt.Errorf("stock: %w", err)
		}
	}
	return copyRows(ctx, tx, "voucher", copiedVoucher[:], rows)
}

// copyRows brings rows into a table.
func copyRows(ctx context.Context, tx outbox.Tx, table string, columns []string, rows [][]any) error {
	for len(rows) > 0 {
		step := rows[:min(copyStep, len(rows))]
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(step)); err != nil {
			return fmt.Errorf("copy into %s: %w", table, err)
		}
		rows = rows[len(step):]
	}
	return nil
}

// errTwin says that the key had been taken by the time that its act was decided.
var errTwin = errors.New("the act happened meanwhile")

// Sell makes a voucher and sells it in one transaction. A refusal leaves nothing of it, and so does a twin that was first (see
// [IsTwin]): the voucher it sold is another.
func (l *Ledger) Sell(ctx context.Context, fresh NewVoucher, act voucher.Sell) (voucher.Answer, error) {
	return l.Fill(ctx, fresh, nothingElse, Aimed{Voucher: fresh.Voucher.ID, Act: act})
}

// nothingElse is for acts that nothing is written of beside them.
func nothingElse(outbox.Tx, *Applied) error { return nil }

// Fill makes a voucher and settles acts in one transaction, the last of which gives the voucher its value and is the one that is
// answered. What also writes of them is in it too. A refusal of any leaves nothing, and so does a twin that was first.
func (l *Ledger) Fill(ctx context.Context, fresh NewVoucher, also func(outbox.Tx, *Applied) error, acts ...Aimed) (voucher.Answer, error) {
	var applied *Applied
	last := len(acts) - 1
	err := outbox.InTx(ctx, l.pool, func(tx outbox.Tx) (err error) {
		if err = l.Stock(ctx, tx, fresh); err != nil {
			return err
		}
		if applied, err = l.ApplyTx(ctx, tx, acts...); err != nil {
			return err
		}
		if refusal := applied.Refused(); refusal != nil {
			return refusal
		}
		if !applied.Answers[last].Created {
			return errTwin
		}
		return also(tx, applied)
	})
	switch {
	case err == nil:
		failpoint.Hit(failpoint.ActCommitted)
		l.Told(ctx, applied)
		return applied.Answers[last], nil
	case voucher.IsRefusal(err):
		l.watch.refusals(applied)
		return voucher.Answer{}, err
	}
	return voucher.Answer{}, away("fill a new voucher", err)
}

// Batch is what a printer makes in one go.
type Batch struct {
	ID        string // UUID
	Key       string // its caller's name for it, once and for ever
	Product   string // SKU
	Size      int    // vouchers
	Reason    string
	CreatedAt time.Time
	ClosedAt  *time.Time // since when its codes are told no more; nil while they are
}

const insertBatch = `INSERT INTO batch (
		id,
		key,
		fingerprint,
		product,
		size,
		reason,
		created_at
	) VALUES (
		@id::uuid,
		@key,
		@fingerprint,
		@product,
		@size,
		@reason,
		vouchsafe_now()
	)`

// NewBatch is a batch to be made, with its vouchers in the order of their numbers.
type NewBatch struct {
	Batch
	Fingerprint [32]byte // of what was asked for
	Vouchers    []NewVoucher
}

// AddBatch puts a batch into the inventory, in the caller's transaction. A key that names one already is a unique violation.
func (l *Ledger) AddBatch(ctx context.Context, tx outbox.Tx, b NewBatch) error {
	_, err := tx.Exec(ctx, insertBatch, pgx.NamedArgs{
		"id": b.ID, "key": b.Key, "fingerprint": b.Fingerprint[:], "product": b.Product, "size": len(b.Vouchers), "reason": b.Reason,
	})
	if err != nil {
		return fmt.Errorf("add batch %s: %w", b.Key, err)
	}
	if err := l.Stock(ctx, tx, b.Vouchers...); err != nil {
		return fmt.Errorf("add batch %s: %w", b.Key, err)
	}
	cards := make([][]any, len(b.Vouchers))
	for i, n := range b.Vouchers {
		cards[i] = []any{b.ID, i + 1, n.Voucher.ID}
	}
	if err := copyRows(ctx, tx, "stock", []string{"batch", "number", "voucher"}, cards); err != nil {
		return fmt.Errorf("add batch %s: %w", b.Key, err)
	}
	return nil
}

const batchColumns = `
		id::text,
		key,
		product,
		size,
		reason,
		created_at,
		closed_at`

// ErrNoBatch says that there is no such batch.
var ErrNoBatch = errors.New("there is no such batch")

const findBatch = `SELECT` + batchColumns + `,
		fingerprint
	FROM batch
	WHERE key = @name OR id::text = @name
	ORDER BY key = @name DESC
	LIMIT 1`

// FindBatch finds a batch by its caller's name for it, or else by its id, with the fingerprint of what was asked for. Error:
// [ErrNoBatch].
func (l *Ledger) FindBatch(ctx context.Context, name string) (Batch, [32]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, findBatch, pgx.NamedArgs{"name": name})
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[struct {
		Batch
		Fingerprint []byte
	}])
	if errors.Is(err, pgx.ErrNoRows) {
		return Batch{}, [32]byte{}, ErrNoBatch
	}
	if err != nil {
		return Batch{}, [32]byte{}, away("find a batch", err)
	}
	return found.Batch, [32]byte(found.Fingerprint), nil
}

const lockBatch = `SELECT` + batchColumns + `
	FROM batch
	WHERE id = @id::uuid
	FOR UPDATE`

// LockBatch locks and reads a batch. Error: [ErrNoBatch].
func LockBatch(ctx context.Context, tx outbox.Tx, id string) (Batch, error) {
	rows, _ := tx.Query(ctx, lockBatch, pgx.NamedArgs{"id": id})
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Batch])
	if errors.Is(err, pgx.ErrNoRows) {
		return Batch{}, ErrNoBatch
	}
	if err != nil {
		return Batch{}, fmt.Errorf("lock batch %s: %w", id, err)
	}
	return found, nil
}

const closeBatch = `UPDATE batch
	SET closed_at = vouchsafe_now()
	WHERE id = @id::uuid AND closed_at IS NULL
	RETURNING closed_at`

// CloseBatch ends the telling of a batch's codes. The batch must be locked and open.
func CloseBatch(ctx context.Context, tx outbox.Tx, b *Batch) error {
	if err := tx.QueryRow(ctx, closeBatch, pgx.NamedArgs{"id": b.ID}).Scan(&b.ClosedAt); err != nil {
		return fmt.Errorf("close batch %s: %w", b.ID, err)
	}
	return nil
}

const readCards = `SELECT
		s.number,
		v.id::text,
		v.code_sealed
	FROM stock s
	JOIN voucher v ON v.id = s.voucher
	WHERE s.batch = @batch::uuid
		AND v.state = 'inventory'
	ORDER BY s.number`

// Card is a pre-printed voucher that nobody has bought.
type Card struct {
	Number  int // within its batch, from 1
	Voucher string
	Sealed  []byte // its code
}

// Cards reads what of a batch is still in the inventory, in the order of the numbers.
func Cards(ctx context.Context, tx outbox.Tx, batch string) ([]Card, error) {
	rows, _ := tx.Query(ctx, readCards, pgx.NamedArgs{"batch": batch})
	cards, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Card])
	if err != nil {
		return nil, fmt.Errorf("read the cards of batch %s: %w", batch, err)
	}
	return cards, nil
}

const writeSold = `UPDATE voucher
	SET issued_at = @at
	WHERE id = @id::uuid`

// queueSold writes when a voucher was issued that was in the inventory. No other act changes that, so that it is no column of the
// statement that all of them share.
func queueSold(batch *pgx.Batch, c *voucher.Case, before voucher.Voucher) {
	if !c.Voucher.IssuedAt.Equal(before.IssuedAt) {
		batch.Queue(writeSold, pgx.NamedArgs{"id": c.Voucher.ID, "at": c.Voucher.IssuedAt})
	}
}

// stockProofs are those of what is printed, and of what registers sell.
func stockProofs() []proof {
	return []proof{
		{"what lies in the inventory is worth nothing, and its validity has not begun", `SELECT v.id::text, format('balance %s, valid through %s', v.balance, v.expires_on)
			FROM voucher v
			WHERE v.state = 'inventory' AND (v.balance <> 0 OR v.expires_on IS NOT NULL)`},
		{"a voucher is sold once, unless its sale was taken back", `SELECT v.id::text, format('%s, with %s sales that stand', v.state, count(*))
			FROM act a
			JOIN voucher v ON v.id = a.voucher
			WHERE a.state = 'done' AND (a.kind IN ('sale', 'credit_note') OR a.kind = 'refund' AND a.detail ? 'sold')
			GROUP BY v.id, v.state
			HAVING count(*) > 1 OR v.state = 'inventory'`},
		{"a card that is sold anew was never used", `SELECT e.account::text, format('%s %s came before it was sold anew', a.kind, a.id)
			FROM (SELECT account, max(seq) AS seq FROM entry WHERE kind = 'issue' AND seq > 1 GROUP BY account) anew
			JOIN entry e ON e.account = anew.account AND e.seq < anew.seq
			JOIN act a ON a.id = e.act
			WHERE a.kind <> 'sale'`},
		{"a pre-printed voucher comes into use by its sale", `SELECT v.id::text, format('number %s of batch %s is %s', s.number, s.batch, v.state)
			FROM stock s
			LEFT JOIN voucher v ON v.id = s.voucher
			WHERE v.id IS NULL
				OR v.state NOT IN ('inventory', 'invalidated')
				AND NOT EXISTS (SELECT FROM act a WHERE a.voucher = v.id AND a.kind = 'sale' AND a.state = 'done')`},
		{"what lies in the inventory was printed", `SELECT v.id::text, format('as %s, at %s', v.product, v.issued_at)
			FROM voucher v
			WHERE v.state = 'inventory' AND NOT EXISTS (SELECT FROM stock s WHERE s.voucher = v.id)`},
		{"a batch has as many vouchers as were printed", `SELECT b.id::text, format('%s of %s', count(s.voucher), b.size)
			FROM batch b
			LEFT JOIN stock s ON s.batch = b.id
			GROUP BY b.id
			HAVING count(s.voucher) <> b.size`},
	}
}
