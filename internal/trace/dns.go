package trace

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/secret"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
)

// Name resolution: which resolver a pod asks, and whether its policies admit that.

// coreDNS is the cluster's DNS as policies see it: pods, whether or not their
// manifests are in the files.
func coreDNS() netpol.Pod {
	return netpol.Pod{
		ID: "kube-system/coredns", Namespace: kube.SystemNamespace, Labels: netpol.Labels{"k8s-app": "kube-dns"}, MoreLabels: true,
		Ports: []netpol.Port{{Name: "dns", Number: 53, Protocol: "UDP"}, {Name: "dns-tcp", Number: 53, Protocol: "TCP"}},
	}
}

// vpcResolvers answer names for nodes and for pods with dnsPolicy Default
// (vendor's page on DNS: 100.100.2.136 and 100.100.2.138).
var vpcResolvers = []netip.Addr{netip.MustParseAddr("100.100.2.136"), netip.MustParseAddr("100.100.2.138")}

// nodeLocalDNS is the address of NodeLocal DNSCache.
var nodeLocalDNS = netip.MustParseAddr("169.254.20.10")

// resolver is what a workload asks for names.
type resolver struct {
	kind    string // coredns, vpc, own or node-local
	text    string
	dests   []netpol.Dest
	unknown string
}

func resolverOf(w *world.World, wl *kube.Workload) resolver {
	switch wl.DNSPolicy {
	case "ClusterFirst", "ClusterFirstWithHostNet":
		if nodeLocal(w, wl) {
			return resolver{
				kind: "node-local", text: "NodeLocal DNSCache (" + nodeLocalDNS.String() + ")",
				unknown: "whether the data path polices " + nodeLocalDNS.String() + " is not in the files",
			}
		}
		return resolver{kind: "coredns", text: "CoreDNS (pods k8s-app=kube-dns in kube-system)", dests: []netpol.Dest{w.Evaluator.Describe(coreDNS())}}
	case "Default":
		r := resolver{kind: "vpc", text: "the VPC's resolvers (100.100.2.136 and 100.100.2.138)"}
		for _, a := range vpcResolvers {
			r.dests = append(r.dests, netpol.AddrDest(a).Outside())
		}
		return r
	case "None":
		r := resolver{kind: "own"}
		var names []string
		for _, v := range wl.Spec.Get("dnsConfig", "nameservers").Items() {
			text, _ := v.Text()
			a, err := netip.ParseAddr(text)
			if err != nil {
				r.unknown = "a nameserver of its dnsConfig is not an address in the files"
				continue
			}
			names = append(names, secret.Shown(v))
			r.dests = append(r.dests, netpol.AddrDest(a))
		}
		r.text = "the nameservers of its dnsConfig (" + strings.Join(names, ", ") + ")"
		if len(r.dests) == 0 && r.unknown == "" {
			r.unknown = "its dnsConfig names no nameserver"
		}
		return r
	default:
		return resolver{kind: "unknown", text: "its resolver", unknown: "its dnsPolicy is not in the files"}
	}
}

// nodeLocal reports whether NodeLocal DNSCache is injected into the pods
// (vendor's page on NodeLocal DNSCache: a namespace label that a pod label
// overrides).
func nodeLocal(w *world.World, wl *kube.Workload) bool {
	ns := w.Namespaces[wl.Namespace]
	if ns == nil || wl.Labels["node-local-dns-injection"] == "disabled" {
		return false
	}
	text, _ := ns.Root.Get("metadata", "labels", "node-local-dns-injection").Text()
	return text == "enabled"
}

