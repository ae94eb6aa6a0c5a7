package kube

import (
	"net/netip"
	"strings"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// Entrance is a load balancer that serves host names: an Ingress or a Gateway.
type Entrance struct {
	Hosts     []string
	Addresses []netip.Addr // those that its status gives
	Names     []string     // the host names that its status gives its load balancer
	Class     string       // of an Ingress; empty if none is written
	Gateway   string       // name of a Gateway
	Namespace string
}

// ReadIngress reads an Ingress.
func ReadIngress(o *kubernetes.Object) *Entrance {
	i := &Entrance{Namespace: NamespaceOf(o)}
	for _, rule := range o.Root.Get("spec", "rules").Items() {
		i.AddHost(rule.Get("host"))
	}
	for _, v := range o.Root.Get("status", "loadBalancer", "ingress").Items() {
		i.addAddress(v.Get("ip"))
		i.addAddress(v.Get("hostname"))
	}
	i.Class, _ = o.Root.Get("spec", "ingressClassName").Text()
	if text, ok := o.Root.Get("metadata", "annotations", "kubernetes.io/ingress.class").Text(); ok && i.Class == "" {
		i.Class = text
	}
	return i
}

// ReadGateway reads a Gateway of gateway.networking.k8s.io. Its routes add hosts.
func ReadGateway(o *kubernetes.Object) *Entrance {
	g := &Entrance{Namespace: NamespaceOf(o), Gateway: o.Name}
	for _, listener := range o.Root.Get("spec", "listeners").Items() {
		g.AddHost(listener.Get("hostname"))
	}
	for _, v := range append(o.Root.Get("status", "addresses").Items(), o.Root.Get("spec", "addresses").Items()...) {
		g.addAddress(v.Get("value"))
	}
	return g
}

// AddHost adds a host name; one with a wildcard names no single host.
func (e *Entrance) AddHost(v *located.Value) {
	if host, ok := v.Text(); ok && host != "" && !strings.HasPrefix(host, "*") {
		e.Hosts = append(e.Hosts, strings.ToLower(host))
	}
}

func (e *Entrance) addAddress(v *located.Value) {
	text, _ := v.Text()
	if a, err := netip.ParseAddr(text); err == nil {
		e.Addresses = append(e.Addresses, a)
	} else if text != "" {
		e.Names = append(e.Names, strings.ToLower(strings.TrimSuffix(text, ".")))
	}
}
