package netpol

import (
	"fmt"
	"slices"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/source"
)

// Codes of [DeadPeer]: why a peer or port never matches.
const (
	CodeServiceAddress = "service-address" // the block holds ClusterIPs, which are translated before policies see them
	CodePodAddress     = "pod-address"     // the block holds pods and no nodes; blocks do not cover pods on ipvlan and v2
	CodeServicePort    = "service-port"    // the port is a Service's; pods get its target port
	CodePortName       = "port-name"       // no pod declares a port of that name
)

// DeadPeer is a peer or port of a rule that can never match, as far as the files
// prove it.
type DeadPeer struct {
	Policy    *Policy
	Direction Direction
	Rule      int          // index among the rules of the direction
	Range     source.Range // the peer or port
	Code      string
	Says      string // what it is and why, such as "TCP 80 is the port of Service shop/db; its pods listen on 5432"
}

// ServicePort is a port of a Service with a selector.
type ServicePort struct {
	Namespace string
	Service   string // its name, for Says
	// Selector are the labels of its pods. A Service without any selects none.
	Selector Labels
	Protocol string // TCP, UDP or SCTP; TCP if empty
	Port     int
	// TargetPort is the port of the pods, or 0 for the one that they name
	// TargetName. A port without either goes to the same port of the pods.
	TargetPort int
	TargetName string
}

// target returns the port of a pod that a Service's port leads to. It is false if
// the pod does not say which.
func (p *ServicePort) target(pod *Pod) (int, bool) {
	switch {
	case p.TargetPort != 0:
		return p.TargetPort, true
	case p.TargetName == "":
		return p.Port, true
	}
	protocol, _ := protocolIndex(p.Protocol)
	for _, c := range pod.Ports {
		if i, ok := protocolIndex(c.Protocol); ok && i == protocol && c.Name == p.TargetName && c.Number != 0 {
			return c.Number, true
		}
	}
	return 0, false
}

// DeadPeers returns the peers and ports of the NetworkPolicies, GlobalNetworkPolicies
// and Cilium policies that can never match, by policy and rule. Where
// anything that could make one match is unknown, it is not among them. Services are
// those with a selector whose ports the files decide.
func (e *Evaluator) DeadPeers(services []ServicePort) []DeadPeer {
	if e.overdue() {
		return nil // not all pods have a class
	}
	f := e.newDeadFinder(services)
	for _, c := range e.policies {
		for _, d := range []Direction{Egress, Ingress} {
			if c.policy.isolates[d] == truth.No { // its rules are ignored
				continue
			}
			for i := range c.policy.rules[d] {
				if e.overdue() {
					return f.dead
				}
				f.blocks(c, d, i)
				f.ports(c, d, i)
			}
		}
	}
	return f.dead
}

// deadFinder collects dead peers.
type deadFinder struct {
	*reach
	services map[portNumber][]*ServicePort
	backends map[*ServicePort][]backend
	byPod    map[int][]backendOf
	dead     []DeadPeer
}

type portNumber struct{ protocol, port int }

// backend is a pod that a Service's port may lead to.
type backend struct {
	pod  int
	sure bool
}

// backendOf is a Service's port that may lead to a pod.
type backendOf struct {
	port *ServicePort
	sure bool
}

func (e *Evaluator) newDeadFinder(services []ServicePort) *deadFinder {
	f := &deadFinder{
		reach: e.newReach(), services: make(map[portNumber][]*ServicePort),
		backends: make(map[*ServicePort][]backend), byPod: make(map[int][]backendOf),
	}
	// By namespace: the selectors of its Services, and the Services in the same order.
	matchers := make(map[string]*matcher)
	ports := make(map[string][]*ServicePort)
	for i := range services {
		s := &services[i]
		protocol, ok := protocolIndex(s.Protocol)
		if !ok || len(s.Selector) == 0 {
			continue
		}
		n := portNumber{protocol, s.Port}
		f.services[n] = append(f.services[n], s)
		if matchers[s.Namespace] == nil {
			matchers[s.Namespace] = new(matcher)
		}
		matchers[s.Namespace].add(s.selector())
		ports[s.Namespace] = append(ports[s.Namespace], s)
	}
	for _, m := range matchers {
		m.index()
	}
	for i := range e.pods {
		if i%64 == 0 && e.overdue() {
			break
		}
		p := &e.pods[i]
		m := matchers[p.Namespace]
		if m == nil {
			continue
		}
		m.visit(labelSet{p.Labels, p.UnknownLabels, p.MoreLabels}, func(id selectorID, t truth.Truth) {
			s := ports[p.Namespace][id]
			f.backends[s] = append(f.backends[s], backend{i, t == truth.Yes})
			f.byPod[i] = append(f.byPod[i], backendOf{s, t == truth.Yes})
		})
	}
	return f
}

