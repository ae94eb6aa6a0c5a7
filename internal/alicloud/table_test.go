package alicloud_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/located"
)

// dumped is a type of the provider schema dump.
type dumped struct {
	Kind, Name, File, Func string
	Attrs                  []struct {
		Path, Type, Elem, Default, Deprecated, Removed string
		Required, Optional, Computed, DiffSuppress     bool
	}
}

func readDump(t *testing.T) []dumped {
	t.Helper()
	var types []dumped
	for dec := json.NewDecoder(bytes.NewReader(gunzip(t, filepath.Join("testdata", "provider-schema.jsonl.gz")))); ; {
		var d dumped
		if err := dec.Decode(&d); errors.Is(err, io.EOF) {
			return types
		} else if err != nil {
			t.Fatal(err)
		}
		types = append(types, d)
	}
}

func gunzip(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	return data
}

func TestTableEqualsDump(t *testing.T) {
	types := readDump(t)
	if len(types) < 300 {
		t.Fatalf("the dump has %d types only", len(types))
	}
	for _, want := range types {
		t.Run(want.Kind+"/"+want.Name, func(t *testing.T) {
			typ, ok := alicloud.Lookup(want.Name, want.Kind == "data")
			if !ok {
				t.Fatal("the table does not have it")
			}
			var paths []string
			for _, w := range want.Attrs {
				paths = append(paths, w.Path)
				got, ok := typ.Attribute(strings.Split(w.Path, ".")...)
				if !ok {
					t.Errorf("%s: the table does not have it", w.Path)
					continue
				}
				elem := strings.Replace(w.Elem, "block", "Object", 1)
				if got.Type != w.Type || got.Elem != elem {
					t.Errorf("%s: type = %s of %q, want %s of %q", w.Path, got.Type, got.Elem, w.Type, elem)
				}
				if got.Required != w.Required || got.Optional != w.Optional || got.Computed != w.Computed {
					t.Errorf("%s: flags = %t %t %t, want %t %t %t", w.Path, got.Required, got.Optional, got.Computed, w.Required, w.Optional, w.Computed)
				}
				if got.Suppressed != w.DiffSuppress {
					t.Errorf("%s: suppressed = %t, want %t", w.Path, got.Suppressed, w.DiffSuppress)
				}
				if got.Default != w.Default || got.HasDefault != (w.Default != "") {
					t.Errorf("%s: default = %q, %t, want %q", w.Path, got.Default, got.HasDefault, w.Default)
				}
				if got.Removed != (w.Removed != "") || (got.Deprecated != "") != (w.Removed+w.Deprecated != "") {
					t.Errorf("%s: deprecated = %q, removed = %t, want notices %q and %q", w.Path, got.Deprecated, got.Removed, w.Deprecated, w.Removed)
				}
				if block := elem == "Object" && !(w.Computed && !w.Optional); got.Block != block {
					t.Errorf("%s: block = %t, want %t", w.Path, got.Block, block)
				}
			}
			slices.Sort(paths)
			if got := typ.Attributes(); !slices.Equal(got, paths) {
				t.Errorf("attributes = %q, want %q", got, paths)
			}
		})
	}
}

// The types that the model reads must all be in the table: a new one has to be
// added to types.txt.
func TestTableHasTypesOfTheModel(t *testing.T) {
	var files []string
	for _, dir := range []string{"alicloud", "product", "world", "trace"} {
		list, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
		if err != nil || len(list) == 0 {
			t.Fatalf("list internal/%s: %d files, %v", dir, len(list), err)
		}
		files = append(files, list...)
	}
	literal := regexp.MustCompile(`"(?:data\.)?(alicloud_[a-z0-9_]+)"`)
	found := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllStringSubmatch(string(text), -1) {
			found++
			if _, ok := alicloud.Lookup(m[1], false); ok {
				continue
			}
			if _, ok := alicloud.Lookup(m[1], true); !ok {
				t.Errorf("%s: %s is not in the table: add it to types.txt", name, m[1])
			}
		}
	}
	if found == 0 {
		t.Error("no package names a type: does this test still look for the right thing?")
	}
}

func TestLookupUnknown(t *testing.T) {
	for _, tc := range []struct {
		typ  string
		data bool
	}{
		{"", false},
		{"alicloud", false},
		{"resource alicloud_vpc", false},
		{"aws_vpc", false},
		{"alicloud_vpcs", false}, // a data source
		{"alicloud_vpc", true},   // a resource
	} {
		if typ, ok := alicloud.Lookup(tc.typ, tc.data); ok {
			t.Errorf("Lookup(%q, %t) = %s, want none", tc.typ, tc.data, typ.Name)
		}
	}
	vpc, ok := alicloud.Lookup("alicloud_vpc", false)
	if !ok {
		t.Fatal("no alicloud_vpc")
	}
	for _, path := range [][]string{nil, {""}, {"cidr"}, {"cidr_block", "x"}, {"alicloud_vpc"}} {
		if a, ok := vpc.Attribute(path...); ok {
			t.Errorf("Attribute(%q) = %+v, want none", path, a)
		}
	}
}

