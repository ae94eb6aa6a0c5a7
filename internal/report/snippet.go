package report

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/mask"
	"github.com/egresslint/egresslint/parser/source"
)

const (
	// maxSnippet is how many code points of a source line are shown. Longer lines,
	// as in minified JSON, are cut around the place.
	maxSnippet = 120
	// masked stands for a value that is not shown, however long that is.
	masked = "****"
)

// snippet returns the source line at r, safe for a terminal, and a line that points at
// the place: as many columns of spaces as the text before it takes, then a caret for
// its first column and tildes for the rest.
func (m *masker) snippet(line string, r source.Range) (text, marker string) {
	line = strings.TrimRight(line, "\r\n")
	file := m.file(r.File)
	own := file.Within(line, r.Start.Line, r)
	window := around(line, own)
	var masks []mask.Span
	if guard.On(guard.SnippetMask) {
		masks = m.masks(line, file, r, own, window)
	}
	cut := line[window.Start:window.End]
	shown, start, end := hide(cut, own.Start-window.Start, min(own.End-window.Start, len(cut)), masks)

	runes := []rune(shown)
	start = utf8.RuneCountInString(shown[:start])
	end = utf8.RuneCountInString(shown[:end])
	// White space at the end of the line is not what is meant.
	for end > start && (runes[end-1] == ' ' || runes[end-1] == '\t') {
		end--
	}
	first, last := 0, len(runes)
	if len(runes) > maxSnippet {
		first = max(0, min(start-maxSnippet/3, len(runes)-maxSnippet))
		last = first + maxSnippet
		end = max(start, min(end, last))
	}
	before, after := "", ""
	if first > 0 || window.Start > 0 {
		before = "…"
	}
	if last < len(runes) || window.End < len(line) {
		after = "…"
	}
	prefix := before + show(runes[first:start])
	value := show(runes[start:end])
	text = prefix + value + show(runes[end:last]) + after
	marker = strings.Repeat(" ", displaywidth.String(prefix)) + "^" +
		strings.Repeat("~", max(displaywidth.String(value)-1, 0))
	return text, marker
}

// around is the part of a line that is worth looking at to show own. All of the others
// would not be shown, and a line may be a whole document.
func around(line string, own mask.Span) mask.Span {
	const reach = 4096
	w := mask.Span{Start: max(0, own.Start-reach), End: min(len(line), own.Start+reach)}
	for w.Start > 0 && !utf8.RuneStart(line[w.Start]) {
		w.Start--
	}
	for w.End < len(line) && !utf8.RuneStart(line[w.End]) {
		w.End++
	}
	return w
}

// hide puts asterisks in the place of each mask, and returns where line[from:to] is
// then.
func hide(line string, from, to int, masks []mask.Span) (shown string, start, end int) {
	var b strings.Builder
	done := 0
	start, end = -1, -1
	place := func(offset, limit int) int { // of an offset up to limit, where masks end
		return b.Len() + min(offset, limit) - done
	}
	for _, m := range masks {
		if m.Start < done || m.End > len(line) {
			continue
		}
		if start < 0 && from < m.End {
			start = place(from, m.Start)
		}
		if end < 0 && to <= m.Start {
			end = place(to, m.Start)
		}
		b.WriteString(line[done:m.Start])
		b.WriteString(masked)
		done = m.End
		if end < 0 && to <= m.End {
			end = b.Len()
		}
	}
	if start < 0 {
		start = place(from, len(line))
	}
	if end < 0 {
		end = place(to, len(line))
	}
	b.WriteString(line[done:])
	return b.String(), start, max(start, end)
}

// show renders a piece of a source line; a tab is four columns wide.
func show(runes []rune) string {
	return Visible(strings.ReplaceAll(string(runes), "\t", "    "))
}

// masker knows what of the lines of files is not shown.
type masker struct {
	report *Report
	files  map[string]*mask.File
}

func (m *masker) file(name string) *mask.File {
	f := m.files[name]
	if f == nil {
		f = mask.Of(name, m.report.Lines(name, 1, maxLines))
		m.files[name] = f
	}
	return f
}

// maxLines is more than any file has.
const maxLines = source.MaxFileSize + 1

// masks returns what in a window of the line at r is not to be shown beside own, from
// the start of the window.
func (m *masker) masks(line string, file *mask.File, r source.Range, own, window mask.Span) []mask.Span {
	list := file.Line(r.Start.Line, own, window)
	for _, place := range m.report.Redactor.placesIn(r.File, r.Start.Line) {
		if place.Start.Line == place.End.Line {
			list = append(list, file.Within(line, r.Start.Line, place))
		}
	}
	list = mask.Merge(list)
	for i := range list {
		list[i].Start = max(list[i].Start, window.Start) - window.Start
		list[i].End = min(list[i].End, window.End) - window.Start
	}
	return slices.DeleteFunc(list, func(s mask.Span) bool { return s.Start >= s.End })
}
