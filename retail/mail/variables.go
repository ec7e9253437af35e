package mail

import (
	"html/template"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"vouchsafe/retail/language"
	"vouchsafe/retail/voucher"
)

// Which says which of the two mails a layout or a list of variables belongs to.
type Which string

// The two mails of a purchase.
const (
	FirstMail  Which = "confirmation" // the order confirmation
	SecondMail Which = "voucher"      // the mail with the code
)

// Variable is what a layout may use, as {{.name}}.
type Variable struct {
	Name    string
	Meaning string
}

// Variables lists what a layout of a mail may use. Texts are "" when there is nothing to say, so a layout asks
// {{if .message}}. Sentences are in the mail's language.
func Variables(which Which) []Variable {
	common := []Variable{
		{"language", "language tag of the mail: da, sv, nb, de, de-AT, de-DE, en"},
		{"subject", "the subject in the mail's language"},
		{"shop_name", "name of the shop"},
		{"sender_name", "name and address of the merchant"},
		{"privacy", "sentence that introduces privacy_url"},
		{"privacy_url", "address of the page on personal data"},
		{"greeting", "the greeting, with the name when it is known"},
		{"introduction", "the first sentence, which continues the greeting"},
		{"closing", "the line above the shop's name at the end"},
		{"sent_because", "sentence that tells who sent the mail, and why"},
	}
	if which == FirstMail {
		return append(common,
			Variable{"order", "number of the order"},
			Variable{"buyer", "name of the buyer"},
			Variable{"items", "the ordered lines, each with quantity, title and value"},
			Variable{"items_heading", "heading above the lines"},
			Variable{"total", "sum of the order"},
			Variable{"total_label", "label of the sum"},
			Variable{"next", "sentence that tells that the vouchers follow in mails of their own"},
		)
	}
	return append(common,
		Variable{"kind_name", "gift voucher, punch card or credit note"},
		Variable{"title", "name of the product"},
		Variable{"value", "what the voucher is worth"},
		Variable{"value_label", "label of the value"},
		Variable{"code", "the code"},
		Variable{"code_label", "label of the code"},
		Variable{"qr", "address of the code's picture inside the mail"},
		Variable{"expires", "last day on which the voucher can be used"},
		Variable{"valid_label", "label of the last day"},
		Variable{"valid", "sentence that tells how long the voucher can be used"},
		Variable{"valid_always", "what stands in place of the last day when there is none"},
		Variable{"recipient_name", "name of the recipient"},
		Variable{"giver_name", "name of the buyer of a gift"},
		Variable{"message", "the giver's message"},
		Variable{"message_heading", "heading above the message"},
		Variable{"message_lines", "the message, a line each"},
		Variable{"how_to_title", "heading above how_to"},
		Variable{"how_to", "how to use the code in the shop and at the till"},
		Variable{"keep", "sentence that tells to keep the code as safe as cash"},
		Variable{"attached", "sentence that tells that a page to print is attached"},
	)
}

// values are the variables of one mail.
type values map[string]any

func (l Letter) values(subject string, recipient string) values {
	v := values{
		"language":    string(l.Language),
		"subject":     CleanLine(subject),
		"shop_name":   l.Shop,
		"sender_name": l.Sender,
		"privacy":     "",
		"privacy_url": l.PrivacyURL,
		"greeting":    l.Language.Say(language.Greeting, nil),
		"closing":     l.Language.Say(language.Closing, nil),
	}
	if recipient != "" {
		v["greeting"] = l.Language.Say(language.GreetingNamed, language.Values{"name": recipient})
	}
	if l.PrivacyURL != "" {
		v["privacy"] = strings.TrimSpace(l.Language.Say(language.Privacy, language.Values{"url": ""}))
	}
	return v
}