func TestLookupConcurrently(t *testing.T) {
	types := readDump(t)
	results := make([][]*alicloud.Type, 4)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			for _, d := range types {
				typ, _ := alicloud.Lookup(d.Name, d.Kind == "data")
				results[i] = append(results[i], typ)
			}
		})
	}
	wg.Wait()
	for i := range results {
		if !slices.Equal(results[i], results[0]) {
			t.Error("the same type was read twice")
		}
	}
}

func TestAttributesIsACopy(t *testing.T) {
	typ, _ := alicloud.Lookup("alicloud_vpc", false)
	want := slices.Clone(typ.Attributes())
	clear(typ.Attributes())
	if got := typ.Attributes(); !slices.Equal(got, want) {
		t.Errorf("attributes = %q after a caller changed them", got)
	}
}

func TestCanonical(t *testing.T) {
	for old, want := range map[string]string{
		"alicloud_subnet":                       "alicloud_vswitch",
		"alicloud_eip":                          "alicloud_eip_address",
		"alicloud_slb":                          "alicloud_slb_load_balancer",
		"alicloud_network_interface":            "alicloud_ecs_network_interface",
		"alicloud_network_interface_attachment": "alicloud_ecs_network_interface_attachment",
		"alicloud_havip":                        "alicloud_vpc_ha_vip",
		"alicloud_launch_template":              "alicloud_ecs_launch_template",
		"alicloud_adb_cluster":                  "alicloud_adb_db_cluster",
		"alicloud_db_account":                   "alicloud_rds_account",
		"alicloud_eips":                         "alicloud_eip_addresses",
		"alicloud_slbs":                         "alicloud_slb_load_balancers",
		"alicloud_mongo_instances":              "alicloud_mongodb_instances",
		// Deprecated in favour of another type with another schema, so no old name.
		"alicloud_router_interface": "alicloud_router_interface",
		"alicloud_vswitch":          "alicloud_vswitch",
		"aws_subnet":                "aws_subnet",
		"":                          "",
	} {
		if got := alicloud.Canonical(old); got != want {
			t.Errorf("Canonical(%q) = %q, want %q", old, got, want)
		}
	}
	for _, d := range readDump(t) {
		c := alicloud.Canonical(d.Name)
		if again := alicloud.Canonical(c); again != c {
			t.Errorf("Canonical(%q) = %q, but Canonical of that = %q", d.Name, c, again)
		}
		a, _ := alicloud.Lookup(d.Name, d.Kind == "data")
		if b, ok := alicloud.Lookup(c, d.Kind == "data"); !ok || a != b || a.Name != c {
			t.Errorf("%s %s and %s do not share a schema", d.Kind, d.Name, c)
		}
	}
}

func TestSynonyms(t *testing.T) {
	for _, tc := range []struct {
		typ  string
		want map[string]string
		not  []string
	}{
		{typ: "alicloud_vswitch", want: map[string]string{"name": "vswitch_name", "availability_zone": "zone_id"}},
		{typ: "alicloud_subnet", want: map[string]string{"name": "vswitch_name", "availability_zone": "zone_id"}},
		{typ: "alicloud_nat_gateway", want: map[string]string{"name": "nat_gateway_name", "instance_charge_type": "payment_type", "spec": "specification"}, not: []string{"bandwidth_packages"}},
		{typ: "alicloud_vpc", want: map[string]string{"name": "vpc_name", "router_table_id": "route_table_id"}, not: []string{"secondary_cidr_blocks"}},
		// Accept and Drop took the place of true and false.
		{typ: "alicloud_security_group", want: map[string]string{"name": "security_group_name"}, not: []string{"inner_access"}},
		{typ: "alicloud_cs_managed_kubernetes", want: map[string]string{"worker_vswitch_ids": "vswitch_ids"}, not: []string{"cluster_network_type", "rds_instances"}},
		{typ: "alicloud_cs_kubernetes_node_pool", want: map[string]string{"name": "node_pool_name", "node_count": "desired_size", "security_group_id": "security_group_ids"}},
		// The replacement is an argument of the node pool.
		{typ: "alicloud_cs_kubernetes", want: map[string]string{"vswitch_ids": "master_vswitch_ids"}, not: []string{"worker_vswitch_ids", "cluster_network_type"}},
		{typ: "alicloud_cs_serverless_kubernetes", want: map[string]string{"vswitch_id": "vswitch_ids"}, not: []string{"private_zone"}},
		{typ: "alicloud_db_instance", want: map[string]string{"security_group_id": "security_group_ids"}},
		{typ: "alicloud_kvstore_instance", want: map[string]string{"availability_zone": "zone_id", "instance_name": "db_instance_name"}, not: []string{"connection_string", "parameters", "parameters.name"}},
		// A list of addresses became blocks.
		{typ: "alicloud_gpdb_instance", want: map[string]string{"availability_zone": "zone_id"}, not: []string{"security_ip_list"}},
		{typ: "alicloud_eip", want: map[string]string{"name": "address_name"}},
		{typ: "alicloud_network_interface", want: map[string]string{"private_ip": "primary_ip_address", "security_groups": "security_group_ids"}},
		{typ: "alicloud_slb", want: map[string]string{"name": "load_balancer_name", "specification": "load_balancer_spec"}, not: []string{"internet"}},
		{typ: "alicloud_slb_listener", want: map[string]string{"acl_id": "acl_ids"}},
		{typ: "alicloud_network_acl", want: map[string]string{"name": "network_acl_name"}},
		{typ: "alicloud_route_table", want: map[string]string{"name": "route_table_name"}},
		{typ: "alicloud_ess_scaling_group", want: map[string]string{"vswitch_id": "vswitch_ids"}},
		{typ: "alicloud_pvtz_zone_record", want: map[string]string{"resource_record": "rr"}},
		{typ: "alicloud_instance", not: []string{"allocate_public_ip", "subnet_id"}},
		{typ: "alicloud_common_bandwidth_package_attachment", not: []string{"cancel_common_bandwidth_package_ip_bandwidth"}},
		{typ: "alicloud_vpcs", not: []string{"name"}}, // a data source
		{typ: "aws_vpc", not: []string{"name"}},
	} {
		got := alicloud.Synonyms(tc.typ)
		for old, current := range tc.want {
			if got[old] != current {
				t.Errorf("%s: synonym of %s = %q, want %q", tc.typ, old, got[old], current)
			}
		}
		for _, name := range tc.not {
			if current, ok := got[name]; ok {
				t.Errorf("%s: synonym of %s = %q, want none", tc.typ, name, current)
			}
		}
	}
}

