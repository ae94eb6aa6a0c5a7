package world

import (
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/terraform"
)

func (n network) text() string {
	return n.Plugin + " by " + n.pluginSource + ", " + n.Datapath + ", " + n.Enforcement + ", " + n.InClusterLB.String()
}

// TestNetworkOf checks which statement about a network counts.
func TestNetworkOf(t *testing.T) {
	terway := network{Plugin: PluginTerway, pluginSource: "manifests", Datapath: "ipvlan", Enforcement: "enforced", InClusterLB: truth.No}
	flannel := network{Plugin: PluginFlannel, pluginSource: "addons", Datapath: "unknown", Enforcement: "unknown"}
	for _, tc := range []struct {
		name string
		n    network
		want string
	}{
		{"nothing", undecided, "unknown by none, unknown, unknown, maybe"},
		{"named", undecided.named(flannel), "flannel by addons, unknown, unknown, maybe"},
		{"named already", flannel.named(terway), "flannel by addons, unknown, unknown, maybe"},
		{"Flannel", flannel.byPlugin(), "flannel by addons, veth, not-enforced, maybe"},
		{"Flannel with policies of somebody else", flannel.configured(&ClusterConfig{Network: NetworkConfig{NetworkPolicy: "enforced", Datapath: "v2"}}).byPlugin(), "flannel by addons, v2, enforced, maybe"},
		{"Terway decides nothing", undecided.named(terway).byPlugin(), "terway by manifests, unknown, unknown, maybe"},
		{"completed", undecided.named(terway).completed(terway), "terway by manifests, ipvlan, enforced, no"},
		{"completed by another", flannel.completed(terway), "flannel by addons, unknown, unknown, maybe"},
		{"decided, then completed", network{Plugin: PluginTerway, Datapath: "veth", Enforcement: "not-enforced"}.completed(terway), "terway by , veth, not-enforced, no"},
		{"no configuration", terway.configured(nil), "terway by manifests, ipvlan, enforced, no"},
		{"an empty configuration", terway.configured(&ClusterConfig{}), "terway by manifests, ipvlan, enforced, no"},
		{"policies off", terway.configured(&ClusterConfig{Network: NetworkConfig{NetworkPolicy: "off"}}), "terway by manifests, ipvlan, not-enforced, no"},
		{"configured for all", configuredNetwork(&Facts{options: Options{ClusterNetwork: PluginFlannel}}, nil), "flannel by configuration, unknown, unknown, maybe"},
		{
			"configured for one",
			configuredNetwork(&Facts{options: Options{ClusterNetwork: PluginFlannel}}, &ClusterConfig{Network: NetworkConfig{Plugin: PluginTerway}}),
			"terway by configuration, unknown, unknown, maybe",
		},
		{"configured for another", configuredNetwork(&Facts{options: Options{ClusterNetwork: PluginFlannel}}, &ClusterConfig{}), "flannel by configuration, unknown, unknown, maybe"},
		{"not configured", configuredNetwork(&Facts{}, &ClusterConfig{}), "unknown by none, unknown, unknown, maybe"},
		{"nobody agrees", agreed(nil), "unknown by none, unknown, unknown, maybe"},
		{"one says", agreed([]network{undecided, terway}), "terway by manifests, ipvlan, enforced, no"},
		{"two plug-ins", agreed([]network{terway, flannel}), "unknown by none, unknown, unknown, maybe"},
		{
			"two of one",
			agreed([]network{terway, {Plugin: PluginTerway, pluginSource: "manifests", Datapath: "v2", Enforcement: "not-enforced", InClusterLB: truth.Yes}}),
			"terway by manifests, unknown, unknown, maybe",
		},
		{"two alike", agreed([]network{terway, terway}), "terway by manifests, ipvlan, enforced, no"},
	} {
		if got := tc.n.text(); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// TestManifestNetwork checks what ConfigMaps say of a network.
func TestManifestNetwork(t *testing.T) {
	for _, tc := range []struct {
		name, data, want string
		at               bool // whether something switches policies off
	}{
		{"eni-config", "{}", "terway by manifests, unknown, enforced, no", false},
		{"eni-config", "{disable_network_policy: 'true'}", "terway by manifests, unknown, not-enforced, no", true},
		{"eni-config", "{disable_network_policy: 'false'}", "terway by manifests, unknown, enforced, no", false},
		{"eni-config", "{disable_network_policy: '0'}", "terway by manifests, unknown, enforced, no", false},
		{"eni-config", "{disable_network_policy: ''}", "terway by manifests, unknown, enforced, no", false},
		{"eni-config", "{disable_network_policy: UNKNOWN}", "terway by manifests, unknown, unknown, no", false},
		{"eni-config", "{in_cluster_loadbalance: 'true'}", "terway by manifests, unknown, enforced, yes", false},
		{"eni-config", "{in_cluster_loadbalance: 'false'}", "terway by manifests, unknown, enforced, no", false},
		{"eni-config", "{in_cluster_loadbalance: UNKNOWN}", "terway by manifests, unknown, enforced, maybe", false},
		{"eni-config", `{10-terway.conf: '{"eniip_virtual_type": "DataPathV2"}'}`, "terway by manifests, v2, enforced, no", false},
		{"eni-config", `{10-terway.conf: '{"eniip_virtual_type": "IPVlan"}'}`, "terway by manifests, ipvlan, enforced, no", false},
		{"eni-config", `{10-terway.conf: '{}'}`, "terway by manifests, veth, enforced, no", false},
		{"eni-config", `{10-terway.conf: '{"eniip_virtual_type": "other"}'}`, "terway by manifests, unknown, enforced, no", false},
		{"eni-config", `{10-terway.conf: '{'}`, "terway by manifests, unknown, enforced, no", false},
		{"kube-flannel-cfg", "{}", "flannel by manifests, veth, not-enforced, maybe", false},
		{"other", "{}", "unknown by none, unknown, unknown, maybe", false},
	} {
		o := objects(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: "+tc.name+", namespace: kube-system}, data: "+tc.data+"}")[0]
		f := &Facts{Places: kube.NewPlaces()}
		w := &World{configs: map[string]*kube.ConfigSource{"ConfigMap/kube-system/" + tc.name: kube.ReadConfigSource(o)}}
		n := manifestNetwork(f, w)
		if got := n.text(); got != tc.want || (n.policyAt.Ref != 0) != tc.at {
			t.Errorf("%s with %s: %s, switched off at %+v; want %s", tc.name, tc.data, got, n.policyAt, tc.want)
		}
	}
}

// TestTerwayAddon checks what the config of the addon says.
func TestTerwayAddon(t *testing.T) {
	for _, tc := range []struct {
		config, datapath, enforcement string
		trunkingOff                   bool
	}{
		{"''", "unknown", "unknown", false},
		{"UNKNOWN", "unknown", "unknown", false},
		{"'{'", "unknown", "unknown", false},
		{`'{"NetworkPolicy": "true"}'`, "unknown", "enforced", false},
		{`'{"NetworkPolicy": "False"}'`, "unknown", "not-enforced", false},
		{`'{"NetworkPolicy": true}'`, "unknown", "enforced", false},
		{`'{"NetworkPolicy": 1}'`, "unknown", "unknown", false},
		{`'{"IPVlan": "true"}'`, "ipvlan", "unknown", false},
		{`'{"IPVlan": "false"}'`, "veth", "unknown", false},
		{`'{"IPVlan": "true", "DataPathType": "v2"}'`, "v2", "unknown", false},
		{`'{"DataPathType": "DataPathV2"}'`, "v2", "unknown", false},
		{`'{"ENITrunking": "false"}'`, "unknown", "unknown", true},
		{`'{"ENITrunking": "true"}'`, "unknown", "unknown", false},
	} {
		n := undecided
		n.applyTerwayConfig(value(t, tc.config))
		if n.Datapath != tc.datapath || n.Enforcement != tc.enforcement || n.trunkingOff != tc.trunkingOff {
			t.Errorf("%s: %s, %s, trunking off is %t", tc.config, n.Datapath, n.Enforcement, n.trunkingOff)
		}
	}
	for name, want := range map[string]string{
		"terway": PluginTerway, "terway-eniip": PluginTerway, "flannel": PluginFlannel, "kube-flannel-ds": PluginFlannel,
		"flannel-x": "", "coredns": "",
	} {
		if got := pluginOfAddon(name); got != want {
			t.Errorf("the plug-in of addon %s is %q, want %q", name, got, want)
		}
	}
}

// TestCauseOfNoPolicy checks what is told to be at fault where nothing enforces policies.
func TestCauseOfNoPolicy(t *testing.T) {
	plugin, off, exclusive := place.Origin{Ref: 1}, place.Origin{Ref: 2}, place.Origin{Ref: 3}
	for _, tc := range []struct {
		n    network
		code string
		at   place.Origin
	}{
		{network{Plugin: PluginFlannel, PluginAt: plugin, policyAt: off}, "flannel", plugin},
		{network{Plugin: PluginTerway, PluginAt: plugin, Exclusive: true, exclusiveAt: exclusive, policyAt: off}, "exclusive-eni", exclusive},
		{network{Plugin: PluginTerway, PluginAt: plugin, policyAt: off}, "disabled", off},
		{network{Plugin: PluginTerway, PluginAt: plugin}, "disabled", plugin},
	} {
		for _, c := range []*Cluster{nil, {}} {
			code, at := CauseOfNoPolicy(&World{Network: tc.n, Cluster: c})
			if code != tc.code || at != tc.at {
				t.Errorf("%+v: %s at %+v", tc.n, code, at)
			}
		}
	}
}

// TestClusterFacts checks what the arguments of a cluster say.
func TestClusterFacts(t *testing.T) {
	yes, no := true, false
	for _, tc := range []struct {
		name, typ, arguments string
		config               *ClusterConfig
		want                 string
	}{
		{"nothing", "alicloud_cs_managed_kubernetes", "{}", nil, "proxy ipvs, gateway yes, intent unsaid"},
		{"nothing of another type", "alicloud_cs_kubernetes", "{}", nil, "proxy unknown, gateway yes, intent unsaid"},
		{"a mode", "alicloud_cs_kubernetes", "{proxy_mode: iptables, new_nat_gateway: false}", nil, "proxy iptables, gateway no, intent unsaid"},
		{"not known", "alicloud_cs_managed_kubernetes", "{proxy_mode: UNKNOWN, new_nat_gateway: UNKNOWN}", nil, "proxy unknown, gateway maybe, intent unsaid"},
		{"a gateway", "alicloud_cs_kubernetes", "{new_nat_gateway: true}", &ClusterConfig{}, "proxy unknown, gateway yes, intent unsaid"},
		{"meant to reach the Internet", "alicloud_cs_kubernetes", "{}", &ClusterConfig{Internet: &yes}, "proxy unknown, gateway yes, intent yes"},
		{"meant to be private", "alicloud_cs_kubernetes", "{}", &ClusterConfig{Internet: &no}, "proxy unknown, gateway yes, intent no"},
	} {
		body := value(t, tc.arguments)
		c := &Cluster{Res: &terraform.Resource{Type: tc.typ, Body: body}, ProxyMode: "unknown", config: tc.config}
		readProxyMode(c, body)
		readNewGateway(c, body)
		readIntent(c)
		if got := "proxy " + c.ProxyMode + ", gateway " + c.NewGateway.String() + ", intent " + c.Intent; got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// TestIPStack checks which addresses the pods of a cluster have.
func TestIPStack(t *testing.T) {
	six := func(arguments string) Member {
		return Member{VSwitch: &alicloud.VSwitch{Resource: &terraform.Resource{Body: value(t, arguments)}}}
	}
	for _, tc := range []struct {
		name, plugin, arguments string
		pods, nodes             []Member
		want                    string
	}{
		{"Flannel", PluginFlannel, "{ip_stack: dual}", nil, nil, "ipv4"},
		{"dual", PluginTerway, "{ip_stack: dual}", nil, nil, "dual"},
		{"not known", PluginTerway, "{ip_stack: UNKNOWN}", nil, nil, ""},
		{"not written, no vSwitch", PluginTerway, "{}", nil, nil, "ipv4"},
		{"not written, no IPv6", PluginTerway, "{}", []Member{six("{}")}, []Member{six("{enable_ipv6: false}")}, "ipv4"},
		{"not written, IPv6", PluginTerway, "{}", []Member{six("{enable_ipv6: true}")}, nil, ""},
		{"not written, IPv6 of nodes", PluginTerway, "{}", []Member{six("{}")}, []Member{six("{ipv6_cidr_block_mask: 1}")}, ""},
		{"not written, perhaps IPv6", PluginTerway, "{}", []Member{six("{enable_ipv6: UNKNOWN}")}, nil, ""},
		{"not written, a vSwitch outside", PluginTerway, "{}", []Member{in("a", "10.0.0.0/24")}, nil, ""},
	} {
		c := &Cluster{Pod: Sources{Members: tc.pods}, Node: Sources{Members: tc.nodes}}
		c.Plugin = tc.plugin
		readIPStack(c, value(t, tc.arguments))
		if c.IPStack != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, c.IPStack, tc.want)
		}
	}
}

func TestPublicPool(t *testing.T) {
	for _, tc := range []struct {
		arguments string
		want      truth.Truth
		by        bool
	}{
		{"{}", truth.No, false},
		{"{internet_max_bandwidth_out: 0}", truth.No, false},
		{"{internet_max_bandwidth_out: ''}", truth.No, false},
		{"{internet_max_bandwidth_out: 5}", truth.Yes, true},
		{"{internet_max_bandwidth_out: UNKNOWN}", truth.Maybe, false},
		{"{internet_max_bandwidth_out: UNKNOWN, scaling_config: [{is_bond_eip: true}]}", truth.Yes, true},
		{"{scaling_config: [{is_bond_eip: false}]}", truth.No, false},
		{"{scaling_config: [{is_bond_eip: UNKNOWN}]}", truth.Maybe, false},
		{"{scaling_config: [{}]}", truth.No, false},
	} {
		got, by := PublicPool(value(t, tc.arguments))
		if got != tc.want || (by != nil) != tc.by {
			t.Errorf("%s: %s by %v", tc.arguments, got, by)
		}
	}
}

// TestSources checks lists of vSwitches.
func TestSources(t *testing.T) {
	a, b, unknown := in("a", "10.1.0.0/24"), in("b", "10.1.1.0/24"), in("c", "unknown")
	src := Sources{}
	src.addMember(a)
	src.addMember(b)
	again := a
	again.Named = true
	src.addMember(again)
	src.addMember(a)
	if len(src.Members) != 2 || !src.Members[0].Named || src.Members[1].Named {
		t.Errorf("members are %+v", src.Members)
	}
	if set := src.Addresses(); set == nil || !set.Contains(b.VSwitch.CIDR.Addr()) {
		t.Errorf("addresses are %v", set)
	}
	src.addMember(unknown)
	if set := src.Addresses(); set != nil {
		t.Errorf("where a CIDR is not known, addresses are %v", set)
	}
	for _, tc := range []struct {
		name string
		c    Cluster
		want bool
	}{
		{"pods", Cluster{Pod: Sources{Members: []Member{a}}}, true},
		{"pods that are not all known", Cluster{Pod: Sources{Members: []Member{a}, Unknown: "more"}}, false},
		{"pods of a CIDR that is not known", Cluster{Pod: Sources{Members: []Member{unknown}}, Own: []*Sources{{Members: []Member{b}}}}, false},
		{"certain pods", Cluster{Pod: Sources{Members: []Member{a}}, Own: []*Sources{{Members: []Member{b}}}}, true},
		{"certain pods of a CIDR that is not known", Cluster{Pod: Sources{Members: []Member{a}}, Own: []*Sources{{Members: []Member{unknown}}}}, false},
	} {
		set := tc.c.podAddresses()
		if (set != nil) != tc.want {
			t.Errorf("%s: addresses are %v", tc.name, set)
		}
		if set != nil && len(tc.c.Own) > 0 && !set.Contains(b.VSwitch.CIDR.Addr()) {
			t.Errorf("%s: addresses are %v", tc.name, set)
		}
	}
	flannel := &Cluster{network: network{Plugin: PluginFlannel}}
	terway := &Cluster{network: network{Plugin: PluginTerway}}
	if flannel.Primary() != &flannel.Node || terway.Primary() != &terway.Pod {
		t.Error("the plug-in does not decide where pods' packets come from")
	}
	if terway.sourcesOf(true) != &terway.Node || terway.sourcesOf(false) != &terway.Pod || flannel.sourcesOf(false) != &flannel.Node {
		t.Error("hostNetwork does not decide where packets come from")
	}
	pods, nodes := &Sources{Role: RolePod}, &Sources{Role: RoleNode}
	for want, got := range map[string]string{
		"serverless": flannel.PluginOf(pods), "flannel": flannel.PluginOf(nodes), "terway": terway.PluginOf(pods),
	} {
		if got != want {
			t.Errorf("the plug-in of sources is %s, want %s", got, want)
		}
	}
	ids := func(unknown string, keys ...string) *IDs {
		list := &IDs{Unknown: unknown}
		for _, key := range keys {
			list.List = append(list.List, alicloud.Ident{Key: key})
		}
		return list
	}
	for _, tc := range []struct {
		x, y *IDs
		want bool
	}{
		{nil, nil, true},
		{nil, ids(""), false},
		{ids(""), nil, false},
		{ids("", "a"), ids("", "a"), true},
		{ids("", "a"), ids("", "b"), false},
		{ids("why"), ids("other"), false},
		{ids("why"), ids("why"), true},
	} {
		if got := sameGroups(tc.x, tc.y); got != tc.want {
			t.Errorf("sameGroups(%+v, %+v) = %t", tc.x, tc.y, got)
		}
	}
	if list := splitList(" a,, b ,"); strings.Join(list, "|") != "a|b" {
		t.Errorf("a list is %q", list)
	}
}

// TestOwnSources checks that pods of one scope, vSwitches and groups share sources.
func TestOwnSources(t *testing.T) {
	a, b := in("a", "10.1.0.0/24"), in("b", "10.1.1.0/24")
	c := &Cluster{Pod: Sources{Members: []Member{a, b}}}
	first := ownSources(c, &Sources{Scope: "x", Members: []Member{a}})
	for _, tc := range []struct {
		src  *Sources
		same bool
	}{
		{&Sources{Scope: "x", Members: []Member{a}}, true},
		{&Sources{Scope: "y", Members: []Member{a}}, false},
		{&Sources{Scope: "x", Members: []Member{b}}, false},
		{&Sources{Scope: "x", Members: []Member{a}, Own: &IDs{}}, false},
	} {
		if got := ownSources(c, tc.src); (got == first) != tc.same {
			t.Errorf("%+v has sources %+v", tc.src, got)
		}
	}
	if v := viewOn(c, "x", []Member{a}, place.Origin{}); v.Sources != &c.Pod || v.Whole() || named(v.From()) != a.VSwitch.Name {
		t.Errorf("some of the cluster's vSwitches are %+v", v)
	}
	if v := viewOn(c, "x", []Member{a, b}, place.Origin{}); v.Sources != &c.Pod || !v.Whole() {
		t.Errorf("all of the cluster's vSwitches are %+v", v)
	}
	if v := viewOn(c, "x", []Member{a, in("a", "10.9.0.0/24")}, place.Origin{}); v.Sources == &c.Pod || !v.Whole() || v.Groups != &c.Pod {
		t.Errorf("other vSwitches are %+v", v)
	}
}
