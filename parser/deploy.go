package parser

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/gitops"
	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/kustomize"
	"github.com/egresslint/egresslint/parser/part"
	"github.com/egresslint/egresslint/parser/source"
)

// maxRounds is how many objects of Argo CD and Flux that deploy each other are
// followed in a row.
const maxRounds = 10

const (
	// maxDeployments is how many deployments of objects of Argo CD and Flux are
	// followed in a run.
	maxDeployments = 5000
	// maxCopies is how many objects they may deploy, counting each time that one is
	// put together anew.
	maxCopies = 200_000
)

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
	tree    *source.Tree
	files   []source.File
	exclude []string
	// excluding is what that costs. When it is too much, the walk has said so.
	excluding source.Trials
	overlays  *kustomize.Set
	cache     *Cache
	helm      helm.Options
	charts    *helm.Set
	written   []*kubernetes.Object
	outputs   map[outputKey]output // made once each
	copies    int                  // of objects so far
	full      *gitops.Deployment   // the first with more than maxCopies; nil if there is none
	ration    *ration
	budget    *gitops.Budget // for variables

	releases    []localRelease // that Terraform makes
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

// run finds the deployments and sets objects and diagnostics.
func (d *deployer) run(ctx context.Context) {
	in := gitops.Tree{Source: d.tree, Files: d.files, Charts: d.charts, Overlays: d.overlays, Manifests: make(map[string]bool)}
	for _, o := range d.written {
		in.Manifests[o.File] = true
	}
	for s := range stages {
		for round := 0; ; round++ {
			d.assemble(ctx, s)
			found, unread := gitops.Find(in, d.objects)
			found = slices.DeleteFunc(found, d.excluded)
			if len(found) > maxDeployments {
				unread = append(unread, source.Diagnostic{
					Kind: source.LimitReached, Range: found[maxDeployments].Object.Root.Range,
					Message: fmt.Sprintf("follow %s: the objects of Argo CD and Flux deploy more than %d times; the rest is left out", found[maxDeployments].By, maxDeployments),
				})
				found = found[:maxDeployments]
			}
			if slices.EqualFunc(found, d.deployments, func(a, b gitops.Deployment) bool { return a.Key == b.Key }) {
				if s == stages-1 {
					d.diagnostics = append(d.diagnostics, unread...)
				}
				break
			}
			if round == maxRounds {
				x := slices.Concat(found, d.deployments)[0] // one of them has some, as they differ
				d.diagnostics = append(d.diagnostics, source.Diagnostic{
					Kind: source.LimitReached, Range: x.Object.Root.Range,
					Message: fmt.Sprintf("follow %s: more than %d objects of Argo CD and Flux deploy each other in a row", x.By, maxRounds),
				})
				break
			}
			d.deployments = found
		}
	}
	if x := d.full; x != nil {
		d.diagnostics = append(d.diagnostics, source.Diagnostic{
			Kind: source.LimitReached, Range: x.Object.Root.Range,
			Message: fmt.Sprintf("follow %s: the objects of Argo CD and Flux deploy more than %d objects; what it says of the rest is left out", x.By, maxCopies),
		})
	}
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
	return slices.ContainsFunc(d.exclude, func(glob string) bool { return d.excluding.MatchAbove(glob, name) })
}

func keyOf(x gitops.Deployment) outputKey { return outputKey{kind: "deployment", name: x.Key} }

// assemble puts together the objects of what is written and of the deployments found
// so far.
func (d *deployer) assemble(ctx context.Context, s stage) {
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
	for _, r := range d.releases {
		claimed[r.chart] = claimed[r.chart] || !d.charts.Configured(r.chart)
	}
	var overlays []string
	if s >= inOverlays {
		overlays = slices.DeleteFunc(d.overlays.Overlays(), func(dir string) bool { return claimed[dir] })
	}
	d.build(ctx, overlays)
	d.objects, d.diagnostics = nil, nil
	by := d.byFile()
	for _, o := range d.written {
		if !claimed[o.File] {
			d.objects = append(d.objects, d.applied(o, by[o.File])...)
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
			d.take(d.once(outputKey{kind: "chart", name: dir}, func() output {
				return d.rendered(ctx, unit{Part: part.Part{Kind: part.Chart, Name: dir}}, nil, func() output { return outputOf(d.charts.Render(ctx, dir)) })
			}))
		}
	}
	for _, x := range d.deployments {
		if x.Release == nil {
			continue
		}
		d.take(d.once(keyOf(x), func() output {
			out := d.rendered(ctx, unit{part.Part{Kind: part.Chart, Name: x.Release.Chart}, x.Key}, x.Release, func() output {
				return outputOf(d.charts.Release(ctx, x.Release.Chart, *x.Release))
			})
			return d.adapted(out, x)
		}))
	}
	d.keepDeclared()
}

