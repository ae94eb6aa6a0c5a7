package netpol_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
)

func TestClosest(t *testing.T) {
	const policies = `metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: src}}
  policyTypes: [Egress]
  egress:
  - to:
    - podSelector: {matchLabels: {app: peer}}
    ports:
    - port: 5432
  - to: [{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.128/25]}}]
    ports: [{protocol: UDP, port: 8000, endPort: 8010}, {port: https}]
  - to: [{ipBlock: {cidr: '2001:db8::/32'}}]
  - to:
    - namespaceSelector: {matchExpressions: [{key: env, operator: In, values: [dev, stage]}]}
      podSelector: {}
    - namespaceSelector: {}
      podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [x]}, {key: job, operator: Exists}, {key: old, operator: DoesNotExist}]}
    ports: [{protocol: UDP}]
`
	e := evaluator(t, "v2", policies)
	pod := func(id string) netpol.Dest {
		i, _ := worldPod(id)
		return e.PodDest(i)
	}
	addr := func(s string) netpol.Dest { return netpol.AddrDest(netip.MustParseAddr(s)) }
	tests := []struct {
		name     string
		dest     netpol.Dest
		protocol string
		port     int
		rule     int
		code     string
		says     string
		line     int
	}{
		{"the port differs", pod("a/peer"), "TCP", 5433, 0, netpol.CodePort, "TCP 5432 to pods app=peer in namespace a", 6},
		{"the protocol differs", pod("a/peer"), "UDP", 53, 0, netpol.CodeProtocol, "TCP 5432 to pods app=peer in namespace a", 6},
		{
			"the peer differs, the port fits", pod("a/m"), "UDP", 53, 3, netpol.CodePeer,
			"every UDP port to every pod in namespaces env in (dev,stage) or pods !old,app notin (x),job in any namespace", 13,
		},
		{"the peer differs, the protocol fits", pod("a/m"), "TCP", 80, 0, netpol.CodePeer, "TCP 5432 to pods app=peer in namespace a", 6},
		{
			"the address fits, the port differs", addr("203.0.113.7"), "UDP", 53, 1, netpol.CodePort,
			"UDP 8000-8010 and TCP port named https to 203.0.113.0/24 except 203.0.113.128/25", 10,
		},
		{
			"the address differs", addr("198.51.100.7"), "TCP", 443, 1, netpol.CodePeer,
			"UDP 8000-8010 and TCP port named https to 203.0.113.0/24 except 203.0.113.128/25", 10,
		},
		{"an IPv6 address differs", addr("2400::1"), "TCP", 443, 2, netpol.CodePeer, "every port to 2001:db8::/32", 12},
		{"an IPv6 address among pods", pod("b/dst"), "TCP", 80, 3, netpol.CodeProtocol, "", 13},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := e.Closest(0, tt.dest, tt.protocol, tt.port)
			if c.Policy == nil || c.Policy.Name != "web" || c.Rule != tt.rule || c.Code != tt.code || c.Range.Start.Line != tt.line ||
				tt.says != "" && c.Says != tt.says {
				t.Errorf("got rule %d %s %q at %v, want rule %d %s %q at line %d", c.Rule, c.Code, c.Says, c.Range, tt.rule, tt.code, tt.says, tt.line)
			}
		})
	}
}

func TestClosestOfOneRule(t *testing.T) {
	tests := []struct {
		name, spec string
		dest       string
		code, says string
		at         string
	}{
		{"no rule", "{podSelector: {}, policyTypes: [Egress]}", "203.0.113.7", netpol.CodeNoRule, "nothing", "policyTypes"},
		{"no rule in an empty list", "{podSelector: {}, policyTypes: [Egress], egress: []}", "203.0.113.7", netpol.CodeNoRule, "nothing", "egress"},
		{
			"the family differs", "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: '::/0'}}]}]}",
			"203.0.113.7", netpol.CodeFamily, "every port to ::/0", "{to: [{ipBlock: {cidr: '::/0'}}]}",
		},
		{
			"pods only", "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}",
			"203.0.113.7", netpol.CodePeer, "every port to every pod in namespace a", "{to: [{podSelector: {}}]}",
		},
		{
			"any peer, the port differs", "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 443}]}]}",
			"203.0.113.7", netpol.CodePort, "TCP 443 to any address", "{ports: [{port: 443}]}",
		},
		{
			"long lists are cut", "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 1}, {port: 2}, {port: 3}, {port: 4}, {port: 5}, {port: 6}]}]}",
			"203.0.113.7", netpol.CodePort, "TCP 1, TCP 2, TCP 3, TCP 4 and 2 more to any address", "",
		},
		{
			"the Internet", "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}",
			"internet", netpol.CodePeer, "every port to 10.0.0.0/8", "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := "spec: " + tt.spec
			c := evaluator(t, "veth", text).Closest(0, destination(t, tt.dest), "TCP", 80)
			if at := textAt(text, c.Range); c.Code != tt.code || c.Says != tt.says || tt.at != "" && at != tt.at {
				t.Errorf("got %s %q at `%s`, want %s %q at `%s`", c.Code, c.Says, at, tt.code, tt.says, tt.at)
			}
		})
	}
	if c := evaluator(t, "veth", "").Closest(0, netpol.InternetDest(), "TCP", 80); c.Policy != nil {
		t.Errorf("got policy %v for a pod that nothing isolates", c.Policy)
	}
}

