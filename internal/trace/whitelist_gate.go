package trace

import (
	"slices"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
)

// conclude adds what a gate can only know once all gates are judged: whether the list
// admits any cluster of the target's VPC, and whether it is meant for others.
func (j *listJudge) conclude(gate *allowListGate) {
	gate.Need = gate.need.sum()
	for _, other := range j.whitelists.list {
		if other.target == gate.target && gate.target.VPC != nil && other.cluster.VPC == gate.target.VPC && len(other.Covered) > 0 {
			gate.CoversCluster = true
		}
	}
	if gate.Need.Strength == model.None && gate.Status != truth.Open {
		if reason := j.meantForOthers(gate); reason != "" {
			gate.Status, gate.Code, gate.Reason = truth.Unknown, "", reason
		}
	}
}

// whitelistEntities are the gates of whitelists, once all are judged.
func (j *listJudge) whitelistEntities() []*model.AllowListAccess {
	for _, gate := range j.whitelists.list {
		j.conclude(gate)
	}
	return entities(j.whitelists.list, (*allowListGate).entity)
}

// meantForOthers says why it proves nothing that a list is closed for sources from which
// nobody is known to need it; empty if it is meant for nobody else.
func (j *listJudge) meantForOthers(gate *allowListGate) string {
	if scope := servesNetwork(gate); scope != "" {
		return "the list serves " + scope + ", and no other is known to need it"
	}
	other := func(is func(*allowListGate) bool) bool {
		return slices.ContainsFunc(j.whitelists.list, func(other *allowListGate) bool {
			return other != gate && other.target == gate.target && other.cluster == gate.cluster && is(other)
		})
	}
	switch {
	case other(func(other *allowListGate) bool { return other.serves && other.Scope == "" }):
		return "the list serves pods on the nodes' network, and no other is known to need it"
	case other(func(other *allowListGate) bool {
		return other.Scope != "" && (other.serves || gate.Scope == "" && len(other.need.list) > 0)
	}):
		return "certain pods are known to need it, and no other"
	case gate.servesPart:
		return "the list serves pods on some of the nodes, and no other is known to need it"
	case injected(gate.cluster, gate.target):
		return "the whitelist injector adds pods to the list"
	default:
		return ""
	}
}

// servesNetwork returns the pods with a network of their own that a list admits which is
// closed for the other pods of their cluster; empty if it is for none. It is meant for
// these pods, in the files or not.
func servesNetwork(gate *allowListGate) string {
	if gate.Scope != "" || gate.Role != world.RolePod {
		return ""
	}
	for _, src := range gate.cluster.Own {
		if len(src.Members) == 0 || src.Scope == "" {
			continue
		}
		own := newAllowListGate(gate.target, gate.cluster, src, false)
		if judgeList(own, gate.target, gate.cluster); own.Status == truth.Open {
			return src.Scope
		}
	}
	return ""
}

// injected reports whether some workload of the cluster lets the injector add its
// pods to lists of the target's kind.
func injected(c *world.Cluster, t *alicloud.Target) bool {
	return slices.ContainsFunc(c.Worlds, func(w *world.World) bool {
		return slices.ContainsFunc(w.Workloads, func(wl *kube.Workload) bool { return injects(wl, t.Kind) })
	})
}

// outsideHop judges the allow-list that the configuration gives.
func (j *listJudge) outsideHop(r *world.Need) model.Hop {
	hop := model.Hop{Name: model.HopWhitelist, Status: truth.Unknown}
	c, v, public := r.World.Cluster, r.View(), r.Outside.IsPublic(r)
	switch {
	case len(r.Outside.Allow) == 0:
		hop.Status = truth.Open // the configuration says of nobody that he is let in, nor that he is not
		return hop
	case c == nil || c.Scope == nil || c.Plugin == world.PluginUnknown:
		hop.Detail = "the source addresses are not in the files"
		return hop
	case v.Reason != "":
		hop.Detail = v.Reason
		return hop
	case public == truth.Maybe:
		hop.Detail = "whether " + r.Outside.Name + " is reached at public or private addresses is not in the files"
		return hop
	case public == truth.Yes && r.Workload.HostNetwork == truth.No && r.World.HasWayOut(r.Index):
		hop.Detail = "the public addresses of the pods are not in the files"
		return hop
	case r.Addr.Is6() || r.Prefix.IsValid() && r.Prefix.Addr().Is6():
		hop.Detail = "the IPv6 addresses of the pods are not in the files"
		return hop
	}
	gate := j.access(r.Outside.Target, c, v.Sources, public == truth.Yes)
	gate.List = "target"
	return gate.hop(j.ways, r, hop)
}
