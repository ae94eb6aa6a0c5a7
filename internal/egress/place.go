package egress

import (
	"cmp"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// places hands out the origins of what stands in Terraform and in Kubernetes objects.
type places struct {
	*place.Registry
	// born are the objects that Terraform creates.
	born map[*kubernetes.Object]terraformObject
}

func newPlaces() *places {
	return &places{Registry: place.NewRegistry(), born: make(map[*kubernetes.Object]terraformObject)}
}

// value is the origin of a value of a Terraform resource.
func (p *places) value(s *alicloud.Scope, res *terraform.Resource, v *located.Value) place.Origin {
	return p.Add(s.Place(res, v))
}

// argument is the origin of an argument of a Terraform resource, or of the
// resource's block when the argument is not written.
func (p *places) argument(s *alicloud.Scope, res *terraform.Resource, path ...string) place.Origin {
	if v := res.Body.Get(path...); !v.Range.IsZero() {
		return p.value(s, res, v)
	}
	return p.block(s, res)
}

// block is the origin of a Terraform resource's header line.
func (p *places) block(s *alicloud.Scope, res *terraform.Resource) place.Origin {
	return p.value(s, res, res.Body)
}

// object is the origin of a value of a Kubernetes object.
func (p *places) object(o *kubernetes.Object, v *located.Value) place.Origin {
	at := p.placeIn(o, v.Range)
	at.Callers, at.Via = v.Callers, v.Via
	return p.Add(at)
}

// objectRange is the origin of a stretch of a Kubernetes object.
func (p *places) objectRange(o *kubernetes.Object, r source.Range) place.Origin {
	return p.Add(p.placeIn(o, r))
}

func (p *places) placeIn(o *kubernetes.Object, r source.Range) place.Place {
	at := place.Place{Range: r, Address: objectAddress(o), Ignores: ignores(o), From: cmp.Or(o.From, o.DeployedBy)}
	if t, ok := p.born[o]; ok {
		at.Address = t.res.Address
		at.Root, at.Variant, at.Module = t.scope.Root.Dir, t.scope.Root.Variant, t.res.Module
		at.ModuleBlocks = t.scope.ModuleBlocks(t.res)
	}
	return at
}

// objectAddress is the kind/namespace/name of an object, the address that
// findings about it carry.
func objectAddress(o *kubernetes.Object) string {
	ns := o.Namespace
	if ns == "" {
		ns = kube.DefaultNamespace
	}
	if o.Kind == "Namespace" {
		return o.Kind + "/" + o.Name
	}
	return o.Kind + "/" + ns + "/" + o.Name
}

// ignores returns the annotations of an object and of its pods that hold what the
// project has decided to live with.
func ignores(o *kubernetes.Object) []place.Ignore {
	var list []place.Ignore
	add := func(metadata *located.Value) {
		v := metadata.Get("annotations", place.IgnoreAnnotation)
		if v.IsNull() || v.IsUnknown() {
			return
		}
		ignore := place.Ignore{Range: v.Range}
		if v.Kind == located.String {
			ignore.Text, _ = plainText(v)
		}
		list = append(list, ignore)
	}
	add(o.Root.Get("metadata"))
	if path := kube.PodTemplates[o.Kind]; len(path) > 0 && o.Kind != kube.HelmKind {
		add(o.Root.Get(path...).Get("metadata"))
	}
	return list
}
