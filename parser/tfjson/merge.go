package tfjson

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// Merge puts a plan or state and the configuration it belongs to together: the
// values that the document knows, in the places where the configuration writes them,
// and for what it does not know the identities that the configuration gives.
//
//   - Of a block that has instances in the document these are all there are, and
//     certain. The instances of other blocks are those of the configuration, but for
//     uncertain ones that a plan leaves out.
//   - A known value of the document wins over what the configuration evaluates to.
//     So does a null: the provider drops arguments that have no effect.
//   - What the document does not know is what the configuration says. If that is all
//     literals it is another version of the configuration, and the value is unknown.
//   - What the provider adds to the configuration stands at the block's header.
//
// Neither root is changed. The result shares values with both.
func Merge(plan, hcl *terraform.Root) *terraform.Root {
	m := &merger{plan: make(map[string]*terraform.Resource), exists: make(map[string]bool)}
	planned := make(map[string]bool)
	for _, res := range plan.Resources {
		m.plan[res.Address] = res
		m.exists[plainAddress(res.Address)] = true
		planned[blockOf(res)] = true
	}
	written := make(map[string]*terraform.Resource)
	template := make(map[string]*terraform.Resource)
	out := &terraform.Root{Dir: hcl.Dir, Variant: hcl.Variant, Providers: hcl.Providers, Modules: hcl.Modules, UnreadModules: slices.Clone(plan.UnreadModules)}
	leaveOut := len(plan.UnreadModules) == 0 && isPlan(plan)
	for _, res := range hcl.Resources {
		written[res.Address] = res
		if block := blockOf(res); planned[block] {
			if template[block] == nil {
				template[block] = res
			}
		} else if res.Uncertain == "" || !leaveOut {
			m.exists[plainAddress(res.Address)] = true
			out.Resources = append(out.Resources, res)
		}
	}
	for _, res := range plan.Resources {
		h := written[res.Address]
		places := h == nil
		if places {
			// Another instance of the block tells where things are written, no more.
			h = template[blockOf(res)]
		}
		if h == nil {
			out.Resources = append(out.Resources, res)
			continue
		}
		out.Resources = append(out.Resources, m.resource(res, h, places))
	}
	slices.SortFunc(out.Resources, func(a, b *terraform.Resource) int { return compareAddresses(a.Address, b.Address) })
	if len(out.Providers) == 0 {
		out.Providers = plan.Providers
	}
	for _, call := range hcl.UnreadModules {
		if !slices.ContainsFunc(plan.Resources, func(res *terraform.Resource) bool { return within(res, call) }) {
			out.UnreadModules = append(out.UnreadModules, call)
		}
	}
	return out
}

// isPlan reports whether a root is that of a plan which makes something: only there
// is a managed resource without an id.
func isPlan(root *terraform.Root) bool {
	return slices.ContainsFunc(root.Resources, func(res *terraform.Resource) bool {
		return !res.Data && res.Body.Get("id").Kind != located.String
	})
}

type merger struct {
	plan   map[string]*terraform.Resource // by address
	exists map[string]bool                // the result's addresses, plain
}

