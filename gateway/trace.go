package gateway

import (
	"slices"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// withheld replaces what a span would tell of a request beyond its route: who asks is personal, and a
// raw path holds whatever somebody typed.
const withheld = "withheld"

// traced is the middleware that makes a span of a request, or none. Whoever called passes its trace on
// in the W3C's traceparent.
func traced(by trace.TracerProvider) []gin.HandlerFunc {
	if by == nil {
		return nil
	}
	return []gin.HandlerFunc{otelgin.Middleware("vouchsafed",
		otelgin.WithTracerProvider(by),
		otelgin.WithPropagators(propagation.TraceContext{}),
		otelgin.WithGinFilter(func(c *gin.Context) bool { return worthASpan(c.FullPath()) }),
		otelgin.WithSpanStartOptions(trace.WithAttributes(
			attribute.String("url.path", withheld),
			attribute.String("client.address", withheld),
			attribute.String("network.peer.address", withheld),
			attribute.String("user_agent.original", withheld),
		)),
	)}
}

// worthASpan leaves out what asks all day whether we are well, and what is nowhere.
func worthASpan(route string) bool {
	return route != "" && !slices.Contains([]string{"/healthz", "/readyz", "/metrics"}, route)
}
