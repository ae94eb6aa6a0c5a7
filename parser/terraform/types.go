package terraform

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// unified converts the result of a conditional to the type that it has in common
// with the other branch, as far as the type of that is plain to see. bad is the
// result when there is none.
func (sc scope) unified(v value, other cty.Type, rng hcl.Range) (out value, bad *value) {
	t := v.v.Type()
	switch {
	case v.v.IsNull(), other == cty.DynamicPseudoType, t.Equals(other), hasPlaceholder(v.v), hasCapsule(v.v):
		// A placeholder may stand for a list, so its type says nothing; but where it
		// stands in a list, and the other branch is a set, the result is one.
		if !t.IsTupleType() || !other.IsSetType() && !other.IsListType() {
			return v, nil
		}
	case !t.HasDynamicTypes() && !other.HasDynamicTypes():
		common, _ := convert.UnifyUnsafe([]cty.Type{t, other})
		if common == cty.NilType {
			u := sc.fail(rng, "decide condition: the two results are of different types, %s and %s", t.FriendlyName(), other.FriendlyName())
			return value{}, &u
		}
		other = common
	case !t.IsTupleType() || !other.IsSetType() && !other.IsListType():
		return v, nil
	}
	c, err := convertTo(v.v, other)
	if err != nil {
		return v, nil
	}
	return value{c, reordered(c, v)}, nil
}

// maxStatic bounds the locals that staticType follows.
const maxStatic = 16

// staticType is the type of an expression as far as its syntax shows it. It
// never evaluates anything, because e is a branch that is not taken.
func (sc scope) staticType(e hclsyntax.Expression) cty.Type {
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return sc.staticType(e.Expression)
	case *jsonString:
		return sc.staticType(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return sc.staticType(e.Wrapped)
	case *hclsyntax.LiteralValueExpr:
		if !e.Val.IsNull() {
			return e.Val.Type()
		}
	case *hclsyntax.TemplateExpr, *hclsyntax.TemplateJoinExpr:
		return cty.String
	case *hclsyntax.BinaryOpExpr:
		return e.Op.Type
	case *hclsyntax.UnaryOpExpr:
		return e.Op.Type
	case *hclsyntax.ConditionalExpr:
		return sc.staticConditional(e)
	case *hclsyntax.TupleConsExpr:
		types := make([]cty.Type, len(e.Exprs))
		for i, el := range e.Exprs {
			types[i] = sc.staticType(el)
		}
		return cty.Tuple(types)
	case *hclsyntax.ObjectConsExpr:
		types := make(map[string]cty.Type, len(e.Items))
		for _, item := range e.Items {
			key, ok := literal(item.KeyExpr)
			if !ok {
				return cty.DynamicPseudoType
			}
			types[key] = sc.staticType(item.ValueExpr)
		}
		return cty.Object(types)
	case *hclsyntax.ScopeTraversalExpr:
		return sc.staticReference(e.Traversal)
	case *hclsyntax.RelativeTraversalExpr:
		return stepTypes(sc.staticType(e.Source), e.Traversal)
	case *hclsyntax.IndexExpr:
		if lit, ok := e.Key.(*hclsyntax.LiteralValueExpr); ok {
			return stepTypes(sc.staticType(e.Collection), hcl.Traversal{hcl.TraverseIndex{Key: lit.Val}})
		}
		if t := sc.staticType(e.Collection); t.IsListType() || t.IsMapType() {
			return t.ElementType()
		}
	case *hclsyntax.FunctionCallExpr:
		if e.Name == "try" && len(e.Args) > 0 {
			return sc.staticType(e.Args[0])
		}
		return staticResult(e.Name)
	}
	return cty.DynamicPseudoType
}

// staticConditional is the type that the two branches have in common.
func (sc scope) staticConditional(e *hclsyntax.ConditionalExpr) cty.Type {
	t, f := sc.staticType(e.TrueResult), sc.staticType(e.FalseResult)
	switch {
	case isNullLiteral(e.TrueResult):
		return f
	case isNullLiteral(e.FalseResult):
		return t
	case t.HasDynamicTypes() || f.HasDynamicTypes():
		return cty.DynamicPseudoType
	}
	if common, _ := convert.UnifyUnsafe([]cty.Type{t, f}); common != cty.NilType {
		return common
	}
	return cty.DynamicPseudoType
}

func isNullLiteral(e hclsyntax.Expression) bool {
	lit, ok := e.(*hclsyntax.LiteralValueExpr)
	return ok && lit.Val.IsNull()
}

// staticReference is the type of a variable, a local, or what the expression
// stands in has bound.
func (sc scope) staticReference(t hcl.Traversal) cty.Type {
	if v, ok := sc.lookup(t.RootName()); ok {
		return boundType(v, t[1:])
	}
	names := attrNames(t[1:])
	if sc.mod == nil || len(names) == 0 {
		return cty.DynamicPseudoType
	}
	switch t.RootName() {
	case "var":
		if blk, ok := sc.mod.cfg.variables[names[0]]; ok {
			return stepTypes(sc.ev.variableType(blk).typ.WithoutOptionalAttributesDeep(), t[2:])
		}
	case "local":
		if at, ok := sc.mod.cfg.locals[names[0]]; ok && sc.ev.walk < maxStatic {
			sc.ev.walk++
			defer func() { sc.ev.walk-- }()
			return stepTypes(scope{ev: sc.ev, mod: sc.mod}.staticType(at.expr), t[2:])
		}
	case "each", "count":
		if v, ok := sc.each.get(t.RootName(), names[0]); ok {
			return boundType(v, t[2:])
		}
	case "path":
		return cty.String
	}
	return cty.DynamicPseudoType
}

// boundType is the type of what the steps lead to in a value that is known by now.
// A placeholder may stand for a value of any type.
func boundType(v value, steps hcl.Traversal) cty.Type {
	if hasPlaceholder(v.v) {
		return cty.DynamicPseudoType
	}
	return stepTypes(v.v.Type(), steps)
}

// stepTypes is the type of what the steps lead to in a value of type t.
func stepTypes(t cty.Type, steps hcl.Traversal) cty.Type {
	for _, step := range steps {
		var key cty.Value
		switch s := step.(type) {
		case hcl.TraverseAttr:
			key = cty.StringVal(s.Name)
		case hcl.TraverseIndex:
			key = s.Key
		default:
			return cty.DynamicPseudoType
		}
		name, isText := asString(key)
		i, isIndex := asInt(key)
		switch {
		case t.IsMapType() || t.IsListType():
			t = t.ElementType()
		case t.IsObjectType() && isText && t.HasAttribute(name):
			t = t.AttributeType(name)
		case t.IsTupleType() && isIndex && i >= 0 && i < t.Length():
			t = t.TupleElementType(i)
		default:
			return cty.DynamicPseudoType
		}
	}
	if t.IsCapsuleType() {
		return cty.DynamicPseudoType
	}
	return t
}

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

func staticResult(function string) cty.Type {
	switch {
	case slices.Contains(textResults, function):
		return cty.String
	case slices.Contains(numberResults, function):
		return cty.Number
	case slices.Contains(boolResults, function):
		return cty.Bool
	case slices.Contains(listOfTextResults, function):
		return cty.List(cty.String)
	case function == "fileset":
		return cty.Set(cty.String)
	case function == "toset" || function == "setunion" || function == "setintersection" || function == "setsubtract":
		return cty.Set(cty.DynamicPseudoType)
	case function == "tolist":
		return cty.List(cty.DynamicPseudoType)
	default:
		return cty.DynamicPseudoType
	}
}
