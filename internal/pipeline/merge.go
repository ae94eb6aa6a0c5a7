package pipeline

import (
	"cmp"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/source"
)

// instance is a module instance of a root, over all variants of the root.
type instance struct{ root, module string }

func instanceOf(p place.Place) instance { return instance{p.Root, p.Module} }

// spot is what findings must share to be one problem to the user.
type spot struct {
	rule, kind string
	at         source.Range
	instance   instance // zero when instances are what is merged
}

// mergeVariants makes one finding of those that a root shows at one place in
// several of its variants, and names the variants.
func mergeVariants(items []*item) []*item {
	merged := merge(items,
		func(it *item) spot { return spot{it.Rule, it.kind, it.Range, instanceOf(it.place)} },
		func(it *item) string { return it.place.Variant })
	for _, it := range merged {
		for _, p := range it.places {
			if p.Variant != "" && !slices.Contains(it.Variants, p.Variant) {
				it.Variants = append(it.Variants, p.Variant)
			}
		}
		slices.Sort(it.Variants)
	}
	return merged
}

// mergeInstances makes one finding of those that several instances of a module
// show at one place, and anchors every finding where a developer would make the
// change: at the outermost caller's argument if the place is wrong in one module
// instance only, since the other instances get along with the module as it is;
// else in the module.
func mergeInstances(items []*item) []*item {
	// Whether the module or a caller is at fault depends on the rule and the place
	// alone, not on the case.
	type place struct {
		rule string
		at   source.Range
	}
	instances := make(map[place][]instance)
	for _, it := range items {
		key := place{it.Rule, it.Range}
		if in := instanceOf(it.place); !slices.Contains(instances[key], in) {
			instances[key] = append(instances[key], in)
		}
	}

	merged := merge(items,
		func(it *item) spot { return spot{rule: it.Rule, kind: it.kind, at: it.Range} },
		func(it *item) string { return it.place.Root + "\x00" + it.place.Module })
	for _, it := range merged {
		if len(instances[place{it.Rule, it.Range}]) > 1 {
			it.Instances = instanceNames(it.places)
			for _, p := range it.places {
				if n := len(p.Callers); n > 0 {
					it.relate(p.Callers[n-1], "the value is passed in here, for "+instanceName(p, severalRoots(it.places)))
				}
			}
		} else if n := len(it.place.Callers); n > 0 {
			it.Range = it.place.Callers[n-1]
			it.relate(it.place.Range, "the module uses it here")
			for _, caller := range it.place.Callers[:n-1] {
				it.relate(caller, "it is passed on here")
			}
		}
		for _, p := range it.places {
			for _, via := range p.Via {
				it.relate(via.Range, cmp.Or(via.Says, "the value is set here"))
			}
		}
	}
	return merged
}

// mergeEqual makes one finding of those that say the same of the same place, as
// of a manifest that is deployed to several clusters.
func mergeEqual(items []*item) []*item {
	type words struct {
		rule, message, remedy string
		at                    source.Range
	}
	first := make(map[words]*item)
	var out []*item
	for _, it := range items {
		key := words{it.Rule, it.Message, it.Remedy, it.Range}
		if f, ok := first[key]; ok {
			f.absorb(it)
			continue
		}
		first[key] = it
		out = append(out, it)
	}
	for _, it := range out {
		it.Related = tidy(it.Related, it.Range)
		for _, p := range it.places {
			if p.From != "" && !slices.Contains(it.From, p.From) {
				it.From = append(it.From, p.From)
			}
		}
		slices.Sort(it.From)
	}
	return out
}

// mergeFrom makes one finding of those that differ in nothing but in what rendered
// the object. They are one part too, so that a further overlay of a base makes none
// of its findings new.
func mergeFrom(items []*item) []*item {
	type words struct {
		rule, kind, message string
		at                  source.Range
	}
	seen := make(map[words][]*item)
	return slices.DeleteFunc(items, func(it *item) bool {
		key := words{it.Rule, it.kind, it.Message, it.Range}
		for _, other := range seen[key] {
			if other.equalsButFrom(it) {
				other.places = append(other.places, it.place)
				return true
			}
		}
		seen[key] = append(seen[key], it)
		return false
	})
}

