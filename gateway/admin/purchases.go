package admin

import (
	"context"
	"time"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// purchasesIn asks for purchases.
type purchasesIn struct {
	PageIn
	Q     string `query:"q" maxLength:"200" doc:"The order's number or id, whole. Never a code"`
	State string `query:"state" enum:"offered,waiting,issued,cancelled,refunded,dismissed" doc:"waiting: something of it needs a decision"`
	Shop  string `query:"shop" maxLength:"63" doc:"Sold by this shop"`
	Sort  string `query:"sort" enum:"received_at,-received_at" default:"-received_at" doc:"A minus turns it around"`
}

// PurchaseLineOut is a purchase in a list (A06, A15).
type PurchaseLineOut struct {
	ID         string       `json:"id" format:"uuid"`
	Shop       string       `json:"shop"`
	Order      string       `json:"order" doc:"The shop's own id of the order"`
	Number     string       `json:"number" doc:"As people call the order"`
	Status     string       `json:"status" enum:"placed,paid,cancelled,refunded" doc:"Of the order, as the shop told last"`
	State      string       `json:"state" enum:"offered,waiting,issued,cancelled,refunded,dismissed" doc:"Of the purchase: waiting when anything of it needs a decision; refunded or dismissed when nothing else is left of it"`
	Total      money.Amount `json:"total"`
	Tender     string       `json:"tender" doc:"How it was paid, in the shop's words; empty when it names nothing"`
	OrderedAt  *time.Time   `json:"ordered_at" doc:"Null if the shop does not tell"`
	PaidAt     *time.Time   `json:"paid_at" doc:"Null if the shop states none"`
	ReceivedAt time.Time    `json:"received_at" doc:"When it was first told of here"`
	Units      int          `json:"units" doc:"Vouchers that were ordered"`
	Issued     int          `json:"issued" doc:"Vouchers that were made of them"`
}

func (t *trade) purchases(ctx context.Context, in *purchasesIn) (*body[pageOut[PurchaseLineOut]], error) {
	from, to, err := t.span(in.PageIn)
	if err != nil {
		return nil, err
	}
	page, next, err := t.office.Purchases(ctx, retail.PurchaseFilter{
		Page: in.stretch(in.Sort), Shop: in.Shop, Number: in.Q, State: in.State, From: from, To: to,
	})
	if err != nil {
		return nil, refuseTrade(err)
	}
	return showPage(page, next, showPurchaseLine), nil
}

// showPurchaseLine renders a purchase in a list.
func showPurchaseLine(p retail.PurchaseLine) PurchaseLineOut {
	return PurchaseLineOut{
		ID: p.ID, Shop: p.Shop, Order: p.Order, Number: p.Number, Status: p.Status, State: p.State,
		Total: money.Of(p.Total, money.Currency(p.Currency)), Tender: p.Tender, OrderedAt: utc(p.Created), PaidAt: utc(p.PaidAt),
		ReceivedAt: p.StoredAt.UTC(), Units: p.Units, Issued: p.Issued,
	}
}

// PurchaseIn names a purchase.
type PurchaseIn struct {
	ID string `path:"id" doc:"Id of the purchase"`
}

// purchaseOut is all that is known of a purchase.
type purchaseOut struct {
	PurchaseLineOut
	Link     string        `json:"link,omitempty" doc:"The order in the shop's own office (A13); absent where no such page is known"`
	Customer *customerOut  `json:"customer" doc:"Null once erased"`
	Items    []unitOut     `json:"items" nullable:"false" doc:"The units, one voucher each"`
	Refunds  []refundedOut `json:"refunds" nullable:"false"`
	Doubts   []string      `json:"doubts" nullable:"false" doc:"What the shop told that could not be used"`
	Blocked  bool          `json:"blocked" doc:"The order was cancelled after it was paid: its vouchers bear the order's block"`
	Language string        `json:"language,omitempty"`
	Platform string        `json:"platform"`
}

// customerOut is who bought (A14).
type customerOut struct {
	ID    string `json:"id,omitempty" doc:"The shop's own id; absent for a guest"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty" doc:"Masked"`
	Link  string `json:"link,omitempty" doc:"The customer in the shop's own office; absent where no such page is known"`
}

// unitOut is one voucher that was ordered.
type unitOut struct {
	Line      string       `json:"line" doc:"The shop's id of the order's line"`
	Unit      int          `json:"unit" doc:"1, 2, 3 … of the line"`
	SKU       string       `json:"sku"`
	Title     string       `json:"title" doc:"What the line is called"`
	State     string       `json:"state" enum:"offered,waiting,issued,refunded,dismissed"`
	Reason    string       `json:"reason,omitempty" doc:"Why it waits, or waited before it was dismissed: not_paid_online, below_min_paid, paid_after_dismissal …"`
	Value     money.Amount `json:"value" doc:"What its voucher was issued for, or would be"`
	Paid      money.Amount `json:"paid" doc:"Its share of what was paid for the line"`
	Missing   bool         `json:"missing" doc:"The shop no longer lists it, and no refund says why"`
	Voucher   *string      `json:"voucher" format:"uuid" doc:"Id of its voucher; null until it issues"`
	ForSelf   bool         `json:"for_self"`
	DeliverOn string       `json:"deliver_on,omitempty" format:"date"`
	// DeliverSaid goes with a delivery that waits for its day.
	DeliverSaid string       `json:"deliver_on_said,omitempty" doc:"What the shop wrote for the day where nobody can tell which one is meant: the delivery waits for one"`
	Recipient   *recipientOf `json:"recipient" doc:"Null when the buyer gets the mail"`
}

// recipientOf is whom a unit is for.
type recipientOf struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty" doc:"Masked"`
}