func (p *ServicePort) selector() selector {
	requirements := make([]requirement, 0, len(p.Selector))
	for k, v := range p.Selector {
		requirements = append(requirements, requirement{key: k, op: opIn, values: []string{v}})
	}
	return selector{requirements: requirements}
}

func (f *deadFinder) add(c *compiled, d Direction, rule int, at source.Range, code, format string, args ...any) {
	f.dead = append(f.dead, DeadPeer{c.policy, d, rule, at, code, fmt.Sprintf(format, args...)})
}

// blocks looks for blocks of addresses that no packet has as policies see it.
func (f *deadFinder) blocks(c *compiled, d Direction, rule int) {
	p := &f.e.profile
	cilium := c.policy.dialect == ciliumPolicy
	for i := range c.policy.rules[d][rule].peers {
		peer := &c.policy.rules[d][rule].peers[i]
		if peer.kind != blockPeer {
			continue
		}
		switch {
		case within(p.ServiceCIDRs, peer):
			f.add(c, d, rule, peer.at, CodeServiceAddress,
				"%s lies among the addresses of Services: policies see the pods behind a Service, not its address", peer.block)
		// A vSwitch may have nodes as well as pods, and the block may be meant for these.
		case within(p.PodCIDRs, peer) && !ipset.IsEmpty(p.NodeCIDRs) && !p.NodeCIDRs.OverlapsPrefix(peer.block) && (p.ebpf() || cilium):
			f.add(c, d, rule, peer.at, CodePodAddress,
				"%s lies among the addresses of this cluster's pods, which a block of addresses does not cover here: select them by label", peer.block)
		}
	}
}

// within reports whether a block lies wholly in a set that is known.
func within(set *netipx.IPSet, p *peer) bool {
	return !ipset.IsEmpty(set) && set.ContainsPrefix(p.block)
}

// ports looks for ports that no pod has that a rule is about.
func (f *deadFinder) ports(c *compiled, d Direction, rule int) {
	r := &c.policy.rules[d][rule]
	candidate := slices.ContainsFunc(r.ports, func(p portRange) bool {
		return p.name != "" || p.from == p.to && p.sure == p.to && len(f.services[portNumber{firstOf(p.protocols), p.from}]) > 0
	})
	if !candidate || r.nothing {
		return
	}
	pods, complete, ok := f.receivers(c, d, rule)
	if !ok || len(pods) == 0 {
		return
	}
	for i := range r.ports {
		p := &r.ports[i]
		switch {
		case len(p.protocols) != 1:
		case p.name != "":
			if complete && !f.declared(pods, p) {
				f.add(c, d, rule, p.at, CodePortName, "no pod that the rule is about has a %s port named %s%s",
					protocols[p.protocols[0]], p.name, f.otherProtocol(pods, p.name))
			}
		case p.from == p.to && p.sure == p.to:
			f.servicePort(c, d, rule, p, pods)
		}
	}
}

func firstOf(list []int) int {
	if len(list) != 1 {
		return -1
	}
	return list[0]
}

// receivers returns the scanned pods at which packets arrive that a rule is about:
// those of its peers for Egress, those of its policy for Ingress. Complete tells
// that, as far as files can, they are all there are. It is not ok if the rule may be
// about something else as well.
func (f *deadFinder) receivers(c *compiled, d Direction, rule int) (pods []int, complete, ok bool) {
	if d == Ingress {
		return f.arrivals(c)
	}
	r := &c.rules[Egress][rule]
	if r.any || r.unsure || r.nodes || r.names || len(r.possible) > 0 || len(r.pods) == 0 {
		return nil, false, false
	}
	complete = true
	seen := newBitset(len(f.e.classes))
	for _, p := range r.pods {
		found := f.peer(r, p)
		if len(found.possible) > 0 || p.unsure {
			return nil, false, false
		}
		complete = complete && f.namesNamespaces(r, p)
		for _, class := range found.sure {
			if !seen.has(int(class)) {
				seen.set(int(class))
				pods = append(pods, f.members[class]...)
			}
		}
	}
	slices.Sort(pods)
	return pods, complete, true
}

