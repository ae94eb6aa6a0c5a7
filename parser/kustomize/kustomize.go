// Package kustomize builds the kustomizations of a tree with kustomize itself, and
// finds for every field of what it builds the line that a developer would edit: in
// the base, in a patch, or in a kustomization.
//
// Nothing outside the tree is read and nothing is executed: remote bases, plugins
// and Helm charts are left out and reported.
package kustomize

import (
	"context"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// Set is the kustomizations of a tree. They are read at once, and built one by one.
type Set struct {
	reader *reader
	found  []*layer
}

// Read reads the kustomizations among files, which are those of a walk, and all that
// they use. A kustomization may read all of the tree, whether or not it is among
// files.
func Read(ctx context.Context, tree *source.Tree, files []source.File) *Set {
	r := &reader{tree: tree, layers: make(map[string]*layer), contents: make(map[string][]byte)}
	s := &Set{reader: r}
	for _, dir := range kustomizationDirs(tree, files) {
		if l := r.layer(dir); l != nil {
			s.found = append(s.found, l)
		}
	}
	return s
}

// Overlays returns the directories of the kustomizations that no other one uses as a
// resource, a base or a component, sorted. Components are none of them.
func (s *Set) Overlays() []string {
	var dirs []string
	for _, l := range entryPoints(s.found) {
		dirs = append(dirs, l.dir)
	}
	return dirs
}

// Has reports whether there is a kustomization in dir that can be deployed. It reads
// it if it was not among the files, and must not be called during a build.
func (s *Set) Has(dir string) bool {
	l := s.reader.layer(dir)
	return l != nil && !l.component
}

// Consumed returns the files that the kustomizations read: kustomizations, resources,
// patches, the sources of generators, and all of these in bases and components. None of
// them is a manifest that is applied as it stands. The resources of a component that no
// kustomization uses are not among them: they are manifests as far as anybody knows.
func (s *Set) Consumed() map[string]bool {
	unused := s.Unused()
	names := make(map[string]bool)
	for _, l := range s.reader.order {
		names[l.file] = true
		for _, in := range l.inputs {
			if unused[in.name] != l.dir {
				names[in.name] = true
			}
		}
	}
	return names
}

// Unused returns the resources of components that no kustomization uses, each with
// the component's directory. Nothing tells that two such components are ever deployed
// together, or with anything else.
func (s *Set) Unused() map[string]string {
	live := reachable(s.reader.order)
	dirs := make(map[string]string)
	for _, l := range s.reader.order {
		if live[l] || l.spec == nil {
			continue
		}
		for _, in := range l.inputs {
			if slices.ContainsFunc(l.spec.Resources, func(r string) bool { return path.Join(l.dir, r) == in.name }) {
				dirs[in.name] = l.dir
			}
		}
	}
	return dirs
}

// Diagnostics returns what is wrong with the kustomizations, as far as that shows
// before they are built.
func (s *Set) Diagnostics() []source.Diagnostic {
	var diagnostics []source.Diagnostic
	for _, l := range s.reader.order {
		diagnostics = append(diagnostics, l.diagnostics...)
	}
	return diagnostics
}

// Build builds the kustomization in dir. The objects are in the order in which kustomize
// prints them. Each has From set to "overlay" and the directory; the schemas in
// definitions of custom resources may be left out. A kustomization that kustomize refuses
// is a RenderError. What it needs outside the tree is Unread, which leaves the rest as it
// is.
//
// Several may be built at the same time. kustomize writes warnings to the standard error
// and the log of the process, which are kept quiet meanwhile, so that nothing else that
// does so, as a rendering of package helm, must run at the same time.
func (s *Set) Build(ctx context.Context, dir string) ([]*kubernetes.Object, []source.Diagnostic) {
	root := s.reader.layers[dir]
	if root == nil {
		return nil, nil
	}
	b := &build{reader: s.reader, root: root, from: from(dir), dir: dir}
	return b.run(ctx)
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
	for l := range reachable(found) {
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

// reachable returns the layers that are built with some overlay: all but components
// that none uses, and what only these use.
func reachable(layers []*layer) map[*layer]bool {
	live := make(map[*layer]bool)
	for _, l := range layers {
		if !l.component {
			reach(l, live)
		}
	}
	return live
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
