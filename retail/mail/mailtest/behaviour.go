package mailtest

// Behaviour is how the sink treats one attempt to deliver one message.
type Behaviour int

const (
	// Accept takes the message and says good-bye.
	Accept Behaviour = iota
	// Greylist answers 451 to the recipient.
	Greylist
	// UnknownRecipient answers 550 to the recipient.
	UnknownRecipient
	// UnknownSender answers 550 to the sender.
	UnknownSender
	// FullMailbox answers 452 to the final dot.
	FullMailbox
	// OldFullMailbox answers 552 to the final dot, as servers of old did for the same.
	OldFullMailbox
	// TooLarge answers 552 5.3.4 to the final dot.
	TooLarge
	// RefuseMessage answers 554 to the final dot.
	RefuseMessage
	// Shutdown answers 421 to the recipient and hangs up.
	Shutdown
	// ShutdownInData answers 421 in the middle of the message and hangs up.
	ShutdownInData
	// AnswerLate takes the message and answers 250 after a tenth of a second.
	AnswerLate
	// CloseAfterDot takes the message and hangs up instead of answering.
	CloseAfterDot
	// LoseAfterDot drops the message and hangs up instead of answering: to the sender it looks like CloseAfterDot.
	LoseAfterDot
	// HangAfterDot takes the message and never answers.
	HangAfterDot
	// DropAfterAccept takes the message, answers 250 and hangs up.
	DropAfterAccept
	// HangAtQuit takes the message, answers 250 and never answers QUIT.
	HangAtQuit
	// Drip answers the recipient one octet at a time and never ends.
	Drip
	// Talk answers the recipient with lines without end, as fast as they are read.
	Talk
)

// answers are the ones that a behaviour changes; the rest is the ordinary conversation.
type answers struct {
	mail, rcpt, dot string
}

var polite = answers{mail: "250 2.1.0 sender ok", rcpt: "250 2.1.5 recipient ok", dot: "250 2.0.0 taken"}

func (b Behaviour) answers() answers {
	a := polite
	switch b {
	case Greylist:
		a.rcpt = "451 4.7.1 greylisted, come back in five minutes"
	case UnknownRecipient:
		a.rcpt = "550 5.1.1 no such mailbox"
	case UnknownSender:
		a.mail = "550 5.7.1 you are not let through"
	case FullMailbox:
		a.dot = "452 4.2.2 mailbox full"
	case OldFullMailbox:
		a.dot = "552 5.2.2 mailbox full"
	case TooLarge:
		a.dot = "552 5.3.4 message too large"
	case RefuseMessage:
		a.dot = "554 5.6.0 refused"
	case Shutdown:
		a.rcpt = "421 4.3.2 shutting down"
	}
	return a
}

// takes tells whether the message is kept, whatever the sender learns of it.
func (b Behaviour) takes() bool {
	switch b {
	case FullMailbox, OldFullMailbox, TooLarge, RefuseMessage, LoseAfterDot, ShutdownInData:
		return false
	}
	return true
}