// arrivals returns the scanned pods that a policy selects.
func (f *deadFinder) arrivals(c *compiled) (pods []int, complete, ok bool) {
	if c.policy.hosts {
		return nil, false, false
	}
	found := f.subjects(c)
	if len(found.possible) > 0 {
		return nil, false, false
	}
	for _, class := range found.sure {
		if f.e.classes[class].hostNetwork {
			return nil, false, false
		}
		pods = append(pods, f.members[class]...)
	}
	slices.Sort(pods)
	return pods, !c.policy.clusterwide() && f.known(c.policy.Namespace), true
}

// known reports whether a namespace is in the files.
func (f *deadFinder) known(name string) bool {
	id, ok := f.e.namespaceIDs[name]
	return ok && f.e.namespaces[id].known
}

// namesNamespaces reports whether a peer selects namespaces by name only, all of
// which are in the files. Others may have any labels.
func (f *deadFinder) namesNamespaces(r *compiledRule, p compiledPeer) bool {
	if p.namespaces == noSelector {
		return f.known(r.namespace)
	}
	s := &f.e.namespaceSelectors.selectors[p.namespaces]
	return slices.ContainsFunc(s.requirements, func(q requirement) bool {
		return q.key == nameLabel && q.op == opIn && !q.unsure && !q.unsureKey &&
			!slices.ContainsFunc(q.values, func(name string) bool { return !f.known(name) })
	})
}

// declared reports whether some pod has or may have a port of a name.
func (f *deadFinder) declared(pods []int, p *portRange) bool {
	return slices.ContainsFunc(pods, func(pod int) bool {
		x := &f.e.pods[pod]
		return x.MorePorts || slices.ContainsFunc(x.Ports, func(c Port) bool {
			i, ok := protocolIndex(c.Protocol)
			return c.Name == p.name && (!ok || i == p.protocols[0])
		})
	})
}

// otherProtocol says which protocol a port of a name has on pods instead.
func (f *deadFinder) otherProtocol(pods []int, name string) string {
	for _, pod := range pods {
		for _, c := range f.e.pods[pod].Ports {
			if i, ok := protocolIndex(c.Protocol); ok && c.Name == name {
				return ": it is a port of " + protocols[i]
			}
		}
	}
	return ""
}

// servicePort looks at a port that is a Service's. It counts only if a Service
// certainly leads to one of the pods by it, and no pod has the port itself.
func (f *deadFinder) servicePort(c *compiled, d Direction, rule int, p *portRange, pods []int) {
	for _, pod := range pods {
		if f.has(pod, p.protocols[0], p.from) {
			return
		}
	}
	for _, s := range f.services[portNumber{p.protocols[0], p.from}] {
		for _, b := range f.backends[s] {
			if _, among := slices.BinarySearch(pods, b.pod); !among || !b.sure {
				continue
			}
			if target, ok := s.target(&f.e.pods[b.pod]); ok {
				f.add(c, d, rule, p.at, CodeServicePort, "%s %d is the port of Service %s/%s; its pods listen on %d, which is what policies see",
					protocols[p.protocols[0]], p.from, s.Namespace, s.Service, target)
				return
			}
		}
	}
}

// has reports whether a pod listens or may listen on a port, as far as its
// containers and the Services that lead to it tell.
func (f *deadFinder) has(pod, protocol, port int) bool {
	p := &f.e.pods[pod]
	if p.MorePorts || slices.ContainsFunc(p.Ports, func(c Port) bool {
		i, ok := protocolIndex(c.Protocol)
		return (!ok || i == protocol) && (c.Number == port || c.Number == 0)
	}) {
		return true
	}
	return slices.ContainsFunc(f.byPod[pod], func(b backendOf) bool {
		target, ok := b.port.target(p)
		i, _ := protocolIndex(b.port.Protocol)
		return i == protocol && (!ok || target == port)
	})
}
