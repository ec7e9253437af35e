package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	recordWithin = time.Minute            // a mail that left must be on record even when PostgreSQL restarts
	recordPause  = 250 * time.Millisecond // between two tries at that
	abandoned    = "the process that announced the copy was not heard of again"
	panicked     = "the handler panicked"
)

// follow works the delivery that a nudge names, if there is anything to do.
func (o *Outbox) follow(ctx context.Context, e errand) {
	t, known := o.trades[e.Work]
	if !known { // from a process of another version
		return
	}
	row, err := o.claim(ctx, t, e.Delivery)
	if err != nil {
		if ctx.Err() == nil {
			o.log.ErrorContext(ctx, "delivery could not be claimed", "kind", e.Work, "delivery", e.Delivery, "error", err)
		}
		return
	}
	if row == nil {
		return
	}
	passes(t.Claimed)
	w := o.work(row)
	r := o.attempt(ctx, t, w, row)
	if r.retries() && ctx.Err() != nil { // the process stops: no fault of the delivery
		r = Result{outcome: released}
	}
	o.record(ctx, w, r)
	passes(t.Recorded)
}

func (o *Outbox) work(row *claimed) *Work {
	return &Work{
		Delivery: row.Delivery,
		Body:     row.Body,
		Resumed:  row.Was == StateSending,
		Doubted:  row.Doubts > 0,
		box:      o,
	}
}

// attempt asks the handler, unless the row answers by itself: its last worker died with a copy on the way, or it was cancelled or
// held while that worker had it. The heart stops beating a lease after the handler's time is over, or one that hangs would keep the
// row for ever.
func (o *Outbox) attempt(ctx context.Context, t trade, w *Work, row *claimed) Result {
	switch {
	case row.Marked:
		return InDoubt(abandoned)
	case row.Cancelling, row.OnHold:
		return Result{outcome: released}
	}
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	var beating sync.WaitGroup
	beatCtx, endBeat := context.WithTimeout(context.WithoutCancel(ctx), t.Timeout+o.lease)
	beating.Go(func() { w.beat(beatCtx, stop) })
	defer beating.Wait()
	defer endBeat()
	return o.handle(ctx, t, w)
}

// handle turns a panic into an answer: in doubt when a copy may have left.
func (o *Outbox) handle(ctx context.Context, t trade, w *Work) (r Result) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		o.log.ErrorContext(ctx, "handler panicked",
			"kind", w.Kind, "delivery", w.ID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		r = Backoff(panicked)
		if w.marked.Load() {
			r = InDoubt(panicked)
		}
	}()
	return t.handler(ctx, w)
}

// beat renews the lease until ctx ends, and stops the handler when the lease is lost, or when the delivery was called back before
// anything left. It keeps beating for a handler that takes its time to stop.
func (w *Work) beat(ctx context.Context, stop context.CancelCauseFunc) {
	ticker := time.NewTicker(w.box.lease / beatsInLease)
	defer ticker.Stop()
	for missed := 0; ; {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		p, err := w.renew(ctx)
		switch {
		case errors.Is(err, ErrLost):
			stop(ErrLost)
			return
		case err != nil:
			if missed++; missed >= beatsInLease {
				stop(ErrLost)
			}
			continue
		case p.Cancelling && !p.Marked:
			stop(ErrCancelled)
		case p.OnHold && !p.Marked:
			stop(ErrHeld)
		}
		missed = 0
	}
}

// record writes the answer, again and again while the database is away; the process may be stopping. What can't be recorded is found
// by its lease.
func (o *Outbox) record(ctx context.Context, w *Work, r Result) {
	if r.outcome == settled {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	var v verdict
	for {
		err := InTx(ctx, o.pool, func(tx Tx) (err error) {
			v, err = o.settle(ctx, tx, w, r)
			return err
		})
		if err == nil {
			break
		}
		if errors.Is(err, ErrLost) {
			o.recordLost(ctx, w)
			return
		}
		if !pause(ctx, recordPause) {
			o.log.ErrorContext(ctx, "attempt could not be recorded", "kind", w.Kind, "delivery", w.ID, "attempt", w.Attempt, "error", err)
			return
		}
	}
	o.attempted(w.Kind, v.state)
	o.log.LogAttrs(ctx, v.level(), "delivery attempted",
		slog.String("kind", string(w.Kind)), slog.String("delivery", w.ID), slog.Int("attempt", w.Attempt),
		slog.String("state", string(v.state)), slog.String("reason", v.reason))
}

// recordLost tells a lost lease from an answer whose commit was not known to have succeeded.
func (o *Outbox) recordLost(ctx context.Context, w *Work) {
	var ours bool
	err := o.pool.QueryRow(ctx,
		`SELECT attempt = @attempt AND state <> 'sending' FROM delivery WHERE id = @id::uuid`,
		pgx.NamedArgs{"id": w.ID, "attempt": w.Attempt}).Scan(&ours)
	if err == nil && ours {
		return
	}
	o.log.WarnContext(ctx, "attempt came too late, its lease was lost", "kind", w.Kind, "delivery", w.ID, "attempt", w.Attempt)
}

// level is a warning where a person has to look.
func (v verdict) level() slog.Level {
	if v.task != "" {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
