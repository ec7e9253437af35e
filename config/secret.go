package config

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a text that masks itself wherever it is printed, logged or marshalled; Reveal alone gives it. The zero
// Secret is not set.
type Secret struct {
	// A pointer, since fmt calls no methods on unexported fields: a Secret inside one shows an address.
	text *string
}

// NewSecret makes a secret of text; an empty text is not set.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal gives the text itself, to be handed to whoever connects with it and to nobody else.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsSet tells whether there is a text.
func (s Secret) IsSet() bool { return s.text != nil }

// Equal compares the texts.
func (s Secret) Equal(other Secret) bool { return s.Reveal() == other.Reveal() }

// String gives the mask.
func (s Secret) String() string {
	if s.text == nil {
		return "(none)"
	}
	return "(secret)"
}

// Format writes the mask, whatever the verb.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, s.String()) }

// LogValue logs the mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText gives the mask to JSON, YAML and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
