package netpol_test

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// TestPlainTiers compares verdicts with an evaluator that follows the words of each
// API, on facts that are all certain.
func TestPlainTiers(t *testing.T) {
	const worlds, packets = 1000, 100
	d := dice{rand.New(rand.NewPCG(21, 22))}
	count := make(map[truth.Verdict]int)
	for range worlds {
		var s layeredScene
		var labels map[string]netpol.Labels
		s.policies = d.policies()
		s.world = layered{global: d.globals(), cilium: d.ciliums(), admin: d.admins()}
		s.namespaces, labels = d.namespaces()
		for range 6 {
			s.pods = append(s.pods, d.pod())
		}
		datapath := pick(d, "v2", "veth")
		if datapath == "v2" { // does not fully support except
			policies := slices.Clone(s.policies)
			for _, g := range s.world.global {
				policies = append(policies, g.plainPolicy)
			}
			for _, p := range policies {
				for _, r := range slices.Concat(p.egress, p.ingress) {
					for i := range r.peers {
						r.peers[i].except = nil
					}
				}
			}
		}
		s.profile = netpol.Profile{Datapath: datapath, Enforced: truth.Yes, PodCIDRs: set(podAddress.String() + "/32"), NodeCIDRs: set("10.99.0.0/16")}
		s.world.plainWorld = plainWorld{labels, s.policies}
		e := s.evaluator(t)
		for range packets {
			src, dst := d.IntN(len(s.pods)), d.IntN(len(s.pods))
			protocol, port := d.packet()
			var other plainEnd
			var dest netpol.Dest
			if d.IntN(2) == 0 {
				other.addr = d.addr()
				dest = netpol.AddrDest(other.addr).Outside()
			} else {
				other.pod = &s.pods[dst]
				if datapath == "veth" {
					other.addr = podAddress
				}
				dest = e.PodDest(dst)
			}
			for _, direction := range []netpol.Direction{netpol.Egress, netpol.Ingress} {
				want := certain(s.world.passes(&s.pods[src], direction == netpol.Ingress, other, protocol, port))
				got := e.Egress(src, dest, protocol, port)
				if direction == netpol.Ingress {
					got = e.Ingress(src, dest, protocol, port)
				}
				count[got]++
				if got != want {
					t.Fatalf("%v of %+v, other end %+v %s %d: got %v, want %v\n%s",
						direction, s.pods[src], other, protocol, port, got, want, s.text())
				}
			}
		}
	}
	if n := worlds * packets; count[truth.Open] < n/10 || count[truth.Blocked] < n/10 {
		t.Errorf("the packets are too much alike: %v", count)
	}
}

func TestOrderOfTiersChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.layeredScene()
		documents := s.documents()
		want := s.answers(netpol.NewTiered(t.Context(), parseDocuments(t, documents, nil), s.namespaces, s.pods, s.profile))
		d.Shuffle(len(documents), func(i, j int) { documents[i], documents[j] = documents[j], documents[i] })
		policies := parseDocuments(t, documents, nil)
		slices.Reverse(policies.Admin)
		slices.Reverse(policies.Cilium)
		if got := s.answers(netpol.NewTiered(t.Context(), policies, s.namespaces, s.pods, s.profile)); !slices.Equal(got, want) {
			t.Fatalf("the order matters\n%s", s.text())
		}
	})
}

// TestPassChangesNothing puts a policy that hands everything on behind those of the
// Admin tier, which then decide as before, and in front of them, where none of them
// is reached.
func TestPassChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.layeredScene()
		var above, below []plainAdmin
		for _, a := range s.world.admin {
			a.priority = a.priority%998 + 1
			// A rule for ingress cannot name the addresses outside the cluster.
			a.ingress = nil
			if a.inTier() == "Admin" {
				above = append(above, a)
			} else {
				below = append(below, a)
			}
		}
		handOver := plainAdmin{
			kind: "ClusterNetworkPolicy", tier: "Admin",
			egress: []plainAdminRule{{action: "Pass", peers: []plainAdminPeer{{}, {networks: []string{"0.0.0.0/0", "::/0"}}}}},
		}
		answers := func(parts ...[]plainAdmin) []truth.Verdict {
			w := s
			w.world.admin = slices.Concat(parts...)
			return w.answers(w.evaluator(t))
		}
		first, last := handOver, handOver
		last.priority = 1000
		if !slices.Equal(answers(below, above), answers(below, above, []plainAdmin{last})) {
			t.Fatalf("Pass at the end matters\n%s", s.text())
		}
		if !slices.Equal(answers(below), answers(below, above, []plainAdmin{first})) {
			t.Fatalf("Pass at the start lets something through\n%s", s.text())
		}
	})
}

