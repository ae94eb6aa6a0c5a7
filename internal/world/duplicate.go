package world

import (
	"fmt"
	"maps"
	"slices"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// duplicates are the objects of one folder that another place has too.
type duplicates struct {
	dir, used string // the folder, and the folder or file of the objects that are used
	rendered  bool   // whether an overlay or chart renders these or those
	objects   map[*kubernetes.Object]bool
	example   *kubernetes.Object
}

// duplicate notes that another object of the kind, namespace and name of one that
// counts is left out. Whole folders are often copies of each other, so they are told
// by folder. What is rendered twice with the same content is no duplicate.
func (b *binder) duplicate(o, used *kubernetes.Object) {
	rendered := o.From != "" || used.From != ""
	if rendered && (o.From == used.From || sameContent(o.Root, used.Root)) {
		return
	}
	matters := kube.PodTemplates[o.Kind] != nil || slices.Contains(readKinds, o.Kind)
	if o.Kind == "Namespace" { // many applications bring along the one they share
		matters = !sameLabels(o, used)
	}
	if !matters {
		return
	}
	also := used.Dir
	if used.Dir == o.Dir {
		also = used.File
	}
	i := slices.IndexFunc(b.duplicated, func(d *duplicates) bool { return d.dir == o.Dir && d.used == also })
	if i < 0 {
		i = len(b.duplicated)
		b.duplicated = append(b.duplicated, &duplicates{
			dir: o.Dir, used: also, rendered: rendered, example: o, objects: make(map[*kubernetes.Object]bool),
		})
	}
	b.duplicated[i].objects[o] = true
}

// sameLabels reports whether two objects certainly have the same labels.
func sameLabels(x, y *kubernetes.Object) bool {
	a, unknownA := kube.ReadLabels(x.Root.Get("metadata", "labels"), nil)
	b, unknownB := kube.ReadLabels(y.Root.Get("metadata", "labels"), nil)
	return len(unknownA) == 0 && len(unknownB) == 0 && maps.Equal(a, b)
}

func (b *binder) reportDuplicates() {
	for _, d := range b.duplicated {
		message := "read object: " + kube.Address(d.example)
		if n := len(d.objects) - 1; n > 0 {
			message = fmt.Sprintf("read objects: %s and %d more of this folder", kube.Address(d.example), n)
		}
		which := "the last"
		if d.rendered {
			which = "that"
		}
		b.diagnose(source.Diagnostic{
			Kind: source.DuplicateObject, Range: d.example.Root.Range,
			Message: message + ": also in " + d.used + "; " + which + " is used",
		})
	}
}
