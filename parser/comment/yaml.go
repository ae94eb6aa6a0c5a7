package comment

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/parser/source"
)

// A yamlLine is what the reader knows of one line.
type yamlLine struct {
	role role
	// indent is how far a line of the role entry is moved in, in characters; item
	// says that it begins with the dash of a list item.
	indent int
	item   bool
}

// role is what a line is to the structure of a file.
type role uint8

const (
	empty   role = iota
	remark       // comments alone
	control      // if, range, end and the like of a template, which write nothing
	marker       // --- or ..., between documents
	inner        // inside a text, a collection in brackets or an action
	entry        // begins with a key, a list item, or an action that writes something
)

// yamlReader reads lines one after the other. It knows as much of YAML as it takes
// to tell comments from texts, and works on templates, which are no YAML yet.
type yamlReader struct {
	file     string
	template bool // of a Helm chart

	// What is open at the end of a line.
	quote   byte // of a quoted text, or 0
	flow    int  // brackets
	action  bool // of a template
	remarks bool // a comment of a template

	// A text that a | or > has announced: its lines are moved in by block at least,
	// which is negative until the first of them is read; they are moved in further
	// than parent.
	inBlock       bool
	block, parent int

	lines    []yamlLine
	comments []Comment
	on       []int // the index of the line that each comment stands on
}

// findYAML reads a YAML file, or the template of one.
func findYAML(f source.File, data []byte) []Comment {
	r := &yamlReader{file: f.Name, template: f.Chart}
	for i, line := range splitLines(data) {
		r.lines = append(r.lines, r.read(line, i))
	}
	r.attach()
	return r.comments
}

// controlAction matches the beginning of a line whose action writes nothing itself.
var controlAction = regexp.MustCompile(`^\s*\{\{-?\s*(if|else|end|range|with|define|block|\$\w+\s*:?=)\b`)

// writtenIndent matches what an action says of how far it moves in what it writes.
var writtenIndent = regexp.MustCompile(`\bn?indent\s+(\d+)`)

// blockHeader matches the end of a line that announces a text of several lines.
var blockHeader = regexp.MustCompile(`(?::|(?:^|\s)(?:-|\?|---|[!&]\S*))\s+[|>](?:([1-9])[-+]?|[-+]([1-9])?)?$`)

func (r *yamlReader) read(line string, index int) yamlLine {
	trimmed := strings.TrimLeft(line, " \t")
	indent := len(line) - len(trimmed)
	if r.remarks {
		if strings.TrimSpace(r.scan(line, index, 0)) == "" {
			return yamlLine{role: remark}
		}
		return yamlLine{role: inner}
	}
	if r.action {
		r.scan(line, index, 0)
		return yamlLine{role: inner}
	}
	if r.inBlock {
		switch {
		case trimmed == "":
			return yamlLine{role: empty}
		case r.template && strings.HasPrefix(trimmed, "{{"):
			r.scan(line, index, 0)
			return yamlLine{role: inner}
		case r.block < 0 && indent > r.parent:
			r.block = indent
			return yamlLine{role: inner}
		case r.block >= 0 && indent >= r.block:
			return yamlLine{role: inner}
		}
		r.inBlock = false
	}
	if strings.HasPrefix(line, "---") || strings.HasPrefix(line, "...") {
		if len(line) == 3 || isBlank(line[3]) {
			r.quote, r.flow = 0, 0
			r.scan(line, index, 3)
			return yamlLine{role: marker}
		}
	}
	if trimmed == "" {
		return yamlLine{role: empty}
	}
	open := r.quote != 0 || r.flow > 0
	code := r.scan(line, index, 0)
	switch {
	case code == "":
		return yamlLine{role: remark}
	case open:
		return yamlLine{role: inner}
	case r.template && controlAction.MatchString(line):
		return yamlLine{role: control}
	case r.template && strings.HasPrefix(trimmed, "{{"):
		if m := writtenIndent.FindStringSubmatch(line); m != nil {
			indent, _ = strconv.Atoi(m[1]) // too large a number is the largest one
		}
		return yamlLine{role: entry, indent: indent}
	}
	r.announce(code, indent)
	return yamlLine{role: entry, indent: indent, item: trimmed == "-" || strings.HasPrefix(trimmed, "- ")}
}

// announce notes that a text of several lines follows, if the code of a line says so.
func (r *yamlReader) announce(code string, indent int) {
	if r.quote != 0 || r.flow > 0 || r.action {
		return
	}
	m := blockHeader.FindStringSubmatch(code)
	if m == nil {
		return
	}
	r.inBlock, r.block, r.parent = true, -1, indent
	// The text belongs to the key behind the dashes, if there is one.
	for i := indent; i+1 < len(code) && code[i] == '-' && code[i+1] == ' '; {
		for i++; i < len(code) && code[i] == ' '; i++ {
		}
		if i < len(code) && strings.Contains(code[i:], ":") {
			r.parent = i
		}
	}
	if n, err := strconv.Atoi(m[1] + m[2]); err == nil {
		r.block = r.parent + n
	}
}

