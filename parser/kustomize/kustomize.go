// Package kustomize builds the kustomizations of a tree with kustomize itself, and
// finds for every field of what it builds the line that a developer would edit: in
// the base, in a patch, or in a kustomization.
//
// Nothing outside the tree is read and nothing is executed: remote bases, plugins
// and Helm charts are left out and reported.
package kustomize

import (
	"path"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/api/konfig"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// Result is what the kustomizations of a tree build.
type Result struct {
	// Objects are what is deployed: by overlay, in the order in which kustomize
	// prints them. Each has From set to "overlay" and the overlay's directory.
	Objects []*kubernetes.Object
	// Consumed are the files that kustomize reads: kustomizations, resources,
	// patches, the sources of generators, and all of these in bases and components.
	// None of them is a manifest that is applied as it stands.
	Consumed map[string]bool
	// Diagnostics are in the order of their places.
	Diagnostics []source.Diagnostic
	Overlays    []Overlay // by directory
}

// Overlay is a kustomization that no other one uses: what a deployment starts from.
type Overlay struct {
	Dir     string // relative to the tree's root
	Objects int    // how many objects it builds; 0 if it cannot be built
}

// builds serializes the builds of a process: kustomize keeps the schema of the
// kustomization at hand in a global variable.
var builds sync.Mutex

// Load builds every kustomization among files, which are those of a walk, that no
// other one among them uses as a resource, a base or a component. Components are
// never built by themselves. A kustomization may read all of the tree, whether or
// not it is among files.
//
// One that kustomize refuses is a RenderError, and what lies outside the tree is
// Unread; both leave the rest as it is.
//
// kustomize writes warnings to the standard error and the log of the process. They
// are kept quiet during a build, so nothing else that does so, as the Load of
// package helm, must run at the same time.
func Load(tree *source.Tree, files []source.File) Result {
	r := &reader{tree: tree, layers: make(map[string]*layer), contents: make(map[string][]byte)}
	var found []*layer
	for _, dir := range kustomizationDirs(tree, files) {
		if l := r.layer(dir); l != nil {
			found = append(found, l)
		}
	}
	result := Result{Consumed: r.consumed()}
	for _, root := range entryPoints(found) {
		b := &build{reader: r, root: root}
		objects, diagnostics := b.run()
		result.Objects = append(result.Objects, objects...)
		result.Diagnostics = append(result.Diagnostics, diagnostics...)
		result.Overlays = append(result.Overlays, Overlay{Dir: root.dir, Objects: len(objects)})
	}
	for _, l := range r.order {
		result.Diagnostics = append(result.Diagnostics, l.diagnostics...)
	}
	slices.SortStableFunc(result.Diagnostics, source.Diagnostic.Compare)
	result.Diagnostics = slices.Compact(result.Diagnostics)
	return result
}

// kustomizationDirs returns the directories among those of files that hold a
// kustomization, sorted. The file name without an extension is one that a walk
// passes over.
func kustomizationDirs(tree *source.Tree, files []source.File) []string {
	names := konfig.RecognizedKustomizationFileNames()
	seen, found := make(map[string]bool), make(map[string]bool)
	for _, f := range files {
		if f.Chart || f.Kind != source.YAML && f.Kind != source.JSON {
			continue
		}
		dir, base := path.Split(f.Name)
		dir = path.Clean(dir)
		if slices.Contains(names, base) {
			found[dir] = true
		}
		if !seen[dir] {
			seen[dir] = true
			if info, err := tree.Stat(path.Join(dir, names[len(names)-1])); err == nil && !info.IsDir() {
				found[dir] = true
			}
		}
	}
	dirs := make([]string, 0, len(found))
	for dir := range found {
		dirs = append(dirs, dir)
	}
	slices.Sort(dirs)
	return dirs
}

// entryPoints returns the layers that no other one uses. Of layers that use each
// other in a circle the first is one too, so that the circle is reported.
func entryPoints(found []*layer) []*layer {
	used := make(map[*layer]bool)
	for _, l := range found {
		for _, c := range l.children {
			used[c] = true
		}
	}
	reached := make(map[*layer]bool)
	var roots []*layer
	for _, pass := range []func(l *layer) bool{
		func(l *layer) bool { return !used[l] },
		func(l *layer) bool { return !reached[l] },
	} {
		for _, l := range found {
			if !l.component && pass(l) {
				roots = append(roots, l)
				reach(l, reached)
			} else if l.component && !used[l] {
				reach(l, reached)
			}
		}
	}
	slices.SortFunc(roots, func(a, b *layer) int { return strings.Compare(a.dir, b.dir) })
	return roots
}

func reach(l *layer, reached map[*layer]bool) {
	if reached[l] {
		return
	}
	reached[l] = true
	for _, c := range l.children {
		reach(c, reached)
	}
}

// from is the From of the objects of an overlay.
func from(dir string) string { return "overlay " + dir }
