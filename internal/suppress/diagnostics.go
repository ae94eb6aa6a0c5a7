package suppress

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/nearest"
	"github.com/egresslint/egresslint/parser/source"
)

// Run is what has to be known of a run to tell which suppressions are of no use.
type Run struct {
	// Known are the ids of all rules.
	Known []string
	// Ran reports whether a rule was run and its findings count.
	Ran func(rule string) bool
	// Whole says that all of the project was linted and could be analysed. Otherwise a
	// finding may be missing because of what was not read.
	Whole bool
}

// Diagnostics returns what is to be said of the suppressions themselves, once all
// findings were matched: those that cannot be read, have no reason, have expired, name
// a rule that does not exist, or were of no use; and that they were too many.
func (s *Set) Diagnostics(run Run) []source.Diagnostic {
	var out []source.Diagnostic
	for _, name := range s.linted {
		for _, e := range s.comments[name] {
			out = append(out, e.diagnostics(run)...)
		}
	}
	for _, e := range slices.Concat(s.annotations, s.config) {
		out = append(out, e.diagnostics(run)...)
	}
	if s.over != nil {
		out = append(out, *s.over)
	}
	return out
}

func (e *entry) diagnostics(run Run) []source.Diagnostic {
	var out []source.Diagnostic
	tell := func(kind source.DiagnosticKind, format string, args ...any) {
		out = append(out, source.Diagnostic{Kind: kind, Range: e.at, Message: fmt.Sprintf(format, args...)})
	}
	if e.mistake != nil {
		tell(source.SuppressionMistake, "read suppression: %v", e.mistake)
		return out
	}
	if e.reason == "" {
		where := "write it behind the rules, as in -- reason"
		if len(e.files) > 0 || e.address != "" {
			where = "write it under reason"
		}
		tell(source.SuppressionUnexplained, "suppress %s: no reason is given; %s", strings.Join(e.rules, ", "), where)
	}
	var unused, returned []string
	for _, rule := range e.rules {
		switch {
		case !slices.Contains(run.Known, rule):
			tell(source.SuppressionUnknownRule, "suppress %s: there is no such rule%s", rule, suggestion(rule, run.Known))
		case e.returned[rule]:
			returned = append(returned, rule)
		case run.Ran(rule) && !e.used[rule] && (run.Whole || e.isAlone()):
			unused = append(unused, rule)
		}
	}
	if len(returned) > 0 {
		tell(source.SuppressionExpired, "suppress %s: %s was the last day, so that the findings count again", strings.Join(returned, ", "), e.day())
	}
	switch rules := strings.Join(unused, ", "); {
	case rules == "":
	case e.isAlone():
		tell(source.SuppressionUnused, "suppress %s: no code is right below, so that it has no effect", rules)
	case e.expired:
		tell(source.SuppressionUnused, "suppress %s: no finding needs it, and %s was the last day: remove it", rules, e.day())
	default:
		tell(source.SuppressionUnused, "suppress %s: no finding needs it: remove it", rules)
	}
	return out
}

// isAlone reports whether e is a comment about no code.
func (e *entry) isAlone() bool { return e.kind == finding.ByComment && e.first == 0 }

func (e *entry) day() string { return e.until.Format(time.DateOnly) }

func suggestion(rule string, known []string) string {
	if near := nearest.To(rule, known); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ": run 'egresslint rules' for all"
}
