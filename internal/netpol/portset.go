package netpol

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/truth"
)

// The transport protocols that NetworkPolicies know.
var protocols = [...]string{"TCP", "UDP", "SCTP"}

const maxPort = 65535

// protocolIndex returns the index of a protocol's name, in any case; the empty
// name is TCP, as in Kubernetes.
func protocolIndex(name string) (int, bool) {
	if name == "" {
		return 0, true
	}
	for i, p := range protocols {
		if p == name || strings.EqualFold(p, name) {
			return i, true
		}
	}
	return 0, false
}

// portSet is a set of protocol and port pairs: the inclusive bounds of disjoint
// intervals in ascending order, over protocol<<16 | port. Port 0 is never in a
// set, so intervals of two protocols do not touch.
type portSet []uint32

func portKey(protocol, port int) uint32 { return uint32(protocol)<<16 | uint32(port) }

// setID identifies a port set within one portSets; equal sets have equal ids.
type setID int32

const (
	noPorts  setID = 0
	allPorts setID = 1
)

// portSets interns port sets, so that set operations are computed once and
// sets are compared as integers.
type portSets struct {
	sets  []portSet
	ids   map[string]setID
	union map[[2]setID]setID
	both  map[[2]setID]setID
	rest  map[setID]setID // complements
	buf   []byte
}

func newPortSets() *portSets {
	p := &portSets{
		ids:   make(map[string]setID),
		union: make(map[[2]setID]setID),
		both:  make(map[[2]setID]setID),
		rest:  make(map[setID]setID),
	}
	p.intern(nil)
	var all portSet
	for i := range protocols {
		all = append(all, portKey(i, 1), portKey(i, maxPort))
	}
	p.intern(all)
	return p
}

func (p *portSets) intern(s portSet) setID {
	p.buf = p.buf[:0]
	for _, x := range s {
		p.buf = binary.LittleEndian.AppendUint32(p.buf, x)
	}
	if id, ok := p.ids[string(p.buf)]; ok {
		return id
	}
	id := setID(len(p.sets))
	p.sets = append(p.sets, s)
	p.ids[string(p.buf)] = id
	return id
}

// ports returns the set of the ports from..to of one protocol.
func (p *portSets) ports(protocol, from, to int) setID {
	return p.intern(portSet{portKey(protocol, from), portKey(protocol, to)})
}

// or returns the union of two sets.
func (p *portSets) or(a, b setID) setID {
	switch {
	case a == b || b == noPorts || a == allPorts:
		return a
	case a == noPorts || b == allPorts:
		return b
	}
	key := [2]setID{min(a, b), max(a, b)}
	if id, ok := p.union[key]; ok {
		return id
	}
	x, y := p.sets[a], p.sets[b]
	var out portSet
	for len(x)+len(y) > 0 {
		next := &x
		if len(x) == 0 || len(y) > 0 && y[0] < x[0] {
			next = &y
		}
		from, to := (*next)[0], (*next)[1]
		*next = (*next)[2:]
		if n := len(out); n > 0 && from <= out[n-1]+1 {
			out[n-1] = max(out[n-1], to)
		} else {
			out = append(out, from, to)
		}
	}
	id := p.intern(out)
	p.union[key] = id
	return id
}

// and returns the intersection of two sets.
func (p *portSets) and(a, b setID) setID {
	switch {
	case a == b || a == noPorts || b == allPorts:
		return a
	case b == noPorts || a == allPorts:
		return b
	}
	key := [2]setID{min(a, b), max(a, b)}
	if id, ok := p.both[key]; ok {
		return id
	}
	x, y := p.sets[a], p.sets[b]
	var out portSet
	for len(x) > 0 && len(y) > 0 {
		if from, to := max(x[0], y[0]), min(x[1], y[1]); from <= to {
			out = append(out, from, to)
		}
		if x[1] < y[1] {
			x = x[2:]
		} else {
			y = y[2:]
		}
	}
	id := p.intern(out)
	p.both[key] = id
	return id
}

// not returns the ports that are not in a set.
func (p *portSets) not(a setID) setID {
	switch a {
	case noPorts:
		return allPorts
	case allPorts:
		return noPorts
	}
	if id, ok := p.rest[a]; ok {
		return id
	}
	set := p.sets[a]
	var out portSet
	for i := range protocols {
		next := portKey(i, 1)
		for len(set) > 0 && set[0] <= portKey(i, maxPort) {
			if set[0] > next {
				out = append(out, next, set[0]-1)
			}
			next = set[1] + 1
			set = set[2:]
		}
		if next <= portKey(i, maxPort) {
			out = append(out, next, portKey(i, maxPort))
		}
	}
	id := p.intern(out)
	p.rest[a], p.rest[id] = id, a
	return id
}

// minus returns the ports of a that are not in b.
func (p *portSets) minus(a, b setID) setID {
	if a == noPorts || b == noPorts {
		return a
	}
	return p.and(a, p.not(b))
}

// span is a stretch of ports of one protocol that a question is about.
type span struct {
	from, to uint32
}

// portSpan returns the span of one port, or of all ports for port 0. It is
// false for a protocol or port that no packet of a policy's world has.
func portSpan(protocol string, port int) (span, bool) {
	i, ok := protocolIndex(protocol)
	if !ok || port < 0 || port > maxPort {
		return span{}, false
	}
	if port == 0 {
		return span{portKey(i, 1), portKey(i, maxPort)}, true
	}
	return span{portKey(i, port), portKey(i, port)}, true
}

// covers reports whether all of the span is in the set, touches whether any is.
func (p *portSets) covers(id setID, s span) (covers, touches bool) {
	if id == allPorts {
		return true, true
	}
	set := p.sets[id]
	if len(set) > 16 {
		i, _ := slices.BinarySearch(set, s.from)
		set = set[i&^1:] // skip the intervals that end before the span
	}
	for i := 0; i < len(set); i += 2 {
		if set[i+1] >= s.from {
			return set[i] <= s.from && set[i+1] >= s.to, set[i] <= s.to
		}
	}
	return false, false
}

// bounds is a set of packets that the files may not decide: the ports in lo are
// certainly admitted, those outside hi certainly not. lo is a subset of hi.
type bounds struct {
	lo, hi setID
}

func (p *portSets) verdict(b bounds, s span) truth.Verdict {
	all, some := p.covers(b.lo, s)
	if all {
		return truth.Open
	}
	allMaybe, someMaybe := p.covers(b.hi, s)
	switch {
	case !someMaybe:
		return truth.Blocked
	case some && !allMaybe:
		return truth.Partial
	default:
		return truth.Unknown
	}
}
