package terraform

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// each is one repetition of a block by count or for_each.
type each struct {
	key    cty.Value // NilVal for a block without repetition
	val    value     // each.value
	keyO   *origin
	count  bool
	suffix string // of the address
}

func (e *each) get(root, name string) (value, bool) {
	switch {
	case e == nil || e.key == cty.NilVal:
		return value{}, false
	case root == "count" && name == "index" && e.count:
		return value{v: e.key}, true
	case root == "each" && name == "key" && !e.count:
		return value{e.key, e.keyO}, true
	case root == "each" && name == "value" && !e.count:
		return e.val, true
	default:
		return value{}, false
	}
}

// repetition is what count or for_each make of a block.
type repetition struct {
	items     []each
	forEach   bool
	single    bool
	uncertain string // why the number of items is not known; then there is one
}

// collect makes the value of the whole block from those of its instances.
func (r *repetition) collect(vals []cty.Value, sym *symbolic) cty.Value {
	switch {
	case sym != nil:
		return cty.CapsuleVal(symbolicType, sym)
	case r.single:
		return vals[0]
	case !r.forEach:
		return cty.TupleVal(vals)
	}
	fields := make(map[string]cty.Value, len(vals))
	for i, v := range vals {
		key, _ := r.items[i].key.Unmark()
		fields[key.AsString()] = v
	}
	return cty.ObjectVal(fields)
}

// repeat evaluates the count or for_each of a block.
func (sc scope) repeat(count, forEach *attribute) repetition {
	switch {
	case count != nil:
		return sc.repeatCount(count)
	case forEach != nil:
		return sc.repeatEach(forEach)
	default:
		return repetition{single: true, items: []each{{key: cty.NilVal}}}
	}
}

func (sc scope) repeatCount(at *attribute) repetition {
	v := sc.eval(at.expr)
	u, marks := v.v.Unmark()
	rng := at.expr.Range()
	switch {
	case u.IsNull():
		return uncertainCount(at, reasonOf(sc.fail(rng, "expand count: it is null").v))
	case !u.IsKnown():
		return uncertainCount(at, orNotKnown(whyUnknown(marks)))
	}
	n, err := convertTo(u, cty.Number)
	if err != nil {
		if hasPlaceholder(u) {
			return uncertainCount(at, afterApply(u))
		}
		return uncertainCount(at, reasonOf(sc.fail(rng, "expand count: %v", err).v))
	}
	i, ok := asInt(n)
	switch {
	case !ok || i < 0:
		return uncertainCount(at, reasonOf(sc.fail(rng, "expand count: it must be a whole number, zero or more").v))
	case i > maxRepetition:
		sc.ev.limit(rng, "expand count: %d is more than %d", i, maxRepetition)
		return uncertainCount(at, "its count is too large to expand")
	}
	r := repetition{items: make([]each, i)}
	for k := range i {
		r.items[k] = each{key: cty.NumberIntVal(int64(k)), count: true, suffix: fmt.Sprintf("[%d]", k)}
	}
	return r
}

func reasonOf(v cty.Value) string {
	_, marks := v.Unmark()
	return whyUnknown(marks)
}

func orNotKnown(why string) string {
	if why == "" {
		return "it is not known before apply"
	}
	return why
}

func uncertainCount(at *attribute, why string) repetition {
	e := each{key: cty.UnknownVal(cty.Number).Mark(reason(why)), count: true, suffix: "[?]"}
	if atMostOne(at.expr) {
		e.key, e.suffix = cty.Zero, "[0]"
	}
	return repetition{items: []each{e}, uncertain: why}
}

// atMostOne reports whether a count is a choice of 1 and 0.
func atMostOne(e hclsyntax.Expression) bool {
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return atMostOne(e.Expression)
	case *jsonString:
		return atMostOne(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return atMostOne(e.Wrapped)
	case *hclsyntax.ConditionalExpr:
		return atMostOne(e.TrueResult) && atMostOne(e.FalseResult)
	}
	lit, isLit := e.(*hclsyntax.LiteralValueExpr)
	if !isLit {
		return false
	}
	i, ok := asInt(lit.Val)
	return ok && (i == 0 || i == 1)
}

