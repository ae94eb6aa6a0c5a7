package egress

import (
	"fmt"
	"net/netip"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
)

// destinationKind says what a requirement leads to, once names are looked up in
// the files.
type destinationKind string

const (
	toInternet     destinationKind = "internet"      // a public address or name
	toTarget       destinationKind = "target"        // a cloud service instance of the files
	toService      destinationKind = "service"       // a Service of the same cluster, by name or ClusterIP
	toLoadBalancer destinationKind = "load-balancer" // the external address of such a Service
	toAddress      destinationKind = "address"       // a private address
	toName         destinationKind = "name"          // a name whose address the files do not say
)

// Need is one need of one workload, resolved.
type Need struct {
	workload *kube.Workload
	index    int // of the workload in its world
	world    *world
	strength model.Strength
	origin   place.Origin

	kind     destinationKind
	host     string       // as named; empty for CIDRs
	addr     netip.Addr   // if it is a literal address
	prefix   netip.Prefix // if it is a CIDR
	port     int
	protocol string
	// byAlias says that the address was found through a Service, whose name has to
	// be resolved; alias is that name.
	byAlias bool
	alias   string
	// others are the further endpoints of that Service; scattered says that not all of
	// them are things of one kind.
	others    []netip.AddrPort
	scattered bool
	// shown stands for the destination where it comes from a sensitive value and must
	// not be printed, see [secretAt].
	shown string
	// anywhere stands for "internet": any public IPv4 address.
	anywhere bool
	// anywhere6 stands for "internet6": any public IPv6 address.
	anywhere6 bool
	target    *alicloud.Target
	public    bool // the target's public endpoint, or that of a load balancer that packets leave to
	// direct says that packets really leave to the load balancer of a Service.
	direct bool
	// outside is what the configuration says of the destination; nil if nothing.
	outside *outsideTarget
	// rerouted says that a service mesh decides where the packets go.
	rerouted bool
	// cloud says that the host is a cloud service's: wherever it is, it is no pod.
	cloud   bool
	service *kube.Service
}

// byName reports whether a name has to be resolved first.
func (r *Need) byName() bool {
	return r.byAlias || !r.addr.IsValid() && !r.prefix.IsValid()
}

// toPublic reports whether the packets go to public IPv4 addresses.
func (r *Need) toPublic() bool {
	switch r.kind {
	case toInternet:
		return !r.anywhere6 && (!r.addr.IsValid() || r.addr.Is4()) && (!r.prefix.IsValid() || r.prefix.Addr().Is4())
	case toTarget, toLoadBalancer:
		return r.public
	default:
		return false
	}
}

// toPublic6 reports whether the packets certainly go to public IPv6 addresses.
func (r *Need) toPublic6() bool {
	return r.kind == toInternet && (r.anywhere6 || r.addr.Is6() || r.prefix.IsValid() && r.prefix.Addr().Is6())
}

// inCluster reports whether nothing outside of the cluster's network sees the packets.
func (r *Need) inCluster() bool {
	return r.kind == toService || r.kind == toLoadBalancer && !r.public
}

// display names the destination in messages.
func (r *Need) display() string {
	name := r.shown
	switch {
	case name != "":
		return name
	case r.byAlias:
		return fmt.Sprintf("%s (%s)", r.alias, netip.AddrPortFrom(r.addr, uint16(r.port)))
	case r.anywhere:
		return "the Internet"
	case r.anywhere6:
		return "the IPv6 Internet"
	case r.prefix.IsValid():
		name = r.prefix.String()
	default:
		name = r.host
	}
	if r.port == 0 {
		return name
	}
	if r.addr.Is6() {
		name = "[" + name + "]"
	}
	return fmt.Sprintf("%s:%d", name, r.port)
}
