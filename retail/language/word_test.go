package language

import "testing"

func TestWordsAreThoseOfTheTrade(t *testing.T) {
	t.Parallel()
	columns := []Tag{Danish, Swedish, Norwegian, Germany, Austrian, English}
	for word, want := range map[Word][6]string{
		Voucher:    {"gavekort", "presentkort", "gavekort", "Gutschein", "Gutschein", "gift voucher"},
		PunchCard:  {"klippekort", "klippkort", "klippekort", "Mehrfachkarte", "Blockkarte", "punch card"},
		Punch:      {"klip", "klipp", "klipp", "Eintritt", "Eintritt", "punch"},
		CreditNote: {"tilgodebevis", "tillgodokvitto", "tilgodelapp", "Gutschrift", "Gutschrift", "credit note"},
		Code:       {"gavekortkode", "presentkortskod", "gavekortkode", "Gutscheincode", "Gutscheincode", "voucher code"},
		Reserved:   {"reserveret", "reserverat", "reservert", "reserviert", "reserviert", "reserved"},
		Reload:     {"fyld på", "fyll på", "fyll på", "aufladen", "aufladen", "top up"},
		Redeem:     {"indløs", "lös in", "løs inn", "einlösen", "einlösen", "redeem"},
		Balance:    {"saldo", "saldo", "saldo", "Guthaben", "Guthaben", "balance"},
		Claim: {
			"overfør til din konto", "för över till ditt konto", "overfør til kontoen din",
			"auf Ihr Konto übertragen", "auf Ihr Konto übertragen", "add to your account",
		},
		Invalidate: {"gør ugyldigt", "makulera", "gjør ugyldig", "ungültig machen", "ungültig machen", "invalidate"},
		Block:      {"spær", "spärra", "sperr", "sperren", "sperren", "block"},
	} {
		for i, tag := range columns {
			if got := tag.Word(word); got != want[i] {
				t.Errorf("%s in %s = %q, want %q", word, tag, got, want[i])
			}
		}
	}
}

func TestEveryCatalogueHasEveryWordAndNoOther(t *testing.T) {
	t.Parallel()
	for _, tag := range Tags() {
		words := tag.catalogue().words
		for _, word := range Words() {
			if words[word] == "" {
				t.Errorf("%s has no word for %q", tag, word)
			}
		}
		if got, want := len(words), len(Words()); got != want {
			t.Errorf("%s has %d words, want %d", tag, got, want)
		}
	}
}

func TestUnknownWordsAndTagsAreCallersBugs(t *testing.T) {
	t.Parallel()
	assertPanics(t, "no word", func() { Danish.Word("discount") })
	assertPanics(t, "no tag", func() { Tag("fi").Word(Voucher) })
	assertPanics(t, "no tag", func() { Tag("").Word(Voucher) })
}
