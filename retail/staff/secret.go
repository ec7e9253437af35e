package staff

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret opens a door: a password, a session's token, the seed of a person's codes. Whatever prints, logs or encodes
// it shows a mask.
type Secret string

const masked = "[secret]"

// Reveal is the secret itself, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// Format prints a mask, whatever the verb.
func (Secret) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, masked) }

// LogValue logs a mask.
func (Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalJSON encodes a mask.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + masked + `"`), nil }
