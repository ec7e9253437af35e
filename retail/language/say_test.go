package language

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestEveryCatalogueFulfilsEverySentence(t *testing.T) {
	t.Parallel()
	for _, tag := range Tags() {
		catalogue := tag.catalogue()
		for key := range sentences {
			template := catalogue.sentences[key]
			if strings.TrimSpace(template) == "" || template != strings.TrimSpace(template) {
				t.Errorf("%s: sentence %q is missing or has space around it", tag, key)
			}
			if diff := cmp.Diff(key.Placeholders(), placeholdersOf(template)); diff != "" {
				t.Errorf("%s: placeholders of %q (-want +got):\n%s", tag, key, diff)
			}
		}
		for key := range catalogue.sentences {
			if _, listed := sentences[key]; !listed {
				t.Errorf("%s: sentence %q is not listed", tag, key)
			}
		}
	}
}

func placeholdersOf(template string) []string {
	var names []string
	for _, match := range regexp.MustCompile(`\{([^}]*)\}?`).FindAllStringSubmatch(template, -1) {
		names = append(names, match[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// E08: the first mail never contains the code, so no sentence has a place where one could be put.
func TestNoSentenceHasAPlaceForACode(t *testing.T) {
	t.Parallel()
	for key := range sentences {
		if slices.Contains(key.Placeholders(), "code") {
			t.Errorf("sentence %q has a place for a code", key)
		}
	}
}

func TestThePunchCardFormTakesTheSameValues(t *testing.T) {
	t.Parallel()
	for key := range sentences {
		other := key.ForPunchCard()
		if diff := cmp.Diff(key.Placeholders(), other.Placeholders()); diff != "" {
			t.Errorf("%q and its form for punch cards (-voucher +punch card):\n%s", key, diff)
		}
		if other.ForPunchCard() != other {
			t.Errorf("%q has a form for punch cards of its own", other)
		}
	}
	if got := CodeSubject.ForPunchCard(); got == CodeSubject {
		t.Error("the subject has no form for punch cards")
	}
	if got := Closing.ForPunchCard(); got != Closing {
		t.Errorf("the closing is %q for punch cards, want it unchanged", got)
	}
}

func TestNoSentenceAboutAPunchCardOrACreditNoteSpeaksOfAVoucher(t *testing.T) {
	t.Parallel()
	for _, tag := range Tags() {
		voucher := strings.ToLower(tag.Word(Voucher))
		for key := range sentences {
			text := strings.ToLower(tag.catalogue().sentences[key])
			if (strings.HasPrefix(string(key), "punches.") || strings.HasPrefix(string(key), "credit.")) && strings.Contains(text, voucher) {
				t.Errorf("%s: %q says %q", tag, key, voucher)
			}
		}
	}
}

func TestReadersAreAddressedAsTheyExpect(t *testing.T) {
	t.Parallel()
	familiar := regexp.MustCompile(`(?i)\b(du|dir|dich|dein\w*)\b`)
	for tag, wrong := range map[Tag]*regexp.Regexp{
		Danish:    regexp.MustCompile(`\b(Dem|Deres)\b`),
		Swedish:   regexp.MustCompile(`\b(Ni|Er|Ert|Era)\b`),
		Norwegian: regexp.MustCompile(`\b(Dem|Deres)\b`),
		German:    familiar,
		Austrian:  familiar,
	} {
		for key, template := range tag.catalogue().sentences {
			if found := wrong.FindString(template); found != "" {
				t.Errorf("%s: %q addresses the reader as %q", tag, key, found)
			}
		}
	}
}

func TestConfirmationNext(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		vouchers, punchCards int
		want                 string
	}{
		{1, 0, "Gavekortet sendes i en separat mail, så snart betalingen er registreret."},
		{3, 0, "Gavekortene sendes i separate mails, så snart betalingen er registreret."},
		{0, 1, "Klippekortet sendes i en separat mail, så snart betalingen er registreret."},
		{0, 2, "Klippekortene sendes i separate mails, så snart betalingen er registreret."},
		{1, 1, "Gavekort og klippekort sendes i separate mails, så snart betalingen er registreret."},
	} {
		if got := Danish.Say(ConfirmationNext(test.vouchers, test.punchCards), nil); got != test.want {
			t.Errorf("%d vouchers, %d punch cards: %q, want %q", test.vouchers, test.punchCards, got, test.want)
		}
	}
	assertPanics(t, "nothing coming", func() { ConfirmationNext(0, 0) })
}

func TestSayNeverLooksForPlaceholdersInAValue(t *testing.T) {
	t.Parallel()
	got := English.Say(GiftFrom, Values{"giver": "{shop}{", "value": "}", "shop": "{value}"})
	if want := "{shop}{ has given you a gift voucher worth } at {value}."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheRegionChangesOurWordsAndNobodysName(t *testing.T) {
	t.Parallel()
	got := Austrian.Say(CodeSubject.ForPunchCard(), Values{"shop": "Mehrfachkarten an der Kasse GmbH"})
	if want := "Ihre Blockkarte von Mehrfachkarten an der Kasse GmbH"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSayPanicsWithASentenceAtACallersBug(t *testing.T) {
	t.Parallel()
	for _, tag := range Tags() {
		assertPanics(t, "no sentence", func() { tag.Say("discount", nil) })
		assertPanics(t, "needs a value for {url}", func() { tag.Say(Privacy, nil) })
		assertPanics(t, "no place for {code}", func() { tag.Say(Privacy, Values{"url": "https://", "code": "GC"}) })
	}
}

// The golden files show every sentence to those who read the language better than the code.
func TestSentencesReadAsInTheGoldenFiles(t *testing.T) {
	t.Parallel()
	for _, tag := range Tags() {
		golden := filepath.Join("testdata", string(tag)+".golden")
		got := allSentences(tag)
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tag, diff)
		}
	}
}

func allSentences(tag Tag) string {
	values := Values{
		"name": "Lisa Berg", "giver": "Adam", "shop": "Lunds Bad", "sender": "Lunds Bad AB", "order": "1042",
		"date": "22/11", "last4": "AAAA", "count": "30", "url": "https://shop.example/privacy",
	}
	var out strings.Builder
	for _, key := range slices.Sorted(maps.Keys(sentences)) {
		values["value"], values["points"] = tag.Amount("1500.00", "EUR", "DE"), tag.Amount("100", "POINT", "")
		if strings.HasPrefix(string(key), "punches.") {
			values["value"] = tag.Punches(10)
		}
		wanted := Values{}
		for _, name := range key.Placeholders() {
			wanted[name] = values[name]
		}
		out.WriteString(string(key) + ": " + tag.Say(key, wanted) + "\n")
	}
	return out.String()
}
