package mailtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/mail/mailbox"
)

// Security is how a sink protects its line.
type Security int

const (
	Plain    Security = iota // no TLS
	StartTLS                 // STARTTLS is offered
	TLS                      // TLS from the first octet
)

// The account of sinks that ask for a sign-in; others ignore one.
const (
	User     = "shop"
	Password = "s3cret:/@"
)

// Options are what a sink can be besides plain and open to all.
type Options struct {
	Security Security
	SignIn   bool // mail is taken from User only
}

// Sink is a running server. It is safe for concurrent use; it ends with its test.
type Sink struct {
	options     Options
	certificate tls.Certificate
	roots       *x509.CertPool
	address     string
	conns       sync.WaitGroup
	ctx         context.Context // ends with the sink, and with it whatever hangs
	end         context.CancelFunc

	mu        sync.Mutex
	listener  net.Listener // nil while the sink is down
	silent    bool
	open      map[net.Conn]bool
	next      []Behaviour
	of        map[string][]Behaviour
	messages  []mailbox.Message
	attempts  int
	farewells int
	changed   chan struct{}
}

// Start runs a sink on a free port of the loopback, until its test ends.
func Start(t testing.TB, options ...Options) *Sink {
	t.Helper()
	s, err := Open(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Open runs a sink on a free port of the loopback, until Close.
func Open(options ...Options) (*Sink, error) {
	s := &Sink{open: map[net.Conn]bool{}, of: map[string][]Behaviour{}, changed: make(chan struct{}), address: "127.0.0.1:0"}
	s.ctx, s.end = context.WithCancel(context.Background())
	for _, o := range options {
		s.options = o
	}
	if s.options.Security != Plain {
		s.borrowCertificate()
	}
	return s, s.listen()
}

// Close ends the sink, and with it whatever hangs.
func (s *Sink) Close() {
	s.end()
	s.Down()
}

// borrowCertificate takes the one that httptest has for 127.0.0.1.
func (s *Sink) borrowCertificate() {
	lender := httptest.NewTLSServer(nil)
	defer lender.Close()
	s.certificate = lender.TLS.Certificates[0]
	s.roots = x509.NewCertPool()
	s.roots.AddCert(lender.Certificate())
}

// Roots are the authorities under which a TLS sink is trusted; nil for a plain one.
func (s *Sink) Roots() *x509.CertPool { return s.roots }

// URL is what mail.Config wants, without a user.
func (s *Sink) URL() string { return s.url("") }

// UserURL is URL with the account of the sink.
func (s *Sink) UserURL() string { return s.url("shop:s3cret%3A%2F%40@") }

func (s *Sink) url(user string) string {
	switch s.options.Security {
	case TLS:
		return "smtps://" + user + s.address
	case StartTLS:
		return "smtp://" + user + s.address
	}
	return "smtp://" + user + s.address + "?tls=none"
}

// Next plans the next messages whose recipient has no plan of its own, one behaviour each. After that all is accepted.
func (s *Sink) Next(plan ...Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = append(s.next, plan...)
}

// For plans the next messages to a recipient, one behaviour each. After that all is accepted.
func (s *Sink) For(recipient string, plan ...Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of[recipient] = append(s.of[recipient], plan...)
}

// Down refuses connections and cuts those that are open. Mails are kept.
func (s *Sink) Down() {
	s.mu.Lock()
	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}
	for conn := range s.open {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.conns.Wait()
}

// Up accepts connections again, on the same port.
func (s *Sink) Up(t testing.TB) {
	t.Helper()
	if err := s.listen(); err != nil {
		t.Fatal(err)
	}
}

// Silence accepts connections from now on and says nothing, not even in a TLS handshake.
func (s *Sink) Silence() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = true
}

// Messages returns what was taken, the oldest first: what a recipient has got, whatever the sender learned.
func (s *Sink) Messages() []mailbox.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// To returns what one recipient has got.
func (s *Sink) To(recipient string) []mailbox.Message {
	return slices.DeleteFunc(s.Messages(), func(m mailbox.Message) bool { return !slices.Contains(m.Recipients, recipient) })
}

// Attempts counts the conversations that named a recipient.
func (s *Sink) Attempts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts
}

// Farewells counts the conversations that ended with QUIT.
func (s *Sink) Farewells() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.farewells
}

// Wait returns the messages once there are at least n, or fails the test when the context ends.
func (s *Sink) Wait(ctx context.Context, t testing.TB, n int) []mailbox.Message {
	t.Helper()
	for {
		s.mu.Lock()
		got, changed := len(s.messages), s.changed
		s.mu.Unlock()
		if got >= n {
			return s.Messages()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("waited for %d mails, %d came: %v", n, got, ctx.Err())
		}
	}
}

func (s *Sink) listen() error {
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		return fmt.Errorf("mail sink: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener, s.address = listener, listener.Addr().String()
	s.conns.Go(func() { s.accept(listener) })
	return nil
}

func (s *Sink) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		if !s.welcome(conn) {
			_ = conn.Close()
			return
		}
		s.conns.Go(func() {
			defer s.forget(conn)
			s.talk(conn)
		})
	}
}

// welcome reports false when the sink went down meanwhile.
func (s *Sink) welcome(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return false
	}
	s.open[conn] = true
	return true
}

func (s *Sink) forget(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
}

// behaviour draws what is planned for the next message to a recipient.
func (s *Sink) behaviour(recipient string) Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts++
	if plan := s.of[recipient]; len(plan) > 0 {
		s.of[recipient] = plan[1:]
		return plan[0]
	}
	if len(s.next) > 0 {
		planned := s.next[0]
		s.next = s.next[1:]
		return planned
	}
	return Accept
}

func (s *Sink) keep(message mailbox.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, message)
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Sink) saidGoodbye() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.farewells++
}

// hang waits for the end of the sink, or of the client.
func (s *Sink) hang(conn net.Conn) {
	buffer := make([]byte, 512)
	for s.ctx.Err() == nil {
		if _, err := conn.Read(buffer); err != nil {
			return
		}
	}
}

// pause ends early with the sink.
func (s *Sink) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.ctx.Done():
	}
}

// drip writes one octet at a time until the client or the test has had enough.
func (s *Sink) drip(conn net.Conn) {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for _, octet := range []byte("250-" + strings.Repeat("drip ", 100_000)) {
		select {
		case <-ticker.C:
		case <-s.ctx.Done():
			return
		}
		if _, err := conn.Write([]byte{octet}); err != nil {
			return
		}
	}
}
