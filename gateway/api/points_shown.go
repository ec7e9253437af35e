package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
)

// shownIn asks what to show of points at a place in the shop.
type shownIn struct {
	ID       string `path:"id" minLength:"1" maxLength:"128" doc:"The shop's id of the customer who is logged in"`
	Context  string `query:"context" required:"true" enum:"account,product,review,checkout,confirmation"`
	Language string `query:"language" maxLength:"16" doc:"Of the texts; default: the shop's"`
	SKU      string `query:"sku" maxLength:"100" doc:"Of a product or review"`
	Category string `query:"category" maxLength:"200" doc:"Likewise"`
	NetGoods int64  `query:"net_goods" minimum:"0" maximum:"1000000000000" doc:"Of a product or checkout: what would earn, in minor units without VAT and freight; of a checkout with lines what those come to, unless it says otherwise"`
	Event    string `query:"event" enum:"review_product,review_article" default:"review_product" doc:"Of a review: of what it is"`
	Lines    string `query:"lines" maxLength:"16000" doc:"Of a checkout: the cart's lines, the same list as a reservation with points takes, as JSON. Needed where only some products may be paid with points; a quote with pay_with takes as many in its body"`
	Due      int64  `query:"due" minimum:"0" maximum:"1000000000000" doc:"Of a checkout: what is to be paid, in minor units"`
	Currency string `query:"currency" maxLength:"5" doc:"Of due and lines; default: that of the programme's rates"`
	Order    string `query:"order" maxLength:"128" doc:"Of a confirmation"`
}

// shownOut is what to show of points.
type shownOut struct {
	Context   string            `json:"context"`
	Shown     bool              `json:"shown" doc:"Whether the merchant shows points here; if not, there is nothing else"`
	Balance   *money.Amount     `json:"balance,omitempty"`
	Reserved  *money.Amount     `json:"reserved,omitempty" doc:"Set aside for orders"`
	Available *money.Amount     `json:"available,omitempty"`
	Worth     *money.Amount     `json:"worth,omitempty" doc:"What the points of this place are worth now"`
	Rate      *rateOut          `json:"rate,omitempty"`
	Ending    *endingOut        `json:"ending,omitempty" doc:"The points that end next"`
	Earned    *money.Amount     `json:"earned,omitempty" doc:"What this earns, or has earned"`
	Usable    *money.Amount     `json:"usable,omitempty" doc:"The most points that may be used on this order"`
	Covers    *money.Amount     `json:"covers,omitempty" doc:"What those would pay of it"`
	Redeemed  *money.Amount     `json:"redeemed,omitempty" doc:"The points that paid for this order"`
	TotalLine *totalLine        `json:"total_line,omitempty"`
	Variables map[string]string `json:"variables,omitempty" doc:"The texts that a theme shows here, by the names of GET /v1/admin/loyalty/variables"`
}

// rateOut is what points are worth.
type rateOut struct {
	Points int64        `json:"points"`
	Value  money.Amount `json:"value"`
}

// endingOut are points that end.
type endingOut struct {
	Points money.Amount `json:"points"`
	At     time.Time    `json:"at" doc:"The first instant at which they can't be used any more"`
}

func (p *pointed) shown(ctx context.Context, in *shownIn) (*body[shownOut], error) {
	lines, err := p.cart(in)
	if err != nil {
		return nil, err
	}
	asked := retail.PointsAsked{
		Lines: lines, Event: loyalty.Event(in.Event), Customer: in.ID, Place: loyalty.Context(in.Context), Language: in.Language, NetGoods: in.NetGoods, Order: in.Order,
		About: loyalty.Line{SKU: in.SKU, Category: in.Category, Net: in.NetGoods}, Due: in.Due, Currency: money.Currency(in.Currency),
	}
	got, err := p.loyalty.Shown(ctx, counter.Caller(ctx), asked)
	if err != nil {
		return nil, p.refuse(ctx, err)
	}
	return answer(http.StatusOK, showShown(got)), nil
}

// cart reads the lines of a checkout. Without a currency they are in that of their first amount.
func (p *pointed) cart(in *shownIn) ([]loyalty.Line, error) {
	if in.Lines == "" {
		return nil, nil
	}
	var lines []lineIn
	if err := edge.DecodeStrict([]byte(in.Lines), &lines); err != nil {
		return nil, counter.Invalid("lines", err.Error())
	}
	currency := money.Currency(in.Currency)
	for i, l := range lines {
		if l.SKU == "" || len(l.SKU) > skuBytes || len(l.Category) > categoryBytes {
			return nil, counter.Invalid(fmt.Sprintf("lines[%d]", i), "wants a sku of at most 100 bytes, and a category of at most 200")
		}
		if units := l.units(); units < 0 || units > unitsMost {
			return nil, counter.Invalid(fmt.Sprintf("lines[%d].quantity", i), "must be from 0 to 100000")
		}
		for _, amount := range l.amounts() {
			if currency == "" && amount != nil {
				currency = amount.Currency
			}
		}
	}
	return p.linesOf(lines, currency)
}

// How long the names in a cart's lines may be, as a body's.
const skuBytes, categoryBytes = 100, 200

// unitsMost is the most that a line's quantity may be, as a body's.
const unitsMost = 100_000

// showShown renders what to show.
func showShown(s retail.PointsShown) shownOut {
	out := shownOut{Context: string(s.Place), Shown: s.Shown}
	if !s.Shown {
		return out
	}
	of := func(points int64) *money.Amount { a := money.Of(points, money.Point); return &a }
	out.Balance, out.Reserved, out.Available, out.Earned = of(s.Balance), of(s.Reserved), of(max(0, s.Balance-s.Reserved)), of(s.Earned)
	out.Variables = s.Variables
	if !s.Rate.Zero() {
		out.Rate, out.Worth = &rateOut{s.Rate.Units, s.Rate.Value}, &s.Worth
	}
	if s.Ending > 0 {
		out.Ending = &endingOut{*of(s.Ending), s.EndingOn.UTC()}
	}
	switch s.Place {
	case loyalty.Checkout:
		out.Usable = of(s.Usable)
		if s.Usable > 0 {
			out.Covers = &s.Covers
		}
	case loyalty.Confirmation:
		out.Redeemed = of(s.Redeemed)
		if s.Redeemed > 0 {
			out.TotalLine = showTotalLine(s.Redeemed, s.Paid)
		}
	}
	return out
}
