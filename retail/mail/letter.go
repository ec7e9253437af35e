package mail

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"time"

	"vouchsafe/retail/language"
	"vouchsafe/retail/voucher"
)

// Letter is what every mail has: who writes to whom, when and how.
type Letter struct {
	Language  language.Tag
	MessageID string    // the delivery's for ever, "uuid@domain" without angle brackets
	Date      time.Time // when the delivery was made, in the zone in which it shall be shown

	FromName string // shown as the sender; usually the shop's name
	From     string // plain address
	ReplyTo  string // plain address, or ""
	To       string // plain address: one recipient, no copies

	Shop       string // the shop's name
	Sender     string // who answers for the mail: the merchant's name and address in one line
	PrivacyURL string // the merchant's page on personal data, http or https; "" leaves the sentence out

	Layout *Layout // how the mail looks; nil is the layout of this package
}

// Confirmation is the first mail: what was ordered and what happens next. It has no place for a code.
type Confirmation struct {
	Order      string // the order's number as the customer knows it
	Buyer      string // name, or ""
	Items      []Item // the first 200 are listed, and how many more there are
	Total      string // as language.Tag.Amount writes it
	Vouchers   int    // how many vouchers in money follow
	PunchCards int    // how many punch cards follow
	Together   bool   // all of them in one mail
	Membership string // what to tell on a membership that one of them asks for; "" for nothing
}

// Item is a line of an order.
type Item struct {
	Quantity int
	Title    string
	Value    string // as language.Tag.Amount writes it
}

// Voucher is the second mail: the code and all that belongs to it.
type Voucher struct {
	Kind     voucher.Kind
	Title    string // the product's name
	Value    string // as language.Tag.Amount writes it
	Code     string // as it is shown
	Expires  string // the last day, as language.Tag.Date writes it; "" never expires
	Inactive bool   // the shop activates it before it can be used

	Gift      bool   // bought for somebody else: the mail then tells who gave it
	Recipient string // name of who gets the mail, or ""
	Giver     string // name, or ""
	Message   string // the giver's words

	Membership string // what to tell on a membership that its use asks for; "" for nothing

	QR  []byte // PNG of package document, shown in the mail
	PDF []byte // page of package document, attached
}

// Bundle is the second mail for a buyer who wants all codes of an order in one.
type Bundle struct {
	Order      string // the order's number as the customer knows it
	Buyer      string // name, or ""
	Vouchers   []Voucher
	Membership string // what to tell on a membership that one of them asks for; "" for nothing
	PDF        []byte // pages of package document, attached
}

// Reminder tells whoever bought a voucher that its last day is near. It holds no code, and not what is left on it.
type Reminder struct {
	Kind    voucher.Kind
	Title   string // the product's name
	Last4   string // of the code
	Expires string // the last day, as language.Tag.Date writes it
	Buyer   string // name, or ""
	Gift    bool   // it was bought for somebody else
}

// Message is a rendered mail, ready to be stored and sent.
type Message struct {
	Bytes     []byte
	MessageID string
	Recipient string
}

// ErrCode says that a rendered mail holds a code it must not hold, or lacks its own.
var ErrCode = errors.New("the codes in the mail are not the ones that belong there")

// The left part is the delivery's id, the right one a domain of the sender's.
var messageID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}@[A-Za-z0-9.-]{1,128}$`)

// checked is the letter with its names cleaned and its addresses in the form of the wire.
func (l Letter) checked() (Letter, error) {
	l.FromName, l.Shop, l.Sender = CleanLine(l.FromName), CleanLine(l.Shop), cleanLine(l.Sender, maxSender)
	for name, address := range map[string]*string{"sender": &l.From, "recipient": &l.To, "reply": &l.ReplyTo} {
		if name == "reply" && *address == "" {
			continue
		}
		plain, err := ParseAddress(*address)
		if err != nil {
			return Letter{}, fmt.Errorf("%s of mail: %w", name, err)
		}
		*address = plain
	}
	if !messageID.MatchString(l.MessageID) {
		return Letter{}, errors.New("message id of mail: want id@domain")
	}
	if l.Date.IsZero() {
		return Letter{}, errors.New("date of mail: none")
	}
	return l, checkLink(l.PrivacyURL)
}

func checkLink(link string) error {
	if link == "" {
		return nil
	}
	parsed, err := url.Parse(link)
	if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return errors.New("privacy link of mail: want an address of the web")
	}
	return nil
}
