package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// value is a value of an expression with its origin.
type value struct {
	v cty.Value
	o *origin
}

// origin says how a value came to the expression that yields it. A nil origin
// is that of a value which the expression itself spells out. Origins follow
// the shape of their value as far as each part has a history of its own; parts
// without one have the history of the whole. They are never changed once built.
type origin struct {
	// place is where, inside the expression at hand, the value is written; zero
	// stands for the whole expression.
	place hcl.Range
	// callers are the module arguments that the value came through, innermost first.
	callers *trail
	// via are the locals, defaults, variable files and outputs that it came through.
	via *trail

	elems  []*origin          // of a list, tuple or set, in the order of its elements
	fields map[string]*origin // of a map or object; for joined text, of its pieces
	keys   []keyPlace         // fields in source order; nil if their order means nothing
}

type keyPlace struct {
	name string
	rng  hcl.Range
}

// trail is a list of places that shares its tail.
type trail struct {
	rng  hcl.Range
	says string // see located.Step
	next *trail
}

// crossing is a boundary that a value passes on its way from one expression to another.
type crossing uint8

const (
	// aside is a boundary inside a module: a local, a default, a variable file, another resource.
	aside crossing = iota
	// inward is a module argument.
	inward
	// outward is a module output.
	outward
)

// cross returns the origin of a value of the expression at rng as seen by an
// expression that reads it. Says tells what happens at rng.
//
// Of more than maxWeight parts none keeps a history of its own: parts may be shared,
// and then there can be far more of them than were made.
func (ev *evaluator) cross(o *origin, rng hcl.Range, c crossing, says string) *origin {
	var inherited origin
	if o == nil {
		o = &inherited
	}
	left := maxWeight
	if !o.count(&left) || left < maxWeight-1 && !ev.spend(elements, maxWeight-1-left, rng) {
		o = o.whole()
	}
	return crossUnder(o, rng, c, says)
}

// count subtracts the parts of o, itself included, from left. It reports whether left
// was enough, and stops when it was not.
func (o *origin) count(left *int) bool {
	if o == nil {
		return true
	}
	if *left--; *left < 0 {
		return false
	}
	for _, e := range o.elems {
		if !e.count(left) {
			return false
		}
	}
	for _, f := range o.fields {
		if !f.count(left) {
			return false
		}
	}
	return true
}

// crossUnder crosses o, which may be a part of a whole.
func crossUnder(o *origin, rng hcl.Range, c crossing, says string) *origin {
	if o == nil {
		return nil // has the history of the whole
	}
	if o.place.Filename != "" {
		rng = o.place
	}
	out := &origin{}
	switch c {
	case aside:
		out.callers, out.via = o.callers, &trail{rng, says, o.via}
	case inward:
		out.callers, out.via = &trail{rng, says, o.callers}, o.via
	case outward:
		out.callers, out.via = o.callers, &trail{rng, says, o.via}
		if o.callers != nil {
			// The innermost caller lies in the module that the value comes out into.
			out.callers = o.callers.next
			out.via = &trail{rng, says, appended(o.via, *o.callers)}
		}
	}
	if o.elems != nil {
		out.elems = make([]*origin, len(o.elems))
		for i, e := range o.elems {
			out.elems[i] = crossUnder(e, rng, c, says)
		}
	}
	if o.fields != nil {
		out.fields = make(map[string]*origin, len(o.fields))
		for k, f := range o.fields {
			out.fields[k] = crossUnder(f, rng, c, says)
		}
		out.keys = o.keys
	}
	return out
}

// fromForEach says that a value is an element of what for_each names.
const fromForEach = "it is an element of for_each here"

// maxTrail bounds the places remembered of one value.
const maxTrail = 32

// appended returns a trail with one more place at its end.
func appended(t *trail, last trail) *trail {
	var places []trail
	for n := 0; t != nil && n < maxTrail; t, n = t.next, n+1 {
		places = append(places, *t)
	}
	out := &trail{rng: last.rng, says: last.says}
	for i := len(places) - 1; i >= 0; i-- {
		out = &trail{places[i].rng, places[i].says, out}
	}
	return out
}

// placed returns o with rng as the place, unless it has one.
func placed(o *origin, rng hcl.Range) *origin {
	if o == nil {
		return &origin{place: rng}
	}
	if o.place.Filename != "" {
		return o
	}
	out := *o
	out.place = rng
	return &out
}

