package trace

import (
	"slices"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
)

// Where NetworkPolicies are not enforced: in a whole cluster, or on certain pods of
// it (vendor's pages on network policies, on exclusive ENIs of node pools, and on the
// annotations of ACS pods).

// policyEnforcement reports policies that nothing enforces: all of a cluster, or those
// that select pods on which nothing does. The worlds are those of one cluster.
func policyEnforcement(f *world.Facts, worlds []*world.World) []*model.PolicyEnforcement {
	var all []*netpol.Policy
	for _, w := range worlds {
		for _, p := range w.Policies {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	if w := worlds[0]; w.Network.Enforcement == "not-enforced" {
		code, cause := world.CauseOfNoPolicy(w)
		return []*model.PolicyEnforcement{newEnforcement(f, w, code, cause, all, nil)}
	}
	var list []*model.PolicyEnforcement
	for _, code := range []string{"acs-pods", "exclusive-eni-pods"} {
		var policies []*netpol.Policy
		var workloads []string
		var cause place.Origin
		for _, w := range worlds {
			for i, wl := range w.Workloads {
				if w.Exempt[i].Code != code {
					continue
				}
				selected := false
				for _, p := range w.Policies {
					if w.Evaluator.Selects(p, i) != truth.Yes {
						continue
					}
					selected = true
					if !slices.Contains(policies, p) {
						policies = append(policies, p)
					}
				}
				if name := wl.Namespace + "/" + wl.Name; selected && !slices.Contains(workloads, name) {
					workloads = append(workloads, name)
				}
				if selected && cause.Ref == 0 {
					cause = w.Exempt[i].Cause
				}
			}
		}
		if len(policies) > 0 {
			list = append(list, newEnforcement(f, worlds[0], code, cause, policies, workloads))
		}
	}
	return list
}

func newEnforcement(f *world.Facts, w *world.World, code string, cause place.Origin, policies []*netpol.Policy, workloads []string) *model.PolicyEnforcement {
	gate := &model.PolicyEnforcement{
		Cluster: w.ClusterID(), ClusterName: w.ClusterName(), Code: code, Cause: cause,
		Policies: []string{}, Workloads: append([]string{}, workloads...), Others: []place.Origin{},
	}
	slices.Sort(gate.Workloads)
	list := slices.Clone(policies)
	slices.SortStableFunc(list, func(x, y *netpol.Policy) int {
		return x.Object.KindRange().Compare(y.Object.KindRange())
	})
	for i, p := range list {
		gate.Policies = append(gate.Policies, p.Namespace+"/"+p.Name)
		at := f.Places.Range(p.Object, p.Object.KindRange())
		if i == 0 {
			gate.Origin = at
		} else {
			gate.Others = append(gate.Others, at)
		}
	}
	return gate
}
