package tfjson

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/terraform"
)

// plainIDs are the resource types whose id is the id of the thing itself, given by
// the cloud, with the other names that arguments call it by. The ids of other types
// are names, or several ids in one, as cluster:nodepool, of which an argument takes
// a part. The provider's documentation tells it for each type, under Attributes
// Reference.
var plainIDs = map[string][]string{
	"alicloud_alb_load_balancer":         nil,
	"alicloud_alikafka_instance":         nil,
	"alicloud_cen_instance":              {"cen"},
	"alicloud_common_bandwidth_package":  nil,
	"alicloud_cs_edge_kubernetes":        {"cluster"},
	"alicloud_cs_kubernetes":             {"cluster"},
	"alicloud_cs_managed_kubernetes":     {"cluster"},
	"alicloud_cs_serverless_kubernetes":  {"cluster"},
	"alicloud_db_instance":               nil,
	"alicloud_db_readonly_instance":      nil,
	"alicloud_ecs_network_interface":     nil,
	"alicloud_eip":                       {"allocation"},
	"alicloud_eip_address":               {"allocation", "eip"},
	"alicloud_elasticsearch_instance":    nil,
	"alicloud_gpdb_instance":             nil,
	"alicloud_havip":                     nil,
	"alicloud_instance":                  nil,
	"alicloud_kvstore_instance":          nil,
	"alicloud_mongodb_instance":          nil,
	"alicloud_mongodb_sharding_instance": nil,
	"alicloud_nat_gateway":               nil,
	"alicloud_network_acl":               nil,
	"alicloud_network_interface":         nil,
	"alicloud_nlb_load_balancer":         nil,
	"alicloud_polardb_cluster":           nil,
	"alicloud_route_table":               nil,
	"alicloud_security_group":            nil,
	"alicloud_slb":                       {"load_balancer"},
	"alicloud_slb_acl":                   nil,
	"alicloud_slb_load_balancer":         nil,
	"alicloud_subnet":                    {"vswitch"},
	"alicloud_vpc":                       nil,
	"alicloud_vpc_ipv4_gateway":          nil,
	"alicloud_vpc_ipv6_gateway":          nil,
	"alicloud_vpc_peer_connection":       nil,
	"alicloud_vpc_prefix_list":           nil,
	"alicloud_vpn_gateway":               nil,
	"alicloud_vswitch":                   nil,
}

// generic are the stems of arguments that take the id of any kind of thing.
var generic = map[string]bool{"instance": true, "nexthop": true, "next_hop": true, "resource": true}

// tables are the attributes of a NAT gateway that hold a single id in spite of their
// names, with the arguments that take it.
var tables = map[string]string{"snat_table_ids": "snat_table_id", "forward_table_ids": "forward_table_id"}

// isIDArgument reports whether an argument takes one id.
func isIDArgument(name string) bool { return strings.HasSuffix(name, "_id") }

// fit says whether the value of an attribute can be what an argument takes.
type fit uint8

const (
	noFit    fit = iota // the names exclude it
	mayFit              // a part of the value may be it
	fitsWell            // the value as it is
)

// fitOf judges by the names that the provider gives to its arguments, attributes
// and resource types.
func fitOf(argument string, res *terraform.Resource, attribute string) fit {
	switch {
	case res.Data:
		return mayFit
	case attribute == "id":
		if !isNamedAfter(argument, res.Type) && !generic[strings.TrimSuffix(argument, "_id")] {
			return noFit
		}
		if _, plain := plainIDs[res.Type]; !plain {
			return mayFit
		}
		return fitsWell
	case tables[attribute] != "":
		if tables[attribute] != argument {
			return noFit
		}
		if res.Type != "alicloud_nat_gateway" {
			return mayFit
		}
		return fitsWell
	case argument == attribute || isIDArgument(attribute) && strings.HasSuffix(argument, "_"+attribute):
		return fitsWell
	case argument+"s" == attribute || strings.HasSuffix(argument+"s", "_"+attribute):
		return mayFit
	default:
		return noFit
	}
}

// isNamedAfter reports whether an argument takes the id of resources of a type, by
// its name.
func isNamedAfter(argument, typ string) bool {
	stem := strings.TrimSuffix(argument, "_id")
	_, kind, _ := strings.Cut(typ, "_")
	return names(stem, kind) || slices.ContainsFunc(plainIDs[typ], func(alias string) bool { return names(stem, alias) })
}

// names reports whether the stem of an argument names a kind of thing: vswitch and
// source_vswitch name a vswitch, gateway names a vpn_gateway.
func names(stem, kind string) bool {
	return stem == kind || strings.HasSuffix(stem, "_"+kind) || strings.HasSuffix(kind, "_"+stem)
}
