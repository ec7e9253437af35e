package mail

import "vouchsafe/retail/language"

// Welcome greets somebody who has opened an account, and tells of the points that this earned (P21).
type Welcome struct {
	Points  string // as language.Tag.Amount writes them
	Worth   string // what they are worth now, likewise; "" for nothing
	Expires string // the last day on which they can be used, as language.Tag.Date writes it; "" for none
}

// RenderWelcome renders the welcome. Errors as for RenderConfirmation.
func RenderWelcome(letter Letter, w Welcome) (Message, error) {
	return render(letter, WelcomeMail, w.values, enclosure{})
}

// values are the variables of a welcome.
func (w Welcome) values(l Letter) values {
	points, worth, expires := CleanLine(w.Points), CleanLine(w.Worth), CleanLine(w.Expires)
	say := func(key language.Key, of language.Values) string { return l.Language.Say(key, of) }
	all := l.values(say(language.WelcomeSubject, language.Values{"shop": l.Shop}), "")
	all["introduction"] = say(language.WelcomeIntroduction, language.Values{"points": points, "shop": l.Shop})
	all["sent_because"] = say(language.SentForAccount, language.Values{"sender": l.Sender})
	all["points"], all["points_label"] = points, say(language.WelcomeLabel, nil)
	all["worth"], all["worth_told"], all["expires"], all["valid"] = worth, "", expires, ""
	if worth != "" {
		all["worth_told"] = say(language.WelcomeWorth, language.Values{"value": worth})
	}
	if expires != "" {
		all["valid"] = say(language.WelcomeValid, language.Values{"date": expires})
	}
	all["how_to"] = say(language.WelcomeHowTo, nil)
	return all
}
