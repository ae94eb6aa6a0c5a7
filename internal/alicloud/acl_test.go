package alicloud_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// entries writes entries of a network ACL as a test compares them.
func entries(list []alicloud.ACLEntry) string {
	var parts []string
	for _, e := range list {
		if e.Unknown != "" {
			parts = append(parts, "?")
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %s %d-%d %v", map[bool]string{true: "accept", false: "drop"}[e.Accept], e.Protocol, e.Low, e.High, e.Addresses.Prefixes()))
	}
	return strings.Join(parts, ", ")
}

func TestNetworkACLOf(t *testing.T) {
	const bind, bindOther = "resources {\n resource_id = alicloud_vswitch.a.id\n}", "resources {\n resource_id = alicloud_vswitch.b.id\n}"
	acl := func(arguments ...string) string {
		return block("alicloud_network_acl", "n", append([]string{"vpc_id = alicloud_vpc.main.id"}, arguments...)...)
	}
	for _, tc := range []struct{ name, hcl, want string }{
		{"none", "", "none"},
		{"another's", acl(bindOther), "none"},
		{"its own", acl(bind), "alicloud_network_acl.n"},
		{"by an attachment", acl() + block("alicloud_vpc_network_acl_attachment", "x", "network_acl_id = alicloud_network_acl.n.id", "resource_id = alicloud_vswitch.a.id"), "alicloud_network_acl.n"},
		{"by an old attachment", acl() + block("alicloud_network_acl_attachment", "x", "network_acl_id = alicloud_network_acl.n.id", bind), "alicloud_network_acl.n"},
		{"by an attachment of another", acl() + block("alicloud_vpc_network_acl_attachment", "x", "network_acl_id = alicloud_network_acl.n.id", "resource_id = alicloud_vswitch.b.id"), "none"},
		{"by an attachment to what is unknown", acl() + block("alicloud_vpc_network_acl_attachment", "x", "network_acl_id = alicloud_network_acl.n.id", "resource_id = var.x"), "unknown: which vSwitch alicloud_vpc_network_acl_attachment.x binds is unknown"},
		{"outside the files", block("alicloud_vpc_network_acl_attachment", "x", `network_acl_id = "nacl-1"`, "resource_id = alicloud_vswitch.a.id"), "unknown: the network ACL of alicloud_vswitch.a is outside the files"},
		{"by an attachment that may not exist", acl() + block("alicloud_vpc_network_acl_attachment", "x", uncertain, "network_acl_id = alicloud_network_acl.n.id", "resource_id = alicloud_vswitch.a.id"), "unknown: the network ACL of alicloud_vswitch.a is outside the files"},
		{"a module that may add entries", acl(bind) + unread("alicloud_network_acl.n.id"), "unknown: " + whyUnread},
		{"a module that may not", acl(bind) + unread("alicloud_vpc.main.id"), "alicloud_network_acl.n"},
	} {
		s := scopeOf(t, network+tc.hcl)
		got := "none"
		if n := alicloud.NetworkACLOf(s, vswitch(t, s, "a")); n != nil && n.Unknown != "" {
			got = "unknown: " + n.Unknown
		} else if n != nil {
			got = n.Resource.Address
		}
		if got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	s := scopeOf(t, network)
	if n := alicloud.NetworkACLOf(s, s.VSwitch(alicloud.Ident{Key: "id:vsw-1"})); n == nil || n.Unknown != "vsw-1 is outside the files" {
		t.Errorf("the network ACL of a vSwitch outside the files: %+v", n)
	}
}

func TestNetworkACLEntries(t *testing.T) {
	out := func(policy, protocol, port, cidr string) string {
		return fmt.Sprintf("egress_acl_entries {\n policy = %s\n protocol = %s\n port = %s\n destination_cidr_ip = %s\n}", policy, protocol, port, cidr)
	}
	for _, tc := range []struct{ name, entry, want string }{
		{"accepted", out(`"accept"`, `"tcp"`, `"443/443"`, `"10.0.0.0/8"`), "accept tcp 443-443 [10.0.0.0/8]"},
		{"dropped", out(`"drop"`, `"tcp"`, `"443/444"`, `"10.0.0.0/8"`), "drop tcp 443-444 [10.0.0.0/8]"},
		{"for all ports", out(`"accept"`, `"all"`, `"-1/-1"`, `"0.0.0.0/0"`), "accept all 0-65535 [0.0.0.0/0]"},
		{"for no port", out(`"accept"`, `"all"`, `"0/0"`, `"0.0.0.0/0"`), "accept all 0-65535 [0.0.0.0/0]"},
		{"with an unknown policy", out("var.x", `"tcp"`, `"443/443"`, `"10.0.0.0/8"`), "?"},
		{"with an unknown protocol", out(`"accept"`, "var.x", `"443/443"`, `"10.0.0.0/8"`), "?"},
		{"with an unknown port", out(`"accept"`, `"tcp"`, "var.x", `"10.0.0.0/8"`), "?"},
		{"with an unknown peer", out(`"accept"`, `"tcp"`, `"443/443"`, "var.x"), "?"},
		{"with a peer that is none", out(`"accept"`, `"tcp"`, `"443/443"`, `"all"`), "?"},
		{"with ports that are none", out(`"accept"`, `"tcp"`, `"https"`, `"10.0.0.0/8"`), "?"},
	} {
		s := scopeOf(t, network+block("alicloud_network_acl", "n", "resources {\n resource_id = alicloud_vswitch.a.id\n}", tc.entry)+
			block("alicloud_network_acl_entries", "more", "network_acl_id = alicloud_network_acl.n.id",
				"ingress {\n policy = \"accept\"\n protocol = \"udp\"\n port = \"53/53\"\n source_cidr_ip = \"10.2.0.0/16\"\n}",
				"egress {\n policy = \"drop\"\n protocol = \"all\"\n port = \"-1/-1\"\n destination_cidr_ip = \"0.0.0.0/0\"\n}")+
			block("alicloud_network_acl_entries", "others", `network_acl_id = "nacl-1"`,
				"egress {\n policy = \"drop\"\n protocol = \"icmp\"\n port = \"-1/-1\"\n destination_cidr_ip = \"0.0.0.0/0\"\n}"))
		n := alicloud.NetworkACLOf(s, vswitch(t, s, "a"))
		if n == nil || n.Unknown != "" {
			t.Errorf("%s: %+v", tc.name, n)
			continue
		}
		got := entries(n.Egress) + "; " + entries(n.Ingress)
		if want := tc.want + ", drop all 0-65535 [0.0.0.0/0]; accept udp 53-53 [10.2.0.0/16]"; got != want {
			t.Errorf("%s: %s, want %s", tc.name, got, want)
		}
	}
}

// TestUndecidedEntries checks entries of which the files do not say how many there are, or
// not what is in one.
func TestUndecidedEntries(t *testing.T) {
	for name, v := range map[string]*located.Value{"all": unknown(), "one": listOf(unknown())} {
		acl := resource("alicloud_network_acl", "n", "egress_acl_entries", v)
		vswitch := resource("alicloud_vswitch", "a", "", nil)
		binding := resource("alicloud_vpc_network_acl_attachment", "x", "network_acl_id", reference("", acl.Address, "id"))
		binding.Body.Map = append(binding.Body.Map, located.Field{Key: "resource_id", Value: reference("", vswitch.Address, "id")})
		s := alicloud.NewScope(&terraform.Root{Dir: ".", Resources: []*terraform.Resource{acl, vswitch, binding}}, place.NewRegistry())
		n := alicloud.NetworkACLOf(s, s.VSwitch(alicloud.Ident{Key: vswitch.Address, Resource: vswitch}))
		if whole := name == "all"; (n.Unknown == "nobody knows") != whole || (len(n.Egress) == 1 && n.Egress[0].Unknown == "nobody knows") == whole {
			t.Errorf("%s not decided: %q %+v", name, n.Unknown, n.Egress)
		}
	}
}
