package egress

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/parser/kubernetes"
)

// world is what runs on one cluster, or, for manifests that are bound to none,
// what may run together.
type world struct {
	cluster *cluster // nil if unbound
	// env tells apart the worlds of a cluster, by the environments or the rendering that
	// are theirs alone, and unbound manifests: by what rendered them, from, and by the
	// environments that their directories name.
	env        string
	from       string
	envs       []string
	alone      bool // nothing tells that its objects are deployed with others
	objects    []*kubernetes.Object
	namespaces map[string]*kubernetes.Object
	workloads  []*kube.Workload
	services   map[string]*kube.Service // by namespace/name
	byAddress  []*kube.Service          // LoadBalancer Services, in order
	entrances  []*kube.Entrance         // Ingresses, and Gateways with their routes
	// ingressClasses say which controller serves a class.
	ingressClasses []*kubernetes.Object
	meshEntries    []*kube.MeshEntry
	// reused are the load balancers of Terraform that a Service uses.
	reused   map[*alicloud.Target]*kube.Service
	configs  map[string]*kube.ConfigSource
	policies []*netpol.Policy // NetworkPolicies
	// tiers are all policies: NetworkPolicies, and those of other kinds that the
	// configuration says the cluster enforces.
	tiers netpol.Policies
	// podNetworkings give pods vSwitches and security groups of their own.
	podNetworkings []*kubernetes.Object
	network        network // that of the cluster, once all worlds are sorted
	evaluator      *netpol.Evaluator
	views          []*view     // by workload: where its packets come from
	exempt         []exemption // by workload: whether nothing enforces policies on its pods
	needs          [][]*Need   // by workload: what it needs to reach
}

func (w *world) clusterID() string {
	if w.cluster == nil {
		return ""
	}
	return w.cluster.id
}

// enforces reports whether the configuration says that a controller on the cluster
// enforces an object of a kind that ACK itself does not.
func (w *world) enforces(o *kubernetes.Object) bool {
	group, _, _ := strings.Cut(o.APIVersion, "/")
	return w.cluster != nil && w.cluster.config != nil && group == tierGroups[o.Kind] &&
		slices.Contains(w.cluster.config.Network.Enforces, o.Kind)
}

// workloadID is unique over clusters.
func workloadID(f *facts, w *world, wl *kube.Workload) string {
	id := wl.ID()
	if w.env != "" {
		id = w.env + ":" + id
	}
	if w.cluster != nil && len(f.clusters) > 1 {
		id = w.cluster.id + ":" + id
	}
	return id
}
