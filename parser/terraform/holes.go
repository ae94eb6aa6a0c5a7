package terraform

import (
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/egresslint/egresslint/parser/located"
)

// The values of a release are documents that are made as text. One that is not known in
// full still says what the rest of it is: holes, placeholders of no resource, stand in
// the text for what is not known.

// holeAttribute is the attribute of a hole; none has that name.
const holeAttribute = "?"

// Hole returns the text that stands in a document for what is not known.
func Hole(why string) string {
	return located.Ref{Address: why, Attribute: holeAttribute}.Placeholder()
}

// Open returns v, which comes of text with holes, with what is not known for what a hole
// stands in. Who logs in with which password is no part of where a URL leads, so holes
// there are left out.
func Open(v *located.Value) *located.Value {
	out := *v
	switch v.Kind {
	case located.String:
		if _, found := firstHole(out.Str); found {
			out.Str = login.ReplaceAllStringFunc(out.Str, func(s string) string {
				if _, found := firstHole(s); found {
					return "://"
				}
				return s
			})
		}
		if why, found := firstHole(out.Str); found {
			out.Kind, out.Str, out.Reason = located.Unknown, "", why
		}
	case located.List:
		out.List = make([]*located.Value, len(v.List))
		for i, e := range v.List {
			out.List[i] = Open(e)
		}
	case located.Map:
		out.Map = make([]located.Field, len(v.Map))
		for i, f := range v.Map {
			out.Map[i] = located.Field{Key: f.Key, KeyRange: f.KeyRange, Value: Open(f.Value)}
		}
	}
	return &out
}

// login matches what stands between the scheme of a URL and its host.
var login = regexp.MustCompile(`://[^/@\s]*@`)

// firstHole says why the first of the holes in a text is there.
func firstHole(s string) (why string, found bool) {
	if !strings.Contains(s, placeholderMark) {
		return "", false
	}
	refs, _ := located.Refs(s)
	for _, r := range refs {
		if r.Attribute == holeAttribute {
			return r.Address, true
		}
	}
	return "", false
}

// releaseValues returns the documents of values that a helm_release spells out, with
// holes; nil for any other resource, and if it does not list them.
func (in *instance) releaseValues(ev *evaluator) []*located.Value {
	i, ok := in.res.blk.args.index["values"]
	if in.res.blk.typ != "helm_release" || !ok {
		return nil
	}
	tuple, ok := in.res.blk.args.attrs[i].expr.(*hclsyntax.TupleConsExpr)
	if !ok {
		return nil
	}
	sc := in.scope(ev)
	list := make([]*located.Value, len(tuple.Exprs))
	for i, e := range tuple.Exprs {
		v, ok := ev.attempt(func() value { return sc.holed(e) })
		if !ok {
			v = sc.eval(e)
		}
		list[i] = ev.locate(v, e.Range())
	}
	return list
}

// holed evaluates an expression that makes a text. What is not known of it is a hole.
func (sc scope) holed(e hclsyntax.Expression) value {
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return sc.holed(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return sc.holed(e.Wrapped)
	case *hclsyntax.TemplateExpr:
		parts := make([]value, len(e.Parts))
		texts := make([]cty.Value, len(e.Parts))
		for i, p := range e.Parts {
			parts[i] = sc.holed(p)
			text, bad := sc.text(value{withHoles(parts[i].v), parts[i].o}, p)
			if bad != nil {
				return *bad
			}
			texts[i] = text
		}
		return sc.joined(texts, combined(parts), e.SrcRange)
	case *hclsyntax.FunctionCallExpr:
		at, ok := documented[e.Name]
		if !ok {
			break
		}
		args, unsure := sc.arguments(e)
		if unsure != nil || len(args) <= at {
			break
		}
		args[at].v = withHoles(args[at].v)
		return sc.invoke(e, e.Name, args)
	}
	return sc.eval(e)
}

// documented are the functions that make documents, with the argument that holds what is
// put into them.
var documented = map[string]int{"yamlencode": 0, "jsonencode": 0, "templatefile": 1, "templatestring": 1}

// withHoles returns v with holes for the text and numbers in it that are not known. A
// switch that is not known is left out of an object: what is switched is what it is
// without it.
func withHoles(v cty.Value) cty.Value {
	u, marks := v.Unmark()
	t := u.Type()
	kept := sensitiveMarks(v)
	switch {
	case !u.IsKnown() && (t == cty.String || t == cty.Number || t == cty.DynamicPseudoType):
		return cty.StringVal(Hole(orNotKnown(whyUnknown(marks)))).WithMarks(kept)
	case !u.IsKnown() || u.IsNull() || t.IsPrimitiveType() || t.IsCapsuleType() || !u.CanIterateElements() || u.LengthInt() == 0:
		return v
	case t.IsObjectType():
		fields := make(map[string]cty.Value)
		for name, e := range u.AsValueMap() {
			if e.IsKnown() || e.Type() != cty.Bool {
				fields[name] = withHoles(e)
			}
		}
		return cty.ObjectVal(fields).WithMarks(kept)
	case t.IsTupleType() || t.ElementType() == cty.String:
		return mapParts(u, func(_ string, e cty.Value) cty.Value { return withHoles(e) }).WithMarks(marks)
	default:
		return v
	}
}
