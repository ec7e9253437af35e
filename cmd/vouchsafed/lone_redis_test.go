package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A daemon with a database and no Redis runs a Redis of its own, which another daemon beside it shares: a code that one of them holds
// is held for the other, and /readyz says what is missing.
func TestDaemonsWithoutARedisShareOne(t *testing.T) {
	t.Parallel()
	m := opens(t)
	m.env = slices.DeleteFunc(m.env, func(setting string) bool { return strings.HasPrefix(setting, "VOUCHSAFE_REDIS_URL=") })
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	_, dir := private(t)
	first, second := m.starts(exec.Command(program, dir, "serve")), m.starts(exec.Command(program, dir, "serve"))
	code := m.sells(first, 1)[0]
	first.wants(201, m.shop, "PUT", "/v1/reservations/r", reserving(code, "cart"))
	if r := second.wants(409, m.till, "PUT", "/v1/redemptions/t", redeeming(code)); r.at("code") != "held_elsewhere" {
		t.Errorf("the other daemon says %s", r.text)
	}
	if r := first.wants(200, "", "GET", "/readyz", ""); !strings.Contains(r.text, "no Redis is configured") {
		t.Errorf("readyz says %s", r.text)
	}
	second.stops()
	first.stops()
}
