package trace

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
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// The flows that a requirement gives rise to inside the cluster: names are
// resolved, Services translated, then policies see what is left (domain facts:
// packet order of the vendor's page and of the Kubernetes documentation on
// network policies).

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
	sets   map[policySet]model.Hop // what describe says of each
}

// policyGate is a PolicyBlock under construction.
type policyGate struct {
	*model.PolicyBlock
	need                      needs
	policies, workloads, also listed
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
	pod        int    // the workload that it was translated to, among those of the world
}

// anyService is where a cloud service may be: any address that is not the machine's
// own or its link's.
var anyService = ipset.Subtract(ipset.Of(netip.MustParsePrefix("0.0.0.0/0")), ipset.Of(
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/3"),
))

// flows returns what policies see of a requirement; none if the files do not say
// where it leads. Translated flows are alternatives: the Service picks one.
func flows(r *world.Need) (list []flow, unknown string) {
	plain := flow{port: r.Port, protocol: r.Protocol}
	switch r.Kind {
	case world.ToInternet:
		plain.dest = netpol.InternetDest()
		if r.Anywhere6 {
			plain.dest = netpol.SetDest(ipset.Public6).Outside()
		}
		if r.Addr.IsValid() {
			plain.dest = netpol.AddrDest(r.Addr).Outside()
		}
		if r.Prefix.IsValid() {
			plain.dest = netpol.PrefixDest(r.Prefix).Outside()
		}
	case world.ToAddress:
		if toNodePort(r) {
			return nil, "where on its way a packet to a node port meets policies differs between data paths"
		}
		plain.dest = netpol.AddrDest(r.Addr)
		if r.Prefix.IsValid() {
			plain.dest = netpol.PrefixDest(r.Prefix)
		}
	case world.ToTarget:
		switch {
		case r.Public:
			plain.dest = netpol.InternetDest()
		case r.Target.VSwitch != nil && r.Target.VSwitch.CIDR.IsValid():
			plain.dest = netpol.PrefixDest(r.Target.VSwitch.CIDR).Outside()
		case r.Target.Kind == "oss":
			plain.dest = netpol.PrefixDest(cloudServices).Outside()
		case len(r.Target.Addresses) == 1:
			plain.dest = netpol.AddrDest(r.Target.Addresses[0]).Outside()
		default:
			plain.dest = netpol.SetDest(ipset.Private).Outside()
		}
	case world.ToService:
		list, _, unknown = backends(r)
		return list, unknown
	case world.ToLoadBalancer:
		return loadBalancerFlows(r)
	default:
		if r.Scattered {
			return nil, "the endpoints of " + r.Display() + " are not all of one kind"
		}
		if r.Rerouted {
			return nil, "a ServiceEntry lets the service mesh decide where packets for " + r.Display() + " go"
		}
		if r.Outside != nil && len(r.Outside.Addresses) > 0 {
			plain.dest = netpol.SetDest(ipset.Of(r.Outside.Addresses...)).Outside()
			break
		}
		if !r.Cloud {
			return nil, "the address of " + r.Display() + " is not in the files"
		}
		// Policies that admit no address at all need no address to be judged.
		plain.dest = netpol.SetDest(anyService).Outside()
	}
	list = []flow{plain}
	for _, other := range r.Others {
		f := flow{dest: netpol.AddrDest(other.Addr()), port: int(other.Port()), protocol: r.Protocol}
		if r.Kind == world.ToInternet {
			f.dest = f.dest.Outside()
		}
		list = append(list, f)
	}
	return list, ""
}

// loadBalancerFlows returns what policies see of packets to a load balancer of a
// Service: its backends where the client's node translates the address, the address
// where the packets leave for it, and both where the files do not decide which.
func loadBalancerFlows(r *world.Need) (list []flow, unknown string) {
	leaves := leavesForLoadBalancer(r)
	if leaves != truth.Yes {
		if list, _, unknown = backends(r); len(list) == 0 || leaves == truth.No {
			return list, unknown
		}
	}
	addresses := []netip.Addr{r.Addr}
	if !r.Addr.IsValid() {
		addresses = r.Service.LiteralAddresses()
	}
	for _, a := range addresses {
		list = append(list, flow{dest: netpol.AddrDest(a).Outside(), port: r.Port, protocol: r.Protocol})
	}
	switch {
	case len(addresses) > 0:
		return list, ""
	case r.Public:
		return append(list, flow{dest: netpol.InternetDest(), port: r.Port, protocol: r.Protocol}), ""
	default:
		return nil, "the load balancer's address is not in the files"
	}
}

// toNodePort reports whether a requirement leads to a port of the nodes that a Service
// of the cluster listens on.
func toNodePort(r *world.Need) bool {
	c := r.World.Cluster
	if c == nil || !r.Addr.IsValid() {
		return false
	}
	set := c.Node.Addresses()
	if set != nil && c.Node.Unknown == "" && !set.Contains(r.Addr) {
		return false
	}
	for _, s := range r.World.Services {
		if slices.Contains(s.NodePorts, r.Port) {
			return true
		}
	}
	return false
}

