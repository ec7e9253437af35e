package mail

import (
	"errors"
	"fmt"
	"net/textproto"
	"strings"
)

// Kind is how an attempt to send ended, as far as the sender can know.
type Kind int

const (
	// InDoubt: the final dot is out and no answer came back. The server may have taken the message; only a person
	// or a later look can tell. It is the zero value: an outcome that nobody filled in promises nothing.
	InDoubt Kind = iota
	// Sent: the server answered 2xx to the final dot. Nothing that happens afterwards changes it.
	Sent
	// Refused: there was no conversation about this message: no connection, no TLS, no sign-in, or the server
	// doesn't take mail from us. The fault is not the recipient's; try again, whatever the code.
	Refused
	// Temporary: this message was not taken this time (4xx, or the connection ended before the final dot).
	Temporary
	// Permanent: this message to this recipient will never be taken (5xx).
	Permanent
)

// String names a kind as logs and the office show it.
func (k Kind) String() string {
	switch k {
	case Sent:
		return "sent"
	case Refused:
		return "refused"
	case Temporary:
		return "temporary"
	case Permanent:
		return "permanent"
	default:
		return "in doubt"
	}
}

// Outcome is the result of one attempt to send.
type Outcome struct {
	Kind Kind
	// Code is the server's answer that decided, 0 when there was none.
	Code int
	// Text is what the server said with it, one line. It may repeat the recipient's address.
	Text string
	// Err is what went wrong, nil when Sent.
	Err error
}

// ErrMalformed says that a message or an address is not fit for the wire; nothing was sent.
var ErrMalformed = errors.New("malformed mail")

// Full mailboxes and too many recipients are 552 in old servers and 452 in new ones; both pass. A message that is
// too large for ever says so in its enhanced code (RFC 3463).
const (
	mailboxFull     = 552
	tooLargeForUser = "5.2.3"
	tooLargeForHost = "5.3.4"
)

// failed is the outcome of an error about this message. Without an answer the fallback decides: what was not taken
// before the final dot is Temporary, after it InDoubt.
func failed(doing string, err error, fallback Kind) Outcome {
	outcome := Outcome{Kind: fallback, Err: fmt.Errorf("%s: %w", doing, err)}
	answer, ok := errors.AsType[*textproto.Error](err)
	if !ok {
		return outcome
	}
	outcome.Code, outcome.Text = answer.Code, CleanLine(answer.Msg)
	switch {
	case fallback == Refused:
	case answer.Code >= 500 && !passes(answer):
		outcome.Kind = Permanent
	case answer.Code >= 400:
		outcome.Kind = Temporary
	}
	return outcome
}

func passes(answer *textproto.Error) bool {
	return answer.Code == mailboxFull &&
		!strings.HasPrefix(answer.Msg, tooLargeForUser) &&
		!strings.HasPrefix(answer.Msg, tooLargeForHost)
}
