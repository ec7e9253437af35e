package language

import "strings"

// catalogue is all that is known of one form of a language.
type catalogue struct {
	numbers   numbers
	symbols   map[string]string // by ISO 4217 code; a currency without one is written with its code
	units     map[string]unit   // what is counted, but not money
	date      string            // with {day}, {month} and {year}
	months    [12]string
	words     map[Word]string
	sentences map[Key]string
	// regional turns words of the main form into those of a region, in words and sentences alike; nil for most.
	regional *strings.Replacer
}

// unit is the word behind a count. The languages here all tell one from more than one, and nothing else.
type unit struct {
	one, more string
}

func (t Tag) catalogue() *catalogue {
	switch t {
	case Danish:
		return &danish
	case Swedish:
		return &swedish
	case Norwegian:
		return &norwegian
	case German, Germany:
		return &german
	case Austrian:
		return &austrian
	case English:
		return &english
	}
	panic("language: " + string(t) + " is no tag that Parse or Choose gives")
}

// inRegion is text in the words of the catalogue's region.
func (c *catalogue) inRegion(text string) string {
	if c.regional == nil {
		return text
	}
	return c.regional.Replace(text)
}
