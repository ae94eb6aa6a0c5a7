package kustomize

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

const (
	// maxBuildSize is how many bytes a build may read, counting a base again for
	// each way that leads to it. Two kustomizations that both use a base read it
	// twice, so a short chain of such pairs would fill any memory.
	maxBuildSize = 64 << 20
	// layerSize is what a kustomization counts as for that, whatever it reads.
	layerSize = 4 << 10
	// maxMarks is how many line ends are put before documents to tell them apart.
	// A larger overlay is built without them, and its fields are looked up in the
	// files by their paths.
	maxMarks = 16 << 20
	// firstBase is above the lines of anything kustomize writes and reads again by
	// itself, save for very large objects.
	firstBase = 1000
)

// build is the build of one overlay.
type build struct {
	*reader
	root   *layer
	from   string   // see kubernetes.Object.From
	dir    string   // see kubernetes.Object.Dir
	layers []*layer // the root and all below it, a user before what it uses
	// docs are the documents that kustomize reads, by their bases.
	docs    []*document
	byFile  map[string][]*document
	patches []patch // in the order in which they are applied, as far as that is known
	// objects are the objects in the resources, by kind; made when first needed.
	objects map[string][]written
	marked  bool // whether the documents are read with the lines of their bases
}

// written is an object of a resource as its file has it.
type written struct {
	name string
	file string
	node *kyaml.Node
}

// patch is a patch with the objects it is for.
type patch struct {
	layer  *layer
	target *types.Selector // nil for a strategic merge patch that names its object
	doc    *document
	json   bool // a list of JSON patch operations, not a strategic merge patch
}

// run builds the overlay.
func (b *build) run(ctx context.Context) (objects []*kubernetes.Object, diagnostics []source.Diagnostic) {
	defer func() {
		if r := recover(); r != nil {
			objects = nil
			diagnostics = b.failed(source.RenderError, "build overlay: internal error, please report it: %s", guard.PanicText(r))
		}
	}()
	b.collect(b.root, make(map[*layer]bool))
	for _, l := range b.layers {
		if l.broken {
			return nil, nil // it says so itself
		}
	}
	if err := budget(b.checkReads); err != nil {
		return nil, b.failed(source.LimitReached, "build overlay: %v", err)
	}
	b.number()
	if over := b.overgrown(); over != nil {
		return nil, over
	}

	defer b.enter()()
	if ctx.Err() != nil {
		return nil, nil // the run is over
	}
	rendered, err := b.krusty(b.marked, true)
	if err != nil && b.restoreSchemas() {
		if over := b.overgrown(); over != nil {
			return nil, over
		}
		rendered, err = b.krusty(b.marked, true)
	}
	if err != nil {
		return nil, b.explain(err)
	}
	// A JSON patch makes kustomize write the object and read it again, without the
	// places. They are taken from a build without these patches.
	var plain []*resource.Resource
	if b.marked && slices.ContainsFunc(b.patches, func(p patch) bool { return p.json }) {
		if plain, err = b.krusty(true, false); err != nil || len(plain) != len(rendered) {
			plain = nil
		}
	}
	for i, r := range rendered {
		var before *resource.Resource
		if plain != nil && plain[i].GetKind() == r.GetKind() {
			before = plain[i]
		}
		o, err := b.object(r, before)
		if err != nil {
			return nil, b.failed(source.RenderError, "build overlay: read %s %s: it is no object", r.GetKind(), r.GetName())
		}
		objects = append(objects, o)
	}
	return objects, diagnostics
}

// overgrown says that the build may come to too much.
func (b *build) overgrown() []source.Diagnostic {
	var over *tooMuch
	if !errors.As(budget(b.checkGrowth), &over) {
		return nil
	}
	return []source.Diagnostic{{
		Kind: source.LimitReached, Range: source.Range{File: over.layer.written},
		Message: fmt.Sprintf("build overlay %s: %v", b.dir, over),
	}}
}

func (b *build) failed(kind source.DiagnosticKind, format string, args ...any) []source.Diagnostic {
	return []source.Diagnostic{{Kind: kind, Range: source.Range{File: b.root.written}, Message: fmt.Sprintf(format, args...)}}
}

