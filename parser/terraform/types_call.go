package terraform

import (
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// Functions by the types of their results.
var (
	textResults = []string{
		"base64decode", "base64encode", "base64gzip", "base64sha256", "base64sha512", "basename", "chomp", "cidrhost",
		"cidrnetmask", "cidrsubnet", "dirname", "file", "filebase64", "filebase64sha256", "filebase64sha512", "filemd5",
		"filesha1", "filesha256", "filesha512", "format", "formatdate", "indent", "join", "jsonencode", "lower", "md5",
		"replace", "sha1", "sha256", "sha512", "strrev", "substr", "textdecodebase64",
		"textencodebase64", "timeadd", "timestamp", "title", "tostring", "trim", "trimprefix", "trimspace", "trimsuffix", "upper",
		"urlencode", "uuid", "uuidv5", "yamlencode",
	}
	numberResults = []string{
		"abs", "ceil", "floor", "index", "length", "log", "max", "min", "parseint", "pow", "signum", "sum", "timecmp", "tonumber",
	}
	boolResults = []string{
		"alltrue", "anytrue", "can", "contains", "endswith", "fileexists", "issensitive", "startswith", "strcontains", "tobool",
	}
	listOfTextResults = []string{"cidrsubnets", "compact", "formatlist", "sort", "split"}
)

// typeOfCall is the type of a function's result.
func (sc scope) typeOfCall(e *hclsyntax.FunctionCallExpr) cty.Type {
	switch name := e.Name; {
	case slices.Contains(textResults, name):
		return cty.String
	case slices.Contains(numberResults, name):
		return cty.Number
	case slices.Contains(boolResults, name):
		return cty.Bool
	case slices.Contains(listOfTextResults, name):
		return cty.List(cty.String)
	case name == "fileset":
		return cty.Set(cty.String)
	case name == "range":
		return cty.List(cty.Number)
	}
	if sc.isClosed(e) {
		return sc.typeOfClosed(e)
	}
	args := make([]cty.Type, len(e.Args))
	for i, a := range e.Args {
		args[i] = sc.typeOf(a)
	}
	if len(args) == 0 || e.ExpandFinal {
		return cty.DynamicPseudoType
	}
	first := args[0]
	switch e.Name {
	case "try":
		return first
	case "toset", "setunion", "setintersection", "setsubtract":
		return cty.Set(elementOf(first))
	case "tolist", "distinct":
		return cty.List(elementOf(first))
	case "tomap":
		return cty.Map(elementOf(first))
	case "one":
		return elementOf(first)
	case "element":
		if first.IsTupleType() && slices.ContainsFunc(first.TupleElementTypes(), func(t cty.Type) bool { return !t.Equals(first.TupleElementType(0)) }) {
			return cty.DynamicPseudoType // which one is taken decides
		}
		return elementOf(first)
	case "lookup":
		return sc.typeOfLookup(e, args)
	case "keys":
		if first.IsMapType() {
			return cty.List(cty.String)
		}
	case "values":
		if first.IsMapType() {
			return cty.List(first.ElementType())
		}
	case "coalesce":
		if t, _ := convert.UnifyUnsafe(args); t != cty.NilType {
			return t
		}
	case "concat":
		return typeOfConcat(args)
	case "merge":
		if first.IsMapType() && !slices.ContainsFunc(args, func(t cty.Type) bool { return !t.Equals(first) }) {
			return first
		}
	}
	return cty.DynamicPseudoType
}

// isClosed reports whether e refers to nothing but values that are known by now, so
// that it can be evaluated without evaluating anything else.
func (sc scope) isClosed(e hclsyntax.Expression) bool {
	for _, name := range sc.ev.roots(e) {
		v, ok := sc.lookup(name)
		switch {
		case ok:
		case name == "each" && sc.each != nil && sc.each.key != cty.NilVal && !sc.each.count:
			v = sc.each.val
		case name == "count" && sc.each != nil && sc.each.count, name == "path":
			continue
		default:
			return false
		}
		if hasCapsule(v.v) {
			return false
		}
	}
	return true
}

// typeOfClosed is the type of a closed expression's value. Its mistakes do not
// count: the branch is not taken.
func (sc scope) typeOfClosed(e hclsyntax.Expression) cty.Type {
	v, ok := sc.ev.attempt(func() value { return sc.eval(e) })
	if !ok {
		return cty.DynamicPseudoType
	}
	return boundType(v, nil)
}

// elementOf is the type that the elements of a collection have in common.
func elementOf(t cty.Type) cty.Type {
	switch {
	case t.IsCollectionType():
		return t.ElementType()
	case !t.IsTupleType() && !t.IsObjectType() || t.HasDynamicTypes():
		return cty.DynamicPseudoType
	}
	if c := commonElement(cty.List, t, t); c != cty.NilType && c.IsListType() {
		return c.ElementType()
	}
	return cty.DynamicPseudoType
}

func (sc scope) typeOfLookup(e *hclsyntax.FunctionCallExpr, args []cty.Type) cty.Type {
	if args[0].IsMapType() {
		return args[0].ElementType()
	}
	if !args[0].IsObjectType() || len(args) < 2 {
		return cty.DynamicPseudoType
	}
	key, ok := literal(e.Args[1])
	switch {
	case !ok:
	case args[0].HasAttribute(key):
		return args[0].AttributeType(key)
	case len(args) == 3:
		return args[2]
	}
	return cty.DynamicPseudoType
}

// typeOfConcat is a list if all arguments are lists of one type, else a tuple.
func typeOfConcat(args []cty.Type) cty.Type {
	var types []cty.Type
	lists := 0
	for _, t := range args {
		switch {
		case t.IsListType() && t.Equals(args[0]):
			lists++
		case t.IsTupleType():
			types = append(types, t.TupleElementTypes()...)
		default:
			return cty.DynamicPseudoType // a list whose length is not plain
		}
	}
	switch lists {
	case len(args):
		return args[0]
	case 0:
		return cty.Tuple(types)
	default:
		return cty.DynamicPseudoType
	}
}
