// Package baseline keeps the findings that were there when a project began to use
// egresslint, so that only new ones count.
//
// An entry names a finding by its rule, file, address and stable arguments, never by
// its line: edits elsewhere in the file change nothing. Equal findings are counted, so
// that a new one cannot hide behind an old one.
package baseline

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/source"
)

// Version is that of the file's format.
const Version = 1

// maxCount is the largest count of an entry, so that adding some up never overflows.
const maxCount = 1_000_000

// Baseline is the content of a baseline file.
type Baseline struct {
	Entries []Entry // sorted; no two are of the same finding
}

// Entry is one finding, or several that are equal in all that an entry tells.
type Entry struct {
	Rule      string   `json:"rule"`
	File      string   `json:"file"` // relative to the root of the tree
	Address   string   `json:"address,omitempty"`
	Arguments []string `json:"arguments,omitempty"` // [finding.Finding.Key]
	// Count is how many findings it stands for.
	Count int          `json:"count"`
	At    source.Range `json:"-"` // in the baseline file; zero for one that was not read
}

// document is the form of the file.
type document struct {
	Version  int     `json:"version"`
	Findings []Entry `json:"findings"`
}

// Is reports whether data is meant as a baseline, even if a merge has left it broken.
func Is(data []byte) bool {
	return bytes.Contains(data, []byte(`"findings":`)) || bytes.Contains(data, fmt.Appendf(nil, `"version": %d`, Version))
}

// key is the same for entries of equal findings only, whatever their parts hold.
func (e Entry) key() string {
	var key []byte
	for _, part := range append([]string{e.Rule, e.File, e.Address}, e.Arguments...) {
		key = append(strconv.AppendInt(key, int64(len(part)), 10), ':')
		key = append(key, part...)
	}
	return string(key)
}

func entryOf(f *finding.Finding) Entry {
	return Entry{Rule: f.Rule, File: f.Range.File, Address: f.Address, Arguments: f.Key, Count: 1}
}

// New returns the baseline of which all findings are part.
func New(findings []*finding.Finding) *Baseline {
	entries := make([]Entry, len(findings))
	for i, f := range findings {
		entries[i] = entryOf(f)
	}
	return &Baseline{Entries: tidy(entries)}
}

// tidy sorts entries and adds up those of equal findings.
func tidy(entries []Entry) []Entry {
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Address, b.Address), slices.Compare(a.Arguments, b.Arguments),
		)
	})
	tidied := []Entry{}
	for _, e := range entries {
		if n := len(tidied); n > 0 && tidied[n-1].key() == e.key() {
			tidied[n-1].Count = min(tidied[n-1].Count+e.Count, maxCount)
			continue
		}
		tidied = append(tidied, e)
	}
	return tidied
}

// Encode returns the file of b.
func (b *Baseline) Encode() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document{Version, b.Entries}); err != nil {
		return nil, fmt.Errorf("encode baseline: %w", err)
	}
	return out.Bytes(), nil
}

// Parse reads a baseline file. Its name is relative to the root of the tree, empty for
// a file outside of it; its mistakes are told with the path that the user knows. What a
// file outside holds, which may be any of the machine, is not quoted.
func Parse(name, path string, data []byte) (*Baseline, error) {
	p := &parser{name: name, path: path, data: data, at: start}
	// The whole first: a broken file is told before what is wrong in its parts.
	var any json.RawMessage
	if err := json.Unmarshal(data, &any); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, p.errorf(int(syntax.Offset)-1, "%s", p.quoted(syntax.Error(), "it is no valid JSON"))
		}
		return nil, p.errorf(0, "%s", p.quoted(err.Error(), "it is no valid JSON"))
	}
	return p.parse()
}

type parser struct {
	name, path string
	data       []byte
	// offset is the one whose place was asked for last, and at is that place.
	offset int
	at     source.Pos
}

// parse reads what is known to be JSON.
func (p *parser) parse() (*Baseline, error) {
	decoder := json.NewDecoder(bytes.NewReader(p.data))
	decoder.DisallowUnknownFields()
	if token, _ := decoder.Token(); token != json.Delim('{') {
		return nil, p.errorf(0, "want an object with version and findings")
	}
	b := &Baseline{}
	version := 0
	for decoder.More() {
		at := p.next(decoder)
		key, _ := decoder.Token()
		value := p.next(decoder)
		switch key {
		case "version":
			if err := decoder.Decode(&version); err != nil {
				return nil, p.errorf(value, "read version: want a whole number")
			}
			if version != Version {
				return nil, p.errorf(value, "read version %d: this egresslint knows version %d only", version, Version)
			}
		case "findings":
			if err := p.entries(decoder, b); err != nil {
				return nil, err
			}
		default:
			return nil, p.errorf(at, "unknown key%s, want version or findings", p.quoted(fmt.Sprintf(" %q", key), ""))
		}
	}
	if version == 0 {
		return nil, p.errorf(0, "there is no version")
	}
	b.Entries = tidy(b.Entries)
	return b, nil
}

