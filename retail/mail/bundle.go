package mail

import (
	"slices"
	"strconv"

	"vouchsafe/retail/language"
	"vouchsafe/retail/voucher"
)

// values are the variables of the mail with all codes of an order.
func (b Bundle) values(l Letter) values {
	count, order, buyer := strconv.Itoa(len(b.Vouchers)), CleanName(b.Order), CleanName(b.Buyer)
	kind := b.kind()
	say := func(key language.Key) string { return l.Language.Say(formOf(kind, key), nil) }
	all := l.values(l.Language.Say(language.BulkSubject, language.Values{"count": count, "shop": l.Shop}), buyer)
	all["introduction"] = l.Language.Say(language.BulkIntroduction, language.Values{"count": count, "order": order, "shop": l.Shop})
	all["sent_because"] = l.Language.Say(language.SentForPurchase, language.Values{"sender": l.Sender})
	all["order"], all["buyer"], all["count"] = order, buyer, count
	all["code_label"], all["value_label"] = say(language.CodeLabel), say(language.ValueLabel)
	all["valid_label"], all["valid_always"] = say(language.ValidLabel), say(language.ValidAlways)
	all["how_to_title"], all["how_to"], all["keep"] = say(language.HowToTitle), say(language.HowTo), say(language.KeepLikeCash)
	if slices.ContainsFunc(b.Vouchers, func(v Voucher) bool { return v.Inactive }) {
		all["how_to"] = say(language.NotActive) + " " + say(language.HowTo)
	}
	all["membership"], all["attached"] = CleanMessage(b.Membership), ""
	if len(b.PDF) > 0 {
		all["attached"] = say(language.BulkAttached)
	}
	codes := []map[string]string{}
	for _, v := range b.Vouchers {
		codes = append(codes, v.line(l.Language))
	}
	all["codes"] = codes
	return all
}

// kind is that of all vouchers; of a mixture it is money, whose sentences tell of the code.
func (b Bundle) kind() voucher.Kind {
	for _, v := range b.Vouchers {
		if v.Kind != b.Vouchers[0].Kind {
			return voucher.Money
		}
	}
	return b.Vouchers[0].Kind
}

// line is a voucher in a list.
func (v Voucher) line(tag language.Tag) map[string]string {
	valid := tag.Say(v.key(language.NeverExpires), nil)
	if v.Expires != "" {
		valid = tag.Say(v.key(language.ValidThrough), language.Values{"date": v.Expires})
	}
	return map[string]string{
		"code": v.Code, "kind_name": v.kindName(tag), "title": v.Title, "value": v.Value, "expires": v.Expires, "valid": valid,
	}
}

// values are the variables of a reminder.
func (r Reminder) values(l Letter) values {
	key := func(k language.Key) language.Key { return formOf(r.Kind, k) }
	expires := CleanLine(r.Expires)
	all := l.values(l.Language.Say(key(language.ReminderSubject), language.Values{"date": expires, "shop": l.Shop}), CleanName(r.Buyer))
	introduction := language.ReminderOwn
	if r.Gift {
		introduction = language.ReminderGift
	}
	all["introduction"] = l.Language.Say(key(introduction), language.Values{"date": expires, "last4": r.Last4, "shop": l.Shop})
	all["sent_because"] = l.Language.Say(language.SentForPurchase, language.Values{"sender": l.Sender})
	all["kind_name"], all["title"] = l.Language.Say(key(language.PrintTitle), nil), CleanName(r.Title)
	all["last4"], all["expires"], all["how_to"] = r.Last4, expires, l.Language.Say(language.ReminderHowTo, nil)
	return all
}
