package conformance

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
)

// judgement is a rule for clients. It returns how often there was an occasion for it, and what broke it.
type judgement struct {
	id, text string
	wants    string // what it takes to try the rule
	of       func(all []*seen) (occasions int, faults []string)
}

func judgements() []judgement {
	return []judgement{
		{"same-key", "An act whose end is unknown is asked for again under its key, or recovered, or taken back: never done under another key",
			"let it reserve, capture or redeem several times", judgeSameKey},
		{"same-content", "A key names the same act for ever", "let it repeat an act", judgeSameContent},
		{"take-back", "Whoever gives an act up sends DELETE first", "let it reserve, capture or redeem several times", judgeTakeBack},
		{"retry-after", "Retry-After is waited for", "let it meet a 503", judgeRetryAfter},
		{"one-order", "A reservation is captured for one order", "let it capture", judgeOneOrder},
		{"no-code-in-url", "Codes travel in bodies, never in a path or query", "let it ask for a code", judgeURLs},
		{"buyer", "A shop says whose browser a code was typed into", "let a shop look a code up or reserve it", judgeBuyer},
		{"released", "What is not captured is released", "let it reserve, and cancel an order", judgeReleased},
		{"webhook", "A webhook is sent until it is accepted", "let it tell of several orders", judgeWebhooks},
	}
}

// judge holds what a client did against the rules.
func judge(all []*seen) Sheet {
	var sheet Sheet
	for _, j := range judgements() {
		occasions, faults := j.of(all)
		l := Line{ID: j.id, Rule: j.text, Verdict: OK, Evidence: fmt.Sprintf("%d times", occasions)}
		switch {
		case len(faults) > 0:
			l.Verdict, l.Evidence = NotOK, strings.Join(faults, "; ")
		case occasions == 0:
			l.Verdict, l.Evidence = NotTried, j.wants
		}
		l.Evidence = redact(l.Evidence, all)
		sheet = append(sheet, l)
	}
	return sheet
}

// codes are those that the client has sent.
func (c *seen) codes() (found []string) {
	if code := c.word("code"); code != "" {
		found = append(found, code)
	}
	several, _ := c.fields["codes"].([]any)
	for _, one := range several {
		if code, _ := one.(string); code != "" {
			found = append(found, code)
		}
	}
	return found
}

// redact takes all codes out of a text.
func redact(text string, all []*seen) string {
	for _, c := range all {
		for _, code := range c.codes() {
			text = strings.ReplaceAll(text, code, "CODE")
		}
	}
	return text
}

// unknown tells whether the client can't know from the answer what became of the act.
func (c *seen) unknown() bool {
	return c.status == 0 || c.status == http.StatusConflict && c.wait > 0 || c.status == http.StatusTooManyRequests || c.status >= 500
}

// settles tells whether this call shows its client what became of an earlier act.
func (c *seen) settles(open *seen) bool {
	if c.unknown() || c.who != open.who {
		return false
	}
	if c.act() == open.act() {
		return true
	}
	return c.key == open.key && (c.verb == gets || c.verb == deletes || c.verb == releases && open.verb == captures)
}

// loose is an act without a known end: never settled, and perhaps done anew under another key.
type loose struct {
	first   *seen
	instead *seen // nil if nothing was
}

// looseEnds are the acts of these verbs that were left open; tried is how many were open at any time.
func looseEnds(all []*seen, verbs ...verb) (tried int, ends []loose) {
	known := map[string]bool{}
	for i, c := range all {
		if !c.unknown() || !slices.Contains(verbs, c.verb) || known[c.act()] {
			continue
		}
		known[c.act()] = true
		tried++
		if end, open := follow(c, all[i+1:]); open {
			ends = append(ends, end)
		}
	}
	return tried, ends
}

// follow looks what the client did after an act whose end it didn't know.
func follow(c *seen, later []*seen) (end loose, open bool) {
	for _, next := range later {
		if next.settles(c) {
			return loose{}, false
		}
		if c.verb == puts && next.verb == puts && next.who == c.who && next.key != c.key && kindOf(next) == kindOf(c) &&
			next.word("code") != "" && next.word("code") == c.word("code") {
			return loose{c, next}, true
		}
	}
	return loose{first: c}, true
}

// kindOf a PUT is the path without its key.
func kindOf(c *seen) string { return strings.TrimSuffix(c.path, c.key) }

func (c *seen) String() string {
	text := string(c.verb) + " " + c.path
	if c.status != 0 {
		return fmt.Sprintf("%s (%d)", text, c.status)
	}
	return text + " (no answer)"
}

// fate is what happened to the call.
func (c *seen) fate() string {
	if c.did == fair {
		return fmt.Sprintf("answered %d by the gateway, or given up by the client", c.status)
	}
	return string(c.did)
}

func judgeSameKey(all []*seen) (occasions int, faults []string) {
	tried, ends := looseEnds(all, puts, captures)
	for _, end := range ends {
		if end.instead != nil {
			faults = append(faults, fmt.Sprintf("%s was %s; then the same code went into %s", end.first, end.first.fate(), end.instead))
		}
	}
	return tried, faults
}

