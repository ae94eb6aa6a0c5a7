package netpol

import "github.com/egresslint/egresslint/internal/truth"

// Egress says whether the pod's policies let packets out to d. Protocol is
// TCP, UDP or SCTP (TCP if empty), port that of the destination after Service
// translation.
//
// A port of 0 stands for any port and a Dest of many addresses for each of
// them: Open means that all of it is certainly admitted, Blocked that certainly
// nothing is, Partial that some certainly is and some certainly is not.
func (e *Evaluator) Egress(pod int, d Dest, protocol string, port int) truth.Verdict {
	return e.query(e.classOf[pod], Egress, d, protocol, port)
}

// Ingress says whether the pod's policies let packets in from d. Port is the
// pod's own; see Egress for the rest.
func (e *Evaluator) Ingress(pod int, from Dest, protocol string, port int) truth.Verdict {
	return e.query(e.classOf[pod], Ingress, from, protocol, port)
}

// Connect says whether src reaches dst: the policies of both must admit it.
func (e *Evaluator) Connect(src, dst int, protocol string, port int) truth.Verdict {
	from, to := e.classOf[src], e.classOf[dst]
	sender, receiver := e.subject(from, Egress), e.subject(to, Ingress)
	if sender.open() && receiver.open() {
		return truth.Open
	}
	sp, ok := portSpan(protocol, port)
	if !ok {
		return truth.Unknown
	}
	out, in := e.toPod(sender, to), e.toPod(receiver, from)
	return e.ports.verdict(bounds{e.ports.and(out.lo, in.lo), e.ports.and(out.hi, in.hi)}, sp)
}

func (e *Evaluator) query(class int32, dir Direction, d Dest, protocol string, port int) truth.Verdict {
	s := e.subject(class, dir)
	if s.open() {
		return truth.Open
	}
	sp, ok := portSpan(protocol, port)
	if !ok {
		return truth.Unknown
	}
	if d.IsPod() {
		return e.ports.verdict(e.toPod(s, d.class()), sp)
	}
	if d.addr.IsValid() {
		return e.ports.verdict(e.toRegion(s, &e.regionsIn(s, d.addr, d.addr)[0], d.outside), sp)
	}
	var sum tally
	work := 0
	for _, r := range d.set {
		regions := e.regionsIn(s, r.From(), r.To())
		if work += len(regions) * s.size; work > maxWork {
			return truth.Unknown
		}
		for i := range regions {
			sum.add(e.ports.verdict(e.toRegion(s, &regions[i], d.outside), sp))
			if sum.allow && sum.deny {
				return truth.Partial
			}
		}
	}
	return sum.verdict()
}

// tally sums up verdicts on the parts of a question until it is Partial.
type tally struct {
	allow, deny, unsure bool
}

func (t *tally) add(v truth.Verdict) {
	t.allow = t.allow || v == truth.Open || v == truth.Partial
	t.deny = t.deny || v == truth.Blocked || v == truth.Partial
	t.unsure = t.unsure || v == truth.Unknown
}

func (t *tally) verdict() truth.Verdict {
	switch {
	case t.unsure || !t.allow && !t.deny:
		return truth.Unknown
	case t.allow:
		return truth.Open
	default:
		return truth.Blocked
	}
}

// Selects reports whether a policy selects a pod, whatever its types and whether
// or not it is enforced. It is No for a policy that is not the evaluator's.
func (e *Evaluator) Selects(p *Policy, pod int) truth.Truth {
	c, ok := e.compiled[p]
	class := e.classes[e.classOf[pod]]
	if !ok || !p.clusterwide() && e.namespaces[class.namespace].name != p.Namespace {
		return truth.No
	}
	return e.selectsPods(c, class)
}

// Isolating returns the policies that certainly isolate the pod in a direction,
// by place. It is empty where policies are not certainly enforced: on hostNetwork
// pods, say. Pods that the same policies select share the list, which must not be
// changed.
func (e *Evaluator) Isolating(pod int, d Direction) []*Policy {
	s := e.subject(e.classOf[pod], d)
	if s.isolating == nil {
		s.isolating = policiesOf(s.sure)
	}
	return s.isolating
}

// PossiblyIsolating returns the policies of which the files do not decide
// whether they isolate the pod in a direction, by place.
func (e *Evaluator) PossiblyIsolating(pod int, d Direction) []*Policy {
	return policiesOf(e.subject(e.classOf[pod], d).possible)
}

func policiesOf(list []*compiled) []*Policy {
	policies := make([]*Policy, len(list))
	for i, c := range list {
		policies[i] = c.policy
	}
	return policies
}

// AdmitsAnything reports whether the pod may send anything at all: nothing
// certainly isolates it for egress, or one of its policies has an egress rule
// that can match a packet, or the Admin tier has rules for it. What rules deny
// does not count.
func (e *Evaluator) AdmitsAnything(pod int) bool {
	s := e.subject(e.classOf[pod], Egress)
	if len(s.sure) == 0 || len(s.tiers[AdminTier]) > 0 {
		return true
	}
	for r := range s.own() {
		// A named port matches only on pods.
		if r.ports.hi != noPorts || r.any || r.unsure || len(r.pods) > 0 {
			return true
		}
	}
	return false
}
