package engine

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// allowedBuiltins are the built-in functions that rules may call: those that
// compute from their arguments alone. Nothing here reaches the network, the
// environment, the clock or a source of randomness, and a built-in that a later
// version of OPA adds stays out until someone puts it here.
var allowedBuiltins = []string{
	// operators and comparison
	"eq", "assign", "equal", "neq", "lt", "lte", "gt", "gte",
	"plus", "minus", "mul", "div", "rem", "and", "or",
	"internal.member_2", "internal.member_3",
	// collections
	"count", "max", "min", "sort", "sum", "union", "intersection",
	"array.concat", "array.slice", "array.reverse", "object.union_n",
	"object.get", "object.keys", "object.union", "numbers.range",
	// text
	"concat", "contains", "endswith", "format_int", "indexof", "lower", "replace",
	"split", "sprintf", "startswith", "substring", "trim", "trim_prefix",
	"trim_space", "trim_suffix", "upper", "to_number",
	// types
	"is_array", "is_boolean", "is_null", "is_number", "is_object", "is_set",
	"is_string", "type_name",
	// addresses
	"net.cidr_contains", "net.cidr_intersects", "net.cidr_is_valid",
}

// capabilities restricts the compiler to allowedBuiltins and to schemas that are
// given, never fetched.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(slices.Clone(c.Builtins), func(b *ast.Builtin) bool {
		return !slices.Contains(allowedBuiltins, b.Name)
	})
	c.AllowNet = []string{}
	return c
}
