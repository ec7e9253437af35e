package gateway

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/admin"
	"vouchsafe/gateway/edge"
	"vouchsafe/gateway/pickup"
	"vouchsafe/retail"
)

// openPickups adds the links to vouchers that the office hands out, and the pages that they lead to.
func openPickups(e *edge.Edge, cfg Config) {
	links := retail.NewPickups(cfg.Desk, cfg.Sales, cfg.PublicURL)
	admin.RegisterPickups(e.API(), links)
	pickup.Routes(e.Public(), links, cfg.Country)
	describePickups(e.API().OpenAPI())
}

// describePickups adds the pages to the document.
func describePickups(document *huma.OpenAPI) {
	for _, o := range []struct{ method, id, path, summary, media string }{
		{http.MethodGet, "pickup", "/pickup/{token}", "The page of a link to a voucher: a button, and no code", "text/html"},
		{http.MethodPost, "show-pickup", "/pickup/{token}", "The voucher of a link, with its code; counted", "text/html"},
		{http.MethodPost, "print-pickup", "/pickup/{token}/voucher.pdf", "The voucher of a link to print; counted", "application/pdf"},
	} {
		op := open(o.id, o.path, o.summary, map[string]*huma.Response{
			"200": {Description: "The page.", Content: map[string]*huma.MediaType{o.media: {}}},
			"404": {Description: "The link works no more, or never did.", Content: map[string]*huma.MediaType{"text/html": {}}},
		})
		op.Method, op.Tags = o.method, []string{groupWindow}
		op.Parameters = []*huma.Param{pathParam("token", "What the link ends with")}
		document.AddOperation(op)
	}
}
