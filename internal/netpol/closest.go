package netpol

import (
	"slices"
	"sort"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/source"
)

// Codes of [Closest]: why the closest rule does not match.
const (
	CodePort     = "port"     // its peer matches, its ports are others of the protocol
	CodeProtocol = "protocol" // its peer matches, its ports are of other protocols
	CodeFamily   = "family"   // its addresses are of the other IP family
	CodePeer     = "peer"     // its peers are others
	CodeNoRule   = "no-rule"  // there is no rule at all
)

// Closest is the rule that comes nearest to admitting a packet.
type Closest struct {
	Policy *Policy // nil if no policy isolates the pod
	Rule   int     // index of the rule, -1 if no isolating policy has a rule
	Code   string
	Says   string // what the rule admits, such as "TCP 5432 to pods app=db"
	// Range is the rule, or what to change in the first policy if there is none.
	Range source.Range
}

// Closest returns the egress rule of the policies that isolate the pod that
// comes closest to admitting the packet: one whose peer matches but not its
// ports, else one with a peer of the same kind, else the first. It means
// something only where [Evaluator.Egress] does not answer Open. A rule that
// names the port of a Service instead of the container's has CodePort; to tell
// them apart, ask Egress for the Service's port.
func (e *Evaluator) Closest(pod int, d Dest, protocol string, port int) Closest {
	return e.closest(e.classOf[pod], Egress, d, protocol, port)
}

// ClosestIngress is Closest for the rules that let packets in from d.
func (e *Evaluator) ClosestIngress(pod int, from Dest, protocol string, port int) Closest {
	return e.closest(e.classOf[pod], Ingress, from, protocol, port)
}

func (e *Evaluator) closest(class int32, dir Direction, d Dest, protocol string, port int) Closest {
	s := e.subject(class, dir)
	sp, _ := portSpan(protocol, port)
	best, score := Closest{Rule: -1, Code: CodeNoRule, Says: "nothing"}, -1
	for _, list := range [][]*compiled{s.sure, s.possible} {
		for _, c := range list {
			if best.Policy == nil {
				best.Policy, best.Range = c.policy, c.policy.DirectionRange(dir)
			}
			for j := range c.rules[dir] {
				code, n := e.miss(s, &c.rules[dir][j], d, sp)
				if n > score {
					score = n
					best = Closest{
						Policy: c.policy,
						Rule:   j,
						Code:   code,
						Says:   c.policy.rules[dir][j].describe(dir, c.policy.Namespace),
						Range:  c.policy.RuleRange(dir, j),
					}
				}
			}
		}
	}
	return best
}

// miss says why a rule of a subject does not match and how near it comes.
func (e *Evaluator) miss(s *subject, r *compiledRule, d Dest, sp span) (code string, score int) {
	ports := s.ports
	if s.direction == Egress && d.IsPod() {
		ports = e.classes[d.class()].ports
	}
	match, kind, family := e.peerMatch(s, r, d)
	hi := r.ports.hi
	if d.IsPod() || s.direction == Ingress {
		hi = e.rulePorts(s, r, ports).hi
	}
	_, portFits := e.ports.covers(hi, sp)
	protocol := span{sp.from&^maxPort | 1, sp.from | maxPort}
	_, protocolFits := e.ports.covers(hi, protocol)
	for _, n := range r.named {
		protocolFits = protocolFits || portKey(n.protocol, 1) == protocol.from
	}
	switch {
	case match == truth.Yes && r.any && d.IsPod(): // it is not about this pod in particular
		score = 45
	case match == truth.Yes:
		score = 50
	case match == truth.Maybe:
		score = 40
	case kind:
		score = 20
	case family:
		score = 10
	}
	switch {
	case portFits:
		score += 2
	case protocolFits:
		score++
	}
	switch {
	case match != truth.No && !protocolFits:
		code = CodeProtocol
	case match != truth.No && !portFits:
		code = CodePort
	case family && !kind:
		code = CodeFamily
	default:
		code = CodePeer
	}
	return code, score
}

// peerMatch reports whether the peers of a rule match d, or else whether one is
// of the kind of d, and whether the rule has blocks of the other IP family.
func (e *Evaluator) peerMatch(s *subject, r *compiledRule, d Dest) (match truth.Truth, kind, family bool) {
	if r.any {
		return truth.Yes, true, false
	}
	if d.IsPod() {
		c := e.classes[d.class()]
		match = e.selects(r, c)
		if match == truth.No && len(r.possible) > 0 && r.cover == coverDatapath && !e.profile.ebpf() {
			addresses, _ := e.podAddresses(s, c.hostNetwork, coverDatapath)
			if slices.ContainsFunc(r.possible, func(block netipx.IPRange) bool { return someIn(addresses, block) }) {
				match = truth.Maybe
			}
		}
		return match, len(r.pods) > 0, false
	}
	match = truth.No
	if r.unsure || r.names || r.nodes && !d.outside {
		match = truth.Maybe
	}
	ranges := d.set
	if d.addr.IsValid() {
		ranges = []netipx.IPRange{netipx.IPRangeFrom(d.addr, d.addr)}
	}
	for _, want := range ranges {
		for _, block := range r.possible {
			sameFamily := block.From().BitLen() == want.From().BitLen()
			kind, family = kind || sameFamily, family || !sameFamily
		}
		switch {
		case overlap(r.certain, want):
			match = truth.Yes
		case overlap(r.possible, want):
			match = max(match, truth.Maybe)
		}
	}
	return match, kind, family
}

// someIn reports whether one of the addresses, which ascend, is in a range.
func someIn(addresses []podAddress, r netipx.IPRange) bool {
	i := sort.Search(len(addresses), func(i int) bool { return addresses[i].addr.Compare(r.From()) >= 0 })
	return i < len(addresses) && r.Contains(addresses[i].addr)
}

// overlap reports whether sorted ranges hold some address of another range.
func overlap(ranges []netipx.IPRange, want netipx.IPRange) bool {
	i := sort.Search(len(ranges), func(i int) bool { return ranges[i].To().Compare(want.From()) >= 0 })
	return i < len(ranges) && ranges[i].From().Compare(want.To()) <= 0
}
