package outbox

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"
)

// reasonMost keeps a talkative mail server from filling the table, in bytes.
const reasonMost = 500

// Result is a handler's answer about one attempt. Make one with the constructors below; reasons are shown to the office, so they
// hold no code and no address. All but Done, InDoubt and Settled state that the other side surely has no copy from this attempt.
type Result struct {
	outcome outcome
	reason  string
	after   time.Duration
	task    bool
}

type outcome int

const (
	unanswered outcome = iota // a handler that returns Result{} tries again later
	done
	retryAfter
	backOff
	inDoubt
	bounced
	waiting
	failed
	released // by us: the attempt ended without a fault of its own
	settled  // the row was written already, or is another's
)

// Done means that it happened.
func Done() Result { return Result{outcome: done} }

// RetryAfter asks for another attempt after d: the other side said when, or said to come back later. It doesn't lengthen the pauses
// of Backoff, but the delivery is given up at the same time.
func RetryAfter(d time.Duration, reason string) Result {
	return Result{outcome: retryAfter, after: d, reason: reason}
}

// Backoff asks for another attempt after a pause that doubles from 5 seconds to 6 hours: the other side can't be reached. The
// delivery fails, with a task, 72 hours after its first attempt (Options.GiveUpAfter).
func Backoff(reason string) Result { return Result{outcome: backOff, reason: reason} }

// InDoubt means that it may have happened and nobody can tell. It is tried once more after 15 minutes; after that, or with three
// copies made, it rests with a task until the office decides.
func InDoubt(reason string) Result { return Result{outcome: inDoubt, reason: reason} }

// Bounced means that the other side refused for good. It opens a task.
func Bounced(reason string) Result { return Result{outcome: bounced, reason: reason, task: true} }

// Wait lays the delivery aside for this reason, a word such as "needs_address", until Retry or Cancel.
func Wait(reason string) Result { return Result{outcome: waiting, reason: reason} }

// Fail gives the delivery up at once. It opens a task.
func Fail(reason string) Result { return Result{outcome: failed, reason: reason, task: true} }

// Settled means that Work.Settle has written the row in the handler's own transaction.
func Settled() Result { return Result{outcome: settled} }

// Refused is the answer of a handler whose MarkCopy or SaveBody returned err: it stopped before anything left the house, and the
// row already says why.
func Refused(err error) Result {
	switch {
	case errors.Is(err, ErrLost):
		return Settled()
	case errors.Is(err, ErrCancelled), errors.Is(err, ErrHeld):
		return Result{outcome: released}
	case errors.Is(err, ErrCopies):
		return InDoubt(err.Error())
	}
	return Backoff("the attempt could not be recorded")
}

// WithTask opens a task beside a Wait.
func (r Result) WithTask() Result {
	r.task = true
	return r
}

// retries reports whether the answer amounts to "again", so that a process that is being stopped hands the row on instead.
func (r Result) retries() bool {
	return r.outcome == unanswered || r.outcome == retryAfter || r.outcome == backOff
}

// clip makes a reason that PostgreSQL takes: valid, without U+0000, and short.
func clip(reason string) string {
	reason = strings.ReplaceAll(strings.ToValidUTF8(reason, "?"), "\x00", "")
	if len(reason) <= reasonMost {
		return reason
	}
	end := reasonMost
	for !utf8.RuneStart(reason[end]) {
		end--
	}
	return reason[:end]
}
