// Package mask finds, in the text of a file, the values that must not be shown with
// it. It goes by the text alone, so that it also knows what no resource came of. Where
// it does not understand a file, it takes every value for a secret.
package mask

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// Span is a value in a line, from byte Start to byte End.
type Span struct {
	Start, End int
	Secret     bool
}

// File is what is known of the values of a file.
type File struct {
	lines []string
	spans map[int][]Span // by line, from 1
	// read finds the values in a window of line n, in their order; nil where all were
	// found at once.
	read func(n int, line string, window Span) []Span
	// alone says that all of the file is one line.
	alone bool
	ascii bool
}

const (
	// maxParsed bounds the files that are parsed. Of a larger one every value is secret.
	maxParsed = 4 << 20
	// longLine is from how many bytes on a line is one that nobody reads, which holds
	// much beside what it is shown for.
	longLine = 200
)

// Of reads the lines of the file name.
func Of(name string, lines []string) *File {
	f := &File{lines: lines, spans: make(map[int][]Span), ascii: len(lines) > 0}
	written := 0
	for _, line := range lines {
		if strings.TrimSpace(line) != "" {
			written++
		}
		for i := 0; i < len(line) && f.ascii; i++ {
			f.ascii = line[i] < utf8.RuneSelf
		}
	}
	f.alone = written == 1
	kind, _ := source.KindOf(name)
	switch {
	case strings.HasSuffix(name, ".json"):
		f.json(name)
	case kind == source.Terraform || kind == source.TerraformVars:
		f.hcl(name)
	default:
		f.yaml(name)
	}
	return f
}

// Line returns the values in line n, counting from 1, that are not to be shown beside
// own, as far as they lie in window, in their order. Of a long line and of a file of
// one line that are all others, else the secret ones. The line of a finding may be a
// whole plan, so that nothing here looks at more of it than it must.
func (f *File) Line(n int, own, window Span) []Span {
	if n < 1 || n > len(f.lines) {
		return nil
	}
	line := f.lines[n-1]
	spans := f.spans[n]
	if f.read != nil {
		spans = slices.Concat(spans, f.read(n, line, window))
	}
	all := f.alone || len(line) > longLine
	var list []Span
	for _, s := range spans {
		if s.meets(window) && (s.Secret || all && !s.meets(own)) {
			list = append(list, s)
		}
	}
	for _, p := range located.Credentials(line[window.Start:window.End]) {
		list = append(list, Span{window.Start + p[0], window.Start + p[1], true})
	}
	return Merge(list)
}

func (s Span) meets(t Span) bool { return s.Start < t.End && t.Start < s.End }

// Merge sorts spans and makes one of those that meet.
func Merge(list []Span) []Span {
	slices.SortFunc(list, func(a, b Span) int { return a.Start - b.Start })
	var out []Span
	for _, s := range list {
		if n := len(out); n > 0 && s.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

// Within returns the bytes of the text of line n from the start of r, which begins
// there or before, to its end.
func (f *File) Within(line string, n int, r source.Range) Span {
	s := Span{End: len(line)}
	if r.Start.Line == n {
		s.Start = f.offset(line, r.Start.Column)
	}
	if r.End.Line == n {
		s.End = max(s.Start, f.offset(line, r.End.Column))
	}
	return s
}

// offset returns the byte at which a column of a line begins, from 1 in code points.
func (f *File) offset(line string, column int) int {
	if f.ascii {
		return max(0, min(column-1, len(line)))
	}
	for i := range line {
		if column <= 1 {
			return i
		}
		column--
	}
	return len(line)
}

// add adds the value at r, of one line or several.
func (f *File) add(r source.Range, secret bool) {
	for n := max(r.Start.Line, 1); n <= min(r.End.Line, len(f.lines)); n++ {
		line := f.lines[n-1]
		s := f.Within(line, n, r)
		s.Start = max(s.Start, len(line)-len(strings.TrimLeft(line, " \t")))
		s.Secret = secret
		if s.Start < s.End {
			f.spans[n] = append(f.spans[n], s)
		}
	}
}

// tooLarge reports whether a file is not parsed for its size.
func (f *File) tooLarge() bool {
	size := 0
	for _, line := range f.lines {
		size += len(line) + 1
	}
	return size > maxParsed
}

// text returns lines as one text.
func text(lines []string) []byte {
	joined := strings.Join(lines, "\n") + "\n"
	if !utf8.ValidString(joined) {
		return nil
	}
	return []byte(joined)
}
