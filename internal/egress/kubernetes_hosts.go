package egress

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// Host names that objects of the cluster serve or describe: Ingresses, Gateways with
// their routes, and the entries of a service mesh.

// entrance is a load balancer that serves host names: an Ingress or a Gateway.
type entrance struct {
	hosts     []string
	addresses []netip.Addr // those that its status gives
	class     string       // of an Ingress; empty if none is written
	gateway   string       // name of a Gateway
	namespace string
}

// readIngress reads an Ingress.
func readIngress(o *kubernetes.Object) *entrance {
	i := &entrance{namespace: namespaceOf(o)}
	for _, rule := range o.Root.Get("spec", "rules").Items() {
		i.addHost(rule.Get("host"))
	}
	for _, v := range o.Root.Get("status", "loadBalancer", "ingress").Items() {
		i.addAddress(v.Get("ip"))
	}
	i.class, _ = o.Root.Get("spec", "ingressClassName").Text()
	if text, ok := o.Root.Get("metadata", "annotations", "kubernetes.io/ingress.class").Text(); ok && i.class == "" {
		i.class = text
	}
	return i
}

// readGateway reads a Gateway of gateway.networking.k8s.io. Its routes add hosts.
func readGateway(o *kubernetes.Object) *entrance {
	g := &entrance{namespace: namespaceOf(o), gateway: o.Name}
	for _, listener := range o.Root.Get("spec", "listeners").Items() {
		g.addHost(listener.Get("hostname"))
	}
	for _, v := range append(o.Root.Get("status", "addresses").Items(), o.Root.Get("spec", "addresses").Items()...) {
		g.addAddress(v.Get("value"))
	}
	return g
}

// addHost adds a host name; one with a wildcard names no single host.
func (e *entrance) addHost(v *located.Value) {
	if host, ok := v.Text(); ok && host != "" && !strings.HasPrefix(host, "*") {
		e.hosts = append(e.hosts, strings.ToLower(host))
	}
}

func (e *entrance) addAddress(v *located.Value) {
	text, _ := v.Text()
	if a, err := netip.ParseAddr(text); err == nil {
		e.addresses = append(e.addresses, a)
	}
}

// routeKinds are the kinds of routes with host names (Gateway API).
var routeKinds = []string{"HTTPRoute", "GRPCRoute", "TLSRoute"}

// addRoute adds the hosts of a route to the Gateways that it is attached to.
func (w *world) addRoute(o *kubernetes.Object) {
	for _, parent := range o.Root.Get("spec", "parentRefs").Items() {
		name, _ := parent.Get("name").Text()
		namespace, ok := parent.Get("namespace").Text()
		if !ok {
			namespace = namespaceOf(o)
		}
		for _, e := range w.entrances {
			if e.gateway == name && name != "" && e.namespace == namespace {
				for _, host := range o.Root.Get("spec", "hostnames").Items() {
					e.addHost(host)
				}
			}
		}
	}
}

// gatewayLabel names the Gateway that a Service is made for.
const gatewayLabel = "gateway.networking.k8s.io/gateway-name"

// hostService is the LoadBalancer Service in front of a host of an Ingress or Gateway:
// the one with the address of its status, else the one that is made for the Gateway,
// else the only one of the ingress controller. It is nil if the files do not decide
// it; served says whether something serves the host at all.
func (w *world) hostService(host string) (s *service, served bool) {
	for _, e := range w.entrances {
		if !slices.Contains(e.hosts, host) {
			continue
		}
		for _, s := range w.byAddress {
			if slices.ContainsFunc(e.addresses, func(a netip.Addr) bool {
				found, _ := s.hasAddress(a)
				return found
			}) {
				return s, true
			}
		}
		var found []*service
		for _, s := range w.byAddress {
			label, _ := s.obj.Root.Get("metadata", "labels", gatewayLabel).Text()
			switch {
			case e.gateway != "" && label == e.gateway && s.namespace == e.namespace,
				e.gateway == "" && s.isIngressController() && w.byNginx(e.class):
				found = append(found, s)
			}
		}
		if len(found) == 1 {
			return found[0], true
		}
		return nil, true
	}
	return nil, false
}

// byNginx reports whether the nginx controller serves an ingress class, which is what
// the LoadBalancer Services that isIngressController finds belong to.
func (w *world) byNginx(class string) bool {
	if class == "" {
		return true
	}
	for _, o := range w.ingressClasses {
		if controller, ok := o.Root.Get("spec", "controller").Text(); ok && o.Name == class {
			return strings.Contains(controller, "nginx")
		}
	}
	return strings.Contains(class, "nginx")
}

// isIngressController goes by the names that the nginx ingress controller is shipped
// under: nginx-ingress-lb on ACK, ingress-nginx upstream.
func (s *service) isIngressController() bool {
	name, _ := s.obj.Root.Get("metadata", "labels", "app.kubernetes.io/name").Text()
	app, _ := s.obj.Root.Get("metadata", "labels", "app").Text()
	return slices.ContainsFunc([]string{s.name, name, app}, func(n string) bool {
		return strings.Contains(n, "ingress-nginx") || strings.Contains(n, "nginx-ingress") || strings.HasPrefix(n, "ingress-controller")
	})
}

// meshEntry is a ServiceEntry of Istio: what somebody has declared to be outside of the
// mesh (Istio's reference, Service Entry).
type meshEntry struct {
	hosts []string // lower case; with a leading * for any subdomain
	port  int      // the only one; 0 if there are several
	// static says that the mesh sends packets to addresses of its own choice.
	static bool
}

func readMeshEntry(o *kubernetes.Object) *meshEntry {
	spec := o.Root.Get("spec")
	if isText(spec.Get("location"), "MESH_INTERNAL") {
		return nil
	}
	e := &meshEntry{static: len(spec.Get("endpoints").Items()) > 0 || !spec.Get("workloadSelector").IsNull()}
	for _, v := range spec.Get("hosts").Items() {
		if text, ok := v.Text(); ok {
			e.hosts = append(e.hosts, strings.ToLower(text))
		}
	}
	if ports := spec.Get("ports").Items(); len(ports) == 1 {
		e.port = number(ports[0].Get("number"))
	}
	return e
}

// meshEntryOf is the entry of the mesh for a host; nil if there is none.
func (w *world) meshEntryOf(host string) *meshEntry {
	for _, e := range w.meshEntries {
		for _, h := range e.hosts {
			suffix, wild := strings.CutPrefix(h, "*")
			if h == host || wild && suffix != "" && strings.HasSuffix(host, suffix) {
				return e
			}
		}
	}
	return nil
}
