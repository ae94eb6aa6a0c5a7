// Package product is the table of Alibaba Cloud's products that pods connect to: one row
// for each, with the word that declarations have for it, the names of its hosts, its
// ports, and the Terraform resources that make one.
//
// Everything that treats products alike is fed from it: what a declaration may name, what
// a host name means, which ids stand for a thing in a plan, which allow-lists are read,
// and the page docs/products.md. A new product is a new row.
package product

import (
	"slices"
	"strings"
)

// Product is one row of the table.
type Product struct {
	// Kind is the word for the product, as in the declaration rds/orders-db.
	Kind string
	// Declared says that a declaration may name instances of the product.
	Declared bool
	// Port is what instances listen on where nothing more special tells: an argument of
	// the instance, its engine, or its host name. 0 if the product does not decide it.
	Port int
	// Engine is the argument of an instance that names its engine, which decides the port.
	Engine string
	// Hosts are the forms of its host names.
	Hosts []Host
	// Types are the resource types of its instances.
	Types []Type
	// Connections are resource types that open a public endpoint of an instance.
	Connections []Connection
}

// Host is a form of the names that a product gives to its endpoints.
type Host struct {
	// Labels are those before the cloud's domain, without the region: mysql.rds in
	// orders.mysql.rds.aliyuncs.com.
	Labels string
	Form   Form
	// Engine is the one that only such names are given to, as instances of the product
	// name it; empty if the names do not tell.
	Engine string
	Port   int // 0 for that of the product
	// VPCPort is the port of endpoints inside the VPC, where it is another one.
	VPCPort int
	// Engines are the ports of an instance's engines by the end of the first label, for
	// products that have a host for each.
	Engines []Engine
	Reach   Reach
}

// Engine is the port of hosts whose first label ends so.
type Engine struct {
	Suffix string
	Port   int
}

// Form says which part of a name bears the labels.
type Form uint8

const (
	// Last says that the labels are the last ones, behind the name of the instance.
	Last Form = iota
	// Service says that the last label is the word itself, or the word with the region behind a
	// dash, as in BUCKET.oss-cn-hangzhou.
	Service
	// First says that the first of at most two labels begins with the word, as in
	// registry-vpc.cn-hangzhou.
	First
)

// Reach says what a product's names tell about the network that they lead to.
type Reach uint8

const (
	// ByMarker is public, unless the name bears a mark of an internal endpoint.
	ByMarker Reach = iota
	// Unsaid says that names of public and private endpoints look alike.
	Unsaid
	// InVPC says that there are only endpoints inside the VPC.
	InVPC
)

// Type is a resource type that makes instances of a product. What lets packets in is
// either an allow-list of addresses, or security groups and whatever else its kind has.
type Type struct {
	Resource string // alicloud_db_instance
	Name     string // of the product, for messages

	// Lists are the arguments that hold an allow-list.
	Lists []List
	// Attached are resources of their own that add entries.
	Attached Attached
	// Templates are arguments that name global groups of entries.
	Templates []Template
	// Closed types send 127.0.0.1, which admits nobody, when the list is left out; for
	// the others the default is the server's and unknown.
	Closed bool
	// Partial says why the lists in the files are never all there is.
	Partial string
	// Unless are arguments that admit sources in ways the files do not decide.
	Unless []string

	Names     []string // arguments that hold the instance's own name
	Prefixes  []string // arguments that hold the first label of its host name
	Addresses []string // arguments that hold its private address
	Groups    []string // arguments that hold its security groups

	Hosts       []string // computed attributes that hold a host or an address
	PublicHosts []string // those of public endpoints

	// PlainID says that the id is the id of the thing itself, given by the cloud, and no
	// name, nor several ids in one.
	PlainID bool
	// Owned are the attributes whose known value the cloud gives to nothing else.
	Owned []string
}

// Region is the label of a name that says in which region its endpoint is, of those
// before the cloud's domain; empty if none does.
func (h *Host) Region(labels []string) string {
	if h.Form != Last {
		return ""
	}
	words := strings.Split(h.Labels, ".")
	for _, label := range labels[1:] {
		if !slices.Contains(words, label) {
			return label
		}
	}
	return ""
}

// List is one argument with entries of an allow-list: directly, or in the argument of
// that name inside nested blocks.
type List struct {
	Block, Argument string
	Endpoint        Endpoint
	// When is the argument that must be true for the list to have an effect.
	When string
}

// String is the path of the argument.
func (l List) String() string {
	if l.Block != "" {
		return l.Block + "." + l.Argument
	}
	return l.Argument
}

// Endpoint says whose connections a list filters.
type Endpoint uint8

const (
	// Any are private ones, and public ones if there is no list for them.
	Any Endpoint = iota
	// Public are those to the public endpoint only.
	Public
	// Console are those to a console, which no pod needs.
	Console
)

// Attached is a resource type that adds entries to an instance's list.
type Attached struct {
	Resource, Owner, List string
	Only, Value           string // counts only if the argument has the value
}

// Template is an argument that names resources with further entries.
type Template struct{ Argument, Resource, List string }

// Connection is a resource type that opens a public endpoint of an instance, under a
// prefix that it names.
type Connection struct {
	Resource, Instance, Prefix string
	Hosts                      []string // computed attributes that hold a host or an address
}

// HasPublicList reports whether a list of its own filters the public endpoint.
func (t *Type) HasPublicList() bool {
	return slices.ContainsFunc(t.Lists, func(l List) bool { return l.Endpoint == Public })
}

// Table is a list of products.
type Table []Product

// Declared are the kinds that a declaration may name, sorted.
func (t Table) Declared() []string {
	var kinds []string
	for i := range t {
		if t[i].Declared {
			kinds = append(kinds, t[i].Kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// Resource finds what a resource type makes; nil if it makes nothing of the table.
func (t Table) Resource(name string) (*Product, *Type) {
	for i := range t {
		for k := range t[i].Types {
			if t[i].Types[k].Resource == name {
				return &t[i], &t[i].Types[k]
			}
		}
	}
	return nil, nil
}

// Connection finds the resource type that opens public endpoints; nil if it does not.
func (t Table) Connection(name string) *Connection {
	for i := range t {
		for k := range t[i].Connections {
			if t[i].Connections[k].Resource == name {
				return &t[i].Connections[k]
			}
		}
	}
	return nil
}

// HoldsHost reports whether an attribute of that name holds a host or an address of an
// instance, and whether that of a public endpoint.
func (t Table) HoldsHost(attribute string) (holds, public bool) {
	attribute = attribute[strings.LastIndexByte(attribute, '.')+1:] // replica_sets[0].connection_domain
	for i := range t {
		for k := range t[i].Types {
			typ := &t[i].Types[k]
			public = public || slices.Contains(typ.PublicHosts, attribute)
			holds = holds || public || slices.Contains(typ.Hosts, attribute)
		}
		for _, c := range t[i].Connections {
			holds = holds || slices.Contains(c.Hosts, attribute)
		}
	}
	return holds, public
}
