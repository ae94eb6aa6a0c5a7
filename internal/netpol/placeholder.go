package netpol

import (
	"regexp"
	"slices"

	"github.com/egresslint/egresslint/parser/located"
)

// placeholder is what envsubst and Flux's postBuild replace in manifests before they
// are applied: ${NAME}, with or without a default.
var placeholder = regexp.MustCompile(`\$\{[A-Za-z_][^}]*\}`)

// withoutPlaceholders returns v with unknowns in the place of texts that something
// fills in before the policy is applied. No text that the API server accepts in the
// fields of policies looks like one.
func withoutPlaceholders(v *located.Value) *located.Value {
	if !hasPlaceholder(v) {
		return v
	}
	if v.Kind == located.String {
		return &located.Value{Kind: located.Unknown, Range: v.Range, Via: v.Via, Reason: placeholder.FindString(v.Str) + " is filled in before the policy is applied"}
	}
	c := *v
	c.List, c.Map = slices.Clone(v.List), slices.Clone(v.Map)
	for i, item := range c.List {
		c.List[i] = withoutPlaceholders(item)
	}
	for i, f := range c.Map {
		c.Map[i].Value = withoutPlaceholders(f.Value)
	}
	return &c
}

func hasPlaceholder(v *located.Value) bool {
	switch v.Kind {
	case located.String:
		return placeholder.MatchString(v.Str)
	case located.List:
		return slices.ContainsFunc(v.List, hasPlaceholder)
	case located.Map:
		return slices.ContainsFunc(v.Map, func(f located.Field) bool { return hasPlaceholder(f.Value) })
	default:
		return false
	}
}
