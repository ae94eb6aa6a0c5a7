package kustomize

import (
	"strings"
	"unicode/utf8"

	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egresslint/egresslint/parser/source"
)

// document is one YAML document of a file, or a patch inside a kustomization.
type document struct {
	file  string
	first int // the line of the file that the text starts on
	// indent is how many columns of the file stand before each line of the text.
	indent int
	lines  []string
	whole  []string // the lines with the schemas, where those are left out
	// base is how many lines are put before the text when kustomize reads it, so
	// that the line of a node tells which document the node is from.
	base int
	root *kyaml.Node // parsed when first asked for
	read bool
}

func splitLines(data []byte) []string {
	text := strings.TrimPrefix(string(data), "\ufeff")
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

// splitDocuments splits a stream where kustomize does. Joined by separators, the
// texts are the stream again, but that the first one lacks its own separator.
func splitDocuments(data []byte) []*document {
	lines := splitLines(data)
	var docs []*document
	start := 0
	for i, line := range lines {
		if !strings.HasPrefix(line, "---") || i == len(lines)-1 {
			continue
		}
		if rest := strings.TrimSpace(line[3:]); rest != "" && rest[0] != '#' {
			continue
		}
		if i > start || len(docs) > 0 {
			docs = append(docs, &document{first: start + 1, lines: lines[start:i]})
		}
		start = i + 1
	}
	return append(docs, &document{first: start + 1, lines: lines[start:]})
}

// text is what kustomize reads for d.
func (d *document) text() string {
	return strings.Repeat("\n", d.base) + strings.Join(d.lines, "\n")
}

// parse returns the root of d with the lines of its marked text; nil if d is empty
// or no YAML.
func (d *document) parse() *kyaml.Node {
	if d.read {
		return d.root
	}
	d.read = true
	var n kyaml.Node
	if err := kyaml.NewDecoder(strings.NewReader(strings.Join(d.lines, "\n") + "\n")).Decode(&n); err != nil || len(n.Content) != 1 {
		return nil
	}
	shift(&n, d.base)
	d.root = n.Content[0]
	return d.root
}

func shift(n *kyaml.Node, lines int) {
	n.Line += lines
	for _, c := range n.Content {
		shift(c, lines)
	}
}

// at returns the place of a node of d in the file.
func (d *document) at(n *kyaml.Node) source.Range {
	return rangeAt(origin{d.file, d.first, d.indent}, d.lines, n.Line-d.base, n.Column)
}

// isWritten reports whether value is what the text of d holds where n stands. What
// kustomize changed keeps its place, and what it made anew has none or a wrong one.
func (d *document) isWritten(n *kyaml.Node, value string) bool {
	if d.isLong(n.Line - d.base) {
		return true
	}
	text := textAt(d.lines, n.Line-d.base, n.Column)
	if text == "" {
		return value == ""
	}
	switch text[0] {
	case '&', '*', '!', '|', '>':
		return true // properties, an alias or a block; not worth reading again
	case '"', '\'':
		text = text[1:]
		value = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)
		if strings.HasPrefix(text, value) {
			return true
		}
		return strings.ContainsAny(text, `\`) || strings.Contains(text, "''")
	}
	if i := strings.IndexByte(value, '\n'); i >= 0 {
		value = value[:i]
	}
	return strings.HasPrefix(text, value) || strings.HasPrefix(value, strings.TrimSpace(text)) && value != ""
}

// maxLine is how many bytes of a line are read for a value. A longer line is a whole
// file on one, of which only the start of each value is told.
const maxLine = 4096

// textAt returns what stands on a line from a column on, counted from 1; of a long
// line nothing.
func textAt(lines []string, line, column int) string {
	if line < 1 || line > len(lines) || len(lines[line-1]) > maxLine {
		return ""
	}
	text := lines[line-1]
	for range column - 1 {
		if text == "" {
			return ""
		}
		_, n := utf8.DecodeRuneInString(text)
		text = text[n:]
	}
	return text
}

// isLong reports whether a line is too long for its text to be read.
func (d *document) isLong(line int) bool {
	return line >= 1 && line <= len(d.lines) && len(d.lines[line-1]) > maxLine
}

// origin is where lines come from: the file, the file's line of the first of them,
// and how many of the file's columns stand before each.
type origin struct {
	file          string
	first, indent int
}

// rangeAt is the scalar or the key at a position in lines.
func rangeAt(from origin, lines []string, line, column int) source.Range {
	text := textAt(lines, line, column)
	start := len(text) - len(skipProperties(text))
	end := start + scalarLength(text[start:])
	column += from.indent
	return source.Range{
		File:  from.file,
		Start: source.Pos{Line: from.first + line - 1, Column: column + utf8.RuneCountInString(text[:start])},
		End:   source.Pos{Line: from.first + line - 1, Column: column + utf8.RuneCountInString(text[:end])},
	}
}

// skipProperties drops an anchor and a tag, with the blanks behind them, if a value
// follows on the same line.
func skipProperties(text string) string {
	rest := text
	for rest != "" && (rest[0] == '&' || rest[0] == '!') {
		i := strings.IndexAny(rest, " \t")
		if i < 0 {
			return text
		}
		rest = strings.TrimLeft(rest[i:], " \t")
	}
	if rest == "" || rest[0] == '#' {
		return text
	}
	return rest
}

// scalarLength is how much of text, which starts with a value or a key, that is.
// The rest of the line counts where the value goes on behind it.
func scalarLength(text string) int {
	if text == "" {
		return 0
	}
	if quote := text[0]; quote == '"' || quote == '\'' {
		for i := 1; i < len(text); i++ {
			switch {
			case quote == '"' && text[i] == '\\':
				i++
			case text[i] != quote:
			case quote == '\'' && i+1 < len(text) && text[i+1] == quote:
				i++
			default:
				return i + 1
			}
		}
		return len(text)
	}
	if text[0] == '{' || text[0] == '[' {
		return flowLength(text)
	}
	end := len(text)
	if i := strings.Index(text, " #"); i >= 0 {
		end = i
	}
	for i := 0; i < end; i++ {
		if text[i] == ':' && (i+1 == end || text[i+1] == ' ') {
			end = i
		}
	}
	if i := strings.IndexAny(text[:end], ",]}"); i > 0 { // a value in a flow collection
		end = i
	}
	return len(strings.TrimRight(text[:end], " \t"))
}

// flowLength is how much of text the flow collection is that it starts with; one of
// several lines ends with the first.
func flowLength(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"', '\'':
			i += scalarLength(text[i:]) - 1
		}
	}
	return len(strings.TrimRight(text, " \t"))
}

// step is one step into an object: a key, or an element of a list.
type step struct {
	key   string
	index int // of the element; -1 for a key
	// name is what tells the element from the others, see [elementName].
	name string
}

func key(k string) step { return step{key: k, index: -1} }

// mergeKeys are the fields that tell the elements of a list apart, as in strategic
// merge patches.
var mergeKeys = []string{"name", "mountPath", "containerPort", "port", "ip", "topologyKey"}

// elementName returns what tells a map from other elements of a list; "" if nothing
// does.
func elementName(n *kyaml.Node) string {
	for _, k := range mergeKeys {
		if _, v := lookup(n, key(k)); v != nil && v.Kind == kyaml.ScalarNode {
			return k + "=" + v.Value
		}
	}
	return ""
}

// lookup follows a path from n and returns the last key, if the last step is one,
// and the node. Both are nil where there is none.
func lookup(n *kyaml.Node, path ...step) (k, v *kyaml.Node) {
	v = n
	for _, s := range path {
		if v == nil {
			return nil, nil
		}
		if s.index < 0 {
			k, v = field(v, s.key)
		} else {
			k, v = nil, element(v, s)
		}
	}
	return k, v
}

func field(n *kyaml.Node, name string) (k, v *kyaml.Node) {
	if n.Kind == kyaml.AliasNode {
		n = n.Alias
	}
	if n == nil || n.Kind != kyaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

func element(n *kyaml.Node, s step) *kyaml.Node {
	if n.Kind == kyaml.AliasNode {
		n = n.Alias
	}
	if n == nil || n.Kind != kyaml.SequenceNode {
		return nil
	}
	if s.name != "" {
		for _, e := range n.Content {
			if elementName(e) == s.name {
				return e
			}
		}
		return nil
	}
	if s.index < len(n.Content) {
		return n.Content[s.index]
	}
	return nil
}

// find returns the first scalar below n whose value is text, nil if there is none.
func find(n *kyaml.Node, text string) *kyaml.Node {
	switch {
	case n == nil || n.Kind == kyaml.AliasNode:
		return nil
	case n.Kind == kyaml.ScalarNode:
		if n.Value == text {
			return n
		}
		return nil
	}
	for _, c := range n.Content {
		if found := find(c, text); found != nil {
			return found
		}
	}
	return nil
}
