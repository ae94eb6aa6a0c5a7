package terraform

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// call evaluates a function call.
func (sc scope) call(e *hclsyntax.FunctionCallExpr) value {
	name := strings.TrimPrefix(e.Name, "core::")
	if strings.Contains(name, "::") {
		sc.arguments(e)
		return unknown("the provider function " + name + " runs only in Terraform")
	}
	switch name {
	case "try":
		return sc.try(e)
	case "can":
		return sc.can(e)
	}
	if why, ok := unpredictable[name]; ok {
		return unknown(name + "() " + why)
	}
	args, unsure := sc.arguments(e)
	if unsure != nil {
		return *unsure
	}
	return sc.invoke(e, name, args)
}

// invoke calls a function with arguments that are evaluated.
func (sc scope) invoke(e *hclsyntax.FunctionCallExpr, name string, args []value) value {
	if f, ok := special[name]; ok {
		if len(args) < f.min || f.max >= 0 && len(args) > f.max {
			return sc.fail(e.Range(), "call %s: it does not take %d arguments", name, len(args))
		}
		c := &callSite{name: name, expr: e, args: args}
		return sc.paid(e.Range(), kept(c, f.eval(sc, c)))
	}
	f, ok := functions[name]
	if !ok {
		sc.ev.mistake(e.NameRange, "call %s: there is no such function", name)
		return unknown("its expression is not valid")
	}
	return sc.apply(&callSite{name: name, expr: e, args: args}, f)
}

// unpredictable are functions whose result differs from run to run.
var unpredictable = map[string]string{
	"timestamp":     "is known only when Terraform runs",
	"plantimestamp": "is known only when Terraform runs",
	"uuid":          "is known only when Terraform runs",
	"bcrypt":        "is known only when Terraform runs",
	"pathexpand":    "depends on where Terraform runs",
	"abspath":       "depends on where Terraform runs",
	"rsadecrypt":    "takes a private key, which is not read",
}

// callSite is a call with its arguments evaluated.
type callSite struct {
	name string
	expr *hclsyntax.FunctionCallExpr
	args []value
}

func (c *callSite) rng() hcl.Range { return c.expr.Range() }

// specialFunc is a function with rules of its own for what is unknown, for
// placeholders, or for origins.
type specialFunc struct {
	min, max int // number of arguments; max -1 for any
	eval     func(scope, *callSite) value
}

// arguments evaluates the arguments of a call, the last one expanded if it is
// followed by "...".
func (sc scope) arguments(e *hclsyntax.FunctionCallExpr) (args []value, unsure *value) {
	for i, a := range e.Args {
		v := sc.eval(a)
		if e.ExpandFinal && i == len(e.Args)-1 {
			list, un, ok := sc.entries(v)
			if !ok {
				u := sc.fail(a.Range(), "expand argument: %s is no list", describe(v.v))
				return nil, &u
			}
			if un != nil {
				return nil, un
			}
			for _, en := range list {
				args = append(args, en.val)
			}
			continue
		}
		v.o = placedIfOwn(v, a)
		args = append(args, v)
	}
	return args, nil
}

// placedIfOwn gives the origin of an argument that is spelled out in the call
// its own place.
func placedIfOwn(v value, e hclsyntax.Expression) *origin {
	switch e.(type) {
	case *hclsyntax.TupleConsExpr, *hclsyntax.ObjectConsExpr, *hclsyntax.FunctionCallExpr:
		return v.o
	}
	if v.o == nil && !isPlainLiteral(e) {
		return nil
	}
	return placed(v.o, e.Range())
}

