// Package checks tells what a change does to the checking itself: to the configuration,
// the suppressions, the baseline, the project's own rules, and to which files are linted.
// Whoever reviews a change sees with it what the change keeps the run from saying.
package checks

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/egresslint/egresslint/internal/baseline"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/suppress"
	"github.com/egresslint/egresslint/parser/source"
)

// Checks are what decides how a state of the files is checked, whatever of it the
// command line overrides.
type Checks struct {
	// Config is the name of the configuration file, empty if there is none.
	Config string
	Keys   []config.Key
	// Unread is why the file cannot be read, empty if it can.
	Unread string
	// Comments are the suppressions in files.
	Comments    []suppress.Written
	Annotations []Annotation
	// Owners are the places of the objects and resources that may have annotations.
	Owners map[string]source.Range
	// Linted are the names of the files that are linted.
	Linted []string
	// Policies are the hashes of the files with the project's own rules, by name.
	Policies map[string]string
	Baseline []baseline.Entry
	// Run is what was read of the files, nil if that is not to be compared.
	Run *Run
}

// Annotation is one that is meant for egresslint.
type Annotation struct {
	Name  string
	Value string
	Owner string // kind/namespace/name of the object, or the address of the resource
	At    source.Range
	// Folder is that of the overlay or chart which gives the annotation to an object that
	// stands elsewhere, and From what that is called; both are empty for one that stands
	// with its object.
	Folder string
	From   string
}

// Between is what has to be known of two states beside their checks.
type Between struct {
	// Severity are the severities that rules have of their own, by id.
	Severity map[string]finding.Severity
	// Former are the names that files had before, by the names that they have now, of
	// those that were renamed.
	Former map[string]string
	// FormerFolders are the names that the folders of annotations had before.
	FormerFolders map[string][]string
	// Unlinted says of the files that are there now why they are not linted, by name.
	Unlinted map[string]string
	// Changed are the names that do not have the same contents in both states.
	Changed map[string]bool
	// Submodules are those whose commit the change moves.
	Submodules []string
	// Given are the files and folders that the command line names.
	Given []string
}

// former is the name that a file had before.
func (b *Between) former(name string) string { return cmp.Or(b.Former[name], name) }

// current are the names that renamed files have now, by those that they had before.
func (b *Between) current() map[string]string {
	names := make(map[string]string, len(b.Former))
	for now, former := range b.Former {
		names[former] = now
	}
	return names
}

// Kind says which part of the checks a change is about.
type Kind string

// The parts of the checks.
const (
	Configuration Kind = "configuration"
	Suppression   Kind = "suppression"
	Annotated     Kind = "annotation"
	InBaseline    Kind = "baseline"
	Policy        Kind = "policy"
	NotLinted     Kind = "not-linted"
	NotJudged     Kind = "not-judged"
)

// Change is one thing that a change does to the checks. It need not make them weaker:
// whether it does is for people to judge.
type Change struct {
	Kind Kind
	// At is the place, in the files as they are now if it is there still.
	At source.Range
	// Text says what is done, as in "excludes legacy/**".
	Text string
}

// Compare returns what was done to the checks between before and now, by place. To
// remove a suppression or an entry of the baseline does nothing to them: its findings
// are back.
func Compare(before, now *Checks, between *Between) []Change {
	c := &comparison{before: before, now: now, between: between}
	c.configuration()
	c.comments()
	c.annotations()
	c.baseline()
	c.policies()
	c.files()
	c.judged()
	c.submodules()
	slices.SortStableFunc(c.changes, func(a, b Change) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Text, b.Text))
	})
	return c.changes
}

// comparison collects the changes.
type comparison struct {
	before, now *Checks
	between     *Between
	changes     []Change
}

func (c *comparison) add(kind Kind, at source.Range, text string) {
	c.changes = append(c.changes, Change{Kind: kind, At: at, Text: cut(text, maxText)})
}

// maxText and maxValue are how many characters of a text, and in it of a value from the
// files, are printed.
const (
	maxText  = 300
	maxValue = 100
)

// short is the text of a value as it is printed.
func short(s string) string { return cut(s, maxValue) }

func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}
