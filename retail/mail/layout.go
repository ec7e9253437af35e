package mail

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"regexp"
	"strings"
	texttemplate "text/template"
)

//go:embed layouts
var layouts embed.FS

// Source is a layout as people write it: subject, text and HTML with {{.variables}} in the syntax of Go's templates. A text alone
// (Which.IsText) has neither subject nor HTML.
type Source struct{ Subject, Text, HTML string }

// Layout is how a mail looks.
type Layout struct {
	subject, text *texttemplate.Template
	html          *htmltemplate.Template // nil for a text alone
	weight        int                    // what lies within ranges, see sandbox
}

// ErrLayout says what is wrong with a layout, or that it can't be filled in.
var ErrLayout = errors.New("layout of mail")

// The limits of a layout. A person writes far less; a mail is carried by every server up to these.
const (
	MaxSubject = 300      // octets of the subject's source
	MaxText    = 20 << 10 // octets of the text's source
	MaxHTML    = 40 << 10 // octets of the HTML's source

	maxOutput = 512 << 10 // octets of a filled in part
	maxSteps  = 2_000_000 // nodes within ranges times the longest list
)

// ParseLayout reads a merchant's own layout and tries it on samples. The error wraps ErrLayout and joins what is wrong, each with the
// part and the line: what the sandbox refuses, a variable that doesn't exist, something that loads or runs, anything that looks like
// a code, or a mail with codes whose text or HTML would not show them.
func ParseLayout(which Which, s Source) (*Layout, error) {
	layout, err := parse(which, s)
	if err == nil {
		err = layout.try(which)
	}
	if err != nil {
		return nil, &LayoutError{Fault: err}
	}
	return layout, nil
}

// LayoutError is an ErrLayout with what is wrong: errors that were joined, each beginning with the name of the part.
type LayoutError struct{ Fault error }

// Error is what is wrong.
func (e *LayoutError) Error() string { return ErrLayout.Error() + ": " + e.Fault.Error() }

// Unwrap leads to ErrLayout and to what is wrong.
func (e *LayoutError) Unwrap() []error { return []error{ErrLayout, e.Fault} }

// parse reads the parts, and looks at each before anything is run.
func parse(which Which, s Source) (*Layout, error) {
	if err := s.presentable(which); err != nil {
		return nil, err
	}
	var l Layout
	var faults [3]error
	if l.text, faults[1] = parseText("text", s.Text); which.IsText() {
		return l.confined(which, faults[1])
	}
	l.subject, faults[0] = parseText("subject", s.Subject)
	l.html, faults[2] = parseHTML(s.HTML)
	return l.confined(which, errors.Join(faults[:]...))
}

func parseText(part, source string) (*texttemplate.Template, error) {
	parsed, err := texttemplate.New(part).Option("missingkey=error").Parse(source)
	if err == nil && len(parsed.Templates()) > 1 {
		err = errNested
	}
	return parsed, readable(part, err)
}

func parseHTML(source string) (*htmltemplate.Template, error) {
	parsed, err := htmltemplate.New("html").Option("missingkey=error").Parse(source)
	if err == nil && len(parsed.Templates()) > 1 {
		err = errNested
	}
	return parsed, readable("html", err)
}

var errNested = errors.New("a template can't define others")

var whereParsed = regexp.MustCompile(`^template: [a-z]+:(\d+):(?:\d+:)? ?`)

// readable turns a fault of the template's syntax into the words of this package.
func readable(part string, err error) error {
	if err == nil {
		return nil
	}
	said := err.Error()
	if found := whereParsed.FindStringSubmatch(said); found != nil {
		said = "line " + found[1] + ": " + strings.TrimPrefix(said, found[0])
	}
	return fmt.Errorf("%s: %s", part, said)
}

// confined looks through what was parsed.
func (l Layout) confined(which Which, err error) (*Layout, error) {
	if err != nil {
		return nil, err
	}
	faults := []error{l.confine(which, "text", l.text.Tree)}
	if !which.IsText() {
		faults = append(faults, l.confine(which, "subject", l.subject.Tree), l.confine(which, "html", l.html.Tree))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return &l, nil
}

var (
	hollow    = regexp.MustCompile(`(?s)\{\{define "content"\}\}\n(.*)\{\{end\}\}\n$`)
	emptyHole = `{{template "content" .}}`
)

// OwnSource is the layout of this package, one for all languages: where a merchant's own begins. It is "" for a text alone, which is a
// sentence of the language.
func OwnSource(which Which) (Source, error) {
	if which.IsText() {
		return Source{}, nil
	}
	var parts [3]string
	for i, name := range []string{string(which) + ".txt", "frame.html", string(which) + ".html"} {
		part, err := layouts.ReadFile("layouts/" + name)
		if err != nil {
			return Source{}, fmt.Errorf("read own layout: %w", err)
		}
		parts[i] = string(part)
	}
	content := hollow.ReplaceAllString(parts[2], "$1")
	return Source{Subject: "{{.subject}}", Text: parts[0], HTML: strings.Replace(parts[1], emptyHole, content, 1)}, nil
}

// ownLayout is the layout of this package, ready to be filled in.
func ownLayout(which Which) (*Layout, error) {
	source, err := OwnSource(which)
	if err != nil {
		return nil, err
	}
	return parse(which, source)
}

// rendered is a mail's content before it is put into MIME.
type rendered struct{ subject, text, html string }

// render fills in the parts. Error: ErrLayout.
func (l *Layout) render(v values) (rendered, error) {
	if l.weight*v.longest() > maxSteps {
		return rendered{}, fmt.Errorf("%w: it would take too many steps", ErrLayout)
	}
	var r rendered
	text, err := filled("text", l.text.Execute, v)
	if err != nil || l.html == nil {
		return rendered{text: tidy(text)}, err
	}
	r.text = tidy(text)
	if r.subject, err = filled("subject", l.subject.Execute, v); err != nil {
		return rendered{}, err
	}
	r.subject = CleanLine(r.subject)
	if r.html, err = filled("html", l.html.Execute, v); err == nil {
		err = harmless(r.html)
	}
	return r, err
}

// filled runs a part, for as much as a mail may hold.
func filled(part string, execute func(io.Writer, any) error, v values) (string, error) {
	out := &measured{}
	if err := execute(out, map[string]any(v)); err != nil {
		return "", fmt.Errorf("%w: %s: fill in: %w", ErrLayout, part, err)
	}
	return out.String(), nil
}

// measured is a text that may not grow without end.
type measured struct{ strings.Builder }

var errTooLong = errors.New("longer than a mail may be")

// Write adds to the text, and ends the template with errTooLong when it is full.
func (m *measured) Write(p []byte) (int, error) {
	if m.Len()+len(p) > maxOutput {
		return 0, errTooLong
	}
	return m.Builder.Write(p)
}

// WriteString is Write for a string.
func (m *measured) WriteString(s string) (int, error) { return m.Write([]byte(s)) }

// longest is the length of the longest list.
func (v values) longest() int {
	most := 1
	for _, value := range v {
		switch list := value.(type) {
		case []map[string]string:
			most = max(most, len(list))
		case []string:
			most = max(most, len(list))
		}
	}
	return most
}

var emptyLines = regexp.MustCompile(`\n[ \t]*\n([ \t]*\n)+`)

// tidy leaves at most one empty line between paragraphs, so that a layout can leave things out.
func tidy(text string) string {
	return strings.TrimSpace(emptyLines.ReplaceAllString(text, "\n\n")) + "\n"
}
