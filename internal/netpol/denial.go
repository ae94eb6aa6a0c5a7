package netpol

import (
	"net/netip"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// Denial is a rule that denies: one of a policy of policy.networking.k8s.io, or of
// egressDeny or ingressDeny of a Cilium policy.
type Denial struct {
	Object *kubernetes.Object
	Rule   int    // index among the rules of its list
	Name   string // of the rule, empty if it has none
	Range  source.Range
	Says   string // what it denies, such as "TCP 80 to pods app=db in any namespace"
	// Baseline tells that it is asked only for pods that no NetworkPolicy isolates.
	Baseline bool
	// Sure tells that the rule certainly denies whatever of the packets gets to it, and
	// that nothing in its tier may admit them or pass them on: where the verdict is
	// Blocked, it is reason enough.
	Sure bool
}

// Denials returns the rules that may deny some of the packets that a pod sends to d
// or receives from it, in the order in which they are asked. It explains a verdict
// that no policy of [Evaluator.Isolating] is the reason of.
func (e *Evaluator) Denials(pod int, dir Direction, d Dest, protocol string, port int) []Denial {
	s := e.subject(e.classOf[pod], dir)
	sp, ok := portSpan(protocol, port)
	if !ok || !s.layered() {
		return nil
	}
	type place struct{ layer, index int }
	seen := make(map[*rule]place)
	var out [3][]Denial // by layer
	covered := make(map[*rule]int)
	claim := func(r *rule, certain setID) {
		if all, _ := e.ports.covers(certain, sp); all {
			covered[r]++
		}
	}
	note := func(layer int, d Denial, r *rule, namespace string, ports setID) {
		_, again := seen[r]
		if _, touches := e.ports.covers(ports, sp); !touches || again {
			return
		}
		seen[r] = place{layer, len(out[layer])}
		d.Range, d.Says = r.at, r.describe(dir, namespace)
		out[layer] = append(out[layer], d)
	}
	admitters, complete := e.admitters(s, d)
	for _, admit := range admitters {
		tier := func(layer int, t Tier, reached setID) outcome {
			claims := make(map[*rule]setID)
			out := e.decide(s.tiers[t], dir, admit, func(p tierPolicy, i int, ports setID) {
				if r := &p.policy.rules[dir][i]; r.does(deny) {
					if p.sure && len(r.actions) == 1 {
						claims[&r.rule] = admit(&p.rules[dir][i]).lo
					}
					denial := Denial{Object: p.policy.Object, Rule: i, Name: r.name, Baseline: t == BaselineTier}
					note(layer, denial, &r.rule, "", e.ports.and(ports, reached))
				}
			})
			if _, past := e.ports.covers(e.ports.or(out[allow], out[pass]), sp); !past {
				for r, certain := range claims {
					claim(r, certain)
				}
			}
			return out
		}
		passed := tier(0, AdminTier, allPorts)[pass]
		for _, p := range s.also {
			for i := range p.compiled.denies[dir] {
				policy := p.compiled.policy
				match := admit(&p.compiled.denies[dir][i])
				if p.sure {
					claim(&policy.denies[dir][i], match.lo)
				}
				note(1, Denial{Object: policy.Object, Rule: i}, &policy.denies[dir][i], policy.Namespace, e.ports.and(match.hi, passed))
			}
		}
		if len(s.sure) == 0 {
			tier(2, BaselineTier, passed)
		}
	}
	for r, at := range seen {
		d := &out[at.layer][at.index]
		d.Sure = complete && covered[r] == len(admitters) && (!d.Baseline || len(s.possible) == 0)
	}
	return append(append(out[0], out[1]...), out[2]...)
}

// admitters returns functions for what single rules match: one for each part of d
// that rules tell apart, and whether these are all.
func (e *Evaluator) admitters(s *subject, d Dest) (list []func(r *compiledRule) bounds, complete bool) {
	if d.IsPod() {
		c := e.classes[d.class()]
		ports := c.ports
		if s.direction == Ingress {
			ports = s.ports
		}
		at := func(a netip.Addr) func(r *compiledRule) bounds {
			return func(r *compiledRule) bounds {
				match := e.selects(r, c)
				if r.cover == coverAll && a.IsValid() {
					match = max(match, r.blocks(a))
				}
				return admitted(match, e.rulePorts(s, r, ports))
			}
		}
		if !s.networks {
			return []func(r *compiledRule) bounds{at(netip.Addr{})}, true
		}
		var out []func(r *compiledRule) bounds
		addresses, known := e.podAddresses(s, c.hostNetwork, coverAll)
		for _, a := range addresses {
			if a.certain {
				out = append(out, at(a.addr))
			}
		}
		return out, known && len(out) > 0
	}
	ranges := d.set
	if d.addr.IsValid() {
		ranges = []netipx.IPRange{netipx.IPRangeFrom(d.addr, d.addr)}
	}
	var out []func(r *compiledRule) bounds
	work := 0
	for _, r := range ranges {
		regions := e.regionsIn(s, r.From(), r.To())
		if work += len(regions) * s.size; work > maxWork {
			return out, false
		}
		for i := range regions {
			inside := !d.outside && (regions[i].pods || regions[i].nodes)
			node := !d.outside && (regions[i].nodes || ipset.IsEmpty(e.profile.NodeCIDRs))
			out = append(out, e.admitAddress(s, &regions[i], inside, node))
		}
	}
	return out, true
}
