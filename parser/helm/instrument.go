package helm

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
	"unicode"

	"github.com/egresslint/egresslint/parser/source"
)

// Functions that are put into templates.
const (
	ownPrefix     = "egresslint"
	enterFunction = ownPrefix + "Enter" // at the start of each template
	leaveFunction = ownPrefix + "Leave" // at its end
	stepFunction  = ownPrefix + "Step"  // in each round of a loop
	writeFunction = ownPrefix + "Write" // behind what is written
	holdFunction  = ownPrefix + "Hold"  // behind each other pipeline
	textFunction  = ownPrefix + "Text"  // around the text that "tpl" parses
	globFunction  = ownPrefix + "Glob"  // around the pattern that "Glob" takes
	markFunction  = ownPrefix + "Mark"
)

var (
	errUncountable = errors.New("what its actions write cannot be counted")
	errOwnFunction = errors.New("it calls a function that is not defined")
)

// instrumented is a template on its way to Helm.
type instrumented struct {
	text    string
	lines   []int // the offsets at which lines start
	inserts []insert
	marks   *marks
	detail  detail
	name    string // in Helm
	file    string // in the tree
	chart   string
}

// insert is a text to put in at an offset.
type insert struct {
	at   int
	text string
}

// instrument puts calls that count into a template, and marks. A template that cannot
// be parsed stays as it is, for Helm to say why. It is an error if something would not
// be counted.
func instrument(text, name string, t chartTemplate, m *marks, d detail) (out string, err error) {
	defer func() {
		if recover() != nil {
			out, err = "", errUncountable
		}
	}()
	trees, err := parseTemplate(text)
	if err != nil {
		return text, nil
	}
	in := &instrumented{text: text, lines: []int{0}, marks: m, detail: d, name: name, file: t.file, chart: t.chart}
	for i := range len(text) {
		if text[i] == '\n' {
			in.lines = append(in.lines, i+1)
		}
	}
	ends := bodyEnds(text)
	names := make([]string, 0, len(trees))
	for name := range trees {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		root := trees[name].Root
		if root == nil || parse.IsEmptyTree(root) { // one of these never takes the place of another
			continue
		}
		if callsOwn(root) {
			return "", errOwnFunction
		}
		named := name != unnamed
		in.body(root, named, ends)
		in.count(root) // first: what is put behind a pipeline stands before the marks
		in.list(root, scope{named: named, dot: []string{}})
	}
	out = in.apply()
	if counted, err := parseTemplate(out); err != nil || !isCounted(counted) {
		return "", errUncountable
	}
	return out, nil
}

// unnamed is what a text is called while it is parsed here.
const unnamed = "template"

func parseTemplate(text string) (map[string]*parse.Tree, error) {
	trees := make(map[string]*parse.Tree)
	t := parse.New(unnamed)
	t.Mode = parse.SkipFuncCheck
	_, err := t.Parse(text, "", "", trees)
	return trees, err
}

func (in *instrumented) apply() string {
	slices.SortStableFunc(in.inserts, func(a, b insert) int { return a.at - b.at })
	var b strings.Builder
	last := 0
	for _, i := range in.inserts {
		b.WriteString(in.text[last:i.at])
		b.WriteString(i.text)
		last = i.at
	}
	b.WriteString(in.text[last:])
	return b.String()
}

func (in *instrumented) insert(at int, text string) {
	if text != "" && at >= 0 && at <= len(in.text) {
		in.inserts = append(in.inserts, insert{at, text})
	}
}

// call puts an action in that writes nothing.
func (in *instrumented) call(at int, format string, args ...any) {
	open := "{{"
	if at < len(in.text) && strings.HasPrefix(in.text[at:], "{{-") {
		open = "{{- " // what stands before is trimmed all the same
	}
	in.insert(at, open+fmt.Sprintf(format, args...)+"}}")
}

// bodyEnds returns the offsets at which the bodies of named templates end, by those of
// the actions that they begin with, and that of the whole text by -1.
func bodyEnds(text string) map[int]int {
	type opened struct {
		named bool
		at    int
	}
	ends := map[int]int{-1: len(text)}
	var open []opened
	for a := range source.Actions(text) {
		switch a.Word {
		case "define", "block":
			open = append(open, opened{named: true, at: a.End})
		case "if", "range", "with":
			open = append(open, opened{})
		case "end":
			if len(open) == 0 {
				continue
			}
			last := open[len(open)-1]
			open = open[:len(open)-1]
			if last.named {
				ends[last.at] = a.Start
			}
		}
	}
	return ends
}

// body puts calls at the start and at the end of a template.
func (in *instrumented) body(root *parse.ListNode, named bool, ends map[int]int) {
	if !named {
		in.call(0, "%s %s %d", enterFunction, strconv.Quote(in.name), textSize(root))
		in.call(len(strings.TrimSuffix(in.text, "{")), "%s", leaveFunction) // a brace before it would join its own
		return
	}
	start, action := int(root.Pos), -1
	for at := range ends { // the body begins behind its action, perhaps trimmed
		if at < start && at > action {
			action = at
		}
	}
	in.call(start, "%s %s %d", enterFunction, strconv.Quote(in.name), textSize(root))
	in.call(ends[action], "%s", leaveFunction)
}

