package main

import (
	"strings"
	"testing"
)

// TestABrokenInvariantIsARedMarkUntilItIsSound goes through the red mark from end to end: the command
// finds it and exits 1, /readyz of a running daemon says so at once and goes on serving, the office has a
// task, and all of it is over when the next proof is sound.
func TestABrokenInvariantIsARedMarkUntilItIsSound(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	m.buys(1)
	m.delivers(d)
	m.mails(2)
	marked := func(state, status, says string) {
		t.Helper()
		r := d.wants(200, "", "GET", "/readyz", "")
		if r.at("checks.verify.state") != state || r.at("status") != status || !strings.Contains(r.text, says) {
			t.Errorf("/readyz says %s, want %s, %s and %q", r.text, state, status, says)
		}
	}
	marked("ok", "ready", "not run yet")

	m.writes(`UPDATE voucher SET balance = balance + 1`)
	said, err := m.tries("verify")
	if err == nil || !strings.Contains(said, "BROKEN  a balance is the sum of its journal") {
		t.Errorf("verify says %v\n%s", err, said)
	}
	marked("failed", "degraded", "found 1 broken")
	if n := m.count(`SELECT count(*) FROM task WHERE kind = 'verify' AND closed_at IS NULL`); n != 1 {
		t.Errorf("%d tasks, want 1", n)
	}

	m.writes(`UPDATE voucher SET balance = balance - 1`)
	m.does("verify")
	marked("ok", "ready", "sound at ")
	if n := m.count(`SELECT count(*) FROM task WHERE kind = 'verify' AND closed_at IS NULL`); n != 0 {
		t.Errorf("%d tasks, want none", n)
	}
}
