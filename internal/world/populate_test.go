package world

import (
	"strings"
	"testing"
)

// TestPopulate checks what objects of a kind and a group are taken for.
func TestPopulate(t *testing.T) {
	count := func(w *World) string {
		var list []string
		for name, n := range map[string]int{
			"service": len(w.Services), "load balancer": len(w.byAddress), "entrance": len(w.entrances), "policy": len(w.Policies),
			"workload": len(w.Workloads) - 1, "mesh": len(w.meshEntries), "cilium": len(w.tiers.Cilium), "admin": len(w.tiers.Admin), "global": len(w.tiers.Global),
		} {
			if n > 0 {
				list = append(list, name)
			}
		}
		if len(list) == 2 && list[0] > list[1] {
			list[0], list[1] = list[1], list[0]
		}
		return strings.Join(list, ", ")
	}
	const policy = "metadata: {name: p, namespace: shop}, spec: {podSelector: {}, policyTypes: [Egress]}}"
	enforcing := func(kinds ...string) Options {
		return Options{Clusters: []ClusterConfig{{Name: "far", Manifests: []string{"**"}, Network: NetworkConfig{Enforces: kinds}}}}
	}
	for _, tc := range []struct {
		manifest string
		options  Options
		want     string
	}{
		{"{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {}}", Options{}, "service"},
		{"{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: LoadBalancer}}", Options{}, "load balancer, service"},
		{"{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: s}, spec: {}}", Options{}, ""},
		{"{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, " + policy, Options{}, "policy"},
		{"{apiVersion: extensions/v1beta1, kind: NetworkPolicy, " + policy, Options{}, "policy"},
		{"{apiVersion: projectcalico.org/v3, kind: NetworkPolicy, " + policy, Options{}, ""},
		{"{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: g}, spec: {}}", Options{}, "entrance"},
		{"{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: g}, spec: {}}", Options{}, ""},
		{"{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: g}, spec: {}}", Options{}, "entrance"},
		{"{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: e}, spec: {hosts: [a.wikipedia.org]}}", Options{}, "mesh"},
		{"{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: p}, spec: {endpointSelector: {}}}", Options{}, ""},
		{"{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: p}, spec: {endpointSelector: {}}}", enforcing("CiliumNetworkPolicy"), "cilium"},
		{"{apiVersion: other.io/v2, kind: CiliumNetworkPolicy, metadata: {name: p}, spec: {endpointSelector: {}}}", enforcing("CiliumNetworkPolicy"), ""},
		{"{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: p}, spec: {endpointSelector: {}}}", enforcing("AdminNetworkPolicy"), ""},
		{"{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {name: p}, spec: {priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{namespaces: {}}]}]}}", enforcing("AdminNetworkPolicy"), "admin"},
		{"{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: {containers: []}}}}", Options{}, "workload"},
	} {
		_, worlds, _ := build(t, "", pods("env: []")+"---\n"+tc.manifest+"\n", tc.options)
		w := worlds[0]
		if got := count(w); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.manifest, got, tc.want)
		}
		if w.MayDeny() != (tc.want == "cilium" || tc.want == "admin") {
			t.Errorf("%s: may deny is %t", tc.manifest, w.MayDeny())
		}
	}
}

// TestPolices checks whether something on a cluster may enforce policies.
func TestPolices(t *testing.T) {
	for _, tc := range []struct {
		enforcement string
		exclusive   bool
		want        bool
	}{
		{"enforced", false, true}, {"unknown", false, true}, {"not-enforced", false, false}, {"not-enforced", true, false},
	} {
		w := &World{Network: network{Enforcement: tc.enforcement, Exclusive: tc.exclusive}}
		if w.Polices() != tc.want {
			t.Errorf("%+v: %t", tc, w.Polices())
		}
	}
	for datapath, want := range map[string]bool{"v2": true, "ipvlan": true, "veth": false, "unknown": false} {
		if got := (&World{Network: network{Datapath: datapath}}).TranslatesByEBPF(); got != want {
			t.Errorf("data path %s translates: %t", datapath, got)
		}
	}
	if w := (&World{}); w.ClusterID() != "" || w.ClusterName() != "of these manifests" {
		t.Errorf("manifests of no cluster are %q, %q", w.ClusterID(), w.ClusterName())
	}
}