// refundedOut is a refund that the shop told of.
type refundedOut struct {
	ID      string       `json:"id"`
	Amount  money.Amount `json:"amount"`
	Settled bool         `json:"settled"`
	Problem string       `json:"problem,omitempty" enum:"names_no_lines,names_no_units,names_other_lines,in_use,less_than_paid,more_than_sold,withdrawn,undone,told_less" doc:"Why it waits. names_other_lines: the order does not have them. in_use: settled once its units are free and whole again, unless its task was closed. withdrawn: the shop tells of it no more, and nothing is taken for it. undone, told_less: it has ended vouchers, which stay ended, and the shop tells of it no more, or of fewer units or less money: their buyer has paid and holds nothing. less_than_paid, of the units that it names: nobody knows what it is for"`
}

func (t *trade) purchase(ctx context.Context, in *PurchaseIn) (*body[purchaseOut], error) {
	return t.showsPurchase(ctx, in.ID, nil)
}

// showsPurchase answers with a purchase as it is now, or with what was refused.
func (t *trade) showsPurchase(ctx context.Context, id string, err error) (*body[purchaseOut], error) {
	if err != nil {
		return nil, refuseTrade(err)
	}
	p, err := t.office.Purchase(ctx, id)
	if err != nil {
		return nil, refuseTrade(err)
	}
	return ok(showPurchase(p)), nil
}

// showPurchase renders a purchase.
func showPurchase(p retail.Purchase) purchaseOut {
	d := p.Decided
	out := purchaseOut{
		PurchaseLineOut: PurchaseLineOut{
			ID: p.ID, Shop: p.Shop, Order: p.Order, Number: d.Number, Status: d.Status.String(), State: d.State(), Total: p.Total,
			Tender: p.Tender, OrderedAt: unlessZero(d.Created), PaidAt: unlessZero(p.PaidAt), ReceivedAt: p.StoredAt.UTC(), Units: len(d.Units),
		},
		Link: orderURL(p.Front.Platform, p.Front.URL, p.Order), Language: p.Language, Platform: p.Front.Platform,
		Blocked: d.Blocked, Doubts: append([]string{}, d.Doubts...), Items: []unitOut{}, Refunds: []refundedOut{},
	}
	if p.Buyer != nil {
		out.Customer = &customerOut{
			ID: p.Customer, Name: p.Name, Email: p.Email, Link: customerURL(p.Front.Platform, p.Front.URL, p.Customer),
		}
	}
	for _, unit := range d.Units {
		shown := showUnit(p, unit)
		if shown.Voucher != nil {
			out.Issued++
		}
		out.Items = append(out.Items, shown)
	}
	for _, r := range d.Refunds {
		out.Refunds = append(out.Refunds, refundedOut{r.ID, r.Amount, r.Settled, string(r.Problem)})
	}
	return out
}

// showUnit renders a unit.
func showUnit(p retail.Purchase, unit purchase.Unit) unitOut {
	more, gift := p.Units[unit.Key()], p.Gifts[unit.Key()]
	out := unitOut{
		Line: unit.Line, Unit: unit.N, SKU: unit.SKU, Title: more.Title, State: string(unit.State), Reason: string(unit.Reason),
		Value: unit.Value, Paid: unit.Paid, Missing: unit.Missing, ForSelf: more.ForSelf, DeliverOn: more.DeliverOn,
		DeliverSaid: more.DeliverSaid,
	}
	if more.Voucher != "" {
		out.Voucher = &more.Voucher
	}
	if gift != (retail.Gift{}) {
		out.Recipient = &recipientOf{gift.Name, gift.Email}
	}
	return out
}

// unlessZero is an instant in UTC, and nothing for none.
func unlessZero(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return utc(&at)
}

// activatePurchaseIn asks for what waits of a purchase to issue.
type activatePurchaseIn struct {
	PurchaseIn
	Body struct {
		ConfirmUnpaid bool   `json:"confirm_unpaid,omitempty" doc:"Issue although nobody has paid online: without it that is refused"`
		Reason        string `json:"reason" minLength:"1" maxLength:"500" doc:"For the audit trail"`
	}
}

func (t *trade) activatePurchase(ctx context.Context, in *activatePurchaseIn) (*body[purchaseOut], error) {
	consent := purchase.PaidOnly
	if in.Body.ConfirmUnpaid {
		consent = purchase.UnpaidToo
	}
	err := t.office.ActivatePurchase(ctx, counter.Caller(ctx), in.ID, consent, in.Body.Reason)
	return t.showsPurchase(ctx, in.ID, err)
}

// dismissPurchaseIn asks for what waits of a purchase never to issue.
type dismissPurchaseIn struct {
	PurchaseIn
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"For the audit trail"`
	}
}

func (t *trade) dismissPurchase(ctx context.Context, in *dismissPurchaseIn) (*body[purchaseOut], error) {
	err := t.office.DismissPurchase(ctx, counter.Caller(ctx), in.ID, in.Body.Reason)
	return t.showsPurchase(ctx, in.ID, err)
}
