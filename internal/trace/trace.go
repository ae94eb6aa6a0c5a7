package trace

import (
	"context"
	"slices"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/guard"
)

// tracer traces needs hop by hop. Each kind of hop is judged in a state of its own, which
// holds the gates that were met.
type tracer struct {
	*world.Facts
	*world.Notes

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

func newTracer(f *world.Facts, n *world.Notes) *tracer {
	y := newWays(f, n)
	groups := &groupJudge{sets: make(map[*world.Sources][]*groupSet)}
	return &tracer{
		Facts: f, Notes: n, ways: y, groups: groups,
		lists:         &listJudge{ways: y},
		ingress:       &ingressJudge{groups: groups},
		networkACLs:   &aclJudge{acls: make(map[*alicloud.VSwitch]*alicloud.NetworkACL)},
		buckets:       &bucketJudge{ways: y},
		ipv6:          &ipv6Judge{Facts: f},
		dns:           &dnsJudge{Facts: f, groups: groups, byWorkload: make(map[*world.World][]*dnsGate)},
		policies:      &policyJudge{places: f.Places},
		loadBalancers: &loadBalancerJudge{places: f.Places},
		injectors:     &injectorJudge{Facts: f, ways: y},
	}
}

// trace judges what the infrastructure alone decides, then the needs of each world.
func (t *tracer) trace(ctx context.Context, worlds []*world.World) error {
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
	for _, c := range t.Clusters {
		markServed(t.ways, c)
	}
	return nil
}

// infrastructure makes the gates that need no workload.
func (t *tracer) infrastructure() {
	for _, c := range t.Clusters {
		if c.Scope != nil && c.Plugin != world.PluginUnknown {
			t.groups.judgeCluster(c)
		}
	}
	for _, target := range t.Targets {
		if !target.HasList() {
			continue
		}
		for _, c := range t.Clusters {
			if target.VPC != nil && target.VPC == c.VPC && c.Plugin != world.PluginUnknown {
				t.lists.access(target, c, c.Primary(), false)
			}
		}
	}
}

// manifests judges the objects of a world, whatever its workloads need.
func (t *tracer) manifests(w *world.World) {
	switch {
	case w.Cluster == nil:
		t.enforcement = append(t.enforcement, policyEnforcement(t.Facts, []*world.World{w})...)
	case w == w.Cluster.Worlds[0]:
		t.enforcement = append(t.enforcement, policyEnforcement(t.Facts, w.Cluster.Worlds)...)
	}
	t.unsupported = append(t.unsupported, unsupportedPolicies(t.Facts, w)...)
	t.dns.judgeWorld(w)
	t.deadPeers = append(t.deadPeers, deadPeers(t.Facts, w, t.dns.byWorkload[w])...)
	t.podEIPs = append(t.podEIPs, podEIPs(t.Facts, w)...)
	t.injectors.judgeWorld(w)
}

// world traces the needs of a world's workloads.
func (t *tracer) world(ctx context.Context, w *world.World) error {
	for i, wl := range w.Workloads {
		if gate := t.dns.byWorkload[w][i]; gate != nil && len(w.Needs[i]) == 0 {
			gate.latent = true
		}
		for _, r := range w.Needs[i] {
			if err := guard.Overdue(ctx); err != nil {
				return err
			}
			t.paths = append(t.paths, t.path(r))
		}
		if gate := unusableSettings(t.Facts, w, wl, w.Needs[i]); gate != nil {
			t.dnsPolicies = append(t.dnsPolicies, gate)
		}
	}
	return nil
}

// unlisted are the hops whose unknowns the summary of a run leaves out: no rule judges
// them, and what keeps them from being decided keeps others from it, too.
var unlisted = []string{model.HopService, model.HopRoute, model.HopIngressPolicy}

// path traces a requirement.
func (t *tracer) path(r *world.Need) *model.Path {
	path := &model.Path{
		Workload: world.WorkloadID(t.Facts, r.World, r.Workload), Destination: r.Display(), Port: r.Port, Protocol: r.Protocol,
		Strength: r.Strength, Origin: r.Origin,
	}
	if r.ByName() {
		path.Hops = append(path.Hops, t.dns.hop(r))
	}
	translated := r.Kind == world.ToService || r.Kind == world.ToLoadBalancer && leavesForLoadBalancer(r) == truth.No
	if translated {
		path.Hops = append(path.Hops, serviceHop(t.Facts, r))
	}
	if r.Kind == world.ToLoadBalancer {
		path.Hops = append(path.Hops, t.loadBalancers.hop(r))
	}
	path.Hops = append(path.Hops, t.policies.hop(r))
	if !r.InCluster() {
		path.Hops = append(path.Hops, t.groups.hop(r), t.networkACLs.hop(r))
		if !r.ToPublic() && !r.ToPublic6() {
			path.Hops = append(path.Hops, routeHop(r))
		}
	} else if r.Kind == world.ToService && world.HasOwnGroups(t.Facts, r) {
		path.Hops = append(path.Hops, model.Hop{Name: model.HopSecurityGroup, Status: truth.Unknown, Detail: "whether both pods run on one node, where their security groups do not count, is not in the files"})
	}
	if r.ToPublic6() {
		path.Hops = append(path.Hops, t.ipv6.hop(r))
	}
	if r.ToPublic() {
		path.Hops = append(path.Hops, t.ways.hop(r))
	}
	if r.Kind == world.ToTarget {
		path.Hops = append(path.Hops, t.targetHop(r))
	}
	if r.Outside != nil {
		path.Hops = append(path.Hops, t.lists.outsideHop(r))
	}
	if translated {
		path.Hops = append(path.Hops, ingressPolicyHop(t.Facts, r))
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
			if hop.Detail != "" && !slices.Contains(unlisted, hop.Name) {
				t.Unknown(hop.Name+" of "+path.Destination, hop.Detail, r.Origin)
			}
		}
	}
	return path
}

// requirementEntity is a requirement as the model shows it.
func requirementEntity(f *world.Facts, r *world.Need) *model.Requirement {
	shown := &model.Requirement{
		Workload: world.WorkloadID(f, r.World, r.Workload), Cluster: r.World.ClusterID(), Kind: string(r.Kind), Destination: r.Display(),
		Port: r.Port, Protocol: r.Protocol, Strength: r.Strength, Origin: r.Origin,
		Public: r.ToPublic() || r.Kind == world.ToInternet,
	}
	switch {
	case r.Target != nil:
		shown.Target = r.Target.Address
	case r.Service != nil:
		shown.Target = r.Service.ID()
	}
	return shown
}

// targetHop judges what guards the target: its allow-list, ACL, security groups
// or bucket policy.
func (t *tracer) targetHop(r *world.Need) model.Hop {
	hop := model.Hop{Name: model.HopWhitelist, Status: truth.Unknown}
	c := r.World.Cluster
	switch {
	case c == nil || r.Workload.HostNetwork == truth.Maybe || c.Plugin == world.PluginUnknown:
		hop.Detail = "the source addresses are not in the files"
		return hop
	case r.Workload.HostNetwork == truth.No && injects(r.Workload, r.Target.Kind):
		hop.Status, hop.Code = truth.Open, "injector"
		return hop
	case r.View().Reason != "":
		hop.Detail = r.View().Reason
		return hop
	}
	switch r.Target.Kind {
	case "slb", "alb":
		return t.lists.aclHop(r)
	case "ecs", "nlb":
		return t.ingress.hop(r)
	case "oss":
		return t.buckets.hop(r)
	}
	return t.lists.access(r.Target, c, r.View().Sources, r.Public).hop(t.ways, r, hop)
}
