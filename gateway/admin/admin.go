package admin

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
)

// admin holds what the handlers need.
type admin struct {
	office  *retail.BackOffice
	ceiling string
	tables  chan struct{} // one for each that is being sent
}

// Register adds the office's operations to the API. The ceiling is the most that a balance may be set to
// or moved by, a decimal in whatever currency is named.
func Register(to huma.API, desk *retail.Desk, sales *retail.Sales, keys *retail.Keys, ceiling string) {
	a := &admin{office: retail.NewBackOffice(desk, sales), ceiling: ceiling, tables: make(chan struct{}, tablesMost)}
	a.vouchers(to)
	a.care(to)
	a.past(to)
	a.customers(to)
	a.loyalty(to)
	a.reports(to)
	a.subscribers(to)
	a.exports(to)
	registerTrade(to, a, keys)

	huma.Register(to, get("reservations", "/v1/admin/reservations", "Reserved codes and parts of accounts, or codes that are used in part"), a.reservations)
	huma.Register(to, post("release-reservation", "/v1/admin/reservations/{id}/release", "End a reservation for the office's sake"), a.release)
	huma.Register(to, get("audit", "/v1/admin/audit", "Who did what"), a.audit)

	huma.Register(to, adjustment(http.MethodPut, "adjust", "Correct a balance"), a.adjust)
	huma.Register(to, adjustment(http.MethodGet, "recover-adjustment", "What became of an adjustment"), a.recoverAdjustment)
	huma.Register(to, adjustment(http.MethodDelete, "reverse-adjustment", "Take an adjustment back, or prevent it"), a.reverseAdjustment)
	describeRepeat(to.OpenAPI(), adjustmentPath)
}

// vouchers adds what shows vouchers.
func (a *admin) vouchers(to huma.API) {
	huma.Register(to, get("vouchers", "/v1/admin/vouchers", "Vouchers, by what they are or by what is known of them"), a.list)
	huma.Register(to, post("find-voucher", "/v1/admin/vouchers/find", "The voucher of a code"), a.find)
	huma.Register(to, get("voucher", "/v1/admin/vouchers/{id}", "All that is known of a voucher"), a.voucher)
	huma.Register(to, get("voucher-history", "/v1/admin/vouchers/{id}/history", "What has happened to a voucher"), a.history)
	huma.Register(to, printing(), a.document)
}

// care adds what the office does to a voucher.
func (a *admin) care(to huma.API) {
	on := func(act, summary string) huma.Operation {
		return post(act+"-voucher", "/v1/admin/vouchers/{id}/"+act, summary)
	}
	huma.Register(to, on("activate", "Make a voucher usable that waits for the office"), a.activate)
	huma.Register(to, on("block", "Stop every use of a voucher"), a.block)
	huma.Register(to, on("unblock", "Lift the office's block. Nobody else's: blocked_by of the answer says whether one lies on the voucher still. That of a cancelled order is lifted when its shop says that it is paid"), a.unblock)
	huma.Register(to, on("invalidate", "End a voucher for good"), a.invalidate)
	huma.Register(to, on("extend", "Move the last day of validity to a later one; what was written off of an expired voucher is on it again, unless its amount was set since. More than one alone may give is refused: set the amount first"), a.extend)
	huma.Register(to, on("lift", "End a quarantine that was looked into"), a.lift)
	huma.Register(to, on("unbind", "Take a lost or stolen token from a voucher"), a.unbind)
	huma.Register(to, on("replace", "Give a voucher a new code, and end the old one"), a.replace)
	huma.Register(to, on("resend", "Mail the code once more"), a.resend)
	huma.Register(to, operation(http.MethodPut, "change-recipient", "/v1/admin/vouchers/{id}/recipient", "Send the code to somebody else"), a.recipient)
}

// adjustmentPath is where an adjustment has its name.
const adjustmentPath = "/v1/adjustments/{key}"

func adjustment(method, id, summary string) huma.Operation {
	op := operation(method, id, adjustmentPath, summary)
	if method == http.MethodPut {
		op.DefaultStatus = http.StatusCreated
		op.Description = "201 when it happens now; the same again is 200 with the same body."
	}
	return op
}

// describeRepeat says in the document that a PUT which repeats another is answered as that was, with 200.
func describeRepeat(document *huma.OpenAPI, path string) {
	responses := document.Paths[path].Put.Responses
	made, again := strconv.Itoa(http.StatusCreated), strconv.Itoa(http.StatusOK)
	responses[again] = &huma.Response{Description: "It is so already.", Content: responses[made].Content}
}

func get(id, path, summary string) huma.Operation {
	return operation(http.MethodGet, id, path, summary)
}

func post(id, path, summary string) huma.Operation {
	return operation(http.MethodPost, id, path, summary)
}

// operation is one of the office's alone. Its name begins with office, since checkout and till have
// operations on the same nouns.
func operation(method, id, path, summary string) huma.Operation {
	return huma.Operation{
		OperationID: "office-" + id, Method: method, Path: path, Summary: summary, Tags: []string{"Office"},
		Middlewares: huma.Middlewares{edge.Require(edge.Admin)}, DefaultStatus: http.StatusOK, MaxBodyBytes: edge.JSONBytes,
	}
}

// pdf is the media type of a printed voucher.
const pdf = "application/pdf"

// printing is the operation whose answer is no JSON.
func printing() huma.Operation {
	op := get("voucher-document", "/v1/admin/vouchers/{id}/document.pdf", "The voucher to print, with its code; the audit trail says who asked")
	op.Responses = map[string]*huma.Response{
		strconv.Itoa(http.StatusOK): {
			Description: "The document",
			Content:     map[string]*huma.MediaType{pdf: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
		},
	}
	return op
}

// body is an answer with its status.
type body[T any] struct {
	Status int
	Body   T
}

// ok is an answer to what succeeded.
func ok[T any](of T) *body[T] { return &body[T]{http.StatusOK, of} }
