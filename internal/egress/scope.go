package egress

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// scope is one evaluated Terraform root with its resources indexed. Everything
// that can be proved about a resource is proved inside its scope.
type scope struct {
	root      *terraform.Root
	byAddress map[string]*terraform.Resource
	byType    map[string][]*terraform.Resource // managed resources, aliases normalised

	// Both maps hold the resources of joined roots too, see joinScopes: lenders says
	// which root such a resource belongs to, incomplete names the directories of those
	// of which a part could not be read, and unread are the modules that none of the
	// roots could.
	lenders    map[*terraform.Resource]*terraform.Root
	incomplete []string
	unread     []terraform.UnreadModule

	literals map[string]*terraform.Resource // by the id that a state or plan knows; nil if not read yet

	vswitches map[string]*vswitch
	vpcs      map[string]*vpc
	gateways  map[string]*gateway
	groups    map[string]*securityGroup
}

func newScope(root *terraform.Root) *scope {
	s := &scope{
		root:      root,
		byAddress: make(map[string]*terraform.Resource, len(root.Resources)),
		byType:    make(map[string][]*terraform.Resource),
		vswitches: make(map[string]*vswitch),
		vpcs:      make(map[string]*vpc),
		gateways:  make(map[string]*gateway),
		groups:    make(map[string]*securityGroup),
		lenders:   make(map[*terraform.Resource]*terraform.Root),
		unread:    slices.Clone(root.UnreadModules),
	}
	if root.Incomplete {
		s.incomplete = []string{root.Dir}
	}
	for _, res := range root.Resources {
		s.add(res)
	}
	return s
}

func (s *scope) add(res *terraform.Resource) {
	s.byAddress[res.Address] = res
	if res.Data {
		return
	}
	typ := alicloud.Canonical(res.Type)
	s.byType[typ] = append(s.byType[typ], res)
}

// ident is what a value says about which thing it names.
type ident struct {
	// key is equal for values that name the same thing in a scope; empty if the
	// value is absent or unknown.
	key string
	// res is the managed resource of the scope that it names, if it is one.
	res *terraform.Resource
	// reason says why an absent key is unknown; empty for an absent value.
	reason string
}

func (id ident) known() bool   { return id.key != "" }
func (id ident) unknown() bool { return id.key == "" && id.reason != "" }

// name is how messages call the thing.
func (id ident) name() string {
	if id.res != nil {
		return id.res.Address
	}
	return strings.TrimPrefix(id.key, "id:")
}

// identityAttributes are the attributes whose placeholder names the resource as a
// whole. Any other attribute's placeholder names only that attribute's value.
var identityAttributes = map[string]bool{
	"id": true, "allocation_id": true, "vswitch_id": true, "vpc_id": true,
	"snat_table_ids": true, "forward_table_ids": true, "nat_gateway_id": true,
	"security_group_id": true, "instance_id": true, "route_table_id": true, "router_table_id": true,
	"cluster_id": true, "acl_id": true, "load_balancer_id": true,
}

// ident reads a value that names a thing by its id.
func (s *scope) ident(v *located.Value) ident {
	switch v.Kind {
	case located.Null:
		return ident{}
	case located.Unknown:
		return ident{reason: v.Reason}
	case located.String:
	default:
		return ident{reason: "it is not a string"}
	}
	if ref, ok := v.Ref(); ok {
		res := s.byAddress[ref.Address]
		if res != nil && res.Data {
			return ident{key: ref.String()}
		}
		if !identityAttributes[ref.Attribute] || !identifies(res, ref.Attribute) {
			return ident{key: ref.String()}
		}
		return ident{key: ref.Address, res: res}
	}
	if refs, _ := located.Refs(v.Str); len(refs) > 0 {
		return ident{reason: "it is composed of " + refs[0].String()}
	}
	if v.Str == "" {
		return ident{}
	}
	return ident{key: "id:" + v.Str}
}

// byLiteral is the resource whose id a state or plan knows; nil if there is none.
func (s *scope) byLiteral(id string) *terraform.Resource {
	if s.literals == nil {
		s.literals = make(map[string]*terraform.Resource)
		for _, res := range s.root.Resources {
			if text, ok := res.Body.Get("id").Text(); ok && !res.Data {
				s.literals[text] = res
			}
		}
	}
	return s.literals[id]
}

// identifies reports whether an id-like attribute names the resource itself, as
// alicloud_nat_gateway.x.snat_table_ids does, and not something else that it
// computes, as alicloud_cs_managed_kubernetes.x.security_group_id does.
func identifies(res *terraform.Resource, attribute string) bool {
	if attribute == "id" || res == nil {
		return true
	}
	switch res.Type {
	case "alicloud_nat_gateway":
		return attribute == "snat_table_ids" || attribute == "forward_table_ids"
	case "alicloud_eip_address", "alicloud_eip":
		return attribute == "allocation_id"
	case "alicloud_vpc":
		return attribute == "route_table_id" || attribute == "router_table_id" || attribute == "vpc_id"
	case "alicloud_route_table":
		return attribute == "route_table_id"
	case "alicloud_vswitch", "alicloud_subnet":
		return attribute == "vswitch_id"
	default:
		return false
	}
}

// idents reads a list of ids, and whether some element or the list itself is
// unknown.
func (s *scope) idents(v *located.Value) (ids []ident, unknown string) {
	for _, item := range splitItems(v) {
		id := s.ident(item)
		switch {
		case id.known():
			ids = append(ids, id)
		case id.unknown() && unknown == "":
			unknown = id.reason
		}
	}
	return ids, unknown
}

// splitItems returns the elements of a list argument. Providers and people write
// such lists as lists, scalars, comma-joined strings and lists of those.
func splitItems(v *located.Value) []*located.Value {
	var out []*located.Value
	for _, item := range v.Items() {
		if item.Kind != located.String || !strings.Contains(item.Str, ",") {
			if text, ok := item.Text(); !ok || strings.TrimSpace(text) != "" {
				out = append(out, item)
			}
			continue
		}
		for part := range strings.SplitSeq(item.Str, ",") {
			if part = strings.TrimSpace(part); part != "" {
				c := *item
				c.Str = part
				out = append(out, &c)
			}
		}
	}
	return out
}

// unreadModule returns the first module call that was not read and whose
// arguments may hand it one of the resources with the given keys: such a module
// may create what the files seem to lack. An argument that is unknown may hold
// anything, and so may the unread part of a root.
func (s *scope) unreadModule(keys ...string) (reason string, found bool) {
	if len(s.incomplete) > 0 {
		return "a part of the Terraform in " + s.incomplete[0] + " could not be read", true
	}
	for _, m := range s.unread {
		if mentions(m.Arguments, keys) {
			return m.Reason, true
		}
	}
	return "", false
}

func mentions(v *located.Value, keys []string) bool {
	if v == nil {
		return false
	}
	switch v.Kind {
	case located.Unknown:
		return true
	case located.String:
		refs, _ := located.Refs(v.Str)
		for _, ref := range refs {
			if slices.Contains(keys, ref.Address) {
				return true
			}
		}
		return slices.Contains(keys, "id:"+v.Str)
	case located.List:
		return slices.ContainsFunc(v.List, func(e *located.Value) bool { return mentions(e, keys) })
	case located.Map:
		return slices.ContainsFunc(v.Map, func(f located.Field) bool { return mentions(f.Value, keys) })
	default:
		return false
	}
}

// label names a thing with its CIDR, as messages show it.
func label(name string, cidr netip.Prefix) string {
	if !cidr.IsValid() {
		return name
	}
	return name + " (" + cidr.String() + ")"
}
