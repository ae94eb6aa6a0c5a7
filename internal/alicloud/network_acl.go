package alicloud

import (
	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// NetworkACL is a network ACL with its entries in the order in which they are
// tried. Facts: vendor's page on VPC network ACLs (stateless, first match, the
// port is that of the destination in both directions).
type NetworkACL struct {
	Resource *terraform.Resource
	Egress   []ACLEntry
	Ingress  []ACLEntry
	Unknown  string
}

// ACLEntry is one entry of a network ACL.
type ACLEntry struct {
	Resource  *terraform.Resource
	Value     *located.Value // the entry's block
	Accept    bool
	Protocol  string
	Low, High int
	Addresses *netipx.IPSet
	Unknown   string

	Policy, Port string
	Peer         *located.Value // the CIDR as it is written
}

// NetworkACLOf finds the ACL of a vSwitch; nil if it has none, or an ACL with
// unknown set if the files do not decide it.
func NetworkACLOf(s *Scope, v *VSwitch) *NetworkACL {
	var found *terraform.Resource
	unknown := ""
	bound := func(acl Ident, holder *terraform.Resource, v2 *located.Value) {
		switch id := s.Ident(v2); {
		case id.Unknown():
			unknown = "which vSwitch " + holder.Address + " binds is unknown"
		case id.Key == v.Key:
			found = acl.Resource
			if acl.Resource == nil || holder.Uncertain != "" {
				unknown = "the network ACL of " + v.Name + " is outside the files"
			}
		}
	}
	for _, acl := range s.ByType["alicloud_network_acl"] {
		for _, r := range acl.Body.Get("resources").Items() {
			bound(Ident{Key: acl.Address, Resource: acl}, acl, r.Get("resource_id"))
		}
	}
	for _, a := range s.ByType["alicloud_vpc_network_acl_attachment"] {
		bound(s.Ident(a.Body.Get("network_acl_id")), a, a.Body.Get("resource_id"))
	}
	for _, a := range s.ByType["alicloud_network_acl_attachment"] {
		for _, r := range a.Body.Get("resources").Items() {
			bound(s.Ident(a.Body.Get("network_acl_id")), a, r.Get("resource_id"))
		}
	}
	switch {
	case unknown != "":
		return &NetworkACL{Unknown: unknown}
	case found == nil && v.Resource == nil:
		return &NetworkACL{Unknown: v.Reason}
	case found == nil:
		return nil
	}
	return readNetworkACL(s, found)
}

func readNetworkACL(s *Scope, res *terraform.Resource) *NetworkACL {
	acl := &NetworkACL{Resource: res, Unknown: res.Uncertain}
	acl.Egress = readEntries(acl, res, "egress_acl_entries", "destination_cidr_ip")
	acl.Ingress = readEntries(acl, res, "ingress_acl_entries", "source_cidr_ip")
	for _, old := range s.ByType["alicloud_network_acl_entries"] {
		if s.Ident(old.Body.Get("network_acl_id")).Key == res.Address {
			acl.Egress = append(acl.Egress, readEntries(acl, old, "egress", "destination_cidr_ip")...)
			acl.Ingress = append(acl.Ingress, readEntries(acl, old, "ingress", "source_cidr_ip")...)
		}
	}
	if reason, found := s.UnreadModule(res.Address); found {
		acl.Unknown = reason
	}
	return acl
}

func readEntries(acl *NetworkACL, res *terraform.Resource, block, peer string) []ACLEntry {
	list := res.Body.Get(block)
	if list.IsUnknown() {
		acl.Unknown = list.Reason
		return nil
	}
	var entries []ACLEntry
	for _, v := range list.Items() {
		e := ACLEntry{Resource: res, Value: v, Peer: v, Low: 0, High: 65535}
		if v.IsUnknown() {
			e.Unknown = v.Reason
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
			e.Unknown = v.ReasonOr("an entry of " + res.Address + " is not decided by the files")
		} else {
			e.Addresses = ipset.Of(cidr)
		}
		e.Accept, e.Protocol = policy == "accept", protocol
		if low > 0 {
			e.Low, e.High = low, high
		}
		e.Policy, e.Port, e.Peer = policy, port, v.Get(peer)
		entries = append(entries, e)
	}
	return entries
}
