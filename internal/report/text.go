package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/mask"
	"github.com/egresslint/egresslint/parser/source"
)

// How much of long lists the text format shows. The other formats have all.
const (
	maxFromShown     = 3
	maxRelatedShown  = 8
	maxUnknownGroups = 10
	maxSubjectsShown = 3
	maxBindingsShown = 20
	maxPerFile       = 10 // diagnostics
)

// text writes one block for each finding and diagnostic, and a summary. The
// first line of a block is path:line:column: severity: message [rule], which
// editors and problem matchers understand.
type text struct {
	w       *bufio.Writer
	r       *Report
	opts    Options
	notices int // that were written
	masker  masker
}

func writeText(w io.Writer, r *Report, opts Options) error {
	t := &text{w: bufio.NewWriter(w), r: r, opts: opts, masker: masker{r, make(map[string]*mask.File)}}
	for _, f := range r.Findings {
		t.finding(f)
	}
	t.diagnostics()
	t.checks()
	if !opts.Quiet {
		t.summary()
	}
	return t.w.Flush()
}

func (t *text) finding(f *finding.Finding) {
	t.head(f.Range, labelOf(f.Severity), f.Message, f.Rule)
	t.source(f.Range, labelOf(f.Severity))
	if n := len(f.From); n > maxFromShown {
		t.detail("from", fmt.Sprintf("%s and %d more", Visible(strings.Join(f.From[:maxFromShown], ", ")), n-maxFromShown))
	} else if n > 0 {
		t.detail("from", Visible(strings.Join(f.From, ", ")))
	}
	for i, rel := range f.Related {
		if i == maxRelatedShown {
			t.detail("see", fmt.Sprintf("… and %d more places", len(f.Related)-i))
			break
		}
		t.detail("see", t.place(rel.Range)+": "+Visible(rel.Message))
	}
	if len(f.Instances) > 0 {
		t.detail("in", Visible(strings.Join(f.Instances, ", ")))
	}
	if len(f.Variants) > 0 {
		t.detail("for", "variables of "+Visible(strings.Join(f.Variants, ", ")))
	}
	if f.Remedy != "" {
		t.detail("fix", Visible(f.Remedy))
	}
	if url := t.r.docsURL(f.Rule); url != "" {
		t.detail("docs", Visible(url))
	}
	t.line("")
}

// repeated is a diagnostic, and how many more there are with the same words in
// the same file.
type repeated struct {
	source.Diagnostic
	more int
}

// diagnostics writes the diagnostics but for what is not known, which is in the
// summary by reason, and the notices that were not asked for. A broken file may
// have any number of mistakes that follow from the first.
func (t *text) diagnostics() {
	type same struct {
		file, message string
		kind          source.DiagnosticKind
	}
	var list []*repeated
	first := make(map[same]*repeated)
	for _, d := range t.r.diagnostics() {
		if !t.shows(d) {
			continue
		}
		if !d.Fatal() {
			t.notices++
		}
		key := same{d.Range.File, d.Message, d.Kind}
		if r := first[key]; r != nil {
			r.more++
			continue
		}
		first[key] = &repeated{Diagnostic: d}
		list = append(list, first[key])
	}
	shown, left := 0, 0
	for i, d := range list {
		file := d.Range.File
		if file == "" || shown < maxPerFile {
			shown++
			t.diagnostic(d)
		} else {
			left += 1 + d.more
		}
		// They are sorted by file.
		if i+1 < len(list) && list[i+1].Range.File == file {
			continue
		}
		if left > 0 {
			t.head(source.Range{File: file}, t.label(d.Diagnostic), fmt.Sprintf("… and %d more in this file", left), string(d.Kind))
			t.line("")
		}
		shown, left = 0, 0
	}
}

