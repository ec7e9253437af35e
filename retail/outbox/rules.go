package outbox

import (
	"cmp"
	"time"
)

const (
	backoffFirst   = 5 * time.Second
	backoffMost    = 6 * time.Hour
	doubtPause     = 15 * time.Minute // long enough for a mail server to finish what it began
	doubtRetries   = 1
	copiesMost     = 3 // a constraint of the table too
	gaveUp         = "given up: "
	noAnswer       = "the handler gave no answer"
	unnamedWaiting = "waiting"
)

// standing is what a decision needs to know about the row, read under its lock.
type standing struct {
	Attempt     int
	Tries       int
	Copies      int
	CopyAttempt int
	Doubts      int
	OnHold      bool
	Cancelling  bool
	GiveUpAt    time.Time
	At          time.Time // the instant of the decision
}

// verdict is what becomes of the row.
type verdict struct {
	state  State
	reason string
	due    *time.Duration // from now; nil means that nothing is due
	task   string         // reason of the task to open; empty opens none

	tries       int
	copies      int
	copyAttempt int
	doubts      int
}

// decide applies a handler's answer. A cancellation outranks every answer but Done, since nothing more may be tried; a hold only
// keeps what is left to do from being due.
func decide(s standing, r Result) verdict {
	v := verdict{
		reason:      clip(r.reason),
		tries:       s.Tries,
		copies:      s.Copies,
		copyAttempt: s.CopyAttempt,
		doubts:      s.Doubts,
	}
	if r.outcome != done && r.outcome != inDoubt {
		v.takeBackCopy(s)
	}
	switch {
	case r.outcome == done:
		v.state = StateDone
	case s.Cancelling:
		v.state = StateCancelled
	case r.outcome == bounced:
		v.state, v.task = StateBounced, string(StateBounced)
	case r.outcome == failed:
		v.state, v.task = StateFailed, string(StateFailed)
	case r.outcome == inDoubt:
		v.doubt()
	case r.outcome == waiting:
		v.wait(r)
	default:
		v.again(s, r)
	}
	return v
}

// takeBackCopy uncounts the copy that this attempt announced: the other side surely refused it.
func (v *verdict) takeBackCopy(s standing) {
	if s.Copies > 0 && s.CopyAttempt == s.Attempt {
		v.copies, v.copyAttempt = s.Copies-1, 0
	}
}

func (v *verdict) doubt() {
	v.state = StateInDoubt
	v.doubts++
	v.copyAttempt = 0 // accounted for
	if v.doubts <= doubtRetries && v.copies < copiesMost {
		v.due = in(doubtPause)
		return
	}
	v.task = string(StateInDoubt)
}

func (v *verdict) wait(r Result) {
	v.state = StateWaiting
	v.reason = cmp.Or(v.reason, unnamedWaiting)
	if r.task {
		v.task = v.reason
	}
}

func (v *verdict) again(s standing, r Result) {
	after := r.after
	switch r.outcome {
	case backOff, unanswered:
		v.reason = cmp.Or(v.reason, noAnswer)
		after = backoff(s.Tries)
		v.tries++
	case released:
		after = 0
	}
	left := s.GiveUpAt.Sub(s.At)
	if left <= 0 && r.outcome != released {
		v.state, v.task = StateFailed, string(StateFailed)
		v.reason = clip(gaveUp + v.reason)
		return
	}
	if s.OnHold {
		v.state, v.reason, v.due = StateWaiting, reasonHeld, in(0)
		return
	}
	v.state, v.due = StatePending, in(min(after, max(left, 0)))
}

// backoff is the pause after the given number of earlier tries.
func backoff(tries int) time.Duration {
	if tries > 20 { // far beyond the longest pause, and short of an overflow
		return backoffMost
	}
	return min(backoffFirst<<tries, backoffMost)
}

func in(d time.Duration) *time.Duration { return &d }
