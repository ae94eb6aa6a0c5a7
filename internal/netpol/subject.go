package netpol

import (
	"encoding/binary"
	"iter"

	"github.com/egresslint/egresslint/internal/truth"
)

// subject is a set of pods that the same policies select in one direction, so
// that they have the same answers.
type subject struct {
	direction Direction
	// sure select the pods certainly and are enforced; possible only may. All of them
	// isolate the pods.
	sure, possible []*compiled
	// also are policies of Cilium that deny something or that add to others without
	// isolating the pods themselves.
	also  []selection
	tiers [2][]tierPolicy

	eci      bool
	ports    int32 // id of the pods' portMap, for named ports of Ingress
	blocks   bool  // whether a rule has blocks that the data path may let cover pods
	byName   bool  // whether such a rule has named ports
	networks bool  // whether a rule has blocks that cover pods on every data path
	nodes    bool  // whether a rule selects nodes
	size     int   // number of rules

	isolating []*Policy  // those of sure; computed if not nil
	views     []RuleView // of the rules of sure and possible; computed if not nil

	pods    []*page  // by class of the other end
	regions []region // computed if not nil
	// addresses are those of pods and of hostNetwork pods, as far as blocks of either
	// coverage tell them apart; computed if not nil.
	addresses [2][2][]podAddress
	overs     map[overKey]*over
}

// page holds answers for some neighbouring classes. Most subjects are asked
// about few classes, so a full row for each would be mostly empty.
type page [pageSize]struct {
	known  bool
	bounds bounds
}

const pageSize = 64

// subject returns the subject that a class of pods belongs to.
func (e *Evaluator) subject(class int32, d Direction) *subject {
	if s := e.subjects[d][class]; s != nil {
		return s
	}
	c := e.classes[class]
	s := &subject{direction: d, eci: c.eci}
	e.findPolicies(s, c)
	for t := range s.tiers {
		s.tiers[t] = e.tierOn(Tier(t), c, d)
	}
	named := false
	for r := range s.rules() {
		s.size++
		named = named || len(r.named) > 0
		s.nodes = s.nodes || r.nodes
		if len(r.possible) > 0 {
			s.blocks = s.blocks || r.cover == coverDatapath
			s.byName = s.byName || r.cover == coverDatapath && len(r.named) > 0
			s.networks = s.networks || r.cover == coverAll
		}
	}
	if d == Ingress && named {
		s.ports = c.ports
	}
	key := s.key()
	if same, ok := e.subjectID[key]; ok {
		s = same
	} else {
		e.subjectID[key] = s
	}
	e.subjects[d][class] = s
	return s
}

func (s *subject) key() string {
	b := []byte{byte(s.direction), 0}
	if s.eci {
		b[1] = 1
	}
	b = binary.AppendVarint(b, int64(s.ports))
	for _, list := range [][]*compiled{s.sure, s.possible} {
		b = binary.AppendVarint(b, int64(len(list)))
		for _, c := range list {
			b = binary.AppendVarint(b, int64(c.id))
		}
	}
	if s.layered() {
		entry := func(id int32, sure bool) {
			n := int64(id) << 1
			if sure {
				n++
			}
			b = binary.AppendVarint(b, n)
		}
		b = binary.AppendVarint(b, int64(len(s.also)))
		for _, p := range s.also {
			entry(p.compiled.id, p.sure)
		}
		for _, tier := range s.tiers {
			b = binary.AppendVarint(b, int64(len(tier)))
			for _, p := range tier {
				entry(p.id, p.sure)
			}
		}
	}
	return string(b)
}

// layered reports whether there is more to the pods than policies that add to each
// other.
func (s *subject) layered() bool {
	return len(s.also) > 0 || len(s.tiers[AdminTier]) > 0 || len(s.tiers[BaselineTier]) > 0
}

// free reports whether no policy isolates the pods, not even perhaps.
func (s *subject) free() bool { return len(s.sure) == 0 && len(s.possible) == 0 }

// open reports whether nothing limits the pods, not even perhaps.
func (s *subject) open() bool { return s.free() && !s.layered() }

// own yields the rules of the policies that may isolate the pods.
func (s *subject) own() iter.Seq[*compiledRule] {
	return func(yield func(*compiledRule) bool) {
		for _, list := range [][]*compiled{s.sure, s.possible} {
			for _, c := range list {
				if !each(c.rules[s.direction], yield) {
					return
				}
			}
		}
	}
}

