package netpol

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/guard"
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
	// PerhapsExempt tells that the files leave open whether any policy is enforced on
	// this pod.
	PerhapsExempt bool
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
	Enforced truth.Truth
	// PodCIDRs are the addresses that pods may have; nil if unknown. An address
	// among them may be a pod's, unless the question says otherwise; if they are
	// unknown, only pods given as pods count as such.
	PodCIDRs *netipx.IPSet
	// NodeCIDRs are the addresses that nodes may have; nil if unknown. A pod always
	// reaches its own node by the API's definition, though data paths differ, and
	// the blocks of ipvlan and v2 cover no nodes.
	NodeCIDRs *netipx.IPSet
	// ServiceCIDRs are the addresses that ClusterIPs have; nil if they are unknown, or
	// if policies do not see the pods behind a Service instead, as they do on every data
	// path of Terway. Only DeadPeers asks for them.
	ServiceCIDRs *netipx.IPSet
}

// ebpf reports whether an ipBlock never covers a pod.
func (p *Profile) ebpf() bool { return p.Datapath == "ipvlan" || p.Datapath == "v2" }

// veth reports whether policies are iptables rules on addresses.
func (p *Profile) veth() bool { return p.Datapath == "veth" }

// Evaluator answers questions about one cluster's policies. Answers are
// computed when first asked for and kept, so an Evaluator must not be used from
// several goroutines at once. Once its context is done, long computations end early:
// answers mean nothing from then on.
type Evaluator struct {
	ctx      context.Context
	profile  Profile
	policies []*compiled
	compiled map[*Policy]*compiled
	// clusterwide are those of the policies that have no namespace, tiers those of
	// policy.networking.k8s.io in the order in which they decide.
	clusterwide []*compiled
	tiers       [2][]*compiledAdmin
	ports       *portSets

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
	pods      []Pod
	classOf   []int32 // by pod
	subjects  [2][]*subject
	subjectID map[string]*subject
}

type namespace struct {
	name     string
	known    bool
	vector   vector
	policies []*compiled
}

// class is a set of pods that no policy can tell apart.
type class struct {
	namespace int32
	vector    vector
	ports     int32 // id of its portMap
	traits
}

// traits are what policies meet in pods besides their labels and ports.
type traits struct {
	hostNetwork, exempt, perhapsExempt, eci bool
}

