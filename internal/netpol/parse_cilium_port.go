package netpol

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/parser/located"
)

// singleAddress is the prefix of an address that is written without a length.
func singleAddress(s string) (netip.Prefix, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), true
}

// portRules reads toPorts.
func (r *ciliumReader) portRules(c cursor) []portRange {
	items, unknown := r.items(c)
	if unknown {
		return []portRange{unknownPort(c.at)}
	}
	var ports []portRange
	for _, item := range items {
		switch item.Kind {
		case located.Unknown:
			ports = append(ports, unknownPort(item.at))
		case located.Map, located.Null:
			ports = append(ports, r.portRule(item)...)
		default:
			r.reject(item, "must be a map of fields")
		}
	}
	return ports
}

// portRule reads an element of toPorts. Anything in it but ports, such as rules for
// HTTP, lets only some requests pass.
func (r *ciliumReader) portRule(c cursor) []portRange {
	list := c.field("ports")
	items, unknown := r.items(list)
	if unknown || len(items) == 0 {
		return []portRange{unknownPort(c.at)}
	}
	filtered := slices.ContainsFunc(c.Map, func(f located.Field) bool {
		return f.Key != "ports" && !f.Value.IsNull() && (f.Key != "rules" || f.Value.Kind != located.Map || len(f.Value.Map) > 0)
	})
	var ports []portRange
	for _, item := range items {
		p := r.ciliumPort(item)
		p.filtered = filtered
		ports = append(ports, p)
	}
	return ports
}

func (r *ciliumReader) ciliumPort(c cursor) portRange {
	if c.IsUnknown() {
		return unknownPort(c.at)
	}
	if !r.fields(c, "port", "protocol", "endPort") {
		return portRange{}
	}
	p := portRange{at: c.at, protocols: allProtocols(), every: true, from: 1, to: maxPort, sure: maxPort}
	r.ciliumProtocol(&p, c.field("protocol"))
	port, end := c.field("port"), c.field("endPort")
	switch {
	case port.IsNull():
		// Recent versions read it as every port of the protocol, older ones reject it.
		p.sure = 0
		return p
	case !decided(port.Value):
		p.sure = 0
		return p
	}
	s, ok := r.text(port)
	if !ok {
		return p
	}
	if name := strings.ToLower(s); portNameFault(name) == "" {
		p.name = name
		return p
	}
	n, err := strconv.ParseUint(s, 0, 16)
	switch {
	case err != nil:
		r.reject(port, "%q is neither a port number nor a port name", s)
		return p
	case n == 0: // every port
		return p
	}
	p.from, p.to, p.sure = int(n), int(n), int(n)
	switch {
	case end.IsNull():
	case !decided(end.Value):
		p.to = maxPort
	default:
		// An endPort of 0 or below the port counts as none.
		if m, ok := r.number(end, 0, maxPort); ok && m > p.from {
			p.to, p.sure, p.ranged = m, m, true
		}
	}
	return p
}

// ciliumProtocol reads a protocol. Without one, every protocol is meant.
func (r *ciliumReader) ciliumProtocol(p *portRange, c cursor) {
	if c.IsNull() {
		return
	}
	if !decided(c.Value) {
		p.every = false
		return
	}
	s, ok := r.text(c)
	switch i, known := protocolIndex(s); {
	case !ok:
	case s == "" || s == "ANY":
	case known && s == protocols[i]:
		p.protocols, p.every = []int{i}, false
	case known || strings.EqualFold(s, "ANY"):
		r.reject(c, "%q must be in upper case", s)
	default: // ICMP and others without ports
		p.protocols, p.every = nil, false
	}
}
