package alicloud_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

func TestVSwitchOfTheFiles(t *testing.T) {
	const vpc, cidr = "vpc_id = alicloud_vpc.main.id", `cidr_block = "10.9.0.0/16"`
	for _, tc := range []struct{ name, hcl, want string }{
		{"all is written", block("alicloud_vswitch", "v", vpc, cidr, `zone_id = "cn-a"`), "alicloud_vpc.main alicloud_vswitch.v (10.9.0.0/16) cn-a"},
		{"a zone by its old name", block("alicloud_vswitch", "v", vpc, cidr, `availability_zone = "cn-a"`), "alicloud_vpc.main alicloud_vswitch.v (10.9.0.0/16) cn-a"},
		{"a zone that another resource has", block("alicloud_vswitch", "v", vpc, cidr, "zone_id = alicloud_eip_address.main.ip_address"), "alicloud_vpc.main alicloud_vswitch.v (10.9.0.0/16) "},
		{"a resource by its old name", block("alicloud_subnet", "v", vpc, cidr), "alicloud_vpc.main alicloud_subnet.v (10.9.0.0/16) "},
		{"no VPC", block("alicloud_vswitch", "v", cidr), "none alicloud_vswitch.v (10.9.0.0/16) : alicloud_vswitch.v names no VPC"},
		{"an unknown VPC", block("alicloud_vswitch", "v", "vpc_id = var.x", cidr), "none alicloud_vswitch.v (10.9.0.0/16) : var.x has no value"},
		{"a VPC outside the files", block("alicloud_vswitch", "v", `vpc_id = "vpc-1"`, cidr), "vpc-1 alicloud_vswitch.v (10.9.0.0/16) "},
		{"no CIDR", block("alicloud_vswitch", "v", vpc), "alicloud_vpc.main alicloud_vswitch.v : the cidr_block of alicloud_vswitch.v is not in the files"},
		{"what is no CIDR", block("alicloud_vswitch", "v", vpc, `cidr_block = "x"`), "alicloud_vpc.main alicloud_vswitch.v : the cidr_block of alicloud_vswitch.v is not in the files"},
		{"one that may not exist", block("alicloud_vswitch", "v", uncertain, vpc, cidr), "none alicloud_vswitch.v[?] (10.9.0.0/16) : "},
		{"something else", block("alicloud_nat_gateway", "v", vpc, cidr), "none alicloud_nat_gateway.v : alicloud_nat_gateway.v is outside the files"},
	} {
		s := scopeOf(t, network+tc.hcl)
		for address, res := range s.ByAddress {
			if res.Name != "v" {
				continue
			}
			id := alicloud.Ident{Key: address, Resource: res}
			v := s.VSwitch(id)
			got := "none"
			if v.VPC != nil {
				got = v.VPC.Name
			}
			got += " " + v.Label() + " " + v.Zone
			if v.Reason != "" {
				got = strings.TrimSuffix(got, " ") + " : " + v.Reason
			}
			if !strings.HasPrefix(got, tc.want) || v.Reason == "" && got != tc.want || s.VSwitch(id) != v {
				t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
			}
		}
	}
}

func TestGateway(t *testing.T) {
	const vpc = "vpc_id = alicloud_vpc.main.id"
	for _, tc := range []struct {
		name      string
		arguments []string
		internet  truth.Truth
	}{
		{"the least", []string{vpc}, truth.Yes},
		{"public in words", []string{vpc, `network_type = "internet"`}, truth.Yes},
		{"inner", []string{vpc, `network_type = "Intranet"`}, truth.No},
		{"not decided", []string{vpc, "network_type = var.x"}, truth.Maybe},
	} {
		s := scopeOf(t, block("alicloud_vpc", "main")+"variable \"x\" {}\n"+block("alicloud_nat_gateway", "g", tc.arguments...))
		id := alicloud.Ident{Key: "alicloud_nat_gateway.g", Resource: s.ByAddress["alicloud_nat_gateway.g"]}
		g := s.Gateway(id)
		if g == nil || g.Internet != tc.internet || g.VPC == nil || s.Gateway(id) != g {
			t.Errorf("%s: %+v", tc.name, g)
		}
	}
	s := scopeOf(t, network)
	for _, id := range []alicloud.Ident{{}, {Key: "id:ngw-1"}, {Key: "alicloud_vpc.main", Resource: s.ByAddress["alicloud_vpc.main"]}} {
		if g := s.Gateway(id); g != nil {
			t.Errorf("%+v is a gateway: %+v", id, g)
		}
	}
	if v := s.VPC(alicloud.Ident{}); v != nil {
		t.Errorf("what names nothing is the VPC %+v", v)
	}
}

