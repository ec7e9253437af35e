package mail

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	syntax "text/template/parse"
)

// What a merchant's layout may do is listed here, and nothing else: text, variables, if, with, range over one of our lists, and the
// functions below. There are no templates within templates, no ranges in ranges or over numbers, and no function that makes
// something long out of something short, so that a layout ends, soon, and with little.

// functions are those that a layout may call.
func functions() []string { return []string{"and", "or", "not", "eq", "ne", "len"} }

// confine checks a part, and weighs what it does within ranges.
func (l *Layout) confine(which Which, part string, tree *syntax.Tree) error {
	root := Variable{Items: Variables(which)}
	c := &confinement{tree: tree, kinds: map[string]Variable{"$": root}}
	if err := c.list(tree.Root, root); err != nil {
		return fmt.Errorf("%s: %w", part, err)
	}
	l.weight += c.weight
	return nil
}

// confinement walks through one part.
type confinement struct {
	tree   *syntax.Tree
	kinds  map[string]Variable // what the $variables hold
	inside bool                // of a range
	weight int
}

// scalar is what has no parts.
var scalar = Variable{Name: "text"}

// isRecord tells that a value has variables of its own and is none itself.
func (v Variable) isRecord() bool { return !v.List && len(v.Items) > 0 }

// item is what a range over the list sets the dot to.
func (v Variable) item() Variable { return Variable{Name: v.Name, Items: v.Items} }

// fault is what is wrong at a place, with its line.
func (c *confinement) fault(at syntax.Node, format string, args ...any) error {
	location, _ := c.tree.ErrorContext(at) // name:line:column
	line, _, _ := strings.Cut(location[strings.Index(location, ":")+1:], ":")
	return fmt.Errorf("line %s: %s", line, fmt.Sprintf(format, args...))
}

func (c *confinement) list(nodes *syntax.ListNode, dot Variable) error {
	if nodes == nil {
		return nil
	}
	for _, node := range nodes.Nodes {
		if c.inside {
			c.weight++
		}
		if err := c.node(node, dot); err != nil {
			return err
		}
	}
	return nil
}

func (c *confinement) node(node syntax.Node, dot Variable) error {
	switch n := node.(type) {
	case *syntax.TextNode, *syntax.CommentNode, *syntax.BreakNode, *syntax.ContinueNode:
		return nil
	case *syntax.ActionNode:
		return c.action(n, dot)
	case *syntax.IfNode:
		return c.branch(&n.BranchNode, dot, dot)
	case *syntax.WithNode:
		found, err := c.pipe(n.Pipe, dot)
		if err != nil {
			return err
		}
		return c.branch(&n.BranchNode, dot, found)
	case *syntax.RangeNode:
		return c.ranges(n, dot)
	}
	return c.fault(node, "this can't be used in a mail; there are variables, if, with and range")
}

// action is {{.variable}}, or {{$x := .variable}}.
func (c *confinement) action(n *syntax.ActionNode, dot Variable) error {
	found, err := c.pipe(n.Pipe, dot)
	if err != nil || len(n.Pipe.Decl) > 0 {
		return err
	}
	if found.List || found.isRecord() {
		return c.fault(n, "%s is no text: name one of its variables", n)
	}
	return nil
}

// branch is what if and with have in common.
func (c *confinement) branch(n *syntax.BranchNode, dot, within Variable) error {
	outer := maps.Clone(c.kinds)
	defer func() { c.kinds = outer }()
	if _, err := c.pipe(n.Pipe, dot); err != nil {
		return err
	}
	if err := c.list(n.List, within); err != nil {
		return err
	}
	return c.list(n.ElseList, dot)
}

func (c *confinement) ranges(n *syntax.RangeNode, dot Variable) error {
	if c.inside {
		return c.fault(n, "a range within a range")
	}
	outer := maps.Clone(c.kinds)
	defer func() { c.kinds, c.inside = outer, false }()
	over, err := c.pipe(n.Pipe, dot)
	if err != nil {
		return err
	}
	if !over.List {
		return c.fault(n, "range needs a list of the mail's variables")
	}
	for i, declared := range n.Pipe.Decl {
		c.kinds[declared.Ident[0]] = scalar
		if i == len(n.Pipe.Decl)-1 {
			c.kinds[declared.Ident[0]] = over.item()
		}
	}
	c.inside = true
	if err := c.list(n.List, over.item()); err != nil {
		return err
	}
	return c.list(n.ElseList, dot)
}

