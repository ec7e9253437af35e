package admin

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/link"
)

// RegisterLinks adds the generator of direct links (B20).
func RegisterLinks(to huma.API, links *retail.Links) {
	op := get("direct-link", "/v1/links", "A direct link to the sale of a product, a category or what a facility sells")
	op.Description = "To a product: into the shop's cart, in the form of its platform. To anything else, or where a shop has no such form: to the page " +
		"/buy. Links stay good. A facility that is set for the installation is preselected, and another is refused; links that were made before keep working."
	op.Description += " A shop is given the link into its own cart."
	op.Middlewares = huma.Middlewares{edge.Require(edge.Shop, edge.Admin)}
	huma.Register(to, op, (&generator{links}).link)
}

// generator makes links.
type generator struct{ links *retail.Links }

// linkIn says what a link shall lead to.
type linkIn struct {
	Product  string `query:"product" maxLength:"100" doc:"SKU"`
	Category string `query:"category" maxLength:"200" doc:"What the product must be in"`
	Facility string `query:"facility" maxLength:"200" doc:"What the product must be linked to as well"`
}

// linkOut is a link.
type linkOut struct {
	URL            string        `json:"url" doc:"The direct link"`
	Page           string        `json:"page" doc:"The page of this installation that shows the same"`
	Carts          []cartLinkOut `json:"carts" nullable:"false" doc:"Of a single product: the link into the cart of each shop that has one"`
	LockedFacility string        `json:"locked_facility,omitempty" doc:"The facility that is set for the installation"`
	Facilities     []string      `json:"facilities" nullable:"false" doc:"That can be chosen"`
	Categories     []string      `json:"categories" nullable:"false" doc:"That can be chosen"`
}

// cartLinkOut is a link into a shop's cart.
type cartLinkOut struct {
	Shop string `json:"shop"`
	URL  string `json:"url"`
}

func (g *generator) link(ctx context.Context, in *linkIn) (*body[linkOut], error) {
	made, err := g.links.Make(ctx, counter.Caller(ctx), link.Choice{Product: in.Product, Category: in.Category, Facility: in.Facility})
	switch {
	case errors.Is(err, retail.ErrLocked):
		return nil, counter.Invalid("facility", retail.ErrLocked.Error())
	case errors.Is(err, retail.ErrUnknownProduct):
		return nil, edge.Refuse(edge.NotFound, "No product has this SKU.", edge.With("field", "product"))
	case errors.Is(err, retail.ErrNothingChosen):
		return nil, counter.Invalid(narrowest(in), retail.ErrNothingChosen.Error())
	case err != nil:
		return nil, refuseTrade(err)
	}
	return ok(showLink(made)), nil
}

// narrowest is the field to blame when nothing fits all of them.
func narrowest(in *linkIn) string {
	switch {
	case in.Product != "":
		return "product"
	case in.Category != "":
		return "category"
	}
	return "facility"
}

// showLink renders a link.
func showLink(l retail.Link) linkOut {
	out := linkOut{
		URL: l.URL, Page: l.Page, Carts: []cartLinkOut{}, LockedFacility: l.Locked,
		Facilities: append([]string{}, l.Facilities...), Categories: append([]string{}, l.Categories...),
	}
	for _, cart := range l.Carts {
		out.Carts = append(out.Carts, cartLinkOut{cart.Shop, cart.URL})
	}
	return out
}
