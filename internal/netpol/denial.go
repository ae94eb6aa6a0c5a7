package netpol

import (
	"net/netip"

	"go4.org/netipx"

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
	seen := make(map[*rule]bool)
	var out [3][]Denial // by layer
	note := func(layer int, d Denial, r *rule, namespace string, ports setID) {
		if _, touches := e.ports.covers(ports, sp); !touches || seen[r] {
			return
		}
		seen[r] = true
		d.Range, d.Says = r.at, r.describe(dir, namespace)
		out[layer] = append(out[layer], d)
	}
	for _, admit := range e.admitters(s, d) {
		tier := func(layer int, t Tier, reached setID) outcome {
			return e.decide(s.tiers[t], dir, admit, func(p tierPolicy, i int, ports setID) {
				if r := &p.policy.rules[dir][i]; r.does(deny) {
					note(layer, Denial{Object: p.policy.Object, Rule: i, Name: r.name}, &r.rule, "", e.ports.and(ports, reached))
				}
			})
		}
		passed := tier(0, AdminTier, allPorts)[pass]
		for _, p := range s.also {
			for i := range p.compiled.denies[dir] {
				policy := p.compiled.policy
				ports := e.ports.and(admit(&p.compiled.denies[dir][i]).hi, passed)
				note(1, Denial{Object: policy.Object, Rule: i}, &policy.denies[dir][i], policy.Namespace, ports)
			}
		}
		if len(s.sure) == 0 {
			tier(2, BaselineTier, passed)
		}
	}
	return append(append(out[0], out[1]...), out[2]...)
}

// admitters returns functions for what single rules match: one for each part of d
// that rules tell apart.
func (e *Evaluator) admitters(s *subject, d Dest) []func(r *compiledRule) bounds {
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
			return []func(r *compiledRule) bounds{at(netip.Addr{})}
		}
		var out []func(r *compiledRule) bounds
		addresses, _ := e.podAddresses(s, c.hostNetwork, coverAll)
		for _, a := range addresses {
			if a.certain {
				out = append(out, at(a.addr))
			}
		}
		return out
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
			return out
		}
		for i := range regions {
			inside := !d.outside && (regions[i].pods || regions[i].nodes)
			node := !d.outside && (regions[i].nodes || isEmpty(e.profile.NodeCIDRs))
			out = append(out, e.admitAddress(s, &regions[i], inside, node))
		}
	}
	return out
}
