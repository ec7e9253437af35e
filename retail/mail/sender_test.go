package mail_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/mail"
	"vouchsafe/retail/mail/mailtest"
)

const (
	from = "butik@bogladen.example"
	to   = "aase@example.org"
)

// plain is a small mail with everything that dot-stuffing can spoil.
var plain = []byte("From: <" + from + ">\r\nTo: <" + to + ">\r\nSubject: Hej\r\n\r\nHej\r\n.\r\n..\r\n.hidden\r\n\r\n")

func sender(t testing.TB, sink *mailtest.Sink) *mail.Sender {
	t.Helper()
	return newSender(t, mail.Config{URL: sink.URL(), Roots: sink.Roots()})
}

// newSender is patient for a second where the real one is for minutes.
func newSender(t testing.TB, config mail.Config) *mail.Sender {
	t.Helper()
	config.Prepare, config.Answer, config.Quit = time.Second, 300*time.Millisecond, 100*time.Millisecond
	s, err := mail.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// S1 to S6, I10: what the sender makes of each behaviour, and how many copies there are.
func TestOutcomeIsWhatTheServerSaidToTheFinalDot(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		behaviour mailtest.Behaviour
		want      mail.Kind
		code      int
		copies    int
	}{
		{"taken", mailtest.Accept, mail.Sent, 250, 1},
		{"S2: put off at the recipient", mailtest.Greylist, mail.Temporary, 451, 0},
		{"S3: no such recipient", mailtest.UnknownRecipient, mail.Permanent, 550, 0},
		{"we are not let through: nobody's mailbox is at fault", mailtest.UnknownSender, mail.Refused, 550, 0},
		{"S2: put off at the dot", mailtest.FullMailbox, mail.Temporary, 452, 0},
		{"a full mailbox in the old way passes too", mailtest.OldFullMailbox, mail.Temporary, 552, 0},
		{"a message too large for ever doesn't", mailtest.TooLarge, mail.Permanent, 552, 0},
		{"S3: refused at the dot", mailtest.RefuseMessage, mail.Permanent, 554, 0},
		{"S4: taken, and hung up before the answer", mailtest.CloseAfterDot, mail.InDoubt, 0, 1},
		{"S4: lost, and hung up before the answer", mailtest.LoseAfterDot, mail.InDoubt, 0, 0},
		{"S4: taken, and never answered", mailtest.HangAfterDot, mail.InDoubt, 0, 1},
		{"S5: 250, then hung up", mailtest.DropAfterAccept, mail.Sent, 250, 1},
		{"S5: 250, then QUIT hangs", mailtest.HangAtQuit, mail.Sent, 250, 1},
		{"S6: shut down in mid-session", mailtest.Shutdown, mail.Temporary, 421, 0},
		{"S6: shut down in mid-message", mailtest.ShutdownInData, mail.Temporary, 421, 0},
		{"S6: answers one octet at a time", mailtest.Drip, mail.Temporary, 0, 0},
		{"answers without end", mailtest.Talk, mail.Temporary, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sink := mailtest.Start(t)
			sink.Next(test.behaviour)
			got := sender(t, sink).Send(t.Context(), from, to, plain, nil)
			if got.Kind != test.want || got.Code != test.code || (got.Err == nil) != (test.want == mail.Sent) {
				t.Errorf("got %s %d (%v), want %s %d", got.Kind, got.Code, got.Err, test.want, test.code)
			}
			if copies := len(sink.Messages()); copies != test.copies {
				t.Errorf("%d copies, want %d", copies, test.copies)
			}
		})
	}
}

