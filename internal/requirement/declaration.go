package requirement

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/product"
)

// Declared is one item of a declaration.
type Declared struct {
	// Endpoint is the destination of an item that names a host, an address or a
	// CIDR; its Strength is always StrengthDeclared.
	Endpoint
	// Internet stands for any public IPv4 address, Internet6 for any public IPv6
	// address; both include the resolution of names.
	Internet, Internet6 bool
	// Kind and Name are those of an item KIND/NAME, a thing in the scanned files.
	Kind, Name string
	// Text is the item as written.
	Text string
}

// kinds are the things that KIND/NAME may name, sorted: products, and Services.
var kinds = slices.Sorted(slices.Values(append(product.Products.Declared(), "service")))

// Kinds returns the kinds that KIND/NAME may name, sorted.
func Kinds() []string { return slices.Clone(kinds) }

// DeclarationError is an item of a declaration that cannot be read.
type DeclarationError struct {
	Item   string // as written, without what stands before an @, which may be a password
	Offset int    // of the item in the declaration, in bytes
	Reason string
}

func (e *DeclarationError) Error() string {
	return fmt.Sprintf("read egress item %q: %s", e.Item, e.Reason)
}

// ParseDeclaration reads the value of the annotation egresslint.io/egress: items
// separated by commas or line breaks, each of them one of
//
//	HOST[:PORT[-PORT]][/tcp|udp]      orders.partner.com:443, 10.1.2.3:8000-8010/udp
//	[IPv6][:PORT[-PORT]][/tcp|udp]    [2001:db8::1]:443
//	CIDR[:PORT[-PORT]][/tcp|udp]      10.8.0.0/16:5432, [2001:db8::]/32:443
//	internet, internet6
//	KIND/NAME                         rds/orders-db
//
// Ports without a protocol are TCP. The error is a *DeclarationError for the first
// item that is none of these; the other items are returned all the same.
func ParseDeclaration(s string) ([]Declared, error) {
	var (
		items []Declared
		first error
	)
	for from := 0; from <= len(s); {
		to := from + strings.IndexAny(s[from:], ",\n")
		if to < from {
			to = len(s)
		}
		text := strings.TrimSpace(s[from:to])
		offset := from + strings.Index(s[from:to], text)
		from = to + 1
		if text == "" {
			continue
		}
		item, reason := parseItem(text, offset)
		if reason != "" {
			if first == nil {
				first = &DeclarationError{Item: withoutUser(text), Offset: offset, Reason: reason}
			}
			continue
		}
		items = append(items, item)
	}
	return items, first
}

// withoutUser leaves out a user and password.
func withoutUser(text string) string {
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		return "…" + text[i:]
	}
	return text
}

func parseItem(text string, offset int) (Declared, string) {
	d := Declared{Text: text}
	d.Strength = StrengthDeclared
	switch text {
	case "internet":
		d.Internet = true
		return d, ""
	case "internet6":
		d.Internet6 = true
		return d, ""
	}
	if strings.Contains(text, "@") {
		return d, "a destination is a host without a user in front"
	}
	if kind, name, ok := strings.Cut(text, "/"); ok && isLabel(kind) && !strings.Contains(name, "/") {
		protocol := name == "tcp" || name == "udp"
		if slices.Contains(kinds, kind) {
			name, ports, ported := strings.Cut(name, ":")
			if name == "" || strings.ContainsAny(name, " \t") {
				return d, fmt.Sprintf("a name must follow %s/", kind)
			}
			d.Kind, d.Name = kind, name
			if !ported {
				return d, ""
			}
			reason := emptyPort(ports)
			if reason == "" {
				d.Protocol = TCP
				d.Port, d.PortEnd, reason = parsePorts(ports)
			}
			return d, reason
		}
		if _, err := netip.ParseAddr(kind); err != nil && !protocol {
			return d, fmt.Sprintf("%q is no kind; it is one of %s", kind, strings.Join(kinds, ", "))
		}
	}
	return parseAddress(d, text, offset)
}

func parseAddress(d Declared, text string, offset int) (Declared, string) {
	if strings.Contains(text, "://") {
		return d, "write host:port instead of a URL"
	}
	if strings.ContainsAny(text, " \t") {
		return d, "separate items with commas"
	}
	rest := text
	d.Protocol = TCP
	if head, last, ok := cutLast(rest, "/"); ok {
		switch last {
		case "tcp", "udp":
			rest, d.Protocol = head, strings.ToUpper(last)
		default:
			if strings.ContainsFunc(last, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }) {
				return d, fmt.Sprintf("%q is no protocol; it is tcp or udp", last)
			}
		}
	}
	hostText, ports, reason := splitDeclared(rest)
	if reason != "" {
		return d, reason
	}
	if d.Port, d.PortEnd, reason = parsePorts(ports); reason != "" {
		return d, reason
	}
	d.Start, d.End = offset, offset+len(hostText)
	if strings.Contains(hostText, "/") {
		prefix, err := netip.ParsePrefix(strings.NewReplacer("[", "", "]", "").Replace(hostText))
		if err != nil {
			return d, fmt.Sprintf("%q is no CIDR", hostText)
		}
		d.Prefix = prefix.Masked()
		return d, ""
	}
	if strings.Contains(hostText, "*") {
		return d, "a name cannot hold a wildcard; write the names, or internet"
	}
	h, ok := parseHost(hostText)
	if !ok {
		if addr, err := netip.ParseAddr(strings.Trim(hostText, "[]")); err == nil {
			return d, fmt.Sprintf("%s is no address that a packet leaves the pod for", addr)
		}
		if name := lowerASCII(strings.TrimSuffix(hostText, ".")); isName(name) && isReserved(name) {
			return d, fmt.Sprintf("%q is no host name that a pod can reach: it is reserved for examples or for the machine itself", hostText)
		}
		return d, fmt.Sprintf("%q is no host name, address or CIDR that a pod can reach", hostText)
	}
	d.setHost(h)
	return d, ""
}

func cutLast(s, separator string) (before, after string, ok bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

// splitDeclared splits a host or CIDR from its ports. IPv6 needs brackets only
// before a port.
func splitDeclared(text string) (hostText, ports, reason string) {
	if strings.HasPrefix(text, "[") {
		i := strings.IndexByte(text, ']')
		if i < 0 {
			return "", "", "a closing ] is missing"
		}
		end := i + 1
		if j := strings.IndexByte(text[end:], ':'); j >= 0 {
			return text[:end+j], text[end+j+1:], emptyPort(text[end+j+1:])
		}
		return text, "", ""
	}
	if strings.Count(text, ":") > 1 {
		return text, "", ""
	}
	hostText, ports, ok := strings.Cut(text, ":")
	if ok {
		return hostText, ports, emptyPort(ports)
	}
	return hostText, "", ""
}

func emptyPort(ports string) string {
	if ports == "" {
		return "a port must follow the colon"
	}
	return ""
}

func parsePorts(ports string) (port, end int, reason string) {
	if ports == "" {
		return 0, 0, ""
	}
	low, high, isRange := strings.Cut(ports, "-")
	port, ok := parsePort(low)
	if !ok {
		return 0, 0, fmt.Sprintf("%q is no port from 1 to 65535", low)
	}
	if !isRange {
		return port, 0, ""
	}
	end, ok = parsePort(high)
	if !ok {
		return 0, 0, fmt.Sprintf("%q is no port from 1 to 65535", high)
	}
	if end < port {
		return 0, 0, fmt.Sprintf("port range %s ends before it starts", ports)
	}
	if end == port {
		end = 0
	}
	return port, end, ""
}
