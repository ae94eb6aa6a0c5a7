package alicloud_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
)

// routeKinds are the kinds of routes in words.
var routeKinds = map[alicloud.RouteKind]string{
	alicloud.RouteSystem: "system", alicloud.RouteNAT: "nat", alicloud.RouteOther: "other", alicloud.RouteNone: "none", alicloud.RouteUnknown: "unknown",
}

// block writes a resource.
func block(typ, name string, arguments ...string) string {
	return fmt.Sprintf("resource %q %q {\n  %s\n}\n", typ, name, strings.Join(arguments, "\n  "))
}

// unread writes a call of a module that is not in the files.
func unread(argument string) string {
	return "module \"unread\" {\n  source = \"git::https://example.com/m.git\"\n  it = " + argument + "\n}\n"
}

// whyUnread is why that module was not read.
const whyUnread = "module unread from git::https://example.com/m.git was not read: run terraform init first, or point source at a local copy"

// uncertain is an argument that leaves open whether a resource exists.
const uncertain = "count = var.x"

func TestRoutesOfATable(t *testing.T) {
	attach := block("alicloud_route_table", "own", "vpc_id = alicloud_vpc.main.id") +
		block("alicloud_route_table_attachment", "own", "vswitch_id = alicloud_vswitch.a.id", "route_table_id = alicloud_route_table.own.id")
	entry := func(table, cidr string, more ...string) string {
		return block("alicloud_route_entry", "e", append([]string{"route_table_id = " + table, "destination_cidrblock = " + cidr}, more...)...)
	}
	own := func(cidr string, more ...string) string {
		return attach + entry("alicloud_route_table.own.id", cidr, more...)
	}
	const natType, nat, instance = `nexthop_type = "NatGateway"`, "nexthop_id = alicloud_nat_gateway.main.id", `nexthop_type = "Instance"`
	for _, tc := range []struct{ name, hcl, want string }{
		{"a vSwitch that is not decided", block("alicloud_route_table_attachment", "x", "vswitch_id = var.x", "route_table_id = \"vtb-1\""), "unknown which vSwitch alicloud_route_table_attachment.x attaches is unknown"},
		{"a vSwitch that another resource knows", block("alicloud_route_table_attachment", "x", "vswitch_id = alicloud_eip_address.main.ip_address", `route_table_id = "vtb-1"`), "unknown which vSwitch alicloud_route_table_attachment.x attaches is unknown"},
		{"another vSwitch by its id", block("alicloud_route_table_attachment", "x", "vswitch_id = \"vsw-1\"", "route_table_id = \"vtb-1\""), "system"},
		{"another vSwitch of the files", block("alicloud_route_table_attachment", "x", "vswitch_id = alicloud_vswitch.b.id", "route_table_id = \"vtb-1\""), "system"},
		{"a table outside the files", block("alicloud_route_table_attachment", "x", "vswitch_id = alicloud_vswitch.a.id", "route_table_id = \"vtb-1\""), "unknown the route table that alicloud_route_table_attachment.x attaches is outside the files"},
		{"the system table by name", block("alicloud_route_table_attachment", "x", "vswitch_id = alicloud_vswitch.a.id", "route_table_id = alicloud_vpc.main.route_table_id"), "unknown the route table that alicloud_route_table_attachment.x attaches is outside the files"},
		{"an attachment that may not exist", strings.Replace(attach, "vswitch_id", uncertain+"\n  vswitch_id", 1), "unknown"},
		{"a route of an unknown table", entry("var.x", `"0.0.0.0/0"`, natType, nat), "unknown the route table of alicloud_route_entry.e is unknown"},
		{"a route of another table", attach + block("alicloud_route_table", "two", "vpc_id = alicloud_vpc.main.id") + entry("alicloud_route_table.two.id", `"0.0.0.0/0"`, natType, nat), "none"},
		{"a route of the system table", entry("alicloud_vpc.main.route_table_id", `"0.0.0.0/0"`, natType, nat), "nat alicloud_nat_gateway.main"},
		{"a route of the system table for one that has its own", attach + entry("alicloud_vpc.main.route_table_id", `"0.0.0.0/0"`, natType, nat), "none"},
		{"a route of the system table of another VPC", entry("alicloud_vpc.other.route_table_id", `"0.0.0.0/0"`, instance), "system"},
		{"for half of all addresses", own(`"0.0.0.0/1"`, instance), "other egress by route to Instance (alicloud_route_entry.e), not modelled"},
		{"for a quarter, to a NAT gateway", own(`"0.0.0.0/2"`, natType, nat), "other alicloud_nat_gateway.main egress by route to NatGateway (alicloud_route_entry.e), not modelled"},
		{"for an eighth", own(`"0.0.0.0/3"`, natType, nat), "none some 0.0.0.0/3"},
		{"for IPv6", own(`"::/0"`, instance), "none"},
		{"for what is no CIDR", own(`"everything"`, instance), "none"},
		{"to something unknown", own(`"0.0.0.0/0"`, "nexthop_type = var.x"), "other egress by route to an unknown next hop (alicloud_route_entry.e), not modelled"},
		{"to a NAT gateway outside the files", own(`"0.0.0.0/0"`, natType, `nexthop_id = "ngw-1"`), "unknown the NAT gateway that alicloud_route_entry.e leads to is outside the files"},
		{"that may not exist", own(`"0.0.0.0/0"`, natType, nat, uncertain), "unknown"},
		{"of the newer resource", attach + block("alicloud_vpc_route_entry", "e", "route_table_id = alicloud_route_table.own.id", `destination_cidr_block = "0.0.0.0/0"`, natType, nat), "nat alicloud_nat_gateway.main"},
		{"that stays undecided", own("var.x", natType, nat) + block("alicloud_vpc_route_entry", "f", "route_table_id = alicloud_route_table.own.id", `destination_cidr_block = "0.0.0.0/0"`, natType, nat), "unknown the destination of alicloud_route_entry.e is unknown"},
		{"that leads elsewhere before another", own(`"0.0.0.0/1"`, instance) + block("alicloud_vpc_route_entry", "f", "route_table_id = alicloud_route_table.own.id", `destination_cidr_block = "0.0.0.0/0"`, natType, nat), "other egress by route to Instance (alicloud_route_entry.e), not modelled"},
		{"a module that may hold a route", attach + unread("alicloud_route_table.own.id"), "unknown"},
		{"a module that may hold something else", attach + unread("alicloud_vpc.other.id"), "none"},
		{"a module beside a route", own(`"0.0.0.0/0"`, natType, nat) + unread("alicloud_route_table.own.id"), "nat alicloud_nat_gateway.main"},
		{"a module beside the system table", unread("alicloud_vswitch.a.id"), "system"},
		{"published into another VPC", block("alicloud_cen_transit_router_vpc_attachment", "t", "vpc_id = alicloud_vpc.other.id", "auto_publish_route_enabled = true"), "system"},
		{"not said to be published", block("alicloud_cen_transit_router_vpc_attachment", "t", "vpc_id = alicloud_vpc.main.id"), "system"},
		{"published for an own table", attach + block("alicloud_cen_transit_router_vpc_attachment", "t", "vpc_id = alicloud_vpc.main.id", "auto_publish_route_enabled = true"), "other egress by routes that a transit router publishes (alicloud_cen_transit_router_vpc_attachment.t), not modelled"},
	} {
		s := scopeOf(t, network+tc.hcl)
		r := alicloud.DefaultRoute(s, vswitch(t, s, "a"))
		got := routeKinds[r.Kind]
		if r.Gateway != nil {
			got += " " + r.Gateway.Name
		}
		for _, some := range r.Some {
			got += " some " + some.CIDR.String()
		}
		if r.Reason != "" && tc.want != "unknown" {
			got += " " + r.Reason
		}
		if got != tc.want || (r.Kind == alicloud.RouteUnknown && r.Reason == "") {
			t.Errorf("%s: %s (%s), want %s", tc.name, got, r.Reason, tc.want)
		}
	}
}