func judgeTakeBack(all []*seen) (occasions int, faults []string) {
	tried, ends := looseEnds(all, puts, captures)
	for _, end := range ends {
		if end.instead == nil {
			faults = append(faults, fmt.Sprintf("%s was %s; nobody ever asked what became of it", end.first, end.first.fate()))
		}
	}
	return tried, faults
}

func judgeSameContent(all []*seen) (occasions int, faults []string) {
	first := map[string]*seen{}
	for _, c := range all {
		if c.verb != puts {
			continue
		}
		before := first[c.act()]
		if before == nil {
			first[c.act()] = c
			continue
		}
		occasions++
		same := reflect.DeepEqual(before.fields, c.fields)
		if kindOf(c) == "/v1/reservations/" { // its PUT says what shall be: only the code stays
			same = before.word("code") == c.word("code")
		}
		if !same {
			faults = append(faults, fmt.Sprintf("%s was sent with other content under its key", c))
		}
	}
	return occasions, faults
}

// early is how much too early a repeat may come: clocks have grains.
const early = 20 * time.Millisecond

func judgeRetryAfter(all []*seen) (occasions int, faults []string) {
	for i, c := range all {
		if c.wait == 0 || !c.unknown() {
			continue
		}
		for _, next := range all[i+1:] {
			if next.act() != c.act() {
				continue
			}
			occasions++
			if waited := next.begun.Sub(c.ended); waited < time.Duration(c.wait)*time.Second-early {
				faults = append(faults, fmt.Sprintf("%s said Retry-After: %d and was repeated after %s", c, c.wait, waited.Round(time.Millisecond)))
			}
			break
		}
	}
	return occasions, faults
}

func judgeOneOrder(all []*seen) (occasions int, faults []string) {
	orders := map[string]string{}
	for _, c := range all {
		if c.verb != captures {
			continue
		}
		for _, key := range c.captured() {
			name := c.who + " " + key
			before, again := orders[name]
			orders[name] = c.word("order")
			occasions++
			if again && before != c.word("order") {
				faults = append(faults, fmt.Sprintf("reservation %s was captured for order %q and for order %q", key, before, c.word("order")))
			}
		}
	}
	return occasions, faults
}

// captured are the keys of the reservations that a call captures.
func (c *seen) captured() (keys []string) {
	several, are := c.fields["reservations"].([]any)
	if !are {
		return []string{c.key}
	}
	for _, one := range several {
		if object, _ := one.(map[string]any); object != nil {
			key, _ := object["key"].(string)
			keys = append(keys, key)
		}
	}
	return keys
}

func judgeURLs(all []*seen) (occasions int, faults []string) {
	var codes []string
	for _, c := range all {
		codes = append(codes, c.codes()...)
	}
	for _, c := range all {
		occasions++
		query, _ := url.ParseQuery(c.query) // what can't be read is searched as it is
		if query.Has("code") || query.Has("codes") || query.Has("holder") {
			faults = append(faults, fmt.Sprintf("%s has a query that names a code or holder", c))
			continue
		}
		for _, code := range codes {
			if strings.Contains(c.path+"?"+c.query, code) {
				faults = append(faults, fmt.Sprintf("%s has a code in its address", c))
				break
			}
		}
	}
	return occasions, faults
}

func judgeBuyer(all []*seen) (occasions int, faults []string) {
	shops := map[string]bool{} // API keys that reserve for a holder: no register does
	for _, c := range all {
		shops[c.who] = shops[c.who] || c.verb == puts && c.word("holder") != ""
	}
	for _, c := range all {
		if !shops[c.who] || len(c.codes()) == 0 || c.verb != puts && c.verb != looksUp {
			continue
		}
		occasions++
		buyer, _ := c.fields["buyer"].(map[string]any)
		if buyer["ip"] == nil && buyer["session"] == nil {
			faults = append(faults, fmt.Sprintf("%s names no buyer", c))
		}
	}
	return occasions, faults
}

func judgeReleased(all []*seen) (occasions int, faults []string) {
	held := map[string]*seen{}
	var order []string
	for _, c := range all {
		name := c.who + " " + c.key
		switch {
		case c.verb == puts && kindOf(c) == "/v1/reservations/" && !c.unknown() && c.status < 300:
			if held[name] == nil {
				order = append(order, name)
			}
			held[name] = c
			occasions++
		case c.verb == captures:
			for _, key := range c.captured() {
				delete(held, c.who+" "+key)
			}
		case c.verb == releases || c.verb == deletes:
			delete(held, name)
		}
	}
	for _, name := range order {
		if c := held[name]; c != nil {
			faults = append(faults, fmt.Sprintf("%s was neither captured nor released", c))
		}
	}
	return occasions, faults
}

func judgeWebhooks(all []*seen) (occasions int, faults []string) {
	tried, ends := looseEnds(all, tells)
	for _, end := range ends {
		faults = append(faults, fmt.Sprintf("a webhook was %s, and never sent again under its id", end.first.fate()))
	}
	return tried, faults
}
