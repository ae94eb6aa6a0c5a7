package trace

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// scope evaluates one Terraform root.
func scope(t *testing.T, hcl string) *alicloud.Scope {
	t.Helper()
	files := fstest.MapFS{"main.tf": {Data: []byte(hcl)}}
	roots, diagnostics := terraform.Load(t.Context(), source.NewTree(files), []string{"main.tf"}, terraform.Options{})
	for _, d := range diagnostics {
		if d.Fatal() {
			t.Fatalf("load Terraform: %s", d.Message)
		}
	}
	return alicloud.NewScope(roots[0], place.NewRegistry())
}

// groups are the security groups of Terraform, by their names there.
func groups(t *testing.T, hcl string) map[string]*alicloud.SecurityGroup {
	t.Helper()
	s := scope(t, hcl)
	found := make(map[string]*alicloud.SecurityGroup)
	for _, res := range s.ByType["alicloud_security_group"] {
		found[res.Name] = s.SecurityGroup(alicloud.Ident{Key: res.Address, Resource: res})
	}
	return found
}

func rule(group, more string) string {
	text := strings.ReplaceAll(more, ", ", "\n ")
	return "resource \"alicloud_security_group_rule\" \"r" + strings.NewReplacer(" ", "", "\"", "", "/", "", ".", "", "=", "", ",", "", "-", "", "[", "", "]", "").Replace(group+more) +
		"\" {\n security_group_id = alicloud_security_group." + group + ".id\n " + text + "\n}\n"
}