// TestRouteOfAVSwitchOutside checks that routes say nothing of a vSwitch whose VPC is unknown.
func TestRouteOfAVSwitchOutside(t *testing.T) {
	s := scopeOf(t, network+block("alicloud_route_entry", "e", "route_table_id = alicloud_vpc.main.route_table_id", `destination_cidrblock = "0.0.0.0/0"`, `nexthop_type = "Instance"`)+
		block("alicloud_cen_transit_router_vpc_attachment", "t", "vpc_id = alicloud_vpc.main.id", "auto_publish_route_enabled = true"))
	if r := alicloud.DefaultRoute(s, s.VSwitch(alicloud.Ident{Key: "id:vsw-1"})); r.Kind != alicloud.RouteSystem {
		t.Errorf("its route is %s (%s)", routeKinds[r.Kind], r.Reason)
	}
}

func TestTowards(t *testing.T) {
	route := func(name, cidr string, hop ...string) string {
		return block("alicloud_route_entry", name, append([]string{"route_table_id = alicloud_route_table.own.id", fmt.Sprintf("destination_cidrblock = %q", cidr)}, hop...)...)
	}
	s := scopeOf(t, network+
		block("alicloud_route_table", "own", "vpc_id = alicloud_vpc.main.id")+
		block("alicloud_route_table_attachment", "own", "vswitch_id = alicloud_vswitch.a.id", "route_table_id = alicloud_route_table.own.id")+
		route("a", "47.0.0.0/8", `nexthop_type = "NatGateway"`, "nexthop_id = alicloud_nat_gateway.main.id")+
		route("b", "47.1.0.0/16", `nexthop_type = "Instance"`)+
		route("c", "47.1.2.0/24", `nexthop_type = "NatGateway"`, "nexthop_id = alicloud_nat_gateway.other.id")+
		route("d", "47.1.0.0/17", `nexthop_type = "NatGateway"`, "nexthop_id = alicloud_nat_gateway.main.id")+
		route("e", "47.1.0.0/17", `nexthop_type = "Instance"`))
	r := alicloud.DefaultRoute(s, vswitch(t, s, "a"))
	for address, want := range map[string]string{
		"47.2.0.1": "nat alicloud_nat_gateway.main", "47.1.200.1": "other", "47.1.2.3": "nat alicloud_nat_gateway.other", "8.8.8.8": "none",
		"47.1.3.1": "nat alicloud_nat_gateway.main", // the first of two that are equally specific
	} {
		to := r.Towards(netip.MustParseAddr(address))
		got := routeKinds[to.Kind]
		if to.Gateway != nil {
			got += " " + to.Gateway.Name
		}
		if got != want || (to.Kind == alicloud.RouteOther) != (to.Reason != "") {
			t.Errorf("%s: %s (%s), want %s", address, got, to.Reason, want)
		}
	}
}
