package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"vouchsafe/gateway"
	"vouchsafe/retail"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
)

// watching is what a daemon tells of itself while it works: metrics always, traces if somebody collects
// them. Commands tell nothing: the zero watching.
type watching struct {
	metrics *gateway.Metrics
	tracing tracing
}

// watch begins to tell.
func (p *program) watch(ctx context.Context) (err error) {
	if p.watching.tracing, err = p.openTracing(ctx); err != nil {
		return err
	}
	p.watching.metrics = gateway.NewMetrics(time.Now)
	return nil
}

// ledger is what the ledger tells.
func (w watching) ledger() ledger.Watch {
	if w.metrics == nil {
		return ledger.Watch{}
	}
	return ledger.Watch{
		Group: func(ctx context.Context, acts int, lane ledger.Lane) (context.Context, func()) {
			ctx, end := w.tracing.group(ctx, acts, string(lane))
			settled := w.metrics.Group(acts, string(lane))
			return ctx, func() { settled(); end() }
		},
		Act:         func(verb string, outcome ledger.Outcome) { w.metrics.Act(verb, string(outcome)) },
		Quarantined: w.metrics.Quarantined,
	}
}

// attempted is what the outbox tells; nil tells nothing.
func (w watching) attempted() func(outbox.Kind, outbox.State) {
	if w.metrics == nil {
		return nil
	}
	return func(kind outbox.Kind, state outbox.State) { w.metrics.Attempted(string(kind), string(state)) }
}

// stores shows how the daemon gets along with its stores.
func (w watching) stores(h *house) {
	w.metrics.Gauge(gateway.Reading{
		Name: "vouchsafe_redis_away", Help: "1 while Redis is left alone since it did not answer, and PostgreSQL decides alone.",
		Read: func() float64 {
			if h.holds.Away() {
				return 1
			}
			return 0
		},
	})
	w.recovery(h.examiner)
	w.postgres(h.pool)
	w.redis(h.redis)
}

// recovery shows whether PostgreSQL waits to be compared with Redis, and what was found to be gone.
func (w watching) recovery(examiner *retail.Examiner) {
	w.metrics.Gauge(gateway.Reading{
		Name: "vouchsafe_recovering", Help: "1 while PostgreSQL was started anew and is not yet compared with what Redis has seen acknowledged.",
		Read: func() float64 {
			if examiner.Recovering() {
				return 1
			}
			return 0
		},
	})
	w.metrics.Counter(gateway.Reading{
		Name: "vouchsafe_missing_vouchers_total", Help: "Vouchers that Redis has seen and PostgreSQL has forgotten altogether.",
		Read: func() float64 { return float64(examiner.Missing()) },
	})
}

// postgres shows the pool of connections.
func (w watching) postgres(pool *pgxpool.Pool) {
	for state, count := range map[string]func(*pgxpool.Stat) int32{
		"acquired": (*pgxpool.Stat).AcquiredConns, "idle": (*pgxpool.Stat).IdleConns,
		"constructing": (*pgxpool.Stat).ConstructingConns, "most": (*pgxpool.Stat).MaxConns,
	} {
		w.metrics.Gauge(gateway.Reading{
			Name: "vouchsafe_postgres_connections", Help: "Connections to PostgreSQL, by what they do, and the most there may be.",
			Labels: map[string]string{"state": state}, Read: func() float64 { return float64(count(pool.Stat())) },
		})
	}
	w.metrics.Counter(gateway.Reading{
		Name: "vouchsafe_postgres_acquires_total", Help: "Connections that were taken from the pool.",
		Read: func() float64 { return float64(pool.Stat().AcquireCount()) },
	})
	w.metrics.Counter(gateway.Reading{
		Name: "vouchsafe_postgres_waits_total", Help: "Times that somebody had to wait for a connection, since all were in use.",
		Read: func() float64 { return float64(pool.Stat().EmptyAcquireCount()) },
	})
	w.metrics.Counter(gateway.Reading{
		Name: "vouchsafe_postgres_wait_seconds_total", Help: "Time spent waiting for connections while all were in use.",
		Read: func() float64 { return pool.Stat().EmptyAcquireWaitTime().Seconds() },
	})
	w.metrics.Counter(gateway.Reading{
		Name: "vouchsafe_postgres_given_up_total", Help: "Times that somebody gave up waiting for a connection.",
		Read: func() float64 { return float64(pool.Stat().CanceledAcquireCount()) },
	})
}

// redis shows the pool of connections.
func (w watching) redis(client redis.UniversalClient) {
	w.metrics.Gauge(gateway.Reading{
		Name: "vouchsafe_redis_connections", Help: "Connections to Redis.",
		Read: func() float64 { return float64(client.PoolStats().TotalConns) },
	})
	w.metrics.Counter(gateway.Reading{
		Name: "vouchsafe_redis_given_up_total", Help: "Times that somebody gave up waiting for a connection to Redis.",
		Read: func() float64 { return float64(client.PoolStats().Timeouts) },
	})
}
