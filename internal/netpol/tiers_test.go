package netpol_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
)

// TestRejectedTiers lists what the API server or Cilium rejects beyond the cases of
// testdata, and what is accepted although it looks similar.
func TestRejectedTiers(t *testing.T) {
	admin := func(rule string) string {
		return "kind: AdminNetworkPolicy\nspec: {priority: 0, subject: {namespaces: {}}, egress: [" + rule + "]}"
	}
	peer := func(s string) string { return admin("{action: Deny, to: [" + s + "]}") }
	port := func(s string) string { return admin("{action: Deny, to: [{namespaces: {}}], ports: [" + s + "]}") }
	cluster := func(s string) string {
		return "kind: ClusterNetworkPolicy\nspec: {tier: Admin, priority: 1000, subject: {namespaces: {}}, egress: [{action: Deny, to: [{namespaces: {}}], protocols: [" + s + "]}]}"
	}
	cilium := func(rule string) string {
		return "kind: CiliumNetworkPolicy\nspec: {endpointSelector: {}, egress: [" + rule + "]}"
	}
	many := func(n int, item string) string {
		return strings.TrimSuffix(strings.Repeat(item+", ", n), ", ")
	}
	for _, tt := range []struct{ name, text, want string }{ // accepted if want is empty
		{"the greatest priority", cluster("{tcp: {destinationPort: {number: 1}}}"), ""},
		{"a priority that is a word", "kind: AdminNetworkPolicy\nspec: {priority: high, subject: {namespaces: {}}}", "must be a whole number from 0 to 1000"},
		{"a priority below zero", "kind: AdminNetworkPolicy\nspec: {priority: -1, subject: {namespaces: {}}}", "-1 is not between 0 and 1000"},
		{"a spec that is a list", "kind: AdminNetworkPolicy\nspec: []", "spec must be a map"},
		{"no tier", "kind: ClusterNetworkPolicy\nspec: {priority: 1, subject: {namespaces: {}}}", "needs a tier"},
		{"a tier that is a number", "kind: ClusterNetworkPolicy\nspec: {tier: 1, priority: 1, subject: {namespaces: {}}}", `write "1" in quotes`},
		{"a subject that is a word", "kind: AdminNetworkPolicy\nspec: {priority: 1, subject: all}", "spec.subject must be a map"},
		{"pods of a subject that are a word", "kind: AdminNetworkPolicy\nspec: {priority: 1, subject: {pods: all}}", "pods must be a map"},
		{"a rule that is a word", admin("all"), "spec.egress[0] must be a map"},
		{"a rule without an action", admin("{to: [{namespaces: {}}]}"), "needs an action: write Allow, Deny or Pass"},
		{"an action that is a number", admin("{action: 1, to: [{namespaces: {}}]}"), `write "1" in quotes`},
		{"a long name", admin("{name: " + strings.Repeat("a", 101) + ", action: Deny, to: [{namespaces: {}}]}"), "longer than 100 characters"},
		{"a name as long as can be", admin("{name: " + strings.Repeat("a", 100) + ", action: Deny, to: [{namespaces: {}}]}"), ""},
		{"peers that are a word", admin("{action: Deny, to: all}"), "spec.egress[0].to must be a list"},
		{"a peer that is a word", peer("all"), "to[0] must be a map"},
		{"a peer without a field", peer("{}"), "has 0 of the fields namespaces, pods, nodes, networks and 1 more"},
		{"a peer of two kinds", peer("{namespaces: {}, networks: [10.0.0.0/8]}"), "has 2 of the fields"},
		{"no network", peer("{networks: []}"), "is empty: name a network"},
		{"a network that is null", peer("{networks: [null]}"), "must be a CIDR"},
		{"a network with leading zeros", peer("{networks: [010.0.0.0/8]}"), "is no CIDR such as"},
		{"25 networks", peer("{networks: [" + many(25, "10.0.0.0/8") + "]}"), ""},
		{"26 networks", peer("{networks: [" + many(26, "10.0.0.0/8") + "]}"), "has 26 elements, more than the 25"},
		{"no domain name", peer("{domainNames: []}"), "is empty: write a domain name"},
		{"a domain name that is null", peer("{domainNames: [null]}"), "must be a domain name"},
		{"a domain name", peer("{domainNames: ['*.example.com']}"), ""},
		{"a selector of nodes that is wrong", peer("{nodes: {matchExpressions: [{key: a, operator: In}]}}"), "needs values for operator In"},
		{"100 rules", admin(many(100, "{action: Deny, to: [{namespaces: {}}]}")), ""},
		{"101 rules", admin(many(101, "{action: Deny, to: [{namespaces: {}}]}")), "has 101 elements, more than the 100"},
		{"101 peers", peer(many(101, "{namespaces: {}}")), "has 101 elements"},
		{"26 protocols", cluster(many(26, "{tcp: {destinationPort: {number: 1}}}")), "has 26 elements, more than the 25"},
		{"ports that are a number", admin("{action: Deny, to: [{namespaces: {}}], ports: 80}"), "ports must be a list"},
		{"a port that is a number", port("80"), "ports[0] must be a map"},
		{"a port without a field", port("{}"), "has 0 of the fields portNumber, namedPort and portRange"},
		{"a port of two kinds", port("{namedPort: a, portNumber: {port: 1}}"), "has 2 of the fields"},
		{"a portNumber that is a number", port("{portNumber: 80}"), "portNumber must be a map"},
		{"a portNumber without a port", port("{portNumber: {protocol: TCP}}"), "needs the field port"},
		{"a portNumber of zero", port("{portNumber: {port: 0}}"), "0 is not between 1 and 65535"},
		{"a portRange that is a number", port("{portRange: 80}"), "portRange must be a map"},
		{"a portRange without an end", port("{portRange: {start: 1}}"), "needs the field end"},
		{"a portRange that ends too late", port("{portRange: {start: 1, end: 65536}}"), "65536 is not between"},
		{"a portRange of one port", port("{portRange: {start: 7, end: 7}}"), ""},
		{"a namedPort that is a number", port("{namedPort: 80}"), `write "80" in quotes`},
		{"a protocol that is a word", cluster("tcp"), "protocols[0] must be a map"},
		{"no protocol", cluster("{}"), "has 0 of the fields tcp, udp, sctp and destinationNamedPort"},
		{"two protocols", cluster("{tcp: {destinationPort: {number: 1}}, udp: {destinationPort: {number: 1}}}"), "has 2 of the fields"},
		{"a protocol of a word", cluster("{tcp: all}"), "tcp must be a map"},
		{"a destinationPort that is a number", cluster("{tcp: {destinationPort: 80}}"), "destinationPort must be a map"},
		{"a destinationPort without a field", cluster("{tcp: {destinationPort: {}}}"), "must have either number or range"},
		{"a range that is a number", cluster("{tcp: {destinationPort: {range: 80}}}"), "range must be a map"},
		{"a range without a start", cluster("{tcp: {destinationPort: {range: {end: 80}}}}"), "needs the field start"},

		{"a Cilium spec that is a list", "kind: CiliumNetworkPolicy\nspec: []", "spec must be a map"},
		{"no Cilium spec", "kind: CiliumNetworkPolicy\nspec:", "spec must be a map"},
		{"a Cilium rule that is a word", cilium("all"), "spec.egress[0] must be a map"},
		{"Cilium rules that are a word", "kind: CiliumNetworkPolicy\nspec: {endpointSelector: {}, egress: all}", "spec.egress must be a list"},
		{"both selectors", "kind: CiliumClusterwideNetworkPolicy\nspec: {endpointSelector: {}, nodeSelector: {}}", "either an endpointSelector or a nodeSelector"},
		{"enableDefaultDeny that is a word", "kind: CiliumNetworkPolicy\nspec: {endpointSelector: {}, enableDefaultDeny: {egress: 'no'}}", "must be true or false"},
		{"a label without a source", cilium("{toEndpoints: [{matchLabels: {'k8s:app/': x}}]}"), "is no label key"},
		{"an entity that is null", cilium("{toEntities: [null]}"), "must be an entity"},
		{"a CIDR that is a word", cilium("{toCIDR: [all]}"), "is no CIDR such as"},
		{"a CIDR that is null", cilium("{toCIDR: [null]}"), "must be a CIDR"},
		{"a CIDR set of one address", cilium("{toCIDRSet: [{cidr: 10.0.0.1}]}"), "has no prefix length"},
		{"a CIDR set without a cidr", cilium("{toCIDRSet: [{except: [10.0.0.0/8]}]}"), "needs a cidr"},
		{"an exception outside the CIDR", cilium("{toCIDRSet: [{cidr: 10.0.0.0/8, except: [11.0.0.0/9]}]}"), "must lie inside"},
		{"an exception as large as the CIDR", cilium("{toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.0.0.0/8]}]}"), ""},
		{"toPorts that are a word", cilium("{toPorts: all}"), "toPorts must be a list"},
		{"a toPort that is a number", cilium("{toPorts: [80]}"), "toPorts[0] must be a map"},
		{"a port of Cilium that is a number", cilium("{toPorts: [{ports: [80]}]}"), "ports[0] must be a map"},
		{"an endPort that is too great", cilium("{toPorts: [{ports: [{port: '1', endPort: 65536}]}]}"), "65536 is not between 0 and 65535"},
		{"a port in hexadecimal", cilium("{toPorts: [{ports: [{port: '0x10'}]}]}"), ""},
		{"a port name in upper case", cilium("{toPorts: [{ports: [{port: HTTP}]}]}"), ""},
		{"ICMP as a protocol", cilium("{toPorts: [{ports: [{port: '0', protocol: ICMP}]}]}"), ""},
		{"a protocol that is a number", cilium("{toPorts: [{ports: [{port: '1', protocol: 6}]}]}"), `write "6" in quotes`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			policies, diagnostics := parseTiers(t, tt.text)
			accepted := len(policies.Cilium) + len(policies.Admin)
			switch {
			case tt.want == "" && (accepted != 1 || len(diagnostics) != 0):
				t.Errorf("got %v", diagnostics)
			case tt.want != "" && (accepted != 0 || len(diagnostics) != 1 || !strings.Contains(diagnostics[0].Message, tt.want)):
				t.Errorf("got %v, want %q", diagnostics, tt.want)
			}
		})
	}
}

