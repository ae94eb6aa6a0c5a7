package alicloud_test

import (
	"context"
	"net/netip"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// scopeOf evaluates a root.
func scopeOf(t *testing.T, hcl string) *alicloud.Scope {
	t.Helper()
	tree := source.NewTree(fstest.MapFS{"main.tf": &fstest.MapFile{Data: []byte(hcl)}})
	roots, diagnostics := terraform.Load(context.Background(), tree, []string{"main.tf"}, terraform.Options{})
	if len(roots) != 1 {
		t.Fatalf("load: %d roots, %v", len(roots), diagnostics)
	}
	return alicloud.NewScope(roots[0], place.NewRegistry())
}

const network = `
variable "x" {}
resource "alicloud_vpc" "main" { cidr_block = "10.0.0.0/8" }
resource "alicloud_vpc" "other" { cidr_block = "10.0.0.0/8" }
resource "alicloud_vswitch" "a" {
  vpc_id     = alicloud_vpc.main.id
  cidr_block = "10.1.0.0/16"
  zone_id    = "cn-hangzhou-a"
}
resource "alicloud_vswitch" "b" {
  vpc_id     = alicloud_vpc.main.id
  cidr_block = var.x
}
resource "alicloud_nat_gateway" "main" { vpc_id = alicloud_vpc.main.id }
resource "alicloud_nat_gateway" "other" { vpc_id = alicloud_vpc.other.id }
resource "alicloud_nat_gateway" "inner" {
  vpc_id       = alicloud_vpc.main.id
  network_type = "intranet"
}
resource "alicloud_eip_address" "main" {}
resource "alicloud_eip_address" "loose" {}
resource "alicloud_eip_association" "main" {
  allocation_id = alicloud_eip_address.main.id
  instance_id   = alicloud_nat_gateway.main.id
}
`

func vswitch(t *testing.T, s *alicloud.Scope, name string) *alicloud.VSwitch {
	t.Helper()
	res := s.ByAddress["alicloud_vswitch."+name]
	if res == nil {
		t.Fatalf("no vSwitch %s", name)
	}
	return s.VSwitch(alicloud.Ident{Key: res.Address, Resource: res})
}

func TestVSwitch(t *testing.T) {
	s := scopeOf(t, network)
	a, b := vswitch(t, s, "a"), vswitch(t, s, "b")
	if a.CIDR != netip.MustParsePrefix("10.1.0.0/16") || a.Zone != "cn-hangzhou-a" || a.Reason != "" || a.VPC == nil {
		t.Errorf("a is %+v", a)
	}
	if b.CIDR.IsValid() || b.Zone != "" || b.Reason == "" || b.VPC != a.VPC {
		t.Errorf("b is %+v", b)
	}
	if outside := s.VSwitch(alicloud.Ident{Key: "id:vsw-1"}); outside.Name != "vsw-1" || outside.Reason == "" {
		t.Errorf("a vSwitch outside the files is %+v", outside)
	}
}

func TestSNATEntry(t *testing.T) {
	for _, tc := range []struct {
		name, arguments string
		a, b            truth.Truth
		eip             truth.Verdict
	}{
		{"by vSwitch", `snat_table_id = alicloud_nat_gateway.main.snat_table_ids
			source_vswitch_id = alicloud_vswitch.a.id
			snat_ip = alicloud_eip_address.main.ip_address`, truth.Yes, truth.No, truth.Open},
		{"by CIDR", `snat_table_id = alicloud_nat_gateway.main.snat_table_ids
			source_cidr = "10.0.0.0/8"
			snat_ip = alicloud_eip_address.main.ip_address`, truth.Yes, truth.Maybe, truth.Open},
		{"by a part", `snat_table_id = alicloud_nat_gateway.main.snat_table_ids
			source_cidr = "10.1.0.0/17"
			snat_ip = alicloud_eip_address.main.ip_address`, truth.No, truth.Maybe, truth.Open},
		{"in another VPC", `snat_table_id = alicloud_nat_gateway.other.snat_table_ids
			source_cidr = "10.0.0.0/8"
			snat_ip = alicloud_eip_address.main.ip_address`, truth.No, truth.No, truth.Blocked},
		{"of an unknown source", `snat_table_id = alicloud_nat_gateway.main.snat_table_ids
			source_cidr = var.x
			snat_ip = alicloud_eip_address.main.ip_address`, truth.Maybe, truth.Maybe, truth.Open},
		{"of a literal id", `snat_table_id = alicloud_nat_gateway.main.snat_table_ids
			source_vswitch_id = "vsw-1"
			snat_ip = alicloud_eip_address.main.ip_address`, truth.Maybe, truth.Maybe, truth.Open},
		{"with a loose EIP", `snat_table_id = alicloud_nat_gateway.main.snat_table_ids
			source_vswitch_id = alicloud_vswitch.a.id
			snat_ip = "${alicloud_eip_address.main.ip_address},${alicloud_eip_address.loose.ip_address}"`, truth.Yes, truth.No, truth.Blocked},
		{"with a literal address", `snat_table_id = alicloud_nat_gateway.main.snat_table_ids
			source_vswitch_id = alicloud_vswitch.a.id
			snat_ip = "47.1.2.3"`, truth.Yes, truth.No, truth.Unknown},
		{"of an intranet gateway", `snat_table_id = alicloud_nat_gateway.inner.snat_table_ids
			source_vswitch_id = alicloud_vswitch.a.id
			snat_ip = alicloud_eip_address.main.ip_address`, truth.Yes, truth.No, truth.Unknown},
		{"of a gateway outside the files", `snat_table_id = "stb-1"
			source_vswitch_id = alicloud_vswitch.a.id
			snat_ip = alicloud_eip_address.main.ip_address`, truth.Yes, truth.No, truth.Unknown},
	} {
		s := scopeOf(t, network+"resource \"alicloud_snat_entry\" \"e\" {\n"+tc.arguments+"\n}\n")
		entries := alicloud.SNATEntries(s)
		if len(entries) != 1 {
			t.Fatalf("%s: %d entries", tc.name, len(entries))
		}
		e := entries[0]
		if got := e.Covers(vswitch(t, s, "a")); got != tc.a {
			t.Errorf("%s: it covers a: %s, want %s", tc.name, got, tc.a)
		}
		if got := e.Covers(vswitch(t, s, "b")); got != tc.b {
			t.Errorf("%s: it covers b: %s, want %s", tc.name, got, tc.b)
		}
		if e.EIP.Status != tc.eip {
			t.Errorf("%s: its addresses are %s (%s), want %s", tc.name, e.EIP.Status, e.EIP.Reason, tc.eip)
		}
	}
}

func TestDefaultRoute(t *testing.T) {
	const table = `
resource "alicloud_route_table" "own" { vpc_id = alicloud_vpc.main.id }
resource "alicloud_route_table_attachment" "own" {
  vswitch_id     = alicloud_vswitch.a.id
  route_table_id = alicloud_route_table.own.id
}
`
	entry := func(cidr, hop string) string {
		return "resource \"alicloud_route_entry\" \"e\" {\n  route_table_id = alicloud_route_table.own.id\n  destination_cidrblock = " + cidr + "\n" + hop + "\n}\n"
	}
	const nat = "  nexthop_type = \"NatGateway\"\n  nexthop_id = alicloud_nat_gateway.main.id"
	published := func(on string) string {
		return "resource \"alicloud_cen_transit_router_vpc_attachment\" \"t\" {\n  vpc_id = alicloud_vpc.main.id\n" + on + "\n}\n"
	}
	for _, tc := range []struct {
		name, hcl string
		kind      alicloud.RouteKind
		some      int
	}{
		{"the system table", "", alicloud.RouteSystem, 0},
		{"an empty table", table, alicloud.RouteNone, 0},
		{"to a NAT gateway", table + entry(`"0.0.0.0/0"`, nat), alicloud.RouteNAT, 0},
		{"for some addresses", table + entry(`"47.0.0.0/8"`, nat), alicloud.RouteNone, 1},
		{"for private addresses", table + entry(`"192.168.0.0/16"`, nat), alicloud.RouteNone, 0},
		{"to an instance", table + entry(`"0.0.0.0/0"`, "  nexthop_type = \"Instance\"\n  nexthop_id = \"i-1\""), alicloud.RouteOther, 0},
		{"published", published("  auto_publish_route_enabled = true"), alicloud.RouteOther, 0},
		{"perhaps published", published("  auto_publish_route_enabled = var.x"), alicloud.RouteOther, 0},
		{"not published", published("  auto_publish_route_enabled = false"), alicloud.RouteSystem, 0},
		{"published and to a NAT gateway", published("  auto_publish_route_enabled = true") + table + entry(`"0.0.0.0/0"`, nat), alicloud.RouteNAT, 0},
		{"of an unknown destination", table + entry("var.x", nat), alicloud.RouteUnknown, 0},
	} {
		s := scopeOf(t, network+tc.hcl)
		r := alicloud.DefaultRoute(s, vswitch(t, s, "a"))
		if r.Kind != tc.kind || len(r.Some) != tc.some {
			t.Errorf("%s: kind %d with %d partial routes (%s), want %d with %d", tc.name, r.Kind, len(r.Some), r.Reason, tc.kind, tc.some)
		}
	}
}

func TestGroupRule(t *testing.T) {
	s := scopeOf(t, network+`
resource "alicloud_security_group" "g" {
  vpc_id              = alicloud_vpc.main.id
  security_group_type = "enterprise"
}
resource "alicloud_security_group_rule" "r" {
  security_group_id = alicloud_security_group.g.id
  type              = "egress"
  ip_protocol       = "tcp"
  port_range        = "443/8443"
  policy            = "accept"
  priority          = 7
  cidr_ip           = "10.0.0.0/8"
}
`)
	res := s.ByAddress["alicloud_security_group.g"]
	g := s.SecurityGroup(alicloud.Ident{Key: res.Address, Resource: res})
	if g.Enterprise != truth.Yes || g.Unknown != "" || len(g.Egress) != 1 || len(g.Ingress) != 0 {
		t.Fatalf("%+v", g)
	}
	rule := g.Egress[0]
	if !rule.Accept || rule.Priority != 7 || len(rule.CIDRs) != 1 {
		t.Errorf("%+v", rule)
	}
	for _, tc := range []struct {
		protocol         string
		port             int
		matches, touches bool
	}{
		{"tcp", 443, true, true},
		{"tcp", 8443, true, true},
		{"tcp", 442, false, false},
		{"tcp", 8444, false, false},
		{"udp", 443, false, false},
		{"tcp", 0, false, true},
	} {
		if rule.Matches(tc.protocol, tc.port) != tc.matches || rule.Touches(tc.protocol, tc.port) != tc.touches {
			t.Errorf("%s %d: matches %t, touches %t", tc.protocol, tc.port, rule.Matches(tc.protocol, tc.port), rule.Touches(tc.protocol, tc.port))
		}
	}
}
