package terraform

import (
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/egresslint/egresslint/parser/located"
)

// openEnded is the mark of a list that may be longer or shorter than it looks:
// one of its elements stands for a list that is not known, or is known by one
// name only, or for a resource of which the number of instances is not known.
// What stands in such a list is in it, but up to that element only the positions
// are right.
type openEnded struct {
	exact int    // elements before it
	why   string // it is not known
	sized bool   // only the order is not known: there is nothing else in the list
}

// shuffled returns the mark of a list, made from v, whose order is known only when
// its elements are.
func shuffled(v cty.Value) openEnded { return openEnded{why: orNotKnown(unsettled(v)), sized: true} }

// unsettled says why an element of v is not known in full; empty if all are.
func unsettled(v cty.Value) (why string) {
	u, _ := v.UnmarkDeep()
	switch {
	case !u.IsWhollyKnown():
		return orNotKnown(whyUnknown(reasonsOf(v)))
	case hasPlaceholder(u):
		return afterApply(u)
	default:
		return ""
	}
}

// openOf reports whether v is an open list, or a value that stands for one.
func openOf(v cty.Value) (open openEnded, ok bool) {
	u, marks := v.Unmark()
	for m := range marks {
		o, isOpen := m.(openEnded)
		if isOpen && (!ok || o.before(open)) {
			open, ok = o, true
		}
	}
	switch {
	case ok:
		return open, true
	case u.Type() == symbolicType && u.IsKnown() && !u.IsNull():
		return openEnded{why: symbolicOf(u).why}, true
	case isListPlaceholder(u):
		return openEnded{why: afterApply(u)}, true
	}
	return openEnded{}, false
}

// orderOf is openOf for what goes through a collection: it goes through a set in the
// order of its elements.
func orderOf(v cty.Value) (open openEnded, ok bool) {
	if open, ok = openOf(v); ok {
		return open, true
	}
	u, _ := v.Unmark()
	if u.Type().IsSetType() && u.IsKnown() && !u.IsNull() && u.LengthInt() > 1 && unsettled(v) != "" {
		return shuffled(v), true
	}
	return openEnded{}, false
}

// before reports whether o says more of what is not known than p.
func (o openEnded) before(p openEnded) bool {
	if o.sized != p.sized {
		return p.sized
	}
	return o.exact < p.exact || o.exact == p.exact && o.why < p.why
}

// isListPlaceholder reports whether v is the placeholder of an attribute that is
// a list, going by its name.
func isListPlaceholder(v cty.Value) bool {
	s, ok := asString(v)
	if !ok || !isWholePlaceholder(v) {
		return false
	}
	refs, _ := located.Refs(s)
	return strings.HasSuffix(refs[0].Attribute, "ids") || strings.HasSuffix(refs[0].Attribute, "endpoints")
}

// openElement returns element i of an open list. The first element that is not
// exact stands, by its name, for its own first; if it is the only one it stands
// for all.
func openElement(list []value, open openEnded, i int) value {
	switch {
	case i < open.exact && i < len(list):
		return list[i]
	case !open.sized && i == open.exact && i < len(list) && (i == len(list)-1 || isListPlaceholder(list[i].v)):
		return list[i]
	case len(list) == 1 && hasPlaceholder(list[0].v):
		return list[0]
	default:
		return unknown(open.why)
	}
}

// closed returns v without the marks of an open list.
func closed(v cty.Value) cty.Value {
	u, marks := v.Unmark()
	kept := make(cty.ValueMarks, len(marks))
	for m := range marks {
		if _, ok := m.(openEnded); !ok {
			kept[m] = struct{}{}
		}
	}
	return u.WithMarks(kept)
}

// builder makes a list from others and remembers from where on it is open.
type builder struct {
	elems []value
	open  *openEnded
}

func (b *builder) add(v value) { b.elems = append(b.elems, v) }

// openAt says that from position n on the list is open.
func (b *builder) openAt(n int, why string) { b.openAs(openEnded{exact: n, why: orNotKnown(why)}) }

// openAs opens the list, unless it is open already. Where more than the order is not
// known, that counts.
func (b *builder) openAs(o openEnded) {
	switch {
	case b.open == nil:
		b.open = &o
	case !o.sized:
		b.open.sized = false
	}
}

// addUnknown adds an element that stands for a list which is not known.
func (b *builder) addUnknown(v value) {
	b.openAt(len(b.elems), whyUnknown(reasonsOf(v.v)))
	b.add(value{unknownLike(v.v).v, v.o})
}

// spread adds the elements of coll.
func (b *builder) spread(list []value, coll cty.Value) {
	if o, ok := openOf(coll); ok {
		o.exact = len(b.elems) + min(o.exact, len(list))
		b.openAs(o)
	}
	b.elems = append(b.elems, list...)
}

// list returns what was built, from sources.
func (b *builder) list(sources ...value) value {
	return b.finish(sequence(b.elems, sources...), sources)
}

func (b *builder) finish(v value, sources []value) value {
	if b.open != nil {
		v.v = v.v.Mark(*b.open)
	}
	for _, s := range sources {
		v.v = v.v.WithMarks(sensitiveMarks(s.v))
	}
	return v
}
