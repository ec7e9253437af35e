// Package schedule is the table of what happens by the clock. A line names a job, says when it is
// due as a cron specification in UTC, and what is run. One gateway at a time runs a job, elected by
// the outbox's queue; every job may be missed or repeated without harm.
//
// Specifications are in UTC because local ones skip or repeat the hour in which the clocks change.
package schedule

import (
	"context"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// Job is a line of the table.
type Job struct {
	Name string // a word, unique
	Spec string // five fields of cron in UTC, or @every 10s
	Run  func(ctx context.Context) error
	// Within is how long a run may take; zero leaves it to the queue.
	Within time.Duration
}

// When tells the next instant at which a job is due. The schedules of cron specifications are such.
type When interface {
	Next(after time.Time) time.Time
}

// Register hands the jobs to every, which is the outbox's, before it starts. A specification that
// can't be read is an error that names the job.
func Register(every func(job Job, when When), jobs ...Job) error {
	for _, job := range jobs {
		when, err := parse(job.Spec)
		if err != nil {
			return fmt.Errorf("schedule %s: %w", job.Name, err)
		}
		every(job, when)
	}
	return nil
}

// parse reads a specification. The parser panics on some malformed ones, which is an error here.
func parse(spec string) (when cron.Schedule, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("read the specification %q: %v", spec, fault)
		}
	}()
	when, err = cron.ParseStandard(spec)
	if err != nil {
		return nil, fmt.Errorf("read the specification %q: %w", spec, err)
	}
	if fixed, ok := when.(*cron.SpecSchedule); ok && fixed.Location.String() != "UTC" && fixed.Location.String() != "Local" {
		return nil, fmt.Errorf("read the specification %q: it must be in UTC", spec)
	}
	return when, nil
}