// TestOtherKinds rejects what is no policy of the API.
func TestOtherKinds(t *testing.T) {
	objects, _ := kubernetes.Parse("x.yaml", []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\nspec: {}"))
	a, diagnostics := netpol.ParseAdmin(objects[0])
	if a != nil || len(diagnostics) != 1 || !strings.Contains(diagnostics[0].Message, "apply ConfigMap x: spec cannot be read") {
		t.Errorf("got %v and %v", a, diagnostics)
	}
}

// TestTierOf reads the tiers and names of policies.
func TestTierOf(t *testing.T) {
	policies, _ := parseTiers(t, `kind: AdminNetworkPolicy
metadata: {name: one}
spec: {priority: 1, subject: {namespaces: {}}}
---
kind: BaselineAdminNetworkPolicy
spec: {subject: {namespaces: {}}}
---
kind: ClusterNetworkPolicy
metadata: {name: two}
spec: {tier: Baseline, priority: 1, subject: {namespaces: {}}}`)
	var got []string
	for _, a := range policies.Admin {
		got = append(got, fmt.Sprint(a.Kind, " ", a.Name, " ", a.Tier))
	}
	want := "AdminNetworkPolicy one Admin, BaselineAdminNetworkPolicy default Baseline, ClusterNetworkPolicy two Baseline"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("got %s, want %s", s, want)
	}
	policies.Admin = append(policies.Admin, nil)
	policies.Cilium = append(policies.Cilium, nil)
	e := netpol.NewTiered(t.Context(), policies, worldNamespaces, worldPods, netpol.Profile{Enforced: truth.Yes})
	if got := e.Egress(0, netpol.InternetDest(), "TCP", 443); got != truth.Open {
		t.Errorf("policies without rules: got %v, want allow", got)
	}
}

