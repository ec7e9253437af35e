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
	PublicURL      string         // how the world reaches the gateway
	Facility       string         // preselected and locked for whoever makes links; "" for none
	Glances        retail.Glances // of which codes the page /balance tells; "": there is no such page
	Country        string         // ISO 3166: its language is the public pages' where a reader asks for none that there is
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
	api.Register(e.API(), cfg.Desk, retail.NewAccounts(cfg.Desk, cfg.Sales), cfg.Ceiling)
	api.RegisterFAQ(e.API(), cfg.Sales)
	admin.Register(e.API(), cfg.Desk, cfg.Sales, cfg.Keys, cfg.Ceiling)
	admin.RegisterPeople(e.Front(), e.API(), cfg.People)
	admin.RegisterApprovals(e.API(), cfg.Desk, cfg.Sales, cfg.People)
	api.RegisterSales(e.API(), retail.NewStockroom(cfg.Desk, cfg.Sales), cfg.Ceiling)
	admin.RegisterBatches(e.API(), cfg.Desk, cfg.Sales)
	admin.RegisterImports(e.API(), retail.NewStockroom(cfg.Desk, cfg.Sales))
	admin.RegisterShowroom(e.API(), retail.NewShowroom(cfg.Desk, cfg.Sales, cfg.Relay))
	describe(e.API().OpenAPI())
	openWindow(e, cfg)
	openPickups(e, cfg)
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
