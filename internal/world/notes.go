package world

import (
	"slices"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/source"
)

// Notes are what a run has to say beside the model's facts, each once.
type Notes struct {
	diagnostics []source.Diagnostic
	diagnosed   map[source.Diagnostic]bool
	Unknowns    []model.Unknown
	unsure      map[model.Unknown]bool
	Bindings    []model.Binding
}

// NewNotes returns notes of nothing.
func NewNotes() *Notes {
	return &Notes{diagnosed: make(map[source.Diagnostic]bool), unsure: make(map[model.Unknown]bool)}
}

// Unknown notes what the files do not decide, why, and where.
func (n *Notes) Unknown(subject, reason string, origin place.Origin) {
	u := model.Unknown{Subject: subject, Reason: reason, Origin: origin}
	if !n.unsure[u] {
		n.unsure[u] = true
		n.Unknowns = append(n.Unknowns, u)
	}
}

func (n *Notes) diagnose(d source.Diagnostic) {
	if !n.diagnosed[d] {
		n.diagnosed[d] = true
		n.diagnostics = append(n.diagnostics, d)
	}
}

// SortedDiagnostics are the diagnostics by their place.
func (n *Notes) SortedDiagnostics() []source.Diagnostic {
	slices.SortFunc(n.diagnostics, source.Diagnostic.Compare)
	return n.diagnostics
}