// TestTierViews looks at the rules of policies that are not NetworkPolicies.
func TestTierViews(t *testing.T) {
	for _, tt := range []struct {
		rule string
		kind netpol.PeerKind
		says string
		// Whether it admits TCP 80, and pods app=x.
		port, pod truth.Truth
	}{
		{"{toEntities: [all]}", netpol.Everywhere, "every port to any address", truth.Yes, truth.Yes},
		{"{toEntities: [world]}", netpol.World, "every port to any address outside the cluster", truth.Yes, truth.No},
		{"{toEntities: [none]}", netpol.Nobody, "every port to nobody", truth.Yes, truth.No},
		{"{toEntities: [host]}", netpol.Nodes, "every port to the pod's own node", truth.Yes, truth.No},
		{"{toEntities: [kube-apiserver]}", netpol.UndecidedPeer, "every port to the addresses of the API server", truth.Yes, truth.Maybe},
		{"{toFQDNs: [{matchName: a.b}]}", netpol.Names, "every port to the addresses of domain names", truth.Yes, truth.No},
		{"{toServices: [{}]}", netpol.UndecidedPeer, "every port to the endpoints of Services", truth.Yes, truth.Maybe},
		{"{toCIDR: [10.0.0.1]}", netpol.Block, "every port to 10.0.0.1/32", truth.Yes, truth.No},
		{"{toEndpoints: [{matchLabels: {app: x}}]}", netpol.OwnNamespacePods, "every port to pods app=x in namespace a", truth.Yes, truth.Yes},
		{"{toEndpoints: [{matchLabels: {io.kubernetes.pod.namespace: b}}]}", netpol.Pods, "every port to every pod in namespaces kubernetes.io/metadata.name=b", truth.Yes, truth.Yes},
		{"{}", "", "nothing that has a port", truth.No, truth.No},
		{"{toEntities: [all], toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{}]}}]}", netpol.Everywhere, "some requests on TCP 80 to any address", truth.Maybe, truth.Yes},
		{"{toEntities: [all], toPorts: [{ports: [{port: '80'}]}]}", netpol.Everywhere, "TCP, UDP and SCTP 80 to any address", truth.Yes, truth.Yes},
		{"{toEntities: [all], toPorts: [{ports: [{port: http}]}]}", netpol.Everywhere, "the port named http to any address", truth.Maybe, truth.Yes},
		{"{toEntities: [all], toPorts: [{ports: [{port: '0', protocol: ICMP}]}]}", netpol.Everywhere, "no port to any address", truth.No, truth.Yes},
	} {
		policies, diagnostics := parseTiers(t, "kind: CiliumNetworkPolicy\nspec: {endpointSelector: {}, egress: ["+tt.rule+"]}")
		if len(diagnostics) > 0 {
			t.Fatal(diagnostics)
		}
		e := netpol.NewTiered(t.Context(), policies, worldNamespaces, worldPods, netpol.Profile{})
		rules := e.Rules(0, netpol.Egress)
		if len(rules) != 1 || !rules[0].Sure || rules[0].AnyPeer || rules[0].Says != tt.says || rules[0].AdmitsPort("TCP", 80) != tt.port {
			t.Errorf("%s: got %+v, admits %v", tt.rule, rules, rules[0].AdmitsPort("TCP", 80))
			continue
		}
		if tt.kind == "" {
			continue
		}
		p := rules[0].Peers[0]
		if p.Kind != tt.kind || p.SelectsLabels(netpol.Labels{"app": "x"}) != tt.pod {
			t.Errorf("%s: got %+v, selects %v", tt.rule, p, p.SelectsLabels(netpol.Labels{"app": "x"}))
		}
	}
}