type classKey struct {
	namespace, ports int32
	traits           traits
	vector           string
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

// Policies are the policies of a cluster by the way they work together. Only kinds
// that the cluster enforces belong into it, but for Network and Global, about which
// Profile.Enforced speaks. Policies that are nil are left out.
type Policies struct {
	Network []*Policy // of Parse
	Global  []*Policy // of ParseGlobal; they add to Network
	Cilium  []*Policy // of ParseCilium; they add to Network, and deny
	// Admin decide before all of these, or in the tier Baseline after them.
	Admin []*Admin
}

// New returns the evaluator of a set of policies for the given pods; pods are
// referred to by their index. A namespace that is not given counts as not Known.
// Policies that are nil are left out. Neither order nor the presence of two
// policies with one name changes an answer.
func New(ctx context.Context, policies []*Policy, namespaces []Namespace, pods []Pod, profile Profile) *Evaluator {
	return NewTiered(ctx, Policies{Network: policies}, namespaces, pods, profile)
}

// NewTiered is New for clusters that enforce more than NetworkPolicies. A packet
// that the first matching rule of the Admin tier neither admits nor denies goes on
// to the policies that add to each other, and if none of these isolates the pod, to
// the Baseline tier. Two policies of one priority may each come first.
func NewTiered(ctx context.Context, policies Policies, namespaces []Namespace, pods []Pod, profile Profile) *Evaluator {
	e := &Evaluator{
		ctx:          ctx,
		profile:      profile,
		compiled:     make(map[*Policy]*compiled),
		ports:        newPortSets(),
		namespaceIDs: make(map[string]int32),
		portNames:    make(map[string]struct{}),
		portMapIDs:   make(map[string]int32),
		vectors:      make(map[string]vector),
		classIDs:     make(map[classKey]int32),
		subjectID:    make(map[string]*subject),
		pods:         pods,
	}
	sorted := slices.DeleteFunc(slices.Concat(policies.Network, policies.Global, policies.Cilium),
		func(p *Policy) bool { return p == nil })
	slices.SortStableFunc(sorted, func(a, b *Policy) int {
		return cmp.Or(a.Object.Root.Range.Compare(b.Object.Root.Range),
			cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	for i, p := range sorted {
		c := e.compile(int32(i), p)
		e.policies = append(e.policies, c)
		e.compiled[p] = c
	}
	e.compileTiers(policies.Admin)
	e.podSelectors.index()
	e.namespaceSelectors.index()
	for _, ns := range mergeNamespaces(namespaces) {
		e.addNamespace(ns)
	}
	for _, c := range e.policies {
		if c.policy.clusterwide() {
			e.clusterwide = append(e.clusterwide, c)
			continue
		}
		ns := &e.namespaces[e.namespace(c.policy.Namespace)]
		ns.policies = append(ns.policies, c)
	}
	e.classOf = make([]int32, len(pods))
	for i := range pods {
		if e.overdue() {
			break
		}
		e.classOf[i] = e.classify(&pods[i])
	}
	return e
}

// overdue reports whether the time for answers is over.
func (e *Evaluator) overdue() bool { return guard.Overdue(e.ctx) != nil }

// mergeNamespaces makes one of the namespaces that share a name. Where the
// labels of two manifests differ, the files do not decide which of them count.
func mergeNamespaces(namespaces []Namespace) []Namespace {
	index := make(map[string]int, len(namespaces))
	var merged []Namespace
	disputed := make(map[string]bool)
	for _, ns := range namespaces {
		i, seen := index[ns.Name]
		switch {
		case !seen:
			index[ns.Name] = len(merged)
			merged = append(merged, ns)
		case !ns.Known:
		case !merged[i].Known && !disputed[ns.Name]:
			merged[i] = ns
		default:
			old := merged[i]
			if !maps.Equal(old.Labels, ns.Labels) || !sameKeys(old.UnknownLabels, ns.UnknownLabels) {
				disputed[ns.Name] = true
				merged[i] = Namespace{Name: ns.Name, Labels: shared(old.Labels, ns.Labels)}
			}
		}
	}
	return merged
}

func sameKeys(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// shared returns the labels that two sets agree on.
func shared(a, b Labels) Labels {
	both := make(Labels)
	for k, v := range a {
		if w, ok := b[k]; ok && v == w {
			both[k] = v
		}
	}
	return both
}

// namespace returns the index of a namespace, which is unknown if it was not given.
func (e *Evaluator) namespace(name string) int32 {
	if id, ok := e.namespaceIDs[name]; ok {
		return id
	}
	return e.addNamespace(Namespace{Name: name})
}

func (e *Evaluator) addNamespace(ns Namespace) int32 {
	labels := make(Labels, len(ns.Labels)+1)
	for k, v := range ns.Labels {
		labels[k] = v
	}
	labels[nameLabel] = ns.Name
	unknown := slices.DeleteFunc(slices.Clone(ns.UnknownLabels), func(k string) bool { return k == nameLabel })
	id := int32(len(e.namespaces))
	e.namespaceIDs[ns.Name] = id
	e.namespaces = append(e.namespaces, namespace{
		name: ns.Name, known: ns.Known,
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
		namespace: e.namespace(p.Namespace),
		vector:    v,
		ports:     e.portMap(p),
		traits:    traits{p.HostNetwork, p.Exempt, p.PerhapsExempt, p.ECI},
	}
	ck := classKey{c.namespace, c.ports, c.traits, v.key()}
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
