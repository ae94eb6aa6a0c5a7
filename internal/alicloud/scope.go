package alicloud

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// Scope is one evaluated Terraform root with its resources indexed. Everything
// that can be proved about a resource is proved inside its scope.
type Scope struct {
	places    *place.Registry
	Root      *terraform.Root
	ByAddress map[string]*terraform.Resource
	ByType    map[string][]*terraform.Resource // managed resources, aliases normalised

	// Both maps hold the resources of joined roots too, see JoinScopes: lenders says
	// which root such a resource belongs to, incomplete names the directories of those
	// of which a part could not be read, and unread are the modules that none of the
	// roots could.
	lenders    map[*terraform.Resource]*terraform.Root
	incomplete []string
	unread     []terraform.UnreadModule

	// blocks are the module blocks that lead to the module instances of each root, by
	// the instance's address.
	blocks map[*terraform.Root]map[string][]source.Range

	literals map[string]*terraform.Resource // by the id that a state or plan knows; nil if not read yet

	vswitches map[string]*VSwitch
	vpcs      map[string]*VPC
	gateways  map[string]*Gateway
	groups    map[string]*SecurityGroup
}

// NewScope indexes the resources of a root; places hands out the origins of what
// stands in them.
func NewScope(root *terraform.Root, places *place.Registry) *Scope {
	s := &Scope{
		Root:      root,
		places:    places,
		ByAddress: make(map[string]*terraform.Resource, len(root.Resources)),
		ByType:    make(map[string][]*terraform.Resource),
		vswitches: make(map[string]*VSwitch),
		vpcs:      make(map[string]*VPC),
		gateways:  make(map[string]*Gateway),
		groups:    make(map[string]*SecurityGroup),
		lenders:   make(map[*terraform.Resource]*terraform.Root),
		unread:    slices.Clone(root.UnreadModules),
		blocks:    make(map[*terraform.Root]map[string][]source.Range),
	}
	addModules(s, root)
	if root.Incomplete {
		s.incomplete = []string{root.Dir}
	}
	for _, res := range root.Resources {
		add(s, res)
	}
	return s
}

func addModules(s *Scope, root *terraform.Root) {
	s.blocks[root] = make(map[string][]source.Range, len(root.Modules))
	for _, m := range root.Modules {
		s.blocks[root][m.Address] = m.Blocks
	}
}

// ModuleBlocks are the module blocks that lead to the module instance of a resource.
func ModuleBlocks(s *Scope, res *terraform.Resource) []source.Range {
	return s.blocks[lender(s, res)][res.Module]
}

// Place is where a value of a resource stands.
func (s *Scope) Place(res *terraform.Resource, v *located.Value) place.Place {
	root := lender(s, res)
	return place.Place{
		Range: v.Range, Callers: v.Callers, Via: v.Via, Address: localAddress(s, res), Root: root.Dir, Variant: root.Variant,
		Module: res.Module, ModuleBlocks: ModuleBlocks(s, res),
	}
}

func add(s *Scope, res *terraform.Resource) {
	s.ByAddress[res.Address] = res
	if res.Data {
		return
	}
	typ := Canonical(res.Type)
	s.ByType[typ] = append(s.ByType[typ], res)
}

// Ident is what a value says about which thing it names.
type Ident struct {
	// key is equal for values that name the same thing in a scope; empty if the
	// value is absent or unknown.
	Key string
	// res is the managed resource of the scope that it names, if it is one.
	Resource *terraform.Resource
	// reason says why an absent key is unknown; empty for an absent value.
	reason string
}

// Known reports whether the value names something.
func (id Ident) Known() bool { return id.Key != "" }

// Unknown reports whether the value may name something that the files do not decide.
func (id Ident) Unknown() bool { return id.Key == "" && id.reason != "" }

// name is how messages call the thing.
func (id Ident) name() string {
	if id.Resource != nil {
		return id.Resource.Address
	}
	return strings.TrimPrefix(id.Key, "id:")
}

// Ident reads a value that names a thing by its id.
func (s *Scope) Ident(v *located.Value) Ident {
	switch v.Kind {
	case located.Null:
		return Ident{}
	case located.Unknown:
		return Ident{reason: v.Reason}
	case located.String:
	default:
		return Ident{reason: "it is not a string"}
	}
	if ref, ok := v.Ref(); ok {
		res := s.ByAddress[ref.Address]
		if res != nil && res.Data {
			return Ident{Key: ref.String()}
		}
		if !identifies(res, ref.Attribute) {
			return Ident{Key: ref.String()}
		}
		return Ident{Key: ref.Address, Resource: res}
	}
	if refs, _ := located.Refs(v.Str); len(refs) > 0 {
		return Ident{reason: "it is composed of " + refs[0].String()}
	}
	if v.Str == "" {
		return Ident{}
	}
	return Ident{Key: "id:" + v.Str}
}

// ByLiteral is the resource whose id a state or plan knows; nil if there is none.
func (s *Scope) ByLiteral(id string) *terraform.Resource {
	if s.literals == nil {
		s.literals = make(map[string]*terraform.Resource)
		for _, res := range s.Root.Resources {
			if text, ok := res.Body.Get("id").Text(); ok && !res.Data {
				s.literals[text] = res
			}
		}
	}
	return s.literals[id]
}

// Idents reads a list of ids, and whether some element or the list itself is
// unknown.
func (s *Scope) Idents(v *located.Value) (ids []Ident, unknown string) {
	for _, item := range v.Split() {
		id := s.Ident(item)
		switch {
		case id.Known():
			ids = append(ids, id)
		case id.Unknown() && unknown == "":
			unknown = id.reason
		}
	}
	return ids, unknown
}

// UnreadModule returns the first module call that was not read and whose
// arguments may hand it one of the resources with the given keys: such a module
// may create what the files seem to lack. An argument that is unknown may hold
// anything, and so may the unread part of a root.
func (s *Scope) UnreadModule(keys ...string) (reason string, found bool) {
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
