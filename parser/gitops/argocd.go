package gitops

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/kustomize"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// application reads an Application of Argo CD, or what an ApplicationSet makes one of.
// https://argo-cd.readthedocs.io/en/stable/user-guide/application-specification/
func (f *finder) application(d *declared, root *located.Value) {
	spec := root.Get("spec")
	sources := spec.Get("sources").Items()
	if len(sources) == 0 {
		sources = spec.Get("source").Items()
	}
	for _, s := range sources {
		f.applicationSource(d, root, s, sources)
	}
}

func (f *finder) applicationSource(d *declared, root, s *located.Value, sources []*located.Value) {
	at, repository := s.Get("path"), text(s.Get("repoURL"))
	if chart := s.Get("chart"); !chart.IsNull() {
		f.unread(d, chart, "chart %s comes from %s; %s", text(chart), repositoryName(repository), elsewhere)
		return
	}
	if at.IsNull() && !s.Get("ref").IsNull() {
		return // others take values from there
	}
	if at.Kind != located.String || hasPlaceholder(at.Str) {
		f.unread(d, firstOf(at, s.Get("repoURL")), "its path is not known")
		return
	}
	if plugin := s.Get("plugin"); !plugin.IsNull() {
		f.unread(d, plugin, "plugins are not run; lint what they write to cover it")
		return
	}
	wantsChart, wantsOverlay := !s.Get("helm").IsNull(), !s.Get("kustomize").IsNull()
	dir, ok := f.find(d.object.File, at.Str, func(name string) bool {
		return f.isDir(name) && (!wantsChart || f.Charts.Has(name)) && (!wantsOverlay || f.Overlays.Has(name))
	})
	if !ok {
		if root := path.Clean("/" + at.Str); root != "/" || wantsChart || wantsOverlay {
			f.unread(d, at, "path %s of %s is not among the files; %s", at.Str, repositoryName(repository), elsewhere)
		}
		return
	}
	deployment := Deployment{Destination: destination(root)}
	namespace := text(root.Get("spec", "destination", "namespace"))
	switch {
	case f.Charts.Has(dir):
		r, ok := f.applicationRelease(d, root, s, dir, sources)
		if !ok {
			return
		}
		if r.Namespace == "" {
			r.Namespace = namespace
		}
		deployment.Release = r
	case f.Overlays.Has(dir):
		deployment.Overlay, deployment.Namespace = f.applicationOverlay(d, s.Get("kustomize"), dir), namespace
	default:
		files, ok := f.applicationFiles(d, dir, s.Get("directory"))
		if !ok {
			return
		}
		if deployment.Files, deployment.Namespace = files, namespace; len(deployment.Files) == 0 {
			f.unread(d, at, "path %s has no manifest, chart or kustomization", at.Str)
			return
		}
	}
	f.add(d, deployment)
}

// destination is the cluster that an application names. The address of the cluster
// that Argo CD itself runs on names none.
func destination(root *located.Value) string {
	d := root.Get("spec", "destination")
	if name := text(d.Get("name")); name != "" && name != "in-cluster" && !hasPlaceholder(name) {
		return name
	}
	return ""
}

func firstOf(values ...*located.Value) *located.Value {
	for _, v := range values {
		if v.Range.File != "" {
			return v
		}
	}
	return values[0]
}

// applicationRelease reads how an application releases a chart. It returns false if
// that is not known.
// https://argo-cd.readthedocs.io/en/stable/user-guide/helm/ tells which values count more.
func (f *finder) applicationRelease(d *declared, root, s *located.Value, dir string, sources []*located.Value) (*helm.Release, bool) {
	spec := s.Get("helm")
	r := &helm.Release{Chart: dir, Name: text(spec.Get("releaseName")), Namespace: text(spec.Get("namespace"))}
	if r.Name == "" {
		r.Name = text(root.Get("metadata", "name"))
	}
	for _, v := range spec.Get("valueFiles").Items() {
		files, known := f.valueFiles(d, dir, v, sources)
		if len(files) == 0 && !known && text(spec.Get("ignoreMissingValueFiles")) != "true" {
			f.unread(d, v, "values file %s is not among the files; the chart is not rendered without it", text(v))
			return nil, false
		}
		r.Values = append(r.Values, helm.Files(files...)...)
	}
	values := spec.Get("valuesObject")
	if values.Kind != located.Map {
		values = f.inline(spec.Get("values"))
	}
	if values.Kind == located.Map {
		r.Values = append(r.Values, helm.Values{Root: values})
	} else if inline := spec.Get("values"); text(inline) != "" {
		f.unread(d, inline, "its values cannot be read")
		return nil, false
	}
	if files := spec.Get("fileParameters"); len(files.Items()) > 0 {
		f.unread(d, files, "fileParameters are not read")
	}
	for _, p := range spec.Get("parameters").Items() {
		name, value := text(p.Get("name")), p.Get("value")
		set, ok := parameter(name, value, text(p.Get("forceString")) == "true")
		if !ok {
			f.unread(d, p.Get("name"), "parameter %s is not applied: only names of map keys are", name)
			continue
		}
		r.Values = append(r.Values, helm.Values{Root: set})
	}
	f.unapplied(d, spec, "helm.", helmFields)
	return r, true
}

// helmFields are the settings of Helm that are applied, that are reported where they
// are read, or that change nothing of what is deployed.
var helmFields = []string{
	"releaseName", "namespace", "valueFiles", "ignoreMissingValueFiles", "values", "valuesObject", "parameters", "fileParameters",
	"version", "passCredentials", "skipCrds", "skipSchemaValidation", "skipTests",
}

