package terraform

import (
	"github.com/zclconf/go-cty/cty"
)

func lookup(sc scope, c *callSite) value {
	m, marks := c.args[0].v.Unmark()
	k, _ := c.args[1].v.Unmark()
	t := m.Type()
	switch {
	case m.IsNull():
		return sc.fail(c.argRange(0), "call lookup: the map is null")
	case t == instanceType || t == moduleType:
		if s, ok := asString(k); ok {
			return sc.getAttr(c.args[0], s, c.rng())
		}
	case !m.IsKnown():
		return unknownLike(c.args[0].v)
	case !k.IsKnown():
		return unknownLike(c.args[1].v)
	case t == symbolicType:
		return value{symbolicOf(m).instance(), c.args[0].o}
	case !t.IsObjectType() && !t.IsMapType():
		return sc.fail(c.argRange(0), "call lookup: it takes a map, not %s", describe(m))
	}
	ks, err := convertTo(k, cty.String)
	if err != nil || ks.IsNull() {
		return sc.fail(c.argRange(1), "call lookup: the key is no string")
	}
	name := ks.AsString()
	if hasKey(m, name) {
		var v cty.Value
		if t.IsObjectType() {
			v = m.GetAttr(name)
		} else {
			v = m.Index(ks)
		}
		return value{keepSensitive(v, marks), c.args[0].o.field(name)}
	}
	if hasPlaceholder(ks) {
		return unknown(afterApply(ks))
	}
	for mark := range marks {
		if out, ok := mark.(stateOutputs); ok && (out.remote.mod.cfg.broken || len(c.args) < 3) {
			return unknown(out.missing(name))
		}
	}
	if len(c.args) < 3 {
		return sc.fail(c.rng(), "call lookup: the map has no key %s, and there is no default", keyText(name, c.args[0].v, c.args[1].v))
	}
	d := c.args[2]
	if t.IsMapType() {
		// A default of another type is no mistake as long as it converts.
		v, err := convertTo(d.v, t.ElementType())
		switch {
		case err == nil:
			d.v = v
		case !hasPlaceholder(d.v) && !hasCapsule(d.v):
			return sc.fail(c.argRange(2), "call lookup: the default does not fit the elements of the map: %v", err)
		}
	}
	return d
}

func merge(sc scope, c *callSite) value {
	fields := make(map[string]cty.Value)
	o := &origin{fields: make(map[string]*origin)}
	if w := combined(c.args); w != nil {
		o.callers, o.via = w.callers, w.via
	}
	elemType := cty.DynamicPseudoType
	allMaps := true
	any := false
	for i, a := range c.args {
		u, _ := a.v.Unmark()
		t := u.Type()
		switch {
		case u.IsNull():
			continue
		case !u.IsKnown():
			return unknownLike(a.v)
		case !t.IsMapType() && !t.IsObjectType():
			if t.IsCapsuleType() || hasPlaceholder(u) {
				return unknown("merge() of a whole resource is known only after apply")
			}
			return sc.fail(c.argRange(i), "call merge: it takes maps, not %s", describe(u))
		}
		if !t.IsMapType() || any && !t.ElementType().Equals(elemType) {
			allMaps = false
		} else {
			elemType = t.ElementType()
		}
		any = true
		list, _, _ := sc.entries(a)
		for _, en := range list {
			name := en.key.AsString()
			fields[name] = en.val.v
			o.fields[name] = en.val.o
		}
	}
	if any && allMaps && elemType != cty.DynamicPseudoType {
		if len(fields) == 0 {
			return value{cty.MapValEmpty(elemType), o}
		}
		return value{cty.MapVal(fields), o}
	}
	return value{cty.ObjectVal(fields), o}
}

// mapEntries lists the entries of a map argument.
func (sc scope) mapEntries(c *callSite, i int) (list []entry, bad *value) {
	a := c.args[i]
	u, _ := a.v.Unmark()
	t := u.Type()
	list, unsure, ok := sc.entries(a)
	switch {
	case unsure != nil:
		return nil, unsure
	case !ok || !t.IsMapType() && !t.IsObjectType() && t != symbolicType:
		if t == instanceType || t == moduleType || isWholePlaceholder(u) {
			r := unknown(c.name + "() of a whole resource is known only after apply")
			return nil, &r
		}
		r := sc.fail(c.argRange(i), "call %s: it takes a map, not %s", c.name, describe(u))
		return nil, &r
	}
	return list, nil
}

func keys(sc scope, c *callSite) value {
	list, bad := sc.mapEntries(c, 0)
	if bad != nil {
		return *bad
	}
	elems := make([]value, len(list))
	for i, en := range list {
		elems[i] = value{en.key, en.val.o.whole()}
	}
	r := sequence(elems)
	r.v = r.v.WithMarks(sensitiveMarks(c.args[0].v))
	if u, _ := c.args[0].v.Unmark(); u.Type().IsMapType() {
		list, marks := r.v.Unmark()
		r.v = listOfStrings(list).WithMarks(marks)
	}
	return r
}

func listOfStrings(v cty.Value) cty.Value {
	if v.LengthInt() == 0 {
		return cty.ListValEmpty(cty.String)
	}
	return cty.ListVal(v.AsValueSlice())
}

func valuesOf(sc scope, c *callSite) value {
	list, bad := sc.mapEntries(c, 0)
	if bad != nil {
		return *bad
	}
	elems := make([]value, len(list))
	for i, en := range list {
		elems[i] = en.val
	}
	r := sequence(elems)
	if u, _ := c.args[0].v.Unmark(); u.Type().IsMapType() && len(elems) > 0 && u.Type().ElementType() != cty.DynamicPseudoType {
		r.v = cty.ListVal(r.v.AsValueSlice())
	}
	if o := c.args[0].o; o != nil {
		r.o.callers, r.o.via = o.callers, o.via
	}
	return r
}

func legacyMap(sc scope, c *callSite) value {
	if len(c.args)%2 != 0 {
		return sc.fail(c.rng(), "call map: it takes pairs of keys and values")
	}
	fields := make(map[string]cty.Value)
	o := &origin{fields: make(map[string]*origin)}
	for i := 0; i < len(c.args); i += 2 {
		name, unsure := sc.key(c.args[i], c.argRange(i))
		if unsure != nil {
			return *unsure
		}
		fields[name] = c.args[i+1].v
		o.fields[name] = c.args[i+1].o
	}
	return value{cty.ObjectVal(fields), o}
}
