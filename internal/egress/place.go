package egress

import (
	"cmp"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// places hands out Origins and remembers what they stand for.
type places struct {
	list []Place
	seen map[placeKey]int
	// born are the objects that Terraform creates.
	born map[*kubernetes.Object]terraformObject
	// blocks are the module blocks that lead to a module instance, by the root's
	// identity and the instance's address.
	blocks map[[2]string][]source.Range
}

// placeKey identifies a place; two values of one resource at one range are one
// place, unless they came there from different places, as the elements of a list do
// that a module's caller writes. Of objects that overlays, releases or applications
// made from one file, each has places of its own.
type placeKey struct {
	r, caller, via               source.Range
	address, root, variant, from string
	ignore                       Ignore // the first
}

func newPlaces() *places {
	return &places{
		list: []Place{{}}, seen: make(map[placeKey]int),
		born: make(map[*kubernetes.Object]terraformObject), blocks: make(map[[2]string][]source.Range),
	}
}

func (p *places) add(place Place) Origin {
	if place.Range.IsZero() {
		return Origin{}
	}
	key := placeKey{
		r: place.Range, caller: last(place.Callers),
		address: place.Address, root: place.Root, variant: place.Variant, from: place.From,
	}
	if n := len(place.Via); n > 0 {
		key.via = place.Via[n-1].Range
	}
	if len(place.Ignores) > 0 {
		key.ignore = place.Ignores[0]
	}
	ref, ok := p.seen[key]
	if !ok {
		ref = len(p.list)
		p.list = append(p.list, place)
		p.seen[key] = ref
	}
	return Origin{Ref: ref, File: place.Range.File, Line: place.Range.Start.Line, Column: place.Range.Start.Column}
}

func last(list []source.Range) source.Range {
	if len(list) == 0 {
		return source.Range{}
	}
	return list[len(list)-1]
}

// value is the origin of a value of a Terraform resource.
func (p *places) value(s *alicloud.Scope, res *terraform.Resource, v *located.Value) Origin {
	root := s.Lender(res)
	return p.add(Place{
		Range: v.Range, Callers: v.Callers, Via: v.Via,
		Address: s.LocalAddress(res), Root: root.Dir, Variant: root.Variant, Module: res.Module,
		ModuleBlocks: p.blocks[[2]string{root.ID(), res.Module}],
	})
}

// argument is the origin of an argument of a Terraform resource, or of the
// resource's block when the argument is not written.
func (p *places) argument(s *alicloud.Scope, res *terraform.Resource, path ...string) Origin {
	if v := res.Body.Get(path...); !v.Range.IsZero() {
		return p.value(s, res, v)
	}
	return p.block(s, res)
}

// block is the origin of a Terraform resource's header line.
func (p *places) block(s *alicloud.Scope, res *terraform.Resource) Origin {
	return p.value(s, res, res.Body)
}

// object is the origin of a value of a Kubernetes object.
func (p *places) object(o *kubernetes.Object, v *located.Value) Origin {
	place := p.placeIn(o, v.Range)
	place.Callers, place.Via = v.Callers, v.Via
	return p.add(place)
}

// objectRange is the origin of a stretch of a Kubernetes object.
func (p *places) objectRange(o *kubernetes.Object, r source.Range) Origin {
	return p.add(p.placeIn(o, r))
}

func (p *places) placeIn(o *kubernetes.Object, r source.Range) Place {
	place := Place{Range: r, Address: objectAddress(o), Ignores: ignores(o), From: cmp.Or(o.From, o.DeployedBy)}
	if t, ok := p.born[o]; ok {
		place.Address = t.res.Address
		place.Root, place.Variant, place.Module = t.scope.Root.Dir, t.scope.Root.Variant, t.res.Module
		place.ModuleBlocks = p.blocks[[2]string{t.scope.Root.ID(), t.res.Module}]
	}
	return place
}

// objectAddress is the kind/namespace/name of an object, the address that
// findings about it carry.
func objectAddress(o *kubernetes.Object) string {
	ns := o.Namespace
	if ns == "" {
		ns = defaultNamespace
	}
	if o.Kind == "Namespace" {
		return o.Kind + "/" + o.Name
	}
	return o.Kind + "/" + ns + "/" + o.Name
}

// ignores returns the annotations of an object and of its pods that hold what the
// project has decided to live with.
func ignores(o *kubernetes.Object) []Ignore {
	var list []Ignore
	add := func(metadata *located.Value) {
		v := metadata.Get("annotations", IgnoreAnnotation)
		if v.IsNull() || v.IsUnknown() {
			return
		}
		ignore := Ignore{Range: v.Range}
		if v.Kind == located.String {
			ignore.Text, _ = plainText(v)
		}
		list = append(list, ignore)
	}
	add(o.Root.Get("metadata"))
	if path := podTemplates[o.Kind]; len(path) > 0 && o.Kind != helmKind {
		add(o.Root.Get(path...).Get("metadata"))
	}
	return list
}
