package retail

import (
	"context"
	"errors"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/throttle"
	"vouchsafe/retail/voucher"
)

// Glances says of which codes the public page tells.
type Glances string

// Codes that were drawn here can't be guessed. Imported ones keep the pattern that another system gave them, which may be weak.
const (
	OfOwnCodes Glances = "own"
	OfAllCodes Glances = "all"
)

// Visitor is whoever looks at the public page.
type Visitor struct {
	IP string // the address that he comes from
}

// guessers are those whose fruitless looks are counted: the visitor's address, and the page as a whole.
func (v Visitor) guessers() []throttle.Who {
	return append(throttle.Buyers(publicPage, v.IP, ""), throttle.Who{Kind: throttle.Shop, ID: publicPage})
}

// publicPage stands where shops have their id, and can be no shop's.
const publicPage = "\x00balance page"

// Glance is what anybody may know of a voucher whose code he has (X16): what it holds, while it can be used. Everything else looks the
// same, is counted the same and takes the same work: no such code, none that the page tells of, one that is used up, blocked, over or
// not sold yet are all voucher.ErrNotFound. Error beside it: *SlowDownError.
func (d *Desk) Glance(ctx context.Context, by Visitor, text string, of Glances) (Seen, error) {
	who := by.guessers()
	verdict := d.throttle.Allow(ctx, who...)
	if !verdict.OK {
		return Seen{}, &SlowDownError{RetryAfter: verdict.RetryAfter}
	}
	code, _ := voucher.Read(text) // what can't be read is the zero Typed, which no voucher has
	seen, err := d.ledger.Look(ctx, d.glanced(code, of), voucher.Ref{})
	switch {
	case err == nil && tellable(seen):
		return seen, nil
	case err != nil && !errors.Is(err, voucher.ErrNotFound):
		return Seen{}, err
	}
	d.throttle.Wrong(ctx, who...)
	keepBack(ctx, verdict.Delay)
	return Seen{}, voucher.ErrNotFound
}

// glanced is what a code may be stored as, as far as the page tells of it. It is never the token of a voucher.
func (d *Desk) glanced(code voucher.Typed, of Glances) [][]byte {
	if of == OfAllCodes {
		return macs(d.ring, code)
	}
	return d.ring.MACs(purposeCode, []byte(code.Ours.Canonical()))
}

// tellable tells whether there is something on the voucher that somebody can use, now or once he has claimed it.
func tellable(seen ledger.Seen) bool {
	err := seen.Unusable()
	return seen.Voucher.Balance > 0 && (err == nil || errors.Is(err, voucher.ErrClaimRequired))
}
