package egress

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
)

// loadBalancerJudge judges access to the external addresses of Services.
type loadBalancerJudge struct {
	places *kube.Places
	gates  gates[loadBalancerKey, *loadBalancerGate]
}

// loadBalancerGate is a LoadBalancerAccess under construction.
type loadBalancerGate struct {
	*model.LoadBalancerAccess
	facts []model.Fact
	need  needs
}

func (gate *loadBalancerGate) entity() *model.LoadBalancerAccess {
	gate.Need = gate.need.sum()
	return gate.LoadBalancerAccess
}

// hop judges access to the external address of a Service of the same
// cluster.
func (j *loadBalancerJudge) hop(r *Need) model.Hop {
	s, w := r.service, r.world
	hop := model.Hop{
		Name: "load-balancer", Status: truth.Unknown, Component: "Service/" + s.ID(), Sources: r.view().labels(),
		Origin: j.places.Object(s.Object, s.TrafficPolicy()),
	}
	switch {
	case !s.Serves(r.protocol, r.port):
		hop.Detail = s.ID() + " has no port " + strconv.Itoa(r.port)
		return hop
	case r.workload.HostNetwork == truth.Maybe:
		hop.Detail = "hostNetwork of " + r.workload.Display() + " is unknown"
		return hop
	}
	clients := "pod"
	if r.workload.HostNetwork == truth.Yes {
		clients = "host"
	}
	status, code := judgeLoadBalancer(r, clients)
	gate := j.gates.at(loadBalancerKey{w, s.ID(), clients, code}, func() *loadBalancerGate {
		gate := &loadBalancerGate{LoadBalancerAccess: &model.LoadBalancerAccess{
			Cluster: w.clusterID(), Service: s.ID(), Address: cmp.Or(r.shown, r.host), Clients: clients, Status: status, Code: code,
			Plugin: pluginUnknown, ProxyMode: "unknown", Origin: j.places.Object(s.Object, s.TrafficPolicy()),
		}}
		if w.cluster != nil {
			c := w.cluster
			gate.ClusterName, gate.Plugin, gate.ProxyMode, gate.Version = c.name, c.plugin, c.proxyMode, c.version
		}
		internal, _ := s.Object.Root.Get("spec", "internalTrafficPolicy").Text()
		gate.InternalOnly = internal == "Local"
		backend, _ := s.Object.Root.Get("metadata", "annotations", "service.beta.kubernetes.io/backend-type").Text()
		gate.Extensions.Alicloud.ENIBackend = backend == "eni"
		gate.facts = []model.Fact{
			fact("externalTrafficPolicy", written(s.Object.Root.Get("spec", "externalTrafficPolicy"), "Cluster"), gate.Origin),
			fact("kube-proxy mode", gate.ProxyMode, place.Origin{}), fact("Kubernetes version", orNone(gate.Version), place.Origin{}),
			fact("data path", w.network.datapath, place.Origin{}),
		}
		return gate
	})
	gate.need.add(r)
	hop.Status, hop.Code, hop.Detail, hop.Facts = status, code, s.ID(), gate.facts
	if status == truth.Unknown {
		hop.Detail = unsureLoadBalancer[code] + " (" + s.ID() + ")"
	}
	return hop
}

// unsureLoadBalancer says why the files do not decide whether clients reach a load
// balancer, by code.
var unsureLoadBalancer = map[string]string{
	"policy-unknown":          "the externalTrafficPolicy is unknown",
	"leaves-to-load-balancer": "packets leave to the load balancer itself, whose backends answer or not",
	"ebpf-datapath":           "whether Terway's eBPF data path translates the address itself is not in the files",
}

