package retail

import (
	"slices"

	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// fateOf is what a state tells of an order's points.
func fateOf(o purchase.Order) loyalty.Fate {
	fate := loyalty.Fate{ToldAt: o.Modified, Stage: int(o.Status)}
	for _, refund := range o.Refunds {
		fate.Refunded += refund.Amount.Minor
	}
	fate.Closed = o.Status == purchase.Cancelled || o.Status == purchase.Refunded && allOf(o, fate.Refunded)
	if o.Status == purchase.Refunded && !fate.Closed && o.Total.Minor > fate.Refunded && !keepsGoods(o) {
		fate.Rest = money.Of(o.Total.Minor-fate.Refunded, o.Total.Currency)
	}
	return fate
}

// keepsGoods tells whether an order's refunds say for themselves what came back, and leave some of it with the buyer.
func keepsGoods(o purchase.Order) bool {
	back := map[string]int{}
	for _, refund := range o.Refunds {
		if len(refund.Lines) == 0 {
			return false
		}
		for _, line := range refund.Lines {
			back[line.Line] += line.Quantity
		}
	}
	return slices.ContainsFunc(o.Lines, func(l purchase.Line) bool { return back[l.ID] < l.Quantity })
}

// allOf tells whether a refunded order was refunded altogether: nothing is said of its refunds, or they come to all that was paid. Some
// shops call an order refunded after any refund. Our own codes and points may have paid the rest: see [loyalty.Fate.ClosedBy].
func allOf(o purchase.Order, refunded int64) bool {
	return len(o.Refunds) == 0 || o.Total.Currency != "" && refunded >= o.Total.Minor
}

// stands tells that nothing of an order is refunded or cancelled: no money of it, nor goods that were paid otherwise.
func stands(o purchase.Order) bool { return len(o.Refunds) == 0 && !fateOf(o).Closed }

// goodsOf are what a state tells of what the order sells beside vouchers.
func goodsOf(o purchase.Order, ours purchase.Catalogue) loyalty.Goods {
	worth := o.Goods(ours)
	if worth.Currency == "" {
		return loyalty.Goods{}
	}
	return loyalty.Goods{
		ToldAt: o.Modified, Worth: worth, Net: o.Net(ours), Stored: max(0, o.Vouchers(ours).Minor),
		First: loyalty.Opening{ToldAt: o.Modified, Worth: worth},
	}
}

// returnsOf is what a state tells of the lines that its refunds name.
func returnsOf(o purchase.Order, ours purchase.Catalogue) loyalty.Returns {
	var lines []loyalty.Sold
	for _, l := range o.Lines {
		if _, sold := ours[l.SKU]; !l.Unclear {
			lines = append(lines, loyalty.Sold{ID: l.ID, SKU: l.SKU, Units: int64(l.Quantity), Minor: max(0, l.Paid.Minor), StoredValue: sold})
		}
	}
	refunds := make([]loyalty.Refund, len(o.Refunds))
	for i, r := range o.Refunds {
		refunds[i].Minor = r.Amount.Minor
		for _, l := range r.Lines {
			refunds[i].Lines = append(refunds[i].Lines, loyalty.RefundLine{
				ID: l.Line, Units: int64(l.Quantity), Said: l.Amount.Currency != "", Minor: l.Amount.Minor,
			})
		}
	}
	return loyalty.ReturnsOf(o.Total.Minor, lines, refunds)
}

func skusOf(lines []purchase.Line) []string {
	skus := make([]string, len(lines))
	for i, line := range lines {
		skus[i] = line.SKU
	}
	return skus
}

// refundedOf is how much of an order's refunds was for products of ours.
func refundedOf(o purchase.Order, ours purchase.Catalogue) (minor int64) {
	sold := make(map[string]purchase.Line)
	for _, line := range o.Lines {
		if _, is := ours[line.SKU]; is {
			sold[line.ID] = line
		}
	}
	for _, refund := range o.Refunds {
		minor += min(refund.Amount.Minor, refundedIn(refund, sold))
	}
	return minor
}

// refundedIn is how much a refund gave back for lines of ours: what it says, or else what its units were paid. Where units were kept and
// it does not say how much was for which line, all of it was for the lines that it names, if these are ours and no others.
func refundedIn(refund purchase.Refund, sold map[string]purchase.Line) (minor int64) {
	unsaid, others := false, false
	for _, part := range refund.Lines {
		line, is := sold[part.Line]
		switch {
		case !is:
			others = true
		case part.Amount.Currency != "":
			minor += part.Amount.Minor
		case part.Quantity > 0 && line.Quantity > 0:
			minor += line.Paid.Minor / int64(line.Quantity) * int64(part.Quantity)
		default:
			unsaid = true
		}
	}
	if unsaid && !others {
		return refund.Amount.Minor
	}
	return minor
}