// valueFiles returns the files that an entry of valueFiles names: beside the chart,
// from the root of the repository, or from the root of another source. One that
// stands for several files is a glob, which is known even if it matches nothing.
func (f *finder) valueFiles(d *declared, dir string, v *located.Value, sources []*located.Value) (files []string, known bool) {
	entry := text(v)
	if hasPlaceholder(entry) {
		return nil, false
	}
	name := path.Join(dir, entry)
	fromRoot, ok := strings.CutPrefix(entry, "/")
	if ref, rest, found := strings.Cut(strings.TrimPrefix(entry, "$"), "/"); found && strings.HasPrefix(entry, "$") {
		if !slices.ContainsFunc(sources, func(s *located.Value) bool { return text(s.Get("ref")) == ref }) {
			return nil, false
		}
		fromRoot, ok = rest, true
	}
	if ok {
		name, ok = f.find(d.object.File, fromRoot, f.isFile)
		if !ok {
			name = path.Clean(fromRoot)
		}
	}
	if strings.HasPrefix(name, "../") {
		return nil, false
	}
	if f.isFile(name) {
		return []string{name}, true
	}
	if !strings.ContainsAny(name, "*?[{") {
		return nil, false
	}
	if err := source.CheckGlob(name); err != nil {
		f.limit(d, v, "use glob %q: %v", entry, err)
		return nil, false
	}
	for _, file := range f.Files {
		if source.MatchGlob(name, file.Name) {
			files = append(files, file.Name)
		}
	}
	return files, true
}

// applicationOverlay reads what an application changes of a kustomization.
// https://argo-cd.readthedocs.io/en/stable/user-guide/kustomize/
func (f *finder) applicationOverlay(d *declared, spec *located.Value, dir string) *kustomize.Deployment {
	o := &kustomize.Deployment{
		Dir: dir, Namespace: spec.Get("namespace"), NamePrefix: spec.Get("namePrefix"), NameSuffix: spec.Get("nameSuffix"),
		Patches: patches(spec.Get("patches")),
		Labels:  f.pairs(d, "label", spec.Get("commonLabels"), true),
		Annotations: f.pairs(d, "annotation", spec.Get("commonAnnotations"),
			text(spec.Get("commonAnnotationsEnvsubst")) == "true"),
		IncludeSelectors: text(spec.Get("labelWithoutSelector")) != "true",
		IncludeTemplates: text(spec.Get("labelIncludeTemplates")) == "true",
	}
	for _, c := range spec.Get("components").Items() {
		f.component(d, o, dir, c)
	}
	for _, image := range spec.Get("images").Items() {
		if parsed, ok := parseImage(text(image)); ok {
			o.Images = append(o.Images, parsed)
		} else {
			f.unread(d, image, "image %s is not applied: it is not known", text(image))
		}
	}
	for _, r := range spec.Get("replicas").Items() {
		name, count := text(r.Get("name")), r.Get("count")
		if _, err := strconv.ParseUint(text(count), 10, 31); err != nil || hasPlaceholder(name) {
			f.unread(d, firstOf(count, r), "replicas of %s are not applied: their number is not known", name)
			continue
		}
		o.Replicas = append(o.Replicas, kustomize.Replica{Name: name, Count: count})
	}
	f.unapplied(d, spec, "kustomize.", kustomizeFields)
	return o
}

// kustomizeFields are the settings of kustomize that are applied, or that change
// nothing of what is deployed: what may be overwritten, and what is only for charts.
var kustomizeFields = []string{
	"namespace", "namePrefix", "nameSuffix", "patches", "components", "images", "replicas",
	"commonLabels", "labelWithoutSelector", "labelIncludeTemplates", "forceCommonLabels",
	"commonAnnotations", "commonAnnotationsEnvsubst", "forceCommonAnnotations",
	"ignoreMissingComponents", "version", "kubeVersion", "apiVersions",
}

// component adds a component to a kustomization in dir.
func (f *finder) component(d *declared, o *kustomize.Deployment, dir string, c *located.Value) {
	name := path.Join(dir, text(c))
	if !f.isDir(name) || strings.HasPrefix(name, "../") {
		f.unread(d, c, "component %s is not among the files", text(c))
		return
	}
	o.Components = append(o.Components, name)
}

// applicationFiles returns the manifests of a directory. Argo CD goes into the
// directories below only if it is told to. It returns false if they are not known.
// https://argo-cd.readthedocs.io/en/stable/user-guide/directory/
func (f *finder) applicationFiles(d *declared, dir string, spec *located.Value) (files []string, ok bool) {
	names := f.manifests(dir, text(spec.Get("recurse")) == "true")
	include, exclude := text(spec.Get("include")), text(spec.Get("exclude"))
	for _, field := range []string{"include", "exclude"} {
		if glob := spec.Get(field); text(glob) != "" {
			if err := source.CheckGlob(text(glob)); err != nil {
				f.limit(d, glob, "use glob %q: %v", text(glob), err)
				return nil, false
			}
		}
	}
	return slices.DeleteFunc(names, func(name string) bool {
		name = strings.TrimPrefix(name, dir+"/")
		return include != "" && !source.MatchGlob(include, name) || exclude != "" && source.MatchGlob(exclude, name)
	}), true
}
