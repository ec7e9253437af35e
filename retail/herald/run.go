package herald

import (
	"context"
	"errors"
	"sync"
	"time"

	"vouchsafe/retail/failpoint"
)

const (
	lookEvery  = 2 * time.Second        // for subscribers that nobody serves
	idleFor    = 500 * time.Millisecond // between two looks at the journal
	afterFault = 5 * time.Second
)

// Run serves all subscribers until the context ends, each under its own lease.
func (h *Herald) Run(ctx context.Context) {
	var serving sync.WaitGroup
	defer serving.Wait()
	var busy sync.Map // of those that this process serves
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		ids, err := h.active(ctx)
		if err != nil && ctx.Err() == nil {
			h.log.WarnContext(ctx, "subscribers can't be read", "error", err)
		}
		for _, id := range ids {
			if _, already := busy.LoadOrStore(id, true); already {
				continue
			}
			serving.Go(func() {
				defer busy.Delete(id)
				h.serve(ctx, id)
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// serve tells one subscriber what happens, for as long as this process has its lease and it is active.
func (h *Herald) serve(ctx context.Context, id string) {
	err := h.lease(ctx, "webhooks "+id, func(ctx context.Context) error {
		for ctx.Err() == nil {
			found, err := h.Round(ctx, id)
			if errors.Is(err, ErrUnknown) {
				return nil
			}
			wait := idleFor
			switch {
			case err != nil && ctx.Err() == nil:
				h.log.WarnContext(ctx, "webhooks can't be sent", "subscriber", id, "error", err)
				wait = afterFault
			case found > 0:
				continue
			}
			pause(ctx, wait)
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		h.log.WarnContext(ctx, "webhooks go on elsewhere", "subscriber", id, "error", err)
	}
}

// Round reads on for a subscriber, sends what is due once, and tells how many messages that were. Error: ErrUnknown for one that is not
// active.
func (h *Herald) Round(ctx context.Context, id string) (int, error) {
	s, err := h.one(ctx, id)
	if err != nil {
		return 0, err
	}
	if s.State != Active {
		return 0, ErrUnknown
	}
	if err := h.read(ctx, id); err != nil {
		return 0, err
	}
	most := headsMost
	switch {
	case s.Rests:
		return 0, nil
	case s.Failures >= restAfter: // one is tried before many
		most = 1
	}
	due, err := h.heads(ctx, id, most)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	outcomes := h.sendAll(ctx, s, due)
	failpoint.Hit(failpoint.WebhooksSent)
	return len(due), h.settle(context.WithoutCancel(ctx), s, outcomes)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
