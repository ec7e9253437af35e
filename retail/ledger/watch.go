package ledger

import (
	"context"
	"errors"
	"reflect"

	"vouchsafe/retail/voucher"
)

// Watch hears what a ledger does, for whoever counts it. Its functions must not wait, and are never
// told a voucher, a key or a code. A nil one is not called.
type Watch struct {
	// Group hears of acts that a lane begins to settle together. They are settled within the context that
	// it returns, and what else it returns hears when they are. Group commit is worth its name when groups
	// grow with the load.
	Group func(ctx context.Context, acts int, lane Lane) (within context.Context, settled func())
	// Act hears what became of an act, by its verb: "redeem", "capture".
	Act func(verb string, outcome Outcome)
	// Quarantined hears of a voucher whose witness was ahead of its row: the database has lost something.
	Quarantined func()
}

// Lane is how a group waits for its rows.
type Lane string

// The lanes of a group.
const (
	FastLane Lane = "fast" // passes by rows that are locked elsewhere
	SlowLane Lane = "slow" // waits for one such row
)

// Outcome is what became of an act, beside the outcomes of releasing and reversing that package voucher
// has.
type Outcome string

// The outcomes of an act.
const (
	WasDone        Outcome = "done"        // it happened now
	WasRepeated    Outcome = "repeated"    // it had happened before
	WasRefused     Outcome = "refused"     // the rules say no
	WasUnavailable Outcome = "unavailable" // nobody knows: its caller repeats it
	WasFailed      Outcome = "failed"      // a fault
)

// group begins a group of acts that wait for their rows in a certain way.
func (w Watch) group(ctx context.Context, acts int, how locking) (within context.Context, settled func()) {
	if w.Group == nil {
		return ctx, func() {}
	}
	if how == waitLocked {
		return w.Group(ctx, acts, SlowLane)
	}
	return w.Group(ctx, acts, FastLane)
}

// act tells what became of an act.
func (w Watch) act(act voucher.Act, answer voucher.Answer, err error) {
	if w.Act != nil {
		w.Act(verbOf(act), outcomeOf(act, answer, err))
	}
}

// settled tells what became of the acts of one transaction that is committed.
func (w Watch) settled(a *Applied) {
	for i, aimed := range a.state.acts {
		w.act(aimed.Act, a.Answers[i], a.Refusals[i])
	}
	w.quarantines(a.state)
}

// refusals tells of the acts that a transaction was rolled back for; the others of it never happened.
func (w Watch) refusals(a *Applied) {
	for i, refusal := range a.Refusals {
		if refusal != nil {
			w.act(a.state.acts[i].Act, voucher.Answer{}, refusal)
		}
	}
}

// quarantines tells of the vouchers that a committed transaction put into quarantine.
func (w Watch) quarantines(s *state) {
	if w.Quarantined == nil {
		return
	}
	for id, c := range s.cases {
		if c.Voucher.Quarantined && !s.before[id].Quarantined {
			w.Quarantined()
		}
	}
}

// Refused tells the watch of an act that was turned down before it came to the ledger.
func (l *Ledger) Refused(act voucher.Act, err error) {
	if err != nil {
		l.watch.act(act, voucher.Answer{}, err)
	}
}

// Issued tells the watch of vouchers whose issue is committed.
func (l *Ledger) Issued(vouchers int) {
	if l.watch.Act == nil {
		return
	}
	for range vouchers {
		l.watch.Act("issue", WasDone)
	}
}

// verbOf is what an act does: the name of its type, in small letters. An act that is made from the
// answers of others has none yet.
func verbOf(act voucher.Act) string {
	if act == nil {
		return "following"
	}
	name := reflect.Indirect(reflect.ValueOf(act)).Type().Name()
	verb := make([]byte, 0, len(name)+2)
	for i := range len(name) {
		letter := name[i]
		if letter >= 'A' && letter <= 'Z' {
			if i > 0 {
				verb = append(verb, '_')
			}
			letter += 'a' - 'A'
		}
		verb = append(verb, letter)
	}
	return string(verb)
}

// outcomeOf reads what became of an act off its answer. Acts without a key are never repeated: the same
// again is one more.
func outcomeOf(act voucher.Act, answer voucher.Answer, err error) Outcome {
	switch {
	case err != nil && voucher.IsRefusal(err):
		return WasRefused
	case err != nil && errors.Is(err, ErrUnavailable):
		return WasUnavailable
	case err != nil:
		return WasFailed
	case answer.Outcome != "":
		return Outcome(answer.Outcome)
	case act != nil && len(act.Refs()) > 0 && !answer.Created:
		return WasRepeated
	}
	return WasDone
}