// plainAddress drops the backslashes that an address gets in a JSON text.
func plainAddress(address string) string { return strings.ReplaceAll(address, `\`, "") }

func (m *merger) resource(plan, hcl *terraform.Resource, places bool) *terraform.Resource {
	out := *hcl
	out.Address, out.Module, out.Uncertain = plan.Address, plan.Module, ""
	o := &overlay{merger: m, places: places, address: plan.Address}
	out.Body = o.fields(plan.Body, hcl.Body)
	return &out
}

// overlay puts the values of one resource over those of its configuration.
type overlay struct {
	*merger
	places  bool // take no values from the configuration
	address string
}

func (o *overlay) value(plan, hcl *located.Value) *located.Value {
	switch {
	case plan.Kind == located.Unknown:
		return o.unknown(plan, hcl)
	case plan.Kind == located.List && hcl.Kind == located.List:
		return o.list(plan, hcl)
	case plan.Kind == located.List && len(plan.List) == 1 && hcl.Kind == located.Map:
		// A nested block that JSON configuration writes as an object.
		return o.list(plan, &located.Value{Kind: located.List, List: []*located.Value{hcl}, Range: hcl.Range, Callers: hcl.Callers, Via: hcl.Via})
	case plan.Kind == located.Map && hcl.Kind == located.Map:
		return o.fields(plan, hcl)
	}
	out := placed(plan, hcl)
	if ref, ok := hcl.Ref(); ok && !o.places && o.names(ref, plan) {
		out.Str = hcl.Str
	}
	return out
}

// names reports whether a known value of the plan is that of an attribute which the
// configuration refers to, of a resource that the configuration makes.
func (o *overlay) names(ref located.Ref, plan *located.Value) bool {
	if same, ok := plan.Ref(); ok {
		return same.Address == ref.Address
	}
	res := o.plan[ref.Address]
	if res == nil || res.Data || plan.Kind != located.String {
		return false
	}
	value := res.Body.Get(ref.Attribute)
	return value.Kind == located.String && value.Str == plan.Str && plan.Str != ""
}

// unknown returns what the configuration says of a value that the plan does not know.
func (o *overlay) unknown(plan, hcl *located.Value) *located.Value {
	if o.places || !o.pending(hcl) {
		return placed(plan, hcl)
	}
	if plan.Sensitive && !hcl.Sensitive {
		marked := *hcl
		marked.Sensitive = true
		return &marked
	}
	return hcl
}

// pending reports whether some of v waits for the apply, and refers to nothing that
// will not be there.
func (o *overlay) pending(v *located.Value) bool {
	found, dangling := false, false
	var walk func(*located.Value)
	walk = func(v *located.Value) {
		if v.Kind == located.Unknown {
			found = true
		}
		refs, _ := located.Refs(v.Str)
		for _, ref := range refs {
			found = true
			dangling = dangling || !o.exists[plainAddress(ref.Address)]
		}
		for _, e := range v.List {
			walk(e)
		}
		for _, f := range v.Map {
			walk(f.Value)
		}
	}
	walk(v)
	return found && !dangling
}

// fields overlays the attributes of a resource or nested block, or the entries of a
// map, in the order of the configuration.
func (o *overlay) fields(plan, hcl *located.Value) *located.Value {
	out := placed(&located.Value{Kind: located.Map, Sensitive: plan.Sensitive}, hcl)
	for _, h := range hcl.Map {
		p, ok := plan.Field(h.Key)
		if !ok {
			continue // null
		}
		out.Map = append(out.Map, located.Field{Key: h.Key, KeyRange: h.KeyRange, Value: o.value(p.Value, h.Value)})
	}
	for _, p := range plan.Map {
		if _, ok := hcl.Field(p.Key); ok {
			continue
		}
		if p.Value.Kind == located.Unknown && !o.places {
			continue // the configuration does not set it
		}
		out.Map = append(out.Map, located.Field{Key: p.Key, KeyRange: hcl.Range, Value: placed(p.Value, hcl)})
	}
	return out
}

// list overlays the elements of a list. What the provider holds as a set may be in
// another order than it is written in.
func (o *overlay) list(plan, hcl *located.Value) *located.Value {
	out := placed(&located.Value{Kind: located.List, Sensitive: plan.Sensitive}, hcl)
	match := pair(plan.List, hcl.List)
	for i, p := range plan.List {
		if match[i] == nil {
			out.List = append(out.List, placed(p, hcl))
			continue
		}
		out.List = append(out.List, o.value(p, match[i]))
	}
	return out
}

// placed returns a copy of a value of the plan that stands where the configuration
// writes hcl.
func placed(plan, hcl *located.Value) *located.Value {
	out := *plan
	out.Range, out.Callers, out.Via = hcl.Range, hcl.Callers, hcl.Via
	out.Sensitive = plan.Sensitive || hcl.Sensitive
	out.List = make([]*located.Value, len(plan.List))
	for i, e := range plan.List {
		out.List[i] = placed(e, hcl)
	}
	out.Map = make([]located.Field, len(plan.Map))
	for i, f := range plan.Map {
		out.Map[i] = located.Field{Key: f.Key, KeyRange: placeOf(f.KeyRange, hcl), Value: placed(f.Value, hcl)}
	}
	return &out
}

func placeOf(key source.Range, hcl *located.Value) source.Range {
	if hcl.Range.IsZero() {
		return key
	}
	return hcl.Range
}
