// Package suppress decides which findings the project has decided to live with, as
// comments, annotations and the configuration say. All of them have one grammar:
//
//	egresslint:ignore rule[,rule] until=YYYY-MM-DD -- reason
package suppress

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/comment"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// Input is where suppressions are written.
type Input struct {
	Tree *source.Tree
	// Files are those that are linted. Comments of other files count for what is
	// found in them.
	Files       []source.File
	Annotations []place.Ignore
	Config      []config.Suppression
	// Beside are texts that findings may lie in and that are none of the tree's files, by
	// the names that places have.
	Beside map[string][]byte
	// Now is the time of the run. Days are those of UTC.
	Now time.Time
}

// Set holds the suppressions of a run and remembers which of them were of use. It is
// not safe for use by several goroutines.
type Set struct {
	tree   *source.Tree
	beside map[string][]byte
	today  time.Time
	// comments are those of the files that were read, by file; linted are the files
	// whose comments the run is about, in order.
	comments map[string][]*entry
	linted   []string
	files    map[string]source.File // that are linted and have comments
	// annotations are in the order of their places, each place once although a
	// template or a base may have made several objects of it.
	annotations []*entry
	annotated   map[place.Ignore][]*entry
	config      []*entry
	byFiles     map[[2]string][]*entry // of the configuration, those that count in one of two files
	// trials are what matching costs; over are those that it became too much at.
	trials source.Trials
	over   *source.Diagnostic
}

// entry is one suppression.
type entry struct {
	directive
	kind    finding.SuppressionKind
	at      source.Range
	mistake error // it could not be read, and has no effect
	expired bool

	first, last int           // lines of a comment
	files       []config.Glob // of the configuration
	address     string        // of the configuration, a pattern

	used     map[string]bool // rules of which it met a finding
	returned map[string]bool // rules of which it would suppress a finding, had it not expired
}

// Finding is what a suppression may be about.
type Finding struct {
	Rule   string
	Anchor source.Range
	// Places are where the rule was broken: several if module instances, variants or
	// clusters have the finding in common.
	Places []place.Place
}

// Read collects the suppressions of a run. The error is that of ctx.
func Read(ctx context.Context, in Input) (*Set, error) {
	s := &Set{
		tree:      in.Tree,
		beside:    in.Beside,
		today:     in.Now.UTC().Truncate(24 * time.Hour),
		comments:  make(map[string][]*entry),
		files:     make(map[string]source.File),
		annotated: make(map[place.Ignore][]*entry),
		byFiles:   make(map[[2]string][]*entry),
	}
	s.readFiles(ctx, in.Files)
	s.readAnnotations(in.Annotations)
	for _, c := range in.Config {
		s.config = append(s.config, s.entry(entry{
			directive: directive{rules: c.Rules, reason: c.Reason, until: c.Until},
			kind:      finding.ByConfiguration, at: c.At, files: c.Files, address: c.Address,
		}))
	}
	return s, guard.Overdue(ctx)
}

func (s *Set) entry(e entry) *entry {
	e.expired = !e.until.IsZero() && e.until.Before(s.today)
	e.used, e.returned = make(map[string]bool), make(map[string]bool)
	return &e
}

// readFiles reads the comments of files, several at a time.
func (s *Set) readFiles(ctx context.Context, files []source.File) {
	read := make([][]*entry, len(files))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range files {
		group.Go(func() error {
			defer func() {
				if r := recover(); r != nil {
					read[i] = []*entry{s.entry(entry{
						kind: finding.ByComment, at: source.Range{File: f.Name}, mistake: fmt.Errorf("internal error, please report it: %s", guard.PanicText(r)),
					})}
				}
			}()
			if guard.Overdue(ctx) == nil { // else nobody asks for the entries
				read[i] = s.readFile(f)
			}
			return nil
		})
	}
	_ = group.Wait() // none fails
	for i, f := range files {
		s.comments[f.Name] = read[i]
		if len(read[i]) > 0 {
			s.linted = append(s.linted, f.Name)
			s.files[f.Name] = f
		}
	}
}

