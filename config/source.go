package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// prefix stands before every key in the environment.
const prefix = "VOUCHSAFE_"

// fileBytes is the most that is read of any file: a configuration and secrets are short, and /dev/zero is not.
const fileBytes = 256 << 10

// source is one place that keys are read from.
type source struct {
	// value gives the text of a key of the table, or "" when it is not set there.
	value func(name string) string
	// spell writes a key's name as this source's users do, for faults.
	spell func(name string) string
}

// environment is the source that wins.
func environment(getenv func(string) string) source {
	spell := func(name string) string { return prefix + name }
	return source{
		value: func(name string) string { return getenv(spell(name)) },
		spell: spell,
	}
}

// readYAML makes a source of a YAML file. All its faults come together, with an empty source.
func readYAML(path string) (source, error) {
	values := map[string]string{}
	text, err := readFile(path)
	if err == nil {
		values, err = parseYAML(text)
	}
	spell := func(name string) string { return strings.ToLower(name) }
	return source{
		value: func(name string) string { return values[spell(name)] },
		spell: func(name string) string { return path + ": " + spell(name) },
	}, wrap(path, err)
}

// parseYAML reads one mapping of known keys to texts or to sequences of texts. It walks the nodes itself, since the
// library's own faults would quote values, which may be secrets.
func parseYAML(text string) (map[string]string, error) {
	top, err := mapping(text)
	if err != nil || top == nil {
		return nil, err
	}
	known := yamlKeys()
	values := map[string]string{}
	var faults faults
	for pair := range slices.Chunk(top.Content, 2) {
		key, value := pair[0].Value, pair[1]
		if _, twice := values[key]; twice {
			faults.add(fmt.Errorf("line %d: %q is there twice", pair[0].Line, key))
			continue
		}
		if !slices.Contains(known, key) {
			faults.add(fmt.Errorf("line %d: there is no key %q", pair[0].Line, key))
			continue
		}
		values[key], err = scalars(value)
		faults.add(wrap(key, err))
	}
	return values, errors.Join(faults...)
}

// place finds where the library saw a fault. The rest of its text may quote a value, which may be a secret.
var place = regexp.MustCompile(`: line [0-9]+`)

// mapping gives the one document of a YAML text, which is a mapping, or nil for an empty text.
func mapping(text string) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var document yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("this is not YAML%s", place.FindString(err.Error()))
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("want one YAML document")
	}
	if top := document.Content[0]; top.Kind == yaml.MappingNode {
		return top, nil
	}
	return nil, errors.New("want keys and values")
}

// scalars gives the text of a value as it is written, so that 10000.00 keeps its decimals, and joins a sequence.
func scalars(value *yaml.Node) (string, error) {
	switch value.Kind {
	case yaml.ScalarNode:
		if value.Tag == "!!null" {
			return "", nil
		}
		return value.Value, nil
	case yaml.SequenceNode:
		var items []string
		for _, item := range value.Content {
			if item.Kind != yaml.ScalarNode {
				return "", fmt.Errorf("line %d: want a list of texts", item.Line)
			}
			items = append(items, item.Value)
		}
		return strings.Join(items, ","), nil
	default:
		return "", fmt.Errorf("line %d: want a text or a list of texts", value.Line)
	}
}

// yamlKeys are the keys that a file may hold.
func yamlKeys() []string {
	var keys []string
	for _, key := range Keys() {
		name := strings.ToLower(key.Name)
		keys = append(keys, name, name+"_file")
	}
	return keys
}

// find looks a key up in one source: its value, or the content of the file that NAME_FILE names there.
func (s source) find(name string) (text string, err error) {
	text, path := s.value(name), s.value(name+"_FILE")
	if path == "" {
		return text, nil
	}
	if text != "" {
		return "", fmt.Errorf("%s and %s are both set", s.spell(name), s.spell(name+"_FILE"))
	}
	text, err = readFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.spell(name+"_FILE"), err)
	}
	text = strings.TrimRight(text, "\r\n")
	if text == "" {
		return "", fmt.Errorf("%s: %s is empty", s.spell(name+"_FILE"), path)
	}
	return text, nil
}

// readFile reads a short file.
func readFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, fileBytes+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	if len(text) > fileBytes {
		return "", fmt.Errorf("%s is longer than %d bytes", path, fileBytes)
	}
	return string(text), nil
}

// faults collects what is wrong, so that all of it is told at once.
type faults []error

// add keeps a fault; several joined ones are kept apart.
func (f *faults) add(err error) {
	if err == nil {
		return
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		*f = append(*f, joined.Unwrap()...)
		return
	}
	*f = append(*f, err)
}

// err is nil without faults, else one error with a line for each.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return fmt.Errorf("the configuration is faulty:\n%w", errors.Join(f...))
}

// wrap says where each of possibly several joined faults was.
func wrap(where string, err error) error {
	var inner, outer faults
	inner.add(err)
	for _, fault := range inner {
		outer.add(fmt.Errorf("%s: %w", where, fault))
	}
	return errors.Join(outer...)
}