// collect lists the layers.
func (b *build) collect(l *layer, seen map[*layer]bool) {
	if seen[l] {
		return
	}
	seen[l] = true
	b.layers = append(b.layers, l)
	for _, c := range l.children {
		b.collect(c, seen)
	}
}

// checkReads returns an error if the build reads too much.
func (b *build) checkReads() error {
	if b.size(b.root, make(map[*layer]int)) > maxBuildSize {
		return fmt.Errorf("it reads more than %d MiB, counting a base each time it is used", maxBuildSize>>20)
	}
	return nil
}

// size is how many bytes building l reads, at most a little above maxBuildSize.
func (b *build) size(l *layer, known map[*layer]int) int {
	if s, ok := known[l]; ok {
		return s
	}
	known[l] = 0 // of a circle, which kustomize reports
	total := layerSize
	for _, in := range l.inputs {
		total += len(b.contents[in.name])
	}
	for _, line := range l.lines {
		total += len(line)
	}
	for _, c := range l.children {
		total = min(total+b.size(c, known), maxBuildSize+1)
	}
	known[l] = total
	return total
}

// number splits what kustomize reads into documents and gives each its own lines.
func (b *build) number() {
	b.byFile = make(map[string][]*document)
	plain := make(map[string]bool) // files that are read as they are
	for _, l := range b.layers {
		for _, in := range l.inputs {
			if !in.manifest {
				plain[in.name] = true
			}
		}
	}
	for _, l := range b.layers {
		for _, in := range l.inputs {
			if plain[in.name] || b.byFile[in.name] != nil {
				continue
			}
			docs := splitDocuments(b.contents[in.name])
			for _, d := range docs {
				d.file = in.name
			}
			b.byFile[in.name] = docs
			b.docs = append(b.docs, docs...)
		}
	}
	for i := len(b.layers) - 1; i >= 0; i-- { // what is used is built first
		b.listPatches(b.layers[i])
	}
	b.leaveSchemas()
	// Short documents first: the fewer lines there are before the others.
	slices.SortStableFunc(b.docs, func(x, y *document) int { return len(x.lines) - len(y.lines) })
	base, marks := firstBase, 0
	for _, d := range b.docs {
		d.base = base
		marks += base
		base += len(d.lines) + 1
	}
	b.marked = marks <= maxMarks
}

// listPatches adds the patches of l. One that is written in the kustomization gets
// a document of its own.
func (b *build) listPatches(l *layer) {
	for i, p := range l.spec.Patches {
		b.addPatch(l, p, inlineName(i))
	}
	for i, p := range l.spec.PatchesJson6902 {
		b.addPatch(l, p, inlineName(len(l.spec.Patches)+i))
	}
}

func (b *build) addPatch(l *layer, p types.Patch, inline string) {
	name := path.Join(l.dir, p.Path)
	if p.Path == "" {
		name = path.Join(l.dir, inline)
		d := inlineDocument(l, p.Patch)
		b.byFile[name] = []*document{d}
		b.docs = append(b.docs, d)
	}
	for _, d := range b.byFile[name] {
		if root := d.parse(); root != nil {
			d.read = false // its lines change with its base
			b.patches = append(b.patches, patch{layer: l, target: p.Target, doc: d, json: root.Kind == kyaml.SequenceNode})
		}
	}
}

// inlineDocument finds the text of a patch in the kustomization of l.
func inlineDocument(l *layer, text string) *document {
	d := &document{file: l.written, first: 1, lines: splitLines([]byte(text))}
	n := find(l.root, text)
	if n == nil {
		return d
	}
	d.first = n.Line
	if n.Style&(kyaml.LiteralStyle|kyaml.FoldedStyle) == 0 {
		d.indent = n.Column - 1
		if n.Style&(kyaml.SingleQuotedStyle|kyaml.DoubleQuotedStyle) != 0 {
			d.indent++
		}
		return d
	}
	d.first++
	if n.Line < len(l.lines) {
		line := l.lines[n.Line]
		d.indent = len(line) - len(strings.TrimLeft(line, " "))
		if own := d.lines[0]; own != "" {
			d.indent -= len(own) - len(strings.TrimLeft(own, " "))
		}
	}
	return d
}