func (sc scope) repeatEach(at *attribute) repetition {
	v := sc.eval(at.expr)
	u, marks := v.v.Unmark()
	rng := at.expr.Range()
	t := u.Type()
	uncertain := func(why string) repetition {
		unk := unknown(why)
		return repetition{forEach: true, uncertain: why, items: []each{{key: unk.v, val: unk, suffix: "[?]"}}}
	}
	switch {
	case u.IsNull():
		return uncertain(reasonOf(sc.fail(rng, "expand for_each: it is null").v))
	case !u.IsKnown():
		return uncertain(orNotKnown(whyUnknown(marks)))
	case t == symbolicType:
		s := symbolicOf(u)
		return repetition{forEach: true, uncertain: s.why, items: []each{{
			key: cty.UnknownVal(cty.String).Mark(reason(s.why)), val: value{s.instance(), v.o}, suffix: "[?]",
		}}}
	case t.IsMapType() || t.IsObjectType() || t.IsSetType():
	case t.IsTupleType() && (u.LengthInt() == 0 || isConditional(at.expr)):
		// A branch of a conditional whose other branch makes it a set.
		set, err := convertTo(v.v, cty.Set(cty.String))
		if err != nil {
			return uncertain(reasonOf(sc.fail(rng, "expand for_each: %v", err).v))
		}
		v = value{set, reordered(set, v)}
		u, _ = set.Unmark()
		t = u.Type()
	case hasPlaceholder(u):
		return uncertain(afterApply(u))
	default:
		return uncertain(reasonOf(sc.fail(rng, "expand for_each: it takes a map or a set of strings, not %s", describe(u)).v))
	}
	if n := u.LengthInt(); n > maxRepetition {
		sc.ev.limit(rng, "expand for_each: %d elements are more than %d", n, maxRepetition)
		return uncertain("its for_each is too large to expand")
	}
	list, _, _ := sc.entries(v)
	if open, ok := openOf(v.v); ok {
		r := uncertain(open.why)
		if len(list) == 1 {
			r.items[0].val = list[0].val // its name stands for all of them
		}
		return r
	}
	hidden := v.v.HasMark(sensitive{}) // then keys are not shown in addresses
	r := repetition{forEach: true, items: make([]each, 0, len(list))}
	for _, en := range list {
		key, keyO := en.key, en.val.o.whole()
		if t.IsSetType() {
			k, m := en.val.v.Unmark()
			if !k.IsKnown() {
				return uncertain(orNotKnown(whyUnknown(m)))
			}
			if k.IsNull() || k.Type() != cty.String {
				return uncertain(reasonOf(sc.fail(rng, "expand for_each: it takes a map or a set of strings, not %s", describe(u)).v))
			}
			key = k
			en.val.v = k
		}
		en.val.o = sc.ev.cross(en.val.o, rng, aside, fromForEach)
		suffix := indexText(key)
		if hidden {
			suffix = indexText(cty.StringVal(fmt.Sprintf("sensitive %d", len(r.items)+1)))
			en.val.v, key = en.val.v.Mark(sensitive{}), key.Mark(sensitive{})
		}
		r.items = append(r.items, each{key: key, keyO: sc.ev.cross(keyO, rng, aside, fromForEach), val: en.val, suffix: suffix})
	}
	return r
}

func isConditional(e hclsyntax.Expression) bool {
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return isConditional(e.Expression)
	case *jsonString:
		return isConditional(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return isConditional(e.Wrapped)
	case *hclsyntax.ConditionalExpr:
		return true
	default:
		return false
	}
}

