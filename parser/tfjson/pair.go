package tfjson

import (
	"github.com/egresslint/egresslint/parser/located"
)

// maxPairs bounds the comparisons for one list. Longer lists are paired by position.
const maxPairs = 1 << 16

// pair finds the element of the configuration's list that each element of the plan's
// list comes from, nil where none does.
func pair(plan, hcl []*located.Value) []*located.Value {
	out := make([]*located.Value, len(plan))
	used := make([]bool, len(hcl))
	tryEach := func(same func(p, h *located.Value) bool, elsewhere bool) {
		for i, p := range plan {
			if out[i] == nil && i < len(hcl) && !used[i] && same(p, hcl[i]) {
				out[i], used[i] = hcl[i], true
			}
		}
		if !elsewhere || len(plan)*len(hcl) > maxPairs {
			return
		}
		for i, p := range plan {
			for j, h := range hcl {
				if out[i] == nil && !used[j] && same(p, h) {
					out[i], used[j] = h, true
				}
			}
		}
	}
	tryEach(equal, true)
	tryEach(agree, true)
	if len(plan) == len(hcl) && len(plan) == 1 {
		tryEach(func(p, h *located.Value) bool { return true }, false) // a single block is itself
	}
	return out
}

// equal reports whether the plan has just what the configuration says.
func equal(plan, hcl *located.Value) bool { return compare(plan, hcl, false) }

// agree reports whether the plan may have come from the configuration, as far as
// both are known.
func agree(plan, hcl *located.Value) bool { return compare(plan, hcl, true) }

func compare(plan, hcl *located.Value, lenient bool) bool {
	if plan.Kind == located.Unknown || hcl.Kind == located.Unknown {
		return lenient
	}
	if refs, _ := located.Refs(hcl.Str); lenient && len(refs) > 0 {
		return plan.Kind == located.String
	}
	switch hcl.Kind {
	case located.Null:
		return plan.Kind == located.Null
	case located.List:
		if plan.Kind != located.List || len(plan.List) != len(hcl.List) {
			return false
		}
		for i, h := range hcl.List {
			if !compare(plan.List[i], h, lenient) {
				return false
			}
		}
		return true
	case located.Map:
		if plan.Kind != located.Map {
			return false
		}
		for _, h := range hcl.Map {
			if !compare(plan.Get(h.Key), h.Value, lenient) {
				return false
			}
		}
		return true
	default:
		// The provider's types convert what is written: "2" is as good as 2.
		p, ok := plan.Text()
		h, _ := hcl.Text()
		return ok && p == h
	}
}
