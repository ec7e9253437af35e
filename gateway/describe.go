package gateway

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/edge"
	"vouchsafe/retail/money"
)

// The groups of operations, in the order in which somebody who writes a plugin needs them.
const (
	groupShop      = "Webshop in"
	groupCheckout  = "Checkout and till"
	groupOffice    = "Office"
	groupOperation = "Operation"
	groupWindow    = "Public pages"
)

// groups lists them with what each is for.
func groups() []*huma.Tag {
	return []*huma.Tag{
		{Name: groupShop, Description: "What a webshop tells of its orders. The platform's own webhook is all that is needed."},
		{Name: groupCheckout, Description: "What a checkout and a register ask: balances, reservations, redemptions, sales, reloads, refunds."},
		{Name: groupOffice, Description: "What the merchant's people do, signed in or with a key of scope admin."},
		{Name: groupOperation, Description: "What an operator and his tools ask."},
	}
}

// hookOrder is the order in a Standard Webhooks message, as far as the document describes it.
type hookOrder struct {
	ID        string       `json:"id" maxLength:"128" doc:"The order's id in the shop, for ever"`
	Number    string       `json:"number,omitempty" doc:"As the buyer knows it"`
	Status    string       `json:"status,omitempty" enum:"placed,paid,cancelled,refunded" doc:"Decides; without it the message's type does"`
	UpdatedAt string       `json:"updated_at" format:"date-time" doc:"Of the state that is told; an older one than is known is not applied"`
	Currency  string       `json:"currency" doc:"ISO 4217"`
	Language  string       `json:"language,omitempty" doc:"Of the mails to the buyer: da, sv, nb, de, en"`
	Customer  hookCustomer `json:"customer"`
	Payment   *hookPayment `json:"payment,omitempty"`
	Total     *moneyDoc    `json:"total,omitempty" doc:"What the buyer had to pay in all, with tax and freight. What points or our codes paid (redeemed_points) is taken off here, or not at all"`
	Lines     []hookLine   `json:"lines" nullable:"false" doc:"What was sold. A line of less than 0, as a shop may show for redeemed points or a discount, is none of these: a discount is taken off the lines that it is for, and what points or codes paid off total alone. An order with such a line is set aside"`
	Refunds   []hookRefund `json:"refunds,omitempty" nullable:"false"`
}

type hookCustomer struct {
	ID    string `json:"id,omitempty" doc:"Left out, or 0: a guest"`
	Email string `json:"email" format:"email" doc:"Where the confirmation goes, and the codes of lines without a recipient"`
	Name  string `json:"name,omitempty"`
}

type hookPayment struct {
	Method string `json:"method" doc:"The tender's id; an empty one is not online"`
	PaidAt string `json:"paid_at,omitempty" format:"date-time" doc:"Without it the order is not paid"`
}

type hookLine struct {
	ID        string         `json:"id" doc:"The line's id in the order, for ever"`
	SKU       string         `json:"sku" doc:"A line is a voucher when its SKU is a registered product"`
	Name      string         `json:"name,omitempty"`
	Quantity  int            `json:"quantity" minimum:"1" doc:"One voucher for each"`
	UnitPrice *moneyDoc      `json:"unit_price,omitempty"`
	Total     *moneyDoc      `json:"total,omitempty" doc:"What was paid for the line, with tax; without it quantity times unit price"`
	Recipient *hookRecipient `json:"recipient,omitempty"`
	Message   string         `json:"message,omitempty" doc:"Of the giver to the recipient. At most 500 characters are mailed and printed; of a longer message the end is left out, and the office is told (order_in_doubt)"`
	DeliverOn string         `json:"deliver_on,omitempty" doc:"The day on which the code is mailed, at eight in the morning of the shop: 2026-12-24. An instant is the day on which it is in the shop's zone. 24.12.2026, 24-12-2026 and 24/12/2026 are read too, where the order's language is not English or day and month can't be confused. With anything else, or a day after the voucher's last one, the voucher is issued and its delivery waits for the office to name a day; a day in the past is at once"`
	OneMail   bool           `json:"one_mail,omitempty" doc:"The buyer wants the codes that are for him in one mail"`
	ForSelf   *bool          `json:"for_self,omitempty" doc:"The buyer keeps the voucher"`
}

type hookRecipient struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty" format:"email"`
}

type hookRefund struct {
	ID     string           `json:"id" doc:"Names one refund of the order, for ever. An order that says two things under one is set aside"`
	Amount moneyDoc         `json:"amount" doc:"All that was given back, with VAT. Less than was paid for the units that it names: a person settles it"`
	Lines  []hookRefundLine `json:"lines,omitempty" nullable:"false" doc:"Which units are given back; without it they are asked for, or a person settles it"`
}

type hookRefundLine struct {
	ID       string    `json:"id"`
	Quantity int       `json:"quantity" doc:"0: money was given back, and the buyer keeps all units"`
	Amount   *moneyDoc `json:"amount,omitempty" doc:"What was given back for the line, with VAT; without it, what its units were paid"`
}

