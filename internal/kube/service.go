package kube

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// Service is a Service with what its clients meet.
type Service struct {
	Object    *kubernetes.Object
	Namespace string
	Name      string
	Kind      string // type
	Selector  map[string]string
	Selects   bool // whether it has a selector
	Ports     []ServicePort
	ClusterIP string
	External  string // externalName
	NodePorts []int
	Addresses []externalAddress
	hosts     []*located.Value
	Endpoints []EndpointAddress // of a Service without a selector
	// direct says that clients' packets really leave to the load balancer, because
	// its address is not known to the nodes: a hostname in the status, an NLB, or
	// ipMode Proxy.
	Direct bool
	// internet says whether the load balancer has a public address.
	Internet truth.Truth
}

// externalAddress is an address of a load balancer. Direct says that the nodes do not
// know it, so that packets really leave to it.
type externalAddress struct {
	value  *located.Value
	direct bool
}

// EndpointAddress is an address that an Endpoints or EndpointSlice object gives a
// Service, with the ports by name.
type EndpointAddress struct {
	Addr  netip.Addr
	Ports map[string]int
}

// ServicePort is a port of a Service, and the one that it leads to.
type ServicePort struct {
	Name     string
	Port     int
	Target   string // number or name
	Protocol string
}

// annotationPrefixes are those of the cloud controller manager's annotations: the
// present one and the one of old manifests, which it still reads.
var annotationPrefixes = []string{
	"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-", "service.beta.kubernetes.io/alicloud-loadbalancer-",
}

// Setting is the value of an annotation of the cloud controller manager.
func (s *Service) Setting(name string) *located.Value {
	annotations := s.Object.Root.Get("metadata", "annotations")
	for _, prefix := range annotationPrefixes {
		if v := annotations.Get(prefix + name); !v.IsNull() {
			return v
		}
	}
	return &located.Value{}
}

// ReadService reads a Service.
func ReadService(o *kubernetes.Object) *Service {
	spec := o.Root.Get("spec")
	s := &Service{Object: o, Namespace: NamespaceOf(o), Name: o.Name, Kind: "ClusterIP"}
	if text, ok := spec.Get("type").Text(); ok {
		s.Kind = text
	}
	if sel := spec.Get("selector"); sel.Kind == located.Map && len(sel.Map) > 0 {
		s.Selects = true
		s.Selector, _ = ReadLabels(sel, nil)
	}
	s.ClusterIP, _ = spec.Get("clusterIP").Text()
	s.External, _ = spec.Get("externalName").Text()
	for _, p := range spec.Get("ports").Items() {
		port := ServicePort{Port: p.Get("port").Int(), Protocol: "TCP"}
		port.Name, _ = p.Get("name").Text()
		if text, ok := p.Get("protocol").Text(); ok {
			port.Protocol = text
		}
		port.Target, _ = p.Get("targetPort").Text()
		if port.Target == "" {
			port.Target = strconv.Itoa(port.Port)
		}
		s.Ports = append(s.Ports, port)
		if n := p.Get("nodePort").Int(); n != 0 {
			s.NodePorts = append(s.NodePorts, n)
		}
	}
	if s.Kind == "LoadBalancer" {
		s.readLoadBalancer(spec)
	}
	return s
}

// readLoadBalancer collects the external addresses and names of a LoadBalancer
// Service (annotations of the cloud controller manager; status as it writes it).
func (s *Service) readLoadBalancer(spec *located.Value) {
	annotations := s.Object.Root.Get("metadata", "annotations")
	// The status then shows the EIP, and the nodes know nothing of the load balancer's
	// own address.
	eip := s.Setting("external-ip-type").Is("eip")
	for _, v := range []*located.Value{spec.Get("loadBalancerIP"), s.Setting("ip")} {
		if !v.IsNull() {
			s.Addresses = append(s.Addresses, externalAddress{v, eip})
		}
	}
	for _, ingress := range s.Object.Root.Get("status", "loadBalancer", "ingress").Items() {
		if v := ingress.Get("ip"); !v.IsNull() {
			mode, _ := ingress.Get("ipMode").Text()
			s.Addresses = append(s.Addresses, externalAddress{v, mode == "Proxy"})
		} else if v := ingress.Get("hostname"); !v.IsNull() {
			s.hosts = append(s.hosts, v)
			s.Direct = true
		}
	}
	if v := s.Setting("hostname"); !v.IsNull() {
		s.hosts = append(s.hosts, v)
		s.Direct = true
	}
	class, _ := spec.Get("loadBalancerClass").Text()
	s.Direct = s.Direct || class == "alibabacloud.com/nlb" || !annotations.Get("service.beta.kubernetes.io/class").IsNull()
	s.hosts = append(s.hosts, annotations.Get("external-dns.alpha.kubernetes.io/hostname").Split()...)
	s.Internet = truth.Yes
	switch v := s.Setting("address-type"); {
	case v.Is("intranet"):
		s.Internet = truth.No
	case !v.IsNull() && !v.Is("internet"), v.IsNull() && !s.Setting("id").IsNull():
		s.Internet = truth.Maybe // what an existing load balancer is, its own resource says
	}
}

