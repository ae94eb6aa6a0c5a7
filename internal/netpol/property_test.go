package netpol_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"go4.org/netipx"
	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// parsePlain reads policies back from their YAML.
func parsePlain(t interface{ Fatalf(string, ...any) }, policies []plainPolicy) []*netpol.Policy {
	parsed := make([]*netpol.Policy, len(policies))
	for i, p := range policies {
		parsed[i] = parseText(t, p.yaml(fmt.Sprintf("p%d", i)), i)
	}
	return parsed
}

func parseText(t interface{ Fatalf(string, ...any) }, text string, i int) *netpol.Policy {
	objects, diagnostics := kubernetes.Parse(fmt.Sprintf("p%d.yaml", i), []byte(text))
	if len(objects) != 1 || len(diagnostics) > 0 {
		t.Fatalf("parse %s: %v", text, diagnostics)
	}
	p, diagnostics := netpol.Parse(objects[0], objects[0].Namespace)
	if p == nil || len(diagnostics) > 0 {
		t.Fatalf("parse %s: %v", text, diagnostics)
	}
	return p
}

func certain(allow bool) truth.Verdict {
	if allow {
		return truth.Open
	}
	return truth.Blocked
}

var podCIDRs = set("10.1.0.0/16")

func set(prefixes ...string) *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, p := range prefixes {
		b.AddPrefix(netip.MustParsePrefix(p))
	}
	s, err := b.IPSet()
	if err != nil {
		panic(err)
	}
	return s
}

// TestPlainEvaluator compares verdicts with an evaluator that follows the words
// of the API, on facts that are all certain.
func TestPlainEvaluator(t *testing.T) {
	const worlds, packets = 1000, 100
	d := dice{rand.New(rand.NewPCG(1, 2))}
	count := make(map[truth.Verdict]int)
	for range worlds {
		policies := d.policies()
		namespaces, labels := d.namespaces()
		w := plainWorld{labels, policies}
		pods := make([]netpol.Pod, 6)
		for i := range pods {
			pods[i] = d.pod()
		}
		// The blocks of DataPath V2 cover no pods; those of veth cover all or none here.
		datapath := pick(d, "v2", "veth")
		if datapath == "v2" {
			for _, p := range policies {
				for _, r := range slices.Concat(p.egress, p.ingress) {
					for i := range r.peers {
						r.peers[i].except = nil
					}
				}
			}
		}
		p := netpol.Profile{Datapath: datapath, Enforced: truth.Yes, PodCIDRs: set("10.1.0.7/32")}
		e := netpol.New(t.Context(), parsePlain(t, policies), namespaces, pods, p)
		for range packets {
			src, dst := d.IntN(len(pods)), d.IntN(len(pods))
			protocol, port := d.packet()
			var other plainEnd
			var dest netpol.Dest
			if d.IntN(2) == 0 {
				other.addr = d.addr()
				dest = netpol.AddrDest(other.addr).Outside()
			} else {
				other.pod = &pods[dst]
				if datapath == "veth" {
					other.addr = netip.MustParseAddr("10.1.0.7")
				}
				dest = e.PodDest(dst)
			}
			want := certain(w.passes(&pods[src], false, other, protocol, port))
			got := e.Egress(src, dest, protocol, port)
			count[got]++
			if got != want {
				t.Fatalf("egress %+v -> %+v %s %d: got %v, want %v\n%s", pods[src], other, protocol, port, got, want, texts(policies))
			}
			want = certain(w.passes(&pods[src], true, other, protocol, port))
			if got := e.Ingress(src, dest, protocol, port); got != want {
				t.Fatalf("ingress %+v <- %+v %s %d: got %v, want %v\n%s", pods[src], other, protocol, port, got, want, texts(policies))
			}
		}
	}
	if n := worlds * packets; count[truth.Open] < n/10 || count[truth.Blocked] < n/10 {
		t.Errorf("the packets are too much alike: %v", count)
	}
}

func texts(policies []plainPolicy) (s string) {
	for i, p := range policies {
		s += p.yaml(fmt.Sprintf("p%d", i)) + "---\n"
	}
	return s
}

// drawn draws a world through rapid, so that it can be replayed.
func drawn(t *rapid.T) dice {
	return dice{rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))}
}

