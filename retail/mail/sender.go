package mail

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// Phase is a point of an attempt at which a caller may want to write something down, or to crash in a test.
type Phase int

const (
	Connected Phase = iota + 1 // the server greeted us and let us in; nothing was said about a message
	Recipient                  // the server accepts the recipient
	Sending                    // all but the final dot is out: from here on a copy may exist
	Dot                        // the final dot is out, its answer unread
	Accepted                   // the server answered 2xx: the copy exists
)

// Watch is told the phases of one attempt, in their order. An error up to and including Sending ends the attempt
// with nothing handed over; later ones change nothing. It may be nil.
type Watch func(Phase) error

// Sender sends mails through one server, one connection for each: no message can end up in another's conversation,
// and no answer can be taken for another's. It is safe for concurrent use.
type Sender struct {
	server                server
	hello                 string
	config                Config
	prepare, answer, quit time.Duration
}

// New returns a sender for the configured server. It opens no connection; see Check.
func New(config Config) (*Sender, error) {
	server, err := parseServer(config.URL)
	if err != nil {
		return nil, err
	}
	return &Sender{
		server:  server,
		hello:   cmp.Or(config.HelloName, "localhost"),
		config:  config,
		prepare: cmp.Or(config.Prepare, prepareFor),
		answer:  cmp.Or(config.Answer, answerFor),
		quit:    cmp.Or(config.Quit, quitFor),
	}, nil
}

// Server is the host and port that mails are sent to, for logs.
func (s *Sender) Server() string { return net.JoinHostPort(s.server.host, s.server.port) }

// Check connects, signs in and leaves: what `check` and a readiness page want to know.
func (s *Sender) Check(ctx context.Context) error {
	a, err := s.connect(ctx)
	if err != nil {
		return fmt.Errorf("connect to mail server %s: %w", s.Server(), err)
	}
	a.hangUp()
	return nil
}

// Send makes one attempt to hand one message to the server, octet for octet, for one recipient; from and to are
// plain addresses and become the envelope. It is over within 12 minutes, and within seconds once ctx ends.
//
// What the server answered to the final dot decides, and nothing else: a connection that breaks after its 250, or a
// farewell that hangs, leaves the mail Sent. Send never tries twice.
func (s *Sender) Send(ctx context.Context, from, to string, message []byte, watch Watch) Outcome {
	if err := checkWire(from, to, message); err != nil {
		return Outcome{Kind: Permanent, Err: err}
	}
	if watch == nil {
		watch = func(Phase) error { return nil }
	}
	a, err := s.connect(ctx)
	if err != nil {
		return failed("connect to mail server "+s.Server(), err, Refused)
	}
	defer a.hangUp()
	if outcome, ok := a.prepare(from, to, message, watch); !ok {
		return outcome
	}
	return a.finish(ctx, watch)
}

// attempt is one connection, from the server's greeting to our farewell.
type attempt struct {
	client *smtp.Client
	line   *line
	data   *smtp.DataCloser
	open   bool               // the message is begun and its final dot is not out
	cause  func() error       // why the phase ended early, or nil
	stop   func() bool        // lets go of the line; false when the phase has ended and hung up
	end    context.CancelFunc // of the phases before the final dot
	quit   time.Duration
	answer time.Duration
}

func (s *Sender) connect(ctx context.Context) (*attempt, error) {
	a := &attempt{quit: s.quit, answer: s.answer}
	ctx, a.end = context.WithTimeout(ctx, s.prepare)
	a.cause = func() error { return context.Cause(ctx) }
	client, err := gomail.NewClient(s.server.host, s.options(ctx, a)...)
	if err == nil {
		a.client, err = client.DialToSMTPClientWithContext(ctx)
	}
	if err == nil {
		err = a.line.SetDeadline(time.Time{}) // the library's own; from here on the contexts rule
	}
	if err != nil {
		err = a.because(err)
		a.drop()
		return nil, err
	}
	return a, nil
}

func (s *Sender) options(phase context.Context, a *attempt) []gomail.Option {
	port, _ := strconv.Atoi(s.server.port) // checked by parseServer
	options := []gomail.Option{
		gomail.WithPort(port),
		gomail.WithHELO(s.hello),
		gomail.WithTimeout(s.prepare),
		gomail.WithTLSConfig(s.config.tls(s.server.host)),
		gomail.WithoutSMTPUTF8(),
		gomail.WithDialContextFunc(func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := s.dial(ctx, a) // by ourselves: the library's own address is wrong for IPv6
			if err == nil {
				a.stop = a.line.until(phase) // before a word is said, so that a slow greeting is hung up on in time
			}
			return conn, err
		}),
	}
	plain, login := gomail.SMTPAuthPlain, gomail.SMTPAuthLogin
	switch s.server.security {
	case implicitTLS:
		options = append(options, gomail.WithSSL())
	case noTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
		plain, login = gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.server.user != "" {
		options = append(options, gomail.WithUsername(s.server.user), gomail.WithPassword(s.server.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, plain, login))
	}
	return options
}