func (c Confirmation) values(l Letter) values {
	order, buyer := CleanName(c.Order), CleanName(c.Buyer)
	placed := language.Values{"order": order, "shop": l.Shop}
	v := l.values(l.Language.Say(language.ConfirmationSubject, placed), buyer)
	v["introduction"] = l.Language.Say(language.ConfirmationReceived, placed)
	v["sent_because"] = l.Language.Say(language.SentForPurchase, language.Values{"sender": l.Sender})
	v["order"], v["buyer"] = order, buyer
	v["items_heading"] = l.Language.Say(language.ConfirmationList, nil)
	v["total"] = CleanLine(c.Total)
	v["total_label"] = l.Language.Say(language.ConfirmationTotal, nil)
	v["next"] = ""
	if c.Vouchers+c.PunchCards > 0 {
		v["next"] = l.Language.Say(language.ConfirmationNext(c.Vouchers, c.PunchCards), nil)
	}
	items := []map[string]string{}
	for _, item := range c.Items {
		items = append(items, map[string]string{
			"quantity": strconv.Itoa(item.Quantity), "title": CleanName(item.Title), "value": CleanLine(item.Value),
		})
	}
	v["items"] = items
	return v
}

// cleaned is the voucher with everything that somebody typed made harmless. The code stays as it is.
func (v Voucher) cleaned() Voucher {
	v.Title, v.Recipient, v.Giver = CleanName(v.Title), CleanName(v.Recipient), CleanName(v.Giver)
	v.Value, v.Expires = CleanLine(v.Value), CleanLine(v.Expires)
	v.Message = CleanMessage(v.Message)
	return v
}

func (v Voucher) values(l Letter) values {
	say := func(key language.Key, values language.Values) string { return l.Language.Say(v.key(key), values) }
	all := l.values(say(language.CodeSubject, language.Values{"shop": l.Shop}), v.Recipient)
	all["introduction"], all["sent_because"] = v.introduction(l)
	all["kind_name"] = v.kindName(l.Language)
	all["title"], all["value"], all["code"], all["expires"] = v.Title, v.Value, v.Code, v.Expires
	all["recipient_name"], all["giver_name"] = v.Recipient, v.Giver
	all["value_label"], all["code_label"] = say(language.ValueLabel, nil), say(language.CodeLabel, nil)
	all["valid_label"], all["valid_always"] = say(language.ValidLabel, nil), say(language.ValidAlways, nil)
	all["valid"] = say(language.NeverExpires, nil)
	if v.Expires != "" {
		all["valid"] = say(language.ValidThrough, language.Values{"date": v.Expires})
	}
	all["message"], all["message_lines"] = v.Message, strings.Split(v.Message, "\n")
	all["message_heading"] = say(language.Message, nil)
	if v.Giver != "" {
		all["message_heading"] = say(language.MessageFrom, language.Values{"giver": v.Giver})
	}
	all["how_to_title"], all["how_to"] = say(language.HowToTitle, nil), say(language.HowTo, nil)
	all["keep"], all["attached"], all["qr"] = say(language.KeepLikeCash, nil), "", template.URL("")
	if len(v.PDF) > 0 {
		all["attached"] = say(language.Attached, nil)
	}
	if len(v.QR) > 0 {
		all["qr"] = template.URL("cid:" + qrID(l)) // html/template knows cid: for no scheme of its own
	}
	return all
}

// introduction is the first sentence, and the one at the end that tells why this mail came.
func (v Voucher) introduction(l Letter) (introduction, because string) {
	worth := language.Values{"value": v.Value, "shop": l.Shop}
	sender := language.Values{"sender": l.Sender}
	switch {
	case !v.Gift:
		return l.Language.Say(v.key(language.OwnPurchase), worth), l.Language.Say(language.SentForPurchase, sender)
	case v.Giver == "":
		return l.Language.Say(v.key(language.GiftUnnamed), worth), l.Language.Say(language.SentForGiftUnnamed, sender)
	}
	worth["giver"], sender["giver"] = v.Giver, v.Giver
	return l.Language.Say(v.key(language.GiftFrom), worth), l.Language.Say(language.SentForGift, sender)
}

// key is the form of a sentence for what the voucher holds.
func (v Voucher) key(key language.Key) language.Key {
	if v.Kind == voucher.Punches {
		return key.ForPunchCard()
	}
	return key
}

func (v Voucher) kindName(tag language.Tag) string {
	if v.Kind != voucher.Credit && v.Kind != voucher.StoreCredit {
		return tag.Say(v.key(language.PrintTitle), nil)
	}
	word := tag.Word(language.CreditNote)
	first, size := utf8.DecodeRuneInString(word)
	return string(unicode.ToUpper(first)) + word[size:]
}
