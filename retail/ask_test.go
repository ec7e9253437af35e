package retail

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// Whoever asks while somebody is looking is told what a look sees that began after he had asked, and all who wait share that one.
func TestNobodyIsToldWhatWasSoBeforeHeAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s asks[int]
		var looks, world atomic.Int64
		first := make(chan struct{})
		look := func() (int, error) {
			seen := int(world.Load())
			if looks.Add(1) == 1 {
				<-first
			}
			return seen, nil
		}
		var running sync.WaitGroup
		running.Go(func() {
			if seen, _ := s.share("shop", look); seen != 0 {
				t.Errorf("the first is told %d, want 0", seen)
			}
		})
		synctest.Wait()
		world.Store(1) // after the first has looked
		for range 20 {
			running.Go(func() {
				if seen, _ := s.share("shop", look); seen != 1 {
					t.Errorf("one who came later is told %d, want 1", seen)
				}
			})
		}
		synctest.Wait()
		close(first)
		running.Wait()
		if n := looks.Load(); n != 2 {
			t.Errorf("%d looks, want 2", n)
		}
		if len(s.now) != 0 {
			t.Errorf("%d looks are still remembered", len(s.now))
		}
	})
}

func TestAFailedLookIsToldToAllWhoShareItAndToNobodyLater(t *testing.T) {
	t.Parallel()
	var s asks[int]
	away := errors.New("away")
	if _, err := s.share("shop", func() (int, error) { return 0, away }); !errors.Is(err, away) {
		t.Errorf("got %v, want %v", err, away)
	}
	if seen, err := s.share("shop", func() (int, error) { return 7, nil }); seen != 7 || err != nil {
		t.Errorf("got %d, %v; want 7", seen, err)
	}
}
