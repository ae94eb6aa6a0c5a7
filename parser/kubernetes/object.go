// Package kubernetes reads Kubernetes manifests, YAML or JSON, single, multi
// document or List, as kubectl reads them, and keeps a position for every field.
package kubernetes

import (
	"fmt"
	"path"
	"strings"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// Object is one Kubernetes object as it was written.
type Object struct {
	APIVersion string
	Kind       string
	Namespace  string // as written; empty if the manifest names none
	Name       string // as written; may be empty with generateName
	// Root is the whole object. Its Range is that of metadata.name, where findings
	// about the object as such are anchored, else of kind.
	Root *located.Value
	// File is the manifest's path relative to the tree's root.
	File string
	// From says what rendered the object: "overlay envs/prod", or "release api of
	// chart charts/api (values-prod.yaml)". Empty for what is applied as written.
	From string
	// Alone says that nothing deploys the object, so that what From names is all that
	// it can be taken to be deployed with: it is of a kustomize component that no
	// kustomization uses.
	Alone bool
	// Dir is the directory whose deployment the object belongs to: that of the
	// overlay or chart that rendered it, else that of its file.
	Dir string
	// Deployer is the file of the Argo CD or Flux object that deploys the object,
	// DeployedBy what that is called, as in "application argocd/api", and Destination
	// the name of the cluster that it says; all are empty if none does.
	Deployer    string
	DeployedBy  string
	Destination string
}

// KindRange is the place of the object's kind.
func (o *Object) KindRange() source.Range { return o.Root.Get("kind").Range }

// FromValue returns the object that root is, for objects that were not read from a
// manifest, as in Terraform's kubernetes_manifest. It returns false if root is no
// object: if apiVersion or kind is missing, not a string, or unknown. What is secret in
// it is marked as sensitive; a definition of custom resources has no schemas. The caller's
// root is not changed.
func FromValue(root *located.Value, file string) (*Object, bool) {
	apiVersion, ok := nonEmptyString(root.Get("apiVersion"))
	if !ok {
		return nil, false
	}
	kind, ok := nonEmptyString(root.Get("kind"))
	if !ok {
		return nil, false
	}
	name, namespace := root.Get("metadata", "name"), root.Get("metadata", "namespace")
	o := &Object{APIVersion: apiVersion, Kind: kind, File: file, Dir: path.Dir(file)}
	o.Name, _ = name.Text()
	o.Namespace, _ = namespace.Text()

	anchor := root.Get("kind")
	for _, v := range []*located.Value{root.Get("metadata", "generateName"), name} {
		if _, ok := v.Text(); (ok || v.IsUnknown()) && !v.Range.IsZero() {
			anchor = v
		}
	}
	anchored := *marked(withoutSchema(kind, root))
	anchored.Range, anchored.Callers, anchored.Via = anchor.Range, anchor.Callers, anchor.Via
	o.Root = &anchored
	return o, true
}

func nonEmptyString(v *located.Value) (string, bool) {
	return v.Str, v.Kind == located.String && v.Str != ""
}

// kustomizeGroup is the API group of the files that kustomize reads. They are
// never sent to a cluster.
const kustomizeGroup = "kustomize.config.k8s.io"

// add adds the object that root is, or the objects of the list that it is.
func (p *parser) add(root *located.Value) {
	o, ok := FromValue(root, p.text.file)
	if !ok {
		return
	}
	if strings.HasPrefix(o.APIVersion, kustomizeGroup+"/") {
		return
	}
	if items, ok := root.Field("items"); ok && strings.HasSuffix(o.Kind, "List") && items.Value.Kind == located.List {
		for _, item := range items.Value.List {
			p.addItem(root, item)
		}
		return
	}
	p.objects = append(p.objects, o)
	p.check(o)
}

// addItem adds an item of a list. The items of a typed list, such as a PodList, may
// leave out what the list's own kind says.
func (p *parser) addItem(list, item *located.Value) {
	if item.Kind != located.Map {
		p.invalid(item.Range, "read item: it is not an object")
		return
	}
	listKind, _ := list.Field("kind")
	itemKind := strings.TrimSuffix(listKind.Value.Str, "List")
	_, hasVersion := item.Field("apiVersion")
	_, hasKind := item.Field("kind")
	if itemKind != "" && (!hasVersion || !hasKind) {
		whole := *item
		whole.Map = append([]located.Field(nil), item.Map...)
		if !hasKind {
			value := *listKind.Value
			value.Str = itemKind
			whole.Map = append(whole.Map, located.Field{Key: "kind", KeyRange: listKind.KeyRange, Value: &value})
		}
		if !hasVersion {
			version, _ := list.Field("apiVersion")
			whole.Map = append(whole.Map, version)
		}
		item = &whole
	}
	if _, ok := FromValue(item, p.text.file); !ok {
		p.invalid(item.Range, "read item: it has no apiVersion or no kind")
		return
	}
	p.add(item)
}

func (p *parser) invalid(r source.Range, format string, args ...any) {
	p.diagnostics = append(p.diagnostics, source.Diagnostic{
		Kind: source.InvalidObject, Range: r, Message: fmt.Sprintf(format, args...),
	})
}

// servedGroups are the API groups of Kubernetes itself whose objects all have
// names. Component configurations have a group and a kind too, but no metadata.
var servedGroups = map[string]bool{
	"": true, "admissionregistration.k8s.io": true, "apiextensions.k8s.io": true, "apiregistration.k8s.io": true,
	"apps": true, "autoscaling": true, "batch": true, "discovery.k8s.io": true, "networking.k8s.io": true,
	"node.k8s.io": true, "policy": true, "rbac.authorization.k8s.io": true, "scheduling.k8s.io": true, "storage.k8s.io": true,
}

// check reports what the API server would reject in the metadata of o.
func (p *parser) check(o *Object) {
	kind := o.KindRange()
	field, ok := o.Root.Field("metadata")
	if !ok {
		group := ""
		if i := strings.IndexByte(o.APIVersion, '/'); i >= 0 {
			group = o.APIVersion[:i]
		}
		// The file that kubectl keeps its clusters in is written like an object.
		if servedGroups[group] && (group != "" || o.Kind != "Config") {
			p.invalid(kind, "read %s: it has no metadata", o.Kind)
		}
		return
	}
	if field.Value.Kind != located.Map {
		p.invalid(field.KeyRange, "read %s: metadata is not a map", o.Kind)
		return
	}
	for _, key := range []string{"name", "generateName", "namespace"} {
		f, ok := field.Value.Field(key)
		if ok && f.Value.Kind != located.String && !f.Value.IsNull() {
			p.invalid(f.Value.Range, "read %s: metadata.%s is not a string; put it in quotes", o.Kind, key)
		}
	}
	if o.Name == "" && field.Value.Get("generateName").Str == "" {
		p.invalid(kind, "read %s: it has no metadata.name", o.Kind)
	}
}
