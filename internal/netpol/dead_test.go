package netpol_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
)

func TestDeadPeers(t *testing.T) {
	pods := []netpol.Pod{
		{ID: "src", Namespace: "a", Labels: netpol.Labels{"app": "src"}},
		{ID: "db", Namespace: "a", Labels: netpol.Labels{"app": "db", "tier": "data"}, Ports: []netpol.Port{{Name: "pg", Number: 5432}}},
		{ID: "mq", Namespace: "a", Labels: netpol.Labels{"app": "mq", "tier": "data"}, Ports: []netpol.Port{{Name: "amqp", Number: 5672}, {Name: "stats", Number: 9000, Protocol: "UDP"}}},
		{ID: "hash", Namespace: "a", Labels: netpol.Labels{"app": "hash"}, UnknownLabels: []string{"pod-template-hash"}},
		{ID: "web", Namespace: "b", Labels: netpol.Labels{"app": "web"}, Ports: []netpol.Port{{Name: "http", Number: 8080}}},
		{ID: "more", Namespace: "b", Labels: netpol.Labels{"app": "more"}, MorePorts: true},
		{ID: "computed", Namespace: "b", Labels: netpol.Labels{"app": "computed"}, Ports: []netpol.Port{{Name: "x"}}},
		{ID: "node", Namespace: "b", Labels: netpol.Labels{"app": "node"}, HostNetwork: true},
		{ID: "lone", Namespace: "c", Labels: netpol.Labels{"app": "lone"}, Ports: []netpol.Port{{Name: "http", Number: 80}}},
	}
	services := []netpol.ServicePort{
		{Namespace: "a", Service: "db", Selector: netpol.Labels{"app": "db"}, Port: 3306, TargetPort: 5432},
		{Namespace: "a", Service: "mq", Selector: netpol.Labels{"app": "mq"}, Port: 80, TargetName: "amqp"},
		{Namespace: "a", Service: "open", Selector: nil, Port: 3307, TargetPort: 1},
		{Namespace: "a", Service: "hash", Selector: netpol.Labels{"pod-template-hash": "x"}, Port: 3308, TargetPort: 1},
		{Namespace: "a", Service: "src", Selector: netpol.Labels{"app": "src"}, Port: 443, TargetPort: 8443},
		{Namespace: "a", Service: "src-direct", Selector: netpol.Labels{"app": "src"}, Port: 8444, TargetPort: 444},
		{Namespace: "a", Service: "src-same", Selector: netpol.Labels{"app": "src"}, Port: 444},
		{Namespace: "a", Service: "odd", Selector: netpol.Labels{"app": "db"}, Protocol: "QUIC", Port: 3309, TargetPort: 5432},
		{Namespace: "b", Service: "web", Selector: netpol.Labels{"app": "web"}, Port: 80, TargetName: "http"},
		{Namespace: "b", Service: "web-lost", Selector: netpol.Labels{"app": "computed"}, Port: 81, TargetName: "nobody"},
		{Namespace: "b", Service: "more", Selector: netpol.Labels{"app": "more"}, Port: 82, TargetPort: 1},
		{Namespace: "b", Service: "node", Selector: netpol.Labels{"app": "node"}, Port: 83, TargetPort: 1},
	}
	to := func(peer, ports string) string {
		return "spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [" + peer + "], ports: [" + ports + "]}]}"
	}
	db := "{podSelector: {matchLabels: {app: db}}}"
	inB := func(app string) string {
		return "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}, podSelector: {matchLabels: {app: " + app + "}}}"
	}
	block := func(cidr string) string { return to("{ipBlock: {cidr: "+cidr+"}}", "{port: 443}") }
	for _, tt := range []struct {
		name, datapath, policies string
		want                     string // code and text, several separated by a line feed
	}{
		{"a block of ClusterIPs", "v2", block("172.21.0.10/32"), "service-address `{ipBlock: {cidr: 172.21.0.10/32}}` policies see the pods behind a Service"},
		{"a block of ClusterIPs on veth", "veth", block("172.21.0.0/16"), "service-address `{ipBlock: {cidr: 172.21.0.0/16}}` 172.21.0.0/16 lies among"},
		{"a block of ClusterIPs on an unknown data path", "unknown", block("172.21.0.10/32"), "service-address `{ipBlock: {cidr: 172.21.0.10/32}}`"},
		{"a block of ClusterIPs and more", "v2", block("172.16.0.0/12"), ""},
		{"a block of pods", "v2", block("10.1.2.0/24"), "pod-address `{ipBlock: {cidr: 10.1.2.0/24}}` select them by label"},
		{"a block of pods on ipvlan", "ipvlan", block("10.1.0.0/17"), "pod-address `{ipBlock: {cidr: 10.1.0.0/17}}`"},
		{"a block of pods on veth", "veth", block("10.1.2.0/24"), ""},
		{"a block of pods and more", "v2", block("10.0.0.0/8"), ""},
		{"a block of something else", "v2", block("203.0.113.0/24"), ""},
		{"a block of pods for ingress", "v2", "spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.1.2.0/24}}]}]}", "pod-address `{ipBlock: {cidr: 10.1.2.0/24}}`"},
		{"rules that are ignored", "v2", "spec: {podSelector: {}, policyTypes: [Ingress], egress: [{to: [{ipBlock: {cidr: 10.1.2.0/24}}]}]}", ""},

		{"the port of a Service", "v2", to(db, "{port: 3306}"), "service-port `{port: 3306}` TCP 3306 is the port of Service a/db; its pods listen on 5432"},
		{"the port of a Service with a named target", "v2", to("{podSelector: {matchLabels: {app: mq}}}", "{port: 80}"), "service-port `{port: 80}` its pods listen on 5672"},
		{"the port of a Service in another namespace", "v2", to(inB("web"), "{port: 80}"), "service-port `{port: 80}` Service b/web; its pods listen on 8080"},
		{"the port of a Service for ingress", "v2", "spec: {podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 3306}]}]}", "service-port `{port: 3306}`"},
		{"the port of pods", "v2", to(db, "{port: 5432}"), ""},
		{"a port of nobody", "v2", to(db, "{port: 7777}"), ""},
		{"the port of a Service, another protocol", "v2", to(db, "{port: 3306, protocol: UDP}"), ""},
		{"a range from the port of a Service", "v2", to(db, "{port: 3306, endPort: 3310}"), ""},
		{"the port of a Service that is another's target", "v2", to("{podSelector: {matchLabels: {app: src}}}", "{port: 444}, {port: 443}"), "service-port `{port: 443}` Service a/src; its pods listen on 8443"},
		{"the port of a Service of other pods", "v2", to("{podSelector: {matchLabels: {app: mq}}}", "{port: 3306}"), ""},
		{"the port of a Service without a selector", "v2", to(db, "{port: 3307}"), ""},
		{"the port of a Service that may select the pods", "v2", to("{podSelector: {matchLabels: {app: hash}}}", "{port: 3308}"), ""},
		{"the port of a Service of an unknown protocol", "v2", to(db, "{port: 3309}"), ""},
		{"the port of a Service whose target is lost", "v2", to(inB("computed"), "{port: 81}"), ""},
		{"the port of a Service whose pods may have it", "v2", to(inB("more"), "{port: 82}"), ""},
		{"the port of a Service of hostNetwork pods", "v2", to(inB("node"), "{port: 83}"), ""},
		{"the port of a Service beside a block", "v2", to(db+", {ipBlock: {cidr: 203.0.113.0/24}}", "{port: 3306}"), ""},
		{"the port of a Service to everybody", "v2", "spec: {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 3306}]}]}", ""},
		{"the port of a Service of pods that are perhaps selected", "v2", to("{podSelector: {matchLabels: {pod-template-hash: abc}}}, "+db, "{port: 3306}"), ""},
		{"an undecided peer", "v2", to(db+", UNDECIDED", "{port: 3306}"), ""},
		{"an undecided port", "v2", to(db, "{port: UNDECIDED}"), ""},

		{"a name of nobody", "v2", to(db, "{port: mysql}"), "port-name `{port: mysql}` no pod that the rule is about has a TCP port named mysql"},
		{"a name of the pods", "v2", to(db, "{port: pg}"), ""},
		{"a name of some of the pods", "v2", to("{podSelector: {matchLabels: {tier: data}}}", "{port: pg}"), ""},
		{"a name of other pods", "v2", to(db, "{port: amqp}"), "port-name `{port: amqp}`"},
		{"a name of another protocol", "v2", to("{podSelector: {matchLabels: {app: mq}}}", "{port: stats}"), "port-name `{port: stats}` named stats: it is a port of UDP"},
		{"a name for ingress", "v2", "spec: {podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: http}]}]}", "port-name `{port: http}`"},
		{"a name for ingress of the pods", "v2", "spec: {podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: pg}]}]}", ""},
		{"a name in a namespace by name", "v2", to(inB("web"), "{port: https}"), "port-name `{port: https}`"},
		{"a name in namespaces by label", "v2", to("{namespaceSelector: {matchLabels: {env: dev}}, podSelector: {matchLabels: {app: web}}}", "{port: https}"), ""},
		{"a name in a namespace without a manifest", "v2", to("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: c}}}", "{port: https}"), ""},
		{"a name in the policy's namespace without a manifest", "v2", "metadata: {namespace: c}\n" + to("{podSelector: {matchLabels: {app: lone}}}", "{port: https}"), ""},
		{"a name of pods that may have it", "v2", to(inB("more"), "{port: https}"), ""},
		{"a name of no pods", "v2", to("{podSelector: {matchLabels: {app: none}}}", "{port: https}"), ""},
		{"a name of everybody", "v2", "spec: {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: https}]}]}", ""},

		{"a block of pods and nodes", "v2", to("{ipBlock: {cidr: 10.1.255.128/25}}", ""), ""},
		{"a Cilium CIDR of pods", "unknown", "kind: CiliumNetworkPolicy\nspec: {endpointSelector: {}, egress: [{toCIDR: [10.1.2.3]}]}", "pod-address `10.1.2.3` 10.1.2.3/32 lies among"},
		{"a Cilium port of a Service", "unknown", "kind: CiliumNetworkPolicy\nspec: {endpointSelector: {}, egress: [{toEndpoints: [{matchLabels: {app: db}}], toPorts: [{ports: [{port: '3306', protocol: TCP}]}]}]}", "service-port `{port: '3306', protocol: TCP}`"},
		{"a global policy's block", "v2", "kind: GlobalNetworkPolicy\nspec: {policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 172.21.0.0/24}}]}]}", "service-address `{ipBlock: {cidr: 172.21.0.0/24}}`"},
		{
			"several", "v2", "spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.1.2.0/24}}]}, {to: [" + db + "], ports: [{port: 3306}, {port: mysql}]}]}",
			"pod-address `{ipBlock: {cidr: 10.1.2.0/24}}`\nservice-port `{port: 3306}`\nport-name `{port: mysql}`",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			policies, diagnostics := parseTiers(t, tt.policies)
			if len(diagnostics) > 0 {
				t.Fatal(diagnostics)
			}
			e := netpol.NewTiered(t.Context(), policies, worldNamespaces, pods, netpol.Profile{
				Datapath: tt.datapath, Enforced: truth.Yes, PodCIDRs: podCIDRs, NodeCIDRs: set("10.1.255.0/24"), ServiceCIDRs: set("172.21.0.0/20"),
			})
			if strings.Contains(tt.policies, "172.21.0.0/16") {
				e = netpol.NewTiered(t.Context(), policies, worldNamespaces, pods, netpol.Profile{
					Datapath: tt.datapath, Enforced: truth.Yes, ServiceCIDRs: set("172.21.0.0/16"),
				})
			}
			dead := e.DeadPeers(services)
			var want []string
			if tt.want != "" {
				want = strings.Split(tt.want, "\n")
			}
			if len(dead) != len(want) {
				t.Fatalf("got %+v, want %q", dead, want)
			}
			for i, x := range dead {
				parts := strings.SplitN(want[i], "`", 3)
				got := textAt(tt.policies, x.Range)
				if x.Code != strings.TrimSpace(parts[0]) || got != parts[1] || !strings.Contains(x.Says, strings.TrimSpace(parts[2])) {
					t.Errorf("got %s at `%s` %q, want %s", x.Code, got, x.Says, want[i])
				}
				if x.Policy == nil || x.Rule < 0 {
					t.Errorf("bad place: %+v", x)
				}
			}
		})
	}
}

