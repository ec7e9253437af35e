package edge

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"vouchsafe/retail/voucher"
)

// requestIDBytes is how much randomness a request's id has: enough never to repeat.
const requestIDBytes = 12

// goodRequestID is what is taken over from a proxy. Anything else could forge lines of a log.
var goodRequestID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{7,63}$`)

// Options are what an Edge needs.
type Options struct {
	Authenticate Authenticator
	// Map makes problems of domain errors; nil knows none.
	Map Mapper
	// TrustedProxies are the peers whose X-Forwarded-For is believed; none by default.
	TrustedProxies []netip.Prefix
	// InFlight is how many requests with a valid key are worked on at once; 0 is 1024.
	InFlight int
	Log      *slog.Logger
	// Now times requests for the log and for Observe, and decides nothing.
	Now func() time.Time
	// Random makes request ids, as crypto/rand.Reader does.
	Random io.Reader
	// Observe hears of every request when it is answered; nil for nobody.
	Observe func(Served)
	// Within are middlewares around every route, inside of the wall: a tracer, say.
	Within []gin.HandlerFunc
	// Version is the program's, for the OpenAPI document.
	Version string
}

// Served is one answered request. Route is the pattern, never the path.
type Served struct {
	Method, Route string
	Status        int
	Problem       Code // "" for an answer that is none
	Took          time.Duration
}

// Edge is a router with the wall around it.
type Edge struct {
	options Options
	engine  *gin.Engine
	api     huma.API
	front   huma.API      // shares its document
	inside  chan struct{} // one for each request that admit let in
}

// New makes an Edge with nothing on it but /problems/{code} and /openapi.json. Prepare must have been called.
func New(options Options) (*Edge, error) {
	if options.Authenticate == nil || options.Log == nil || options.Now == nil || options.Random == nil {
		return nil, errors.New("edge: Authenticate, Log, Now and Random are needed")
	}
	e := &Edge{options: options, engine: gin.New(), inside: make(chan struct{}, cmp.Or(options.InFlight, inFlightDefault))}
	if err := e.trust(options.TrustedProxies); err != nil {
		return nil, err
	}
	e.engine.RedirectTrailingSlash = false
	e.engine.HandleMethodNotAllowed = true
	e.engine.ContextWithFallback = true
	e.engine.UseRawPath, e.engine.UnescapePathValues = true, false // a slash that is escaped is part of a name: see unescape
	e.engine.Use(unescape, e.wrap)
	e.engine.Use(options.Within...)
	e.engine.NoRoute(func(c *gin.Context) { Fail(c, Refuse(NotFound, "There is nothing at this address.")) })
	e.engine.NoMethod(func(c *gin.Context) {
		Fail(c, Refuse(MethodNotAllowed, "This address does not take this method."))
	})
	config := apiConfig(options.Version)
	e.api = humagin.NewWithGroup(e.engine, e.engine.Group("", e.authenticate, e.admit), config)
	e.api.UseMiddleware(jsonOnly)
	e.front = humagin.NewWithGroup(e.engine, e.engine.Group(""), config)
	e.front.UseMiddleware(jsonOnly)
	e.engine.GET("/problems/:code", explain)
	e.engine.GET("/openapi.json", e.document())
	return e, nil
}

// unescape reads the names within a path that was written in another way than usual, each by itself, as with %2F in a shop's id of a
// customer. gin would take a plus for a space.
func unescape(c *gin.Context) {
	if c.Request.URL.RawPath == "" {
		return // the path was read as a whole, and has nothing escaped that matters
	}
	for i, param := range c.Params {
		if name, err := url.PathUnescape(param.Value); err == nil {
			c.Params[i].Value = name
		}
	}
}

// trust believes X-Forwarded-For from these peers alone. gin would believe everybody.
func (e *Edge) trust(proxies []netip.Prefix) error {
	var texts []string
	for _, p := range proxies {
		texts = append(texts, p.String())
	}
	e.engine.RemoteIPHeaders = []string{"X-Forwarded-For"}
	if err := e.engine.SetTrustedProxies(texts); err != nil {
		return fmt.Errorf("edge: trusted proxies: %w", err)
	}
	return nil
}

// Public is where routes go that ask for no key. They have the limit for JSON bodies unless BodyLimit says otherwise.
func (e *Edge) Public() gin.IRouter { return e.engine }

// API is where operations go that ask for a key.
func (e *Edge) API() huma.API { return e.api }

// Front is where operations go that ask for none, as a sign-in does. They stand in the document of API.
func (e *Edge) Front() huma.API { return e.front }

// Route is one address that is answered.
type Route struct{ Method, Path string }

// Routes lists what is answered, by method and pattern.
func (e *Edge) Routes() []Route {
	var all []Route
	for _, r := range e.engine.Routes() {
		all = append(all, Route{r.Method, r.Path})
	}
	return all
}

// ServeHTTP answers one request.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.engine.ServeHTTP(w, r) }

// requestID takes over a sane id from the proxy in front, or makes one. What reads as a voucher's code is none: ids are logged.
func (e *Edge) requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); goodRequestID.MatchString(id) && !isCode(id) {
		return id
	}
	var drawn [requestIDBytes]byte
	if _, err := io.ReadFull(e.options.Random, drawn[:]); err != nil {
		panic(fmt.Sprintf("edge: draw a request id: %v", err))
	}
	return hex.EncodeToString(drawn[:])
}

// isCode tells whether a text reads as one of our codes, check symbol included.
func isCode(text string) bool {
	typed, err := voucher.Read(text)
	return err == nil && !typed.Ours.Zero()
}
