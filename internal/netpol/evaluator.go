package netpol

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go4.org/netipx"
)

// Namespace is a namespace with its labels. Those of a namespace that is not in
// the files (Known is false) are unknown but for kubernetes.io/metadata.name,
// which the API server sets on every namespace and which need not be in Labels.
type Namespace struct {
	Name          string
	Labels        Labels
	UnknownLabels []string // keys of labels with an undecided value
	Known         bool
}

// Port is a container port of a pod. A Number of 0 is one that the files leave
// undecided.
type Port struct {
	Name     string
	Number   int
	Protocol string // TCP, UDP or SCTP; TCP if empty
	// Sidecar marks a port of an init container that keeps running. Network
	// plug-ins differ on whether its name resolves.
	Sidecar bool
}

// Pod is the pod that a workload runs, with all its replicas.
type Pod struct {
	ID        string // for the caller; not interpreted
	Namespace string
	Labels    Labels
	// UnknownLabels are the keys of labels that the pod has with an undecided
	// value, such as pod-template-hash.
	UnknownLabels []string
	// MoreLabels tells that the pod may have labels beyond these.
	MoreLabels bool
	Ports      []Port
	// MorePorts tells that the pod may have container ports beyond these.
	MorePorts   bool
	HostNetwork bool
	// Exempt tells that the files prove that no policy is enforced on this pod,
	// whatever the cluster does: it runs on an exclusive-ENI node pool, say.
	Exempt bool
	// ECI marks a pod that runs as an elastic container instance, where Poseidon
	// enforces policies, without endPort and IPv6.
	ECI bool
}

// Profile is what is known about the cluster's network.
type Profile struct {
	// Datapath is veth, ipvlan or v2 for those of Terway; anything else is a data
	// path whose particulars are unknown. It decides whether an ipBlock covers pods
	// (veth: yes; ipvlan, v2: no, and except is not fully supported there) and what
	// happens to hostNetwork pods (Terway exempts them) and to link-local addresses
	// (only veth certainly filters them).
	Datapath string
	// Enforced tells whether the cluster enforces policies at all.
	Enforced Ternary
	// PodCIDRs are the addresses that pods may have; nil if unknown. An address
	// among them may be a pod's, unless the question says otherwise; if they are
	// unknown, only pods given as pods count as such.
	PodCIDRs *netipx.IPSet
}

// ebpf reports whether an ipBlock never covers a pod.
func (p *Profile) ebpf() bool { return p.Datapath == "ipvlan" || p.Datapath == "v2" }

// veth reports whether policies are iptables rules on addresses.
func (p *Profile) veth() bool { return p.Datapath == "veth" }

// Evaluator answers questions about one cluster's policies. Answers are
// computed when first asked for and kept, so an Evaluator must not be used from
// several goroutines at once.
type Evaluator struct {
	profile  Profile
	policies []*compiled
	ports    *portSets

	podSelectors       matcher
	namespaceSelectors matcher

	namespaces   []namespace
	namespaceIDs map[string]int32
	portNames    map[string]struct{} // names that policies use
	portMaps     []portMap
	portMapIDs   map[string]int32

	vectors   map[string]vector // by label set
	classes   []*class
	classIDs  map[classKey]int32
	classOf   []int32 // by pod
	subjects  [2][]*subject
	subjectID map[string]*subject
}

type namespace struct {
	name     string
	vector   vector
	policies []*compiled
}

// class is a set of pods that no policy can tell apart.
type class struct {
	namespace   int32
	vector      vector
	ports       int32 // id of its portMap
	hostNetwork bool
	exempt      bool
	eci         bool
}

type classKey struct {
	namespace, ports         int32
	hostNetwork, exempt, eci bool
	vector                   string
}

// portMap resolves the named ports that policies use on the pods of a class.
type portMap struct {
	named map[portName]bounds
	// more tells that the pods may have ports beyond these.
	more bool
}

type portName struct {
	protocol int
	name     string
}

