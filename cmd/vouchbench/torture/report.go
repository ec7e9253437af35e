package torture

import (
	"cmp"
	"slices"
	"time"
)

// Report is what came of it.
type Report struct {
	Options    Options          `json:"options"`
	Requests   int64            `json:"requests"`
	Vouchers   int              `json:"vouchers"`
	Orders     int              `json:"orders"`
	Accounts   int              `json:"accounts"` // acts on customers' accounts
	Mails      int              `json:"mails"`
	Outcomes   map[string]int   `json:"outcomes"`         // answers by verb and result
	Latencies  map[string]Spent `json:"latencies"`        // of answers, by verb
	UnderFault map[string]Spent `json:"under_fault"`      // of all answers, by the fault that was under way when they were asked for
	Faults     map[string]int   `json:"faults"`           // by name
	Deaths     map[string]int   `json:"deaths,omitempty"` // of gateways, by failpoint
	Recovered  time.Duration    `json:"recovered"`        // after the last fault, until nothing was pending
	Violations []Violation      `json:"violations"`
	Dir        string           `json:"dir"` // where the evidence lies
}

// Spent is how long answers took.
type Spent struct {
	Count int           `json:"count"`
	P50   time.Duration `json:"p50"`
	P99   time.Duration `json:"p99"`
	Max   time.Duration `json:"max"`
}

// spent sums up durations.
func spent(took []time.Duration) Spent {
	slices.Sort(took)
	at := func(percent int) time.Duration { return took[min(len(took)-1, len(took)*percent/100)] }
	return Spent{Count: len(took), P50: at(50), P99: at(99), Max: took[len(took)-1]}
}

// latencies are those of all answers, by verb and by fault.
func (h *history) latencies() (byVerb, byFault map[string]Spent) {
	verbs, faults := map[string][]time.Duration{}, map[string][]time.Duration{}
	h.mu.Lock()
	for _, a := range h.attempts {
		verb, fault, took := string(a.in.Verb), cmp.Or(a.during, "none"), a.back-a.called
		verbs[verb], faults[fault] = append(verbs[verb], took), append(faults[fault], took)
	}
	h.mu.Unlock()
	byVerb, byFault = map[string]Spent{}, map[string]Spent{}
	for verb, took := range verbs {
		byVerb[verb] = spent(took)
	}
	for fault, took := range faults {
		byFault[fault] = spent(took)
	}
	return byVerb, byFault
}
