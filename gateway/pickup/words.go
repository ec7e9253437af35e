package pickup

import (
	"strings"

	"vouchsafe/retail/language"
)

// words are what the page says.
type words struct {
	Title, Hint, Show, Code, Value, Expires, Never, Print, Keep, Gone, GoneHint string
}

// wordsOf are the words of a language.
func wordsOf(lang language.Tag) words {
	base, _, _ := strings.Cut(string(lang), "-")
	if found, spoken := catalogue()[base]; spoken {
		return found
	}
	return catalogue()["en"]
}

func catalogue() map[string]words {
	return map[string]words{
		"da": {
			"Dit gavekort", "Tryk på knappen for at se koden. Den, der har koden, kan bruge gavekortet.", "Vis gavekortet", "Gavekortkode", "Værdi",
			"Gyldigt til og med", "Udløber ikke", "Hent som PDF", "Gem eller print gavekortet: linket virker kun et begrænset antal gange.",
			"Linket virker ikke", "Det er udløbet, brugt op eller trukket tilbage. Spørg i butikken om et nyt.",
		},
		"sv": {
			"Ditt presentkort", "Tryck på knappen för att se koden. Den som har koden kan använda presentkortet.", "Visa presentkortet", "Presentkortskod",
			"Värde", "Giltigt till och med", "Går inte ut", "Hämta som PDF", "Spara eller skriv ut presentkortet: länken fungerar bara ett begränsat antal gånger.",
			"Länken fungerar inte", "Den har gått ut, använts upp eller dragits tillbaka. Be butiken om en ny.",
		},
		"nb": {
			"Gavekortet ditt", "Trykk på knappen for å se koden. Den som har koden, kan bruke gavekortet.", "Vis gavekortet", "Gavekortkode", "Verdi",
			"Gyldig til og med", "Utløper ikke", "Hent som PDF", "Lagre eller skriv ut gavekortet: lenken virker bare et begrenset antall ganger.",
			"Lenken virker ikke", "Den er utløpt, brukt opp eller trukket tilbake. Be butikken om en ny.",
		},
		"de": {
			"Ihr Gutschein", "Drücken Sie auf den Knopf, um den Code zu sehen. Wer den Code hat, kann den Gutschein einlösen.", "Gutschein anzeigen",
			"Gutscheincode", "Wert", "Gültig bis einschließlich", "Läuft nicht ab", "Als PDF laden",
			"Speichern oder drucken Sie den Gutschein: Der Link funktioniert nur begrenzt oft.", "Der Link funktioniert nicht",
			"Er ist abgelaufen, aufgebraucht oder wurde zurückgezogen. Bitten Sie das Geschäft um einen neuen.",
		},
		"en": {
			"Your gift voucher", "Press the button to see the code. Whoever has the code can use the voucher.", "Show the voucher", "Voucher code", "Value",
			"Valid through", "Does not expire", "Get it as PDF", "Save or print the voucher: the link works a limited number of times.",
			"The link does not work", "It has expired, was used up or was withdrawn. Ask the shop for a new one.",
		},
	}
}

// acceptMost is how much of a browser's wishes is read.
const acceptMost = 200

// firstOf is the first language that a browser asks for and that there is.
func firstOf(accept string) string {
	for wish := range strings.SplitSeq(accept[:min(len(accept), acceptMost)], ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(wish), ";")
		if _, err := language.Parse(name); err == nil {
			return name
		}
	}
	return ""
}
