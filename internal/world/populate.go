package world

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// populate sorts a world's objects into what they are. Of several objects of one
// kind and name the last counts, as it does where a folder is applied file by file;
// the others are reported.
func (b *binder) populate(ctx context.Context, w *World) error {
	w.Namespaces = make(map[string]*kubernetes.Object)
	w.Services = make(map[string]*kube.Service)
	w.configs = make(map[string]*kube.ConfigSource)
	endpoints := make(map[string][]kube.EndpointAddress)
	last := lastObjects(w.Objects)
	for _, o := range w.Objects {
		if err := guard.Overdue(ctx); err != nil {
			return err
		}
		if used := last[identity(o)]; used != o && o.Name != "" {
			b.duplicate(o, used)
			continue
		}
		key := kube.NamespaceOf(o) + "/" + o.Name
		switch o.Kind {
		case "Namespace":
			w.Namespaces[o.Name] = o
		case "Service":
			if o.APIVersion == "v1" {
				s := b.service(o)
				w.Services[key] = s
				if s.Kind == "LoadBalancer" {
					w.byAddress = append(w.byAddress, s)
				}
			}
		case "Endpoints", "EndpointSlice":
			name, list := kube.ReadEndpoints(o)
			endpoints[kube.NamespaceOf(o)+"/"+name] = append(endpoints[kube.NamespaceOf(o)+"/"+name], list...)
		case "Ingress":
			w.entrances = append(w.entrances, kube.ReadIngress(o))
		case "IngressClass":
			w.ingressClasses = append(w.ingressClasses, o)
		case "Gateway":
			if strings.HasPrefix(o.APIVersion, "gateway.networking.k8s.io/") {
				w.entrances = append(w.entrances, kube.ReadGateway(o))
			}
		case "ServiceEntry":
			if e := kube.ReadMeshEntry(o); e != nil {
				w.meshEntries = append(w.meshEntries, e)
			}
		case "PodNetworking":
			w.podNetworkings = append(w.podNetworkings, o)
		case "ConfigMap", "Secret":
			w.configs[o.Kind+"/"+key] = b.config(o)
		case "NetworkPolicy":
			if strings.HasPrefix(o.APIVersion, "networking.k8s.io/") || o.APIVersion == "extensions/v1beta1" {
				if p := b.policy(o); p != nil {
					w.Policies = append(w.Policies, p)
				}
			}
		default:
			if w.Enforces(o) {
				b.addTier(w, o)
				continue
			}
			if wl := b.workload(o); wl != nil {
				w.Workloads = append(w.Workloads, wl)
			}
		}
	}
	for key, list := range endpoints {
		if s := w.Services[key]; s != nil && !s.Selects {
			c := *s // the Service may be in other worlds with other endpoints
			c.Endpoints = list
			w.Services[key] = &c
		}
	}
	for _, o := range w.Objects {
		if slices.Contains(routeKinds, o.Kind) {
			addRoute(w, o)
		}
	}
	return guard.Overdue(ctx)
}

// lastObjects returns the objects that count by their identity: of those that come from
// where the first one comes from (one chart, one overlay, or plain manifests) the last.
func lastObjects(objects []*kubernetes.Object) map[string]*kubernetes.Object {
	last := make(map[string]*kubernetes.Object, len(objects))
	for _, o := range objects {
		key := identity(o)
		if first := last[key]; first == nil || first.From == o.From {
			last[key] = o
		}
	}
	return last
}

// identity is the address of an object, with the API group if that is not one of
// Kubernetes itself: other projects have a NetworkPolicy or a StatefulSet, too.
func identity(o *kubernetes.Object) string {
	group, _, _ := strings.Cut(o.APIVersion, "/")
	if strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io") {
		return group + "/" + kube.Address(o)
	}
	return kube.Address(o)
}

// readKinds are the kinds besides workloads of which it matters that there are two.
var readKinds = []string{
	"ConfigMap", "Endpoints", "EndpointSlice", "Gateway", "GRPCRoute", "HTTPRoute", "Ingress", "IngressClass",
	"NetworkPolicy", "PodNetworking", "Secret", "Service", "ServiceEntry", "TLSRoute",
}

// tierGroups are the API groups of the kinds of policies that the configuration can say
// a cluster enforces. Calico has a GlobalNetworkPolicy, too, which is another one.
var tierGroups = map[string]string{
	"CiliumNetworkPolicy": "cilium.io", "CiliumClusterwideNetworkPolicy": "cilium.io",
	"GlobalNetworkPolicy": "network.alibabacloud.com",
	"AdminNetworkPolicy":  "policy.networking.k8s.io", "BaselineAdminNetworkPolicy": "policy.networking.k8s.io",
	"ClusterNetworkPolicy": "policy.networking.k8s.io",
}

// addTier adds a policy of another kind than NetworkPolicy.
func (b *binder) addTier(w *World, o *kubernetes.Object) {
	var diagnostics []source.Diagnostic
	switch o.Kind {
	case "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy":
		var list []*netpol.Policy
		list, diagnostics = netpol.ParseCilium(o, kube.NamespaceOf(o))
		w.tiers.Cilium = append(w.tiers.Cilium, list...)
	case "GlobalNetworkPolicy":
		var p *netpol.Policy
		p, diagnostics = netpol.ParseGlobal(o)
		w.tiers.Global = append(w.tiers.Global, p)
	default:
		var a *netpol.Admin
		if a, diagnostics = netpol.ParseAdmin(o); a != nil {
			w.tiers.Admin = append(w.tiers.Admin, a)
		}
	}
	for _, d := range diagnostics {
		b.diagnose(d)
	}
}

// compilePolicies compiles the policies of a world.
func compilePolicies(ctx context.Context, f *Facts, w *World) {
	profile := netpol.Profile{Datapath: w.Network.Datapath, Enforced: truth.Yes}
	if w.Network.Enforcement == "not-enforced" {
		profile.Enforced = truth.No
	}
	if c := w.Cluster; c != nil {
		if c.Plugin == PluginTerway {
			profile.PodCIDRs = c.podAddresses()
		}
		if c.Node.Unknown == "" {
			profile.NodeCIDRs = c.Node.Addresses()
		}
		if cidr, ok := ipset.Parse(c.ServiceCIDR); ok && c.Plugin == PluginTerway {
			profile.ServiceCIDRs = ipset.Of(cidr)
		}
	}
	var namespaces []netpol.Namespace
	for _, name := range slices.Sorted(maps.Keys(w.Namespaces)) {
		labels, undecided := kube.ReadLabels(w.Namespaces[name].Root.Get("metadata", "labels"), nil)
		namespaces = append(namespaces, netpol.Namespace{Name: name, Labels: labels, UnknownLabels: undecided, Known: true})
	}
	pods := make([]netpol.Pod, len(w.Workloads))
	w.Exempt = make([]exemption, len(w.Workloads))
	for i, wl := range w.Workloads {
		pods[i] = wl.Pod()
		w.Exempt[i] = exemptionOf(f, w, wl)
		pods[i].Exempt = w.Exempt[i].Code != ""
		group, _ := w.containerGroup(wl)
		pods[i].ECI = group != truth.No && wl.HostNetwork != truth.Yes && !w.isACS(wl)
		pods[i].PerhapsExempt = pods[i].ECI && !hasPoseidon(w)
	}
	w.tiers.Network = w.Policies
	w.Evaluator = netpol.NewTiered(ctx, w.tiers, namespaces, pods, profile)
}