// TestEgressVerdict checks what outbound rules say of packets.
func TestEgressVerdict(t *testing.T) {
	const basic = "resource \"alicloud_security_group\" \"g\" {\n security_group_type = \"normal\"\n}\n"
	const enterprise = "resource \"alicloud_security_group\" \"g\" {\n security_group_type = \"enterprise\"\n}\n"
	const second = "resource \"alicloud_security_group\" \"h\" {\n security_group_type = \"enterprise\"\n}\n"
	const unknown = "variable \"x\" {}\nresource \"alicloud_security_group\" \"g\" {\n security_group_type = var.x\n}\n"
	accept := func(more string) string {
		return rule("g", "type = \"egress\", policy = \"accept\", "+more)
	}
	drop := func(more string) string {
		return rule("g", "type = \"egress\", policy = \"drop\", "+more)
	}
	const db = "ip_protocol = \"tcp\", port_range = \"3306/3306\", cidr_ip = \"10.0.0.0/24\""
	for _, tc := range []struct {
		name, hcl string
		dest      string
		port      int
		want      truth.Verdict
		dropped   bool
	}{
		{"no rule of a basic group", basic, "10.0.0.0/24", 3306, truth.Open, false},
		{"no rule of an advanced group", enterprise, "10.0.0.0/24", 3306, truth.Blocked, false},
		{"no rule of a group of whatever type", unknown, "10.0.0.0/24", 3306, truth.Unknown, false},
		{"accepted", enterprise + accept(db), "10.0.0.0/24", 3306, truth.Open, false},
		{"another port", enterprise + accept(db), "10.0.0.0/24", 3307, truth.Blocked, false},
		{"another address", enterprise + accept(db), "10.0.1.0/24", 3306, truth.Blocked, false},
		{"a part", enterprise + accept(db), "10.0.0.0/16", 3306, truth.Unknown, false},
		{"any port of some", enterprise + accept(db), "10.0.0.0/24", 0, truth.Open, false},
		{"any port of which some are dropped", basic + drop(db), "10.0.0.0/24", 0, truth.Open, false},
		{"dropped", basic + drop(db), "10.0.0.0/24", 3306, truth.Blocked, true},
		{"a part is dropped", basic + drop(db), "10.0.0.0/16", 3306, truth.Unknown, false},
		{"dropped first", basic + drop(db+", priority = 1") + accept(db+", priority = 2"), "10.0.0.0/24", 3306, truth.Blocked, true},
		{"accepted first", basic + drop(db+", priority = 2") + accept(db+", priority = 1"), "10.0.0.0/24", 3306, truth.Open, false},
		{"both at once", basic + accept(db+", priority = 5") + drop(db+", priority = 5"), "10.0.0.0/24", 3306, truth.Blocked, true},
		{"both at once, in another order", basic + drop(db+", priority = 5") + accept(db+", priority = 5"), "10.0.0.0/24", 3306, truth.Blocked, true},
		{"a group", enterprise + second + rule("g", "type = \"egress\", policy = \"accept\", ip_protocol = \"tcp\", port_range = \"3306/3306\", source_security_group_id = alicloud_security_group.h.id"), "10.0.0.0/24", 3306, truth.Unknown, false},
		{"a rule that is not known", "variable \"x\" {}\n" + enterprise + accept("ip_protocol = \"tcp\", port_range = \"3306/3306\", cidr_ip = var.x"), "10.0.0.0/24", 3306, truth.Unknown, false},
		{"two groups", enterprise + second + rule("h", "type = \"egress\", policy = \"accept\", "+db), "10.0.0.0/24", 3306, truth.Open, false},
	} {
		var list []*alicloud.SecurityGroup
		found := groups(t, tc.hcl)
		for _, name := range []string{"g", "h"} {
			if g := found[name]; g != nil {
				list = append(list, g)
			}
		}
		v := egressVerdict(list, ipset.Of(netip.MustParsePrefix(tc.dest)), "tcp", tc.port)
		if v.status != tc.want || (v.drop != nil) != tc.dropped || (v.reason != "") != (v.status == truth.Unknown) {
			t.Errorf("%s: %+v, want %s", tc.name, v, tc.want)
		}
		code := map[bool]string{true: "dropped", false: "not-covered"}[tc.dropped]
		if v.code() != code {
			t.Errorf("%s: %s", tc.name, v.code())
		}
	}
	if v := egressVerdict(nil, ipset.Private, "tcp", 1); v.status != truth.Unknown {
		t.Errorf("no group gives %+v", v)
	}
	first, other := &alicloud.SecurityGroup{Name: "a", Unknown: "first"}, &alicloud.SecurityGroup{Name: "b", Unknown: "other"}
	if v := egressVerdict([]*alicloud.SecurityGroup{first, other}, ipset.Private, "tcp", 1); v.reason != "first" {
		t.Errorf("two groups that are not known give %+v", v)
	}
	if v := ingressVerdict([]*alicloud.SecurityGroup{first, other}, ipset.Private, nil, "", "tcp", 1, false); v.status != truth.Unknown || v.reason != "first" {
		t.Errorf("two groups that are not known give %+v", v)
	}
}

// TestIngressVerdict checks what inbound rules say of packets from members of groups.
func TestIngressVerdict(t *testing.T) {
	for _, tc := range []struct {
		name        string
		inner       truth.Truth
		from        []string
		fromUnknown string
		want        truth.Verdict
	}{
		{"of another group", truth.Yes, []string{"h"}, "", truth.Blocked},
		{"of the group", truth.Yes, []string{"h", "g"}, "", truth.Open},
		{"of the group, whose members do not reach each other", truth.No, []string{"g"}, "", truth.Blocked},
		{"of the group, whose members may reach each other", truth.Maybe, []string{"g"}, "", truth.Unknown},
	} {
		list := []*alicloud.SecurityGroup{{Key: "g", Name: "g", Inner: tc.inner}}
		if v := ingressVerdict(list, ipset.Private, tc.from, tc.fromUnknown, "tcp", 1, false); v.status != tc.want {
			t.Errorf("%s: %+v, want %s", tc.name, v, tc.want)
		}
	}
	const two = "resource \"alicloud_security_group\" \"g\" {}\nresource \"alicloud_security_group\" \"h\" {}\n"
	const byGroup = "type = \"ingress\", policy = \"accept\", ip_protocol = \"tcp\", port_range = \"80/80\", source_security_group_id = alicloud_security_group.h.id"
	g := groups(t, two+rule("g", byGroup))["g"]
	for _, tc := range []struct {
		name        string
		from        []string
		fromUnknown string
		want        truth.Verdict
	}{
		{"the group", []string{"alicloud_security_group.h"}, "", truth.Open},
		{"another group", []string{"alicloud_security_group.x"}, "", truth.Blocked},
		{"another group, and perhaps more", []string{"alicloud_security_group.x"}, "why", truth.Unknown},
		{"who knows which", nil, "", truth.Unknown},
	} {
		if v := ingressVerdict([]*alicloud.SecurityGroup{g}, ipset.Private, tc.from, tc.fromUnknown, "tcp", 80, false); v.status != tc.want {
			t.Errorf("from %s: %+v, want %s", tc.name, v, tc.want)
		}
	}
}

