package netpol

import (
	"cmp"
	"slices"

	"github.com/egresslint/egresslint/internal/truth"
)

// compiledAdmin is an Admin prepared for evaluation.
type compiledAdmin struct {
	id               int32
	policy           *Admin
	namespaces, pods selectorID
	rules            [2][]compiledRule
}

// compileTiers prepares the policies of both tiers in the order in which they
// decide, those without a rank first.
func (e *Evaluator) compileTiers(policies []*Admin) {
	sorted := slices.DeleteFunc(slices.Clone(policies), func(a *Admin) bool { return a == nil })
	slices.SortStableFunc(sorted, func(a, b *Admin) int {
		return cmp.Or(a.Object.Root.Range.Compare(b.Object.Root.Range), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	for i, a := range sorted {
		c := &compiledAdmin{
			id: int32(i), policy: a,
			namespaces: e.namespaceSelectors.intern(a.namespaces), pods: e.podSelectors.intern(a.pods),
		}
		for d := range a.rules {
			for j := range a.rules[d] {
				c.rules[d] = append(c.rules[d], e.compileRule(&a.rules[d][j].rule, "", adminPolicy))
			}
		}
		for t := range e.tiers {
			if a.unsureTier || a.Tier == Tier(t) {
				e.tiers[t] = append(e.tiers[t], c)
			}
		}
	}
	for _, tier := range e.tiers {
		slices.SortStableFunc(tier, func(a, b *compiledAdmin) int {
			return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.id, b.id))
		})
	}
}

func rank(c *compiledAdmin) int {
	if !c.policy.ranked {
		return -1
	}
	return c.policy.priority
}

// tierPolicy is a policy of a tier that certainly or possibly applies.
type tierPolicy struct {
	*compiledAdmin
	sure bool
}

// tierOn returns the policies of a tier that may apply to a class in a direction.
// By definition none selects hostNetwork pods. Poseidon is not known to enforce any
// on elastic container instances.
func (e *Evaluator) tierOn(t Tier, c *class, d Direction) []tierPolicy {
	if c.exempt || c.hostNetwork {
		return nil
	}
	var out []tierPolicy
	for _, p := range e.tiers[t] {
		if len(p.rules[d]) == 0 {
			continue
		}
		match := min(e.namespaces[c.namespace].vector.get(p.namespaces), c.vector.get(p.pods))
		if c.eci || c.perhapsExempt || p.policy.unsureTier {
			match = min(match, truth.Maybe)
		}
		if match != truth.No {
			out = append(out, tierPolicy{p, match == truth.Yes})
		}
	}
	return out
}

// outcome holds, for each action of a tier, the ports for which it may be the one
// that counts. Pass includes what no rule matches. Each port is in at least one.
type outcome [actions]setID

// decide follows packets through a tier. Of the rules that may match a packet, all
// count up to the first that certainly does. Visit is called with each rule and the
// ports for which it may count; it may be nil.
func (e *Evaluator) decide(tier []tierPolicy, d Direction, admit func(r *compiledRule) bounds,
	visit func(p tierPolicy, rule int, ports setID),
) outcome {
	var out outcome
	// pending is what no policy before the present ones certainly matches, last what
	// none of those without a rank does.
	pending, last := allPorts, allPorts
	for len(tier) > 0 {
		same := 1
		for same < len(tier) && rank(tier[same].compiledAdmin) == rank(tier[0].compiledAdmin) {
			same++
		}
		ranked := tier[0].policy.ranked
		after := pending
		for _, p := range tier[:same] {
			left := pending
			for i := range p.rules[d] {
				match := admit(&p.rules[d][i])
				hit := e.ports.and(left, match.hi)
				if hit == noPorts {
					continue
				}
				for _, a := range p.policy.rules[d][i].actions {
					out[a] = e.ports.or(out[a], hit)
				}
				if visit != nil {
					visit(p, i, hit)
				}
				if p.sure {
					left = e.ports.minus(left, match.lo)
				}
			}
			after = e.ports.and(after, left)
		}
		if ranked {
			pending = after
		} else {
			last = after
		}
		tier = tier[same:]
	}
	out[pass] = e.ports.or(out[pass], e.ports.and(pending, last))
	return out
}

// baseline is what the Baseline tier admits: what it does not deny.
func (e *Evaluator) baseline(out outcome) bounds {
	return bounds{e.ports.not(out[deny]), e.ports.or(out[allow], out[pass])}
}

// layer puts the Admin tier above what the tiers below it admit.
func (e *Evaluator) layer(out outcome, below bounds) bounds {
	refused := e.ports.or(out[deny], e.ports.and(out[pass], e.ports.not(below.lo)))
	return bounds{e.ports.not(refused), e.ports.or(out[allow], e.ports.and(out[pass], below.hi))}
}

// tierToPod is decide for a pod of class c, whichever address it has.
func (e *Evaluator) tierToPod(s *subject, t Tier, c *class, ports int32) outcome {
	tier := s.tiers[t]
	if len(tier) == 0 {
		return outcome{pass: allPorts}
	}
	if !s.networks {
		return e.decide(tier, s.direction, func(r *compiledRule) bounds {
			return admitted(e.selects(r, c), e.rulePorts(s, r, ports))
		}, nil)
	}
	addresses, ok := e.podAddresses(s, c.hostNetwork, coverAll)
	if !ok {
		return outcome{allPorts, allPorts, allPorts}
	}
	var out outcome
	for _, a := range addresses {
		if !a.certain {
			continue
		}
		one := e.decide(tier, s.direction, func(r *compiledRule) bounds {
			return admitted(max(e.selects(r, c), r.blocks(a.addr)), e.rulePorts(s, r, ports))
		}, nil)
		for i := range out {
			out[i] = e.ports.or(out[i], one[i])
		}
	}
	if out == (outcome{}) { // the profile leaves pods no address
		return outcome{allPorts, allPorts, allPorts}
	}
	return out
}
