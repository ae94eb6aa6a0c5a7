package world

import (
	"fmt"
	"net/netip"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
)

// DestinationKind says what a requirement leads to, once names are looked up in
// the files.
type DestinationKind string

// Kinds of destinations.
const (
	ToInternet     DestinationKind = "internet"      // a public address or name
	ToTarget       DestinationKind = "target"        // a cloud service instance of the files
	ToService      DestinationKind = "service"       // a Service of the same cluster, by name or ClusterIP
	ToLoadBalancer DestinationKind = "load-balancer" // the external address of such a Service
	ToAddress      DestinationKind = "address"       // a private address
	toName         DestinationKind = "name"          // a name whose address the files do not say
)

// Need is one need of one workload, resolved.
type Need struct {
	Workload *kube.Workload
	Index    int // of the workload in its world
	World    *World
	Strength model.Strength
	Origin   place.Origin

	Kind     DestinationKind
	Host     string       // as named; empty for CIDRs
	Addr     netip.Addr   // if it is a literal address
	Prefix   netip.Prefix // if it is a CIDR
	Port     int
	Protocol string
	// ByAlias says that the address was found through a Service, whose name has to
	// be resolved; alias is that name.
	ByAlias bool
	alias   string
	// Others are the further endpoints of that Service; scattered says that not all of
	// them are things of one kind.
	Others    []netip.AddrPort
	Scattered bool
	// Shown stands for the destination where it comes from a sensitive value and must
	// not be printed, see [secretAt].
	Shown string
	// Anywhere stands for "internet": any public IPv4 address.
	Anywhere bool
	// Anywhere6 stands for "internet6": any public IPv6 address.
	Anywhere6 bool
	Target    *alicloud.Target
	Public    bool // the target's public endpoint, or that of a load balancer that packets leave to
	// Guessed says that nothing but the lack of others makes the target the one that is
	// meant.
	Guessed bool
	// Direct says that packets really leave to the load balancer of a Service.
	Direct bool
	// Outside is what the configuration says of the destination; nil if nothing.
	Outside *outsideTarget
	// Rerouted says that a service mesh decides where the packets go.
	Rerouted bool
	// Cloud says that the host is a cloud service's: wherever it is, it is no pod.
	Cloud   bool
	Service *kube.Service
}

// ByName reports whether a name has to be resolved first.
func (r *Need) ByName() bool {
	return r.ByAlias || !r.Addr.IsValid() && !r.Prefix.IsValid()
}

// ToPublic reports whether the packets go to public IPv4 addresses.
func (r *Need) ToPublic() bool {
	switch r.Kind {
	case ToInternet:
		return !r.Anywhere6 && (!r.Addr.IsValid() || r.Addr.Is4()) && (!r.Prefix.IsValid() || r.Prefix.Addr().Is4())
	case ToTarget, ToLoadBalancer:
		return r.Public
	default:
		return false
	}
}

// ToPublic6 reports whether the packets certainly go to public IPv6 addresses.
func (r *Need) ToPublic6() bool {
	return r.Kind == ToInternet && (r.Anywhere6 || r.Addr.Is6() || r.Prefix.IsValid() && r.Prefix.Addr().Is6())
}

// InCluster reports whether nothing outside of the cluster's network sees the packets.
func (r *Need) InCluster() bool {
	return r.Kind == ToService || r.Kind == ToLoadBalancer && !r.Public
}

// Display names the destination in messages.
func (r *Need) Display() string {
	name := r.Shown
	switch {
	case name != "":
		return name
	case r.ByAlias:
		return fmt.Sprintf("%s (%s)", r.alias, netip.AddrPortFrom(r.Addr, uint16(r.Port)))
	case r.Anywhere:
		return "the Internet"
	case r.Anywhere6:
		return "the IPv6 Internet"
	case r.Prefix.IsValid():
		name = r.Prefix.String()
	default:
		name = r.Host
	}
	if r.Port == 0 {
		return name
	}
	if r.Addr.Is6() {
		name = "[" + name + "]"
	}
	return fmt.Sprintf("%s:%d", name, r.Port)
}
