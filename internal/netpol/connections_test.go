package netpol_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"go4.org/netipx"
	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
)

// listing renders links one a line.
func listing(e *netpol.Evaluator, pods []netpol.Pod) string {
	var b strings.Builder
	ends := func(x netpol.Ends) string {
		var parts []string
		for _, p := range x.Pods {
			parts = append(parts, pods[p].ID)
		}
		for _, r := range x.Addresses {
			parts = append(parts, r.String())
		}
		return strings.Join(parts, " ")
	}
	for l := range e.Connections() {
		fmt.Fprintf(&b, "%s => %s: %s", ends(l.From), ends(l.To), l.Sure)
		if l.Possible != l.Sure {
			fmt.Fprintf(&b, " (perhaps %s)", l.Possible)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestConnections(t *testing.T) {
	pods := []netpol.Pod{worldPods[0], worldPods[1], worldPods[2], worldPods[3]}
	for _, tt := range []struct {
		name, policies, want string
		profile              netpol.Profile
	}{
		{"nothing limits anybody", "", `
a/src a/peer => a/src a/peer b/dst c/lone: All Connections
a/src a/peer => {all}: All Connections
{all} => a/src a/peer: All Connections
b/dst => a/src a/peer b/dst c/lone: All Connections
b/dst => {all}: All Connections
{all} => b/dst: All Connections
c/lone => a/src a/peer b/dst c/lone: All Connections
c/lone => {all}: All Connections
{all} => c/lone: All Connections
`, netpol.Profile{Datapath: "v2", Enforced: truth.Yes}},
		{"egress of some pods", "spec: {podSelector: {matchLabels: {app: src}}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}], ports: [{port: 443}, {port: 444, endPort: 450}, {port: 53, protocol: UDP}]}, {to: [{ipBlock: {cidr: 203.0.113.0/24}}]}]}", `
a/src => a/src a/peer: TCP 443-450,UDP 53
a/src => b/dst c/lone: No Connections
a/src => 0.0.0.0-203.0.112.255 203.0.114.0-255.255.255.255 ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff: No Connections
a/src => 203.0.113.0-203.0.113.255: All Connections
{all} => a/src: All Connections
a/peer => a/src a/peer b/dst c/lone: All Connections
a/peer => {all}: All Connections
{all} => a/peer: All Connections
b/dst => a/src a/peer b/dst c/lone: All Connections
b/dst => {all}: All Connections
{all} => b/dst: All Connections
c/lone => a/src a/peer b/dst c/lone: All Connections
c/lone => {all}: All Connections
{all} => c/lone: All Connections
`, netpol.Profile{Datapath: "v2", Enforced: truth.Yes}},
		{"a label that is not known, and pods' addresses", "metadata: {namespace: b}\nspec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{namespaceSelector: {matchLabels: {env: prod}}}], ports: [{port: http}, {port: 9000}]}]}", `
a/src => a/src a/peer c/lone: All Connections
a/src => b/dst: TCP 80,9000
a/src => {rest}: All Connections
{rest} => a/src: All Connections
a/peer => a/src a/peer c/lone: All Connections
a/peer => b/dst: TCP 80,9000
a/peer => {rest}: All Connections
{rest} => a/peer: All Connections
b/dst => a/src a/peer c/lone: All Connections
b/dst => b/dst: No Connections
b/dst => {rest}: All Connections
{rest} => b/dst: No Connections
c/lone => a/src a/peer c/lone: All Connections
c/lone => b/dst: No Connections (perhaps TCP 80,9000)
c/lone => {rest}: All Connections
{rest} => c/lone: All Connections
`, netpol.Profile{Datapath: "v2", Enforced: truth.Yes, PodCIDRs: podCIDRs}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			policies, diagnostics := parseTiers(t, tt.policies)
			if len(diagnostics) > 0 {
				t.Fatal(diagnostics)
			}
			got := listing(netpol.NewTiered(t.Context(), policies, worldNamespaces, pods, tt.profile), pods)
			want := strings.NewReplacer(
				"{all}", "0.0.0.0-255.255.255.255 ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
				"{rest}", "0.0.0.0-10.0.255.255 10.2.0.0-255.255.255.255 ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			).Replace(tt.want[1:])
			if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// TestConnectionSets reads sets off single links.
func TestConnectionSets(t *testing.T) {
	for _, tt := range []struct{ ports, want string }{
		{"", "All Connections"},
		{"ports: [{}]", "TCP 1-65535"},
		{"ports: [{}, {protocol: UDP}, {protocol: SCTP}]", "All Connections"},
		{"ports: [{protocol: SCTP, port: 7}, {protocol: UDP, port: 53}, {port: 80}]", "TCP 80,UDP 53,SCTP 7"},
		{"ports: [{port: 443, endPort: 450}, {port: 80}, {port: 82}]", "TCP 80,82,443-450"},
		{"ports: [{port: 80}, {port: 81}]", "TCP 80-81"},
		{"ports: [{port: 65535}, {port: 1, protocol: UDP}]", "TCP 65535,UDP 1"},
		{"ports: [{port: nobody}]", "No Connections"},
	} {
		e := evaluator(t, "v2", "spec: {podSelector: {matchLabels: {app: src}}, policyTypes: [Egress], egress: [{"+tt.ports+"}]}")
		found := false
		for l := range e.Connections() {
			if slices.Equal(l.From.Pods, []int{0}) && slices.Contains(l.To.Pods, 2) {
				found = true
				if got := l.Sure.String(); got != tt.want {
					t.Errorf("%s: got %q, want %q", tt.ports, got, tt.want)
				}
				var spans []string
				for _, s := range l.Sure.Spans() {
					spans = append(spans, fmt.Sprint(s.Protocol, s.From, s.To))
				}
				if (len(spans) == 0) != l.Sure.IsEmpty() || l.Sure.IsAll() && len(spans) != 3 {
					t.Errorf("%s: got spans %v", tt.ports, spans)
				}
			}
		}
		if !found {
			t.Errorf("%s: the pair is missing", tt.ports)
		}
	}
	if got := (netpol.ConnectionSet{}).String(); got != "No Connections" {
		t.Errorf("the zero set is %q", got)
	}
}

// holds reports whether a set holds a protocol and port.
func holds(c netpol.ConnectionSet, protocol string, port int) bool {
	return slices.ContainsFunc(c.Spans(), func(s netpol.PortSpan) bool {
		return s.Protocol == protocol && s.From <= port && port <= s.To
	})
}

// TestConnectionsAreVerdicts compares every link with the verdicts on single
// packets, and checks that links are a partition.
func TestConnectionsAreVerdicts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.layeredScene()
		e := s.evaluator(t)
		verdict := func(l netpol.Link, protocol string, port int) truth.Verdict {
			switch {
			case holds(l.Sure, protocol, port):
				return truth.Open
			case holds(l.Possible, protocol, port):
				return truth.Unknown
			default:
				return truth.Blocked
			}
		}
		addresses := []netip.Addr{netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("::"), netip.MustParseAddr("255.255.255.255")}
		for range 6 {
			addresses = append(addresses, d.addr())
		}
		addresses = slices.DeleteFunc(addresses, func(a netip.Addr) bool {
			return s.profile.PodCIDRs != nil && s.profile.PodCIDRs.Contains(a)
		})
		slices.SortFunc(addresses, netip.Addr.Compare)
		addresses = slices.Compact(addresses)
		count := 0
		for l := range e.Connections() {
			protocol, port := d.packet()
			got := verdict(l, protocol, port)
			for _, sure := range l.Sure.Spans() {
				if !slices.ContainsFunc(l.Possible.Spans(), func(s netpol.PortSpan) bool {
					return s.Protocol == sure.Protocol && s.From <= sure.From && sure.To <= s.To
				}) {
					t.Fatalf("certainly %v, but possibly only %v\n%s", l.Sure, l.Possible, s.text())
				}
			}
			for _, from := range l.From.Pods {
				for _, to := range l.To.Pods {
					count++
					if want := e.Connect(from, to, protocol, port); got != want {
						t.Fatalf("%d -> %d %s %d: got %v, want %v\n%s", from, to, protocol, port, got, want, s.text())
					}
				}
			}
			for _, a := range addresses {
				if contains(l.To.Addresses, a) {
					for _, from := range l.From.Pods {
						count++
						if want := e.Egress(from, netpol.AddrDest(a).Outside(), protocol, port); got != want {
							t.Fatalf("%d -> %v %s %d: got %v, want %v\n%s", from, a, protocol, port, got, want, s.text())
						}
					}
				}
				if contains(l.From.Addresses, a) {
					for _, to := range l.To.Pods {
						count++
						if want := e.Ingress(to, netpol.AddrDest(a).Outside(), protocol, port); got != want {
							t.Fatalf("%v -> %d %s %d: got %v, want %v\n%s", a, to, protocol, port, got, want, s.text())
						}
					}
				}
			}
		}
		if want := len(s.pods) * (len(s.pods) + 2*len(addresses)); count != want {
			t.Fatalf("%d pairs, want %d", count, want)
		}
	})
}

func contains(ranges []netipx.IPRange, a netip.Addr) bool {
	return slices.ContainsFunc(ranges, func(r netipx.IPRange) bool { return r.Contains(a) })
}

// TestConnectionsStop leaves the iteration early, and repeats it.
func TestConnectionsStop(t *testing.T) {
	d := dice{rand.New(rand.NewPCG(11, 12))}
	var policies []plainPolicy
	for range 20 {
		policies = append(policies, d.policy())
	}
	namespaces, _ := d.namespaces()
	var pods []netpol.Pod
	for i := range 12 {
		p := d.pod()
		p.ID = fmt.Sprint(i)
		pods = append(pods, p)
	}
	var first string
	for i := range 10 {
		e := netpol.New(t.Context(), parsePlain(t, policies), namespaces, pods, netpol.Profile{Datapath: "veth", Enforced: truth.Yes})
		n := 0
		for range e.Connections() {
			if n++; n > i {
				break
			}
		}
		got := listing(e, pods)
		if i == 0 {
			first = got
		}
		if got != first {
			t.Fatalf("two runs differ:\n%s\n%s", first, got)
		}
	}
}
