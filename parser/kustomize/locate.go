package kustomize

import (
	"errors"
	"path"
	"slices"
	"sort"
	"strings"

	"sigs.k8s.io/kustomize/api/resource"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// originAnnotation is where kustomize writes down where an object comes from.
const originAnnotation = "config.kubernetes.io/origin"

// locator finds the places of the fields of one object.
type locator struct {
	*build
	kind  string
	names []string // the object's name, and the one its file gives it
	file  string   // that the object comes from
	// configured is the kustomization whose generator made the object, if one did.
	configured *layer
	doc        *kyaml.Node // the object as its file has it; may be nil
	// exact says that the nodes walked are those of the object itself, so that lists
	// match element by element.
	exact bool
}

// object turns what kustomize built into an object with places. before is the same
// object without JSON patches, or nil.
func (b *build) object(r, before *resource.Resource) (*kubernetes.Object, error) {
	origin, err := r.GetOrigin()
	if err == nil && origin == nil && before != nil { // a patch replaced the annotations
		origin, err = before.GetOrigin()
	}
	if err != nil {
		return nil, err
	}
	l := &locator{build: b, kind: r.GetKind(), names: []string{r.GetName()}, file: b.root.written}
	if origin != nil && origin.Path != "" {
		l.file = path.Join(b.root.dir, origin.Path)
	}
	data, err := r.MarshalJSON()
	if err != nil {
		return nil, err
	}
	parsed, _ := kubernetes.Parse("object.json", data)
	if len(parsed) != 1 {
		return nil, errors.New("it is no object")
	}
	nodes := b.nodes(r.YNode())
	l.exact = nodes != nil
	if nodes == nil && before != nil {
		nodes = b.nodes(before.YNode())
	}
	l.findDocument(nodes)
	if nodes == nil {
		nodes = l.doc
	}
	whole := source.Range{File: l.file}
	if l.doc != nil {
		if n, d := l.documentOf(l.doc); d != nil {
			whole = d.at(n)
		}
	}
	root := l.value(withoutOrigin(parsed[0].Root), nodes, nil, whole)
	o, ok := kubernetes.FromValue(root, l.file)
	if !ok {
		return nil, errors.New("it is no object")
	}
	o.From, o.Dir = b.from, b.dir
	return o, nil
}

// withoutOrigin drops the annotation that only this package asked for.
func withoutOrigin(root *located.Value) *located.Value {
	without := func(v *located.Value, key string) *located.Value {
		c := *v
		c.Map = slices.DeleteFunc(slices.Clone(v.Map), func(f located.Field) bool { return f.Key == key })
		return &c
	}
	replace := func(v *located.Value, key string, field *located.Value) *located.Value {
		c := *v
		c.Map = slices.Clone(v.Map)
		for i := range c.Map {
			if c.Map[i].Key == key {
				c.Map[i].Value = field
			}
		}
		return &c
	}
	metadata := root.Get("metadata")
	annotations := metadata.Get("annotations")
	if _, ok := annotations.Field(originAnnotation); !ok {
		return root
	}
	if len(annotations.Map) == 1 {
		return replace(root, "metadata", without(metadata, "annotations"))
	}
	return replace(root, "metadata", replace(metadata, "annotations", without(annotations, originAnnotation)))
}

// nodes returns root if its nodes tell where they are from: if it stands in a
// document itself. What kustomize wrote and read again does not.
func (b *build) nodes(root *kyaml.Node) *kyaml.Node {
	if root != nil && root.Kind == kyaml.DocumentNode && len(root.Content) == 1 {
		root = root.Content[0]
	}
	if _, d := b.documentOf(root); d == nil || !b.marked {
		return nil
	}
	return root
}

// documentOf returns the document that n stands in; nil if it stands in none.
func (b *build) documentOf(n *kyaml.Node) (*kyaml.Node, *document) {
	if n == nil || n.Line < firstBase {
		return n, nil
	}
	i := sort.Search(len(b.docs), func(i int) bool { return b.docs[i].base >= n.Line }) - 1
	if i < 0 || n.Line-b.docs[i].base > len(b.docs[i].lines) {
		return n, nil
	}
	return n, b.docs[i]
}

// findDocument finds what the object is made from: nodes may tell, or a generator
// has its name, or it is the object of its kind whose name is most like its own.
func (l *locator) findDocument(nodes *kyaml.Node) {
	if _, d := l.documentOf(nodes); d != nil {
		for _, o := range objectsIn(d.parse()) {
			if o.Line == nodes.Line && o.Column == nodes.Column {
				l.doc, l.file = o, d.file
			}
		}
	}
	if l.doc == nil && l.findGenerator() {
		return
	}
	if l.doc == nil {
		l.searchDocument()
	}
	if _, name := lookup(l.doc, key("metadata"), key("name")); name != nil && name.Value != l.names[0] {
		l.names = append(l.names, name.Value)
	}
}

// findGenerator looks for a generator that makes an object of that name.
func (l *locator) findGenerator() bool {
	for _, layer := range l.layers {
		if _, name := l.generator(layer); name != nil {
			l.configured, l.file = layer, layer.written
			return true
		}
	}
	return false
}

func (l *locator) searchDocument() {
	best := -1
	for _, o := range l.written(l.kind) {
		if len(o.name) > best && strings.Contains(l.names[0], o.name) {
			best, l.doc, l.file = len(o.name), o.node, o.file
		}
	}
}

// written returns the objects of a kind in the resources.
func (b *build) written(kind string) []written {
	if b.objects == nil {
		b.objects = make(map[string][]written)
		for _, layer := range b.layers {
			for _, in := range layer.inputs {
				for _, d := range b.byFile[in.name] {
					b.addWritten(d)
				}
			}
		}
	}
	return b.objects[kind]
}

func (b *build) addWritten(d *document) {
	if slices.ContainsFunc(b.patches, func(p patch) bool { return p.doc == d }) {
		return
	}
	for _, o := range objectsIn(d.parse()) {
		_, kind := lookup(o, key("kind"))
		_, name := lookup(o, key("metadata"), key("name"))
		if kind != nil && name != nil {
			b.objects[kind.Value] = append(b.objects[kind.Value], written{name.Value, d.file, o})
		}
	}
}

// objectsIn returns root, or the objects of the list that it is.
func objectsIn(root *kyaml.Node) []*kyaml.Node {
	if _, kind := lookup(root, key("kind")); kind != nil && strings.HasSuffix(kind.Value, "List") {
		if _, items := lookup(root, key("items")); items != nil && items.Kind == kyaml.SequenceNode {
			return items.Content
		}
	}
	if root == nil {
		return nil
	}
	return []*kyaml.Node{root}
}

// placeOf returns the place of n if it is in a document.
func (l *locator) placeOf(n *kyaml.Node) (source.Range, *document) {
	if _, d := l.documentOf(n); d != nil {
		return d.at(n), d
	}
	return source.Range{}, nil
}

// value gives v, which n stands for if it is not nil, its place. What has none gets
// that of what it lies in.
func (l *locator) value(v *located.Value, n *kyaml.Node, path []step, around source.Range) *located.Value {
	out := *v
	switch v.Kind {
	case located.Map:
		out.Range = l.collection(n, path, around)
		out.Map = l.fields(v, n, path, out.Range)
		if _, d := l.documentOf(n); d == nil && len(out.Map) > 0 && len(path) > 0 {
			out.Range = out.Map[0].KeyRange
		}
	case located.List:
		out.Range = l.collection(n, path, around)
		out.List = make([]*located.Value, len(v.List))
		for i, e := range v.List {
			element := l.element(n, e, i)
			out.List[i] = l.value(e, element, append(slices.Clip(path), stepTo(e, i)), out.Range)
		}
	default:
		out.Range = l.scalar(v, n, path, around)
	}
	return &out
}

func (l *locator) collection(n *kyaml.Node, path []step, around source.Range) source.Range {
	if r, d := l.placeOf(n); d != nil {
		return r
	}
	for _, alternative := range l.alternatives() {
		if _, v := lookup(alternative, path...); v != nil && len(path) > 0 {
			if r, d := l.placeOf(v); d != nil {
				return r
			}
		}
	}
	return around
}

// fields gives the fields of a map their places, in the order of n.
func (l *locator) fields(v *located.Value, n *kyaml.Node, path []step, around source.Range) []located.Field {
	order := make(map[string]int)
	if n != nil && n.Kind == kyaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			order[n.Content[i].Value] = i + 1
		}
	}
	fields := slices.Clone(v.Map)
	slices.SortStableFunc(fields, func(a, b located.Field) int {
		x, y := order[a.Key], order[b.Key]
		switch {
		case x != 0 && y != 0:
			return x - y
		case x != 0:
			return -1
		case y != 0:
			return 1
		default:
			return strings.Compare(a.Key, b.Key)
		}
	})
	for i, f := range fields {
		var keyNode, valueNode *kyaml.Node
		if at := order[f.Key]; at > 0 {
			keyNode, valueNode = n.Content[at-1], n.Content[at]
		}
		below := append(slices.Clip(path), key(f.Key))
		r, d := l.placeOf(keyNode)
		if d != nil && !d.isWritten(keyNode, f.Key) {
			d = nil
		}
		surroundings := around
		if d != nil {
			surroundings = r
		}
		fields[i].Value = l.value(f.Value, valueNode, below, surroundings)
		if d == nil {
			r = fields[i].Value.Range
			for _, alternative := range l.alternatives() {
				if k, _ := lookup(alternative, below...); k != nil {
					if at, in := l.placeOf(k); in != nil {
						r = at
						break
					}
				}
			}
		}
		fields[i].KeyRange = r
	}
	return fields
}

