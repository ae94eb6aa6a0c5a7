package egress

import (
	"cmp"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
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
		if gate := w.dns[i]; gate != nil && len(requirements) == 0 {
			gate.latent = true
		}
		for _, r := range requirements {
			if err := guard.Overdue(b.ctx); err != nil {
				return err
			}
			b.tracePath(r)
		}
		b.dnsPolicy(w, wl, requirements)
	}
	return nil
}

// markServed notes on the gates of a cluster whether all of its workloads have a way out
// of their own.
func (c *cluster) markServed() {
	some := false
	for _, w := range c.worlds {
		for i, wl := range w.workloads {
			if !w.hasWayOut(i) && !wantsPodEIP(wl) {
				return
			}
			some = true
		}
	}
	if !some {
		return
	}
	for _, src := range c.allSources() {
		if src.gate != nil && (src != &c.node || src == c.primary()) {
			src.gate.AllServed = true
		}
	}
}

func (b *builder) tracePath(r *requirementOf) {
	path := &model.Path{
		Workload: workloadID(b.facts, r.world, r.workload), Destination: r.display(), Port: r.port, Protocol: r.protocol,
		Strength: r.strength, Origin: r.origin,
	}
	if r.byName() {
		path.Hops = append(path.Hops, b.dnsHop(r))
	}
	if r.kind == toLoadBalancer {
		path.Hops = append(path.Hops, b.loadBalancerHop(r))
	}
	path.Hops = append(path.Hops, b.policyHop(r))
	if !r.inCluster() {
		path.Hops = append(path.Hops, b.groupHop(r), b.networkACLHop(r))
	} else if r.kind == toService && hasOwnGroups(b.facts, r) {
		path.Hops = append(path.Hops, model.Hop{Name: "security-group", Status: truth.Unknown, Detail: "whether both pods run on one node, where their security groups do not count, is not in the files"})
	}
	if r.toPublic6() {
		path.Hops = append(path.Hops, b.ipv6Hop(r))
	}
	if r.toPublic() {
		path.Hops = append(path.Hops, b.natHop(r))
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
		if hop.Status != truth.Blocked {
			path.Hops[i].Origin = place.Origin{}
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

func (b *builder) dnsHop(r *requirementOf) model.Hop {
	hop := model.Hop{Name: "dns", Status: truth.Open}
	if code := r.unusableDNS(); code != "" {
		hop.Status, hop.Code, hop.Origin = truth.Blocked, code, dnsSetting(b.facts, r.workload)
		return hop
	}
	if r.workload.DNSPolicy == "" && !r.anywhere && !r.anywhere6 {
		hop.Status, hop.Detail = truth.Unknown, "the dnsPolicy of "+r.workload.Display()+" is unknown"
		return hop
	}
	status, reason, by := b.resolverBeyondGroups(r)
	if status == truth.Blocked {
		hop.Status, hop.Code, hop.Origin = truth.Blocked, "security-group", by
		return hop
	}
	gate := r.world.dns[r.index]
	if gate == nil {
		hop.Status, hop.Detail = status, reason
		return hop
	}
	gate.need.add(r)
	hop.Status, hop.Code, hop.Detail, hop.Origin = gate.UDP, gate.Code, gate.Resolver, gate.Origin
	if gate.UDP == truth.Open {
		hop.Code = ""
		if status == truth.Unknown {
			hop.Status, hop.Detail = status, reason
		}
	}
	return hop
}

// natHop judges the way to public IPv4 addresses.
func (b *builder) natHop(r *requirementOf) model.Hop {
	hop := model.Hop{Name: "nat", Status: truth.Unknown}
	c := r.world.cluster
	if c == nil {
		hop.Detail = "the cluster is not in the files"
		return hop
	}
	if r.workload.HostNetwork == truth.No && r.world.hasWayOut(r.index) {
		hop.Status, hop.Code = truth.Open, "pod-eip"
		return hop
	}
	v := r.view()
	if v.reason != "" {
		hop.Detail = v.reason
		return hop
	}
	gate := v.gate
	if c.plugin == pluginFlannel && !v.container && wantsPodEIP(r.workload) && gate != nil && gate.Status != truth.Open {
		// The annotation is at fault, and told.
		hop.Status, hop.Code, hop.Origin = truth.Blocked, "pod-eip", b.places.Object(r.workload.Object, podEIPAnnotation(r.workload))
		return hop
	}
	if gate == nil {
		hop.Detail = cmp.Or(v.gap, "the vSwitches of "+c.name+" are unknown")
		return hop
	}
	return gate.hop(b, c, r)
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
		return b.bucketHop(r)
	}
	return b.allowListAccess(r.target, c, r.view().sources, r.public).hop(b, r, hop)
}

// view is where the requirement's packets come from.
func (r *requirementOf) view() *view { return r.world.views[r.index] }

// hasWayOut reports whether a workload's pods have a public address of their own.
func (w *world) hasWayOut(index int) bool {
	plugin := w.cluster.plugin
	if w.views[index].container {
		plugin = pluginServerless
	}
	return ownWayOut(w.workloads[index], plugin)
}
