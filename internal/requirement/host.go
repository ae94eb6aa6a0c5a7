package requirement

import (
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// host is a parsed and accepted host.
type host struct {
	name string // lower case, no brackets, no trailing dot
	addr netip.Addr
	bare bool
}

// parseHost accepts a DNS name or a literal address, IPv6 with or without
// brackets. It refuses what is never a destination: the loopback, unspecified,
// multicast and broadcast addresses, names of the machine itself and names that
// are reserved for examples (RFC 2606, RFC 6761).
func parseHost(s string) (host, bool) {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		if !ok || !strings.Contains(inner, ":") {
			return host{}, false
		}
		s = inner
	}
	if addr, err := netip.ParseAddr(s); err == nil {
		addr = addr.Unmap()
		if addr.Zone() != "" || !isDestination(addr) {
			return host{}, false
		}
		return host{name: addr.String(), addr: addr}, true
	}
	name := lowerASCII(strings.TrimSuffix(s, "."))
	if !isName(name) || isReserved(name) {
		return host{}, false
	}
	return host{name: name, bare: !strings.Contains(name, ".")}, true
}

func isDestination(a netip.Addr) bool {
	return !a.IsLoopback() && !a.IsUnspecified() && !a.IsMulticast() &&
		a != netip.AddrFrom4([4]byte{255, 255, 255, 255}) &&
		!netip.PrefixFrom(netip.IPv4Unspecified(), 8).Contains(a)
}

// isName reports whether s is a DNS name as Kubernetes takes them (RFC 1123), with
// the limits of RFC 1035. The last label must hold a letter: 1.2.3 is a version.
func isName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	var last string
	for rest := s; ; {
		label, tail, more := strings.Cut(rest, ".")
		if !isLabel(label) {
			return false
		}
		if !more {
			last = label
			break
		}
		rest = tail
	}
	return strings.ContainsFunc(last, func(r rune) bool { return r >= 'a' && r <= 'z' }) &&
		(len(last) > 1 || !strings.Contains(s, "."))
}

func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// isReserved reports names that are no destinations of a pod in ACK: the machine's
// own, those of RFC 2606, example.<anything>, and the metadata server of Google's
// machines, which programs that run anywhere ask whether they run there.
func isReserved(name string) bool {
	switch name {
	case "localhost", "localhost.localdomain", "localhost4", "localhost6",
		"ip6-localhost", "ip6-loopback", "host.docker.internal", "gateway.docker.internal",
		"kubernetes.docker.internal", "host.minikube.internal",
		"metadata.google.internal", "metadata.goog":
		return true
	}
	labels := strings.Split(name, ".")
	switch labels[len(labels)-1] {
	case "localhost", "example", "invalid":
		return true
	case "svc":
		return false // a Service may have any name
	}
	for i, label := range labels {
		if label == "example" && i < len(labels)-1 && i >= len(labels)-3 {
			return true
		}
	}
	return false
}

// setHost fills in what the host tells by itself.
func (e *Endpoint) setHost(h host) {
	e.Host, e.Addr, e.Bare = h.name, h.addr, h.bare
	if h.addr.IsValid() {
		e.Private = isPrivateAddr(h.addr)
		e.Public = !e.Private
		return
	}
	if c, ok := cloudService(h.name); ok {
		e.Cloud, e.Product = true, c.product
		e.Engine, e.Region = c.engine, c.region
		e.Private, e.Public = c.private, c.public
		return
	}
	e.Private = h.bare || isPrivateName(h.name)
	e.Public = !e.Private && isPublicName(h.name)
}

// carrierNAT is the shared address space of RFC 6598. In a VPC it holds the
// platform's own services: resolvers, metadata, internal product endpoints.
var carrierNAT = netip.MustParsePrefix("100.64.0.0/10")

func isPrivateAddr(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLinkLocalUnicast() || carrierNAT.Contains(a) || !a.IsGlobalUnicast()
}

