package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// scope is what an expression can refer to besides its module.
type scope struct {
	ev    *evaluator
	mod   *module   // nil inside a template file, which sees only its own variables
	each  *each     // of the block instance the expression is in, nil outside of any
	self  *instance // nil outside of resources
	frame *frame    // the innermost for, splat or dynamic
}

// frame is one iteration of a for, splat or dynamic.
type frame struct {
	name string
	anon *hclsyntax.AnonSymbolExpr // of a splat, which has no name
	val  value
	up   *frame
}

func (sc scope) with(name string, v value) scope {
	sc.frame = &frame{name: name, val: v, up: sc.frame}
	return sc
}

func (sc scope) lookup(name string) (value, bool) {
	for f := sc.frame; f != nil; f = f.up {
		if f.anon == nil && f.name == name {
			return f.val, true
		}
	}
	return value{}, false
}

// maxDepth bounds how deep expressions, and references among them, may go.
const maxDepth = 10_000

// eval returns the value of an expression, unknown with a reason where it
// cannot be told. Mistakes go to the evaluator's current sink.
func (sc scope) eval(e hclsyntax.Expression) value {
	ev := sc.ev
	if ev.depth >= maxDepth {
		ev.limit(e.Range(), "evaluate expression: references are more than %d deep", maxDepth)
		return unknown("its references go too deep")
	}
	if !ev.spend(steps, 1, e.Range()) {
		return unknown(tooCostly)
	}
	ev.depth++
	defer func() { ev.depth-- }()

	if sc.mod != nil && sc.shareable(e) {
		if v, ok := sc.mod.shared[e]; ok {
			return v
		}
		before := ev.sink.len()
		v := sc.evalNode(e)
		if ev.sink.len() == before && ev.presumed == "" && !ev.spent.over {
			sc.mod.shared[e] = v
		}
		return v
	}
	return sc.evalNode(e)
}

func (sc scope) evalNode(e hclsyntax.Expression) value {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return sc.number(value{v: e.Val}, e.SrcRange)
	case *hclsyntax.ParenthesesExpr:
		return sc.eval(e.Expression)
	case *jsonString:
		return sc.eval(e.Expression)
	case *hclsyntax.ScopeTraversalExpr:
		return sc.resolve(e.Traversal)
	case *hclsyntax.RelativeTraversalExpr:
		return sc.traverse(sc.eval(e.Source), e.Traversal)
	case *hclsyntax.FunctionCallExpr:
		return sc.call(e)
	case *hclsyntax.ConditionalExpr:
		return sc.conditional(e)
	case *hclsyntax.IndexExpr:
		return sc.index(sc.eval(e.Collection), sc.eval(e.Key), e.BracketRange)
	case *hclsyntax.TupleConsExpr:
		return sc.tuple(e)
	case *hclsyntax.ObjectConsExpr:
		return sc.object(e)
	case *hclsyntax.ObjectConsKeyExpr:
		return sc.objectKey(e)
	case *hclsyntax.ForExpr:
		return sc.forExpr(e)
	case *hclsyntax.SplatExpr:
		return sc.splat(e)
	case *hclsyntax.AnonSymbolExpr:
		for f := sc.frame; f != nil; f = f.up {
			if f.anon == e {
				return f.val
			}
		}
		return unknown("it stands outside of its splat expression")
	case *hclsyntax.BinaryOpExpr:
		return sc.binary(e)
	case *hclsyntax.UnaryOpExpr:
		return sc.unary(e)
	case *hclsyntax.TemplateExpr:
		return sc.template(e)
	case *hclsyntax.TemplateWrapExpr:
		return sc.eval(e.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		return sc.templateJoin(e)
	default: // an expression that could not be parsed, which is reported already
		return unknown("its expression could not be parsed")
	}
}

func (sc scope) tuple(e *hclsyntax.TupleConsExpr) value {
	if !sc.ev.spend(elements, len(e.Exprs), e.SrcRange) {
		return unknown(tooCostly)
	}
	vals := make([]cty.Value, len(e.Exprs))
	o := &origin{elems: make([]*origin, len(e.Exprs))}
	for i, el := range e.Exprs {
		v := sc.eval(el)
		vals[i] = v.v
		o.elems[i] = placed(v.o, el.Range())
	}
	return value{cty.TupleVal(vals), o}
}