// TestWhatTiersSay reads the texts of rules that deny.
func TestWhatTiersSay(t *testing.T) {
	for _, tt := range []struct{ to, ports, want string }{
		{"{nodes: {}}", "", "every port to every node"},
		{"{nodes: {matchLabels: {zone: x}}}", "{portNumber: {port: 1}}", "TCP 1 to nodes zone=x"},
		{"{domainNames: [a.example, b.example]}", "{portRange: {protocol: UDP, start: 1, end: 9}}", "UDP 1-9 to the addresses of a.example and b.example"},
		{"{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: x}}}}, {networks: [10.0.0.0/8]}", "", "every port to pods app=x in any namespace or 10.0.0.0/8"},
	} {
		policies, _ := parseTiers(t, "kind: AdminNetworkPolicy\nspec: {priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: ["+tt.to+"], ports: ["+tt.ports+"]}]}")
		e := netpol.NewTiered(t.Context(), policies, worldNamespaces, worldPods, netpol.Profile{})
		x := e.Denials(0, netpol.Egress, netpol.AddrDest(podAddress), "UDP", 0)
		if strings.HasPrefix(tt.want, "TCP") {
			x = e.Denials(0, netpol.Egress, netpol.AddrDest(podAddress), "TCP", 0)
		}
		if len(x) != 1 || x[0].Says != tt.want {
			t.Errorf("got %+v, want %s", x, tt.want)
		}
	}
}

