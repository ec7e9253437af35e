package retail

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

// The lists of trade, as they are asked for and answered.
type (
	// PurchaseLine is a purchase in a list.
	PurchaseLine = orders.Summary
	// Shop is a registered webshop; what opens it is sealed.
	Shop = orders.Shop
	// ShopFields are the keys under which a shop keeps what a buyer asked for.
	ShopFields = orders.Fields
	// Party says who of the two does something: this program or the shop.
	Party = orders.Party
)

// PurchaseFilter narrows a list of purchases; what is left empty doesn't narrow.
type PurchaseFilter struct {
	Page
	Shop   string
	Number string // the order's number or id, whole
	State  string
	From   time.Time // came to us at or after
	To     time.Time // came to us before
}

// Purchases lists purchases, the newest first (A06, A15). A code as the order's number is refused. Errors: ErrCursor, ErrIsCode.
func (o *BackOffice) Purchases(ctx context.Context, f PurchaseFilter) (page []PurchaseLine, next string, err error) {
	if err = o.noCode(ctx, f.Number); err == nil {
		page, next, err = o.sales.orders.Purchases(ctx, orders.Filter{
			Page: f.Page, Shop: f.Shop, Number: f.Number, State: f.State, From: f.From, To: f.To,
		})
	}
	return page, next, settled("list purchases", err)
}

// Purchase is all that the office sees of what an order bought.
type Purchase struct {
	*orders.Purchase
	Front    Shop // that sold it
	Customer string
	Name     string // of the buyer
	Email    string // of the buyer, masked
	Gifts    map[purchase.Key]Gift
}

// Gift is what the buyer asked for on a unit.
type Gift struct {
	Name  string
	Email string // masked; "" when the buyer gets the mail
}

// Purchase reads a purchase by its id. Error: ErrUnknownPurchase.
func (o *BackOffice) Purchase(ctx context.Context, id string) (Purchase, error) {
	p, err := o.purchase(ctx, id)
	return p, settled("read purchase "+id, err)
}

func (o *BackOffice) purchase(ctx context.Context, id string) (Purchase, error) {
	if !isID(id) {
		return Purchase{}, ErrUnknownPurchase
	}
	stored, err := o.sales.orders.PurchaseByID(ctx, id)
	if errors.Is(err, orders.ErrNotFound) {
		return Purchase{}, ErrUnknownPurchase
	}
	if err != nil {
		return Purchase{}, err
	}
	p := Purchase{Purchase: stored, Gifts: map[purchase.Key]Gift{}}
	if p.Front, err = o.sales.shop(ctx, stored.Shop); err != nil {
		return Purchase{}, err
	}
	var who buyer
	if err := o.sales.unseal(purposeBuyer, stored.ID, stored.Buyer, &who); err != nil {
		return Purchase{}, err
	}
	p.Customer, p.Name, p.Email = who.ID, who.Name, masked(who.Email)
	for key, unit := range stored.Units {
		var asked wishes
		if err := o.sales.unseal(purposeWishes, unit.ID, unit.Wishes, &asked); err != nil {
			return Purchase{}, err
		}
		p.Gifts[key] = Gift{Name: asked.Name, Email: masked(asked.Email)}
	}
	return p, nil
}

// ActivatePurchase lets everything of a purchase that waits issue, because the office decided so (A13). Errors: ErrUnknownPurchase,
// purchase.ErrNotPaidOnline without the consent that it needs, purchase.ErrNothingWaits, voucher.ErrApproval, *AwaitingError.
func (o *BackOffice) ActivatePurchase(ctx context.Context, by Actor, id string, consent purchase.Consent, reason string) error {
	n := activation(id, consent, reason)
	v := verdict{
		action: didActivatePurchase, reason: reason,
		first: func(tx outbox.Tx) error { return o.standsBack(ctx, tx, n) },
		decide: func(known purchase.Purchase) (purchase.Decision, error) {
			d, err := purchase.Activate(known, consent)
			if err != nil {
				return purchase.Decision{}, err
			}
			return d, o.mayAlone(d)
		},
	}
	err := o.settle(ctx, by, id, v)
	if over, tooMuch := errors.AsType[*worthError](err); tooMuch && by.Person != "" {
		err = settled(didAsk, o.asksFor(ctx, by, n, over.worth))
	}
	return err
}

// DismissPurchase decides that what waits of a purchase never issues (X22). Errors: ErrUnknownPurchase, purchase.ErrNothingWaits.
func (o *BackOffice) DismissPurchase(ctx context.Context, by Actor, id, reason string) error {
	return o.settle(ctx, by, id, verdict{action: didDismissPurchase, reason: reason, decide: purchase.Dismiss})
}

// verdict is what the office decides about a purchase, and why.
type verdict struct {
	action, reason string
	first          func(tx outbox.Tx) error // nil for nothing
	decide         func(purchase.Purchase) (purchase.Decision, error)
	also           func(tx outbox.Tx) error // nil for nothing
	detail         map[string]any           // more of it for the audit trail
}

func (o *BackOffice) settle(ctx context.Context, by Actor, id string, v verdict) error {
	if !isID(id) {
		return ErrUnknownPurchase
	}
	err := o.sales.settlePurchase(ctx, id, ruling{first: v.first, decide: v.decide, also: func(tx outbox.Tx, d purchase.Decision) error {
		if v.also != nil {
			if err := v.also(tx); err != nil {
				return err
			}
		}
		detail := map[string]any{"reason": v.reason, "order": d.Purchase.Number, "issued": len(d.Issue)}
		maps.Copy(detail, v.detail)
		return o.desk.audit(ctx, tx, by, v.action, id, detail)
	}})
	return settled(v.action+" "+id, err)
}

// worthOf is what a decision gives away, an amount for each currency.
func worthOf(d purchase.Decision) []money.Amount {
	worth := map[money.Currency]int64{}
	for _, key := range d.Issue {
		for _, unit := range d.Purchase.Units {
			if unit.Key() == key {
				worth[unit.Value.Currency] += unit.Value.Minor
			}
		}
	}
	var amounts []money.Amount
	for _, currency := range slices.Sorted(maps.Keys(worth)) {
		amounts = append(amounts, money.Of(worth[currency], currency))
	}
	return amounts
}
