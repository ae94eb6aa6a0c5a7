package egress

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

// service is a Service with what its clients meet.
type service struct {
	obj       *kubernetes.Object
	namespace string
	name      string
	kind      string // type
	selector  map[string]string
	selects   bool // whether it has a selector
	ports     []servicePort
	clusterIP string
	external  string // externalName
	nodePorts []int
	addresses []externalAddress
	hosts     []*located.Value
	endpoints []endpointAddress // of a Service without a selector
	// direct says that clients' packets really leave to the load balancer, because
	// its address is not known to the nodes: a hostname in the status, an NLB, or
	// ipMode Proxy.
	direct bool
	// internet says whether the load balancer has a public address.
	internet truth.Truth
}

// externalAddress is an address of a load balancer. Direct says that the nodes do not
// know it, so that packets really leave to it.
type externalAddress struct {
	value  *located.Value
	direct bool
}

// endpointAddress is an address that an Endpoints or EndpointSlice object gives a
// Service, with the ports by name.
type endpointAddress struct {
	addr  netip.Addr
	ports map[string]int
}

type servicePort struct {
	name     string
	port     int
	target   string // number or name
	protocol string
}

// annotationPrefixes are those of the cloud controller manager's annotations: the
// present one and the one of old manifests, which it still reads.
var annotationPrefixes = []string{
	"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-", "service.beta.kubernetes.io/alicloud-loadbalancer-",
}

// setting is the value of an annotation of the cloud controller manager.
func (s *service) setting(name string) *located.Value {
	annotations := s.obj.Root.Get("metadata", "annotations")
	for _, prefix := range annotationPrefixes {
		if v := annotations.Get(prefix + name); !v.IsNull() {
			return v
		}
	}
	return &located.Value{}
}

func readService(o *kubernetes.Object) *service {
	spec := o.Root.Get("spec")
	s := &service{obj: o, namespace: namespaceOf(o), name: o.Name, kind: "ClusterIP"}
	if text, ok := spec.Get("type").Text(); ok {
		s.kind = text
	}
	if sel := spec.Get("selector"); sel.Kind == located.Map && len(sel.Map) > 0 {
		s.selects = true
		s.selector, _ = readLabels(sel, nil)
	}
	s.clusterIP, _ = spec.Get("clusterIP").Text()
	s.external, _ = spec.Get("externalName").Text()
	for _, p := range spec.Get("ports").Items() {
		port := servicePort{port: p.Get("port").Int(), protocol: "TCP"}
		port.name, _ = p.Get("name").Text()
		if text, ok := p.Get("protocol").Text(); ok {
			port.protocol = text
		}
		port.target, _ = p.Get("targetPort").Text()
		if port.target == "" {
			port.target = strconv.Itoa(port.port)
		}
		s.ports = append(s.ports, port)
		if n := p.Get("nodePort").Int(); n != 0 {
			s.nodePorts = append(s.nodePorts, n)
		}
	}
	if s.kind == "LoadBalancer" {
		s.readLoadBalancer(spec)
	}
	return s
}

// readLoadBalancer collects the external addresses and names of a LoadBalancer
// Service (annotations of the cloud controller manager; status as it writes it).
func (s *service) readLoadBalancer(spec *located.Value) {
	annotations := s.obj.Root.Get("metadata", "annotations")
	// The status then shows the EIP, and the nodes know nothing of the load balancer's
	// own address.
	eip := s.setting("external-ip-type").Is("eip")
	for _, v := range []*located.Value{spec.Get("loadBalancerIP"), s.setting("ip")} {
		if !v.IsNull() {
			s.addresses = append(s.addresses, externalAddress{v, eip})
		}
	}
	for _, ingress := range s.obj.Root.Get("status", "loadBalancer", "ingress").Items() {
		if v := ingress.Get("ip"); !v.IsNull() {
			mode, _ := ingress.Get("ipMode").Text()
			s.addresses = append(s.addresses, externalAddress{v, mode == "Proxy"})
		} else if v := ingress.Get("hostname"); !v.IsNull() {
			s.hosts = append(s.hosts, v)
			s.direct = true
		}
	}
	if v := s.setting("hostname"); !v.IsNull() {
		s.hosts = append(s.hosts, v)
		s.direct = true
	}
	class, _ := spec.Get("loadBalancerClass").Text()
	s.direct = s.direct || class == "alibabacloud.com/nlb" || !annotations.Get("service.beta.kubernetes.io/class").IsNull()
	s.hosts = append(s.hosts, annotations.Get("external-dns.alpha.kubernetes.io/hostname").Split()...)
	s.internet = truth.Yes
	switch v := s.setting("address-type"); {
	case v.Is("intranet"):
		s.internet = truth.No
	case !v.IsNull() && !v.Is("internet"), v.IsNull() && !s.setting("id").IsNull():
		s.internet = truth.Maybe // what an existing load balancer is, its own resource says
	}
}

// trafficPolicy is externalTrafficPolicy, Cluster if none is written.
func (s *service) trafficPolicy() *located.Value {
	return s.obj.Root.Get("spec", "externalTrafficPolicy")
}

func (s *service) isLocal() truth.Truth {
	v := s.trafficPolicy()
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

// id is namespace/name.
func (s *service) id() string { return s.namespace + "/" + s.name }

// hasAddress reports whether an address is one of the Service's external ones, and
// whether packets to it really leave to the load balancer.
func (s *service) hasAddress(a netip.Addr) (found, direct bool) {
	for _, x := range s.addresses {
		text, _ := x.value.Text()
		if b, err := netip.ParseAddr(text); err == nil && a == b {
			return true, s.direct || x.direct
		}
	}
	return false, false
}

// reachable are the endpoints that clients get: those of the Service's first IP family,
// which is IPv4 unless it says otherwise, else all.
func (s *service) reachable() []endpointAddress {
	families := s.obj.Root.Get("spec", "ipFamilies").Items()
	six := len(families) > 0 && families[0].Is("IPv6")
	var list []endpointAddress
	for _, e := range s.endpoints {
		if e.addr.Is6() == six {
			list = append(list, e)
		}
	}
	if list == nil {
		return s.endpoints
	}
	return list
}

// literalAddresses are the external addresses of the Service; nil if some is not in the
// files.
func (s *service) literalAddresses() []netip.Addr {
	var list []netip.Addr
	for _, x := range s.addresses {
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

func (s *service) hasHost(host string) bool {
	return slices.ContainsFunc(s.hosts, func(v *located.Value) bool {
		text, _ := v.Text()
		return strings.EqualFold(strings.TrimSuffix(text, "."), host)
	})
}

// serviceLabel names the Service of an EndpointSlice.
const serviceLabel = "kubernetes.io/service-name"

// readEndpoints returns the addresses of an Endpoints or EndpointSlice object and
// the Service that they belong to.
func readEndpoints(o *kubernetes.Object) (name string, list []endpointAddress) {
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

func appendAddress(list []endpointAddress, v *located.Value, ports map[string]int) []endpointAddress {
	text, _ := v.Text()
	if a, err := netip.ParseAddr(text); err == nil {
		list = append(list, endpointAddress{a.Unmap(), ports})
	}
	return list
}

// serves reports whether a Service has a port, as far as the files tell.
func (s *service) serves(protocol string, port int) bool {
	return port == 0 || len(s.ports) == 0 || slices.ContainsFunc(s.ports, func(p servicePort) bool {
		return p.port == 0 || p.port == port && strings.EqualFold(cmp.Or(p.protocol, "TCP"), protocol)
	})
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