// TrafficPolicy is externalTrafficPolicy, Cluster if none is written.
func (s *Service) TrafficPolicy() *located.Value {
	return s.Object.Root.Get("spec", "externalTrafficPolicy")
}

// IsLocal says whether the Service keeps packets from outside on the node.
func (s *Service) IsLocal() truth.Truth {
	v := s.TrafficPolicy()
	switch text, ok := v.Text(); {
	case v.IsNull():
		return truth.No
	case !ok:
		return truth.Maybe
	case text == "Local":
		return truth.Yes
	default:
		return truth.No
	}
}

// ID is namespace/name.
func (s *Service) ID() string { return s.Namespace + "/" + s.Name }

// HasAddress reports whether an address is one of the Service's external ones, and
// whether packets to it really leave to the load balancer.
func (s *Service) HasAddress(a netip.Addr) (found, direct bool) {
	for _, x := range s.Addresses {
		text, _ := x.value.Text()
		if b, err := netip.ParseAddr(text); err == nil && a == b {
			return true, s.Direct || x.direct
		}
	}
	return false, false
}

// Reachable are the endpoints that clients get: those of the Service's first IP family,
// which is IPv4 unless it says otherwise, else all.
func (s *Service) Reachable() []EndpointAddress {
	families := s.Object.Root.Get("spec", "ipFamilies").Items()
	six := len(families) > 0 && families[0].Is("IPv6")
	var list []EndpointAddress
	for _, e := range s.Endpoints {
		if e.Addr.Is6() == six {
			list = append(list, e)
		}
	}
	if list == nil {
		return s.Endpoints
	}
	return list
}

// LiteralAddresses are the external addresses of the Service; nil if some is not in the
// files.
func (s *Service) LiteralAddresses() []netip.Addr {
	var list []netip.Addr
	for _, x := range s.Addresses {
		text, _ := x.value.Text()
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil
		}
		if !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}

// HasHost reports whether a host name is one of the load balancer's.
func (s *Service) HasHost(host string) bool {
	return slices.ContainsFunc(s.hosts, func(v *located.Value) bool {
		text, _ := v.Text()
		return strings.EqualFold(strings.TrimSuffix(text, "."), host)
	})
}

// serviceLabel names the Service of an EndpointSlice.
const serviceLabel = "kubernetes.io/service-name"

// ReadEndpoints returns the addresses of an Endpoints or EndpointSlice object and
// the Service that they belong to.
func ReadEndpoints(o *kubernetes.Object) (name string, list []EndpointAddress) {
	if o.Kind == "EndpointSlice" {
		name, _ = o.Root.Get("metadata", "labels", serviceLabel).Text()
		ports := namedPorts(o.Root.Get("ports"))
		for _, endpoint := range o.Root.Get("endpoints").Items() {
			if ready, ok := endpoint.Get("conditions", "ready").Truth(); ok && !ready {
				continue
			}
			for _, v := range endpoint.Get("addresses").Items() {
				list = appendAddress(list, v, ports)
			}
		}
		return name, list
	}
	for _, subset := range o.Root.Get("subsets").Items() {
		ports := namedPorts(subset.Get("ports"))
		for _, v := range subset.Get("addresses").Items() {
			list = appendAddress(list, v.Get("ip"), ports)
		}
	}
	return o.Name, list
}

func namedPorts(v *located.Value) map[string]int {
	ports := make(map[string]int)
	for _, p := range v.Items() {
		name, _ := p.Get("name").Text()
		ports[name] = p.Get("port").Int()
	}
	return ports
}

func appendAddress(list []EndpointAddress, v *located.Value, ports map[string]int) []EndpointAddress {
	text, _ := v.Text()
	if a, err := netip.ParseAddr(text); err == nil {
		list = append(list, EndpointAddress{a.Unmap(), ports})
	}
	return list
}

// Serves reports whether a Service has a port, as far as the files tell.
func (s *Service) Serves(protocol string, port int) bool {
	return port == 0 || len(s.Ports) == 0 || slices.ContainsFunc(s.Ports, func(p ServicePort) bool {
		return p.Port == 0 || p.Port == port && strings.EqualFold(cmp.Or(p.Protocol, "TCP"), protocol)
	})
}

// IsIngressController goes by the names that the nginx ingress controller is shipped
// under: nginx-ingress-lb on ACK, ingress-nginx upstream.
func (s *Service) IsIngressController() bool {
	name, _ := s.Object.Root.Get("metadata", "labels", "app.kubernetes.io/name").Text()
	app, _ := s.Object.Root.Get("metadata", "labels", "app").Text()
	return slices.ContainsFunc([]string{s.Name, name, app}, func(n string) bool {
		return strings.Contains(n, "ingress-nginx") || strings.Contains(n, "nginx-ingress") || strings.HasPrefix(n, "ingress-controller")
	})
}
