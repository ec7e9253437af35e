package retail

import (
	"context"
	"crypto/sha256"
	"fmt"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/points"
	"vouchsafe/retail/staff"
	"vouchsafe/retail/voucher"
)

// What one alone gives away in the office counts for a day toward the amount above which a second person is needed (X13): on a voucher
// or an account of money what he gave there, of credit notes all that he gave in a currency, and of points all that he gave whomever,
// by what they are worth.

// counting is how an act of one alone counts.
type counting struct {
	approval voucher.Approval // with what he has given before
	under    string           // id of the voucher or account, or of what stands for all points
}

// counts locks what one has given alone as far as it counts toward an act that he is about to do, and sums it up.
func (d *Desk) counts(ctx context.Context, tx outbox.Tx, by Actor, aimed ledger.Aimed) (c counting, err error) {
	c = counting{approval: voucher.Approval{Alone: true}, under: aimed.Voucher}
	lock := "voucher " + aimed.Voucher
	if aimed.Account {
		unit, err := ledger.UnitOf(ctx, tx, aimed.Voucher)
		if err != nil {
			return c, err
		}
		if unit == money.Point {
			if c.approval.Rate, err = giftRate(ctx, tx); err != nil {
				return c, err
			}
			c.under = standsFor("points in " + string(c.approval.Rate.Value.Currency))
			lock = "points " + c.under + " of " + by.giver()
		}
	}
	if err := staff.LockNames(ctx, tx, lock); err != nil {
		return c, err
	}
	c.approval.Given, err = staff.GivenLately(ctx, tx, by.giver(), c.under)
	return c, err
}

// giftRate is what points count that are given in the office: the most that any version of the programme has said they are worth, ever,
// now or from some day on. So nobody gives ahead of a rate, nor behind one that he has taken away for the moment. The zero Rate is of
// points that were never worth anything.
func giftRate(ctx context.Context, tx outbox.Tx) (money.Rate, error) {
	versions, err := points.All(ctx, tx)
	if err != nil {
		return money.Rate{}, err
	}
	return loyalty.HighestRate(versions...), nil
}

// gave notes what one has given alone by an act that is done; it may count for more than it has brought by now.
func (c counting) gave(ctx context.Context, tx outbox.Tx, by Actor, answer voucher.Answer, atLeast int64) error {
	r := answer.Record
	if !answer.Created || r.Detail.Adjusted != nil && r.Detail.Adjusted.Minor < 0 { // told again, or it took
		return nil
	}
	counts := c.approval.Counts(money.Of(max(r.Amount, atLeast), r.Currency))
	if counts.Minor == 0 {
		return nil
	}
	return staff.Give(ctx, tx, staff.Given{Act: r.ID, Giver: by.giver(), Voucher: c.under, Amount: counts.Minor})
}

// standsFor is the id under which is counted what has no voucher in common.
func standsFor(text string) string {
	sum := sha256.Sum256([]byte(text))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
