package edge

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/gin-gonic/gin"
)

// maxFaults is how many faults of a request a problem lists.
const maxFaults = 10

// Prepare sets what gin and huma keep for a whole process: silence at start, our problems in place of huma's, and
// field names that are read as they are written. cmd calls it once, and so does TestMain of a package that tests
// routes.
func Prepare() {
	gin.SetMode(gin.ReleaseMode)
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return humaProblem(context.Background(), status, message, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		return humaProblem(ctx.Context(), status, message, errs)
	}
}

// apiConfig is huma without its own pages, which would load scripts from foreign hosts, and without $schema links,
// which would show the Host header.
func apiConfig(version string) huma.Config {
	config := huma.DefaultConfig("Vouchsafe", version)
	config.CreateHooks = nil
	config.OpenAPIPath = ""
	config.DocsPath = ""
	config.SchemasPath = ""
	config.RejectUnknownQueryParameters = true
	config.Transformers = []huma.Transformer{finish}
	config.Formats = map[string]huma.Format{
		"application/json": {Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: decode},
		"json":             {Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: decode}, // what …+json is written with
	}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key": {Type: "http", Scheme: "bearer", Description: "An API key of scope shop, till or admin, or the token of a session of the office."},
	}
	config.Security = []map[string][]string{{"key": {}}}
	return config
}

// document serves the OpenAPI document, made when it is first asked for: by then all operations are there.
func (e *Edge) document() gin.HandlerFunc {
	marshal := sync.OnceValues(func() ([]byte, error) { return json.Marshal(e.api.OpenAPI()) })
	return func(c *gin.Context) {
		text, err := marshal()
		if err != nil {
			Fail(c, err)
			return
		}
		c.Data(http.StatusOK, "application/openapi+json", text)
	}
}

// finish gives a problem what only the request knows, whoever made it.
func finish(ctx huma.Context, _ string, body any) (any, error) {
	p, ok := body.(*Problem)
	if !ok {
		return body, nil
	}
	p.headers(ctx.SetHeader)
	return p.in(stateOf(ctx.Context())), nil
}

// jsonOnly refuses bodies that say they are something else. One that says nothing is taken for JSON.
func jsonOnly(ctx huma.Context, next func(huma.Context)) {
	c := humagin.Unwrap(ctx)
	if takesJSON(ctx.Operation()) && c.Request.ContentLength != 0 && !saysJSON(c.Request.Header) {
		Fail(c, Refuse(UnsupportedMediaType, "The body must be application/json in UTF-8."))
		return
	}
	next(ctx)
}

// takesJSON is false for operations without a body, and for those that Takes another.
func takesJSON(op *huma.Operation) bool {
	return op.RequestBody != nil && op.RequestBody.Content["application/json"] != nil
}

// Takes is for an operation whose body is of another media type than JSON, behind its other middlewares. Unlike JSON, that has to be
// said: curl says of itself that it sends a form.
func Takes(media string) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humagin.Unwrap(ctx)
		declared, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
		if err != nil || declared != media || c.GetHeader("Content-Encoding") != "" {
			Fail(c, Refuse(UnsupportedMediaType, "The body must be "+media+"."))
			return
		}
		next(ctx)
	}
}

func saysJSON(header http.Header) bool {
	if encoding := header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return false
	}
	declared := header.Get("Content-Type")
	if declared == "" || declared == "application/json" {
		return true
	}
	media, parameters, err := mime.ParseMediaType(declared)
	charset, named := parameters["charset"]
	return err == nil && media == "application/json" && (!named || strings.EqualFold(charset, "utf-8"))
}

// humaProblem translates what huma found wrong. What it says about values is never passed on: they may be codes.
func humaProblem(ctx context.Context, status int, message string, errs []error) *Problem {
	for _, err := range errs {
		if p, ok := errors.AsType[*Problem](err); ok {
			return p
		}
	}
	switch status {
	case 0:
		return &Problem{} // huma asks for the shape
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return invalid(message, errs)
	case http.StatusRequestTimeout:
		return Refuse(InvalidRequest, "The body did not arrive in time.")
	case http.StatusRequestEntityTooLarge:
		return Refuse(TooLarge, "The body is larger than this address takes.")
	case http.StatusUnsupportedMediaType:
		return Refuse(UnsupportedMediaType, "The body must be application/json in UTF-8.")
	case http.StatusNotFound:
		return Refuse(NotFound, "There is nothing at this address.")
	}
	return problemOf(ctx, cause(message, errs))
}

// unreadable is how huma says that the connection broke within the body.
const unreadable = "cannot read request body"

// cause finds what really happened behind huma's 500.
func cause(message string, errs []error) error {
	err := errors.Join(errs...)
	switch {
	case err == nil:
		return errors.New(message)
	case message == unreadable && errors.Is(err, io.ErrUnexpectedEOF):
		return Refuse(InvalidRequest, "The body ends before its announced length.")
	case message == unreadable && !isTooLarge(err): // of what a client sends, a chunk without a length, say
		return Refuse(InvalidRequest, "The body could not be read.")
	case len(errs) == 1:
		return errs[0]
	default:
		return err
	}
}

func isTooLarge(err error) bool {
	_, ok := errors.AsType[*http.MaxBytesError](err)
	return ok
}

// fieldFault is one field that is wrong.
type fieldFault struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// invalid names the fields that are wrong, the first of them in the detail.
func invalid(message string, errs []error) *Problem {
	var faults []fieldFault
	for _, err := range errs[:min(len(errs), maxFaults)] {
		faults = append(faults, faultOf(err))
	}
	switch len(faults) {
	case 0:
		return Refuse(InvalidRequest, message)
	case 1:
		return Refuse(InvalidRequest, faults[0].String(), With("field", faults[0].Field))
	default:
		return Refuse(InvalidRequest, faults[0].String(), With("field", faults[0].Field), With("errors", faults))
	}
}

func (f fieldFault) String() string {
	if f.Field == "" {
		return f.Detail
	}
	return f.Field + ": " + f.Detail
}

// missing is how huma says that a field is missing, which it blames on the object around it.
var missing = regexp.MustCompile(`^expected required property (\S+) to be present$`)

// faultOf reads the field off huma's location ("body.due.amount"), or off what DecodeStrict said.
func faultOf(err error) fieldFault {
	detailer, ok := err.(huma.ErrorDetailer)
	if !ok {
		return fieldFault{Detail: err.Error()}
	}
	detail := detailer.ErrorDetail()
	if detail.Message == validation.MsgExpectedMatchExactlyOneSchema { // a number of points is all that has several forms
		detail.Message = "expected a whole number of points, from 1 to 1000000000, alone or as an amount in POINT"
	}
	where, field, _ := strings.Cut(detail.Location, ".")
	if name := missing.FindStringSubmatch(detail.Message); name != nil {
		return fieldFault{Field: join(field, name[1]), Detail: "is missing"}
	}
	if field == "" && where == "body" {
		if inner, text, found := strings.Cut(detail.Message, ": "); found {
			return fieldFault{Field: inner, Detail: text}
		}
	}
	return fieldFault{Field: field, Detail: detail.Message}
}

func join(outer, inner string) string {
	if outer == "" {
		return inner
	}
	return outer + "." + inner
}