// judgeLoadBalancer decides whether a client's packets to the address are
// dropped. Facts: kube-proxy's handling of externalTrafficPolicy Local by mode
// and version (kubernetes/kubernetes pull request 97081, in 1.21, changed IPVS),
// and the vendor's Service FAQ, which says for all versions that it is blocked.
func judgeLoadBalancer(r *Need, clients string) (truth.Verdict, string) {
	w, s := r.world, r.service
	mode, version := "unknown", ""
	if c := w.cluster; c != nil {
		mode, version = c.proxyMode, c.version
	}
	datapath := w.network.datapath
	ebpf := w.translatesByEBPF()
	switch {
	case r.direct, clients == "pod" && (hasOwnInterface(r) || leavesForLoadBalancer(r) == truth.Yes):
		return truth.Unknown, "leaves-to-load-balancer"
	case clients == "pod" && ebpf && w.network.inClusterLB == truth.Yes:
		// The data path translates the address itself and asks for no policy.
		return truth.Open, "in-cluster-loadbalance"
	case s.IsLocal() == truth.No:
		return truth.Open, "cluster-policy"
	case s.IsLocal() == truth.Maybe:
		return truth.Unknown, "policy-unknown"
	case onEveryNode(r):
		return truth.Open, "backend-on-every-node"
	case clients == "pod" && ebpf:
		return truth.Unknown, "ebpf-datapath"
	}
	// Nodes without kube-proxy translate by eBPF for host processes, too.
	if newer, known := olderThan(version, 34); datapath == "v2" && (!known || !newer) && clients == "host" {
		return truth.Unknown, "ebpf-datapath"
	}
	old, known := olderThan(version, 21)
	switch mode {
	case "iptables", "nftables":
		return truth.Blocked, "disputed"
	case "ipvs":
		switch {
		case clients == "host", known && old:
			return truth.Blocked, "proved"
		case known:
			return truth.Blocked, "disputed"
		}
		return truth.Blocked, "documented"
	default:
		if known && !old && clients == "pod" {
			return truth.Blocked, "disputed"
		}
		return truth.Blocked, "documented"
	}
}

// translatesByEBPF reports whether an eBPF data path, not kube-proxy, translates the
// addresses of Services for pods.
func (w *world) translatesByEBPF() bool {
	return w.network.datapath == "v2" || w.network.datapath == "ipvlan"
}

// leavesForLoadBalancer says whether a pod's packets to the external address of a
// Service leave for the load balancer, so that policies see that address, instead of
// being translated to a backend on the client's node: eBPF data paths translate it only
// with in_cluster_loadbalance, interfaces that bypass the node never.
func leavesForLoadBalancer(r *Need) truth.Truth {
	switch view := r.view(); {
	case r.direct:
		return truth.Yes
	case view.own && view.reason != "":
		return truth.Maybe
	case hasOwnInterface(r):
		return truth.Yes
	case !r.world.translatesByEBPF():
		return truth.No
	}
	switch r.world.network.inClusterLB {
	case truth.Yes:
		return truth.No
	case truth.No:
		return truth.Yes
	default:
		return truth.Maybe
	}
}

// olderThan reports whether a version 1.x is older than 1.minor.
func olderThan(version string, minor int) (older, known bool) {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 || parts[0] != "1" {
		return false, false
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		return false, false
	}
	return n < minor, true
}

// onEveryNode reports whether a DaemonSet backs the Service on every node that the
// client can run on.
func onEveryNode(r *Need) bool {
	w, s := r.world, r.service
	if !s.Selects {
		return false
	}
	for _, wl := range w.workloads {
		if wl.Kind == "DaemonSet" && wl.Namespace == s.Namespace && wl.SelectedBy(s.Selector) && runsBeside(w.cluster, wl, r.workload) {
			return true
		}
	}
	return false
}

// runsBeside reports whether a DaemonSet's pods run on every node that a client can
// run on.
func runsBeside(c *cluster, daemons, client *kube.Workload) bool {
	if c == nil || c.scope == nil {
		terms, unsure := daemons.NodeTerms()
		return len(terms) == 0 && !unsure && daemons.Spec.Get("affinity").IsNull()
	}
	at := c.placementOf(daemons)
	if at.some || at.unknown != "" {
		return false
	}
	if at.whole {
		return true
	}
	clients := c.placementOf(client)
	return !clients.whole && clients.unknown == "" && !slices.ContainsFunc(clients.landings, func(l landing) bool {
		return !slices.ContainsFunc(at.landings, func(have landing) bool {
			return have.pool == l.pool && len(have.vswitches) >= len(l.vswitches)
		})
	})
}

// hasOwnInterface reports whether a client's packets leave by a network interface of
// its own, without a look at the node's translation: exclusive and trunk ENIs, and
// container groups.
func hasOwnInterface(r *Need) bool {
	c := r.world.cluster
	if c == nil {
		return false
	}
	pod, _ := r.workload.Annotation("k8s.aliyun.com/pod-eni").Truth()
	return c.exclusive || r.world.exempt[r.index].code == "exclusive-eni-pods" ||
		r.view().container || r.view().own || pod
}
