package netpol

import (
	"encoding/binary"
	"hash/maphash"
	"iter"
	"slices"

	"go4.org/netipx"
)

// Link is what the policies let pass from some pods or addresses to others.
type Link struct {
	From, To Ends
	// Sure is certainly admitted by both ends, Possible perhaps; Sure is part of it.
	Sure, Possible ConnectionSet
}

// Ends are the ends of connections on one side: pods of the evaluator, by index in
// ascending order, or addresses outside the cluster.
type Ends struct {
	Pods      []int
	Addresses []netipx.IPRange // in ascending order, IPv4 first; they do not touch
}

// Connections yields who may talk to whom: for every ordered pair of pods, and for
// every pod and every address outside the cluster in both directions, exactly one
// Link holds it. The pair of a pod with itself is about its replicas.
//
// On one side are pods of one namespace that no policy tells apart; on the other all
// the pods or addresses with the same answer. Addresses are the whole of IPv4 and IPv6 but for those that the
// profile gives to pods or nodes. Loopback and link-local addresses are in it by the
// letter of the policies, whatever a data path makes of them.
//
// The order is that of the first pod: for each, its links to pods, to addresses, and
// from addresses. The pods of a link stand in memory that the next links are written to.
// It ends early once the evaluator's context is done.
func (e *Evaluator) Connections() iter.Seq[Link] {
	return func(yield func(Link) bool) {
		if e.overdue() {
			return // not all pods have a class
		}
		m := e.newMatrix()
		for _, class := range m.order {
			if e.overdue() || !m.yieldPods(class, yield) || !m.yieldAddresses(class, Egress, yield) || !m.yieldAddresses(class, Ingress, yield) {
				return
			}
		}
	}
}

// matrix holds, for pairs of classes, what the policies of both ends admit.
type matrix struct {
	*reach

	pairs   []bounds // interned; the first is everything
	pairIDs map[bounds]int32
	joined  map[[2]int32]int32 // ids of what two bounds have in common
	recent  [1 << 10]joint     // some of these, by a hash of both

	parts parts
	// rows holds for each row of Ingress what it admits from each class; equal rows
	// are one. rowOf is by class.
	rows  [][]int32
	rowOf []int32

	egress    []int32 // the row of of
	of        *subject
	slots     []int32 // by pair: its place among the answers at hand, plus one
	answer    []int32 // by class: the slot of the answer
	pods      []int   // the pods of the answers, one after the other
	addresses [2]map[*subject][]addressGroup
}

// joint is the ids of two bounds with that of what they have in common.
type joint struct{ a, b, both int32 }

type addressGroup struct {
	bounds    bounds
	addresses []netipx.IPRange
}

func (e *Evaluator) newMatrix() *matrix {
	m := &matrix{
		reach: e.newReach(), pairIDs: make(map[bounds]int32), joined: make(map[[2]int32]int32),
		rowOf: make([]int32, len(e.classes)), egress: make([]int32, len(e.classes)), answer: make([]int32, len(e.classes)),
		pods: make([]int, len(e.classOf)),
	}
	m.pair(everything)
	for d := range m.addresses {
		m.addresses[d] = make(map[*subject][]addressGroup)
	}
	bySubject := make(map[*subject]int32)
	byHash := make(map[uint64][]int32)
	seed := maphash.MakeSeed()
	row := make([]int32, len(e.classes))
	var content []byte
	for _, class := range m.order {
		if e.overdue() {
			break
		}
		s := e.subject(class, Ingress)
		id, ok := bySubject[s]
		if !ok {
			m.row(s, row)
			content = content[:0]
			for _, x := range row {
				content = binary.LittleEndian.AppendUint32(content, uint32(x))
			}
			hash := maphash.Bytes(seed, content)
			i := slices.IndexFunc(byHash[hash], func(id int32) bool { return slices.Equal(m.rows[id], row) })
			if i < 0 {
				i = len(byHash[hash])
				byHash[hash] = append(byHash[hash], int32(len(m.rows)))
				m.rows = append(m.rows, slices.Clone(row))
			}
			id = byHash[hash][i]
			bySubject[s] = id
		}
		m.rowOf[class] = id
	}
	return m
}

func (m *matrix) pair(b bounds) int32 {
	id, ok := m.pairIDs[b]
	if !ok {
		id = int32(len(m.pairs))
		m.pairs = append(m.pairs, b)
		m.slots = append(m.slots, 0)
		m.pairIDs[b] = id
	}
	return id
}

// join returns the id of what two bounds have in common.
func (m *matrix) join(a, b int32) int32 {
	switch {
	case a == b || b == 0:
		return a
	case a == 0:
		return b
	}
	recent := &m.recent[uint32(a*31+b)%uint32(len(m.recent))]
	if recent.a == a && recent.b == b {
		return recent.both
	}
	key := [2]int32{min(a, b), max(a, b)}
	id, ok := m.joined[key]
	if !ok {
		x, y := m.pairs[a], m.pairs[b]
		id = m.pair(bounds{m.e.ports.and(x.lo, y.lo), m.e.ports.and(x.hi, y.hi)})
		m.joined[key] = id
	}
	*recent = joint{a, b, id}
	return id
}

