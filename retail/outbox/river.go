package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

const (
	fetchCooldown = 20 * time.Millisecond // River's default of 100 ms caps the throughput
	jobRetention  = 10 * time.Minute      // the rows tell what happened; a job that is over tells nothing
	jobRescue     = 30 * time.Minute      // only tidies up: the sweeper has long nudged again
	noTimeout     = -1                    // we end attempts ourselves
)

// pollingDriver is River's driver without LISTEN and NOTIFY. A pooler in transaction mode knows no LISTEN, and every NOTIFY takes
// one lock for the whole database until its transaction has committed: issuing vouchers would queue up behind it.
type pollingDriver struct {
	*riverpgxv5.Driver
}

// SupportsListener makes River poll.
func (pollingDriver) SupportsListener() bool { return false }

// SupportsListenNotify keeps River from notifying those who don't listen.
func (pollingDriver) SupportsListenNotify() bool { return false }

func driver(pool *pgxpool.Pool) pollingDriver { return pollingDriver{riverpgxv5.New(pool)} }

// newWorker makes the client that works: a queue for each kind, so that slow mails never keep an order waiting.
func (o *Outbox) newWorker() (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &errandWorker{box: o})
	river.AddWorker(workers, &periodWorker{box: o})
	queues := map[string]river.QueueConfig{
		periodQueue: {MaxWorkers: max(len(o.periods), 1), FetchPollInterval: max(o.poll, sweepEvery)},
	}
	for _, kind := range o.workable() {
		queues[string(kind)] = river.QueueConfig{MaxWorkers: o.trades[kind].Workers}
	}
	return river.NewClient(driver(o.pool), &river.Config{
		Logger:                      quiet(o.log),
		Workers:                     workers,
		Queues:                      queues,
		PeriodicJobs:                o.periodicJobs(),
		PollOnly:                    true,
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           o.poll,
		MaxAttempts:                 1,
		JobTimeout:                  noTimeout,
		RescueStuckJobsAfter:        jobRescue,
		CompletedJobRetentionPeriod: jobRetention,
		CancelledJobRetentionPeriod: jobRetention,
		DiscardedJobRetentionPeriod: jobRetention,
	})
}

// errandWorker follows nudges.
type errandWorker struct {
	river.WorkerDefaults[errand]
	box *Outbox
}

// Work never fails: the row says what happened, and what could not even be claimed is nudged again.
func (e *errandWorker) Work(ctx context.Context, job *river.Job[errand]) error {
	e.box.follow(ctx, job.Args)
	return nil
}

// quiet lets River speak of trouble alone; its everyday life is not the trade's.
func quiet(log *slog.Logger) *slog.Logger {
	return slog.New(warnings{log.Handler()})
}

type warnings struct {
	slog.Handler
}

// Enabled is true from warnings upwards.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the filter.
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the filter.
func (w warnings) WithGroup(name string) slog.Handler {
	return warnings{w.Handler.WithGroup(name)}
}
