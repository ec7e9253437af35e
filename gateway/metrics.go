package gateway

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
)

// gatherEvery is how often the figures of the stores are read: as often as a dashboard draws a point.
const gatherEvery = 30 * time.Second

// Metrics is what Prometheus is told of one gateway: what it does, and what it last knew of the stores.
// Labels are routes, methods, codes, kinds, states and currencies: closed sets, with nothing in them
// that a caller has chosen, and never a code. Amounts are in units of their currency, times in seconds.
type Metrics struct {
	registry *prometheus.Registry
	now      func() time.Time

	requests     *prometheus.HistogramVec
	problems     *prometheus.CounterVec
	acts         *prometheus.CounterVec
	groupActs    *prometheus.HistogramVec
	groupSeconds *prometheus.HistogramVec
	quarantines  prometheus.Counter
	attempts     *prometheus.CounterVec
	figures      *figures
}

// NewMetrics makes the metrics of one gateway; now times what it is told of.
func NewMetrics(now func() time.Time) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		now:      now,
		requests: histogramOf("vouchsafe_request_seconds", "Time to answer a request, by route, method and status.",
			[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}, "route", "method", "status"),
		problems: counterOf("vouchsafe_problems_total", "Answers that are a problem, by route and code: what callers are refused, and why.",
			"route", "code"),
		acts: counterOf("vouchsafe_acts_total", "Acts on vouchers, by what they do and what became of them: done, repeated, refused, "+
			"released, unchanged, reversed, prevented, unavailable or failed.", "act", "outcome"),
		groupActs: histogramOf("vouchsafe_group_acts", "Acts that were settled in one transaction; a group of the slow lane waits for a row that was locked.",
			prometheus.ExponentialBuckets(1, 2, 8), "lane"),
		groupSeconds: histogramOf("vouchsafe_group_seconds", "Time to settle a group of acts, repeats included.",
			[]float64{.0005, .001, .002, .005, .01, .02, .05, .1, .25, .5, 1, 2.5, 10}, "lane"),
		quarantines: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "vouchsafe_quarantines_total",
			Help: "Vouchers whose witness in Redis was ahead of PostgreSQL, which has lost an acknowledged change of them.",
		}),
		attempts: counterOf("vouchsafe_delivery_attempts_total", "Attempts at deliveries, by kind and the delivery's state after it.", "kind", "state"),
		figures:  newFigures(),
	}
	m.registry.MustRegister(m.requests, m.problems, m.acts, m.groupActs, m.groupSeconds, m.quarantines, m.attempts, m.figures,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func histogramOf(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

func counterOf(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// Reading is a figure that is read whenever somebody asks for the metrics. Readings of one name differ
// in the values of their labels, never in the names of these nor in the help.
type Reading struct {
	Name   string // ends in its unit, and in _total when it only rises
	Help   string
	Labels map[string]string
	Read   func() float64
}

// Gauge adds a figure that goes up and down.
func (m *Metrics) Gauge(r Reading) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: r.Name, Help: r.Help, ConstLabels: r.Labels}, r.Read))
}

// Counter adds a figure that only rises.
func (m *Metrics) Counter(r Reading) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: r.Name, Help: r.Help, ConstLabels: r.Labels}, r.Read))
}

// Act counts what became of an act; it is a ledger's to call.
func (m *Metrics) Act(verb, outcome string) { m.acts.WithLabelValues(verb, outcome).Inc() }

// Group times a group of acts of a lane, from now until what it returns is called.
func (m *Metrics) Group(acts int, lane string) (settled func()) {
	m.groupActs.WithLabelValues(lane).Observe(float64(acts))
	began := m.now()
	return func() { m.groupSeconds.WithLabelValues(lane).Observe(m.now().Sub(began).Seconds()) }
}

// Quarantined counts a voucher that the database has forgotten something of.
func (m *Metrics) Quarantined() { m.quarantines.Inc() }

// Attempted counts an attempt at a delivery.
func (m *Metrics) Attempted(kind, state string) { m.attempts.WithLabelValues(kind, state).Inc() }

// Gather reads the figures of the stores again and again until ctx ends. What can't be read stays as it
// was, and its time tells.
func (m *Metrics) Gather(ctx context.Context, read func(context.Context) (retail.Figures, error), log *slog.Logger) {
	tick := time.NewTicker(gatherEvery)
	defer tick.Stop()
	for {
		if err := m.gatherOnce(ctx, read); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "figures could not be gathered", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (m *Metrics) gatherOnce(ctx context.Context, read func(context.Context) (retail.Figures, error)) error {
	found, err := read(ctx)
	if err != nil {
		return err
	}
	m.figures.keep(found, m.now())
	return nil
}

// observe counts an answered request.
func (m *Metrics) observe(s edge.Served) {
	m.requests.WithLabelValues(s.Route, s.Method, strconv.Itoa(s.Status)).Observe(s.Took.Seconds())
	if s.Problem != "" {
		m.problems.WithLabelValues(s.Route, string(s.Problem)).Inc()
	}
}

// handler serves the metrics.
func (m *Metrics) handler() gin.HandlerFunc {
	return gin.WrapH(promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}))
}
