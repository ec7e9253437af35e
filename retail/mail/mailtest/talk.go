package mailtest

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/textproto"
	"strings"
	"time"

	"vouchsafe/retail/mail/mailbox"
)

// talk holds one conversation.
func (s *Sink) talk(conn net.Conn) {
	s.mu.Lock()
	silent := s.silent
	s.mu.Unlock()
	if silent {
		s.hang(conn)
		return
	}
	c := &conversation{sink: s, conn: conn, signedIn: !s.options.SignIn}
	if s.options.Security == TLS {
		c.secure()
	}
	c.say("220 sink.example ready")
	for c.hear() {
	}
}

// conversation is one connection; the behaviour changes with each message.
type conversation struct {
	sink      *Sink
	conn      net.Conn
	in        *bufio.Reader
	encrypted bool
	signedIn  bool
	behaviour Behaviour
	message   mailbox.Message
}

func (c *conversation) secure() {
	c.conn = tls.Server(c.conn, &tls.Config{Certificates: []tls.Certificate{c.sink.certificate}})
	c.in, c.encrypted = nil, true
}

func (c *conversation) say(lines ...string) bool {
	_, err := io.WriteString(c.conn, strings.Join(lines, "\r\n")+"\r\n")
	return err == nil
}

// hear reads a command, answers, and reports whether the conversation goes on.
func (c *conversation) hear() bool {
	if c.in == nil {
		c.in = bufio.NewReader(c.conn)
	}
	line, err := c.in.ReadString('\n')
	if err != nil {
		return false
	}
	line = strings.TrimRight(line, "\r\n")
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		return c.say(c.extensions()...)
	case "HELO", "NOOP", "RSET":
		return c.say("250 ok")
	case "STARTTLS":
		if c.sink.options.Security != StartTLS {
			return c.say("502 no TLS here")
		}
		ok := c.say("220 go ahead")
		c.secure()
		return ok
	case "AUTH":
		return c.signIn(rest)
	case "MAIL":
		return c.sender(rest)
	case "RCPT":
		return c.recipient(rest)
	case "DATA":
		return c.data()
	case "QUIT":
		return c.quit()
	}
	return c.say("500 what?")
}

func (c *conversation) extensions() []string {
	lines := []string{"250-sink.example", "250-8BITMIME", "250-SMTPUTF8", "250-ENHANCEDSTATUSCODES"}
	if c.sink.options.Security == StartTLS && !c.encrypted {
		lines = append(lines, "250-STARTTLS")
	}
	return append(lines, "250 AUTH PLAIN LOGIN")
}

func (c *conversation) signIn(rest string) bool {
	_, proof, _ := strings.Cut(rest, " ")
	plain, err := base64.StdEncoding.DecodeString(proof)
	if err != nil || string(plain) != "\x00"+User+"\x00"+Password {
		return c.say("535 5.7.8 wrong user or password")
	}
	c.signedIn = true
	return c.say("235 2.7.0 welcome")
}

// sender draws no plan, since the recipient isn't known; UnknownSender is looked for at the head of the queue.
func (c *conversation) sender(rest string) bool {
	if !c.signedIn {
		return c.say("530 5.7.0 sign in first")
	}
	c.message = mailbox.Message{From: address(rest)}
	c.sink.mu.Lock()
	refused := len(c.sink.next) > 0 && c.sink.next[0] == UnknownSender
	c.sink.mu.Unlock()
	if refused {
		return c.say(c.sink.behaviour("").answers().mail)
	}
	return c.say(polite.mail)
}

func (c *conversation) recipient(rest string) bool {
	recipient := address(rest)
	c.behaviour = c.sink.behaviour(recipient)
	c.message.Recipients = append(c.message.Recipients, recipient)
	switch c.behaviour {
	case Drip:
		c.sink.drip(c.conn)
		return false
	case Talk:
		for c.say("250-and another thing") {
		}
		return false
	}
	return c.say(c.behaviour.answers().rcpt) && c.behaviour != Shutdown
}

func (c *conversation) data() bool {
	if !c.say("354 end with a dot") {
		return false
	}
	if c.behaviour == ShutdownInData {
		_, _ = c.in.ReadString('\n')
		c.say("421 4.3.2 shutting down")
		c.drain()
		return false
	}
	stuffed, ok := c.untilDot()
	if !ok {
		return false
	}
	if c.behaviour.takes() {
		c.message.Bytes = unstuff(stuffed)
		c.sink.keep(c.message)
	}
	return c.answerDot()
}

func (c *conversation) answerDot() bool {
	switch c.behaviour {
	case CloseAfterDot, LoseAfterDot:
		return false
	case HangAfterDot:
		c.sink.hang(c.conn)
		return false
	case AnswerLate:
		c.sink.pause(late)
	case DropAfterAccept:
		c.say(polite.dot)
		return false
	}
	return c.say(c.behaviour.answers().dot)
}

func (c *conversation) quit() bool {
	c.sink.saidGoodbye()
	if c.behaviour == HangAtQuit {
		c.sink.hang(c.conn)
		return false
	}
	c.say("221 2.0.0 bye")
	return false
}

// drain says that nothing more is coming and reads on, so that the last words reach the client before a reset does.
func (c *conversation) drain() {
	if half, ok := c.conn.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, c.in)
}

// untilDot reads the message as it is on the wire, without the dot; false when the line broke before it.
func (c *conversation) untilDot() (string, bool) {
	var message strings.Builder
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return "", false
		}
		if line == ".\r\n" {
			return message.String(), true
		}
		message.WriteString(line)
	}
}

func unstuff(stuffed string) []byte {
	plain := strings.ReplaceAll("\r\n"+stuffed, "\r\n.", "\r\n")
	return []byte(strings.TrimPrefix(plain, "\r\n"))
}

const late = 100 * time.Millisecond

// address is the path of "FROM:<a@b> BODY=8BITMIME".
func address(rest string) string {
	_, path, _ := strings.Cut(rest, "<")
	path, _, _ = strings.Cut(path, ">")
	return textproto.TrimString(path)
}
