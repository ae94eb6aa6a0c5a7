// Package kubernetes reads Kubernetes manifests, YAML or JSON, single, multi
// document or List, as kubectl reads them, and keeps a position for every field.
package kubernetes

import (
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
}

// KindRange is the place of the object's kind.
func (o *Object) KindRange() source.Range { return o.Root.Get("kind").Range }
