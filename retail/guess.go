package retail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vouchsafe/retail/throttle"
	"vouchsafe/retail/voucher"
)

// SlowDownError refuses to look a code up for somebody who has asked for too many that don't exist.
type SlowDownError struct {
	RetryAfter time.Duration
	Tokens     bool // of tokens alone: codes are looked up all the same
}

// Error says when to come back.
func (e *SlowDownError) Error() string {
	return fmt.Sprintf("too many wrong codes: come back in %s", e.RetryAfter.Round(time.Second))
}

// guessers are those whose wrong codes are counted when this actor asks: the buyer if the shop names
// him, and the shop as a whole; or the register. The office is not counted: its people are signed in.
func (a Actor) guessers(buyer Buyer) []throttle.Who {
	switch a.Channel {
	case Webshop:
		return append(throttle.Buyers(a.Name, buyer.IP, buyer.Session), throttle.Who{Kind: throttle.Shop, ID: a.Name})
	case Till:
		return []throttle.Who{{Kind: throttle.Register, ID: a.Name}}
	default:
		return nil
	}
}

// admit refuses somebody who guesses codes, and says how long an answer that the code can't be used
// is kept back. An act that exists under its key is never refused: it was a customer's before
// somebody began to guess.
func (d *Desk) admit(ctx context.Context, who []throttle.Who, ref voucher.Ref) (time.Duration, error) {
	if len(who) == 0 {
		return 0, nil
	}
	verdict := d.throttle.Allow(ctx, who...)
	if verdict.OK {
		return verdict.Delay, nil
	}
	if ref.Key != "" {
		if _, err := d.ledger.Find(ctx, ref); !errors.Is(err, voucher.ErrActNotFound) {
			return verdict.Delay, err
		}
	}
	return 0, &SlowDownError{RetryAfter: verdict.RetryAfter}
}

// unknown counts a code that doesn't exist, and keeps the answer back.
func (d *Desk) unknown(ctx context.Context, who []throttle.Who, delay time.Duration) {
	if len(who) > 0 {
		d.throttle.Wrong(ctx, who...)
	}
	keepBack(ctx, delay)
}

// turnAway keeps back the answer that a code which there is can't be used. To a webshop all reasons look alike, an unknown code
// included, and take the same work.
func (d *Desk) turnAway(ctx context.Context, by Actor, f found) {
	if by.Channel == Webshop && f.Unusable() != nil {
		d.throttle.Spare(ctx, f.who...)
	}
	keepBack(ctx, f.delay)
}

// keepBack delays an answer that a code can't be used, so that a guesser of a whole shop is slow.
func keepBack(ctx context.Context, delay time.Duration) {
	if delay <= 0 {
		return
	}
	wait := time.NewTimer(delay)
	defer wait.Stop()
	select {
	case <-ctx.Done():
	case <-wait.C:
	}
}
