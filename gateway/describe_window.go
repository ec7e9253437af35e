package gateway

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/admin"
	"vouchsafe/gateway/edge"
	"vouchsafe/gateway/window"
	"vouchsafe/retail"
	"vouchsafe/retail/link"
)

// openWindow adds the pages that anybody may look at, and what makes links to them.
func openWindow(e *edge.Edge, cfg Config) {
	links := retail.NewLinks(retail.LinksConfig{Sales: cfg.Sales, Shops: cfg.Relay, Public: cfg.PublicURL, Facility: cfg.Facility})
	admin.RegisterLinks(e.API(), links)
	window.Routes(e.Public(), window.Config{Links: links, Desk: cfg.Desk, Sales: cfg.Sales, Glances: cfg.Glances, Country: cfg.Country})
	describeWindow(e.API().OpenAPI(), cfg.Glances)
}

// describeWindow adds the pages to the document.
func describeWindow(document *huma.OpenAPI, glances retail.Glances) {
	document.Tags = append(document.Tags, &huma.Tag{Name: groupWindow, Description: "Pages that anybody may look at, in da, sv, nb, de and en."})
	lang := queryParam("lang", "Language of the page; default: what the browser asks for")
	buy := pageOperation(http.MethodGet, "buy", "/buy", "What is for sale, each product with its link into the shop")
	buy.Description = "Shows the products that are in the category and linked to the facility. The address is for the merchant's own site, and stays good."
	buy.Parameters = []*huma.Param{
		queryParam(link.Product, "SKU"), queryParam(link.Category, "What the products must be in"),
		queryParam(link.Facility, "What the products must be linked to as well"), lang,
	}
	document.AddOperation(buy)
	faq := pageOperation(http.MethodGet, "read-faq", "/faq", "What the merchant tells of his bonus points")
	faq.Description = "The answers that he has approved, filled in from the programme in force; in Danish or English."
	faq.Parameters = []*huma.Param{queryParam("language", "da or en; default: what the browser asks for")}
	document.AddOperation(faq)
	if glances == "" {
		return
	}
	ask := pageOperation(http.MethodGet, "ask-balance", "/balance", "The form that asks for a code")
	ask.Parameters = []*huma.Param{lang}
	document.AddOperation(ask)
	look := pageOperation(http.MethodPost, "look-at-balance", "/balance", "What is left on a voucher that can be used")
	look.Description = "One answer for every other code: unknown, used up, blocked, expired and so on look the same. Who asks too often waits: 429."
	look.Parameters = []*huma.Param{lang}
	code := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"code": {Type: huma.TypeString}}, Required: []string{"code"}}
	look.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/x-www-form-urlencoded": {Schema: code}}}
	document.AddOperation(look)
}

// pageOperation is a page of the window.
func pageOperation(method, id, path, summary string) *huma.Operation {
	op := open(id, path, summary, map[string]*huma.Response{
		"200": {Description: "A page.", Content: map[string]*huma.MediaType{"text/html": {}}},
	})
	op.Method, op.Tags = method, []string{groupWindow}
	return op
}

func queryParam(name, meaning string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: meaning, Schema: &huma.Schema{Type: huma.TypeString}}
}
