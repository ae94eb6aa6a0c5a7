package trace

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
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
func (j *loadBalancerJudge) hop(r *world.Need) model.Hop {
	s, w := r.Service, r.World
	hop := model.Hop{
		Name: model.HopLoadBalancer, Status: truth.Unknown, Component: "Service/" + s.ID(), Sources: r.View().Labels(),
		Origin: j.places.Object(s.Object, s.TrafficPolicy()),
	}
	switch {
	case !s.Serves(r.Protocol, r.Port):
		hop.Detail = s.ID() + " has no port " + strconv.Itoa(r.Port)
		return hop
	case r.Workload.HostNetwork == truth.Maybe:
		hop.Detail = "hostNetwork of " + r.Workload.Display() + " is unknown"
		return hop
	}
	clients := "pod"
	if r.Workload.HostNetwork == truth.Yes {
		clients = "host"
	}
	status, code := judgeLoadBalancer(r, clients)
	gate := j.gates.at(loadBalancerKey{w, s.ID(), clients, code}, func() *loadBalancerGate {
		gate := &loadBalancerGate{LoadBalancerAccess: &model.LoadBalancerAccess{
			Cluster: w.ClusterID(), Service: s.ID(), Address: cmp.Or(r.Shown, r.Host), Clients: clients, Status: status, Code: code,
			Plugin: world.PluginUnknown, ProxyMode: "unknown", Origin: j.places.Object(s.Object, s.TrafficPolicy()),
		}}
		if w.Cluster != nil {
			c := w.Cluster
			gate.ClusterName, gate.Plugin, gate.ProxyMode, gate.Version = c.Name, c.Plugin, c.ProxyMode, c.Version
		}
		internal, _ := s.Object.Root.Get("spec", "internalTrafficPolicy").Text()
		gate.InternalOnly = internal == "Local"
		backend, _ := s.Object.Root.Get("metadata", "annotations", "service.beta.kubernetes.io/backend-type").Text()
		gate.Extensions.Alicloud.ENIBackend = backend == "eni"
		gate.facts = []model.Fact{
			fact("externalTrafficPolicy", written(s.Object.Root.Get("spec", "externalTrafficPolicy"), "Cluster"), gate.Origin),
			fact("kube-proxy mode", gate.ProxyMode, place.Origin{}), fact("Kubernetes version", orNone(gate.Version), place.Origin{}),
			fact("data path", w.Network.Datapath, place.Origin{}),
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
func judgeLoadBalancer(r *world.Need, clients string) (truth.Verdict, string) {
	w, s := r.World, r.Service
	mode, version := "unknown", ""
	if c := w.Cluster; c != nil {
		mode, version = c.ProxyMode, c.Version
	}
	datapath := w.Network.Datapath
	ebpf := w.TranslatesByEBPF()
	switch {
	case r.Direct, clients == "pod" && (hasOwnInterface(r) || leavesForLoadBalancer(r) == truth.Yes):
		return truth.Unknown, "leaves-to-load-balancer"
	case clients == "pod" && ebpf && w.Network.InClusterLB == truth.Yes:
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

// leavesForLoadBalancer says whether a pod's packets to the external address of a
// Service leave for the load balancer, so that policies see that address, instead of
// being translated to a backend on the client's node: eBPF data paths translate it only
// with in_cluster_loadbalance, interfaces that bypass the node never.
func leavesForLoadBalancer(r *world.Need) truth.Truth {
	switch view := r.View(); {
	case r.Direct:
		return truth.Yes
	case view.Own && view.Reason != "":
		return truth.Maybe
	case hasOwnInterface(r):
		return truth.Yes
	case !r.World.TranslatesByEBPF():
		return truth.No
	}
	switch r.World.Network.InClusterLB {
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
func onEveryNode(r *world.Need) bool {
	w, s := r.World, r.Service
	if !s.Selects {
		return false
	}
	for _, wl := range w.Workloads {
		if wl.Kind == "DaemonSet" && wl.Namespace == s.Namespace && wl.SelectedBy(s.Selector) && runsBeside(w.Cluster, wl, r.Workload) {
			return true
		}
	}
	return false
}

// runsBeside reports whether a DaemonSet's pods run on every node that a client can
// run on.
func runsBeside(c *world.Cluster, daemons, client *kube.Workload) bool {
	if c == nil || c.Scope == nil {
		terms, unsure := daemons.NodeTerms()
		return len(terms) == 0 && !unsure && daemons.Spec.Get("affinity").IsNull()
	}
	at := c.PlacementOf(daemons)
	if at.Some || at.Unknown != "" {
		return false
	}
	if at.Whole {
		return true
	}
	clients := c.PlacementOf(client)
	return !clients.Whole && clients.Unknown == "" && !slices.ContainsFunc(clients.Landings, func(l world.Landing) bool {
		return !slices.ContainsFunc(at.Landings, func(have world.Landing) bool {
			return have.Pool == l.Pool && len(have.VSwitches) >= len(l.VSwitches)
		})
	})
}

// hasOwnInterface reports whether a client's packets leave by a network interface of
// its own, without a look at the node's translation: exclusive and trunk ENIs, and
// container groups.
func hasOwnInterface(r *world.Need) bool {
	c := r.World.Cluster
	if c == nil {
		return false
	}
	pod, _ := r.Workload.Annotation("k8s.aliyun.com/pod-eni").Truth()
	return c.Exclusive || r.World.Exempt[r.Index].Code == "exclusive-eni-pods" ||
		r.View().Container || r.View().Own || pod
}
