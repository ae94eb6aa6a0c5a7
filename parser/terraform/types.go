package terraform

import (
	"maps"
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
	case !other.HasDynamicTypes() && !withoutNulls(v.v).HasDynamicTypes():
		common := commonType(t, other)
		if t.HasDynamicTypes() { // nulls, which have any type, in a list
			if !t.IsTupleType() || !other.IsListType() && (!other.IsTupleType() || other.Length() == t.Length()) {
				return v, nil
			}
			common = commonElement(cty.List, withoutNulls(v.v), other)
		}
		if common == cty.DynamicPseudoType {
			return v, nil
		}
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

// withoutNulls is the type of a list without the elements that are null, and that of
// any other value.
func withoutNulls(v cty.Value) cty.Type {
	v, _ = v.Unmark()
	if !v.Type().IsTupleType() || !v.IsKnown() || v.IsNull() {
		return v.Type()
	}
	var types []cty.Type
	for it := v.ElementIterator(); it.Next(); {
		if _, e := it.Element(); !e.IsNull() {
			types = append(types, e.Type())
		}
	}
	return cty.Tuple(types)
}

// maxStatic bounds the locals that staticType follows, one in the other.
const maxStatic = 16

// staticType is the type of an expression as far as its syntax shows it. It
// evaluates nothing that e refers to, because e is a branch that is not taken.
func (sc scope) staticType(e hclsyntax.Expression) cty.Type {
	sc.ev.typed = 0
	return sc.typeOf(e)
}

func (sc scope) typeOf(e hclsyntax.Expression) cty.Type {
	if sc.ev.typed++; sc.ev.typed > maxUnified {
		return cty.DynamicPseudoType
	}
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return sc.typeOf(e.Expression)
	case *jsonString:
		return sc.typeOf(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return sc.typeOf(e.Wrapped)
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
		if len(e.Exprs) > maxUnified {
			break
		}
		types := make([]cty.Type, len(e.Exprs))
		for i, el := range e.Exprs {
			types[i] = sc.typeOf(el)
		}
		return cty.Tuple(types)
	case *hclsyntax.ObjectConsExpr:
		if len(e.Items) > maxUnified {
			break
		}
		types := make(map[string]cty.Type, len(e.Items))
		for _, item := range e.Items {
			key, ok := literal(item.KeyExpr)
			if !ok {
				return cty.DynamicPseudoType
			}
			types[key] = sc.typeOf(item.ValueExpr)
		}
		return cty.Object(types)
	case *hclsyntax.ScopeTraversalExpr:
		return sc.staticReference(e.Traversal)
	case *hclsyntax.RelativeTraversalExpr:
		return stepTypes(sc.typeOf(e.Source), e.Traversal)
	case *hclsyntax.IndexExpr:
		if lit, ok := e.Key.(*hclsyntax.LiteralValueExpr); ok {
			return stepTypes(sc.typeOf(e.Collection), hcl.Traversal{hcl.TraverseIndex{Key: lit.Val}})
		}
		if t := sc.typeOf(e.Collection); t.IsListType() || t.IsMapType() {
			return t.ElementType()
		}
	case *hclsyntax.FunctionCallExpr:
		return sc.typeOfCall(e)
	case *hclsyntax.ForExpr, *hclsyntax.SplatExpr:
		if sc.isClosed(e) {
			return sc.typeOfClosed(e)
		}
	}
	return cty.DynamicPseudoType
}

// staticConditional is the type that the two branches have in common.
func (sc scope) staticConditional(e *hclsyntax.ConditionalExpr) cty.Type {
	t, f := sc.typeOf(e.TrueResult), sc.typeOf(e.FalseResult)
	switch {
	case isNullLiteral(e.TrueResult):
		return f
	case isNullLiteral(e.FalseResult):
		return t
	case t.HasDynamicTypes() || f.HasDynamicTypes():
		return cty.DynamicPseudoType
	}
	if common := commonType(t, f); common != cty.NilType {
		return common
	}
	return cty.DynamicPseudoType
}

// commonType is the type that two types can be converted to, or NilType if there is
// none. The library compares every two of the types inside: of long lists it is
// given each type once, and what is still large is DynamicPseudoType, not looked at.
func commonType(a, b cty.Type) cty.Type {
	if !a.IsTupleType() && !a.IsObjectType() {
		a, b = b, a
	}
	switch {
	case a.IsTupleType() && b.IsTupleType() && a.Length() != b.Length():
		return commonElement(cty.List, a, b)
	case a.IsTupleType() && b.IsListType():
		return commonElement(cty.List, a, b)
	case a.IsObjectType() && b.IsMapType():
		return commonElement(cty.Map, a, b)
	case a.IsObjectType() && b.IsObjectType() && !sameNames(a.AttributeTypes(), b.AttributeTypes()):
		return commonElement(cty.Map, a, b)
	case sizeOf(a, maxUnified) >= maxUnified || sizeOf(b, maxUnified) >= maxUnified:
		return cty.DynamicPseudoType
	}
	t, _ := convert.UnifyUnsafe([]cty.Type{a, b})
	return t
}

// maxUnified bounds the types whose common type is looked for, and those that
// staticType looks at: types and expressions inside of one.
const maxUnified = 500

// commonElement is the type of the collection that the elements of both types fit in.
func commonElement(collection func(cty.Type) cty.Type, a, b cty.Type) cty.Type {
	var types []cty.Type
	size := 0
	for _, t := range append(elementTypes(a), elementTypes(b)...) {
		if slices.ContainsFunc(types, t.Equals) {
			continue
		}
		types = append(types, t)
		if size += sizeOf(t, maxUnified); size >= maxUnified {
			return cty.DynamicPseudoType
		}
	}
	if len(types) == 0 {
		return cty.DynamicPseudoType
	}
	t, _ := convert.UnifyUnsafe(types)
	if t == cty.NilType {
		return cty.NilType
	}
	return collection(t)
}

func elementTypes(t cty.Type) []cty.Type {
	switch {
	case t.IsTupleType():
		return slices.Clone(t.TupleElementTypes())
	case t.IsObjectType():
		attrs := t.AttributeTypes()
		types := make([]cty.Type, 0, len(attrs))
		for _, name := range slices.Sorted(maps.Keys(attrs)) {
			types = append(types, attrs[name])
		}
		return types
	default:
		return []cty.Type{t.ElementType()}
	}
}

func sameNames(a, b map[string]cty.Type) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		if _, ok := b[name]; !ok {
			return false
		}
	}
	return true
}

// sizeOf counts the types inside of t, up to limit.
func sizeOf(t cty.Type, limit int) int {
	n := 1
	switch {
	case t.IsCollectionType():
		n += sizeOf(t.ElementType(), limit-n)
	case t.IsTupleType() || t.IsObjectType():
		if t.IsTupleType() && t.Length() > limit || t.IsObjectType() && len(t.AttributeTypes()) > limit {
			return limit
		}
		for _, e := range elementTypes(t) {
			if n >= limit {
				return limit
			}
			n += sizeOf(e, limit-n)
		}
	}
	return n
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
			return stepTypes(scope{ev: sc.ev, mod: sc.mod}.typeOf(at.expr), t[2:])
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