// TestDenialsOfAddresses asks for rules that deny addresses where pods and nodes have them.
func TestDenialsOfAddresses(t *testing.T) {
	networks := "kind: ClusterNetworkPolicy\nspec: {tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [10.1.0.0/16]}]}]}"
	cidr := "kind: CiliumNetworkPolicy\nspec: {endpointSelector: {}, egressDeny: [{toCIDR: [10.99.0.1/32]}]}"
	node := netpol.AddrDest(netip.MustParseAddr("10.99.0.1"))
	for _, tt := range []struct {
		name, policy string
		dest         func(e *netpol.Evaluator) netpol.Dest
		sure         bool
	}{
		{"networks that hold the pods", networks, func(e *netpol.Evaluator) netpol.Dest { return e.PodDest(2) }, true},
		{"a CIDR that holds a node, which it may not cover", cidr, func(*netpol.Evaluator) netpol.Dest { return node }, false},
		{"a CIDR that holds a pod, which it does not cover", strings.Replace(cidr, "10.99.0.1", "10.1.0.5", 1), func(*netpol.Evaluator) netpol.Dest { return netpol.AddrDest(netip.MustParseAddr("10.1.0.5")) }, false},
		{"a CIDR of an address that is no node's", cidr, func(*netpol.Evaluator) netpol.Dest { return node.Outside() }, true},
	} {
		policies, diagnostics := parseTiers(t, tt.policy)
		if len(diagnostics) > 0 {
			t.Fatal(diagnostics)
		}
		e := netpol.NewTiered(t.Context(), policies, worldNamespaces, worldPods, netpol.Profile{
			Datapath: "v2", Enforced: truth.Yes, PodCIDRs: podCIDRs, NodeCIDRs: set("10.99.0.0/16"),
		})
		if got := e.Denials(0, netpol.Egress, tt.dest(e), "TCP", 80); len(got) != 1 || got[0].Sure != tt.sure {
			t.Errorf("%s: got %+v", tt.name, got)
		}
	}
}

// TestSelectsOfTiers asks which pods policies select.
func TestSelectsOfTiers(t *testing.T) {
	policies, _ := parseTiers(t, `kind: GlobalNetworkPolicy
spec: {namespaceSelector: {matchLabels: {env: dev}}}
---
kind: CiliumClusterwideNetworkPolicy
spec: {nodeSelector: {}, egress: [{}]}`)
	e := netpol.NewTiered(t.Context(), policies, worldNamespaces, worldPods, netpol.Profile{Enforced: truth.Yes})
	for _, tt := range []struct {
		pod             string
		global, onNodes truth.Truth
	}{{"a/src", truth.No, truth.No}, {"b/dst", truth.Yes, truth.No}, {"c/lone", truth.Maybe, truth.No}, {"a/hn", truth.No, truth.No}} {
		pod, _ := worldPod(tt.pod)
		if a, b := e.Selects(policies.Global[0], pod), e.Selects(policies.Cilium[0], pod); a != tt.global || b != tt.onNodes {
			t.Errorf("%s: got %v and %v", tt.pod, a, b)
		}
	}
}

// TestTooManyNetworks asks about more rules and addresses than are worth visiting.
func TestTooManyNetworks(t *testing.T) {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "---\nkind: AdminNetworkPolicy\nspec:\n  priority: %d\n  subject: {namespaces: {}}\n  egress:\n", i)
		for j := range 100 {
			fmt.Fprintf(&b, "  - {action: Deny, to: [{networks: [10.%d.%d.0/25]}], ports: [{portNumber: {port: %d}}]}\n", i, j, 1+i*100+j)
		}
	}
	policies, diagnostics := parseTiers(t, b.String())
	if len(policies.Admin) != 40 || len(diagnostics) > 0 {
		t.Fatalf("got %d policies and %v", len(policies.Admin), diagnostics)
	}
	e := netpol.NewTiered(t.Context(), policies, worldNamespaces, worldPods[:3], netpol.Profile{Enforced: truth.Yes})
	for _, tt := range []struct {
		name string
		dest netpol.Dest
		port int
		want truth.Verdict
	}{
		{"one address", destination(t, "10.1.1.7"), 102, truth.Blocked},
		{"one address, another port", destination(t, "10.1.1.7"), 103, truth.Open},
		{"a large prefix", destination(t, "10.0.0.0/8"), 65000, truth.Unknown},
		{"a pod anywhere", e.PodDest(2), 80, truth.Unknown},
	} {
		if got := e.Egress(0, tt.dest, "TCP", tt.port); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	for l := range e.Connections() {
		if len(l.To.Addresses) > 0 && (!l.Sure.IsEmpty() || !l.Possible.IsAll()) {
			t.Errorf("got %v and %v to addresses, want it left open", l.Sure, l.Possible)
		}
	}
}
