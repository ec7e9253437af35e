package retail

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"time"

	"vouchsafe/retail/keyring"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/throttle"
	"vouchsafe/retail/voucher"
)

// The purposes under which the keyring derives keys. They are part of what is stored: changing one
// makes what was written under it unreadable.
const (
	purposeCode    = "voucher code"
	purposeForeign = "foreign voucher code"
)

// Config is what a Desk works with.
type Config struct {
	Ledger    *ledger.Ledger
	Testimony *Testimony
	Throttle  *throttle.Throttle
	Ring      *keyring.Ring
	Random    io.Reader // for codes
	Log       *slog.Logger
	// Members tells of memberships; nil: nobody is known to be a member.
	Members Memberships
}

// Desk is the back office's counter: one method for each thing that can be asked. It is safe for
// concurrent use and keeps no state of its own.
type Desk struct {
	ledger    *ledger.Ledger
	testimony *Testimony
	throttle  *throttle.Throttle
	ring      *keyring.Ring
	random    io.Reader
	log       *slog.Logger
	members   Memberships
}

// New opens the Desk.
func New(cfg Config) *Desk {
	return &Desk{ledger: cfg.Ledger, testimony: cfg.Testimony, throttle: cfg.Throttle, ring: cfg.Ring, random: cfg.Random, log: cfg.Log, members: cfg.Members}
}

// macs are what the code may be stored as: as one of ours and as a foreign one, under every key
// that may still be in use.
func macs(ring *keyring.Ring, typed voucher.Typed) [][]byte {
	macs := ring.MACs(purposeForeign, []byte(typed.Foreign.Canonical()))
	if !typed.Ours.Zero() {
		macs = append(ring.MACs(purposeCode, []byte(typed.Ours.Canonical())), macs...)
	}
	return macs
}

// Typed is a code as somebody typed it, and who did if a shop says so.
type Typed struct {
	Code  string
	Buyer Buyer
}

// Buyer is who typed a code into a webshop; wrong codes are counted per buyer.
type Buyer struct{ IP, Session string }

// found is what a look-up by code found.
type found struct {
	ledger.Seen
	macs  [][]byte      // what the code may be stored as
	delay time.Duration // how long an answer that it can't be used is kept back
	who   []throttle.Who
}

// find looks up a code that somebody typed, and whether an act bears the name ref. A text that can
// be no code is an unknown one, and looked for all the same: no voucher has it.
func (d *Desk) find(ctx context.Context, by Actor, typed Typed, ref voucher.Ref) (found, error) {
	who := by.guessers(typed.Buyer)
	delay, err := d.admit(ctx, who, ref)
	if err != nil {
		return found{}, err
	}
	code, _ := voucher.Read(typed.Code) // what can't be read is the zero Typed
	if code.Weak() {
		who = append(slices.Clone(who), who...) // a guess at a code that may be guessed counts twice
	}
	f := found{delay: delay, who: who, macs: macs(d.ring, code)}
	f.Seen, err = d.ledger.Look(ctx, f.macs, ref)
	if isUnknown(err) {
		f.Seen, err = d.findToken(ctx, by, f, code, err)
	}
	if errors.Is(err, voucher.ErrNotFound) {
		d.unknown(ctx, who, delay)
	}
	return f, err
}

// act finds the voucher of a code and settles an act on it. What the plain read refuses is refused
// at once, without a lock and with the same work whatever the reason; the rest is decided under the lock.
func (d *Desk) act(ctx context.Context, by Actor, typed Typed, ref voucher.Ref, act voucher.Act) (voucher.Answer, error) {
	f, err := d.find(ctx, by, typed, ref)
	if err != nil {
		d.ledger.Refused(act, err)
		return voucher.Answer{}, err
	}
	return d.actOn(ctx, by, f, act)
}

// actOn settles an act on what a code has found.
func (d *Desk) actOn(ctx context.Context, by Actor, f found, act voucher.Act) (voucher.Answer, error) {
	if err := f.Refuse(act); err != nil {
		d.ledger.Refused(act, err)
		d.turnAway(ctx, by, f)
		return voucher.Answer{}, err
	}
	return d.settle(ctx, by, ledger.Aimed{Voucher: f.Voucher.ID, MACs: f.macs, Act: act})
}
