package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// resolve follows a reference such as var.x, module.m.out or alicloud_vswitch.v[0].id.
func (sc scope) resolve(t hcl.Traversal) value {
	root := t.RootName()
	if v, ok := sc.lookup(root); ok {
		return sc.traverse(v, t[1:])
	}
	rng := t.SourceRange()
	if sc.mod == nil {
		return sc.fail(rng, "fill template: there is no variable %q in its variables", root)
	}
	names := attrNames(t[1:])
	need := func(n int) bool { return len(names) >= n }
	switch root {
	case "var":
		if need(1) {
			return sc.traverse(sc.mod.variable(sc.ev, names[0], rng), t[2:])
		}
	case "local":
		if need(1) {
			return sc.traverse(sc.mod.local(sc.ev, names[0], rng), t[2:])
		}
	case "module":
		if need(1) {
			return sc.traverse(sc.mod.callValue(sc.ev, names[0], rng), t[2:])
		}
	case "data":
		if need(2) {
			return sc.traverse(sc.mod.resourceValue(sc.ev, resourceKey(true, names[0], names[1]), rng), t[3:])
		}
	case "resource":
		if need(2) {
			return sc.traverse(sc.mod.resourceValue(sc.ev, resourceKey(false, names[0], names[1]), rng), t[3:])
		}
	case "each", "count":
		if need(1) {
			v, ok := sc.each.get(root, names[0])
			if !ok {
				return sc.fail(rng, "read %s.%s: the block has no such repetition", root, names[0])
			}
			return sc.traverse(v, t[2:])
		}
	case "self":
		if sc.self != nil {
			return sc.traverse(value{v: cty.CapsuleVal(instanceType, sc.self)}, t[1:])
		}
	case "path":
		if need(1) {
			return sc.traverse(sc.path(names[0], rng), t[2:])
		}
	case "terraform", "tofu":
		if need(1) {
			if names[0] == "workspace" {
				return value{v: cty.StringVal("default")}
			}
			return unknown("terraform." + names[0] + " is known only when Terraform runs")
		}
	case "ephemeral":
		return unknown("an ephemeral resource is known only when Terraform runs")
	default:
		if need(1) {
			return sc.traverse(sc.mod.resourceValue(sc.ev, resourceKey(false, root, names[0]), rng), t[2:])
		}
	}
	return sc.fail(rng, "resolve reference: %q names nothing", strings.TrimSpace(root))
}

// attrNames returns the names of the attribute steps that t starts with.
func attrNames(t hcl.Traversal) []string {
	var names []string
	for _, step := range t {
		a, ok := step.(hcl.TraverseAttr)
		if !ok {
			break
		}
		names = append(names, a.Name)
	}
	return names
}

func (sc scope) path(name string, rng hcl.Range) value {
	switch name {
	case "module":
		return value{v: cty.StringVal(relative(sc.mod.root().cfg.dir, sc.mod.cfg.dir))}
	case "root":
		return value{v: cty.StringVal(".")}
	case "cwd":
		return unknown("path.cwd is where Terraform runs")
	default:
		return sc.fail(rng, "read path.%s: there is no such path", name)
	}
}

// traverse applies attribute and index steps to a value.
func (sc scope) traverse(v value, steps hcl.Traversal) value {
	for _, step := range steps {
		switch s := step.(type) {
		case hcl.TraverseAttr:
			v = sc.getAttr(v, s.Name, s.SrcRange)
		case hcl.TraverseIndex:
			v = sc.index(v, value{v: s.Key}, s.SrcRange)
		case hcl.TraverseSplat:
			return sc.fail(s.SrcRange, "resolve reference: a splat cannot stand here")
		}
	}
	return v
}

