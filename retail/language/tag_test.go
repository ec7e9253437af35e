package language

import (
	"errors"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		text string
		want Tag
		err  error
	}{
		{name: "the plain name", text: "da", want: Danish},
		{name: "with its region", text: "da-DK", want: Danish},
		{name: "underlined", text: "sv_SE", want: Swedish},
		{name: "with an encoding", text: "sv_SE.UTF-8", want: Swedish},
		{name: "with a variant", text: "de_AT@euro", want: Austrian},
		{name: "in capitals", text: "DE-AT", want: Austrian},
		{name: "formal, as WooCommerce says it", text: "de_DE_formal", want: Germany},
		{name: "with a script", text: "de-Latn-AT", want: Austrian},
		{name: "Swiss German has no form of its own", text: "de-CH", want: German},
		{name: "plain German", text: "de", want: German},
		{name: "Norwegian by its old name", text: "no", want: Norwegian},
		{name: "Bokmål", text: "nb-NO", want: Norwegian},
		{name: "Nynorsk is read in Bokmål", text: "nn_NO", want: Norwegian},
		{name: "American English", text: "en-US", want: English},
		{name: "a language without a catalogue", text: "fi-FI", err: ErrUnknown},
		{name: "one that only begins alike", text: "dan", err: ErrUnknown},
		{name: "nothing", text: "", err: ErrUnknown},
		{name: "only separators", text: "-_-", err: ErrUnknown},
		{name: "only an encoding", text: ".UTF-8", err: ErrUnknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(test.text)
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("Parse(%q) = %q, %v; want %q, %v", test.text, got, err, test.want, test.err)
			}
		})
	}
}

func TestParseReadsEveryTagAsItself(t *testing.T) {
	t.Parallel()
	for _, tag := range Tags() {
		if got, err := Parse(string(tag)); got != tag || err != nil {
			t.Errorf("Parse(%q) = %q, %v", tag, got, err)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		asked   string
		country string
		want    Tag
	}{
		{name: "what was asked for wins over the country", asked: "sv", country: "DK", want: Swedish},
		{name: "nothing asked: the country's language", asked: "", country: "DK", want: Danish},
		{name: "no catalogue: the country's language", asked: "fi", country: "SE", want: Swedish},
		{name: "no catalogue for either: English", asked: "fi", country: "FI", want: English},
		{name: "no country: English", asked: "", country: "", want: English},
		{name: "German in Austria is Austrian", asked: "de", country: "AT", want: Austrian},
		{name: "German in Germany", asked: "de", country: "de", want: Germany},
		{name: "German in Denmark stays plain", asked: "de", country: "DK", want: German},
		{name: "a German in an Austrian shop reads German figures", asked: "de-DE", country: "AT", want: Germany},
		{name: "Norway", asked: "", country: "NO", want: Norwegian},
		{name: "Switzerland", asked: "", country: "CH", want: German},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := Choose(test.asked, test.country); got != test.want {
				t.Errorf("Choose(%q, %q) = %q, want %q", test.asked, test.country, got, test.want)
			}
		})
	}
}
