package trace

import (
	"cmp"
	"slices"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/world"
)

// needs collects the requirements that meet a gate.
type needs struct {
	list []need
}

type need struct {
	strength model.Strength
	evidence model.Evidence
}

func (n *needs) add(r *world.Need) {
	n.list = append(n.list, need{r.Strength, model.Evidence{
		Workload: r.Workload.Display() + " in " + r.Workload.Namespace, Destination: r.Display(), Origin: r.Origin,
	}})
}

// sum returns the requirements strongest first, each once.
func (n *needs) sum() model.Need {
	result := model.Need{Strength: model.None, Evidence: []model.Evidence{}}
	slices.SortFunc(n.list, func(a, b need) int {
		return cmp.Or(
			cmp.Compare(b.strength.Rank(), a.strength.Rank()),
			cmp.Compare(a.evidence.Workload, b.evidence.Workload),
			cmp.Compare(a.evidence.Destination, b.evidence.Destination),
			cmp.Compare(a.evidence.Origin.File, b.evidence.Origin.File),
			cmp.Compare(a.evidence.Origin.Line, b.evidence.Origin.Line),
			cmp.Compare(a.evidence.Origin.Column, b.evidence.Origin.Column),
		)
	})
	// A need that is met with several strengths stands at several places of the list.
	listed := make(map[model.Evidence]bool, len(n.list))
	for _, need := range n.list {
		if result.Strength == model.None {
			result.Strength = need.strength
		}
		if !listed[need.evidence] {
			listed[need.evidence] = true
			result.Evidence = append(result.Evidence, need.evidence)
		}
	}
	return result
}

// merged returns the needs of several gates as one.
func merged(list ...*needs) model.Need {
	var all needs
	for _, n := range list {
		all.list = append(all.list, n.list...)
	}
	return all.sum()
}
