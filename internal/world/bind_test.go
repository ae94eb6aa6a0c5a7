package world

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/terraform"
)

// bindAll binds manifests in folders to the clusters of Terraform roots.
func bindAll(t *testing.T, folders map[string]string, manifests map[string]string, options Options, change func(*kubernetes.Object)) (*Facts, []*World, *Notes) {
	t.Helper()
	input := Input{Options: options, Roots: roots(t, folders)}
	for _, name := range slices.Sorted(maps.Keys(manifests)) {
		for _, o := range objects(t, manifests[name]) {
			o.File, o.Dir = name, path.Dir(name)
			if change != nil {
				change(o)
			}
			input.Objects = append(input.Objects, o)
		}
	}
	n := NewNotes()
	f, err := ReadFacts(context.Background(), input, n)
	if err != nil {
		t.Fatal(err)
	}
	worlds, err := Bind(context.Background(), f, input.Objects, n)
	if err != nil {
		t.Fatal(err)
	}
	if err := FindNeeds(context.Background(), f, worlds, n); err != nil {
		t.Fatal(err)
	}
	return f, worlds, n
}

// TestBindings checks on which clusters manifests run.
func TestBindings(t *testing.T) {
	const cluster = "resource \"alicloud_cs_managed_kubernetes\" \"main\" {\n name = \"shop\"\n vswitch_ids = [\"vsw-a\"]\n}\n"
	const two = "resource \"alicloud_cs_managed_kubernetes\" \"one\" {\n vswitch_ids = [\"vsw-a\"]\n}\nresource \"alicloud_cs_managed_kubernetes\" \"two\" {\n vswitch_ids = [\"vsw-a\"]\n}\n"
	deployed := func(deployer, destination string) func(*kubernetes.Object) {
		return func(o *kubernetes.Object) { o.Deployer, o.Destination = deployer, destination }
	}
	configured := func(name, hcl string, manifests ...string) Options {
		return Options{Clusters: []ClusterConfig{{Name: name, Terraform: hcl, Manifests: manifests}}}
	}
	for _, tc := range []struct {
		name    string
		folders map[string]string
		dir     string
		options Options
		change  func(*kubernetes.Object)
		want    string
		hint    bool
	}{
		{"no cluster", nil, "k8s", Options{}, nil, "none:", false},
		{"the only one", map[string]string{"infra": cluster}, "k8s", Options{}, nil, "only-cluster: infra/alicloud_cs_managed_kubernetes.main", false},
		{"two alike", map[string]string{"infra": two}, "k8s", Options{}, nil, "tie: infra/alicloud_cs_managed_kubernetes.one, infra/alicloud_cs_managed_kubernetes.two", false},
		{"the nearer", map[string]string{"a/infra": cluster, "b/infra": cluster}, "b/k8s", Options{}, nil, "directory: b/infra/alicloud_cs_managed_kubernetes.main", false},
		{"as near", map[string]string{"a/infra": cluster, "b/infra": cluster}, "k8s", Options{}, nil, "tie: a/infra/alicloud_cs_managed_kubernetes.main, b/infra/alicloud_cs_managed_kubernetes.main", false},
		{"of the environment", map[string]string{"infra/dev": cluster, "infra/prod": cluster}, "k8s/prod", Options{}, nil, "directory: infra/prod/alicloud_cs_managed_kubernetes.main", false},
		{"of another environment", map[string]string{"infra/dev": cluster}, "k8s/prod", Options{}, nil, "none:", true},
		{"of another environment, and nearer", map[string]string{"x/dev": cluster, "infra/prod": cluster}, "x/prod", Options{}, nil, "directory: infra/prod/alicloud_cs_managed_kubernetes.main", false},
		{"of no environment, and nearer", map[string]string{"x/infra": cluster, "infra/prod": cluster}, "x/prod", Options{}, nil, "directory: x/infra/alicloud_cs_managed_kubernetes.main", false},
		{"of no environment, as near", map[string]string{"x": cluster, "prod": cluster}, "k8s/prod", Options{}, nil, "directory: prod/alicloud_cs_managed_kubernetes.main", false},
		{"of two environments", map[string]string{"dev": cluster, "dev-qa": cluster}, "k8s/dev-qa", Options{}, nil, "directory: dev-qa/alicloud_cs_managed_kubernetes.main", false},
		{"near what deploys it", map[string]string{"a/infra": cluster, "b/infra": cluster}, "k8s", Options{}, deployed("b/app.yaml", ""), "directory: b/infra/alicloud_cs_managed_kubernetes.main", false},
		{"near itself rather", map[string]string{"a/x/infra": cluster, "b/infra": cluster}, "a/x/k8s", Options{}, deployed("b/app.yaml", ""), "directory: a/x/infra/alicloud_cs_managed_kubernetes.main", false},
		{"a root of the tree", map[string]string{".": cluster, "b": cluster}, "b", Options{}, nil, "directory: b/alicloud_cs_managed_kubernetes.main", false},
		{"configured by file", map[string]string{"a": cluster, "b": cluster}, "b", configured("", "a", "b/app.yaml"), nil, "configuration: a/alicloud_cs_managed_kubernetes.main", false},
		{"configured by folder", map[string]string{"a": cluster, "b": cluster}, "b", configured("", "a", "b/kustomization.yaml"), nil, "configuration: a/alicloud_cs_managed_kubernetes.main", false},
		{"configured by what deploys it", map[string]string{"a": cluster, "b": cluster}, "b", configured("", "a", "argocd/*.yaml"), deployed("argocd/app.yaml", ""), "configuration: a/alicloud_cs_managed_kubernetes.main", false},
		{"configured for others", map[string]string{"a": cluster, "b": cluster}, "b", configured("", "a", "c/**"), nil, "directory: b/alicloud_cs_managed_kubernetes.main", false},
		{"configured for others, and nothing deploys it", map[string]string{"a": cluster, "b": cluster}, "b", configured("", "a", "**/x.yaml"), nil, "directory: b/alicloud_cs_managed_kubernetes.main", false},
		{"by its destination", map[string]string{"a": cluster, "b": cluster}, "b", configured("east", "a"), deployed("", "east"), "configuration: a/alicloud_cs_managed_kubernetes.main", false},
		{"another destination", map[string]string{"a": cluster, "b": cluster}, "b", configured("east", "a"), deployed("", "west"), "directory: b/alicloud_cs_managed_kubernetes.main", false},
		{"no destination", map[string]string{"a": cluster, "b": cluster}, "b", configured("", "a"), nil, "directory: b/alicloud_cs_managed_kubernetes.main", false},
		{
			"a file before a destination",
			map[string]string{"a": cluster, "b": cluster},
			"b",
			Options{Clusters: []ClusterConfig{{Name: "east", Terraform: "a"}, {Name: "west", Terraform: "b", Manifests: []string{"b/**"}}}},
			deployed("", "east"),
			"configuration: b/alicloud_cs_managed_kubernetes.main", false,
		},
		{"a cluster that is not in the files", map[string]string{"a": cluster}, "k8s", configured("far", "", "k8s/**"), nil, "configuration: far", false},
		{"beside a cluster that is not in the files", map[string]string{"a": cluster}, "k8s", configured("far", ""), nil, "directory: a/alicloud_cs_managed_kubernetes.main", false},
		{"only a cluster that is not in the files", nil, "k8s", configured("far", ""), nil, "none:", true},
	} {
		manifests := map[string]string{
			tc.dir + "/app.yaml": "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: []}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {containers: []}}\n",
		}
		_, worlds, n := bindAll(t, tc.folders, manifests, tc.options, tc.change)
		if len(n.Bindings) != 1 {
			t.Fatalf("%s: bindings are %+v", tc.name, n.Bindings)
		}
		b := n.Bindings[0]
		if got := strings.TrimSpace(b.Reason + ": " + b.Cluster); got != tc.want || (b.Hint != "") != tc.hint {
			t.Errorf("%s: %s (%s), want %s", tc.name, got, b.Hint, tc.want)
		}
		var on []string
		for _, w := range worlds {
			if len(w.Workloads) > 0 {
				on = append(on, w.ClusterID())
			}
		}
		slices.Sort(on)
		if got := strings.Join(on, ", "); got != b.Cluster {
			t.Errorf("%s: the pods run on %q, bound to %q", tc.name, got, b.Cluster)
		}
	}
	_, worlds, n := bindAll(t, map[string]string{"infra": cluster}, map[string]string{"k8s/app.yaml": env("URL", "http://a.corp.internal:1")}, Options{}, func(o *kubernetes.Object) { o.From, o.Alone = "component x", true })
	if len(n.Bindings) != 0 || len(worlds) != 2 || len(worlds[0].Workloads) != 0 || worlds[1].Cluster != nil || len(worlds[1].Workloads) != 1 {
		t.Errorf("what nothing deploys is bound: %+v", n.Bindings)
	}
}

