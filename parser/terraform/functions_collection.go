package terraform

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// collectionFunctions are functions on lists and maps.
var collectionFunctions = map[string]specialFunc{
	"length":       {1, 1, length},
	"concat":       {1, -1, concat},
	"element":      {2, 2, element},
	"lookup":       {2, 3, lookup},
	"merge":        {0, -1, merge},
	"flatten":      {1, 1, flatten},
	"distinct":     {1, 1, distinct},
	"compact":      {1, 1, compact},
	"sort":         {1, 1, sorted},
	"keys":         {1, 1, keys},
	"values":       {1, 1, valuesOf},
	"one":          {1, 1, one},
	"coalesce":     {1, -1, coalesce},
	"coalescelist": {1, -1, coalesceList},
	"contains":     {2, 2, contains},
	"index":        {2, 2, indexOf},
	"matchkeys":    {3, 3, matchKeys},
	"alltrue":      {1, 1, allTrue},
	"anytrue":      {1, 1, anyTrue},
	"tolist":       {1, 1, toList},
	"toset":        {1, 1, toSet},
	"list":         {0, -1, legacyList},
	"map":          {0, -1, legacyMap},
}

// list returns argument i as a list. After a mistake, or where it is not known,
// bad is the result of the call.
func (sc scope) list(c *callSite, i int) (list []value, bad *value) {
	a := c.args[i]
	u, _ := a.v.Unmark()
	if u.Type() == symbolicType && u.IsKnown() && c.name == "length" {
		r := unknown(symbolicOf(u).why)
		return nil, &r
	}
	entries, unsure, ok := sc.entries(a)
	seq := isSequence(u.Type()) || isWholePlaceholder(u) || u.Type() == symbolicType
	switch {
	case !ok || unsure == nil && !seq:
		r := sc.fail(c.argRange(i), "call %s: it takes a list, not %s", c.name, describe(u))
		return nil, &r
	case unsure != nil:
		r := value{v: unsure.v}
		return nil, &r
	}
	return valuesIn(entries), nil
}

func (c *callSite) argRange(i int) hcl.Range {
	if i < len(c.expr.Args) {
		return c.expr.Args[i].Range()
	}
	return c.rng()
}

func length(sc scope, c *callSite) value {
	v, marks := c.args[0].v.Unmark()
	t := v.Type()
	open, isOpen := openOf(c.args[0].v)
	switch {
	case v.IsNull():
		return sc.fail(c.rng(), "call length: the value is null")
	case t == symbolicType:
		return unknown(symbolicOf(v).why)
	case t.IsCapsuleType():
		return unknown("the attributes of a whole resource are known only after apply")
	case isOpen && !open.sized && (isSequence(t) || t == cty.String):
		exact := open.exact
		if t.IsSetType() {
			exact = min(exact, 1) // some may turn out to be equal
		}
		n := cty.UnknownVal(cty.Number).Refine().NotNull().NumberRangeLowerBound(cty.NumberIntVal(int64(exact)), true).NewValue()
		return value{v: n.Mark(reason(open.why))}
	case t.IsTupleType():
		return value{cty.NumberIntVal(int64(len(t.TupleElementTypes()))), combined(c.args)}
	case t.IsObjectType():
		return value{cty.NumberIntVal(int64(len(t.AttributeTypes()))), combined(c.args)}
	case !v.IsKnown():
		return value{v: cty.UnknownVal(cty.Number).RefineNotNull().WithMarks(marks)}
	case t == cty.String && hasPlaceholder(v):
		return unknown(afterApply(v))
	case t == cty.String:
		n, err := stdlib.Strlen(v)
		if err != nil {
			return sc.fail(c.rng(), "call length: %v", err)
		}
		return value{n, combined(c.args)}
	case t.IsSetType():
		n, _ := v.Length().Unmark()
		if !n.IsKnown() {
			return value{v: n.WithMarks(reasonsOf(c.args[0].v))}
		}
		return value{n, combined(c.args)}
	case t.IsListType() || t.IsMapType():
		return value{cty.NumberIntVal(int64(v.LengthInt())), combined(c.args)}
	default:
		return sc.fail(c.argRange(0), "call length: it takes a list, a map or a string, not %s", describe(v))
	}
}