// backends translates a Service to its pods and their ports; none, with a code and words
// for why, if the files do not say what they are.
func backends(r *world.Need) (list []flow, code, unknown string) {
	s := r.Service
	if !s.Selects {
		return nil, "no-selector", "Service " + s.ID() + " has no selector, its endpoints are not traced"
	}
	var port *kube.ServicePort
	for i := range s.Ports {
		if s.Ports[i].Port == r.Port && (s.Ports[i].Protocol == r.Protocol || port == nil) {
			port = &s.Ports[i]
		}
	}
	headless := s.ClusterIP == "None"
	if port == nil && !headless {
		return nil, "no-port", "Service " + s.ID() + " has no port " + strconv.Itoa(r.Port)
	}
	for i, wl := range r.World.Workloads {
		if wl.Namespace != s.Namespace || !wl.SelectedBy(s.Selector) {
			continue
		}
		f := flow{dest: r.World.Evaluator.PodDest(i), port: r.Port, protocol: r.Protocol, pod: i}
		if !headless {
			f.protocol = port.Protocol
			f.port = wl.TargetPort(*port)
			if f.port == 0 {
				return nil, "port-not-declared", "port " + port.Target + " of " + wl.Display() + " is not in the files"
			}
		}
		f.translated = wl.Display() + " port " + strconv.Itoa(f.port)
		list = append(list, f)
	}
	if len(list) == 0 {
		return nil, "no-pods", "the pods of Service " + s.ID() + " are not in the files"
	}
	return list, "", ""
}