// whole returns o without its parts.
func (o *origin) whole() *origin {
	if o == nil || o.elems == nil && o.fields == nil {
		return o
	}
	return &origin{place: o.place, callers: o.callers, via: o.via}
}

// elem returns the origin of element i.
func (o *origin) elem(i int) *origin {
	if o == nil {
		return nil
	}
	if i >= 0 && i < len(o.elems) && o.elems[i] != nil {
		return o.elems[i]
	}
	return o.whole()
}

// field returns the origin of a map or object entry.
func (o *origin) field(name string) *origin {
	if o == nil {
		return nil
	}
	if f := o.fields[name]; f != nil {
		return f
	}
	return o.whole()
}

// at returns the origin of the element that key selects from v.
func (o *origin) at(v, key cty.Value) *origin {
	key, _ = key.Unmark()
	if o == nil || !key.IsKnown() || key.IsNull() {
		return o.whole()
	}
	if v.Type().IsObjectType() || v.Type().IsMapType() {
		if s, ok := asString(key); ok {
			return o.field(s)
		}
		return o.whole()
	}
	if i, ok := asInt(key); ok {
		return o.elem(i)
	}
	return o.whole()
}

// combined is the origin of a scalar made of several values: that of the first
// value, in source order, which came through a module argument and is more than
// a number or a flag; else the first number or flag which did; else the first
// value with any history.
func combined(args []value) *origin {
	var flag, any *origin
	for _, a := range args {
		o := a.o
		if o == nil {
			continue
		}
		o = firstOf(o)
		switch {
		case o.callers == nil:
			if any == nil && o.via != nil {
				any = o
			}
		case a.v.Type() == cty.Number || a.v.Type() == cty.Bool:
			if flag == nil {
				flag = o
			}
		default:
			return &origin{callers: o.callers, via: o.via}
		}
	}
	switch {
	case flag != nil:
		return &origin{callers: flag.callers, via: flag.via}
	case any != nil:
		return &origin{via: any.via}
	default:
		return nil
	}
}

// firstOf returns o, or its first element with a history where o itself, a list
// spelled out in place, has none.
func firstOf(o *origin) *origin {
	if o.callers != nil || o.via != nil {
		return o
	}
	for _, e := range o.elems {
		if e != nil {
			if f := firstOf(e); f.callers != nil || f.via != nil {
				return f
			}
		}
	}
	for _, k := range o.keys {
		if e := o.fields[k.name]; e != nil {
			if f := firstOf(e); f.callers != nil || f.via != nil {
				return f
			}
		}
	}
	return o
}

// matched gives the elements of result, which a function made of args by
// picking and ordering, the origins of the same elements in args.
func matched(result cty.Value, args []value) *origin {
	whole := combined(args)
	result, _ = result.Unmark()
	if result.IsNull() || !result.IsKnown() || !isSequence(result.Type()) {
		return whole
	}
	known := make(map[string]*origin)
	for _, a := range args {
		collect(known, a)
	}
	if len(known) == 0 {
		return whole
	}
	out := &origin{}
	if whole != nil {
		*out = *whole
	}
	for it := result.ElementIterator(); it.Next(); {
		_, e := it.Element()
		var o *origin
		if s, ok := asString(e); ok {
			o = known[s]
		}
		out.elems = append(out.elems, o)
	}
	return out
}

// collect adds the origins of the strings in a list or map to known, the first
// of each string.
func collect(known map[string]*origin, a value) {
	v, _ := a.v.Unmark()
	if a.o == nil || v.IsNull() || !v.IsKnown() || !v.CanIterateElements() {
		return
	}
	i := 0
	for it := v.ElementIterator(); it.Next(); i++ {
		k, e := it.Element()
		var o *origin
		if isSequence(v.Type()) {
			o = a.o.elem(i)
		} else if s, ok := asString(k); ok {
			o = a.o.field(s)
		}
		if s, ok := asString(e); ok {
			if _, seen := known[s]; !seen {
				known[s] = o
			}
			continue
		}
		collect(known, value{e, o})
	}
}

func isSequence(t cty.Type) bool {
	return t.IsListType() || t.IsTupleType() || t.IsSetType()
}
