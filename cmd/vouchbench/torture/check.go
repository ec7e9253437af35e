package torture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/mail/mailbox"
)

// Violation is something that must never be.
type Violation struct {
	Invariant string `json:"invariant"` // what must hold
	Evidence  string `json:"evidence"`
}

// Undecided is no proof of a fault: a history was too tangled to be judged.
const Undecided = "every history can be judged"

// histories checks that each code's history can be explained (I7, and with it I1, I3, I4, I11, I12). What can't be is drawn and
// written down.
func (t *torture) histories(kept books) (found []Violation) {
	c := t.crowd
	c.pool.mu.RLock()
	worth := maps.Clone(c.pool.worth)
	c.pool.mu.RUnlock()
	rules := model(worth, c.reversible)
	for i, ops := range rules.Partition(c.book.operations(kept)) {
		if t.options.Hasty && len(found) > 0 {
			break
		}
		within := checkWithin
		if t.options.Hasty {
			within = hastyCheck
		}
		outcome, info := porcupine.CheckOperationsVerbose(rules, ops, within)
		if outcome == porcupine.Ok {
			continue
		}
		name := filepath.Join(t.dir(), fmt.Sprintf("history-%d", i))
		err := errors.Join(porcupine.VisualizePath(rules, info, name+".html"), os.WriteFile(name+".txt", []byte(told(ops)), 0o600))
		invariant, why := "linearizable", "no order of the acts explains what everybody was told"
		if outcome == porcupine.Unknown {
			invariant, why = Undecided, fmt.Sprintf("no order of the acts was found within %s, nor that there is none", checkWithin)
		}
		found = append(found, Violation{invariant, fmt.Sprintf("%s: see %s.html and .txt %v", why, name, err)})
	}
	return found
}

// told is a history in the order in which the acts began, for people to read.
func told(ops []porcupine.Operation) string {
	ops = slices.Clone(ops)
	slices.SortFunc(ops, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	var out strings.Builder
	for _, op := range ops {
		fmt.Fprintf(&out, "%14s %14s  %s\n", time.Duration(op.Call).Round(time.Microsecond), time.Duration(op.Return).Round(time.Microsecond),
			describe(op.Input.(input), op.Output.(output)))
	}
	return out.String()
}

// replies checks that no act was answered twice differently, and that nobody was answered what no rule has (I5).
func replies(book *history) (found []Violation) {
	for _, text := range book.contradictions() {
		found = append(found, Violation{"one answer for one key", text})
	}
	for _, text := range book.unwanted() {
		found = append(found, Violation{"answers that the rules have", text})
	}
	return found
}

const countUnits = `
SELECT
	split_part(key, '/', 1) AS order,
	count(*) AS units
FROM act
WHERE kind = 'issue' AND owner = $1
GROUP BY 1`

// issued checks that every paid unit has exactly one voucher, and no other has one (I8).
func issued(ctx context.Context, conn *pgx.Conn, shop string, sold []sale) ([]Violation, error) {
	rows, _ := conn.Query(ctx, countUnits, "shop:"+shop) // rows carry the error on
	type made struct {
		Order string
		Units int
	}
	counts, err := pgx.CollectRows(rows, pgx.RowToStructByName[made])
	if err != nil {
		return nil, fmt.Errorf("count the vouchers: %w", err)
	}
	units := map[string]int{}
	for _, c := range counts {
		units[c.Order] = c.Units
	}
	var found []Violation
	for _, s := range sold {
		want := 0
		if s.Paid {
			want = s.units()
		}
		if units[s.Order] != want {
			found = append(found, Violation{"one voucher for each paid unit", fmt.Sprintf("%s: %d vouchers, %d units were paid", s.Order, units[s.Order], want)})
		}
	}
	return found, nil
}

// mailed checks that every recipient got the codes of his order and no other, in few copies of the same bytes (I9, I10).
func mailed(mails []mailbox.Message, sold []sale) (found []Violation) {
	post := &post{owners: map[string]string{}, got: map[string]map[string]bool{}, copies: map[string]int{}, bytes: map[string]string{}}
	for _, m := range mails {
		found = append(found, post.open(m)...)
	}
	for id, n := range post.copies {
		if n > copiesMost {
			found = append(found, Violation{"at most three copies", fmt.Sprintf("%s: %d", id, n)})
		}
	}
	bought := map[string]int{}
	for _, s := range sold {
		for _, line := range s.Lines {
			if s.Paid {
				bought[line.Recipient] = line.Units
			}
		}
	}
	for to, want := range bought {
		if len(post.got[to]) != want {
			found = append(found, Violation{"every code reaches its recipient", fmt.Sprintf("%s: %d codes, want %d", to, len(post.got[to]), want)})
		}
	}
	for to := range post.got {
		if bought[to] == 0 {
			found = append(found, Violation{"nobody gets a code that was not bought for him", to})
		}
	}
	return found
}

// post is what came by mail.
type post struct {
	owners map[string]string          // recipient by code
	got    map[string]map[string]bool // codes by recipient
	copies map[string]int             // by Message-ID
	bytes  map[string]string          // by Message-ID
}

// open reads one mail.
func (p *post) open(m mailbox.Message) (found []Violation) {
	codes, err := m.Codes()
	seen, inspected := m.Inspect()
	if err := errors.Join(err, inspected); err != nil || len(m.Recipients) != 1 || len(codes) > 1 {
		return []Violation{{"one recipient and one code in a mail", fmt.Sprintf("%v: %d codes: %v", m.Recipients, len(codes), err)}}
	}
	p.copies[seen.MessageID]++
	if earlier, known := p.bytes[seen.MessageID]; known && earlier != string(m.Bytes) {
		found = append(found, Violation{"every copy has the same bytes", seen.MessageID})
	}
	p.bytes[seen.MessageID] = string(m.Bytes)
	if len(codes) == 0 {
		return found
	}
	to := m.Recipients[0]
	if other, known := p.owners[codes[0]]; known && other != to {
		found = append(found, Violation{"nobody gets another's code", to + " and " + other})
	}
	p.owners[codes[0]] = to
	if p.got[to] == nil {
		p.got[to] = map[string]bool{}
	}
	p.got[to][codes[0]] = true
	return found
}
