package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vouchsafe/gateway/edge"
)

// paper takes what a log writes, and counts how often it comes.
type paper struct {
	mu    sync.Mutex
	text  bytes.Buffer
	times int
}

func (p *paper) Write(some []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.times++
	return p.text.Write(some)
}

// has wants so many lines, which came at so many times, all of them whole.
func (p *paper) has(t *testing.T, lines, times int) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if got := strings.Count(p.text.String(), "\n"); got != lines || p.times != times {
		t.Errorf("%d lines at %d times, want %d at %d", got, p.times, lines, times)
	}
	for line := range strings.Lines(p.text.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not a whole line: %q", line)
		}
	}
}

func TestLinesOfTheLogLeaveTogetherAfterAMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out paper
		log, _ := newLog(&out, slog.LevelInfo)
		for range 3 {
			log.Info(edge.Requested)
		}
		out.has(t, 0, 0)
		<-time.After(toldWithin + time.Millisecond)
		synctest.Wait()
		out.has(t, 3, 1)
		log.With("a", "b").WithGroup("c").Info(edge.Requested)
		<-time.After(toldWithin + time.Millisecond)
		synctest.Wait()
		out.has(t, 4, 2)
	})
}

func TestWhatIsUrgentInTheLogLeavesAtOnceBehindWhatWasSaidBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out paper
		log, flush := newLog(&out, slog.LevelInfo)
		log.Info(edge.Requested)
		log.With("a", "b").Warn("redis is away")
		out.has(t, 2, 1)
		log.Info("serving")
		out.has(t, 3, 2)
		log.Info(edge.Requested)
		log.Debug("not at this level")
		flush()
		out.has(t, 4, 3)
		flush()
		out.has(t, 4, 3)
	})
}

func TestALogThatIsBusyWaitsForNoMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out paper
		log, flush := newLog(&out, slog.LevelInfo)
		said := strings.Repeat("x", toldTogether/2)
		log.Info(edge.Requested, "said", said)
		log.Info(edge.Requested, "said", said)
		out.has(t, 2, 1)
		flush()
	})
}

// TestNoLineIsLostWhenADaemonIsStopped asks for something and stops the daemon within the moment that lines may wait.
func TestNoLineIsLostWhenADaemonIsStopped(t *testing.T) {
	t.Parallel()
	d := install(t).serves()
	d.wants(http.StatusUnauthorized, "nobody", http.MethodGet, "/v1/admin/shops?q=lastwords", "")
	d.stops()
	log := d.log.String()
	if !strings.Contains(log, `"route":"/v1/admin/shops"`) || !strings.Contains(log, `"msg":"stopped"`) {
		t.Errorf("the log lacks its last lines:\n%s", log)
	}
}
