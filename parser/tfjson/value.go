package tfjson

import (
	"slices"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// lookup finds entries of an object that is asked for its keys in about their order.
type lookup struct {
	list []field
	at   int
}

func newLookup(d *document, i int) *lookup {
	l := &lookup{}
	for f := range d.fields(i) {
		l.list = append(l.list, f)
	}
	return l
}

// get returns the value of a key, or absent.
func (l *lookup) get(key string) int {
	if l == nil {
		return absent
	}
	for n := range l.list {
		i := (l.at + n) % len(l.list)
		if l.list[i].key == key {
			l.at = i + 1
			return l.list[i].value
		}
	}
	return absent
}

// valueReader reads one attribute. Beside its value stand two trees of the same
// shape, which have true where the value is unknown or sensitive.
type valueReader struct {
	*document
	address string
}

// value reads the value at i; nil if it is null. blocks are what the configuration
// sets if it is a list of nested blocks, and path is the way to it.
func (r *valueReader) value(i, unknown, sensitive int, blocks []*arguments, path string) *located.Value {
	secret := r.is(sensitive, "true")
	v := &located.Value{Sensitive: secret}
	switch c := r.at(i); {
	case r.is(unknown, "true"):
		v.Kind, v.Reason = located.Unknown, unknownReason(r.address, path, false)
		v.Range = r.span(unknown, r.skip(unknown))
		return v
	case c == 'n' || c == 0:
		return nil
	case c == '"':
		v.Kind, v.Str = located.String, r.str(i)
	case c == 't' || c == 'f':
		v.Kind, v.Bool = located.Bool, c == 't'
	case c == '[':
		v.Kind = located.List
		r.list(v, i, unknown, sensitive, blocks, path)
	case c == '{':
		v.Kind = located.Map
		var block *arguments
		if len(blocks) == 1 {
			block = blocks[0]
		}
		r.object(v, i, unknown, sensitive, block, path)
	default:
		v.Kind, v.Str = located.Number, r.number(i)
	}
	v.Range = r.place(i)
	if secret {
		conceal(v)
	}
	return v
}

// place is what a message points at: a scalar, or the bracket that opens the rest.
func (r *valueReader) place(i int) source.Range {
	if c := r.at(i); c == '{' || c == '[' {
		return r.span(i, i+1)
	}
	return r.span(i, r.skip(i))
}

func (r *valueReader) list(v *located.Value, i, unknown, sensitive int, blocks []*arguments, path string) {
	us, ss := r.elements(unknown), r.elements(sensitive)
	n := 0
	for range r.items(i) {
		n++
	}
	v.List = make([]*located.Value, 0, n)
	for e := range r.items(i) {
		var block []*arguments
		// With as many blocks as there are elements none of them is dynamic. Those
		// that the provider holds as a set may be in another order.
		if len(blocks) == n && n > 0 {
			block = []*arguments{merged(blocks)}
		}
		item := r.value(e, us.next(), ss.next(), block, path)
		if item == nil {
			item = &located.Value{Range: r.place(e)}
		}
		v.List = append(v.List, item)
	}
}

// merged returns what any of the blocks sets.
func merged(blocks []*arguments) *arguments {
	if len(blocks) == 1 {
		return blocks[0]
	}
	all := &arguments{exprs: make(map[string]*expression), blocks: make(map[string][]*arguments)}
	for _, b := range blocks {
		for name, e := range b.exprs {
			all.exprs[name] = e
		}
		for name := range b.blocks {
			all.blocks[name] = nil // how many depends on the element
		}
	}
	return all
}

func (r *valueReader) object(v *located.Value, i, unknown, sensitive int, block *arguments, path string) {
	us, ss := newLookup(r.document, unknown), newLookup(r.document, sensitive)
	for f := range r.fields(i) {
		u := us.get(f.key)
		if r.is(u, "true") {
			continue // below
		}
		var nested []*arguments
		if block != nil {
			nested = block.blocks[f.key]
		}
		if value := r.value(f.value, u, ss.get(f.key), nested, path+"."+f.key); value != nil {
			v.Map = append(v.Map, located.Field{Key: f.key, KeyRange: r.span(f.start, f.end), Value: value})
		}
	}
	for _, f := range us.list {
		if !r.is(f.value, "true") {
			continue
		}
		if block != nil && block.exprs[f.key] == nil {
			if _, nested := block.blocks[f.key]; !nested && !r.mayBeDynamic(f.key, ss.get(f.key)) {
				continue // computed, and not set
			}
		}
		value := r.value(absent, f.value, ss.get(f.key), nil, path+"."+f.key)
		v.Map = append(v.Map, located.Field{Key: f.key, KeyRange: r.span(f.start, f.end), Value: value})
	}
	v.Map = unique(v.Map)
}

// unique drops the entries whose key came before.
func unique(fields []located.Field) []located.Field {
	sorted := true
	for i := 1; i < len(fields); i++ {
		sorted = sorted && fields[i-1].Key < fields[i].Key
	}
	if sorted {
		return fields // as Terraform prints them
	}
	seen := make(map[string]bool, len(fields))
	return slices.DeleteFunc(fields, func(f located.Field) bool {
		again := seen[f.Key]
		seen[f.Key] = true
		return again
	})
}

// mayBeDynamic reports whether an unknown attribute that the configuration seems
// not to set can come from a dynamic block, which a plan does not show. A scalar
// cannot, and neither can a list of strings. That it is not a scalar is told by its
// entry in after_sensitive.
func (d *document) mayBeDynamic(name string, sensitive int) bool {
	return d.at(sensitive) == '[' && !isListOfStrings(name)
}

// cursor walks along the elements of an array.
type cursor struct {
	list []int
}

func (r *valueReader) elements(i int) *cursor {
	c := &cursor{}
	for e := range r.items(i) {
		c.list = append(c.list, e)
	}
	return c
}

func (c *cursor) next() int {
	if len(c.list) == 0 {
		return absent
	}
	e := c.list[0]
	c.list = c.list[1:]
	return e
}

// mark marks what the tree at i says is sensitive: true stands for a value with all that
// is in it. Where the tree has another shape than v, as with the elements of sets, a
// mark anywhere in it counts for all of v.
func (d *document) mark(v *located.Value, i int) {
	switch d.at(i) {
	case 't':
		conceal(v)
	case '[':
		n := 0
		for range d.items(i) {
			n++
		}
		if v.Kind != located.List || n != len(v.List) {
			d.markAll(v, i)
			return
		}
		n = 0
		for e := range d.items(i) {
			d.mark(v.List[n], e)
			n++
		}
	case '{':
		if v.Kind != located.Map {
			d.markAll(v, i)
			return
		}
		tree := newLookup(d, i)
		for _, f := range v.Map {
			d.mark(f.Value, tree.get(f.Key))
		}
	}
}

// markAll marks v if the tree at i has a mark anywhere.
func (d *document) markAll(v *located.Value, i int) {
	for end := d.skip(i); i < end; {
		switch d.data[i] {
		case '"':
			i = d.skipString(i)
		case 't':
			conceal(v)
			return
		default:
			i++
		}
	}
}

// markKeys marks the values in v whose keys say that they are secret.
func markKeys(v *located.Value) {
	for _, e := range v.List {
		markKeys(e)
	}
	for _, f := range v.Map {
		if v.Hides(f) {
			conceal(f.Value)
		} else {
			markKeys(f.Value)
		}
	}
}

// conceal marks everything in v as sensitive.
func conceal(v *located.Value) {
	v.Sensitive = true
	for _, e := range v.List {
		conceal(e)
	}
	for _, f := range v.Map {
		conceal(f.Value)
	}
}