// TestDecide checks the entries of network ACLs.
func TestDecide(t *testing.T) {
	entry := func(accept bool, cidr, protocol string, low, high int) alicloud.ACLEntry {
		return alicloud.ACLEntry{Accept: accept, Protocol: protocol, Low: low, High: high, Addresses: ipset.Of(netip.MustParsePrefix(cidr))}
	}
	for _, tc := range []struct {
		name    string
		entries []alicloud.ACLEntry
		low     int
		high    int
		want    truth.Verdict
		dropped int // which entry is told; -1 for none
	}{
		{"none", nil, 80, 80, truth.Unknown, -1},
		{"accepted", []alicloud.ACLEntry{entry(true, "10.0.0.0/16", "tcp", 80, 80)}, 80, 80, truth.Open, -1},
		{"all protocols", []alicloud.ACLEntry{entry(true, "10.0.0.0/16", "All", 1, 100)}, 80, 80, truth.Open, -1},
		{"another protocol", []alicloud.ACLEntry{entry(false, "10.0.0.0/16", "udp", 80, 80), entry(true, "10.0.0.0/16", "TCP", 80, 80)}, 80, 80, truth.Open, -1},
		{"dropped", []alicloud.ACLEntry{entry(false, "10.0.0.0/16", "tcp", 80, 80)}, 80, 80, truth.Blocked, 0},
		{"a port below", []alicloud.ACLEntry{entry(false, "10.0.0.0/16", "tcp", 81, 90)}, 80, 80, truth.Unknown, -1},
		{"a port above", []alicloud.ACLEntry{entry(false, "10.0.0.0/16", "tcp", 70, 79)}, 80, 80, truth.Unknown, -1},
		{"other addresses", []alicloud.ACLEntry{entry(false, "10.9.0.0/16", "tcp", 80, 80), entry(true, "10.0.0.0/8", "tcp", 80, 80)}, 80, 80, truth.Open, -1},
		{"some addresses accepted", []alicloud.ACLEntry{entry(true, "10.0.0.0/24", "tcp", 80, 80)}, 80, 80, truth.Unknown, -1},
		{"some ports accepted", []alicloud.ACLEntry{entry(true, "10.0.0.0/16", "tcp", 80, 89)}, 80, 90, truth.Unknown, -1},
		{"the later ports accepted", []alicloud.ACLEntry{entry(true, "10.0.0.0/16", "tcp", 81, 90)}, 80, 90, truth.Unknown, -1},
		{"the ports exactly accepted", []alicloud.ACLEntry{entry(true, "10.0.0.0/16", "tcp", 80, 90)}, 80, 90, truth.Open, -1},
		{"some ports dropped", []alicloud.ACLEntry{entry(false, "10.0.0.0/16", "tcp", 80, 89)}, 80, 90, truth.Unknown, -1},
		{"the later ports dropped", []alicloud.ACLEntry{entry(false, "10.0.0.0/16", "tcp", 81, 90)}, 80, 90, truth.Unknown, -1},
		{"the ports exactly dropped", []alicloud.ACLEntry{entry(false, "10.0.0.0/16", "tcp", 80, 90)}, 80, 90, truth.Blocked, 0},
		{"dropped by two", []alicloud.ACLEntry{entry(false, "10.0.0.0/17", "tcp", 80, 80), entry(false, "10.0.128.0/17", "tcp", 80, 80)}, 80, 80, truth.Blocked, 0},
		{"some dropped, the rest accepted", []alicloud.ACLEntry{entry(false, "10.0.0.0/17", "tcp", 80, 80), entry(true, "10.0.0.0/8", "tcp", 80, 80)}, 80, 80, truth.Unknown, -1},
		{"some dropped", []alicloud.ACLEntry{entry(false, "10.0.0.0/17", "tcp", 80, 80)}, 80, 80, truth.Unknown, -1},
		{"not known", []alicloud.ACLEntry{{Unknown: "why"}, entry(false, "10.0.0.0/16", "tcp", 80, 80)}, 80, 80, truth.Unknown, -1},
		{"dropped before what is not known", []alicloud.ACLEntry{entry(false, "10.0.0.0/16", "tcp", 80, 80), {Unknown: "why"}}, 80, 80, truth.Blocked, 0},
	} {
		dropped, status := decide(tc.entries, ipset.Of(netip.MustParsePrefix("10.0.0.0/16")), "TCP", tc.low, tc.high)
		if status != tc.want || (dropped != nil) != (tc.dropped >= 0) || dropped != nil && dropped != &tc.entries[tc.dropped] {
			t.Errorf("%s: %s by %+v, want %s", tc.name, status, dropped, tc.want)
		}
	}
}

