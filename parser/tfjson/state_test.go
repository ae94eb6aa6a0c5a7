package tfjson_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestStates keeps what is read of states: where another resource has an id that a
// resource of the state was given, it refers to it.
func TestStates(t *testing.T) {
	files, err := filepath.Glob("testdata/states/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no states: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			root := parse(t, file, mustRead(t, file))
			golden(t, strings.TrimSuffix(file, ".json")+".golden", dump(root))
		})
	}
}

// TestActions checks which instances there are after the plan.
func TestActions(t *testing.T) {
	values := object{"id": "x"}
	tests := []struct {
		name  string
		units []unit
		want  string
	}{
		{"create", []unit{{address: "alicloud_vpc.a"}}, "alicloud_vpc.a"},
		{"no change", []unit{{address: "alicloud_vpc.a", values: values, actions: []string{"no-op"}}}, "alicloud_vpc.a"},
		{"delete", []unit{{address: "alicloud_vpc.a", before: true, values: values, actions: []string{"delete"}}}, ""},
		{"forget", []unit{{address: "alicloud_vpc.a", before: true, values: values, actions: []string{"forget"}}}, ""},
		{"replace", []unit{{address: "alicloud_vpc.a", values: values, actions: []string{"delete", "create"}}}, "alicloud_vpc.a"},
		{"left alone by a plan with targets", []unit{{address: "alicloud_vpc.a", before: true, values: values}}, "alicloud_vpc.a"},
		{"data that was read", []unit{{address: "data.alicloud_vpcs.a", before: true, values: values}}, "data.alicloud_vpcs.a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := parse(t, "plan.json", plan(t, tt.units, object{}))
			var got []string
			for _, res := range root.Resources {
				got = append(got, res.Address)
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got %q, want %q", s, tt.want)
			}
		})
	}
}

// TestMoved checks that an instance is read once, under its new address.
func TestMoved(t *testing.T) {
	data := strings.Replace(string(plan(t, []unit{
		{address: "alicloud_vpc.new", values: object{"id": "vpc-1"}, actions: []string{"no-op"}},
		{address: "alicloud_vpc.old", values: object{"id": "vpc-1"}, before: true},
	}, object{})), `"change":`, `"previous_address":"alicloud_vpc.old","change":`, 1)
	root := parse(t, "plan.json", []byte(data))
	if len(root.Resources) != 1 || root.Resources[0].Address != "alicloud_vpc.new" {
		t.Errorf("got %s", dump(root))
	}
}

// TestUpdate checks that a plan for what exists refers to it by what it was given.
func TestUpdate(t *testing.T) {
	root := parse(t, "plan.json", plan(t, []unit{
		{address: "alicloud_vpc.a", values: object{"id": "vpc-1", "route_table_id": "vtb-1"}, actions: []string{"no-op"}},
		{address: "alicloud_route_table.own", values: object{"id": "vtb-2", "vpc_id": "vpc-1"}, actions: []string{"no-op"}},
		{address: "alicloud_vswitch.a", values: object{"vpc_id": "vpc-1", "vswitch_name": "vpc-1-a"}, unknown: object{"id": true}},
		{address: "alicloud_route_entry.a", values: object{"route_table_id": "vtb-1"}, unknown: object{"id": true}},
		{address: "alicloud_route_entry.b", values: object{"route_table_id": "vtb-2"}, unknown: object{"id": true}},
		{address: "alicloud_route_entry.c", values: object{"route_table_id": "vtb-3"}, unknown: object{"id": true}},
	}, object{}))
	for address, want := range map[string]string{
		"alicloud_vswitch.a.vpc_id":             "-> alicloud_vpc.a.id",
		"alicloud_vswitch.a.vswitch_name":       `"vpc-1-a"`,
		"alicloud_route_entry.a.route_table_id": "-> alicloud_vpc.a.route_table_id",
		"alicloud_route_entry.b.route_table_id": "-> alicloud_route_table.own.id",
		"alicloud_route_entry.c.route_table_id": `"vtb-3"`,
		"alicloud_vpc.a.id":                     `"vpc-1"`,
	} {
		i := strings.LastIndexByte(address, '.')
		if got := show(byAddress(root)[address[:i]].Body.Get(address[i+1:])); got != want {
			t.Errorf("%s = %s, want %s", address, got, want)
		}
	}
}
