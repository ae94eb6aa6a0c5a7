package netpol

import (
	"iter"
	"math/bits"

	"github.com/egresslint/egresslint/internal/truth"
)

// reach finds the pods that selectors of policies match. A class knows the selectors that
// match it; this is the other way round, so that a selector of one pod among thousands
// costs as much as one of few. Classes without pods are left out.
type reach struct {
	e           *Evaluator
	order       []int32 // classes by their first pod
	members     [][]int // pods by class
	byNamespace [][]int32
	bySelector  [][]stretch // classes that a pod selector may match
	peers       map[peerKey]*selected
}

// stretch is a part of a bitset that is not empty: the bits from 64 times word on.
type stretch struct {
	bits uint64
	word int32
}

// peerKey tells peers apart. Namespace is that of the policy, if the peer is about it.
type peerKey struct {
	peer      compiledPeer
	namespace string
}

// selected are the classes that a peer certainly or possibly selects.
type selected struct{ sure, possible []int32 }

func (s *selected) add(class int32, match truth.Truth) {
	switch match {
	case truth.Yes:
		s.sure = append(s.sure, class)
	case truth.Maybe:
		s.possible = append(s.possible, class)
	}
}

func (e *Evaluator) newReach() *reach {
	x := &reach{
		e: e, members: make([][]int, len(e.classes)), byNamespace: make([][]int32, len(e.namespaces)),
		bySelector: make([][]stretch, len(e.podSelectors.selectors)), peers: make(map[peerKey]*selected),
	}
	for pod, class := range e.classOf {
		if len(x.members[class]) == 0 {
			x.order = append(x.order, class)
		}
		x.members[class] = append(x.members[class], pod)
	}
	for class, c := range e.classes {
		if len(x.members[class]) == 0 {
			continue
		}
		x.byNamespace[c.namespace] = append(x.byNamespace[c.namespace], int32(class))
		word, bit := int32(class/64), uint64(1)<<(class%64)
		for i := range c.vector.yes {
			for ids := c.vector.yes[i] | c.vector.maybe[i]; ids != 0; ids &= ids - 1 {
				list := &x.bySelector[i*64+bits.TrailingZeros64(ids)]
				if n := len(*list); n > 0 && (*list)[n-1].word == word {
					(*list)[n-1].bits |= bit
				} else {
					*list = append(*list, stretch{bit, word})
				}
			}
		}
	}
	return x
}

// peer returns the classes that a peer of a rule selects.
func (x *reach) peer(r *compiledRule, p compiledPeer) *selected {
	key := peerKey{peer: p}
	if p.namespaces == noSelector {
		key.namespace = r.namespace
	}
	if found, ok := x.peers[key]; ok {
		return found
	}
	found := new(selected)
	one := compiledRule{namespace: r.namespace, pods: []compiledPeer{p}}
	for class := range x.candidates(r.namespace, p) {
		found.add(class, x.e.selects(&one, x.e.classes[class]))
	}
	x.peers[key] = found
	return found
}

// candidates yields the classes among which are those that a peer of a policy of a
// namespace may select.
func (x *reach) candidates(namespace string, p compiledPeer) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		own := func() []int32 {
			if id, ok := x.e.namespaceIDs[namespace]; ok {
				return x.byNamespace[id]
			}
			return nil
		}
		switch {
		case p.namespaces == noSelector && (p.pods == noSelector || len(own()) < len(x.bySelector[p.pods])):
			eachClass(own(), yield)
		case p.pods != noSelector:
			x.selectable(p.pods, yield)
		default:
			for id := range x.e.namespaces {
				if x.e.namespaces[id].vector.get(p.namespaces) != truth.No && !eachClass(x.byNamespace[id], yield) {
					return
				}
			}
		}
	}
}

func eachClass(classes []int32, yield func(int32) bool) bool {
	for _, class := range classes {
		if !yield(class) {
			return false
		}
	}
	return true
}

// selectable yields the classes that a pod selector may match.
func (x *reach) selectable(id selectorID, yield func(int32) bool) {
	for _, s := range x.bySelector[id] {
		for left := s.bits; left != 0; left &= left - 1 {
			if !yield(s.word*64 + int32(bits.TrailingZeros64(left))) {
				return
			}
		}
	}
}

// subjects returns the classes that a policy selects, whatever its types.
func (x *reach) subjects(p *compiled) selected {
	var found selected
	check := func(class int32) bool {
		c := x.e.classes[class]
		if p.policy.clusterwide() || x.e.namespaces[c.namespace].name == p.policy.Namespace {
			found.add(class, x.e.selectsPods(p, c))
		}
		return true
	}
	if p.policy.clusterwide() {
		x.selectable(p.pods, check)
	} else {
		x.candidates(p.policy.Namespace, compiledPeer{noSelector, p.pods, false})(check)
	}
	return found
}