// TestUsable checks whether an SNAT entry that covers a vSwitch gives it a way out.
func TestUsable(t *testing.T) {
	vpc, elsewhere := &alicloud.VPC{Name: "vpc"}, &alicloud.VPC{Name: "other"}
	v := &alicloud.VSwitch{VPC: vpc}
	open := alicloud.EIPVerdict{Status: truth.Open}
	gateway := &alicloud.Gateway{Name: "gw", VPC: vpc, Internet: truth.Yes}
	entry := func(g *alicloud.Gateway, eip alicloud.EIPVerdict) *alicloud.SNATEntry {
		return &alicloud.SNATEntry{Resource: &terraform.Resource{Address: "e"}, Gateway: g, EIP: eip}
	}
	plain := scope(t, "")
	two := scope(t, "resource \"alicloud_vpc\" \"v\" {}\nresource \"alicloud_nat_gateway\" \"a\" {\n vpc_id = alicloud_vpc.v.id\n}\nresource \"alicloud_nat_gateway\" \"b\" {\n vpc_id = alicloud_vpc.v.id\n}\n")
	inner := scope(t, "resource \"alicloud_vpc\" \"v\" {}\nresource \"alicloud_nat_gateway\" \"a\" {\n vpc_id = alicloud_vpc.v.id\n}\nresource \"alicloud_nat_gateway\" \"b\" {\n vpc_id = alicloud_vpc.v.id\n network_type = \"intranet\"\n}\n")
	unknown := scope(t, "variable \"x\" {}\nresource \"alicloud_nat_gateway\" \"a\" {\n vpc_id = var.x\n}\n")
	of := func(s *alicloud.Scope) (*alicloud.VSwitch, *alicloud.Gateway) {
		res := s.ByType["alicloud_vpc"][0]
		vpc := s.VPC(alicloud.Ident{Key: res.Address, Resource: res})
		nat := s.ByType["alicloud_nat_gateway"][0]
		return &alicloud.VSwitch{VPC: vpc}, s.Gateway(alicloud.Ident{Key: nat.Address, Resource: nat})
	}
	twoV, twoG := of(two)
	innerV, innerG := of(inner)
	for _, tc := range []struct {
		name  string
		s     *alicloud.Scope
		e     *alicloud.SNATEntry
		v     *alicloud.VSwitch
		route alicloud.Route
		want  truth.Verdict
		code  string
	}{
		{"a gateway outside", plain, entry(nil, open), v, alicloud.Route{}, truth.Unknown, ""},
		{"an intranet gateway", plain, entry(&alicloud.Gateway{VPC: vpc, Internet: truth.No}, open), v, alicloud.Route{}, truth.Blocked, "gateway-unusable"},
		{"a gateway of another VPC", plain, entry(&alicloud.Gateway{VPC: elsewhere, Internet: truth.Yes}, open), v, alicloud.Route{}, truth.Blocked, "gateway-unusable"},
		{"a gateway of whichever VPC", plain, entry(&alicloud.Gateway{Internet: truth.Yes}, open), v, alicloud.Route{}, truth.Open, ""},
		{"a gateway of whichever kind", plain, entry(&alicloud.Gateway{VPC: vpc}, open), v, alicloud.Route{}, truth.Unknown, ""},
		{"the only gateway", plain, entry(gateway, open), v, alicloud.Route{}, truth.Open, ""},
		{"no route", plain, entry(gateway, open), v, alicloud.Route{Kind: alicloud.RouteNone}, truth.Blocked, "route"},
		{"a route to it", plain, entry(gateway, open), v, alicloud.Route{Kind: alicloud.RouteNAT, Gateway: gateway}, truth.Open, ""},
		{"a route to another", plain, entry(gateway, open), v, alicloud.Route{Kind: alicloud.RouteNAT, Gateway: &alicloud.Gateway{}}, truth.Blocked, "route"},
		{"one of two gateways", two, entry(twoG, open), twoV, alicloud.Route{}, truth.Unknown, ""},
		{"one of two gateways, with a route", two, entry(twoG, open), twoV, alicloud.Route{Kind: alicloud.RouteNAT, Gateway: twoG}, truth.Open, ""},
		{"the only Internet gateway", inner, entry(innerG, open), innerV, alicloud.Route{}, truth.Open, ""},
		{"perhaps one of two gateways", unknown, entry(gateway, open), v, alicloud.Route{}, truth.Unknown, ""},
		{"no EIP", plain, entry(gateway, alicloud.EIPVerdict{Status: truth.Blocked}), v, alicloud.Route{}, truth.Blocked, "eip-not-associated"},
		{"perhaps no EIP", plain, entry(gateway, alicloud.EIPVerdict{Status: truth.Unknown, Reason: "why"}), v, alicloud.Route{}, truth.Unknown, ""},
	} {
		status, code, reason := usable(tc.s, tc.e, tc.v, tc.route)
		if status != tc.want || code != tc.code || (reason != "") != (status == truth.Unknown) {
			t.Errorf("%s: %s %s (%s), want %s %s", tc.name, status, code, reason, tc.want, tc.code)
		}
	}
}

