package egress

import (
	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/ipset"
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

	policy, port string
	peer         *located.Value // the CIDR as it is written
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
		e := aclEntry{res: res, value: v, peer: v, low: 0, high: 65535}
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
			e.unknown = v.ReasonOr("an entry of " + res.Address + " is not decided by the files")
		} else {
			e.addresses = ipset.Of(cidr)
		}
		e.accept, e.protocol = policy == "accept", protocol
		if low > 0 {
			e.low, e.high = low, high
		}
		e.policy, e.port, e.peer = policy, port, v.Get(peer)
		entries = append(entries, e)
	}
	return entries
}