// textSize is how many bytes of text a template writes at most without its actions and
// the bodies of its loops.
func textSize(list *parse.ListNode) int {
	if list == nil {
		return 0
	}
	size := 0
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			size += len(n.Text)
		case *parse.IfNode:
			size += textSize(n.List) + textSize(n.ElseList)
		case *parse.WithNode:
			size += textSize(n.List) + textSize(n.ElseList)
		case *parse.RangeNode:
			size += textSize(n.ElseList)
		}
	}
	return size
}

// count puts calls behind all pipelines in n.
func (in *instrumented) count(n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, e := range n.Nodes {
			in.count(e)
		}
	case *parse.ActionNode:
		in.pipe(n.Pipe, end(n))
	case *parse.IfNode:
		in.countBranch(&n.BranchNode)
	case *parse.WithNode:
		in.countBranch(&n.BranchNode)
	case *parse.RangeNode:
		in.call(int(n.List.Pos), "%s %d", stepFunction, textSize(n.List))
		in.countBranch(&n.BranchNode)
	case *parse.TemplateNode:
		in.pipe(n.Pipe, holdFunction)
	}
}

// end is the function that stands behind the pipeline of an action.
func end(n *parse.ActionNode) string {
	if len(n.Pipe.Decl) > 0 {
		return holdFunction
	}
	return writeFunction
}

func (in *instrumented) countBranch(b *parse.BranchNode) {
	in.pipe(b.Pipe, holdFunction)
	in.count(b.List)
	in.count(b.ElseList)
}

func (in *instrumented) pipe(p *parse.PipeNode, function string) {
	if p == nil {
		return
	}
	for i, c := range p.Cmds {
		in.command(c, i > 0)
	}
	end := pipelineEnd(in.text, int(p.Pos))
	if strings.HasSuffix(strings.TrimRightFunc(in.text[:end], unicode.IsSpace), "|") { // which Go takes for nothing
		in.insert(end, " "+function)
		return
	}
	in.insert(end, " | "+function)
}

func (in *instrumented) command(c *parse.CommandNode, piped bool) {
	for _, a := range c.Args {
		in.argument(a)
	}
	check := checkOf(c)
	if check == "" {
		return
	}
	start := int(c.Pos)
	if len(c.Args) == 1 {
		if piped {
			in.insert(start, check+" | ")
		}
		return
	}
	_, behind := operand(in.text, start)
	start, end := operand(in.text, behind)
	in.insert(start, "("+check+" ")
	in.insert(end, ")")
}

func (in *instrumented) argument(n parse.Node) {
	switch n := n.(type) {
	case *parse.PipeNode:
		in.pipe(n, holdFunction)
	case *parse.ChainNode:
		in.argument(n.Node)
	}
}

// checkOf returns the function that checks the first argument of a command; empty if
// none has to.
func checkOf(c *parse.CommandNode) string {
	var name string
	switch f := c.Args[0].(type) {
	case *parse.IdentifierNode:
		if f.Ident == "tpl" {
			return textFunction
		}
	default:
		name = lastField(f)
	}
	if name == "Glob" {
		return globFunction
	}
	return ""
}

func lastField(n parse.Node) string {
	var names []string
	switch n := n.(type) {
	case *parse.FieldNode:
		names = n.Ident
	case *parse.VariableNode:
		names = n.Ident[1:]
	case *parse.ChainNode:
		names = n.Field
	}
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

// pipelineEnd returns the offset at which the pipeline that starts at an offset ends: of
// its closing delimiter, with the trim marker before it, or of its closing parenthesis.
func pipelineEnd(text string, at int) int {
	depth := 0
	for i := at; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '`' || c == '\'':
			i = quoteEnd(text, i)
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == ')':
			return i
		case strings.HasPrefix(text[i:], "}}"):
			if i > at+1 && text[i-1] == '-' && unicode.IsSpace(rune(text[i-2])) {
				i -= 2
			}
			return i
		}
	}
	return len(text)
}

// operand returns the offsets of the first operand behind an offset in an action.
func operand(text string, at int) (start, end int) {
	start = at + len(text[at:]) - len(strings.TrimLeftFunc(text[at:], unicode.IsSpace))
	depth := 0
	for end = start; end < len(text); end++ {
		switch c := text[end]; {
		case c == '"' || c == '`' || c == '\'':
			end = quoteEnd(text, end)
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0 && (c == ')' || c == '|' || c == '}' || unicode.IsSpace(rune(c))):
			return start, end
		}
	}
	return start, len(text)
}

// quoteEnd returns the offset of the quote that ends the text that the one at an offset
// begins.
func quoteEnd(text string, at int) int {
	quote := text[at]
	for at++; at < len(text) && text[at] != quote; at++ {
		if text[at] == '\\' && quote != '`' {
			at++
		}
	}
	return at
}