// TestCover checks what verdicts on several sources are together.
func TestCover(t *testing.T) {
	for _, tc := range []struct {
		name    string
		list    string // o for open, b for blocked, u for unknown
		more    string
		want    truth.Verdict
		reason  string
		covered int
		none    bool
	}{
		{"nothing", "", "", truth.Unknown, "", 0, false},
		{"nothing known", "", "more", truth.Unknown, "more", 0, false},
		{"open", "oo", "", truth.Open, "", 2, false},
		{"open, and perhaps more", "oo", "more", truth.Unknown, "more", 2, false},
		{"blocked", "bb", "", truth.Blocked, "", 0, true},
		{"blocked, and perhaps more", "bb", "more", truth.Blocked, "", 0, false},
		{"one of two", "ob", "", truth.Partial, "", 1, false},
		{"unknown", "ou", "", truth.Unknown, "why", 1, false},
		{"unknown, and perhaps more", "ou", "more", truth.Unknown, "more", 1, false},
	} {
		c := cover([]rune(tc.list), tc.more, func(r rune) string { return string(r) }, func(r rune) (truth.Verdict, string) {
			switch r {
			case 'o':
				return truth.Open, ""
			case 'b':
				return truth.Blocked, ""
			}
			return truth.Unknown, "why"
		})
		if c.status != tc.want || c.reason != tc.reason || len(c.covered) != tc.covered || c.none() != tc.none || len(c.verdicts) != len(tc.list) {
			t.Errorf("%s: %+v", tc.name, c)
		}
	}
	inside := byCIDR(netip.MustParsePrefix("10.0.0.0/16"))
	if !inside.vswitch(&alicloud.VSwitch{CIDR: netip.MustParsePrefix("10.0.1.0/24")}) ||
		inside.vswitch(&alicloud.VSwitch{CIDR: netip.MustParsePrefix("10.0.0.0/8")}) ||
		byCIDR(netip.MustParsePrefix("0.0.0.0/0")).vswitch(&alicloud.VSwitch{}) {
		t.Error("a CIDR admits the wrong vSwitches")
	}
	if !inside.podCIDR(netip.MustParsePrefix("10.0.0.0/8")) || inside.podCIDR(netip.MustParsePrefix("10.0.1.0/24")) {
		t.Error("a CIDR is meant for the wrong pods")
	}
}