// TestConfigOf checks which entry of the configuration a cluster has.
func TestConfigOf(t *testing.T) {
	c := &Cluster{ID: "infra/alicloud_x.main@prod", Name: "shop", root: "infra", address: "alicloud_x.main"}
	for _, tc := range []struct {
		name string
		list []ClusterConfig
		want int // which of them; -1 for none
	}{
		{"none", nil, -1},
		{"by its name", []ClusterConfig{{Name: "other"}, {Name: "shop"}}, 1},
		{"the first of its name", []ClusterConfig{{Name: "shop"}, {Name: "shop"}}, 0},
		{"by its directory", []ClusterConfig{{Name: "x", Terraform: "./infra/"}}, 0},
		{"by its address", []ClusterConfig{{Name: "x", Terraform: "alicloud_x.main"}}, 0},
		{"by both", []ClusterConfig{{Name: "x", Terraform: "infra:alicloud_x.main"}}, 0},
		{"by another of its directory", []ClusterConfig{{Name: "shop", Terraform: "infra:alicloud_x.other"}}, -1},
		{"by its address elsewhere", []ClusterConfig{{Name: "shop", Terraform: "other:alicloud_x.main"}}, -1},
		{"by its id", []ClusterConfig{{Name: "x", Terraform: "infra/alicloud_x.main@prod"}}, 0},
		{"what creates it comes before its name", []ClusterConfig{{Name: "shop"}, {Name: "x", Terraform: "infra"}}, 1},
		{"another directory", []ClusterConfig{{Name: "shop", Terraform: "other"}}, -1},
	} {
		f := &Facts{options: Options{Clusters: tc.list}}
		got := configOf(f, c)
		if tc.want < 0 && got != nil || tc.want >= 0 && got != &f.options.Clusters[tc.want] {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
}

// TestConfigsOfOneFolder checks which of several entries that name one folder each of its
// clusters has.
func TestConfigsOfOneFolder(t *testing.T) {
	cluster := func(label, name string) string {
		return "resource \"alicloud_cs_managed_kubernetes\" \"" + label + "\" {\n name = \"" + name + "\"\n}\n"
	}
	two := cluster("a", "shop") + cluster("b", "bank")
	for _, tc := range []struct {
		name, hcl string
		entries   []string
		want      string // the entry of each cluster, then those of none
	}{
		{"by their names", two, []string{"shop", "bank"}, "a: shop, b: bank"},
		{"in the other order", two, []string{"bank", "shop"}, "a: shop, b: bank"},
		{"by their labels", two, []string{"b", "a"}, "a: a, b: b"},
		{"one of no cluster", two, []string{"shop", "other"}, "a: shop, b: bank, other"},
		{"one entry for both", two, []string{"other"}, "a: other, b: other"},
		{"two entries for one", cluster("a", "shop"), []string{"x", "y"}, "a: x, y"},
	} {
		var options Options
		for _, name := range tc.entries {
			options.Clusters = append(options.Clusters, ClusterConfig{Name: name, Terraform: "infra"})
		}
		f, _, _ := build(t, tc.hcl, pods("env: []"), options)
		var got []string
		for _, c := range f.Clusters {
			if text := c.Name; c.Res != nil {
				got = append(got, c.Res.Name+": "+text)
			} else {
				got = append(got, text)
			}
		}
		slices.Sort(got)
		if got := strings.Join(got, ", "); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// TestClusters checks how clusters are called, and what they are.
func TestClusters(t *testing.T) {
	for _, tc := range []struct{ name, hcl, want string }{
		{"a name", "resource \"alicloud_cs_managed_kubernetes\" \"m\" {\n name = \"shop\"\n}\n", "shop managed"},
		{"no name", "resource \"alicloud_cs_managed_kubernetes\" \"m\" {}\n", "alicloud_cs_managed_kubernetes.m managed"},
		{"an empty name", "resource \"alicloud_cs_managed_kubernetes\" \"m\" {\n name = \"\"\n}\n", "alicloud_cs_managed_kubernetes.m managed"},
		{"a name that is composed", "resource \"alicloud_vpc\" \"v\" {}\nresource \"alicloud_cs_managed_kubernetes\" \"m\" {\n name = \"x-${alicloud_vpc.v.id}\"\n}\n", "alicloud_cs_managed_kubernetes.m managed"},
		{"a name that is not known", "variable \"n\" {}\nresource \"alicloud_cs_managed_kubernetes\" \"m\" {\n name = var.n\n}\n", "alicloud_cs_managed_kubernetes.m managed"},
		{"dedicated", "resource \"alicloud_cs_kubernetes\" \"m\" {\n name = \"shop\"\n profile = \"Serverless\"\n}\n", "shop dedicated"},
		{"serverless", "resource \"alicloud_cs_managed_kubernetes\" \"m\" {\n name = \"shop\"\n profile = \"Serverless\"\n}\n", "shop serverless"},
		{"ACS", "resource \"alicloud_cs_managed_kubernetes\" \"m\" {\n name = \"shop\"\n profile = \"Acs\"\n}\n", "shop serverless acs"},
		{"edge", "resource \"alicloud_cs_managed_kubernetes\" \"m\" {\n name = \"shop\"\n profile = \"Edge\"\n}\n", "shop edge"},
		{"of data", "data \"alicloud_cs_managed_kubernetes\" \"m\" {\n name = \"shop\"\n}\n", ""},
		{"no cluster", "resource \"alicloud_vpc\" \"m\" {}\n", ""},
	} {
		f, _, _ := build(t, tc.hcl, pods("env: []"), Options{})
		var got []string
		for _, c := range f.Clusters {
			text := c.Name + " " + c.kind
			if c.acs {
				text += " acs"
			}
			got = append(got, text)
		}
		if got := strings.Join(got, ", "); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	const secrets = "variable \"c\" {\n sensitive = true\n default = \"10.9.0.0/16\"\n}\nresource \"alicloud_cs_managed_kubernetes\" \"m\" {\n service_cidr = var.c\n pod_cidr = \"10.8.0.0/16\"\n}\nresource \"alicloud_cs_managed_kubernetes\" \"n\" {\n service_cidr = \"10.8.0.0/16\"\n pod_cidr = var.c\n}\n"
	f, _, _ := build(t, secrets, pods("env: []"), Options{Clusters: []ClusterConfig{{Name: "far"}}})
	for i, want := range []string{"", "(sensitive) 10.8.0.0/16", "10.8.0.0/16 (sensitive)"} {
		e := f.Clusters[i].Entity()
		got := strings.TrimSpace(e.ServiceCIDR + " " + e.PodCIDR)
		if strings.Contains(got, "10.9.") || (strings.Contains(want, "10.8.") != strings.Contains(got, "10.8.0.0/16")) {
			t.Errorf("cluster %s shows %q", e.ID, got)
		}
		if strings.HasPrefix(want, "10.8.") != strings.HasPrefix(got, "10.8.") {
			t.Errorf("cluster %s shows %q", e.ID, got)
		}
	}
}

// TestUnmatchedCluster checks what is told of clusters that the configuration names.
func TestUnmatchedCluster(t *testing.T) {
	for _, tc := range []struct {
		config ClusterConfig
		want   int
	}{
		{ClusterConfig{Name: "far"}, 0},
		{ClusterConfig{Name: "far", Terraform: "nowhere"}, 1},
		{ClusterConfig{Name: "near", Terraform: "infra"}, 0},
	} {
		f, _, n := build(t, main, pods("env: []"), Options{Clusters: []ClusterConfig{tc.config}})
		if len(n.SortedDiagnostics()) != tc.want {
			t.Errorf("%+v: %v", tc.config, n.SortedDiagnostics())
		}
		if want := 2 - min(len(tc.config.Terraform), 1)*(1-tc.want); len(f.Clusters) != want {
			t.Errorf("%+v: %d clusters", tc.config, len(f.Clusters))
		}
	}
}

// TestClusterOf checks on which cluster an object runs that Terraform creates.
func TestClusterOf(t *testing.T) {
	const object = "resource \"kubernetes_namespace\" \"n\" {\n provider = kubernetes.x\n metadata {\n  name = \"shop\"\n }\n}\n"
	const one = "resource \"alicloud_cs_managed_kubernetes\" \"one\" {\n vswitch_ids = [\"vsw-a\"]\n}\n"
	const two = one + "resource \"alicloud_cs_managed_kubernetes\" \"two\" {\n vswitch_ids = [\"vsw-a\"]\n}\n"
	const credential = "data \"alicloud_cs_cluster_credential\" \"two\" {\n cluster_id = alicloud_cs_managed_kubernetes.two.id\n}\n"
	provider := func(alias, host string) string {
		return "provider \"kubernetes\" {\n alias = \"" + alias + "\"\n host = " + host + "\n}\n"
	}
	for _, tc := range []struct{ name, hcl, want string }{
		{"no cluster", object, ""},
		{"the only one", one + object, "one"},
		{"one of two", two + object, ""},
		{"by the provider", two + object + provider("x", "alicloud_cs_managed_kubernetes.two.id"), "two"},
		{"by another provider", two + object + provider("y", "alicloud_cs_managed_kubernetes.two.id"), ""},
		{"by a credential", two + object + credential + provider("x", "data.alicloud_cs_cluster_credential.two.id"), "two"},
		{"by something else", two + object + "resource \"alicloud_vpc\" \"v\" {}\n" + provider("x", "alicloud_vpc.v.id"), ""},
		{"by something else, the only one", one + object + "resource \"alicloud_vpc\" \"v\" {}\n" + provider("x", "alicloud_vpc.v.id"), "one"},
		{"perhaps", "variable \"n\" {}\n" + one + strings.Replace(object, "provider = ", "count = var.n\n provider = ", 1), ""},
	} {
		f, worlds, _ := build(t, tc.hcl, pods("env: []"), Options{})
		got := ""
		for _, w := range worlds {
			if w.Namespaces["shop"] != nil && w.Cluster != nil {
				got += w.Cluster.Res.Name
			}
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q (%d objects)", tc.name, got, tc.want, len(f.Born))
		}
	}
}

// TestPoseidon checks whether the files install what enforces policies on container
// instances.
func TestPoseidon(t *testing.T) {
	const cluster = "resource \"alicloud_cs_managed_kubernetes\" \"m\" {\n vswitch_ids = [\"vsw-a\"]\n"
	addon := func(name, cluster, more string) string {
		return "resource \"alicloud_cs_kubernetes_addon\" \"a\" {\n name = \"" + name + "\"\n cluster_id = " + cluster + "\n" + more + "}\n"
	}
	const id = "alicloud_cs_managed_kubernetes.m.id"
	for _, tc := range []struct {
		name, hcl string
		want      bool
	}{
		{"nothing", cluster + "}\n", false},
		{"an addon", cluster + "}\n" + addon("poseidon", id, ""), true},
		{"an addon by its other name", cluster + "}\n" + addon("ack-poseidon", id, ""), true},
		{"another addon", cluster + "}\n" + addon("terway", id, ""), false},
		{"of another cluster", cluster + "}\n" + addon("poseidon", "\"c-x\"", ""), false},
		{"perhaps", "variable \"n\" {}\n" + cluster + "}\n" + addon("poseidon", id, " count = var.n\n"), false},
		{"a block", cluster + " addons {\n  name = \"poseidon\"\n }\n}\n", true},
		{"a block that is switched off", cluster + " addons {\n  name = \"poseidon\"\n  disabled = true\n }\n}\n", false},
		{"a block that is on", cluster + " addons {\n  name = \"poseidon\"\n  disabled = false\n }\n}\n", true},
		{"a block that may be on", "variable \"n\" {}\n" + cluster + " addons {\n  name = \"poseidon\"\n  disabled = var.n\n }\n}\n", false},
		{"another block", cluster + " addons {\n  name = \"terway\"\n }\n}\n", false},
	} {
		_, worlds, _ := build(t, tc.hcl, pods("env: []"), Options{})
		if got := hasPoseidon(worlds[0]); got != tc.want {
			t.Errorf("%s: %t", tc.name, got)
		}
	}
	for _, c := range []*Cluster{nil, {}} {
		if hasPoseidon(&World{Cluster: c}) {
			t.Errorf("cluster %+v has it", c)
		}
	}
}

// TestExemption checks on whose pods nothing enforces policies.
func TestExemption(t *testing.T) {
	const pools = main + `
resource "alicloud_cs_kubernetes_node_pool" "eni" {
  cluster_id  = alicloud_cs_managed_kubernetes.main.id
  vswitch_ids = [alicloud_vswitch.pod.id]
  labels {
    key   = "k8s.aliyun.com/exclusive-mode-eni-type"
    value = "eniOnly"
  }
  labels {
    key   = "kind"
    value = "eni"
  }
}
resource "alicloud_cs_kubernetes_node_pool" "plain" {
  cluster_id  = alicloud_cs_managed_kubernetes.main.id
  vswitch_ids = [alicloud_vswitch.pod.id]
  labels {
    key   = "kind"
    value = "plain"
  }
}
`
	flannel := strings.Replace(pools, "pod_vswitch_ids", "cluster_network_type = \"flannel\"\n  other", 1)
	for _, tc := range []struct{ name, hcl, metadata, spec, want string }{
		{"plain", pools, "{}", "{}", ""},
		{"on exclusive ENIs", pools, "{}", "{nodeSelector: {kind: eni}}", "exclusive-eni-pods"},
		{"on others", pools, "{}", "{nodeSelector: {kind: plain}}", ""},
		{"on the nodes' network", pools, "{}", "{hostNetwork: true, nodeSelector: {kind: eni}}", ""},
		{"perhaps on the nodes' network", pools, "{}", "{hostNetwork: UNKNOWN, nodeSelector: {kind: eni}}", ""},
		{"on no pool", pools, "{}", "{nodeSelector: {kind: none}}", ""},
		{"with Flannel", flannel, "{}", "{nodeSelector: {kind: eni}}", ""},
		{"another value", strings.Replace(pools, "eniOnly", "other", 1), "{}", "{nodeSelector: {kind: eni}}", ""},
		{"another key", strings.Replace(pools, "exclusive-mode-eni-type", "other", 1), "{}", "{nodeSelector: {kind: eni}}", ""},
		{"perhaps another pool", pools + "variable \"c\" {}\nresource \"alicloud_cs_kubernetes_node_pool\" \"x\" {\n cluster_id = var.c\n}\n", "{}", "{nodeSelector: {kind: eni}}", ""},
		{"a pool that may not exist", "variable \"n\" {}\n" + strings.Replace(pools, "\"eni\" {", "\"eni\" {\n  count = var.n", 1), "{}", "{nodeSelector: {kind: eni}}", ""},
		{"container groups", pools, "{labels: {alibabacloud.com/eci: 'true'}}", "{}", ""},
		{"of ACS", pools, "{labels: {alibabacloud.com/acs: 'true'}}", "{}", "acs-pods"},
		{"of ACS on the nodes' network", pools, "{labels: {alibabacloud.com/acs: 'true'}}", "{hostNetwork: true}", ""},
		{"of ACS with the agent", pools, "{labels: {alibabacloud.com/acs: 'true'}, annotations: {alibabacloud.com/enable-network-policy-agent: 'true'}}", "{}", ""},
		{"of ACS without the agent", pools, "{labels: {alibabacloud.com/acs: 'true'}, annotations: {alibabacloud.com/enable-network-policy-agent: 'false'}}", "{}", "acs-pods"},
		{"of ACS, perhaps with the agent", pools, "{labels: {alibabacloud.com/acs: 'true'}, annotations: {alibabacloud.com/enable-network-policy-agent: UNKNOWN}}", "{}", ""},
		{"of ACS with another agent", pools, "{labels: {alibabacloud.com/acs: 'true'}, annotations: {alibabacloud.com/enable-network-policy-agent: other}}", "{}", ""},
		{"of ACS with a label", pools, "{labels: {alibabacloud.com/acs: 'true', alibabacloud.com/enable-network-policy-agent: 'x'}}", "{}", ""},
		{"a cluster that is not in the files", "", "{}", "{nodeSelector: {kind: eni}}", ""},
	} {
		manifest := "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: shop}, spec: {template: {metadata: " + tc.metadata + ", spec: " + tc.spec + "}}}\n"
		_, worlds, _ := build(t, tc.hcl, manifest, Options{})
		got := worlds[0].Exempt[0]
		if got.Code != tc.want || (got.Cause.Ref != 0) != (tc.want != "") {
			t.Errorf("%s: %+v, want %q", tc.name, got, tc.want)
		}
	}
}

// TestPodNetworks checks which networks of their own pods get.
func TestPodNetworks(t *testing.T) {
	const terway = main + "resource \"alicloud_vswitch\" \"own\" {\n vpc_id = alicloud_vpc.main.id\n zone_id = \"cn-hangzhou-a\"\n cidr_block = \"10.2.0.0/24\"\n}\n"
	networking := func(name, spec string) string {
		return "---\n{apiVersion: network.alibabacloud.com/v1beta1, kind: PodNetworking, metadata: {name: " + name + "}, spec: " + spec + "}\n"
	}
	namespace := "---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}\n"
	for _, tc := range []struct {
		name, metadata, spec, more string
		want                       string
		groups                     bool // whether the pods may have groups of their own
	}{
		{"plain", "{}", "{}", "", "none", false},
		{"ignored", "{labels: {k8s.aliyun.com/ignore-by-terway: 'true'}, annotations: {k8s.aliyun.com/pod-networks: x}}", "{}", "", "none", false},
		{"not ignored", "{labels: {k8s.aliyun.com/ignore-by-terway: 'false'}, annotations: {k8s.aliyun.com/pod-networking: x}}", "{}", "", "the annotation k8s.aliyun.com/pod-networking names the network of Deployment/api", true},
		{"perhaps ignored", "{labels: {k8s.aliyun.com/ignore-by-terway: UNKNOWN}}", "{}", "", "the label k8s.aliyun.com/ignore-by-terway of Deployment/api is unknown", true},
		{"of container groups", "{annotations: {k8s.aliyun.com/eci-vswitch: vsw-a}}", "{}", "", "the annotation k8s.aliyun.com/eci-vswitch says that Deployment/api runs as container groups, and nothing else in the files does", true},
		{"written", `{annotations: {k8s.aliyun.com/pod-networks: '{"podNetworks": [{"vSwitchOptions": ["vsw-a", ""], "securityGroupIDs": ["sg-a"]}]}'}}`, "{}", "", "vsw-a with groups", true},
		{"written without groups", `{annotations: {k8s.aliyun.com/pod-networks: '{"podNetworks": [{"vSwitchOptions": ["vsw-a"]}]}'}}`, "{}", "", "vsw-a", false},
		{"written badly", "{annotations: {k8s.aliyun.com/pod-networks: '{'}}", "{}", "", "the annotation k8s.aliyun.com/pod-networks of Deployment/api cannot be read", true},
		{"not known", "{annotations: {k8s.aliyun.com/pod-networks: UNKNOWN}}", "{}", "", "the annotation k8s.aliyun.com/pod-networks of Deployment/api cannot be read", true},
		{"several", `{annotations: {k8s.aliyun.com/pod-networks: '{"podNetworks": [{}, {}]}'}}`, "{}", "", "the annotation k8s.aliyun.com/pod-networks gives Deployment/api several networks or none", true},
		{"two annotations", "{annotations: {k8s.aliyun.com/pod-networks: x, k8s.aliyun.com/pod-networks-request: y}}", "{}", "", "the annotation k8s.aliyun.com/pod-networks-request names the network of Deployment/api", true},
		{"asked for", `{annotations: {k8s.aliyun.com/pod-networks-request: '[{"network": "net"}]'}}`, "{}", networking("net", "{vSwitchOptions: [vsw-a], securityGroupIDs: [sg-a]}"), "vsw-a with groups", true},
		{"asked for another", `{annotations: {k8s.aliyun.com/pod-networks-request: '[{"network": "met"}]'}}`, "{}", networking("net", "{vSwitchOptions: [vsw-a]}"), "PodNetworking met, which Deployment/api asks for, is not in the files", true},
		{"asked for two", `{annotations: {k8s.aliyun.com/pod-networks-request: '[{"network": "net"}, {"network": "net"}]'}}`, "{}", networking("net", "{vSwitchOptions: [vsw-a]}"), "the annotation k8s.aliyun.com/pod-networks-request names the networks of Deployment/api", true},
		{"asked for badly", "{annotations: {k8s.aliyun.com/pod-networks-request: '{'}}", "{}", "", "the annotation k8s.aliyun.com/pod-networks-request names the networks of Deployment/api", true},
		{"asked for, not known", "{annotations: {k8s.aliyun.com/pod-networks-request: UNKNOWN}}", "{}", "", "the annotation k8s.aliyun.com/pod-networks-request names the networks of Deployment/api", true},
		{"selected", "{labels: {a: b}}", "{}", networking("net", "{selector: {podSelector: {matchLabels: {a: b}}}, vSwitchOptions: [vsw-a]}"), "vsw-a", false},
		{"others selected", "{labels: {a: c}}", "{}", networking("net", "{selector: {podSelector: {matchLabels: {a: b}}}, vSwitchOptions: [vsw-a]}"), "none", false},
		{"perhaps selected", "{labels: {a: UNKNOWN}}", "{}", networking("net", "{selector: {podSelector: {matchLabels: {a: b}}}, vSwitchOptions: [vsw-a]}"), "whether PodNetworking net is for the pods of Deployment/api is not decided by the files", true},
		{"a selector that is not known", "{}", "{}", networking("net", "{selector: UNKNOWN, vSwitchOptions: [vsw-a]}"), "whether PodNetworking net is for the pods of Deployment/api is not decided by the files", true},
		{"no selector", "{}", "{}", networking("net", "{vSwitchOptions: [vsw-a]}"), "none", false},
		{"selected by namespace", "{}", "{}", namespace + networking("net", "{selector: {namespaceSelector: {matchLabels: {team: a}}}, vSwitchOptions: [vsw-a]}"), "vsw-a", false},
		{"another namespace selected", "{}", "{}", namespace + networking("net", "{selector: {namespaceSelector: {matchLabels: {team: b}}}, vSwitchOptions: [vsw-a]}"), "none", false},
		{"the namespace selected by name", "{}", "{}", networking("net", "{selector: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}, vSwitchOptions: [vsw-a]}"), "vsw-a", false},
		{"a namespace that is not in the files", "{}", "{}", networking("net", "{selector: {namespaceSelector: {matchLabels: {team: b}}}, vSwitchOptions: [vsw-a]}"), "whether PodNetworking net is for the pods of Deployment/api is not decided by the files", true},
		{"the pods and not the namespace selected", "{labels: {a: b}}", "{}", namespace + networking("net", "{selector: {podSelector: {matchLabels: {a: b}}, namespaceSelector: {matchLabels: {team: b}}}, vSwitchOptions: [vsw-a]}"), "none", false},
		{"the namespace and not the pods selected", "{labels: {a: c}}", "{}", namespace + networking("net", "{selector: {podSelector: {matchLabels: {a: b}}, namespaceSelector: {matchLabels: {team: a}}}, vSwitchOptions: [vsw-a]}"), "none", false},
		{"selected twice", "{labels: {a: b}}", "{}", networking("net", "{selector: {podSelector: {}}, vSwitchOptions: [vsw-a]}") + networking("met", "{selector: {podSelector: {}}, vSwitchOptions: [vsw-a]}"), "PodNetworking net and met are both for the pods of Deployment/api", true},
		{"vSwitches that are not known", "{}", "{}", networking("net", "{selector: {podSelector: {}}, vSwitchOptions: [UNKNOWN]}"), "the vSwitchOptions of PodNetworking net are unknown", true},
		{"groups that are not known", "{}", "{}", networking("net", "{selector: {podSelector: {}}, vSwitchOptions: [vsw-a], securityGroupIDs: [UNKNOWN]}"), "vsw-a with groups", true},
		{"on the nodes' network", `{annotations: {k8s.aliyun.com/pod-networks: '{"podNetworks": [{"vSwitchOptions": ["vsw-a"], "securityGroupIDs": ["sg-a"]}]}'}}`, "{hostNetwork: true}", "", "vsw-a with groups", false},
	} {
		manifest := "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: shop}, spec: {template: {metadata: " + tc.metadata + ", spec: " + tc.spec + "}}}\n"
		f, worlds, _ := build(t, terway, manifest+tc.more, Options{})
		w := worlds[0]
		n, reason := podNetworkOf(f, w, w.Workloads[0])
		got := "none"
		switch {
		case reason != "":
			got = reason
		case n != nil:
			got = named(n.vswitches)
			if n.groups != nil {
				got += " with groups"
			}
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
		if got := HasOwnGroups(f, &Need{World: w, Workload: w.Workloads[0]}); got != tc.groups {
			t.Errorf("%s: groups of their own: %t", tc.name, got)
		}
	}
	if HasOwnGroups(nil, &Need{World: &World{}, Workload: workload(t, "{}", "{}")}) || HasOwnGroups(nil, &Need{World: &World{Cluster: &Cluster{}}, Workload: workload(t, "{}", "{}")}) {
		t.Error("pods of no Terway have security groups of their own")
	}
}

// TestReachableTargets checks which instances workloads may mean.
func TestReachableTargets(t *testing.T) {
	const rds = "resource \"alicloud_db_instance\" \"x\" {\n vswitch_id = \"vsw-a\"\n}\n"
	const cluster = "resource \"alicloud_cs_managed_kubernetes\" \"main\" {\n vswitch_ids = [\"vsw-a\"]\n}\n"
	for _, tc := range []struct {
		name    string
		folders map[string]string
		want    string
	}{
		{"of its root", map[string]string{"infra/prod": cluster + rds}, "infra/prod"},
		{"of another root", map[string]string{"infra/prod": cluster, "data": rds}, "data"},
		{"of another root of the environment", map[string]string{"infra/prod": cluster, "data/prod": rds}, "data/prod"},
		{"of another environment", map[string]string{"infra/prod": cluster, "data/dev": rds}, ""},
		{"of a cluster of none", map[string]string{"infra": cluster, "data/dev": rds}, "data/dev"},
	} {
		f, worlds, _ := bindAll(t, tc.folders, map[string]string{"k8s/app.yaml": pods("env: []")}, Options{}, nil)
		var got []string
		for _, w := range worlds {
			for _, target := range ReachableTargets(f, w) {
				got = append(got, target.Scope.Root.Dir)
			}
		}
		if got := strings.Join(got, " "); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	for _, w := range []*World{{}, {Cluster: &Cluster{}}} {
		if list := ReachableTargets(&Facts{}, w); list != nil {
			t.Errorf("from nowhere are reached %v", list)
		}
	}
}

// TestReferences checks needs of what Terraform creates for what it refers to.
func TestReferences(t *testing.T) {
	const rds = "resource \"alicloud_db_instance\" \"x\" {\n vswitch_id = alicloud_vswitch.pod.id\n}\nresource \"alicloud_db_connection\" \"p\" {\n instance_id = alicloud_db_instance.x.id\n}\n"
	config := func(key, value string) string {
		return main + rds + "resource \"kubernetes_pod\" \"p\" {\n metadata {\n  name = \"p\"\n  namespace = \"shop\"\n }\n spec {\n  container {\n   name = \"c\"\n   env {\n    name = \"" + key + "\"\n    value = " + value + "\n   }\n  }\n }\n}\n"
	}
	external := func(value string) string {
		return main + rds + "resource \"kubernetes_service\" \"c\" {\n metadata {\n  name = \"db\"\n  namespace = \"shop\"\n }\n spec {\n  type = \"ExternalName\"\n  external_name = " + value + "\n }\n}\n"
	}
	all := pods("env: []")
	for _, tc := range []struct{ name, hcl, manifests, want string }{
		{"a host", config("HOST", "alicloud_db_instance.x.connection_string"), all, "target rds/x/tcp referenced at alicloud_db_instance.x"},
		{"a host in a URL", config("URL", "\"mysql://u:p@${alicloud_db_instance.x.connection_string}:3307/x\""), all, "target rds/x:3307/tcp referenced at alicloud_db_instance.x"},
		{"a host whatever the key", config("PLACE", "alicloud_db_instance.x.connection_string"), all, "target rds/x/tcp referenced at alicloud_db_instance.x"},
		{"something else", config("PLACE", "alicloud_db_instance.x.id"), all, ""},
		{"a public host", config("HOST", "alicloud_db_connection.p.connection_string"), all, "target rds/x/tcp referenced public at alicloud_db_instance.x"},
		{"something of no instance", config("HOST", "alicloud_vpc.main.id"), all, ""},
		{"another name", external("alicloud_db_instance.x.connection_string"), env("URL", "mysql://db:3306/x"), "target db:3306/tcp referenced at alicloud_db_instance.x"},
		{"another name that is public", external("alicloud_db_connection.p.connection_string"), env("URL", "mysql://db:3306/x"), "target db:3306/tcp referenced public at alicloud_db_instance.x"},
		{"another name that is no host", external("alicloud_db_instance.x.id"), env("URL", "mysql://db:3306/x"), "service db:3306/tcp referenced of shop/db"},
		{"another name that is composed", external("\"x.${alicloud_db_instance.x.connection_string}\""), env("URL", "mysql://db:3306/x"), "service db:3306/tcp referenced of shop/db"},
	} {
		_, worlds, _ := build(t, tc.hcl, tc.manifests, Options{})
		if got := strings.Join(said(worlds), "\n"); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestNotes checks that each note is kept once.
func TestNotes(t *testing.T) {
	n := NewNotes()
	for range 2 {
		n.Unknown("a", "why", place.Origin{})
		n.Unknown("b", "why", place.Origin{})
	}
	if len(n.Unknowns) != 2 {
		t.Errorf("unknowns are %+v", n.Unknowns)
	}
}

// TestExclusive checks which clusters give every pod an interface of its own.
func TestExclusive(t *testing.T) {
	label := func(more string) *NodePool {
		p := pool(t, "p", "{labels: [{key: a, value: eniOnly}, {key: k8s.aliyun.com/exclusive-mode-eni-type, value: other}, {key: k8s.aliyun.com/exclusive-mode-eni-type, value: eniOnly}]}")
		p.Res.Uncertain = more
		return p
	}
	f, _, _ := build(t, main, pods("env: []"), Options{})
	for _, tc := range []struct {
		name  string
		pools []*NodePool
		want  bool
	}{
		{"no pools", nil, false},
		{"one", []*NodePool{label("")}, true},
		{"one that may not exist", []*NodePool{label("perhaps")}, false},
		{"all", []*NodePool{label(""), label("")}, true},
		{"one of two", []*NodePool{label(""), pool(t, "q", "{}")}, false},
	} {
		c := *f.Clusters[0]
		c.Pools = tc.pools
		e := exclusiveENI(&c, nil)
		if (e.value != nil) != tc.want || tc.want && e.holder != tc.pools[0].Res {
			t.Errorf("%s: %+v", tc.name, e)
		}
	}
	c := *f.Clusters[0]
	res := &terraform.Resource{}
	for name, want := range map[string]bool{"terway-eni": true, "terway-eniip": false} {
		if e := exclusiveENI(&c, []addon{{name: value(t, name), holder: res}}); (e.holder == res) != want {
			t.Errorf("addon %s: %+v", name, e)
		}
	}
}

// TestIDs checks which resource an id in an object of Terraform is.
func TestIDs(t *testing.T) {
	const data = "resource \"alicloud_vswitch\" \"x\" {\n vpc_id = \"vpc-x\"\n zone_id = \"cn-hangzhou-a\"\n cidr_block = \"10.7.0.0/24\"\n}\n"
	object := func(cluster, vswitch string) string {
		return cluster + "resource \"kubernetes_config_map\" \"c\" {\n metadata {\n  name = \"eni-config\"\n  namespace = \"kube-system\"\n }\n data = {\n  eni_conf = jsonencode({ vswitches = { \"cn-hangzhou-a\" = [" + vswitch + ", \"\"] } })\n }\n}\n"
	}
	for _, tc := range []struct{ name, hcl, want string }{
		{"a reference", object(main, "alicloud_vswitch.pod.id"), "alicloud_vswitch.pod"},
		{"another reference", object(main+data, "alicloud_vswitch.x.id"), "alicloud_vswitch.x"},
		{"a literal", object(main, "\"vsw-x\""), "vsw-x"},
		{"something that is composed", object(main, "\"x-${alicloud_vpc.main.id}\""), "x-${alicloud_vpc.main.id}"},
	} {
		f, _, _ := build(t, tc.hcl+"resource \"alicloud_cs_kubernetes_node_pool\" \"p\" {\n cluster_id = alicloud_cs_managed_kubernetes.main.id\n}\n", pods("env: []"), Options{ClusterNetwork: PluginTerway})
		if got := named(f.Clusters[0].Pod.Members); !strings.Contains(got, tc.want) || len(f.Clusters[0].Pod.Members) != 1 {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
