package egress

import (
	"slices"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/source"
)

// notes are what a run has to say beside the model's facts, each once.
type notes struct {
	diagnostics []source.Diagnostic
	diagnosed   map[source.Diagnostic]bool
	unknowns    []model.Unknown
	unsure      map[model.Unknown]bool
	bindings    []model.Binding
}

func newNotes() *notes {
	return &notes{diagnosed: make(map[source.Diagnostic]bool), unsure: make(map[model.Unknown]bool)}
}

func (n *notes) unknown(subject, reason string, origin place.Origin) {
	u := model.Unknown{Subject: subject, Reason: reason, Origin: origin}
	if !n.unsure[u] {
		n.unsure[u] = true
		n.unknowns = append(n.unknowns, u)
	}
}

func (n *notes) diagnose(d source.Diagnostic) {
	if !n.diagnosed[d] {
		n.diagnosed[d] = true
		n.diagnostics = append(n.diagnostics, d)
	}
}

func (n *notes) sortedDiagnostics() []source.Diagnostic {
	slices.SortFunc(n.diagnostics, source.Diagnostic.Compare)
	return n.diagnostics
}
