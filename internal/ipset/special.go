package ipset

import (
	"net/netip"

	"go4.org/netipx"
)

var (
	// Private are the IPv4 addresses that a VPC may have (RFC 1918).
	Private = parsed("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")

	// Documentation are the addresses that examples are written with (RFC 5737, 3849).
	// A packet to one takes the way to the Internet, and nobody answers.
	Documentation = parsed("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")

	// special4 are the IPv4 ranges besides these that are not reached on the Internet:
	// those that RFC 6890 and its registry set apart, and multicast. 100.64.0.0/10 holds
	// the cloud's own services.
	special4 = parsed(
		"0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/3",
	)

	// Public4 is what the Internet is over IPv4: every address at which somebody may be
	// reached. Who blocks what is reserved, Documentation too, still admits all of it.
	Public4 = Subtract(Subtract(Subtract(parsed("0.0.0.0/0"), Private), special4), Documentation)

	// Routed4 is where packets take the way to the Internet, whether or not anybody
	// answers. What people write examples with is among it: they try them out.
	Routed4 = Union(Public4, Intersect(Documentation, parsed("0.0.0.0/0")))

	// Public6 is what the Internet is over IPv6: global unicast.
	Public6 = Subtract(parsed("2000::/3"), Documentation)
)

// IsPublic reports whether packets to an address take the way to the Internet.
func IsPublic(a netip.Addr) bool {
	if a.Unmap().Is4() {
		return Routed4.Contains(a.Unmap())
	}
	return a.IsGlobalUnicast() && !a.IsPrivate()
}

func parsed(list ...string) *netipx.IPSet {
	prefixes := make([]netip.Prefix, 0, len(list))
	for _, s := range list {
		prefixes = append(prefixes, netip.MustParsePrefix(s))
	}
	return Of(prefixes...)
}
