package outbox

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// decision is one case: the row as it stands, the handler's answer, and what becomes of the row.
type decision struct {
	name  string
	given standing
	when  Result
	want  verdict
}

func decides(t *testing.T, decisions []decision) {
	for _, test := range decisions {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := decide(test.given, test.when)
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(verdict{})); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}

// noon is when every case is decided; first is the first attempt then.
func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func first() standing {
	return standing{Attempt: 1, GiveUpAt: noon().Add(72 * time.Hour), At: noon()}
}

func with(change func(*standing)) standing {
	s := first()
	change(&s)
	return s
}

func TestDecideWhatEnds(t *testing.T) {
	t.Parallel()
	marked := with(func(s *standing) { s.Copies, s.CopyAttempt = 1, 1 })
	decides(t, []decision{
		{"done is done", first(), Done(), verdict{state: StateDone}},
		{"done keeps its copy", marked, Done(), verdict{state: StateDone, copies: 1, copyAttempt: 1}},
		{"done outranks a cancellation", with(func(s *standing) { s.Cancelling = true }), Done(), verdict{state: StateDone}},
		{
			"a cancellation outranks a bounce", with(func(s *standing) { s.Cancelling = true }),
			Bounced("550"),
			verdict{state: StateCancelled, reason: "550"},
		},
		{
			"a cancellation outranks doubt", with(func(s *standing) { s.Cancelling, s.Copies, s.CopyAttempt = true, 1, 1 }),
			InDoubt("EOF"),
			verdict{state: StateCancelled, reason: "EOF", copies: 1, copyAttempt: 1},
		},
		{"a bounce uncounts its copy", marked, Bounced("550"), verdict{state: StateBounced, reason: "550", task: "bounced"}},
		{
			"a copy of an earlier attempt stays counted", with(func(s *standing) { s.Attempt, s.Copies, s.CopyAttempt = 2, 1, 1 }),
			RetryAfter(time.Minute, "451"),
			verdict{state: StatePending, reason: "451", due: in(time.Minute), copies: 1, copyAttempt: 1},
		},
		{
			"a first doubt is repeated after 15 minutes", marked,
			InDoubt("EOF"),
			verdict{state: StateInDoubt, reason: "EOF", due: in(15 * time.Minute), doubts: 1, copies: 1},
		},
		{
			"a second doubt rests with the office", with(func(s *standing) { s.Doubts, s.Copies = 1, 2 }),
			InDoubt("EOF"),
			verdict{state: StateInDoubt, reason: "EOF", task: "in_doubt", doubts: 2, copies: 2},
		},
		{
			"a doubt with three copies rests with the office", with(func(s *standing) { s.Copies = 3 }),
			InDoubt("EOF"),
			verdict{state: StateInDoubt, reason: "EOF", task: "in_doubt", doubts: 1, copies: 3},
		},
		{"laid aside without the office", first(), Wait("needs_address"), verdict{state: StateWaiting, reason: "needs_address"}},
		{
			"laid aside for the office", first(),
			Wait("needs_address").WithTask(),
			verdict{state: StateWaiting, reason: "needs_address", task: "needs_address"},
		},
	})
}

func TestDecideWhatGoesOn(t *testing.T) {
	t.Parallel()
	decides(t, []decision{
		{"the first pause is 5 seconds", first(), Backoff("refused"), verdict{state: StatePending, reason: "refused", due: in(5 * time.Second), tries: 1}},
		{
			"pauses double", with(func(s *standing) { s.Tries = 3 }),
			Backoff("refused"),
			verdict{state: StatePending, reason: "refused", due: in(40 * time.Second), tries: 4},
		},
		{
			"the longest pause is 6 hours", with(func(s *standing) { s.Tries = 1000 }),
			Backoff("refused"),
			verdict{state: StatePending, reason: "refused", due: in(6 * time.Hour), tries: 1001},
		},
		{
			"the last try is at the time to give up", with(func(s *standing) { s.Tries, s.GiveUpAt = 1000, noon().Add(time.Hour) }),
			Backoff("refused"),
			verdict{state: StatePending, reason: "refused", due: in(time.Hour), tries: 1001},
		},
		{
			"after that it is given up", with(func(s *standing) { s.GiveUpAt = noon() }),
			RetryAfter(time.Minute, "451"),
			verdict{state: StateFailed, reason: "given up: 451", task: "failed"},
		},
		{
			"held, it waits", with(func(s *standing) { s.OnHold = true }),
			Backoff("refused"),
			verdict{state: StateWaiting, reason: "held", due: in(0), tries: 1},
		},
		{"a stopping process hands it on", first(), Result{outcome: released}, verdict{state: StatePending, due: in(0)}},
		{
			"even after the time to give up", with(func(s *standing) { s.GiveUpAt = noon() }),
			Result{outcome: released},
			verdict{state: StatePending, due: in(0)},
		},
		{"no answer is tried again", first(), Result{}, verdict{state: StatePending, reason: noAnswer, due: in(5 * time.Second), tries: 1}},
	})
}

func TestRefusedAnswersForTheRow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		err  error
		want outcome
	}{
		{"the row is another's", ErrLost, settled},
		{"the row says that it is cancelled", ErrCancelled, released},
		{"the row says that it is held", ErrHeld, released},
		{"copies are used up", ErrCopies, inDoubt},
		{"the database is away", errors.New("connection refused"), backOff},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := Refused(test.err).outcome; got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestClipMakesReasonsThatPostgreSQLTakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, given, want string }{
		{"a plain reason stays", "550 5.1.1", "550 5.1.1"},
		{"U+0000 goes", "a\x00b", "ab"},
		{"broken UTF-8 is replaced", "a\xffb", "a?b"},
		{"a long one ends between runes", strings.Repeat("ø", 400), strings.Repeat("ø", 250)},
		{"a long one of odd width too", "a" + strings.Repeat("ø", 400), "a" + strings.Repeat("ø", 249)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := clip(test.given); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Two that collided never wait equally long, though their numbers are neighbours.
func TestSpreadKeepsNeighboursApart(t *testing.T) {
	t.Parallel()
	for repeat := range collisions {
		for backend := uint32(4000); backend < 4100; backend++ {
			if spread(backend, repeat) == spread(backend+1, repeat) {
				t.Errorf("backends %d and %d wait equally long at repeat %d", backend, backend+1, repeat)
			}
		}
	}
}
