package trace

import (
	"cmp"
	"slices"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/kubernetes"
)

// What was found out, as the model shows it.

// newModel makes the model of what was traced.
func newModel(f *world.Facts, objects []*kubernetes.Object, worlds []*world.World, t *tracer) *model.Model {
	m := &model.Model{
		APIVersion:   model.APIVersion,
		Clusters:     entities(f.Clusters, (*world.Cluster).Entity),
		Targets:      entities(f.Targets, targetEntity),
		Translations: t.ways.entryEntities(),
		Gates:        gatesOf(t),
		Paths:        list(t.paths),
		Extensions: model.Extensions{Alicloud: model.Alicloud{
			PodEIPs: list(t.podEIPs), Injectors: list(t.injectors.gates),
		}},
	}
	m.Workloads, m.Policies, m.Requirements = []*model.Workload{}, []*model.Policy{}, []*model.Requirement{}
	for _, w := range worlds {
		m.Workloads = append(m.Workloads, workloadEntities(f, w)...)
		m.Policies = append(m.Policies, policyEntities(f, w)...)
		for _, needs := range w.Needs {
			for _, r := range needs {
				m.Requirements = append(m.Requirements, requirementEntity(f, r))
			}
		}
	}
	for _, gate := range t.ways.gates {
		for _, u := range gate.describeUnknowns() {
			t.Unknown(u.Subject, u.Reason, u.Origin)
		}
	}
	for _, gate := range t.lists.whitelists.list {
		if gate.Status == truth.Unknown && gate.Reason != "" {
			t.Unknown("whitelist of "+gate.Target, gate.Reason, gate.Origin)
		}
	}
	for _, o := range objects {
		m.Ignores = append(m.Ignores, kube.Ignores(o)...)
	}
	for _, born := range f.Born {
		m.Ignores = append(m.Ignores, kube.Ignores(born.Object)...)
	}
	m.Origins, m.Unknowns, m.Bindings = f.Places.List, t.Unknowns, t.Bindings
	sortModel(m)
	return m
}

// gatesOf are the gates that were met, or that the infrastructure alone decides.
func gatesOf(t *tracer) model.Gates {
	return model.Gates{
		InternetAccess:       entities(t.ways.gates, (*internetGate).entity),
		RouteBlocks:          t.ways.routeEntities(),
		AllowListAccess:      t.lists.whitelistEntities(),
		ACLAccess:            entities(t.lists.acls.list, (*allowListGate).entity),
		LoadBalancerAccess:   entities(t.loadBalancers.gates.list, (*loadBalancerGate).entity),
		NameResolution:       entities(t.dns.needed(), (*dnsGate).entity),
		PolicyBlocks:         entities(t.policies.gates.list, (*policyGate).entity),
		PolicyEnforcement:    list(t.enforcement),
		SecurityGroupEgress:  entities(t.groups.gates.list, (*groupGate).entity),
		SecurityGroupIngress: entities(t.ingress.gates.list, (*ingressGate).entity),
		NetworkACLBlocks:     entities(t.networkACLs.gates.list, (*aclGate).entity),
		BucketPolicyBlocks:   entities(t.buckets.denied(), (*bucketGate).entity),
		IPv6Access:           entities(t.ipv6.gates.list, (*ipv6Gate).entity),
		DeadPeers:            list(t.deadPeers),
		UnsupportedPolicies:  list(t.unsupported),
		DNSPolicies:          list(t.dnsPolicies),
	}
}

// list is a list as JSON shows it, where an empty one is no null.
func list[E any](l []E) []E {
	if l == nil {
		return []E{}
	}
	return l
}

func workloadEntities(f *world.Facts, w *world.World) []*model.Workload {
	return entities(w.Workloads, func(wl *kube.Workload) *model.Workload {
		return &model.Workload{
			ID: world.WorkloadID(f, w, wl), Kind: wl.Kind, Namespace: wl.Namespace, Name: wl.Name, Cluster: w.ClusterID(),
			HostNetwork: wl.HostNetwork == truth.Yes, DNSPolicy: wl.DNSPolicy, Origin: f.Places.Range(wl.Object, wl.Object.Root.Range),
		}
	})
}

func policyEntities(f *world.Facts, w *world.World) []*model.Policy {
	selects := make(map[*netpol.Policy]int)
	for i := range w.Workloads {
		for _, p := range w.Evaluator.Isolating(i, netpol.Egress) {
			selects[p]++
		}
	}
	return entities(w.Policies, func(p *netpol.Policy) *model.Policy {
		return &model.Policy{
			Namespace: p.Namespace, Name: p.Name, Cluster: w.ClusterID(), Selects: selects[p],
			Egress: p.Isolates(netpol.Egress) == truth.Yes, Ingress: p.Isolates(netpol.Ingress) == truth.Yes,
			Origin: f.Places.Range(p.Object, p.Object.Root.Range),
		}
	})
}

// sortModel puts the lists whose order comes from the input into an order of their
// own.
func sortModel(m *model.Model) {
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
