package egress

import (
	"context"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/guard"
)

// tracer traces needs hop by hop. Each kind of hop is judged in a state of its own, which
// holds the gates that were met.
type tracer struct {
	*facts
	*notes

	ways          *ways
	lists         *listJudge
	groups        *groupJudge
	ingress       *ingressJudge
	networkACLs   *aclJudge
	buckets       *bucketJudge
	ipv6          *ipv6Judge
	dns           *dnsJudge
	policies      *policyJudge
	loadBalancers *loadBalancerJudge
	injectors     *injectorJudge

	paths       []*model.Path
	enforcement []*model.PolicyEnforcement
	unsupported []*model.UnsupportedPolicy
	deadPeers   []*model.DeadPeer
	podEIPs     []*model.PodEIP
	dnsPolicies []*model.DNSPolicy
}

func newTracer(f *facts, n *notes) *tracer {
	y := newWays(f, n)
	groups := &groupJudge{sets: make(map[*sources][]*groupSet)}
	return &tracer{
		facts: f, notes: n, ways: y, groups: groups,
		lists:         &listJudge{ways: y},
		ingress:       &ingressJudge{groups: groups},
		networkACLs:   &aclJudge{acls: make(map[*alicloud.VSwitch]*alicloud.NetworkACL)},
		buckets:       &bucketJudge{ways: y},
		ipv6:          &ipv6Judge{facts: f},
		dns:           &dnsJudge{facts: f, groups: groups, byWorkload: make(map[*world][]*dnsGate)},
		policies:      &policyJudge{places: f.places},
		loadBalancers: &loadBalancerJudge{places: f.places},
		injectors:     &injectorJudge{facts: f, ways: y},
	}
}

// trace judges what the infrastructure alone decides, then the needs of each world.
func (t *tracer) trace(ctx context.Context, worlds []*world) error {
	t.infrastructure()
	for _, w := range worlds {
		if err := guard.Overdue(ctx); err != nil {
			return err
		}
		t.manifests(w)
		if err := t.world(ctx, w); err != nil {
			return err
		}
	}
	for _, c := range t.clusters {
		markServed(t.ways, c)
	}
	return nil
}

// infrastructure makes the gates that need no workload.
func (t *tracer) infrastructure() {
	for _, c := range t.clusters {
		if c.scope != nil && c.plugin != pluginUnknown {
			t.groups.judgeCluster(c)
		}
	}
	for _, target := range t.targets {
		if !target.HasList() {
			continue
		}
		for _, c := range t.clusters {
			if target.VPC != nil && target.VPC == c.vpc && c.plugin != pluginUnknown {
				t.lists.access(target, c, c.primary(), false)
			}
		}
	}
}

// manifests judges the objects of a world, whatever its workloads need.
func (t *tracer) manifests(w *world) {
	switch {
	case w.cluster == nil:
		t.enforcement = append(t.enforcement, policyEnforcement(t.facts, []*world{w})...)
	case w == w.cluster.worlds[0]:
		t.enforcement = append(t.enforcement, policyEnforcement(t.facts, w.cluster.worlds)...)
	}
	t.unsupported = append(t.unsupported, unsupportedPolicies(t.facts, w)...)
	t.dns.judgeWorld(w)
	t.deadPeers = append(t.deadPeers, deadPeers(t.facts, w, t.dns.byWorkload[w])...)
	t.podEIPs = append(t.podEIPs, podEIPs(t.facts, w)...)
	t.injectors.judgeWorld(w)
}

// world traces the needs of a world's workloads.
func (t *tracer) world(ctx context.Context, w *world) error {
	for i, wl := range w.workloads {
		if gate := t.dns.byWorkload[w][i]; gate != nil && len(w.needs[i]) == 0 {
			gate.latent = true
		}
		for _, r := range w.needs[i] {
			if err := guard.Overdue(ctx); err != nil {
				return err
			}
			t.paths = append(t.paths, t.path(r))
		}
		if gate := unusableSettings(t.facts, w, wl, w.needs[i]); gate != nil {
			t.dnsPolicies = append(t.dnsPolicies, gate)
		}
	}
	return nil
}

// path traces a requirement.
func (t *tracer) path(r *Need) *model.Path {
	path := &model.Path{
		Workload: workloadID(t.facts, r.world, r.workload), Destination: r.display(), Port: r.port, Protocol: r.protocol,
		Strength: r.strength, Origin: r.origin,
	}
	if r.byName() {
		path.Hops = append(path.Hops, t.dns.hop(r))
	}
	if r.kind == toLoadBalancer {
		path.Hops = append(path.Hops, t.loadBalancers.hop(r))
	}
	path.Hops = append(path.Hops, t.policies.hop(r))
	if !r.inCluster() {
		path.Hops = append(path.Hops, t.groups.hop(r), t.networkACLs.hop(r))
	} else if r.kind == toService && hasOwnGroups(t.facts, r) {
		path.Hops = append(path.Hops, model.Hop{Name: "security-group", Status: truth.Unknown, Detail: "whether both pods run on one node, where their security groups do not count, is not in the files"})
	}
	if r.toPublic6() {
		path.Hops = append(path.Hops, t.ipv6.hop(r))
	}
	if r.toPublic() {
		path.Hops = append(path.Hops, t.ways.hop(r))
	}
	if r.kind == toTarget {
		path.Hops = append(path.Hops, t.targetHop(r))
	}
	if r.outside != nil {
		path.Hops = append(path.Hops, t.lists.outsideHop(r))
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
				t.unknown(hop.Name+" of "+path.Destination, hop.Detail, r.origin)
			}
		}
	}
	return path
}

// requirementEntity is a requirement as the model shows it.
func requirementEntity(f *facts, r *Need) *model.Requirement {
	shown := &model.Requirement{
		Workload: workloadID(f, r.world, r.workload), Cluster: r.world.clusterID(), Kind: string(r.kind), Destination: r.display(),
		Port: r.port, Protocol: r.protocol, Strength: r.strength, Origin: r.origin,
		Public: r.toPublic() || r.kind == toInternet,
	}
	switch {
	case r.target != nil:
		shown.Target = r.target.Address
	case r.service != nil:
		shown.Target = r.service.ID()
	}
	return shown
}

// targetHop judges what guards the target: its allow-list, ACL, security groups
// or bucket policy.
func (t *tracer) targetHop(r *Need) model.Hop {
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
		return t.lists.aclHop(r)
	case "ecs", "nlb":
		return t.ingress.hop(r)
	case "oss":
		return t.buckets.hop(r)
	}
	return t.lists.access(r.target, c, r.view().sources, r.public).hop(t.ways, r, hop)
}
