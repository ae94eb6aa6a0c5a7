package egress

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// The flows that a requirement gives rise to inside the cluster: names are
// resolved, Services translated, then policies see what is left (domain facts:
// packet order of the vendor's page and of the Kubernetes documentation on
// network policies).

// polices reports whether something on the cluster may enforce policies: the network
// plug-in, or the controllers of other kinds that the configuration names, but for the
// GlobalNetworkPolicies that add to the plug-in's policies. These controllers are not
// known to see the packets of exclusive ENIs.
func (w *world) polices() bool {
	if w.network.enforcement != "not-enforced" {
		return true
	}
	return w.mayDeny() && !w.network.exclusive
}

// enforcementOf says whether the cluster enforces an object: of the kinds that the
// configuration names it is known.
func (w *world) enforcementOf(o *kubernetes.Object) string {
	if w.enforces(o) {
		return "enforced"
	}
	return w.network.enforcement
}

// policyName names a policy in messages that say NetworkPolicy in front.
func policyName(p *netpol.Policy) string {
	if p.Object.Kind == "NetworkPolicy" {
		return p.Name
	}
	return p.Name + " (" + p.Object.Kind + ")"
}

// policyJudge judges the policies that isolate workloads.
type policyJudge struct {
	places *kube.Places
	gates  gates[policyKey, *policyGate]
}

// policyGate is a PolicyBlock under construction.
type policyGate struct {
	*model.PolicyBlock
	need needs
}

