package netpol

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/source"
)

// ports reads the ports of a rule, or its protocols in v1alpha2.
func (r *adminReader) ports(c cursor) []portRange {
	items, unknown := r.items(c)
	if unknown {
		return []portRange{unknownPort(c.at)}
	}
	r.atMost(c, len(items), r.kind.maxItems)
	var ports []portRange
	for _, item := range items {
		switch {
		case item.IsUnknown():
			ports = append(ports, unknownPort(item.at))
		case r.kind.ports == "protocols":
			ports = append(ports, r.protocolPort(item))
		default:
			ports = append(ports, r.adminPort(item))
		}
	}
	return ports
}

// namedPort is a port of any protocol that has a name.
func (r *adminReader) namedPort(at source.Range, c cursor) portRange {
	p := portRange{at: at, protocols: allProtocols(), every: true, from: 1, to: maxPort, sure: maxPort}
	if name, ok := r.text(c); ok {
		p.name = name
	} else {
		p.every = false
	}
	return p
}

// adminPort reads an element of ports in v1alpha1.
func (r *adminReader) adminPort(c cursor) portRange {
	known := []string{"portNumber", "namedPort", "portRange"}
	if !r.fields(c, known...) {
		return portRange{}
	}
	if n := c.has(known...); n != 1 {
		r.reject(c, "has %d of the fields %s: write one of them", n, join(known, "and"))
		return portRange{}
	}
	number, span := c.field("portNumber"), c.field("portRange")
	switch {
	case number.IsUnknown() || span.IsUnknown():
		return unknownPort(c.at)
	case !number.IsNull():
		if !r.fields(number, "protocol", "port") {
			return portRange{}
		}
		return r.numbered(c.at, r.transport(number.field("protocol")), number, number.field("port"), number.field("port"))
	case !span.IsNull():
		if !r.fields(span, "protocol", "start", "end") {
			return portRange{}
		}
		return r.numbered(c.at, r.transport(span.field("protocol")), span, span.field("start"), span.field("end"))
	default:
		return r.namedPort(c.at, c.field("namedPort"))
	}
}

// protocolPort reads an element of protocols in v1alpha2.
func (r *adminReader) protocolPort(c cursor) portRange {
	known := []string{"tcp", "udp", "sctp", "destinationNamedPort"}
	if !r.fields(c, known...) {
		return portRange{}
	}
	if n := c.has(known...); n != 1 {
		r.reject(c, "has %d of the fields %s: write one of them", n, join(known, "and"))
		return portRange{}
	}
	if named := c.field("destinationNamedPort"); !named.IsNull() {
		return r.namedPort(c.at, named)
	}
	protocol := slices.IndexFunc(known[:3], func(key string) bool { return !c.field(key).IsNull() })
	body := c.field(known[protocol])
	if !r.fields(body, "destinationPort") {
		return portRange{}
	}
	port := body.field("destinationPort")
	switch {
	case body.IsUnknown() || port.IsUnknown():
		return portRange{at: c.at, protocols: []int{protocol}, from: 1, to: maxPort}
	case port.IsNull():
		r.reject(body, "is empty: write a destinationPort")
		return portRange{}
	case !r.fields(port, "number", "range"):
		return portRange{}
	case port.has("number", "range") != 1:
		r.reject(port, "must have either number or range")
		return portRange{}
	}
	span := port.field("range")
	switch {
	case span.IsNull():
		return r.numbered(c.at, []int{protocol}, port, port.field("number"), port.field("number"))
	case span.IsUnknown():
		return portRange{at: c.at, protocols: []int{protocol}, from: 1, to: maxPort}
	case !r.fields(span, "start", "end"):
		return portRange{}
	}
	return r.numbered(c.at, []int{protocol}, span, span.field("start"), span.field("end"))
}

// numbered reads the ports from a first to a last one, which may be the same field.
func (r *adminReader) numbered(at source.Range, protocols []int, holder, first, last cursor) portRange {
	p := portRange{at: at, protocols: protocols, from: 1, to: maxPort}
	p.ranged = first.path != last.path
	for _, c := range []cursor{first, last} {
		if c.IsNull() {
			r.reject(holder, "needs the field %s", c.path[strings.LastIndexByte(c.path, '.')+1:])
			return p
		}
	}
	from, knownFrom := 1, false
	if decided(first.Value) {
		if from, knownFrom = r.number(first, 1, maxPort); !knownFrom {
			return p
		}
		p.from = from
	}
	to, knownTo := maxPort, false
	switch {
	case !p.ranged:
		to, knownTo = from, knownFrom
	case decided(last.Value):
		if to, knownTo = r.number(last, 1, maxPort); !knownTo {
			return p
		}
	}
	switch {
	case !knownFrom && !knownTo:
	case !knownFrom:
		// The last port is certain: every range reaches it.
		p.to = to
	case !knownTo:
		p.sure = from
	case to < from || p.ranged && to == from && r.kind.ports == "protocols":
		// v1alpha2 rejects it; v1alpha1 accepts a range that holds no port.
		if r.kind.ports == "protocols" {
			r.reject(last, "is %d: it must be greater than start, which is %d", to, from)
		} else {
			r.warn(last, "is %d, below start, which is %d: the range holds no port", to, from)
		}
		p.protocols = nil
	default:
		p.to, p.sure = to, to
	}
	return p
}

// transport reads the protocol of v1alpha1, which the API server does not check.
func (r *adminReader) transport(c cursor) []int {
	if c.IsNull() {
		return []int{0}
	}
	if !decided(c.Value) {
		return allProtocols()
	}
	s, ok := r.text(c)
	for i, name := range protocols {
		if ok && s == name {
			return []int{i}
		}
	}
	if ok {
		r.warn(c, "%q is no protocol that the API defines: write TCP, UDP or SCTP", s)
	}
	return allProtocols()
}
