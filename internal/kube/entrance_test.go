package kube_test

import (
	"fmt"
	"testing"

	"github.com/egresslint/egresslint/internal/kube"
)

func TestReadIngress(t *testing.T) {
	for _, tc := range []struct{ name, metadata, spec, status, want string }{
		{
			"hosts", "{name: i}", "{rules: [{host: Shop.Example.com}, {host: '*.example.com'}, {host: ''}, {host: " + undecided + "}, {}]}", "{}",
			`default hosts [shop.example.com] addresses [] names [] class ""`,
		},
		{
			"addresses", "{name: i, namespace: shop}", "{}", "{loadBalancer: {ingress: [{ip: 10.0.0.1}, {hostname: LB.example.com.}, {ip: " + undecided + "}, {ip: ''}]}}",
			`shop hosts [] addresses [10.0.0.1] names [lb.example.com] class ""`,
		},
		{
			"a class", "{name: i}", "{ingressClassName: nginx}", "{}",
			`default hosts [] addresses [] names [] class "nginx"`,
		},
		{
			"a class of old manifests", "{name: i, annotations: {kubernetes.io/ingress.class: alb}}", "{}", "{}",
			`default hosts [] addresses [] names [] class "alb"`,
		},
		{
			"the field before the annotation", "{name: i, annotations: {kubernetes.io/ingress.class: alb}}", "{ingressClassName: nginx}", "{}",
			`default hosts [] addresses [] names [] class "nginx"`,
		},
		{
			"an annotation that is not decided", "{name: i, annotations: {kubernetes.io/ingress.class: " + undecided + "}}", "{}", "{}",
			`default hosts [] addresses [] names [] class ""`,
		},
	} {
		i := kube.ReadIngress(object(t, "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: "+tc.metadata+"\nspec: "+tc.spec+"\nstatus: "+tc.status))
		if got := fmt.Sprintf("%s hosts %v addresses %v names %v class %q", i.Namespace, i.Hosts, i.Addresses, i.Names, i.Class); got != tc.want {
			t.Errorf("%s: %s", tc.name, got)
		}
	}
}

func TestReadGateway(t *testing.T) {
	g := kube.ReadGateway(object(t, `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: edge}
spec:
  listeners: [{hostname: Shop.example.com}, {hostname: "*.example.com"}, {port: 80}]
  addresses: [{value: gw.example.com}]
status: {addresses: [{value: 10.0.0.2}]}
`))
	if got := fmt.Sprintf("%s %s %v %v %v", g.Namespace, g.Gateway, g.Hosts, g.Addresses, g.Names); got != "edge g [shop.example.com] [10.0.0.2] [gw.example.com]" {
		t.Errorf("the Gateway is %s", got)
	}
}
