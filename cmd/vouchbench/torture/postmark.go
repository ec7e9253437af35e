package torture

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"vouchsafe/retail/mail/mailbox"
	"vouchsafe/retail/mail/mailtest"
)

// postmarks note when each mail was seen first, by the clock of the books.
type postmarks struct {
	sink *mailtest.Sink
	// Seconds by which the clock of the books was moved ahead: for certain, and at most, while it is being moved. Its steps back are not
	// among them, since they would make pauses look short.
	moved, moving *atomic.Int64

	mu     sync.Mutex
	came   []postmark
	looked time.Time // when it was looked last
	opened int       // how many were read for their codes
}

// postmark says between which two instants a mail came.
type postmark struct{ after, before time.Time }

// look returns the mails that there are, and notes the new ones.
func (p *postmarks) look() []mailbox.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	began := time.Now().Add(time.Duration(p.moved.Load()) * time.Second)
	messages := p.sink.Messages()
	now := time.Now().Add(time.Duration(p.moving.Load()) * time.Second)
	for range messages[len(p.came):] {
		p.came = append(p.came, postmark{p.looked, now})
	}
	p.looked = began
	return messages
}

// fresh are the codes in the mails that came since it was asked last.
func (p *postmarks) fresh() (codes []string) {
	messages := p.look()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range messages[min(p.opened, len(messages)):] {
		found, _ := m.Codes() // a mail that can't be read is found by the check of mails
		codes = append(codes, found...)
	}
	p.opened = max(p.opened, len(messages))
	return codes
}

const (
	copiesMost = 3                // copies of one mail that there may be
	doubtPause = 15 * time.Minute // between a copy in doubt and the next
)

// hurried are the mails that were repeated although nobody could know yet whether they had arrived. Mails of an earlier attempt that
// the server surely refused are not among what came.
func (p *postmarks) hurried() (found []Violation) {
	messages := p.look()
	last := map[string]postmark{}
	for i, m := range messages {
		seen, err := m.Inspect()
		if err != nil {
			continue // found by the check of mails
		}
		earlier, known := last[seen.MessageID]
		if apart := p.came[i].before.Sub(earlier.after); known && apart < doubtPause {
			found = append(found, Violation{"a mail in doubt is not repeated at once", fmt.Sprintf("%s: again within %s", seen.MessageID, apart)})
		}
		last[seen.MessageID] = p.came[i]
	}
	return found
}
