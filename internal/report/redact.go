package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// Redactor takes the secrets of a run out of all that it prints. It is the last of
// several guards: what comes here should hold none. It is safe for several goroutines.
//
// Whoever opens a pull request also chooses what is secret in it. So a Redactor leaves
// alone what reports say anyway, and never touches what holds them together.
type Redactor struct {
	mu       sync.RWMutex
	patterns map[string]bool // whether one is spelled like a name, and counts as a whole word only
	heads    map[string]bool // the first bytes of the patterns
	first    [256]bool       // the first byte
	lengths  []int           // of the patterns, longest first
	places   map[linePlace][]source.Range
}

// linePlace is a line of a file.
type linePlace struct {
	file string
	line int
}

const (
	redacted = "***"
	// headSize is how long patterns are at least, in bytes.
	headSize = 6
	// maxPattern bounds the work for each byte that is printed. A longer secret is as
	// many patterns as it takes.
	maxPattern = 64
)

// Add makes the redactor take out more.
func (r *Redactor) Add(secrets *located.Secrets) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, place := range secrets.Places() {
		if r.places == nil {
			r.places = make(map[linePlace][]source.Range)
		}
		at := linePlace{place.File, place.Start.Line}
		r.places[at] = append(r.places[at], place)
	}
	texts := secrets.Texts()
	if len(texts) == 0 || !guard.On(guard.OutputFilter) {
		return
	}
	known := vocabulary()
	if r.patterns == nil {
		r.patterns, r.heads = make(map[string]bool), make(map[string]bool)
	}
	for _, text := range texts {
		for _, form := range spellings(text) {
			if !tells(form) || strings.Contains(known, form) {
				continue
			}
			for _, piece := range pieces(form) {
				r.patterns[piece] = located.IsName(piece)
				r.heads[piece[:headSize]], r.first[piece[0]] = true, true
			}
		}
	}
	lengths := make(map[int]bool)
	for p := range r.patterns {
		lengths[len(p)] = true
	}
	r.lengths = r.lengths[:0]
	for n := range lengths {
		r.lengths = append(r.lengths, n)
	}
	slices.Sort(r.lengths)
	slices.Reverse(r.lengths)
}

// placesIn returns the places of secret values that begin in a line.
func (r *Redactor) placesIn(file string, line int) []source.Range {
	if r == nil {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.places[linePlace{file, line}]
}

// spellings are the forms that a text takes in the formats of reports.
func spellings(text string) []string {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(text)) // a buffer takes everything
	list := []string{text, Visible(text), url.QueryEscape(text), url.PathEscape(text), escaped.String()}
	for _, html := range []bool{false, true} {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(html)
		if err := e.Encode(text); err == nil { // a string always encodes
			list = append(list, strings.Trim(strings.TrimSpace(b.String()), `"`))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// tells reports whether a text is specific enough to be taken out wherever it comes
// up: no word, no number that may be a line or a port, and nothing that may be part of
// the form of a report instead of what it says.
func tells(text string) bool {
	if len(text) < headSize || !utf8.ValidString(text) || strings.ContainsAny(text, "\": \t\r\n<>") ||
		strings.Contains(text, ",line=") || strings.HasSuffix(text, `\`) {
		return false
	}
	letters, digits, upper, signs, points := 0, 0, 0, 0, 0
	for i, c := range text {
		switch {
		case c >= 'a' && c <= 'z':
			letters++
		case c >= 'A' && c <= 'Z':
			letters++
			if i > 0 {
				upper++
			}
		case c >= '0' && c <= '9':
			digits++
		case c == '.' || c == '/':
			points++
		case c != '-' && c != '_':
			signs++
		}
	}
	switch {
	case digits > 0:
		return letters > 0 || points > 1 || signs > 0 || digits >= 12
	case signs > 0 || points > 1:
		return true
	default:
		return upper > 0 && letters > upper+1 && letters >= 8 || letters >= 20
	}
}

// pieces cuts a text into patterns, but not within a character or its escape.
func pieces(text string) []string {
	var list []string
	for len(text) > maxPattern+headSize {
		end := maxPattern
		for end > headSize && (!utf8.RuneStart(text[end]) || text[end-1] == '\\' || text[end] == '"') {
			end--
		}
		list = append(list, text[:end])
		text = text[end:]
	}
	return append(list, text)
}

// Text returns s without secrets.
func (r *Redactor) Text(s string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if len(r.patterns) == 0 {
		return s
	}
	var b strings.Builder
	done := 0
	escaped := false // in JSON, what follows is not what it looks like
	for i := 0; i+headSize <= len(s); {
		n := 0
		if r.first[s[i]] && !escaped {
			n = r.match(s, i)
		}
		if n == 0 {
			escaped = s[i] == '\\' && !escaped
			i++
			continue
		}
		b.WriteString(s[done:i])
		if done == 0 || done < i { // a secret in pieces shows once
			b.WriteString(redacted)
		}
		i += n
		done = i
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// match returns the length of the longest secret at s[i:], 0 if none begins there.
func (r *Redactor) match(s string, i int) int {
	if !r.heads[s[i:i+headSize]] {
		return 0
	}
	for _, n := range r.lengths {
		if i+n > len(s) {
			continue
		}
		name, ok := r.patterns[s[i:i+n]]
		if ok && (!name || !inWord(s, i-1) && !inWord(s, i+n)) {
			return n
		}
	}
	return 0
}

// inWord reports whether the byte s[i] goes on with a name beside it.
func inWord(s string, i int) bool {
	if i < 0 || i >= len(s) {
		return false
	}
	c := s[i]
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// vocabulary is what reports say whatever the files hold.
var vocabulary = sync.OnceValue(func() string {
	at := source.Range{File: "f", Start: source.Pos{Line: 1, Column: 1}, End: source.Pos{Line: 1, Column: 2}}
	f := &finding.Finding{
		Rule: "r", Severity: finding.Error, Range: at, Related: []finding.Related{{Range: at, Message: "m"}},
		Instances: []string{"i"}, Variants: []string{"v"}, From: []string{"f"},
	}
	sample := &Report{
		Rules: []engine.Rule{{ID: "r", DocsURL: "https://github.com/egresslint/egresslint"}}, Findings: []*finding.Finding{f},
		Diagnostics: []source.Diagnostic{{Kind: source.ParseError, Range: at, Message: "m"}},
	}
	var b bytes.Buffer
	for _, format := range Formats() {
		_ = Write(&b, format, sample, Options{}) // a buffer takes everything
	}
	return b.String()
})

// Writer returns a writer that passes on to w what is written to it, line by line and
// without secrets. Flush passes on an unfinished line.
func (r *Redactor) Writer(w io.Writer) *RedactedWriter { return &RedactedWriter{to: w, redactor: r} }

// RedactedWriter is the writer of a [Redactor].
type RedactedWriter struct {
	to       io.Writer
	redactor *Redactor
	line     []byte // unfinished
}

// Write implements io.Writer.
func (w *RedactedWriter) Write(p []byte) (int, error) {
	end := bytes.LastIndexByte(p, '\n') + 1
	w.line = append(w.line, p[:end]...)
	if end > 0 {
		if err := w.Flush(); err != nil {
			return 0, err
		}
	}
	w.line = append(w.line, p[end:]...)
	return len(p), nil
}

// Flush passes on what was written since the last end of a line.
func (w *RedactedWriter) Flush() error {
	if len(w.line) == 0 {
		return nil
	}
	text := w.redactor.Text(string(w.line))
	w.line = w.line[:0]
	_, err := io.WriteString(w.to, text)
	return err
}
