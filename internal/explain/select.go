package explain

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/truth"
)

// Question says which paths are meant. Nil fields do not narrow down.
type Question struct {
	Workloads    []*model.Workload
	Destinations []Destination
	Clusters     []string // ids
}

// Paths are the paths that a question is about, those that stop packets first, then those
// that are unknown. Without a workload and a destination, those that pass are left out.
func (x *Index) Paths(q Question) []*model.Path {
	all := q.Workloads == nil && q.Destinations == nil
	var found []*model.Path
	for _, p := range x.model.Paths {
		w := x.workloads[p.Workload]
		if all && p.Status == truth.Open ||
			q.Clusters != nil && (w == nil || !slices.Contains(q.Clusters, w.Cluster)) ||
			q.Workloads != nil && !slices.ContainsFunc(q.Workloads, func(w *model.Workload) bool { return w.ID == p.Workload }) ||
			q.Destinations != nil && !slices.ContainsFunc(q.Destinations, func(d Destination) bool { return x.Meets(d, p) }) {
			continue
		}
		found = append(found, p)
	}
	slices.SortStableFunc(found, func(a, b *model.Path) int { return order(a) - order(b) })
	return found
}

// order is where paths of a verdict stand.
func order(p *model.Path) int {
	return slices.Index([]truth.Verdict{truth.Blocked, truth.Partial, truth.Unknown, truth.Open}, p.Status)
}

// Need is a need that no path has.
type Need struct {
	From string // as in the configuration's requirements
	To   []string
}

// Missing are the needs that a question asks about and no path has. There are none
// without a workload and a destination.
func (x *Index) Missing(q Question) ([]Need, error) {
	var needs []Need
	for _, w := range q.Workloads {
		for _, d := range q.Destinations {
			if slices.ContainsFunc(x.model.Paths, func(p *model.Path) bool { return p.Workload == w.ID && x.Meets(d, p) }) {
				continue
			}
			to, err := d.Declarations()
			if err != nil {
				return nil, err
			}
			needs = append(needs, Need{From: strings.Join([]string{w.Kind, w.Namespace, w.Name}, "/"), To: to})
		}
	}
	return needs, nil
}
