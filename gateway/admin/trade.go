package admin

import (
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/purchase"
)

// trade holds what the handlers about trade need: purchases, deliveries, tasks, products, shops and keys.
type trade struct {
	*admin
	keys *retail.Keys
}

// registerTrade adds the office's operations about what shops sell and who may ask.
func registerTrade(to huma.API, a *admin, keys *retail.Keys) {
	t := &trade{admin: a, keys: keys}
	huma.Register(to, get("purchases", "/v1/admin/purchases", "What webshops sold"), t.purchases)
	huma.Register(to, get("purchase", "/v1/admin/purchases/{id}", "A purchase with its units"), t.purchase)
	huma.Register(to, post("activate-purchase", "/v1/admin/purchases/{id}/activate", "Let what waits of a purchase issue"), t.activatePurchase)
	huma.Register(to, post("dismiss-purchase", "/v1/admin/purchases/{id}/dismiss", "Decide that what waits of a purchase never issues"), t.dismissPurchase)

	huma.Register(to, get("deliveries", "/v1/admin/deliveries", "Mails and other errands"), t.deliveries)
	huma.Register(to, post("retry-delivery", "/v1/admin/deliveries/{id}/retry", "Make a delivery due at once; one that is held keeps its hold and its day"), t.retryDelivery)
	huma.Register(to, post("reschedule-delivery", "/v1/admin/deliveries/{id}/reschedule", "Move the delivery of codes to another day; a day in the past is now"), t.rescheduleDelivery)
	huma.Register(to, post("bounce-delivery", "/v1/admin/deliveries/{id}/bounce", "Note that a mail came back after a server had taken it"), t.bounceDelivery)
	huma.Register(to, bouncing(), t.takeBounce)
	huma.Register(to, post("cancel-delivery", "/v1/admin/deliveries/{id}/cancel", "End a delivery that is not finished"), t.cancelDelivery)

	huma.Register(to, get("tasks", "/v1/admin/tasks", "Everything that waits for a person"), t.tasks)
	huma.Register(to, post("close-task", "/v1/admin/tasks/{id}/close", "Settle what only a person can settle"), t.closeTask)

	huma.Register(to, get("products", "/v1/admin/products", "Voucher products"), t.products)
	huma.Register(to, managing(making("add-product", "/v1/admin/products", "Register a voucher product")), t.addProduct)

	huma.Register(to, get("shops", "/v1/admin/shops", "Webshops"), t.shops)
	huma.Register(to, managing(making("add-shop", "/v1/admin/shops", "Register a webshop")), t.addShop)
	huma.Register(to, managing(post("rotate-secret", "/v1/admin/shops/{id}/secret", "Give a shop's webhooks a new secret")), t.rotateSecret)

	huma.Register(to, managing(operation("PUT", "shop-mails", "/v1/admin/shops/{id}/mails", "Say how a shop's buyers get their codes, and whether they are reminded")), t.shopMails)
	registerTemplates(to, t)

	huma.Register(to, get("keys", "/v1/admin/keys", "API keys, without their texts"), t.listKeys)
	huma.Register(to, managing(making("add-key", "/v1/admin/keys", "Make an API key; its text is told this once")), t.addKey)
	huma.Register(to, managing(operation(http.MethodDelete, "revoke-key", "/v1/admin/keys/{id}", "End an API key")), t.revokeKey)
}

// making is an operation that makes something new.
func making(id, path, summary string) huma.Operation {
	op := post(id, path, summary)
	op.DefaultStatus = http.StatusCreated
	return op
}

// managing is an operation that is not for clerks.
func managing(op huma.Operation) huma.Operation {
	op.Middlewares = append(op.Middlewares, edge.RequireManager)
	return op
}

// made is an answer to what is new.
func made[T any](of T) *body[T] { return &body[T]{http.StatusCreated, of} }

// stretch is the page that is asked for, in a sort.
func (in PageIn) stretch(sort string) retail.Page {
	return retail.Page{Sort: sort, Cursor: in.Cursor, Limit: in.Limit}
}

