// Package mailtest is a mail server that misbehaves on purpose: it refuses, puts off, hangs, hangs up, drips and
// forgets to say good-bye, for one recipient or for the next message, as a test asks. It speaks SMTP octet by octet, so
// that a test decides what has been sent when the line breaks.
//
// A polite server for trying out is in package mailbox; both keep mails as mailbox.Message.
package mailtest
