package mail

import (
	"html/template"
	"strconv"
	"strings"

	"vouchsafe/retail/language"
	"vouchsafe/retail/voucher"
)

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
		"membership":  "",
	}
	if recipient != "" {
		v["greeting"] = l.Language.Say(language.GreetingNamed, language.Values{"name": recipient})
	}
	if l.PrivacyURL != "" {
		v["privacy"] = strings.TrimSpace(l.Language.Say(language.Privacy, language.Values{"url": ""}))
	}
	return v
}

// maxItems is how many lines of an order a confirmation lists: more than anybody reads, and few enough for every mail server and layout.
const maxItems = 200

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
	switch {
	case c.Together:
		v["next"] = l.Language.Say(language.ConfirmationTogether, nil)
	case c.Vouchers+c.PunchCards > 0:
		v["next"] = l.Language.Say(language.ConfirmationNext(c.Vouchers, c.PunchCards), nil)
	}
	items, more := []map[string]string{}, len(c.Items)-maxItems
	if v["more"] = ""; more > 0 {
		v["more"] = l.Language.Say(language.ConfirmationMore, language.Values{"count": strconv.Itoa(more)})
	}
	for _, item := range c.Items[:min(len(c.Items), maxItems)] {
		items = append(items, map[string]string{
			"quantity": strconv.Itoa(item.Quantity), "title": CleanName(item.Title), "value": CleanLine(item.Value),
		})
	}
	v["items"], v["membership"] = items, CleanMessage(c.Membership)
	return v
}

// cleaned is the voucher with everything that somebody typed made harmless. The code stays as it is.
func (v Voucher) cleaned() Voucher {
	v.Title, v.Recipient, v.Giver = CleanName(v.Title), CleanName(v.Recipient), CleanName(v.Giver)
	v.Value, v.Expires = CleanLine(v.Value), CleanLine(v.Expires)
	v.Message, v.Membership = CleanMessage(v.Message), CleanMessage(v.Membership)
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
	if v.Inactive {
		all["how_to"] = say(language.NotActive, nil) + " " + say(language.HowTo, nil)
	}
	all["keep"], all["attached"], all["qr"] = say(language.KeepLikeCash, nil), "", template.URL("")
	all["membership"] = v.Membership
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
func (v Voucher) key(key language.Key) language.Key { return formOf(v.Kind, key) }

// formOf is the form of a sentence for a kind of voucher.
func formOf(kind voucher.Kind, key language.Key) language.Key {
	switch kind {
	case voucher.Punches:
		return key.ForPunchCard()
	case voucher.Credit, voucher.StoreCredit:
		return key.ForCreditNote()
	}
	return key
}

func (v Voucher) kindName(tag language.Tag) string { return tag.Say(v.key(language.PrintTitle), nil) }
