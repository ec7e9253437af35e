package relay

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// W4: what strangers send at once is bounded, and does not keep a usual order out.
func TestLargeBodiesShareWhatThereIs(t *testing.T) {
	t.Parallel()
	var i intake
	var dones []func()
	const large = 1 << 20
	for len(dones) <= largeBytes/large {
		text, done, err := i.read(strings.NewReader(strings.Repeat("x", large)))
		dones = append(dones, done)
		if err != nil || len(text) != large {
			if !errors.Is(err, errCrowded) {
				t.Fatalf("body %d: %d bytes, %v", len(dones), len(text), err)
			}
		}
	}
	if _, done, err := i.read(io.LimitReader(strings.NewReader(strings.Repeat("x", large)), large)); !errors.Is(err, errCrowded) {
		t.Errorf("one more: %v", err)
	} else {
		done()
	}
	if _, done, err := i.read(strings.NewReader(strings.Repeat("x", smallBytes))); err != nil {
		t.Errorf("a usual one: %v", err)
	} else {
		done()
	}
	for _, done := range dones {
		done()
	}
	if left := i.taken.Load(); left != 0 {
		t.Errorf("%d bytes are still taken", left)
	}
}
