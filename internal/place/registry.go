package place

import "github.com/egresslint/egresslint/parser/source"

// Registry hands out origins and remembers what they stand for.
type Registry struct {
	// List resolves Origin.Ref; index 0 is "no place".
	List []Place
	seen map[key]int
}

// key identifies a place; two values of one resource at one range are one
// place, unless they came there from different places, as the elements of a list do
// that a module's caller writes. Of objects that overlays, releases or applications
// made from one file, each has places of its own.
type key struct {
	r, caller, via               source.Range
	address, root, variant, from string
	ignore                       Ignore // the first
}

// NewRegistry returns a registry of no places.
func NewRegistry() *Registry { return &Registry{List: []Place{{}}, seen: make(map[key]int)} }

// Add returns the origin of a place; none if the place has no range.
func (r *Registry) Add(place Place) Origin {
	if place.Range.IsZero() {
		return Origin{}
	}
	k := key{
		r: place.Range, caller: last(place.Callers),
		address: place.Address, root: place.Root, variant: place.Variant, from: place.From,
	}
	if n := len(place.Via); n > 0 {
		k.via = place.Via[n-1].Range
	}
	if len(place.Ignores) > 0 {
		k.ignore = place.Ignores[0]
	}
	ref, ok := r.seen[k]
	if !ok {
		ref = len(r.List)
		r.List = append(r.List, place)
		r.seen[k] = ref
	}
	return Origin{Ref: ref, File: place.Range.File, Line: place.Range.Start.Line, Column: place.Range.Start.Column}
}

func last(list []source.Range) source.Range {
	if len(list) == 0 {
		return source.Range{}
	}
	return list[len(list)-1]
}
