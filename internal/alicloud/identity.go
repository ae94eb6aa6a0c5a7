package alicloud

import (
	"slices"

	"github.com/egresslint/egresslint/internal/product"
	"github.com/egresslint/egresslint/parser/terraform"
	"github.com/egresslint/egresslint/parser/tfjson"
)

// identity says how the things of a resource type are named.
type identity struct {
	tfjson.Identity
	// whole are the attributes, apart from the id, whose reference names the resource as
	// a whole. The reference to any other attribute names only that attribute's value.
	whole []string
}

// identities are those of the network and of clusters; those of products stand in the
// table of products.
var identities = map[string]identity{
	"alicloud_cen_instance":             named("cen"),
	"alicloud_common_bandwidth_package": named(),
	"alicloud_cs_edge_kubernetes":       named("cluster"),
	"alicloud_cs_kubernetes":            named("cluster"),
	"alicloud_cs_managed_kubernetes":    named("cluster"),
	"alicloud_cs_serverless_kubernetes": named("cluster"),
	"alicloud_eip":                      named("allocation").owning("ip_address").or("allocation_id"),
	"alicloud_eip_address":              named("allocation", "eip").owning("ip_address").or("allocation_id"),
	"alicloud_havip":                    named(),
	"alicloud_nat_gateway":              natGateway,
	"alicloud_network_acl":              named(),
	"alicloud_network_interface":        named(),
	"alicloud_route_table":              named().or("route_table_id"),
	"alicloud_security_group":           named(),
	"alicloud_slb":                      named("load_balancer"),
	"alicloud_slb_acl":                  named(),
	"alicloud_subnet":                   named("vswitch").or("vswitch_id"),
	"alicloud_vpc":                      named().owning("route_table_id", "router_id").or("route_table_id", "router_table_id", "vpc_id"),
	"alicloud_vpc_ipv4_gateway":         named(),
	"alicloud_vpc_ipv6_gateway":         named(),
	"alicloud_vpc_peer_connection":      named(),
	"alicloud_vpc_prefix_list":          named(),
	"alicloud_vpn_gateway":              named(),
	"alicloud_vswitch":                  named().or("vswitch_id"),
}

// natGateway has two tables, which an entry names in place of the gateway.
var natGateway = identity{
	Identity: tfjson.Identity{
		PlainID: true, Owned: []string{"snat_table_ids", "forward_table_ids"},
		Tables: map[string]string{"snat_table_ids": "snat_table_id", "forward_table_ids": "forward_table_id"},
	},
	whole: []string{"snat_table_ids", "forward_table_ids"},
}

// named is the identity of things that have a plain id and that arguments call so too.
func named(aliases ...string) identity {
	return identity{Identity: tfjson.Identity{PlainID: true, Aliases: aliases}}
}

func (i identity) owning(attributes ...string) identity {
	i.Owned = attributes
	return i
}

func (i identity) or(attributes ...string) identity {
	i.whole = attributes
	return i
}

// Identities tell the reader of plans and states what names a thing.
func Identities() tfjson.Identities {
	all := make(tfjson.Identities)
	for typ, id := range identities {
		all[typ] = id.Identity
	}
	for i := range product.Products {
		for _, typ := range product.Products[i].Types {
			if typ.PlainID || len(typ.Owned) > 0 {
				all[typ.Resource] = tfjson.Identity{PlainID: typ.PlainID, Owned: typ.Owned}
			}
		}
	}
	return all
}

// identifies reports whether an attribute's reference names the resource itself, as
// alicloud_nat_gateway.x.snat_table_ids does, and not something else that it computes, as
// alicloud_cs_managed_kubernetes.x.security_group_id does. Of a resource outside the
// files it does so if it may.
func identifies(res *terraform.Resource, attribute string) bool {
	if attribute == "id" {
		return true
	}
	if res != nil {
		return slices.Contains(identities[res.Type].whole, attribute)
	}
	for _, id := range identities {
		if slices.Contains(id.whole, attribute) {
			return true
		}
	}
	return false
}
