package report

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"

	"github.com/egresslint/egresslint/parser/source"
)

// maxSnippet is how many code points of a source line are shown. Longer lines,
// as in minified JSON, are cut around the place.
const maxSnippet = 120

// snippet returns the source line at r, safe for a terminal, and a line that
// points at the place: as many columns of spaces as the text before it takes,
// then a caret for its first column and tildes for the rest.
func snippet(line string, r source.Range) (text, marker string) {
	runes := []rune(maskPasswords(strings.TrimRight(line, "\r\n")))
	start := min(max(r.Start.Column-1, 0), len(runes))
	end := len(runes)
	if r.End.Line == r.Start.Line {
		end = min(max(r.End.Column-1, start), len(runes))
	}
	// White space at the end of the line is not what is meant.
	for end > start && (runes[end-1] == ' ' || runes[end-1] == '\t') {
		end--
	}

	first, last := 0, len(runes)
	before, after := "", ""
	if len(runes) > maxSnippet {
		first = max(0, min(start-maxSnippet/3, len(runes)-maxSnippet))
		last = first + maxSnippet
		if first > 0 {
			before = "…"
		}
		if last < len(runes) {
			after = "…"
		}
		end = max(start, min(end, last))
	}
	prefix := before + show(runes[first:start])
	value := show(runes[start:end])
	text = prefix + value + show(runes[end:last]) + after
	marker = strings.Repeat(" ", displaywidth.String(prefix)) + "^" +
		strings.Repeat("~", max(displaywidth.String(value)-1, 0))
	return text, marker
}

// passwords are what stands between a user and a host in URLs and DSNs, and in the
// query of a URL.
var passwords = regexp.MustCompile(`[^\s"'/:@]*:([^\s"'/@]+)@|[?&;](?i:[a-z_-]*(?:password|passwd|pwd|secret|token|key))=([^\s"'&;]+)`)

// maskPasswords puts asterisks in the place of passwords, one for each character, so
// that columns stay as they are.
func maskPasswords(line string) string {
	places := passwords.FindAllStringSubmatchIndex(line, -1)
	if places == nil {
		return line
	}
	var b strings.Builder
	done := 0
	for _, p := range places {
		start, end := max(p[2], p[4]), max(p[3], p[5]) // the other one is -1
		b.WriteString(line[done:start])
		b.WriteString(strings.Repeat("*", utf8.RuneCountInString(line[start:end])))
		done = end
	}
	return b.String() + line[done:]
}

// show renders a piece of a source line; a tab is four columns wide.
func show(runes []rune) string {
	return Visible(strings.ReplaceAll(string(runes), "\t", "    "))
}
