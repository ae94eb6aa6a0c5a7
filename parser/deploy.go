package parser

import (
	"context"
	"fmt"
	"path"
	"runtime"
	"slices"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/sync/errgroup"

	"github.com/egresslint/egresslint/parser/gitops"
	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/kustomize"
	"github.com/egresslint/egresslint/parser/source"
)

// maxRounds is how many objects of Argo CD and Flux that deploy each other are
// followed in a row.
const maxRounds = 10

// stage is what objects of Argo CD and Flux are looked for in. What they deploy is
// not deployed by itself, so the surest places come first.
type stage int

const (
	inFiles    stage = iota // and in what objects that are found there deploy
	inOverlays              // that nothing deploys
	inCharts
	stages
)

// deployer puts together what is deployed: manifests as they are written, overlays,
// charts, and all of these as objects of Argo CD and Flux say. Such objects may be
// deployed themselves, so it begins anew until no further ones are found.
type deployer struct {
	tree     *source.Tree
	files    []source.File
	exclude  []string
	overlays *kustomize.Set
	charts   *helm.Set
	written  []*kubernetes.Object
	outputs  map[outputKey]output // made once each

	deployments []gitops.Deployment
	objects     []*kubernetes.Object
	diagnostics []source.Diagnostic
}

// outputKey tells what an output is of: an overlay or a chart, a deployment, or an
// object that a deployment changes.
type outputKey struct {
	kind, name string
	object     *kubernetes.Object
}

type output struct {
	objects     []*kubernetes.Object
	diagnostics []source.Diagnostic
}

// run finds the deployments and sets objects and diagnostics. The only error is that
// of ctx.
func (d *deployer) run(ctx context.Context) error {
	for s := range stages {
		for round := 0; ; round++ {
			if err := d.assemble(ctx, s); err != nil {
				return err
			}
			found, unread := gitops.Find(gitops.Tree{Source: d.tree, Files: d.files, Charts: d.charts, Overlays: d.overlays}, d.objects)
			found = slices.DeleteFunc(found, d.excluded)
			if slices.EqualFunc(found, d.deployments, func(a, b gitops.Deployment) bool { return keyOf(a) == keyOf(b) }) {
				if s == stages-1 {
					d.diagnostics = append(d.diagnostics, unread...)
				}
				break
			}
			if round == maxRounds {
				d.diagnostics = append(d.diagnostics, source.Diagnostic{
					Kind: source.LimitReached, Range: found[0].Object.Root.Range,
					Message: fmt.Sprintf("follow %s: more than %d objects of Argo CD and Flux deploy each other in a row", found[0].By, maxRounds),
				})
				break
			}
			d.deployments = found
		}
	}
	return nil
}

// excluded reports whether what is deployed is not to be linted, or is released as
// the configuration says.
func (d *deployer) excluded(x gitops.Deployment) bool {
	var name string
	switch {
	case x.Release != nil:
		if name = x.Release.Chart; d.charts.Configured(name) {
			return true
		}
	case x.Overlay != nil:
		name = x.Overlay.Dir
	default:
		return false // the files of a walk
	}
	for ; name != "."; name = path.Dir(name) {
		for _, glob := range d.exclude {
			if ok, err := doublestar.Match(glob, name); ok && err == nil {
				return true
			}
		}
	}
	return false
}

// keyOf tells a deployment from all others, also from those of the same object as
// something else deploys it.
func keyOf(x gitops.Deployment) outputKey {
	o := x.Object
	return outputKey{kind: "deployment", name: fmt.Sprintf("%s|%s|%s|%s|%d", o.Root.Range, o.From, o.Deployer, x.By, x.Index)}
}

