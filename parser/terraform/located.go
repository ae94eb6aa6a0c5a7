package terraform

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// locate converts the value of the expression at rng.
func (ev *evaluator) locate(v value, rng hcl.Range) *located.Value {
	return ev.locateIn(v.v, v.o, inherited{at: rng, rng: ev.rng(rng)})
}

// inherited is what a part of a value inherits from the whole.
type inherited struct {
	at      hcl.Range // of the whole
	rng     source.Range
	callers []source.Range
	via     []located.Step
	marks   cty.ValueMarks
}

func (ev *evaluator) locateIn(v cty.Value, o *origin, c inherited) *located.Value {
	v, marks := v.Unmark()
	if len(marks) > 0 {
		c.marks = joinMarks(c.marks, marks)
	}
	if o != nil {
		if o.place.Filename != "" {
			c.rng = ev.rng(o.place)
		}
		c.callers, c.via = ev.places(o.callers), ev.steps(o.via)
	}
	if !ev.spend(values, 1+(len(c.callers)+len(c.via))/4, c.at) {
		return &located.Value{Kind: located.Unknown, Range: c.rng, Reason: tooCostly, Sensitive: c.marks.Has(sensitive{})}
	}
	out := &located.Value{Range: c.rng, Callers: c.callers, Via: c.via, Sensitive: c.marks.Has(sensitive{})}
	t := v.Type()
	switch {
	case !v.IsKnown():
		out.Kind, out.Reason = located.Unknown, orNotKnown(whyUnknown(c.marks))
	case v.IsNull():
	case t == cty.String:
		out.Kind, out.Str = located.String, v.AsString()
	case t == cty.Number && v.AsBigFloat().IsInf():
		out.Kind, out.Reason = located.Unknown, "it is a number divided by zero"
	case t == cty.Number:
		out.Kind, out.Str = located.Number, numberText(v)
	case t == cty.Bool:
		out.Kind, out.Bool = located.Bool, v.True()
	case isSequence(t):
		out.Kind = located.List
		out.List = make([]*located.Value, 0, v.LengthInt())
		i := 0
		for it := v.ElementIterator(); it.Next() && !ev.spent.over; i++ {
			_, e := it.Element()
			out.List = append(out.List, ev.locateIn(e, partOf(o, i), c))
		}
	case t.IsMapType() || t.IsObjectType():
		out.Kind = located.Map
		out.Map = ev.fields(v, o, c)
	case t == instanceType:
		in := v.EncapsulatedValue().(*instance)
		id := in.attr(ev, "id")
		out.Kind = located.Map
		out.Map = []located.Field{{Key: "id", KeyRange: c.rng, Value: ev.locateIn(id.v, nil, c)}}
	case t == moduleType:
		w := v.EncapsulatedValue().(*module).whole(ev)
		return ev.locateIn(w.v, w.o, c)
	case t == foreignType:
		out.Kind, out.Reason = located.Unknown, "a whole resource of another root is known only after apply"
	case t == symbolicType:
		out.Kind, out.Reason = located.Unknown, symbolicOf(v).why
	default:
		out.Kind, out.Reason = located.Unknown, "it is no value of its own"
	}
	if ev.spent.over { // what is in it is not whole
		return &located.Value{Kind: located.Unknown, Range: c.rng, Reason: tooCostly, Sensitive: out.Sensitive}
	}
	return out
}

// numberText is the shortest decimal form of a number.
func numberText(v cty.Value) string {
	if s, ok := wholeNumber(v); ok {
		return s
	}
	return v.AsBigFloat().Text('f', -1)
}

// partOf returns the origin of element i if it has one of its own.
func partOf(o *origin, i int) *origin {
	if o == nil || i >= len(o.elems) {
		return nil
	}
	return o.elems[i]
}

// fields lists the entries of a map: those of an object constructor in source
// order, others by key.
func (ev *evaluator) fields(v cty.Value, o *origin, c inherited) []located.Field {
	places := make(map[string]hcl.Range)
	order := make(map[string]int)
	if o != nil {
		for i, k := range o.keys {
			places[k.name] = k.rng
			order[k.name] = i + 1
		}
	}
	out := make([]located.Field, 0, v.LengthInt())
	for it := v.ElementIterator(); it.Next() && !ev.spent.over; {
		k, e := it.Element()
		key := k.AsString()
		f := located.Field{Key: key, KeyRange: c.rng}
		if r, ok := places[key]; ok && r.Filename != "" {
			f.KeyRange = ev.rng(r)
		}
		var part *origin
		if o != nil {
			part = o.fields[key]
		}
		f.Value = ev.locateIn(e, part, c)
		out = append(out, f)
	}
	if len(order) == len(out) {
		slices.SortStableFunc(out, func(a, b located.Field) int { return order[a.Key] - order[b.Key] })
	}
	return out
}

func (ev *evaluator) places(t *trail) []source.Range {
	var out []source.Range
	for n := 0; t != nil && n < maxTrail; t, n = t.next, n+1 {
		if t.rng.Filename == "" {
			continue
		}
		if r := ev.rng(t.rng); !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

func (ev *evaluator) steps(t *trail) []located.Step {
	var out []located.Step
	for n := 0; t != nil && n < maxTrail; t, n = t.next, n+1 {
		if t.rng.Filename == "" {
			continue
		}
		r := ev.rng(t.rng)
		if !slices.ContainsFunc(out, func(s located.Step) bool { return s.Range == r }) {
			out = append(out, located.Step{Range: r, Says: t.says})
		}
	}
	return out
}

func joinMarks(a, b cty.ValueMarks) cty.ValueMarks {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	out := make(cty.ValueMarks, len(a)+len(b))
	for m := range a {
		out[m] = struct{}{}
	}
	for m := range b {
		out[m] = struct{}{}
	}
	return out
}

// body converts the arguments and nested blocks of a resource instance.
func (in *instance) body(ev *evaluator) *located.Value {
	blk := in.res.blk
	if ev.spent.over {
		return &located.Value{Kind: located.Unknown, Range: ev.rng(blk.header), Reason: tooCostly}
	}
	out := &located.Value{Kind: located.Map, Range: ev.rng(blk.header)}
	type placed struct {
		at int
		f  located.Field
	}
	var list []placed
	for i, at := range blk.args.attrs {
		v := in.argument(ev, i)
		if u, _ := v.v.Unmark(); u.IsNull() {
			continue // as if it were not written
		}
		f := located.Field{Key: at.name, KeyRange: ev.rng(at.nameRange), Value: ev.locate(v, at.expr.Range())}
		list = append(list, placed{at.nameRange.Start.Byte, f})
	}
	var done []string
	for _, b := range blk.args.blocks {
		typ := blockType(b)
		if slices.Contains(done, typ) {
			continue
		}
		done = append(done, typ)
		v := in.nested(ev, typ, b.header)
		if isEmpty(v.v) {
			continue
		}
		f := located.Field{Key: typ, KeyRange: ev.rng(b.header), Value: ev.locate(v, b.header)}
		list = append(list, placed{b.header.Start.Byte, f})
	}
	slices.SortStableFunc(list, func(a, b placed) int { return a.at - b.at })
	for _, p := range list {
		out.Map = append(out.Map, p.f)
	}
	return out
}
