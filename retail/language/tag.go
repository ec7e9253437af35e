package language

import (
	"errors"
	"fmt"
	"strings"
)

// Tag is one of the forms of language below. Its text is a BCP 47 tag, fit for the lang attribute of HTML. Methods of
// any other Tag panic: tags come from Parse or Choose.
type Tag string

// The forms with a catalogue.
const (
	Danish    Tag = "da"
	Swedish   Tag = "sv"
	Norwegian Tag = "nb"
	German    Tag = "de" // written as in Germany
	Austrian  Tag = "de-AT"
	Germany   Tag = "de-DE"
	English   Tag = "en" // British spelling and dates
)

// ErrUnknown means that there is no catalogue for a language, or that the text names no language at all.
var ErrUnknown = errors.New("language not known")

// Tags lists every form, for those who try them all.
func Tags() []Tag {
	return []Tag{Danish, Swedish, Norwegian, German, Austrian, Germany, English}
}

// Parse reads the name of a language as shops and systems write it: "da", "da-DK", "de_AT", "de_DE_formal",
// "sv_SE.UTF-8", in any case. Norwegian answers to "no", "nb" and "nn". A region matters only to German, and one without
// a form of its own is left out: "de-CH" is German. Everything else is ErrUnknown.
func Parse(text string) (Tag, error) {
	name, _, _ := strings.Cut(text, ".")
	name, _, _ = strings.Cut(name, "@")
	parts := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '-' || r == '_' })
	if len(parts) == 0 {
		return "", fmt.Errorf("read language %.40q: %w", text, ErrUnknown)
	}
	switch parts[0] {
	case "da":
		return Danish, nil
	case "sv":
		return Swedish, nil
	case "nb", "no", "nn":
		return Norwegian, nil
	case "de":
		return germanOf(parts[1:]), nil
	case "en":
		return English, nil
	}
	return "", fmt.Errorf("read language %.40q: %w", text, ErrUnknown)
}

func germanOf(regions []string) Tag {
	for _, region := range regions {
		switch region {
		case "at":
			return Austrian
		case "de":
			return Germany
		}
	}
	return German
}

// Choose is the form to write to somebody in who asked for a language, perhaps none, in the shop of a merchant of that
// country (ISO 3166-1, two letters). The rule: the language asked for when there is a catalogue, otherwise the language
// of the country, otherwise English. German without a region takes that of the country: "de" in Austria is de-AT.
func Choose(asked, country string) Tag {
	home := ofCountry(country)
	tag, err := Parse(asked)
	switch {
	case err != nil:
		return home
	case tag == German && (home == Austrian || home == Germany):
		return home
	}
	return tag
}

func ofCountry(country string) Tag {
	switch strings.ToUpper(country) {
	case "DK", "FO", "GL":
		return Danish
	case "SE":
		return Swedish
	case "NO":
		return Norwegian
	case "AT":
		return Austrian
	case "DE":
		return Germany
	case "CH", "LI":
		return German
	}
	return English
}