// Whoever follows a synonym must end at once, at a current attribute.
func TestSynonymsLeadToCurrentAttributes(t *testing.T) {
	total := 0
	for _, d := range readDump(t) {
		typ, _ := alicloud.Lookup(d.Name, false)
		for old, current := range alicloud.Synonyms(d.Name) {
			total++
			if a, ok := typ.Attribute(old); !ok || a.Deprecated == "" {
				t.Errorf("%s: the synonym %s is no deprecated attribute", d.Name, old)
			}
			if a, ok := typ.Attribute(current); !ok || a.Deprecated != "" {
				t.Errorf("%s: %s leads to %s, which is not current", d.Name, old, current)
			}
		}
	}
	if total < 50 {
		t.Errorf("there are %d synonyms only", total)
	}
}

func TestDefaultsHaveValues(t *testing.T) {
	kinds := map[string]located.Kind{"Bool": located.Bool, "Int": located.Number, "Float": located.Number, "String": located.String}
	for _, d := range readDump(t) {
		typ, _ := alicloud.Lookup(d.Name, d.Kind == "data")
		for _, path := range typ.Attributes() {
			a, _ := typ.Attribute(path)
			v := a.DefaultValue()
			if !a.HasDefault {
				if v != nil {
					t.Errorf("%s.%s: value %+v without a default", d.Name, path, v)
				}
				continue
			}
			if a.Required || a.Computed {
				t.Errorf("%s.%s: a default for what is required or computed", d.Name, path)
			}
			if v == nil || v.Kind != kinds[a.Type] {
				t.Errorf("%s.%s: value %+v for a %s", d.Name, path, v, a.Type)
				continue
			}
			if text, _ := v.Text(); text != a.Default {
				t.Errorf("%s.%s: value %q, want %q", d.Name, path, text, a.Default)
			}
			if v.Range.File != "" {
				t.Errorf("%s.%s: a default has the place %v", d.Name, path, v.Range)
			}
		}
	}
}

func TestDeprecated(t *testing.T) {
	for _, tc := range []struct{ typ, path, want string }{
		{"alicloud_vswitch", "zone_id", ""},
		{"alicloud_vswitch", "availability_zone", "deprecated since provider version 1.119.0: use zone_id"},
		{"alicloud_vpc", "secondary_cidr_blocks", "deprecated since provider version 1.185.0: use alicloud_vpc_ipv4_cidr_block"},
		{"alicloud_security_group", "inner_access", "deprecated since provider version 1.55.3: use inner_access_policy"},
		{"alicloud_security_group_rule", "source_group_owner_account", "deprecated: use source_group_owner_id"},
		{"alicloud_route_entry", "router_id", "deprecated"},
		{"alicloud_nat_gateway", "bandwidth_packages", "removed in provider version 1.121.0"},
		{"alicloud_nat_gateway", "spec", "removed in provider version 1.121.0: use specification"},
		{"alicloud_cs_kubernetes", "worker_vswitch_ids", "removed in provider version 1.212.0: use alicloud_cs_kubernetes_node_pool"},
		{"alicloud_cs_managed_kubernetes", "cluster_network_type", "removed in provider version 1.75.0: use addons"},
	} {
		typ, _ := alicloud.Lookup(tc.typ, false)
		a, ok := typ.Attribute(tc.path)
		if !ok || a.Deprecated != tc.want {
			t.Errorf("%s.%s: deprecated = %q, want %q", tc.typ, tc.path, a.Deprecated, tc.want)
		}
	}
}