// S1: no connection, no name, no TLS, no sign-in: it is nobody's mailbox that is at fault.
func TestRefusedIsWhateverKeepsUsFromTheServer(t *testing.T) {
	t.Parallel()
	down, silent, silentTLS := mailtest.Start(t), mailtest.Start(t), mailtest.Start(t, mailtest.Options{Security: mailtest.TLS})
	down.Down()
	silent.Silence()
	silentTLS.Silence()
	open := mailtest.Start(t)
	secure := mailtest.Start(t, mailtest.Options{Security: mailtest.StartTLS})
	locked := mailtest.Start(t, mailtest.Options{Security: mailtest.StartTLS, SignIn: true})
	tests := []struct {
		name   string
		config mail.Config
		code   int
	}{
		{"nobody listens", mail.Config{URL: down.URL()}, 0},
		{"the name doesn't exist", mail.Config{URL: "smtp://mail.invalid"}, 0},
		{"the server never greets", mail.Config{URL: silent.URL()}, 0},
		{"the TLS handshake stalls", mail.Config{URL: silentTLS.URL(), Roots: silentTLS.Roots()}, 0},
		{"the server has no TLS", mail.Config{URL: strings.TrimSuffix(open.URL(), "?tls=none")}, 0},
		{"the certificate is a stranger's", mail.Config{URL: secure.URL()}, 0},
		{"no sign-in where one is asked for", mail.Config{URL: locked.URL(), Roots: locked.Roots()}, 530},
		{"a wrong password", mail.Config{URL: strings.Replace(locked.UserURL(), "s3cret", "wrong", 1), Roots: locked.Roots()}, 535},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := newSender(t, test.config).Send(t.Context(), from, to, plain, nil)
			if got.Kind != mail.Refused || got.Code != test.code {
				t.Errorf("got %s %d (%v), want refused %d", got.Kind, got.Code, got.Err, test.code)
			}
			if got.Err != nil && strings.Contains(got.Err.Error(), "s3cret") {
				t.Errorf("the password is in %q", got.Err)
			}
		})
	}
	for name, sink := range map[string]*mailtest.Sink{"open": open, "secure": secure, "locked": locked} {
		if len(sink.Messages()) > 0 {
			t.Errorf("the %s server got a mail", name)
		}
	}
}

func TestSendSignsInOverTLSAndLeavesTheOctetsAlone(t *testing.T) {
	t.Parallel()
	for name, security := range map[string]mailtest.Security{"STARTTLS": mailtest.StartTLS, "TLS": mailtest.TLS, "none": mailtest.Plain} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := mailtest.Start(t, mailtest.Options{Security: security, SignIn: true})
			got := newSender(t, mail.Config{URL: sink.UserURL(), Roots: sink.Roots()}).Send(t.Context(), from, to, plain, nil)
			if got.Kind != mail.Sent {
				t.Fatalf("got %s (%v)", got.Kind, got.Err)
			}
			message := sink.Messages()[0]
			if !bytes.Equal(message.Bytes, plain) {
				t.Errorf("got %q, want %q", message.Bytes, plain)
			}
			if message.From != from || !slices.Equal(message.Recipients, []string{to}) {
				t.Errorf("envelope from %s to %v", message.From, message.Recipients)
			}
			if sink.Farewells() != 1 {
				t.Errorf("%d farewells, want 1", sink.Farewells())
			}
		})
	}
}

// The row must be able to say "a copy may exist" before one does, and crash tests stop at every phase.
func TestWatchIsToldThePhasesInTheirOrder(t *testing.T) {
	t.Parallel()
	sink := mailtest.Start(t)
	var phases []mail.Phase
	got := sender(t, sink).Send(t.Context(), from, to, plain, func(p mail.Phase) error {
		if copies := len(sink.Messages()); p <= mail.Sending && copies > 0 || p == mail.Accepted && copies != 1 {
			t.Errorf("phase %d: %d copies", p, copies)
		}
		phases = append(phases, p)
		return nil
	})
	want := []mail.Phase{mail.Connected, mail.Recipient, mail.Sending, mail.Dot, mail.Accepted}
	if diff := cmp.Diff(want, phases); diff != "" || got.Kind != mail.Sent {
		t.Errorf("%s; phases (-want +got):\n%s", got.Kind, diff)
	}
}

func TestWatchCanStopAnAttemptUntilTheDotAndNotAfter(t *testing.T) {
	t.Parallel()
	away := errors.New("the database is away")
	for phase := mail.Connected; phase <= mail.Accepted; phase++ {
		sink := mailtest.Start(t)
		got := sender(t, sink).Send(t.Context(), from, to, plain, func(p mail.Phase) error {
			if p == phase {
				return away
			}
			return nil
		})
		want, copies := mail.Temporary, 0
		if phase > mail.Sending {
			want, copies = mail.Sent, 1
		}
		if got.Kind != want || len(sink.Messages()) != copies {
			t.Errorf("phase %d: %s and %d copies, want %s and %d", phase, got.Kind, len(sink.Messages()), want, copies)
		}
		if want == mail.Temporary && !errors.Is(got.Err, away) {
			t.Errorf("phase %d: %v doesn't wrap the watch's error", phase, got.Err)
		}
	}
}

func TestAContextThatEndsStopsTheAttemptAtOnceBeforeTheDot(t *testing.T) {
	t.Parallel()
	sink := mailtest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	got := sender(t, sink).Send(ctx, from, to, plain, func(p mail.Phase) error {
		if p == mail.Sending {
			cancel()
			<-ctx.Done()
		}
		return nil
	})
	if got.Kind != mail.Temporary || len(sink.Messages()) != 0 {
		t.Errorf("got %s (%v) and %d copies, want temporary and none", got.Kind, got.Err, len(sink.Messages()))
	}
}