// TestDeadPeersAreDead takes dead peers and ports to the evaluator: the packets that
// they would have been for must not depend on them.
func TestDeadPeersAreDead(t *testing.T) {
	names := 0
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.scene()
		s.policies = append(s.policies, d.policy(), d.policy())
		s.profile.ServiceCIDRs = set("203.0.113.0/24")
		e := s.evaluator(t)
		for _, x := range e.DeadPeers(nil) {
			if x.Code != netpol.CodePortName {
				continue
			}
			names++
			before := s.podAnswers(e)
			w := s
			w.policies = slices.Clone(s.policies)
			p := &w.policies[d.index(x.Policy.Name)]
			rules := map[netpol.Direction]*[]plainRule{netpol.Egress: &p.egress, netpol.Ingress: &p.ingress}[x.Direction]
			*rules = slices.Clone(*rules)
			r := &(*rules)[x.Rule]
			// Of its ports, those with a name that no pod has are gone.
			kept := slices.DeleteFunc(slices.Clone(r.ports), func(q plainPort) bool {
				return q.name != "" && strings.Contains(x.Says, "port named "+q.name) && strings.Contains(x.Says, " "+cmp.Or(q.protocol, "TCP")+" port")
			})
			if len(kept) == len(r.ports) {
				t.Fatalf("%+v is not in %+v", x, r)
			}
			if len(kept) == 0 {
				kept = []plainPort{{protocol: "SCTP", port: 7}} // no ports would be every port
			}
			r.ports = kept
			for i, v := range w.podAnswers(w.evaluator(t)) {
				if v != before[i] {
					t.Fatalf("without %q, %v becomes %v\n%s", x.Says, before[i], v, texts(s.policies))
				}
			}
		}
	})
	if names == 0 {
		t.Error("no port was dead")
	}
}