// scene is a random cluster with questions about it.
type scene struct {
	policies   []plainPolicy
	namespaces []netpol.Namespace
	pods       []netpol.Pod
	profile    netpol.Profile
}

func (d dice) scene() scene {
	s := scene{policies: d.policies(), profile: netpol.Profile{
		Datapath: pick(d, "veth", "v2", "ipvlan", "unknown"), Enforced: truth.Yes, PodCIDRs: pick(d, nil, podCIDRs),
	}}
	s.namespaces, _ = d.namespaces()
	for range 4 {
		p := d.pod()
		p.HostNetwork = d.IntN(6) == 0
		if d.IntN(4) == 0 {
			p.UnknownLabels = []string{"tier"}
		}
		s.pods = append(s.pods, p)
	}
	s.namespaces[2].Known = d.IntN(2) == 0
	return s
}

func (s scene) evaluator(t *rapid.T) *netpol.Evaluator {
	return netpol.New(context.Background(), parsePlain(t, s.policies), s.namespaces, s.pods, s.profile)
}

// answers asks many questions in a fixed order.
func (s scene) answers(e *netpol.Evaluator) []truth.Verdict {
	var out []truth.Verdict
	dests := []netpol.Dest{netpol.InternetDest(), netpol.SetDest(podCIDRs)}
	for _, p := range []string{"203.0.113.4/30", "203.0.112.0/23", "10.0.0.0/8", "2001:db8::/32", "10.1.0.7/32"} {
		dests = append(dests, netpol.PrefixDest(netip.MustParsePrefix(p)), netpol.PrefixDest(netip.MustParsePrefix(p)).Outside())
	}
	for i := range s.pods {
		dests = append(dests, e.PodDest(i))
	}
	for i := range s.pods {
		for _, d := range dests {
			for _, protocol := range []string{"TCP", "UDP"} {
				for _, port := range []int{0, 53, 80, 443, 8080} {
					out = append(out, e.Egress(i, d, protocol, port), e.Ingress(i, d, protocol, port))
				}
			}
		}
	}
	return out
}

func TestOrderChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.scene()
		want := s.answers(s.evaluator(t))
		d.Shuffle(len(s.policies), func(i, j int) { s.policies[i], s.policies[j] = s.policies[j], s.policies[i] })
		d.Shuffle(len(s.namespaces), func(i, j int) { s.namespaces[i], s.namespaces[j] = s.namespaces[j], s.namespaces[i] })
		for i := range s.policies {
			for _, rules := range [][]plainRule{s.policies[i].egress, s.policies[i].ingress} {
				d.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
				for _, r := range rules {
					d.Shuffle(len(r.peers), func(i, j int) { r.peers[i], r.peers[j] = r.peers[j], r.peers[i] })
					d.Shuffle(len(r.ports), func(i, j int) { r.ports[i], r.ports[j] = r.ports[j], r.ports[i] })
				}
			}
		}
		if got := s.answers(s.evaluator(t)); !slices.Equal(got, want) {
			t.Fatalf("the order matters\n%s", texts(s.policies))
		}
	})
}

// more reports whether b lets through at least what a does.
func more(a, b truth.Verdict) bool {
	switch a {
	case truth.Open:
		return b == truth.Open
	case truth.Partial:
		return b == truth.Open || b == truth.Partial || b == truth.Unknown
	case truth.Unknown:
		return b != truth.Blocked
	default:
		return true
	}
}

func TestAnotherRuleOnlyAdds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.scene()
		s.policies = append(s.policies, d.policy())
		// A first rule would make an egress policy of one without types.
		s.policies[0].types = []string{"Egress", "Ingress"}
		before := s.answers(s.evaluator(t))
		s.policies[0].egress = append(s.policies[0].egress, d.rule())
		s.policies[0].ingress = append(s.policies[0].ingress, d.rule())
		after := s.answers(s.evaluator(t))
		for i := range before {
			if !more(before[i], after[i]) {
				t.Fatalf("another rule turns %v into %v\n%s", before[i], after[i], texts(s.policies))
			}
		}
	})
}

