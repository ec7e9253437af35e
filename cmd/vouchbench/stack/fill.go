package stack

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/keyring"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/report"
	"vouchsafe/retail/voucher"
)

const (
	fillBatch = 5000 // vouchers in one transaction
	// purposeCode is what the back office derives the keys of codes for.
	purposeCode = "voucher code"
)

// Fill issues active vouchers worth so many minor units each, straight into the database, and returns their codes. It is for
// quantities that would take the webshop hours.
func (s *Stack) Fill(ctx context.Context, count int, minor int64) ([]string, error) {
	masters, err := keyring.ParseMasters(s.Master)
	if err != nil {
		return nil, err
	}
	ring, err := keyring.New(rand.Reader, masters...)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.New(ctx, s.DatabaseURL())
	if err != nil {
		return nil, fmt.Errorf("fill: %w", err)
	}
	defer pool.Close()
	books, err := ledger.New(ledger.Config{Pool: pool, Lanes: 1, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	defer books.Close()
	f := &filler{ring: ring, books: books, minor: minor, run: strconv.FormatInt(time.Now().UnixNano(), 36)}
	for len(f.codes) < count {
		batch, err := f.draw(min(fillBatch, count-len(f.codes)))
		if err != nil {
			return nil, fmt.Errorf("fill: %w", err)
		}
		if err := outbox.InTx(ctx, pool, func(tx outbox.Tx) error { return books.IssueMany(ctx, tx, batch...) }); err != nil {
			return nil, fmt.Errorf("fill: %w", err)
		}
	}
	// The gateway would sum the journal up at the next full minute, in the middle of whatever is done with the vouchers.
	if err := report.SumUp(ctx, pool); err != nil {
		return nil, fmt.Errorf("fill: %w", err)
	}
	_, err = pool.Exec(ctx, "VACUUM ANALYZE")
	return f.codes, err
}

// filler draws vouchers.
type filler struct {
	ring  *keyring.Ring
	books *ledger.Ledger
	minor int64
	run   string // of the names of the acts, once and for ever
	codes []string
}

func (f *filler) draw(count int) ([]ledger.NewVoucher, error) {
	batch := make([]ledger.NewVoucher, count)
	for i := range batch {
		code, err := voucher.NewCode(rand.Reader)
		if err != nil {
			return nil, err
		}
		id, err := f.books.NewID()
		if err != nil {
			return nil, err
		}
		text := []byte(code.Canonical())
		sealed, err := f.ring.Seal(purposeCode, text, []byte(id))
		if err != nil {
			return nil, err
		}
		batch[i] = ledger.NewVoucher{
			Minor: f.minor, MAC: f.ring.MAC(purposeCode, text), Sealed: sealed,
			Ref: voucher.Ref{Owner: "shop:" + Shop, Kind: voucher.Issues, Key: fmt.Sprintf("fill-%s-%d", f.run, len(f.codes))},
			Voucher: voucher.Voucher{
				ID: id, Last4: code.Last4(), Product: Product, Kind: "money", Mode: "card", Currency: "DKK", State: voucher.Active,
				Term: "P3Y", Zone: time.UTC, Shop: Shop,
			},
		}
		f.codes = append(f.codes, code.Canonical())
	}
	return batch, nil
}
