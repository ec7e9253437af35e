package webshop

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxDepth   = 100    // levels of nesting; real orders stay below 10, plug-ins' meta data below 30
	maxIDBytes = 256    // longest key of an order, a line or a refund
	maxShown   = 40     // bytes of a wrong value that an error quotes
	maxItems   = 10_000 // objects in one list
)

// plainDecimal has no exponent, no plus sign and no separators. Fifteen digits before the point leave room for three
// decimals in an int64.
var plainDecimal = regexp.MustCompile(`^-?[0-9]{1,15}(\.[0-9]{1,20})?$`)

// Object is one JSON object of a shop's body. Names are matched exactly; null and absent are the same.
//
// Reading never stops half-way: the first value that is not what was asked for is remembered for the whole body, and
// Err tells it. What was read is only worth something when Err is nil. Numbers stay text, so that an id above 2^53 and
// an amount keep every digit.
type Object struct {
	fields map[string]json.RawMessage
	path   string
	fault  *error
}

// ReadObject reads a whole body as one JSON object. Invalid UTF-8, a name that comes twice in one object, more than 100
// levels of nesting, and data after the object are ErrUnreadable: two readers could understand such a body differently.
func ReadObject(body []byte) (Object, error) {
	if !utf8.Valid(body) {
		return Object{}, fmt.Errorf("%w: it is not UTF-8", ErrUnreadable)
	}
	var fields map[string]json.RawMessage // which looks into nothing, however deep
	if err := json.Unmarshal(body, &fields); err != nil {
		return Object{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if err := checkNesting(body); err != nil {
		return Object{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if fields == nil {
		return Object{}, fmt.Errorf("%w: it is null", ErrUnreadable)
	}
	return Object{fields: fields, fault: new(error)}, nil
}

// Err returns the first fault found in the body, nil when there was none. It wraps ErrUnreadable.
func (o Object) Err() error {
	if o.fault == nil {
		return nil
	}
	return *o.fault
}

// Fail records a fault of the named value that only the caller can see, unless an earlier one is known.
func (o Object) Fail(name, format string, args ...any) {
	if o.fault == nil || *o.fault != nil {
		return
	}
	*o.fault = fmt.Errorf("%w: %s%s: %s", ErrUnreadable, o.path, name, fmt.Sprintf(format, args...))
}

// Has reports whether the name is there with a value other than null.
func (o Object) Has(name string) bool {
	_, ok := o.raw(name)
	return ok
}

// Len returns how many names the object has, those with null included.
func (o Object) Len() int { return len(o.fields) }

// Text returns a string without the space around it, "" when it is absent.
func (o Object) Text(name string) string {
	raw, ok := o.raw(name)
	if !ok {
		return ""
	}
	if raw[0] != '"' {
		o.Fail(name, "a text was expected")
		return ""
	}
	return o.unquote(name, raw)
}

// Loose returns a string, a number or a truth value as text; a list and an object are "". It serves values that
// plug-ins write as they please.
func (o Object) Loose(name string) string {
	raw, ok := o.raw(name)
	if !ok || raw[0] == '{' || raw[0] == '[' {
		return ""
	}
	if raw[0] == '"' {
		return o.unquote(name, raw)
	}
	return string(raw)
}

// ID returns a key: a string that is not empty or a whole number, at most 256 bytes. It must be there.
func (o Object) ID(name string) string {
	raw, ok := o.raw(name)
	if !ok {
		o.Fail(name, "is missing")
		return ""
	}
	text := string(raw)
	if raw[0] == '"' {
		text = o.unquote(name, raw)
	} else if _, err := strconv.ParseInt(text, 10, 64); err != nil {
		o.Fail(name, "an id was expected, not %s", shown(text))
	}
	if text == "" || len(text) > maxIDBytes {
		o.Fail(name, "an id has 1 to %d bytes", maxIDBytes)
	}
	return text
}

// Decimal returns an amount, a number or a string, as a plain decimal: no exponent, at most 15 digits before the point.
// It must be there.
func (o Object) Decimal(name string) string {
	text := o.Loose(name)
	if !plainDecimal.MatchString(text) {
		o.Fail(name, "a plain decimal number was expected, not %s", shown(text))
		return "0"
	}
	return text
}

// Whole returns a whole number, 0 when it is absent. A string, a fraction and an exponent are faults.
func (o Object) Whole(name string) int64 {
	raw, ok := o.raw(name)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		o.Fail(name, "a whole number was expected, not %s", shown(string(raw)))
	}
	return n
}

// Truth returns a truth value, nil when it is absent.
func (o Object) Truth(name string) *bool {
	raw, ok := o.raw(name)
	if !ok {
		return nil
	}
	truth := string(raw) == "true"
	if !truth && string(raw) != "false" {
		o.Fail(name, "true or false was expected")
	}
	return &truth
}

// Currency returns a code of three letters in upper case, "" when it is absent.
func (o Object) Currency(name string) string {
	text := strings.ToUpper(o.Text(name))
	if text == "" {
		return ""
	}
	if len(text) != 3 || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		o.Fail(name, "a currency has three letters, not %s", shown(text))
	}
	return text
}

// Time returns an instant in UTC, the zero time when it is absent or empty. A layout without a zone means UTC.
func (o Object) Time(name, layout string) time.Time {
	text := o.Text(name)
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(layout, text)
	if err != nil {
		o.Fail(name, "a time like %s was expected, not %s", layout, shown(text))
	}
	return at.UTC()
}

// Object returns the object below the name, one without values when it is absent. An empty list counts as an empty
// object, since PHP writes one for the other.
func (o Object) Object(name string) Object {
	child := Object{path: o.path + name + ".", fault: o.fault}
	raw, ok := o.raw(name)
	if !ok || string(raw) == "[]" {
		return child
	}
	if err := json.Unmarshal(raw, &child.fields); err != nil {
		o.Fail(name, "an object was expected")
	}
	return child
}

// Objects returns the objects of the list below the name, none when it is absent. More than 10,000 are a fault.
func (o Object) Objects(name string) []Object {
	raw, ok := o.raw(name)
	if !ok {
		return nil
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		o.Fail(name, "a list of objects was expected")
		return nil
	}
	if len(items) > maxItems {
		o.Fail(name, "it has more than %d items", maxItems)
		return nil
	}
	objects := make([]Object, len(items))
	for i, item := range items {
		objects[i] = Object{path: fmt.Sprintf("%s%s[%d].", o.path, name, i), fault: o.fault}
		if err := json.Unmarshal(item, &objects[i].fields); err != nil {
			o.Fail(name, "a list of objects was expected")
		}
	}
	return objects
}

func (o Object) raw(name string) (json.RawMessage, bool) {
	raw, ok := o.fields[name]
	if !ok || len(raw) == 0 || string(raw) == "null" {
		return nil, false
	}
	return raw, true
}

// unquote refuses U+0000 because PostgreSQL can't store it; a lone surrogate becomes U+FFFD.
func (o Object) unquote(name string, raw json.RawMessage) string {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		o.Fail(name, "a text was expected")
	}
	if strings.ContainsRune(text, 0) {
		o.Fail(name, "it contains U+0000")
	}
	return strings.TrimSpace(text)
}

func shown(text string) string {
	if len(text) > maxShown {
		text = text[:maxShown] + "…"
	}
	return strconv.QuoteToASCII(text)
}

// level is one object or list that is open while a body is walked; names is nil in a list.
type level struct {
	names  map[string]bool
	atName bool // the next text of an object is a name, not a value
}

// checkNesting walks through an object that is known to be well-formed, without building anything from it: the depth is bounded before a
// decoder that recurses sees the inner ones.
func checkNesting(body []byte) error {
	var open []level
	for at := 0; at < len(body); at++ {
		switch body[at] {
		case '{':
			open = append(open, level{names: map[string]bool{}, atName: true})
		case '[':
			open = append(open, level{})
		case '}', ']':
			open = open[:len(open)-1]
		case ',':
			top := &open[len(open)-1]
			top.atName = top.names != nil
		case '"':
			end := textEnd(body, at)
			if err := open[len(open)-1].text(body[at:end]); err != nil {
				return err
			}
			at = end - 1
		}
		if len(open) > maxDepth {
			return fmt.Errorf("it is nested deeper than %d levels", maxDepth)
		}
	}
	return nil
}

// textEnd is where the text ends that begins at a place of a body.
func textEnd(body []byte, at int) int {
	for at++; body[at] != '"'; at++ {
		if body[at] == '\\' {
			at++
		}
	}
	return at + 1
}

// text refuses a name that the object has already.
func (l *level) text(raw []byte) error {
	if !l.atName {
		return nil
	}
	l.atName = false
	name := string(raw[1 : len(raw)-1])
	if strings.Contains(name, `\`) {
		if err := json.Unmarshal(raw, &name); err != nil {
			return err
		}
	}
	if l.names[name] {
		return fmt.Errorf("the name %s comes twice in one object", shown(name))
	}
	l.names[name] = true
	return nil
}
