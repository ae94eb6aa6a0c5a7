package source

import "cmp"

// DiagnosticKind says what went wrong. The first group makes a run end with
// exit code 3; the second is a warning that changes no exit code; the third is
// not wrong at all, only worth knowing. What is Unread is counted in the run's
// summary.
type DiagnosticKind string

const (
	// ParseError is a file that could not be read as what it is.
	ParseError DiagnosticKind = "parse-error"
	// EvaluationError is a Terraform expression that Terraform would reject too.
	EvaluationError DiagnosticKind = "evaluation-error"
	// LimitReached is input larger or deeper than a run accepts.
	LimitReached DiagnosticKind = "limit-reached"
	// RenderError is a Helm chart or a kustomization that cannot be rendered.
	RenderError DiagnosticKind = "render-error"
	// PolicyError is a Rego rule that failed.
	PolicyError DiagnosticKind = "policy-error"

	// InvalidObject is a Kubernetes object that the API server would reject.
	InvalidObject DiagnosticKind = "invalid-object"
	// DuplicateObject is a second object of the same kind, namespace and name.
	DuplicateObject DiagnosticKind = "duplicate-object"
	// EmptyFile is a file of no bytes. Terraform takes it as one that declares
	// nothing, but it may have been truncated, so that what it held is not judged.
	EmptyFile DiagnosticKind = "empty-file"
	// ModuleMistake is what would be an EvaluationError in a Terraform module that
	// nothing in the files calls, and that deploys nothing by itself.
	ModuleMistake DiagnosticKind = "module-mistake"
	// UnmatchedEntry is an entry of the configuration that is about nothing that was
	// read.
	UnmatchedEntry DiagnosticKind = "unmatched-entry"
	// NoBase is a revision that findings were to be compared with and that cannot be
	// read, so that old ones are reported too.
	NoBase DiagnosticKind = "no-base"

	// SuppressionMistake is a suppression that cannot be read, and has no effect.
	SuppressionMistake DiagnosticKind = "suppression-mistake"
	// SuppressionUnexplained is a suppression without a reason.
	SuppressionUnexplained DiagnosticKind = "suppression-unexplained"

	// SuppressionUnknownRule is a suppression of a rule that does not exist.
	SuppressionUnknownRule DiagnosticKind = "suppression-unknown-rule"
	// SuppressionExpired is a suppression whose last day is over: the findings count
	// again.
	SuppressionExpired DiagnosticKind = "suppression-expired"
	// SuppressionUnused is a suppression, or one of its rules, of no finding.
	SuppressionUnused DiagnosticKind = "suppression-unused"
	// BaselineFixed is an entry of the baseline whose finding is gone.
	BaselineFixed DiagnosticKind = "baseline-fixed"
	// TrackedIgnored is a file that is read because git tracks it, although an ignore
	// file matches it.
	TrackedIgnored DiagnosticKind = "tracked-ignored"
	// TrackedSkipped is a directory that is never walked into, such as vendor, and in
	// which git tracks files.
	TrackedSkipped DiagnosticKind = "tracked-skipped"
	// Unread is something outside the files: a module that was not downloaded, a
	// variable without a value. Message says what to do about it.
	Unread DiagnosticKind = "unread"
)

// Diagnostic is one thing to tell the user about the input itself.
type Diagnostic struct {
	Kind    DiagnosticKind
	Range   Range
	Message string // lower case, "verb object: cause", without the position
}

// Fatal reports whether d makes the run end with exit code 3.
func (d Diagnostic) Fatal() bool {
	switch d.Kind {
	case ParseError, EvaluationError, LimitReached, RenderError, PolicyError:
		return true
	default:
		return false
	}
}

// Note reports whether d is not wrong at all, only worth knowing.
func (d Diagnostic) Note() bool {
	switch d.Kind {
	case Unread, SuppressionUnknownRule, SuppressionExpired, SuppressionUnused, BaselineFixed, TrackedIgnored, TrackedSkipped:
		return true
	default:
		return false
	}
}

// Compare orders diagnostics by place, kind, then message.
func (d Diagnostic) Compare(e Diagnostic) int {
	return cmp.Or(d.Range.Compare(e.Range), cmp.Compare(d.Kind, e.Kind), cmp.Compare(d.Message, e.Message))
}