// New returns the evaluator of a set of policies for the given pods; pods are
// referred to by their index. A namespace that is not given counts as not Known.
// Policies that are nil are left out. Neither order nor the presence of two
// policies with one name changes an answer.
func New(policies []*Policy, namespaces []Namespace, pods []Pod, profile Profile) *Evaluator {
	e := &Evaluator{
		profile:      profile,
		ports:        newPortSets(),
		namespaceIDs: make(map[string]int32),
		portNames:    make(map[string]struct{}),
		portMapIDs:   make(map[string]int32),
		vectors:      make(map[string]vector),
		classIDs:     make(map[classKey]int32),
		subjectID:    make(map[string]*subject),
	}
	if s := e.profile.PodCIDRs; s != nil && len(s.Ranges()) == 0 {
		e.profile.PodCIDRs = nil // every pod has some address
	}
	sorted := slices.DeleteFunc(slices.Clone(policies), func(p *Policy) bool { return p == nil })
	slices.SortStableFunc(sorted, func(a, b *Policy) int {
		return cmp.Or(a.Object.Root.Range.Compare(b.Object.Root.Range),
			cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	for i, p := range sorted {
		e.policies = append(e.policies, e.compile(int32(i), p))
	}
	e.podSelectors.index()
	e.namespaceSelectors.index()
	for _, ns := range namespaces {
		e.addNamespace(ns)
	}
	for _, c := range e.policies {
		ns := &e.namespaces[e.namespace(c.policy.Namespace)]
		ns.policies = append(ns.policies, c)
	}
	e.classOf = make([]int32, len(pods))
	for i := range pods {
		e.classOf[i] = e.classify(&pods[i])
	}
	return e
}

// namespace returns the index of a namespace, which is unknown if it was not given.
func (e *Evaluator) namespace(name string) int32 {
	if id, ok := e.namespaceIDs[name]; ok {
		return id
	}
	return e.addNamespace(Namespace{Name: name})
}

func (e *Evaluator) addNamespace(ns Namespace) int32 {
	if id, ok := e.namespaceIDs[ns.Name]; ok {
		return id // the first of two declarations counts
	}
	labels := make(Labels, len(ns.Labels)+1)
	for k, v := range ns.Labels {
		labels[k] = v
	}
	labels[nameLabel] = ns.Name
	unknown := slices.DeleteFunc(slices.Clone(ns.UnknownLabels), func(k string) bool { return k == nameLabel })
	id := int32(len(e.namespaces))
	e.namespaceIDs[ns.Name] = id
	e.namespaces = append(e.namespaces, namespace{
		name:   ns.Name,
		vector: e.namespaceSelectors.match(labelSet{labels, unknown, !ns.Known}),
	})
	return id
}

// classify returns the class of a pod.
func (e *Evaluator) classify(p *Pod) int32 {
	labels := labelSet{p.Labels, p.UnknownLabels, p.MoreLabels}
	key := labels.key()
	v, ok := e.vectors[key]
	if !ok {
		v = e.podSelectors.match(labels)
		e.vectors[key] = v
	}
	c := &class{
		namespace:   e.namespace(p.Namespace),
		vector:      v,
		ports:       e.portMap(p),
		hostNetwork: p.HostNetwork,
		exempt:      p.Exempt,
		eci:         p.ECI,
	}
	ck := classKey{c.namespace, c.ports, c.hostNetwork, c.exempt, c.eci, v.key()}
	if id, ok := e.classIDs[ck]; ok {
		return id
	}
	id := int32(len(e.classes))
	e.classes = append(e.classes, c)
	e.classIDs[ck] = id
	for d := range e.subjects {
		e.subjects[d] = append(e.subjects[d], nil)
	}
	return id
}

// portMap returns the id of the pod's map of named ports, restricted to the
// names that policies use.
func (e *Evaluator) portMap(p *Pod) int32 {
	var texts []string
	for _, port := range p.Ports {
		if _, used := e.portNames[port.Name]; used && port.Name != "" {
			i, ok := protocolIndex(port.Protocol)
			if !ok {
				continue
			}
			text := port.Name + "/" + strconv.Itoa(i) + "/" + strconv.Itoa(port.Number)
			if port.Sidecar {
				text += "?"
			}
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	if p.MorePorts {
		texts = append(texts, "...")
	}
	key := strings.Join(texts, " ")
	if id, ok := e.portMapIDs[key]; ok {
		return id
	}
	m := portMap{named: make(map[portName]bounds), more: p.MorePorts}
	for _, port := range p.Ports {
		if _, used := e.portNames[port.Name]; !used || port.Name == "" {
			continue
		}
		i, ok := protocolIndex(port.Protocol)
		if !ok {
			continue
		}
		name := portName{i, port.Name}
		had, seen := m.named[name]
		switch {
		case port.Number < 1 || port.Number > maxPort:
			m.named[name] = bounds{noPorts, e.ports.ports(i, 1, maxPort)}
		default:
			set := e.ports.ports(i, port.Number, port.Number)
			b := bounds{set, set}
			if port.Sidecar {
				b.lo = noPorts
			}
			if seen {
				// Plug-ins differ on which of two ports of one name counts.
				b = bounds{e.ports.and(had.lo, b.lo), e.ports.or(had.hi, b.hi)}
			}
			m.named[name] = b
		}
	}
	id := int32(len(e.portMaps))
	e.portMaps = append(e.portMaps, m)
	e.portMapIDs[key] = id
	return id
}

// resolve returns the ports that a name stands for on the pods of a port map.
func (e *Evaluator) resolve(m int32, name portName) bounds {
	b := e.portMaps[m].named[name]
	if e.portMaps[m].more {
		b.hi = e.ports.ports(name.protocol, 1, maxPort)
	}
	return b
}

// Dest is the other end of a pod's connection: where it leads for Egress, where
// it comes from for Ingress.
type Dest struct {
	class int32 // of a pod, else -1
	addr  netip.Addr
	set   []netipx.IPRange
	// outside tells that the addresses are certainly no pods.
	outside bool
}

// PodDest is a pod of the evaluator, by index: any of its replicas.
func (e *Evaluator) PodDest(pod int) Dest { return Dest{class: e.classOf[pod]} }

// Describe is a pod that is not among those of the evaluator, such as the
// cluster's CoreDNS.
func (e *Evaluator) Describe(p Pod) Dest { return Dest{class: e.classify(&p)} }

// AddrDest is one address.
func AddrDest(a netip.Addr) Dest {
	return Dest{class: -1, addr: a.Unmap().WithZone("")}
}

// PrefixDest is every address of a prefix.
func PrefixDest(p netip.Prefix) Dest {
	return Dest{class: -1, set: []netipx.IPRange{netipx.RangeOfPrefix(p.Masked())}}
}

// SetDest is every address of a set.
func SetDest(s *netipx.IPSet) Dest { return Dest{class: -1, set: s.Ranges()} }

// InternetDest is every public IPv4 address.
func InternetDest() Dest { return Dest{class: -1, set: publicIPv4, outside: true} }

// Outside returns d with the certainty that its addresses belong to no pod of
// the cluster: those of a cloud service, say.
func (d Dest) Outside() Dest {
	d.outside = true
	return d
}

// IsPod reports whether d is a pod.
func (d Dest) IsPod() bool { return d.class >= 0 }

// publicIPv4 is IPv4 without the ranges that RFC 6890 and its registry set
// apart as not globally reachable, and without multicast.
var publicIPv4 = func() []netipx.IPRange {
	var b netipx.IPSetBuilder
	b.AddPrefix(netip.MustParsePrefix("0.0.0.0/0"))
	for _, s := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	} {
		b.RemovePrefix(netip.MustParsePrefix(s))
	}
	s, err := b.IPSet()
	if err != nil {
		panic(err) // constant input
	}
	return s.Ranges()
}()
