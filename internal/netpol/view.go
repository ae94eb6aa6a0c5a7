package netpol

import (
	"net/netip"

	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/source"
)

// RuleView is a rule of a policy.
type RuleView struct {
	Policy *Policy
	Index  int // among the policy's rules of its direction
	// Sure tells that the policy certainly isolates the pod it was asked for.
	Sure       bool
	Range      source.Range
	PortsRange source.Range // its ports, or the rule if it admits every port
	// AnyPeer tells that the rule has no peers and admits every address; Peers is
	// empty then.
	AnyPeer bool
	Peers   []PeerView
	// Ports is empty for a rule that admits every port.
	Ports []PortView
	Says  string // what it admits, such as "TCP 5432 to pods app=db"

	rule *rule
}

// PeerKind is what a peer selects.
type PeerKind string

// Kinds of peers.
const (
	OwnNamespacePods PeerKind = "own-namespace-pods" // podSelector alone: pods of the policy's namespace
	Pods             PeerKind = "pods"               // namespaceSelector, with or without podSelector
	Block            PeerKind = "block"              // ipBlock
	UndecidedPeer    PeerKind = "undecided"          // the files do not decide what
	// The others are Cilium's.
	Everywhere PeerKind = "everywhere" // every address
	World      PeerKind = "world"      // every address outside the cluster
	Nodes      PeerKind = "nodes"      // some or all nodes
	Names      PeerKind = "names"      // the addresses of domain names
	Nobody     PeerKind = "nobody"
)

// kinds are the kinds of peers without a selector or a block.
var kinds = map[peerKind]PeerKind{
	unknownPeer: UndecidedPeer, everyPeer: Everywhere, worldPeer: World, nodePeer: Nodes, namePeer: Names, nobodyPeer: Nobody,
}

// PeerView is one peer of a rule.
type PeerView struct {
	Kind   PeerKind
	Block  netip.Prefix   // of a Block
	Except []netip.Prefix // of a Block
	Range  source.Range
	Says   string // such as "pods app=db in namespace shop"

	peer *peer
}

// PortView is one element of a rule's ports.
type PortView struct {
	Protocol string // TCP, UDP or SCTP; empty if the files leave it undecided
	Name     string // of a named port
	// From and To are the first and last port it may admit; 1 and 65535 for a named
	// port.
	From, To int
	Range    source.Range
}

// Rules returns the rules of the policies that certainly or possibly isolate a
// pod in a direction, by place, the certain ones first. Pods that the same policies
// select share the list, which must not be changed.
func (e *Evaluator) Rules(pod int, d Direction) []RuleView {
	s := e.subject(e.classOf[pod], d)
	if s.views != nil {
		return s.views
	}
	views := []RuleView{}
	for n, list := range [][]*compiled{s.sure, s.possible} {
		for _, c := range list {
			for _, v := range c.policy.Rules(d) {
				v.Sure = n == 0
				views = append(views, v)
			}
		}
	}
	s.views = views
	return views
}

// Rules returns the policy's rules in a direction.
func (p *Policy) Rules(d Direction) []RuleView {
	views := make([]RuleView, len(p.rules[d]))
	for i := range views {
		views[i] = p.view(d, i)
	}
	return views
}

func (p *Policy) view(d Direction, i int) RuleView {
	r := &p.rules[d][i]
	v := RuleView{
		Policy: p, Index: i,
		Range: p.RuleRange(d, i), PortsRange: p.PortsRange(d, i),
		AnyPeer: len(r.peers) == 0 && !r.nothing, Says: r.describe(d, p.Namespace), rule: r,
	}
	for j := range r.peers {
		peer := &r.peers[j]
		kind := kinds[peer.kind]
		switch {
		case peer.kind == blockPeer:
			kind = Block
		case peer.kind == podPeer && peer.namespaces == nil:
			kind = OwnNamespacePods
		case peer.kind == podPeer:
			kind = Pods
		}
		v.Peers = append(v.Peers, PeerView{
			Kind: kind, Block: peer.block, Except: peer.except, Range: peer.at,
			Says: peer.describe(p.Namespace), peer: peer,
		})
	}
	for _, port := range r.ports {
		pv := PortView{Name: port.name, From: port.from, To: port.to, Range: port.at}
		if !port.every {
			if len(port.protocols) == 1 {
				pv.Protocol = protocols[port.protocols[0]]
			}
			v.Ports = append(v.Ports, pv)
			continue
		}
		for _, i := range port.protocols {
			pv.Protocol = protocols[i]
			v.Ports = append(v.Ports, pv)
		}
	}
	return v
}

// AdmitsPort reports whether the rule admits a port from 1 on to those of its
// peers that match. It is Maybe for a port that only a name could stand for.
func (v RuleView) AdmitsPort(protocol string, port int) truth.Truth {
	if v.rule.nothing {
		return truth.No
	}
	if len(v.rule.ports) == 0 {
		return truth.Yes
	}
	i, ok := protocolIndex(protocol)
	if !ok {
		return truth.Maybe
	}
	t := truth.No
	for _, p := range v.rule.ports {
		for _, q := range p.protocols {
			switch {
			case q != i || p.name == "" && (port < p.from || port > p.to):
			case p.name != "" || p.filtered || len(p.protocols) > 1 && !p.every || port > p.sure:
				t = max(t, truth.Maybe)
			default:
				t = truth.Yes
			}
		}
	}
	return t
}

// SelectsLabels reports whether the peer's pod selector matches labels in
// whatever namespace; Yes if it has none. It is No for what is no pod.
func (v PeerView) SelectsLabels(labels Labels) truth.Truth {
	switch v.Kind {
	case Block, World, Nodes, Names, Nobody:
		return truth.No
	case UndecidedPeer:
		return truth.Maybe
	case Everywhere:
		return truth.Yes
	}
	t := v.peer.pods.match(labelSet{known: labels})
	if v.peer.unsure {
		t = min(t, truth.Maybe)
	}
	return t
}