// element returns the node of the element i of a list that n stands for.
func (l *locator) element(n *kyaml.Node, e *located.Value, i int) *kyaml.Node {
	if n == nil || n.Kind != kyaml.SequenceNode {
		return nil
	}
	if l.exact {
		if i < len(n.Content) {
			return n.Content[i]
		}
		return nil
	}
	if s := stepTo(e, i); s.name != "" {
		return element(n, s)
	}
	if text, ok := e.Text(); ok {
		for _, c := range n.Content {
			if c.Kind == kyaml.ScalarNode && c.Value == text {
				return c
			}
		}
		return nil
	}
	if i < len(n.Content) {
		return n.Content[i]
	}
	return nil
}

// stepTo is the step to an element of a list.
func stepTo(e *located.Value, i int) step {
	s := step{index: i}
	for _, k := range mergeKeys {
		if text, ok := e.Get(k).Text(); ok {
			s.name = k + "=" + text
			break
		}
	}
	return s
}

// scalar finds the place of a scalar: where it stands if the text there is its
// value, else what set it.
func (l *locator) scalar(v *located.Value, n *kyaml.Node, path []step, around source.Range) source.Range {
	text, _ := v.Text()
	if isIdentity(path) { // which patches repeat
		if _, own := lookup(l.doc, path...); own != nil && (path[0].key == "metadata" || own.Value == text) {
			if r, d := l.placeOf(own); d != nil {
				return r
			}
		}
	}
	at, d := l.placeOf(n)
	if d != nil && (l.exact || n.Value == text || v.IsNull()) && d.isWritten(n, n.Value) {
		return at
	}
	if r, ok := l.jsonPatched(path, text); ok {
		return r
	}
	for _, alternative := range l.alternatives() {
		if _, v := lookup(alternative, path...); v != nil && v.Kind == kyaml.ScalarNode && v.Value == text {
			if r, in := l.placeOf(v); in != nil {
				return r
			}
		}
	}
	if r, ok := l.transformed(path, text); ok {
		return r
	}
	if d != nil {
		return at
	}
	if _, v := lookup(l.doc, path...); v != nil {
		if r, in := l.placeOf(v); in != nil {
			return r
		}
	}
	return around
}

// isIdentity reports whether a patch names its object, or an element of a list, by
// the field at path.
func isIdentity(path []step) bool {
	switch n := len(path); n {
	case 0:
		return false
	case 1:
		return path[0].key == "apiVersion" || path[0].key == "kind"
	default:
		if n == 2 && path[0].key == "metadata" && path[1].key == "name" {
			return true
		}
		return path[n-2].index >= 0 && path[n-2].name != "" && strings.HasPrefix(path[n-2].name, path[n-1].key+"=")
	}
}

// alternatives are the texts that may hold a field which kustomize made anew: the
// patches of the object, the last one first, then the object's own.
func (l *locator) alternatives() []*kyaml.Node {
	var list []*kyaml.Node
	for i := len(l.patches) - 1; i >= 0; i-- {
		if p := l.patches[i]; !p.json && l.isFor(p) {
			list = append(list, p.doc.parse())
		}
	}
	if l.doc != nil {
		list = append(list, l.doc)
	}
	return list
}
