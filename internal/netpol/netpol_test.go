package netpol_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

func evaluator(t testing.TB, datapath, text string) *netpol.Evaluator {
	t.Helper()
	policies, diagnostics := parsePolicies(t, text)
	if len(diagnostics) > 0 {
		t.Fatal(diagnostics)
	}
	return netpol.New(t.Context(), policies, worldNamespaces, worldPods, netpol.Profile{Datapath: datapath, Enforced: truth.Yes})
}

// TestNamedPorts resolves a name on pods that declare it in unusual ways.
func TestNamedPorts(t *testing.T) {
	policies, _ := parsePolicies(t, "spec: {policyTypes: [Egress], egress: [{ports: [{port: http}]}]}")
	tests := []struct {
		name  string
		ports []netpol.Port
		want  truth.Verdict
	}{
		{"once", []netpol.Port{{Name: "http", Number: 80}}, truth.Open},
		{"by a sidecar", []netpol.Port{{Name: "http", Number: 80, Sidecar: true}}, truth.Unknown},
		{"twice", []netpol.Port{{Name: "http", Number: 80}, {Name: "http", Number: 8080}}, truth.Unknown},
		{"twice with one number", []netpol.Port{{Name: "http", Number: 80}, {Name: "http", Number: 80}}, truth.Open},
		{"for two protocols", []netpol.Port{{Name: "http", Number: 80}, {Name: "http", Number: 8080, Protocol: "UDP"}}, truth.Open},
		{"with an undecided number", []netpol.Port{{Name: "http"}}, truth.Unknown},
		{"with a number and an undecided one", []netpol.Port{{Name: "http", Number: 80}, {Name: "http"}}, truth.Unknown},
		{"with a protocol that does not exist", []netpol.Port{{Name: "http", Number: 80, Protocol: "ICMP"}}, truth.Blocked},
		{"not at all", []netpol.Port{{Number: 80}}, truth.Blocked},
	}
	pods := []netpol.Pod{{Namespace: "a"}}
	for _, tt := range tests {
		pods = append(pods, netpol.Pod{Namespace: "a", Ports: tt.ports})
	}
	e := netpol.New(t.Context(), policies, worldNamespaces, pods, netpol.Profile{Datapath: "v2", Enforced: truth.Yes})
	for i, tt := range tests {
		if got := e.Egress(0, e.PodDest(i+1), "TCP", 80); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestResolver asks about a pod that is in no file.
func TestResolver(t *testing.T) {
	coreDNS := netpol.Pod{
		Namespace: "kube-system", Labels: netpol.Labels{"k8s-app": "kube-dns"},
		MoreLabels: true, Ports: []netpol.Port{{Name: "dns", Number: 53, Protocol: "UDP"}}, MorePorts: true,
	}
	named := evaluator(t, "v2", "spec: {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{protocol: UDP, port: dns}, {port: metrics}]}]}")
	for _, tt := range []struct {
		protocol string
		port     int
		want     truth.Verdict
	}{{"UDP", 53, truth.Open}, {"TCP", 9153, truth.Unknown}, {"SCTP", 53, truth.Blocked}} {
		if got := named.Egress(0, named.Describe(coreDNS), tt.protocol, tt.port); got != tt.want {
			t.Errorf("named port %s %d: got %v, want %v", tt.protocol, tt.port, got, tt.want)
		}
	}
	for _, tt := range []struct {
		name, to string
		want     truth.Verdict
	}{
		{"every pod", "namespaceSelector: {}", truth.Open},
		{"the namespace by name", "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}", truth.Open},
		{"both", "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}", truth.Open},
		{"the own namespace", "podSelector: {matchLabels: {k8s-app: kube-dns}}", truth.Blocked},
		{"another pod", "namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: other}}", truth.Blocked},
		{"a label it may have", "namespaceSelector: {}, podSelector: {matchLabels: {app: coredns}}", truth.Unknown},
		{"a label the namespace may have", "namespaceSelector: {matchLabels: {name: kube-system}}", truth.Unknown},
		{"the service's address", "ipBlock: {cidr: 172.21.0.10/32}", truth.Blocked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := evaluator(t, "v2", "spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{"+tt.to+"}], ports: [{protocol: UDP, port: 53}]}]}")
			if got := e.Egress(0, e.Describe(coreDNS), "UDP", 53); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestBrokenPolicy keeps the verdicts of the policies beside a rejected one.
func TestBrokenPolicy(t *testing.T) {
	policies, diagnostics := parsePolicies(t, `spec: {podSelector: {}, policyTypes: [Egress]}
---
metadata: {name: broken}
spec: {podSelector: {}, policyTypes: [Egress, Both], egress: [{ports: [{port: 0, endPort: 70000}, {protocol: icmp}], to: [{}]}]}`)
	if len(policies) != 1 || len(diagnostics) != 5 {
		t.Fatalf("got %d policies and %v", len(policies), diagnostics)
	}
	for _, d := range diagnostics {
		if !strings.HasPrefix(d.Message, "apply NetworkPolicy a/broken: spec.") {
			t.Errorf("got %q", d.Message)
		}
	}
	e := netpol.New(t.Context(), append(policies, nil), worldNamespaces, worldPods, netpol.Profile{Enforced: truth.Yes})
	if got := e.Egress(0, netpol.InternetDest(), "TCP", 443); got != truth.Blocked {
		t.Errorf("got %v, want deny", got)
	}
}

// TestRejected lists what the API server rejects beyond the cases of testdata,
// and what it accepts although it looks similar.
func TestRejected(t *testing.T) {
	port := func(s string) string { return "{egress: [{ports: [{port: " + s + "}]}]}" }
	label := func(k, v string) string { return "{podSelector: {matchLabels: {" + k + ": " + v + "}}}" }
	expression := func(s string) string { return "{podSelector: {matchExpressions: [" + s + "]}}" }
	block := func(s string) string { return "{egress: [{to: [{ipBlock: " + s + "}]}]}" }
	long := strings.Repeat("a", 64)
	for _, tt := range []struct {
		name, spec, want string // accepted if want is empty
	}{
		{"three types", "{policyTypes: [Egress, Ingress, Egress]}", "names 3 types"},
		{"one type twice", "{policyTypes: [Egress, Egress]}", ""},
		{"a type that is null", "{policyTypes: [null]}", "must be Ingress or Egress"},
		{"a spec that is a list", "[]", "spec must be a map"},
		{"a rule that is a word", "{egress: [all]}", "spec.egress[0] must be a map"},
		{"a peer that is a word", "{egress: [{to: [all]}]}", "spec.egress[0].to[0] must be a map"},
		{"a port that is a number", "{ingress: [{ports: [80]}]}", "spec.ingress[0].ports[0] must be a map"},
		{"a protocol that is a number", "{egress: [{ports: [{protocol: 6}]}]}", `must be a string: write "6" in quotes`},
		{"an empty port name", port("''"), "it is empty"},
		{"a port name in upper case", port("HTTP"), "only lower-case letters"},
		{"a port name with a space", port("a b"), "only lower-case letters"},
		{"a port name without a letter", port("1-2"), "it needs a letter"},
		{"a port name that starts with a hyphen", port("-a"), "hyphens must stand alone"},
		{"a port name with two hyphens", port("a--b"), "hyphens must stand alone"},
		{"a port name with a digit", port("8080-http"), ""},
		{"a negative port", port("-1"), "-1 is not between 1 and 65535"},
		{"a port that is a list", port("[80]"), "must be a whole number"},
		{"a label value that is long", label("app", long), "is no label value"},
		{"a label value as long as can be", label("app", long[1:]), ""},
		{"a label value that is empty", label("app", "''"), ""},
		{"a label value that ends with a dot", label("app", "a."), "is no label value"},
		{"a label value that is a list", label("app", "[a]"), "must be a string"},
		{"a label value that is null", label("app", ""), ""},
		{"a label key that is empty", label("''", "a"), "is no label key"},
		{"a label key with an underscore in its domain", label("example_a.com/a", "a"), "is no label key"},
		{"a label key with a domain", label("example.com/a_b", "a"), ""},
		{"a label key with a domain in upper case", label("Example.com/a", "a"), "is no label key"},
		{"a label key with a domain that is long", label(strings.Repeat("a.", 127)+"a/a", "a"), "is no label key"},
		{"a label key without a name", label("example.com/", "a"), "is no label key"},
		{"labels that are a list", "{podSelector: {matchLabels: [a]}}", "must be a map of labels"},
		{"an expression without a key", expression("{operator: Exists}"), "needs a key"},
		{"an expression without an operator", expression("{key: a}"), `"" is no operator`},
		{"an expression that is a word", expression("a"), "must be a map"},
		{"a value that is a number", expression("{key: a, operator: In, values: [1]}"), `must be a string: write "1" in quotes`},
		{"a value that is null", expression("{key: a, operator: In, values: [null]}"), ""},
		{"a block without a cidr", block("{except: [10.0.0.0/8]}"), "needs a cidr"},
		{"a block that is a word", block("10.0.0.0/8"), "ipBlock must be a map"},
		{"a cidr that is a name", block("{cidr: example.com}"), "is no CIDR such as"},
		{"a cidr that is a number", block("{cidr: 10}"), `must be a string: write "10" in quotes`},
		{"an exception that is null", block("{cidr: 10.0.0.0/8, except: [null]}"), "must be a CIDR"},
		{"an exception that is no CIDR", block("{cidr: 10.0.0.0/8, except: [10.1.0.0]}"), "write 10.1.0.0/32 for this one address"},
		{"an exception of the other family", block("{cidr: 10.0.0.0/8, except: ['2001:db8::/32']}"), "must lie inside"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			policies, diagnostics := parsePolicies(t, "spec: "+tt.spec)
			switch {
			case tt.want == "" && (len(policies) != 1 || len(diagnostics) != 0):
				t.Errorf("got %v", diagnostics)
			case tt.want != "" && (len(policies) != 0 || len(diagnostics) != 1 || !strings.Contains(diagnostics[0].Message, tt.want)):
				t.Errorf("got %v, want %q", diagnostics, tt.want)
			}
		})
	}
}

// TestNamespaceTwice makes a verdict depend on which of two manifests counts.
func TestNamespaceTwice(t *testing.T) {
	policies, _ := parsePolicies(t, "spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {env: dev}}}]}]}")
	dev := netpol.Namespace{Name: "b", Known: true, Labels: netpol.Labels{"env": "dev", "team": "x"}}
	devToo := netpol.Namespace{Name: "b", Known: true, Labels: netpol.Labels{"env": "dev"}}
	prod := netpol.Namespace{Name: "b", Known: true, Labels: netpol.Labels{"env": "prod"}}
	plain := netpol.Namespace{Name: "b", Known: true, Labels: netpol.Labels{"team": "x"}}
	plainOrNot := netpol.Namespace{Name: "b", Known: true, Labels: netpol.Labels{"team": "x"}, UnknownLabels: []string{"env"}}
	outside := netpol.Namespace{Name: "b"}
	for _, tt := range []struct {
		name       string
		namespaces []netpol.Namespace
		want       truth.Verdict
	}{
		{"the same twice", []netpol.Namespace{dev, dev}, truth.Open},
		{"a label that counts in both", []netpol.Namespace{dev, devToo}, truth.Open},
		{"a label that differs", []netpol.Namespace{dev, prod}, truth.Unknown},
		{"a label that differs, and once more", []netpol.Namespace{dev, prod, dev}, truth.Unknown},
		{"the same twice, without the label", []netpol.Namespace{plain, plain}, truth.Blocked},
		{"an undecided label in one of two", []netpol.Namespace{plain, plainOrNot}, truth.Unknown},
		{"one without a manifest", []netpol.Namespace{outside, dev}, truth.Open},
		{"an undecided label", []netpol.Namespace{{Name: "b", Known: true, UnknownLabels: []string{"env"}}}, truth.Unknown},
		{"one without a manifest last", []netpol.Namespace{dev, outside}, truth.Open},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := netpol.New(t.Context(), policies, tt.namespaces, worldPods, netpol.Profile{Datapath: "v2", Enforced: truth.Yes})
			dst, _ := worldPod("b/dst")
			if got := e.Egress(0, e.PodDest(dst), "TCP", 80); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestNamespaceName selects by the label that the API server sets, whatever the
// manifest says.
func TestNamespaceName(t *testing.T) {
	policies, _ := parsePolicies(t, "spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}}]}]}")
	dst, _ := worldPod("b/dst")
	for _, ns := range []netpol.Namespace{
		{Name: "b", Known: true},
		{Name: "b", Known: true, Labels: netpol.Labels{"kubernetes.io/metadata.name": "other"}},
		{Name: "b", Known: true, UnknownLabels: []string{"kubernetes.io/metadata.name"}},
	} {
		e := netpol.New(t.Context(), policies, []netpol.Namespace{ns}, worldPods, netpol.Profile{Datapath: "v2", Enforced: truth.Yes})
		if got := e.Egress(0, e.PodDest(dst), "TCP", 80); got != truth.Open {
			t.Errorf("%+v: got %v, want allow", ns, got)
		}
	}
}

func TestNowhere(t *testing.T) {
	e := evaluator(t, "veth", "spec: {podSelector: {matchLabels: {app: src}}, policyTypes: [Egress], egress: [{}]}")
	peer, _ := worldPod("a/peer")
	for _, tt := range []struct {
		name     string
		pod      int
		dest     netpol.Dest
		protocol string
		port     int
		want     truth.Verdict
	}{
		{"no destination", 0, netpol.Dest{}, "TCP", 80, truth.Unknown},
		{"no address", 0, netpol.AddrDest(netip.Addr{}), "TCP", 80, truth.Unknown},
		{"no set", 0, netpol.SetDest(nil), "TCP", 80, truth.Unknown},
		{"a protocol that policies do not know", 0, netpol.InternetDest(), "ICMP", 0, truth.Unknown},
		{"a port that does not exist", 0, netpol.InternetDest(), "TCP", 65536, truth.Unknown},
		{"a protocol that policies do not know, not isolated", peer, netpol.InternetDest(), "ICMP", 0, truth.Open},
		{"the default protocol", 0, netpol.InternetDest(), "", 80, truth.Open},
		{"a protocol in lower case", 0, netpol.InternetDest(), "udp", 80, truth.Open},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := e.Egress(tt.pod, tt.dest, tt.protocol, tt.port); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	if got := e.Connect(0, peer, "ICMP", 0); got != truth.Unknown {
		t.Errorf("got %v for a protocol that policies do not know, between pods", got)
	}
}

// TestUndecidedValuesAreSound replaces parts of a policy by values that the
// files leave undecided. No verdict may then be certain that the real value
// contradicts.
func TestUndecidedValuesAreSound(t *testing.T) {
	undecided, certain := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.scene()
		s.policies = append(s.policies, d.policy())
		real := s.answers(s.evaluator(t))
		var parsed []*netpol.Policy
		for i, p := range s.policies {
			objects, _ := kubernetes.Parse(fmt.Sprintf("p%d.yaml", i), []byte(p.yaml("p")))
			o := *objects[0]
			o.Root = forget(d, o.Root, false)
			policy, diagnostics := netpol.Parse(&o, o.Namespace)
			if policy == nil {
				t.Fatalf("%v\n%s", diagnostics, p.yaml("p"))
			}
			parsed = append(parsed, policy)
		}
		open := s.answers(netpol.New(t.Context(), parsed, s.namespaces, s.pods, s.profile))
		for i, v := range open {
			if v == truth.Unknown {
				undecided++
				continue
			}
			certain++
			if v != real[i] && real[i] != truth.Unknown {
				t.Fatalf("%v is really %v\n%s", v, real[i], texts(s.policies))
			}
		}
	})
	if undecided == 0 || certain == 0 {
		t.Errorf("%d undecided and %d certain verdicts", undecided, certain)
	}
}

// forget returns v with some values below spec undecided: computed by Terraform,
// or references to what exists only after apply.
func forget(d dice, v *located.Value, inSpec bool) *located.Value {
	if inSpec && d.IntN(12) == 0 {
		if v.Kind == located.String && d.IntN(2) == 0 {
			c := *v
			c.Str = located.Ref{Address: "alicloud_vswitch.pod", Attribute: "id"}.Placeholder()
			return &c
		}
		return &located.Value{Kind: located.Unknown, Range: v.Range, Reason: "var.x has no value"}
	}
	c := *v
	c.List = slices.Clone(v.List)
	for i := range c.List {
		c.List[i] = forget(d, c.List[i], inSpec)
	}
	c.Map = slices.Clone(v.Map)
	for i := range c.Map {
		c.Map[i].Value = forget(d, c.Map[i].Value, inSpec || c.Map[i].Key == "spec")
	}
	return &c
}

// TestDeterminism evaluates the same input again and again.
func TestDeterminism(t *testing.T) {
	d := dice{rand.New(rand.NewPCG(5, 6))}
	var policies []plainPolicy
	for range 30 {
		policies = append(policies, d.policy())
	}
	namespaces, _ := d.namespaces()
	pods := []netpol.Pod{d.pod(), d.pod(), d.pod(), d.pod()}
	addr := netpol.AddrDest(d.addr())
	var first string
	for range 20 {
		e := netpol.New(t.Context(), parsePlain(t, policies), namespaces, pods, netpol.Profile{Datapath: "veth", Enforced: truth.Yes})
		var b strings.Builder
		for i := range pods {
			for _, dest := range []netpol.Dest{netpol.InternetDest(), e.PodDest(1), addr} {
				c := e.Closest(i, dest, "TCP", 81)
				fmt.Fprintln(&b, c.Rule, c.Code, c.Says, c.Range)
			}
			for _, r := range e.Rules(i, netpol.Egress) {
				fmt.Fprintln(&b, r.Policy.Name, r.Index, r.Sure, r.Says, r.Range)
			}
		}
		if first == "" {
			first = b.String()
		}
		if b.String() != first {
			t.Fatal("two runs differ")
		}
	}
}

// TestTooMuchWork asks about more rules and addresses than are worth visiting.
func TestTooMuchWork(t *testing.T) {
	var b strings.Builder
	b.WriteString("spec:\n  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n")
	for i := range 4000 {
		fmt.Fprintf(&b, "  - {to: [{ipBlock: {cidr: 10.%d.%d.0/25}}], ports: [{port: %d}]}\n", i/256, i%256, i+1)
	}
	e := evaluator(t, "veth", b.String())
	dst, _ := worldPod("b/dst")
	for _, tt := range []struct {
		name string
		dest netpol.Dest
		port int
		want truth.Verdict
	}{
		{"one address", netpol.AddrDest(netip.MustParseAddr("10.1.1.7")), 258, truth.Open},
		{"one address, another port", netpol.AddrDest(netip.MustParseAddr("10.1.1.7")), 259, truth.Blocked},
		{"a small prefix", netpol.PrefixDest(netip.MustParsePrefix("10.1.1.0/24")), 258, truth.Partial},
		{"a large prefix", netpol.PrefixDest(netip.MustParsePrefix("10.0.0.0/8")), 65000, truth.Unknown},
		{"a pod anywhere", e.PodDest(dst), 80, truth.Unknown},
	} {
		if got := e.Egress(0, tt.dest, "TCP", tt.port); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
