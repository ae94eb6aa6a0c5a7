package gitops

import (
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"

	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/kustomize"
	"github.com/egresslint/egresslint/parser/located"
)

// gitRepository is the kind of source that may be the repository at hand. What is in
// the others was put together somewhere else.
const gitRepository = "GitRepository"

// kustomization reads a Kustomization of Flux.
// https://fluxcd.io/flux/components/kustomize/kustomizations/
func (f *finder) kustomization(d *declared) {
	spec := d.object.Root.Get("spec")
	at, kind := spec.Get("path"), text(spec.Get("sourceRef", "kind"))
	if hasPlaceholder(text(at)) || at.IsUnknown() {
		f.unread(d, at, "its path is not known")
		return
	}
	if strings.Trim(text(at), "./") == "" {
		return // all of the repository, which is read anyway
	}
	if kind != "" && kind != gitRepository {
		f.unread(d, spec.Get("sourceRef", "kind"), "path %s is in a source of kind %s; %s", text(at), kind, elsewhere)
		return
	}
	dir, ok := f.find(d.object.File, text(at), f.isDir)
	if !ok {
		f.unread(d, at, "path %s of %s is not among the files; %s", text(at), f.repository(spec.Get("sourceRef"), d.object.Namespace), elsewhere)
		return
	}
	o := &kustomize.Deployment{
		Dir: dir, Namespace: spec.Get("targetNamespace"), NamePrefix: spec.Get("namePrefix"), NameSuffix: spec.Get("nameSuffix"),
		Patches: patches(spec.Get("patches")),
	}
	for _, c := range spec.Get("components").Items() {
		f.component(d, o, dir, c)
	}
	for _, image := range spec.Get("images").Items() {
		o.Images = append(o.Images, types.Image{
			Name: text(image.Get("name")), NewName: text(image.Get("newName")), NewTag: text(image.Get("newTag")), Digest: text(image.Get("digest")),
		})
	}
	for _, field := range []string{"patchesStrategicMerge", "patchesJson6902"} {
		if p := spec.Get(field); !p.IsNull() {
			f.unread(d, p, "%s is not applied; write it as patches", field)
		}
	}
	deployment := Deployment{Overlay: o, Substitution: f.substitution(d, spec.Get("postBuild"))}
	deployment.Labels, deployment.Annotations = f.commonMetadata(d)
	if !f.Overlays.Has(dir) {
		files, overlays := f.generated(dir)
		if len(files)+len(overlays) == 0 {
			f.unread(d, at, "path %s has no manifest and no kustomization", text(at))
			return
		}
		unchanged := text(o.Namespace) == "" && text(o.NamePrefix) == "" && text(o.NameSuffix) == "" && len(o.Patches)+len(o.Components)+len(o.Images) == 0
		later := deployment.Substitution != nil || deployment.Labels != nil || deployment.Annotations != nil
		if unchanged && (len(overlays) == 0 || !later) {
			deployment.Overlay, deployment.Files = nil, files
		} else {
			o.Resources = slices.Concat(files, overlays)
		}
	}
	if deployment.Overlay == nil && len(deployment.Files) == 0 {
		return // overlays alone, which are built anyway
	}
	f.add(d, deployment)
}

// repository is what a source is called: its address if the object is there.
func (f *finder) repository(ref *located.Value, namespace string) string {
	name := text(ref.Get("name"))
	if r := f.lookup(gitRepository, namespace, name); r != nil {
		if address := text(r.Root.Get("spec", "url")); address != "" {
			return repositoryName(address)
		}
	}
	return "repository " + name
}

// generated returns what Flux makes a kustomization of where there is none: the
// manifests in and below dir, and the kustomizations below it.
func (f *finder) generated(dir string) (files, overlays []string) {
	for _, name := range f.manifests(dir, true) {
		overlay := ""
		for d := path.Dir(name); d != dir && d != "."; d = path.Dir(d) {
			if f.Overlays.Has(d) {
				overlay = d
			}
		}
		switch {
		case overlay != "":
			if !slices.Contains(overlays, overlay) {
				overlays = append(overlays, overlay)
			}
		case f.Manifests[name]:
			files = append(files, name)
		}
	}
	return files, overlays
}

