package torture

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/anishathalye/porcupine"
)

// verb is what somebody did to a code.
type verb string

const (
	doReserve    verb = "reserve"
	doCapture    verb = "capture"
	doRelease    verb = "release"
	doRedeem     verb = "redeem"
	doReload     verb = "reload"
	doReverse    verb = "reverse" // take a redemption back
	doRefund     verb = "refund"  // give a part of one back
	doBalance    verb = "balance"
	doBlock      verb = "block"
	doUnblock    verb = "unblock"
	doInvalidate verb = "invalidate"
	doDay        verb = "day passes" // every reservation expires
)

// input is what was asked of a code.
type input struct {
	Code   string // which one: histories are checked code by code
	Verb   verb
	Key    string // names the act, with its owner; a reservation's key is its holder too
	Amount int64  // minor units; of a capture 0 for all that is reserved
	Of     string // the key of the redemption that is refunded
}

// result is how an act ended.
type result string

const (
	done     result = "done"
	held     result = "held"     // somebody else has the code
	short    result = "short"    // not enough on it
	ended    result = "ended"    // the reservation can't be captured any more
	dead     result = "dead"     // blocked, invalidated, or used up
	undone   result = "undone"   // a reversal: it was done, and is taken back
	never    result = "never"    // a reversal: it had not been done and never will be; or an act after that
	fixed    result = "fixed"    // a reversal that can't be
	absent   result = "absent"   // a refund of what never was
	failed   result = "failed"   // the program had a fault that was made on purpose
	unknown  result = "unknown"  // nobody learned what became of it
	unwanted result = "unwanted" // refused for a reason that no rule of the model has
)

// output is what was answered.
type output struct {
	Result result
	Amount int64 // moved or reserved; the balance, for doBalance
}

// state is a code as the rules have it. It is a value: every step makes a new one.
type state struct {
	balance  int64
	blocked  bool
	gone     bool   // invalidated
	holder   string // key of the live reservation; "" for none
	reserved int64
	late     string // key of the reservation that has expired and may still be captured; "" for none
	lateness int64  // what it had reserved
	aged     int    // days that have passed since it was granted
	taken    string // redemptions that somebody may take back, with what is left of each, ";key=left;" one after the other
	barred   string // keys that never will be, ";key" each
}

// model is the rule book as a checker sees it: simple, sequential, of one code. Keys in reversible are remembered.
func model(worth map[string]int64, reversible map[string]bool) porcupine.Model {
	rules := porcupine.NondeterministicModel{
		Partition:         byCode(worth),
		Init:              func() []any { return []any{state{}} },
		Step:              func(s, in, out any) []any { return steps(s.(state), in.(input), out.(output), reversible) },
		Equal:             func(a, b any) bool { return a == b },
		DescribeOperation: func(in, out any) string { return describe(in.(input), out.(output)) },
		DescribeState:     func(s any) string { return fmt.Sprintf("%+v", s) },
	}
	return rules.ToModel()
}

// steps are the states that an answer may leave: none if it can't be right. What nobody was answered about has happened or not.
func steps(s state, in input, out output, reversible map[string]bool) []any {
	if out.Result != unknown {
		if ok, next := step(s, in, out, reversible); ok {
			return []any{next}
		}
		return nil
	}
	if next := perhaps(s, in, reversible); next != s {
		return []any{s, next}
	}
	return []any{s}
}

// doIssue begins the history of every code.
const doIssue verb = "issue"

// byCode splits a history into those of its codes, each of which begins with its issue.
func byCode(worth map[string]int64) func(history []porcupine.Operation) [][]porcupine.Operation {
	return func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := map[string][]porcupine.Operation{}
		for _, op := range history {
			code := op.Input.(input).Code
			if parts[code] == nil {
				parts[code] = append(parts[code], porcupine.Operation{
					Input: input{Code: code, Verb: doIssue, Amount: worth[code]}, Call: -2, Output: output{Result: done}, Return: -1,
				})
			}
			parts[code] = append(parts[code], op)
		}
		split := make([][]porcupine.Operation, 0, len(parts))
		for _, code := range slices.Sorted(maps.Keys(parts)) {
			split = append(split, parts[code])
		}
		return split
	}
}