// scan reads a line from an offset on, notes its comments, and returns its code:
// all else without the blanks at its end. Of a template, actions are code.
func (r *yamlReader) scan(line string, index, from int) string {
	start := true // a text may begin here
	end := from   // of the code
	for i := from; i < len(line); {
		c := line[i]
		switch {
		case r.remarks:
			i = r.remark(line, index, i)
			continue
		case r.action, r.template && strings.HasPrefix(line[i:], "{{"):
			if !r.action && templateRemark.MatchString(line[i:]) {
				r.remarks = true
				i = r.remark(line, index, i)
				continue
			}
			i, r.action = skipAction(line, i)
			start, end = false, i
			continue
		case r.quote != 0:
			i = r.quoted(line, i)
			start, end = false, i
			continue
		case isBlank(c):
			i++
			continue
		case c == '#' && (i == 0 || isBlank(line[i-1])):
			r.add(text(r.file, line, index+1, i, len(line), "#"), index)
			return line[:end]
		}
		next := i+1 == len(line) || isBlank(line[i+1])
		switch {
		case start && (c == '"' || c == '\''):
			r.quote = c
		case start && (c == '[' || c == '{'):
			r.flow++
		case start && (c == '-' || c == '?') && next:
		case start && (c == '!' || c == '&'):
			for i+1 < len(line) && !isBlank(line[i+1]) {
				i++
			}
		case r.flow > 0 && (c == ']' || c == '}'):
			r.flow--
			start = false
		case r.flow > 0 && c == ',', c == ':' && (next || i > 0 && (line[i-1] == '"' || line[i-1] == '\'')):
			start = true
		default:
			start = false
		}
		i++
		end = i
	}
	return line[:end]
}

// quoted returns the offset behind the part of a quoted text that is on the line.
func (r *yamlReader) quoted(line string, i int) int {
	for ; i < len(line); i++ {
		switch {
		case r.template && strings.HasPrefix(line[i:], "{{"):
			if i, r.action = skipAction(line, i); r.action {
				return i
			}
			i--
		case r.quote == '"' && line[i] == '\\':
			i++
		case line[i] != r.quote:
		case r.quote == '\'' && strings.HasPrefix(line[i:], "''"):
			i++
		default:
			r.quote = 0
			return i + 1
		}
	}
	return len(line)
}

// skipAction returns the offset behind an action of a template, and whether it goes
// on in the next line. What a quoted text in it holds does not end it.
func skipAction(line string, i int) (int, bool) {
	var quote byte
	for ; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '`':
			quote = c
		case strings.HasPrefix(line[i:], "}}"):
			return i + 2, false
		}
	}
	return len(line), true
}

// templateRemark matches the beginning of a comment of a template.
var templateRemark = regexp.MustCompile(`^\{\{-?\s*/\*`)

// remark reads the part of a template's comment that is on the line, and returns
// the offset behind it.
func (r *yamlReader) remark(line string, index, i int) int {
	if at := templateRemark.FindStringIndex(line[i:]); at != nil {
		i += at[1]
	}
	end := len(line)
	behind := end
	if n := strings.Index(line[i:], "*/"); n >= 0 {
		end = i + n
		r.remarks = false
		behind = end + 2
		if n := strings.Index(line[behind:], "}}"); n >= 0 {
			behind += n + 2
		}
	}
	r.add(text(r.file, line, index+1, i, end, "*"), index)
	return behind
}

func (r *yamlReader) add(c Comment, index int) {
	if c.Text == "" {
		return
	}
	r.comments = append(r.comments, c)
	r.on = append(r.on, index)
}

// attach finds the lines that each comment is about.
func (r *yamlReader) attach() {
	documents, documentOf := r.documents()
	ends := r.ends()
	below := r.below()
	for n := range r.comments {
		c := &r.comments[n]
		at := r.on[n]
		if d := documents[documentOf[at]]; d.first >= at {
			c.First, c.Last = d.begin+1, d.end
			continue
		}
		if r.lines[at].role == remark {
			if at = below[at]; at < 0 {
				continue
			}
		}
		if d := documents[documentOf[at]]; d.first >= at {
			c.First, c.Last = d.begin+1, d.end
			continue
		}
		c.First = at + 1
		for at+1 < len(r.lines) && (r.lines[at].role == control || r.lines[at].role == remark) {
			at++
		}
		c.Last = max(at+1, ends[at])
	}
}

// document is a stretch of lines, from begin up to but not including end. Those
// before first hold comments and markers only; first is -1 if all do.
type document struct{ begin, first, end int }

// documents returns the documents and, for each line, the index of its document.
func (r *yamlReader) documents() ([]document, []int) {
	documents := []document{{first: -1}}
	of := make([]int, len(r.lines))
	for i, line := range r.lines {
		current := &documents[len(documents)-1]
		switch {
		case line.role == marker && current.first >= 0:
			documents = append(documents, document{begin: i, first: -1})
			current = &documents[len(documents)-1]
		case (line.role == entry || line.role == inner) && current.first < 0:
			current.first = i
		}
		current.end = i + 1
		of[i] = len(documents) - 1
	}
	return documents, of
}

// ends returns, for each entry, the number of the last line of what begins there.
func (r *yamlReader) ends() []int {
	ends := make([]int, len(r.lines))
	var open []int
	last := 0 // line that is part of something
	closeAll := func(keep func(yamlLine) bool) {
		for len(open) > 0 && !keep(r.lines[open[len(open)-1]]) {
			ends[open[len(open)-1]] = last
			open = open[:len(open)-1]
		}
	}
	for i, line := range r.lines {
		switch line.role {
		case marker:
			closeAll(func(yamlLine) bool { return false })
		case entry:
			closeAll(func(o yamlLine) bool {
				// The items of a list may be moved in as little as the list's key.
				return o.indent < line.indent || o.indent == line.indent && line.item && !o.item
			})
			open = append(open, i)
		}
		if line.role == entry || line.role == inner {
			last = i + 1
		}
	}
	closeAll(func(yamlLine) bool { return false })
	return ends
}

// below returns, for each line of comments, the line that follows them at once, or
// -1 if there is none or it is empty.
func (r *yamlReader) below() []int {
	below := make([]int, len(r.lines))
	next := -1
	for i := len(r.lines) - 1; i >= 0; i-- {
		switch r.lines[i].role {
		case remark:
		case empty:
			next = -1
		default:
			next = i
		}
		below[i] = next
	}
	return below
}
