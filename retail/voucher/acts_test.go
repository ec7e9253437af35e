package voucher_test

import (
	"crypto/sha256"

	"vouchsafe/retail/voucher"
)

// The owners of the tests.
const (
	shop   = "shop:demo"
	till   = "till:Kasse 1"
	till2  = "till:Kasse 2"
	office = "office"
)

// holder is the hash of a cart or a register.
func holder(name string) voucher.Holder { return sha256.Sum256([]byte(name)) }

// online is the webshop's reservation of what a cart has to pay.
func online(key, cart string, due int64) voucher.Reserve {
	return voucher.Reserve{
		Ref:    voucher.Ref{Owner: shop, Kind: voucher.Reservations, Key: key},
		Holder: holder(cart), Hint: cart, Due: kroner(due), Counted: true,
	}
}

// asking is the reservation with an amount of its own.
func asking(r voucher.Reserve, whole int64) voucher.Reserve {
	r.Amount = at(whole)
	return r
}

// revision is the reservation at a revision of the cart.
func revision(r voucher.Reserve, n int64) voucher.Reserve {
	r.Revision = &n
	return r
}

// atRegister is a register's reservation.
func atRegister(register, key string, due int64) voucher.Reserve {
	return voucher.Reserve{
		Ref:    voucher.Ref{Owner: register, Kind: voucher.Reservations, Key: key},
		Holder: holder(register), Hint: register, Due: kroner(due),
	}
}

// capture spends the shop's reservation for an order.
func capture(key, order string) voucher.Capture {
	return voucher.Capture{
		Ref:    voucher.Ref{Owner: shop, Kind: voucher.Reservations, Key: key},
		Detail: voucher.Detail{Order: order},
	}
}

// capturing spends an amount of the shop's reservation.
func capturing(key, order string, whole int64) voucher.Capture {
	c := capture(key, order)
	c.Amount = at(whole)
	return c
}

// ofOrder is the capture for an order with a total and other tenders.
func ofOrder(c voucher.Capture, total int64, others ...int64) voucher.Capture {
	c.Detail.OrderTotal = at(total)
	for _, whole := range others {
		c.Detail.OtherTenders = append(c.Detail.OtherTenders, voucher.Tender{Method: "card", Amount: kroner(whole)})
	}
	return c
}

// release frees the shop's reservation.
func release(key string, final voucher.Finality) voucher.Release {
	return voucher.Release{Ref: voucher.Ref{Owner: shop, Kind: voucher.Reservations, Key: key}, Final: final}
}

// redeem is a redemption of a whole amount at a register.
func redeem(register, key string, whole int64) voucher.Redeem {
	return voucher.Redeem{
		Ref:    voucher.Ref{Owner: register, Kind: voucher.Redemptions, Key: key},
		Holder: holder(register), Hint: register, Amount: kroner(whole), Partial: voucher.Whole,
		Detail: voucher.Detail{Receipt: "receipt of " + key},
	}
}

// partly is the redemption of what there is.
func partly(r voucher.Redeem) voucher.Redeem {
	r.Partial = voucher.AsFarAsMay
	return r
}

// redemption names a redemption.
func redemption(owner, key string) voucher.Ref {
	return voucher.Ref{Owner: owner, Kind: voucher.Redemptions, Key: key}
}

// reload adds money at the first register.
func reload(key string, whole int64) voucher.Reload {
	return voucher.Reload{
		Ref:    voucher.Ref{Owner: till, Kind: voucher.Reloads, Key: key},
		Amount: kroner(whole), Detail: voucher.Detail{Receipt: "receipt of " + key, Tender: "cash"},
	}
}

// refund gives an amount of a redemption back; 0 is all that is left.
func refund(key string, of voucher.Ref, whole int64) voucher.Refund {
	r := voucher.Refund{
		Ref: voucher.Ref{Owner: till, Kind: voucher.Refunds, Key: key}, Redemption: of,
		Detail: voucher.Detail{Reason: "returned"},
	}
	if whole != 0 {
		r.Amount = at(whole)
	}
	return r
}

// reverse takes an act back within the time that a shop or till has.
func reverse(target voucher.Ref) voucher.Reverse {
	return voucher.Reverse{Target: target, Limited: voucher.Timed, Reason: "mistake"}
}

// reverseRefund takes a refund back.
func reverseRefund(key string, of voucher.Ref) voucher.Reverse {
	r := reverse(voucher.Ref{Owner: till, Kind: voucher.Refunds, Key: key})
	r.Source = &of
	return r
}

// reloadOf names a reload of the first register.
func reloadOf(key string) voucher.Ref {
	return voucher.Ref{Owner: till, Kind: voucher.Reloads, Key: key}
}

// invalidate ends a voucher by the office.
func invalidate(key string) voucher.Invalidate {
	return voucher.Invalidate{
		Ref:    voucher.Ref{Owner: office, Kind: voucher.Endings, Key: key},
		Detail: voucher.Detail{Reason: "lost"}, Spare: voucher.SpareNothing,
	}
}

// block is an office's block.
func block() voucher.Block { return voucher.Block{Kind: voucher.OfficeBlock, Blocked: true} }
