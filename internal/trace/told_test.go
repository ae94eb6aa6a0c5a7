package trace_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// told are the cases of which everything is compared that rules and people read: one or
// more for each kind of gate.
var told = []string{
	"acl_black", "acl_covered", "acl_unknown", "bucket_source_ip", "bucket_source_vpc", "bucket_public_eip", "config_map", "dns_own_namespace", "dns_udp_only",
	"dns_service_address", "eip_elsewhere", "eip_not_associated", "exclusive_pool", "flannel_public_nodes_one_pool", "ingress_missing", "ingress_wrong_vswitch",
	"ingress_dropped", "injector_no_openapi", "injector_no_internet", "injector_covered", "ipv6_no_bandwidth", "ipv6_no_gateway", "lb_ipvs_new", "lb_ipvs_unknown", "lb_v2_policy_unknown",
	"network_acl_two_destinations", "network_acl_return", "network_acl_some_ports", "pod_eip_fine", "pod_eip_flannel", "pod_networking", "policy_peer",
	"pod_sources_pool", "rds_covered", "rds_partial", "rds_public", "rds_public_literal", "rds_wrong_vswitch", "rds_unknown_element", "rds_omitted", "route_for_destination",
	"route_missing", "route_to_other_nat", "route_without_entry", "routes_published", "service_port", "sg_drop_all", "sg_enterprise_no_rule", "sg_enterprise_not_covered",
	"sg_drops_resolver", "sg_outside", "targets", "terway_nodes_only", "terway_no_gateway", "terway_one_zone_missing", "two_clusters_pools", "terway_pod_eip", "admin_denies_dns",
	"cilium_denies", "node_eip", "private_cluster", "vpc_outside", "entry_uncertain", "foreign_root_gateway",
	"policy_many_destinations", "ipv6_gateway_elsewhere", "ipv6_gateway_unknown", "ipv6_unbound", "bucket_two", "bucket_half", "bucket_no_addresses", "lb_daemonsets",
	"lb_daemonsets_unbound", "container_groups", "terway_config_pools", "dns_deny_all", "dns_policy_unusable", "baseline_denies", "acs_groups_open", "zones", "redis_omitted", "cluster_uncertain", "pod_cidr_unknown", "plugin_order", "pool_of_unknown_cluster", "routes_not_published", "route_for_destination_latent",
	"route_for_other_destinations", "rds_public_literal_covered", "flannel_public_nodes_eip_unknown", "flannel_public_nodes_shared", "incomplete_root", "entry_unknown_source", "tair_comma",
	"mongodb_groups", "injector_no_group", "injector_perhaps_no_internet", "endpoints_several", "endpoints_several_groups", "policy_target", "product_attached", "network_acl_both_vswitches", "eip_outside",
	"gateway_outside_partial", "terway_config_groups_joined", "terway_config_groups_closed", "pod_networking_zones", "private_zone", "views_partial", "views_partial_public", "views_partial_public_blocked", "dns_resolvers", "lb_shared", "policies_off", "eni_config_exclusive",
}

// TestTold compares everything that the model says of some cases.
func TestTold(t *testing.T) {
	var out strings.Builder
	for _, name := range told {
		archive, err := txtar.ParseFile(filepath.Join("testdata", name+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		input := fstest.MapFS{}
		for _, f := range archive.Files {
			if f.Name != "want" {
				input[f.Name] = &fstest.MapFile{Data: f.Data}
			}
		}
		model, _ := build(t, input, optionsIn(string(archive.Comment)))
		text, err := json.Marshal(model)
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]any
		if err := json.Unmarshal(text, &all); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "# %s\n", name)
		for _, key := range []string{"gates", "translations", "unknowns", "paths"} {
			tell(&out, "", key, all[key])
		}
		if extensions, ok := all["extensions"].(map[string]any); ok {
			tell(&out, "", "alicloud", extensions["alicloud"])
		}
	}
	golden := filepath.Join("testdata", "told.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("what is told differs (-want +got):\n%s", diff)
	}
}

// tell writes a value: a line for each object of a list, without what is empty.
func tell(out *strings.Builder, indent, name string, v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			tell(out, indent, name, item)
		}
	case map[string]any:
		if place, ok := placeOf(v); ok {
			fmt.Fprintf(out, "%s%s: %s\n", indent, name, place)
			return
		}
		var scalars []string
		var lists []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if text, ok := short(v[key]); ok {
				if text != "" {
					scalars = append(scalars, key+"="+text)
				}
				continue
			}
			lists = append(lists, key)
		}
		if name != "gates" && name != "alicloud" {
			fmt.Fprintf(out, "%s%s: %s\n", indent, name, strings.Join(scalars, ", "))
			indent += "  "
		}
		for _, key := range lists {
			tell(out, indent, key, v[key])
		}
	}
}

// short is a value that fits into the line of the object that holds it; empty if it says
// nothing.
func short(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case bool:
		if !v {
			return "", true
		}
	case float64:
		if v == 0 {
			return "", true
		}
	case map[string]any:
		place, ok := placeOf(v)
		return place, ok
	case []any:
		var list []string
		for _, item := range v {
			text, ok := short(item)
			if !ok {
				return "", false
			}
			list = append(list, text)
		}
		return strings.Join(list, "|"), true
	}
	return fmt.Sprint(v), true
}

// placeOf is the place that an object is.
func placeOf(v map[string]any) (string, bool) {
	if _, ok := v["ref"]; !ok || len(v) != 4 {
		return "", false
	}
	if v["file"] == "" {
		return "", true
	}
	return fmt.Sprintf("%v:%v:%v", v["file"], v["line"], v["column"]), true
}