// TestPlugin checks what Terraform says of the plug-in.
func TestPlugin(t *testing.T) {
	cluster := func(arguments string) string {
		return "variable \"x\" {}\nresource \"alicloud_cs_managed_kubernetes\" \"m\" {\n" + arguments + "\n}\n"
	}
	addon := func(arguments string) string {
		return "resource \"alicloud_cs_kubernetes_addon\" \"a\" {\n" + arguments + "\n}\n"
	}
	const id = "cluster_id = alicloud_cs_managed_kubernetes.m.id\n"
	for _, tc := range []struct{ name, hcl, want, mismatches string }{
		{"nothing", cluster(""), "unknown by none", ""},
		{"an addon", cluster("") + addon(id+"name = \"terway-eniip\""), "terway by addon-resource", ""},
		{"an addon of another cluster", cluster("") + addon("cluster_id = \"c-x\"\nname = \"terway-eniip\""), "unknown by none", ""},
		{"another addon", cluster("") + addon(id+"name = \"coredns\""), "unknown by none", ""},
		{"an addon that may not exist", cluster("") + addon(id+"name = \"terway-eniip\"\ncount = var.x"), "unknown by none", ""},
		{"a block", cluster("addons {\n name = \"flannel\"\n}"), "flannel by addons", ""},
		{"a block that is switched off", cluster("addons {\n name = \"flannel\"\n disabled = true\n}"), "unknown by none", ""},
		{"a block that may be switched off", cluster("addons {\n name = \"flannel\"\n disabled = var.x\n}"), "unknown by none", ""},
		{"another block", cluster("addons {\n name = \"coredns\"\n}"), "unknown by none", ""},
		{"an addon before a block", cluster("addons {\n name = \"flannel\"\n}") + addon(id+"name = \"terway-eniip\""), "unknown by none", "two-plugins"},
		{"a type", cluster("cluster_network_type = \"flannel\""), "flannel by cluster_network_type", ""},
		{"a type of nothing", cluster("cluster_network_type = \"other\""), "unknown by none", ""},
		{"edge", cluster("profile = \"Edge\""), "flannel by kind", ""},
		{"pods' vSwitches", cluster("pod_vswitch_ids = [\"vsw-a\"]"), "terway by pod_vswitch_ids", ""},
		{"pods' vSwitches that are not known", cluster("pod_vswitch_ids = var.x"), "unknown by none", ""},
		{"no pods' vSwitches", cluster("pod_vswitch_ids = []"), "unknown by none", ""},
		{"a pod CIDR", cluster("pod_cidr = \"10.9.0.0/16\""), "flannel by pod_cidr", ""},
		{"no pod CIDR", cluster("pod_cidr = \"\""), "unknown by none", ""},
		{"a pod CIDR that is not known", cluster("pod_cidr = var.x"), "unknown by none", ""},
		{"both", cluster("pod_vswitch_ids = [\"vsw-a\"]\npod_cidr = \"10.9.0.0/16\""), "terway by pod_vswitch_ids", ""},
		{"both, and perhaps an addon", cluster("pod_vswitch_ids = [\"vsw-a\"]\npod_cidr = \"10.9.0.0/16\"\naddons {\n name = var.x\n}"), "unknown by none", ""},
		{"both, and perhaps an addon of its own", cluster("pod_vswitch_ids = [\"vsw-a\"]\npod_cidr = \"10.9.0.0/16\"") + addon(id+"name = var.x"), "unknown by none", ""},
		{"vSwitches, and perhaps an addon", cluster("pod_vswitch_ids = [\"vsw-a\"]\naddons {\n name = var.x\n}"), "terway by pod_vswitch_ids", ""},
		{"a pod CIDR that is not known, and perhaps an addon", cluster("pod_vswitch_ids = [\"vsw-a\"]\npod_cidr = var.x\naddons {\n name = var.x\n}"), "unknown by none", ""},
		{"Flannel with vSwitches", cluster("cluster_network_type = \"flannel\"\npod_vswitch_ids = [\"vsw-a\"]"), "unknown by none", "pod-vswitches-with-flannel"},
		{"Flannel with vSwitches that are not known", cluster("cluster_network_type = \"flannel\"\npod_vswitch_ids = var.x"), "flannel by cluster_network_type", ""},
		{"Flannel with no vSwitches", cluster("cluster_network_type = \"flannel\"\npod_vswitch_ids = []"), "flannel by cluster_network_type", ""},
		{"Terway with a pod CIDR", cluster("cluster_network_type = \"terway\"\npod_cidr = \"10.9.0.0/16\""), "terway by cluster_network_type", "pod-cidr-with-terway"},
		{"Flannel with a pod CIDR", cluster("cluster_network_type = \"flannel\"\npod_cidr = \"10.9.0.0/16\""), "flannel by cluster_network_type", ""},
	} {
		f, _, _ := build(t, tc.hcl, pods("env: []"), Options{})
		c := f.Clusters[0]
		var codes []string
		for _, m := range c.mismatches {
			codes = append(codes, m.Code)
		}
		if got := c.Plugin + " by " + c.pluginSource; got != tc.want || strings.Join(codes, " ") != tc.mismatches {
			t.Errorf("%s: %s, %v; want %s, %s", tc.name, got, codes, tc.want, tc.mismatches)
		}
	}
}

