package netpol

import (
	"encoding/binary"
	"iter"
	"net/netip"
	"slices"

	"go4.org/netipx"
)

// subject is a set of pods that the same policies select in one direction, so
// that they have the same answers.
type subject struct {
	direction Direction
	// sure select the pods certainly and are enforced; possible only may.
	sure, possible []*compiled
	eci            bool
	ports          int32 // id of the pods' portMap, for named ports of Ingress
	blocks         bool  // whether a rule has blocks

	row     []bounds // by class of the other end; computed if lo is not negative
	regions []region // computed if not nil
}

const uncomputed setID = -1

// subject returns the subject that a class of pods belongs to.
func (e *Evaluator) subject(class int32, d Direction) *subject {
	if s := e.subjects[d][class]; s != nil {
		return s
	}
	c := e.classes[class]
	s := &subject{direction: d, eci: c.eci}
	named := false
	for _, p := range e.selecting(c, d) {
		if p.sure {
			s.sure = append(s.sure, p.compiled)
		} else {
			s.possible = append(s.possible, p.compiled)
		}
		for i := range p.compiled.rules[d] {
			r := &p.compiled.rules[d][i]
			named = named || len(r.named) > 0
			s.blocks = s.blocks || len(r.possible) > 0
		}
	}
	if d == Ingress && named {
		s.ports = c.ports
	}
	key := s.key()
	if same, ok := e.subjectID[key]; ok {
		s = same
	} else {
		e.subjectID[key] = s
	}
	e.subjects[d][class] = s
	return s
}

func (s *subject) key() string {
	b := []byte{byte(s.direction), 0}
	if s.eci {
		b[1] = 1
	}
	b = binary.AppendVarint(b, int64(s.ports))
	for _, list := range [][]*compiled{s.sure, s.possible} {
		b = binary.AppendVarint(b, int64(len(list)))
		for _, c := range list {
			b = binary.AppendVarint(b, int64(c.id))
		}
	}
	return string(b)
}

type selection struct {
	compiled *compiled
	sure     bool
}

// selecting returns the policies that may apply to a class in a direction.
func (e *Evaluator) selecting(c *class, d Direction) []selection {
	applies := e.profile.Enforced
	if c.exempt {
		applies = No
	}
	if c.hostNetwork {
		// Upstream leaves it undefined. Terway's data paths know such a pod only as
		// its node.
		if e.profile.ebpf() || e.profile.veth() {
			applies = No
		}
		applies = min(applies, Maybe)
	}
	if applies == No {
		return nil
	}
	var out []selection
	for _, p := range e.namespaces[c.namespace].policies {
		t := min(c.vector.get(p.pods), p.policy.isolates[d], applies)
		if t != No {
			out = append(out, selection{p, t == Yes})
		}
	}
	return out
}

// combine joins what the rules of the subject's policies admit. A pod that
// nothing isolates is open, and policies only add to each other.
func (e *Evaluator) combine(s *subject, admit func(i int, r *compiledRule) bounds) bounds {
	if len(s.sure) == 0 && len(s.possible) == 0 {
		return bounds{allPorts, allPorts}
	}
	i := 0
	union := func(c *compiled) bounds {
		var b bounds
		rules := c.rules[s.direction]
		for j := range rules {
			admitted := admit(i, &rules[j])
			b.lo, b.hi = e.ports.or(b.lo, admitted.lo), e.ports.or(b.hi, admitted.hi)
			i++
		}
		return b
	}
	if len(s.sure) > 0 {
		var b bounds
		for _, c := range s.sure {
			admitted := union(c)
			b.lo, b.hi = e.ports.or(b.lo, admitted.lo), e.ports.or(b.hi, admitted.hi)
		}
		for _, c := range s.possible {
			b.hi = e.ports.or(b.hi, union(c).hi)
		}
		return b
	}
	// Either nothing isolates the pod, or any of these policies may be the only one
	// that does: what all of them admit passes in every case.
	lo := allPorts
	for _, c := range s.possible {
		lo = e.ports.and(lo, union(c).lo)
	}
	return bounds{lo, allPorts}
}

// admitted is what a rule admits whose peers match to the given degree.
func admitted(match Ternary, ports bounds) bounds {
	switch match {
	case Yes:
		return ports
	case Maybe:
		return bounds{noPorts, ports.hi}
	default:
		return bounds{}
	}
}