// row fills in what a subject admits to or from each class that has pods. Classes of one
// part have one answer.
func (m *matrix) row(s *subject, row []int32) {
	if s.open() {
		clear(row) // everything
		return
	}
	m.split(s)
	answers := m.parts.answers()
	for i, class := range m.order {
		if i%64 == 0 && m.e.overdue() {
			return
		}
		answer := &answers[m.parts.of[class]]
		if *answer < 0 {
			*answer = m.pair(m.e.computePod(s, m.e.classes[class]))
		}
		row[class] = *answer
	}
}

// split parts the classes by what the rules of a subject tell apart: which of their peers
// select them, what ports their names stand for, and whether they are of hostNetwork pods.
func (m *matrix) split(s *subject) {
	var lists []*selected
	seen := make(map[*selected]bool)
	byPorts := false
	for r := range s.rules() {
		if m.e.overdue() {
			return
		}
		byPorts = byPorts || s.direction == Egress && len(r.named) > 0
		if r.any {
			continue
		}
		for _, p := range r.pods {
			if found := m.peer(r, p); !seen[found] {
				seen[found] = true
				lists = append(lists, found)
			}
		}
	}
	m.parts.reset(len(m.e.classes), 2*len(m.e.portMaps))
	for i, class := range m.order {
		if i%64 == 0 && m.e.overdue() {
			return
		}
		c := m.e.classes[class]
		kind := int32(0)
		if byPorts {
			kind = 2 * c.ports
		}
		if c.hostNetwork {
			kind++
		}
		m.parts.start(class, kind)
	}
	for _, found := range lists {
		m.parts.refine(found.sure)
		m.parts.refine(found.possible)
	}
}

func (m *matrix) link(from, to Ends, b bounds) Link {
	return Link{from, to, ConnectionSet{m.e.ports, b.lo}, ConnectionSet{m.e.ports, b.hi}}
}

func (m *matrix) yieldPods(class int32, yield func(Link) bool) bool {
	if s := m.e.subject(class, Egress); s != m.of {
		m.row(s, m.egress)
		m.of = s
	}
	var answers []int32 // pairs, in the order of their first pod
	var count []int
	for _, other := range m.order {
		id := m.join(m.egress[other], m.rows[m.rowOf[other]][class])
		if m.slots[id] == 0 {
			answers, count = append(answers, id), append(count, 0)
			m.slots[id] = int32(len(answers))
		}
		slot := m.slots[id] - 1
		m.answer[other] = slot
		count[slot] += len(m.members[other])
	}
	pods := make([][]int, len(answers))
	all := m.pods
	for slot, n := range count {
		pods[slot], all = all[:0:n], all[n:]
		m.slots[answers[slot]] = 0
	}
	for pod, other := range m.e.classOf {
		slot := m.answer[other]
		pods[slot] = append(pods[slot], pod)
	}
	for slot, id := range answers {
		if !yield(m.link(Ends{Pods: m.members[class]}, Ends{Pods: pods[slot]}, m.pairs[id])) {
			return false
		}
	}
	return true
}

func (m *matrix) yieldAddresses(class int32, d Direction, yield func(Link) bool) bool {
	s := m.e.subject(class, d)
	groups, ok := m.addresses[d][s]
	if !ok {
		groups = m.e.addressGroups(s)
		m.addresses[d][s] = groups
	}
	for _, g := range groups {
		from, to := Ends{Pods: m.members[class]}, Ends{Addresses: g.addresses}
		if d == Ingress {
			from, to = to, from
		}
		if !yield(m.link(from, to, g.bounds)) {
			return false
		}
	}
	return true
}

// addressGroups returns the addresses outside the cluster by what a subject admits
// to or from them, in the order of their first address.
func (e *Evaluator) addressGroups(s *subject) []addressGroup {
	var groups []addressGroup
	index := make(map[bounds]int)
	regions := e.regionsOf(s)
	known := len(regions)*s.size <= maxWork
	for i := range regions {
		r := &regions[i]
		if r.pods || r.nodes {
			continue
		}
		b := bounds{noPorts, allPorts}
		if known {
			b = e.toAddress(s, r, false, false)
		}
		n, ok := index[b]
		if !ok {
			n = len(groups)
			index[b] = n
			groups = append(groups, addressGroup{bounds: b})
		}
		g := &groups[n]
		if k := len(g.addresses); k > 0 && g.addresses[k-1].To().Next() == r.from {
			g.addresses[k-1] = netipx.IPRangeFrom(g.addresses[k-1].From(), r.to)
		} else {
			g.addresses = append(g.addresses, netipx.IPRangeFrom(r.from, r.to))
		}
	}
	return groups
}