// step tells whether an answer can be right in a state, and what is so afterwards.
func step(s state, in input, out output, reversible map[string]bool) (bool, state) {
	switch in.Verb {
	case doIssue:
		return true, state{balance: in.Amount}
	case doReserve:
		return s.reserve(in, out)
	case doCapture:
		return s.capture(in, out)
	case doRelease:
		if s.holder == in.Key {
			s.holder, s.reserved = "", 0
		}
		return out.Result == done, s
	case doRedeem:
		return s.redeem(in, out, reversible)
	case doReload:
		if out.Result == done {
			s.balance += in.Amount
			return !s.gone && !s.blocked, s
		}
		return out.Result == dead && (s.gone || s.blocked), s
	case doReverse:
		return s.reverse(in, out)
	case doRefund:
		return s.refund(in, out)
	case doBalance:
		return out.Result == done && out.Amount == s.balance, s
	case doBlock, doUnblock:
		return s.block(in, out)
	case doInvalidate:
		return s.invalidate(out)
	case doDay:
		return true, s.day()
	}
	return false, s
}

// perhaps is what an act that nobody was answered about leaves if it happened after all.
func perhaps(s state, in input, reversible map[string]bool) state {
	out := output{Result: done, Amount: in.Amount}
	switch in.Verb {
	case doReserve:
		out.Amount = min(in.Amount, s.balance)
	case doCapture:
		out.Amount = s.captured(in)
	case doReverse:
		if ok, next := s.reverse(in, output{Result: undone}); ok {
			return next
		}
		out.Result = never
	}
	if ok, next := step(s, in, out, reversible); ok {
		return next
	}
	return s
}

// usable is false for a code that nobody may be granted anything of.
func (s state) usable() bool { return !s.gone && !s.blocked }

func (s state) reserve(in input, out output) (bool, state) {
	switch out.Result {
	case done:
		if !s.usable() || s.holder != "" && s.holder != in.Key || s.balance == 0 || out.Amount != min(in.Amount, s.balance) {
			return false, s
		}
		s.holder, s.reserved, s.late, s.lateness, s.aged = in.Key, out.Amount, "", 0, 0
		return true, s
	case held:
		return s.usable() && s.holder != "" && s.holder != in.Key, s
	case short:
		return s.usable() && s.balance == 0, s
	case dead:
		return !s.usable() || s.balance == 0, s
	}
	return false, s
}

// daysMost is how many days may pass until an expired reservation can't be captured any more: a day to expire, and 72 hours.
const daysMost = 3

// day lets the live reservation expire, and an expired one age.
func (s state) day() state {
	switch {
	case s.holder != "":
		s.holder, s.reserved, s.late, s.lateness, s.aged = "", 0, s.holder, s.reserved, 1
	case s.late != "" && s.aged < daysMost:
		s.aged++
	case s.late != "":
		s.late, s.lateness, s.aged = "", 0, 0
	}
	return s
}

// captured is what a capture takes: what it names, or all that its reservation has.
func (s state) captured(in input) int64 {
	switch {
	case in.Amount > 0:
		return in.Amount
	case s.late == in.Key:
		return s.lateness
	}
	return s.reserved
}

func (s state) capture(in input, out output) (bool, state) {
	mine, most := s.holder == in.Key, s.reserved
	if s.late == in.Key {
		mine, most = true, s.lateness
	}
	switch out.Result {
	case done:
		if !mine || !s.usable() || out.Amount != s.captured(in) || out.Amount > most {
			return false, s
		}
		s.balance -= out.Amount
		s.holder, s.reserved, s.late, s.lateness, s.aged = "", 0, "", 0, 0
		return s.balance >= 0, s
	case short:
		return mine && s.usable() && in.Amount > most, s
	case ended:
		return !mine, s
	case dead:
		return !s.usable(), s
	}
	return false, s
}

