package language

import "strings"

// Introductions continue the greeting behind its comma, so they begin small where the first word is small.
var german = catalogue{
	numbers: numbers{group: ".", point: ","},
	symbols: map[string]string{"EUR": "€"},
	units:   map[string]unit{"PUNCH": {one: "Eintritt", more: "Eintritte"}, "POINT": {one: "Punkt", more: "Punkte"}},
	date:    "{day}. {month} {year}",
	months: [12]string{
		"Januar", "Februar", "März", "April", "Mai", "Juni",
		"Juli", "August", "September", "Oktober", "November", "Dezember",
	},
	words: map[Word]string{
		Voucher:    "Gutschein",
		PunchCard:  "Mehrfachkarte",
		Punch:      "Eintritt",
		CreditNote: "Gutschrift",
		Code:       "Gutscheincode",
		Reserved:   "reserviert",
		Reload:     "aufladen",
		Redeem:     "einlösen",
		Balance:    "Guthaben",
		Claim:      "auf Ihr Konto übertragen",
		Invalidate: "ungültig machen",
		Block:      "sperren",
	},
	sentences: map[Key]string{
		Greeting:           "Guten Tag,",
		GreetingNamed:      "Guten Tag {name},",
		Closing:            "Mit freundlichen Grüßen",
		Privacy:            "So gehen wir mit Ihren personenbezogenen Daten um: {url}",
		SentForPurchase:    "Diese E-Mail wurde von {sender} gesendet, weil Sie bei uns bestellt haben.",
		SentForGift:        "Diese E-Mail wurde von {sender} gesendet, weil {giver} bei uns ein Geschenk für Sie gekauft hat.",
		SentForGiftUnnamed: "Diese E-Mail wurde von {sender} gesendet, weil jemand bei uns ein Geschenk für Sie gekauft hat.",

		ConfirmationSubject:  "Ihre Bestellung {order} bei {shop}",
		ConfirmationReceived: "vielen Dank! Wir haben Ihre Bestellung {order} bei {shop} erhalten.",
		ConfirmationList:     "Ihre Bestellung",
		ConfirmationTotal:    "Gesamtbetrag",
		nextVoucher:          "Der Gutschein wird in einer eigenen E-Mail versendet, sobald die Zahlung verbucht ist.",
		nextVouchers:         "Die Gutscheine werden in eigenen E-Mails versendet, sobald die Zahlung verbucht ist.",
		nextPunchCard:        "Die Mehrfachkarte wird in einer eigenen E-Mail versendet, sobald die Zahlung verbucht ist.",
		nextPunchCards:       "Die Mehrfachkarten werden in eigenen E-Mails versendet, sobald die Zahlung verbucht ist.",
		nextMixed:            "Gutscheine und Mehrfachkarten werden in eigenen E-Mails versendet, sobald die Zahlung verbucht ist.",

		CodeSubject:  "Ihr Gutschein von {shop}",
		GiftFrom:     "{giver} hat Ihnen einen Gutschein im Wert von {value} für {shop} geschenkt.",
		GiftUnnamed:  "Sie haben einen Gutschein im Wert von {value} für {shop} geschenkt bekommen.",
		OwnPurchase:  "hier ist Ihr Gutschein im Wert von {value} für {shop}.",
		MessageFrom:  "Nachricht von {giver}",
		Message:      "Persönliche Nachricht",
		CodeLabel:    "Gutscheincode",
		ValueLabel:   "Wert",
		ValidLabel:   "Gültig bis einschließlich",
		ValidAlways:  "Unbefristet",
		ValidThrough: "Der Gutschein ist bis einschließlich {date} gültig.",
		NeverExpires: "Der Gutschein ist unbefristet gültig.",
		HowToTitle:   "So lösen Sie den Gutschein ein",
		HowTo: "Geben Sie den Code beim Bezahlen im Onlineshop ein oder zeigen Sie ihn an der Kasse vor. " +
			"Wenn Sie nicht den ganzen Betrag einlösen, bleibt der Rest auf dem Code erhalten.",
		KeepLikeCash: "Bewahren Sie den Code so sicher auf wie Bargeld: Wer ihn hat, kann den Gutschein einlösen.",
		Attached:     "Der Gutschein liegt als PDF zum Ausdrucken bei.",
		PrintTitle:   "Gutschein",
		ScanHint:     "Kann an der Kasse gescannt werden",

		punchSubject:     "Ihre Mehrfachkarte von {shop}",
		punchGiftFrom:    "{giver} hat Ihnen eine Mehrfachkarte über {value} für {shop} geschenkt.",
		punchGiftUnnamed: "Sie haben eine Mehrfachkarte über {value} für {shop} geschenkt bekommen.",
		punchOwn:         "hier ist Ihre Mehrfachkarte über {value} für {shop}.",
		punchCodeLabel:   "Code",
		punchValid:       "Die Mehrfachkarte ist bis einschließlich {date} gültig.",
		punchNever:       "Die Mehrfachkarte ist unbefristet gültig.",
		punchHowToTitle:  "So verwenden Sie die Mehrfachkarte",
		punchHowTo: "Zeigen Sie den Code bei jedem Eintritt an der Kasse vor. " +
			"Die übrigen Eintritte bleiben auf dem Code erhalten.",
		punchKeep:       "Bewahren Sie den Code so sicher auf wie Bargeld: Wer ihn hat, kann die Mehrfachkarte verwenden.",
		punchAttached:   "Die Mehrfachkarte liegt als PDF zum Ausdrucken bei.",
		punchPrintTitle: "Mehrfachkarte",
	},
}

// In Austria the currency stands in front, January has its own name, and two things of the trade have another word.
var austrian = catalogue{
	numbers: numbers{group: ".", point: ",", codeFirst: true, symbolGap: nbsp},
	symbols: german.symbols,
	units:   german.units,
	date:    german.date,
	months: [12]string{
		"Jänner", "Februar", "März", "April", "Mai", "Juni",
		"Juli", "August", "September", "Oktober", "November", "Dezember",
	},
	words:     german.words,
	sentences: german.sentences,
	regional:  strings.NewReplacer("Mehrfachkarte", "Blockkarte", "an der Kasse", "an der Kassa"),
}
