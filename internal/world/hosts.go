package world

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/parser/kubernetes"
)

// Host names that objects of the cluster serve or describe: Ingresses, Gateways with
// their routes, and the entries of a service mesh.

// routeKinds are the kinds of routes with host names (Gateway API).
var routeKinds = []string{"HTTPRoute", "GRPCRoute", "TLSRoute"}

// addRoute adds the hosts of a route to the Gateways that it is attached to.
func addRoute(w *World, o *kubernetes.Object) {
	for _, parent := range o.Root.Get("spec", "parentRefs").Items() {
		group, kind := parent.Get("group"), parent.Get("kind")
		if !kind.IsNull() && !kind.Is("Gateway") || !group.IsNull() && !group.Is(gatewayGroup) {
			continue // a mesh takes routes of Services
		}
		name, _ := parent.Get("name").Text()
		namespace, ok := parent.Get("namespace").Text()
		if !ok {
			namespace = kube.NamespaceOf(o)
		}
		for _, e := range w.entrances {
			if e.Gateway == name && name != "" && e.Namespace == namespace {
				for _, host := range o.Root.Get("spec", "hostnames").Items() {
					e.AddHost(host)
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
func (w *World) hostService(host string) (s *kube.Service, served bool) {
	for _, e := range w.entrances {
		if !slices.Contains(e.Hosts, host) {
			continue
		}
		one := inFrontOf(w, e)
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
func inFrontOf(w *World, e *kube.Entrance) *kube.Service {
	for _, s := range w.byAddress {
		if slices.ContainsFunc(e.Addresses, func(a netip.Addr) bool {
			found, _ := s.HasAddress(a)
			return found
		}) || slices.ContainsFunc(e.Names, s.HasHost) {
			return s
		}
	}
	var found *kube.Service
	for _, s := range w.byAddress {
		label, _ := s.Object.Root.Get("metadata", "labels", gatewayLabel).Text()
		own := e.Gateway != "" && label == e.Gateway && s.Namespace == e.Namespace ||
			e.Gateway == "" && s.IsIngressController() && byNginx(w, e.Class)
		switch {
		case !own:
		case found != nil, len(e.Names) > 0, len(e.Addresses) > 0 && len(s.Addresses) > 0:
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
func byNginx(w *World, class string) bool {
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

// meshEntryOf is the entry of the mesh for a host that pods of a namespace ask for;
// nil if there is none.
func (w *World) meshEntryOf(host, namespace string) *kube.MeshEntry {
	for _, e := range w.meshEntries {
		if e.Names(host) && e.SeenFrom(namespace) {
			return e
		}
	}
	return nil
}