// rules yields every rule that the pods' answers may depend on.
func (s *subject) rules() iter.Seq[*compiledRule] {
	return func(yield func(*compiledRule) bool) {
		for r := range s.own() {
			if !yield(r) {
				return
			}
		}
		for _, p := range s.also {
			if !each(p.compiled.rules[s.direction], yield) || !each(p.compiled.denies[s.direction], yield) {
				return
			}
		}
		for _, tier := range s.tiers {
			for _, p := range tier {
				if !each(p.rules[s.direction], yield) {
					return
				}
			}
		}
	}
}

func each(rules []compiledRule, yield func(*compiledRule) bool) bool {
	for i := range rules {
		if !yield(&rules[i]) {
			return false
		}
	}
	return true
}

// selection is a policy that certainly or possibly selects the pods.
type selection struct {
	compiled *compiled
	sure     bool
}

// findPolicies fills in the policies that may apply to a class.
func (e *Evaluator) findPolicies(s *subject, c *class) {
	if c.exempt {
		return
	}
	applies := [...]truth.Truth{networkPolicy: e.profile.Enforced, globalPolicy: e.profile.Enforced, ciliumPolicy: truth.Yes}
	switch {
	case c.hostNetwork:
		// Upstream leaves it undefined. Terway's data paths know such a pod only as
		// its node, to Cilium it is no endpoint, and of GlobalNetworkPolicies the
		// documentation says that they are about nodes too.
		if e.profile.ebpf() || e.profile.veth() {
			applies[networkPolicy] = truth.No
		}
		applies[networkPolicy] = min(applies[networkPolicy], truth.Maybe)
		applies[globalPolicy] = min(applies[globalPolicy], truth.Maybe)
		applies[ciliumPolicy] = truth.No
	case c.eci:
		// By the documentation GlobalNetworkPolicies need nodes that are not virtual.
		applies[globalPolicy] = min(applies[globalPolicy], truth.Maybe)
		applies[ciliumPolicy] = truth.Maybe
	}
	if c.perhapsExempt {
		for i := range applies {
			applies[i] = min(applies[i], truth.Maybe)
		}
	}
	for _, list := range [][]*compiled{e.namespaces[c.namespace].policies, e.clusterwide} {
		for _, p := range list {
			t := min(e.selectsPods(p, c), applies[p.policy.dialect])
			if p.policy.hosts && c.hostNetwork {
				t = truth.Maybe
			}
			if t == truth.No {
				continue
			}
			isolates := p.policy.isolates[s.direction]
			switch min(t, isolates) {
			case truth.Yes:
				s.sure = append(s.sure, p)
			case truth.Maybe:
				s.possible = append(s.possible, p)
			}
			if len(p.denies[s.direction]) > 0 || p.policy.dialect == ciliumPolicy && isolates != truth.Yes && len(p.rules[s.direction]) > 0 {
				s.also = append(s.also, selection{p, t == truth.Yes})
			}
		}
	}
}

// selectsPods reports whether a policy selects a class of the namespaces that it
// is found in.
func (e *Evaluator) selectsPods(p *compiled, c *class) truth.Truth {
	if p.policy.hosts {
		return truth.No
	}
	t := c.vector.get(p.pods)
	if p.namespaces != noSelector {
		t = min(t, e.namespaces[c.namespace].vector.get(p.namespaces))
	}
	return t
}

// combine joins what the rules of the subject's policies admit. A pod that
// nothing isolates has what base says, and policies only add to each other, but
// for what Cilium denies. What over holds comes on top of it.
func (e *Evaluator) combine(s *subject, base bounds, over *over, admit func(r *compiledRule) bounds) bounds {
	b := e.add(s, base, over, admit)
	for _, p := range s.also {
		denied := e.union(bounds{}, p.compiled.denies[s.direction], admit)
		b.lo = e.ports.minus(b.lo, denied.hi)
		if p.sure {
			b.hi = e.ports.minus(b.hi, denied.lo)
		}
	}
	return b
}

// union returns what some of the rules admit, together with b.
func (e *Evaluator) union(b bounds, rules []compiledRule, admit func(r *compiledRule) bounds) bounds {
	for i := range rules {
		b = e.either(b, admit(&rules[i]))
	}
	return b
}

// either returns what one of two bounds admits.
func (e *Evaluator) either(a, b bounds) bounds {
	return bounds{e.ports.or(a.lo, b.lo), e.ports.or(a.hi, b.hi)}
}