// rulePorts returns the ports of a rule, its names resolved on the pods of a
// port map. The map is that of the packet's destination.
func (e *Evaluator) rulePorts(s *subject, r *compiledRule, ports int32) bounds {
	b := r.ports
	if s.eci {
		b.lo = r.eci
	}
	for _, n := range r.named {
		named := e.resolve(ports, n.portName)
		b.hi = e.ports.or(b.hi, named.hi)
		if !n.unsure {
			b.lo = e.ports.or(b.lo, named.lo)
		}
	}
	return b
}

// selects reports whether the selectors of a rule match a class of pods.
func (e *Evaluator) selects(r *compiledRule, c *class) Ternary {
	if r.any {
		return Yes
	}
	t := No
	if r.unsure {
		t = Maybe
	}
	for _, p := range r.pods {
		m := Yes
		if p.namespaces == noSelector {
			m = yesIf(e.namespaces[c.namespace].name == r.namespace)
		} else {
			m = e.namespaces[c.namespace].vector.get(p.namespaces)
		}
		if p.pods != noSelector && m != No {
			m = min(m, c.vector.get(p.pods))
		}
		t = max(t, m)
		if t == Yes {
			break
		}
	}
	if c.hostNetwork {
		t = min(t, Maybe)
	}
	return t
}

// toPod returns what the subject's policies admit to or from a class of pods.
func (e *Evaluator) toPod(s *subject, class int32) bounds {
	for len(s.row) <= int(class) {
		s.row = append(s.row, slices.Repeat([]bounds{{uncomputed, noPorts}}, len(e.classes)-len(s.row))...)
	}
	b := s.row[class]
	if b.lo == uncomputed {
		b = e.computePod(s, e.classes[class])
		s.row[class] = b
	}
	return b
}

func (e *Evaluator) computePod(s *subject, c *class) bounds {
	ports := c.ports
	if s.direction == Ingress {
		ports = s.ports
	}
	// What the selectors admit; the addresses of pods come on top.
	b := e.combine(s, func(_ int, r *compiledRule) bounds {
		return admitted(e.selects(r, c), e.rulePorts(s, r, ports))
	})
	if s.blocks && !e.profile.ebpf() {
		over := e.overAddresses(s, c, ports)
		b.hi = over.hi
		if e.profile.veth() {
			b.lo = over.lo
		}
	}
	if c.hostNetwork {
		// The pod may be on the subject's own node, which always passes by the API's
		// definition; data paths differ.
		b.hi = allPorts
	}
	return b
}

// overAddresses returns what is admitted to a pod of class c if blocks cover
// pods: certainly, whichever address it has; possibly, if it has some address.
func (e *Evaluator) overAddresses(s *subject, c *class, ports int32) bounds {
	out := bounds{allPorts, noPorts}
	for region := range e.regionsOfPods(s, c) {
		b := e.combine(s, func(i int, r *compiledRule) bounds {
			return admitted(max(e.selects(r, c), region.match(i)), e.rulePorts(s, r, ports))
		})
		out.hi = e.ports.or(out.hi, b.hi)
		// Without a word on pod addresses they are IPv4, the default of every cluster.
		if region.pods || region.from.Is4() {
			out.lo = e.ports.and(out.lo, b.lo)
		}
	}
	return bounds{e.ports.and(out.lo, out.hi), out.hi}
}

// regionsOfPods yields the regions that pods of class c may have addresses in.
func (e *Evaluator) regionsOfPods(s *subject, c *class) iter.Seq[*region] {
	anywhere := e.profile.PodCIDRs == nil || c.hostNetwork // nodes are elsewhere
	return func(yield func(*region) bool) {
		regions := e.regionsOf(s)
		for i := range regions {
			if r := &regions[i]; (r.pods || anywhere) && !r.local && !yield(r) {
				return
			}
		}
	}
}

// region is a range of addresses that no rule of a subject tells apart.
type region struct {
	from netip.Addr
	to   netip.Addr
	// yes and maybe tell which rules' blocks cover it.
	yes, maybe bitset
	pods       bool // among the addresses that pods may have
	local      bool // loopback or link-local
	// outside and inside are what is admitted to addresses that are certainly no
	// pods, and to those that may be.
	outside, inside bounds
}

func (r *region) match(rule int) Ternary {
	switch {
	case r.yes.has(rule):
		return Yes
	case r.maybe.has(rule):
		return Maybe
	default:
		return No
	}
}

