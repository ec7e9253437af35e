package torture

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// attempt is one request and what came of it.
type attempt struct {
	client       int
	called, back time.Duration // since the start; back is 0 while nothing came
	in           input
	out          output
	answer       string // the part of the answer that every repeat must have, for acts that were done
	during       string // the fault that was under way when it began
}

// history is what everybody was told. It is safe for concurrent use.
type history struct {
	mu       sync.Mutex
	attempts []attempt
	days     []day
}

// day is an instant at which every reservation expired: somewhere between the two.
type day struct{ called, back time.Duration }

// passed notes that a day has passed. It is a step in the history of every code.
func (h *history) passed(d day) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.days = append(h.days, d)
}

func (h *history) add(a attempt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.attempts = append(h.attempts, a)
}

// len counts the attempts.
func (h *history) len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.attempts)
}

// act is what all attempts under one name were about: the same request, in every word.
type act = input

// isState tells what may be asked for again and again, each time for itself: states and readings, unlike acts, which happen once.
func (v verb) isState() bool {
	switch v {
	case doReserve, doRelease, doBalance, doBlock, doUnblock, doInvalidate:
		return true
	}
	return false
}

// settles tells whether an attempt says that an act happened, or was taken back.
func (a attempt) settles() bool {
	return !a.in.Verb.isState() && (a.out.Result == done || a.out.Result == undone)
}

// open tells that an answer doesn't say whether the act happened: there was none, or it was a fault, which is reported by itself.
func (o output) open() bool { return o.Result == unknown || o.Result == unwanted }

// lingers is how long after its client gave up an act may still be under way: a gateway settles or drops it in 10 s, and may have been
// stopped for a while.
const lingers = 20 * time.Second

// operations are the history as porcupine takes it. All attempts under one name that say "done" are one act, which began with the first
// attempt of all and ended with the first such answer. A refusal has changed nothing, so it is a reading of its own. What nobody was
// answered about may have happened until long after, unless another attempt under its name tells when it was done, or nobody was
// answered anything about the code any more, or the books show no trace of it.
func (h *history) operations(kept books) []porcupine.Operation {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := sorting{
		first: map[act]int64{}, done: map[act]*porcupine.Operation{}, open: map[act][]*porcupine.Operation{}, begun: map[string]int64{}, last: map[string]int64{},
	}
	for _, a := range h.attempts {
		s.take(a)
	}
	ops := s.plain
	for name, op := range s.done {
		op.Call = s.first[name]
		ops = append(ops, *op)
	}
	for name, open := range s.open {
		if s.done[name] != nil && !name.Verb.isState() {
			continue
		}
		for _, op := range open {
			if op.Call <= s.last[name.Code] && kept.mayHaveBeen(name) {
				ops = append(ops, *op)
			}
		}
	}
	return append(ops, s.calendar(h.days)...)
}

// sorting is the way from attempts to operations.
type sorting struct {
	first map[act]int64                  // when each act was asked for first
	plain []porcupine.Operation          // readings, refusals and states
	done  map[act]*porcupine.Operation   // acts that happened
	open  map[act][]*porcupine.Operation // what nobody was answered about
	begun map[string]int64               // when each code was asked for first
	last  map[string]int64               // when somebody was answered last about each code
}

// calendar are the days that passed while a code was in use, of every code: before that it has no reservation, and after it nobody sees
// what became of one.
func (s *sorting) calendar(days []day) (ops []porcupine.Operation) {
	for code, last := range s.last {
		for _, d := range days {
			if int64(d.back) >= s.begun[code] && int64(d.called) <= last {
				in := input{Code: code, Verb: doDay}
				ops = append(ops, porcupine.Operation{Input: in, Call: int64(d.called), Output: output{Result: done}, Return: int64(d.back)})
			}
		}
	}
	return ops
}

// opensMost is how often a state that was asked for again and again, without an answer, may have come about: once by what was on its
// way, and once more after something undid it.
const opensMost = 2

func (s *sorting) take(a attempt) {
	op := &porcupine.Operation{ClientId: a.client, Input: a.in, Call: int64(a.called), Output: a.out, Return: int64(a.back)}
	if since, known := s.first[a.in]; !known || op.Call < since {
		s.first[a.in] = op.Call
	}
	if since, known := s.begun[a.in.Code]; !known || op.Call < since {
		s.begun[a.in.Code] = op.Call
	}
	if !a.out.open() {
		s.last[a.in.Code] = max(s.last[a.in.Code], op.Return)
	}
	switch {
	case a.settles():
		if known := s.done[a.in]; known == nil || op.Return < known.Return {
			s.done[a.in] = op
		}
	case !a.out.open():
		s.plain = append(s.plain, *op)
	case a.in.Verb != doBalance:
		op.Output, op.Return = output{Result: unknown}, op.Return+int64(lingers)
		s.leaveOpen(a.in, op)
	}
}

// leaveOpen adds an attempt that nobody was answered about. An act happens once, however often it was tried.
func (s *sorting) leaveOpen(name act, op *porcupine.Operation) {
	most := 1
	if name.Verb.isState() {
		most = opensMost
	}
	known := s.open[name]
	if len(known) < most {
		s.open[name] = append(known, op)
		return
	}
	latest := known[most-1]
	latest.Call, latest.Return = min(latest.Call, op.Call), max(latest.Return, op.Return)
}

// contradictions are the acts whose answers differ from one another (I5).
func (h *history) contradictions() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	said := map[act]string{}
	var found []string
	for _, a := range h.attempts {
		if !a.settles() || a.answer == "" {
			continue
		}
		name := a.in
		if earlier, known := said[name]; known && earlier != a.answer {
			found = append(found, string(a.in.Verb)+" "+a.in.Key+" was answered "+earlier+" and "+a.answer)
		}
		said[name] = a.answer
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// acknowledged are the keys of the acts that somebody was told are done, by verb, with the amounts.
func (h *history) acknowledged() map[act]int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	told := map[act]int64{}
	for _, a := range h.attempts {
		if a.settles() && a.out.Result == done {
			told[a.in] = a.out.Amount
		}
	}
	return told
}

// unwanted are the answers that no rule of the model has.
func (h *history) unwanted() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	found := map[string]bool{}
	for _, a := range h.attempts {
		if a.out.Result == unwanted {
			found[string(a.in.Verb)+": "+a.answer] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// outcomes count the attempts by what came of them.
func (h *history) outcomes() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	counts := map[string]int{}
	for _, a := range h.attempts {
		counts[string(a.in.Verb)+" "+string(a.out.Result)]++
	}
	return counts
}
