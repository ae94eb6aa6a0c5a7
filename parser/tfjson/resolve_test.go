package tfjson_test

import (
	"testing"
)

// created is a managed instance that does not exist yet: its id is unknown, and so
// are the given attributes.
func created(address string, index any, unknown ...string) unit {
	u := unit{address: address, index: index, unknown: object{"id": true}}
	for _, name := range unknown {
		u.unknown[name] = true
	}
	return u
}

func (u unit) in(module string) unit {
	u.module = module
	return u
}

// TestReferences checks what one unknown argument is resolved to. The argument is
// that of the last unit.
func TestReferences(t *testing.T) {
	vpc := created("alicloud_vpc.a", nil, "route_table_id")
	vswitch := created("alicloud_vswitch.a", nil, "vpc_id")
	pods := []unit{created(`alicloud_vswitch.pod["x"]`, "x"), created(`alicloud_vswitch.pod["y"]`, "y")}
	nodes := []unit{created("alicloud_vswitch.node[0]", 0), created("alicloud_vswitch.node[1]", 1)}
	known := unit{address: "alicloud_vswitch.known", values: object{"id": "vsw-1", "vpc_id": "vpc-1"}}
	unread := unit{address: "data.alicloud_vswitches.d", unknown: object{"id": true, "ids": true}, actions: []string{"read"}}
	read := unit{address: "data.alicloud_vswitches.d", values: object{"id": "d", "ids": []string{"vsw-9"}}, before: true}

	with := func(more ...[]unit) []unit {
		var out []unit
		for _, m := range more {
			out = append(out, m...)
		}
		return out
	}
	one := func(u unit) []unit { return []unit{u} }

	entry := func(argument string) []unit { return one(created("alicloud_x.e", nil, argument)) }
	entryX := func(argument string) []unit {
		return []unit{created(`alicloud_x.e["y"]`, "y", argument), created(`alicloud_x.e["x"]`, "x", argument)}
	}
	entries := func(n int, argument string) []unit {
		out := []unit{}
		for i := n - 1; i >= 0; i-- {
			out = append(out, created("alicloud_x.e["+string(rune('0'+i))+"]", i, argument))
		}
		return out
	}

	tests := []struct {
		name     string
		units    []unit
		argument string
		refs     []string
		block    []object // count or for_each of the block
		config   []object // of other blocks
		want     string   // "" for unknown
	}{
		{
			name:  "an attribute of the only instance",
			units: with(one(vswitch), entry("source_vswitch_id")), argument: "source_vswitch_id",
			refs: []string{"alicloud_vswitch.a.id", "alicloud_vswitch.a"},
			want: "alicloud_vswitch.a.id",
		},
		{
			name:  "an attribute that is an argument there",
			units: with(one(vpc), one(vswitch), entry("vpc_id")), argument: "vpc_id",
			refs:   []string{"alicloud_vswitch.a.vpc_id", "alicloud_vswitch.a"},
			config: []object{block("alicloud_vswitch.a", object{"vpc_id": refs("alicloud_vpc.a.id", "alicloud_vpc.a")})},
			want:   "alicloud_vpc.a.id",
		},
		{
			name:  "an explicit key",
			units: with(pods, entry("vswitch_id")), argument: "vswitch_id",
			refs: []string{`alicloud_vswitch.pod["y"].id`, `alicloud_vswitch.pod["y"]`, "alicloud_vswitch.pod"},
			want: `alicloud_vswitch.pod["y"].id`,
		},
		{
			name:  "an explicit index",
			units: with(nodes, entry("vswitch_id")), argument: "vswitch_id",
			refs: []string{"alicloud_vswitch.node[1].id", "alicloud_vswitch.node[1]", "alicloud_vswitch.node"},
			want: "alicloud_vswitch.node[1].id",
		},
		{
			name:  "the same key",
			units: with(pods, entryX("vswitch_id")), argument: "vswitch_id",
			refs: []string{"alicloud_vswitch.pod", "each.key"}, block: []object{forEach("local.zones")},
			want: `alicloud_vswitch.pod["x"].id`,
		},
		{
			name:  "a key among others",
			units: with(pods, one(created(`alicloud_x.e["x"]`, "x", "vswitch_id"))), argument: "vswitch_id",
			refs: []string{"alicloud_vswitch.pod", "each.key"}, block: []object{forEach("local.zones")},
			want: `alicloud_vswitch.pod["x"].id`,
		},
		{
			name:  "another set of keys",
			units: with(pods, one(created(`alicloud_x.e["z"]`, "z", "vswitch_id")), one(created(`alicloud_x.e["x"]`, "x", "vswitch_id"))), argument: "vswitch_id",
			refs: []string{"alicloud_vswitch.pod", "each.key"}, block: []object{forEach("local.zones")},
		},
		{
			name:  "the same index",
			units: with(nodes, entries(2, "vswitch_id")), argument: "vswitch_id",
			refs: []string{"alicloud_vswitch.node", "count.index"}, block: []object{count("var.n")},
			want: "alicloud_vswitch.node[0].id",
		},
		{
			name:  "an index into a longer list may be count.index + 1",
			units: with(nodes, entries(1, "vswitch_id")), argument: "vswitch_id",
			refs: []string{"alicloud_vswitch.node", "count.index"}, block: []object{count("var.n")},
		},
		{
			name:  "an index into a shorter list may be count.index % 2",
			units: with(nodes, entries(4, "vswitch_id")), argument: "vswitch_id",
			refs: []string{"alicloud_vswitch.node", "count.index"}, block: []object{count("var.n")},
		},
		{
			name:  "an index with arithmetic over the length",
			units: with(nodes, entries(2, "vswitch_id")), argument: "vswitch_id",
			refs: []string{"alicloud_vswitch.node", "alicloud_vswitch.node", "count.index"}, block: []object{count("var.n")},
		},
		{
			name:  "some instance of several",
			units: with(pods, entry("vswitch_id")), argument: "vswitch_id",
			refs: []string{"alicloud_vswitch.pod", "var.zone"},
		},
		{
			name:  "some instance of one",
			units: with(pods[:1], entry("vswitch_id")), argument: "vswitch_id",
			refs: []string{"alicloud_vswitch.pod", "var.zone"},
			want: `alicloud_vswitch.pod["x"].id`,
		},
		{
			name:  "one of two resources",
			units: with(one(vswitch), nodes, entry("vswitch_id")), argument: "vswitch_id",
			refs: []string{"var.x", "alicloud_vswitch.a.id", "alicloud_vswitch.a", "alicloud_vswitch.node[0].id", "alicloud_vswitch.node[0]", "alicloud_vswitch.node"},
		},
		{
			name:  "one that is known and one that is not",
			units: with(one(known), one(vswitch), entry("vswitch_id")), argument: "vswitch_id",
			refs: []string{"alicloud_vswitch.known.id", "alicloud_vswitch.known", "alicloud_vswitch.a.id", "alicloud_vswitch.a"},
			want: "alicloud_vswitch.a.id",
		},
		{
			name:  "a local value",
			units: with(one(vswitch), entry("vswitch_id")), argument: "vswitch_id",
			refs: []string{"local.vswitch_id"},
		},
		{
			name:  "a local value beside",
			units: with(one(vswitch), entry("vswitch_id")), argument: "vswitch_id",
			refs: []string{"alicloud_vswitch.a.id", "alicloud_vswitch.a", "local.create"},
		},
		{
			name:  "each.value of a resource",
			units: with(pods, entryX("vswitch_id")), argument: "vswitch_id",
			refs: []string{"each.value.id", "each.value"}, block: []object{forEach("alicloud_vswitch.pod")},
			want: `alicloud_vswitch.pod["x"].id`,
		},
		{
			name:  "each.value of a resource with other keys",
			units: with(pods, one(created(`alicloud_x.e["x"]`, "x", "vswitch_id"))), argument: "vswitch_id",
			refs: []string{"each.value.id", "each.value"}, block: []object{forEach("alicloud_vswitch.pod")},
		},
		{
			name:  "each.value of a local value",
			units: with(pods, entryX("vswitch_id")), argument: "vswitch_id",
			refs: []string{"each.value"}, block: []object{forEach("local.ids")},
		},
		{
			name:  "each.value of known variables, beside",
			units: with(one(vswitch), entryX("vswitch_id")), argument: "vswitch_id",
			refs: []string{"each.value.on", "each.value", "alicloud_vswitch.a.id", "alicloud_vswitch.a"}, block: []object{forEach("var.all")},
			want: "alicloud_vswitch.a.id",
		},
		{
			name:  "a data source that is read at apply time",
			units: with(one(vswitch), one(unread), entry("vswitch_id")), argument: "vswitch_id",
			refs: []string{"data.alicloud_vswitches.d.ids[0]", "data.alicloud_vswitches.d.ids", "data.alicloud_vswitches.d"},
		},
		{
			name:  "a data source that was read",
			units: with(one(vswitch), one(read), entry("vswitch_id")), argument: "vswitch_id",
			refs: []string{"data.alicloud_vswitches.d.ids[0]", "data.alicloud_vswitches.d.ids", "data.alicloud_vswitches.d", "alicloud_vswitch.a.id", "alicloud_vswitch.a"},
			want: "alicloud_vswitch.a.id",
		},
		{
			name:  "an id of two parts",
			units: with(one(created("alicloud_cs_kubernetes_node_pool.p", nil)), entry("node_pool_id")), argument: "node_pool_id",
			refs: []string{"alicloud_cs_kubernetes_node_pool.p.id", "alicloud_cs_kubernetes_node_pool.p"},
		},
		{
			name:  "an id of another thing",
			units: with(one(vpc), entry("vswitch_id")), argument: "vswitch_id",
			refs: []string{"alicloud_vpc.a.id", "alicloud_vpc.a"},
		},
		{
			name:  "an element of a list that is computed",
			units: with(one(created("alicloud_cs_managed_kubernetes.c", nil, "vswitch_ids")), one(vswitch), entry("vswitch_id")), argument: "vswitch_id",
			refs: []string{"alicloud_cs_managed_kubernetes.c", "alicloud_vswitch.a"},
		},
		{
			name:  "an argument that takes more than an id",
			units: with(one(created("alicloud_eip_address.a", nil, "ip_address")), entry("snat_ip")), argument: "snat_ip",
			refs: []string{"alicloud_eip_address.a.ip_address", "alicloud_eip_address.a"},
		},
		{
			name:  "a list",
			units: with(one(vswitch), entry("vswitch_ids")), argument: "vswitch_ids",
			refs: []string{"alicloud_vswitch.a.id", "alicloud_vswitch.a"},
		},
		{
			name:  "the table of a NAT gateway",
			units: with(one(created("alicloud_nat_gateway.n", nil, "snat_table_ids")), entry("snat_table_id")), argument: "snat_table_id",
			refs: []string{"alicloud_nat_gateway.n.snat_table_ids", "alicloud_nat_gateway.n"},
			want: "alicloud_nat_gateway.n.snat_table_ids",
		},
		{
			name:  "the route table of a VPC, by an index that is not said",
			units: with(one(vpc), entry("route_table_id")), argument: "route_table_id",
			refs: []string{"alicloud_vpc.a", "var.i"},
			want: "alicloud_vpc.a.route_table_id",
		},
		{
			name:  "an EIP, which tells its id twice",
			units: with(one(created("alicloud_eip_address.a", nil, "allocation_id")), entry("allocation_id")), argument: "allocation_id",
			refs: []string{"alicloud_eip_address.a", "var.i"},
			want: "alicloud_eip_address.a.id",
		},
		{
			name:  "itself through others",
			units: with(one(created("alicloud_x.b", nil, "vpc_id")), entry("vpc_id")), argument: "vpc_id",
			refs:   []string{"alicloud_x.b.vpc_id", "alicloud_x.b"},
			config: []object{block("alicloud_x.b", object{"vpc_id": refs("alicloud_x.e.vpc_id", "alicloud_x.e")})},
		},
		{
			name:  "nothing that is there",
			units: entry("vswitch_id"), argument: "vswitch_id",
			refs: []string{"alicloud_vswitch.gone.id", "alicloud_vswitch.gone"},
		},
		{
			name:  "a reference that cannot be read",
			units: with(one(vswitch), entry("vswitch_id")), argument: "vswitch_id",
			refs: []string{"alicloud_vswitch.a.id", "alicloud_vswitch.a", "?"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			last := tt.units[len(tt.units)-1]
			blocks := []any{block("alicloud_x.e", object{tt.argument: refs(tt.refs...)}, tt.block...)}
			for _, b := range tt.config {
				blocks = append(blocks, b)
			}
			root := parse(t, "plan.json", plan(t, tt.units, object{"resources": blocks}))
			got := byAddress(root)[last.address].Body.Get(tt.argument)
			if ref, ok := got.Ref(); ok != (tt.want != "") || ok && ref.String() != tt.want {
				t.Errorf("got %s, want %q", show(got), tt.want)
			}
			if tt.want == "" && !got.IsUnknown() {
				t.Errorf("got %s, want an unknown", show(got))
			}
		})
	}
}