var (
	loopbackRanges = []netipx.IPRange{
		netipx.RangeOfPrefix(netip.MustParsePrefix("127.0.0.0/8")),
		netipx.RangeOfPrefix(netip.MustParsePrefix("::1/128")),
	}
	linkLocalRanges = []netipx.IPRange{
		netipx.RangeOfPrefix(netip.MustParsePrefix("169.254.0.0/16")),
		netipx.RangeOfPrefix(netip.MustParsePrefix("fe80::/10")),
	}
)

// regionsOf returns the subject's regions in ascending order; together they are
// all addresses.
func (e *Evaluator) regionsOf(s *subject) []region {
	if s.regions != nil {
		return s.regions
	}
	var rules []*compiledRule
	for _, list := range [][]*compiled{s.sure, s.possible} {
		for _, c := range list {
			for i := range c.rules[s.direction] {
				rules = append(rules, &c.rules[s.direction][i])
			}
		}
	}
	var podRanges []netipx.IPRange
	if e.profile.PodCIDRs != nil {
		podRanges = e.profile.PodCIDRs.Ranges()
	}
	cuts := []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	cut := func(ranges []netipx.IPRange) {
		for _, r := range ranges {
			cuts = append(cuts, r.From())
			if next := r.To().Next(); next.IsValid() {
				cuts = append(cuts, next)
			}
		}
	}
	cut(podRanges)
	cut(loopbackRanges)
	cut(linkLocalRanges)
	for _, r := range rules {
		cut(r.certain)
		cut(r.possible)
	}
	slices.SortFunc(cuts, netip.Addr.Compare)
	cuts = slices.Compact(cuts)
	regions := make([]region, len(cuts))
	for i, from := range cuts {
		to := netipx.RangeOfPrefix(netip.PrefixFrom(from, 0).Masked()).To()
		if i+1 < len(cuts) && cuts[i+1].BitLen() == from.BitLen() {
			to = cuts[i+1].Prev()
		}
		regions[i] = region{from: from, to: to, yes: newBitset(len(rules)), maybe: newBitset(len(rules))}
	}
	within := func(ranges []netipx.IPRange, do func(*region)) {
		for _, r := range ranges {
			i, _ := slices.BinarySearchFunc(cuts, r.From(), netip.Addr.Compare)
			for ; i < len(regions) && regions[i].to.Compare(r.To()) <= 0; i++ {
				do(&regions[i])
			}
		}
	}
	loopback := make(map[netip.Addr]bool)
	within(podRanges, func(r *region) { r.pods = true })
	within(loopbackRanges, func(r *region) { r.local, loopback[r.from] = true, true })
	within(linkLocalRanges, func(r *region) { r.local = true })
	for i, rule := range rules {
		within(rule.possible, func(r *region) { r.maybe.set(i) })
		within(rule.certain, func(r *region) { r.yes.set(i) })
	}
	s.regions = regions
	for i := range regions {
		r := &regions[i]
		r.outside = e.toAddress(s, r, false)
		r.inside = r.outside
		if r.pods {
			r.inside = e.toAddress(s, r, true)
		}
		switch {
		case loopback[r.from]:
			r.outside = bounds{allPorts, allPorts} // never leaves the pod
			r.inside = r.outside
		case r.local && !e.profile.veth() && len(s.sure) > 0:
			r.outside.hi, r.inside.hi = allPorts, allPorts
		}
	}
	return regions
}

// toAddress returns what is admitted to or from the addresses of a region.
func (e *Evaluator) toAddress(s *subject, region *region, maybePod bool) bounds {
	if s.eci && region.from.Is6() && len(s.sure)+len(s.possible) > 0 {
		return bounds{noPorts, allPorts} // Poseidon does not know IPv6
	}
	return e.combine(s, func(i int, r *compiledRule) bounds {
		block := region.match(i)
		if r.any {
			block = Yes
		} else if r.unsure {
			block = max(block, Maybe)
		}
		ports := r.ports
		if s.eci {
			ports.lo = r.eci
		}
		if s.direction == Ingress {
			ports = e.rulePorts(s, r, s.ports)
		}
		if !maybePod {
			return admitted(block, ports)
		}
		if !e.profile.veth() && !r.any {
			block = min(block, Maybe) // it may be a pod, which a block may not cover
		}
		if len(r.pods) > 0 {
			block = max(block, Maybe)
		}
		if s.direction == Egress {
			for _, n := range r.named {
				ports.hi = e.ports.or(ports.hi, e.ports.ports(n.protocol, 1, maxPort))
			}
		}
		return admitted(block, ports)
	})
}
