package egress

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// builder holds the state of one Build.
type builder struct {
	ctx     context.Context
	input   Input
	options Options
	model   *model.Model
	places  *kube.Places

	scopes         []*alicloud.Scope
	clusterList    []*cluster
	targetList     []*target
	entries        map[*alicloud.Scope][]*alicloud.SNATEntry
	privateDomains []string
	born           []terraformObject
	creators       map[*kubernetes.Object]terraformObject
	outside        []*outsideTarget

	// Gates under construction.
	internet      []*internetGate
	routes        []*routeGate
	entryList     []entryGate
	allowLists    gates[gateKey, *allowListGate]
	acls          gates[gateKey, *allowListGate]
	dns           gates[dnsKey, *dnsGate]
	policyBlocks  gates[policyKey, *policyGate]
	groups        gates[groupKey, *groupGate]
	loadBalancers gates[loadBalancerKey, *loadBalancerGate]
	ingress       gates[ingressKey, *ingressGate]
	ipv6          gates[ipv6Key, *ipv6Gate]
	aclBlocks     gates[aclKey, *aclGate]
	buckets       gates[gateKey, *bucketGate]

	networkACLs map[*alicloud.VSwitch]*alicloud.NetworkACL

	// What an object is does not depend on the worlds it belongs to.
	workloads map[*kubernetes.Object]*kube.Workload
	services  map[*kubernetes.Object]*kube.Service
	configs   map[*kubernetes.Object]*kube.ConfigSource
	policies  map[*kubernetes.Object]*netpol.Policy

	duplicated  []*duplicates
	diagnostics []source.Diagnostic
	diagnosed   map[source.Diagnostic]bool
	unknowns    map[model.Unknown]bool
}

// Build makes the model of what the input's workloads need to reach and what
// stands in the way. The diagnostics are about objects that the API server would
// reject and declarations that cannot be read; the rest of the input counts all
// the same. The error is that of ctx.
func Build(ctx context.Context, input Input) (*model.Model, []source.Diagnostic, error) {
	b := newBuilder(ctx, input)
	for _, o := range input.Objects {
		b.model.Ignores = append(b.model.Ignores, kube.Ignores(o)...)
	}
	worlds, err := b.worlds(true)
	if err != nil {
		return nil, nil, err
	}
	b.judgeClusters()
	for _, w := range worlds {
		if err := guard.Overdue(ctx); err != nil {
			return nil, nil, err
		}
		if w.cluster == nil {
			b.policyEnforcement([]*world{w})
		} else if w == w.cluster.worlds[0] {
			b.policyEnforcement(w.cluster.worlds)
		}
		b.unsupportedPolicies(w)
		b.nameResolution(w)
		b.deadPeers(w)
		b.podEIPs(w)
		b.injectors(w)
		if err := b.traceWorld(w); err != nil {
			return nil, nil, err
		}
	}
	for _, c := range b.clusterList {
		c.markServed()
	}
	b.unmatchedRequirements(worlds)
	if err := b.finish(worlds); err != nil {
		return nil, nil, err
	}
	b.reportDuplicates()
	return b.model, b.sortedDiagnostics(), nil
}

// worlds reads the input up to the objects of each world. Targets outside the files
// are asked for by those who trace ways to them.
func (b *builder) worlds(targets bool) ([]*world, error) {
	if err := b.readCloud(); err != nil {
		return nil, err
	}
	if targets {
		b.outside = b.outsideTargets()
	}
	worlds, err := b.bind()
	if err != nil {
		return nil, err
	}
	for _, w := range worlds {
		if err := b.populate(w); err != nil {
			return nil, err
		}
	}
	b.settle(worlds)
	for _, w := range worlds {
		if err := guard.Overdue(b.ctx); err != nil {
			return nil, err
		}
		b.readReused(w)
		b.readViews(w)
	}
	// The addresses of pods are those of all worlds of their cluster.
	for _, w := range worlds {
		if err := guard.Overdue(b.ctx); err != nil {
			return nil, err
		}
		b.evaluatorOf(w)
	}
	return worlds, guard.Overdue(b.ctx)
}

func (b *builder) sortedDiagnostics() []source.Diagnostic {
	slices.SortFunc(b.diagnostics, source.Diagnostic.Compare)
	return b.diagnostics
}

func newBuilder(ctx context.Context, input Input) *builder {
	return &builder{
		ctx: ctx, input: input, options: input.Options, places: kube.NewPlaces(),
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
		entries:     make(map[*alicloud.Scope][]*alicloud.SNATEntry),
		networkACLs: make(map[*alicloud.VSwitch]*alicloud.NetworkACL),
		workloads:   make(map[*kubernetes.Object]*kube.Workload),
		services:    make(map[*kubernetes.Object]*kube.Service),
		configs:     make(map[*kubernetes.Object]*kube.ConfigSource),
		policies:    make(map[*kubernetes.Object]*netpol.Policy),
		creators:    make(map[*kubernetes.Object]terraformObject),
		diagnosed:   make(map[source.Diagnostic]bool),
		unknowns:    make(map[model.Unknown]bool),
	}
}

