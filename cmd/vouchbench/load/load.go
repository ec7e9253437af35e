package load

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vouchsafe/cmd/vouchbench/anchor"
)

// Plan is what is run.
type Plan struct {
	Target    Target
	AnchorURL string // "" runs without anchors
	Workloads []Workload
	Shapes    []Shape // each workload runs in each
	Rounds    int
	Prefix    string // of the keys of acts; no other run may have it
	Meter     *Meter
	Log       *slog.Logger
	// Rest is called before every measurement, for the machine and the stores to come to rest.
	Rest func(ctx context.Context) error
	// Issued counts the vouchers that exist, for workloads whose work goes on after the answer.
	Issued func(ctx context.Context) (int, error)
}

// Figure is one measurement.
type Figure struct {
	Workload  string         `json:"workload"`
	ID        string         `json:"id"`
	Clients   int            `json:"clients"`
	Round     int            `json:"round"`
	Count     int            `json:"count"`
	PerSecond float64        `json:"per_second"`
	Latency   Latency        `json:"latency_ms"`
	Errors    map[string]int `json:"errors,omitempty"` // by status; "none" was not answered
	Cost      Cost           `json:"cost"`
	// Anchor is what the anchor reached in the same round.
	Anchor float64 `json:"anchor_per_second,omitempty"`
}

// Run measures every workload in every shape, round after round, each with its anchor just before it.
func Run(ctx context.Context, p Plan) ([]Figure, error) {
	if err := p.live(ctx); err != nil {
		return nil, err
	}
	var figures []Figure
	for round := range p.Rounds {
		for _, shape := range p.Shapes {
			for _, w := range p.Workloads {
				measured, err := p.beside(ctx, w, shape, round+1, figures)
				if err != nil {
					return figures, fmt.Errorf("measure %s with %d clients: %w", w.Name, shape.Clients, err)
				}
				figures = append(figures, measured...)
			}
		}
	}
	return figures, nil
}

// live lets the installation see some business first: plans that PostgreSQL makes for empty tables are nobody's daily life.
func (p Plan) live(ctx context.Context) error {
	for i, act := range []func(*run) step{reserveCapture, reserveRelease, redeem} {
		r := &run{target: &p.Target, shape: Shape{Clients: liveClients}, prefix: fmt.Sprintf("%s-live%d", p.Prefix, i)}
		drive(ctx, p.Target.URLs[0], Shape{Clients: liveClients, Duration: liveFor}, act(r), idle)
	}
	return ctx.Err()
}

// How long each kind of act is done before anything is measured, and by how many.
const (
	liveFor     = time.Second
	liveClients = 16
)

// beside measures a workload, and its anchor just before unless this round has it already.
func (p Plan) beside(ctx context.Context, w Workload, shape Shape, round int, so []Figure) (figures []Figure, err error) {
	var a Figure
	if w.Anchor != "" && p.AnchorURL != "" {
		known := slices.IndexFunc(so, func(f Figure) bool { return f.ID == w.Anchor && f.Clients == shape.Clients && f.Round == round })
		if known >= 0 {
			a = so[known]
		} else {
			if a, err = p.anchor(ctx, w.Anchor, shape, round); err != nil {
				return nil, err
			}
			figures = append(figures, a)
		}
	}
	f, err := p.measure(ctx, w, shape, round)
	if err != nil {
		return figures, err
	}
	f.Anchor = a.PerSecond
	p.Log.Info("measured", "workload", f.Workload, "clients", f.Clients, "round", round, "per_second", int(f.PerSecond), "p99_ms", f.Latency.P99,
		"anchor_per_second", int(f.Anchor), "errors", f.Errors)
	return append(figures, f), nil
}

func (p Plan) measure(ctx context.Context, w Workload, shape Shape, round int) (Figure, error) {
	r := &run{target: &p.Target, shape: shape, prefix: p.prefix(w, shape, round), issued: p.Issued}
	if w.before != nil {
		if err := w.before(ctx, r); err != nil {
			return Figure{}, err
		}
	}
	f, err := p.timed(ctx, p.Target.URLs[0], shape, w.step(r), w.settles(ctx, r))
	if err != nil {
		return Figure{}, err
	}
	f.Workload, f.ID, f.Clients, f.Round = w.Name, w.ID, shape.Clients, round
	return f, r.free(ctx)
}

// anchor measures an anchor in the same shape.
func (p Plan) anchor(ctx context.Context, path string, shape Shape, round int) (Figure, error) {
	first := time.Now().UnixNano() // of the vouchers that are issued: no other run has these numbers
	prefix := fmt.Sprintf("%s-%d-%d", p.Prefix, shape.Clients, round)
	do := func(c *client) (int, bool) {
		n := c.n + c.count*shape.Clients
		id := int64(n % anchor.Vouchers)
		if path == "/issue" {
			id = first + int64(n)
		}
		status, _, err := c.wire.ask(http.MethodPost, path, "", fmt.Sprintf(`{"voucher":%d,"key":"%s-%d","amount":1}`, id, prefix, n))
		if err != nil {
			return noAnswer, true
		}
		return status, true
	}
	f, err := p.timed(ctx, p.AnchorURL, shape, do, nil)
	if err == nil && len(f.Errors) > 0 {
		err = fmt.Errorf("the anchor %s failed: %v", path, f.Errors)
	}
	f.Workload, f.ID, f.Clients, f.Round = "bare "+strings.TrimPrefix(path, "/"), path, shape.Clients, round
	return f, err
}

// prefix names the acts of one measurement.
func (p Plan) prefix(w Workload, shape Shape, round int) string {
	return fmt.Sprintf("%s-%s-%d-%d", p.Prefix, w.ID, shape.Clients, round)
}

// timed rests, drives and reads the meters around it. What settles, if not nil, belongs to the measured time.
func (p Plan) timed(ctx context.Context, url string, shape Shape, do step, settles func(ctx context.Context, done int) error) (Figure, error) {
	if err := p.Rest(ctx); err != nil {
		return Figure{}, err
	}
	if settles != nil {
		shape.Duration, shape.WarmUp = shape.Duration+shape.WarmUp, 0
	}
	var before usage
	var unread error
	start := time.Now()
	samples, lasted := drive(ctx, url, shape, do, func() { before, unread = p.Meter.read(ctx) })
	if unread != nil {
		return Figure{}, unread
	}
	good, errors := sort(samples)
	if settles != nil {
		if err := settles(ctx, len(good)); err != nil {
			return Figure{}, err
		}
		lasted = time.Since(start)
	}
	after, err := p.Meter.read(ctx)
	if err != nil {
		return Figure{}, err
	}
	f := Figure{Count: len(good), Latency: latency(good), Errors: errors, Cost: cost(before, after, len(good))}
	if lasted > 0 {
		f.PerSecond = float64(len(good)) / lasted.Seconds()
	}
	return f, ctx.Err()
}

// sort tells what was done from what was not.
func sort(samples []sample) (good []sample, errors map[string]int) {
	errors = map[string]int{}
	for _, s := range samples {
		switch {
		case s.status == http.StatusOK || s.status == http.StatusCreated:
			good = append(good, s)
		case s.status == noAnswer:
			errors["none"]++
		default:
			errors[strconv.Itoa(s.status)]++
		}
	}
	return good, errors
}