// equalsButFrom reports whether two items that no step has changed differ at most in
// what rendered the object.
func (it *item) equalsButFrom(other *item) bool {
	place := other.place
	place.From = it.place.From
	return reflect.DeepEqual(it.place, place) && it.Severity == other.Severity && it.Remedy == other.Remedy &&
		slices.Equal(it.Key, other.Key) && slices.Equal(it.Related, other.Related)
}

// merge makes one item of those that share a spot and differ only in the member
// (variant or module instance) they come from. If each member has one item at
// the spot they are the same problem, whatever the addresses in their keys; if a
// member has several, only those with the same key are.
func merge(items []*item, spotOf func(*item) spot, memberOf func(*item) string) []*item {
	groups := make(map[spot][]*item)
	var order []spot
	for _, it := range items {
		s := spotOf(it)
		if _, ok := groups[s]; !ok {
			order = append(order, s)
		}
		groups[s] = append(groups[s], it)
	}
	var out []*item
	for _, s := range order {
		group := groups[s]
		members := make(map[string]bool)
		for _, it := range group {
			members[memberOf(it)] = true
		}
		keyOf := func(it *item) string { return stableKey(it.Key) }
		if len(members) == len(group) {
			keyOf = func(*item) string { return "" }
		}
		first := make(map[string]*item)
		var kept []*item
		for _, it := range group {
			key := keyOf(it)
			if f, ok := first[key]; ok {
				f.absorb(it)
				continue
			}
			first[key] = it
			kept = append(kept, it)
		}
		out = append(out, kept...)
	}
	return out
}

// absorb merges other into it. The worse of the two speaks for both.
func (it *item) absorb(other *item) {
	if other.Severity > it.Severity {
		*it, *other = *other, *it
	}
	it.places = append(it.places, other.places...)
	it.Parts = append(it.Parts, other.Parts...)
	it.Related = append(it.Related, other.Related...)
	for _, v := range other.Variants {
		if !slices.Contains(it.Variants, v) {
			it.Variants = append(it.Variants, v)
		}
	}
	slices.Sort(it.Variants)
	for _, in := range other.Instances {
		if !slices.Contains(it.Instances, in) {
			it.Instances = append(it.Instances, in)
		}
	}
}

func (it *item) relate(r source.Range, message string) {
	it.Related = append(it.Related, finding.Related{Range: r, Message: message})
}

// tidy drops related places that say nothing new: the anchor itself, and places
// that are there already.
func tidy(related []finding.Related, anchor source.Range) []finding.Related {
	seen := map[source.Range]bool{anchor: true, {}: true}
	return slices.DeleteFunc(related, func(r finding.Related) bool {
		again := seen[r.Range]
		seen[r.Range] = true
		return again
	})
}

var modulePath = regexp.MustCompile(`module\.[^.\[]+(\[("[^"]*"|\d+)\])?\.`)

// stableKey is a finding's key without what differs between module instances.
func stableKey(key []string) string {
	return modulePath.ReplaceAllString(strings.Join(key, "\x00"), "")
}

func severalRoots(places []place.Place) bool {
	return slices.ContainsFunc(places, func(p place.Place) bool { return p.Root != places[0].Root })
}

// instanceNames are the module instances of places, in their order, each once.
func instanceNames(places []place.Place) []string {
	roots := severalRoots(places)
	var names []string
	for _, p := range places {
		if name := instanceName(p, roots); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// instanceName names a module instance, with its root where there are several.
func instanceName(p place.Place, roots bool) string {
	module := p.Module
	if module == "" {
		module = "the root module"
	}
	if roots {
		return p.Root + ": " + module
	}
	return module
}
