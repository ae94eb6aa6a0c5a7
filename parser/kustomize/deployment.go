package kustomize

import (
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// Deployment is a kustomization that something else deploys, or files that it makes
// one of, with changes that are written there.
type Deployment struct {
	Dir string // of the kustomization, or of the files; relative to the tree's root
	// Resources are files and directories of kustomizations that are deployed in the
	// place of a kustomization in Dir.
	Resources []string
	By        string // what deploys it, as in "application argocd/api"
	File      string // that the changes are written in

	// The changes, as in a kustomization. They are strings, or nil where there is none.
	Namespace, NamePrefix, NameSuffix *located.Value
	Components                        []string // directories relative to the tree's root
	Patches                           []Patch
}

// Patch is a patch as in a kustomization.
type Patch struct {
	Text   *located.Value // a string
	Target *types.Selector
}

// deployed is the directory of the kustomization that stands for the changes of a
// deployment. No real one has its name, which no walk would enter.
const deployed = ".egresslint-deployment"

// Prepare reads what d is made of. It must not be called during a build.
func (s *Set) Prepare(d Deployment) *Prepared {
	l := &layer{dir: deployed, file: path.Join(deployed, "kustomization.yaml"), written: d.File, spec: &types.Kustomization{}}
	if data, err := s.reader.tree.ReadFile(d.File); err == nil {
		l.lines = splitLines(data)
	}
	l.root = &kyaml.Node{Kind: kyaml.MappingNode}
	text := func(field string, v *located.Value) string {
		if v == nil || v.Kind != located.String {
			return ""
		}
		if v.Range.File == d.File {
			l.root.Content = append(l.root.Content, &kyaml.Node{Kind: kyaml.ScalarNode, Value: field}, nodeOf(v))
		}
		return v.Str
	}
	k := l.spec
	k.Namespace = text("namespace", d.Namespace)
	k.NamePrefix = text("namePrefix", d.NamePrefix)
	k.NameSuffix = text("nameSuffix", d.NameSuffix)
	for _, p := range d.Patches {
		k.Patches = append(k.Patches, types.Patch{Patch: text("patches", p.Text), Target: p.Target})
	}
	sanitizer := &sanitizer{reader: s.reader, layer: l, spec: k}
	if d.Resources == nil {
		d.Resources = []string{d.Dir}
	}
	for _, name := range d.Resources {
		if w, ok := sanitizer.resource(nil, "resource", relative(name)); ok {
			k.Resources = append(k.Resources, w)
		}
	}
	for _, name := range d.Components {
		k.Components = append(k.Components, relative(name))
	}
	k.Components = sanitizer.directories("components", k.Components)
	k.FixKustomization()
	return &Prepared{set: s, deployment: d, root: l}
}

// Prepared is a deployment that can be built.
type Prepared struct {
	set        *Set
	deployment Deployment
	root       *layer
}

// Build builds the deployment as [Set.Build] does a kustomization.
func (p *Prepared) Build() ([]*kubernetes.Object, []source.Diagnostic) {
	what := "overlay " + p.deployment.Dir
	if p.deployment.By != "" {
		what += " (" + p.deployment.By + ")"
	}
	b := &build{reader: p.set.reader, root: p.root, from: what, dir: p.deployment.Dir}
	objects, diagnostics := b.run()
	return objects, append(diagnostics, p.root.diagnostics...)
}

// relative is how the kustomization of a deployment writes a name of the tree.
func relative(name string) string {
	rel, err := filepath.Rel(deployed, name)
	if err != nil {
		return name
	}
	return filepath.ToSlash(rel)
}

// nodeOf is the node of a string that stands in the file of a deployment.
func nodeOf(v *located.Value) *kyaml.Node {
	n := &kyaml.Node{Kind: kyaml.ScalarNode, Value: v.Str, Line: v.Range.Start.Line, Column: v.Range.Start.Column}
	if strings.Contains(v.Str, "\n") && v.Range.End.Line > v.Range.Start.Line {
		n.Style = kyaml.LiteralStyle
	}
	return n
}
