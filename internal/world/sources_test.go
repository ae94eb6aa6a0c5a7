package world

import (
	"strings"
	"testing"
)

// text is where packets of a view come from.
func (v *View) text() string {
	if v.Reason != "" {
		return "unknown: " + v.Reason
	}
	var names []string
	for _, m := range v.From() {
		names = append(names, strings.TrimPrefix(m.VSwitch.Name, "alicloud_vswitch."))
	}
	text := v.Role + " " + strings.Join(names, "+")
	if v.Scope != "" {
		text += " of " + v.Scope
	}
	if !v.Whole() {
		text += " of several"
	}
	if v.Some {
		text += ", some"
	}
	if v.Gap != "" {
		text += ", more: " + v.Gap
	}
	if v.Own {
		text += ", own"
	}
	return text
}

// TestViews checks where packets of pods come from.
func TestViews(t *testing.T) {
	const net = `
variable "x" {}
resource "alicloud_vpc" "main" { cidr_block = "10.0.0.0/8" }
resource "alicloud_vswitch" "na" {
  vpc_id     = alicloud_vpc.main.id
  zone_id    = "a"
  cidr_block = "10.0.1.0/24"
}
resource "alicloud_vswitch" "nb" {
  vpc_id     = alicloud_vpc.main.id
  zone_id    = "b"
  cidr_block = "10.0.2.0/24"
}
resource "alicloud_vswitch" "pa" {
  vpc_id     = alicloud_vpc.main.id
  zone_id    = "a"
  cidr_block = "10.1.1.0/24"
}
resource "alicloud_vswitch" "pb" {
  vpc_id     = alicloud_vpc.main.id
  zone_id    = "b"
  cidr_block = "10.1.2.0/24"
}
`
	cluster := func(arguments string) string {
		return net + "resource \"alicloud_cs_managed_kubernetes\" \"main\" {\n" + arguments + "\n}\n"
	}
	pool := func(name, arguments string) string {
		return "resource \"alicloud_cs_kubernetes_node_pool\" \"" + name + "\" {\n cluster_id = alicloud_cs_managed_kubernetes.main.id\n" + arguments + "\n}\n"
	}
	label := func(value string) string { return " labels {\n  key = \"kind\"\n  value = \"" + value + "\"\n }\n" }
	const (
		na, nb, pa, pb = "alicloud_vswitch.na.id", "alicloud_vswitch.nb.id", "alicloud_vswitch.pa.id", "alicloud_vswitch.pb.id"
		flannel        = "cluster_network_type = \"flannel\"\n"
		both           = "pod_vswitch_ids = [" + pa + ", " + pb + "]\n"
		onA            = "{nodeSelector: {kind: a}}"
	)
	pools := pool("a", "vswitch_ids = ["+na+"]\n"+label("a")) + pool("b", "vswitch_ids = ["+nb+"]\n"+label("b"))
	terway := cluster(both) + pools
	config := func(name, data string) string {
		return "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name + ", namespace: kube-system}, data: " + data + "}\n"
	}
	addon := func(config string) string {
		return "resource \"alicloud_cs_kubernetes_addon\" \"t\" {\n cluster_id = alicloud_cs_managed_kubernetes.main.id\n name = \"terway-eniip\"\n config = " + config + "\n}\n"
	}
	for _, tc := range []struct{ name, hcl, metadata, spec, more, want string }{
		{"Terway", terway, "{}", "{}", "", "pod pa+pb"},
		{"Terway on some nodes", terway, "{}", onA, "", "pod pa of several"},
		{"Terway on perhaps some nodes", terway, "{}", "{nodeName: x}", "", "pod pa+pb of several, some"},
		{"Terway on no nodes", terway, "{}", "{nodeSelector: {kind: c}}", "", "unknown: no node pool in the files can run the pods of Deployment/api"},
		{"Terway on the nodes' network", terway, "{}", "{hostNetwork: true}", "", "node na+nb"},
		{"Terway on the network of some nodes", terway, "{}", "{hostNetwork: true, nodeSelector: {kind: a}}", "", "node na of several"},
		{"on the network of no nodes", terway, "{}", "{hostNetwork: true, nodeSelector: {kind: c}}", "", "unknown: no node pool in the files can run the pods of Deployment/api"},
		{"perhaps on the nodes' network", terway, "{}", "{hostNetwork: UNKNOWN}", "", "unknown: hostNetwork of Deployment/api is unknown"},
		{"Terway, and a pool that may belong to it", terway + "resource \"alicloud_cs_kubernetes_node_pool\" \"x\" {\n cluster_id = var.x\n}\n", "{}", onA, "", "pod pa of several, more: which cluster alicloud_cs_kubernetes_node_pool.x belongs to is unknown: var.x has no value: pass --var-file or --var"},
		{"Terway without pods' vSwitches", cluster("cluster_network_type = \"terway\"\n") + pools, "{}", "{}", "", "pod na+nb"},
		{"Terway without pods' vSwitches on some nodes", cluster("cluster_network_type = \"terway\"\n") + pools, "{}", onA, "", "pod na of several"},
		{"vSwitches that are not known", cluster("cluster_network_type = \"terway\"\n pod_vswitch_ids = ["+pa+", var.x]\n") + pools, "{}", "{}", "", "pod pa, more: var.x has no value: pass --var-file or --var"},
		{"vSwitches that others change", cluster(both+" lifecycle {\n  ignore_changes = [pod_vswitch_ids]\n }\n") + pools, "{}", "{}", "", "pod , more: alicloud_cs_managed_kubernetes.main leaves pod_vswitch_ids to be changed outside Terraform"},
		{"one vSwitch twice", cluster("pod_vswitch_ids = ["+pa+", "+pa+", "+pb+"]\n") + pools, "{}", "{}", "", "pod pa+pb"},
		{"a zone without pods' vSwitches", cluster("pod_vswitch_ids = ["+pa+"]\n") + pools, "{}", "{}", "", "pod pa+nb"},
		{"a zone without nodes", cluster(both) + pool("a", "vswitch_ids = ["+na+"]\n"), "{}", "{}", "", "pod pa"},
		{"a pool without vSwitches", cluster(both) + pool("a", "vswitch_ids = ["+na+"]\n") + pool("b", ""), "{}", "{hostNetwork: true}", "", "node na, more: the vswitch_ids of alicloud_cs_kubernetes_node_pool.b are not in the files"},
		{"a pool whose list is not known", cluster(both) + pool("a", "vswitch_ids = var.x\n"), "{}", "{hostNetwork: true}", "", "node , more: var.x has no value: pass --var-file or --var"},
		{"an empty pool", cluster(both) + pool("a", "vswitch_ids = []\n"), "{}", "{hostNetwork: true}", "", "node , more: no vSwitch of the nodes is in the files"},
		{"no pools", cluster(both + "worker_vswitch_ids = [" + na + "]\n vswitch_ids = [" + nb + "]\n"), "{}", "{hostNetwork: true}", "", "node na"},
		{"no pools, and masters", strings.Replace(cluster(both+"worker_vswitch_ids = ["+na+"]\n master_vswitch_ids = ["+nb+"]\n"), "cs_managed_kubernetes", "cs_kubernetes", 1), "{}", "{hostNetwork: true}", "", "node na+nb"},
		{"masters of no dedicated cluster", cluster(both + "worker_vswitch_ids = [" + na + "]\n master_vswitch_ids = [" + nb + "]\n"), "{}", "{hostNetwork: true}", "", "node na"},
		{"Flannel", cluster(flannel) + pools, "{}", "{}", "", "node na+nb"},
		{"Flannel on some nodes", cluster(flannel) + pools, "{}", onA, "", "node na of several"},
		{"no plug-in", cluster("") + pools, "{}", "{}", "", "pod , more: the network plug-in is unknown"},
		{"a cluster that may not exist", cluster(both+"count = var.x\n") + pools, "{}", "{}", "", "pod , more: var.x has no value: pass --var-file or --var"},
		{"serverless", strings.Replace(cluster("vswitch_ids = ["+pa+"]\n vswitch_id = "+pb+"\n"), "cs_managed_kubernetes", "cs_serverless_kubernetes", 1), "{}", "{}", "", "pod pa"},
		{"serverless without vSwitches", strings.Replace(cluster(""), "cs_managed_kubernetes", "cs_serverless_kubernetes", 1), "{}", "{}", "", "pod , more: the cluster names no vSwitches"},
		{"serverless with vSwitches that are not known", strings.Replace(cluster("vswitch_ids = var.x\n"), "cs_managed_kubernetes", "cs_serverless_kubernetes", 1), "{}", "{}", "", "pod , more: var.x has no value: pass --var-file or --var"},

		{"vSwitches of the addon", cluster("") + pools + addon("jsonencode({ PodVswitchId = [alicloud_vswitch.pb.id] })"), "{}", "{}", "", "pod pb+na"},
		{"vSwitches of the addon, by id", cluster("") + pools + addon("\"{\\\"PodVswitchId\\\": \\\"vsw-x1\\\"}\""), "{}", "{}", "", "pod vsw-x1"},
		{"an addon that names none", cluster(both) + pools + addon("\"{}\""), "{}", "{}", "", "pod pa+pb"},
		{"an addon that is not known", cluster("") + pools + addon("var.x"), "{}", "{}", "", "pod , more: var.x has no value: pass --var-file or --var"},
		{"an addon that is not known, beside vSwitches", cluster(both) + pools + addon("var.x"), "{}", "{}", "", "pod pa+pb"},

		{"eni-config", terway, "{}", "{}", config("eni-config", `{eni_conf: '{"vswitches": {"a": ["vsw-x"]}}'}`), "pod vsw-x"},
		{"eni-config of other things", terway, "{}", "{}", config("eni-config", `{eni_conf: '{}'}`), "pod pa+pb"},
		{"eni-config that cannot be read", terway, "{}", "{}", config("eni-config", `{eni_conf: '{'}`), "pod , more: the eni_conf of ConfigMap eni-config cannot be read"},
		{"eni-config of another kind", terway, "{}", "{}", config("eni-config", `{eni_conf: '{"vswitches": []}'}`), "pod , more: the eni_conf of ConfigMap eni-config cannot be read"},
		{"eni-config that is a list", terway, "{}", "{}", config("eni-config", `{eni_conf: '[]'}`), "pod , more: the eni_conf of ConfigMap eni-config cannot be read"},
		{"eni-config that is not known", terway, "{}", "{}", config("eni-config", `{eni_conf: UNKNOWN}`), "pod , more: the eni_conf of ConfigMap eni-config is not in the files"},
		{"eni-config without vSwitches", terway, "{}", "{}", config("eni-config", `{eni_conf: '{"vswitches": {"a": [""]}}'}`), "pod , more: the eni_conf of ConfigMap eni-config names no vSwitches"},
		{"eni-config without it", terway, "{}", "{}", config("eni-config", `{other: x}`), "pod pa+pb"},

		{"a network of its own", terway, `{annotations: {k8s.aliyun.com/pod-networks: '{"podNetworks": [{"vSwitchOptions": ["vsw-x"]}]}'}}`, "{}", "", "pod vsw-x of pods with the annotation k8s.aliyun.com/pod-networks, own"},
		{"groups of its own", terway, `{annotations: {k8s.aliyun.com/pod-networks: '{"podNetworks": [{"securityGroupIDs": ["sg-x"]}]}'}}`, "{}", "", "pod pa+pb, own"},
		{"groups of its own on no nodes", terway, `{annotations: {k8s.aliyun.com/pod-networks: '{"podNetworks": [{"securityGroupIDs": ["sg-x"]}]}'}}`, "{nodeSelector: {kind: c}}", "", "unknown: no node pool in the files can run the pods of Deployment/api"},
		{"a network of its own on no nodes", terway, `{annotations: {k8s.aliyun.com/pod-networks: '{"podNetworks": [{"vSwitchOptions": ["vsw-x"]}]}'}}`, "{nodeSelector: {kind: c}}", "", "unknown: no node pool in the files can run the pods of Deployment/api"},
		{"a network that is not known", terway, "{annotations: {k8s.aliyun.com/pod-networks: UNKNOWN}}", "{}", "", "unknown: the annotation k8s.aliyun.com/pod-networks of Deployment/api cannot be read"},

		{"container groups", terway, "{labels: {alibabacloud.com/eci: 'true'}}", "{}", "", "unknown: Deployment/api runs as container groups, whose vSwitches are not in the files"},
		{"perhaps container groups", terway, "{labels: {alibabacloud.com/eci: UNKNOWN}}", "{}", "", "unknown: whether Deployment/api runs as container groups is not decided by the files"},
		{"container groups of a vSwitch", terway, "{labels: {alibabacloud.com/eci: 'true'}, annotations: {k8s.aliyun.com/eci-vswitch: 'vsw-x, vsw-y'}}", "{}", "", "pod vsw-x+vsw-y of pods with the annotation k8s.aliyun.com/eci-vswitch"},
		{"container groups of a vSwitch that is not known", terway, "{labels: {alibabacloud.com/eci: 'true'}, annotations: {k8s.aliyun.com/eci-vswitch: UNKNOWN}}", "{}", "", "unknown: the annotation k8s.aliyun.com/eci-vswitch of Deployment/api is unknown"},
		{"container groups of another kind", terway, "{labels: {alibabacloud.com/eci: 'true'}, annotations: {network.alibabacloud.com/vswitch-ids: vsw-x}}", "{}", "", "unknown: the annotation network.alibabacloud.com/vswitch-ids of Deployment/api is for container groups of another kind"},
		{"ACS", terway, "{labels: {alibabacloud.com/acs: 'true'}, annotations: {network.alibabacloud.com/vswitch-ids: vsw-x}}", "{}", "", "pod vsw-x of pods with the annotation network.alibabacloud.com/vswitch-ids"},
		{"container groups of a profile", terway, "{labels: {alibabacloud.com/eci: 'true'}}", "{}", config("eci-profile", "{vSwitchIds: vsw-x, securityGroupId: sg-x}"), "pod vsw-x of pods on virtual nodes"},
		{"an annotation before a profile", terway, "{labels: {alibabacloud.com/eci: 'true'}, annotations: {k8s.aliyun.com/eci-vswitch: vsw-y}}", "{}", config("eci-profile", "{vSwitchIds: vsw-x}"), "pod vsw-y of pods with the annotation k8s.aliyun.com/eci-vswitch"},
		{"a profile with selectors", terway, "{labels: {alibabacloud.com/eci: 'true'}}", "{}", config("eci-profile", "{vSwitchIds: vsw-x, selectors: x}"), "unknown: the selectors of ConfigMap eci-profile may give Deployment/api annotations of its own"},
		{"a profile with selectors, and annotations", terway, "{labels: {alibabacloud.com/eci: 'true'}, annotations: {k8s.aliyun.com/eci-vswitch: vsw-y, k8s.aliyun.com/eci-security-group: sg-y}}", "{}", config("eci-profile", "{vSwitchIds: vsw-x, securityGroupId: sg-x, selectors: x}"), "pod vsw-y of pods with the annotation k8s.aliyun.com/eci-vswitch"},
		{"a profile with selectors and one annotation", terway, "{labels: {alibabacloud.com/eci: 'true'}, annotations: {k8s.aliyun.com/eci-vswitch: vsw-y}}", "{}", config("eci-profile", "{vSwitchIds: vsw-x, securityGroupId: sg-x, selectors: x}"), "unknown: the selectors of ConfigMap eci-profile may give Deployment/api annotations of its own"},
		{"container groups of no cluster", "", "{labels: {alibabacloud.com/eci: 'true'}}", "{}", "", "unknown: the cluster is not in the files"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			manifest := "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: shop}, spec: {template: {metadata: " + tc.metadata + ", spec: " + tc.spec + "}}}\n"
			_, worlds, _ := build(t, tc.hcl, manifest+tc.more, Options{})
			if got := worlds[0].Views[0].text(); got != tc.want {
				t.Errorf("packets come from\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// TestReused checks which Service a load balancer of Terraform is used by.
func TestReused(t *testing.T) {
	const slb = main + "resource \"alicloud_slb_load_balancer\" \"l\" {\n address = \"10.1.0.9\"\n address_type = \"internet\"\n vswitch_id = alicloud_vswitch.pod.id\n}\n"
	service := func(name, id string) string {
		return "resource \"kubernetes_service\" \"" + name + "\" {\n metadata {\n  name = \"" + name + "\"\n  namespace = \"shop\"\n  annotations = {\n   \"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-id\" = " + id +
			"\n  }\n }\n spec {\n  type = \"LoadBalancer\"\n  selector = {\n   a = \"b\"\n  }\n  port {\n   port = 80\n  }\n }\n}\n"
	}
	for _, tc := range []struct{ name, hcl, url, want string }{
		{"nobody uses it", slb, "http://10.1.0.9:80", "target 10.1.0.9:80/tcp referenced public at alicloud_slb_load_balancer.l"},
		{"a Service uses it", slb + service("web", "alicloud_slb_load_balancer.l.id"), "http://10.1.0.9:80", "load-balancer 10.1.0.9:80/tcp referenced of shop/web"},
		{"a Service uses another port of it", slb + service("web", "alicloud_slb_load_balancer.l.id"), "http://10.1.0.9:81", "target 10.1.0.9:81/tcp referenced public at alicloud_slb_load_balancer.l"},
		{"a Service uses another", slb + service("web", "\"lb-x\""), "http://10.1.0.9:80", "target 10.1.0.9:80/tcp referenced public at alicloud_slb_load_balancer.l"},
		{"a Service uses another thing", slb + service("web", "alicloud_vpc.main.id"), "http://10.1.0.9:80", "target 10.1.0.9:80/tcp referenced public at alicloud_slb_load_balancer.l"},
	} {
		_, worlds, _ := build(t, tc.hcl, env("URL", tc.url), Options{})
		if got := strings.Join(said(worlds), "\n"); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestPublicNodes checks which nodes have public addresses of their own.
func TestPublicNodes(t *testing.T) {
	pool := func(name, arguments string) string {
		return "resource \"alicloud_cs_kubernetes_node_pool\" \"" + name + "\" {\n cluster_id = alicloud_cs_managed_kubernetes.main.id\n" + arguments + "\n}\n"
	}
	const instance = "resource \"alicloud_instance\" \"i\" {}\n"
	eip := func(instance string) string {
		return "resource \"alicloud_eip_association\" \"e\" {\n instance_id = " + instance + "\n}\n"
	}
	for _, tc := range []struct {
		name, hcl, want string
		by              int
	}{
		{"no pools", main, "no", 0},
		{"a plain pool", main + pool("a", ""), "no", 0},
		{"a public pool", main + pool("a", "internet_max_bandwidth_out = 5"), "yes", 1},
		{"a public pool and another", main + pool("a", "internet_max_bandwidth_out = 5") + pool("b", ""), "maybe", 1},
		{"a pool that is not known", "variable \"x\" {}\n" + main + pool("a", "internet_max_bandwidth_out = var.x"), "maybe", 0},
		{"an EIP of a node", main + instance + pool("a", "instances = [alicloud_instance.i.id]") + eip("alicloud_instance.i.id"), "maybe", 1},
		{"an EIP of a node of a public pool", main + instance + pool("a", "internet_max_bandwidth_out = 5\n instances = [alicloud_instance.i.id]") + eip("alicloud_instance.i.id"), "yes", 2},
		{"an EIP of another", main + instance + "resource \"alicloud_instance\" \"j\" {}\n" + pool("a", "instances = [alicloud_instance.i.id]") + eip("alicloud_instance.j.id"), "no", 0},
		{"an EIP of something outside", main + pool("a", "instances = [\"i-x\"]") + eip("\"i-x\""), "no", 0},
		{"an EIP of who knows what", "variable \"x\" {}\n" + main + pool("a", "") + eip("var.x"), "maybe", 0},
		{"an EIP of who knows what beside public nodes", "variable \"x\" {}\n" + main + pool("a", "internet_max_bandwidth_out = 5") + eip("var.x"), "yes", 1},
	} {
		f, _, _ := build(t, tc.hcl, pods("env: []"), Options{})
		c := f.Clusters[0]
		if c.PublicNodes.String() != tc.want || len(c.PublicBy) != tc.by {
			t.Errorf("%s: %s by %v, want %s by %d", tc.name, c.PublicNodes, c.PublicBy, tc.want, tc.by)
		}
	}
}
