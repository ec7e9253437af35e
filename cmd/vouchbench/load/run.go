package load

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Shape says how hard and how long a workload is driven.
type Shape struct {
	Clients  int
	WarmUp   time.Duration
	Duration time.Duration
	// Rate is how many operations a second begin, whatever is answered (open loop); 0 means that each client begins the next when
	// the last is answered (closed loop).
	Rate int
}

// client is one user of the installation: a connection, and a number to tell it from the others.
type client struct {
	n    int // 0, 1, 2 …
	wire *wire
	// count is how many operations it has begun.
	count int
}

// step is one operation of a client. It returns the status that it was answered, and false when nothing is left to do.
type step func(c *client) (status int, more bool)

// noAnswer is the status of an operation that was not answered.
const noAnswer = 0

// sample is one operation.
type sample struct {
	ended  time.Duration // since the start
	took   time.Duration // open loop: since it was due
	status int
}

// drive lets clients run a step for the shape's duration and returns what they did after the warm-up, and how long that lasted. At
// the end of the warm-up it calls warm.
func drive(ctx context.Context, url string, shape Shape, do step, warm func()) (samples []sample, lasted time.Duration) {
	limited, cancel := context.WithTimeout(ctx, shape.WarmUp+shape.Duration)
	defer cancel()
	start := time.Now()
	all := make([][]sample, shape.Clients)
	var crowd sync.WaitGroup
	for n := range shape.Clients {
		crowd.Go(func() {
			c := &client{n: n, wire: newWire(url)}
			defer c.wire.close()
			all[n] = c.work(limited, start, shape, do)
		})
	}
	waitUntil(ctx, start.Add(shape.WarmUp))
	warm()
	crowd.Wait()
	for _, some := range all {
		for _, s := range some {
			if s.ended >= shape.WarmUp {
				samples = append(samples, s)
				lasted = max(lasted, s.ended-shape.WarmUp) // one that runs out of vouchers ends before its time
			}
		}
	}
	return samples, lasted
}

// idle is for what is driven without being measured.
func idle() {}

// work runs steps until the time is up.
func (c *client) work(ctx context.Context, start time.Time, shape Shape, do step) (done []sample) {
	for ctx.Err() == nil {
		began := time.Now()
		if shape.Rate > 0 {
			began = start.Add(time.Duration(c.count*shape.Clients+c.n) * time.Second / time.Duration(shape.Rate))
			if !waitUntil(ctx, began) {
				break
			}
		}
		status, more := do(c)
		c.count++
		if !more {
			break
		}
		now := time.Now()
		done = append(done, sample{ended: now.Sub(start), took: now.Sub(began), status: status})
	}
	return done
}

// waitUntil is false when the context ends first.
func waitUntil(ctx context.Context, at time.Time) bool {
	wait := time.NewTimer(time.Until(at))
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-wait.C:
		return true
	}
}

// Latency of operations, in milliseconds.
type Latency struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// latency of the samples; zero for none.
func latency(samples []sample) Latency {
	if len(samples) == 0 {
		return Latency{}
	}
	took := make([]time.Duration, len(samples))
	for i, s := range samples {
		took[i] = s.took
	}
	slices.Sort(took)
	at := func(percent int) float64 { return milliseconds(took[(len(took)-1)*percent/100]) }
	return Latency{P50: at(50), P95: at(95), P99: at(99), Max: milliseconds(took[len(took)-1])}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
