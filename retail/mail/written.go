package mail

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"vouchsafe/retail/language"
)

// What a layout must not hold that is new. Those that are stored and have it go on being used.
var (
	broken = "\r\n\v\f\u0085\u2028\u2029" // what ends a line
	stray  = regexp.MustCompile(`\{\{|\}\}|\{ ?\.?[A-Za-z][A-Za-z_.]* ?\}`)
)

// ParseWritten is ParseLayout for a layout that somebody writes now: it refuses what can only be a slip of his too, a subject of several
// lines, and braces that would be mailed as they stand.
func ParseWritten(which Which, s Source) (*Layout, error) {
	if strings.ContainsAny(s.Subject, broken) {
		return nil, &LayoutError{Fault: errors.New("subject: it must be one line")}
	}
	layout, err := ParseLayout(which, s)
	if err != nil {
		return nil, err
	}
	for _, v := range samples(which, sampleHead(), "GB") {
		r, err := layout.render(v)
		if err == nil {
			err = r.resolved()
		}
		if err != nil {
			return nil, &LayoutError{Fault: err}
		}
	}
	return layout, nil
}

// resolved refuses braces that were meant for a variable.
func (r rendered) resolved() error {
	for _, p := range []struct{ part, text string }{{"subject", r.subject}, {"text", r.text}, {"html", wordsOf(r.html)}} {
		if found := stray.FindString(p.text); found != "" {
			return fmt.Errorf("%s: %q would be mailed as it stands; a variable is written {{.code}}, with two braces on either side and a dot", p.part, found)
		}
	}
	return nil
}

// wordsOf are the words of a page: all of its text but styles, and where its links lead.
func wordsOf(page string) string {
	var words strings.Builder
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return page
	}
	walk(root, func(n *html.Node) {
		if n.Type == html.TextNode && (n.Parent == nil || n.Parent.Data != "style") {
			words.WriteString(n.Data + "\n")
		}
		for _, a := range n.Attr {
			if a.Key != "style" {
				words.WriteString(a.Val + "\n")
			}
		}
	})
	return words.String()
}

// sampleHead is the head of a mail that is never sent.
func sampleHead() Letter {
	return Letter{
		Language: language.English, MessageID: "sample@example.org", Shop: "The shop", Sender: "The merchant", PrivacyURL: "https://example.org/privacy",
	}
}
