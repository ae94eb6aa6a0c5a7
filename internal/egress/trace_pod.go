package egress

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/parser/source"
)

// The flows that a requirement gives rise to inside the cluster: names are
// resolved, Services translated, then policies see what is left (domain facts:
// packet order of the vendor's page and of the Kubernetes documentation on
// network policies).

// coreDNS is the cluster's DNS as policies see it: pods, whether or not their
// manifests are in the files.
func coreDNS() netpol.Pod {
	return netpol.Pod{
		ID: "kube-system/coredns", Namespace: systemNamespace, Labels: netpol.Labels{"k8s-app": "kube-dns"}, MoreLabels: true,
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

func (b *builder) resolverOf(w *world, wl *workload) resolver {
	switch wl.dnsPolicy {
	case "ClusterFirst", "ClusterFirstWithHostNet":
		if b.nodeLocal(w, wl) {
			return resolver{
				kind: "node-local", text: "NodeLocal DNSCache (" + nodeLocalDNS.String() + ")",
				unknown: "whether the data path polices " + nodeLocalDNS.String() + " is not in the files",
			}
		}
		return resolver{kind: "coredns", text: "CoreDNS (pods k8s-app=kube-dns in kube-system)", dests: []netpol.Dest{w.evaluator.Describe(coreDNS())}}
	case "Default":
		r := resolver{kind: "vpc", text: "the VPC's resolvers (100.100.2.136 and 100.100.2.138)"}
		for _, a := range vpcResolvers {
			r.dests = append(r.dests, netpol.AddrDest(a).Outside())
		}
		return r
	case "None":
		r := resolver{kind: "own"}
		var names []string
		for _, v := range wl.spec.Get("dnsConfig", "nameservers").Items() {
			text, _ := v.Text()
			a, err := netip.ParseAddr(text)
			if err != nil {
				r.unknown = "a nameserver of its dnsConfig is not an address in the files"
				continue
			}
			names = append(names, text)
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
func (b *builder) nodeLocal(w *world, wl *workload) bool {
	ns := w.namespaces[wl.namespace]
	if ns == nil || wl.labels["node-local-dns-injection"] == "disabled" {
		return false
	}
	text, _ := ns.Root.Get("metadata", "labels", "node-local-dns-injection").Text()
	return text == "enabled"
}

// admits asks whether any of a resolver's addresses is admitted.
func (w *world) admits(pod int, r resolver, protocol string) Status {
	if r.unknown != "" {
		return Unsure
	}
	status := Blocked
	for _, d := range r.dests {
		switch w.evaluator.Egress(pod, d, protocol, 53) {
		case netpol.Allow:
			return Open
		case netpol.Deny:
			if len(w.evaluator.Denials(pod, netpol.Egress, d, protocol, 53)) > 0 {
				status = Unsure // no policy that admits it would help
			}
		default:
			status = Unsure
		}
	}
	return status
}

// dnsGate is a NameResolution under construction.
type dnsGate struct {
	*NameResolution
	need   needs
	latent bool // whether some workload without requirements is in it
}

// nameResolution judges DNS for every workload that policies isolate, and groups
// those that one place of one policy is to be changed for.
func (b *builder) nameResolution(w *world) {
	groups := make(map[string]*dnsGate)
	w.dns = make([]*dnsGate, len(w.workloads))
	for i, wl := range w.workloads {
		policies := w.evaluator.Isolating(i, netpol.Egress)
		if len(policies) == 0 || wl.hostNetwork != no {
			continue
		}
		r := b.resolverOf(w, wl)
		gate := &dnsGate{NameResolution: &NameResolution{
			Cluster: w.clusterID(), Namespace: wl.namespace, Enforcement: w.enforcement(), Resolver: r.text,
			UDP: w.admits(i, r, "UDP"), TCP: w.admits(i, r, "TCP"), AdmitsOther: w.evaluator.AdmitsAnything(i),
			Workloads: []string{}, WorkloadAt: []Origin{}, Policies: []string{},
		}}
		gate.Code = "no-rule"
		gate.Origin = b.places.objectRange(policies[0].Object, policies[0].EgressRange())
		if gate.UDP == Blocked {
			b.nearMiss(w, i, r, gate)
		}
		if gate.UDP == Open && gate.TCP == Blocked {
			b.findPorts(w, i, gate)
		}
		key := strings.Join([]string{
			wl.namespace, r.kind, string(gate.UDP), string(gate.TCP), gate.Code,
			strconv.Itoa(gate.Origin.Ref), strconv.Itoa(gate.Ports.Ref), strconv.FormatBool(gate.AdmitsOther),
		}, "|")
		if first := groups[key]; first != nil {
			gate = first
		} else {
			groups[key] = gate
			b.dns = append(b.dns, gate)
		}
		gate.Workloads = append(gate.Workloads, wl.display())
		gate.WorkloadAt = append(gate.WorkloadAt, b.places.objectRange(wl.obj, wl.obj.Root.Range))
		for _, p := range policies {
			if name := policyName(p); !slices.Contains(gate.Policies, name) {
				gate.Policies = append(gate.Policies, name)
			}
		}
		w.dns[i] = gate
	}
}

func (w *world) enforcement() string {
	if w.cluster == nil {
		return w.network.enforcement
	}
	return w.cluster.Enforcement
}

// policyName names a policy in messages that say NetworkPolicy in front.
func policyName(p *netpol.Policy) string {
	if p.Object.Kind == "NetworkPolicy" {
		return p.Name
	}
	return p.Name + " (" + p.Object.Kind + ")"
}

// nearMiss finds the rule that was meant to admit DNS and does not: one for port
// 53 with a pod selector of its own namespace or with the Service's address, or
// one for the right pods with another port.
func (b *builder) nearMiss(w *world, pod int, r resolver, gate *dnsGate) {
	dns := coreDNS()
	for _, rule := range w.evaluator.Rules(pod, netpol.Egress) {
		code := ""
		for _, peer := range rule.Peers {
			switch {
			case rule.AdmitsPort("UDP", 53) != netpol.Yes:
				if peer.Kind == netpol.Pods && len(rule.Peers) == 1 && peer.SelectsLabels(dns.Labels) == netpol.Yes &&
					rule.AdmitsPort("TCP", 53) == netpol.Yes {
					code = "port"
				}
			case peer.Kind == netpol.OwnNamespacePods && peer.SelectsLabels(dns.Labels) == netpol.Yes:
				code = "own-namespace"
			case peer.Kind == netpol.Block && r.kind == "coredns" && b.isServiceAddress(w, peer.Block):
				code = "service-address"
			case peer.Kind == netpol.Block && r.kind != "coredns":
				code = "resolver-address"
			}
		}
		if code != "" {
			gate.Code, gate.Origin = code, b.places.objectRange(rule.Policy.Object, rule.Policy.EgressRange())
			gate.Miss = b.places.objectRange(rule.Policy.Object, rule.Range)
			return
		}
	}
}

// isServiceAddress reports whether a block lies inside the addresses of Services,
// which are translated before policies see the packet.
func (b *builder) isServiceAddress(w *world, block netip.Prefix) bool {
	if w.cluster != nil {
		if cidr, ok := parseCIDR(w.cluster.ServiceCIDR); ok && contains(cidr, block) {
			return true
		}
	}
	for _, s := range w.services {
		if a, err := netip.ParseAddr(s.clusterIP); err == nil && block.IsSingleIP() && block.Addr() == a {
			return true
		}
	}
	return false
}

// findPorts finds the ports of the rule that admits UDP 53 only.
func (b *builder) findPorts(w *world, pod int, gate *dnsGate) {
	for _, rule := range w.evaluator.Rules(pod, netpol.Egress) {
		if !rule.Sure || rule.AdmitsPort("UDP", 53) != netpol.Yes || rule.AdmitsPort("TCP", 53) != netpol.No {
			continue
		}
		gate.Ports = b.places.objectRange(rule.Policy.Object, rule.PortsRange)
		return
	}
	gate.Ports = gate.Origin
}

// privateRanges are the addresses that a VPC may have.
var privateRanges = prefixSet(
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
)

// policyGate is a PolicyBlock under construction.
type policyGate struct {
	*PolicyBlock
	need needs
}

// flow is what policies see of a requirement.
type flow struct {
	dest       netpol.Dest
	port       int
	protocol   string
	translated string // what a Service was translated to
}

// anyService is where a cloud service may be: any address that is not the machine's
// own or its link's.
var anyService = subtract(prefixSet(netip.MustParsePrefix("0.0.0.0/0")), prefixSet(
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/3"),
))

// flows returns what policies see of a requirement; none if the files do not say
// where it leads. Translated flows are alternatives: the Service picks one.
func (b *builder) flows(r *requirementOf) (list []flow, unknown string) {
	plain := flow{port: r.port, protocol: r.protocol}
	switch r.kind {
	case toInternet:
		plain.dest = netpol.InternetDest()
		if r.anywhere6 {
			plain.dest = netpol.PrefixDest(netip.MustParsePrefix("2000::/3")).Outside()
		}
		if r.addr.IsValid() {
			plain.dest = netpol.AddrDest(r.addr).Outside()
		}
		if r.prefix.IsValid() {
			plain.dest = netpol.PrefixDest(r.prefix).Outside()
		}
	case toAddress:
		plain.dest = netpol.AddrDest(r.addr)
		if r.prefix.IsValid() {
			plain.dest = netpol.PrefixDest(r.prefix)
		}
	case toTarget:
		switch {
		case r.public:
			plain.dest = netpol.InternetDest()
		case r.target.vswitch != nil && r.target.vswitch.cidr.IsValid():
			plain.dest = netpol.PrefixDest(r.target.vswitch.cidr).Outside()
		case r.target.Kind == "oss":
			plain.dest = netpol.PrefixDest(cloudServices).Outside()
		case len(r.target.addresses) == 1:
			plain.dest = netpol.AddrDest(r.target.addresses[0]).Outside()
		default:
			plain.dest = netpol.SetDest(privateRanges).Outside()
		}
	case toService:
		return b.backends(r)
	case toLoadBalancer:
		if !r.service.direct {
			return b.backends(r)
		}
		return nil, "the load balancer's address is not in the files"
	default:
		if !r.cloud {
			return nil, "the address of " + r.display() + " is not in the files"
		}
		// Policies that admit no address at all need no address to be judged.
		plain.dest = netpol.SetDest(anyService).Outside()
	}
	return []flow{plain}, ""
}

// backends translates a Service to its pods and their ports.
func (b *builder) backends(r *requirementOf) (list []flow, unknown string) {
	s := r.service
	if !s.selects {
		return nil, "Service " + s.id() + " has no selector, its endpoints are not traced"
	}
	var port *servicePort
	for i := range s.ports {
		if s.ports[i].port == r.port && (s.ports[i].protocol == r.protocol || port == nil) {
			port = &s.ports[i]
		}
	}
	headless := s.clusterIP == "None"
	if port == nil && !headless {
		return nil, "Service " + s.id() + " has no port " + strconv.Itoa(r.port)
	}
	for i, wl := range r.world.workloads {
		if wl.namespace != s.namespace || !wl.selectedBy(s.selector) {
			continue
		}
		f := flow{dest: r.world.evaluator.PodDest(i), port: r.port, protocol: r.protocol}
		if !headless {
			f.protocol = port.protocol
			f.port = wl.targetPort(*port)
			if f.port == 0 {
				return nil, "port " + port.target + " of " + wl.display() + " is not in the files"
			}
		}
		f.translated = wl.display() + " port " + strconv.Itoa(f.port)
		list = append(list, f)
	}
	if len(list) == 0 {
		return nil, "the pods of Service " + s.id() + " are not in the files"
	}
	return list, ""
}

func (wl *workload) selectedBy(selector map[string]string) bool {
	for key, value := range selector {
		if wl.labels[key] != value {
			return false
		}
	}
	return true
}

// targetPort resolves a Service's target port on the pods; 0 if they do not
// declare it.
func (wl *workload) targetPort(p servicePort) int {
	if n, err := strconv.Atoi(p.target); err == nil {
		return n
	}
	for _, port := range wl.pod().Ports {
		if port.Name == p.target && cmp.Or(port.Protocol, "TCP") == p.protocol {
			return port.Number
		}
	}
	return 0
}

// policyHop judges the policies that isolate a workload for one requirement.
func (b *builder) policyHop(r *requirementOf) Hop {
	hop := Hop{Name: "network-policy", Status: Open}
	w := r.world
	if w.enforcement() == "not-enforced" {
		hop.Code = "not-enforced"
		return hop
	}
	if r.workload.hostNetwork != no {
		hop.Code = "host-network"
		return hop
	}
	isolating := w.evaluator.Isolating(r.index, netpol.Egress)
	if len(isolating) == 0 && len(w.tiers.Admin) == 0 {
		hop.Code = "not-isolated"
		return hop
	}
	flows, unknown := b.flows(r)
	if len(flows) == 0 {
		hop.Status, hop.Detail = Unsure, unknown
		return hop
	}
	denied := 0
	for _, f := range flows {
		switch w.evaluator.Egress(r.index, f.dest, f.protocol, f.port) {
		case netpol.Allow:
		case netpol.Deny:
			denied++
		default:
			hop.Status, hop.Code, hop.Detail = Unsure, "part", "the policies admit a part, or the files do not decide it"
		}
	}
	if denied < len(flows) {
		if denied > 0 {
			hop.Status, hop.Code, hop.Detail = Unsure, "part", "some backends are admitted and some are not"
		}
		return hop
	}
	// What a rule denies is not for a policy to admit: where that is, is told as far
	// as a summary can.
	f := flows[0]
	if denials := w.evaluator.Denials(r.index, netpol.Egress, f.dest, f.protocol, f.port); len(denials) > 0 || len(isolating) == 0 {
		hop.Status, hop.Code = Unsure, "denied"
		if len(denials) > 0 {
			hop.Detail = denials[0].Object.Kind + " " + denials[0].Object.Name + " denies it"
		}
		return hop
	}
	hop.Status = Blocked
	hop.Code = b.blockByPolicy(r, flows, isolating)
	return hop
}

// blockByPolicy records a requirement that policies do not admit, at the closest
// rule.
func (b *builder) blockByPolicy(r *requirementOf, flows []flow, isolating []*netpol.Policy) string {
	w, f := r.world, flows[0]
	closest := w.evaluator.Closest(r.index, f.dest, f.protocol, f.port)
	code := closest.Code
	if r.service != nil && code == netpol.CodePort && f.port != r.port &&
		w.evaluator.Egress(r.index, f.dest, f.protocol, r.port) == netpol.Allow {
		code = "service-port"
	}
	at := b.places.objectRange(closest.Policy.Object, closest.Range)
	key := strings.Join([]string{w.clusterID(), w.env, r.workload.namespace, strconv.Itoa(at.Ref)}, "|")
	gate := b.policyGates[key]
	if gate == nil {
		gate = &policyGate{PolicyBlock: &PolicyBlock{
			Cluster: w.clusterID(), Namespace: r.workload.namespace, Workloads: []string{}, Also: []string{},
			Destination: r.display(), Port: f.port, Protocol: f.protocol, Translated: f.translated,
			Policies: []string{}, Closest: policyName(closest.Policy), Code: code, Says: closest.Says,
			Enforcement: w.enforcement(), Origin: at, Related: []Origin{},
		}}
		b.policyGates[key] = gate
		b.policyBlocks = append(b.policyBlocks, gate)
	} else if other := r.display(); other != gate.Destination && !slices.Contains(gate.Also, other) {
		gate.Also = append(gate.Also, other)
	}
	if name := r.workload.display(); !slices.Contains(gate.Workloads, name) {
		gate.Workloads = append(gate.Workloads, name)
	}
	for _, p := range isolating {
		name := policyName(p)
		if slices.Contains(gate.Policies, name) {
			continue
		}
		gate.Policies = append(gate.Policies, name)
		if p != closest.Policy {
			gate.Related = append(gate.Related, b.places.objectRange(p.Object, p.Object.Root.Range))
		}
	}
	gate.need.add(r)
	return code
}

// policyEnforcement reports policies in a cluster that does not enforce them.
func (b *builder) policyEnforcement(w *world) {
	if w.enforcement() != "not-enforced" || len(w.policies) == 0 {
		return
	}
	gate := &PolicyEnforcement{
		Cluster: w.clusterID(), ClusterName: w.clusterName(), Policies: []string{}, Others: []Origin{},
	}
	gate.Code, gate.Cause = b.causeOfNoPolicy(w)
	list := slices.Clone(w.policies)
	slices.SortStableFunc(list, func(x, y *netpol.Policy) int {
		return x.Object.KindRange().Compare(y.Object.KindRange())
	})
	for i, p := range list {
		gate.Policies = append(gate.Policies, p.Namespace+"/"+p.Name)
		at := b.places.objectRange(p.Object, p.Object.KindRange())
		if i == 0 {
			gate.Origin = at
		} else {
			gate.Others = append(gate.Others, at)
		}
	}
	b.model.PolicyEnforcement = append(b.model.PolicyEnforcement, gate)
}

// deadCodes are the model's codes for what a peer never matches for.
var deadCodes = map[string]string{
	netpol.CodeServiceAddress: "service-cidr", netpol.CodePodAddress: "pod-cidr",
	netpol.CodeServicePort: "service-port", netpol.CodePortName: "named-port",
}

// deadPeers reports peers and ports of policies that can never match, except those
// that nameResolution takes for a rule that was meant to admit DNS: it says the same
// with what follows from it.
func (b *builder) deadPeers(w *world) {
	if w.enforcement() == "not-enforced" {
		return
	}
	var ports []netpol.ServicePort
	for _, s := range sortedServices(w.services) {
		if !s.selects || s.clusterIP == "None" {
			continue
		}
		for _, p := range s.ports {
			port := netpol.ServicePort{Namespace: s.namespace, Service: s.name, Selector: s.selector, Protocol: p.protocol, Port: p.port}
			if n, err := strconv.Atoi(p.target); err == nil {
				port.TargetPort = n
			} else {
				port.TargetName = p.target
			}
			ports = append(ports, port)
		}
	}
	said := make(map[source.Range]bool)
	for _, gate := range w.dns {
		if gate != nil && gate.Miss.Ref != 0 {
			said[b.places.list[gate.Miss.Ref].Range] = true
		}
	}
	for _, dead := range w.evaluator.DeadPeers(ports) {
		if said[dead.Policy.RuleRange(dead.Direction, dead.Rule)] {
			continue
		}
		b.model.DeadPeers = append(b.model.DeadPeers, &DeadPeer{
			Cluster: w.clusterID(), Kind: dead.Policy.Object.Kind, Namespace: dead.Policy.Namespace, Policy: dead.Policy.Name,
			Direction: dead.Direction.String(), Code: deadCodes[dead.Code], Says: dead.Says,
			Origin: b.places.objectRange(dead.Policy.Object, dead.Range),
		})
	}
}

// foreignPolicies are the kinds of policies that ACK has no controller for, by API
// group (vendor's page on network policies: networking.k8s.io only).
var foreignPolicies = map[string][]string{
	"cilium.io":                {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"},
	"projectcalico.org":        {"NetworkPolicy", "GlobalNetworkPolicy"},
	"crd.projectcalico.org":    {"NetworkPolicy", "GlobalNetworkPolicy"},
	"policy.networking.k8s.io": {"AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"},
}

// unsupportedPolicies reports policies of other kinds on an ACK cluster, unless the
// configuration says that the cluster enforces them.
func (b *builder) unsupportedPolicies(w *world) {
	c := w.cluster
	if c == nil {
		return
	}
	for _, o := range w.objects {
		group, _, _ := strings.Cut(o.APIVersion, "/")
		if !slices.Contains(foreignPolicies[group], o.Kind) || w.enforces(o) {
			continue
		}
		name := o.Name
		if o.Namespace != "" {
			name = o.Namespace + "/" + o.Name
		}
		b.model.UnsupportedPolicies = append(b.model.UnsupportedPolicies, &UnsupportedPolicy{
			Cluster: c.ID, ClusterName: c.Name, Kind: o.Kind, Group: group, Name: name,
			Origin: b.places.objectRange(o, o.KindRange()),
		})
	}
}

// addonConfig is the place of the Terway addon's config.
func (b *builder) addonConfig(c *cluster) Origin {
	if c.scope == nil {
		return Origin{}
	}
	addons, _ := c.addons()
	for _, a := range addons {
		if a.plugin == pluginTerway && !a.config.Range.IsZero() {
			return b.places.value(c.scope, a.holder, a.config)
		}
	}
	return Origin{}
}

// unusableDNS says why a workload's DNS settings cannot resolve what a
// requirement names; empty if they can (Kubernetes documentation, DNS for Services
// and Pods).
func (r *requirementOf) unusableDNS() string {
	wl := r.workload
	service := r.kind == toService || r.byAlias
	switch {
	case !r.byName() || r.anywhere || r.anywhere6:
		return ""
	case wl.dnsPolicy == "None" && len(wl.spec.Get("dnsConfig", "nameservers").Items()) == 0:
		return "no-nameserver"
	case service && wl.dnsPolicy == "ClusterFirst" && wl.hostNetwork == yes:
		return "host-network"
	case service && wl.dnsPolicy == "Default":
		return "default"
	default:
		return ""
	}
}

// dnsPolicy reports a workload whose DNS settings cannot resolve what it needs.
func (b *builder) dnsPolicy(w *world, wl *workload, requirements []*requirementOf) {
	var code string
	var stopped needs
	for _, r := range requirements {
		if c := r.unusableDNS(); c != "" {
			code = c
			stopped.add(r)
		}
	}
	if code == "" {
		return
	}
	at := wl.spec.Get("dnsPolicy")
	if at.IsNull() {
		at = wl.spec.Get("hostNetwork")
	}
	b.model.DNSPolicies = append(b.model.DNSPolicies, &DNSPolicy{
		Cluster: w.clusterID(), Workload: wl.display(), Namespace: wl.namespace, Code: code, Need: stopped.sum(),
		Origin: b.places.object(wl.obj, at),
	})
}