// sequence makes a list of values: a list proper if all of its sources were
// lists of one type, as Terraform does, else a tuple.
func sequence(elems []value, sources ...value) value {
	vals := make([]cty.Value, len(elems))
	o := &origin{elems: make([]*origin, len(elems))}
	for i, e := range elems {
		vals[i] = e.v
		o.elems[i] = e.o
	}
	if w := combined(sources); w != nil {
		o.callers, o.via = w.callers, w.via
	}
	elemType := cty.DynamicPseudoType
	for i, s := range sources {
		t := s.v.Type()
		if !t.IsListType() || i > 0 && !t.ElementType().Equals(elemType) {
			return value{cty.TupleVal(vals), o}
		}
		elemType = t.ElementType()
	}
	if elemType == cty.DynamicPseudoType {
		return value{cty.TupleVal(vals), o}
	}
	if len(vals) == 0 {
		return value{cty.ListValEmpty(elemType), o}
	}
	return value{cty.ListVal(vals), o}
}

// concat joins lists. One that is not known becomes a single unknown element, so
// that what the others hold stays known.
func concat(sc scope, c *callSite) value {
	var b builder
	for i, a := range c.args {
		u, _ := a.v.Unmark()
		if !u.IsKnown() {
			b.addUnknown(value{a.v, a.o.whole()})
			continue
		}
		list, bad := sc.list(c, i)
		if bad != nil {
			return *bad
		}
		if u.Type().IsSetType() {
			return sc.fail(c.argRange(i), "call concat: it takes lists, not a set")
		}
		b.spread(list, a.v)
	}
	return b.list(c.args...)
}

// element takes an element of a list by an index that wraps around. It does not
// look at the whole list, because it is often called once for each element.
func element(sc scope, c *callSite) value {
	coll := c.args[0]
	u, _ := coll.v.Unmark()
	k, _ := c.args[1].v.Unmark()
	i, isInt := asInt(k)
	t := u.Type()
	open, isOpen := openOf(coll.v)
	if !isSequence(t) || t.IsSetType() || !u.IsKnown() || u.IsNull() || isOpen {
		list, bad := sc.list(c, 0)
		switch {
		case bad != nil:
			return *bad
		case t.IsSetType():
			return sc.fail(c.argRange(0), "call element: it takes a list, not a set")
		case isInt && i >= 0:
			return openElement(list, open, i)
		case len(list) == 1:
			return openElement(list, open, 0)
		}
		return unknown(open.why)
	}
	n := u.LengthInt()
	switch {
	case n == 0:
		return sc.fail(c.argRange(0), "call element: the list is empty")
	case n == 1:
		i = 0 // whatever the index is
	case !k.IsKnown():
		return anyElement(u, c.args[1])
	case hasPlaceholder(k):
		return unknown(afterApply(k))
	case !isInt:
		return sc.fail(c.argRange(1), "call element: the index is no whole number")
	default:
		if i %= n; i < 0 {
			i += n
		}
	}
	return sc.index(coll, value{v: cty.NumberIntVal(int64(i))}, c.rng())
}

// flatten spreads nested lists. As in concat, what is not known becomes one
// unknown element.
func flatten(sc scope, c *callSite) value {
	if bad := sc.affordable(c); bad != nil {
		return *bad
	}
	list, bad := sc.list(c, 0)
	if bad != nil {
		return *bad
	}
	var b builder
	var walk func(list []value, coll cty.Value)
	walk = func(list []value, coll cty.Value) {
		open, isOpen := openOf(coll)
		for i, v := range list {
			if isOpen && i >= open.exact {
				b.openAs(openEnded{len(b.elems), open.why, open.sized})
			}
			u, _ := v.v.Unmark()
			if !u.IsKnown() { // it may be a list
				b.addUnknown(v)
				continue
			}
			if isSequence(u.Type()) && !u.IsNull() || u.Type() == symbolicType || isListPlaceholder(u) {
				inner, _, _ := sc.entries(v)
				if isListPlaceholder(u) {
					b.spread(valuesIn(inner), u)
				} else {
					walk(valuesIn(inner), v.v)
				}
				continue
			}
			b.add(v)
		}
		if isOpen {
			b.openAs(openEnded{len(b.elems), open.why, open.sized})
		}
	}
	walk(list, c.args[0].v)
	r := sequence(b.elems)
	if w := combined(c.args); w != nil {
		r.o.callers, r.o.via = w.callers, w.via
	}
	return b.finish(r, c.args)
}

