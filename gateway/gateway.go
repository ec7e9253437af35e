package gateway

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/trace"

	"vouchsafe/gateway/admin"
	"vouchsafe/gateway/api"
	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/gateway/relay"
	"vouchsafe/retail"
)

// Config is what a gateway is made of.
type Config struct {
	Desk           *retail.Desk
	Sales          *retail.Sales
	Keys           *retail.Keys
	People         *retail.People
	Relay          *relay.Relay
	Authenticate   edge.Authenticator
	Checks         []Check         // of /readyz
	Draining       <-chan struct{} // closed when the gateway is about to end, which /readyz then says; nil: never
	Metrics        *Metrics        // that /metrics shows
	Ceiling        string          // the largest amount a caller may name, a decimal in its own currency
	TrustedProxies []netip.Prefix
	InFlight       int // requests with a valid key that are worked on at once; 0 is 1024
	Log            *slog.Logger
	Now            func() time.Time
	Random         io.Reader
	Version        string
	// Extra are further public pages, by path: the mailbox of the trial.
	Extra map[string]http.Handler
	// Traces makes a span of every request; nil: there are none.
	Traces trace.TracerProvider
}

// New puts the rooms together. The handler answers everything that the gateway is asked over HTTP.
func New(cfg Config) (http.Handler, error) {
	edge.Prepare()
	e, err := edge.New(edge.Options{
		Authenticate: cfg.Authenticate, Map: counter.Map, TrustedProxies: cfg.TrustedProxies, InFlight: cfg.InFlight, Log: cfg.Log, Now: cfg.Now,
		Random: cfg.Random, Observe: cfg.Metrics.observe, Version: cfg.Version,
		Within: traced(cfg.Traces),
	})
	if err != nil {
		return nil, fmt.Errorf("open the gateway: %w", err)
	}
	api.Register(e.API(), cfg.Desk, cfg.Ceiling)
	admin.Register(e.API(), cfg.Desk, cfg.Sales, cfg.Keys, cfg.Ceiling)
	admin.RegisterPeople(e.Front(), e.API(), cfg.People)
	admin.RegisterApprovals(e.API(), cfg.Desk, cfg.Sales, cfg.People)
	api.RegisterSales(e.API(), retail.NewStockroom(cfg.Desk, cfg.Sales), cfg.Ceiling)
	admin.RegisterBatches(e.API(), cfg.Desk, cfg.Sales)
	describe(e.API().OpenAPI())
	public := e.Public()
	public.GET("/docs", docs(e.API().OpenAPI()))
	public.GET("/healthz", healthz)
	public.GET("/readyz", readyz(cfg.Checks, cfg.Draining))
	public.GET("/metrics", e.Inside, cfg.Metrics.handler())
	cfg.Relay.Routes(public)
	for path, page := range cfg.Extra {
		public.GET(path, gin.WrapH(page))
	}
	return e, nil
}