func (sc scope) getAttr(v value, name string, rng hcl.Range) value {
	u, marks := v.v.Unmark()
	switch t := u.Type(); {
	case u.IsNull():
		return sc.fail(rng, "read .%s: the value is null", name)
	case t == instanceType && u.IsKnown():
		r := u.EncapsulatedValue().(*instance).attr(sc.ev, name)
		return value{keepSensitive(r.v, marks), r.o}
	case t == moduleType && u.IsKnown():
		r := u.EncapsulatedValue().(*module).output(sc.ev, name, rng)
		return value{keepSensitive(r.v, marks), r.o}
	case t == foreignType && u.IsKnown():
		return u.EncapsulatedValue().(*foreign).attr(sc.ev, name, rng)
	case t == symbolicType && u.IsKnown():
		// Without an index; Terraform would reject it unless the count is gone.
		return sc.getAttr(value{symbolicOf(u).instance(), v.o}, name, rng)
	case !u.IsKnown():
		if t.IsObjectType() && !t.HasAttribute(name) {
			return sc.fail(rng, "read .%s: the object has no such attribute", name)
		}
		return value{v: typedUnknown(t, name).WithMarks(marks)}
	case t.IsObjectType():
		if !t.HasAttribute(name) {
			if v, ok := sc.hidden(marks, name); ok {
				return v
			}
			return sc.fail(rng, "read .%s: the object has no such attribute", name)
		}
		r := value{u.GetAttr(name), v.o.field(name)}
		for m := range marks {
			if b, ok := m.(nestedBlock); ok {
				if b.in.isBlock(sc.ev, b.names(name)) {
					r = listed(r)
				}
				if r.v.IsNull() {
					r = b.attr(sc.ev, name)
				}
				r.v = b.in.blocksAsSeen(r.v, b.path+"."+name)
			}
		}
		return value{keepSensitive(r.v, marks), r.o}
	case t.IsMapType():
		key := cty.StringVal(name)
		if has, _ := u.HasIndex(key).Unmark(); !has.IsKnown() || has.False() {
			return sc.fail(rng, "read .%s: the map has no such key", name)
		}
		return value{keepSensitive(u.Index(key), marks), v.o.field(name)}
	case isWholePlaceholder(u):
		return unknown(afterApply(u))
	default:
		return sc.fail(rng, "read .%s: %s has no attributes", name, describe(u))
	}
}

// hidden returns an attribute of an object that has more than it shows, going by
// its marks.
func (sc scope) hidden(marks cty.ValueMarks, name string) (value, bool) {
	for m := range marks {
		switch b := m.(type) {
		case nestedBlock:
			return b.attr(sc.ev, name), true
		case foreignBlock:
			return b.attr(sc.ev, name), true
		case stateOutputs:
			return unknown(b.missing(name)), true
		}
	}
	return value{}, false
}

func typedUnknown(t cty.Type, name string) cty.Value {
	switch {
	case t.IsObjectType():
		return cty.UnknownVal(t.AttributeType(name))
	case t.IsMapType():
		return cty.UnknownVal(t.ElementType())
	default:
		return cty.DynamicVal
	}
}

func (sc scope) index(coll, key value, rng hcl.Range) value {
	c, marks := coll.v.Unmark()
	k, _ := key.v.Unmark()
	marks = joinMarks(marks, sensitiveMarks(key.v)) // which one is picked may tell
	switch {
	case c.IsNull():
		return sc.fail(rng, "index: the value is null")
	case !c.IsKnown():
		if t := c.Type(); t.IsListType() || t.IsMapType() {
			return value{v: cty.UnknownVal(t.ElementType()).WithMarks(marks)}
		}
		return value{v: cty.DynamicVal.WithMarks(marks)}
	case c.Type() == symbolicType:
		return value{symbolicOf(c).instance(), coll.o}
	case isWholePlaceholder(c):
		// A computed list that we know by one name, or a single id indexed as a list
		// of one, as with the snat_table_ids of old provider versions.
		return coll
	case c.Type() == foreignType:
		return c.EncapsulatedValue().(*foreign).index(sc.ev, key, rng)
	case c.Type() == instanceType || c.Type() == moduleType:
		if s, ok := asString(k); ok {
			return sc.getAttr(coll, s, rng)
		}
		return sc.fail(rng, "index: the block has no count or for_each")
	case k.IsNull():
		return sc.fail(rng, "index: the key is null")
	case !k.IsKnown():
		r := anyElement(c, key)
		return value{keepSensitive(r.v, marks), coll.o.whole()}
	}
	if s, ok := asString(k); ok && strings.Contains(s, placeholderMark) && (c.Type().IsObjectType() || c.Type().IsMapType()) {
		if !hasKey(c, s) {
			return unknown(afterApply(k))
		}
	}
	if open, ok := openOf(coll.v); ok && isSequence(c.Type()) {
		list, _, _ := sc.entries(coll)
		if i, ok := asInt(k); ok && i >= 0 {
			return openElement(valuesIn(list), open, i)
		}
	}
	if s, ok := asString(k); ok && c.Type().IsObjectType() && !c.Type().HasAttribute(s) {
		if v, ok := sc.hidden(marks, s); ok {
			return v
		}
	}
	r, diags := hcl.Index(c, k, &rng)
	if diags.HasErrors() {
		return sc.fail(rng, "index: %s", withoutValues(plain(diags[0].Detail), secretsAmong(coll.v, key.v)))
	}
	return value{keepSensitive(r, marks), coll.o.at(c, k)}
}