// apply calls a function that has no rules of its own. Text with a placeholder
// in it passes only through functions that keep it whole.
func (sc scope) apply(c *callSite, f function.Function) value {
	params, vp := f.Params(), f.VarParam()
	if len(c.args) < len(params) || vp == nil && len(c.args) > len(params) {
		return sc.fail(c.rng(), "call %s: it does not take %d arguments", c.name, len(c.args))
	}
	vals := make([]cty.Value, len(c.args))
	if bad := sc.affordable(c); bad != nil {
		return *bad
	}
	open, sized, why := false, true, ""
	for i, a := range c.args {
		p := vp
		if i < len(params) {
			p = &params[i]
		}
		v := a.v
		o, isOpen := openOf(v)
		if isOpen && needsLength[c.name] && !(o.sized && c.ignoresOrder()) {
			return unknownWith(o.why, c.args)
		}
		open = open || isOpen
		if isOpen {
			why = o.why
			sized = sized && o.sized
		}
		if hasPlaceholder(v) {
			if !keepsIdentity[c.name] {
				return unknownWith(fmt.Sprintf("%s() of what is not there yet: %s", c.name, afterApply(v)), c.args)
			}
			v = listOfOne(v, p.Type)
		}
		if p.Type != cty.DynamicPseudoType {
			cv, err := convertTo(v, p.Type)
			if err != nil {
				if hasCapsule(v) {
					return unknown(c.name + "() of a whole resource is known only after apply")
				}
				return sc.fail(c.expr.Args[min(i, len(c.expr.Args)-1)].Range(), "call %s: %s", c.name, refused(err, v))
			}
			v = cv
		}
		vals[i] = closed(v)
	}
	out, err := f.Call(vals)
	if err == nil && !sc.pay(c.rng(), out) {
		return unknown(tooCostly)
	}
	switch t := out.Type(); {
	case !open || err != nil || sized && t.IsSetType():
	case isSequence(t), sized && c.name == "join":
		out = out.Mark(openEnded{why: why, sized: sized})
	}
	if err != nil {
		if hasCapsule(cty.TupleVal(vals)) {
			return unknown(c.name + "() of a whole resource is known only after apply")
		}
		rng := c.rng()
		if arg, ok := errors.AsType[function.ArgError](err); ok && arg.Index < len(c.expr.Args) {
			rng = c.expr.Args[arg.Index].Range()
		}
		return sc.fail(rng, "call %s: %s", c.name, refused(err, vals...))
	}
	return value{withReasons(out, c.args), originOfCall(c, out)}
}

// ignoresOrder reports whether the order of a list, where it is not known, matters to
// the order of the result alone.
func (c *callSite) ignoresOrder() bool {
	if c.name != "formatlist" {
		return ignoresOrder[c.name]
	}
	lists := 0
	for _, a := range c.args[1:] {
		if u, _ := a.v.Unmark(); isSequence(u.Type()) {
			lists++
		}
	}
	return lists == 1 // with more, what stands at the same place goes together
}

// originOfCall is the origin of the result of a function.
func originOfCall(c *callSite, out cty.Value) *origin {
	if u, _ := out.Unmark(); isSequence(u.Type()) {
		return matched(out, c.args)
	}
	o := combined(c.args)
	if c.name == "join" {
		// The joined text remembers the origins of its pieces, for the split that
		// mostly follows.
		pieces := make(map[string]*origin)
		for _, a := range c.args[1:] {
			collect(pieces, a)
		}
		if len(pieces) > 0 {
			if o == nil {
				o = &origin{}
			}
			o = &origin{callers: o.callers, via: o.via, fields: pieces}
		}
	}
	return o
}

// withReasons gives an unknown result the reasons of the arguments.
func withReasons(out cty.Value, args []value) cty.Value {
	if out.IsKnown() || whyUnknown(reasonsOf(out)) != "" {
		return out
	}
	for _, a := range args {
		if m := reasonsOf(a.v); whyUnknown(m) != "" {
			return out.WithMarks(m)
		}
	}
	return out
}

// unknownWith is unknown for the given reason, and sensitive if an argument is.
func unknownWith(why string, args []value) value {
	u := unknown(why)
	for _, a := range args {
		u.v = u.v.WithMarks(sensitiveWithin(a.v))
	}
	return u
}

// listOfOne wraps a placeholder for a parameter that takes a list.
func listOfOne(v cty.Value, want cty.Type) cty.Value {
	if isWholePlaceholder(v) && (want.IsListType() || want.IsSetType()) {
		return cty.TupleVal([]cty.Value{v})
	}
	return v
}

func hasCapsule(v cty.Value) bool {
	v, _ = v.Unmark()
	if v.Type().IsCapsuleType() {
		return true
	}
	if v.IsNull() || !v.IsKnown() || v.Type().IsPrimitiveType() || !v.CanIterateElements() {
		return false
	}
	for it := v.ElementIterator(); it.Next(); {
		if _, e := it.Element(); hasCapsule(e) {
			return true
		}
	}
	return false
}

// try returns the first argument that evaluates without a mistake.
func (sc scope) try(e *hclsyntax.FunctionCallExpr) value {
	for i, a := range e.Args {
		if i == len(e.Args)-1 {
			return sc.eval(a)
		}
		if v, ok := sc.ev.attempt(func() value { return sc.eval(a) }); ok {
			return v
		}
	}
	return sc.fail(e.Range(), "call try: it needs an argument")
}

// can reports whether its argument evaluates without a mistake.
func (sc scope) can(e *hclsyntax.FunctionCallExpr) value {
	if len(e.Args) != 1 {
		return sc.fail(e.Range(), "call can: it takes one argument")
	}
	v, ok := sc.ev.attempt(func() value { return sc.eval(e.Args[0]) })
	if ok && !v.v.IsKnown() {
		return value{v: cty.UnknownVal(cty.Bool).RefineNotNull().WithMarks(reasonsOf(v.v))}
	}
	return value{v: cty.BoolVal(ok)}
}