func (s state) redeem(in input, out output, reversible map[string]bool) (bool, state) {
	barred := has(s.barred, in.Key)
	switch out.Result {
	case done:
		if barred || !s.usable() || s.holder != "" || s.balance < in.Amount || out.Amount != in.Amount {
			return false, s
		}
		s.balance -= in.Amount
		s.late, s.lateness, s.aged = "", 0, 0
		if reversible[in.Key] {
			s.taken = keep(s.taken, in.Key, in.Amount)
		}
		return true, s
	case held:
		return !barred && s.usable() && s.holder != "", s
	case short:
		return !barred && s.usable() && s.holder == "" && s.balance < in.Amount, s
	case dead:
		return !barred && (!s.usable() || s.balance == 0), s
	case never:
		return barred, s
	}
	return false, s
}

// reverse takes all that is left of a redemption back, or sees to it that it never will be.
func (s state) reverse(in input, out output) (bool, state) {
	rest, was := left(s.taken, in.Key)
	barred := has(s.barred, in.Key)
	switch out.Result {
	case undone:
		if barred {
			return true, s
		}
		if !was || rest == 0 || s.gone {
			return false, s
		}
		s.taken, s.barred = forget(s.taken, in.Key), s.barred+";"+in.Key
		s.balance += rest
		return true, s
	case never:
		if was {
			return false, s
		}
		if !barred {
			s.barred += ";" + in.Key
		}
		return true, s
	case fixed:
		return was && (s.gone || rest == 0), s
	}
	return false, s
}

// refund gives a part of a redemption back, never more than is left of it.
func (s state) refund(in input, out output) (bool, state) {
	rest, was := left(s.taken, in.Of)
	barred := has(s.barred, in.Of)
	switch out.Result {
	case done:
		if !was || rest < in.Amount || out.Amount != in.Amount || s.gone {
			return false, s
		}
		s.taken = keep(forget(s.taken, in.Of), in.Of, rest-in.Amount)
		s.balance += in.Amount
		return true, s
	case short:
		return !s.gone && (was && rest < in.Amount || barred), s
	case absent:
		return !was, s
	case dead:
		return s.gone, s
	}
	return false, s
}

func (s state) block(in input, out output) (bool, state) {
	if out.Result == dead {
		return s.gone, s
	}
	s.blocked = in.Verb == doBlock
	return out.Result == done && !s.gone, s
}

func (s state) invalidate(out output) (bool, state) {
	if out.Result != done {
		return out.Result == dead && s.gone, s
	}
	return true, state{gone: true, taken: s.taken, barred: s.barred}
}

// has finds a key in a list of ";key".
func has(list, key string) bool { return strings.Contains(list+";", ";"+key+";") }

// keep remembers what is left of a redemption.
func keep(list, key string, rest int64) string { return list + fmt.Sprintf(";%s=%d;", key, rest) }

// forget drops a redemption.
func forget(list, key string) string {
	rest, _ := left(list, key)
	return strings.Replace(list, fmt.Sprintf(";%s=%d;", key, rest), "", 1)
}

// left finds what is left of a redemption, and whether it is known at all.
func left(list, key string) (rest int64, known bool) {
	_, after, known := strings.Cut(list, ";"+key+"=")
	if !known {
		return 0, false
	}
	figure, _, _ := strings.Cut(after, ";")
	rest, err := strconv.ParseInt(figure, 10, 64)
	return rest, err == nil
}

func describe(in input, out output) string {
	return fmt.Sprintf("%s %s%s %d → %s %d", in.Verb, in.Key, in.Of, in.Amount, out.Result, out.Amount)
}