// hop judges the policies that isolate a workload for one requirement.
func (j *policyJudge) hop(r *world.Need) model.Hop {
	w := r.World
	sources := []string{r.Workload.Display()}
	hop := model.Hop{Name: model.HopEgressPolicy, Status: truth.Open, Sources: sources}
	if !w.Polices() || w.Exempt[r.Index].Code != "" {
		hop.Code = "not-enforced"
		return hop
	}
	if r.Workload.HostNetwork != truth.No {
		hop.Code = "host-network"
		return hop
	}
	isolating := w.Evaluator.Isolating(r.Index, netpol.Egress)
	hop = j.describe(isolating)
	hop.Sources = sources
	if len(isolating) == 0 && !w.MayDeny() {
		hop.Code = "not-isolated"
		return hop
	}
	flows, unknown := flows(r)
	if len(flows) == 0 {
		hop.Status, hop.Detail = truth.Unknown, unknown
		return hop
	}
	for _, f := range flows {
		hop.Facts = append(hop.Facts, fact("packets to", f.text(r), r.Origin))
	}
	denied := 0
	for _, f := range flows {
		switch w.Evaluator.Egress(r.Index, f.dest, f.protocol, f.port) {
		case truth.Open:
		case truth.Blocked:
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
		list := w.Evaluator.Denials(r.Index, netpol.Egress, f.dest, f.protocol, f.port)
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

// describe returns the hop of pods that policies isolate, with the names of these.
func (j *policyJudge) describe(isolating []*netpol.Policy) model.Hop {
	if hop, ok := j.sets[setOf(isolating)]; ok {
		return hop
	}
	hop := model.Hop{Name: model.HopEgressPolicy, Status: truth.Open}
	names := make([]string, 0, len(isolating))
	for _, p := range isolating {
		at := j.places.Range(p.Object, p.Object.Root.Range)
		names = append(names, p.Object.Kind+"/"+p.Namespace+"/"+p.Name)
		hop.Facts = append(hop.Facts, fact("policy", policyName(p), at))
		hop.Origin = place.First(hop.Origin, at)
	}
	hop.Component = strings.Join(names, ", ")
	hop.Facts = slices.Clip(hop.Facts) // workloads add facts of their own
	if j.sets == nil {
		j.sets = make(map[policySet]model.Hop)
	}
	j.sets[setOf(isolating)] = hop
	return hop
}

// text is what policies see of a flow.
func (f flow) text(r *world.Need) string {
	port := f.protocol
	if f.port > 0 {
		port += " " + strconv.Itoa(f.port)
	}
	if f.translated != "" {
		return f.translated + " (" + f.protocol + ")"
	}
	return r.Display() + ", " + port
}

// partReason says why it decides nothing that policies admit only some of the flows.
func partReason(r *world.Need, flows []flow) string {
	translated := func(f flow) bool { return f.translated != "" }
	switch {
	case r.Kind == world.ToLoadBalancer && slices.ContainsFunc(flows, translated) && !translated(flows[len(flows)-1]):
		return "whether policies see the load balancer's address or the pods behind it is not in the files"
	case r.ByAlias:
		return "some endpoints of the Service are admitted and some are not"
	default:
		return "some backends are admitted and some are not"
	}
}

// blockByPolicy records a requirement that policies do not admit, at the closest
// rule, and returns why it is, what that rule admits and its place.
func (j *policyJudge) blockByPolicy(r *world.Need, flows []flow, isolating []*netpol.Policy) (code, says string, at place.Origin) {
	w, f := r.World, flows[0]
	closest := w.Evaluator.Closest(r.Index, f.dest, f.protocol, f.port)
	code = closest.Code
	if r.Service != nil && code == netpol.CodePort && f.port != r.Port &&
		w.Evaluator.Egress(r.Index, f.dest, f.protocol, r.Port) == truth.Open {
		// The rule to change is the one that admits the Service's port.
		closest = w.Evaluator.Closest(r.Index, f.dest, f.protocol, r.Port)
		code = "service-port"
	}
	gate := j.block(r, f, code, closest.Policy.Object, closest.Range)
	gate.Closest, gate.Says = policyName(closest.Policy), closest.Says
	for _, p := range gate.policies.unseen(isolating) {
		gate.Policies = append(gate.Policies, policyName(p))
		if p != closest.Policy {
			gate.Related = append(gate.Related, j.places.Range(p.Object, p.Object.Root.Range))
		}
	}
	return code, gate.Says, gate.Origin
}

// block returns the gate of what stops a requirement at one place.
func (j *policyJudge) block(r *world.Need, f flow, code string, by *kubernetes.Object, rule source.Range) *policyGate {
	w, at := r.World, j.places.Range(by, rule)
	gate := j.gates.at(policyKey{w, r.Workload.Namespace, at}, func() *policyGate {
		return &policyGate{PolicyBlock: &model.PolicyBlock{
			Cluster: w.ClusterID(), Namespace: r.Workload.Namespace, Workloads: []string{}, Also: []string{},
			Destination: r.Display(), Port: f.port, Protocol: f.protocol, Translated: f.translated,
			Policies: []string{}, Code: code, Enforcement: w.EnforcementOf(by), Origin: at, Related: []place.Origin{},
		}}
	})
	if other := r.Display(); other != gate.Destination && gate.also.first(other) {
		gate.Also = append(gate.Also, other)
	}
	if name := r.Workload.Display(); gate.workloads.first(name) {
		gate.Workloads = append(gate.Workloads, name)
	}
	gate.need.add(r)
	return gate
}

// blockByDenial records a requirement that a rule denies, at that rule, whose place it
// returns.
func (j *policyJudge) blockByDenial(r *world.Need, f flow, d *netpol.Denial) place.Origin {
	gate := j.block(r, f, denialCode(d), d.Object, d.Range)
	gate.Closest, gate.Says = d.Object.Kind+" "+d.Object.Name, d.Says
	if len(gate.Policies) == 0 {
		gate.Policies = []string{gate.Closest}
		gate.policies.first(gate.Closest)
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
func deadPeers(f *world.Facts, w *world.World, dns []*dnsGate) (list []*model.DeadPeer) {
	if w.Network.Enforcement == "not-enforced" {
		return nil
	}
	var ports []netpol.ServicePort
	for _, s := range world.SortedServices(w.Services) {
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
			said[f.Places.List[gate.Miss.Ref].Range] = true
		}
	}
	for _, dead := range w.Evaluator.DeadPeers(ports) {
		if said[dead.Policy.RuleRange(dead.Direction, dead.Rule)] {
			continue
		}
		list = append(list, &model.DeadPeer{
			Cluster: w.ClusterID(), Kind: dead.Policy.Object.Kind, Namespace: dead.Policy.Namespace, Policy: dead.Policy.Name,
			Direction: dead.Direction.String(), Code: deadCodes[dead.Code], Says: dead.Says,
			Origin: f.Places.Range(dead.Policy.Object, dead.Range),
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
// configuration says that the cluster enforces them, or the cluster may have a network
// plug-in of its own, which does.
func unsupportedPolicies(f *world.Facts, w *world.World) (list []*model.UnsupportedPolicy) {
	c := w.Cluster
	if c == nil || c.Plugin == world.PluginUnknown {
		return nil
	}
	for _, o := range w.Objects {
		group, _, _ := strings.Cut(o.APIVersion, "/")
		if !slices.Contains(foreignPolicies[group], o.Kind) || w.Enforces(o) {
			continue
		}
		name := o.Name
		if o.Namespace != "" {
			name = o.Namespace + "/" + o.Name
		}
		list = append(list, &model.UnsupportedPolicy{
			Cluster: c.ID, ClusterName: c.Name, Kind: o.Kind, Group: group, Name: name,
			Origin: f.Places.Range(o, o.KindRange()),
		})
	}
	return list
}