// TestDeadPeersWithoutAddresses looks at blocks where the profile leaves addresses
// open.
func TestDeadPeersWithoutAddresses(t *testing.T) {
	policies, _ := parsePolicies(t, "spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.1.2.0/24}}, {ipBlock: {cidr: 172.21.0.0/24}}]}]}")
	pods, nodes, services := podCIDRs, set("10.9.0.0/16"), set("172.21.0.0/16")
	for _, tt := range []struct {
		name    string
		profile netpol.Profile
		want    string
	}{
		{"all known", netpol.Profile{PodCIDRs: pods, NodeCIDRs: nodes, ServiceCIDRs: services}, "pod-address service-address"},
		{"nodes unknown", netpol.Profile{PodCIDRs: pods, ServiceCIDRs: services}, "service-address"},
		{"pods unknown", netpol.Profile{NodeCIDRs: nodes, ServiceCIDRs: services}, "service-address"},
		{"Services unknown", netpol.Profile{PodCIDRs: pods, NodeCIDRs: nodes}, "pod-address"},
		{"nothing known", netpol.Profile{}, ""},
	} {
		tt.profile.Datapath = "v2"
		var codes []string
		for _, x := range netpol.New(t.Context(), policies, worldNamespaces, worldPods, tt.profile).DeadPeers(nil) {
			codes = append(codes, x.Code)
		}
		if got := strings.Join(codes, " "); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// podAnswers asks about pods and what is no pod, not about addresses that may be
// either.
func (s scene) podAnswers(e *netpol.Evaluator) []truth.Verdict {
	var out []truth.Verdict
	for i := range s.pods {
		dests := []netpol.Dest{netpol.InternetDest(), netpol.AddrDest(podAddress).Outside()}
		for j := range s.pods {
			dests = append(dests, e.PodDest(j))
		}
		for _, dest := range dests {
			for _, port := range []int{0, 53, 80, 8080} {
				for _, protocol := range []string{"TCP", "UDP"} {
					out = append(out, e.Egress(i, dest, protocol, port), e.Ingress(i, dest, protocol, port))
				}
			}
		}
	}
	return out
}

func (dice) index(name string) (i int) {
	if _, err := fmt.Sscanf(name, "p%d", &i); err != nil {
		panic(err)
	}
	return i
}

// TestDeadPeersInOrder repeats itself, whatever the order of policies.
func TestDeadPeersInOrder(t *testing.T) {
	d := dice{rand.New(rand.NewPCG(41, 42))}
	var policies []plainPolicy
	for range 30 {
		policies = append(policies, d.policy())
	}
	namespaces, _ := d.namespaces()
	pods := []netpol.Pod{d.pod(), d.pod(), d.pod(), d.pod()}
	var first string
	for i := range 10 {
		parsed := parsePlain(t, policies)
		if i%2 == 1 {
			slices.Reverse(parsed)
		}
		e := netpol.New(t.Context(), parsed, namespaces, pods, netpol.Profile{Datapath: "v2", Enforced: truth.Yes, PodCIDRs: set("10.0.0.0/8"), NodeCIDRs: set("192.168.0.0/16")})
		var b strings.Builder
		for _, x := range e.DeadPeers(nil) {
			fmt.Fprintln(&b, x.Policy.Name, x.Direction, x.Rule, x.Range, x.Code, x.Says)
		}
		if i == 0 {
			first = b.String()
		}
		if first == "" || b.String() != first {
			t.Fatalf("got %q, want %q", b.String(), first)
		}
	}
}
