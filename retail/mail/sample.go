package mail

import (
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"strings"
	"time"

	"vouchsafe/retail/language"
	"vouchsafe/retail/voucher"
)

// Codes of samples have the form of codes and can't be any: their last symbols don't fit.
const (
	sampleCode  = "AAAA-BBBB-CCCC-0000"
	sampleCode2 = "AAAA-BBBB-DDDD-0000"
)

// Shown is a mail as a preview shows it.
type Shown struct{ Subject, Text, HTML string }

// Preview fills in a layout, or the built-in one for nil, with samples in the letter's language; the amounts are of the country. The
// letter's addresses may be missing. The picture of the code, a PNG, stands in the HTML itself, so that a browser shows it.
// Error: ErrLayout.
func Preview(which Which, layout *Layout, l Letter, country string, qr []byte) (Shown, error) {
	if layout == nil && !which.IsText() {
		own, err := ownLayout(which)
		if err != nil {
			return Shown{}, err
		}
		layout = own
	}
	v := samples(which, l, country)[0]
	if layout == nil {
		return Shown{Text: MembershipText(nil, l)}, nil
	}
	if _, has := v["qr"]; has {
		v["qr"] = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(qr))
	}
	r, err := layout.render(v)
	return Shown{Subject: r.subject, Text: r.text, HTML: r.html}, err
}

// MembershipText is what a merchant says of a membership that is needed, in his own words or, for nil and where they can't be filled
// in, in the language's.
func MembershipText(own *Layout, l Letter) string {
	if own != nil {
		if r, err := own.render(membershipValues(l)); err == nil && strings.TrimSpace(r.text) != "" {
			return CleanMessage(r.text)
		}
	}
	return l.Language.Say(language.Membership, language.Values{"shop": l.Shop})
}

func membershipValues(l Letter) values {
	return values{"language": string(l.Language), "shop_name": l.Shop, "sender_name": l.Sender, "privacy_url": l.PrivacyURL}
}

// try renders the layout with samples, one with all there is and one with as little as there may be, and looks at what comes out.
func (l *Layout) try(which Which) error {
	for i, v := range samples(which, sampleHead(), "GB") {
		r, err := l.render(v)
		if err != nil {
			return fmt.Errorf("%s: it can't be filled in: %w", partOf(err), err)
		}
		if err := r.shows(which); err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		if err := r.speaks(which); err != nil {
			return err
		}
	}
	return nil
}

// partOf is the part that a fault of filling in is about.
func partOf(err error) string {
	for _, part := range []string{"subject", "html"} {
		if strings.HasPrefix(err.Error(), ErrLayout.Error()+": "+part+":") {
			return part
		}
	}
	return "text"
}

// shows looks at a filled in sample: a mail has a subject, and what is to hold codes shows them in the text and in the HTML.
func (r rendered) shows(which Which) error {
	if which.IsText() {
		return nil
	}
	if r.subject == "" {
		return errors.New("subject: it is empty")
	}
	for _, code := range sampleCodes(which) {
		for _, p := range []struct{ part, text string }{{"text", r.text}, {"html", r.html}} {
			if !strings.Contains(p.text, code) {
				return fmt.Errorf("%s: it must show %s", p.part, howToShow(which, p.part))
			}
		}
		if !strings.Contains(seenText(r.html), code) {
			return fmt.Errorf("html: its style hides the code, or it stands where nobody reads it; it must show %s", howToShow(which, "html"))
		}
		if strings.Contains(r.subject, hideCodes(code)) {
			return errors.New("subject: {{.code}} doesn't belong here, since screens and logs show it")
		}
	}
	return nil
}

// speaks looks whether a sample with all there is has come out as words at all.
func (r rendered) speaks(which Which) error {
	switch {
	case strings.TrimSpace(r.text) == "" && which.IsText():
		return errors.New("text: it is empty; to go back to the words that held before, take these away with DELETE")
	case strings.TrimSpace(r.text) == "":
		return errors.New("text: it is empty, and some readers are shown nothing else")
	case strings.TrimSpace(r.html) == "" && !which.IsText():
		return errors.New("html: it is empty, and most readers are shown nothing else")
	}
	return nil
}

