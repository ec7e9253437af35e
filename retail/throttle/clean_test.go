package throttle

import (
	"testing"

	"vouchsafe/retail/hold/holdtest"
)

func TestAnInnocentIsBelievedForAMoment(t *testing.T) {
	t.Parallel()
	at := &clock{at: noon}
	server := holdtest.Start(t)
	client := open(t, server.URL())
	one, other := gateway(client, at), gateway(client, at)
	if got := one.Allow(t.Context(), till); !got.OK {
		t.Fatalf("nobody guessed: got %+v", got)
	}
	guesses(t, other, 20, till)
	if got := one.Allow(t.Context(), till); !got.OK {
		t.Errorf("within the moment Redis is not asked: got %+v", got)
	}
	at.passes(cleanFor)
	if got := one.Allow(t.Context(), till); got.OK {
		t.Error("after it what the other gateway counted is seen, and refused")
	}
}

func TestOwnCountIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	at := &clock{at: noon}
	gate := gateway(open(t, holdtest.Start(t).URL()), at)
	gate.Allow(t.Context(), till)
	guesses(t, gate, 20, till)
	if got := gate.Allow(t.Context(), till); got.OK {
		t.Error("a register that this process saw guess is let through")
	}
}