func TestClosestIngress(t *testing.T) {
	e := evaluator(t, "v2", `
metadata: {namespace: b}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}, {from: [{namespaceSelector: {}}], ports: [{port: http}]}]}
`)
	dst, _ := worldPod("b/dst")
	c := e.ClosestIngress(dst, e.PodDest(0), "TCP", 8080)
	if c.Rule != 1 || c.Code != netpol.CodePort || c.Says != "TCP port named http from every pod in any namespace" {
		t.Errorf("got %+v", c)
	}
}

func TestClosestMore(t *testing.T) {
	dst, _ := worldPod("b/dst")
	m, _ := worldPod("a/m")
	tests := []struct {
		name, datapath, spec string
		dest                 func(e *netpol.Evaluator) netpol.Dest
		ingress              bool
		rule                 int
		code                 string
	}{
		{
			name: "a name that the pod does not have", datapath: "veth",
			spec: "{policyTypes: [Egress], egress: [{ports: [{port: http}]}]}",
			dest: func(e *netpol.Evaluator) netpol.Dest { return e.PodDest(m) },
			code: netpol.CodePort,
		},
		{
			name: "an exception that may not count", datapath: "v2",
			spec: "{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 198.51.100.0/24}}], ports: [{port: 80}]}, {to: [{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.0/29]}}], ports: [{port: 443}]}]}",
			dest: func(*netpol.Evaluator) netpol.Dest { return destination(t, "203.0.113.7") },
			rule: 1, code: netpol.CodePort,
		},
		{
			name: "a name of the destination's own port", datapath: "v2", ingress: true,
			spec: "{policyTypes: [Ingress], ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 81}]}, {from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: http}]}]}",
			dest: func(*netpol.Evaluator) netpol.Dest { return destination(t, "203.0.113.7") },
			rule: 1, code: netpol.CodePeer,
		},
		{
			name: "a name that a pod has which is perhaps meant", datapath: "v2",
			spec: "{policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {env: dev}}}], ports: [{port: http}]}]}",
			dest: func(e *netpol.Evaluator) netpol.Dest {
				return e.Describe(netpol.Pod{Namespace: "c", Ports: []netpol.Port{{Name: "http", Number: 80}}})
			},
			code: netpol.CodePeer,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.ingress {
				e := evaluator(t, tt.datapath, "metadata: {namespace: b}\nspec: "+tt.spec)
				if c := e.ClosestIngress(dst, tt.dest(e), "TCP", 80); c.Rule != tt.rule || c.Code != tt.code {
					t.Errorf("got %+v", c)
				}
				return
			}
			e := evaluator(t, tt.datapath, "spec: "+tt.spec)
			if c := e.Closest(0, tt.dest(e), "TCP", 80); c.Rule != tt.rule || c.Code != tt.code {
				t.Errorf("got %+v", c)
			}
		})
	}
}

// TestRange checks the places that findings about a whole policy point at.
func TestRange(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"spec: {egress: [{}], policyTypes: [Egress]}", "egress"},
		{"spec: {policyTypes: [Egress]}", "policyTypes"},
		{"spec: {}\nkind: NetworkPolicy", "NetworkPolicy"},
	} {
		objects, _ := kubernetes.Parse("p.yaml", []byte(strings.TrimSuffix(tt.text, "\nkind: NetworkPolicy")+"\nkind: NetworkPolicy\napiVersion: networking.k8s.io/v1\n"))
		p, diagnostics := netpol.Parse(objects[0], "a")
		if p == nil {
			t.Fatal(diagnostics)
		}
		if got := textAt(tt.text, p.EgressRange()); got != tt.want {
			t.Errorf("%s: got `%s`, want `%s`", tt.text, got, tt.want)
		}
	}
}