// add is combine without what is denied.
func (e *Evaluator) add(s *subject, base bounds, over *over, admit func(r *compiledRule) bounds) bounds {
	if s.free() {
		return base
	}
	if len(s.sure) > 0 {
		b := over.sure
		for _, c := range s.sure {
			b = e.union(b, c.rules[s.direction], admit)
		}
		for i, c := range s.possible {
			b.hi = e.ports.or(b.hi, e.union(over.of(i), c.rules[s.direction], admit).hi)
		}
		for _, p := range s.also {
			admitted := e.union(bounds{}, p.compiled.rules[s.direction], admit)
			b.hi = e.ports.or(b.hi, admitted.hi)
			if p.sure {
				b.lo = e.ports.or(b.lo, admitted.lo)
			}
		}
		return b
	}
	// Either nothing isolates the pod, or any of these policies may be the only one
	// that does: what all of them admit passes in every case.
	b := base
	for i, c := range s.possible {
		admitted := e.union(over.of(i), c.rules[s.direction], admit)
		b.lo, b.hi = e.ports.and(b.lo, admitted.lo), e.ports.or(b.hi, admitted.hi)
	}
	for _, p := range s.also {
		b.hi = e.ports.or(b.hi, e.union(bounds{}, p.compiled.rules[s.direction], admit).hi)
	}
	return b
}

// everything is what a pod has that nothing limits.
var everything = bounds{allPorts, allPorts}

// admitted is what a rule admits whose peers match to the given degree.
func admitted(match truth.Truth, ports bounds) bounds {
	switch match {
	case truth.Yes:
		return ports
	case truth.Maybe:
		return bounds{noPorts, ports.hi}
	default:
		return bounds{}
	}
}

// rulePorts returns the ports of a rule, its names resolved on the pods of a
// port map. The map is that of the packet's destination.
func (e *Evaluator) rulePorts(s *subject, r *compiledRule, ports int32) bounds {
	b := r.ports
	if s.eci {
		b.lo = r.eci
	}
	for _, n := range r.named {
		named := e.resolve(ports, n.portName)
		b.hi = e.ports.or(b.hi, named.hi)
		if !n.unsure {
			b.lo = e.ports.or(b.lo, named.lo)
		}
	}
	return b
}

// selects reports whether the selectors of a rule match a class of pods.
func (e *Evaluator) selects(r *compiledRule, c *class) truth.Truth {
	if r.any {
		return truth.Yes
	}
	t := truth.No
	if r.unsure {
		t = truth.Maybe
	}
	for _, p := range r.pods {
		var m truth.Truth
		if p.namespaces == noSelector {
			m = truth.Of(e.namespaces[c.namespace].name == r.namespace)
		} else {
			m = e.namespaces[c.namespace].vector.get(p.namespaces)
		}
		if p.pods != noSelector && m != truth.No {
			m = min(m, c.vector.get(p.pods))
		}
		if p.unsure {
			m = min(m, truth.Maybe)
		}
		t = max(t, m)
		if t == truth.Yes {
			break
		}
	}
	if c.hostNetwork {
		t = min(t, truth.Maybe)
		if r.nodes || r.names {
			t = truth.Maybe
		}
	}
	return t
}

// toPod returns what the subject's policies admit to or from a class of pods.
func (e *Evaluator) toPod(s *subject, class int32) bounds {
	n := int(class) / pageSize
	if n >= len(s.pods) {
		s.pods = append(s.pods, make([]*page, len(e.classes)/pageSize+1-len(s.pods))...)
	}
	if s.pods[n] == nil {
		s.pods[n] = new(page)
	}
	answer := &s.pods[n][class%pageSize]
	if !answer.known {
		answer.known, answer.bounds = true, e.computePod(s, e.classes[class])
	}
	return answer.bounds
}

func (e *Evaluator) computePod(s *subject, c *class) bounds {
	ports := c.ports
	if s.direction == Ingress {
		ports = s.ports
	}
	base := everything
	if len(s.tiers[BaselineTier]) > 0 {
		base = e.baseline(e.tierToPod(s, BaselineTier, c, ports))
	}
	selected := func(over *over) bounds {
		return e.combine(s, base, over, func(r *compiledRule) bounds {
			return admitted(e.selects(r, c), e.rulePorts(s, r, ports))
		})
	}
	var b bounds
	switch {
	case !s.blocks || e.profile.ebpf():
		b = selected(nothing)
	case e.profile.veth():
		b = e.overAddresses(s, c, ports, selected)
	default: // blocks may cover pods
		b = bounds{selected(nothing).lo, e.overAddresses(s, c, ports, selected).hi}
	}
	if len(s.tiers[AdminTier]) > 0 {
		b = e.layer(e.tierToPod(s, AdminTier, c, ports), b)
	}
	if c.hostNetwork {
		// The pod may be on the subject's own node, which always passes by the API's
		// definition; data paths differ.
		b.hi = allPorts
	}
	return b
}