// keepDeclared adds the objects that declare a deployment of the place that they lie
// in themselves and that are not in what comes of it, as it cannot be built. Without
// them the deployment would be gone, and with it what is wrong.
func (d *deployer) keepDeclared() {
	there := make(map[source.Range]bool, len(d.objects))
	for _, o := range d.objects {
		there[o.Root.Range] = true
	}
	for _, x := range d.deployments {
		o := x.Object
		if there[o.Root.Range] || len(d.outputs[keyOf(x)].diagnostics) == 0 {
			continue
		}
		dir := ""
		switch {
		case x.Release != nil:
			dir = x.Release.Chart
		case x.Overlay != nil:
			dir = x.Overlay.Dir
		}
		if dir == "." || strings.HasPrefix(o.File, dir+"/") {
			there[o.Root.Range] = true
			d.objects = append(d.objects, o)
		}
	}
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
func (d *deployer) build(ctx context.Context, overlays []string) {
	type work struct {
		key  outputKey
		at   string // a file or a directory
		unit unit
		// input is what the work depends on.
		input any
		make  func(context.Context) output
		of    *gitops.Deployment // nil for an overlay by itself
	}
	var todo []work
	for _, dir := range overlays {
		key := outputKey{kind: "overlay", name: dir}
		if _, ok := d.outputs[key]; ok {
			continue
		}
		todo = append(todo, work{key: key, at: dir, unit: unit{Part: part.Part{Kind: part.Overlay, Name: dir}}, input: d.overlays.Content(dir), make: func(ctx context.Context) output {
			objects, diagnostics := d.overlays.Build(ctx, dir)
			return output{objects, diagnostics}
		}})
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
		todo = append(todo, work{key: key, at: x.Object.File, unit: unit{part.Part{Kind: part.Application, Name: x.Object.File}, x.Key}, input: []any{prepared.Content(), *x.Overlay}, of: &x, make: func(ctx context.Context) output {
			objects, diagnostics := prepared.Build(ctx)
			return output{objects, diagnostics}
		}})
	}
	outputs := make([]output, len(todo))
	kept := d.ration.spend(ctx, len(todo), func(ctx context.Context, i int) int {
		w := todo[i]
		outputs[i] = guarded(w.at, func() output {
			out, ok := cached[output](ctx, d.cache, d.tree, w.unit, w.input)
			if !ok {
				out = read(ctx, w.unit.Part, func() output { return w.make(ctx) })
				d.cache.keep(w.unit, w.input, nil, out, out.diagnostics)
			}
			return out
		})
		return weightOf(outputs[i].objects)
	})
	for i := kept; i < len(todo); i++ {
		outputs[i] = output{diagnostics: []source.Diagnostic{usedUpBy(todo[i].at, "build overlay")}}
	}
	// What is filled in is bounded for all of them together, so it is done in order.
	for i, w := range todo {
		if w.of != nil {
			outputs[i] = d.adapted(outputs[i], *w.of)
		}
		d.outputs[w.key] = outputs[i]
	}
}

// rendering is what a chart renders to, and what it takes of what all may take together.
type rendering struct {
	output output
	takes  int
}

// rendered makes the output of a chart, for a release that an object declares or, if that
// is nil, by itself.
func (d *deployer) rendered(ctx context.Context, u unit, release *helm.Release, make func() output) output {
	dir := u.Name
	input := []any{release, d.helm}
	var out output
	kept := d.ration.spend(ctx, 1, func(ctx context.Context, _ int) int {
		out = guarded(dir, func() output {
			record, total := d.charts.Record(dir), d.charts.Total()
			if r, ok := cached[rendering](ctx, d.cache, d.tree, u, input); ok && record != nil && total.Use(r.takes) {
				return r.output
			}
			before := total.Used()
			out := read(ctx, u.Part, make)
			if record != nil {
				d.cache.keep(u, input, record, rendering{out, total.Used() - before}, out.diagnostics)
			}
			return out
		})
		return weightOf(out.objects)
	})
	if kept == 0 {
		out = output{diagnostics: []source.Diagnostic{usedUpBy(dir, "render chart")}}
	}
	return out
}

// read makes the output of a part, unless that is to be left out.
func read(ctx context.Context, p part.Part, make func() output) output {
	leave, left := part.Enter(ctx, p)
	if left != nil {
		return output{diagnostics: []source.Diagnostic{*left}}
	}
	var out output
	defer func() { leave(weightOf(out.objects)) }()
	out = make()
	if late := part.Late(ctx, p); late != nil {
		out = output{diagnostics: []source.Diagnostic{*late}}
	}
	return out
}

// guarded makes an output, in which a mistake of egresslint itself takes nothing else
// with it.
func guarded(at string, make func() output) (out output) {
	defer func() {
		if r := recover(); r != nil {
			out = output{diagnostics: []source.Diagnostic{internal(at, r)}}
		}
	}()
	return make()
}

// byFile returns the deployments that apply each file as it stands.
func (d *deployer) byFile() map[string][]gitops.Deployment {
	by := make(map[string][]gitops.Deployment)
	for _, x := range d.deployments {
		for _, name := range x.Files {
			by[name] = append(by[name], x)
		}
	}
	return by
}

// applied returns a written object as the deployments have it that apply its file:
// once for each namespace, cluster and place that they are written in.
func (d *deployer) applied(o *kubernetes.Object, deployments []gitops.Deployment) []*kubernetes.Object {
	if len(deployments) == 0 {
		return []*kubernetes.Object{o}
	}
	var list []*kubernetes.Object
	seen := make(map[string]bool)
	for _, x := range deployments {
		as := fmt.Sprintf("%s|%s|%s", x.Namespace, x.Destination, path.Dir(x.Object.File))
		if x.Substitution != nil || x.Labels != nil || x.Annotations != nil {
			as += "|" + x.By
		}
		if seen[as] || d.full != nil && len(list) > 0 {
			continue
		}
		seen[as] = true
		key := keyOf(x)
		key.object = o
		out := d.once(key, func() output { return d.adapted(output{objects: []*kubernetes.Object{o}}, x) })
		d.take(output{diagnostics: out.diagnostics})
		list = append(list, out.objects...)
	}
	return list
}

// adapted changes the objects of an output as a deployment says. Those that are too
// many or too large to be changed stay as they are.
func (d *deployer) adapted(out output, x gitops.Deployment) output {
	return guarded(x.Object.File, func() output {
		adapted := output{diagnostics: out.diagnostics}
		var first error
		for _, o := range out.objects {
			if d.copies++; d.copies > maxCopies {
				d.full = cmp.Or(d.full, &x)
				adapted.objects = append(adapted.objects, o)
				continue
			}
			c, err := d.adaptedObject(o, x)
			if err != nil {
				first, c = cmp.Or(first, err), o
			}
			adapted.objects = append(adapted.objects, c)
		}
		if first != nil {
			adapted.diagnostics = append(slices.Clone(adapted.diagnostics), source.Diagnostic{
				Kind: source.LimitReached, Range: x.Object.Root.Range, Message: fmt.Sprintf("follow %s: %v", x.By, first),
			})
		}
		return adapted
	})
}

func (d *deployer) adaptedObject(o *kubernetes.Object, x gitops.Deployment) (*kubernetes.Object, error) {
	if x.Substitution != nil {
		filled, err := x.Substitution.Apply(o, d.budget)
		if err != nil {
			return nil, fmt.Errorf("fill in its variables in %s: %w", o.File, err)
		}
		o = filled
	}
	o = o.WithMetadata(x.Labels, x.Annotations)
	if x.Namespace != "" {
		o = o.InNamespace(x.Namespace)
	}
	c := *o
	c.Deployer, c.DeployedBy, c.Destination = x.Object.File, x.By, x.Destination
	return &c, nil
}
