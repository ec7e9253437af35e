package window

import "vouchsafe/retail/language"

// words are the texts of the pages in one language.
type words struct {
	Itself       string // the language's own name
	BuyTitle     string
	Chosen       string // what stands before a category and a facility
	NothingFits  string
	Buy          string // on a link
	AnyValue     string
	UpTo         string
	InShop       string // where no link leads
	BalanceTitle string
	Code         string
	CodeHint     string
	Look         string // on the button
	Balance      string
	Reserved     string
	ValidThrough string
	Never        string
	OfCode       string // what stands before the end of a code
	Nothing      string
	TooMany      string
	Languages    string
}

// wordsOf are the texts in a language; German has one form for all regions here.
func wordsOf(lang language.Tag) words {
	switch lang {
	case language.Danish:
		return danish()
	case language.Swedish:
		return swedish()
	case language.Norwegian:
		return norwegian()
	case language.German, language.Austrian, language.Germany:
		return german()
	}
	return english()
}

func danish() words {
	return words{
		Itself: "Dansk", BuyTitle: "Køb gavekort", Chosen: "Udvalg", NothingFits: "Der er ikke noget til salg her lige nu.",
		Buy: "Køb", AnyValue: "Du vælger beløbet", UpTo: "Op til", InShop: "Spørg i butikken.",
		BalanceTitle: "Saldo på gavekort", Code: "Gavekortkode", CodeHint: "Koden står i mailen eller på det trykte gavekort.", Look: "Vis saldo",
		Balance: "Saldo", Reserved: "Heraf reserveret til et køb", ValidThrough: "Gyldigt til og med", Never: "Udløber ikke", OfCode: "Kode, der slutter på",
		Nothing: "Vi kan ikke vise en saldo for denne kode. Kontrollér, at den er tastet rigtigt, eller spørg i butikken.",
		TooMany: "Der er spurgt for mange gange. Vent lidt, og prøv igen.", Languages: "Sprog",
	}
}

func swedish() words {
	return words{
		Itself: "Svenska", BuyTitle: "Köp presentkort", Chosen: "Urval", NothingFits: "Det finns inget till salu här just nu.",
		Buy: "Köp", AnyValue: "Du väljer beloppet", UpTo: "Upp till", InShop: "Fråga i butiken.",
		BalanceTitle: "Saldo på presentkort", Code: "Presentkortskod", CodeHint: "Koden står i mejlet eller på det utskrivna presentkortet.", Look: "Visa saldo",
		Balance: "Saldo", Reserved: "Varav reserverat för ett köp", ValidThrough: "Giltigt till och med", Never: "Går inte ut", OfCode: "Kod som slutar på",
		Nothing: "Vi kan inte visa något saldo för den här koden. Kontrollera att den är rätt inskriven, eller fråga i butiken.",
		TooMany: "För många försök. Vänta lite och försök igen.", Languages: "Språk",
	}
}

func norwegian() words {
	return words{
		Itself: "Norsk", BuyTitle: "Kjøp gavekort", Chosen: "Utvalg", NothingFits: "Det er ikke noe til salgs her akkurat nå.",
		Buy: "Kjøp", AnyValue: "Du velger beløpet", UpTo: "Opptil", InShop: "Spør i butikken.",
		BalanceTitle: "Saldo på gavekort", Code: "Gavekortkode", CodeHint: "Koden står i e-posten eller på det utskrevne gavekortet.", Look: "Vis saldo",
		Balance: "Saldo", Reserved: "Herav reservert til et kjøp", ValidThrough: "Gyldig til og med", Never: "Utløper ikke", OfCode: "Kode som slutter på",
		Nothing: "Vi kan ikke vise noen saldo for denne koden. Sjekk at den er skrevet riktig, eller spør i butikken.",
		TooMany: "For mange forsøk. Vent litt og prøv igjen.", Languages: "Språk",
	}
}

func german() words {
	return words{
		Itself: "Deutsch", BuyTitle: "Gutschein kaufen", Chosen: "Auswahl", NothingFits: "Hier ist zurzeit nichts zu kaufen.",
		Buy: "Kaufen", AnyValue: "Sie wählen den Betrag", UpTo: "Bis", InShop: "Bitte fragen Sie im Geschäft.",
		BalanceTitle: "Guthaben eines Gutscheins", Code: "Gutscheincode", CodeHint: "Der Code steht in der E-Mail oder auf dem gedruckten Gutschein.", Look: "Guthaben anzeigen",
		Balance: "Guthaben", Reserved: "Davon für einen Kauf reserviert", ValidThrough: "Gültig bis einschließlich", Never: "Läuft nicht ab", OfCode: "Code mit den letzten Zeichen",
		Nothing: "Zu diesem Code können wir kein Guthaben anzeigen. Bitte prüfen Sie die Eingabe oder fragen Sie im Geschäft.",
		TooMany: "Es wurde zu oft gefragt. Bitte warten Sie etwas und versuchen Sie es erneut.", Languages: "Sprache",
	}
}

func english() words {
	return words{
		Itself: "English", BuyTitle: "Buy a gift voucher", Chosen: "Selection", NothingFits: "There is nothing for sale here at the moment.",
		Buy: "Buy", AnyValue: "You choose the amount", UpTo: "Up to", InShop: "Please ask in the shop.",
		BalanceTitle: "Balance of a gift voucher", Code: "Voucher code", CodeHint: "The code is in the e-mail or on the printed voucher.", Look: "Show the balance",
		Balance: "Balance", Reserved: "Of it reserved for a purchase", ValidThrough: "Valid up to and including", Never: "No expiry date", OfCode: "Code ending in",
		Nothing: "We can't show a balance for this code. Check that it is typed correctly, or ask in the shop.",
		TooMany: "There were too many questions. Please wait a little and try again.", Languages: "Language",
	}
}
