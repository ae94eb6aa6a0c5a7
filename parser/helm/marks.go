package helm

import (
	"fmt"
	"slices"
	"strings"
	"text/template/parse"
	"unicode"
	"unicode/utf8"
)

// A mark is put into the text of a template, behind an action, or into a string of
// the values, and comes out where that is written. Marks are made of Braille
// patterns: letters to every function that a template may call, so that no quoting
// changes them, and not to be met in real charts. A chart that has any is rendered
// without marks.
const (
	markStart = '\u28ff' // of a mark for a place in a template
	dataStart = '\u28fd' // of a mark for a place in the values
	markEnd   = '\u28fe'
	markDigit = '\u2810' // of the digit 0; the others follow
)

// maxMarks is how many places a rendering may mark.
const maxMarks = 1 << 20

// place is what a mark stands for.
type place struct {
	file string // in the tree
	line int
	// column is set for values alone.
	column int
	// values is the path of the values that an action writes; nil if it writes none,
	// or several.
	values []string
	chart  string // the full path of the chart that the template belongs to
}

// marks are the places of one rendering.
type marks struct{ places []place }

func (m *marks) add(start rune, p place) string {
	if len(m.places) >= maxMarks {
		return ""
	}
	m.places = append(m.places, p)
	return encode(start, len(m.places)-1)
}

func encode(start rune, n int) string {
	out := []rune{start}
	for _, d := range fmt.Sprintf("%x", n) {
		if d >= 'a' {
			d += '0' + 10 - 'a'
		}
		out = append(out, markDigit+d-'0')
	}
	return string(append(out, markEnd))
}

// hasMarks reports whether text has anything that could be taken for a mark.
func hasMarks(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r == markStart || r == dataStart || r == markEnd })
}

// found is a mark in a line, at a column of the line without marks.
type found struct {
	column int // counted from 1
	place  place
	data   bool
}

// strip takes the marks out of a line.
func (m *marks) strip(line string) (string, []found) {
	if !hasMarks(line) {
		return line, nil
	}
	var b strings.Builder
	var list []found
	column := 1
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRuneInString(line[i:])
		if r == markStart || r == dataStart {
			if n, length, ok := decode(line[i+size:]); ok && n < len(m.places) {
				list = append(list, found{column: column, place: m.places[n], data: r == dataStart})
				i += size + length
				continue
			}
		}
		b.WriteString(line[i : i+size])
		column++
		i += size
	}
	return b.String(), list
}

func decode(text string) (n, length int, ok bool) {
	for i, r := range text {
		if r == markEnd {
			return n, i + utf8.RuneLen(r), i > 0
		}
		d := int(r - markDigit)
		if d < 0 || d > 15 || n > maxMarks {
			return 0, 0, false
		}
		n = n<<4 | d
	}
	return 0, 0, false
}

// mark writes a value as a template does, with a mark in each line of it that has
// none of a template.
func (m *marks) mark(n int, value any) string {
	if value == nil {
		return "<no value>"
	}
	text := fmt.Sprint(value)
	mark := encode(markStart, n)
	var b strings.Builder
	for line := range strings.SplitAfterSeq(text, "\n") {
		i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsSpace(r) })
		if i < 0 || strings.ContainsRune(line, markStart) {
			b.WriteString(line)
			continue
		}
		b.WriteString(line[:i] + mark + line[i:])
	}
	return b.String()
}

// detail says how much of a template is marked.
type detail int

const (
	noMarks     detail = iota // what is written is only counted
	textMarks                 // the lines of templates, but not of named ones
	actionMarks               // also what actions write, and named templates that write YAML
)

// anyElement is the step of a path to each element of a list or a map.
const anyElement = "*"

// scope is what is known where a node stands.
type scope struct {
	named bool // in a named template
	// dot is the path of the dot from the root; nil if it is not known.
	dot []string
}

