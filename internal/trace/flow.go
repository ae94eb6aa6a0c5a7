package trace

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
)

// The flows that a requirement gives rise to inside the cluster: names are
// resolved, Services translated, then policies see what is left (domain facts:
// packet order of the vendor's page and of the Kubernetes documentation on
// network policies).

// flow is what policies see of a requirement.
type flow struct {
	dest       netpol.Dest
	port       int
	protocol   string
	translated string // what a Service was translated to
	pod        int    // the workload that it was translated to, among those of the world
}

// anyService is where a cloud service may be: any address that is not the machine's
// own or its link's.
var anyService = ipset.Subtract(ipset.Of(netip.MustParsePrefix("0.0.0.0/0")), ipset.Of(
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/3"),
))

// flows returns what policies see of a requirement; none if the files do not say
// where it leads. Translated flows are alternatives: the Service picks one.
func flows(r *world.Need) (list []flow, unknown string) {
	plain := flow{port: r.Port, protocol: r.Protocol}
	switch r.Kind {
	case world.ToInternet:
		plain.dest = netpol.InternetDest()
		if r.Anywhere6 {
			plain.dest = netpol.SetDest(ipset.Public6).Outside()
		}
		if r.Addr.IsValid() {
			plain.dest = netpol.AddrDest(r.Addr).Outside()
		}
		if r.Prefix.IsValid() {
			plain.dest = netpol.PrefixDest(r.Prefix).Outside()
		}
	case world.ToAddress:
		if toNodePort(r) {
			return nil, "where on its way a packet to a node port meets policies differs between data paths"
		}
		plain.dest = netpol.AddrDest(r.Addr)
		if r.Prefix.IsValid() {
			plain.dest = netpol.PrefixDest(r.Prefix)
		}
	case world.ToTarget:
		switch {
		case r.Public:
			plain.dest = netpol.InternetDest()
		case r.Target.VSwitch != nil && r.Target.VSwitch.CIDR.IsValid():
			plain.dest = netpol.PrefixDest(r.Target.VSwitch.CIDR).Outside()
		case r.Target.Kind == "oss":
			plain.dest = netpol.PrefixDest(cloudServices).Outside()
		case len(r.Target.Addresses) == 1:
			plain.dest = netpol.AddrDest(r.Target.Addresses[0]).Outside()
		default:
			plain.dest = netpol.SetDest(ipset.Private).Outside()
		}
	case world.ToService:
		list, _, unknown = backends(r)
		return list, unknown
	case world.ToLoadBalancer:
		return loadBalancerFlows(r)
	default:
		if r.Scattered {
			return nil, "the endpoints of " + r.Display() + " are not all of one kind"
		}
		if r.Rerouted {
			return nil, "a ServiceEntry lets the service mesh decide where packets for " + r.Display() + " go"
		}
		if r.Outside != nil && len(r.Outside.Addresses) > 0 {
			plain.dest = netpol.SetDest(ipset.Of(r.Outside.Addresses...)).Outside()
			break
		}
		if !r.Cloud {
			return nil, "the address of " + r.Display() + " is not in the files"
		}
		// Policies that admit no address at all need no address to be judged.
		plain.dest = netpol.SetDest(anyService).Outside()
	}
	list = []flow{plain}
	for _, other := range r.Others {
		f := flow{dest: netpol.AddrDest(other.Addr()), port: int(other.Port()), protocol: r.Protocol}
		if r.Kind == world.ToInternet {
			f.dest = f.dest.Outside()
		}
		list = append(list, f)
	}
	return list, ""
}

// loadBalancerFlows returns what policies see of packets to a load balancer of a
// Service: its backends where the client's node translates the address, the address
// where the packets leave for it, and both where the files do not decide which.
func loadBalancerFlows(r *world.Need) (list []flow, unknown string) {
	leaves := leavesForLoadBalancer(r)
	if leaves != truth.Yes {
		if list, _, unknown = backends(r); len(list) == 0 || leaves == truth.No {
			return list, unknown
		}
	}
	addresses := []netip.Addr{r.Addr}
	if !r.Addr.IsValid() {
		addresses = r.Service.LiteralAddresses()
	}
	for _, a := range addresses {
		list = append(list, flow{dest: netpol.AddrDest(a).Outside(), port: r.Port, protocol: r.Protocol})
	}
	switch {
	case len(addresses) > 0:
		return list, ""
	case r.Public:
		return append(list, flow{dest: netpol.InternetDest(), port: r.Port, protocol: r.Protocol}), ""
	default:
		return nil, "the load balancer's address is not in the files"
	}
}

// toNodePort reports whether a requirement leads to a port of the nodes that a Service
// of the cluster listens on.
func toNodePort(r *world.Need) bool {
	c := r.World.Cluster
	if c == nil || !r.Addr.IsValid() {
		return false
	}
	set := c.Node.Addresses()
	if set != nil && c.Node.Unknown == "" && !set.Contains(r.Addr) {
		return false
	}
	for _, s := range r.World.Services {
		if slices.Contains(s.NodePorts, r.Port) {
			return true
		}
	}
	return false
}

// backends translates a Service to its pods and their ports; none, with a code and words
// for why, if the files do not say what they are.
func backends(r *world.Need) (list []flow, code, unknown string) {
	s := r.Service
	if !s.Selects {
		return nil, "no-selector", "Service " + s.ID() + " has no selector, its endpoints are not traced"
	}
	var port *kube.ServicePort
	for i := range s.Ports {
		if s.Ports[i].Port == r.Port && (s.Ports[i].Protocol == r.Protocol || port == nil) {
			port = &s.Ports[i]
		}
	}
	headless := s.ClusterIP == "None"
	if port == nil && !headless {
		return nil, "no-port", "Service " + s.ID() + " has no port " + strconv.Itoa(r.Port)
	}
	for i, wl := range r.World.Workloads {
		if wl.Namespace != s.Namespace || !wl.SelectedBy(s.Selector) {
			continue
		}
		f := flow{dest: r.World.Evaluator.PodDest(i), port: r.Port, protocol: r.Protocol, pod: i}
		if !headless {
			f.protocol = port.Protocol
			f.port = wl.TargetPort(*port)
			if f.port == 0 {
				return nil, "port-not-declared", "port " + port.Target + " of " + wl.Display() + " is not in the files"
			}
		}
		f.translated = wl.Display() + " port " + strconv.Itoa(f.port)
		list = append(list, f)
	}
	if len(list) == 0 {
		return nil, "no-pods", "the pods of Service " + s.ID() + " are not in the files"
	}
	return list, "", ""
}
