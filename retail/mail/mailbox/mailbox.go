// Package mailbox is a mail server for this machine alone, which keeps what it gets and sends nothing on: what
// `vouchsafed try` delivers to, so that a visitor can read the mails without having a mail server.
//
// It listens on the loopback, asks for no password, and forgets the oldest mails when its memory is full. A server that
// misbehaves on purpose is in package mailtest.
package mailbox

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"vouchsafe/retail/mail"
)

// What a mailbox holds at most; the oldest go first.
const (
	maxMessages    = 500
	maxOctets      = 64 << 20
	maxMessage     = 8 << 20
	maxRecipients  = 10
	silentFor      = time.Minute // how long a client may say nothing
	defaultAddress = "127.0.0.1:0"
)

// Message is a mail as it came.
type Message struct {
	From       string   // of the envelope
	Recipients []string // of the envelope
	Bytes      []byte   // header and body; never changed
}

// Inspect reads the message as a mail program would.
func (m Message) Inspect() (mail.Inspection, error) { return mail.Inspect(m.Bytes) }

// Codes returns the distinct codes that a reader finds in the message.
func (m Message) Codes() ([]string, error) { return mail.Codes(m.Bytes) }

// Mailbox is a running server with its mails. It is safe for concurrent use.
type Mailbox struct {
	server   *smtp.Server
	listener net.Listener
	served   chan error

	mu       sync.Mutex
	messages []Message
	octets   int
	arrived  int
	changed  chan struct{} // closed, and made anew, at each arrival
}

// Open starts a mailbox on a loopback address, "127.0.0.1:1025"; "" takes any free port.
func Open(address string) (*Mailbox, error) {
	if address == "" {
		address = defaultAddress
	}
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("open mailbox on %q: want an IP address of this machine alone, and a port", address)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("open mailbox: %w", err)
	}
	m := &Mailbox{listener: listener, served: make(chan error, 1), changed: make(chan struct{})}
	m.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{mailbox: m}, nil
	}))
	m.server.Domain = "localhost"
	m.server.MaxMessageBytes = maxMessage
	m.server.MaxRecipients = maxRecipients
	m.server.ReadTimeout, m.server.WriteTimeout = silentFor, silentFor
	m.server.ErrorLog = log.New(io.Discard, "", 0) // a client that hangs up is nobody's concern
	go func() { m.served <- m.server.Serve(listener) }()
	return m, nil
}

// URL is what mail.Config wants.
func (m *Mailbox) URL() string { return "smtp://" + m.listener.Addr().String() + "?tls=none" }

// Messages returns the mails that are still there, the oldest first.
func (m *Mailbox) Messages() []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.messages)
}

// Wait returns the mails once at least n have arrived since Open, or the context's error.
func (m *Mailbox) Wait(ctx context.Context, n int) ([]Message, error) {
	for {
		m.mu.Lock()
		arrived, changed := m.arrived, m.changed
		m.mu.Unlock()
		if arrived >= n {
			return m.Messages(), nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %d mails, %d came: %w", n, arrived, ctx.Err())
		}
	}
}

// Close stops the server at once. The mails stay readable.
func (m *Mailbox) Close() error {
	err := m.server.Close()
	_ = m.listener.Close() // the server doesn't know it yet when it was opened a moment ago
	<-m.served
	if err != nil {
		return fmt.Errorf("close mailbox: %w", err)
	}
	return nil
}

func (m *Mailbox) keep(message Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.messages = append(m.messages, message)
	m.octets += len(message.Bytes)
	for len(m.messages) > maxMessages || m.octets > maxOctets {
		m.octets -= len(m.messages[0].Bytes)
		m.messages = slices.Delete(m.messages, 0, 1)
	}
	m.arrived++
	close(m.changed)
	m.changed = make(chan struct{})
}

// session is one client's conversation.
type session struct {
	mailbox *Mailbox
	message Message
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.message = Message{From: from}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.message.Recipients = append(s.message.Recipients, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	received, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.message.Bytes = received
	s.mailbox.keep(s.message)
	return nil
}

func (s *session) Reset() { s.message = Message{} }

func (s *session) Logout() error { return nil }
