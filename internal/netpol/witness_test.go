package netpol_test

import (
	"net/netip"
	"slices"
	"testing"

	"go4.org/netipx"
	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
)

// TestVerdictsHaveWitnesses follows, for verdicts on many packets at once, single
// packets through an evaluator that knows nothing but the words of the API: Allow
// admits every one of them, Deny none, Partial some. The packets are those at the
// corners of what the policies say, between which nothing changes.
func TestVerdictsHaveWitnesses(t *testing.T) {
	count := make(map[truth.Verdict]int)
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		policies := d.policies()
		namespaces, labels := d.namespaces()
		w := plainWorld{labels, policies}
		pods := []netpol.Pod{d.pod(), d.pod(), d.pod()}
		e := netpol.New(t.Context(), parsePlain(t, policies), namespaces, pods, netpol.Profile{Datapath: "veth", Enforced: truth.Yes})
		for i := range pods {
			for _, text := range []string{"203.0.113.0/29", "203.0.112.0/22", "10.0.0.0/8", "2001:db8::/32"} {
				prefix := netip.MustParsePrefix(text)
				addresses := addressCorners(policies, prefix)
				for _, protocol := range []string{"TCP", "UDP", "SCTP"} {
					for _, port := range []int{0, 80, 443} {
						ports := []int{port}
						if port == 0 {
							ports = portCorners(policies)
						}
						verdict := e.Egress(i, netpol.PrefixDest(prefix).Outside(), protocol, port)
						count[verdict]++
						var passes, stops int
						for _, a := range addresses {
							for _, p := range ports {
								if w.passes(&pods[i], false, plainEnd{addr: a}, protocol, p) {
									passes++
								} else {
									stops++
								}
							}
						}
						if verdict != summary(passes, stops) {
							t.Fatalf("%v of %s %s %d, but %d packets pass and %d do not\n%s", verdict, text, protocol, port, passes, stops, texts(policies))
						}
					}
				}
			}
		}
	})
	for _, v := range []truth.Verdict{truth.Open, truth.Blocked, truth.Partial} {
		if count[v] == 0 {
			t.Errorf("no verdict is %v: %v", v, count)
		}
	}
}

// summary is the verdict on packets of which some pass and some do not.
func summary(passes, stops int) truth.Verdict {
	switch {
	case stops == 0:
		return truth.Open
	case passes == 0:
		return truth.Blocked
	default:
		return truth.Partial
	}
}

// addressCorners returns the ends of a prefix, and the addresses in it at which a
// block of the policies begins or behind which one ends.
func addressCorners(policies []plainPolicy, prefix netip.Prefix) []netip.Addr {
	whole := netipx.RangeOfPrefix(prefix)
	corners := []netip.Addr{whole.From(), whole.To()}
	for _, p := range policies {
		for _, r := range p.egress {
			for _, peer := range r.peers {
				if peer.cidr == "" {
					continue
				}
				for _, text := range append([]string{peer.cidr}, peer.except...) {
					block := netipx.RangeOfPrefix(netip.MustParsePrefix(text))
					corners = append(corners, block.From(), block.To().Next())
				}
			}
		}
	}
	return slices.DeleteFunc(corners, func(a netip.Addr) bool { return !whole.Contains(a) })
}

// portCorners returns the first and last port, and those at which a range of the
// policies begins or behind which one ends.
func portCorners(policies []plainPolicy) []int {
	corners := []int{1, 65535}
	for _, p := range policies {
		for _, r := range p.egress {
			for _, port := range r.ports {
				corners = append(corners, port.port, max(port.port, port.endPort)+1)
			}
		}
	}
	return slices.DeleteFunc(corners, func(p int) bool { return p < 1 || p > 65535 })
}
