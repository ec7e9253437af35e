package edge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxDepth is how deep a body may nest; none of ours needs half of it.
	maxDepth = 32
	// maxNames is how many fields an object may have: each is compared with all others.
	maxNames = 256
	// maxPath is how much of a field's path a fault repeats.
	maxPath = 200
)

// DecodeStrict reads one JSON value as it is meant, or not at all. It refuses what encoding/json lets pass: unknown
// fields, a name twice in one object (in any casing), data behind the value, invalid UTF-8, U+0000, halves of
// surrogate pairs, and deep nesting. The fault names the field ("due.amount: want a whole number") and repeats no
// value.
func DecodeStrict(body []byte, into any) error {
	if !utf8.Valid(body) {
		return errors.New("the body is not UTF-8")
	}
	if err := wellFormed(body); err != nil {
		return err
	}
	scan := scanner{body: body}
	value, err := scan.value(0)
	if err != nil {
		return err
	}
	if all, takesAll := into.(*any); takesAll {
		*all = value
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	return explainJSON(decoder.Decode(into))
}

// decode is how huma reads a body, which it does twice: into an any, which it compares with the operation's schema, unknown fields
// included, and then into the operation's own type. What is wrong with the text alone the first time tells.
func decode(body []byte, into any) error {
	if _, first := into.(*any); first {
		return DecodeStrict(body, into)
	}
	return explainJSON(json.Unmarshal(body, into))
}

// wellFormed tells where the body stops being one JSON value.
func wellFormed(body []byte) error {
	if json.Valid(body) {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	var value json.RawMessage
	if err := decoder.Decode(&value); err == nil {
		return errors.New("there is data behind the JSON value")
	} else if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("the body is not JSON at byte %d", syntax.Offset)
	} else if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the body ends within its JSON")
	}
	return errors.New("the body is not JSON")
}

// scanner reads a value that is known to be well-formed, as encoding/json would into an any.
type scanner struct {
	body  []byte
	at    int
	path  []string
	names []string // of all objects around here, the innermost last
}

// fault names the field that the scanner is at.
func (s *scanner) fault(text string) error {
	path := strings.ReplaceAll(strings.Join(s.path, "."), ".[", "[")
	if path == "" {
		return errors.New(text)
	}
	if len(path) > maxPath {
		path = strings.ToValidUTF8(path[:maxPath], "") + "…"
	}
	return errors.New(path + ": " + text)
}

// value reads one value.
func (s *scanner) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, s.fault("is nested too deep")
	}
	switch s.peek() {
	case '{':
		return s.object(depth)
	case '[':
		return s.array(depth)
	case '"':
		return s.text()
	default:
		return s.literal()
	}
}

// literal reads a number, true or false. null is no value of any field of ours: who sends it for an amount may mean nothing or
// everything.
func (s *scanner) literal() (any, error) {
	start := s.at
	for s.at < len(s.body) && strings.IndexByte(",]} \t\r\n", s.body[s.at]) < 0 {
		s.at++
	}
	switch said := string(s.body[start:s.at]); said {
	case "null":
		return nil, s.fault("must not be null (leave it out)")
	case "true", "false":
		return said == "true", nil
	default:
		number, err := strconv.ParseFloat(said, 64)
		if err != nil {
			return nil, s.fault("want a number in range")
		}
		return number, nil
	}
}

func (s *scanner) object(depth int) (any, error) {
	outer := len(s.names)
	fields := make(map[string]any)
	for s.at++; s.peek() != '}'; {
		name, err := s.name(outer)
		if err != nil {
			return nil, err
		}
		s.path = append(s.path, name)
		s.peek()
		s.at++ // the colon
		if fields[name], err = s.value(depth + 1); err != nil {
			return nil, err
		}
		s.path = s.path[:len(s.path)-1]
		s.comma()
	}
	s.at++
	s.names = s.names[:outer]
	return fields, nil
}

// name reads a field's name and compares it with those since outer, which are of the same object.
func (s *scanner) name(outer int) (string, error) {
	name, err := s.text()
	if err != nil {
		return "", err
	}
	for _, other := range s.names[outer:] {
		if strings.EqualFold(other, name) {
			s.path = append(s.path, name)
			return "", s.fault("is there twice")
		}
	}
	if s.names = append(s.names, name); len(s.names)-outer > maxNames {
		return "", s.fault("there are too many fields")
	}
	return name, nil
}

func (s *scanner) array(depth int) (any, error) {
	values := []any{}
	for s.at++; s.peek() != ']'; {
		s.path = append(s.path, "["+strconv.Itoa(len(values))+"]")
		value, err := s.value(depth + 1)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
		s.path = s.path[:len(s.path)-1]
		s.comma()
	}
	s.at++
	return values, nil
}

// peek steps over space and gives what follows.
func (s *scanner) peek() byte {
	for strings.IndexByte(" \t\r\n", s.body[s.at]) >= 0 {
		s.at++
	}
	return s.body[s.at]
}

func (s *scanner) comma() {
	if s.peek() == ',' {
		s.at++
	}
}

// text reads a string.
func (s *scanner) text() (string, error) {
	s.peek()
	start := s.at
	escaped := false
	for s.at++; s.body[s.at] != '"'; s.at++ {
		if s.body[s.at] != '\\' {
			continue
		}
		escaped = true
		s.at++
		if s.body[s.at] == 'u' {
			if err := s.escape(); err != nil {
				return "", err
			}
		}
	}
	s.at++
	if !escaped {
		return string(s.body[start+1 : s.at-1]), nil
	}
	var said string
	if err := json.Unmarshal(s.body[start:s.at], &said); err != nil {
		return "", s.fault("is not a text")
	}
	return said, nil
}

// escape steps over \uXXXX, both halves of a pair at once, and stops on its last digit. s.at is on the u.
func (s *scanner) escape() error {
	unit := s.unit(s.at + 1)
	s.at += 4
	switch {
	case unit == 0:
		return s.fault("has U+0000 in it")
	case unit >= 0xDC00 && unit <= 0xDFFF:
		return s.fault("has half of a surrogate pair in it")
	case unit < 0xD800 || unit > 0xDBFF:
		return nil
	}
	if s.body[s.at+1] != '\\' || s.body[s.at+2] != 'u' {
		return s.fault("has half of a surrogate pair in it")
	}
	if low := s.unit(s.at + 3); low < 0xDC00 || low > 0xDFFF {
		return s.fault("has half of a surrogate pair in it")
	}
	s.at += 6
	return nil
}

// unit reads four hex digits.
func (s *scanner) unit(at int) uint64 {
	unit, _ := strconv.ParseUint(string(s.body[at:at+4]), 16, 16) // well-formed JSON has four here
	return unit
}

// explainJSON turns the decoder's faults into ones that name the field and repeat no value.
func explainJSON(err error) error {
	if err == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		text := "want " + word(wrong.Type)
		if wrong.Field == "" {
			return errors.New(text)
		}
		return errors.New(wrong.Field + ": " + text)
	}
	if name, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		if name, err := strconv.Unquote(name); err == nil {
			return errors.New(name + ": unknown field")
		}
	}
	return errors.New("a value has the wrong form")
}

// word says what a Go type takes.
func word(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number in range"
	case reflect.Float32, reflect.Float64:
		return "a number in range"
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	default:
		return "an object"
	}
}
