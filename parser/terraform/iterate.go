package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// entry is one element of a collection with its key.
type entry struct {
	key cty.Value
	val value
}

// entries lists the elements of a collection that can be iterated. ok is false
// for one that cannot; unsure is set when it is not known.
func (sc scope) entries(coll value) (list []entry, unsure *value, ok bool) {
	v, marks := coll.v.Unmark()
	if v.Type() == cty.DynamicPseudoType && !v.IsNull() || !v.IsKnown() {
		u := unknownLike(coll.v)
		return nil, &u, true
	}
	if v.IsNull() {
		return nil, nil, false
	}
	if v.Type() == symbolicType {
		return []entry{{symbolicOf(v).key(), value{symbolicOf(v).instance(), coll.o}}}, nil, true
	}
	if isWholePlaceholder(v) {
		// A computed list of ids that we know by one name only.
		return []entry{{cty.Zero, coll}}, nil, true
	}
	if v.Type() == moduleType {
		w := v.EncapsulatedValue().(*module).whole(sc.ev)
		return sc.entries(value{keepSensitive(w.v, marks), w.o})
	}
	if v.Type().IsCapsuleType() {
		u := unknown("the attributes of a whole resource are known only after apply")
		return nil, &u, true
	}
	if !v.CanIterateElements() {
		return nil, nil, false
	}
	sc.ev.spent.look(v.LengthInt())
	list = make([]entry, 0, v.LengthInt())
	i := 0
	seq := isSequence(v.Type())
	for it := v.ElementIterator(); it.Next(); i++ {
		k, e := it.Element()
		var o *origin
		if seq {
			o = coll.o.elem(i)
		} else {
			o = coll.o.field(k.AsString())
		}
		list = append(list, entry{k, value{keepSensitive(e, marks), o}})
	}
	return list, nil, true
}

func (sc scope) forExpr(e *hclsyntax.ForExpr) value {
	coll := sc.eval(e.CollExpr)
	list, unsure, ok := sc.entries(coll)
	if !ok {
		return sc.fail(e.CollExpr.Range(), "iterate: %s is no collection", describe(coll.v))
	}
	if unsure != nil {
		return *unsure
	}
	var (
		elems  []cty.Value
		fields map[string]cty.Value
		groups map[string][]cty.Value
		o      = &origin{}
		marks  = sensitiveMarks(coll.v)
	)
	if coll.o != nil {
		o.callers, o.via = coll.o.callers, coll.o.via
	}
	if e.KeyExpr != nil {
		fields = make(map[string]cty.Value)
		groups = make(map[string][]cty.Value)
		o.fields = make(map[string]*origin)
	}
	open, isOpen := orderOf(coll.v)
	exact := 0 // elements of the result that stand where they will
	var undecided *value
	for i, en := range list {
		if i == open.exact {
			exact = len(elems)
		}
		in := sc
		if e.KeyVar != "" {
			key := value{en.key.WithMarks(sensitiveMarks(coll.v)), en.val.o.whole()}
			if open.sized && i >= open.exact && key.v.Type() == cty.Number {
				key.v = unknown(open.why).v
			}
			in = in.with(e.KeyVar, key)
		}
		in = in.with(e.ValVar, en.val)
		if !sc.ev.spend(elements, 1, e.SrcRange) {
			return unknown(tooCostly)
		}
		if e.CondExpr != nil {
			cond := in.eval(e.CondExpr)
			marks = joinMarks(marks, sensitiveMarks(cond.v))
			keep, un := in.truth(cond, e.CondExpr.Range())
			if un != nil {
				undecided = un
				continue
			}
			if !keep {
				continue
			}
		}
		if e.KeyExpr == nil {
			v := in.eval(e.ValExpr)
			elems = append(elems, v.v)
			o.elems = append(o.elems, historyOnly(v.o))
			continue
		}
		key := in.eval(e.KeyExpr)
		name, un := in.key(key, e.KeyExpr.Range())
		if un != nil {
			undecided = un
			continue
		}
		v := in.eval(e.ValExpr)
		v.v = named(name, v.v)
		marks = joinMarks(marks, sensitiveMarks(key.v))
		switch _, dup := fields[name]; {
		case e.Group:
			groups[name] = append(groups[name], v.v)
			if o.fields[name] == nil {
				o.fields[name] = &origin{}
				o.keys = append(o.keys, keyPlace{name, e.SrcRange})
			}
			o.fields[name].elems = append(o.fields[name].elems, historyOnly(v.o))
		case dup:
			sc.fail(e.KeyExpr.Range(), "build map: two elements have the key %s", keyText(name, key.v))
		default:
			fields[name] = v.v
			o.fields[name] = historyOnly(v.o)
			o.keys = append(o.keys, keyPlace{name, e.SrcRange})
		}
	}
	if isOpen && open.exact >= len(list) {
		exact = len(elems)
	}
	switch {
	case undecided != nil:
		return *undecided
	case e.KeyExpr == nil && isOpen:
		return value{cty.TupleVal(elems).WithMarks(marks, cty.NewValueMarks(openEnded{exact, open.why, open.sized})), o}
	case e.KeyExpr == nil:
		return value{cty.TupleVal(elems).WithMarks(marks), o}
	case e.Group:
		for name, g := range groups {
			fields[name] = cty.TupleVal(g)
		}
	}
	return value{cty.ObjectVal(fields).WithMarks(marks), o}
}