// TestSplittingTiersChangesNothing cuts networks and port ranges of tiers in two.
func TestSplittingTiersChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.layeredScene()
		want := s.answers(s.evaluator(t))
		for _, a := range s.world.admin {
			for _, rules := range [][]plainAdminRule{a.egress, a.ingress} {
				for i := range rules {
					rules[i].ports = slices.Clone(rules[i].ports)
					for j, p := range rules[i].ports {
						if p.to > p.from {
							rules[i].ports[j].to = p.from
							p.from++
							rules[i].ports = append(rules[i].ports, p)
						}
					}
					for j, p := range rules[i].peers {
						var halved []string
						for _, n := range p.networks {
							lower, upper := halves(netip.MustParsePrefix(n))
							halved = append(halved, lower.String(), upper.String())
						}
						rules[i].peers[j].networks = halved
					}
				}
			}
		}
		if got := s.answers(s.evaluator(t)); !slices.Equal(got, want) {
			t.Fatalf("splitting matters\n%s", s.text())
		}
	})
}

// TestUnknownFactsOfTiersAreSound is TestUnknownFactsAreSound for every kind.
func TestUnknownFactsOfTiersAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.layeredScene()
		s.profile.Enforced = pick(d, truth.Yes, truth.Maybe)
		open := s.answers(s.evaluator(t))
		for range 3 {
			w := s
			w.scene = d.filledIn(s.scene)
			for i, v := range w.answers(w.evaluator(t)) {
				if (open[i] == truth.Open || open[i] == truth.Blocked) && v != open[i] && v != truth.Unknown {
					t.Fatalf("%v turns out to be %v\n%s", open[i], v, s.text())
				}
			}
		}
	})
}

// TestUndecidedTiersAreSound is TestUndecidedValuesAreSound for every kind.
func TestUndecidedTiersAreSound(t *testing.T) {
	undecided, certain := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.layeredScene()
		real := s.answers(s.evaluator(t))
		policies := parseDocuments(t, s.documents(), func(o *kubernetes.Object) { o.Root = forget(d, o.Root, false) })
		open := s.answers(netpol.NewTiered(t.Context(), policies, s.namespaces, s.pods, s.profile))
		for i, v := range open {
			if v == truth.Unknown {
				undecided++
				continue
			}
			certain++
			if v != real[i] && real[i] != truth.Unknown {
				t.Fatalf("%v is really %v\n%s", v, real[i], s.text())
			}
		}
	})
	if undecided == 0 || certain == 0 {
		t.Errorf("%d undecided and %d certain verdicts", undecided, certain)
	}
}

// TestDenialsExplain looks for the rule behind each verdict that no isolating
// policy is the reason of, and for none where there is nothing to explain.
func TestDenialsExplain(t *testing.T) {
	explained := 0
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.layeredScene()
		e := s.evaluator(t)
		for i := range s.pods {
			for _, dest := range []netpol.Dest{netpol.AddrDest(d.addr()).Outside(), netpol.InternetDest(), e.PodDest(d.IntN(len(s.pods)))} {
				protocol, port := d.packet()
				denials := e.Denials(i, netpol.Egress, dest, protocol, port)
				if e.Egress(i, dest, protocol, port) != truth.Blocked {
					continue
				}
				if len(e.Isolating(i, netpol.Egress)) == 0 {
					explained++
					if len(denials) == 0 {
						t.Fatalf("nothing denies %v %s %d\n%s", dest, protocol, port, s.text())
					}
				}
				for _, x := range denials {
					if x.Object == nil || x.Range.IsZero() || x.Says == "" || x.Rule < 0 {
						t.Fatalf("bad denial %+v", x)
					}
				}
			}
		}
	})
	if explained == 0 {
		t.Error("there was nothing to explain")
	}
}

