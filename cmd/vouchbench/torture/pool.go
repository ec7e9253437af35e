package torture

import (
	"math/rand/v2"
	"sync"
)

// actsMost is after how many draws a code leaves the play: its history must stay short enough to be checked.
const actsMost = 150

// pool are the codes that there are. A few of them are in play at a time, so that they are contended; the others follow.
type pool struct {
	mu    sync.RWMutex
	most  int // in play
	worth map[string]int64
	stock []string // not drawn yet
	play  []*played
}

// played is a code in play.
type played struct {
	code  string
	draws int
}

func newPool(most int) *pool { return &pool{most: max(1, most), worth: map[string]int64{}} }

// add brings codes into circulation; known ones are left as they are. The newest come into play first.
func (p *pool) add(minor int64, codes ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, code := range codes {
		if _, known := p.worth[code]; !known {
			p.worth[code] = minor
			p.stock = append(p.stock, code)
		}
	}
}

// draw takes one of the codes in play.
func (p *pool) draw(random *rand.Rand) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.play) < p.most && p.refill(len(p.play)) {
	}
	at := random.IntN(len(p.play))
	chosen := p.play[at]
	chosen.draws++
	if chosen.draws >= actsMost {
		p.refill(at)
	}
	return chosen.code
}

// two draws two different codes.
func (p *pool) two(random *rand.Rand) (one, other string) {
	one = p.draw(random)
	for range 8 {
		if other = p.draw(random); other != one {
			return one, other
		}
	}
	return one, ""
}

// refill puts the newest of the stock into a place of the play; false when there is none left.
func (p *pool) refill(at int) bool {
	if len(p.stock) == 0 {
		return false
	}
	next := &played{code: p.stock[len(p.stock)-1]}
	p.stock = p.stock[:len(p.stock)-1]
	if at == len(p.play) {
		p.play = append(p.play, next)
	} else {
		p.play[at] = next
	}
	return true
}

// len counts the codes that there are.
func (p *pool) len() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return len(p.worth)
}

// spare tells whether a code may be ended: others wait to take its place.
func (p *pool) spare() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return len(p.stock) > 0
}

// all are the codes that there are.
func (p *pool) all() []string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	codes := make([]string, 0, len(p.worth))
	for code := range p.worth {
		codes = append(codes, code)
	}
	return codes
}
