package admin

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
)

// showroom holds what the handlers of products in shops need.
type showroom struct {
	room *retail.Showroom
}

// RegisterShowroom adds what the office does about products in shops: the checklist, publishing and withdrawing.
func RegisterShowroom(to huma.API, room *retail.Showroom) {
	s := &showroom{room: room}
	huma.Register(to, post("check-product", "/v1/admin/products/{id}/check", "Whether a product can be sold, and what is still missing; nothing is changed"), s.check)
	huma.Register(to, managing(post("publish-product", "/v1/admin/products/{id}/publish", "Put a product on sale in a shop, or bring it up to date there")), s.publish)
	huma.Register(to, managing(post("unpublish-product", "/v1/admin/products/{id}/unpublish", "Take a product off sale in a shop")), s.unpublish)
	huma.Register(to, get("publications", "/v1/admin/products/{id}/publications", "In which shops a product is wanted, and whether they have it"), s.publications)
}

// productIn names a product.
type productIn struct {
	ID string `path:"id" doc:"Id of the product"`
}

func (s *showroom) check(ctx context.Context, in *productIn) (*body[checklistOut], error) {
	product, points, err := s.room.Check(ctx, skuOf(in.ID))
	if err != nil {
		return nil, refuseTrade(err)
	}
	out := checklistOut{Product: showProduct(product), OK: true, Items: []pointOut{}}
	for _, p := range points {
		switch p.Grade {
		case retail.Failed:
			out.OK = false
		case retail.Warning:
			out.Warnings++
		}
		out.Items = append(out.Items, pointOut{Check: p.Check, State: string(p.Grade), Detail: p.Detail, Rule: showRule(p.Rule)})
	}
	return ok(out), nil
}

// publishIn asks for a product to be on sale in a shop.
type publishIn struct {
	ID   string `path:"id" doc:"Id of the product"`
	Body struct {
		Shop  string        `json:"shop" minLength:"1" maxLength:"63" doc:"Id of the shop"`
		Price *money.Amount `json:"price,omitempty" doc:"What buyers pay; needed for an open product and a punch card, which have no price of their own"`
	}
}

// unpublishIn asks for a product to be off sale in a shop.
type unpublishIn struct {
	ID   string `path:"id" doc:"Id of the product"`
	Body struct {
		Shop string `json:"shop" minLength:"1" maxLength:"63" doc:"Id of the shop"`
	}
}

// publicationOut is a product in a shop.
type publicationOut struct {
	Shop          string       `json:"shop"`
	Wanted        string       `json:"wanted" enum:"published,withdrawn"`
	State         string       `json:"state" enum:"pending,published,withdrawn" doc:"pending: the shop is not known to have it as it is wanted"`
	Price         money.Amount `json:"price"`
	ShopProductID *string      `json:"shop_product_id" doc:"The shop's own id of it; null while it is not known"`
	PublishedAt   *time.Time   `json:"published_at" doc:"When the shop took it as it is; null while it does not offer it so"`
	Error         *string      `json:"error" doc:"What the last attempt came to; null when it came to its end"`
	AskedAt       time.Time    `json:"asked_at"`
}

// showPublication renders a product in a shop.
func showPublication(p retail.Publication) publicationOut {
	out := publicationOut{
		Shop: p.Shop, Wanted: string(p.Wanted), State: string(p.Wanted), Price: p.Asks(), PublishedAt: utc(p.PublishedAt), AskedAt: p.AskedAt.UTC(),
	}
	if p.Pending() {
		out.State = "pending"
	}
	if p.ShopProduct != "" {
		out.ShopProductID = &p.ShopProduct
	}
	if p.Error != "" {
		out.Error = &p.Error
	}
	return out
}

func (s *showroom) publish(ctx context.Context, in *publishIn) (*body[publicationOut], error) {
	if in.Body.Price != nil {
		if err := inMoney("price", in.Body.Price); err != nil {
			return nil, err
		}
	}
	made, err := s.room.Publish(ctx, counter.Caller(ctx), skuOf(in.ID), in.Body.Shop, in.Body.Price)
	if err != nil {
		return nil, refuseTrade(err)
	}
	return ok(showPublication(made)), nil
}

func (s *showroom) unpublish(ctx context.Context, in *unpublishIn) (*body[publicationOut], error) {
	made, err := s.room.Withdraw(ctx, counter.Caller(ctx), skuOf(in.ID), in.Body.Shop)
	if err != nil {
		return nil, refuseTrade(err)
	}
	return ok(showPublication(made)), nil
}

// publicationsIn asks where a product is wanted.
type publicationsIn struct {
	ID string `path:"id" doc:"Id of the product"`
	SmallPageIn
}

func (s *showroom) publications(ctx context.Context, in *publicationsIn) (*body[pageOut[publicationOut]], error) {
	found, err := s.room.Publications(ctx, skuOf(in.ID))
	if err != nil {
		return nil, refuseTrade(err)
	}
	return showSmall(in.SmallPageIn, found, func(p retail.Publication) string { return p.Shop }, showPublication)
}
