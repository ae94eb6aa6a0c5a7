package tfjson_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/tfjson"
)

// TestAttributes checks what becomes of one attribute of a plan.
func TestAttributes(t *testing.T) {
	const why = "(alicloud_x.a.k is known only after apply)"
	nested := func(name string) string { return "(alicloud_x.a.k." + name + " is known only after apply)" }
	list := func(v ...any) []any { return append([]any{}, v...) }
	tests := []struct {
		name      string
		value     any // of values; nil for null, absent for none
		unknown   any
		sensitive any
		config    any // of expressions; nil for none
		want      string
	}{
		{name: "known", value: "a", config: refs("var.a"), want: `"a"`},
		{name: "a default of the provider", value: 3, want: "3"},
		{name: "null", value: nil, config: refs("var.a"), want: "null"},
		{name: "empty list", value: list(), want: "[]"},
		{name: "computed and not set", value: absent, unknown: true, want: "null"},
		{name: "unknown and set", value: absent, unknown: true, config: refs("local.a"), want: why},
		{name: "sensitive", value: "a", sensitive: true, want: `"a" (sensitive)`},
		{name: "sensitive and unknown", value: absent, unknown: true, sensitive: true, config: refs("local.a"), want: why + " (sensitive)"},
		{name: "sensitive as a whole", value: list("a", object{"b": 1}), sensitive: true, want: `["a" (sensitive), {b: 1 (sensitive)} (sensitive)] (sensitive)`},
		{name: "sensitive in part", value: object{"a": "1", "b": "2"}, sensitive: object{"b": true}, want: `{a: "1", b: "2" (sensitive)}`},
		{name: "unknown element", value: list("a", nil, "c"), unknown: list(false, true, false), config: refs("local.a"), want: `["a", ` + why + `, "c"]`},
		{name: "null element", value: list("a", nil), want: `["a", null]`},
		{name: "null entry", value: object{"a": nil, "b": "x"}, want: `{b: "x"}`},
		{name: "unknown entry of a map", value: object{"a": "x"}, unknown: object{"b": true}, config: refs("local.a"), want: `{a: "x", b: ` + nested("b") + `}`},
		{
			name: "block with a computed attribute", value: list(object{"a": "x"}), unknown: list(object{"b": true}),
			config: list(object{"a": refs("var.a")}), want: `[{a: "x"}]`,
		},
		{
			name: "block with an unknown argument", value: list(object{"a": "x"}), unknown: list(object{"b": true}),
			config: list(object{"a": refs("var.a"), "b": refs("local.b")}), want: `[{a: "x", b: ` + nested("b") + `}]`,
		},
		{
			name: "blocks, of which one sets it", value: list(object{"a": "x"}, object{"a": "y"}), unknown: list(object{}, object{"b": true}),
			config: list(object{"a": refs("var.a"), "b": refs("local.b")}, object{"a": refs("var.a")}), want: `[{a: "x"}, {a: "y", b: ` + nested("b") + `}]`,
		},
		{
			name: "dynamic blocks may set anything", value: list(object{"a": "x"}), unknown: list(object{"b": true}),
			want: `[{a: "x", b: ` + nested("b") + `}]`,
		},
		{
			name: "static and dynamic blocks", value: list(object{"a": "x"}, object{"a": "y"}), unknown: list(object{}, object{"b": true}),
			config: list(object{"a": refs("var.a")}), want: `[{a: "x"}, {a: "y", b: ` + nested("b") + `}]`,
		},
		{
			name: "a block that there is one of", value: object{"a": "x"}, unknown: object{"b": true, "c": true},
			config: object{"a": refs("var.a"), "c": refs("local.c")}, want: `{a: "x", c: ` + nested("c") + `}`,
		},
		{
			name: "a block in a block", value: list(object{"in": list(object{})}), unknown: list(object{"in": list(object{"b": true, "c": true})}),
			config: list(object{"in": list(object{"c": refs("local.c")})}), want: `[{in: [{c: ` + nested("in.c") + `}]}]`,
		},
		{
			name: "dynamic blocks in a block", value: list(object{"a": "x"}), unknown: list(object{"in": true}), sensitive: list(object{"in": list()}),
			config: list(object{"a": refs("var.a")}), want: `[{a: "x", in: ` + nested("in") + `}]`,
		},
		{name: "an unknown list may be dynamic blocks", value: absent, unknown: true, sensitive: list(), want: why},
		{name: "a map is no block", value: absent, unknown: true, sensitive: object{}, want: "null"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			values, expressions := object{}, object{}
			if tt.value != absent {
				values["k"] = tt.value
			}
			if tt.config != nil {
				expressions["k"] = tt.config
			}
			sensitive := object{"k": tt.sensitive}
			root := parse(t, "plan.json", marshal(t, object{
				"format_version": "1.2", "terraform_version": "1.11.4",
				"planned_values": object{"root_module": object{"resources": []any{object{
					"address": "alicloud_x.a", "mode": "managed", "type": "alicloud_x", "name": "a", "values": values, "sensitive_values": sensitive,
				}}}},
				"resource_changes": []any{object{
					"address": "alicloud_x.a", "mode": "managed", "type": "alicloud_x", "name": "a",
					"change": object{"actions": []string{"create"}, "after_unknown": object{"k": tt.unknown}, "after_sensitive": sensitive},
				}},
				"configuration": object{"root_module": object{"resources": []any{block("alicloud_x.a", expressions)}}},
			}))
			if got := show(root.Resources[0].Body.Get("k")); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// absent marks an attribute that a plan's values lack.
const absent = "(absent)"

// TestListsOfStrings checks that lists of ids and addresses that are not set are not
// taken for dynamic blocks.
func TestListsOfStrings(t *testing.T) {
	for _, name := range []string{"security_ips", "vswitch_ids", "security_ip_list", "kibana_whitelist"} {
		data := marshal(t, object{
			"format_version": "1.2", "terraform_version": "1.11.4",
			"resource_changes": []any{object{
				"address": "alicloud_x.a", "mode": "managed", "type": "alicloud_x", "name": "a",
				"change": object{
					"actions": []string{"create"}, "after": object{}, "after_unknown": object{name: true},
					"after_sensitive": object{name: []any{}},
				},
			}},
			"configuration": object{"root_module": object{"resources": []any{block("alicloud_x.a", object{})}}},
		})
		root := parse(t, "plan.json", data)
		if got := root.Resources[0].Body.Get(name); !got.IsNull() {
			t.Errorf("%s = %s", name, show(got))
		}
	}
}

// TestChangesAlone reads a plan that was cut down to its changes, which has no
// configuration either: what is unknown may be set or not.
func TestChangesAlone(t *testing.T) {
	change := func(address, module string, more object) object {
		c := object{
			"address": address, "module_address": module, "mode": "managed", "type": "alicloud_vpc", "name": "a",
			"change": object{"actions": []string{"create"}, "after": object{"vpc_name": "x"}, "after_unknown": object{"id": true, "cidr_block": true}, "after_sensitive": object{}},
		}
		for k, v := range more {
			c[k] = v
		}
		return c
	}
	root := parse(t, "plan.json", marshal(t, object{
		"format_version": "0.2", "terraform_version": "1.1.0",
		"resource_changes": []any{
			change(`module.a["x.module.y"].module.b[0].alicloud_vpc.a[10]`, `module.a["x.module.y"].module.b[0]`, object{"index": 10}),
			change(`module.a["x.module.y"].module.b[0].alicloud_vpc.a[9]`, `module.a["x.module.y"].module.b[0]`, object{"index": 9}),
			change(`alicloud_vpc.a`, "", object{"deposed": "0a1b2c3d"}),
		},
	}))
	want := `module.a["x.module.y"].module.b[0].alicloud_vpc.a[9]
  cidr_block = (module.a["x.module.y"].module.b[0].alicloud_vpc.a[9].cidr_block is known only after apply)
  vpc_name = "x"
module.a["x.module.y"].module.b[0].alicloud_vpc.a[10]
  cidr_block = (module.a["x.module.y"].module.b[0].alicloud_vpc.a[10].cidr_block is known only after apply)
  vpc_name = "x"
`
	if got := withoutPlaces(dump(root)); got != want {
		t.Errorf("got\n%s", got)
	}
	if m := root.Resources[0].Module; m != `module.a["x.module.y"].module.b[0]` {
		t.Errorf("module %s", m)
	}
}

func withoutPlaces(dump string) string {
	var b strings.Builder
	for line := range strings.Lines(dump) {
		text, _, _ := strings.Cut(line, " @")
		b.WriteString(text + "\n")
	}
	return b.String()
}

// TestProviders checks the provider blocks, and which of them resources use.
func TestProviders(t *testing.T) {
	root := parse(t, "plan.json", marshal(t, object{
		"format_version": "1.2", "terraform_version": "1.11.4",
		"planned_values": object{"root_module": object{"resources": []any{
			object{"address": "alicloud_vpc.a", "type": "alicloud_vpc", "name": "a"},
			object{"address": "alicloud_vpc.b", "type": "alicloud_vpc", "name": "b"},
			object{"address": "alicloud_vpc.c", "type": "alicloud_vpc", "name": "c"},
		}}},
		"configuration": object{
			"provider_config": object{
				"kubernetes": object{"name": "kubernetes", "expressions": object{
					"host": refs("alicloud_cs_managed_kubernetes.a.connections"),
					"exec": []any{object{"command": object{"constant_value": "get-token"}}},
					"one":  object{"in": object{"constant_value": 1}}, "none": object{"constant_value": nil},
				}},
				"alicloud.shanghai": object{"name": "alicloud", "alias": "shanghai", "expressions": object{"region": object{"constant_value": "cn-shanghai"}}},
				"module.m:alicloud": object{"name": "alicloud", "module_address": "module.m", "expressions": object{"region": refs("var.region")}},
				"module.m:random":   object{"name": "random", "module_address": "module.m"},
			},
			"root_module": object{"resources": []any{
				object{"address": "alicloud_vpc.a", "provider_config_key": "alicloud.shanghai"},
				object{"address": "alicloud_vpc.b", "provider_config_key": "module.m:alicloud"},
			}},
		},
	}))
	var got []string
	for _, p := range root.Providers {
		got = append(got, fmt.Sprintf("%s in %q: %s", p.Name, p.Module, show(p.Body)))
	}
	for _, res := range root.Resources {
		got = append(got, res.Address+" uses "+res.Provider)
	}
	want := []string{
		`alicloud.shanghai in "": {region: "cn-shanghai"}`,
		`kubernetes in "": {exec: [{command: "get-token"}], host: (kubernetes.host is not in the plan: check the configuration together with it), one: {in: 1}}`,
		`alicloud in "module.m": {region: (alicloud.region is not in the plan: check the configuration together with it)}`,
		"alicloud_vpc.a uses alicloud.shanghai", "alicloud_vpc.b uses alicloud", "alicloud_vpc.c uses alicloud",
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}

// TestRepeatedKeys checks that the first of several entries with a key is read.
func TestRepeatedKeys(t *testing.T) {
	root, _ := tfjson.Parse(context.Background(), nil, "s.json", []byte(`{"format_version":"1.0","values":{"root_module":{"resources":[`+
		`{"address":"a.b","type":"a","name":"b","values":{"z":1,"k":{"x":1,"a":2,"x":3},"z":2}}]}}}`), nil)
	if got, want := show(root.Resources[0].Body), "{k: {x: 1, a: 2}, z: 1}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
