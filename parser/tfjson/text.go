package tfjson

import (
	"bytes"
	"sort"
	"unicode/utf8"

	"github.com/egresslint/egresslint/parser/source"
)

// text turns offsets in a document into positions. Terraform prints a document on
// one line, so finding a column must not count from the start of the line.
type text struct {
	name  string
	data  []byte
	ascii bool
	lines []int // where each line starts
	last  place
}

// place is an offset whose position is known.
type place struct {
	line, column, offset int // line counts from 0
}

func newText(name string, data []byte) *text {
	t := &text{name: name, data: data, ascii: true, lines: []int{0}, last: place{column: 1}}
	for _, c := range data {
		if c >= utf8.RuneSelf {
			t.ascii = false
			break
		}
	}
	for i := 0; ; {
		n := bytes.IndexByte(data[i:], '\n')
		if n < 0 {
			return t
		}
		i += n + 1
		t.lines = append(t.lines, i)
	}
}

// pos returns the position of an offset. In text that is not ASCII it counts on
// from the offset asked for before, which is near in a walk.
func (t *text) pos(offset int) source.Pos {
	line := t.last.line
	if offset < t.lines[line] || line+1 < len(t.lines) && offset >= t.lines[line+1] {
		line = sort.SearchInts(t.lines, offset+1) - 1
		t.last = place{line: line, column: 1, offset: t.lines[line]}
	}
	switch {
	case t.ascii:
		t.last.column = 1 + offset - t.lines[line]
	case offset >= t.last.offset:
		t.last.column += utf8.RuneCount(t.data[t.last.offset:offset])
	case t.last.offset-offset < offset-t.lines[line]:
		t.last.column -= utf8.RuneCount(t.data[offset:t.last.offset])
	default:
		t.last.column = 1 + utf8.RuneCount(t.data[t.lines[line]:offset])
	}
	t.last.offset = offset
	return source.Pos{Line: line + 1, Column: t.last.column}
}

// span is the range between two offsets.
func (t *text) span(start, end int) source.Range {
	return source.Range{File: t.name, Start: t.pos(start), End: t.pos(end)}
}
