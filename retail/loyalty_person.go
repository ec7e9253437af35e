package retail

import "vouchsafe/retail/loyalty"

// subjects are the names of what of the event there is one of: an order of the shop, the customer who signed up, whom somebody referred,
// or what a customer reviewed. What is earned is noted under the first.
func (e *earning) subjects(order *tally) []string {
	switch e.Event {
	case loyalty.Order:
		return order.known.Names
	case loyalty.Signup:
		return []string{e.who.ID}
	case loyalty.Referral:
		return []string{e.Referred}
	}
	return []string{e.who.ID + "/" + e.About.SKU}
}
