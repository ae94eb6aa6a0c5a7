package alicloud_test

import (
	"slices"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// text is a string that stands in main.tf.
func text(s string) *located.Value {
	return &located.Value{Kind: located.String, Str: s, Range: source.Range{File: "main.tf", Start: source.Pos{Line: 2, Column: 3}}}
}

// reference is one to an attribute of a resource, of another root unless root is empty.
func reference(root, address, attribute string) *located.Value {
	return text(located.Ref{Root: root, Address: address, Attribute: attribute}.Placeholder())
}

// unknown is what the files do not decide.
func unknown() *located.Value { return &located.Value{Kind: located.Unknown, Reason: "nobody knows"} }

// listOf is a list of values.
func listOf(values ...*located.Value) *located.Value {
	return &located.Value{Kind: located.List, List: values}
}

// resource is one with an argument.
func resource(typ, name, argument string, v *located.Value) *terraform.Resource {
	body := &located.Value{Kind: located.Map, Range: source.Range{File: "main.tf", Start: source.Pos{Line: 1, Column: 1}}}
	if argument != "" {
		body.Map = []located.Field{{Key: argument, Value: v}}
	}
	return &terraform.Resource{Address: typ + "." + name, Type: typ, Name: name, Body: body}
}

func TestIdent(t *testing.T) {
	data := resource("alicloud_vpcs", "d", "", nil)
	data.Data, data.Address = true, "data.alicloud_vpcs.d"
	root := &terraform.Root{Dir: "infra", Resources: []*terraform.Resource{
		resource("alicloud_vpc", "x", "", nil), resource("alicloud_nat_gateway", "x", "", nil), resource("alicloud_eip", "x", "", nil), resource("alicloud_eip_address", "x", "", nil),
		resource("alicloud_route_table", "x", "", nil), resource("alicloud_vswitch", "x", "", nil), resource("alicloud_subnet", "x", "", nil),
		resource("alicloud_cs_managed_kubernetes", "x", "", nil), data,
	}}
	s := alicloud.NewScope(root, place.NewRegistry())
	for _, tc := range []struct {
		name     string
		v        *located.Value
		key      string
		resource string
		unknown  bool
	}{
		{"absent", &located.Value{}, "", "", false},
		{"empty", text(""), "", "", false},
		{"not decided", unknown(), "", "", true},
		{"not decided, without a reason", &located.Value{Kind: located.Unknown}, "", "", false},
		{"a list", listOf(text("vpc-1")), "", "", true},
		{"a literal", text("vpc-1"), "id:vpc-1", "", false},
		{"composed", text("x-" + reference("", "alicloud_vpc.x", "id").Str), "", "", true},
		{"an id", reference("", "alicloud_vpc.x", "id"), "alicloud_vpc.x", "alicloud_vpc.x", false},
		{"an id of what is not in the scope", reference("", "alicloud_vpc.gone", "id"), "alicloud_vpc.gone", "", false},
		{"an id-like attribute of what is not in the scope", reference("", "alicloud_vpc.gone", "vpc_id"), "alicloud_vpc.gone", "", false},
		{"another attribute of what is not in the scope", reference("", "alicloud_vpc.gone", "cidr_block"), "alicloud_vpc.gone.cidr_block", "", false},
		{"another attribute", reference("", "alicloud_vpc.x", "cidr_block"), "alicloud_vpc.x.cidr_block", "", false},
		{"of a data source", reference("", "data.alicloud_vpcs.d", "id"), "data.alicloud_vpcs.d.id", "", false},
		{"a gateway's table", reference("", "alicloud_nat_gateway.x", "snat_table_ids"), "alicloud_nat_gateway.x", "alicloud_nat_gateway.x", false},
		{"a gateway's other table", reference("", "alicloud_nat_gateway.x", "forward_table_ids"), "alicloud_nat_gateway.x", "alicloud_nat_gateway.x", false},
		{"a gateway's VPC", reference("", "alicloud_nat_gateway.x", "vpc_id"), "alicloud_nat_gateway.x.vpc_id", "", false},
		{"an EIP", reference("", "alicloud_eip_address.x", "allocation_id"), "alicloud_eip_address.x", "alicloud_eip_address.x", false},
		{"an old EIP", reference("", "alicloud_eip.x", "allocation_id"), "alicloud_eip.x", "alicloud_eip.x", false},
		{"an EIP's instance", reference("", "alicloud_eip_address.x", "instance_id"), "alicloud_eip_address.x.instance_id", "", false},
		{"a VPC's table", reference("", "alicloud_vpc.x", "route_table_id"), "alicloud_vpc.x", "alicloud_vpc.x", false},
		{"a VPC's table by its old name", reference("", "alicloud_vpc.x", "router_table_id"), "alicloud_vpc.x", "alicloud_vpc.x", false},
		{"a VPC", reference("", "alicloud_vpc.x", "vpc_id"), "alicloud_vpc.x", "alicloud_vpc.x", false},
		{"a VPC's group", reference("", "alicloud_vpc.x", "security_group_id"), "alicloud_vpc.x.security_group_id", "", false},
		{"a table", reference("", "alicloud_route_table.x", "route_table_id"), "alicloud_route_table.x", "alicloud_route_table.x", false},
		{"a table's VPC", reference("", "alicloud_route_table.x", "vpc_id"), "alicloud_route_table.x.vpc_id", "", false},
		{"a vSwitch", reference("", "alicloud_vswitch.x", "vswitch_id"), "alicloud_vswitch.x", "alicloud_vswitch.x", false},
		{"an old vSwitch", reference("", "alicloud_subnet.x", "vswitch_id"), "alicloud_subnet.x", "alicloud_subnet.x", false},
		{"a vSwitch's VPC", reference("", "alicloud_vswitch.x", "vpc_id"), "alicloud_vswitch.x.vpc_id", "", false},
		{"a cluster's group", reference("", "alicloud_cs_managed_kubernetes.x", "security_group_id"), "alicloud_cs_managed_kubernetes.x.security_group_id", "", false},
	} {
		id := s.Ident(tc.v)
		address := ""
		if id.Resource != nil {
			address = id.Resource.Address
		}
		if id.Key != tc.key || address != tc.resource || id.Unknown() != tc.unknown || id.Known() != (tc.key != "") {
			t.Errorf("%s: key %q, resource %q, unknown %t", tc.name, id.Key, address, id.Unknown())
		}
	}
	ids, reason := s.Idents(listOf(text("vsw-1"), unknown(), &located.Value{}, text("vsw-2,vsw-3"), text("a"+reference("", "alicloud_vpc.x", "id").Str)))
	var keys []string
	for _, id := range ids {
		keys = append(keys, id.Key)
	}
	if !slices.Equal(keys, []string{"id:vsw-1", "id:vsw-2", "id:vsw-3"}) || reason != "nobody knows" {
		t.Errorf("a list names %v (%s)", keys, reason)
	}
	if _, reason := s.Idents(listOf(text("vsw-1"), &located.Value{})); reason != "" {
		t.Errorf("what is absent in a list is unknown: %s", reason)
	}
}

func TestByLiteral(t *testing.T) {
	data := resource("alicloud_vpc", "d", "id", text("vpc-2"))
	data.Data = true
	s := alicloud.NewScope(&terraform.Root{Dir: ".", Resources: []*terraform.Resource{
		resource("alicloud_vpc", "x", "id", text("vpc-1")), data, resource("alicloud_vpc", "y", "id", unknown()), resource("alicloud_vpc", "z", "", nil),
	}}, place.NewRegistry())
	for id, want := range map[string]string{"vpc-1": "x", "vpc-2": "", "vpc-3": "", "": ""} {
		name := ""
		if res := s.ByLiteral(id); res != nil {
			name = res.Name
		}
		if name != want {
			t.Errorf("%q is the id of %q, want %q", id, name, want)
		}
	}
	if len(s.ByType["alicloud_vpc"]) != 3 || s.ByAddress["alicloud_vpc.d"] != data {
		t.Errorf("resources by type: %d", len(s.ByType["alicloud_vpc"]))
	}
	if s.Root.Resources = nil; s.ByLiteral("vpc-1") == nil {
		t.Error("the ids are read again each time")
	}
}

func TestUnreadModule(t *testing.T) {
	field := func(v *located.Value) *located.Value {
		return &located.Value{Kind: located.Map, Map: []located.Field{{Key: "a", Value: v}}}
	}
	for _, tc := range []struct {
		name      string
		arguments *located.Value
		want      bool
	}{
		{"no arguments", nil, false},
		{"null", field(&located.Value{}), false},
		{"a reference", field(reference("", "alicloud_vpc.x", "id")), true},
		{"a reference in a text", field(text("a" + reference("", "alicloud_vpc.x", "id").Str)), true},
		{"a reference to something else", field(reference("", "alicloud_vpc.y", "id")), false},
		{"a reference in a list", field(listOf(text("a"), reference("", "alicloud_vpc.x", "id"))), true},
		{"a list of something else", field(listOf(text("a"))), false},
		{"an id", field(text("vpc-1")), true},
		{"another id", field(text("vpc-2")), false},
		{"anything", field(unknown()), true},
	} {
		s := alicloud.NewScope(&terraform.Root{Dir: ".", UnreadModules: []terraform.UnreadModule{{Reason: "it was not read", Arguments: tc.arguments}}}, place.NewRegistry())
		reason, found := s.UnreadModule("alicloud_vpc.x", "id:vpc-1")
		if found != tc.want || (reason == "it was not read") != tc.want {
			t.Errorf("%s: %t (%s)", tc.name, found, reason)
		}
	}
	s := alicloud.NewScope(&terraform.Root{Dir: "infra", Incomplete: true}, place.NewRegistry())
	if reason, found := s.UnreadModule("alicloud_vpc.x"); !found || reason != "a part of the Terraform in infra could not be read" {
		t.Errorf("a root of which a part could not be read: %t (%s)", found, reason)
	}
}

func TestOrigins(t *testing.T) {
	places := place.NewRegistry()
	res := resource("alicloud_vpc", "x", "cidr_block", text("10.0.0.0/8"))
	res.Module = "module.net"
	header := source.Range{File: "main.tf", Start: source.Pos{Line: 9, Column: 1}}
	s := alicloud.NewScope(&terraform.Root{
		Dir: "infra", Variant: "prod", Resources: []*terraform.Resource{res},
		Modules: []terraform.ModuleInstance{{Address: "module.net", Blocks: []source.Range{header}}},
	}, places)
	if at := s.AtArgument(res, "cidr_block"); at.Line != 2 {
		t.Errorf("an argument stands at %+v", at)
	}
	at := s.AtArgument(res, "name")
	if got := places.List[at.Ref]; at.Line != 1 || got.Root != "infra" || got.Variant != "prod" || got.Module != "module.net" || !slices.Equal(got.ModuleBlocks, []source.Range{header}) {
		t.Errorf("an argument that is not written stands at %+v", got)
	}
}
