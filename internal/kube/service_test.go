package kube_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/truth"
)

func TestReadService(t *testing.T) {
	for _, tc := range []struct{ name, spec, want string }{
		{"the least", "{}", "ClusterIP  selects false map[] ports [] node ports []"},
		{"a type that is not decided", "{type: " + undecided + "}", "ClusterIP  selects false map[] ports [] node ports []"},
		{"another name", "{type: ExternalName, externalName: a.example.com}", "ExternalName a.example.com selects false map[] ports [] node ports []"},
		{"a selector", "{selector: {app: web}}", "ClusterIP  selects true map[app:web] ports [] node ports []"},
		{"an empty selector", "{selector: {}}", "ClusterIP  selects false map[] ports [] node ports []"},
		{"a selector that is not decided", "{selector: " + undecided + "}", "ClusterIP  selects false map[] ports [] node ports []"},
		{"a port", "{ports: [{port: 80}]}", "ClusterIP  selects false map[] ports [{ 80 80 TCP}] node ports []"},
		{"a port that leads to another", "{ports: [{name: w, port: 80, targetPort: http, protocol: UDP}]}", "ClusterIP  selects false map[] ports [{w 80 http UDP}] node ports []"},
		{"a port's protocol that is not decided", "{ports: [{port: 80, protocol: " + undecided + "}]}", "ClusterIP  selects false map[] ports [{ 80 80 TCP}] node ports []"},
		{"node ports", "{type: NodePort, ports: [{port: 80, nodePort: 30080}, {port: 81}]}", "NodePort  selects false map[] ports [{ 80 80 TCP} { 81 81 TCP}] node ports [30080]"},
	} {
		s := service(t, tc.spec, "{}", "{}")
		if got := fmt.Sprintf("%s %s selects %t %v ports %v node ports %v", s.Kind, s.External, s.Selects, s.Selector, s.Ports, s.NodePorts); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestLoadBalancer(t *testing.T) {
	const now, before = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-", "service.beta.kubernetes.io/alicloud-loadbalancer-"
	addresses := []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"}
	for _, tc := range []struct {
		name, spec, annotations, status string
		direct                          bool
		internet                        truth.Truth
		found                           string // which of addresses, ! where packets leave to them
		literal                         string
	}{
		{"the least", "{type: LoadBalancer}", "{}", "{}", false, truth.Yes, "", "[]"},
		{"of another type", "{type: NodePort, loadBalancerIP: 10.0.0.1}", "{}", "{loadBalancer: {ingress: [{hostname: a}]}}", false, truth.Maybe, "", "[]"},
		{"an address that is wished for", "{type: LoadBalancer, loadBalancerIP: 10.0.0.1}", "{}", "{}", false, truth.Yes, "1", "[10.0.0.1]"},
		{"an address of an annotation", "{type: LoadBalancer}", "{" + now + "ip: 10.0.0.2}", "{}", false, truth.Yes, "2", "[10.0.0.2]"},
		{"one address from two places", "{type: LoadBalancer, loadBalancerIP: 10.0.0.1}", "{}", "{loadBalancer: {ingress: [{ip: 10.0.0.1}, {ip: 10.0.0.3}]}}", false, truth.Yes, "1 3", "[10.0.0.1 10.0.0.3]"},
		{"an address behind an EIP", "{type: LoadBalancer, loadBalancerIP: 10.0.0.1}", "{" + now + "external-ip-type: eip}", "{}", false, truth.Yes, "1!", "[10.0.0.1]"},
		{"an address that is not decided", "{type: LoadBalancer, loadBalancerIP: " + undecided + "}", "{}", "{loadBalancer: {ingress: [{ip: 10.0.0.3}]}}", false, truth.Yes, "3", "[]"},
		{"a proxy", "{type: LoadBalancer}", "{}", "{loadBalancer: {ingress: [{ip: 10.0.0.1, ipMode: Proxy}, {ip: 10.0.0.2, ipMode: VIP}]}}", false, truth.Yes, "1! 2", "[10.0.0.1 10.0.0.2]"},
		{"a name in the status", "{type: LoadBalancer, loadBalancerIP: 10.0.0.1}", "{}", "{loadBalancer: {ingress: [{hostname: lb}]}}", true, truth.Yes, "1!", "[10.0.0.1]"},
		{"a status without anything", "{type: LoadBalancer, loadBalancerIP: 10.0.0.1}", "{}", "{loadBalancer: {ingress: [{ports: []}]}}", false, truth.Yes, "1", "[10.0.0.1]"},
		{"a name of an annotation", "{type: LoadBalancer}", "{" + now + "hostname: lb}", "{}", true, truth.Yes, "", "[]"},
		{"an NLB", "{type: LoadBalancer, loadBalancerClass: alibabacloud.com/nlb}", "{}", "{}", true, truth.Yes, "", "[]"},
		{"another class", "{type: LoadBalancer, loadBalancerClass: example.com/x}", "{}", "{}", false, truth.Yes, "", "[]"},
		{"a class of an annotation", "{type: LoadBalancer}", "{service.beta.kubernetes.io/class: x}", "{}", true, truth.Yes, "", "[]"},
		{"in the VPC", "{type: LoadBalancer}", "{" + now + "address-type: intranet}", "{}", false, truth.No, "", "[]"},
		{"in the VPC, in an old manifest", "{type: LoadBalancer}", "{" + before + "address-type: intranet}", "{}", false, truth.No, "", "[]"},
		{"the present annotation before the old one", "{type: LoadBalancer}", "{" + before + "address-type: intranet, " + now + "address-type: internet}", "{}", false, truth.Yes, "", "[]"},
		{"public in words", "{type: LoadBalancer}", "{" + now + "address-type: internet}", "{}", false, truth.Yes, "", "[]"},
		{"not decided", "{type: LoadBalancer}", "{" + now + "address-type: " + undecided + "}", "{}", false, truth.Maybe, "", "[]"},
		{"one that exists", "{type: LoadBalancer}", "{" + now + "id: lb-1}", "{}", false, truth.Maybe, "", "[]"},
		{"one that exists and is public", "{type: LoadBalancer}", "{" + now + "id: lb-1, " + now + "address-type: internet}", "{}", false, truth.Yes, "", "[]"},
	} {
		s := service(t, tc.spec, tc.annotations, tc.status)
		found := ""
		for i, address := range addresses {
			ok, direct := s.HasAddress(netip.MustParseAddr(address))
			if !ok {
				continue
			}
			if found != "" {
				found += " "
			}
			found += fmt.Sprint(i + 1)
			if direct {
				found += "!"
			}
		}
		if ok, _ := s.HasAddress(netip.Addr{}); ok {
			t.Errorf("%s: no address is one of its own", tc.name)
		}
		literal := fmt.Sprint(s.LiteralAddresses())
		if s.Direct != tc.direct || s.Internet != tc.internet || found != tc.found || literal != tc.literal {
			t.Errorf("%s: direct %t, internet %s, addresses %q, literal %s", tc.name, s.Direct, s.Internet, found, literal)
		}
	}
}

func TestHasHost(t *testing.T) {
	const setting = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-hostname"
	s := service(t, "{type: LoadBalancer}", "{"+setting+": One.example.com, external-dns.alpha.kubernetes.io/hostname: 'two.example.com.,three.example.com'}",
		"{loadBalancer: {ingress: [{hostname: four.example.com}, {ip: 10.0.0.1, hostname: five.example.com}]}}")
	for host, want := range map[string]bool{
		"one.example.com": true, "two.example.com": true, "three.example.com": true, "four.example.com": true,
		"five.example.com": false, "example.com": false, "": false,
	} {
		if s.HasHost(host) != want {
			t.Errorf("it has the host %q: %t", host, !want)
		}
	}
	if service(t, "{type: LoadBalancer}", "{}", "{}").HasHost("") || s.HasHost("lb") {
		t.Error("a load balancer without a name has one")
	}
}

func TestIsLocal(t *testing.T) {
	for spec, want := range map[string]truth.Truth{
		"{}": truth.No, "{externalTrafficPolicy: Cluster}": truth.No, "{externalTrafficPolicy: Local}": truth.Yes,
		"{externalTrafficPolicy: " + undecided + "}": truth.Maybe,
	} {
		if got := service(t, spec, "{}", "{}").IsLocal(); got != want {
			t.Errorf("%s is local: %s", spec, got)
		}
	}
}

func TestReachable(t *testing.T) {
	four, six := kube.EndpointAddress{Addr: netip.MustParseAddr("10.0.0.1")}, kube.EndpointAddress{Addr: netip.MustParseAddr("fd00::1")}
	for _, tc := range []struct {
		spec string
		has  []kube.EndpointAddress
		want string
	}{
		{"{}", []kube.EndpointAddress{four, six}, "[10.0.0.1]"},
		{"{ipFamilies: []}", []kube.EndpointAddress{four, six}, "[10.0.0.1]"},
		{"{ipFamilies: [IPv4, IPv6]}", []kube.EndpointAddress{four, six}, "[10.0.0.1]"},
		{"{ipFamilies: [IPv6, IPv4]}", []kube.EndpointAddress{four, six}, "[fd00::1]"},
		{"{}", []kube.EndpointAddress{six}, "[fd00::1]"},
		{"{ipFamilies: [IPv6]}", []kube.EndpointAddress{four}, "[10.0.0.1]"},
		{"{}", nil, "[]"},
	} {
		s := service(t, tc.spec, "{}", "{}")
		s.Endpoints = tc.has
		got := []netip.Addr{}
		for _, e := range s.Reachable() {
			got = append(got, e.Addr)
		}
		if fmt.Sprint(got) != tc.want {
			t.Errorf("%s with %v: %v", tc.spec, tc.has, got)
		}
	}
}

func TestReadEndpoints(t *testing.T) {
	for _, tc := range []struct{ name, manifest, want string }{
		{
			"Endpoints", "apiVersion: v1\nkind: Endpoints\nmetadata: {name: db}\nsubsets: [{ports: [{name: sql, port: 3306}], addresses: [{ip: 10.0.0.1}, {ip: '::ffff:10.0.0.2'}, {ip: " + undecided + "}]}, {addresses: [{ip: 10.0.0.3}]}]",
			"db [{10.0.0.1 map[sql:3306]} {10.0.0.2 map[sql:3306]} {10.0.0.3 map[]}]",
		},
		{
			"an EndpointSlice", "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: db-x, labels: {kubernetes.io/service-name: db}}\nports: [{port: 3306}]\nendpoints: [{addresses: [10.0.0.1, fd00::1, db.example.com]}]",
			"db [{10.0.0.1 map[:3306]} {fd00::1 map[:3306]}]",
		},
		{
			"readiness", "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: db-x, labels: {kubernetes.io/service-name: db}}\nendpoints: [{addresses: [10.0.0.1], conditions: {ready: true}}, {addresses: [10.0.0.2], conditions: {ready: false}}, {addresses: [10.0.0.3], conditions: {ready: " + undecided + "}}]",
			"db [{10.0.0.1 map[]} {10.0.0.3 map[]}]",
		},
		{
			"the fields of another kind", "apiVersion: v1\nkind: Endpoints\nmetadata: {name: db, labels: {kubernetes.io/service-name: other}}\nendpoints: [{addresses: [10.0.0.1]}]",
			"db []",
		},
	} {
		name, list := kube.ReadEndpoints(object(t, tc.manifest))
		if got := fmt.Sprintf("%s %v", name, list); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestServes(t *testing.T) {
	for _, tc := range []struct {
		spec, protocol string
		port           int
		want           bool
	}{
		{"{}", "TCP", 80, true}, // as far as the files tell
		{"{ports: [{port: 80}]}", "TCP", 80, true},
		{"{ports: [{port: 80}]}", "tcp", 80, true},
		{"{ports: [{port: 80}]}", "UDP", 80, false},
		{"{ports: [{port: 80}]}", "TCP", 81, false},
		{"{ports: [{port: 80}]}", "TCP", 0, true},
		{"{ports: [{port: " + undecided + "}]}", "TCP", 81, true},
		{"{ports: [{port: 80, protocol: ''}]}", "TCP", 80, true},
	} {
		if got := service(t, tc.spec, "{}", "{}").Serves(tc.protocol, tc.port); got != tc.want {
			t.Errorf("%s serves %s %d: %t", tc.spec, tc.protocol, tc.port, got)
		}
	}
}

func TestIsIngressController(t *testing.T) {
	for metadata, want := range map[string]bool{
		"{name: web}":                                                false,
		"{name: my-ingress-nginx}":                                   true,
		"{name: nginx-ingress-lb}":                                   true,
		"{name: ingress-controller-x}":                               true,
		"{name: my-ingress-controller}":                              false,
		"{name: nginx}":                                              false,
		"{name: x, labels: {app: web}}":                              false,
		"{name: x, labels: {app: ingress-nginx}}":                    true,
		"{name: x, labels: {app.kubernetes.io/name: nginx-ingress}}": true,
	} {
		s := kube.ReadService(object(t, "apiVersion: v1\nkind: Service\nmetadata: "+metadata+"\nspec: {}"))
		if s.IsIngressController() != want {
			t.Errorf("%s is an ingress controller: %t", metadata, !want)
		}
	}
}
