package turnover

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrBroken says that more was taken out of an account than its journal had put in.
var ErrBroken = errors.New("the journal takes more than there is")

// Line is a line of the journal, as far as it matters here.
type Line struct {
	Account  string
	Seq      int64 // 1, 2, 3 … per account
	Act      string
	Kind     string
	Contra   string
	Amount   int64 // minor units; positive raises what is owed
	Currency string
	At       time.Time
}

// Fate is what became of one amount that was sold, in minor units. Sold is the sum of the other five.
type Fate struct {
	Account  string // of the line that sold it
	Seq      int64
	Currency string
	At       time.Time
	Sold     int64

	Redeemed    int64
	Refunded    int64
	Expired     int64
	Adjusted    int64
	Outstanding int64
}

// add counts an amount to a place; a negative one comes back from it.
func (f *Fate) add(place Move, amount int64) {
	f.Outstanding -= amount
	switch place {
	case Redeemed:
		f.Redeemed += amount
	case Refunded, PaidOut, Fees:
		f.Refunded += amount
	case Expired:
		f.Expired += amount
	default:
		f.Adjusted += amount
	}
}

// Follow follows what was sold through the lines of accounts that have moved value among each other: all lines of all of them, each
// account's in order. The fates are in the order of account and number. Error: ErrBroken.
func Follow(lines []Line) ([]Fate, error) {
	w := newWalk(lines)
	for w.left > 0 {
		if err := w.round(); err != nil {
			return nil, err
		}
	}
	fates := make([]Fate, len(w.fates))
	for i, f := range w.fates {
		fates[i] = *f
	}
	slices.SortFunc(fates, func(a, b Fate) int { return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Seq, b.Seq)) })
	return fates, nil
}

// transfer names the lines that move value among accounts in one go.
type transfer struct{ act, kind, currency string }

// walk is a way through the journals of several accounts. Lines that move value wait for one another.
type walk struct {
	order  []string // of accounts, so that the same lines give the same fates
	queues map[string][]Line
	piles  map[string]*pile
	pairs  map[transfer]int // how many lines each has
	left   int
	fates  []*Fate
}

func newWalk(lines []Line) *walk {
	w := &walk{queues: map[string][]Line{}, piles: map[string]*pile{}, pairs: map[transfer]int{}, left: len(lines)}
	for _, l := range lines {
		if w.piles[l.Account] == nil {
			w.piles[l.Account] = &pile{}
			w.order = append(w.order, l.Account)
		}
		w.queues[l.Account] = append(w.queues[l.Account], l)
		if l.move() == Moved {
			w.pairs[l.transfer()]++
		}
	}
	slices.Sort(w.order)
	return w
}

func (l Line) move() Move {
	move, _ := MoveOf(l.Kind, l.Contra)
	return move
}

func (l Line) transfer() transfer { return transfer{l.Act, l.Kind, l.Currency} }

// round goes through all accounts as far as each can, and then settles the transfers whose lines are all at the head. When nothing
// moves, a line waits for one that is not there: it is settled alone.
func (w *walk) round() error {
	before := w.left
	ready := map[transfer][]Line{}
	for _, account := range w.order {
		if err := w.advance(account); err != nil {
			return err
		}
		if queue := w.queues[account]; len(queue) > 0 {
			ready[queue[0].transfer()] = append(ready[queue[0].transfer()], queue[0])
		}
	}
	for _, account := range w.order {
		queue := w.queues[account]
		if len(queue) == 0 {
			continue
		}
		if together := ready[queue[0].transfer()]; len(together) == w.pairs[queue[0].transfer()] {
			if err := w.settle(together); err != nil {
				return err
			}
		}
	}
	if w.left < before || w.left == 0 {
		return nil
	}
	return w.settle([]Line{w.earliest()})
}

// advance takes an account's lines up to the next that waits for others.
func (w *walk) advance(account string) error {
	for queue := w.queues[account]; len(queue) > 0 && queue[0].move() != Moved; queue = w.queues[account] {
		fate, err := w.piles[account].apply(queue[0])
		if err != nil {
			return fmt.Errorf("line %d of account %s: %w", queue[0].Seq, account, err)
		}
		if fate != nil {
			w.fates = append(w.fates, fate)
		}
		w.pop(account)
	}
	return nil
}

func (w *walk) pop(account string) { w.queues[account], w.left = w.queues[account][1:], w.left-1 }

// earliest is the line to go on with when all wait.
func (w *walk) earliest() (first Line) {
	for _, account := range w.order {
		if queue := w.queues[account]; len(queue) > 0 && (first.Account == "" || queue[0].At.Before(first.At)) {
			first = queue[0]
		}
	}
	return first
}

// settle moves layers from the accounts that give to those that get. What nobody gets was adjusted away, and what nobody gave was granted.
func (w *walk) settle(together []Line) error {
	var moving []layer
	for _, l := range together {
		if l.Amount < 0 {
			taken, err := w.piles[l.Account].oldest(-l.Amount)
			if err != nil {
				return fmt.Errorf("line %d of account %s: %w", l.Seq, l.Account, err)
			}
			moving = append(moving, taken...)
		}
		w.pop(l.Account)
	}
	for _, l := range together {
		if l.Amount > 0 {
			moving = w.piles[l.Account].receive(moving, l.Amount)
		}
	}
	for _, rest := range moving {
		rest.spend(Adjusted, rest.left)
	}
	return nil
}
