package retail

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"vouchsafe/retail/notary"
)

// The seals of history, as they are listed and kept outside.
type (
	// Seal is what a seal says.
	Seal = notary.Seal
	// KeptSeal is what somebody keeps of a seal outside of the database.
	KeptSeal = notary.Kept
)

// notary is who chains, seals and proves what Sales' database holds of the past.
func (s *Sales) notary() *notary.Notary { return notary.New(s.orders.Pool(), s.ring) }

// ChainAudit chains the new lines of the audit trail. It runs on a schedule; another gateway may be at it.
func (i *Inspector) ChainAudit(ctx context.Context) error {
	_, err := i.notary.Chain(ctx, notary.Recent)
	return err
}

// SealHistory chains the new lines of the audit trail, and seals the ends of all chains that have changed. It runs on a schedule.
func (i *Inspector) SealHistory(ctx context.Context) error {
	return errors.Join(i.ChainAudit(ctx), i.seal(ctx, notary.Recent))
}

// seal seals and logs what an operator may keep: the one line that proves later how far history went.
func (i *Inspector) seal(ctx context.Context, extent notary.Extent) error {
	made, err := i.notary.Seal(ctx, extent)
	if err != nil || made == nil {
		return err
	}
	i.log.InfoContext(ctx, "history sealed", "number", made.Number, "hash", hex.EncodeToString(made.Hash),
		"audit_lines", made.AuditLines, "accounts", made.Accounts)
	return nil
}

// Seals lists the seals, the latest first. Error: ErrCursor.
func (o *BackOffice) Seals(ctx context.Context, p Page) (page []Seal, next string, err error) {
	defer explain("list seals", &err)
	var before int64
	if p.Cursor != "" {
		if before, err = strconv.ParseInt(p.Cursor, 10, 64); err != nil || before < 1 {
			return nil, "", ErrCursor
		}
	}
	limit := min(max(p.Limit, 1), sealsMost)
	page, err = o.sales.notary().Seals(ctx, before, limit)
	if err != nil || len(page) < limit || page[limit-1].Number == 1 {
		return page, "", err
	}
	return page, strconv.FormatInt(page[limit-1].Number, 10), nil
}

// sealsMost is the longest page of seals.
const sealsMost = 500

// ReadKeptSeal reads a number and a hash in hexadecimal, as the log and the API show them.
func ReadKeptSeal(number int64, hash string) (KeptSeal, error) {
	plain, err := hex.DecodeString(hash)
	if err != nil || len(plain) != 32 || number < 1 {
		return KeptSeal{}, fmt.Errorf("seal %d: a seal has a number from 1 and a hash of 64 hexadecimal digits", number)
	}
	return KeptSeal{Number: number, Hash: plain}, nil
}
