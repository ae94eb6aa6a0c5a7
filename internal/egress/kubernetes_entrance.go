package egress

import (
	"net/netip"
	"strings"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

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
