package mask

import (
	"regexp"
	"strings"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// yaml finds the values of each document of a YAML file.
func (f *File) yaml(name string) {
	if f.tooLarge() {
		f.read = readUnknown
		return
	}
	start := 0
	for i := 1; i <= len(f.lines); i++ {
		if i == len(f.lines) || strings.HasPrefix(f.lines[i], "---") {
			f.document(name, start, i)
			start = i
		}
	}
}

// document finds the values in the lines from start up to end.
func (f *File) document(name string, start, end int) {
	lines := f.lines[start:end]
	if v, ok := kubernetes.ParseValue(name, text(lines)); ok {
		v.Scalars(func(v *located.Value, secret bool) {
			r := v.Range
			r.Start.Line += start
			r.End.Line += start
			f.add(r, secret)
		})
		return
	}
	template, secret := false, false
	for _, line := range lines {
		template = template || strings.Contains(line, "{{")
		secret = secret || secretKind.MatchString(line)
	}
	if template && !secret {
		return // what stands under the keys of secrets is found line by line
	}
	for i, line := range lines {
		f.spans[start+i+1] = unknownLine(line)
	}
}

// secretKind begins a Secret, however the rest of it is made.
var secretKind = regexp.MustCompile(`^\s*["']?kind["']?\s*:\s*["']?Secret\b`)

// beforeValue is what stands before the value in a line: dashes, and a key.
var beforeValue = regexp.MustCompile(`^[\s-]*(?:["']?[\w./-]+["']?\s*[:=]+(?:\s|$)\s*)?`)

func readUnknown(_ int, line string, _ Span) []Span { return unknownLine(line) }

// unknownLine takes all of a line that is not its key for a secret, unless it is a
// comment mark or brackets only.
func unknownLine(line string) []Span {
	start := len(beforeValue.FindString(line))
	end := len(strings.TrimRight(line, " \t"))
	if start >= end || strings.Trim(line[start:end], "{}[](),#-|> \t") == "" {
		return nil
	}
	return []Span{{start, end, true}}
}