// distinct leaves out elements that stood before. The unknown ones stay, though
// they may turn out to be equal to others.
func distinct(sc scope, c *callSite) value {
	if bad := sc.affordable(c); bad != nil {
		return *bad
	}
	list, bad := sc.list(c, 0)
	if bad != nil {
		return *bad
	}
	list = sameTypes(list)
	open, isOpen := openOf(c.args[0].v)
	texts := make(map[string]bool)
	others := make(map[int][]cty.Value)
	var b builder
	for i, e := range list {
		if isOpen && i >= open.exact {
			b.openAs(openEnded{len(b.elems), open.why, open.sized})
		}
		u, _ := e.v.UnmarkDeep()
		if !u.IsWhollyKnown() {
			b.openAt(len(b.elems), whyUnknown(reasonsOf(e.v)))
			b.add(e)
			continue
		}
		if s, ok := asString(u); ok {
			if !texts[s] {
				texts[s] = true
				b.add(e)
			}
			continue
		}
		h := u.Hash()
		if !slices.ContainsFunc(others[h], func(o cty.Value) bool { return o.RawEquals(u) }) {
			others[h] = append(others[h], u)
			b.add(e)
		}
	}
	return b.list(c.args[0])
}

// sameTypes converts the elements of a tuple to the one type that they would
// have in a list, if there is one.
func sameTypes(list []value) []value {
	types := make([]cty.Type, len(list))
	same := true
	for i, e := range list {
		types[i] = e.v.Type()
		same = same && types[i].Equals(types[0])
	}
	if same {
		return list
	}
	t, convs := convert.UnifyUnsafe(types)
	if t == cty.NilType {
		return list
	}
	out := slices.Clone(list)
	for i, conv := range convs {
		if conv == nil {
			continue
		}
		v, err := conv(out[i].v)
		if err != nil {
			return list
		}
		out[i].v = v
	}
	return out
}

// compact leaves out what is null or empty.
func compact(sc scope, c *callSite) value {
	list, bad := sc.list(c, 0)
	if bad != nil {
		return *bad
	}
	open, isOpen := openOf(c.args[0].v)
	var b builder
	for i, e := range list {
		if isOpen && i >= open.exact {
			b.openAs(openEnded{len(b.elems), open.why, open.sized})
		}
		u, _ := e.v.Unmark()
		if !u.IsKnown() {
			b.openAt(len(b.elems), whyUnknown(reasonsOf(e.v)))
			b.add(e)
			continue
		}
		if u.IsNull() {
			continue
		}
		s, err := convertTo(e.v, cty.String)
		if err != nil {
			return sc.fail(c.argRange(0), "call compact: it takes strings, not %s", describe(u))
		}
		if text, _ := asString(s); text != "" {
			b.add(value{s, e.o})
		}
	}
	r := b.list(c.args[0])
	if b.open == nil {
		u, marks := r.v.Unmark()
		r.v = listOfStrings(u).WithMarks(marks)
	}
	return r
}

// sorted is the elements of a list in the order of their texts, which for those that
// are not known yet is not known.
func sorted(sc scope, c *callSite) value {
	u, _ := c.args[0].v.Unmark()
	open, isOpen := openOf(c.args[0].v)
	if !isOpen && unsettled(c.args[0].v) == "" || u.IsNull() {
		return sc.apply(c, stdlib.SortFunc)
	}
	list, bad := sc.list(c, 0)
	if bad != nil {
		return *bad
	}
	var b builder
	switch {
	case isOpen:
		b.openAs(openEnded{why: open.why, sized: open.sized})
	case len(list) > 1:
		b.openAs(shuffled(c.args[0].v))
	}
	for _, e := range list {
		s, err := convertTo(e.v, cty.String)
		if err != nil {
			return sc.fail(c.argRange(0), "call sort: it takes strings, not %s", describe(e.v))
		}
		b.add(value{s, e.o})
	}
	r := b.list(c.args[0])
	out, marks := r.v.Unmark()
	r.v = listOfStrings(out).WithMarks(marks)
	return r
}