// blockList evaluates the nested blocks of one type, dynamic ones expanded, as a
// list of objects. A dynamic of which the number is not known is one unknown
// element.
func (sc scope) blockList(b *body, typ string) value {
	var elems []cty.Value
	o := &origin{}
	for _, blk := range b.blocks {
		if blockType(blk) != typ {
			continue
		}
		if blk.typ != "dynamic" {
			v := sc.blockValue(blk.header, &blk.body)
			elems, o.elems = append(elems, v.v), append(o.elems, v.o)
			continue
		}
		sc.expandDynamic(blk, func(v value) {
			elems, o.elems = append(elems, v.v), append(o.elems, v.o)
		})
	}
	return value{cty.TupleVal(elems), o}
}

// expandDynamic calls yield for each block that a dynamic block makes.
func (sc scope) expandDynamic(blk *block, yield func(value)) {
	at := blk.body.attr("for_each")
	var content *block
	for _, c := range blk.body.blocks {
		if c.typ == "content" {
			content = c
		}
	}
	if at == nil || content == nil || len(blk.labels) != 1 {
		sc.fail(blk.header, "expand dynamic block: it needs one label, for_each and content")
		return
	}
	rng := at.expr.Range()
	coll := sc.eval(at.expr)
	list, unsure, ok := sc.entries(coll)
	u, _ := coll.v.Unmark()
	switch {
	case !ok:
		unsure = new(value)
		*unsure = sc.fail(rng, "expand dynamic block: %s is no collection", describe(coll.v))
	case u.Type() == symbolicType:
		unsure = new(value)
		*unsure = unknown(symbolicOf(u).why)
	case len(list) > maxRepetition:
		sc.ev.limit(rng, "expand dynamic block: %d elements are more than %d", len(list), maxRepetition)
		unsure = new(value)
		*unsure = unknown("its for_each is too large to expand")
	}
	if unsure != nil {
		yield(value{unsure.v, placed(combined([]value{coll}), rng)})
		return
	}
	name := blk.labels[0]
	if it := blk.body.attr("iterator"); it != nil {
		if s := staticName(it.expr); s != "" {
			name = s
		}
	}
	set := u.Type().IsSetType()
	open, isOpen := openOf(coll.v)
	for _, en := range list {
		if sc.ev.spent.over {
			yield(value{unknown(tooCostly).v, placed(en.val.o, rng)})
			return
		}
		if isOpen && !en.val.v.IsKnown() {
			yield(value{unknown(open.why).v, placed(en.val.o, rng)})
			continue
		}
		if set {
			en.key = en.val.v
		}
		if open.sized && !set {
			en.key = unknown(open.why).v
		}
		en.key = en.key.WithMarks(sensitiveMarks(coll.v))
		o := sc.ev.cross(en.val.o, rng, aside, fromForEach)
		item := value{
			cty.ObjectVal(map[string]cty.Value{"key": en.key, "value": en.val.v}),
			&origin{fields: map[string]*origin{"key": o.whole(), "value": o}},
		}
		yield(sc.with(name, item).blockValue(content.header, &content.body))
	}
}

// blockValue evaluates the content of a nested block as an object. What is null
// is left out, as if it were not written.
func (sc scope) blockValue(header hcl.Range, b *body) value {
	if !sc.ev.spend(elements, 4+2*len(b.attrs)+len(b.blocks), header) {
		return value{unknown(tooCostly).v, &origin{place: header}}
	}
	fields := make(map[string]cty.Value)
	o := &origin{place: header, fields: make(map[string]*origin)}
	for _, at := range b.attrs {
		v := sc.eval(at.expr)
		if u, _ := v.v.Unmark(); u.IsNull() {
			continue
		}
		fields[at.name] = named(at.name, v.v)
		o.fields[at.name] = placed(v.o, at.expr.Range())
		o.keys = append(o.keys, keyPlace{at.name, at.nameRange})
	}
	for _, blk := range b.blocks {
		typ := blockType(blk)
		if _, ok := fields[typ]; ok || strings.TrimSpace(typ) == "" {
			continue
		}
		v := sc.blockList(b, typ)
		if isEmpty(v.v) {
			continue
		}
		fields[typ] = v.v
		o.fields[typ] = placed(v.o, blk.header)
		o.keys = append(o.keys, keyPlace{typ, blk.header})
	}
	return value{cty.ObjectVal(fields), o}
}
