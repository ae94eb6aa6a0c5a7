package alicloud

import (
	"net/netip"
	"strings"

	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/product"
	"github.com/egresslint/egresslint/internal/secret"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// Target is a thing that pods connect to: an instance of a product, with what lets
// packets in.
type Target struct {
	Address  string // Terraform address
	Kind     string // as in declarations: rds, slb, oss
	Product  string // the product's name, for messages
	Name     string // its own name, else its label
	Scope    *Scope // nil for what only the configuration describes, as the next three
	Resource *terraform.Resource
	Type     *product.Type
	VSwitch  *VSwitch // nil if it is not in the files
	VPC      *VPC     // nil if it is not in the files
	Origin   place.Origin

	Names    []string // what a declaration may call it
	Prefixes []string // first labels of its private host names, in lower case
	Public   []string // first labels of its public host names, in lower case
	Port     int      // what it listens on; 0 if the files do not decide it

	// List is its allow-list; of a listener, its ACL.
	List AllowList

	// Of ECS instances, load balancers and buckets.
	Addresses []netip.Addr // private addresses that are in the files
	Internet  truth.Truth  // whether a load balancer has a public address
	Groups    IDs          // security groups
	Listeners []*Listener  // of a CLB or ALB
}

// HasList reports whether an allow-list of addresses guards the instances of the type.
func (t *Target) HasList() bool { return t.Type != nil && len(t.Type.Lists) > 0 }

// IDs are things named by their ids, such as security groups.
type IDs struct {
	List    []Ident
	Unknown string // why there may be others; empty if there are none
}

// Targets reads the instances of products in a scope: first those with an allow-list,
// then the others, each in the order of the root's resources.
func Targets(s *Scope) []*Target {
	var listed, others []*Target
	for _, res := range s.Root.Resources {
		if res.Data {
			continue
		}
		p, typ := product.Products.Resource(Canonical(res.Type))
		switch {
		case p == nil:
		case len(typ.Lists) > 0:
			listed = append(listed, listedTarget(s, res, p, typ))
		default:
			others = append(others, readDestination(s, res, p, typ))
		}
	}
	return append(listed, others...)
}

func newTarget(s *Scope, res *terraform.Resource, p *product.Product, typ *product.Type) *Target {
	t := &Target{
		Address: res.Address, Kind: p.Kind, Product: typ.Name, Name: res.Name, Names: []string{res.Name},
		Scope: s, Resource: res, Type: typ, Origin: s.AtBlock(res),
	}
	t.Prefixes = literalArguments(res, typ.Prefixes)
	placeTarget(s, t)
	return t
}

// listedTarget reads an instance with an allow-list.
func listedTarget(s *Scope, res *terraform.Resource, p *product.Product, typ *product.Type) *Target {
	t := newTarget(s, res, p, typ)
	for _, name := range typ.Names {
		if text, ok := secret.Plain(res.Body.Get(name)); ok && text != "" && located.Display(text) == text {
			t.Name = text
			t.Names = append(t.Names, text)
			break
		}
	}
	t.Port = portOf(res, p)
	for _, connection := range p.Connections {
		for _, c := range s.ByType[connection.Resource] {
			if s.Ident(c.Body.Get(connection.Instance)).Key == res.Address {
				t.Public = append(t.Public, literalArguments(c, []string{connection.Prefix})...)
			}
		}
	}
	t.List = readAllowList(t)
	return t
}

// enginePorts are what the engines of a product listen on.
var enginePorts = map[string]int{"MySQL": 3306, "MariaDB": 3306, "PostgreSQL": 5432, "SQLServer": 1433, "Oracle": 1521}

// portOf is the port an instance listens on: the configured one, else the product's or
// the engine's (provider documentation, connection attributes); 0 if the files do not
// decide it.
func portOf(res *terraform.Resource, p *product.Product) int {
	for _, name := range []string{"port", "private_connection_port"} {
		if v := res.Body.Get(name); !v.IsNull() {
			return v.Int()
		}
	}
	if p.Port != 0 || p.Engine == "" {
		return p.Port
	}
	engine, _ := res.Body.Get(p.Engine).Text()
	return enginePorts[engine]
}

func literalArguments(res *terraform.Resource, names []string) []string {
	var list []string
	for _, name := range names {
		if text, ok := res.Body.Get(name).Text(); ok && text != "" && located.Display(text) == text {
			list = append(list, strings.ToLower(text))
		}
	}
	return list
}

// placeTarget finds the VPC of an instance.
func placeTarget(s *Scope, t *Target) {
	list, _ := s.Idents(t.Resource.Body.Get("vswitch_id"))
	if len(list) > 0 {
		t.VSwitch = s.VSwitch(list[0])
		t.VPC = t.VSwitch.VPC
	}
	if t.VPC == nil {
		t.VPC = s.VPC(s.Ident(t.Resource.Body.Get("vpc_id")))
	}
}
