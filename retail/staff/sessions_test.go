package staff

import (
	"errors"
	"testing"
	"time"

	"vouchsafe/retail/retailtest"
)

func TestASessionEndsWhenNobodyUsesItAndAfterADay(t *testing.T) {
	t.Parallel()
	e := opens(t)
	session := e.enters(e.anna(operator()))
	passed := time.Duration(0)
	is := func(after time.Duration, live bool) {
		t.Helper()
		passed += after
		retailtest.ShiftClock(t, e.pool, passed)
		who, err := e.Authenticate(t.Context(), session.Token.Reveal())
		if live && (err != nil || who.Person != session.Person.ID || who.Role != Manager) || !live && !errors.Is(err, ErrUnauthorized) {
			t.Errorf("after %s: %+v, %v", passed, who, err)
		}
	}
	is(0, true)
	for passed < SessionMost-15*time.Minute {
		is(14*time.Minute, true)
	}
	is(SessionMost-passed, false)

	session = e.enters(e.adds("Bo", "bo@example.dk", operator()))
	is(14*time.Minute, true)
	is(15*time.Minute, false)
	if err := e.CleanSessions(t.Context()); err != nil {
		t.Fatal(err)
	}
	retailtest.ShiftClock(t, e.pool, passed+sessionsKept+SessionMost)
	if err := e.CleanSessions(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := e.pool.QueryRow(t.Context(), `SELECT count(*) FROM session`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d sessions are left, %v", left, err)
	}
}

func TestASessionEndsAtOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		end  func(e *entrance, by SignedIn) error
	}{
		{"signing out", func(e *entrance, by SignedIn) error { return e.SignOut(e.t.Context(), by) }},
		{"being disabled", func(e *entrance, by SignedIn) error {
			_, _, err := e.Disable(e.t.Context(), by.Person, operator())
			return err
		}},
		{"a reset", func(e *entrance, by SignedIn) error {
			_, _, err := e.Reset(e.t.Context(), by.Person, operator())
			return err
		}},
		{"another password at another place", func(e *entrance, by SignedIn) error {
			return e.ChangePassword(e.t.Context(), SignedIn{Session: "another", Person: by.Person}, chosen, "a short walk to the bench")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := opens(t)
			session := e.enters(e.anna(operator()))
			by, err := e.Authenticate(t.Context(), session.Token.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := tt.end(e, by); err != nil && !errors.Is(err, ErrSignIn) { // the password has changed the second time
					t.Fatal(err)
				}
			}
			if _, err := e.Authenticate(t.Context(), session.Token.Reveal()); !errors.Is(err, ErrUnauthorized) {
				t.Errorf("the session goes on: %v", err)
			}
		})
	}
}
