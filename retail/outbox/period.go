package outbox

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river"
)

const (
	periodQueue = "periodic"
	periodMost  = 10 * time.Minute // one run, unless it was registered for longer
)

// Schedule tells when a periodic job runs next; those of robfig/cron satisfy it. Times are UTC.
type Schedule interface {
	Next(after time.Time) time.Time
}

// period is a registered periodic job.
type period struct {
	name     string
	schedule Schedule
	most     time.Duration // one run
	run      func(ctx context.Context) error
	running  sync.Mutex
}

// tick is the job in River's table.
type tick struct {
	Name string `json:"name"`
}

// Kind names the job for River.
func (tick) Kind() string { return "tick" }

// Every registers a periodic job, before Start: letters, digits, underscores and hyphens for its name. One process is elected to
// start the runs, and any may get one. A run that finds the one before it still under way in its process does nothing; a tick is
// lost when the elected process dies. So fn must be safe to miss and to repeat. It panics on a name registered twice.
func (o *Outbox) Every(name string, schedule Schedule, fn func(ctx context.Context) error) {
	o.EveryWithin(name, schedule, periodMost, fn)
}

// EveryWithin is Every for a job of which one run may take as long as most.
func (o *Outbox) EveryWithin(name string, schedule Schedule, most time.Duration, fn func(ctx context.Context) error) {
	if _, taken := o.periods[name]; taken || o.worker != nil {
		panic(fmt.Sprintf("outbox: Every %q twice or after Start", name))
	}
	o.periods[name] = &period{name: name, schedule: schedule, most: most, run: fn}
}

func (o *Outbox) periodicJobs() []*river.PeriodicJob {
	jobs := make([]*river.PeriodicJob, 0, len(o.periods))
	for name, p := range o.periods {
		jobs = append(jobs, river.NewPeriodicJob(p.schedule,
			func() (river.JobArgs, *river.InsertOpts) {
				return tick{Name: name}, &river.InsertOpts{Queue: periodQueue, MaxAttempts: 1}
			},
			&river.PeriodicJobOpts{ID: name},
		))
	}
	return jobs
}

// Periods lists the names registered with Every, sorted.
func (o *Outbox) Periods() []string {
	names := make([]string, 0, len(o.periods))
	for name := range o.periods {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// periodWorker runs what a tick names.
type periodWorker struct {
	river.WorkerDefaults[tick]
	box *Outbox
}

// Work never fails: the log tells, and the next tick comes anyway. A panic is River's to catch and to log.
func (p *periodWorker) Work(ctx context.Context, job *river.Job[tick]) error {
	due, known := p.box.periods[job.Args.Name]
	if !known { // from a process of another version
		return nil
	}
	p.box.runPeriod(ctx, due)
	return nil
}

func (o *Outbox) runPeriod(ctx context.Context, p *period) {
	if !p.running.TryLock() {
		o.log.WarnContext(ctx, "periodic job skipped, the last run is under way", "job", p.name)
		return
	}
	defer p.running.Unlock()
	ctx, cancel := context.WithTimeout(ctx, p.most)
	defer cancel()
	if err := p.run(ctx); err != nil {
		o.log.ErrorContext(ctx, "periodic job failed", "job", p.name, "error", err)
		return
	}
	o.log.DebugContext(ctx, "periodic job done", "job", p.name)
}