// helmRelease reads a HelmRelease of Flux.
// https://fluxcd.io/flux/components/helm/helmreleases/
func (f *finder) helmRelease(d *declared) {
	spec := d.object.Root.Get("spec")
	if ref := spec.Get("chartRef"); !ref.IsNull() {
		f.unread(d, ref.Get("name"), "its chart comes from %s %s; %s", text(ref.Get("kind")), text(ref.Get("name")), elsewhere)
		return
	}
	chart := spec.Get("chart", "spec")
	at, ref := chart.Get("chart"), chart.Get("sourceRef")
	if kind := text(ref.Get("kind")); kind != gitRepository || hasPlaceholder(text(at)) {
		from := kind + " " + text(ref.Get("name"))
		if kind == "" {
			from = "a source that it does not name"
		}
		f.unread(d, at, "chart %s comes from %s; %s", text(at), from, elsewhere)
		return
	}
	dir, ok := f.find(d.object.File, text(at), f.Charts.Has)
	if !ok {
		f.unread(d, at, "chart %s of %s is not among the files; %s", text(at), f.repository(ref, d.object.Namespace), elsewhere)
		return
	}
	namespace := text(spec.Get("targetNamespace"))
	r := &helm.Release{Chart: dir, Name: text(spec.Get("releaseName")), Namespace: namespace}
	if r.Name == "" {
		if r.Name = d.object.Name; namespace != "" {
			r.Name = namespace + "-" + r.Name
		}
	}
	if r.Namespace == "" {
		r.Namespace = d.object.Namespace
	}
	if !f.releaseValues(d, chart, r) {
		return
	}
	if p := spec.Get("postRenderers"); len(p.Items()) > 0 {
		f.unread(d, p, "post renderers are not run; lint the output of helm template to cover what they change")
	}
	deployment := Deployment{Release: r}
	deployment.Labels, deployment.Annotations = f.commonMetadata(d)
	f.add(d, deployment)
}

// commonMetadata reads the labels and annotations that Flux puts on all objects.
func (f *finder) commonMetadata(d *declared) (labels, annotations *located.Value) {
	common := d.object.Root.Get("spec", "commonMetadata")
	return f.pairs(d, "label", common.Get("labels"), false), f.pairs(d, "annotation", common.Get("annotations"), false)
}

// releaseValues reads the values of a HelmRelease, those that count least first. It
// returns false if they are not known.
func (f *finder) releaseValues(d *declared, chart *located.Value, r *helm.Release) bool {
	files := chart.Get("valuesFiles").Items()
	r.NoDefaults = len(files) > 0
	for _, v := range files {
		name, ok := f.find(d.object.File, text(v), f.isFile)
		if !ok && text(chart.Get("ignoreMissingValuesFiles")) != "true" {
			f.unread(d, v, "values file %s is not among the files; the chart is not rendered without it", text(v))
			return false
		}
		if ok {
			r.Values = append(r.Values, helm.Files(name)...)
		}
	}
	for _, from := range d.object.Root.Get("spec", "valuesFrom").Items() {
		values, known := f.valuesFrom(d, from)
		if !known {
			return false
		}
		if values != nil {
			r.Values = append(r.Values, helm.Values{Root: values})
		}
	}
	if values := d.object.Root.Get("spec", "values"); values.Kind == located.Map {
		r.Values = append(r.Values, helm.Values{Root: values})
	}
	return true
}

// valuesFrom reads the values in a ConfigMap; nil if there are none. What is in a
// Secret stays there.
func (f *finder) valuesFrom(d *declared, from *located.Value) (values *located.Value, known bool) {
	kind, name := text(from.Get("kind")), text(from.Get("name"))
	key := text(from.Get("valuesKey"))
	if key == "" {
		key = "values.yaml"
	}
	if kind != "ConfigMap" {
		f.unread(d, from.Get("name"), "values in %s %s are not read; the chart is rendered without them", kind, name)
		return nil, true
	}
	var data *located.Value
	if o := f.lookup(kind, d.object.Namespace, name); o != nil {
		data = o.Root.Get("data", key)
	}
	switch {
	case data.IsNull() && text(from.Get("optional")) == "true":
		return nil, true
	case data.IsNull():
		f.unread(d, from.Get("name"), "ConfigMap %s with the key %s is not among the files; the chart is not rendered without it", name, key)
		return nil, false
	}
	if target := text(from.Get("targetPath")); target != "" {
		set, ok := parameter(target, data, false)
		if !ok {
			f.unread(d, from.Get("targetPath"), "value for %s is not applied: only names of map keys are", target)
		}
		return set, true
	}
	values = f.inline(data)
	if values.Kind != located.Map {
		f.unread(d, from.Get("name"), "key %s of ConfigMap %s is no map of values", key, name)
		return nil, false
	}
	return values, true
}
