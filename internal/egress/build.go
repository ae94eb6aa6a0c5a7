package egress

import (
	"cmp"
	"context"
	"slices"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// Build makes the model of what the input's workloads need to reach and what
// stands in the way. The diagnostics are about objects that the API server would
// reject and declarations that cannot be read; the rest of the input counts all
// the same. The error is that of ctx.
func Build(ctx context.Context, input Input) (*model.Model, []source.Diagnostic, error) {
	n := newNotes()
	f, err := readFacts(ctx, input, n)
	if err != nil {
		return nil, nil, err
	}
	worlds, err := bindWorlds(ctx, f, input.Objects, n)
	if err != nil {
		return nil, nil, err
	}
	unmatchedRequirements(f, worlds, n)
	b := newBuilder(ctx, f, n)
	if err := b.trace(worlds); err != nil {
		return nil, nil, err
	}
	for _, o := range input.Objects {
		b.model.Ignores = append(b.model.Ignores, kube.Ignores(o)...)
	}
	for _, t := range f.born {
		b.model.Ignores = append(b.model.Ignores, kube.Ignores(t.object)...)
	}
	return b.model, n.sortedDiagnostics(), nil
}

// builder holds the state of one trace.
type builder struct {
	*facts
	*notes
	ctx   context.Context
	model *model.Model

	// Gates under construction.
	allowLists    gates[gateKey, *allowListGate]
	acls          gates[gateKey, *allowListGate]
	dns           *dnsJudge
	policyBlocks  *policyJudge
	groups        *groupJudge
	loadBalancers *loadBalancerJudge
	ingress       gates[ingressKey, *ingressGate]
	ipv6          *ipv6Judge
	injectors     *injectorJudge
	ways          *ways
	networkACLs   *aclJudge
	buckets       *bucketJudge
}

// trace traces what the workloads of the worlds need, and judges the gates.
func (b *builder) trace(worlds []*world) error {
	b.judgeClusters()
	for _, w := range worlds {
		if err := guard.Overdue(b.ctx); err != nil {
			return err
		}
		if w.cluster == nil {
			b.model.PolicyEnforcement = append(b.model.PolicyEnforcement, policyEnforcement(b.facts, []*world{w})...)
		} else if w == w.cluster.worlds[0] {
			b.model.PolicyEnforcement = append(b.model.PolicyEnforcement, policyEnforcement(b.facts, w.cluster.worlds)...)
		}
		b.model.UnsupportedPolicies = append(b.model.UnsupportedPolicies, unsupportedPolicies(b.facts, w)...)
		b.dns.judgeWorld(w)
		b.model.DeadPeers = append(b.model.DeadPeers, deadPeers(b.facts, w, b.dns.byWorkload[w])...)
		b.model.Extensions.Alicloud.PodEIPs = append(b.model.Extensions.Alicloud.PodEIPs, podEIPs(b.facts, w)...)
		b.injectors.judgeWorld(w)
		if err := b.traceWorld(w); err != nil {
			return err
		}
	}
	for _, c := range b.clusterList {
		b.ways.markServed(c)
	}
	return b.finish(worlds)
}

func newBuilder(ctx context.Context, f *facts, n *notes) *builder {
	y := newWays(f, n)
	groups := &groupJudge{sets: make(map[*sources][]*groupSet)}
	return &builder{
		ctx: ctx, facts: f, notes: n,
		model: &model.Model{
			APIVersion: model.APIVersion,
			Clusters:   []*model.Cluster{}, Translations: []*model.Translation{}, Targets: []*model.Target{}, Workloads: []*model.Workload{},
			Policies: []*model.Policy{}, Requirements: []*model.Requirement{}, Paths: []*model.Path{},
			Gates: model.Gates{
				InternetAccess: []*model.InternetAccess{}, RouteBlocks: []*model.RouteBlock{}, PolicyEnforcement: []*model.PolicyEnforcement{},
				DeadPeers: []*model.DeadPeer{}, DNSPolicies: []*model.DNSPolicy{}, UnsupportedPolicies: []*model.UnsupportedPolicy{},
			},
			Extensions: model.Extensions{Alicloud: model.Alicloud{PodEIPs: []*model.PodEIP{}, Injectors: []*model.Injector{}}},
		},
		loadBalancers: &loadBalancerJudge{places: f.places},
		policyBlocks:  &policyJudge{places: f.places},
		ipv6:          &ipv6Judge{facts: f},
		ways:          y, injectors: &injectorJudge{facts: f, ways: y},
		buckets:     &bucketJudge{ways: y},
		groups:      groups,
		dns:         &dnsJudge{facts: f, groups: groups, byWorkload: make(map[*world][]*dnsGate)},
		networkACLs: &aclJudge{acls: make(map[*alicloud.VSwitch]*alicloud.NetworkACL)},
	}
}

// unmatchedRequirements tells of requirements of the configuration that are about no
// workload.
func unmatchedRequirements(f *facts, worlds []*world, n *notes) {
	for i := range f.options.Requirements {
		config := &f.options.Requirements[i]
		if !slices.ContainsFunc(worlds, func(w *world) bool {
			return slices.ContainsFunc(w.workloads, func(wl *kube.Workload) bool { return wl.Matches(config.From) })
		}) {
			n.diagnose(source.Diagnostic{
				Kind: source.UnmatchedEntry, Range: config.At,
				Message: "match requirement: no workload that was read is " + config.From,
			})
		}
	}
}

// judgeClusters makes the gates that the infrastructure alone decides.
func (b *builder) judgeClusters() {
	for _, c := range b.clusterList {
		if c.scope != nil && c.plugin != pluginUnknown {
			b.groups.judgeCluster(c)
		}
	}
	for _, t := range b.targetList {
		if !t.HasList() {
			continue
		}
		for _, c := range b.clusterList {
			if t.VPC != nil && t.VPC == c.vpc && c.plugin != pluginUnknown {
				b.allowListAccess(t, c, c.primary(), false)
			}
		}
	}
}

// finish fills the model from the gates.
func (b *builder) finish(worlds []*world) error {
	m := b.model
	for _, t := range b.targetList {
		m.Targets = append(m.Targets, targetEntity(t))
	}
	for _, w := range worlds {
		if err := guard.Overdue(b.ctx); err != nil {
			return err
		}
		b.listWorld(w)
	}
	for _, gate := range b.ways.gates {
		gate.Need = gate.need.sum()
		m.InternetAccess = append(m.InternetAccess, gate.InternetAccess)
		for _, u := range gate.describeUnknowns() {
			b.unknown(u.Subject, u.Reason, u.Origin)
		}
	}
	m.RouteBlocks, m.Translations, m.Extensions.Alicloud.Injectors = b.ways.routeEntities(), b.ways.entryEntities(), append(m.Extensions.Alicloud.Injectors, b.injectors.gates...)
	for _, gate := range b.allowLists.list {
		if err := guard.Overdue(b.ctx); err != nil {
			return err
		}
		b.finishAllowList(gate)
	}
	b.dns.gates.list = slices.DeleteFunc(b.dns.gates.list, func(gate *dnsGate) bool {
		return gate.need.sum().Strength == model.None && !gate.latent // only literal addresses are needed
	})
	b.buckets.gates.list = slices.DeleteFunc(b.buckets.gates.list, func(gate *bucketGate) bool { return gate.BucketPolicyBlock == nil })
	m.AllowListAccess = entities(b.allowLists.list, (*allowListGate).entity)
	m.ACLAccess = entities(b.acls.list, (*allowListGate).entity)
	m.NameResolution = entities(b.dns.gates.list, (*dnsGate).entity)
	m.PolicyBlocks = entities(b.policyBlocks.gates.list, (*policyGate).entity)
	m.SecurityGroupEgress = entities(b.groups.gates.list, (*groupGate).entity)
	m.LoadBalancerAccess = entities(b.loadBalancers.gates.list, (*loadBalancerGate).entity)
	m.SecurityGroupIngress = entities(b.ingress.list, (*ingressGate).entity)
	m.NetworkACLBlocks = entities(b.networkACLs.gates.list, (*aclGate).entity)
	m.BucketPolicyBlocks = entities(b.buckets.gates.list, (*bucketGate).entity)
	m.IPv6Access = entities(b.ipv6.gates.list, (*ipv6Gate).entity)
	for _, c := range b.clusterList {
		m.Clusters = append(m.Clusters, c.entity())
	}
	m.Origins, m.Unknowns, m.Bindings = b.places.List, b.unknowns, b.bindings
	b.sort()
	return nil
}

// finishAllowList adds what a gate can only know once all gates are judged: whether the
// list admits any cluster of the target's VPC, and whether it is meant for others.
func (b *builder) finishAllowList(gate *allowListGate) {
	gate.Need = gate.need.sum()
	for _, other := range b.allowLists.list {
		if other.target == gate.target && gate.target.VPC != nil && other.cluster.vpc == gate.target.VPC && len(other.Covered) > 0 {
			gate.CoversCluster = true
		}
	}
	if gate.Need.Strength == model.None && gate.Status != truth.Open {
		if reason := b.meantForOthers(gate); reason != "" {
			gate.Status, gate.Code, gate.Reason = truth.Unknown, "", reason
		}
	}
	if gate.Status == truth.Unknown && gate.Reason != "" {
		b.unknown("whitelist of "+gate.Target, gate.Reason, gate.Origin)
	}
}

// meantForOthers says why it proves nothing that a list is closed for sources from which
// nobody is known to need it; empty if it is meant for nobody else.
func (b *builder) meantForOthers(gate *allowListGate) string {
	if scope := b.servesNetwork(gate); scope != "" {
		return "the list serves " + scope + ", and no other is known to need it"
	}
	other := func(is func(*allowListGate) bool) bool {
		return slices.ContainsFunc(b.allowLists.list, func(other *allowListGate) bool {
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
func (b *builder) servesNetwork(gate *allowListGate) string {
	if gate.Scope != "" || gate.Role != rolePod {
		return ""
	}
	for _, src := range gate.cluster.own {
		if len(src.members) == 0 || src.scope == "" {
			continue
		}
		own := b.newAllowListGate(gate.target, gate.cluster, src, false)
		if b.judgeList(own, gate.target, gate.cluster); own.Status == truth.Open {
			return src.scope
		}
	}
	return ""
}

// injected reports whether some workload of the cluster lets the injector add its
// pods to lists of the target's kind.
func injected(c *cluster, t *target) bool {
	return slices.ContainsFunc(c.worlds, func(w *world) bool {
		return slices.ContainsFunc(w.workloads, func(wl *kube.Workload) bool { return injects(wl, t.Kind) })
	})
}

// listWorld lists the entities of a world.
func (b *builder) listWorld(w *world) {
	for _, wl := range w.workloads {
		b.model.Workloads = append(b.model.Workloads, &model.Workload{
			ID: workloadID(b.facts, w, wl), Kind: wl.Kind, Namespace: wl.Namespace, Name: wl.Name, Cluster: w.clusterID(),
			HostNetwork: wl.HostNetwork == truth.Yes, DNSPolicy: wl.DNSPolicy, Origin: b.places.Range(wl.Object, wl.Object.Root.Range),
		})
	}
	selects := make(map[*netpol.Policy]int)
	for i := range w.workloads {
		for _, p := range w.evaluator.Isolating(i, netpol.Egress) {
			selects[p]++
		}
	}
	for _, p := range w.policies {
		b.model.Policies = append(b.model.Policies, &model.Policy{
			Namespace: p.Namespace, Name: p.Name, Cluster: w.clusterID(), Selects: selects[p],
			Egress: p.Isolates(netpol.Egress) == truth.Yes, Ingress: p.Isolates(netpol.Ingress) == truth.Yes,
			Origin: b.places.Range(p.Object, p.Object.Root.Range),
		})
	}
}

// sort puts the lists whose order comes from the input into an order of their
// own.
func (b *builder) sort() {
	m := b.model
	slices.SortStableFunc(m.Workloads, func(x, y *model.Workload) int { return cmp.Compare(x.ID, y.ID) })
	slices.SortStableFunc(m.Policies, func(x, y *model.Policy) int {
		return cmp.Or(cmp.Compare(x.Cluster, y.Cluster), cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Name, y.Name))
	})
	slices.SortStableFunc(m.Requirements, func(x, y *model.Requirement) int {
		return cmp.Or(cmp.Compare(x.Workload, y.Workload), cmp.Compare(x.Destination, y.Destination), cmp.Compare(x.Port, y.Port))
	})
	slices.SortStableFunc(m.Paths, func(x, y *model.Path) int {
		return cmp.Or(cmp.Compare(x.Workload, y.Workload), cmp.Compare(x.Destination, y.Destination), cmp.Compare(x.Port, y.Port))
	})
	slices.SortStableFunc(m.AllowListAccess, func(x, y *model.AllowListAccess) int {
		return cmp.Or(cmp.Compare(x.Target, y.Target), cmp.Compare(x.Cluster, y.Cluster), cmp.Compare(x.Role, y.Role))
	})
	slices.SortFunc(m.Unknowns, func(x, y model.Unknown) int {
		return cmp.Or(cmp.Compare(x.Reason, y.Reason), cmp.Compare(x.Subject, y.Subject), cmp.Compare(x.Origin.Ref, y.Origin.Ref))
	})
}
