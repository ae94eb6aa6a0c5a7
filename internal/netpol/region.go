package netpol

import (
	"iter"
	"net/netip"
	"slices"

	"go4.org/netipx"
)

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
	set := e.profile.PodCIDRs
	if c.hostNetwork {
		set = e.profile.NodeCIDRs
	}
	anywhere := isEmpty(set)
	return func(yield func(*region) bool) {
		regions := e.regionsOf(s)
		for i := range regions {
			r := &regions[i]
			here := r.pods
			if c.hostNetwork {
				here = r.nodes
			}
			if (here || anywhere) && !r.loopback && !r.linkLocal && !yield(r) {
				return
			}
		}
	}
}

// region is a range of addresses that no rule of a subject tells apart.
type region struct {
	from, to netip.Addr
	// yes and maybe tell which rules' blocks cover it.
	yes, maybe bitset
	// pods and nodes tell whether it lies among their addresses.
	pods, nodes         bool
	loopback, linkLocal bool
	// outside and inside are what is admitted to addresses that are certainly not
	// of the cluster, and to those that may be a pod's or a node's.
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
	var podRanges, nodeRanges []netipx.IPRange
	if !isEmpty(e.profile.PodCIDRs) {
		podRanges = e.profile.PodCIDRs.Ranges()
	}
	if !isEmpty(e.profile.NodeCIDRs) {
		nodeRanges = e.profile.NodeCIDRs.Ranges()
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
	cut(nodeRanges)
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
	within(podRanges, func(r *region) { r.pods = true })
	within(nodeRanges, func(r *region) { r.nodes = true })
	within(loopbackRanges, func(r *region) { r.loopback = true })
	within(linkLocalRanges, func(r *region) { r.linkLocal = true })
	for i, rule := range rules {
		within(rule.possible, func(r *region) { r.maybe.set(i) })
		within(rule.certain, func(r *region) { r.yes.set(i) })
	}
	for i := range regions {
		e.admitAddresses(s, &regions[i])
	}
	s.regions = regions
	return regions
}

// admitAddresses computes what is admitted to or from the addresses of a region.
func (e *Evaluator) admitAddresses(s *subject, r *region) {
	if r.loopback { // such a packet never leaves the pod
		r.outside = bounds{allPorts, allPorts}
		r.inside = r.outside
		return
	}
	r.outside = e.toAddress(s, r, false)
	if r.linkLocal && !e.profile.veth() {
		r.outside.hi = allPorts
	}
	r.inside = r.outside
	if r.pods || r.nodes {
		r.inside = e.toAddress(s, r, true)
	}
	if r.nodes {
		r.inside.hi = allPorts // it may be the pod's own node
	}
}

// toAddress returns what is admitted to or from the addresses of a region, which
// may be of the cluster or certainly are not.
func (e *Evaluator) toAddress(s *subject, region *region, inside bool) bounds {
	if s.eci && region.from.Is6() && !s.open() {
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
		if !inside {
			return admitted(block, ports)
		}
		if !e.profile.veth() && !r.any {
			block = min(block, Maybe) // blocks may cover neither pods nor nodes
		}
		if region.pods && len(r.pods) > 0 {
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
