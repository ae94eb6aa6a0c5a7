// Package place says where in the files facts stand, so that people find what findings
// are about.
package place

import (
	"cmp"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// Origin is the place of a fact in the files. Rules pass it on as a finding's
// anchor or related place; Ref is what identifies it.
type Origin struct {
	Ref    int    `json:"ref" doc:"handle of the place; 0 stands for no place"`
	File   string `json:"file" doc:"path relative to the repository root"`
	Line   int    `json:"line" doc:"line, from 1"`
	Column int    `json:"column" doc:"column in Unicode code points, from 1"`
}

// Place is what an Origin's Ref stands for.
type Place struct {
	Range   source.Range
	Callers []source.Range // see located.Value
	Via     []located.Step // see located.Value
	Address string         // Terraform address or kind/namespace/name of what the place belongs to
	Root    string         // Terraform root directory; empty for manifests
	Variant string         // variable variant of that root
	// Module is the module instance the place lies in, "" for the root module.
	Module string
	// ModuleBlocks are the header lines of the module blocks that lead to Module, its
	// own first; see [terraform.ModuleInstance].
	ModuleBlocks []source.Range
	// Ignores are the annotations [IgnoreAnnotation] of the Kubernetes object that the
	// place belongs to, and of its pods.
	Ignores []Ignore
	// From is what rendered or deploys that object, see [kubernetes.Object.From] and
	// DeployedBy there; empty for what is applied as written.
	From string
}

// IgnoreAnnotation is the annotation on an object or on its pods that says which
// findings the project has decided to live with.
const IgnoreAnnotation = "egresslint.io/ignore"

// Ignore is an annotation [IgnoreAnnotation] and its place. What its text means is
// for others to tell; it is empty if the annotation is no text.
type Ignore struct {
	Text  string
	Range source.Range
}

// Same reports whether two origins are one for people, as those of the instances of one
// block are.
func (o Origin) Same(other Origin) bool {
	return o.File == other.File && o.Line == other.Line && o.Column == other.Column
}

// Before reports whether an origin comes before another: by path, then by line.
func (o Origin) Before(other Origin) bool {
	return cmp.Or(cmp.Compare(o.File, other.File), cmp.Compare(o.Line, other.Line), cmp.Compare(o.Column, other.Column)) < 0
}

// First is the first of two origins, either of which may be none.
func First(a, b Origin) Origin {
	if a.Ref == 0 || b.Ref != 0 && b.Before(a) {
		return b
	}
	return a
}
