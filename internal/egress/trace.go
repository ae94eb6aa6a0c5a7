package egress

import (
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/guard"
)

// The way of one requirement, hop by hop.

// traceWorld traces every requirement of a world hop by hop.
func (b *builder) traceWorld(w *world) error {
	for i, wl := range w.workloads {
		if err := guard.Overdue(b.ctx); err != nil {
			return err
		}
		requirements := b.requirementsOf(w, i)
		if gate := b.dns.byWorkload[w][i]; gate != nil && len(requirements) == 0 {
			gate.latent = true
		}
		for _, r := range requirements {
			if err := guard.Overdue(b.ctx); err != nil {
				return err
			}
			b.tracePath(r)
		}
		if gate := unusableSettings(b.facts, w, wl, requirements); gate != nil {
			b.model.DNSPolicies = append(b.model.DNSPolicies, gate)
		}
	}
	return nil
}

func (b *builder) tracePath(r *requirementOf) {
	path := &model.Path{
		Workload: workloadID(b.facts, r.world, r.workload), Destination: r.display(), Port: r.port, Protocol: r.protocol,
		Strength: r.strength, Origin: r.origin,
	}
	if r.byName() {
		path.Hops = append(path.Hops, b.dns.hop(r))
	}
	if r.kind == toLoadBalancer {
		path.Hops = append(path.Hops, b.loadBalancers.hop(r))
	}
	path.Hops = append(path.Hops, b.policyBlocks.hop(r))
	if !r.inCluster() {
		path.Hops = append(path.Hops, b.groups.hop(r), b.networkACLs.hop(r))
	} else if r.kind == toService && hasOwnGroups(b.facts, r) {
		path.Hops = append(path.Hops, model.Hop{Name: "security-group", Status: truth.Unknown, Detail: "whether both pods run on one node, where their security groups do not count, is not in the files"})
	}
	if r.toPublic6() {
		path.Hops = append(path.Hops, b.ipv6.hop(r))
	}
	if r.toPublic() {
		path.Hops = append(path.Hops, b.ways.hop(r))
	}
	if r.kind == toTarget {
		path.Hops = append(path.Hops, b.targetHop(r))
	}
	if r.outside != nil {
		path.Hops = append(path.Hops, b.outsideHop(r))
	}
	path.Status = truth.Open
	for i, hop := range path.Hops {
		if hop.Sources == nil {
			path.Hops[i].Sources = []string{}
		}
		if hop.Facts == nil {
			path.Hops[i].Facts = []model.Fact{}
		}
		switch hop.Status {
		case truth.Blocked:
			path.Status = truth.Blocked
		case truth.Unknown:
			if path.Status == truth.Open {
				path.Status = truth.Unknown
			}
			if hop.Detail != "" {
				b.unknown(hop.Name+" of "+path.Destination, hop.Detail, r.origin)
			}
		}
	}
	b.model.Paths = append(b.model.Paths, path)
	req := &model.Requirement{
		Workload: path.Workload, Cluster: r.world.clusterID(), Kind: string(r.kind), Destination: path.Destination,
		Port: r.port, Protocol: r.protocol, Strength: r.strength, Origin: r.origin,
		Public: r.toPublic() || r.kind == toInternet,
	}
	switch {
	case r.target != nil:
		req.Target = r.target.Address
	case r.service != nil:
		req.Target = r.service.ID()
	}
	b.model.Requirements = append(b.model.Requirements, req)
}

// targetHop judges what guards the target: its allow-list, ACL, security groups
// or bucket policy.
func (b *builder) targetHop(r *requirementOf) model.Hop {
	hop := model.Hop{Name: "whitelist", Status: truth.Unknown}
	c := r.world.cluster
	switch {
	case c == nil || r.workload.HostNetwork == truth.Maybe || c.plugin == pluginUnknown:
		hop.Detail = "the source addresses are not in the files"
		return hop
	case r.workload.HostNetwork == truth.No && injects(r.workload, r.target.Kind):
		hop.Status, hop.Code = truth.Open, "injector"
		return hop
	case r.view().reason != "":
		hop.Detail = r.view().reason
		return hop
	}
	switch r.target.Kind {
	case "slb", "alb":
		return b.aclHop(r)
	case "ecs", "nlb":
		return b.ingressHop(r)
	case "oss":
		return b.buckets.hop(r)
	}
	return b.allowListAccess(r.target, c, r.view().sources, r.public).hop(b, r, hop)
}
