package alicloud_test

import (
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/located"
)

func TestUnset(t *testing.T) {
	const (
		computed = "computed"
		unknown  = "not known"
	)
	for _, tc := range []struct {
		typ  string
		data bool
		path []string
		want string
	}{
		{"alicloud_cs_managed_kubernetes", false, []string{"new_nat_gateway"}, "bool true"},
		{"alicloud_cs_managed_kubernetes", false, []string{"node_cidr_mask"}, "number 24"},
		{"alicloud_cs_managed_kubernetes", false, []string{"proxy_mode"}, "string ipvs"},
		{"alicloud_cs_managed_kubernetes", false, []string{"pod_vswitch_ids"}, "null"},
		{"alicloud_cs_managed_kubernetes", false, []string{"addons"}, "list of 0"},
		{"alicloud_cs_managed_kubernetes", false, []string{"addons", "disabled"}, "bool false"},
		{"alicloud_cs_managed_kubernetes", false, []string{"addons", "config"}, "null"},
		{"alicloud_cs_managed_kubernetes", false, []string{"vswitch_ids"}, computed},
		{"alicloud_cs_managed_kubernetes", false, []string{"nat_gateway_id"}, computed},
		// The service fills in blocks too.
		{"alicloud_network_acl", false, []string{"egress_acl_entries"}, computed},
		{"alicloud_polardb_cluster", false, []string{"db_cluster_ip_array", "db_cluster_ip_array_name"}, "string default"},
		{"alicloud_security_group_rule", false, []string{"policy"}, "string accept"},
		{"alicloud_vpc", false, []string{"tags"}, "null"},
		{"alicloud_vpc", false, []string{"id"}, computed},
		// Old names of types are the same types.
		{"alicloud_subnet", false, []string{"vpc_ipv6_cidr_block"}, "null"},
		{"alicloud_vpcs", true, []string{"name_regex"}, "null"},
		{"alicloud_vpcs", true, []string{"vpcs"}, computed},
		{"alicloud_vpcs", true, []string{"vpcs", "cidr_block"}, computed},
		// Leaving them out is a mistake.
		{"alicloud_nat_gateway", false, []string{"vpc_id"}, unknown},
		// Older versions of the provider may have them.
		{"alicloud_cs_kubernetes", false, []string{"worker_vswitch_ids"}, unknown},
		{"alicloud_nat_gateway", false, []string{"bandwidth_package_ids"}, unknown},
		// The provider drops the default for an Internet load balancer, and the period
		// unless the instance renews itself.
		{"alicloud_slb_load_balancer", false, []string{"address_ip_version"}, unknown},
		{"alicloud_db_instance", false, []string{"auto_renew_period"}, unknown},
		// Blocks that only PostgreSQL has.
		{"alicloud_db_instance", false, []string{"pg_hba_conf"}, unknown},
		{"alicloud_vpc", false, []string{"no_such_attribute"}, unknown},
		{"alicloud_vpc", false, []string{"tags", "team"}, unknown},
		{"alicloud_vpc", false, nil, unknown},
		{"alicloud_vpc", true, []string{"cidr_block"}, unknown},
		{"aws_vpc", false, []string{"cidr_block"}, unknown},
	} {
		isComputed, v, known := alicloud.Table{}.Attribute(tc.typ, tc.data, tc.path)
		var got string
		switch {
		case !known:
			got = unknown
			if isComputed || v != nil {
				t.Errorf("%s %q: not known, and yet computed = %t, value = %+v", tc.typ, tc.path, isComputed, v)
			}
		case isComputed:
			got = computed
			if v != nil {
				t.Errorf("%s %q: computed, and yet the value is %+v", tc.typ, tc.path, v)
			}
		default:
			got = render(v)
		}
		if got != tc.want {
			t.Errorf("%s %q: %s, want %s", tc.typ, tc.path, got, tc.want)
		}
	}
}

func render(v *located.Value) string {
	switch v.Kind {
	case located.Null:
		return "null"
	case located.List:
		return "list of " + string(rune('0'+len(v.List)))
	}
	text, _ := v.Text()
	switch v.Kind {
	case located.Bool:
		return "bool " + text
	case located.Number:
		return "number " + text
	default:
		return "string " + text
	}
}
