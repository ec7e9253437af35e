package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	netmail "net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// RenderConfirmation renders the first mail. A mail in which anything looks like a code is ErrCode.
func RenderConfirmation(letter Letter, order Confirmation) (Message, error) {
	letter, err := letter.checked()
	if err != nil {
		return Message{}, err
	}
	content, err := letter.fill(FirstMail, order.values(letter))
	if err != nil {
		return Message{}, err
	}
	message, err := compose(letter, content, nil)
	if err != nil {
		return Message{}, err
	}
	return message.verified(nil)
}

// RenderVoucher renders the second mail. A mail in which a reader would not find exactly the voucher's code is ErrCode.
func RenderVoucher(letter Letter, v Voucher) (Message, error) {
	letter, err := letter.checked()
	if err != nil {
		return Message{}, err
	}
	v = v.cleaned()
	content, err := letter.fill(SecondMail, v.values(letter))
	if err != nil {
		return Message{}, err
	}
	message, err := compose(letter, content, &v)
	if err != nil {
		return Message{}, err
	}
	return message.verified(&v)
}

func (l Letter) fill(which Which, v values) (rendered, error) {
	layout := l.Layout
	if layout == nil {
		own, err := ownLayout(which)
		if err != nil {
			return rendered{}, err
		}
		layout = own
	}
	return layout.render(v)
}

// compose puts a mail into MIME: text and HTML as alternatives, the QR symbol beside the HTML, the page to print behind.
func compose(l Letter, content rendered, v *Voucher) (Message, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	msg.FromMailAddress(&netmail.Address{Name: l.FromName, Address: l.From})
	msg.ToMailAddress(&netmail.Address{Address: l.To})
	if l.ReplyTo != "" {
		msg.ReplyToMailAddress(&netmail.Address{Address: l.ReplyTo})
	}
	msg.Subject(content.subject)
	msg.SetDateWithValue(l.Date)
	msg.SetMessageIDWithValue(l.MessageID)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")           // RFC 3834
	msg.SetGenHeader("X-Auto-Response-Suppress", "OOF, AutoReply") // the same for Exchange
	msg.SetBodyString(gomail.TypeTextPlain, content.text)
	msg.AddAlternativeString(gomail.TypeTextHTML, content.html)
	if v != nil {
		if err := attach(msg, l, v); err != nil {
			return Message{}, fmt.Errorf("attach to mail: %w", err)
		}
	}
	var out bytes.Buffer
	if _, err := msg.WriteTo(&out); err != nil {
		return Message{}, fmt.Errorf("write mail: %w", err)
	}
	fixed := fixBoundaries(out.Bytes(), l.MessageID)
	if err := checkWire(l.From, l.To, fixed); err != nil {
		return Message{}, err
	}
	return Message{Bytes: fixed, MessageID: l.MessageID, Recipient: l.To}, nil
}

func attach(msg *gomail.Msg, l Letter, v *Voucher) error {
	if len(v.QR) > 0 {
		err := msg.EmbedReader("code.png", bytes.NewReader(v.QR),
			gomail.WithFileContentType("image/png"), gomail.WithFileContentID(qrID(l)))
		if err != nil {
			return err
		}
	}
	if len(v.PDF) > 0 {
		name := v.kindName(l.Language) + ".pdf"
		return msg.AttachReader(name, bytes.NewReader(v.PDF), gomail.WithFileContentType("application/pdf"))
	}
	return nil
}

func qrID(l Letter) string { return "code." + l.MessageID }

// The library offers one boundary for all levels of parts, which can't be read back, or random ones. These are random,
// and get the names that the message's id gives them.
var randomBoundary = regexp.MustCompile(`\bboundary="?([0-9a-f]{60})\b`)

func fixBoundaries(message []byte, id string) []byte {
	for level, found := range randomBoundary.FindAllSubmatch(message, -1) {
		name := sha256.Sum256([]byte("boundary " + strconv.Itoa(level) + " " + id))
		message = bytes.ReplaceAll(message, found[1], []byte(hex.EncodeToString(name[:])[:40]))
	}
	return message
}

// verified reads the mail back as a stranger would: one recipient, and one code or none. A mail that fails is not
// returned, so that nobody can send it.
func (m Message) verified(v *Voucher) (Message, error) {
	seen, err := Inspect(m.Bytes)
	if err != nil {
		return Message{}, err
	}
	if !slices.Equal(seen.Recipients, []string{m.Recipient}) {
		return Message{}, fmt.Errorf("%w: %d recipients in the mail", ErrMalformed, len(seen.Recipients))
	}
	codes, err := Codes(m.Bytes)
	if err != nil {
		return Message{}, err
	}
	if !slices.Equal(codes, v.codes()) {
		return Message{}, fmt.Errorf("%w: %d found", ErrCode, len(codes))
	}
	if v != nil && (v.Code == "" || !strings.Contains(seen.Text, v.Code) || !strings.Contains(seen.HTML, v.Code)) {
		return Message{}, fmt.Errorf("%w: its own is missing", ErrCode)
	}
	return m, nil
}

// codes are the ones in our display form that the voucher's mail shows; a foreign code has a pattern of its own.
func (v *Voucher) codes() []string {
	if v == nil || !codeShape.MatchString(v.Code) {
		return nil
	}
	return []string{v.Code}
}
