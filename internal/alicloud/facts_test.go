package alicloud_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
)

// facts are what the provider's documentation says of attributes that decide
// egress, written down apart from the dump: a type, an attribute and how it is
// described. O, R and C stand for optional, required and computed.
var facts = []struct{ typ, path, want string }{
	// Clusters and node pools.
	{"alicloud_cs_managed_kubernetes", "vswitch_ids", "list(str) OC"},
	{"alicloud_cs_managed_kubernetes", "worker_vswitch_ids", "list(str) O deprecated"},
	{"alicloud_cs_managed_kubernetes", "zone_ids", "list(str) O"},
	{"alicloud_cs_managed_kubernetes", "pod_vswitch_ids", "list(str) O"},
	{"alicloud_cs_managed_kubernetes", "pod_cidr", "str O"},
	{"alicloud_cs_managed_kubernetes", "service_cidr", "str O"},
	{"alicloud_cs_managed_kubernetes", "node_cidr_mask", "int O =24"},
	{"alicloud_cs_managed_kubernetes", "new_nat_gateway", "bool O =true"},
	{"alicloud_cs_managed_kubernetes", "slb_internet_enabled", "bool O =true"},
	{"alicloud_cs_managed_kubernetes", "security_group_id", "str OC"},
	{"alicloud_cs_managed_kubernetes", "is_enterprise_security_group", "bool OC"},
	{"alicloud_cs_managed_kubernetes", "ip_stack", "str OC"},
	{"alicloud_cs_managed_kubernetes", "proxy_mode", "str O =ipvs"},
	{"alicloud_cs_managed_kubernetes", "addons", "list(block) O"},
	{"alicloud_cs_managed_kubernetes", "addons.name", "str O"},
	{"alicloud_cs_managed_kubernetes", "addons.disabled", "bool O =false"},
	{"alicloud_cs_managed_kubernetes", "profile", "str OC"},
	{"alicloud_cs_managed_kubernetes", "vpc_id", "str C"},
	{"alicloud_cs_managed_kubernetes", "nat_gateway_id", "str C"},
	{"alicloud_cs_managed_kubernetes", "cluster_network_type", "str O removed"},
	{"alicloud_cs_kubernetes", "master_vswitch_ids", "list(str) R"},
	{"alicloud_cs_kubernetes", "worker_vswitch_ids", "list(str) O removed"},
	{"alicloud_cs_kubernetes", "node_cidr_mask", "int O =24"},
	{"alicloud_cs_kubernetes", "proxy_mode", "str O"},
	{"alicloud_cs_edge_kubernetes", "worker_vswitch_ids", "list(str) R"},
	{"alicloud_cs_serverless_kubernetes", "vswitch_ids", "list(str) OC"},
	{"alicloud_cs_serverless_kubernetes", "endpoint_public_access_enabled", "bool O =false"},
	{"alicloud_cs_kubernetes_node_pool", "vswitch_ids", "list(str) O"},
	{"alicloud_cs_kubernetes_node_pool", "security_group_ids", "set(str) OC"},
	{"alicloud_cs_kubernetes_node_pool", "security_group_id", "str OC deprecated"},
	{"alicloud_cs_kubernetes_node_pool", "desired_size", "str O"},
	{"alicloud_cs_kubernetes_node_pool", "scaling_config.is_bond_eip", "bool O"},
	{"alicloud_cs_kubernetes_addon", "cluster_id", "str R"},
	{"alicloud_cs_kubernetes_addon", "config", "str OC"},
	{"alicloud_eci_virtual_node", "vswitch_id", "str R"},
	{"alicloud_eci_virtual_node", "eip_instance_id", "str OC"},
	// The VPC layer.
	{"alicloud_vpc", "cidr_block", "str OC"},
	{"alicloud_vpc", "ipv6_cidr_blocks", "list(object) C"},
	{"alicloud_vpc", "router_table_id", "str C deprecated"},
	{"alicloud_vpc_ipv4_cidr_block", "secondary_cidr_mask", "int O"},
	{"alicloud_vswitch", "cidr_block", "str OC"},
	{"alicloud_vswitch", "availability_zone", "str OC deprecated"},
	{"alicloud_vswitch", "vpc_ipv6_cidr_block", "str O"},
	{"alicloud_vswitch", "ipv6_cidr_block", "str C"},
	{"alicloud_route_table", "associate_type", "str OC"},
	{"alicloud_route_entry", "destination_cidrblock", "str O"},
	{"alicloud_vpc_route_entry", "next_hops.weight", "int O"},
	{"alicloud_nat_gateway", "vpc_id", "str R"},
	{"alicloud_nat_gateway", "vswitch_id", "str O"},
	{"alicloud_nat_gateway", "network_type", "str OC"},
	{"alicloud_nat_gateway", "snat_table_ids", "str C"},
	{"alicloud_nat_gateway", "spec", "str O removed"},
	{"alicloud_snat_entry", "snat_ip", "str R"},
	{"alicloud_snat_entry", "source_cidr", "str OC"},
	{"alicloud_snat_entry", "eip_affinity", "int O"},
	{"alicloud_eip_address", "ip_address", "str OC"},
	{"alicloud_eip_association", "private_ip_address", "str O"},
	{"alicloud_common_bandwidth_package", "internet_charge_type", "str O =PayByTraffic"},
	{"alicloud_vpc_ipv4_gateway", "internet_mode", "str O"},
	{"alicloud_vpc_ipv6_internet_bandwidth", "bandwidth", "int R"},
	{"alicloud_network_acl", "egress_acl_entries", "list(block) OC"},
	{"alicloud_network_acl", "egress_acl_entries.policy", "str O"},
	{"alicloud_network_acl", "resources.resource_id", "str R"},
	{"alicloud_vpn_connection", "local_subnet", "set(str) R"},
	{"alicloud_pvtz_zone", "proxy_pattern", "str O =ZONE"},
	{"alicloud_pvtz_zone_record", "ttl", "int O =60"},
	// Security groups.
	{"alicloud_security_group", "security_group_type", "str OC"},
	{"alicloud_security_group", "inner_access", "bool OC deprecated"},
	{"alicloud_security_group_rule", "policy", "str O =accept"},
	{"alicloud_security_group_rule", "priority", "int O =1"},
	{"alicloud_security_group_rule", "port_range", "str O =-1/-1"},
	{"alicloud_security_group_rule", "cidr_ip", "str O"},
	{"alicloud_security_group_rule", "prefix_list_id", "str OC"},
	{"alicloud_security_group_rule", "nic_type", "str OC"},
	// Destinations.
	{"alicloud_db_instance", "security_ips", "set(str) OC"},
	{"alicloud_db_instance", "security_ip_mode", "str O =normal"},
	{"alicloud_db_instance", "template_id_list", "list(int) O"},
	{"alicloud_db_instance", "vswitch_id", "str O"},
	{"alicloud_db_instance", "connection_string", "str C"},
	{"alicloud_db_connection", "port", "str O =3306"},
	{"alicloud_rds_whitelist_template", "ip_white_list", "str R"},
	{"alicloud_kvstore_instance", "vpc_auth_mode", "str O =Open"},
	{"alicloud_kvstore_instance", "instance_type", "str O =Redis"},
	{"alicloud_kvstore_instance", "security_group_id", "str O"},
	{"alicloud_kvstore_instance", "connection_domain", "str C"},
	{"alicloud_redis_tair_instance", "security_ips", "str OC"},
	{"alicloud_mongodb_instance", "security_ip_groups", "set(block) O"},
	{"alicloud_mongodb_instance", "replica_sets.connection_domain", "str C"},
	{"alicloud_polardb_cluster", "db_cluster_ip_array.db_cluster_ip_array_name", "str O =default"},
	{"alicloud_polardb_cluster", "db_cluster_ip_array.security_ips", "set(str) O"},
	{"alicloud_polardb_endpoint", "endpoint_type", "str O =Custom"},
	{"alicloud_gpdb_instance", "security_ip_list", "set(str) O deprecated"},
	{"alicloud_lindorm_instance_v2", "engine_list.connect_address_list.address", "str C"},
	{"alicloud_click_house_db_cluster", "db_cluster_access_white_list", "set(block) O"},
	{"alicloud_slb_listener", "acl_status", "str O =off"},
	{"alicloud_slb_acl", "ip_version", "str O =ipv4"},
	{"alicloud_slb_server_group", "servers.type", "str O =ecs"},
	{"alicloud_alb_load_balancer", "zone_mappings", "set(block) R"},
	{"alicloud_nlb_load_balancer", "security_group_ids", "set(str) OC"},
	{"alicloud_instance", "internet_max_bandwidth_out", "int OC"},
	{"alicloud_instance", "allocate_public_ip", "bool O deprecated"},
	{"alicloud_instance", "public_ip", "str C"},
	{"alicloud_ecs_network_interface", "private_ip", "str OC deprecated"},
	// What the plug-in SDK gives every type.
	{"alicloud_snat_entry", "id", "str OC"},
	{"data.alicloud_vpcs", "id", "str OC"},
	// Data sources.
	{"data.alicloud_vpcs", "name_regex", "str O"},
	{"data.alicloud_vswitches", "vswitches.cidr_block", "str C"},
	{"data.alicloud_snat_entries", "snat_table_id", "str R"},
	{"data.alicloud_security_group_rules", "group_id", "str R"},
	{"data.alicloud_nat_gateways", "gateways", "list(object) C"},
	{"data.alicloud_zones", "zones.id", "str C"},
}