func TestDenials(t *testing.T) {
	policies, _ := parseTiers(t, `kind: AdminNetworkPolicy
metadata: {name: shield}
spec:
  priority: 10
  subject: {namespaces: {}}
  egress:
  - {action: Pass, to: [{namespaces: {matchLabels: {env: prod}}}]}
  - {name: no-web, action: Deny, to: [{networks: [203.0.113.0/24]}, {namespaces: {matchLabels: {env: dev}}}], ports: [{portNumber: {port: 80}}]}
---
kind: BaselineAdminNetworkPolicy
spec: {subject: {namespaces: {}}, egress: [{action: Deny, to: [{namespaces: {}}]}]}
---
kind: CiliumNetworkPolicy
metadata: {name: no-mail}
spec: {endpointSelector: {}, enableDefaultDeny: {egress: false}, egressDeny: [{toPorts: [{ports: [{port: '25'}]}]}]}`)
	e := netpol.NewTiered(t.Context(), policies, worldNamespaces, worldPods, netpol.Profile{Enforced: truth.Yes})
	peer, _ := worldPod("a/peer")
	dst, _ := worldPod("b/dst")
	for _, tt := range []struct {
		name string
		dest netpol.Dest
		port int
		want []string
	}{
		{"an address", netpol.AddrDest(podAddress), 80, nil},
		{"a network", destination(t, "203.0.113.7"), 80, []string{"shield 1 no-web TCP 80 to 203.0.113.0/24 or every pod in namespaces env=dev"}},
		{"a pod of the other namespace", e.PodDest(dst), 80, []string{
			"shield 1 no-web TCP 80 to 203.0.113.0/24 or every pod in namespaces env=dev",
		}},
		{"a pod that is passed on", e.PodDest(peer), 80, []string{"default 0  every port to every pod in any namespace"}},
		{"mail", destination(t, "203.0.113.7"), 25, []string{"no-mail 0  TCP, UDP and SCTP 25 to any address"}},
	} {
		var got []string
		for _, x := range e.Denials(0, netpol.Egress, tt.dest, "TCP", tt.port) {
			if !x.Sure || x.Baseline != (x.Object.Kind == "BaselineAdminNetworkPolicy") {
				t.Errorf("%s: sure %v, baseline %v", tt.name, x.Sure, x.Baseline)
			}
			got = append(got, x.Object.Name+" "+string(rune('0'+x.Rule))+" "+x.Name+" "+x.Says)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func FuzzParseTiers(f *testing.F) {
	d := dice{rand.New(rand.NewPCG(31, 32))}
	for range 10 {
		s := d.layeredScene()
		for _, text := range s.documents() {
			f.Add(text)
		}
	}
	f.Add("apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: x}\nspecs: [{endpointSelector: {}, egress: [{toCIDRSet: [{cidr: ''}]}]}, 3]")
	f.Add("apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: x}\nspec: {priority: 1, subject: {}, egress: [{to: [{domainNames: []}], ports: [{portRange: {start: 9, end: 1}}]}]}")
	f.Fuzz(func(t *testing.T, text string) {
		objects, _ := kubernetes.Parse("fuzz.yaml", []byte(text))
		for _, o := range objects {
			if _, ok := versions[o.Kind]; !ok {
				continue
			}
			var policies netpol.Policies
			var diagnostics []source.Diagnostic
			accepted := add(&policies, &diagnostics, o)
			for _, x := range diagnostics {
				if x.Kind != source.InvalidObject || x.Message == "" || x.Range.IsZero() {
					t.Errorf("bad diagnostic %+v", x)
				}
			}
			if !accepted {
				if len(diagnostics) == 0 {
					t.Error("rejected without a reason")
				}
				continue
			}
			pods := []netpol.Pod{{Namespace: "a"}, {Namespace: "a", HostNetwork: true}}
			e := netpol.NewTiered(t.Context(), policies, nil, pods, netpol.Profile{Enforced: truth.Yes})
			for _, dest := range []netpol.Dest{netpol.InternetDest(), e.PodDest(0), e.PodDest(1)} {
				for _, d := range []netpol.Direction{netpol.Egress, netpol.Ingress} {
					for _, x := range e.Denials(0, d, dest, "TCP", 443) {
						if x.Range.IsZero() || x.Says == "" {
							t.Errorf("bad denial %+v", x)
						}
					}
				}
				e.Egress(0, dest, "TCP", 443)
				e.Closest(0, dest, "TCP", 443)
			}
			for l := range e.Connections() {
				if l.Sure.String() == "" || l.Possible.String() == "" {
					t.Errorf("bad link %+v", l)
				}
			}
			for _, r := range e.Rules(0, netpol.Egress) {
				if r.Says == "" {
					t.Errorf("bad view %+v", r)
				}
			}
		}
	})
}

// TestSureDenialsDecide checks that what a sure rule of the Admin tier denies is never
// said to be admitted.
func TestSureDenialsDecide(t *testing.T) {
	sure := 0
	check := func(t *rapid.T) {
		d := drawn(t)
		s := d.layeredScene()
		e := s.evaluator(t)
		for i := range s.pods {
			for _, dest := range []netpol.Dest{netpol.AddrDest(d.addr()).Outside(), netpol.InternetDest(), e.PodDest(d.IntN(len(s.pods)))} {
				protocol, port := d.packet()
				for _, x := range e.Denials(i, netpol.Egress, dest, protocol, port) {
					if !x.Sure || strings.HasPrefix(x.Object.Kind, "Cilium") || x.Baseline {
						continue
					}
					sure++
					if v := e.Egress(i, dest, protocol, port); v == truth.Open || v == truth.Partial {
						t.Fatalf("%v in spite of %s\n%s", v, x.Says, s.text())
					}
				}
			}
		}
	}
	for range 20 { // a few scenes may have no such rule
		if rapid.Check(t, check); sure > 0 {
			return
		}
	}
	t.Error("no rule was sure")
}
