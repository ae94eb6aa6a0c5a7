package trace

import "github.com/egresslint/egresslint/internal/netpol"

// policySet stands for the policies that isolate a pod: the evaluator has one list for
// all pods that the same policies select, of which this is the first place. It is nil
// for no policy.
type policySet **netpol.Policy

func setOf(isolating []*netpol.Policy) policySet {
	if len(isolating) == 0 {
		return nil
	}
	return &isolating[0]
}

// listed is what a gate has in a list already. Thousands of pods may meet one gate, each
// with thousands of policies, mostly the same.
type listed struct {
	names map[string]bool
	sets  map[policySet]bool // of which all names are listed
}

// first reports whether a name is new, and takes it for listed from then on.
func (l *listed) first(name string) bool {
	if l.names[name] {
		return false
	}
	if l.names == nil {
		l.names = make(map[string]bool)
	}
	l.names[name] = true
	return true
}

// unseen returns those of the policies of a pod whose names are new, and takes them for
// listed from then on.
func (l *listed) unseen(isolating []*netpol.Policy) (list []*netpol.Policy) {
	set := setOf(isolating)
	if l.sets[set] {
		return nil
	}
	for _, p := range isolating {
		if l.first(policyName(p)) {
			list = append(list, p)
		}
	}
	if l.sets == nil {
		l.sets = make(map[policySet]bool)
	}
	l.sets[set] = true
	return list
}
