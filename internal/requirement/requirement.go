// Package requirement reads destinations out of strings: what the values of
// environment variables, ConfigMaps and Secrets, the arguments of containers and
// the declarations of users say about where a workload's packets go.
//
// It knows the shapes in which programs are told an address (URLs, DSNs, JDBC
// strings, broker lists, HOST and PORT pairs) and the names of Alibaba Cloud
// services. It knows nothing of the scanned files: whether a name is a Service of
// the cluster or stands in a PrivateZone is for the caller to find out.
//
// Extraction rather misses a destination than reports a wrong one. User names and
// passwords are skipped before anything else is looked at and are part of no
// result.
package requirement

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// Strengths of an Endpoint: how certain it is that the string names a destination.
const (
	// StrengthDeclared is written for this tool by a user.
	StrengthDeclared = "declared"
	// StrengthReferenced is a URL, a DSN, the name of an Alibaba Cloud service or the
	// full name of a Service.
	StrengthReferenced = "referenced"
	// StrengthInferred is an address under a key such as DB_HOST or KAFKA_BROKERS.
	StrengthInferred = "inferred"
)

// Transport protocols of an Endpoint.
const (
	TCP = "TCP"
	UDP = "UDP"
)

// Endpoint is a destination that a string names.
type Endpoint struct {
	// Host is the name or the literal address: lower case, without brackets and
	// trailing dot. Empty for a CIDR.
	Host string
	// Addr is the address if Host is a literal one, else invalid.
	Addr netip.Addr
	// Prefix is the CIDR of a declaration, masked; else invalid.
	Prefix netip.Prefix
	// Port is the destination port, 0 if the string does not decide it. PortEnd is
	// the last port of a declared range, else 0.
	Port, PortEnd int
	// Protocol is TCP or UDP.
	Protocol string
	// Scheme is the URL's scheme in lower case, with its subprotocol for JDBC
	// ("jdbc:mysql"); empty where the string holds none.
	Scheme string
	// Product is the kind of service, by the name of the host or else by the
	// scheme: rds, redis, mongodb, polardb, oss, kafka, elasticsearch, ... It is
	// empty where neither tells. A scheme tells the protocol only: Product counts
	// as an Alibaba Cloud service only together with Cloud.
	Product string
	// Cloud says that Host is a name of an Alibaba Cloud service.
	Cloud bool
	// Engine and Region are what the name of an Alibaba Cloud service says of the
	// instance; empty where it does not tell.
	Engine, Region string
	// Bare says that Host is a single label: it is a destination only if the
	// workload's namespace has a Service of that name.
	Bare bool
	// Private says that Host certainly is no public address or name. Public says
	// that it certainly is one, as far as names tell: a PrivateZone or a Service
	// with the same name takes precedence. The names of databases tell neither.
	Private, Public bool
	// Strength is StrengthDeclared, StrengthReferenced or StrengthInferred.
	Strength string
	// Arg is the index of the argument that FromArgs found it in, else 0.
	Arg int
	// Start and End are the byte offsets of the host in the string it was found in.
	Start, End int
}

// FromValue returns the destinations in the value of an environment variable, or
// of a key of a ConfigMap or Secret, in their order in the value. The value may be
// a whole file. Values that are base64 in a manifest must be passed decoded.
//
// sibling looks up the other keys beside this one and may be nil; it gives ports
// (DB_PORT for DB_HOST) and the values of $(NAME) references.
//
// Values under the keys of passwords, of lists that are no destinations
// (NO_PROXY, CORS origins) and of the workload's own address (PUBLIC_URL,
// LISTEN_ADDR) have none.
func FromValue(key, value string, sibling func(key string) (string, bool)) []Endpoint {
	// NUL marks what has been read; a value that holds one is no text.
	if strings.IndexByte(value, 0) >= 0 || isForeignDocument(key, value) {
		return nil
	}
	class := classify(key)
	switch {
	case class == keyIgnored:
		return nil
	case class == keySecret && !startsWithURL(value):
		return nil // with a URL, it is a webhook's address, say
	}
	s := newScanner(value, sibling)
	pairs := s.document() // first, because it hides comments and passwords
	s.urls(key)
	if trimmed := strings.TrimSpace(value); !strings.Contains(trimmed, "\n") {
		start := strings.Index(value, trimmed)
		end := start + len(trimmed)
		s.dsn(start, end, key)
		if class == keyHost || class == keyBrokers {
			s.addresses(start, end, key, class)
		}
	}
	s.pairs(pairs)
	s.names()
	if class == keyDoubtful {
		for i := range s.found {
			s.found[i].Strength = StrengthInferred
		}
	}
	return compact(s.found)
}

// compact sorts the endpoints and drops those that say the same twice; of two that
// differ in strength only, the stronger stays.
func compact(found []Endpoint) []Endpoint {
	slices.SortStableFunc(found, func(a, b Endpoint) int {
		return cmp.Or(cmp.Compare(a.Arg, b.Arg), cmp.Compare(a.Start, b.Start),
			-cmp.Compare(a.Strength, b.Strength)) // "referenced" before "inferred"
	})
	type identity struct {
		host     string
		port     int
		protocol string
	}
	seen := make(map[identity]int, len(found))
	var out []Endpoint
	for _, e := range found {
		id := identity{e.Host, e.Port, e.Protocol}
		if i, ok := seen[id]; ok {
			if e.Strength == StrengthReferenced && out[i].Strength == StrengthInferred {
				out[i] = e
			}
			continue
		}
		seen[id] = len(out)
		out = append(out, e)
	}
	return out
}