// A gateway that is told to stop waits a moment for the answer that is on its way, rather than be in doubt.
func TestAContextThatEndsAfterTheDotLeavesTimeForTheAnswer(t *testing.T) {
	t.Parallel()
	sink := mailtest.Start(t)
	sink.Next(mailtest.AnswerLate)
	ctx, cancel := context.WithCancel(t.Context())
	got := sender(t, sink).Send(ctx, from, to, plain, func(p mail.Phase) error {
		if p == mail.Dot {
			cancel()
		}
		return nil
	})
	if got.Kind != mail.Sent {
		t.Errorf("got %s (%v), want sent", got.Kind, got.Err)
	}
}

// A server that talks without end is hung up on for what it said, long before its time is over.
func TestAServerThatTalksWithoutEndIsHungUpOn(t *testing.T) {
	t.Parallel()
	sink := mailtest.Start(t)
	sink.Next(mailtest.Talk)
	s, err := mail.New(mail.Config{URL: sink.URL(), Prepare: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if got := s.Send(ctx, from, to, plain, nil); got.Kind != mail.Temporary || ctx.Err() != nil {
		t.Errorf("got %s (%v), context %v", got.Kind, got.Err, ctx.Err())
	}
}

func TestSendRefusesWhatTheWireWouldChange(t *testing.T) {
	t.Parallel()
	sink := mailtest.Start(t)
	s := sender(t, sink)
	tests := []struct {
		name, from, to, message string
	}{
		{"a bare line feed", from, to, "Subject: x\r\n\r\na\nb\r\n"},
		{"a smuggled end", from, to, "Subject: x\r\n\r\na\n.\r\nMAIL FROM:<x@example.org>\r\n"},
		{"a bare return", from, to, "Subject: x\r\n\r\na\rb\r\n"},
		{"eight bits", from, to, "Subject: x\r\n\r\nå\r\n"},
		{"NUL", from, to, "Subject: x\r\n\r\n\x00\r\n"},
		{"a line too long", from, to, "Subject: x\r\n\r\n" + strings.Repeat("x", 999) + "\r\n"},
		{"no end of the last line", from, to, "Subject: x\r\n\r\na"},
		{"a second recipient", from, to + ">\r\nRCPT TO:<x@example.org", "Subject: x\r\n\r\na\r\n"},
		{"a parameter behind the recipient", from, `"a@b.org> ORCPT=x"@example.org`, "Subject: x\r\n\r\na\r\n"},
		{"a sender with brackets", "<" + from + ">", to, "Subject: x\r\n\r\na\r\n"},
	}
	for _, test := range tests {
		got := s.Send(t.Context(), test.from, test.to, []byte(test.message), nil)
		if got.Kind != mail.Permanent || !errors.Is(got.Err, mail.ErrMalformed) {
			t.Errorf("%s: %s (%v), want ErrMalformed", test.name, got.Kind, got.Err)
		}
	}
	if sink.Attempts() != 0 {
		t.Errorf("%d attempts reached the server", sink.Attempts())
	}
}

func TestNewRefusesAServerThatItWouldMisunderstand(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "mail.example.org:587", "http://mail.example.org", "smtp://", "smtp://user:s3cret@", "smtp://h:70000", "smtp://h:x",
		"smtp://mail.example.org?tls=none", "smtp://10.0.0.1?tls=none", "smtps://localhost?tls=none", "smtp://h?tls=maybe",
		"smtp://h?starttls=off", "smtp://h/path", "smtp://user:s3cret%@h",
	} {
		_, err := mail.New(mail.Config{URL: url})
		if err == nil {
			t.Errorf("%q: no error", url)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the password is in %q", err)
		}
	}
}

func TestServerFillsInThePort(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"smtp://u:p@mail.example.org": "mail.example.org:587", "smtps://mail.example.org": "mail.example.org:465",
		"smtp://localhost?tls=none": "localhost:25", "smtp://[::1]:1025?tls=none": "[::1]:1025",
	} {
		s, err := mail.New(mail.Config{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Server(); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
}

func TestCheckSignsInAndSendsNothing(t *testing.T) {
	t.Parallel()
	sink := mailtest.Start(t, mailtest.Options{Security: mailtest.StartTLS, SignIn: true})
	if err := newSender(t, mail.Config{URL: sink.UserURL(), Roots: sink.Roots()}).Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := newSender(t, mail.Config{URL: sink.URL()}).Check(t.Context()); err == nil {
		t.Error("a certificate of a stranger: no error")
	}
	if len(sink.Messages()) != 0 || sink.Attempts() != 0 {
		t.Error("the check sent something")
	}
}