// TestModuleReferences follows references through module calls and outputs.
func TestModuleReferences(t *testing.T) {
	network := object{
		"resources": []any{block("alicloud_vpc.a", object{}), block("alicloud_vswitch.a", object{"vpc_id": refs("alicloud_vpc.a.id", "alicloud_vpc.a")})},
		"outputs": object{
			"vpc":     object{"expression": refs("alicloud_vpc.a.id", "alicloud_vpc.a")},
			"vswitch": object{"expression": refs("alicloud_vswitch.a.id", "alicloud_vswitch.a")},
		},
	}
	opaque := object{
		"resources": network["resources"],
		"outputs":   object{"vpc": object{"expression": refs("local.vpc_id")}},
	}
	user := func(vars ...string) object {
		variables := object{}
		for _, v := range vars {
			variables[v] = object{}
		}
		return object{"resources": []any{block("alicloud_x.e", object{"vpc_id": refs("var.vpc_id")})}, "variables": variables}
	}
	net := func(key string) []unit {
		return []unit{created("alicloud_vpc.a", nil).in("module.net" + key), created("alicloud_vswitch.a", nil, "vpc_id").in("module.net" + key)}
	}
	use := func(key string) unit { return created("alicloud_x.e", nil, "vpc_id").in("module.use" + key) }
	tests := []struct {
		name  string
		units []unit
		calls object
		want  string
	}{
		{
			name:  "a named output",
			units: append(net(""), use("")),
			calls: object{
				"net": object{"module": network},
				"use": object{"module": user("vpc_id"), "expressions": object{"vpc_id": refs("module.net.vpc", "module.net")}},
			},
			want: "module.net.alicloud_vpc.a.id",
		},
		{
			name:  "some output by the same key",
			units: append(append(net(`["a"]`), net(`["b"]`)...), use(`["a"]`), use(`["b"]`)),
			calls: object{
				"net": object{"module": network, "for_each_expression": refs("var.envs")},
				"use": object{"module": user("vpc_id"), "for_each_expression": refs("var.envs"), "expressions": object{"vpc_id": refs("module.net", "each.key")}},
			},
			want: `module.net["b"].alicloud_vpc.a.id`,
		},
		{
			name:  "an output of an explicit key",
			units: append(append(net(`["a"]`), net(`["b"]`)...), use("")),
			calls: object{
				"net": object{"module": network, "for_each_expression": refs("var.envs")},
				"use": object{"module": user("vpc_id"), "expressions": object{"vpc_id": refs(`module.net["a"].vpc`, `module.net["a"]`, "module.net")}},
			},
			want: `module.net["a"].alicloud_vpc.a.id`,
		},
		{
			name:  "some instance: one without resources would not show",
			units: append(net(`["a"]`), use("")),
			calls: object{
				"net": object{"module": network, "for_each_expression": refs("var.envs")},
				"use": object{"module": user("vpc_id"), "expressions": object{"vpc_id": refs("module.net", "var.env")}},
			},
		},
		{
			name:  "an output that is a local value",
			units: append(net(""), use("")),
			calls: object{
				"net": object{"module": opaque},
				"use": object{"module": user("vpc_id"), "expressions": object{"vpc_id": refs("module.net.vpc", "module.net")}},
			},
		},
		{
			name:  "a variable that the call does not set",
			units: append(net(""), use("")),
			calls: object{"net": object{"module": network}, "use": object{"module": user("vpc_id")}},
		},
		{
			name:  "a module that is not in the configuration",
			units: append(net(""), use("")),
			calls: object{
				"use": object{"module": user("vpc_id"), "expressions": object{"vpc_id": refs("module.net.vpc", "module.net")}},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			last := tt.units[len(tt.units)-1]
			root := parse(t, "plan.json", plan(t, tt.units, object{"module_calls": tt.calls}))
			got := byAddress(root)[last.module+"."+last.address].Body.Get("vpc_id")
			if ref, ok := got.Ref(); ok != (tt.want != "") || ok && ref.String() != tt.want {
				t.Errorf("got %s, want %q", show(got), tt.want)
			}
		})
	}
}
