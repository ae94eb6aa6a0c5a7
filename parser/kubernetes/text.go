package kubernetes

import (
	"bytes"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/egresslint/egresslint/parser/source"
)

const byteOrderMark = "\ufeff"

// text finds the places of values in a file. The node parser tells where a node
// starts; where it ends has to be read from the text.
type text struct {
	file string
	data []byte
	// lines holds the offsets at which lines start, as editors count them.
	lines []int
	// yamlLines are the lines as YAML 1.1 counts them: a lone carriage return and
	// three code points of Unicode also end a line. The same slice as lines in a
	// file without any of these.
	yamlLines []int

	// Places are mostly asked for in the order of the text. What was found last is
	// where the search goes on, so that even a file that is one line is read once.
	lastPos  place // for pos; its line counts from 0
	lastNode place // for offset; its line is the offset of the line's start
}

// place is an offset and the column that it is, on some line.
type place struct{ line, column, offset int }

func newText(file string, data []byte) *text {
	t := &text{file: file, data: data}
	t.lastPos.column = 1
	t.lines = make([]int, 1, 1+bytes.Count(data, []byte{'\n'}))
	if bytes.HasPrefix(data, []byte(byteOrderMark)) {
		t.lines[0] = len(byteOrderMark)
	}
	for i := 0; ; {
		n := bytes.IndexByte(data[i:], '\n')
		if n < 0 {
			break
		}
		i += n + 1
		t.lines = append(t.lines, i)
	}
	t.lastPos.offset = t.lines[0]
	t.yamlLines = t.lines
	if hasOtherBreaks(data) {
		t.yamlLines = []int{t.lines[0]}
		for i := t.lines[0]; i < len(data); {
			if n := breakAt(data, i); n > 0 {
				i += n
				t.yamlLines = append(t.yamlLines, i)
			} else {
				i++
			}
		}
	}
	return t
}

func hasOtherBreaks(data []byte) bool {
	if bytes.Count(data, []byte{'\r'}) != bytes.Count(data, []byte("\r\n")) {
		return true
	}
	return bytes.Contains(data, []byte("\u0085")) || bytes.Contains(data, []byte("\u2028")) || bytes.Contains(data, []byte("\u2029"))
}

// breakAt returns the length of the YAML line break at i, 0 if there is none.
func breakAt(data []byte, i int) int {
	switch data[i] {
	case '\n':
		return 1
	case '\r':
		if i+1 < len(data) && data[i+1] == '\n' {
			return 2
		}
		return 1
	case 0xc2:
		if i+1 < len(data) && data[i+1] == 0x85 {
			return 2
		}
	case 0xe2:
		if i+2 < len(data) && data[i+1] == 0x80 && (data[i+2] == 0xa8 || data[i+2] == 0xa9) {
			return 3
		}
	}
	return 0
}

// offset converts a position within the document that starts at base, as the node
// parser counts it, into an offset of the file.
func (t *text) offset(base, line, column int) int {
	p := base
	if line > 1 {
		first := sort.SearchInts(t.yamlLines, base+1) // the first line after the document's first
		if first+line-2 >= len(t.yamlLines) {
			return len(t.data)
		}
		p = t.yamlLines[first+line-2]
	}
	from := place{p, 1, p}
	if last := t.lastNode; last.line == p && last.column <= column && last.column > 0 {
		from = last
	}
	p = from.offset
	for range column - from.column {
		if p >= len(t.data) {
			return len(t.data)
		}
		if t.data[p] < utf8.RuneSelf {
			p++
			continue
		}
		_, n := utf8.DecodeRune(t.data[p:])
		p += n
	}
	t.lastNode = place{from.line, column, p}
	return p
}

// pos converts an offset into a position.
func (t *text) pos(offset int) source.Pos {
	last := &t.lastPos
	n := last.line
	if offset < t.lines[n] || n+1 < len(t.lines) && offset >= t.lines[n+1] {
		if n+2 < len(t.lines) && offset >= t.lines[n+1] && offset < t.lines[n+2] {
			n++
		} else {
			n = max(0, sort.SearchInts(t.lines, offset+1)-1)
		}
		*last = place{line: n, column: 1, offset: t.lines[n]}
	}
	switch {
	case offset >= last.offset:
		last.column += utf8.RuneCount(t.data[last.offset:offset])
	case last.offset-offset < offset-t.lines[n]:
		last.column -= utf8.RuneCount(t.data[offset:last.offset])
	case offset >= t.lines[n]:
		last.column = 1 + utf8.RuneCount(t.data[t.lines[n]:offset])
	default: // in the byte order mark
		return source.Pos{Line: 1, Column: 1}
	}
	last.offset = offset
	return source.Pos{Line: n + 1, Column: last.column}
}

// span is the range between two offsets.
func (t *text) span(start, end int) source.Range {
	return source.Range{File: t.file, Start: t.pos(start), End: t.pos(end)}
}

// point is the range of the one code point at offset.
func (t *text) point(offset int) source.Range {
	offset = min(offset, len(t.data))
	end := offset
	if offset < len(t.data) && breakAt(t.data, offset) == 0 {
		_, n := utf8.DecodeRune(t.data[offset:])
		end += n
	}
	return t.span(offset, end)
}

func (t *text) byteAt(i int) byte {
	if i < 0 || i >= len(t.data) {
		return 0
	}
	return t.data[i]
}

