package kustomize

import (
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/utils"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// amount is what a set of objects comes to.
type amount struct {
	objects, bytes int
	kinds          map[string]int
	// sizes, counts and references are by the last key of fields: the bytes of the
	// largest one, how many there are, and how often "$(" stands in one, at most.
	sizes, counts, references map[string]int
	scalars, collections      map[string]bool
	below                     map[string]map[string]bool // the keys that stand below a key
	dollars                   int                        // how often "$(" stands in all of them
}

func newAmount() *amount {
	return &amount{
		kinds: make(map[string]int), sizes: make(map[string]int), counts: make(map[string]int), references: make(map[string]int),
		scalars: make(map[string]bool), collections: make(map[string]bool), below: make(map[string]map[string]bool),
	}
}

// merge adds other objects to a.
func (a *amount) merge(o *amount) {
	a.objects, a.bytes = capped(a.objects+o.objects), capped(a.bytes+o.bytes)
	a.dollars = capped(a.dollars + o.dollars)
	for k, n := range o.kinds {
		a.kinds[k] = capped(a.kinds[k] + n)
	}
	for k, n := range o.sizes {
		a.sizes[k] = max(a.sizes[k], n)
	}
	for k, n := range o.counts {
		a.counts[k] = capped(a.counts[k] + n)
	}
	for k, n := range o.references {
		a.references[k] = max(a.references[k], n)
	}
	for k := range o.scalars {
		a.scalars[k] = true
	}
	for k := range o.collections {
		a.collections[k] = true
	}
	for k, keys := range o.below {
		a.lie(k, keys)
	}
}

// lie notes that keys stand below k.
func (a *amount) lie(k string, keys map[string]bool) {
	if a.below[k] == nil {
		a.below[k] = make(map[string]bool, len(keys))
	}
	maps.Copy(a.below[k], keys)
}

// capped keeps numbers that grow from overflowing.
func capped(n int) int { return min(n, 1<<40) }

// times is a product that does not overflow.
func times(a, b int) int {
	if a > 0 && b > (1<<40)/a {
		return 1 << 40
	}
	return a * b
}

const (
	whole   = "" // the key of whole objects
	anyKind = "" // the kind of what may be of any
)

// field adds a field, which stands below some keys, and all below it to a. It returns
// its bytes.
func (a *amount) field(n *kyaml.Node, keys ...string) int {
	k := keys[len(keys)-1]
	if n.Kind == kyaml.AliasNode {
		n = n.Alias // which stands for no more than checkSize allows
	}
	size := len(k) + len(n.Value) + 1
	for i, c := range n.Content {
		switch {
		case n.Kind != kyaml.MappingNode:
			size += a.field(c, keys...)
		case i%2 == 1:
			size += a.field(c, append(keys, n.Content[i-1].Value)...)
		}
	}
	size = capped(size)
	a.sizes[k] = max(a.sizes[k], size)
	a.counts[k]++
	for _, above := range keys[:len(keys)-1] {
		if a.below[above] == nil {
			a.below[above] = make(map[string]bool)
		}
		a.below[above][k] = true
	}
	if n.Kind == kyaml.ScalarNode {
		a.scalars[k] = a.scalars[k] || n.Value != ""
		a.refer(k, n.Value, 1)
	} else {
		a.collections[k] = true
	}
	return size
}

// refer notes how often "$(" stands in some fields of a key.
func (a *amount) refer(k, text string, fields int) {
	n := strings.Count(text, "$(")
	a.references[k] = max(a.references[k], n)
	a.dollars = capped(a.dollars + times(n, fields))
}

// object adds an object, or a patch. One whose kind does not stand there as it is may
// be of any kind.
func (a *amount) object(n *kyaml.Node) {
	a.objects++
	a.bytes = capped(a.bytes + a.field(n, whole))
	if _, kind := lookup(n, key("kind")); kind != nil && kind.Kind == kyaml.ScalarNode && kind.Style&kyaml.TaggedStyle == 0 {
		a.kinds[kind.Value]++
	} else {
		a.kinds[anyKind]++
	}
}

// size is the bytes of the largest field at a path; of the largest object, if there is
// no field of the name.
func (a *amount) size(path []string) int {
	named := names(path)
	if len(named) > 0 {
		if n, ok := a.sizes[named[len(named)-1]]; ok {
			return n
		}
	}
	return a.sizes[whole]
}

// names are the elements of a path that are names of fields.
func names(path []string) []string {
	return slices.DeleteFunc(slices.Clone(path), func(s string) bool {
		return s == "" || s == "-" || s == "*" || s[0] == '[' || kyaml.IsIdxNumber(s)
	})
}

// put adds size bytes to the fields at a path in some objects, or puts them in the
// fields' place. From says what they are copied from.
func (a *amount) put(path, from []string, size, objects int, replace bool) {
	named := names(path)
	last := whole
	if len(named) > 0 {
		last, named = named[len(named)-1], named[:len(named)-1]
	}
	if slices.ContainsFunc(named, func(k string) bool { return a.scalars[k] }) {
		size = times(size, len(`\u003c`)) // in JSON that stands in a string
	}
	fields := objects
	if len(names(path)) < len(path) {
		fields = max(fields, a.counts[last])
	}
	if replace {
		a.sizes[last] = max(a.sizes[last], size)
	} else {
		a.sizes[last] = capped(a.sizes[last] + size)
	}
	for _, k := range append(named, whole) {
		a.sizes[k] = capped(a.sizes[k] + times(size, fields))
	}
	if last == "kind" || last == whole {
		a.kinds[anyKind] = a.objects
	}
	a.counts[last] = capped(a.counts[last] + objects)
	a.bytes = capped(a.bytes + times(size, fields))
	source := whole
	if n := names(from); len(n) > 0 && a.counts[n[len(n)-1]] > 0 {
		source = n[len(n)-1]
	}
	a.references[last] = capped(a.references[last] + a.references[source])
	a.dollars = capped(a.dollars + times(a.references[source], fields))
	if from == nil || !a.collections[source] {
		return
	}
	for k := range a.below[source] { // each of them may be all that is copied
		a.counts[k] = capped(a.counts[k] + times(size/2+1, fields))
	}
	for _, k := range append(named, last, whole) {
		a.lie(k, a.below[source])
	}
}

// spread adds fields with some bytes in all to each object.
func (a *amount) spread(size, fields int, below ...string) {
	a.bytes = capped(a.bytes + times(times(size, fields), a.objects))
	for _, k := range append(below, whole) {
		a.sizes[k] = capped(a.sizes[k] + times(size, fields))
	}
}

// selected is how many objects a selector may be for.
func (a *amount) selected(s *types.Selector) int {
	if s != nil && word.MatchString(s.Kind) {
		return a.kinds[s.Kind] + a.kinds[anyKind]
	}
	return a.objects
}

func sizeOfPairs(pairs map[string]string) int {
	n := 0
	for k, v := range pairs {
		n += len(k) + len(v) + len(": \n")
	}
	return n
}

func sizeOfImage(i types.Image) int { return len(i.NewName + i.NewTag + i.Digest + i.TagSuffix) }

// affix adds something to names, to what refers to them, and to some more fields of
// each object.
func (a *amount) affix(text string, fields int) {
	a.sizes["name"] = capped(a.sizes["name"] + len(text))
	a.bytes = capped(a.bytes + times(len(text), a.counts["name"]))
	a.spread(len(text), 1+fields, "metadata")
}

// labels adds labels or annotations to some fields of each object.
func (a *amount) labels(pairs map[string]string, fields int) {
	for k, v := range pairs {
		a.sizes[k] = max(a.sizes[k], len(v))
		a.counts[k] = capped(a.counts[k] + times(fields, a.objects))
		a.scalars[k] = true
		a.refer(k, v, times(fields, a.objects))
	}
	a.spread(sizeOfPairs(pairs), fields, "labels", "annotations", "metadata", "selector", "matchLabels", "template", "spec")
}

// image changes images, and some more fields of each object.
func (a *amount) image(i types.Image, fields int) {
	a.sizes["image"] = capped(a.sizes["image"] + sizeOfImage(i))
	a.bytes = capped(a.bytes + times(sizeOfImage(i), a.counts["image"]))
	a.spread(sizeOfImage(i), fields)
}

// segments are the elements of a JSON pointer.
func segments(pointer string) []string {
	list := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, s := range list {
		list[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(s)
	}
	return list
}

func (a *amount) replace(r types.Replacement) {
	var size int
	var from []string
	switch {
	case r.SourceValue != nil:
		from = []string{"sourceValue"}
		size = len(*r.SourceValue)
		a.scalars["sourceValue"], a.counts["sourceValue"] = true, 1
		a.refer("sourceValue", *r.SourceValue, 0)
	case r.Source != nil:
		from = pathOf(r.Source.FieldPath)
		size = a.size(from)
	}
	for _, t := range r.Targets {
		if t == nil {
			continue
		}
		paths := t.FieldPaths
		if len(paths) == 0 {
			paths = []string{""}
		}
		for _, p := range paths {
			extra, delimited := 0, t.Options != nil && t.Options.Delimiter != ""
			if delimited {
				extra = len(t.Options.Delimiter)
			}
			a.put(pathOf(p), from, size+extra, a.selected(t.Select), !delimited)
		}
	}
}

// pathOf splits the path of a replacement.
func pathOf(text string) []string {
	if text == "" {
		text = types.DefaultReplacementFieldPath
	}
	return utils.SmarterPathSplitter(text, ".")
}