func one(sc scope, c *callSite) value {
	if u, _ := c.args[0].v.Unmark(); u.IsNull() {
		return sc.fail(c.argRange(0), "call one: the list is null")
	}
	list, bad := sc.list(c, 0)
	open, isOpen := openOf(c.args[0].v)
	switch {
	case bad != nil:
		return *bad
	case len(list) == 0 && isOpen:
		return unknown(open.why)
	case len(list) == 0:
		return value{v: cty.NullVal(cty.DynamicPseudoType)}
	case isOpen && !open.sized && (len(list) > 1 || !hasPlaceholder(list[0].v)):
		return unknown(open.why)
	case len(list) > 1:
		return sc.fail(c.argRange(0), "call one: the list has %d elements", len(list))
	}
	return list[0]
}

func coalesce(sc scope, c *callSite) value {
	text := false
	for _, a := range c.args {
		if u, _ := a.v.Unmark(); u.Type() == cty.String {
			text = true
		}
	}
	for _, a := range c.args {
		u, _ := a.v.Unmark()
		switch s, isText := asString(u); {
		case u.IsNull() || isText && s == "":
			continue
		case !u.IsKnown():
			return unknownLike(a.v)
		case text && (u.Type() == cty.Number || u.Type() == cty.Bool):
			if v, err := convertTo(a.v, cty.String); err == nil {
				a.v = v
			}
		}
		return a
	}
	return sc.fail(c.rng(), "call coalesce: all arguments are null or empty")
}

func coalesceList(sc scope, c *callSite) value {
	for i, a := range c.args {
		if a.v.IsNull() {
			return sc.fail(c.argRange(i), "call coalescelist: the list is null")
		}
		list, bad := sc.list(c, i)
		if bad != nil {
			return *bad
		}
		if open, ok := openOf(a.v); ok && !open.sized && open.exact == 0 && !isListPlaceholder(list[0].v) {
			return unknown(open.why) // it may be empty
		}
		if len(list) > 0 {
			return a
		}
	}
	return sc.fail(c.rng(), "call coalescelist: all lists are empty")
}

// legacyList and legacyMap are functions of Terraform 0.11 that are gone since 0.15.
func legacyList(_ scope, c *callSite) value { return sequence(c.args) }

func toList(sc scope, c *callSite) value { return sc.collection(c, cty.List(cty.DynamicPseudoType)) }
func toSet(sc scope, c *callSite) value  { return sc.collection(c, cty.Set(cty.DynamicPseudoType)) }

// collection converts a list, set or tuple to a list or a set.
func (sc scope) collection(c *callSite, t cty.Type) value {
	if bad := sc.affordable(c); bad != nil {
		return *bad
	}
	a := c.args[0]
	u, marks := a.v.Unmark()
	open, isOpen := openOf(a.v)
	switch {
	case u.Type() == symbolicType && u.IsKnown():
		u = cty.TupleVal([]cty.Value{symbolicOf(u).instance()})
	case isWholePlaceholder(u):
		u = cty.TupleVal([]cty.Value{u})
	}
	v, err := convertTo(closed(u.WithMarks(marks)), t)
	if err != nil {
		return sc.fail(c.argRange(0), "call %s: %s", c.name, refused(err, a.v))
	}
	o := a.o
	if r, _ := v.Unmark(); r.Type().IsSetType() {
		open.exact = min(open.exact, 1)
		isOpen = isOpen && !open.sized // a set has no order
		o = matched(v, c.args)
	} else if u.Type().IsSetType() {
		open, isOpen = orderOf(a.v)
		open.exact = 0
	}
	if isOpen {
		v = v.Mark(open)
	}
	return value{v, o}
}
