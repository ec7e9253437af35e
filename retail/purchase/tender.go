package purchase

import (
	"slices"
	"strings"
)

// Shop is what the rules must know of the shop that tells of an order.
type Shop struct {
	// OnlineTenders are the tenders that count as paid online. Empty: any that is named, but for the known offline ones.
	OnlineTenders []string
	// CanBeAsked says that the shop's API can tell the order as it is now.
	CanBeAsked bool
	// Ceiling is the most that one voucher may hold, a decimal in its own currency.
	Ceiling string
}

// offline lists tenders that are not paid at the time of the order, or not in money, without spaces and signs: WooCommerce's
// bacs, cheque and cod, what other platforms call the same, and our own codes as a tender.
func offline() []string {
	return []string{
		"bacs", "cheque", "check", "cod", "cash", "cashondelivery", "cashondeliverycod", "invoice", "onaccount",
		"purchaseonaccount", "banktransfer", "bankdeposit", "moneyorder", "vouchsafe", "giftcard", "points",
	}
}

// PaidOnline tells whether a tender is money that arrived when the order was paid (E05, B06). No tender is not.
func (s Shop) PaidOnline(tender string) bool {
	tender = strings.TrimSpace(tender)
	if tender == "" {
		return false
	}
	if len(s.OnlineTenders) > 0 {
		return slices.ContainsFunc(s.OnlineTenders, func(known string) bool { return strings.EqualFold(known, tender) })
	}
	return !slices.Contains(offline(), letters(tender))
}

// letters is a name without case, spaces and signs: "Cash on delivery (COD)" is cashondeliverycod.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
}
