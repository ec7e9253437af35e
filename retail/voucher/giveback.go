package voucher

import "fmt"

// orderOwner owns what becomes of orders by itself.
const orderOwner = "order"

// GiveBack gives back what stands of a redemption of points whose order was cancelled, or refunded altogether (X17), as a [Refund] of it
// does. It says what shall be: there is nothing to do once all of it came back, whoever gave it. Nobody asks for it; its act is named by
// the account's line, so that it happens once. Nothing moves on an account in quarantine: that waits until the act is done again.
type GiveBack struct {
	Redemption Ref
	Reason     string // for staff
}

// Refs names the redemption.
func (a GiveBack) Refs() []Ref { return []Ref{a.Redemption} }

func (a GiveBack) decide(c *Case) (Answer, error) {
	redemption := c.Records[a.Redemption]
	if redemption == nil || redemption.State != Done || redemption.left() == 0 || c.Voucher.refundable() != nil {
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	key := fmt.Sprintf("%s:%s:%d", redemption.ID, c.Voucher.ID, c.Voucher.Entries+1)
	return Refund{
		ID: c.derivedID("give back", key), Ref: Ref{Owner: orderOwner, Kind: Refunds, Key: key}, Redemption: a.Redemption,
		Detail: Detail{Order: redemption.Detail.Order, Reason: a.Reason},
	}.decide(c)
}
