package netpol

import (
	"net/netip"
	"slices"
	"sort"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/truth"
)

// maxWork bounds the product of regions and rules that a question about many
// addresses may visit; beyond it the answer is Unknown. No cluster comes near:
// it would take a thousand rules with ten blocks each for one pod.
const maxWork = 10_000_000

// region is a range of addresses that no rule of a subject tells apart.
type region struct {
	from, to netip.Addr
	// pods and nodes tell whether it lies among their addresses.
	pods, nodes         bool
	loopback, linkLocal bool

	// outside and inside are what is admitted to addresses that are certainly not
	// of the cluster, and to those that may be a pod's or a node's.
	known           bool
	outside, inside bounds
}

// blocks reports whether the blocks of a rule cover the address.
func (r *compiledRule) blocks(a netip.Addr) truth.Truth {
	switch {
	case contains(r.certain, a):
		return truth.Yes
	case contains(r.possible, a):
		return truth.Maybe
	default:
		return truth.No
	}
}

// contains reports whether sorted ranges hold an address.
func contains(ranges []netipx.IPRange, a netip.Addr) bool {
	i := sort.Search(len(ranges), func(i int) bool { return ranges[i].To().Compare(a) >= 0 })
	return i < len(ranges) && ranges[i].From().Compare(a) <= 0
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

// rangesOf returns the ranges of a set that may be unknown.
func rangesOf(s *netipx.IPSet) []netipx.IPRange {
	if s == nil {
		return nil
	}
	return s.Ranges()
}

// regionsOf returns the subject's regions in ascending order; together they are
// all addresses.
func (e *Evaluator) regionsOf(s *subject) []region {
	if s.regions != nil {
		return s.regions
	}
	pods, nodes := rangesOf(e.profile.PodCIDRs), rangesOf(e.profile.NodeCIDRs)
	cuts := []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	cut := func(ranges []netipx.IPRange) {
		for _, r := range ranges {
			cuts = append(cuts, r.From())
			if next := r.To().Next(); next.IsValid() {
				cuts = append(cuts, next)
			}
		}
	}
	for _, ranges := range [][]netipx.IPRange{pods, nodes, loopbackRanges, linkLocalRanges} {
		cut(ranges)
	}
	for r := range s.rules() {
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
		regions[i] = region{
			from: from, to: to,
			pods: contains(pods, from), nodes: contains(nodes, from),
			loopback: contains(loopbackRanges, from), linkLocal: contains(linkLocalRanges, from),
		}
	}
	s.regions = regions
	return regions
}

// regionsIn returns the regions that overlap the range from one address to another.
func (e *Evaluator) regionsIn(s *subject, from, to netip.Addr) []region {
	regions := e.regionsOf(s)
	first := sort.Search(len(regions), func(i int) bool { return regions[i].to.Compare(from) >= 0 })
	last := sort.Search(len(regions), func(i int) bool { return regions[i].from.Compare(to) > 0 })
	return regions[first:last]
}

// toRegion returns what is admitted to or from the addresses of a region.
func (e *Evaluator) toRegion(s *subject, r *region, outside bool) bounds {
	if !r.known {
		r.known = true
		e.admitAddresses(s, r)
	}
	if outside {
		return r.outside
	}
	return r.inside
}

func (e *Evaluator) admitAddresses(s *subject, r *region) {
	if r.loopback { // such a packet never leaves the pod
		r.outside = bounds{allPorts, allPorts}
		r.inside = r.outside
		return
	}
	r.outside = e.toAddress(s, r, false, false)
	if r.linkLocal && !e.profile.veth() {
		r.outside.hi = allPorts
	}
	r.inside = r.outside
	inside, node := r.pods || r.nodes, r.nodes || ipset.IsEmpty(e.profile.NodeCIDRs)
	if inside || node && s.nodes {
		hi := r.outside.hi
		r.inside = e.toAddress(s, r, inside, node)
		if r.linkLocal {
			r.inside.hi = e.ports.or(r.inside.hi, hi)
		}
	}
	if r.nodes {
		r.inside.hi = allPorts // it may be the pod's own node
	}
}

// toAddress returns what the rules admit to or from the addresses of a region,
// which may be of the cluster or certainly are not, and may be those of a node or
// certainly are not.
func (e *Evaluator) toAddress(s *subject, region *region, inside, node bool) bounds {
	if s.eci && region.from.Is6() && !s.open() {
		return bounds{noPorts, allPorts} // Poseidon does not know IPv6
	}
	admit := e.admitAddress(s, region, inside, node)
	base := everything
	if tier := s.tiers[BaselineTier]; len(tier) > 0 {
		base = e.baseline(e.decide(tier, s.direction, admit, nil))
	}
	b := e.combine(s, base, nothing, admit)
	if tier := s.tiers[AdminTier]; len(tier) > 0 {
		b = e.layer(e.decide(tier, s.direction, admit, nil), b)
	}
	return b
}

// admitAddress returns what single rules match of the packets to or from the
// addresses of a region; see toAddress.
func (e *Evaluator) admitAddress(s *subject, region *region, inside, node bool) func(r *compiledRule) bounds {
	return func(r *compiledRule) bounds {
		match := r.blocks(region.from)
		if r.any {
			match = truth.Yes
		} else if r.unsure || r.names || r.nodes && node {
			match = max(match, truth.Maybe)
		}
		ports := r.ports
		if s.eci {
			ports.lo = r.eci
		}
		if s.direction == Ingress {
			ports = e.rulePorts(s, r, s.ports)
		}
		if !inside {
			return admitted(match, ports)
		}
		covers := r.cover == coverAll || r.cover == coverDatapath && e.profile.veth()
		if !covers && !r.any {
			match = min(match, truth.Maybe) // blocks may cover neither pods nor nodes
		}
		if len(r.pods) > 0 {
			match = max(match, truth.Maybe)
		}
		if s.direction == Egress {
			for _, n := range r.named {
				ports.hi = e.ports.or(ports.hi, e.ports.ports(n.protocol, 1, maxPort))
			}
		}
		return admitted(match, ports)
	}
}

// podAddress is an address that stands for all those that pods may have and
// that the same blocks cover.
type podAddress struct {
	addr netip.Addr
	// certain tells that some pods certainly have such addresses, as far as the
	// profile says; others only may.
	certain bool
}

// podAddresses returns the addresses that pods may have, or hostNetwork pods, as
// far as the blocks with a coverage tell them apart, in ascending order. It is false if there are too
// many to visit.
func (e *Evaluator) podAddresses(s *subject, hostNetwork bool, cover coverage) ([]podAddress, bool) {
	i, set := 0, e.profile.PodCIDRs
	if hostNetwork {
		i, set = 1, e.profile.NodeCIDRs
	}
	if s.addresses[cover][i] != nil {
		return s.addresses[cover][i], true
	}
	var rules []*compiledRule
	for r := range s.rules() {
		if len(r.possible) > 0 && r.cover == cover {
			rules = append(rules, r)
		}
	}
	regions := e.regionsOf(s)
	if len(rules)*len(regions) > maxWork {
		return nil, false
	}
	anywhere := ipset.IsEmpty(set)
	addresses := []podAddress{}
	seen := make(map[string]bool)
	covered := make([]byte, len(rules))
	for _, r := range regions {
		here := hostNetwork && r.nodes || !hostNetwork && r.pods
		if !here && !anywhere || r.loopback || r.linkLocal {
			continue
		}
		for j, rule := range rules {
			covered[j] = byte(rule.blocks(r.from))
		}
		// IPv4 comes first, so that the first address of a kind is the surest. Without
		// a word on their addresses, pods have IPv4, the default of every cluster.
		if !seen[string(covered)] {
			seen[string(covered)] = true
			addresses = append(addresses, podAddress{r.from, here || r.from.Is4()})
		}
	}
	s.addresses[cover][i] = addresses
	return addresses, true
}

// over is what the blocks of a subject's policies admit to pods by their addresses:
// certainly, whichever address a pod has; possibly, if it has some address. What the
// selectors of a rule admit depends on no address, so that it can be joined with the sum
// over all addresses.
type over struct {
	sure     bounds   // of all policies that certainly isolate
	possible []bounds // of each that may
	// addresses and certain tell whether pods have any, and any that is certain.
	addresses, certain bool
}

// overKey is what the sum depends on besides the subject.
type overKey struct {
	hostNetwork bool
	ports       int32 // where blocks have named ports
}

// nothing is what blocks that cover no pods add.
var nothing = new(over)

// of returns what is admitted by the i-th policy that possibly isolates.
func (o *over) of(i int) bounds {
	if i < len(o.possible) {
		return o.possible[i]
	}
	return bounds{}
}

// overOf returns nil if there are too many addresses to visit.
func (e *Evaluator) overOf(s *subject, hostNetwork bool, ports int32) *over {
	key := overKey{hostNetwork: hostNetwork}
	if s.byName {
		key.ports = ports
	}
	if o, ok := s.overs[key]; ok {
		return o
	}
	addresses, ok := e.podAddresses(s, hostNetwork, coverDatapath)
	if !ok {
		return nil
	}
	o := &over{addresses: len(addresses) > 0}
	for _, a := range addresses {
		o.certain = o.certain || a.certain
	}
	sum := func(policies ...*compiled) bounds {
		all := bounds{allPorts, noPorts}
		for _, a := range addresses {
			var b bounds
			for _, c := range policies {
				b = e.union(b, c.rules[s.direction], func(r *compiledRule) bounds {
					if len(r.possible) == 0 || r.cover != coverDatapath {
						return bounds{}
					}
					return admitted(r.blocks(a.addr), e.rulePorts(s, r, ports))
				})
			}
			all.hi = e.ports.or(all.hi, b.hi)
			if a.certain {
				all.lo = e.ports.and(all.lo, b.lo)
			}
		}
		return all
	}
	o.sure = sum(s.sure...)
	for _, c := range s.possible {
		o.possible = append(o.possible, sum(c))
	}
	if s.overs == nil {
		s.overs = make(map[overKey]*over)
	}
	s.overs[key] = o
	return o
}

// overAddresses returns what is admitted to a pod of class c if blocks cover
// pods: certainly, whichever address it has; possibly, if it has some address.
// Selected says what is admitted with what selectors admit.
func (e *Evaluator) overAddresses(s *subject, c *class, ports int32, selected func(*over) bounds) bounds {
	o := e.overOf(s, c.hostNetwork, ports)
	switch {
	case o == nil:
		return bounds{noPorts, allPorts}
	case !o.addresses:
		return bounds{}
	}
	b := selected(o)
	if !o.certain {
		b.lo = allPorts
	}
	return bounds{e.ports.and(b.lo, b.hi), b.hi}
}