// readCloud reads every Terraform root.
func (b *builder) readCloud() error {
	for _, root := range b.input.Roots {
		b.scopes = append(b.scopes, alicloud.NewScope(root, b.places.Registry))
	}
	alicloud.JoinScopes(b.scopes)
	for _, s := range b.scopes {
		if err := guard.Overdue(b.ctx); err != nil {
			return err
		}
		b.clusterList = append(b.clusterList, b.clusters(s)...)
		b.targetList = append(b.targetList, b.targets(s)...)
		b.targetList = append(b.targetList, b.destinations(s)...)
	}
	b.readPrivateDomains()
	b.addConfiguredClusters()
	sortClusters(b.clusterList)
	for _, s := range b.scopes {
		if err := guard.Overdue(b.ctx); err != nil {
			return err
		}
		for _, t := range b.terraformObjects(s) {
			b.creators[t.object] = t
			b.places.Bear(t.object, t.scope.Place(t.res, t.res.Body))
			b.born = append(b.born, t)
			b.model.Ignores = append(b.model.Ignores, kube.Ignores(t.object)...)
		}
	}
	for _, t := range b.targetList {
		b.model.Targets = append(b.model.Targets, t.Target)
	}
	return nil
}

// addConfiguredClusters adds the clusters that only the configuration names.
func (b *builder) addConfiguredClusters() {
	for i := range b.options.Clusters {
		config := &b.options.Clusters[i]
		if slices.ContainsFunc(b.clusterList, func(c *cluster) bool { return c.config == config }) {
			continue
		}
		if config.Terraform != "" {
			b.diagnose(source.Diagnostic{
				Kind: source.UnmatchedEntry, Range: config.At,
				Message: fmt.Sprintf("match cluster %s: the Terraform that was read has no cluster %s", config.Name, config.Terraform),
			})
		}
		c := &cluster{
			network: undecided, id: config.Name, name: config.Name, kind: "unknown", proxyMode: "unknown",
			mismatches: []model.Mismatch{}, config: config,
		}
		c.pod = sources{role: rolePod, unknown: c.name + " is not in the files"}
		c.node = sources{role: roleNode, unknown: c.name + " is not in the files"}
		c.readIntent()
		b.clusterList = append(b.clusterList, c)
	}
}

// unmatchedRequirements tells of requirements of the configuration that are about no
// workload.
func (b *builder) unmatchedRequirements(worlds []*world) {
	for i := range b.options.Requirements {
		config := &b.options.Requirements[i]
		if !slices.ContainsFunc(worlds, func(w *world) bool {
			return slices.ContainsFunc(w.workloads, func(wl *kube.Workload) bool { return wl.Matches(config.From) })
		}) {
			b.diagnose(source.Diagnostic{
				Kind: source.UnmatchedEntry, Range: config.At,
				Message: "match requirement: no workload that was read is " + config.From,
			})
		}
	}
}

// judgeClusters makes the gates that the infrastructure alone decides.
func (b *builder) judgeClusters() {
	for _, c := range b.clusterList {
		b.internetAccess(c)
		if c.scope == nil {
			continue
		}
		b.routeBlocks(c)
		if c.plugin != pluginUnknown {
			b.latentGroups(c)
		}
	}
	for _, s := range b.scopes {
		b.entryGates(s)
	}
	b.entryList = onceEach(b.entryList)
	for _, t := range b.targetList {
		if len(t.product.lists) == 0 {
			continue
		}
		for _, c := range b.clusterList {
			if t.vpc != nil && t.vpc == c.vpc && c.plugin != pluginUnknown {
				b.allowListAccess(t, c, c.primary(), false)
			}
		}
	}
}

// workloadID is unique over clusters.
func (b *builder) workloadID(w *world, wl *kube.Workload) string {
	id := wl.ID()
	if w.env != "" {
		id = w.env + ":" + id
	}
	if w.cluster != nil && len(b.clusterList) > 1 {
		id = w.cluster.id + ":" + id
	}
	return id
}

