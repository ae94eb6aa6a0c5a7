package egress

import (
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// networkACL is a network ACL with its entries in the order in which they are
// tried. Facts: vendor's page on VPC network ACLs (stateless, first match, the
// port is that of the destination in both directions).
type networkACL struct {
	res     *terraform.Resource
	egress  []aclEntry
	ingress []aclEntry
	unknown string
}

type aclEntry struct {
	res       *terraform.Resource
	value     *located.Value // the entry's block
	accept    bool
	protocol  string
	low, high int
	addresses *netipx.IPSet
	unknown   string
	text      string
}

// networkACLOf finds the ACL of a vSwitch; nil if it has none, or an ACL with
// unknown set if the files do not decide it.
func (s *scope) networkACLOf(v *vswitch) *networkACL {
	var found *terraform.Resource
	unknown := ""
	bound := func(acl ident, holder *terraform.Resource, v2 *located.Value) {
		switch id := s.ident(v2); {
		case id.unknown():
			unknown = "which vSwitch " + holder.Address + " binds is unknown"
		case id.key == v.key:
			found = acl.res
			if acl.res == nil || holder.Uncertain != "" {
				unknown = "the network ACL of " + v.name + " is outside the files"
			}
		}
	}
	for _, acl := range s.byType["alicloud_network_acl"] {
		for _, r := range acl.Body.Get("resources").Items() {
			bound(ident{key: acl.Address, res: acl}, acl, r.Get("resource_id"))
		}
	}
	for _, a := range s.byType["alicloud_vpc_network_acl_attachment"] {
		bound(s.ident(a.Body.Get("network_acl_id")), a, a.Body.Get("resource_id"))
	}
	for _, a := range s.byType["alicloud_network_acl_attachment"] {
		for _, r := range a.Body.Get("resources").Items() {
			bound(s.ident(a.Body.Get("network_acl_id")), a, r.Get("resource_id"))
		}
	}
	switch {
	case unknown != "":
		return &networkACL{unknown: unknown}
	case found == nil && v.res == nil:
		return &networkACL{unknown: v.reason}
	case found == nil:
		return nil
	}
	return s.readNetworkACL(found)
}

func (s *scope) readNetworkACL(res *terraform.Resource) *networkACL {
	acl := &networkACL{res: res, unknown: res.Uncertain}
	acl.egress = s.readEntries(acl, res, "egress_acl_entries", "destination_cidr_ip")
	acl.ingress = s.readEntries(acl, res, "ingress_acl_entries", "source_cidr_ip")
	for _, old := range s.byType["alicloud_network_acl_entries"] {
		if s.ident(old.Body.Get("network_acl_id")).key == res.Address {
			acl.egress = append(acl.egress, s.readEntries(acl, old, "egress", "destination_cidr_ip")...)
			acl.ingress = append(acl.ingress, s.readEntries(acl, old, "ingress", "source_cidr_ip")...)
		}
	}
	if reason, found := s.unreadModule(res.Address); found {
		acl.unknown = reason
	}
	return acl
}

func (s *scope) readEntries(acl *networkACL, res *terraform.Resource, block, peer string) []aclEntry {
	list := res.Body.Get(block)
	if list.IsUnknown() {
		acl.unknown = list.Reason
		return nil
	}
	var entries []aclEntry
	for _, v := range list.Items() {
		e := aclEntry{res: res, value: v, low: 0, high: 65535}
		if v.IsUnknown() {
			e.unknown = v.Reason
			entries = append(entries, e)
			continue
		}
		policy, okPolicy := v.Get("policy").Text()
		protocol, okProtocol := v.Get("protocol").Text()
		port, okPort := v.Get("port").Text()
		cidrText, okCIDR := v.Get(peer).Text()
		cidr, valid := ipset.Parse(cidrText)
		low, high, validPort := parsePortRange(port)
		if !okPolicy || !okProtocol || !okPort || !okCIDR || !valid || !validPort {
			e.unknown = reasonFor(v, "an entry of "+res.Address+" is not decided by the files")
		} else {
			e.addresses = ipset.Of(cidr)
		}
		e.accept, e.protocol = policy == "accept", strings.ToLower(protocol)
		if low > 0 {
			e.low, e.high = low, high
		}
		e.text = strings.Join([]string{policy, protocol, port, shownText(v.Get(peer))}, " ")
		entries = append(entries, e)
	}
	return entries
}

// decide tries the entries in order. It returns the entry that drops every
// address, for all ports from low to high; nil with a reason if the outcome
// differs or is not decided.
func decide(entries []aclEntry, addresses *netipx.IPSet, protocol string, low, high int) (dropped *aclEntry, status truth.Verdict) {
	rest := addresses
	var first *aclEntry
	for i := range entries {
		e := &entries[i]
		if e.unknown != "" {
			return nil, truth.Unknown
		}
		if e.protocol != "all" && !strings.EqualFold(e.protocol, protocol) || e.high < low || e.low > high {
			continue
		}
		hit := ipset.Intersect(rest, e.addresses)
		if ipset.IsEmpty(hit) {
			continue
		}
		if e.accept {
			if ipset.IsEmpty(ipset.Subtract(rest, hit)) && e.low <= low && high <= e.high && first == nil {
				return nil, truth.Open
			}
			return nil, truth.Unknown // a part passes
		}
		if e.low > low || high > e.high {
			return nil, truth.Unknown // a part of the ports is dropped
		}
		if first == nil {
			first = e
		}
		if rest = ipset.Subtract(rest, hit); ipset.IsEmpty(rest) {
			return first, truth.Blocked
		}
	}
	// What no entry matches falls to the ACL's default entries, which the files do
	// not show.
	return nil, truth.Unknown
}

// Replies arrive at an ephemeral port: the range that Linux picks from.
const (
	ephemeralLow  = 32768
	ephemeralHigh = 60999
)

// aclGate is a NetworkACLBlock under construction.
type aclGate struct {
	*NetworkACLBlock
	need needs
}

func (gate *aclGate) entity() *NetworkACLBlock {
	gate.Need = gate.need.sum()
	return gate.NetworkACLBlock
}

// networkACLHop judges the network ACLs of the vSwitches that a workload's
// packets come from.
func (b *builder) networkACLHop(r *requirementOf) Hop {
	hop := Hop{Name: "network-acl", Status: truth.Open}
	c := r.world.cluster
	if c == nil || c.scope == nil || c.plugin == pluginUnknown || r.workload.hostNetwork == truth.Maybe {
		hop.Status, hop.Detail = truth.Unknown, "the source vSwitches are not in the files"
		return hop
	}
	v := r.view()
	if v.reason != "" {
		hop.Status, hop.Detail = truth.Unknown, v.reason
		return hop
	}
	addresses := r.destinationSet()
	if v.gap != "" {
		hop.Status, hop.Detail = truth.Unknown, v.gap
	}
	from := v.from()
	if v.some && len(from) > 1 && slices.ContainsFunc(from, func(m member) bool { return b.networkACLOf(c.scope, m.vswitch) != nil }) {
		hop.Status, hop.Detail = truth.Unknown, v.someReason()
		return hop
	}
	for _, m := range from {
		acl := b.networkACLOf(c.scope, m.vswitch)
		switch {
		case acl == nil:
			continue
		case acl.unknown != "" || addresses == nil:
			hop.Status, hop.Detail = truth.Worst(hop.Status, truth.Unknown), "the network ACL of "+m.vswitch.name+" or the destination is not decided by the files"
			continue
		case m.vswitch.cidr.IsValid() && ipset.IsEmpty(ipset.Subtract(addresses, ipset.Of(m.vswitch.cidr))):
			continue // packets inside one vSwitch are not filtered
		}
		low, high := r.port, r.port
		if r.port == 0 {
			low, high = 1, 65535
		}
		direction := "egress"
		entry, status := decide(acl.egress, addresses, r.protocol, low, high)
		if status != truth.Blocked {
			out := status
			if entry, status = decide(acl.ingress, addresses, r.protocol, ephemeralLow, ephemeralHigh); status == truth.Blocked {
				direction = "ingress"
			} else {
				status = truth.Worst(out, status)
			}
		}
		if status == truth.Blocked {
			at := b.blockByACL(r, acl, m, v.sources, direction, entry)
			if hop.Status != truth.Blocked {
				hop.Origin = at
			}
			hop.Code = direction
		}
		hop.Status = truth.Worst(hop.Status, status)
	}
	return hop
}

func (b *builder) networkACLOf(s *scope, v *vswitch) *networkACL {
	acl, ok := b.networkACLs[v]
	if !ok {
		acl = s.networkACLOf(v)
		b.networkACLs[v] = acl
	}
	return acl
}

// blockByACL records a requirement that an entry drops, and returns the entry's place.
func (b *builder) blockByACL(r *requirementOf, acl *networkACL, m member, src *sources, direction string, entry *aclEntry) Origin {
	c := r.world.cluster
	at := b.places.value(c.scope, entry.res, entry.value)
	gate := b.aclBlocks.at(aclKey{c, src.role, src.scope, direction, at}, func() *aclGate {
		return &aclGate{NetworkACLBlock: &NetworkACLBlock{
			Cluster: c.id, ClusterName: c.name, Role: src.role, Scope: src.scope, ACL: acl.res.Address, VSwitches: []string{}, Direction: direction,
			Destination: r.display(), Also: []string{}, Port: r.port, Protocol: r.protocol, Entry: entry.text, Origin: at,
		}}
	})
	if name := m.vswitch.label(); !slices.Contains(gate.VSwitches, name) {
		gate.VSwitches = append(gate.VSwitches, name)
	}
	if name := r.display(); name != gate.Destination && !slices.Contains(gate.Also, name) {
		gate.Also = append(gate.Also, name)
	}
	gate.need.add(r)
	return at
}
