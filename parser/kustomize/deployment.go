package kustomize

import (
	"cmp"
	"context"
	"path"
	"path/filepath"
	"slices"
	"strconv"
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
	Images                            []types.Image
	Replicas                          []Replica
	// Labels and Annotations are maps of strings, or nil. Annotations are put on
	// objects and pods; labels on objects, and as a kustomization's labels say.
	Labels, Annotations                *located.Value
	IncludeSelectors, IncludeTemplates bool
}

// Replica is how many replicas a workload has.
type Replica struct {
	Name  string
	Count *located.Value // a whole number or a string with one
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
	d.replicas(k, l.root)
	k.Images = slices.Clone(d.Images)
	k.CommonAnnotations = d.pairs("commonAnnotations", d.Annotations, l.root)
	if labels := d.pairs("commonLabels", d.Labels, l.root); labels != nil {
		k.Labels = []types.Label{{Pairs: labels, IncludeSelectors: d.IncludeSelectors, IncludeTemplates: d.IncludeTemplates}}
	}
	k.FixKustomization()
	if len(l.children) > 0 && l.children[0].dir == d.Dir && l.children[0].spec != nil {
		l.children[0] = l.children[0].edited(k)
	}
	return &Prepared{set: s, deployment: d, root: l}
}

// Prepared is a deployment that can be built.
type Prepared struct {
	set        *Set
	deployment Deployment
	root       *layer
}

// Build builds the deployment as [Set.Build] does a kustomization.
func (p *Prepared) Build(ctx context.Context) ([]*kubernetes.Object, []source.Diagnostic) {
	what := "overlay " + p.deployment.Dir
	if p.deployment.By != "" {
		what += " (" + p.deployment.By + ")"
	}
	b := &build{reader: p.set.reader, root: p.root, from: what, dir: p.deployment.Dir}
	objects, diagnostics := b.run(ctx)
	return objects, append(diagnostics, p.root.diagnostics...)
}

// pairs reads a map of strings, which stand in root as field.
func (d *Deployment) pairs(field string, v *located.Value, root *kyaml.Node) map[string]string {
	if v == nil || len(v.Map) == 0 {
		return nil
	}
	pairs := make(map[string]string, len(v.Map))
	nodes := &kyaml.Node{Kind: kyaml.MappingNode}
	for _, f := range v.Map {
		pairs[f.Key], _ = f.Value.Text()
		if f.Value.Range.File == d.File {
			nodes.Content = append(nodes.Content, &kyaml.Node{Kind: kyaml.ScalarNode, Value: f.Key}, nodeOf(f.Value))
		}
	}
	root.Content = append(root.Content, &kyaml.Node{Kind: kyaml.ScalarNode, Value: field}, nodes)
	return pairs
}

// replicas sets the numbers of replicas, which stand in root.
func (d *Deployment) replicas(k *types.Kustomization, root *kyaml.Node) {
	list := &kyaml.Node{Kind: kyaml.SequenceNode}
	for _, r := range d.Replicas {
		text, _ := r.Count.Text()
		count, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			continue
		}
		k.Replicas = append(k.Replicas, types.Replica{Name: r.Name, Count: count})
		if r.Count.Range.File == d.File {
			list.Content = append(list.Content, &kyaml.Node{Kind: kyaml.MappingNode, Content: []*kyaml.Node{
				{Kind: kyaml.ScalarNode, Value: "name"},
				{Kind: kyaml.ScalarNode, Value: r.Name},
				{Kind: kyaml.ScalarNode, Value: "count"},
				nodeOf(r.Count),
			}})
		}
	}
	if len(list.Content) > 0 {
		root.Content = append(root.Content, &kyaml.Node{Kind: kyaml.ScalarNode, Value: "replicas"}, list)
	}
}

// edited returns a kustomization without what changes take the place of. Argo CD and
// Flux write their changes into it, where there is one prefix and one image of a name,
// while kustomize would apply those of two kustomizations one after the other.
func (l *layer) edited(changes *types.Kustomization) *layer {
	c, spec := *l, *l.spec
	c.spec = &spec
	if changes.NamePrefix != "" {
		spec.NamePrefix = ""
	}
	if changes.NameSuffix != "" {
		spec.NameSuffix = ""
	}
	spec.Images = nil
	for _, own := range l.spec.Images {
		i := slices.IndexFunc(changes.Images, func(image types.Image) bool { return image.Name == own.Name })
		if i < 0 {
			spec.Images = append(spec.Images, own)
			continue
		}
		image := &changes.Images[i]
		image.NewName = cmp.Or(image.NewName, own.NewName)
		if image.NewTag == "" && image.Digest == "" {
			image.NewTag, image.Digest = own.NewTag, own.Digest
		}
	}
	return &c
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
