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

// ownBuiltins are what the rules of a project's own may call besides: functions of
// the same kind that the built-in rules do without. The compiler takes print out of
// rules; it prints in their tests.
var ownBuiltins = []string{
	"abs", "ceil", "floor", "round", "json.filter", "json.remove", "object.filter", "object.remove", "object.subset",
	"array.flatten", "glob.match", "regex.match", "regex.replace", "regex.split", "regex.is_valid",
	"strings.any_prefix_match", "strings.any_suffix_match", "strings.count", "strings.replace_n", "strings.reverse",
	"trim_left", "trim_right", "net.cidr_contains_matches", "net.cidr_merge",
	"print", "internal.print",
}

// capabilities are those of the built-in rules.
func capabilities() *ast.Capabilities { return restrict(allowedBuiltins) }

// ownCapabilities are those of the rules of a project's own.
func ownCapabilities(more ...string) *ast.Capabilities {
	return restrict(slices.Concat(allowedBuiltins, ownBuiltins, more))
}

// restrict leaves the compiler the built-in functions of the given names, and
// schemas that are given, never fetched.
func restrict(builtins []string) *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(slices.Clone(c.Builtins), func(b *ast.Builtin) bool {
		return !slices.Contains(builtins, b.Name)
	})
	c.AllowNet = []string{}
	return c
}