func TestAnotherPolicyAddsOnceIsolated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.scene()
		before := s.evaluator(t)
		a := s.answers(before)
		p := d.policy()
		s.policies = append(s.policies, p)
		b := s.answers(s.evaluator(t))
		perPod := len(a) / len(s.pods)
		for i := range a {
			pod, dir := i/perPod, netpol.Direction(i%2)
			switch {
			case len(before.Isolating(pod, dir)) > 0:
				if !more(a[i], b[i]) {
					t.Fatalf("a policy more for an isolated pod turns %v into %v\n%s", a[i], b[i], texts(s.policies))
				}
			case len(before.PossiblyIsolating(pod, dir)) == 0:
				if a[i] != truth.Open {
					t.Fatalf("an open pod has %v", a[i])
				}
			}
		}
	})
}

func TestSplittingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.scene()
		want := s.answers(s.evaluator(t))
		for _, p := range s.policies {
			for _, rules := range [][]plainRule{p.egress, p.ingress} {
				for i := range rules {
					r := &rules[i]
					var ports []plainPort
					for _, p := range r.ports {
						if p.endPort > p.port {
							ports = append(ports, plainPort{protocol: p.protocol, port: p.port})
							p.port++
						}
						ports = append(ports, p)
					}
					r.ports = ports
					var peers []plainPeer
					for _, p := range r.peers {
						if p.cidr == "" || len(p.except) > 0 {
							peers = append(peers, p)
							continue
						}
						lower, upper := halves(netip.MustParsePrefix(p.cidr))
						peers = append(peers, plainPeer{cidr: lower.String()}, plainPeer{cidr: upper.String()})
					}
					r.peers = peers
				}
			}
		}
		if got := s.answers(s.evaluator(t)); !slices.Equal(got, want) {
			t.Fatalf("splitting matters\n%s", texts(s.policies))
		}
	})
}

func halves(p netip.Prefix) (lower, upper netip.Prefix) {
	lower = netip.PrefixFrom(p.Addr(), p.Bits()+1)
	upper = netip.PrefixFrom(netipx.RangeOfPrefix(p).To(), p.Bits()+1).Masked()
	return lower, upper
}

// TestSpansAreMadeOfPackets checks verdicts on many packets at once against
// those on single ones.
func TestSpansAreMadeOfPackets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.scene()
		e := s.evaluator(t)
		for i := range s.pods {
			prefix := netip.MustParsePrefix(pick(d, "203.0.113.0/28", "10.1.0.0/28", "2001:db8::/124"))
			var whole, part []truth.Verdict
			for _, port := range []int{53, 443} {
				whole = append(whole, e.Egress(i, netpol.PrefixDest(prefix), "TCP", port))
				var single []truth.Verdict
				for a := prefix.Addr(); prefix.Contains(a); a = a.Next() {
					single = append(single, e.Egress(i, netpol.AddrDest(a), "TCP", port))
				}
				part = append(part, sum(single))
			}
			if !slices.Equal(whole, part) {
				t.Fatalf("%v at once, %v one by one\n%s", whole, part, texts(s.policies))
			}
		}
		var ports []truth.Verdict
		addr := netpol.AddrDest(d.addr())
		for port := 1; port <= 65535; port++ {
			ports = append(ports, e.Egress(0, addr, "UDP", port))
		}
		if whole, part := e.Egress(0, addr, "UDP", 0), sum(ports); whole != part {
			t.Fatalf("any port is %v at once, %v one by one\n%s", whole, part, texts(s.policies))
		}
	})
}

// sum is what a verdict on many packets must be.
func sum(single []truth.Verdict) truth.Verdict {
	switch {
	case slices.Contains(single, truth.Open) && slices.Contains(single, truth.Blocked):
		return truth.Partial
	case slices.Contains(single, truth.Unknown):
		return truth.Unknown
	default:
		return single[0]
	}
}

func TestConnectNeedsBothSides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.scene()
		e := s.evaluator(t)
		for i := range s.pods {
			for j := range s.pods {
				protocol, port := d.packet()
				out := e.Egress(i, e.PodDest(j), protocol, port)
				in := e.Ingress(j, e.PodDest(i), protocol, port)
				want := truth.Unknown
				switch {
				case out == truth.Blocked || in == truth.Blocked:
					want = truth.Blocked
				case out == truth.Open && in == truth.Open:
					want = truth.Open
				}
				if got := e.Connect(i, j, protocol, port); got != want {
					t.Fatalf("egress %v and ingress %v make %v", out, in, got)
				}
			}
		}
	})
}

