package mail

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// A code can be in a mail and not be seen: by a style of its own, or by a rule of the page's. What mail programs make of styles differs;
// what all of them hide is found here. Colours are not looked at.
var (
	notDrawn    = regexp.MustCompile(`(?i)(^|;)\s*(display\s*:\s*none|opacity\s*:\s*\.?0+(\.0*)?%?|mso-hide\s*:\s*all)\s*(!important\s*)?(;|$)`)
	notSeen     = regexp.MustCompile(`(?i)(^|;)\s*visibility\s*:\s*(hidden|collapse)\b`)
	seenAgain   = regexp.MustCompile(`(?i)(^|;)\s*visibility\s*:\s*(visible|initial)\b`)
	sizeOfFont  = regexp.MustCompile(`(?i)(?:^|;)\s*font-size\s*:\s*([0-9]*\.?[0-9]+)\s*([a-z%]*)`)
	noRoom      = regexp.MustCompile(`(?i)(^|;)\s*(max-)?(height|width)\s*:\s*0+(\.0*)?\s*(px|pt|em|rem|%)?\s*(!important\s*)?(;|$)`)
	cutOff      = regexp.MustCompile(`(?i)(^|;)\s*overflow(-[xy])?\s*:\s*hidden\b`)
	relative    = regexp.MustCompile(`(?i)^(em|ex|ch|%)$`)
	styleRule   = regexp.MustCompile(`([^{}]+)\{([^{}]*)\}`)
	styleRemark = regexp.MustCompile(`(?s)/\*.*?\*/`)
	simplePart  = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9]*|\*)?((?:[.#][A-Za-z_-][A-Za-z0-9_-]*)*)$`)
	partName    = regexp.MustCompile(`[.#][^.#]+`)
)

// rule is a rule of a page's style: which elements, and what of them.
type rule struct {
	parts []string // from the outermost to the element itself; each simple
	says  string
}

// seeing is what a reader sees of an element, as far as it is inherited.
type seeing struct{ drawn, seen, sized bool }

// seenText is the text of a page that a reader sees.
func seenText(page string) string {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return ""
	}
	var rules []rule
	var text strings.Builder
	walk(root, func(n *html.Node) {
		if n.Type == html.TextNode && n.Parent != nil && n.Parent.Data == "style" {
			rules = append(rules, rulesIn(n.Data)...)
		}
	})
	look(root, seeing{true, true, true}, rules, &text)
	return text.String()
}

func walk(n *html.Node, visit func(*html.Node)) {
	visit(n)
	for child := range n.ChildNodes() {
		walk(child, visit)
	}
}

// look writes what a reader sees of a node.
func look(n *html.Node, s seeing, rules []rule, into *strings.Builder) {
	switch {
	case n.Type == html.TextNode && s == seeing{true, true, true}:
		into.WriteString(n.Data)
	case n.Type == html.ElementNode:
		if slices.Contains([]string{"head", "title", "style", "script", "template"}, n.Data) {
			return
		}
		for _, r := range rules {
			if r.is(n) {
				s = s.under(r.says)
			}
		}
		for _, a := range n.Attr {
			if a.Key == "hidden" {
				s.drawn = false
			}
			if a.Key == "style" {
				s = s.under(a.Val)
			}
		}
	}
	for child := range n.ChildNodes() {
		look(child, s, rules, into)
	}
}

// under is what a reader sees of an element with a style.
func (s seeing) under(style string) seeing {
	if notDrawn.MatchString(style) || noRoom.MatchString(style) && cutOff.MatchString(style) {
		s.drawn = false
	}
	if notSeen.MatchString(style) {
		s.seen = false
	} else if seenAgain.MatchString(style) {
		s.seen = true
	}
	if size := sizeOfFont.FindStringSubmatch(style); size != nil {
		some := strings.Trim(size[1], "0.") != ""
		s.sized = some && (s.sized || !relative.MatchString(size[2]))
	}
	return s
}

// rulesIn are the rules of a style sheet that hold on every screen, as far as they are simple: those within @media hold on some alone.
func rulesIn(sheet string) (rules []rule) {
	for _, found := range styleRule.FindAllStringSubmatch(outsideMedia(styleRemark.ReplaceAllString(sheet, "")), -1) {
		for selector := range strings.SplitSeq(found[1], ",") {
			parts := strings.Fields(strings.ReplaceAll(selector, ">", " "))
			simple := len(parts) > 0 && !slices.ContainsFunc(parts, func(p string) bool { return !simplePart.MatchString(p) })
			if simple {
				rules = append(rules, rule{parts, found[2]})
			}
		}
	}
	return rules
}

// outsideMedia is a style sheet without its blocks of rules: @media and the like.
func outsideMedia(sheet string) string {
	var kept strings.Builder
	for {
		at := strings.IndexByte(sheet, '@')
		if at < 0 {
			kept.WriteString(sheet)
			return kept.String()
		}
		kept.WriteString(sheet[:at])
		sheet = sheet[at:]
		depth, end := 0, len(sheet)
		for i, c := range sheet {
			if c == '{' {
				depth++
			}
			if c == '}' {
				depth--
			}
			if depth == 0 && (c == '}' || c == ';') {
				end = i + 1
				break
			}
		}
		sheet = sheet[end:]
	}
}

// is tells whether a rule is of an element.
func (r rule) is(n *html.Node) bool {
	last := len(r.parts) - 1
	if !isOf(n, r.parts[last]) {
		return false
	}
	for up := n.Parent; last > 0; up = up.Parent {
		if up == nil {
			return false
		}
		if isOf(up, r.parts[last-1]) {
			last--
		}
	}
	return true
}

// isOf tells whether a simple selector is of an element.
func isOf(n *html.Node, selector string) bool {
	found := simplePart.FindStringSubmatch(selector)
	if n.Type != html.ElementNode || found == nil || found[1] != "" && found[1] != "*" && !strings.EqualFold(found[1], n.Data) {
		return false
	}
	for _, name := range partName.FindAllString(found[2], -1) {
		key := map[byte]string{'.': "class", '#': "id"}[name[0]]
		if !slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key && slices.Contains(strings.Fields(a.Val), name[1:]) }) {
			return false
		}
	}
	return true
}
