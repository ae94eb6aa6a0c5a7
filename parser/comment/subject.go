package comment

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/egresslint/egresslint/parser/source"
)

// Subjects returns a function that names what begins on a line of code: the blocks and
// arguments of Terraform, or the document, keys and list items of YAML, that it stands in
// and that it is, from the outside in. The name stays the same wherever they stand in the
// file, and whatever their value is; of several blocks or items that nothing names, the
// first argument tells which it is.
func Subjects(f source.File, data []byte) func(line int) string {
	data = []byte(strings.TrimPrefix(string(data), byteOrderMark))
	switch f.Kind {
	case source.Terraform, source.TerraformVars:
		return subjectsOfHCL(f.Name, data)
	case source.YAML:
		return subjectsOfYAML(f, data)
	default:
		return func(int) string { return "" }
	}
}

const (
	// maxSteps is how many of the blocks or keys around something are part of its name.
	maxSteps = 64
	// maxStep is how many bytes of each are.
	maxStep = 256
)

// joined puts the steps of a name, from the inside out, into one.
func joined(steps []string) string {
	for i, step := range steps {
		steps[i] = step[:min(len(step), maxStep)]
	}
	slices.Reverse(steps)
	return strings.Join(steps, "\n")
}

// statement is a block, an argument or an element of a list.
type statement struct {
	head  string // its type and labels, or its name
	text  string // all that stands on its first line
	up    *statement
	first *statement     // in it
	heads map[string]int // how many in it have a head
}

// subjectsOfHCL works on tokens, see endsOfHCL.
func subjectsOfHCL(name string, data []byte) func(line int) string {
	tokens, _ := hclsyntax.LexConfig(data, name, hcl.InitialPos)
	lines := splitLines(data)
	top := &statement{heads: make(map[string]int)}
	on := make(map[int]*statement) // that begins first on a line
	// in is what encloses the statement that is being read, which is open if it has
	// begun, and named if its head is complete.
	in, open, named := top, (*statement)(nil), false
	head := func() {
		if open != nil && !named {
			in.heads[open.head]++
		}
		named = true
	}
	for _, token := range tokens {
		switch token.Type {
		case hclsyntax.TokenComment, hclsyntax.TokenNewline, hclsyntax.TokenComma, hclsyntax.TokenEOF:
			if !bytes.HasPrefix(token.Bytes, []byte("/*")) {
				head()
				open = nil
			}
			continue
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			if head(); in != top {
				open, in = in, in.up
			}
			continue
		}
		if open == nil {
			line := token.Range.Start.Line
			open, named = &statement{text: strings.TrimSpace(lines[min(line, len(lines))-1]), up: in, heads: make(map[string]int)}, false
			if in.first == nil {
				in.first = open
			}
			if on[line] == nil {
				on[line] = open
			}
		}
		switch token.Type {
		case hclsyntax.TokenEqual, hclsyntax.TokenColon:
			head()
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			head()
			in, open = open, nil
		case hclsyntax.TokenOQuote, hclsyntax.TokenCQuote:
		default:
			if !named && len(open.head) < maxStep {
				open.head += string(token.Bytes) + " "
			}
		}
	}
	return func(line int) string {
		var steps []string
		for s := on[line]; s != nil && s != top && len(steps) < maxSteps; s = s.up {
			step := s.head
			// Which one of several it is, its first argument tells.
			if s.first != nil && s.up.heads[s.head] > 1 {
				step += s.first.text
			}
			steps = append(steps, step)
		}
		return joined(steps)
	}
}

// yamlKey matches a key at the beginning of a line, behind the dashes of list items.
var yamlKey = regexp.MustCompile(`^((?:-\s+)*)("[^"]*"|'[^']*'|[^\s"'#{}\[\],][^#{}\[\],]*?)\s*:(?:\s|$)`)

// subjectsOfYAML goes by how far lines are moved in, as a template is no YAML yet.
func subjectsOfYAML(f source.File, data []byte) func(line int) string {
	r := &yamlReader{file: f.Name, template: f.Chart}
	lines := splitLines(data)
	for i, text := range lines {
		r.lines = append(r.lines, r.read(text, i))
	}
	documents, documentOf := r.documents()
	names := make([]string, len(documents))
	for i, d := range documents {
		names[i] = documentName(lines[d.begin:max(d.begin, d.end)])
	}
	above := make([]int, len(lines)) // the line of the entry that another one stands in
	var open []int
	for i, l := range r.lines {
		if above[i] = -1; l.role != entry {
			if l.role == marker {
				open = nil
			}
			continue
		}
		for len(open) > 0 {
			last := r.lines[open[len(open)-1]]
			if last.indent < l.indent || last.indent == l.indent && l.item && !last.item {
				above[i] = open[len(open)-1]
				break
			}
			open = open[:len(open)-1]
		}
		open = append(open, i)
	}
	return func(line int) string {
		if line < 1 || line > len(lines) {
			return ""
		}
		document := documentOf[line-1]
		d := documents[document]
		if line-1 <= d.first && names[document] != "" {
			return names[document] // a comment at its beginning is about all of it
		}
		var steps []string
		for i := max(line-1, d.first); i >= 0 && len(steps) < maxSteps; i = above[i] {
			steps = append(steps, entryName(lines, r.lines, i))
		}
		return joined(append(steps, names[document]))
	}
}

// maxItem is how many lines of an item are looked at for its name.
const maxItem = 50

// entryName is the key that stands on a line, or for an item of a list what its name is,
// or its first line.
func entryName(lines []string, read []yamlLine, at int) string {
	text := strings.TrimSpace(lines[at])
	if !read[at].item {
		if m := yamlKey.FindStringSubmatch(text); m != nil {
			return m[2]
		}
		return text
	}
	for i := at; i < min(at+maxItem, len(lines)) && read[i].role != marker; i++ {
		if read[i].role == entry && i > at && read[i].indent <= read[at].indent {
			break
		}
		own := strings.TrimLeft(strings.TrimSpace(lines[i]), "- ")
		if name, ok := strings.CutPrefix(own, "name:"); ok && read[i].role == entry {
			return "- " + strings.TrimSpace(withoutRemark(name))
		}
	}
	return "- " + withoutRemark(strings.TrimLeft(text, "- "))
}

func withoutRemark(text string) string {
	text, _, _ = strings.Cut(text, " #")
	return strings.TrimSpace(text)
}

// documentName is the kind, the namespace and the name of the object in a document, as
// they are written; empty without any.
func documentName(lines []string) string {
	var kind, namespace, name string
	inMetadata := false
	for _, line := range lines {
		text := strings.TrimSpace(line)
		if line != "" && !isBlank(line[0]) && line[0] != '#' {
			inMetadata = strings.HasPrefix(line, "metadata:")
			if value, ok := strings.CutPrefix(line, "kind:"); ok {
				kind = cmp.Or(kind, withoutRemark(value))
			}
			if value, ok := strings.CutPrefix(line, "metadata:"); ok && withoutRemark(value) != "" {
				name = cmp.Or(name, withoutRemark(value))
			}
			continue
		}
		if value, ok := strings.CutPrefix(text, "name:"); ok && inMetadata {
			name = cmp.Or(name, withoutRemark(value))
		}
		if value, ok := strings.CutPrefix(text, "namespace:"); ok && inMetadata {
			namespace = cmp.Or(namespace, withoutRemark(value))
		}
	}
	if kind == "" && name == "" {
		return ""
	}
	return kind + "/" + namespace + "/" + name
}
