// Package ipset holds the arithmetic of addresses, and the only definition of what is
// public and what is private.
package ipset

import (
	"net/netip"
	"strings"

	"go4.org/netipx"
)

// Of is the set of the addresses in some prefixes.
func Of(prefixes ...netip.Prefix) *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, p := range prefixes {
		b.AddPrefix(p)
	}
	return Build(&b)
}

// Build is the set of a builder that was given valid prefixes only, for which it cannot
// fail.
func Build(b *netipx.IPSetBuilder) *netipx.IPSet {
	set, err := b.IPSet()
	if err != nil {
		return &netipx.IPSet{}
	}
	return set
}

// Union is what is in one of two sets.
func Union(a, b *netipx.IPSet) *netipx.IPSet {
	var builder netipx.IPSetBuilder
	builder.AddSet(a)
	builder.AddSet(b)
	return Build(&builder)
}

// Intersect is what is in both of two sets.
func Intersect(a, b *netipx.IPSet) *netipx.IPSet {
	var builder netipx.IPSetBuilder
	builder.AddSet(a)
	builder.Intersect(b)
	return Build(&builder)
}

// Subtract is what is in a set and not in another.
func Subtract(a, b *netipx.IPSet) *netipx.IPSet {
	var builder netipx.IPSetBuilder
	builder.AddSet(a)
	builder.RemoveSet(b)
	return Build(&builder)
}

// IsEmpty reports whether a set holds nothing; nil is no set and holds nothing.
func IsEmpty(s *netipx.IPSet) bool { return s == nil || len(s.Ranges()) == 0 }

// Covers reports whether a prefix holds every address of another.
func Covers(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// Parse reads an address or CIDR as the cloud's products do: host bits are dropped and a
// bare address stands for itself.
func Parse(s string) (netip.Prefix, bool) {
	s = strings.TrimSpace(s)
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), true
	}
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), true
	}
	return netip.Prefix{}, false
}