func (t *text) blankAt(i int) bool {
	switch t.byteAt(i) {
	case ' ', '\t', '\n', '\r':
		return true
	default:
		return i < len(t.data) && breakAt(t.data, i) > 0
	}
}

// skipBlank returns the offset of the first text at or after i that is neither
// white space nor a comment.
func (t *text) skipBlank(i int) int {
	for i < len(t.data) {
		switch {
		case t.blankAt(i):
			i += max(1, breakAt(t.data, i))
		case t.data[i] == '#' && (i == 0 || t.blankAt(i-1)):
			for i < len(t.data) && breakAt(t.data, i) == 0 {
				i++
			}
		default:
			return i
		}
	}
	return i
}

// skipProperties skips the anchor and the tag in front of a value. It returns the
// offset of the value and the end of the last property.
func (t *text) skipProperties(i int, anchor string) (value, end int) {
	end = i
	for {
		switch t.byteAt(i) {
		case '&':
			i = min(i+1+len(anchor), len(t.data))
		case '!':
			if t.byteAt(i+1) == '<' { // a tag in full may hold commas
				i += max(0, bytes.IndexByte(t.data[i:], '>'))
			}
			for i < len(t.data) && !t.blankAt(i) && strings.IndexByte(",[]{}", t.data[i]) < 0 {
				i++
			}
		default:
			return i, end
		}
		end = i
		i = t.skipBlank(i)
	}
}

// aliasEnd returns the end of the alias (*name) at start.
func (t *text) aliasEnd(start int, name string) int {
	return min(start+1+len(name), len(t.data))
}

// plainEnd returns the end of the plain scalar at start. Line breaks and the
// white space around them are folded in its value.
func (t *text) plainEnd(start int, value string) int {
	if end := start + len(value); end <= len(t.data) && string(t.data[start:end]) == value {
		return start + len(value)
	}
	i := start
	for _, r := range value {
		if r == ' ' || r == '\t' || r == '\n' || r == '\u0085' || r == '\u2028' || r == '\u2029' {
			continue
		}
		for i < len(t.data) && t.blankAt(i) {
			i += max(1, breakAt(t.data, i))
		}
		c, n := utf8.DecodeRune(t.data[i:])
		if c != r {
			break
		}
		i += n
	}
	return i
}

// quotedEnd returns the end of the quoted scalar at start.
func (t *text) quotedEnd(start int) int {
	quote := t.byteAt(start)
	for i := start + 1; i < len(t.data); i++ {
		switch {
		case t.data[i] == '\\' && quote == '"':
			i++
		case t.data[i] != quote:
		case quote == '\'' && t.byteAt(i+1) == quote:
			i++
		default:
			return i + 1
		}
	}
	return len(t.data)
}

// blockEnd returns the end of the block scalar (| or >) at start: the end of its
// last line that is not blank.
func (t *text) blockEnd(start int, value string) int {
	end := start + 1
	for strings.IndexByte("+-0123456789", t.byteAt(end)) >= 0 && t.byteAt(end) != 0 {
		end++
	}
	first := strings.TrimLeft(value, "\n")
	for {
		line, rest, more := strings.Cut(first, "\n")
		if strings.Trim(line, " ") != "" {
			break
		}
		if !more {
			return end // it has no text
		}
		first = rest
	}
	// The first line with text may be indented more than the block.
	extra := len(first) - len(strings.TrimLeft(first, " "))
	indent := -1
	for i := t.lineEnd(start) + 1; i < len(t.data); i = t.lineEnd(i) + 1 {
		line := bytes.TrimRight(t.data[i:t.lineEnd(i)], " \t\r")
		if len(line) == 0 {
			continue
		}
		spaces := len(line) - len(bytes.TrimLeft(line, " "))
		if indent < 0 {
			indent = spaces - extra
		}
		if spaces < indent {
			break
		}
		end = i + len(line)
	}
	return end
}

// lineEnd returns the offset of the line feed that ends the line at i.
func (t *text) lineEnd(i int) int {
	if n := bytes.IndexByte(t.data[min(i, len(t.data)):], '\n'); n >= 0 {
		return i + n
	}
	return len(t.data)
}

// templateHint ends the message of an error at offset if its line is one of a
// template, by far the commonest thing that is not quite YAML.
func (t *text) templateHint(offset int) string {
	offset = min(offset, len(t.data))
	line := t.data[t.lines[t.pos(offset).Line-1]:t.lineEnd(offset)]
	if bytes.Contains(line, []byte("{{")) || bytes.Contains(line, []byte("{%")) {
		return "; this looks like a template, which has to be rendered first"
	}
	return ""
}

// closing returns the end of a flow collection whose last element ends at i.
func (t *text) closing(i int, bracket byte) (end int, ok bool) {
	for {
		i = t.skipBlank(i)
		switch c := t.byteAt(i); c {
		case bracket:
			return i + 1, true
		case ',', ':', '?':
			i++
		default:
			return i, false
		}
	}
}

// header is the range of a collection in flow style: all of it if it stands on one
// line, else the bracket that opens it.
func (t *text) header(start, end int) source.Range {
	if bytes.IndexByte(t.data[start:end], '\n') >= 0 {
		end = start + 1
	}
	return t.span(start, end)
}