// shows reports whether a diagnostic has a block of its own.
func (t *text) shows(d source.Diagnostic) bool {
	switch {
	case d.Kind == source.Unread:
		return false
	case d.Fatal():
		return true
	case d.Kind == source.NoBase:
		return true
	case t.opts.Quiet || t.opts.HideNotices:
		return false
	default:
		return t.opts.Verbose || d.Kind != source.DuplicateObject && d.Kind != source.EmptyFile
	}
}

func (t *text) diagnostic(d *repeated) {
	message := d.Message
	if d.more > 0 {
		message += fmt.Sprintf(" (and %d more like it)", d.more)
	}
	l := t.label(d.Diagnostic)
	t.head(d.Range, l, message, string(d.Kind))
	t.source(d.Range, l)
	t.line("")
}

// label is the word before a diagnostic. A warning is something that was found
// wrong, which a notice is not.
func (t *text) label(d source.Diagnostic) label {
	if !d.Fatal() {
		return label{"notice", cyan}
	}
	return labelOf(t.r.severity(d))
}

// label is the word that says how bad something is, and its style.
type label struct{ word, style string }

func labelOf(s finding.Severity) label { return label{s.String(), severityStyle[s]} }

// head writes the first line of a block.
func (t *text) head(r source.Range, l label, message, id string) {
	place := "egresslint"
	if !r.IsZero() {
		place = lineStart(t.place(r))
	}
	t.line("%s: %s: %s %s", t.paint(bold, place), t.paint(l.style, l.word), Visible(message), t.paint(dim, "["+Visible(id)+"]"))
}

// source writes the source line at r with a mark under the place.
func (t *text) source(r source.Range, l label) {
	if r.Start.Line == 0 || t.r.Lines == nil {
		return
	}
	lines := t.r.Lines(r.File, r.Start.Line, r.Start.Line)
	if len(lines) == 0 || strings.Contains(lines[0], "\x00") { // binary
		return
	}
	line, marker := t.masker.snippet(lines[0], r)
	t.line("%s %s", t.paint(dim, fmt.Sprintf("%5d |", r.Start.Line)), line)
	t.line("%s %s", t.paint(dim, "      |"), t.paint(l.style, marker))
}

func (t *text) detail(name, value string) {
	t.line("  %s %s", t.paint(dim, fmt.Sprintf("%-4s", name)), value)
}

// place renders r as path:line:column for a person in the working directory.
func (t *text) place(r source.Range) string {
	if t.r.Display != nil {
		r.File = t.r.Display(r.File)
	}
	return Visible(r.String())
}