// moneyDoc is how money is written everywhere.
type moneyDoc = money.Amount

// hookMessage is a Standard Webhooks message.
type hookMessage struct {
	Type string `json:"type" enum:"order.placed,order.paid,order.cancelled,order.refunded" doc:"A hint; the order's status decides"`
	Data struct {
		Order hookOrder `json:"order"`
	} `json:"data"`
}

// hookAnswer is what a webhook is answered.
type hookAnswer struct {
	Accepted  bool `json:"accepted"`
	Duplicate bool `json:"duplicate" doc:"The same bytes came before. For information only"`
}

// describe adds to the document what is no operation of the API: webhooks, which bring the platform's own
// body and signature, and what operators ask.
func describe(document *huma.OpenAPI) {
	document.Tags = groups()
	document.Info.Description = "Gift vouchers: reserved online, redeemed at the till, never spent twice."
	document.AddOperation(webhook(document.Components.Schemas))
	for _, o := range []struct{ id, path, summary, answer, media string }{
		{"alive", "/healthz", "Whether the process is alive", "It is.", "application/json"},
		{"ready", "/readyz", "Whether requests can be served, and how each store is; 503 when they can't", "Ready, or degraded: something that the gateway can do without is missing.", "application/json"},
		{"metrics", "/metrics", "Figures for Prometheus: from the machine itself, or with an admin key", "In Prometheus' text format.", "text/plain"},
		{"document", "/openapi.json", "This document, for programs", "OpenAPI 3.1.", "application/openapi+json"},
		{"docs", "/docs", "This document, for people", "A page.", "text/html"},
	} {
		document.AddOperation(open(o.id, o.path, o.summary, map[string]*huma.Response{
			"200": {Description: o.answer, Content: map[string]*huma.MediaType{o.media: {}}},
		}))
	}
	explain := open("explain-problem", "/problems/{code}", "What a problem means, and what to do", map[string]*huma.Response{
		"200":     {Description: "A page.", Content: map[string]*huma.MediaType{"text/html": {}}},
		"default": problemOf(document.Components.Schemas),
	})
	explain.Parameters = []*huma.Param{pathParam("code", "The problem's code")}
	document.AddOperation(explain)
}

// open is an operation that asks for no key.
func open(id, path, summary string, answers map[string]*huma.Response) *huma.Operation {
	return &huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{groupOperation},
		Security: []map[string][]string{{}}, Responses: answers,
	}
}

func pathParam(name, meaning string) *huma.Param {
	return &huma.Param{Name: name, In: "path", Required: true, Description: meaning, Schema: &huma.Schema{Type: huma.TypeString}}
}

// problemOf is the answer that is none of the others.
func problemOf(schemas huma.Registry) *huma.Response {
	schema := huma.SchemaFromType(schemas, problemType())
	return &huma.Response{Description: "A problem", Content: map[string]*huma.MediaType{"application/problem+json": {Schema: schema}}}
}

// webhook describes the door for webshops.
func webhook(schemas huma.Registry) *huma.Operation {
	body, answer := huma.SchemaFromType(schemas, typeOf[hookMessage]()), huma.SchemaFromType(schemas, typeOf[hookAnswer]())
	header := func(name, meaning string) *huma.Param {
		return &huma.Param{Name: name, In: "header", Description: meaning, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	return &huma.Operation{
		OperationID: "webhook", Method: http.MethodPost, Path: "/v1/shops/{shop}/webhooks", Tags: []string{groupShop},
		Summary: "What a webshop tells of an order", Security: []map[string][]string{{}}, MaxBodyBytes: edge.WebhookBytes,
		Description: "The body is the platform's own, with its own signature over the raw bytes: WooCommerce sends its order, any other shop " +
			"sends a Standard Webhooks message as below. What is told is a state, not an event: it may come twice, late or out of order. " +
			"Whatever is authentic is answered 200 once it is stored, also what can't be understood, which waits for a person; " +
			"a repeat changes nothing. Bodies may have " + strconv.FormatInt(edge.WebhookBytes>>20, 10) + " MiB. Fields that are not listed are ignored.",
		Parameters: []*huma.Param{
			pathParam("shop", "The id that the shop was registered with"),
			header("webhook-id", "Standard Webhooks: the message's id, the same in every repeat"),
			header("webhook-timestamp", "Standard Webhooks: seconds since 1970, at most five minutes from now"),
			header("webhook-signature", "Standard Webhooks: v1, and base64 of HMAC-SHA-256 over id.timestamp.body; the key is the secret after whsec_, decoded"),
			header("X-WC-Webhook-Signature", "WooCommerce: base64 of HMAC-SHA-256 over the body"),
			header("X-WC-Webhook-Topic", "WooCommerce: order.created, order.updated and so on"),
		},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: body}}},
		Responses: map[string]*huma.Response{
			"200":     {Description: "It is stored.", Content: map[string]*huma.MediaType{"application/json": {Schema: answer}}},
			"default": problemOf(schemas),
		},
	}
}
