package api

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// api holds what the handlers need.
type api struct {
	desk     *retail.Desk
	accounts *retail.Accounts
	ceiling  string
}

// Register adds the operations to the API. The ceiling is the largest amount that a caller may name,
// a decimal in whatever currency he names.
func Register(to huma.API, desk *retail.Desk, accounts *retail.Accounts, ceiling string) {
	a := &api{desk: desk, accounts: accounts, ceiling: ceiling}
	anyone := edge.Require(edge.Shop, edge.Till, edge.Admin)
	holders := edge.Require(edge.Shop, edge.Till)
	tills := edge.Require(edge.Till, edge.Admin)

	huma.Register(to, post("balance", "/v1/balance", "What a code holds", anyone), a.balance)
	huma.Register(to, post("quote", "/v1/quotes", "How far codes would cover what is due", anyone), a.quote)

	huma.Register(to, put("reserve", "/v1/reservations/{key}", "Reserve a code for a holder", holders), a.reserve)
	huma.Register(to, get("reservation", "/v1/reservations/{key}", "What a reservation is now", holders), a.reservation)
	huma.Register(to, del("forget-reservation", "/v1/reservations/{key}", "Release a reservation for good", holders), a.forgetReservation)
	huma.Register(to, post("find-reservations", "/v1/reservations/find", "What a holder has reserved", holders), a.findReservations)
	huma.Register(to, post("release-foreign", "/v1/reservations/release-foreign", "Free a customer's code at the till", tills), a.releaseForeign)
	huma.Register(to, post("capture", "/v1/reservations/{key}/capture", "Spend a reservation for an order", holders), a.capture)
	huma.Register(to, post("release", "/v1/reservations/{key}/release", "Release a reservation", holders), a.release)
	huma.Register(to, post("capture-all", "/v1/captures", "Spend several reservations for one order, all or none", holders), a.captureAll)

	huma.Register(to, put("redeem", "/v1/redemptions/{key}", "Spend a voucher at the till", edge.Require(edge.Till)), a.redeem)
	huma.Register(to, put("reload", "/v1/reloads/{key}", "Add money to a voucher", tills), a.reload)
	a.recoverable(to, anyone)
	a.bindings(to)
	a.cashOuts(to, tills)
	a.customers(to)
	a.points(to)
	describeRepeats(to.OpenAPI())
}

// describeRepeats says in the document that a PUT which repeats another is answered as that was, with 200.
func describeRepeats(document *huma.OpenAPI) {
	made, again := strconv.Itoa(http.StatusCreated), strconv.Itoa(http.StatusOK)
	for _, item := range document.Paths {
		if item.Put == nil || item.Put.Responses[made] == nil {
			continue
		}
		item.Put.Responses[again] = &huma.Response{Description: "It is so already.", Content: item.Put.Responses[made].Content}
	}
}

// recoverable adds what every act can be asked by its key: what became of it, and to take it back.
func (a *api) recoverable(to huma.API, scopes scope) {
	for _, act := range []struct {
		kind voucher.ActKind
		path string
	}{
		{voucher.Redemptions, "/v1/redemptions/{key}"},
		{voucher.Reloads, "/v1/reloads/{key}"},
	} {
		huma.Register(to, get("recover-"+string(act.kind), act.path, "What became of a "+string(act.kind), scopes), a.recover(act.kind))
		huma.Register(to, del("reverse-"+string(act.kind), act.path, "Take a "+string(act.kind)+" back, or prevent it", scopes), a.reverse(act.kind))
	}
}

// scope is the middleware that lets certain channels pass.
type scope = func(huma.Context, func(huma.Context))

// The operations by their method. Each says its success beside the problems, which all share.
func get(id, path, summary string, s scope) huma.Operation {
	return operation(http.MethodGet, id, path, summary, s)
}

func del(id, path, summary string, s scope) huma.Operation {
	return operation(http.MethodDelete, id, path, summary, s)
}

func put(id, path, summary string, s scope) huma.Operation {
	op := operation(http.MethodPut, id, path, summary, s)
	op.DefaultStatus = http.StatusCreated
	op.Description = "201 when it happens now; the same again is 200 with the same body."
	return op
}

func post(id, path, summary string, s scope) huma.Operation {
	return operation(http.MethodPost, id, path, summary, s)
}

func operation(method, id, path, summary string, s scope) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"Checkout and till"},
		Middlewares: huma.Middlewares{s}, DefaultStatus: http.StatusOK, MaxBodyBytes: edge.JSONBytes,
	}
}

// body is an answer with its status.
type body[T any] struct {
	Status int
	Body   T
}

func answer[T any](status int, of T) *body[T] { return &body[T]{status, of} }

// created is the status of an act that happened now, or earlier.
func created(now bool) int {
	if now {
		return http.StatusCreated
	}
	return http.StatusOK
}

// bound is how far an amount may go.
type bound int

const (
	capped    bound = iota // above zero, up to the ceiling
	mayBeZero              // a cart's or order's figure: from zero to what a number can hold safely
)

// figureLimit bounds the figures of carts and orders, in minor units: sums of a few of them stay
// within 64 bits, and no shop sells anything dearer.
const figureLimit = 1_000_000_000_000_000

// figure is an amount that a caller names, with its field.
type figure struct {
	field  string
	amount *money.Amount
	bound  bound
}

// checkMoney refuses the first amount that can't be meant, naming its field.
func (a *api) checkMoney(figures ...figure) error {
	for _, f := range figures {
		if f.amount == nil {
			continue
		}
		if _, known := f.amount.Currency.Digits(); !known {
			return counter.Invalid(f.field+".currency", "is no currency of ISO 4217, PUNCH or POINT")
		}
		if err := a.checkBound(f); err != nil {
			return err
		}
	}
	return nil
}

// checkBound refuses an amount out of its bounds.
func (a *api) checkBound(f figure) error {
	minor := f.amount.Minor
	switch {
	case f.bound == mayBeZero && minor < 0:
		return counter.Invalid(f.field+".amount", "must not be negative")
	case f.bound == mayBeZero && minor > figureLimit:
		return counter.Invalid(f.field+".amount", "is larger than any order")
	case f.bound == capped && minor <= 0:
		return counter.Invalid(f.field+".amount", "must be above zero")
	}
	if f.amount.Currency == money.Point {
		if f.bound == capped && minor > pointsLimit {
			return counter.Invalid(f.field+".amount", "is more points than anybody has")
		}
		return nil
	}
	if limit, err := money.Parse(a.ceiling, f.amount.Currency); f.bound == capped && err == nil && minor > limit.Minor {
		return counter.Invalid(f.field+".amount", "is above the limit of "+limit.String())
	}
	return nil
}
