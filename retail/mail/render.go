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

// RenderConfirmation renders the first mail. Errors: ErrCode for a mail in which anything looks like a code; ErrLayout when the
// letter's own layout can't be filled in.
func RenderConfirmation(letter Letter, order Confirmation) (Message, error) {
	return render(letter, FirstMail, order.values, enclosure{})
}

// RenderReminder renders a reminder. Errors as for RenderConfirmation.
func RenderReminder(letter Letter, r Reminder) (Message, error) {
	return render(letter, ReminderMail, r.values, enclosure{})
}

// RenderVoucher renders the second mail. Errors: ErrCode for a mail in which a reader would not find exactly the voucher's code;
// ErrLayout when the letter's own layout can't be filled in.
func RenderVoucher(letter Letter, v Voucher) (Message, error) {
	v = v.cleaned()
	return render(letter, SecondMail, v.values, enclosure{
		codes: []string{v.Code}, qr: v.QR, pdf: v.PDF, name: v.kindName(letter.Language),
	})
}

// RenderBundle renders the mail with all codes of an order. Errors as for RenderVoucher: ErrCode when a reader would not find exactly
// the codes of its vouchers.
func RenderBundle(letter Letter, b Bundle) (Message, error) {
	if len(b.Vouchers) == 0 {
		return Message{}, fmt.Errorf("%w: it is for no voucher", ErrCode)
	}
	held := enclosure{pdf: b.PDF}
	b.Vouchers = slices.Clone(b.Vouchers)
	for i := range b.Vouchers {
		b.Vouchers[i] = b.Vouchers[i].cleaned()
		held.codes = append(held.codes, b.Vouchers[i].Code)
	}
	held.name = b.Vouchers[0].kindName(letter.Language)
	return render(letter, BulkMail, b.values, held)
}

// enclosure is what a mail carries beside its words, and the codes that its words must show.
type enclosure struct {
	codes   []string
	qr, pdf []byte
	name    string // of the document, without its ending
}

// render fills in a letter's layout and reads back what came out.
func render(letter Letter, which Which, content func(Letter) values, held enclosure) (Message, error) {
	letter, err := letter.checked()
	if err != nil {
		return Message{}, err
	}
	layout := letter.Layout
	if layout == nil {
		if layout, err = ownLayout(which); err != nil {
			return Message{}, err
		}
	}
	filled, err := layout.render(content(letter))
	if err != nil {
		return Message{}, err
	}
	message, err := compose(letter, filled, held)
	if err != nil {
		return Message{}, err
	}
	return message.verified(held.codes)
}

// compose puts a mail into MIME: text and HTML as alternatives, the QR symbol beside the HTML, the page to print behind.
func compose(l Letter, content rendered, held enclosure) (Message, error) {
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
	if err := attach(msg, l, held); err != nil {
		return Message{}, fmt.Errorf("attach to mail: %w", err)
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

func attach(msg *gomail.Msg, l Letter, held enclosure) error {
	if len(held.qr) > 0 {
		err := msg.EmbedReader("code.png", bytes.NewReader(held.qr),
			gomail.WithFileContentType("image/png"), gomail.WithFileContentID(qrID(l)))
		if err != nil {
			return err
		}
	}
	if len(held.pdf) > 0 {
		return msg.AttachReader(held.name+".pdf", bytes.NewReader(held.pdf), gomail.WithFileContentType("application/pdf"))
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

// verified reads the mail back as a stranger would: one recipient, and exactly the codes that belong there. A mail that fails is
// not returned, so that nobody can send it.
func (m Message) verified(codes []string) (Message, error) {
	seen, err := Inspect(m.Bytes)
	if err != nil {
		return Message{}, err
	}
	if !slices.Equal(seen.Recipients, []string{m.Recipient}) {
		return Message{}, fmt.Errorf("%w: %d recipients in the mail", ErrMalformed, len(seen.Recipients))
	}
	found, err := Codes(m.Bytes)
	if err != nil {
		return Message{}, err
	}
	if !slices.Equal(found, ours(codes)) {
		return Message{}, fmt.Errorf("%w: %d found", ErrCode, len(found))
	}
	for _, code := range codes {
		if code == "" || !strings.Contains(seen.Text, code) || !strings.Contains(seen.HTML, code) {
			return Message{}, fmt.Errorf("%w: its own is missing", ErrCode)
		}
		if codeShape.MatchString(code) && (strings.Contains(seen.Subject, code) || strings.Contains(seen.Subject, hideCodes(code))) {
			return Message{}, fmt.Errorf("%w: it is in the subject", ErrCode)
		}
	}
	return m, nil
}

// ours are those of the codes that have our display form, sorted; a foreign code has a pattern of its own.
func ours(codes []string) []string {
	shown := slices.DeleteFunc(slices.Clone(codes), func(code string) bool { return !codeShape.MatchString(code) })
	slices.Sort(shown)
	if len(shown) == 0 {
		return nil
	}
	return slices.Compact(shown)
}