func TestRules(t *testing.T) {
	text := `spec: {podSelector: {matchLabels: {app: src}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{protocol: UDP, port: 53}]}, {to: [{ipBlock: {cidr: 10.0.0.0/8}}, {namespaceSelector: {}}]}]}
---
metadata: {name: perhaps}
spec: {podSelector: {matchLabels: {pod-template-hash: x}}, policyTypes: [Egress], egress: [{ports: [{port: web}]}]}`
	e := evaluator(t, "v2", text)
	rules := e.Rules(0, netpol.Egress)
	if len(rules) != 3 {
		t.Fatalf("got %d rules", len(rules))
	}
	dns, blocks, named := rules[0], rules[1], rules[2]
	if !dns.Sure || dns.Peers[0].Kind != netpol.OwnNamespacePods || dns.AdmitsPort("UDP", 53) != truth.Yes || dns.AdmitsPort("TCP", 53) != truth.No ||
		dns.Peers[0].SelectsLabels(netpol.Labels{"k8s-app": "kube-dns"}) != truth.Yes || dns.Peers[0].SelectsLabels(netpol.Labels{}) != truth.No ||
		textAt(text, dns.PortsRange) != "ports" || dns.Ports[0].Protocol != "UDP" || dns.Ports[0].From != 53 {
		t.Errorf("got %+v", dns)
	}
	if blocks.Peers[0].Kind != netpol.Block || blocks.Peers[0].Block.String() != "10.0.0.0/8" || blocks.Peers[1].Kind != netpol.Pods ||
		blocks.AdmitsPort("SCTP", 9) != truth.Yes || len(blocks.Ports) != 0 {
		t.Errorf("got %+v", blocks)
	}
	if named.Sure || !named.AnyPeer || named.AdmitsPort("TCP", 80) != truth.Maybe || named.AdmitsPort("UDP", 80) != truth.No || named.Ports[0].Name != "web" {
		t.Errorf("got %+v", named)
	}
	if got := e.PossiblyIsolating(0, netpol.Egress); len(got) != 1 || got[0].Name != "perhaps" {
		t.Errorf("got %v", got)
	}
	policy := dns.Policy
	dst, _ := worldPod("b/dst")
	peer, _ := worldPod("a/peer")
	for pod, want := range map[int]truth.Truth{0: truth.Yes, peer: truth.No, dst: truth.No} {
		if got := e.Selects(policy, pod); got != want {
			t.Errorf("selects pod %d: got %v, want %v", pod, got, want)
		}
	}
	if got := e.Selects(named.Policy, 0); got != truth.Maybe {
		t.Errorf("got %v, want maybe", got)
	}
}

func TestAdmitsAnything(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       bool
	}{
		{"no policy", "", true},
		{"ingress only", "spec: {podSelector: {}, policyTypes: [Ingress]}", true},
		{"perhaps a policy", "spec: {podSelector: {matchLabels: {pod-template-hash: x}}, policyTypes: [Egress]}", true},
		{"default deny", "spec: {podSelector: {}, policyTypes: [Egress]}", false},
		{"a rule", "spec: {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 443}]}]}", true},
		{"a rule for a block", "spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 443}]}]}", true},
		{"a rule that never matches", "spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: web}]}]}", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := evaluator(t, "veth", tt.text).AdmitsAnything(0); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestClosestWithUnknownPeer prefers a peer that may match to one that does not.
func TestClosestWithUnknownPeer(t *testing.T) {
	e := evaluator(t, "v2", `
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - to: [{podSelector: {matchLabels: {app: x}}}]
    ports: [{port: 80}]
  - to: [{namespaceSelector: {matchLabels: {env: dev}}}]
    ports: [{port: 443}]
`)
	lone, _ := worldPod("c/lone")
	if c := e.Closest(0, e.PodDest(lone), "TCP", 80); c.Rule != 1 || c.Code != netpol.CodePort {
		t.Errorf("got %+v", c)
	}
	if c := evaluator(t, "veth", `
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - to: [{podSelector: {matchLabels: {app: x}}}]
    ports: [{port: 80}]
  - to: [{ipBlock: {cidr: 0.0.0.0/0}}]
    ports: [{port: 443}]
`).Closest(0, e.PodDest(lone), "TCP", 80); c.Rule != 1 || c.Code != netpol.CodePort {
		t.Errorf("got %+v", c)
	}
}