func (t *text) summary() {
	if t.r.Empty {
		t.line("There is nothing to analyse.")
		return
	}
	s := &t.r.Summary
	t.line("Read %s: %s, %s, %s, %s.", files(s.Files),
		Plural(s.Clusters, "cluster"), Plural(s.Resources, "Terraform resource"), Plural(s.Workloads, "workload"), Plural(s.Requirements, "requirement"))

	bindings := s.Bindings
	switch {
	case s.Clusters == 0:
		bindings = nil
		if s.Workloads > 0 {
			t.line("No cluster is in the files: rules that need one stay silent.")
		}
	case len(bindings) > 0:
		t.line("Manifests were matched to clusters:")
	}
	for i, b := range bindings {
		if i == maxBindingsShown {
			t.line("  … and %d more", len(bindings)-i)
			break
		}
		name := b.Manifests
		if t.r.Display != nil {
			name = t.r.Display(name)
		}
		if b.Cluster == "" {
			t.line("  %s: no cluster%s", lineStart(name), hint(b.Hint))
			continue
		}
		t.line("  %s: %s (%s)", lineStart(name), Visible(b.Cluster), Visible(bindingReason(b.Reason)))
	}

	unknowns := s.Unknowns
	if t.opts.HideUnknowns {
		unknowns = nil
	}
	if len(unknowns) > 0 {
		t.line("The files do not decide %s, counted neither as right nor as wrong:", Plural(s.UnknownCount(), "fact"))
	}
	for i, u := range unknowns {
		if i == maxUnknownGroups {
			t.line("  … and %d more reasons, see --format json", len(unknowns)-i)
			break
		}
		shown := u.Subjects
		more := ""
		if len(shown) > maxSubjectsShown {
			more = fmt.Sprintf(" and %d more", len(shown)-maxSubjectsShown)
			shown = shown[:maxSubjectsShown]
		}
		t.line("  %dx %s", len(u.Subjects), Visible(u.Reason))
		t.line("     %s%s", lineStart(strings.Join(shown, ", ")), more)
	}

	if broken := t.r.broken(); broken > 0 {
		t.line("%s could not be analysed; everything else was.", Plural(broken, "place"))
	}
	switch n := t.duplicates(); {
	case n == 1:
		t.line("1 object is in the files twice (--verbose shows it).")
	case n > 1:
		t.line("%d objects are in the files twice (--verbose lists them).", n)
	}
	if t.notices > 0 {
		t.line("%s, not counted as findings.", Plural(t.notices, "notice"))
	}
	if suppressed := t.r.suppressed(); suppressed != "" {
		t.line("%s (--format json lists them).", suppressed)
	}
	if c := t.r.Comparison; c != nil {
		t.line("Compared with %.10s, where HEAD and %s part: %s not shown.", c.Commit, Visible(c.Ref), before(c.Unchanged))
	}
	errors, warnings, notes := t.r.count(finding.Error), t.r.count(finding.Warning), t.r.count(finding.Note)
	switch {
	case errors+warnings+notes > 0:
	case s.nothingJudged():
		t.line("%s.", nothingToJudge)
		return
	case t.r.Comparison != nil:
		t.line("No new findings.")
		return
	default:
		t.line("No findings.")
		return
	}
	t.line("Found %s, %s and %s.",
		t.countStyle(finding.Error, errors), t.countStyle(finding.Warning, warnings), t.countStyle(finding.Note, notes))
}

// duplicates is how many objects are there twice without a notice that says so.
func (t *text) duplicates() int {
	n := 0
	for _, d := range t.r.Diagnostics {
		if d.Kind == source.DuplicateObject && !t.shows(d) {
			n++
		}
	}
	return n
}

func (t *text) countStyle(s finding.Severity, n int) string {
	if n == 0 {
		return Plural(n, s.String())
	}
	return t.paint(severityStyle[s], Plural(n, s.String()))
}

func (t *text) line(format string, args ...any) {
	// The error sticks to the writer and comes back from Flush.
	fmt.Fprintf(t.w, format+"\n", args...)
}

func hint(s string) string {
	if s == "" {
		return ""
	}
	return "; " + Visible(s)
}

// bindingReason puts the model's code into words.
func bindingReason(code string) string {
	switch code {
	case "configuration":
		return "by the configuration"
	case "only-cluster":
		return "the only cluster there is"
	case "directory":
		return "by their folders"
	case "tie":
		return "by their folders, equally near to others"
	default:
		return code
	}
}

func files(f parser.Files) string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{f.Terraform, "Terraform file"}, {f.Variables, "variable file"}, {f.YAML, "YAML file"}, {f.JSON, "JSON file"}} {
		if p.n > 0 {
			parts = append(parts, Plural(p.n, p.what))
		}
	}
	if len(parts) == 0 {
		return "no files"
	}
	return strings.Join(parts, ", ")
}

func before(n int) string {
	if n == 1 {
		return "1 finding that was there before is"
	}
	return Plural(n, "finding") + " that were there before are"
}

// Plural is a number of things, whose plural ends in s.
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// The styles of the text format, as parameters of the SGR control sequence.
const (
	bold   = "1"
	dim    = "2"
	red    = "1;31"
	yellow = "1;33"
	cyan   = "1;36"
)

var severityStyle = map[finding.Severity]string{finding.Error: red, finding.Warning: yellow, finding.Note: cyan}

func (t *text) paint(style, s string) string {
	if !t.opts.Color {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}