func (p *parser) entries(decoder *json.Decoder, b *Baseline) error {
	at := p.next(decoder)
	if token, _ := decoder.Token(); token != json.Delim('[') {
		return p.errorf(at, "read findings: want a list")
	}
	for decoder.More() {
		at := p.next(decoder)
		var e Entry
		err := decoder.Decode(&e)
		switch cause := strings.TrimPrefix(fmt.Sprint(err), "json: "); {
		case err != nil:
			return p.errorf(at, "read finding: %s", p.quoted(cause, "a key is unknown, or a value is of the wrong kind"))
		case e.Rule == "" || e.File == "":
			return p.errorf(at, "read finding: it needs rule and file")
		case e.Count < 1 || e.Count > maxCount:
			return p.errorf(at, "read finding: count is %d, want 1 to %d", e.Count, maxCount)
		}
		if p.name != "" {
			e.At = source.Range{File: p.name, Start: p.pos(at), End: p.pos(at + 1)}
		}
		b.Entries = append(b.Entries, e)
	}
	_, err := decoder.Token()
	return err
}

// next returns the offset of what the decoder reads next.
func (p *parser) next(decoder *json.Decoder) int {
	offset := int(decoder.InputOffset())
	for offset < len(p.data) && strings.IndexByte(" \t\r\n,:", p.data[offset]) >= 0 {
		offset++
	}
	return offset
}

// quoted is a text that holds words of the file, or other if it lies outside of the tree.
func (p *parser) quoted(text, other string) string {
	if p.name == "" {
		return other
	}
	return text
}

// start is where a file begins.
var start = source.Pos{Line: 1, Column: 1}

// pos is the place of an offset. Places are asked for from the beginning to the end,
// so that what lies before one is counted once; only an error may be about an earlier
// one.
func (p *parser) pos(offset int) source.Pos {
	offset = max(0, min(offset, len(p.data)))
	if offset < p.offset {
		p.offset, p.at = 0, start
	}
	passed := p.data[p.offset:offset]
	if last := bytes.LastIndexByte(passed, '\n'); last >= 0 {
		p.at = source.Pos{Line: p.at.Line + bytes.Count(passed, []byte{'\n'}), Column: 1}
		passed = passed[last+1:]
	}
	p.at.Column += utf8.RuneCount(passed)
	p.offset = offset
	return p.at
}

func (p *parser) errorf(offset int, format string, args ...any) error {
	at := source.Range{File: p.path, Start: p.pos(offset)}
	return fmt.Errorf("read baseline %s: %s", at, fmt.Sprintf(format, args...))
}

// Use is what one run makes of a baseline.
type Use struct {
	baseline *Baseline
	left     map[string]int // findings that were not met yet, by key
	at       map[string]source.Range
}

// Use begins a run.
func (b *Baseline) Use() *Use {
	u := &Use{baseline: b, left: make(map[string]int, len(b.Entries)), at: make(map[string]source.Range, len(b.Entries))}
	for _, e := range b.Entries {
		u.left[e.key()], u.at[e.key()] = e.Count, e.At
	}
	return u
}

// Take returns why a finding does not count, or nil if the baseline does not have it.
// Each of its findings is taken once.
func (u *Use) Take(f *finding.Finding) *finding.Suppression {
	key := entryOf(f).key()
	if u.left[key] == 0 {
		return nil
	}
	u.left[key]--
	return &finding.Suppression{Kind: finding.ByBaseline, At: u.at[key]}
}

// Left returns the entries of which findings were not taken, with their number.
func (u *Use) Left() []Entry {
	var left []Entry
	for _, e := range u.baseline.Entries {
		if e.Count = u.left[e.key()]; e.Count > 0 {
			left = append(left, e)
		}
	}
	return left
}

// Without returns the baseline less some findings.
func (b *Baseline) Without(gone []Entry) *Baseline {
	less := make(map[string]int, len(gone))
	for _, e := range gone {
		less[e.key()] += e.Count
	}
	out := &Baseline{Entries: []Entry{}}
	for _, e := range b.Entries {
		if e.Count -= less[e.key()]; e.Count > 0 {
			out.Entries = append(out.Entries, e)
		}
	}
	return out
}

// With returns the baseline with more entries. Of a finding that b has too, it has the
// greater number, not the sum: both speak of the same ones.
func (b *Baseline) With(more []Entry) *Baseline {
	have := make(map[string]int, len(b.Entries))
	for _, e := range b.Entries {
		have[e.key()] = e.Count
	}
	entries := slices.Clone(b.Entries)
	for _, e := range more {
		if e.Count -= have[e.key()]; e.Count > 0 {
			entries = append(entries, e)
		}
	}
	return &Baseline{Entries: tidy(entries)}
}

// Len is how many findings b has.
func (b *Baseline) Len() int {
	n := 0
	for _, e := range b.Entries {
		n += e.Count
	}
	return n
}
