// Package wrong is what the wrong versions of the daemon ask which of them they are. Only a source that mutant has changed imports it.
package wrong

import (
	"os"
	"slices"
	"strings"
)

// Variable names the mutant that a process is.
const Variable = "VOUCHSAFE_WRONG"

// chosen never changes.
var chosen = os.Getenv(Variable)

// Is tells whether the process is one of these mutants.
func Is(names ...string) bool { return slices.Contains(names, chosen) }

// Or is the wrong value in these mutants, the right one in all others.
func Or[T any](wrong, right T, names ...string) T {
	if Is(names...) {
		return wrong
	}
	return right
}

// Text has a part of a text replaced in these mutants. It panics if the text has no such part, or the mutant would be none.
func Text(text, old, new string, names ...string) string {
	if !Is(names...) {
		return text
	}
	if strings.Count(text, old) != 1 {
		panic("wrong: what is replaced does not occur exactly once: " + old)
	}
	return strings.Replace(text, old, new, 1)
}