func TestGatewaysOf(t *testing.T) {
	for _, tc := range []struct{ name, hcl, want string }{
		{"known ones", "", "alicloud_nat_gateway.inner alicloud_nat_gateway.main"},
		{"one of no VPC", block("alicloud_nat_gateway", "z"), "alicloud_nat_gateway.inner alicloud_nat_gateway.main: the VPC of alicloud_nat_gateway.z is unknown: alicloud_nat_gateway.z names no VPC"},
		{"two of no VPC", block("alicloud_nat_gateway", "y") + block("alicloud_nat_gateway", "z"), "alicloud_nat_gateway.inner alicloud_nat_gateway.main: the VPC of alicloud_nat_gateway.y is unknown: alicloud_nat_gateway.y names no VPC"},
		{"one of another VPC", block("alicloud_nat_gateway", "z", `vpc_id = "vpc-1"`), "alicloud_nat_gateway.inner alicloud_nat_gateway.main"},
	} {
		s := scopeOf(t, network+tc.hcl)
		list, reason := alicloud.GatewaysOf(s, vswitch(t, s, "a").VPC)
		var names []string
		for _, g := range list {
			names = append(names, g.Name)
		}
		got := strings.Join(names, " ")
		if reason != "" {
			got += ": " + reason
		}
		if got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// snatEntry reads the one SNAT entry of a configuration.
func snatEntry(t *testing.T, hcl string, arguments ...string) (*alicloud.Scope, *alicloud.SNATEntry) {
	t.Helper()
	s := scopeOf(t, network+hcl+block("alicloud_snat_entry", "e", arguments...))
	entries := alicloud.SNATEntries(s)
	if len(entries) != 1 {
		t.Fatalf("%d entries", len(entries))
	}
	return s, entries[0]
}

func TestSourceOfAnEntry(t *testing.T) {
	const main, other = "snat_table_id = alicloud_nat_gateway.main.snat_table_ids", "snat_table_id = alicloud_nat_gateway.other.snat_table_ids"
	const outside = `snat_table_id = "stb-1"`
	const loose = `resource "alicloud_vswitch" "loose" { cidr_block = "10.1.0.0/16" }` + "\n"
	for _, tc := range []struct {
		name                string
		arguments           []string
		a, loose, elsewhere truth.Truth // what it covers: a, a vSwitch of no VPC, and one outside the files
		share               bool        // whether its gateway may be in the VPC of a
	}{
		{"a vSwitch", []string{main, "source_vswitch_id = alicloud_vswitch.a.id"}, truth.Yes, truth.No, truth.Maybe, false},
		{"a vSwitch in a list", []string{`snat_table_id = [alicloud_nat_gateway.main.snat_table_ids]`, "source_vswitch_id = [alicloud_vswitch.a.id]"}, truth.Yes, truth.No, truth.Maybe, false},
		{"vSwitches in a list", []string{main, "source_vswitch_id = [alicloud_vswitch.a.id, alicloud_vswitch.b.id]"}, truth.Maybe, truth.Maybe, truth.Maybe, false},
		{"another vSwitch", []string{main, "source_vswitch_id = alicloud_vswitch.b.id"}, truth.No, truth.No, truth.Maybe, false},
		{"a vSwitch outside the files", []string{main, `source_vswitch_id = "vsw-1"`}, truth.Maybe, truth.Maybe, truth.Yes, false},
		{"another vSwitch outside the files", []string{main, `source_vswitch_id = "vsw-2"`}, truth.Maybe, truth.Maybe, truth.No, false},
		{"a vSwitch that another resource knows", []string{main, "source_vswitch_id = alicloud_eip_address.main.ip_address"}, truth.Maybe, truth.Maybe, truth.Maybe, false},
		{"an unknown vSwitch", []string{main, "source_vswitch_id = var.x"}, truth.Maybe, truth.Maybe, truth.Maybe, false},
		{"nothing", []string{main}, truth.Maybe, truth.Maybe, truth.Maybe, false},
		{"a CIDR", []string{main, `source_cidr = "10.0.0.0/8"`}, truth.Yes, truth.Maybe, truth.Maybe, false},
		{"a CIDR beside an empty vSwitch", []string{main, `source_cidr = "10.0.0.0/8"`, `source_vswitch_id = ""`}, truth.Yes, truth.Maybe, truth.Maybe, false},
		{"an empty CIDR beside a vSwitch", []string{main, `source_cidr = ""`, "source_vswitch_id = alicloud_vswitch.a.id"}, truth.Yes, truth.No, truth.Maybe, false},
		{"an unknown CIDR", []string{main, "source_cidr = var.x"}, truth.Maybe, truth.Maybe, truth.Maybe, false},
		{"an unknown CIDR beside a vSwitch", []string{main, "source_cidr = var.x", "source_vswitch_id = alicloud_vswitch.a.id"}, truth.Yes, truth.No, truth.Maybe, false},
		{"what is no CIDR", []string{main, `source_cidr = "all"`}, truth.Maybe, truth.Maybe, truth.Maybe, false},
		{"another CIDR", []string{main, `source_cidr = "10.2.0.0/16"`}, truth.No, truth.No, truth.Maybe, false},
		{"a CIDR in another VPC", []string{other, `source_cidr = "10.0.0.0/8"`}, truth.No, truth.Maybe, truth.Maybe, false},
		{"a vSwitch at a gateway of another VPC", []string{other, "source_vswitch_id = alicloud_vswitch.a.id"}, truth.Yes, truth.No, truth.Maybe, false},
		{"a vSwitch outside at a gateway of another VPC", []string{other, `source_vswitch_id = "vsw-1"`}, truth.No, truth.Maybe, truth.Yes, false},
		{"a CIDR at a gateway outside", []string{outside, `source_cidr = "10.0.0.0/8"`}, truth.Maybe, truth.Maybe, truth.Maybe, true},
		{"a vSwitch at a gateway outside", []string{outside, "source_vswitch_id = alicloud_vswitch.b.id"}, truth.No, truth.No, truth.Maybe, true},
		{"a vSwitch of another VPC at a gateway outside", []string{outside, "source_vswitch_id = alicloud_vswitch.far.id"}, truth.No, truth.No, truth.Maybe, false},
		{"a CIDR at a gateway of no VPC", []string{"snat_table_id = alicloud_nat_gateway.loose.snat_table_ids", `source_cidr = "10.0.0.0/8"`}, truth.Maybe, truth.Maybe, truth.Maybe, false},
		{"a vSwitch outside at a gateway of no VPC", []string{"snat_table_id = alicloud_nat_gateway.loose.snat_table_ids", `source_vswitch_id = "vsw-1"`}, truth.Maybe, truth.Maybe, truth.Yes, false},
		{"one that may not exist", []string{uncertain, main, "source_vswitch_id = alicloud_vswitch.a.id"}, truth.Maybe, truth.No, truth.Maybe, false},
	} {
		s, e := snatEntry(t, loose+block("alicloud_nat_gateway", "loose")+block("alicloud_vswitch", "far", "vpc_id = alicloud_vpc.other.id"), tc.arguments...)
		a, b, c := e.Covers(vswitch(t, s, "a")), e.Covers(vswitch(t, s, "loose")), e.Covers(s.VSwitch(alicloud.Ident{Key: "id:vsw-1"}))
		if share := e.MayShareVPC(vswitch(t, s, "a")); a != tc.a || b != tc.loose || c != tc.elsewhere || share != tc.share {
			t.Errorf("%s (%s): it covers %s, %s, %s; its gateway may share the VPC: %t", tc.name, e.Unknown, a, b, c, share)
		}
		if (e.Unknown != "") && e.Source == nil {
			t.Errorf("%s: what it covers is said nowhere", tc.name)
		}
	}
	_, e := snatEntry(t, "", main, "source_cidr = var.x")
	if !strings.Contains(e.Unknown, "var.x") || !e.Source.IsUnknown() {
		t.Errorf("an unknown CIDR: %s, said by %+v", e.Unknown, e.Source)
	}
}

func TestAddressesOfAnEntry(t *testing.T) {
	const source, table = "source_vswitch_id = alicloud_vswitch.a.id", "snat_table_id = alicloud_nat_gateway.main.snat_table_ids"
	association := func(name, allocation, instance string, more ...string) string {
		return block("alicloud_eip_association", name, append([]string{"allocation_id = " + allocation, "instance_id = " + instance}, more...)...)
	}
	const loose, main, gateway = "alicloud_eip_address.loose.id", "alicloud_eip_address.main.id", "alicloud_nat_gateway.main.id"
	for _, tc := range []struct{ name, hcl, ip, want string }{
		{"an EIP of the gateway", "", "alicloud_eip_address.main.ip_address", "open"},
		{"an EIP of nothing", "", "alicloud_eip_address.loose.ip_address", "blocked not-associated alicloud_eip_address.loose"},
		{"an EIP of an old resource", block("alicloud_eip", "old"), "alicloud_eip.old.ip_address", "blocked not-associated alicloud_eip.old"},
		{"an EIP of another gateway", association("x", loose, "alicloud_nat_gateway.other.id"), "alicloud_eip_address.loose.ip_address", "blocked other-instance alicloud_eip_address.loose at alicloud_nat_gateway.other"},
		{"an EIP of something outside", association("x", loose, `"ngw-1"`), "alicloud_eip_address.loose.ip_address", "unknown what alicloud_eip_association.x associates it with is unknown"},
		{"an EIP of something unknown", association("x", loose, "var.x"), "alicloud_eip_address.loose.ip_address", "unknown what alicloud_eip_association.x associates it with is unknown"},
		{"an EIP that is perhaps associated", association("x", loose, gateway, uncertain), "alicloud_eip_address.loose.ip_address", "unknown"},
		{"an unknown EIP that is associated", association("x", "var.x", gateway), "alicloud_eip_address.loose.ip_address", "unknown which EIP alicloud_eip_association.x associates is unknown"},
		{"an EIP of a data source that is associated", "data \"alicloud_eip_addresses\" \"d\" {}\n" + association("x", "data.alicloud_eip_addresses.d.id", gateway), "alicloud_eip_address.loose.ip_address", "unknown which EIP alicloud_eip_association.x associates is unknown"},
		{"an EIP outside that is associated", association("x", `"eip-1"`, gateway), "alicloud_eip_address.loose.ip_address", "blocked not-associated alicloud_eip_address.loose"},
		{"a module that may associate it", unread(loose), "alicloud_eip_address.loose.ip_address", "unknown " + whyUnread},
		{"a module that gets the gateway", unread(gateway), "alicloud_eip_address.loose.ip_address", "unknown " + whyUnread},
		{"a module that gets something else", unread("alicloud_vpc.other.id"), "alicloud_eip_address.loose.ip_address", "blocked not-associated alicloud_eip_address.loose"},
		{"an EIP that may not exist", block("alicloud_eip_address", "may", uncertain), `join(",", alicloud_eip_address.may[*].ip_address)`, "unknown"},
		{"another attribute", "", "alicloud_eip_address.loose.id", "unknown alicloud_eip_address.loose.id is not an EIP in the files"},
		{"an EIP of a data source", "data \"alicloud_eip_addresses\" \"d\" {}\n", "data.alicloud_eip_addresses.d.ip_address", "unknown"},
		{"another resource", "", "alicloud_vpc.main.ip_address", "unknown"},
		{"an address that no EIP asks for", "", `"47.1.2.3"`, "unknown the address is written as a literal, its EIP is outside the files"},
		{"an address that an EIP asks for", block("alicloud_eip_address", "wish", `ip_address = "47.1.2.3"`), `"47.1.2.3"`, "blocked not-associated alicloud_eip_address.wish"},
		{"an address of another EIP", block("alicloud_eip_address", "wish", `ip_address = "47.1.2.4"`), `"47.1.2.3"`, "unknown the address is written as a literal, its EIP is outside the files"},
		{"an unknown address", block("alicloud_eip_address", "wish", `ip_address = ""`), "var.x", "unknown"},
		{"no address", "", `""`, "unknown its snat_ip is not in the files"},
		{"an unknown one before a wrong one", "", `"47.1.2.3,${alicloud_eip_address.loose.ip_address}"`, "blocked not-associated alicloud_eip_address.loose"},
		{"an unknown one before a right one", "", `"47.1.2.3,${alicloud_eip_address.main.ip_address}"`, "unknown the address is written as a literal, its EIP is outside the files"},
	} {
		_, e := snatEntry(t, tc.hcl, table, source, "snat_ip = "+tc.ip)
		got := string(e.EIP.Status)
		for _, part := range []string{e.EIP.Code, e.EIP.EIP} {
			if part != "" {
				got += " " + part
			}
		}
		if e.EIP.Instance != "" {
			got += " at " + e.EIP.Instance
		}
		if e.EIP.Reason != "" && tc.want != "unknown" {
			got += " " + e.EIP.Reason
		}
		if got != tc.want {
			t.Errorf("%s: %s (%s), want %s", tc.name, got, e.EIP.Reason, tc.want)
		}
	}
	s := scopeOf(t, block("alicloud_vpc", "v")+block("alicloud_nat_gateway", "g", "vpc_id = alicloud_vpc.v.id")+block("alicloud_eip_address", "e")+
		block("alicloud_snat_entry", "s", "snat_table_id = alicloud_nat_gateway.g.snat_table_ids", "snat_ip = alicloud_eip_address.e.ip_address"))
	if e := alicloud.SNATEntries(s)[0]; e.EIP.Code != "no-eip" {
		t.Errorf("a gateway without an EIP: %+v", e.EIP)
	}
	if _, e := snatEntry(t, "", "snat_table_id = alicloud_nat_gateway.other.snat_table_ids", source, "snat_ip = alicloud_eip_address.loose.ip_address"); e.EIP.Code != "no-eip" {
		t.Errorf("a gateway without an EIP beside one that has one: %+v", e.EIP)
	}
	own, gone := reference("", "alicloud_nat_gateway.g", "snat_table_ids"), reference("", "alicloud_eip_address.gone", "ip_address")
	entry := resource("alicloud_snat_entry", "s", "snat_table_id", own)
	entry.Body.Map = append(entry.Body.Map, located.Field{Key: "snat_ip", Value: gone})
	s = alicloud.NewScope(&terraform.Root{Dir: ".", Resources: []*terraform.Resource{resource("alicloud_nat_gateway", "g", "", nil), entry}}, place.NewRegistry())
	if e := alicloud.SNATEntries(s)[0]; e.EIP.Status != truth.Unknown || e.EIP.Reason != "alicloud_eip_address.gone.ip_address is not an EIP in the files" {
		t.Errorf("an EIP that is not in the scope: %+v", e.EIP)
	}
	for name, arguments := range map[string][]string{
		"that may not exist":   {uncertain, table},
		"of an inner gateway":  {"snat_table_id = alicloud_nat_gateway.inner.snat_table_ids"},
		"of a gateway outside": {`snat_table_id = "stb-1"`},
	} {
		if _, e := snatEntry(t, "", append(arguments, source, "snat_ip = alicloud_eip_address.loose.ip_address")...); e.EIP.Status != truth.Unknown || e.EIP.Reason == "" {
			t.Errorf("an entry %s: %s", name, fmt.Sprint(e.EIP))
		}
	}
}
