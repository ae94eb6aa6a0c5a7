package trace

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/kubernetes"
)

func parse(t *testing.T, text string) []*kubernetes.Object {
	t.Helper()
	list, diagnostics := kubernetes.Parse("app.yaml", []byte(text))
	if len(diagnostics) > 0 {
		t.Fatalf("parse manifests: %s", diagnostics[0].Message)
	}
	return list
}

// TestEndFilter checks which ends of connections a pattern or an address means.
func TestEndFilter(t *testing.T) {
	api, far := &Peer{Workload: "shop/api[Deployment]"}, &Peer{Workload: "infra/main:dev:shop/api[Deployment]"}
	some := &Peer{Addresses: netipx.RangeOfPrefix(netip.MustParsePrefix("10.0.0.0/24"))}
	for _, tc := range []struct {
		filter         string
		api, far, some bool
	}{
		{"", true, true, true},
		{"shop/api", true, true, false},
		{"shop/*", true, true, false},
		{"shop/api[Deployment]", true, true, false},
		{"shop/api[Pod]", false, false, false},
		{"shop/*[Deployment]", true, true, false},
		{"shop/web", false, false, false},
		{"infra/main:dev:shop/api", false, true, false},
		{"other:shop/api", false, false, false},
		{"10.0.0.7", false, false, true},
		{"10.0.0.0/8", false, false, true},
		{"10.0.1.0/24", false, false, false},
	} {
		f, err := ParseEndFilter(tc.filter)
		if err != nil {
			t.Fatal(err)
		}
		if f.matches(api) != tc.api || f.matches(far) != tc.far || f.matches(some) != tc.some {
			t.Errorf("%q means %s: %t, %s: %t, %s: %t", tc.filter, api, f.matches(api), far, f.matches(far), some, f.matches(some))
		}
	}
	if _, err := ParseEndFilter(`shop/a\`); err == nil || !strings.HasPrefix(err.Error(), "read pattern") {
		t.Errorf("a pattern that cannot be read gives %v", err)
	}
	if (EndFilter{Workload: `shop/a\`}).matches(&Peer{Workload: "shop/a"}) {
		t.Error("a pattern that cannot be read means something")
	}
}

// TestConnections checks which connections are listed.
func TestConnections(t *testing.T) {
	const manifests = `
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop, labels: {app: a}}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: shop, labels: {app: b}}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a, namespace: shop}
spec:
  podSelector: {matchLabels: {app: a}}
  policyTypes: [Egress, Ingress]
  egress:
    - to: [{podSelector: {matchLabels: {app: b}}}]
      ports: [{port: 80}, {port: 100, endPort: 200, protocol: UDP}]
    - to: [{ipBlock: {cidr: 10.9.0.0/24}}]
      ports: [{port: 443}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: b, namespace: shop}
spec:
  podSelector: {matchLabels: {app: b}}
  policyTypes: [Egress, Ingress]
  ingress: [{from: [{podSelector: {}}]}]
`
	c, _, err := NewConnectivity(context.Background(), world.Input{Objects: parse(t, manifests)})
	if err != nil {
		t.Fatal(err)
	}
	filter := func(from, to, protocol string, port int) Filter {
		f := Filter{Protocol: protocol, Port: port}
		f.From, _ = ParseEndFilter(from)
		f.To, _ = ParseEndFilter(to)
		return f
	}
	const pod, block = "shop/a[Pod] -> shop/b[Pod]", "shop/a[Pod] -> 10.9.0.0-10.9.0.255"
	for _, tc := range []struct {
		name string
		f    Filter
		want []string
	}{
		{"all", Filter{}, []string{block, pod}},
		{"from one", filter("shop/a", "", "", 0), []string{block, pod}},
		{"from another", filter("shop/b", "", "", 0), nil},
		{"to one", filter("", "shop/b", "", 0), []string{pod}},
		{"to an address", filter("", "10.9.0.7", "", 0), []string{block}},
		{"to another address", filter("", "10.8.0.7", "", 0), nil},
		{"by TCP", filter("", "", "TCP", 0), []string{block, pod}},
		{"by UDP", filter("", "", "UDP", 0), []string{pod}},
		{"by SCTP", filter("", "", "SCTP", 0), nil},
		{"to a port", filter("", "", "", 80), []string{pod}},
		{"to another port", filter("", "", "", 81), nil},
		{"to the first of some ports", filter("", "", "UDP", 100), []string{pod}},
		{"to the last of some ports", filter("", "", "UDP", 200), []string{pod}},
		{"before some ports", filter("", "", "UDP", 99), nil},
		{"after some ports", filter("", "", "UDP", 201), nil},
		{"to a port of another protocol", filter("", "", "UDP", 443), nil},
	} {
		var got []string
		for link := range c.Connections(tc.f) {
			got = append(got, link.From.String()+" -> "+link.To.String())
		}
		slices.Sort(got)
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	n := 0
	for range c.Connections(Filter{}) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d connections are listed after the first", n)
	}
	ends := make(map[string]*Peer)
	for link := range c.Connections(Filter{}) {
		for _, peer := range []*Peer{link.From, link.To} {
			if have := ends[peer.String()]; have != nil && have != peer {
				t.Errorf("%s is two ends", peer)
			}
			ends[peer.String()] = peer
		}
	}
	if (Filter{Port: 80}).admits(netpol.ConnectionSet{}) {
		t.Error("nothing is admitted by a filter")
	}
}

// TestPeerNames checks that workloads of one name are told apart.
func TestPeerNames(t *testing.T) {
	list := parse(t, "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {containers: []}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {containers: []}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: shop}, spec: {containers: []}}\n")
	list[0].Dir, list[1].Dir, list[2].Dir = "dev", "prod", "prod"
	c, _, err := NewConnectivity(context.Background(), world.Input{Objects: list})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, peers := range c.peers {
		for _, peer := range peers {
			got = append(got, peer.Workload)
		}
	}
	if got := strings.Join(got, " "); got != "dev:shop/a[Pod] prod:shop/a[Pod] shop/b[Pod]" {
		t.Errorf("the workloads are %s", got)
	}
}