func (in *instrumented) list(list *parse.ListNode, s scope) {
	if list == nil {
		return
	}
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			in.textNode(n, s)
		case *parse.ActionNode:
			in.action(n, s)
		case *parse.IfNode:
			in.list(n.List, s)
			in.list(n.ElseList, s)
		case *parse.WithNode:
			below := s
			below.dot = pathOf(n.Pipe, s)
			in.list(n.List, below)
			in.list(n.ElseList, s)
		case *parse.RangeNode:
			below := s
			if below.dot = pathOf(n.Pipe, s); below.dot != nil {
				below.dot = append(below.dot, anyElement)
			}
			in.list(n.List, below)
			in.list(n.ElseList, s)
		}
	}
}

// textNode marks each line of a text.
func (in *instrumented) textNode(n *parse.TextNode, s scope) {
	start := int(n.Pos)
	if in.detail == noMarks || start+len(n.Text) > len(in.text) || in.text[start:start+len(n.Text)] != string(n.Text) {
		return
	}
	if s.named && in.detail < actionMarks {
		return
	}
	for line := range strings.SplitAfterSeq(string(n.Text), "\n") {
		if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsSpace(r) }); i >= 0 && (!s.named || isYAML(line)) {
			in.insert(start+i, in.marks.add(markStart, in.place(start+i)))
		}
		start += len(line)
	}
}

// isYAML tells a line of a named template that writes YAML from one that writes a
// name, which other templates may compare or cut.
func isYAML(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasSuffix(line, ":") || strings.Contains(line, ": ") || strings.HasPrefix(line, "- ") || line == "-"
}

func (in *instrumented) place(at int) place {
	line, _ := slices.BinarySearch(in.lines, at+1) // how many lines start at or before at
	return place{file: in.file, line: line, chart: in.chart}
}

// action marks what an action writes. In a named template only one behind a key is
// marked.
func (in *instrumented) action(n *parse.ActionNode, s scope) {
	if in.detail < actionMarks || len(n.Pipe.Decl) > 0 {
		return
	}
	at := int(n.Pos)
	if s.named && !isYAML(in.text[strings.LastIndexByte(in.text[:at], '\n')+1:at]) {
		return
	}
	end := pipelineEnd(in.text, int(n.Pipe.Pos))
	p := in.place(at)
	p.values = valuesIn(n.Pipe, s)
	if len(in.marks.places) >= maxMarks {
		return
	}
	in.marks.places = append(in.marks.places, p)
	in.insert(end, fmt.Sprintf(" | %s %d", markFunction, len(in.marks.places)-1))
}

// valuesIn returns the path of the only values that a pipeline names, below
// ".Values"; nil if there are none or several.
func valuesIn(pipe *parse.PipeNode, s scope) []string {
	var only []string
	count := 0
	var walk func(n parse.Node)
	walk = func(n parse.Node) {
		switch n := n.(type) {
		case *parse.PipeNode:
			for _, c := range n.Cmds {
				walk(c)
			}
		case *parse.CommandNode:
			for _, a := range n.Args {
				walk(a)
			}
		default:
			if p, ok := rooted(n, s); ok && len(p) > 1 && p[0] == "Values" {
				only = p[1:]
				count++
			}
		}
	}
	walk(pipe)
	if count != 1 {
		return nil
	}
	return only
}

// pathOf returns the path that a pipeline of a single field names, nil for others.
func pathOf(pipe *parse.PipeNode, s scope) []string {
	if len(pipe.Cmds) != 1 || len(pipe.Cmds[0].Args) != 1 {
		return nil
	}
	p, ok := rooted(pipe.Cmds[0].Args[0], s)
	if !ok {
		return nil
	}
	return p
}

// rooted returns the path of a field from the root.
func rooted(n parse.Node, s scope) ([]string, bool) {
	switch n := n.(type) {
	case *parse.FieldNode:
		if s.dot == nil {
			return nil, false
		}
		return append(slices.Clone(s.dot), n.Ident...), true
	case *parse.DotNode:
		return slices.Clone(s.dot), s.dot != nil
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return slices.Clone(n.Ident[1:]), true
		}
	}
	return nil, false
}