func TestOlderThan(t *testing.T) {
	for _, tc := range []struct {
		version      string
		older, known bool
	}{
		{"1.20.4-aliyun.1", true, true},
		{"v1.20", true, true},
		{"1.21", false, true},
		{"1.22.3", false, true},
		{"", false, false},
		{"1", false, false},
		{"2.20.1", false, false},
		{"1.x.3", false, false},
	} {
		if older, known := olderThan(tc.version, 21); older != tc.older || known != tc.known {
			t.Errorf("%q is older: %t, known: %t", tc.version, older, known)
		}
	}
}

// TestLoadBalancerVerdict checks whether packets to the external address of a Service are
// dropped.
func TestLoadBalancerVerdict(t *testing.T) {
	service := func(policy string) *kube.Service {
		return kube.ReadService(parse(t, "{apiVersion: v1, kind: Service, metadata: {name: lb, namespace: shop}, spec: {"+policy+"type: LoadBalancer, selector: {a: b}, ports: [{port: 80}]}}")[0])
	}
	client := func(metadata string) *kube.Workload {
		return kube.ReadWorkload(parse(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: shop}, spec: {template: {metadata: "+metadata+", spec: {containers: []}}}}")[0])
	}
	const local = "externalTrafficPolicy: Local, "
	for _, tc := range []struct {
		name, policy, metadata  string
		mode, version, datapath string
		inCluster               truth.Truth
		direct, own, container  bool
		clients                 string
		want                    truth.Verdict
		code                    string
		noCluster, exclusive    bool
	}{
		{name: "no policy", clients: "pod", want: truth.Open, code: "cluster-policy"},
		{name: "direct", policy: local, direct: true, clients: "host", want: truth.Unknown, code: "leaves-to-load-balancer"},
		{name: "an interface of its own", policy: local, own: true, clients: "pod", want: truth.Unknown, code: "leaves-to-load-balancer"},
		{name: "a container group", policy: local, container: true, clients: "pod", want: truth.Unknown, code: "leaves-to-load-balancer"},
		{name: "exclusive ENIs", policy: local, exclusive: true, clients: "pod", want: truth.Unknown, code: "leaves-to-load-balancer"},
		{name: "a trunk ENI", policy: local, metadata: "{annotations: {k8s.aliyun.com/pod-eni: 'true'}}", clients: "pod", want: truth.Unknown, code: "leaves-to-load-balancer"},
		{name: "no trunk ENI", policy: local, metadata: "{annotations: {k8s.aliyun.com/pod-eni: 'false'}}", clients: "pod", want: truth.Blocked, code: "documented"},
		{name: "the host beside exclusive ENIs", policy: local, exclusive: true, clients: "host", want: truth.Blocked, code: "documented"},
		{name: "eBPF that translates", policy: local, datapath: "v2", inCluster: truth.Yes, clients: "pod", want: truth.Open, code: "in-cluster-loadbalance"},
		{name: "eBPF that translates, from the host", policy: local, datapath: "ipvlan", inCluster: truth.Yes, mode: "iptables", clients: "host", want: truth.Blocked, code: "disputed"},
		{name: "eBPF that does not", policy: local, datapath: "v2", inCluster: truth.No, clients: "pod", want: truth.Unknown, code: "leaves-to-load-balancer"},
		{name: "eBPF that may", policy: local, datapath: "ipvlan", clients: "pod", want: truth.Unknown, code: "ebpf-datapath"},
		{name: "v2 of whichever version, from the host", policy: local, datapath: "v2", clients: "host", want: truth.Unknown, code: "ebpf-datapath"},
		{name: "v2 of a new version, from the host", policy: local, datapath: "v2", version: "1.34.1", clients: "host", want: truth.Unknown, code: "ebpf-datapath"},
		{name: "v2 of an old version, from the host", policy: local, datapath: "v2", version: "1.33.1", mode: "ipvs", clients: "host", want: truth.Blocked, code: "proved"},
		{name: "iptables", policy: local, mode: "iptables", clients: "pod", want: truth.Blocked, code: "disputed"},
		{name: "nftables", policy: local, mode: "nftables", clients: "pod", want: truth.Blocked, code: "disputed"},
		{name: "old IPVS", policy: local, mode: "ipvs", version: "1.20.1", clients: "pod", want: truth.Blocked, code: "proved"},
		{name: "new IPVS", policy: local, mode: "ipvs", version: "1.22.1", clients: "pod", want: truth.Blocked, code: "disputed"},
		{name: "new IPVS, from the host", policy: local, mode: "ipvs", version: "1.22.1", clients: "host", want: truth.Blocked, code: "proved"},
		{name: "IPVS of whichever version", policy: local, mode: "ipvs", clients: "pod", want: truth.Blocked, code: "documented"},
		{name: "whichever mode, new", policy: local, mode: "unknown", version: "1.22.1", clients: "pod", want: truth.Blocked, code: "disputed"},
		{name: "whichever mode, old", policy: local, mode: "unknown", version: "1.20.1", clients: "pod", want: truth.Blocked, code: "documented"},
		{name: "whichever mode, from the host", policy: local, mode: "unknown", version: "1.22.1", clients: "host", want: truth.Blocked, code: "documented"},
		{name: "whichever mode and version", policy: local, mode: "unknown", clients: "pod", want: truth.Blocked, code: "documented"},
		{name: "no cluster", policy: local, noCluster: true, clients: "pod", want: truth.Blocked, code: "documented"},
	} {
		metadata := tc.metadata
		if metadata == "" {
			metadata = "{}"
		}
		wl := client(metadata)
		w := &world.World{Workloads: []*kube.Workload{wl}, Views: []*world.View{{Own: tc.own, Container: tc.container}}}
		w.Exempt = slices.Grow(w.Exempt, 1)[:1]
		w.Network.Datapath, w.Network.InClusterLB = tc.datapath, tc.inCluster
		if !tc.noCluster {
			w.Cluster = &world.Cluster{ProxyMode: tc.mode, Version: tc.version}
			w.Cluster.Exclusive = tc.exclusive
		}
		r := &world.Need{World: w, Workload: wl, Service: service(tc.policy), Direct: tc.direct, Port: 80}
		if status, code := judgeLoadBalancer(r, tc.clients); status != tc.want || code != tc.code {
			t.Errorf("%s: %s %s, want %s %s", tc.name, status, code, tc.want, tc.code)
		}
	}
}

