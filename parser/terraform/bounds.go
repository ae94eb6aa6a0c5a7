package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// Bounds on one value. Terraform is a language in which a few lines can ask for more
// than any machine has: lists of lists of lists, strings that double, powers of
// powers.
const (
	// maxWeight bounds one value, see weigh.
	maxWeight = 200_000
	// maxText bounds a string, in bytes.
	maxText = 64 << 20
	// maxArgument bounds the text that a function is given, in bytes: none makes more
	// than some times as much of it without being asked to.
	maxArgument = 16 << 20
	// maxExponent bounds numbers, in binary digits.
	maxExponent = 1 << 13
)

// bounded returns v, or an unknown if it is larger than a value may be.
func (ev *evaluator) bounded(v value, rng hcl.Range) value {
	w := maxWeight
	if !weigh(v.v, &w) {
		ev.limit(rng, "evaluate expression: its value is too large")
		return value{unknown("its value is too large").v, v.o.whole()}
	}
	return v
}

// weigh subtracts the weight of v from left: one for each element and each 256
// bytes of text. It reports whether left was enough, and stops when it was not.
func weigh(v cty.Value, left *int) bool {
	*left--
	if *left < 0 {
		return false
	}
	v, _ = v.Unmark()
	t := v.Type()
	if v.IsNull() || !v.IsKnown() || t.IsCapsuleType() {
		return true
	}
	switch {
	case t == cty.String:
		*left -= len(v.AsString()) / 256
		return *left >= 0
	case t == cty.Number:
		return !tooLarge(v)
	case t.IsPrimitiveType():
		return true
	}
	if !v.CanIterateElements() {
		return true
	}
	if v.LengthInt() > *left {
		return false
	}
	for it := v.ElementIterator(); it.Next(); {
		if _, e := it.Element(); !weigh(e, left) {
			return false
		}
	}
	return true
}

// tooLarge reports whether a number takes more room than any use of it could need.
func tooLarge(v cty.Value) bool {
	f := v.AsBigFloat()
	if f.IsInf() {
		return false
	}
	exp := f.MantExp(nil)
	return exp > maxExponent || exp < -maxExponent
}

// number returns the result of an arithmetic expression, within bounds.
func (sc scope) number(v value, rng hcl.Range) value {
	u, _ := v.v.Unmark()
	if u.Type() == cty.Number && u.IsKnown() && !u.IsNull() && tooLarge(u) {
		sc.ev.limit(rng, "evaluate expression: the number is too large")
		return unknown("its value is too large")
	}
	return v
}
