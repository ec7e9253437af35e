package relay

import (
	"errors"
	"io"
	"sync/atomic"
)

const (
	// smallBytes of each body are free: a usual order has less, and is never refused for the large ones of others.
	smallBytes = 64 << 10
	// largeBytes are there for all that is longer, of all bodies together. Whoever sends a body has not shown yet that he
	// is a shop, so that a thousand slow senders must not fill the memory.
	largeBytes = 8 << 20
)

// errCrowded says that too many large bodies are arriving at once.
var errCrowded = errors.New("too many large bodies at once")

// intake bounds what bodies take of the memory before their signature is known. The zero intake is empty.
type intake struct {
	taken atomic.Int64
}

// read reads a whole body. Call done when its bytes are no longer needed.
func (i *intake) read(body io.Reader) (text []byte, done func(), err error) {
	m := &metered{Reader: body, intake: i}
	text, err = io.ReadAll(m)
	return text, func() { i.taken.Add(-m.taken) }, err
}

// metered takes room in the intake as bytes arrive.
type metered struct {
	io.Reader
	intake      *intake
	size, taken int64
}

// Read reads on while there is room.
func (m *metered) Read(into []byte) (int, error) {
	n, err := m.Reader.Read(into)
	m.size += int64(n)
	need := m.size - smallBytes - m.taken
	if need <= 0 {
		return n, err
	}
	m.taken += need
	if m.intake.taken.Add(need) > largeBytes {
		return n, errCrowded
	}
	return n, err
}
