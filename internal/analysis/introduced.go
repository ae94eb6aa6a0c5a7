package analysis

import (
	"slices"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/pipeline"
)

// Unchanged returns the result with those findings suppressed that an earlier state of
// the tree had as well, and how many they are: all, where the state is the same.
func (r *Result) Unchanged(earlier []*finding.Finding, same bool) (*Result, int) {
	introduced := make(map[*finding.Finding]bool)
	if !same {
		// What the baseline has is compared too: of two equal findings it has the
		// first, and the second must not go for the one that was there before.
		all := slices.Clone(r.Findings)
		for _, f := range r.Suppressed {
			if f.Suppression.Kind == finding.ByBaseline {
				all = append(all, f)
			}
		}
		finding.Sort(all)
		added, _ := pipeline.Introduced(all, earlier, r.Model.Origins)
		for _, f := range added {
			introduced[f] = true
		}
	}
	left := *r
	left.Findings, left.Suppressed = nil, slices.Clone(r.Suppressed)
	for _, f := range r.Findings {
		if introduced[f] {
			left.Findings = append(left.Findings, f)
			continue
		}
		f := *f
		f.Suppression = &finding.Suppression{Kind: finding.Unchanged}
		left.Suppressed = append(left.Suppressed, &f)
	}
	finding.Sort(left.Suppressed)
	return &left, len(r.Findings) - len(left.Findings)
}