// admits asks whether any of a resolver's addresses is admitted. By is the rule that
// denies the first of them where rules deny all; no policy that admits them would
// help.
func admits(w *world.World, pod int, r resolver, protocol string) (status truth.Verdict, by *netpol.Denial) {
	if r.unknown != "" {
		return truth.Unknown, nil
	}
	status = truth.Blocked
	denied := 0
	for _, d := range r.dests {
		switch w.Evaluator.Egress(pod, d, protocol, 53) {
		case truth.Open:
			return truth.Open, nil
		case truth.Blocked:
			list := w.Evaluator.Denials(pod, netpol.Egress, d, protocol, 53)
			if len(list) == 0 {
				continue
			}
			denied++
			first := firstSure(list)
			if first == nil {
				status = truth.Unknown
			}
			by = cmp.Or(by, first)
		default:
			status = truth.Unknown
		}
	}
	if status == truth.Blocked && denied > 0 && denied < len(r.dests) {
		status = truth.Unknown // a rule and the policies share the blame
	}
	if status != truth.Blocked {
		by = nil
	}
	return status, by
}

// dnsJudge judges name resolution.
type dnsJudge struct {
	*world.Facts
	groups     *groupJudge
	byWorkload map[*world.World][]*dnsGate // nil for a workload that no policy isolates
	gates      gates[dnsKey, *dnsGate]
}

// dnsGate is a NameResolution under construction.
type dnsGate struct {
	*model.NameResolution
	need     needs
	policies listed
	latent   bool // whether some workload without requirements is in it
}

func (gate *dnsGate) entity() *model.NameResolution {
	gate.Need = gate.need.sum()
	return gate.NameResolution
}

// needed are the gates that some name has to pass, or might.
func (j *dnsJudge) needed() []*dnsGate {
	return slices.DeleteFunc(slices.Clone(j.gates.list), func(gate *dnsGate) bool {
		return gate.need.sum().Strength == model.None && !gate.latent // only literal addresses are needed
	})
}

// facts are what the policies say of DNS.
func (gate *dnsGate) facts() []model.Fact {
	var list []model.Fact
	if len(gate.Policies) > 0 {
		list = append(list, fact("policies", strings.Join(gate.Policies, ", "), gate.Origin))
	}
	list = append(list,
		fact("UDP 53", string(gate.UDP), gate.Origin), fact("TCP 53", string(gate.TCP), place.First(gate.Ports, gate.Origin)),
	)
	if gate.Denies != "" {
		list = append(list, fact("denied by", gate.Denies, gate.Origin))
	}
	return list
}

// judgeWorld judges DNS for every workload that policies isolate, and groups
// those that one place of one policy is to be changed for.
func (j *dnsJudge) judgeWorld(w *world.World) {
	gates := make([]*dnsGate, len(w.Workloads))
	j.byWorkload[w] = gates
	for i, wl := range w.Workloads {
		policies := w.Evaluator.Isolating(i, netpol.Egress)
		if wl.HostNetwork != truth.No || len(policies) == 0 && !w.MayDeny() {
			continue
		}
		r := resolverOf(w, wl)
		udp, denial := admits(w, i, r, "UDP")
		tcp, tcpDenial := admits(w, i, r, "TCP")
		if tcpDenial != nil && denial == nil {
			tcp = truth.Unknown // what denies it is no rule that admits UDP alone
		}
		if len(policies) == 0 && (udp == truth.Open || r.unknown != "") {
			continue
		}
		gate := &dnsGate{NameResolution: &model.NameResolution{
			Cluster: w.ClusterID(), Namespace: wl.Namespace, Enforcement: w.Network.Enforcement, Resolver: r.text,
			UDP: udp, TCP: tcp, AdmitsOther: denial == nil && w.Evaluator.AdmitsAnything(i),
			Workloads: []string{}, WorkloadAt: []place.Origin{}, Policies: []string{},
		}}
		gate.Code = "no-rule"
		switch {
		case denial != nil:
			gate.Code, gate.Origin = "denied", j.Places.Range(denial.Object, denial.Range)
			gate.Enforcement = w.EnforcementOf(denial.Object)
			gate.Denies = denial.Object.Kind + " " + denial.Object.Name + " denies " + denial.Says
		case len(policies) > 0:
			gate.Origin = j.Places.Range(policies[0].Object, policies[0].EgressRange())
			gate.Enforcement = w.EnforcementOf(policies[0].Object)
			if gate.UDP == truth.Blocked {
				nearMiss(j.Facts, w, i, r, gate)
			}
		}
		if gate.UDP == truth.Open && gate.TCP == truth.Blocked {
			findPorts(j.Facts, w, i, gate)
		}
		key := dnsKey{w, wl.Namespace, r.kind, gate.UDP, gate.TCP, gate.Code, gate.Origin, gate.Ports, gate.AdmitsOther}
		gate = j.gates.at(key, func() *dnsGate { return gate })
		gate.Workloads = append(gate.Workloads, wl.Display())
		gate.WorkloadAt = append(gate.WorkloadAt, j.Places.Range(wl.Object, wl.Object.Root.Range))
		for _, p := range gate.policies.unseen(policies) {
			gate.Policies = append(gate.Policies, policyName(p))
		}
		gates[i] = gate
	}
}