// assemble puts together the objects of what is written and of the deployments found
// so far.
func (d *deployer) assemble(ctx context.Context, s stage) error {
	claimed := make(map[string]bool)
	for _, x := range d.deployments {
		switch {
		case x.Release != nil:
			claimed[x.Release.Chart] = true
		case x.Overlay != nil && x.Overlay.Resources == nil:
			claimed[x.Overlay.Dir] = true
		case x.Overlay != nil:
			for _, name := range x.Overlay.Resources {
				claimed[name] = true
			}
		}
	}
	var overlays []string
	if s >= inOverlays {
		overlays = slices.DeleteFunc(d.overlays.Overlays(), func(dir string) bool { return claimed[dir] })
	}
	if err := d.build(ctx, overlays); err != nil {
		return err
	}
	d.objects, d.diagnostics = nil, nil
	for _, o := range d.written {
		if !claimed[o.File] {
			d.objects = append(d.objects, d.applied(o)...)
		}
	}
	for _, dir := range overlays {
		d.take(d.outputs[outputKey{kind: "overlay", name: dir}])
	}
	for _, x := range d.deployments {
		if x.Overlay != nil {
			d.take(d.outputs[keyOf(x)])
		}
	}
	if s >= inCharts {
		for _, dir := range d.charts.Charts() {
			if claimed[dir] {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			d.take(d.once(outputKey{kind: "chart", name: dir}, func() output { return outputOf(d.charts.Render(dir)) }))
		}
	}
	for _, x := range d.deployments {
		if x.Release == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		d.take(d.once(keyOf(x), func() output {
			return adapted(outputOf(d.charts.Release(x.Release.Chart, *x.Release)), x)
		}))
	}
	return nil
}

func outputOf(r helm.Result) output { return output{r.Objects, r.Diagnostics} }

func (d *deployer) take(o output) {
	d.objects = append(d.objects, o.objects...)
	d.diagnostics = append(d.diagnostics, o.diagnostics...)
}

func (d *deployer) once(key outputKey, make func() output) output {
	o, ok := d.outputs[key]
	if !ok {
		o = make()
		d.outputs[key] = o
	}
	return o
}

// build builds overlays, and those of the deployments, side by side.
func (d *deployer) build(ctx context.Context, overlays []string) error {
	type work struct {
		key  outputKey
		make func() output
	}
	var todo []work
	add := func(key outputKey, make func() output) {
		if _, ok := d.outputs[key]; !ok {
			todo = append(todo, work{key, make})
		}
	}
	for _, dir := range overlays {
		add(outputKey{kind: "overlay", name: dir}, func() output {
			objects, diagnostics := d.overlays.Build(dir)
			return output{objects, diagnostics}
		})
	}
	for _, x := range d.deployments {
		if x.Overlay == nil {
			continue
		}
		key := keyOf(x)
		if _, ok := d.outputs[key]; ok {
			continue
		}
		prepared := d.overlays.Prepare(*x.Overlay) // reads, so it is done before anything is built
		add(key, func() output {
			objects, diagnostics := prepared.Build()
			return adapted(output{objects, diagnostics}, x)
		})
	}
	outputs := make([]output, len(todo))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, w := range todo {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			outputs[i] = w.make()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, w := range todo {
		d.outputs[w.key] = outputs[i]
	}
	return nil
}

// applied returns a written object as the deployments have it whose files hold it:
// once for each namespace, cluster and place that they are written in.
func (d *deployer) applied(o *kubernetes.Object) []*kubernetes.Object {
	var list []*kubernetes.Object
	seen := make(map[string]bool)
	for _, x := range d.deployments {
		if !slices.Contains(x.Files, o.File) {
			continue
		}
		as := fmt.Sprintf("%s|%s|%s", x.Namespace, x.Destination, path.Dir(x.Object.File))
		if x.Substitution != nil || x.Labels != nil || x.Annotations != nil {
			as += "|" + x.By
		}
		if seen[as] {
			continue
		}
		seen[as] = true
		key := keyOf(x)
		key.object = o
		list = append(list, d.once(key, func() output { return adapted(output{objects: []*kubernetes.Object{o}}, x) }).objects...)
	}
	if list == nil {
		return []*kubernetes.Object{o}
	}
	return list
}

// adapted changes the objects of an output as a deployment says.
func adapted(out output, x gitops.Deployment) output {
	objects := make([]*kubernetes.Object, len(out.objects))
	for i, o := range out.objects {
		if x.Substitution != nil {
			o = x.Substitution.Apply(o)
		}
		o = o.WithMetadata(x.Labels, x.Annotations)
		if x.Namespace != "" {
			o = o.InNamespace(x.Namespace)
		}
		c := *o
		c.Deployer, c.DeployedBy, c.Destination = x.Object.File, x.By, x.Destination
		objects[i] = &c
	}
	out.objects = objects
	return out
}