// privateSuffixes are top-level names that the public root does not delegate, or
// that are set aside for local use (RFC 6762, RFC 8375, ICANN's .internal).
var privateSuffixes = []string{
	".svc", ".internal", ".local", ".lan", ".corp", ".home", ".intranet", ".private",
	".localdomain", ".test", ".home.arpa",
}

func isPrivateName(name string) bool {
	for _, suffix := range privateSuffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// isPublicName reports whether name stands under a public suffix. What a resolver
// in a cluster may take for a Service (orders.dev, kafka-0.kafka.shop) counts only
// under the country codes and the oldest generic domains: nobody calls a namespace
// com.
func isPublicName(name string) bool {
	suffix, managed := publicsuffix.PublicSuffix(name)
	if suffix == name || !managed && !strings.Contains(suffix, ".") {
		return false
	}
	first, _, _ := strings.Cut(name, ".")
	if n := strings.Count(name, "."); n > 2 || n == 2 && !isStatefulPod(first) {
		return true
	}
	if len(suffix) == 2 {
		return true
	}
	switch suffix {
	case "com", "net", "org", "edu", "gov", "mil", "int", "info", "biz":
		return true
	}
	return false
}

// RegistrableDomain returns the part of a name that its owner registered, such as
// partner.com.cn for api.pay.partner.com.cn; false for addresses, for names
// without a known public suffix and for suffixes themselves.
func RegistrableDomain(name string) (string, bool) {
	suffix, managed := publicsuffix.PublicSuffix(name)
	if suffix == name || !managed && !strings.Contains(suffix, ".") {
		return "", false
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(name)
	return domain, err == nil
}

// DefaultClusterDomain is the domain of Services where a cluster sets no other.
const DefaultClusterDomain = "cluster.local"

// ServiceName reads a host as the name of a Service, as a pod's resolver does in
// a cluster: NAME, NAME.NAMESPACE, NAME.NAMESPACE.svc and with the cluster domain
// behind; the last two also with a pod's host name in front, as StatefulSets give
// it. namespace is the pod's; an empty clusterDomain stands for
// DefaultClusterDomain. Whether such a Service exists is for the caller to look
// up: a name of two labels may as well be a domain.
func ServiceName(host, namespace, clusterDomain string) (ns, name string, ok bool) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !isName(host) {
		return "", "", false
	}
	if clusterDomain == "" {
		clusterDomain = DefaultClusterDomain
	}
	short, qualified := strings.CutSuffix(host, "."+strings.ToLower(strings.Trim(clusterDomain, ".")))
	labels := strings.Split(short, ".")
	n := len(labels)
	switch {
	case n >= 3 && n <= 4 && labels[n-1] == "svc":
		return labels[n-2], labels[n-3], true
	case qualified:
		return "", "", false
	case n == 2:
		return labels[1], labels[0], true
	case n == 3 && isStatefulPod(labels[0]):
		return labels[2], labels[1], true
	case n == 1 && namespace != "":
		return namespace, labels[0], true
	}
	return "", "", false
}

// GoverningService reads POD.NAME, the short name of a StatefulSet's pod within its
// own namespace (kafka-0.kafka), as the Service NAME there. It is the other reading
// of what ServiceName takes for NAME.NAMESPACE, and the one a resolver tries first.
func GoverningService(host, namespace string) (ns, name string, ok bool) {
	pod, service, two := strings.Cut(strings.ToLower(host), ".")
	if !two || namespace == "" || !isStatefulPod(pod) || !isLabel(service) {
		return "", "", false
	}
	return namespace, service, true
}

// isStatefulPod reports names with an ordinal behind, such as kafka-0.
func isStatefulPod(label string) bool {
	i := strings.LastIndexByte(label, '-')
	if i < 1 || i == len(label)-1 {
		return false
	}
	for _, c := range []byte(label[i+1:]) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// isServiceFQDN reports names that only a cluster's DNS resolves.
func isServiceFQDN(name string) bool {
	if !strings.HasSuffix(name, ".svc") && !strings.HasSuffix(name, ".svc."+DefaultClusterDomain) {
		return false
	}
	_, _, ok := ServiceName(name, "", "")
	return ok
}