// hop judges the way to the resolver, and whether the pods ask one.
func (j *dnsJudge) hop(r *world.Need) model.Hop {
	asked := resolverOf(r.World, r.Workload)
	hop := model.Hop{
		Name: model.HopDNS, Status: truth.Open, Component: asked.text, Origin: dnsSetting(j.Facts, r.Workload),
		Facts: []model.Fact{fact("dnsPolicy", orNone(r.Workload.DNSPolicy), dnsSetting(j.Facts, r.Workload))},
	}
	if code := unusableDNS(r); code != "" {
		hop.Status, hop.Code, hop.Origin = truth.Blocked, code, dnsSetting(j.Facts, r.Workload)
		return hop
	}
	if r.Workload.DNSPolicy == "" && !r.Anywhere && !r.Anywhere6 {
		hop.Status, hop.Detail = truth.Unknown, "the dnsPolicy of "+r.Workload.Display()+" is unknown"
		return hop
	}
	status, reason, by := j.resolverBeyondGroups(r)
	if status == truth.Blocked {
		hop.Status, hop.Code, hop.Origin = truth.Blocked, "security-group", by
		return hop
	}
	gate := j.byWorkload[r.World][r.Index]
	if gate == nil {
		hop.Status, hop.Detail = status, reason
		return hop
	}
	gate.need.add(r)
	hop.Status, hop.Code, hop.Detail, hop.Origin = gate.UDP, gate.Code, gate.Resolver, gate.Origin
	hop.Facts = slices.Concat(hop.Facts, gate.facts())
	if gate.UDP == truth.Open {
		hop.Code = ""
		if status == truth.Unknown {
			hop.Status, hop.Detail = status, reason
		}
	}
	return hop
}

// resolverBeyondGroups says whether the source's security groups let packets to the
// VPC's resolvers pass, and records it and says what stops them if they do not. Pods ask these themselves with
// dnsPolicy Default, and on the node's network with ClusterFirst, which falls back to
// it.
func (j *dnsJudge) resolverBeyondGroups(r *world.Need) (status truth.Verdict, reason string, by place.Origin) {
	wl, c, v := r.Workload, r.World.Cluster, r.View()
	itself := wl.DNSPolicy == "Default" || wl.DNSPolicy == "ClusterFirst" && wl.HostNetwork == truth.Yes
	if !itself || c == nil || c.Scope == nil || c.Plugin == world.PluginUnknown || v.Reason != "" {
		return truth.Open, "", place.Origin{}
	}
	var prefixes []netip.Prefix
	for _, a := range vpcResolvers {
		prefixes = append(prefixes, netip.PrefixFrom(a, a.BitLen()))
	}
	status, stopped, verdict := j.groups.verdict(c, v, ipset.Of(prefixes...), "UDP", 53)
	if status != truth.Blocked {
		return status, verdict.reason, place.Origin{}
	}
	gate := j.groups.gate(c, v.Groups, stopped, verdict.code(), verdict.drop, "the VPC's resolvers 100.100.2.136 and 100.100.2.138", 53, "UDP")
	gate.need.add(r)
	return truth.Blocked, "", gate.Origin
}