// historyOnly returns o without places: what a for expression makes is written
// at the for expression.
func historyOnly(o *origin) *origin {
	if o == nil || o.place.Filename == "" {
		return o
	}
	out := *o
	out.place.Filename = ""
	return &out
}

func (sc scope) splat(e *hclsyntax.SplatExpr) value {
	src := sc.eval(e.Source)
	v, marks := src.v.Unmark()
	if v.IsNull() {
		if isSequence(v.Type()) {
			return sc.fail(e.Source.Range(), "expand [*]: the list is null")
		}
		return value{cty.EmptyTupleVal.WithMarks(marks), src.o.whole()}
	}
	if !v.IsKnown() {
		return unknownLike(src.v)
	}
	list := []entry{{cty.Zero, src}}
	if isSequence(v.Type()) || v.Type() == symbolicType {
		list, _, _ = sc.entries(src)
	}
	if !sc.ev.spend(elements, len(list), e.SrcRange) {
		return unknown(tooCostly)
	}
	elems := make([]cty.Value, len(list))
	o := &origin{elems: make([]*origin, len(list))}
	if src.o != nil {
		o.callers, o.via = src.o.callers, src.o.via
	}
	for i, en := range list {
		in := sc
		in.frame = &frame{anon: e.Item, val: en.val, up: sc.frame}
		r := in.eval(e.Each)
		elems[i] = r.v
		o.elems[i] = historyOnly(r.o)
	}
	marks = sensitiveMarks(src.v)
	if open, ok := openOf(src.v); ok && (isSequence(v.Type()) || v.Type() == symbolicType) {
		marks = joinMarks(marks, cty.NewValueMarks(open))
	}
	return value{cty.TupleVal(elems).WithMarks(marks), o}
}

// template joins the parts of a quoted or heredoc template.
func (sc scope) template(e *hclsyntax.TemplateExpr) value {
	if len(e.Parts) == 1 {
		if lit, ok := e.Parts[0].(*hclsyntax.LiteralValueExpr); ok {
			return value{v: lit.Val}
		}
	}
	parts := make([]value, len(e.Parts))
	for i, p := range e.Parts {
		parts[i] = sc.eval(p)
	}
	texts := make([]cty.Value, len(parts))
	for i, p := range parts {
		t, bad := sc.text(p, e.Parts[i])
		if bad != nil {
			return *bad
		}
		texts[i] = t
	}
	return sc.joined(texts, combined(parts), e.SrcRange)
}

// joined concatenates strings within the bound on text.
func (sc scope) joined(texts []cty.Value, o *origin, rng hcl.Range) value {
	size := 0
	for _, t := range texts {
		if s, ok := asString(t); ok {
			size += len(s)
		}
	}
	if size > maxText {
		sc.ev.limit(rng, "fill template: the text is too large")
		return unknown("its value is too large")
	}
	if !sc.ev.spend(letters, size, rng) {
		return unknown(tooCostly)
	}
	return value{joinText(texts), o}
}

// text converts one part of a template to a string.
func (sc scope) text(p value, e hclsyntax.Expression) (cty.Value, *value) {
	if p.v.IsNull() {
		u := sc.fail(e.Range(), "fill template: the value is null")
		return cty.NilVal, &u
	}
	t, err := convertTo(p.v, cty.String)
	if err != nil {
		u := sc.fail(e.Range(), "fill template: %s is no text", describe(p.v))
		return cty.NilVal, &u
	}
	return t, nil
}

// joinText concatenates strings. Where one is unknown, what stands before it is
// kept as the known prefix of the result.
func joinText(texts []cty.Value) cty.Value {
	var b strings.Builder
	var marks []cty.ValueMarks
	known := true
	for _, t := range texts {
		t, m := t.Unmark()
		if len(m) > 0 {
			marks = append(marks, m)
		}
		if !known {
			continue
		}
		if !t.IsKnown() {
			known = false
			continue
		}
		b.WriteString(t.AsString())
	}
	if !known {
		v := cty.UnknownVal(cty.String).RefineNotNull()
		if prefix := b.String(); prefix != "" && !strings.Contains(prefix, placeholderMark) {
			v = cty.UnknownVal(cty.String).Refine().NotNull().StringPrefix(prefix).NewValue()
		}
		return v.WithMarks(marks...)
	}
	return cty.StringVal(b.String()).WithMarks(marks...)
}

// templateJoin joins the results of a %{ for } directive.
func (sc scope) templateJoin(e *hclsyntax.TemplateJoinExpr) value {
	tuple := sc.eval(e.Tuple)
	list, unsure, ok := sc.entries(tuple)
	if unsure != nil || !ok {
		return unknownLike(tuple.v)
	}
	texts := make([]cty.Value, len(list))
	parts := make([]value, len(list))
	for i, en := range list {
		t, bad := sc.text(en.val, e)
		if bad != nil {
			return *bad
		}
		texts[i], parts[i] = t, en.val
	}
	r := sc.joined(texts, combined(parts), e.Range())
	r.v = r.v.WithMarks(sensitiveMarks(tuple.v))
	return r
}