// dial opens the line; with smtps:// the TLS handshake is part of it, and of its time.
func (s *Sender) dial(ctx context.Context, a *attempt) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Server())
	if err != nil {
		return nil, err
	}
	a.line = &line{Conn: conn}
	if s.server.security != implicitTLS {
		return a.line, nil
	}
	secure := tls.Client(a.line, s.config.tls(s.server.host))
	return secure, secure.HandshakeContext(ctx)
}

// prepare does all that is harmless to interrupt: the message is out but for its final dot, and the server forgets
// it when the line breaks.
func (a *attempt) prepare(from, to string, message []byte, watch Watch) (Outcome, bool) {
	if err := watch(Connected); err != nil {
		return failed("begin", err, Temporary), false
	}
	if err := a.client.Mail("<" + from + ">"); err != nil {
		return failed("name the sender", a.because(err), Refused), false
	}
	if err := a.client.Rcpt("<" + to + ">"); err != nil {
		return failed("name the recipient", a.because(err), Temporary), false
	}
	if err := watch(Recipient); err != nil {
		return failed("begin the message", err, Temporary), false
	}
	if err := a.write(message); err != nil {
		return failed("send the message", a.because(err), Temporary), false
	}
	if err := watch(Sending); err != nil {
		return failed("write down that the message is being sent", err, Temporary), false
	}
	if !a.stop() {
		return failed("send the message", a.because(net.ErrClosed), Temporary), false
	}
	return Outcome{}, true
}

func (a *attempt) write(message []byte) error {
	writer, err := a.client.Data()
	if err != nil {
		return err
	}
	data, ok := writer.(*smtp.DataCloser)
	if !ok {
		return fmt.Errorf("unexpected writer %T", writer)
	}
	a.data, a.open = data, true
	if _, err := data.Write(message); err != nil {
		return err
	}
	return a.client.Text.W.Flush()
}

// finish sends the dot and reads the answer itself: the library's Close hides a dot that didn't go out, and its
// Send reports a broken farewell as a failure.
func (a *attempt) finish(ctx context.Context, watch Watch) Outcome {
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.answer)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(graceFor, cancel) })()
	a.cause, a.stop = func() error { return context.Cause(final) }, a.line.until(final)
	defer a.stop() // before cancel, which would hang up

	dot := a.data.WriteCloser.Close()
	a.open = false
	_ = watch(Dot) // too late to stop
	code, text, err := a.client.Text.ReadResponse(2)
	if err != nil {
		return failed("read the answer to the message", a.because(errors.Join(err, dot)), InDoubt)
	}
	_ = watch(Accepted) // true whatever the caller makes of it
	return Outcome{Kind: Sent, Code: code, Text: CleanLine(text)}
}

// hangUp says good-bye, within its own short limit, and closes the line. An unfinished message gets no farewell: the
// library would end it with a dot first, and so send what was to be stopped.
func (a *attempt) hangUp() {
	a.stop()
	if a.open {
		a.drop()
		return
	}
	farewell, cancel := context.WithTimeout(context.Background(), a.quit)
	defer cancel()
	defer a.line.until(farewell)()
	_ = a.client.Quit() // nothing depends on it
	a.drop()
}

func (a *attempt) drop() {
	if a.stop != nil {
		a.stop()
	}
	if a.line != nil {
		_ = a.line.Close()
	}
	a.end()
}

// because adds why a line was closed under a caller's feet: "use of closed network connection" helps nobody.
func (a *attempt) because(err error) error {
	if cause := a.cause(); cause != nil {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// checkWire refuses what would be changed on its way or end a message early: line ends other than CRLF (SMTP
// smuggling), lines over 998 octets, anything but ASCII, addresses that are not the plain form.
func checkWire(from, to string, message []byte) error {
	for _, address := range []string{from, to} {
		if plain, err := ParseAddress(address); err != nil || plain != address {
			return fmt.Errorf("%w: an address of the envelope", ErrMalformed)
		}
	}
	if !bytes.HasSuffix(message, []byte("\r\n")) {
		return fmt.Errorf("%w: the last line has no end", ErrMalformed)
	}
	for line := range bytes.SplitSeq(bytes.TrimSuffix(message, []byte("\r\n")), []byte("\r\n")) {
		if len(line) > 998 {
			return fmt.Errorf("%w: a line of %d octets", ErrMalformed, len(line))
		}
		if bytes.ContainsFunc(line, func(r rune) bool { return r == '\r' || r == '\n' || r == 0 || r > 126 }) {
			return fmt.Errorf("%w: a character that mail can't carry as it is", ErrMalformed)
		}
	}
	return nil
}
