package netpol

import (
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// allProtocols are the indexes of protocols.
func allProtocols() []int { return []int{0, 1, 2} }

func unknownPort(at source.Range) portRange {
	return portRange{at: at, protocols: allProtocols(), from: 1, to: maxPort}
}

func (r *reader) ports(c cursor) []portRange {
	items, unknown := r.items(c)
	if unknown {
		return []portRange{unknownPort(c.at)}
	}
	var ports []portRange
	for _, item := range items {
		if item.IsUnknown() {
			ports = append(ports, unknownPort(item.at))
			continue
		}
		if r.fields(item, "protocol", "port", "endPort") {
			ports = append(ports, r.port(item))
		}
	}
	return ports
}

func (r *reader) port(c cursor) portRange {
	p := portRange{at: c.at, protocols: []int{0}, from: 1, to: maxPort, sure: maxPort}
	if protocol := c.field("protocol"); !protocol.IsNull() {
		p.protocols = r.protocol(protocol)
	}
	port, end := c.field("port"), c.field("endPort")
	p.ranged = !end.IsNull()
	switch {
	case port.IsNull() && p.ranged:
		r.reject(end, "needs a port that the range starts at")
		return p
	case port.IsNull():
		return p
	case !decided(port.Value):
		p.sure = 0
		return p
	case port.Kind == located.String:
		p.name = port.Str
		if reason := portNameFault(port.Str); reason != "" {
			r.reject(port, "%q is no port name: %s", port.Str, reason)
		}
		if p.ranged {
			r.reject(end, "cannot be used with the named port %q: a range starts at a number", port.Str)
		}
		return p
	}
	n, known := r.portNumber(port)
	p.from, p.to, p.sure = n, n, n
	switch {
	case !p.ranged:
	case end.IsUnknown():
		p.to = maxPort
	default:
		m, ok := r.portNumber(end)
		if ok && known && m < n {
			r.reject(end, "is %d, below the port %d that the range starts at", m, n)
		}
		p.to, p.sure = m, m
	}
	return p
}

func (r *reader) protocol(c cursor) []int {
	if !decided(c.Value) {
		return allProtocols()
	}
	s, ok := r.text(c)
	if !ok {
		return nil
	}
	for i, name := range protocols {
		if s == name {
			return []int{i}
		}
	}
	if i, ok := protocolIndex(s); ok && s != "" {
		r.reject(c, "%q must be in upper case: write %s", s, protocols[i])
	} else {
		r.reject(c, "%q is no protocol of NetworkPolicies: write TCP, UDP or SCTP", s)
	}
	return nil
}

func (r *reader) portNumber(c cursor) (int, bool) { return r.number(c, 1, maxPort) }

// number reads a whole number that must lie between two others.
func (r *reader) number(c cursor, from, to int) (int, bool) {
	s, _ := c.Text()
	n, err := strconv.Atoi(s)
	switch {
	case c.Kind != located.Number || err != nil:
		r.reject(c, "must be a whole number from %d to %d", from, to)
	case n < from || n > to:
		r.reject(c, "%d is not between %d and %d", n, from, to)
	default:
		return n, true
	}
	return 0, false
}

// portNameFault says what is wrong with the name of a port, "" for nothing. The
// rules are those of IANA service names.
func portNameFault(s string) string {
	const letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
	switch {
	case s == "":
		return "it is empty"
	case len(s) > 15:
		return "it is longer than 15 characters"
	case strings.Trim(s, digits) == "":
		return "a number must be written without quotes"
	case strings.Trim(s, letters+digits+"-") != "":
		return "it may hold only lower-case letters, digits and hyphens"
	case !strings.ContainsAny(s, letters):
		return "it needs a letter"
	case strings.HasPrefix(s, "-") || strings.HasSuffix(s, "-") || strings.Contains(s, "--"):
		return "hyphens must stand alone and inside the name"
	default:
		return ""
	}
}
