package netpol

import (
	"net/netip"

	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// Policy is a policy that adds to others: a NetworkPolicy, a GlobalNetworkPolicy
// of ACK, or one rule set of a Cilium policy. It is one that is accepted where it
// is applied.
type Policy struct {
	Namespace string // empty for a cluster-wide policy
	Name      string
	Object    *kubernetes.Object

	dialect dialect
	pods    selector
	// namespaces further limits the pods by the labels of their namespace; nil for
	// no limit.
	namespaces *selector
	// hosts is set for a Cilium policy on nodes. It selects no pods, but what
	// hostNetwork pods send is the node's.
	hosts    bool
	isolates [2]truth.Truth
	rules    [2][]rule
	denies   [2][]rule // of Cilium; they win over every rule that admits
}

// dialect is the API that a policy is written in.
type dialect uint8

const (
	networkPolicy dialect = iota
	globalPolicy          // GlobalNetworkPolicy of network.alibabacloud.com
	ciliumPolicy
	adminPolicy // the policies of policy.networking.k8s.io
)

// rule is one element of spec.egress or spec.ingress.
type rule struct {
	at      source.Range
	portsAt source.Range // the key of its ports, zero if it has none
	// peers is empty for a rule that admits every peer, ports for one that admits
	// every port.
	peers []peer
	ports []portRange
	// nothing is set for a rule that matches no packet that has a port.
	nothing bool
}

type peerKind uint8

const (
	podPeer peerKind = iota
	blockPeer
	unknownPeer // the files do not decide what it is
	everyPeer   // every address
	worldPeer   // every address outside the cluster
	nodePeer    // some or all nodes
	namePeer    // the addresses of domain names, which only DNS knows
	nobodyPeer
)

// peer is one element of a rule's to or from.
type peer struct {
	kind peerKind
	at   source.Range

	// pods and namespaces are the selectors of a podPeer; without namespaces, the
	// policy's own namespace is meant.
	pods       selector
	namespaces *selector
	// unsure is set for a podPeer that may select less than its selectors say.
	unsure bool

	block  netip.Prefix // of a blockPeer
	except []netip.Prefix
	// unsureExcept is set when the files leave some of the exceptions undecided.
	unsureExcept bool

	says string // what it is, for the kinds that have neither selectors nor a block
}

// portRange is one element of a rule's ports.
type portRange struct {
	at        source.Range
	protocols []int // the possible protocols; more than one if the files leave it undecided
	// every is set if all of the protocols are meant.
	every bool
	// filtered is set if only some requests pass, which no port can tell.
	filtered bool
	name     string
	// from..to are the ports it may admit and from..sure those that it admits
	// certainly. sure is 0 if the files leave the port undecided.
	from, to, sure int
	ranged         bool // whether it has an endPort
}

// clusterwide reports whether the policy has no namespace.
func (p *Policy) clusterwide() bool { return p.Namespace == "" && p.dialect != networkPolicy }

// Isolates reports whether the policy's types include the direction. Egress is
// a type of a policy without policyTypes only if it has an egress rule.
func (p *Policy) Isolates(d Direction) truth.Truth { return p.isolates[d] }

// EgressRange is the place to change what the policy lets out: the key
// spec.egress, else spec.policyTypes, else the object's kind.
func (p *Policy) EgressRange() source.Range { return p.DirectionRange(Egress) }

// DirectionRange is EgressRange for either direction.
func (p *Policy) DirectionRange(d Direction) source.Range {
	spec := p.Object.Root.Get("spec")
	for _, key := range []string{d.String(), "policyTypes"} {
		if f, ok := spec.Field(key); ok {
			return place(f.KeyRange, p.Object.Root.Range)
		}
	}
	return place(p.Object.KindRange(), p.Object.Root.Range)
}

// RuleRange is the place of rule i, counted from 0; DirectionRange if there is
// no such rule.
func (p *Policy) RuleRange(d Direction, i int) source.Range {
	if i < 0 || i >= len(p.rules[d]) {
		return p.DirectionRange(d)
	}
	return p.rules[d][i].at
}

// PortsRange is the place of the ports of rule i: its key ports, or the rule
// if it has none.
func (p *Policy) PortsRange(d Direction, i int) source.Range {
	if i < 0 || i >= len(p.rules[d]) || p.rules[d][i].portsAt.IsZero() {
		return p.RuleRange(d, i)
	}
	return p.rules[d][i].portsAt
}

// place is the first range that is one.
func place(ranges ...source.Range) source.Range {
	for _, r := range ranges {
		if !r.IsZero() {
			return r
		}
	}
	return source.Range{}
}

// decided reports whether the files decide the text of a scalar. A reference to
// something that exists only after apply is not decided, and neither is what is
// filled in before.
func decided(v *located.Value) bool {
	if v.IsUnknown() {
		return false
	}
	if v.Kind == located.String {
		refs, _ := located.Refs(v.Str)
		return len(refs) == 0 && !placeholder.MatchString(v.Str)
	}
	return true
}