func (sc scope) object(e *hclsyntax.ObjectConsExpr) value {
	if !sc.ev.spend(elements, 2+2*len(e.Items), e.SrcRange) {
		return unknown(tooCostly)
	}
	vals := make(map[string]cty.Value, len(e.Items))
	o := &origin{fields: make(map[string]*origin, len(e.Items))}
	var unsure *value // a key that is not known
	var marks cty.ValueMarks
	for _, item := range e.Items {
		key := sc.eval(item.KeyExpr)
		v := sc.eval(item.ValueExpr)
		name, res := sc.key(key, item.KeyExpr.Range())
		if res != nil {
			unsure = res
			continue
		}
		if _, dup := vals[name]; !dup {
			o.keys = append(o.keys, keyPlace{name, item.KeyExpr.Range()})
		}
		vals[name] = named(name, v.v)
		marks = joinMarks(marks, sensitiveMarks(key.v))
		o.fields[name] = placed(v.o, item.ValueExpr.Range())
	}
	if unsure != nil {
		return *unsure
	}
	return value{cty.ObjectVal(vals).WithMarks(marks), o}
}

// key converts an object key; unsure is the value of the whole object when the
// key is not known.
func (sc scope) key(key value, rng hcl.Range) (name string, unsure *value) {
	k, _ := key.v.Unmark()
	if !k.IsKnown() {
		u := unknownLike(key.v)
		return "", &u
	}
	if k.IsNull() {
		u := sc.fail(rng, "use as key: the value is null")
		return "", &u
	}
	s, err := convertTo(k, cty.String)
	if err != nil {
		u := sc.fail(rng, "use as key: %v", err)
		return "", &u
	}
	return s.AsString(), nil
}

func (sc scope) objectKey(e *hclsyntax.ObjectConsKeyExpr) value {
	if !e.ForceNonLiteral {
		if name := hcl.ExprAsKeyword(e.Wrapped); name != "" {
			return value{v: cty.StringVal(name)}
		}
		if t, ok := e.Wrapped.(*hclsyntax.ScopeTraversalExpr); ok && len(t.Traversal) > 1 {
			return sc.fail(e.Range(), "use as key: put the reference in parentheses, or the text in quotes")
		}
	}
	return sc.eval(e.Wrapped)
}

func (sc scope) conditional(e *hclsyntax.ConditionalExpr) value {
	cond := sc.eval(e.Condition)
	b, known := sc.truth(cond, e.Condition.Range())
	if known == nil {
		taken, other := e.FalseResult, e.TrueResult
		if b {
			taken, other = other, taken
		}
		v, bad := sc.unified(sc.eval(taken), sc.staticType(other), e.SrcRange)
		if bad != nil {
			return *bad
		}
		if v.o != nil || isPlainLiteral(taken) {
			v.o = placed(v.o, taken.Range())
		}
		v.v = v.v.WithMarks(sensitiveMarks(cond.v))
		return v
	}
	return *known
}

// truth returns the value of a condition, or in unsure what to take for the
// whole expression when it is not known or no condition at all.
func (sc scope) truth(cond value, rng hcl.Range) (b bool, unsure *value) {
	v, _ := cond.v.Unmark()
	if !v.IsKnown() {
		u := unknownLike(cond.v)
		return false, &u
	}
	if v.IsNull() {
		u := sc.fail(rng, "decide condition: it is null")
		return false, &u
	}
	bv, err := convertTo(v, cty.Bool)
	if err != nil || !bv.IsKnown() {
		if hasPlaceholder(v) {
			u := unknown(afterApply(v))
			return false, &u
		}
		u := sc.fail(rng, "decide condition: it is no bool")
		return false, &u
	}
	return bv.True(), nil
}

