package engine

import (
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Capabilities are what rules are compiled with, and what tests of rules need besides.
func Capabilities(tests ...string) *ast.Capabilities {
	c := capabilities()
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		if slices.Contains(tests, b.Name) {
			c.Builtins = append(c.Builtins, b)
		}
	}
	return c
}

// Cases returns the names of a rule's messages.
func Cases(r Rule) []string { return slices.Sorted(maps.Keys(r.cases)) }

// ReferenceTitles returns the titles of a rule's references, in their order.
func ReferenceTitles(r Rule) []string {
	titles := make([]string, 0, len(r.resources))
	for _, res := range r.resources {
		titles = append(titles, res.title)
	}
	return titles
}

// Arguments returns the names that a rule's templates use, sorted.
func Arguments(r Rule) []string {
	names := make(map[string]bool)
	for _, c := range r.cases {
		for _, s := range slices.Concat(c.message, c.remedy) {
			if s.arg {
				names[s.text] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// OwnFunctions returns the functions that the rules of a project's own may call, and
// their tests.
func OwnFunctions() []string {
	return slices.Concat(allowedBuiltins, ownBuiltins, []string{"internal.test_case"})
}

// HasCost reports whether it is known what a call of a function may cost.
func HasCost(name string) bool {
	_, known := costs[name]
	return known
}