// ShortPageIn is what a list takes that has no dates to go by.
type ShortPageIn struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Items of a page"`
	Cursor string `query:"cursor" maxLength:"400" doc:"next_cursor of the page before"`
}

// stretch is the page that is asked for.
func (in ShortPageIn) stretch() retail.Page { return retail.Page{Cursor: in.Cursor, Limit: in.Limit} }

// refuseTrade is the problem of a refusal; a fault is passed on as it is.
func refuseTrade(err error) error {
	if errors.Is(err, retail.ErrInvalid) {
		return invalidFields(err)
	}
	if errors.Is(err, retail.ErrCantPublish) {
		return edge.Refuse(edge.CannotPublish, err.Error()+".")
	}
	for _, c := range []struct {
		err    error
		code   edge.Code
		detail string
	}{
		{retail.ErrUnknownPurchase, edge.NotFound, "No purchase has this id."},
		{retail.ErrNoDelivery, edge.NotFound, "No delivery has this id."},
		{retail.ErrNoSuchMail, edge.NotFound, "No mail with the Message-ID of the returned headers was sent from here to the recipient that the notification names."},
		{retail.ErrNoTask, edge.NotFound, "No task has this id."},
		{retail.ErrUnknownProduct, edge.NotFound, "No product has this SKU."},
		{retail.ErrUnknownShop, edge.NotFound, "No shop has this id."},
		{retail.ErrNoKey, edge.NotFound, "No API key has this id."},
		{retail.ErrNoSubscriber, edge.NotFound, "No subscriber has this id."},
		{retail.ErrNoTemplate, edge.NotFound, "There is no such version of this template."},
		{retail.ErrNoApproval, edge.NotFound, "No approval has this id."},
		{retail.ErrExists, edge.AlreadyExists, "There is one of this name already. Nothing was changed."},
		{retail.ErrUnderWay, edge.DeliveryUnderWay, "The delivery is being sent right now."},
		{retail.ErrSettled, edge.AlreadySettled, "It is done, cancelled or closed already."},
		{retail.ErrReplaced, edge.AlreadySettled, "A later delivery of the same code has taken its place."},
		{purchase.ErrNothingWaits, edge.AlreadySettled, "Nothing of the purchase waits for a decision."},
		{retail.ErrCopies, edge.NoCopyLeft, "Three copies of the message have left, or may have. A resend makes a new one."},
		{retail.ErrClosesItself, edge.ClosesItself, "The task is closed by what settles its cause; its calls say what that is."},
		{purchase.ErrNotPaidOnline, edge.NotPaidOnline, "Nobody has paid the purchase online. Repeat with confirm_unpaid if it shall issue all the same."},
	} {
		if errors.Is(err, c.err) {
			return edge.Refuse(c.code, c.detail)
		}
	}
	return counter.Refuse(err)
}

// fieldFault is one field that is wrong, as the edge names them.
type fieldFault struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// invalidFields names the fields that the back office refused, the first of them in the detail.
func invalidFields(err error) error {
	faults := faultsIn(err)
	if len(faults) == 0 {
		return edge.Refuse(edge.InvalidRequest, "What was sent is not valid.")
	}
	members := []edge.Member{edge.With("field", faults[0].Field)}
	if len(faults) > 1 {
		members = append(members, edge.With("errors", faults))
	}
	return edge.Refuse(edge.InvalidRequest, faults[0].Field+": "+faults[0].Detail, members...)
}

// faultsIn finds the errors that were joined, each of which begins with the name of its field.
func faultsIn(err error) []fieldFault {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var faults []fieldFault
		for _, one := range several.Unwrap() {
			faults = append(faults, faultsIn(one)...)
		}
		return faults
	}
	names, detail, found := strings.Cut(err.Error(), ": ")
	if !found {
		return nil
	}
	field, _, _ := strings.Cut(names, ",")
	return []fieldFault{{field, detail}}
}