func isPlainLiteral(e hclsyntax.Expression) bool {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return true
	case *hclsyntax.TemplateExpr:
		return true
	case *hclsyntax.ParenthesesExpr:
		return isPlainLiteral(e.Expression)
	case *jsonString:
		return isPlainLiteral(e.Expression)
	default:
		return false
	}
}

func (sc scope) unary(e *hclsyntax.UnaryOpExpr) value {
	arg := sc.eval(e.Val)
	param := e.Op.Impl.Params()[0].Type
	v, bad := sc.operand(arg, param, e.Val.Range())
	if bad != nil {
		return *bad
	}
	out, err := e.Op.Impl.Call([]cty.Value{v})
	if err != nil {
		return sc.fail(e.SrcRange, "evaluate operator: %v", err)
	}
	return sc.number(value{withReasons(out, []value{arg}), combined([]value{arg})}, e.SrcRange)
}

// operand converts an operand to the type that an operator takes.
func (sc scope) operand(arg value, want cty.Type, rng hcl.Range) (cty.Value, *value) {
	if arg.v.IsNull() && want != cty.DynamicPseudoType {
		u := sc.fail(rng, "evaluate operator: the operand is null")
		return cty.NilVal, &u
	}
	v, err := convertTo(arg.v, want)
	if err == nil {
		return v, nil
	}
	if hasPlaceholder(arg.v) {
		u := unknown(afterApply(arg.v))
		return cty.NilVal, &u
	}
	u := sc.fail(rng, "evaluate operator: %v", err)
	return cty.NilVal, &u
}

func (sc scope) binary(e *hclsyntax.BinaryOpExpr) value {
	switch e.Op {
	case hclsyntax.OpLogicalAnd, hclsyntax.OpLogicalOr:
		return sc.logical(e)
	case hclsyntax.OpEqual, hclsyntax.OpNotEqual:
		l, r := sc.eval(e.LHS), sc.eval(e.RHS)
		eq := equal(l.v, r.v)
		if e.Op == hclsyntax.OpNotEqual {
			eq = eq.Not()
		}
		return value{eq, combined([]value{l, r})}
	}
	l, r := sc.eval(e.LHS), sc.eval(e.RHS)
	params := e.Op.Impl.Params()
	lv, bad := sc.operand(l, params[0].Type, e.LHS.Range())
	if bad != nil {
		return *bad
	}
	rv, bad := sc.operand(r, params[1].Type, e.RHS.Range())
	if bad != nil {
		return *bad
	}
	out, err := e.Op.Impl.Call([]cty.Value{lv, rv})
	if err != nil {
		return sc.fail(e.SrcRange, "evaluate operator: %v", err)
	}
	args := []value{l, r}
	return sc.number(value{withReasons(out, args), combined(args)}, e.SrcRange)
}

// logical evaluates && and ||. One side that decides is enough: the other side
// is not looked at, or may be unknown. Terraform looks at both sides when it
// plans, but what is applied in the end is the same.
func (sc scope) logical(e *hclsyntax.BinaryOpExpr) value {
	decides := e.Op == hclsyntax.OpLogicalOr // true decides ||, false decides &&
	l := sc.eval(e.LHS)
	lb, lu := sc.truth(l, e.LHS.Range())
	if lu == nil && lb == decides {
		return value{cty.BoolVal(decides).WithMarks(sensitiveMarks(l.v)), combined([]value{l})}
	}
	r := sc.eval(e.RHS)
	rb, ru := sc.truth(r, e.RHS.Range())
	switch {
	case ru == nil && rb == decides:
		return value{cty.BoolVal(decides).WithMarks(sensitiveMarks(r.v)), combined([]value{r})}
	case lu != nil:
		return value{v: cty.UnknownVal(cty.Bool).RefineNotNull().WithSameMarks(lu.v)}
	case ru != nil:
		return value{v: cty.UnknownVal(cty.Bool).RefineNotNull().WithSameMarks(ru.v)}
	default:
		return value{cty.BoolVal(!decides).WithMarks(sensitiveMarks(l.v), sensitiveMarks(r.v)), combined([]value{l, r})}
	}
}
