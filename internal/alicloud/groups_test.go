package alicloud_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
)

// group reads the group g of a configuration.
func group(t *testing.T, hcl string) *alicloud.SecurityGroup {
	t.Helper()
	s := scopeOf(t, network+hcl)
	for address, res := range s.ByAddress {
		if strings.HasPrefix(address, "alicloud_security_group.g") {
			return s.SecurityGroup(alicloud.Ident{Key: res.Address, Resource: res})
		}
	}
	t.Fatal("no group g")
	return nil
}

func TestSecurityGroup(t *testing.T) {
	basic := block("alicloud_security_group", "g", "vpc_id = alicloud_vpc.main.id")
	rule := func(owner, direction string) string {
		return block("alicloud_security_group_rule", "r", "security_group_id = "+owner, "type = "+direction, `ip_protocol = "tcp"`, `cidr_ip = "10.0.0.0/8"`)
	}
	for _, tc := range []struct{ name, hcl, want string }{
		{"a basic one", basic, "enterprise no inner yes 0 out 0 in"},
		{"a basic one in words", block("alicloud_security_group", "g", `security_group_type = "normal"`), "enterprise no inner yes 0 out 0 in"},
		{"an advanced one", block("alicloud_security_group", "g", `security_group_type = "enterprise"`), "enterprise yes inner no 0 out 0 in"},
		{"of an unknown type", block("alicloud_security_group", "g", "security_group_type = var.x"), "enterprise maybe inner yes 0 out 0 in"},
		{"closed inside", block("alicloud_security_group", "g", `inner_access_policy = "Drop"`), "enterprise no inner no 0 out 0 in"},
		{"open inside in words", block("alicloud_security_group", "g", `inner_access_policy = "Accept"`), "enterprise no inner yes 0 out 0 in"},
		{"perhaps closed inside", block("alicloud_security_group", "g", "inner_access_policy = var.x"), "enterprise no inner maybe 0 out 0 in"},
		{"a rule out", basic + rule("alicloud_security_group.g.id", `"egress"`), "enterprise no inner yes 1 out 0 in"},
		{"a rule in", basic + rule("alicloud_security_group.g.id", `"ingress"`), "enterprise no inner yes 0 out 1 in"},
		{"a rule whose direction is unknown", basic + rule("alicloud_security_group.g.id", "var.x"), "enterprise no inner yes 0 out 0 in: the direction of alicloud_security_group_rule.r is unknown"},
		{"a rule of another group", basic + block("alicloud_security_group", "h") + rule("alicloud_security_group.h.id", `"egress"`), "enterprise no inner yes 0 out 0 in"},
		{"a rule of a group outside", basic + rule(`"sg-1"`, `"egress"`), "enterprise no inner yes 0 out 0 in"},
		{"a rule of an unknown group", basic + rule("var.x", `"egress"`), "enterprise no inner yes 0 out 0 in: which group alicloud_security_group_rule.r belongs to is unknown"},
		{"a rule of a group that another resource knows", basic + rule("alicloud_eip_address.main.ip_address", `"egress"`), "enterprise no inner yes 0 out 0 in: which group alicloud_security_group_rule.r belongs to is unknown"},
		{"a module that may hold rules", basic + unread("alicloud_security_group.g.id"), "enterprise no inner yes 0 out 0 in: " + whyUnread},
		{"a module that may not", basic + unread("alicloud_vpc.main.id"), "enterprise no inner yes 0 out 0 in"},
		{"a module beside a rule of an unknown group", basic + rule("var.x", `"egress"`) + unread("alicloud_security_group.g.id"), "enterprise no inner yes 0 out 0 in: which group alicloud_security_group_rule.r belongs to is unknown"},
	} {
		g := group(t, tc.hcl)
		got := fmt.Sprintf("enterprise %s inner %s %d out %d in", g.Enterprise, g.Inner, len(g.Egress), len(g.Ingress))
		if g.Unknown != "" {
			got += ": " + g.Unknown
		}
		if got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	if g := group(t, block("alicloud_security_group", "g", uncertain)); g.Unknown == "" {
		t.Error("the rules of a group that may not exist are known")
	}
	s := scopeOf(t, network)
	for _, id := range []alicloud.Ident{{Key: "id:sg-1"}, {Key: "alicloud_vpc.main", Resource: s.ByAddress["alicloud_vpc.main"]}} {
		if g := s.SecurityGroup(id); g.Unknown == "" || g.Resource != nil || g != s.SecurityGroup(id) {
			t.Errorf("what is no group of the files is %+v", g)
		}
	}
}

func TestRulesOfAGroup(t *testing.T) {
	const tcp, peer = `ip_protocol = "tcp"`, `cidr_ip = "10.0.0.0/8"`
	const unsure = "?"
	for _, tc := range []struct {
		name      string
		arguments []string
		want      string
	}{
		{"the least", []string{tcp, peer}, "accept 1 [10.0.0.0/8]"},
		{"a policy", []string{tcp, peer, `policy = "drop"`}, "drop 1 [10.0.0.0/8]"},
		{"a policy in words", []string{tcp, peer, `policy = "accept"`}, "accept 1 [10.0.0.0/8]"},
		{"an unknown policy", []string{tcp, peer, "policy = var.x"}, unsure},
		{"a priority", []string{tcp, peer, "priority = 7"}, "accept 7 [10.0.0.0/8]"},
		{"an unknown priority", []string{tcp, peer, "priority = var.x"}, unsure},
		{"a priority that is none", []string{tcp, peer, `priority = "high"`}, unsure},
		{"no protocol", []string{peer}, unsure},
		{"an unknown protocol", []string{"ip_protocol = var.x", peer}, unsure},
		{"a range", []string{tcp, peer, `port_range = "443/443"`}, "accept 1 [10.0.0.0/8]"},
		{"an unknown range", []string{tcp, peer, "port_range = var.x"}, unsure},
		{"a range that is none", []string{tcp, peer, `port_range = "443"`}, unsure},
		{"no peer", []string{tcp}, unsure},
		{"an empty CIDR before another", []string{tcp, `cidr_ip = ""`, `ipv6_cidr_ip = "fd00::/8"`}, "accept 1 [fd00::/8]"},
		{"an unknown CIDR", []string{tcp, "cidr_ip = var.x"}, unsure},
		{"what is no CIDR", []string{tcp, `cidr_ip = "all"`}, unsure},
		{"a group", []string{tcp, "source_security_group_id = alicloud_security_group.h.id"}, "accept 1 [] alicloud_security_group.h"},
		{"a group outside", []string{tcp, `source_security_group_id = "sg-1"`}, "accept 1 [] id:sg-1"},
		{"an unknown group", []string{tcp, "source_security_group_id = var.x"}, unsure},
		{"a list", []string{tcp, "prefix_list_id = alicloud_ecs_prefix_list.some.id"}, "accept 1 [10.1.0.0/16 10.2.0.0/16]"},
		{"an unknown list", []string{tcp, "prefix_list_id = alicloud_ecs_prefix_list.unknown.id"}, unsure},
		{"a list without anything", []string{tcp, "prefix_list_id = alicloud_ecs_prefix_list.none.id"}, unsure},
		{"a list outside", []string{tcp, `prefix_list_id = "pl-1"`}, unsure},
		{"something else as a list", []string{tcp, "prefix_list_id = alicloud_vpc.main.id"}, unsure},
		{"an unknown CIDR beside a group", []string{tcp, "cidr_ip = var.x", `source_security_group_id = "sg-1"`}, unsure},
		{"one that may not exist", []string{tcp, peer, uncertain}, unsure},
		{"one with a policy that may not exist", []string{tcp, peer, uncertain, `policy = "drop"`}, unsure},
	} {
		g := group(t, block("alicloud_security_group", "g")+block("alicloud_security_group", "h")+
			block("alicloud_ecs_prefix_list", "some", "entry {\n cidr = \"10.1.0.0/16\"\n}", "entry {\n cidr = \"x\"\n}", "entry {\n cidr = \"10.2.0.0/16\"\n}")+
			block("alicloud_ecs_prefix_list", "unknown", "entry {\n cidr = \"10.1.0.0/16\"\n}", "entry {\n cidr = var.x\n}")+
			block("alicloud_ecs_prefix_list", "none")+
			block("alicloud_security_group_rule", "r", append(tc.arguments, "security_group_id = alicloud_security_group.g.id", `type = "egress"`)...))
		if len(g.Egress) != 1 {
			t.Errorf("%s: %d rules", tc.name, len(g.Egress))
			continue
		}
		r := g.Egress[0]
		got := map[bool]string{true: "accept", false: "drop"}[r.Accept] + fmt.Sprintf(" %d %v", r.Priority, r.CIDRs)
		if r.Group != "" {
			got += " " + r.Group
		}
		if r.Unknown != "" {
			got = unsure
		}
		if got != tc.want {
			t.Errorf("%s: %s (%s), want %s", tc.name, got, r.Unknown, tc.want)
		}
	}
	// Two reasons: the one that stands first in the rule stays.
	g := group(t, block("alicloud_security_group", "g")+block("alicloud_security_group_rule", "r", "security_group_id = alicloud_security_group.g.id", `type = "egress"`, tcp, `priority = "high"`))
	if got := g.Egress[0].Unknown; got != "the priority of alicloud_security_group_rule.r is not a number" {
		t.Errorf("a rule without a peer and a priority: %s", got)
	}
}

func TestPortsOfARule(t *testing.T) {
	for _, tc := range []struct {
		protocol, ports, asked string
		port                   int
		matches, touches       bool
	}{
		{"tcp", "-1/-1", "tcp", 0, true, true},
		{"tcp", "1/65535", "tcp", 0, true, true},
		{"tcp", "0/65535", "tcp", 0, true, true},
		{"tcp", "2/65535", "tcp", 0, false, true},
		{"tcp", "1/65534", "tcp", 0, false, true},
		{"tcp", "1/-1", "tcp", 0, true, true},
		{"TCP", "443/443", "tcp", 443, true, true},
		{"tcp", "443/443", "tcp", 444, false, false},
		{"tcp", "443/443", "tcp", 442, false, false},
		{"tcp", "443/443", "udp", 443, false, false},
		{"tcp", "443/443", "udp", 0, false, false},
		{"all", "-1/-1", "udp", 53, true, true},
		{"all", "-1/-1", "udp", 0, true, true},
		{"all", "443/443", "udp", 0, false, true},
		{"tcp", " 80 / 90 ", "tcp", 85, true, true},
	} {
		g := group(t, block("alicloud_security_group", "g")+block("alicloud_security_group_rule", "r", "security_group_id = alicloud_security_group.g.id", `type = "egress"`,
			fmt.Sprintf("ip_protocol = %q", tc.protocol), fmt.Sprintf("port_range = %q", tc.ports), `cidr_ip = "0.0.0.0/0"`))
		r := g.Egress[0]
		if r.Unknown != "" || r.Matches(tc.asked, tc.port) != tc.matches || r.Touches(tc.asked, tc.port) != tc.touches {
			t.Errorf("%s %s asked for %s %d: matches %t, touches %t (%s)", tc.protocol, tc.ports, tc.asked, tc.port, r.Matches(tc.asked, tc.port), r.Touches(tc.asked, tc.port), r.Unknown)
		}
	}
	for ports, valid := range map[string]bool{"0/0": true, "80/80": true, "1/65535": true, "90/80": false, "1/65536": false, "-2/80": false, "a/80": false, "80/b": false, "80": false, "-1/80": false} {
		g := group(t, block("alicloud_security_group", "g")+block("alicloud_security_group_rule", "r", "security_group_id = alicloud_security_group.g.id", `type = "egress"`,
			`ip_protocol = "tcp"`, fmt.Sprintf("port_range = %q", ports), `cidr_ip = "0.0.0.0/0"`))
		if got := g.Egress[0].Unknown == ""; got != valid {
			t.Errorf("%s is a range: %t", ports, got)
		}
	}
}
