// Package report writes what a run found, one file per format. Everything in a
// report that comes from the scanned files is escaped for the format it is
// written in, since whoever opens a pull request chooses it.
package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/checks"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/source"
)

// Report is everything that a run has to say. Paths in it are relative to the
// root of the tree. It is not changed by writing it.
type Report struct {
	Version string // of egresslint
	// Rules are the rules that were run, sorted by id.
	Rules    []engine.Rule
	Findings []*finding.Finding
	// Suppressed are findings that do not count; each has its Suppression.
	Suppressed  []*finding.Finding
	Diagnostics []source.Diagnostic
	// SkipInvalid makes diagnostics that end a run with exit code 3 warnings.
	SkipInvalid bool
	// Empty says that there was nothing to analyse, which is no success.
	Empty   bool
	Summary Summary
	// Blocked are the connections that the files prove to be stopped.
	Blocked []BlockedPath
	// Comparison is set if only what a change introduced is reported.
	Comparison *Comparison
	// ConfigFrom is the revision that configuration, policies and baseline are taken from,
	// as the user named it; empty for the files themselves.
	ConfigFrom string

	// Lines returns lines of a scanned file, from first to last, counting from 1.
	Lines func(name string, first, last int) []string
	// Redactor knows where secrets stand; nil if nothing does.
	Redactor *Redactor
	// Display returns the path to print to a person who stands in the working directory.
	Display func(name string) string
	// Resolve returns the path that a name leads to after following symlinks.
	Resolve func(name string) string
}

// Comparison says what Findings were compared with, and what is not among them.
type Comparison struct {
	Ref       string // as the user named it
	Commit    string // id of the commit whose files were compared
	Unchanged int    // findings that those files have too; they are among Suppressed
	// Checks is what the change does to the checks, by place.
	Checks []checks.Change
}

// Options are about the looks of the text format only, if they do not say otherwise.
type Options struct {
	Color bool
	Quiet bool // leave out the notices, the changes to the checks and the summary
	// ShowChecks keeps the changes to the checks with Quiet too, as they count.
	ShowChecks bool
	// HideNotices leaves out the notices alone: what is said of the files although
	// nothing in them kept the run from analysing them.
	HideNotices bool
	// HideUnknowns leaves out of the summary what the files do not decide.
	HideUnknowns bool
	// SARIFSuppressed writes the suppressed findings into the sarif format too.
	SARIFSuppressed bool
	// Verbose shows the notices of which there are many in repositories without a
	// mistake, such as those of objects that two environments have in common.
	Verbose bool
}

// writers are the formats, by name.
var writers = map[string]func(io.Writer, *Report, Options) error{
	"text":       writeText,
	"json":       writeJSON,
	"sarif":      writeSARIF,
	"github":     writeGitHub,
	"markdown":   writeMarkdown,
	"junit":      writeJUnit,
	"gitlab":     writeGitLab,
	"checkstyle": writeCheckstyle,
}

// Formats returns the names of the formats, sorted.
func Formats() []string { return slices.Sorted(maps.Keys(writers)) }

// Write writes r in the named format.
func Write(w io.Writer, format string, r *Report, opts Options) error {
	write, ok := writers[format]
	if !ok {
		return fmt.Errorf("write report: no format %q", format)
	}
	if err := write(w, r, opts); err != nil {
		return fmt.Errorf("write %s report: %w", format, err)
	}
	return nil
}

// severity is how bad a diagnostic is: error if it makes the run end with exit
// code 3, note if nothing is wrong and only something is not known.
func (r *Report) severity(d source.Diagnostic) finding.Severity {
	switch {
	case d.Note():
		return finding.Note
	case d.Fatal() && !r.SkipInvalid:
		return finding.Error
	default:
		return finding.Warning
	}
}

// diagnostics returns the diagnostics in order.
func (r *Report) diagnostics() []source.Diagnostic {
	sorted := slices.Clone(r.Diagnostics)
	slices.SortStableFunc(sorted, source.Diagnostic.Compare)
	return sorted
}

// broken is how many diagnostics say that something could not be analysed.
func (r *Report) broken() int {
	n := 0
	for _, d := range r.Diagnostics {
		if d.Fatal() {
			n++
		}
	}
	return n
}

// suppressed says how many findings are suppressed, and by what; empty if none is.
// Those that were there before a change are not among them.
func (r *Report) suppressed() string {
	var parts []string
	all := 0
	for _, kind := range finding.SuppressionKinds {
		n := 0
		for _, f := range r.Suppressed {
			if f.Suppression.Kind == kind {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d by %s", n, kind))
		}
		all += n
	}
	if all == 0 {
		return ""
	}
	return fmt.Sprintf("%d suppressed: %s", all, strings.Join(parts, ", "))
}

// resolved is a place with the name of the file that symlinks lead to, as it is in
// the repository.
func (r *Report) resolved(place source.Range) source.Range {
	if r.Resolve != nil && !place.IsZero() {
		place.File = r.Resolve(place.File)
	}
	return place
}

// docsURL is the documentation page of a rule, empty for an unknown one.
func (r *Report) docsURL(id string) string {
	if i := r.ruleIndex(id); i >= 0 {
		return r.Rules[i].DocsURL
	}
	return ""
}

// ruleIndex is the place of a rule among Rules, or -1.
func (r *Report) ruleIndex(id string) int {
	return slices.IndexFunc(r.Rules, func(rule engine.Rule) bool { return rule.ID == id })
}

// count returns how many findings have the severity.
func (r *Report) count(s finding.Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// comesFrom names what rendered or deploys what a finding is about.
func comesFrom(f *finding.Finding) string {
	return "From " + strings.Join(f.From, ", ")
}