// pipe finds what a pipeline comes to.
func (c *confinement) pipe(n *syntax.PipeNode, dot Variable) (found Variable, err error) {
	for _, command := range n.Cmds {
		if found, err = c.command(command, dot); err != nil {
			return found, err
		}
	}
	for _, declared := range n.Decl {
		c.kinds[declared.Ident[0]] = found
	}
	return found, nil
}

func (c *confinement) command(n *syntax.CommandNode, dot Variable) (Variable, error) {
	name, isCall := n.Args[0].(*syntax.IdentifierNode)
	if !isCall {
		if len(n.Args) > 1 {
			return scalar, c.fault(n, "%s takes no arguments", n.Args[0])
		}
		return c.value(n.Args[0], dot)
	}
	if !slices.Contains(functions(), name.Ident) {
		return scalar, c.fault(n, "there is no function %s; there are %s", name.Ident, strings.Join(functions(), ", "))
	}
	for _, arg := range n.Args[1:] {
		if _, err := c.value(arg, dot); err != nil {
			return scalar, err
		}
	}
	return scalar, nil
}

func (c *confinement) value(n syntax.Node, dot Variable) (Variable, error) {
	switch n := n.(type) {
	case *syntax.StringNode, *syntax.NumberNode, *syntax.BoolNode:
		return scalar, nil
	case *syntax.DotNode:
		return dot, nil
	case *syntax.FieldNode:
		return c.fields(n, n.Ident, dot)
	case *syntax.VariableNode:
		from, known := c.kinds[n.Ident[0]]
		if !known {
			return scalar, c.fault(n, "%s can't be used in a mail", n.Ident[0])
		}
		return c.fields(n, n.Ident[1:], from)
	case *syntax.PipeNode:
		return c.pipe(n, dot)
	}
	return scalar, c.fault(n, "%s can't be used in a mail", n)
}

// fields follows names into a value.
func (c *confinement) fields(at syntax.Node, names []string, from Variable) (Variable, error) {
	for _, name := range names {
		i := slices.IndexFunc(from.Items, func(v Variable) bool { return v.Name == name })
		if i < 0 || from.List {
			return scalar, c.fault(at, "there is no variable %q here", name)
		}
		from = from.Items[i]
	}
	return from, nil
}

// What a mail may not have: whatever loads from elsewhere, runs, or asks for something. The only picture is {{.qr}}.
var (
	ownPicture = regexp.MustCompile(`(?i)\bsrc\s*=\s*["']?(\{\{-?\s*\.qr\s*-?\}\}|cid:)`)
	refused    = regexp.MustCompile(`(?i)(\bsrc(set)?\s*=|\bbackground\s*=|\burl\s*\(|@import|@font-face|\bon[a-z]+\s*=|(javascript|vbscript|data)\s*:` +
		`|<\s*/?\s*(link|script|iframe|frame|object|embed|form|input|button|textarea|base|video|audio|svg|math)\b)`)
)

// presentable looks at what stands in the parts as it was written.
func (s Source) presentable(which Which) error {
	if which.IsText() && (s.Subject != "" || s.HTML != "") {
		return errors.New("html: this is a text alone; leave subject and html out")
	}
	var faults []error
	for _, p := range []struct {
		part, text string
		most       int
	}{{"subject", s.Subject, MaxSubject}, {"text", s.Text, MaxText}, {"html", s.HTML, MaxHTML}} {
		faults = append(faults, presentable(p.part, p.text, p.most))
	}
	if at := refused.FindStringIndex(blank(ownPicture, s.HTML)); at != nil {
		faults = append(faults, fmt.Errorf("html: line %d: %q: a mail loads and runs nothing; the only picture is {{.qr}}",
			lineAt(s.HTML, at[0]), s.HTML[at[0]:at[1]]))
	}
	return errors.Join(faults...)
}

func presentable(part, text string, most int) error {
	if len(text) > most {
		return fmt.Errorf("%s: at most %d octets", part, most)
	}
	if at := codeShape.FindStringIndex(text); at != nil {
		return fmt.Errorf("%s: line %d: this looks like a code, which belongs to nobody's template", part, lineAt(text, at[0]))
	}
	return nil
}

// blank puts spaces where a pattern is found, so that every other place stays where it was.
func blank(what *regexp.Regexp, text string) string {
	return what.ReplaceAllStringFunc(text, func(found string) string { return strings.Repeat(" ", len(found)) })
}

func lineAt(text string, at int) int { return 1 + strings.Count(text[:at], "\n") }