// howToShow is what a person writes into a part of a mail to show its codes.
func howToShow(which Which, part string) string {
	in := func(pattern string) string {
		if part == "html" {
			return strings.Replace(pattern, "{{.code}}", "<p>{{.code}}</p>", 1)
		}
		return pattern
	}
	if which == BulkMail {
		return "each code: " + in("{{range .codes}}{{.code}}{{end}}") + ", with nothing that leaves one out"
	}
	return "the code: " + in("{{.code}}") + ", outside of any {{if}} or {{with}}"
}

// sampleCodes are the codes in the samples of a kind.
func sampleCodes(which Which) []string {
	switch which {
	case SecondMail:
		return []string{sampleCode}
	case BulkMail:
		return []string{sampleCode, sampleCode2}
	}
	return nil
}

// samples are contents of a mail: one with everything, one with as little as there may be.
func samples(which Which, l Letter, country string) []values {
	bare := l
	bare.PrivacyURL = ""
	member := MembershipText(nil, l)
	switch which {
	case FirstMail:
		full := sampleOrder(l.Language, country)
		full.Membership = member
		return []values{full.values(l), Confirmation{Order: "1"}.values(bare)}
	case SecondMail:
		full := sampleVoucher(l.Language, country)
		full.Membership = member
		return []values{full.values(l), Voucher{Kind: voucher.Money, Value: full.Value, Code: sampleCode}.values(bare)}
	case BulkMail:
		one := sampleVoucher(l.Language, country)
		other := one
		other.Code = sampleCode2
		full := Bundle{Order: "1001", Buyer: "Peter", Vouchers: []Voucher{one, other}, PDF: []byte{0}, Membership: member}
		one.Expires, one.Title, other.Expires, other.Title = "", "", "", ""
		return []values{full.values(l), Bundle{Vouchers: []Voucher{one, other}}.values(bare)}
	case ReminderMail:
		r := Reminder{Kind: voucher.Money, Title: sampleTitle(l.Language), Last4: "X7K2", Expires: sampleDay(l.Language), Buyer: "Peter", Gift: true}
		return []values{r.values(l), Reminder{Last4: "X7K2", Expires: r.Expires}.values(bare)}
	case WelcomeMail:
		w := Welcome{Points: l.Language.Amount("100", "POINT", country), Worth: sampleValue(l.Language, country), Expires: sampleDay(l.Language)}
		return []values{w.values(l), Welcome{Points: w.Points}.values(bare)}
	}
	return []values{membershipValues(l), membershipValues(bare)}
}

func sampleOrder(tag language.Tag, country string) Confirmation {
	return Confirmation{
		Order: "1001", Buyer: "Peter", Total: sampleValue(tag, country), Vouchers: 1,
		Items: []Item{{Quantity: 1, Title: sampleTitle(tag), Value: sampleValue(tag, country)}},
	}
}

func sampleVoucher(tag language.Tag, country string) Voucher {
	return Voucher{
		Kind: voucher.Money, Title: sampleTitle(tag), Value: sampleValue(tag, country), Code: sampleCode, Expires: sampleDay(tag),
		Gift: true, Recipient: "Anna", Giver: "Peter", Message: "♥ Anna!\nPeter", QR: []byte{0}, PDF: []byte{0},
	}
}

func sampleTitle(tag language.Tag) string { return tag.Say(language.PrintTitle, nil) + " 500" }

func sampleDay(tag language.Tag) string {
	return tag.Date(time.Date(2029, time.December, 31, 0, 0, 0, 0, time.UTC))
}

func sampleValue(tag language.Tag, country string) string {
	currency := map[string]string{"DK": "DKK", "SE": "SEK", "NO": "NOK", "GB": "GBP"}[country]
	if currency == "" {
		currency = "EUR"
	}
	return tag.Amount("500.00", currency, country)
}