// nearMiss finds the rule that was meant to admit DNS and does not: one for port
// 53 with a pod selector of its own namespace or with the Service's address, or
// one for the right pods with another port.
func nearMiss(f *world.Facts, w *world.World, pod int, r resolver, gate *dnsGate) {
	dns := coreDNS()
	for _, rule := range w.Evaluator.Rules(pod, netpol.Egress) {
		code := ""
		for _, peer := range rule.Peers {
			switch {
			case rule.AdmitsPort("UDP", 53) != truth.Yes:
				if peer.Kind == netpol.Pods && len(rule.Peers) == 1 && peer.SelectsLabels(dns.Labels) == truth.Yes &&
					rule.AdmitsPort("TCP", 53) == truth.Yes {
					code = "port"
				}
			case peer.Kind == netpol.OwnNamespacePods && peer.SelectsLabels(dns.Labels) == truth.Yes:
				code = "own-namespace"
			case peer.Kind == netpol.Block && r.kind == "coredns" && isServiceAddress(w, peer.Block):
				code = "service-address"
			case peer.Kind == netpol.Block && r.kind != "coredns":
				code = "resolver-address"
			}
		}
		if code != "" {
			gate.Code, gate.Origin = code, f.Places.Range(rule.Policy.Object, rule.Policy.EgressRange())
			gate.Miss = f.Places.Range(rule.Policy.Object, rule.Range)
			return
		}
	}
}

// isServiceAddress reports whether a block lies inside the addresses of Services,
// which are translated before policies see the packet.
func isServiceAddress(w *world.World, block netip.Prefix) bool {
	if w.Cluster != nil {
		if cidr, ok := ipset.Parse(w.Cluster.ServiceCIDR); ok && ipset.Covers(cidr, block) {
			return true
		}
	}
	for _, s := range w.Services {
		if a, err := netip.ParseAddr(s.ClusterIP); err == nil && block.IsSingleIP() && block.Addr() == a {
			return true
		}
	}
	return false
}

// findPorts finds the ports of the rule that admits UDP 53 only.
func findPorts(f *world.Facts, w *world.World, pod int, gate *dnsGate) {
	for _, rule := range w.Evaluator.Rules(pod, netpol.Egress) {
		if !rule.Sure || rule.AdmitsPort("UDP", 53) != truth.Yes || rule.AdmitsPort("TCP", 53) != truth.No {
			continue
		}
		gate.Ports = f.Places.Range(rule.Policy.Object, rule.PortsRange)
		return
	}
	gate.Ports = gate.Origin
}

// unusableDNS says why a workload's DNS settings cannot resolve what a
// requirement names; empty if they can (Kubernetes documentation, DNS for Services
// and Pods).
func unusableDNS(r *world.Need) string {
	wl := r.Workload
	service := r.Kind == world.ToService || r.ByAlias
	switch {
	case !r.ByName() || r.Anywhere || r.Anywhere6:
		return ""
	case wl.DNSPolicy == "None" && len(wl.Spec.Get("dnsConfig", "nameservers").Items()) == 0:
		return "no-nameserver"
	case service && wl.DNSPolicy == "ClusterFirst" && wl.HostNetwork == truth.Yes:
		return "host-network"
	case service && wl.DNSPolicy == "Default":
		return "default"
	default:
		return ""
	}
}

// unusableSettings reports a workload whose DNS settings cannot resolve what it needs;
// nil if they can.
func unusableSettings(f *world.Facts, w *world.World, wl *kube.Workload, requirements []*world.Need) *model.DNSPolicy {
	var code string
	var stopped needs
	for _, r := range requirements {
		if c := unusableDNS(r); c != "" {
			code = c
			stopped.add(r)
		}
	}
	if code == "" {
		return nil
	}
	return &model.DNSPolicy{
		Cluster: w.ClusterID(), Workload: wl.Display(), Namespace: wl.Namespace, Code: code, Need: stopped.sum(),
		Origin: dnsSetting(f, wl),
	}
}

// dnsSetting is the place of what decides which resolver a workload asks.
func dnsSetting(f *world.Facts, wl *kube.Workload) place.Origin {
	at := wl.Spec.Get("dnsPolicy")
	if at.IsNull() {
		at = wl.Spec.Get("hostNetwork")
	}
	return f.Places.Object(wl.Object, at)
}
