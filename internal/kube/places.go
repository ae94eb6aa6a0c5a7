package kube

import (
	"cmp"

	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/secret"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// Places hands out the origins of what stands in Kubernetes objects.
type Places struct {
	*place.Registry
	born map[*kubernetes.Object]place.Place
}

// NewPlaces returns a registry of no places.
func NewPlaces() *Places {
	return &Places{Registry: place.NewRegistry(), born: make(map[*kubernetes.Object]place.Place)}
}

// Bear notes that Terraform creates an object: what stands in it belongs to the resource
// whose place is given.
func (p *Places) Bear(o *kubernetes.Object, resource place.Place) { p.born[o] = resource }

// Object is the origin of a value of an object.
func (p *Places) Object(o *kubernetes.Object, v *located.Value) place.Origin {
	at := p.in(o, v.Range)
	at.Callers, at.Via = v.Callers, v.Via
	return p.Add(at)
}

// Range is the origin of a stretch of an object.
func (p *Places) Range(o *kubernetes.Object, r source.Range) place.Origin {
	return p.Add(p.in(o, r))
}

func (p *Places) in(o *kubernetes.Object, r source.Range) place.Place {
	at := place.Place{Range: r, Address: Address(o), Ignores: Ignores(o), From: cmp.Or(o.From, o.DeployedBy)}
	if born, ok := p.born[o]; ok {
		at.Address, at.Root, at.Variant = born.Address, born.Root, born.Variant
		at.Module, at.ModuleBlocks = born.Module, born.ModuleBlocks
	}
	return at
}

// Address is the kind/namespace/name of an object, the address that findings about it
// carry.
func Address(o *kubernetes.Object) string {
	ns := o.Namespace
	if ns == "" {
		ns = DefaultNamespace
	}
	if o.Kind == "Namespace" {
		return o.Kind + "/" + o.Name
	}
	return o.Kind + "/" + ns + "/" + o.Name
}

// Ignores returns the annotations of an object and of its pods that hold what the
// project has decided to live with.
func Ignores(o *kubernetes.Object) []place.Ignore {
	var list []place.Ignore
	add := func(metadata *located.Value) {
		v := metadata.Get("annotations", place.IgnoreAnnotation)
		if v.IsNull() || v.IsUnknown() {
			return
		}
		ignore := place.Ignore{Range: v.Range}
		if v.Kind == located.String {
			ignore.Text, _ = secret.Plain(v)
		}
		list = append(list, ignore)
	}
	add(o.Root.Get("metadata"))
	if path := PodTemplates[o.Kind]; len(path) > 0 && o.Kind != HelmKind {
		add(o.Root.Get(path...).Get("metadata"))
	}
	return list
}
