// Package gitops reads what objects of Argo CD and Flux deploy from the tree: which
// chart, overlay or directory, under which names, and with which values.
//
// Whether the repository that such an object names is the one at hand is not in the
// files. It is taken for it if the path that the object names is in the tree and
// holds what the object says.
package gitops

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/kustomize"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// Deployment is something of the tree that an object of Argo CD or Flux deploys. One
// of Release, Overlay and Files is set.
type Deployment struct {
	// Object declares the deployment, the one with the number Index of its own.
	Object *kubernetes.Object
	Index  int
	By     string // what declares it, as in "application argocd/api"
	// Key tells the deployment from all others, also from those of the same object
	// that say something else.
	Key string

	Release *helm.Release
	Overlay *kustomize.Deployment
	Files   []string // manifests that are applied as they stand

	// Namespace is that of objects which name none; empty to leave them so.
	Namespace string
	// Destination is the cluster that the object says; empty if it says none.
	Destination string
	// Labels and Annotations are maps that Flux adds to the metadata of all objects;
	// nil for none.
	Labels, Annotations *located.Value
	// Substitution is what Flux puts in the place of ${NAME}; nil if it leaves that.
	Substitution *Substitution
}

// Tree is where deployments are looked for.
type Tree struct {
	Source *source.Tree
	Files  []source.File // of a walk
	Charts interface{ Has(dir string) bool }
	// Overlays has the kustomizations, and Charts the charts of the tree.
	Overlays interface{ Has(dir string) bool }
	// Manifests are the files that hold objects as they are written, whether or not
	// something has been found that deploys them otherwise.
	Manifests map[string]bool
}

// Find returns what objects deploy, in their order. What they take from elsewhere is
// Unread.
func Find(tree Tree, objects []*kubernetes.Object) ([]Deployment, []source.Diagnostic) {
	f := &finder{Tree: tree, objects: objects, budget: NewBudget(), fingerprints: make(map[*kubernetes.Object]string), parsed: make(map[string]*located.Value)}
	for _, o := range objects {
		f.object(o)
	}
	return f.deployments, f.diagnostics
}

// finder finds the deployments of one set of objects.
type finder struct {
	Tree
	objects     []*kubernetes.Object
	deployments []Deployment
	diagnostics []source.Diagnostic

	budget       *Budget // for templates
	matches      int     // of names with patterns of generators so far
	fingerprints map[*kubernetes.Object]string
	parsed       map[string]*located.Value // files with parameters
	dirs         []string                  // that hold something that egresslint reads; nil if not yet listed
}

func (f *finder) object(o *kubernetes.Object) {
	group, _, _ := strings.Cut(o.APIVersion, "/")
	switch {
	case group == "argoproj.io" && o.Kind == "Application":
		f.application(&declared{object: o, kind: "application"}, o.Root)
	case group == "argoproj.io" && o.Kind == "ApplicationSet":
		f.applicationSet(o)
	case group == "kustomize.toolkit.fluxcd.io" && o.Kind == "Kustomization":
		f.kustomization(&declared{object: o, kind: "kustomization"})
	case group == "helm.toolkit.fluxcd.io" && o.Kind == "HelmRelease":
		f.helmRelease(&declared{object: o, kind: "helm release"})
	}
}

// declared is an object that declares deployments.
type declared struct {
	object *kubernetes.Object
	kind   string // in words
	name   string // of an application that a set makes; else the object's
	count  int    // of deployments so far
}

func (d *declared) by() string {
	name := cmp.Or(d.name, d.object.Name)
	if d.object.Namespace != "" {
		name = d.object.Namespace + "/" + name
	}
	return d.kind + " " + name
}

// add adds a deployment of d.
func (f *finder) add(d *declared, deployment Deployment) {
	deployment.Object, deployment.Index, deployment.By = d.object, d.count, d.by()
	if deployment.Release != nil {
		deployment.Release.By = d.by()
	}
	if deployment.Overlay != nil {
		deployment.Overlay.By, deployment.Overlay.File = d.by(), d.object.File
	}
	deployment.Key = f.keyOf(&deployment)
	d.count++
	f.deployments = append(f.deployments, deployment)
}

// elsewhere is what to do about what is not in the tree.
const elsewhere = "egresslint reads nothing from the network; render it and lint the result to cover it"

func (f *finder) unread(d *declared, at *located.Value, format string, args ...any) {
	f.report(source.Unread, d, at, format, args...)
}

// limit reports what is too large, or too deep, to be followed.
func (f *finder) limit(d *declared, at *located.Value, format string, args ...any) {
	f.report(source.LimitReached, d, at, format, args...)
}

// notFilled reports why a template is not filled in.
func (f *finder) notFilled(d *declared, at *located.Value, what string, err error) {
	kind := source.Unread
	if isLimit(err) {
		kind = source.LimitReached
	}
	f.report(kind, d, at, "its %s is not filled in: %v", what, err)
}

func (f *finder) report(kind source.DiagnosticKind, d *declared, at *located.Value, format string, args ...any) {
	r := at.Range
	if r.File == "" {
		r = d.object.Root.Range
	}
	f.diagnostics = append(f.diagnostics, source.Diagnostic{
		Kind: kind, Range: r, Message: "follow " + d.by() + ": " + fmt.Sprintf(format, args...),
	})
}

// text returns a string that is not empty.
func text(v *located.Value) string {
	s, _ := v.Text()
	return s
}

// find returns where in the tree a path of a repository is: below the root, else
// below the nearest directory above the file that names it. The root itself is
// nothing that can be deployed apart from all else.
func (f *finder) find(from, written string, is func(name string) bool) (string, bool) {
	written = strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(written, `\`, "/")), "/")
	if written == "" {
		return "", false
	}
	if is(written) {
		return written, true
	}
	for dir := path.Dir(from); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if name := path.Join(dir, written); is(name) {
			return name, true
		}
	}
	return "", false
}

func (f *finder) isDir(name string) bool {
	info, err := f.Source.Stat(name)
	return err == nil && info.IsDir()
}

func (f *finder) isFile(name string) bool {
	info, err := f.Source.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// manifests returns the files in dir that may be manifests, with those below it if
// recursive is set.
func (f *finder) manifests(dir string, recursive bool) []string {
	var names []string
	for _, file := range f.Files {
		if file.Chart || file.Kind != source.YAML && file.Kind != source.JSON {
			continue
		}
		if d := path.Dir(file.Name); d == dir || recursive && strings.HasPrefix(d, dir+"/") {
			names = append(names, file.Name)
		}
	}
	return names
}

// lookup returns the first object of a kind; of any namespace if namespace is empty.
func (f *finder) lookup(kind, namespace, name string) *kubernetes.Object {
	i := slices.IndexFunc(f.objects, func(o *kubernetes.Object) bool {
		return o.Kind == kind && o.Name == name && (namespace == "" || o.Namespace == "" || o.Namespace == namespace)
	})
	if i < 0 {
		return nil
	}
	return f.objects[i]
}
