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
	names     []string     // the host names that its status gives its load balancer
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
		i.addAddress(v.Get("hostname"))
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
	} else if text != "" {
		e.names = append(e.names, strings.ToLower(strings.TrimSuffix(text, ".")))
	}
}

// routeKinds are the kinds of routes with host names (Gateway API).
var routeKinds = []string{"HTTPRoute", "GRPCRoute", "TLSRoute"}

// addRoute adds the hosts of a route to the Gateways that it is attached to.
func (w *world) addRoute(o *kubernetes.Object) {
	for _, parent := range o.Root.Get("spec", "parentRefs").Items() {
		group, kind := parent.Get("group"), parent.Get("kind")
		if !kind.IsNull() && !kind.Is("Gateway") || !group.IsNull() && !group.Is(gatewayGroup) {
			continue // a mesh takes routes of Services
		}
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

// gatewayGroup is the API group of Gateways and of what routes are attached to unless
// they say otherwise.
const gatewayGroup = "gateway.networking.k8s.io"

// gatewayLabel names the Gateway that a Service is made for.
const gatewayLabel = "gateway.networking.k8s.io/gateway-name"

// hostService is the LoadBalancer Service in front of a host of an Ingress or Gateway.
// It is nil if the files do not decide it, as where two of them serve the host by
// different ones; served says whether something serves the host at all.
func (w *world) hostService(host string) (s *service, served bool) {
	for _, e := range w.entrances {
		if !slices.Contains(e.hosts, host) {
			continue
		}
		one := w.inFrontOf(e)
		if one == nil || served && one != s {
			return nil, true
		}
		s, served = one, true
	}
	return s, served
}

// inFrontOf is the LoadBalancer Service of an Ingress or Gateway: the one with an
// address or name of its status, else the one that is made for the Gateway, else the
// only one of the ingress controller, if its own addresses do not say that it is
// another; nil if the files do not decide it.
func (w *world) inFrontOf(e *entrance) *service {
	for _, s := range w.byAddress {
		if slices.ContainsFunc(e.addresses, func(a netip.Addr) bool {
			found, _ := s.hasAddress(a)
			return found
		}) || slices.ContainsFunc(e.names, s.hasHost) {
			return s
		}
	}
	var found *service
	for _, s := range w.byAddress {
		label, _ := s.obj.Root.Get("metadata", "labels", gatewayLabel).Text()
		own := e.gateway != "" && label == e.gateway && s.namespace == e.namespace ||
			e.gateway == "" && s.isIngressController() && w.byNginx(e.class)
		switch {
		case !own:
		case found != nil, len(e.names) > 0, len(e.addresses) > 0 && len(s.addresses) > 0:
			return nil
		default:
			found = s
		}
	}
	return found
}

// defaultClass is the annotation of the IngressClass of Ingresses that name none.
const defaultClass = "ingressclass.kubernetes.io/is-default-class"

// byNginx reports whether the nginx controller serves an ingress class, which is what
// the LoadBalancer Services that isIngressController finds belong to. Without a class
// an Ingress is of the default one, the newest of several; where the files have none, it
// is taken for nginx's.
func (w *world) byNginx(class string) bool {
	known := false
	for _, o := range w.ingressClasses {
		isDefault := o.Root.Get("metadata", "annotations", defaultClass).Is("true")
		if controller, ok := o.Root.Get("spec", "controller").Text(); ok && (o.Name == class || class == "" && isDefault) {
			if known = true; !strings.Contains(controller, "nginx") {
				return false
			}
		}
	}
	return known || class == "" || strings.Contains(class, "nginx")
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
	hosts     []string // lower case; with a leading * for any subdomain
	namespace string
	exportTo  []string // namespaces that see it, . for its own and * for all; empty for all
	port      int      // the only one; 0 if there are several
	// moved are the ports that the mesh sends packets to another port for.
	moved map[int]bool
	// static says that the mesh sends packets to addresses of its own choice.
	static bool
}

func readMeshEntry(o *kubernetes.Object) *meshEntry {
	spec := o.Root.Get("spec")
	if spec.Get("location").Is("MESH_INTERNAL") {
		return nil
	}
	e := &meshEntry{
		namespace: namespaceOf(o), moved: make(map[int]bool),
		static: len(spec.Get("endpoints").Items()) > 0 || !spec.Get("workloadSelector").IsNull(),
	}
	for _, v := range spec.Get("hosts").Items() {
		if text, ok := v.Text(); ok {
			e.hosts = append(e.hosts, strings.ToLower(text))
		}
	}
	for _, v := range spec.Get("exportTo").Items() {
		text, _ := v.Text()
		e.exportTo = append(e.exportTo, text)
	}
	ports := spec.Get("ports").Items()
	for _, v := range ports {
		port := number(v.Get("number"))
		if len(ports) == 1 {
			e.port = port
		}
		if target := v.Get("targetPort"); !target.IsNull() && number(target) != port {
			e.moved[port] = true
		}
	}
	return e
}

// seenFrom reports whether the pods of a namespace see the entry.
func (e *meshEntry) seenFrom(namespace string) bool {
	return len(e.exportTo) == 0 || slices.ContainsFunc(e.exportTo, func(to string) bool {
		return to == "*" || to == namespace || to == "." && namespace == e.namespace
	})
}

// names reports whether the entry is for a host.
func (e *meshEntry) names(host string) bool {
	return slices.ContainsFunc(e.hosts, func(h string) bool {
		suffix, wild := strings.CutPrefix(h, "*")
		return h == host || wild && suffix != "" && strings.HasSuffix(host, suffix)
	})
}

// meshEntryOf is the entry of the mesh for a host that pods of a namespace ask for;
// nil if there is none.
func (w *world) meshEntryOf(host, namespace string) *meshEntry {
	for _, e := range w.meshEntries {
		if e.names(host) && e.seenFrom(namespace) {
			return e
		}
	}
	return nil
}
