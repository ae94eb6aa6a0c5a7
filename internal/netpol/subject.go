package netpol

import (
	"encoding/binary"
	"iter"
)

// subject is a set of pods that the same policies select in one direction, so
// that they have the same answers.
type subject struct {
	direction Direction
	// sure select the pods certainly and are enforced; possible only may.
	sure, possible []*compiled
	eci            bool
	ports          int32 // id of the pods' portMap, for named ports of Ingress
	blocks         bool  // whether a rule has blocks
	size           int   // number of rules

	pods      []*page         // by class of the other end
	regions   []region        // computed if not nil
	addresses [2][]podAddress // of pods and of hostNetwork pods; computed if not nil
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
	named := false
	for _, p := range e.selecting(c, d) {
		if p.sure {
			s.sure = append(s.sure, p.compiled)
		} else {
			s.possible = append(s.possible, p.compiled)
		}
	}
	for r := range s.rules() {
		s.size++
		named = named || len(r.named) > 0
		s.blocks = s.blocks || len(r.possible) > 0
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
	return string(b)
}

// open reports whether nothing isolates the pods, not even perhaps.
func (s *subject) open() bool { return len(s.sure) == 0 && len(s.possible) == 0 }

// rules yields the rules of the subject's policies.
func (s *subject) rules() iter.Seq[*compiledRule] {
	return func(yield func(*compiledRule) bool) {
		for _, list := range [][]*compiled{s.sure, s.possible} {
			for _, c := range list {
				for i := range c.rules[s.direction] {
					if !yield(&c.rules[s.direction][i]) {
						return
					}
				}
			}
		}
	}
}

type selection struct {
	compiled *compiled
	sure     bool
}

// selecting returns the policies that may apply to a class in a direction.
func (e *Evaluator) selecting(c *class, d Direction) []selection {
	applies := e.profile.Enforced
	if c.exempt {
		applies = No
	}
	if c.hostNetwork {
		// Upstream leaves it undefined. Terway's data paths know such a pod only as
		// its node.
		if e.profile.ebpf() || e.profile.veth() {
			applies = No
		}
		applies = min(applies, Maybe)
	}
	if applies == No {
		return nil
	}
	var out []selection
	for _, p := range e.namespaces[c.namespace].policies {
		t := min(c.vector.get(p.pods), p.policy.isolates[d], applies)
		if t != No {
			out = append(out, selection{p, t == Yes})
		}
	}
	return out
}

// combine joins what the rules of the subject's policies admit. A pod that
// nothing isolates is open, and policies only add to each other.
func (e *Evaluator) combine(s *subject, admit func(r *compiledRule) bounds) bounds {
	if s.open() {
		return bounds{allPorts, allPorts}
	}
	union := func(c *compiled) bounds {
		var b bounds
		rules := c.rules[s.direction]
		for j := range rules {
			admitted := admit(&rules[j])
			b.lo, b.hi = e.ports.or(b.lo, admitted.lo), e.ports.or(b.hi, admitted.hi)
		}
		return b
	}
	if len(s.sure) > 0 {
		var b bounds
		for _, c := range s.sure {
			admitted := union(c)
			b.lo, b.hi = e.ports.or(b.lo, admitted.lo), e.ports.or(b.hi, admitted.hi)
		}
		for _, c := range s.possible {
			b.hi = e.ports.or(b.hi, union(c).hi)
		}
		return b
	}
	// Either nothing isolates the pod, or any of these policies may be the only one
	// that does: what all of them admit passes in every case.
	lo := allPorts
	for _, c := range s.possible {
		lo = e.ports.and(lo, union(c).lo)
	}
	return bounds{lo, allPorts}
}

// admitted is what a rule admits whose peers match to the given degree.
func admitted(match Ternary, ports bounds) bounds {
	switch match {
	case Yes:
		return ports
	case Maybe:
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
func (e *Evaluator) selects(r *compiledRule, c *class) Ternary {
	if r.any {
		return Yes
	}
	t := No
	if r.unsure {
		t = Maybe
	}
	for _, p := range r.pods {
		m := Yes
		if p.namespaces == noSelector {
			m = yesIf(e.namespaces[c.namespace].name == r.namespace)
		} else {
			m = e.namespaces[c.namespace].vector.get(p.namespaces)
		}
		if p.pods != noSelector && m != No {
			m = min(m, c.vector.get(p.pods))
		}
		t = max(t, m)
		if t == Yes {
			break
		}
	}
	if c.hostNetwork {
		t = min(t, Maybe)
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
	// What the selectors admit; the addresses of pods come on top.
	b := e.combine(s, func(r *compiledRule) bounds {
		return admitted(e.selects(r, c), e.rulePorts(s, r, ports))
	})
	if s.blocks && !e.profile.ebpf() {
		over := e.overAddresses(s, c, ports)
		b.hi = over.hi
		if e.profile.veth() {
			b.lo = over.lo
		}
	}
	if c.hostNetwork {
		// The pod may be on the subject's own node, which always passes by the API's
		// definition; data paths differ.
		b.hi = allPorts
	}
	return b
}