func valuesIn(list []entry) []value {
	out := make([]value, len(list))
	for i, en := range list {
		out[i] = en.val
	}
	return out
}

// anyElement is the result of an index that is not known: unknown, unless all
// elements are the same.
func anyElement(c cty.Value, key value) value {
	var first cty.Value
	if c.CanIterateElements() {
		for it := c.ElementIterator(); it.Next(); {
			_, e := it.Element()
			if first == cty.NilVal {
				first = e
			}
			if !e.RawEquals(first) {
				return unknownLike(key.v)
			}
		}
	}
	if first == cty.NilVal {
		return unknownLike(key.v)
	}
	return value{v: first}
}

func hasKey(c cty.Value, name string) bool {
	if c.Type().IsObjectType() {
		return c.Type().HasAttribute(name)
	}
	h, _ := c.HasIndex(cty.StringVal(name)).Unmark()
	return h.IsKnown() && h.True()
}

// converted returns v as a value of type t, as far as placeholders and resources
// allow: an id that stands for a list is a list of one.
func converted(ev *evaluator, v value, t cty.Type) (value, error) {
	out, err := convertTo(v.v, t)
	if err == nil {
		return value{out, reordered(out, v)}, nil
	}
	adapted, changed := ev.adapt(v.v, t)
	if !changed {
		return value{}, err
	}
	out, err2 := convertTo(adapted, t)
	if err2 != nil {
		return value{}, err
	}
	return value{out, v.o.whole()}, nil
}

// reordered returns the origin of v for out, a conversion of it: only sets have
// another order.
func reordered(out cty.Value, v value) *origin {
	t, _ := out.Unmark()
	if t.Type().IsSetType() && v.o != nil && v.o.elems != nil {
		return matched(out, []value{v})
	}
	return v.o
}

// adapt changes v so that it can be converted to t: placeholders and resources
// inside it take the shape that t asks for.
func (ev *evaluator) adapt(v cty.Value, t cty.Type) (out cty.Value, changed bool) {
	u, marks := v.Unmark()
	if u.IsNull() || !u.IsKnown() {
		return v, false
	}
	switch {
	case isWholePlaceholder(u) && (t.IsListType() || t.IsSetType()):
		if el := t.ElementType(); el != cty.String && el != cty.DynamicPseudoType {
			return cty.UnknownVal(t).Mark(reason(afterApply(u))), true
		}
		return cty.TupleVal([]cty.Value{v}), true
	case u.Type() == cty.String && hasPlaceholder(u) && t != cty.String && t != cty.DynamicPseudoType:
		return cty.UnknownVal(t).Mark(reason(afterApply(u))), true
	case u.Type() == instanceType && t.IsObjectType():
		inst := u.EncapsulatedValue().(*instance)
		fields := make(map[string]cty.Value)
		for name := range t.AttributeTypes() {
			fields[name] = inst.attr(ev, name).v
		}
		a, _ := ev.adapt(cty.ObjectVal(fields), t)
		return a, true
	case u.Type() == moduleType && (t.IsObjectType() || t.IsMapType()):
		w := u.EncapsulatedValue().(*module).whole(ev).v
		a, _ := ev.adapt(w, t)
		return a, true
	case u.Type().IsCapsuleType() && !t.IsCapsuleType():
		return cty.UnknownVal(t).Mark(reason("a whole resource is known only after apply")), true
	case !u.CanIterateElements():
		return v, false
	}
	if isSequence(u.Type()) && (t.IsListType() || t.IsSetType()) {
		var elems []cty.Value
		for it := u.ElementIterator(); it.Next(); {
			_, e := it.Element()
			a, c := ev.adapt(e, t.ElementType())
			changed = changed || c
			elems = append(elems, a)
		}
		return cty.TupleVal(elems).WithMarks(marks), changed
	}
	if !isSequence(u.Type()) && (t.IsObjectType() || t.IsMapType()) {
		fields := make(map[string]cty.Value)
		for it := u.ElementIterator(); it.Next(); {
			k, e := it.Element()
			want := cty.DynamicPseudoType
			if t.IsMapType() {
				want = t.ElementType()
			} else if t.HasAttribute(k.AsString()) {
				want = t.AttributeType(k.AsString())
			}
			a, c := ev.adapt(e, want)
			changed = changed || c
			fields[k.AsString()] = a
		}
		return cty.ObjectVal(fields).WithMarks(marks), changed
	}
	return v, false
}
