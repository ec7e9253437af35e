package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// tracesTo is the standard variable that turns tracing on: the address of an OTLP collector over HTTP.
// OpenTelemetry's own variables say the rest: headers, sampling, names.
const tracesTo = "OTEL_EXPORTER_OTLP_ENDPOINT"

// flushWithin is how long the last spans may take to leave when the daemon ends.
const flushWithin = 5 * time.Second

// tracing makes spans of requests, of groups of acts, and of what they ask the database. The zero
// tracing makes none and costs nothing.
type tracing struct{ spans *sdktrace.TracerProvider }

// openTracing turns tracing on if a collector is named.
func (p *program) openTracing(ctx context.Context) (tracing, error) {
	if p.getenv(tracesTo) == "" {
		return tracing{}, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return tracing{}, fmt.Errorf("open tracing: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "vouchsafed"), attribute.String("service.version", version()),
	), resource.WithFromEnv())
	if err != nil {
		return tracing{}, fmt.Errorf("open tracing: %w", err)
	}
	// A collector that is away is no trouble of a customer's, and no reason to fill the log with errors.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { p.log.Warn("spans could not be sent", "err", err) }))
	p.log.Info("tracing is on")
	return tracing{sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))}, nil
}

// provider gives the gateway its spans; nil while tracing is off.
func (t tracing) provider() trace.TracerProvider {
	if t.spans == nil {
		return nil
	}
	return t.spans
}

// database makes spans of statements that run within another span. Their text has no values in it:
// these travel apart, and are not told.
func (t tracing) database() pgx.QueryTracer {
	if t.spans == nil {
		return nil
	}
	return otelpgx.NewTracer(otelpgx.WithTracerProvider(t.spans), otelpgx.WithDisableConnectionDetailsInAttributes())
}

// group begins a span of acts that are settled together.
func (t tracing) group(ctx context.Context, acts int, lane string) (within context.Context, end func()) {
	if t.spans == nil {
		return ctx, func() {}
	}
	ctx, span := t.spans.Tracer("vouchsafe").Start(ctx, "settle acts",
		trace.WithAttributes(attribute.Int("vouchsafe.acts", acts), attribute.String("vouchsafe.lane", lane)))
	return ctx, func() { span.End() }
}

// close sends what is left.
func (t tracing) close() error {
	if t.spans == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushWithin)
	defer cancel()
	if err := t.spans.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("send the last spans: %w", err)
	}
	return nil
}