// krusty lets kustomize build the overlay in memory. With marks every document gets
// the lines of its base; without JSON patches those are left out.
func (b *build) krusty(marks, jsonPatches bool) (resources []*resource.Resource, err error) {
	fsys := newMemory()
	for _, l := range b.layers {
		spec, err := b.spec(l, marks, jsonPatches)
		if err != nil {
			return nil, err
		}
		fsys.add(l.file, spec)
		for _, in := range l.inputs {
			fsys.add(in.name, b.contents[in.name])
		}
	}
	for name, docs := range b.byFile {
		fsys.add(name, join(docs, marks))
	}
	for _, l := range b.layers {
		for _, p := range l.plugins {
			fsys.add(p.name, []byte(p.text))
		}
	}
	defer func() {
		if r := recover(); r != nil {
			resources, err = nil, errors.New("kustomize stops at a mistake in the files")
		}
	}()
	options := krusty.MakeDefaultOptions()
	options.LoadRestrictions = types.LoadRestrictionsNone
	result, err := krusty.MakeKustomizer(options).Run(fsys, path.Join("/", b.root.dir))
	if err != nil {
		return nil, err
	}
	return result.Resources(), nil
}

func join(docs []*document, marks bool) []byte {
	texts := make([]string, len(docs))
	for i, d := range docs {
		if marks {
			texts[i] = d.text()
		} else {
			texts[i] = strings.Join(d.lines, "\n")
		}
	}
	return []byte(strings.Join(texts, "\n---\n"))
}

// spec is the kustomization of l as kustomize is to read it.
func (b *build) spec(l *layer, marks, jsonPatches bool) ([]byte, error) {
	spec := *l.spec
	// Lines tell where an object is from. Without them kustomize has to say so, which
	// makes it write and read all annotations at each step.
	origin := types.OriginAnnotations
	if marks {
		spec.BuildMetadata = slices.DeleteFunc(slices.Clone(spec.BuildMetadata), func(s string) bool { return s == origin })
	} else if !slices.Contains(spec.BuildMetadata, origin) {
		spec.BuildMetadata = append([]string{origin}, spec.BuildMetadata...)
	}
	if spec.MetaData == nil { // kustomize refuses one of which nothing is left
		spec.MetaData = &types.ObjectMeta{}
	}
	spec.Patches = b.patchesOf(l, spec.Patches, 0, marks, jsonPatches)
	spec.PatchesJson6902 = b.patchesOf(l, spec.PatchesJson6902, len(l.spec.Patches), marks, jsonPatches)
	return json.Marshal(spec)
}

// patchesOf returns patches, with marks in files of their own also where they are
// written in the kustomization. If something is left out of the overlay, a patch
// for what is not there must not fail, so each selects its objects, of which there
// may be none.
func (b *build) patchesOf(l *layer, patches []types.Patch, offset int, marks, jsonPatches bool) []types.Patch {
	incomplete := slices.ContainsFunc(b.layers, func(l *layer) bool { return l.incomplete })
	var kept []types.Patch
	for i, p := range patches {
		name := path.Join(l.dir, p.Path)
		if p.Path == "" {
			name = path.Join(l.dir, inlineName(offset+i))
			if marks {
				p.Path, p.Patch = inlineName(offset+i), ""
			}
		}
		docs := b.byFile[name]
		if !jsonPatches && len(docs) > 0 && docs[0].isList() {
			continue
		}
		if incomplete && p.Target == nil && len(docs) == 1 {
			p.Target = selector(docs[0])
		}
		kept = append(kept, p)
	}
	return kept
}

// isList reports whether the document is a list.
func (d *document) isList() bool {
	root := d.parse()
	return root != nil && root.Kind == kyaml.SequenceNode
}

// selector selects what a strategic merge patch names; nil if it names nothing.
func selector(d *document) *types.Selector {
	root := d.parse()
	_, kind := lookup(root, key("kind"))
	_, name := lookup(root, key("metadata"), key("name"))
	if kind == nil || name == nil {
		return nil
	}
	s := &types.Selector{}
	s.Kind, s.Name = regexp.QuoteMeta(kind.Value), regexp.QuoteMeta(name.Value)
	return s
}