// TestUnknownFactsAreSound fills in what a scene leaves open in every way and
// checks that no certain verdict was premature.
func TestUnknownFactsAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.scene()
		s.profile.Enforced = pick(d, truth.Yes, truth.Maybe)
		open := s.answers(s.evaluator(t))
		for range 4 {
			w := d.filledIn(s)
			for i, v := range w.answers(w.evaluator(t)) {
				if (open[i] == truth.Open || open[i] == truth.Blocked) && v != open[i] && v != truth.Unknown {
					t.Fatalf("%v turns out to be %v\n%s", open[i], v, texts(s.policies))
				}
			}
		}
	})
}

// filledIn decides what a scene leaves open.
func (d dice) filledIn(s scene) scene {
	w := s
	w.pods = slices.Clone(s.pods)
	for i := range w.pods {
		p := &w.pods[i]
		for _, k := range p.UnknownLabels {
			labels := netpol.Labels{k: pick(d, "w", "x", "y", "z")}
			for key, v := range p.Labels {
				if key != k {
					labels[key] = v
				}
			}
			p.Labels = labels
		}
		p.UnknownLabels = nil
	}
	w.namespaces = slices.Clone(s.namespaces)
	if !w.namespaces[2].Known {
		w.namespaces[2] = netpol.Namespace{Name: w.namespaces[2].Name, Known: true, Labels: netpol.Labels{}}
		w.namespaces[2].Labels["env"] = s.namespaces[2].Labels["env"]
		w.namespaces[2].Labels["tier"] = pick(d, "x", "y", "z")
	}
	if w.profile.Enforced == truth.Maybe {
		w.profile.Enforced = pick(d, truth.Yes, truth.No)
	}
	if w.profile.Datapath == "unknown" {
		w.profile.Datapath = pick(d, "veth", "v2", "ipvlan")
	}
	return w
}

// TestNamesChangeNothing renames the policies.
func TestNamesChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		s := d.scene()
		want := s.answers(s.evaluator(t))
		var renamed []*netpol.Policy
		for i, p := range s.policies {
			renamed = append(renamed, parseText(t, p.yaml("same"), len(s.policies)-i))
		}
		got := s.answers(netpol.New(t.Context(), renamed, s.namespaces, s.pods, s.profile))
		if !slices.Equal(got, want) {
			t.Fatalf("names matter\n%s", texts(s.policies))
		}
	})
}

func FuzzParse(f *testing.F) {
	d := dice{rand.New(rand.NewPCG(3, 4))}
	for range 20 {
		f.Add(d.policy().yaml("seed"))
	}
	f.Add("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\nspec: {egress: [{to: [{ipBlock: {cidr: 1.2.3.4/33}}]}]}")
	f.Fuzz(func(t *testing.T, text string) {
		objects, _ := kubernetes.Parse("fuzz.yaml", []byte(text))
		for _, o := range objects {
			p, diagnostics := netpol.Parse(o, "a")
			for _, d := range diagnostics {
				if d.Kind != source.InvalidObject || d.Message == "" || d.Range.IsZero() {
					t.Errorf("bad diagnostic %+v", d)
				}
			}
			if p == nil {
				if len(diagnostics) == 0 {
					t.Error("rejected without a reason")
				}
				continue
			}
			pods := []netpol.Pod{{Namespace: "a"}}
			e := netpol.New(t.Context(), []*netpol.Policy{p}, nil, pods, netpol.Profile{Datapath: "veth", Enforced: truth.Yes})
			for _, d := range []netpol.Direction{netpol.Egress, netpol.Ingress} {
				if isolated := len(e.Isolating(0, d))+len(e.PossiblyIsolating(0, d)) > 0; isolated && p.Isolates(d) == truth.No {
					t.Errorf("isolates against its types")
				}
				for _, r := range e.Rules(0, d) {
					if r.Range.IsZero() || r.PortsRange.IsZero() || r.Says == "" {
						t.Errorf("bad view %+v", r)
					}
				}
				if p.DirectionRange(d).IsZero() {
					t.Error("a policy without a place")
				}
			}
			e.Closest(0, netpol.InternetDest(), "TCP", 443)
			e.Egress(0, netpol.InternetDest(), "TCP", 443)
		}
	})
}
