package admin

import (
	"context"

	"vouchsafe/retail/money"
)

// orderPointsIn names an order.
type orderPointsIn struct {
	Shop  string `query:"shop" required:"true" maxLength:"63"`
	Order string `query:"order" required:"true" minLength:"1" maxLength:"128" doc:"The shop's id of it, or its number"`
}

// orderPointsOut is what an order has to do with points.
type orderPointsOut struct {
	Shop      string       `json:"shop"`
	Order     string       `json:"order"`
	Customer  string       `json:"customer,omitempty" doc:"Who earned or paid, by the shop's id; absent when nobody did"`
	Earned    money.Amount `json:"earned"`
	TakenBack money.Amount `json:"taken_back" doc:"Of those, since the order was refunded, cancelled or paid with points"`
	Redeemed  money.Amount `json:"redeemed" doc:"The points that paid for it"`
	Covers    money.Amount `json:"covers" doc:"What they were worth of it"`
	Refunded  money.Amount `json:"refunded" doc:"What its shop has told of refunds that concern points"`
	Closed    bool         `json:"closed" doc:"Cancelled, or refunded altogether: it earns nothing"`
}

// orderPoints tells what an order has to do with points (P14).
func (a *admin) orderPoints(ctx context.Context, in *orderPointsIn) (*body[orderPointsOut], error) {
	got, err := a.office.OrderPoints(ctx, in.Shop, in.Order)
	if err != nil {
		return nil, refuseLoyalty(err)
	}
	return &body[orderPointsOut]{Body: orderPointsOut{
		Shop: in.Shop, Order: in.Order, Customer: got.Customer, Earned: money.Of(got.Earned, money.Point), TakenBack: money.Of(got.TakenBack, money.Point),
		Redeemed: money.Of(got.Redeemed, money.Point), Covers: got.Covers, Refunded: money.Of(got.Refunded, got.Covers.Currency), Closed: got.Closed,
	}}, nil
}
