// Package source is the lowest layer of the parsers: positions in files, the
// tree of files that a run may read, and diagnostics about them.
package source

import (
	"cmp"
	"fmt"
)

// Pos is a place in a text file. Line and Column count from 1; Column counts
// Unicode code points. The zero Pos means "no position".
type Pos struct {
	Line   int
	Column int
}

// Compare orders positions by line, then column.
func (p Pos) Compare(q Pos) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// Range is a stretch of one file, from Start up to but not including End.
// File is a slash-separated path relative to the root of the Tree it was read
// from. A Range whose Start is zero stands for the whole file.
type Range struct {
	File  string
	Start Pos
	End   Pos
}

// IsZero reports whether r names no file at all.
func (r Range) IsZero() bool { return r.File == "" }

// Compare orders ranges by file, start, then end.
func (r Range) Compare(s Range) int {
	return cmp.Or(cmp.Compare(r.File, s.File), r.Start.Compare(s.Start), r.End.Compare(s.End))
}

// String renders r as file:line:column, or as the file alone where there is no position.
func (r Range) String() string {
	if r.Start.Line == 0 {
		return r.File
	}
	return fmt.Sprintf("%s:%d:%d", r.File, r.Start.Line, r.Start.Column)
}