// spellings are those of the word that a file with a suppression has, right or wrong.
var spellings = [][]byte{[]byte("egresslint"), []byte("Egresslint"), []byte("EgressLint")}

// readFile reads the comments of a file. What cannot be read is told by others.
func (s *Set) readFile(f source.File) []*entry {
	data, err := s.read(f.Name)
	// Hardly any file has one, and finding out costs much less than reading it.
	if err != nil || !slices.ContainsFunc(spellings, func(word []byte) bool { return bytes.Contains(data, word) }) {
		return nil
	}
	var entries []*entry
	for _, c := range comment.Find(f, data) {
		d, ok, err := parseComment(c.Text)
		if ok {
			entries = append(entries, s.entry(entry{
				directive: d, kind: finding.ByComment, at: c.Range, mistake: err, first: c.First, last: c.Last,
			}))
		}
	}
	return entries
}

func (s *Set) read(name string) ([]byte, error) {
	if data, ok := s.beside[name]; ok {
		return data, nil
	}
	return s.tree.ReadFile(name)
}

// commentsOf returns the comments of any file of the tree.
func (s *Set) commentsOf(name string) []*entry {
	entries, ok := s.comments[name]
	if !ok {
		entries = s.readFile(s.file(name))
		s.comments[name] = entries
	}
	return entries
}

// file is any file of the tree.
func (s *Set) file(name string) source.File {
	if f, linted := s.files[name]; linted {
		return f
	}
	f := source.File{Name: name}
	var known bool
	if f.Kind, known = source.KindOf(name); !known && path.Ext(name) == ".tpl" {
		f.Kind, f.Chart = source.YAML, true
	}
	return f
}

func (s *Set) readAnnotations(annotations []place.Ignore) {
	for _, a := range annotations {
		if _, seen := s.annotated[a]; seen {
			continue
		}
		lines := slices.DeleteFunc(strings.Split(a.Text, "\n"), func(line string) bool { return strings.TrimSpace(line) == "" })
		if len(lines) == 0 {
			lines = []string{""}
		}
		for _, line := range lines {
			d, err := parse(line)
			e := s.entry(entry{directive: d, kind: finding.ByAnnotation, at: a.Range, mistake: err})
			s.annotations = append(s.annotations, e)
			s.annotated[a] = append(s.annotated[a], e)
		}
	}
	slices.SortStableFunc(s.annotations, func(a, b *entry) int { return a.at.Compare(b.at) })
}

// Match returns why a finding does not count, or nil if it does: if its anchor is
// suppressed, or all of its places are. It also returns the suppressions that would
// have been the reason but for their last day, in the order in which they are tried.
func (s *Set) Match(f Finding) (suppression *finding.Suppression, expired []finding.Suppression) {
	candidates := s.about(f.Rule, f.Anchor)
	anchored := slices.IndexFunc(candidates, func(e *entry) bool { return !e.expired })
	everywhere := len(f.Places) > 0
	var first *entry // at the first place
	for i := range f.Places {
		found := s.atPlace(f.Rule, &f.Places[i], f.Anchor)
		n := slices.IndexFunc(found, func(e *entry) bool { return !e.expired })
		if n < 0 {
			everywhere = false
		} else if first == nil {
			first = found[n]
		}
		candidates = append(candidates, found...)
	}

	var by *entry
	switch {
	case anchored >= 0:
		by = candidates[anchored]
	case everywhere:
		by = first
	}
	for _, e := range candidates {
		switch {
		case !e.expired:
			e.used[f.Rule] = true
		case by == nil && !e.returned[f.Rule]:
			e.returned[f.Rule] = true
		}
		if by == nil && e.expired && !slices.ContainsFunc(expired, func(s finding.Suppression) bool { return s.At == e.at }) {
			expired = append(expired, e.suppression())
		}
	}
	if by == nil {
		return nil, expired
	}
	result := by.suppression()
	return &result, nil
}