// TestGroupsOf checks which security groups interfaces carry.
func TestGroupsOf(t *testing.T) {
	cluster := func(arguments string) string {
		return strings.Replace(main, "new_nat_gateway", arguments+"\n new_nat_gateway", 1)
	}
	pool := func(name, arguments string) string {
		return "resource \"alicloud_cs_kubernetes_node_pool\" \"" + name + "\" {\n cluster_id = alicloud_cs_managed_kubernetes.main.id\n vswitch_ids = [alicloud_vswitch.pod.id]\n" + arguments + "\n}\n"
	}
	for _, tc := range []struct{ name, hcl, want string }{
		{"none", main, "created"},
		{"the cluster's", cluster("security_group_id = \"sg-a\""), "sg-a"},
		{"the cluster's that is not known", "variable \"x\" {}\n" + cluster("security_group_id = var.x"), "unknown"},
		{"a pool's", cluster("security_group_id = \"sg-a\"") + pool("p", "security_group_ids = [\"sg-b\"]"), "sg-b"},
		{"a pool's old argument", main + pool("p", "security_group_id = \"sg-b\""), "sg-b"},
		{"a pool's empty list", main + pool("p", "security_group_ids = []\n security_group_id = \"sg-b\""), "sg-b"},
		{"a pool's that is not known", "variable \"x\" {}\n" + main + pool("p", "security_group_ids = var.x\n security_group_id = \"sg-b\""), "unknown"},
		{"one of two pools'", cluster("security_group_id = \"sg-a\"") + pool("p", "security_group_ids = [\"sg-b\"]") + pool("q", ""), "sg-b sg-a"},
		{"both pools'", cluster("security_group_id = \"sg-a\"") + pool("p", "security_group_ids = [\"sg-b\"]") + pool("q", "security_group_ids = [\"sg-c\"]"), "sg-b sg-c"},
	} {
		f, _, _ := build(t, tc.hcl, pods("env: []"), Options{})
		c := f.Clusters[0]
		var got []string
		for _, ids := range c.GroupsOf(&c.Node) {
			switch {
			case ids.Created:
				got = append(got, "created")
			case len(ids.List) == 0:
				got = append(got, "unknown")
			}
			for _, id := range ids.List {
				got = append(got, strings.TrimPrefix(id.Key, "id:"))
			}
			if (ids.Unknown != "") != (len(ids.List) == 0) {
				t.Errorf("%s: %+v", tc.name, ids)
			}
		}
		if got := strings.Join(got, " "); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	if own := (&Cluster{}).GroupsOf(&Sources{Own: &IDs{Unknown: "why"}}); len(own) != 1 || own[0].Unknown != "why" {
		t.Errorf("groups of certain pods are %+v", own)
	}
}

// TestDisputed checks which ConfigMap of several environments counts.
func TestDisputed(t *testing.T) {
	config := func(data string) string {
		return "{apiVersion: v1, kind: ConfigMap, metadata: {name: eni-config, namespace: kube-system}, data: " + data + "}\n"
	}
	const a, b = `{eni_conf: '{"vswitches": {"a": ["vsw-a"]}}'}`, `{eni_conf: '{"vswitches": {"a": ["vsw-b"]}}'}`
	const pod = "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop}, spec: {containers: []}}\n"
	for _, tc := range []struct {
		name      string
		manifests map[string]string
		disputed  bool
		found     bool
	}{
		{"one", map[string]string{"k8s/dev/x.yaml": config(a)}, false, true},
		{"alike", map[string]string{"k8s/dev/x.yaml": config(a), "k8s/qa/x.yaml": config(a)}, false, true},
		{"not alike", map[string]string{"k8s/dev/x.yaml": config(a), "k8s/qa/x.yaml": config(b)}, true, true},
		{"only one has it", map[string]string{"k8s/dev/x.yaml": config(a), "k8s/qa/x.yaml": pod}, true, true},
		{"only the other has it", map[string]string{"k8s/dev/x.yaml": pod, "k8s/qa/x.yaml": config(a)}, true, false},
		{"none", map[string]string{"k8s/dev/x.yaml": pod, "k8s/qa/x.yaml": pod}, false, false},
	} {
		var worlds []*World
		for _, dir := range []string{"dev", "qa"} {
			text, ok := tc.manifests["k8s/"+dir+"/x.yaml"]
			if !ok {
				continue
			}
			_, one, _ := build(t, "", text, Options{})
			worlds = append(worlds, one...)
		}
		found, disputed := configMap(&Cluster{Worlds: worlds}, terwayConfigMap)
		if disputed != tc.disputed || (found != nil) != tc.found {
			t.Errorf("%s: found %t, disputed %t", tc.name, found != nil, disputed)
		}
	}
}
