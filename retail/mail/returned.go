package mail

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"mime/multipart"
	"regexp"
	"strings"
)

// ErrReport says that a message is no report on the delivery of a mail, or one that can't be used.
var ErrReport = errors.New("not a delivery status notification")

// Report is what a mail server tells later of a mail that was taken, as a mail to its sender (RFC 3464).
type Report struct {
	ID        string // the same whenever the same report comes again
	MessageID string // of the mail that it is about, without angle brackets
	Fates     []Fate
}

// Fate is what became of the mail for one recipient.
type Fate struct {
	Address string // the final recipient, as ParseAddress gives it
	Failed  bool   // it will never arrive; otherwise it has, or may still
	Status  string // why, such as "5.1.1" (RFC 3463); "" when the report says nothing of that form
}

// Of finds the fate of a recipient, which is any for whom is says so. One for whom it failed comes first.
func (r Report) Of(is func(address string) bool) (fate Fate, found bool) {
	for _, f := range r.Fates {
		if is(f.Address) && (!found || f.Failed) {
			fate, found = f, true
		}
	}
	return fate, found
}

const (
	maxParts = 20  // of a report: it has three
	maxFates = 100 // of a report: our mails have one recipient
)

var (
	returnedID   = regexp.MustCompile(`^[!-;=?-~]{1,500}$`)
	reportStatus = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)
)

// ParseReport reads a report as a mail server sent it: multipart/report, with what became of the mail, and the mail or its headers. A
// line in front as mailboxes have it ("From …") does no harm, nor does a returned mail that was cut off. What servers write for
// people is not looked at: it may repeat anything. Error: ErrReport, which repeats nothing of the message.
func ParseReport(message []byte) (Report, error) {
	text := strings.ReplaceAll(string(message), "\r\n", "\n")
	if strings.HasPrefix(text, "From ") {
		_, text, _ = strings.Cut(text, "\n")
	}
	head, body, _ := strings.Cut(text, "\n\n")
	kind, params, err := mime.ParseMediaType(field(head, "Content-Type"))
	if err != nil || kind != "multipart/report" {
		return Report{}, fmt.Errorf("%w: it is not multipart/report", ErrReport)
	}
	status, returned := reportParts(multipart.NewReader(strings.NewReader(body), params["boundary"]))
	report := Report{MessageID: strings.Trim(field(returned, "Message-ID"), "<>"), Fates: fatesIn(status)}
	switch {
	case len(report.Fates) == 0:
		return Report{}, fmt.Errorf("%w: it tells of no recipient", ErrReport)
	case !returnedID.MatchString(report.MessageID):
		return Report{}, fmt.Errorf("%w: it returns no headers with a Message-ID", ErrReport)
	}
	sum := sha256.Sum256([]byte(field(head, "Message-ID") + "\n" + status))
	report.ID = hex.EncodeToString(sum[:])
	return report, nil
}

// reportParts finds what became of the mail, and the headers of the mail itself; "" for what is not there. It reads no further than
// that, so that a report may end anywhere behind.
func reportParts(parts *multipart.Reader) (status, returned string) {
	for range maxParts {
		part, err := parts.NextRawPart()
		if err != nil {
			return status, returned
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			continue
		}
		decoded, _ := decode(part.Header.Get("Content-Transfer-Encoding"), part) // what was cut off tells up to there
		text := strings.ReplaceAll(string(decoded), "\r\n", "\n")
		switch kind {
		case "message/delivery-status", "message/global-delivery-status":
			status = cmp.Or(status, text)
		case "message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers":
			returned, _, _ = strings.Cut(text, "\n\n")
			return status, returned
		}
	}
	return status, returned
}

// fatesIn reads what is told of recipients: fields in groups, one for each behind that of the mail as a whole.
func fatesIn(status string) []Fate {
	var fates []Fate
	for group := range strings.SplitSeq(status, "\n\n") {
		_, recipient, _ := strings.Cut(field(group, "Final-Recipient"), ";")
		address, err := ParseAddress(strings.Trim(recipient, " \t<>"))
		if err != nil {
			continue
		}
		if len(fates) == maxFates {
			break
		}
		fates = append(fates, Fate{
			Address: address, Failed: strings.EqualFold(firstWord(field(group, "Action")), "failed"), Status: reportStatus.FindString(field(group, "Status")),
		})
	}
	return fates
}

// firstWord leaves out a comment behind.
func firstWord(value string) string {
	word, _, _ := strings.Cut(value, " ")
	return word
}

var unfold = strings.NewReplacer("\n ", " ", "\n\t", " ")

// field is the first of a name among header fields; "" for none. Lines that are none are passed over: more servers write such than
// mean harm by it.
func field(fields, name string) string {
	for line := range strings.Lines(unfold.Replace(fields)) {
		named, value, found := strings.Cut(line, ":")
		if found && strings.EqualFold(strings.TrimSpace(named), name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