func (e *entry) suppression() finding.Suppression {
	return finding.Suppression{Kind: e.kind, Reason: e.reason, Until: e.until, At: e.at}
}

func (e *entry) names(rule string) bool { return e.mistake == nil && slices.Contains(e.rules, rule) }

// about returns the entries that speak of a stretch of a file: comments from the
// innermost outwards, then entries of the configuration that name the file alone.
func (s *Set) about(rule string, at source.Range) []*entry {
	if at.IsZero() {
		return nil
	}
	found := s.commentsAt(rule, at)
	for _, e := range s.configuredIn(at.File, at.File) {
		if e.names(rule) && e.address == "" {
			found = append(found, e)
		}
	}
	return found
}

// fits takes what it costs to look at n entries, and reports whether they may be looked
// at. Where they are too many for all findings, the rest of these count.
func (s *Set) fits(n int, file string) bool {
	if s.over == nil && !s.trials.Take(n/looks) {
		s.over = &source.Diagnostic{
			Kind: source.LimitReached, Range: source.Range{File: file},
			Message: "match suppressions: there are too many of them for so many findings; none has an effect from here on",
		}
	}
	return s.over == nil
}

// looks is how many entries are looked at for what matching one glob costs.
const looks = 16

// configuredIn returns the entries of the configuration that count in one of two files.
func (s *Set) configuredIn(name, other string) []*entry {
	files := [2]string{name, other}
	entries, ok := s.byFiles[files]
	if !ok {
		for _, e := range s.config {
			if s.fits(looks, e.at.File) && (s.inFile(e, name) || name != other && s.inFile(e, other)) {
				entries = append(entries, e)
			}
		}
		s.byFiles[files] = entries
	}
	if len(entries) > 0 && !s.fits(len(entries), entries[0].at.File) {
		return nil
	}
	return entries
}

func (s *Set) commentsAt(rule string, at source.Range) []*entry {
	var found []*entry
	if at.Start.Line == 0 {
		return nil
	}
	entries := s.commentsOf(at.File)
	if !s.fits(len(entries), at.File) {
		return nil
	}
	for _, e := range entries {
		if e.first <= at.Start.Line && at.Start.Line <= e.last && e.names(rule) {
			found = append(found, e)
		}
	}
	slices.SortStableFunc(found, func(a, b *entry) int { return b.first - a.first })
	return found
}

// atPlace returns the entries that speak of a place: comments there and at the
// module blocks and arguments that lead to it, annotations of its object, entries of
// the configuration.
func (s *Set) atPlace(rule string, p *place.Place, anchor source.Range) []*entry {
	var found []*entry
	for _, list := range [][]source.Range{{p.Range}, p.Callers, p.ModuleBlocks} {
		for _, at := range list {
			found = append(found, s.commentsAt(rule, at)...)
		}
	}
	for _, a := range p.Ignores {
		for _, e := range s.annotated[a] {
			if e.names(rule) {
				found = append(found, e)
			}
		}
	}
	for _, e := range s.configuredIn(p.Range.File, anchor.File) {
		if e.names(rule) && matchesAddress(e.address, p.Address) {
			found = append(found, e)
		}
	}
	return found
}

// inFile reports whether an entry of the configuration counts in a file.
func (s *Set) inFile(e *entry, name string) bool {
	return len(e.files) == 0 || slices.ContainsFunc(e.files, func(g config.Glob) bool {
		return s.trials.MatchAbove(g.Pattern, name)
	})
}

// matchesAddress reports whether a pattern, in which * stands for any number of
// characters, matches an address. The empty pattern matches all.
func matchesAddress(pattern, address string) bool {
	if pattern == "" {
		return true
	}
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(address, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
