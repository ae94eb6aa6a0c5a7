package world

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/parser/kubernetes"
)

// World is what runs on one cluster, or, for manifests that are bound to none,
// what may run together.
type World struct {
	Cluster *Cluster // nil if unbound
	// env tells apart the worlds of a cluster, by the environments or the rendering that
	// are theirs alone, and unbound manifests: by what rendered them, from, and by the
	// environments that their directories name.
	env        string
	from       string
	envs       []string
	alone      bool // nothing tells that its objects are deployed with others
	Objects    []*kubernetes.Object
	Namespaces map[string]*kubernetes.Object
	Workloads  []*kube.Workload
	Services   map[string]*kube.Service // by namespace/name
	byAddress  []*kube.Service          // LoadBalancer Services, in order
	entrances  []*kube.Entrance         // Ingresses, and Gateways with their routes
	// ingressClasses say which controller serves a class.
	ingressClasses []*kubernetes.Object
	meshEntries    []*kube.MeshEntry
	// reused are the load balancers of Terraform that a Service uses.
	reused   map[*alicloud.Target]*kube.Service
	configs  map[string]*kube.ConfigSource
	Policies []*netpol.Policy // NetworkPolicies
	// tiers are all policies: NetworkPolicies, and those of other kinds that the
	// configuration says the cluster enforces.
	tiers netpol.Policies
	// podNetworkings give pods vSwitches and security groups of their own.
	podNetworkings []*kubernetes.Object
	Network        network // that of the cluster, once all worlds are sorted
	Evaluator      *netpol.Evaluator
	Views          []*View     // by workload: where its packets come from
	Exempt         []exemption // by workload: whether nothing enforces policies on its pods
	Needs          [][]*Need   // by workload: what it needs to reach
}

// ClusterID is the id of the cluster; empty if there is none.
func (w *World) ClusterID() string {
	if w.Cluster == nil {
		return ""
	}
	return w.Cluster.ID
}

// Enforces reports whether the configuration says that a controller on the cluster
// enforces an object of a kind that ACK itself does not.
func (w *World) Enforces(o *kubernetes.Object) bool {
	group, _, _ := strings.Cut(o.APIVersion, "/")
	return w.Cluster != nil && w.Cluster.config != nil && group == tierGroups[o.Kind] &&
		slices.Contains(w.Cluster.config.Network.Enforces, o.Kind)
}

// WorkloadID is unique over clusters.
func WorkloadID(f *Facts, w *World, wl *kube.Workload) string {
	id := wl.ID()
	if w.env != "" {
		id = w.env + ":" + id
	}
	if w.Cluster != nil && len(f.Clusters) > 1 {
		id = w.Cluster.ID + ":" + id
	}
	return id
}

// MayDeny reports whether the cluster has policies with rules that deny.
func (w *World) MayDeny() bool { return len(w.tiers.Admin) > 0 || len(w.tiers.Cilium) > 0 }

// TranslatesByEBPF reports whether an eBPF data path, not kube-proxy, translates the
// addresses of Services for pods.
func (w *World) TranslatesByEBPF() bool {
	return w.Network.Datapath == "v2" || w.Network.Datapath == "ipvlan"
}

// Polices reports whether something on the cluster may enforce policies: the network
// plug-in, or the controllers of other kinds that the configuration names, but for the
// GlobalNetworkPolicies that add to the plug-in's policies. These controllers are not
// known to see the packets of exclusive ENIs.
func (w *World) Polices() bool {
	if w.Network.Enforcement != "not-enforced" {
		return true
	}
	return w.MayDeny() && !w.Network.Exclusive
}

// EnforcementOf says whether the cluster enforces an object: of the kinds that the
// configuration names it is known.
func (w *World) EnforcementOf(o *kubernetes.Object) string {
	if w.Enforces(o) {
		return "enforced"
	}
	return w.Network.Enforcement
}