// finish fills the model from the gates.
func (b *builder) finish(worlds []*world) error {
	m := b.model
	for _, w := range worlds {
		if err := guard.Overdue(b.ctx); err != nil {
			return err
		}
		b.listWorld(w)
	}
	for _, gate := range b.internet {
		gate.Need = gate.need.sum()
		m.InternetAccess = append(m.InternetAccess, gate.InternetAccess)
		for _, u := range gate.describeUnknowns() {
			b.unknown(u.Subject, u.Reason, u.Origin)
		}
	}
	b.finishRoutes()
	for _, e := range b.entryList {
		list := make([]*needs, 0, len(e.gates))
		for _, gate := range e.gates {
			list = append(list, &gate.need)
		}
		e.Need = merged(list...)
		m.Translations = append(m.Translations, e.Translation)
	}
	for _, gate := range b.allowLists.list {
		if err := guard.Overdue(b.ctx); err != nil {
			return err
		}
		b.finishAllowList(gate)
	}
	b.dns.list = slices.DeleteFunc(b.dns.list, func(gate *dnsGate) bool {
		return gate.need.sum().Strength == model.None && !gate.latent // only literal addresses are needed
	})
	b.buckets.list = slices.DeleteFunc(b.buckets.list, func(gate *bucketGate) bool { return gate.BucketPolicyBlock == nil })
	m.AllowListAccess = entities(b.allowLists.list, (*allowListGate).entity)
	m.ACLAccess = entities(b.acls.list, (*allowListGate).entity)
	m.NameResolution = entities(b.dns.list, (*dnsGate).entity)
	m.PolicyBlocks = entities(b.policyBlocks.list, (*policyGate).entity)
	m.SecurityGroupEgress = entities(b.groups.list, (*groupGate).entity)
	m.LoadBalancerAccess = entities(b.loadBalancers.list, (*loadBalancerGate).entity)
	m.SecurityGroupIngress = entities(b.ingress.list, (*ingressGate).entity)
	m.NetworkACLBlocks = entities(b.aclBlocks.list, (*aclGate).entity)
	m.BucketPolicyBlocks = entities(b.buckets.list, (*bucketGate).entity)
	m.IPv6Access = entities(b.ipv6.list, (*ipv6Gate).entity)
	for _, c := range b.clusterList {
		m.Clusters = append(m.Clusters, c.entity())
	}
	m.Origins = b.places.List
	b.sort()
	return nil
}

// finishAllowList adds what a gate can only know once all gates are judged: whether the
// list admits any cluster of the target's VPC, and whether it is meant for others.
func (b *builder) finishAllowList(gate *allowListGate) {
	gate.Need = gate.need.sum()
	for _, other := range b.allowLists.list {
		if other.target == gate.target && gate.target.vpc != nil && other.cluster.vpc == gate.target.vpc && len(other.Covered) > 0 {
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
	case b.injected(gate.cluster, gate.target):
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
func (b *builder) injected(c *cluster, t *target) bool {
	return slices.ContainsFunc(c.worlds, func(w *world) bool {
		return slices.ContainsFunc(w.workloads, func(wl *kube.Workload) bool { return injects(wl, t.Kind) })
	})
}

// listWorld lists the entities of a world.
func (b *builder) listWorld(w *world) {
	for _, wl := range w.workloads {
		b.model.Workloads = append(b.model.Workloads, &model.Workload{
			ID: b.workloadID(w, wl), Kind: wl.Kind, Namespace: wl.Namespace, Name: wl.Name, Cluster: w.clusterID(),
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

func (b *builder) unknown(subject, reason string, origin place.Origin) {
	u := model.Unknown{Subject: subject, Reason: reason, Origin: origin}
	if !b.unknowns[u] {
		b.unknowns[u] = true
		b.model.Unknowns = append(b.model.Unknowns, u)
	}
}

func (b *builder) diagnose(d source.Diagnostic) {
	if !b.diagnosed[d] {
		b.diagnosed[d] = true
		b.diagnostics = append(b.diagnostics, d)
	}
}

// memo returns what make gives for an object, once.
func memo[T any](seen map[*kubernetes.Object]T, o *kubernetes.Object, read func(*kubernetes.Object) T) T {
	v, ok := seen[o]
	if !ok {
		v = read(o)
		seen[o] = v
	}
	return v
}

func (b *builder) workload(o *kubernetes.Object) *kube.Workload {
	return memo(b.workloads, o, kube.ReadWorkload)
}

func (b *builder) service(o *kubernetes.Object) *kube.Service {
	return memo(b.services, o, kube.ReadService)
}

func (b *builder) config(o *kubernetes.Object) *kube.ConfigSource {
	return memo(b.configs, o, kube.ReadConfigSource)
}

func (b *builder) policy(o *kubernetes.Object) *netpol.Policy {
	return memo(b.policies, o, func(o *kubernetes.Object) *netpol.Policy {
		p, diagnostics := netpol.Parse(o, kube.NamespaceOf(o))
		for _, d := range diagnostics {
			b.diagnose(d)
		}
		return p
	})
}