func TestFacts(t *testing.T) {
	for _, f := range facts {
		name, data := strings.CutPrefix(f.typ, "data.")
		typ, ok := alicloud.Lookup(name, data)
		if !ok {
			t.Errorf("%s is not in the table", f.typ)
			continue
		}
		a, ok := typ.Attribute(strings.Split(f.path, ".")...)
		if !ok {
			t.Errorf("%s has no attribute %s", f.typ, f.path)
			continue
		}
		if got := describe(a); got != f.want {
			t.Errorf("%s.%s: %s, want %s", f.typ, f.path, got, f.want)
		}
	}
}

// describe writes an attribute as facts has it.
func describe(a alicloud.Attribute) string {
	short := func(s string) string { return strings.ToLower(strings.Replace(s, "String", "str", 1)) }
	var b strings.Builder
	b.WriteString(short(a.Type))
	switch {
	case a.Block:
		b.WriteString("(block)")
	case a.Elem != "":
		fmt.Fprintf(&b, "(%s)", short(a.Elem))
	}
	b.WriteByte(' ')
	for _, f := range []struct {
		on   bool
		flag byte
	}{{a.Required, 'R'}, {a.Optional, 'O'}, {a.Computed, 'C'}} {
		if f.on {
			b.WriteByte(f.flag)
		}
	}
	if a.HasDefault {
		b.WriteString(" =" + a.Default)
	}
	switch {
	case a.Removed:
		b.WriteString(" removed")
	case a.Deprecated != "":
		b.WriteString(" deprecated")
	}
	return b.String()
}
