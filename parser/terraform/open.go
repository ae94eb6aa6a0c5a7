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
}

// openOf reports whether v is an open list, or a value that stands for one.
func openOf(v cty.Value) (open openEnded, ok bool) {
	u, marks := v.Unmark()
	for m := range marks {
		o, isOpen := m.(openEnded)
		if isOpen && (!ok || o.exact < open.exact || o.exact == open.exact && o.why < open.why) {
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
	case i == open.exact && i < len(list) && (i == len(list)-1 || isListPlaceholder(list[i].v)):
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
func (b *builder) openAt(n int, why string) {
	if b.open == nil {
		b.open = &openEnded{n, orNotKnown(why)}
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
		b.openAt(len(b.elems)+min(o.exact, len(list)), o.why)
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
