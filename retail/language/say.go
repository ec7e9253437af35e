package language

import (
	"fmt"
	"strings"
)

// Values are what stands in for the placeholders of a sentence, by name and without braces: {"shop": "Byens Bøger"}.
type Values = map[string]string

// Say is the sentence in the language with the values in place. A value is put in as it is, braces and all, and is never
// searched for further placeholders. A key that is not listed, a placeholder without a value and a value without a
// placeholder are caller's bugs and panic with a sentence.
func (t Tag) Say(key Key, values Values) string {
	c := t.catalogue()
	template, ok := c.sentences[key]
	if !ok {
		panic(fmt.Sprintf("language: there is no sentence %q", key))
	}
	for name := range values {
		if !strings.Contains(template, "{"+name+"}") {
			panic(fmt.Sprintf("language: sentence %q has no place for {%s}", key, name))
		}
	}
	return fill(key, c.inRegion(template), values)
}

func fill(key Key, template string, values Values) string {
	var out strings.Builder
	for {
		text, rest, found := strings.Cut(template, "{")
		out.WriteString(text)
		if !found {
			return out.String()
		}
		name, behind, _ := strings.Cut(rest, "}")
		value, ok := values[name]
		if !ok {
			panic(fmt.Sprintf("language: sentence %q needs a value for {%s}", key, name))
		}
		out.WriteString(value)
		template = behind
	}
}