// TestNeedsSum checks the order of what needs a gate.
func TestNeedsSum(t *testing.T) {
	wl := kube.ReadWorkload(parse(t, "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {containers: []}}")[0])
	var n needs
	if sum := n.sum(); sum.Strength != model.None || len(sum.Evidence) != 0 || sum.Evidence == nil {
		t.Errorf("no needs are %+v", sum)
	}
	for _, r := range []*world.Need{
		{Workload: wl, Host: "b", Strength: model.Inferred},
		{Workload: wl, Host: "a", Strength: model.Inferred},
		{Workload: wl, Host: "c", Strength: model.Declared},
		{Workload: wl, Host: "a", Strength: model.Inferred},
	} {
		n.add(r)
	}
	sum := n.sum()
	var hosts []string
	for _, e := range sum.Evidence {
		hosts = append(hosts, e.Destination)
	}
	if got := strings.Join(hosts, " "); sum.Strength != model.Declared || got != "c a b" {
		t.Errorf("needs are %s %s", sum.Strength, got)
	}
	if both := merged(&n, &n); len(both.Evidence) != 3 {
		t.Errorf("the same needs twice are %+v", both)
	}
}

// TestOnceEach checks which of the entries of one place counts.
func TestOnceEach(t *testing.T) {
	gate := func(ref int, address string, gates int) entryGate {
		return entryGate{&model.Translation{Address: address, Origin: place.Origin{Ref: ref}}, make([]*internetGate, gates)}
	}
	for _, tc := range []struct {
		name string
		list []entryGate
		want string
	}{
		{"two places", []entryGate{gate(1, "a", 0), gate(2, "b", 0)}, "a b"},
		{"used", []entryGate{gate(1, "a", 0), gate(1, "module.b", 1)}, "module.b"},
		{"used, then not", []entryGate{gate(1, "module.b", 1), gate(1, "a", 0)}, "module.b"},
		{"used twice", []entryGate{gate(1, "module.b", 1), gate(1, "a", 1)}, "module.b"},
		{"not used", []entryGate{gate(1, "module.b", 0), gate(1, "a", 0)}, "a"},
		{"not used, in another order", []entryGate{gate(1, "a", 0), gate(1, "module.b", 0)}, "a"},
		{"two alike", []entryGate{gate(1, "a", 0), gate(1, "b", 0)}, "a"},
	} {
		var got []string
		for _, e := range onceEach(tc.list) {
			got = append(got, e.Address)
		}
		if got := strings.Join(got, " "); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// TestBucketStatement checks what is said of resources and principals of a bucket policy.
func TestBucketStatement(t *testing.T) {
	target := &alicloud.Target{Prefixes: []string{"shop"}}
	for resource, want := range map[string]bool{
		"*": true, "acs:oss:*:*:shop/*": true, "acs:oss:*:*:Shop/*": true, "acs:oss:*:*:*/*": true, "acs:oss:*:*:shop": false,
		"acs:oss:*:*:shop/logs/*": false, "acs:oss:*:*:other/*": false, "": false,
	} {
		if got := wholeBucket(target, []string{"acs:oss:*:*:none/*", resource}); got != want {
			t.Errorf("%q is the whole bucket: %t", resource, got)
		}
	}
	for _, tc := range []struct {
		principal any
		want      bool
	}{
		{"*", true}, {"1234", false}, {[]any{"1234", "*"}, true}, {[]any{"1234"}, false}, {nil, false}, {map[string]any{}, false},
	} {
		if got := everybody(tc.principal); got != tc.want {
			t.Errorf("%v is everybody: %t", tc.principal, got)
		}
	}
	for action, want := range map[string]bool{"*": true, "oss:*": true, "oss:GetObject": true, "oss:ListObjects": false} {
		if got := deniesObjects([]string{"oss:Other", action}); got != want {
			t.Errorf("%s is about objects: %t", action, got)
		}
	}
}

// TestStringList checks what a bucket policy may write as a list.
func TestStringList(t *testing.T) {
	for text, want := range map[string]string{
		`{"Statement": [{"Effect": "Deny", "Action": "oss:*", "Resource": ["a", "b"]}]}`: "oss:* a b",
		`{"Statement": [{"Action": ["oss:Get*"], "Resource": []}]}`:                      "oss:Get*",
		`{"Statement": [{"Action": 1}]}`:                                                 "error",
	} {
		var p bucketPolicy
		got := "error"
		if json.Unmarshal([]byte(text), &p) == nil {
			got = strings.Join(slices.Concat(p.Statement[0].Action, p.Statement[0].Resource), " ")
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
