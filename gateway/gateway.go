package gateway

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"

	"vouchsafe/gateway/api"
	"vouchsafe/gateway/edge"
	"vouchsafe/gateway/relay"
	"vouchsafe/retail"
)

// Config is what a gateway is made of.
type Config struct {
	Desk           *retail.Desk
	Relay          *relay.Relay
	Authenticate   edge.Authenticator
	Checks         []Check // of /readyz
	Ceiling        string  // the largest amount a caller may name, a decimal in its own currency
	TrustedProxies []netip.Prefix
	Log            *slog.Logger
	Now            func() time.Time
	Random         io.Reader
	Version        string
	// Extra are further public pages, by path: the mailbox of the trial.
	Extra map[string]http.Handler
}

// New puts the rooms together. The handler answers everything that the gateway is asked over HTTP.
func New(cfg Config) (http.Handler, error) {
	edge.Prepare()
	m := newMetrics()
	e, err := edge.New(edge.Options{
		Authenticate: cfg.Authenticate, Map: api.Map, TrustedProxies: cfg.TrustedProxies, Log: cfg.Log, Now: cfg.Now,
		Random: cfg.Random, Observe: m.observe, Version: cfg.Version,
	})
	if err != nil {
		return nil, fmt.Errorf("open the gateway: %w", err)
	}
	api.Register(e.API(), cfg.Desk, cfg.Ceiling)
	public := e.Public()
	public.GET("/healthz", healthz)
	public.GET("/readyz", readyz(cfg.Checks))
	public.GET("/metrics", e.Inside, m.handler())
	cfg.Relay.Routes(public)
	for path, page := range cfg.Extra {
		public.GET(path, gin.WrapH(page))
	}
	return e, nil
}