func (gate *policyGate) entity() *model.PolicyBlock {
	gate.Need = gate.need.sum()
	return gate.PolicyBlock
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
var anyService = ipset.Subtract(ipset.Of(netip.MustParsePrefix("0.0.0.0/0")), ipset.Of(
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/3"),
))

// flows returns what policies see of a requirement; none if the files do not say
// where it leads. Translated flows are alternatives: the Service picks one.
func flows(r *requirementOf) (list []flow, unknown string) {
	plain := flow{port: r.port, protocol: r.protocol}
	switch r.kind {
	case toInternet:
		plain.dest = netpol.InternetDest()
		if r.anywhere6 {
			plain.dest = netpol.SetDest(ipset.Public6).Outside()
		}
		if r.addr.IsValid() {
			plain.dest = netpol.AddrDest(r.addr).Outside()
		}
		if r.prefix.IsValid() {
			plain.dest = netpol.PrefixDest(r.prefix).Outside()
		}
	case toAddress:
		if r.toNodePort() {
			return nil, "where on its way a packet to a node port meets policies differs between data paths"
		}
		plain.dest = netpol.AddrDest(r.addr)
		if r.prefix.IsValid() {
			plain.dest = netpol.PrefixDest(r.prefix)
		}
	case toTarget:
		switch {
		case r.public:
			plain.dest = netpol.InternetDest()
		case r.target.VSwitch != nil && r.target.VSwitch.CIDR.IsValid():
			plain.dest = netpol.PrefixDest(r.target.VSwitch.CIDR).Outside()
		case r.target.Kind == "oss":
			plain.dest = netpol.PrefixDest(cloudServices).Outside()
		case len(r.target.Addresses) == 1:
			plain.dest = netpol.AddrDest(r.target.Addresses[0]).Outside()
		default:
			plain.dest = netpol.SetDest(ipset.Private).Outside()
		}
	case toService:
		return backends(r)
	case toLoadBalancer:
		return loadBalancerFlows(r)
	default:
		if r.scattered {
			return nil, "the endpoints of " + r.display() + " are not all of one kind"
		}
		if r.rerouted {
			return nil, "a ServiceEntry lets the service mesh decide where packets for " + r.display() + " go"
		}
		if r.outside != nil && len(r.outside.Addresses) > 0 {
			plain.dest = netpol.SetDest(ipset.Of(r.outside.Addresses...)).Outside()
			break
		}
		if !r.cloud {
			return nil, "the address of " + r.display() + " is not in the files"
		}
		// Policies that admit no address at all need no address to be judged.
		plain.dest = netpol.SetDest(anyService).Outside()
	}
	list = []flow{plain}
	for _, other := range r.others {
		f := flow{dest: netpol.AddrDest(other.Addr()), port: int(other.Port()), protocol: r.protocol}
		if r.kind == toInternet {
			f.dest = f.dest.Outside()
		}
		list = append(list, f)
	}
	return list, ""
}

// loadBalancerFlows returns what policies see of packets to a load balancer of a
// Service: its backends where the client's node translates the address, the address
// where the packets leave for it, and both where the files do not decide which.
func loadBalancerFlows(r *requirementOf) (list []flow, unknown string) {
	leaves := leavesForLoadBalancer(r)
	if leaves != truth.Yes {
		if list, unknown = backends(r); len(list) == 0 || leaves == truth.No {
			return list, unknown
		}
	}
	addresses := []netip.Addr{r.addr}
	if !r.addr.IsValid() {
		addresses = r.service.LiteralAddresses()
	}
	for _, a := range addresses {
		list = append(list, flow{dest: netpol.AddrDest(a).Outside(), port: r.port, protocol: r.protocol})
	}
	switch {
	case len(addresses) > 0:
		return list, ""
	case r.public:
		return append(list, flow{dest: netpol.InternetDest(), port: r.port, protocol: r.protocol}), ""
	default:
		return nil, "the load balancer's address is not in the files"
	}
}

// toNodePort reports whether a requirement leads to a port of the nodes that a Service
// of the cluster listens on.
func (r *requirementOf) toNodePort() bool {
	c := r.world.cluster
	if c == nil || !r.addr.IsValid() {
		return false
	}
	set := c.node.addresses()
	if set != nil && c.node.unknown == "" && !set.Contains(r.addr) {
		return false
	}
	for _, s := range r.world.services {
		if slices.Contains(s.NodePorts, r.port) {
			return true
		}
	}
	return false
}

// backends translates a Service to its pods and their ports.
func backends(r *requirementOf) (list []flow, unknown string) {
	s := r.service
	if !s.Selects {
		return nil, "Service " + s.ID() + " has no selector, its endpoints are not traced"
	}
	var port *kube.ServicePort
	for i := range s.Ports {
		if s.Ports[i].Port == r.port && (s.Ports[i].Protocol == r.protocol || port == nil) {
			port = &s.Ports[i]
		}
	}
	headless := s.ClusterIP == "None"
	if port == nil && !headless {
		return nil, "Service " + s.ID() + " has no port " + strconv.Itoa(r.port)
	}
	for i, wl := range r.world.workloads {
		if wl.Namespace != s.Namespace || !wl.SelectedBy(s.Selector) {
			continue
		}
		f := flow{dest: r.world.evaluator.PodDest(i), port: r.port, protocol: r.protocol}
		if !headless {
			f.protocol = port.Protocol
			f.port = wl.TargetPort(*port)
			if f.port == 0 {
				return nil, "port " + port.Target + " of " + wl.Display() + " is not in the files"
			}
		}
		f.translated = wl.Display() + " port " + strconv.Itoa(f.port)
		list = append(list, f)
	}
	if len(list) == 0 {
		return nil, "the pods of Service " + s.ID() + " are not in the files"
	}
	return list, ""
}

// hop judges the policies that isolate a workload for one requirement.
func (j *policyJudge) hop(r *requirementOf) model.Hop {
	w := r.world
	hop := model.Hop{Name: "network-policy", Status: truth.Open, Sources: []string{r.workload.Display()}}
	if !w.polices() || w.exempt[r.index].code != "" {
		hop.Code = "not-enforced"
		return hop
	}
	if r.workload.HostNetwork != truth.No {
		hop.Code = "host-network"
		return hop
	}
	isolating := w.evaluator.Isolating(r.index, netpol.Egress)
	j.describe(&hop, isolating)
	if len(isolating) == 0 && !w.mayDeny() {
		hop.Code = "not-isolated"
		return hop
	}
	flows, unknown := flows(r)
	if len(flows) == 0 {
		hop.Status, hop.Detail = truth.Unknown, unknown
		return hop
	}
	for _, f := range flows {
		hop.Facts = append(hop.Facts, fact("packets to", f.text(r), r.origin))
	}
	denied := 0
	for _, f := range flows {
		switch w.evaluator.Egress(r.index, f.dest, f.protocol, f.port) {
		case netpol.Allow:
		case netpol.Deny:
			denied++
		default:
			hop.Status, hop.Code, hop.Detail = truth.Unknown, "part", "the policies admit a part, or the files do not decide it"
		}
	}
	if denied < len(flows) {
		if denied > 0 {
			hop.Status, hop.Code, hop.Detail = truth.Unknown, "part", partReason(r, flows)
		}
		return hop
	}
	// What a rule denies is not for a policy to admit.
	var by *netpol.Denial
	denials := 0
	for _, f := range flows {
		list := w.evaluator.Denials(r.index, netpol.Egress, f.dest, f.protocol, f.port)
		if len(list) == 0 {
			continue
		}
		denials++
		d := firstSure(list)
		if d == nil {
			by = nil
			hop.Detail = list[0].Object.Kind + " " + list[0].Object.Name + " may deny it"
			break
		}
		if by == nil {
			by = d
		}
	}
	switch {
	case by != nil && denials == len(flows):
		hop.Status, hop.Code, hop.Origin = truth.Blocked, denialCode(by), j.blockByDenial(r, flows[0], by)
		return hop
	case denials > 0 || len(isolating) == 0:
		hop.Status, hop.Code = truth.Unknown, "denied"
		return hop
	}
	hop.Status = truth.Blocked
	var says string
	hop.Code, says, hop.Origin = j.blockByPolicy(r, flows, isolating)
	hop.Facts = append(hop.Facts, fact("closest rule admits", says, hop.Origin))
	return hop
}

// describe names the policies that isolate the pods.
func (j *policyJudge) describe(hop *model.Hop, isolating []*netpol.Policy) {
	names := make([]string, 0, len(isolating))
	for _, p := range isolating {
		at := j.places.Range(p.Object, p.Object.Root.Range)
		names = append(names, p.Object.Kind+"/"+p.Namespace+"/"+p.Name)
		hop.Facts = append(hop.Facts, fact("policy", policyName(p), at))
		hop.Origin = place.First(hop.Origin, at)
	}
	hop.Component = strings.Join(names, ", ")
}

// text is what policies see of a flow.
func (f flow) text(r *requirementOf) string {
	port := f.protocol
	if f.port > 0 {
		port += " " + strconv.Itoa(f.port)
	}
	if f.translated != "" {
		return f.translated + " (" + f.protocol + ")"
	}
	return r.display() + ", " + port
}

// partReason says why it decides nothing that policies admit only some of the flows.
func partReason(r *requirementOf, flows []flow) string {
	translated := func(f flow) bool { return f.translated != "" }
	switch {
	case r.kind == toLoadBalancer && slices.ContainsFunc(flows, translated) && !translated(flows[len(flows)-1]):
		return "whether policies see the load balancer's address or the pods behind it is not in the files"
	case r.byAlias:
		return "some endpoints of the Service are admitted and some are not"
	default:
		return "some backends are admitted and some are not"
	}
}

// blockByPolicy records a requirement that policies do not admit, at the closest
// rule, and returns why it is, what that rule admits and its place.
func (j *policyJudge) blockByPolicy(r *requirementOf, flows []flow, isolating []*netpol.Policy) (code, says string, at place.Origin) {
	w, f := r.world, flows[0]
	closest := w.evaluator.Closest(r.index, f.dest, f.protocol, f.port)
	code = closest.Code
	if r.service != nil && code == netpol.CodePort && f.port != r.port &&
		w.evaluator.Egress(r.index, f.dest, f.protocol, r.port) == netpol.Allow {
		// The rule to change is the one that admits the Service's port.
		closest = w.evaluator.Closest(r.index, f.dest, f.protocol, r.port)
		code = "service-port"
	}
	gate := j.block(r, f, code, closest.Policy.Object, closest.Range)
	gate.Closest, gate.Says = policyName(closest.Policy), closest.Says
	for _, p := range isolating {
		name := policyName(p)
		if slices.Contains(gate.Policies, name) {
			continue
		}
		gate.Policies = append(gate.Policies, name)
		if p != closest.Policy {
			gate.Related = append(gate.Related, j.places.Range(p.Object, p.Object.Root.Range))
		}
	}
	return code, gate.Says, gate.Origin
}

// block returns the gate of what stops a requirement at one place.
func (j *policyJudge) block(r *requirementOf, f flow, code string, by *kubernetes.Object, rule source.Range) *policyGate {
	w, at := r.world, j.places.Range(by, rule)
	gate := j.gates.at(policyKey{w, r.workload.Namespace, at}, func() *policyGate {
		return &policyGate{PolicyBlock: &model.PolicyBlock{
			Cluster: w.clusterID(), Namespace: r.workload.Namespace, Workloads: []string{}, Also: []string{},
			Destination: r.display(), Port: f.port, Protocol: f.protocol, Translated: f.translated,
			Policies: []string{}, Code: code, Enforcement: w.enforcementOf(by), Origin: at, Related: []place.Origin{},
		}}
	})
	if other := r.display(); other != gate.Destination && !slices.Contains(gate.Also, other) {
		gate.Also = append(gate.Also, other)
	}
	if name := r.workload.Display(); !slices.Contains(gate.Workloads, name) {
		gate.Workloads = append(gate.Workloads, name)
	}
	gate.need.add(r)
	return gate
}

// blockByDenial records a requirement that a rule denies, at that rule, whose place it
// returns.
func (j *policyJudge) blockByDenial(r *requirementOf, f flow, d *netpol.Denial) place.Origin {
	gate := j.block(r, f, denialCode(d), d.Object, d.Range)
	gate.Closest, gate.Says = d.Object.Kind+" "+d.Object.Name, d.Says
	if len(gate.Policies) == 0 {
		gate.Policies = []string{gate.Closest}
	}
	return gate.Origin
}

// denialCode says which kind of rule denies: what a remedy can be depends on it.
func denialCode(d *netpol.Denial) string {
	switch {
	case strings.HasPrefix(d.Object.Kind, "Cilium"):
		return "cilium-deny"
	case d.Baseline:
		return "baseline-deny"
	default:
		return "admin-deny"
	}
}

// firstSure is the first rule that denies for certain; nil if none does.
func firstSure(denials []netpol.Denial) *netpol.Denial {
	for i := range denials {
		if denials[i].Sure {
			return &denials[i]
		}
	}
	return nil
}

// deadCodes are the model's codes for what a peer never matches for.
var deadCodes = map[string]string{
	netpol.CodeServiceAddress: "service-cidr", netpol.CodePodAddress: "pod-cidr",
	netpol.CodeServicePort: "service-port", netpol.CodePortName: "named-port",
}

// deadPeers reports peers and ports of policies that can never match, except those
// that judgeWorld takes for a rule that was meant to admit DNS: it says the same
// with what follows from it.
func deadPeers(f *facts, w *world, dns []*dnsGate) (list []*model.DeadPeer) {
	if w.network.enforcement == "not-enforced" {
		return nil
	}
	var ports []netpol.ServicePort
	for _, s := range sortedServices(w.services) {
		if !s.Selects || s.ClusterIP == "None" {
			continue
		}
		for _, p := range s.Ports {
			port := netpol.ServicePort{Namespace: s.Namespace, Service: s.Name, Selector: s.Selector, Protocol: p.Protocol, Port: p.Port}
			if n, err := strconv.Atoi(p.Target); err == nil {
				port.TargetPort = n
			} else {
				port.TargetName = p.Target
			}
			ports = append(ports, port)
		}
	}
	said := make(map[source.Range]bool)
	for _, gate := range dns {
		if gate != nil && gate.Miss.Ref != 0 {
			said[f.places.List[gate.Miss.Ref].Range] = true
		}
	}
	for _, dead := range w.evaluator.DeadPeers(ports) {
		if said[dead.Policy.RuleRange(dead.Direction, dead.Rule)] {
			continue
		}
		list = append(list, &model.DeadPeer{
			Cluster: w.clusterID(), Kind: dead.Policy.Object.Kind, Namespace: dead.Policy.Namespace, Policy: dead.Policy.Name,
			Direction: dead.Direction.String(), Code: deadCodes[dead.Code], Says: dead.Says,
			Origin: f.places.Range(dead.Policy.Object, dead.Range),
		})
	}
	return list
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
func unsupportedPolicies(f *facts, w *world) (list []*model.UnsupportedPolicy) {
	c := w.cluster
	if c == nil {
		return nil
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
		list = append(list, &model.UnsupportedPolicy{
			Cluster: c.id, ClusterName: c.name, Kind: o.Kind, Group: group, Name: name,
			Origin: f.places.Range(o, o.KindRange()),
		})
	}
	return list
}

// addonConfig is the place of the Terway addon's config.
func addonConfig(c *cluster) place.Origin {
	if c.scope == nil {
		return place.Origin{}
	}
	addons, _ := c.addons()
	for _, a := range addons {
		if a.plugin == pluginTerway && !a.config.Range.IsZero() {
			return c.scope.At(a.holder, a.config)
		}
	}
	return place.Origin{}
}
