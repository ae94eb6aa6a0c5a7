package kube_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// resource is one of a configuration, with that body.
func resource(t *testing.T, typ, body string) *terraform.Resource {
	t.Helper()
	return &terraform.Resource{Address: typ + ".r", Type: typ, Name: "r", Body: value(t, body)}
}

// written returns v as it would be written in JSON, without the places. A ! stands before
// what is sensitive.
func written(v *located.Value) string {
	mark := ""
	if v.Sensitive {
		mark = "!"
	}
	var parts []string
	switch v.Kind {
	case located.List:
		for _, e := range v.List {
			parts = append(parts, written(e))
		}
		return mark + "[" + strings.Join(parts, " ") + "]"
	case located.Map:
		for _, f := range v.Map {
			parts = append(parts, f.Key+":"+written(f.Value))
		}
		return mark + "{" + strings.Join(parts, " ") + "}"
	case located.String:
		return fmt.Sprintf("%s%q", mark, v.Str)
	case located.Unknown:
		return mark + "?"
	}
	text, _ := v.Text()
	return mark + text
}

func TestFromTerraform(t *testing.T) {
	for _, tc := range []struct{ name, typ, body, want string }{
		{
			"a resource", "kubernetes_service", "{metadata: [{name: web, namespace: shop}], spec: [{cluster_ip: 10.0.0.1, selector: {app_name: x}}]}",
			`{apiVersion:"v1" kind:"Service" metadata:{name:"web" namespace:"shop"} spec:{clusterIP:"10.0.0.1" selector:{app_name:"x"}}}`,
		},
		{
			"a resource's type with a version", "kubernetes_deployment_v1", "{metadata: [{name: d}]}",
			`{apiVersion:"apps/v1" kind:"Deployment" metadata:{name:"d"}}`,
		},
		{"another resource", "alicloud_vpc", "{metadata: [{name: web}]}", ""},
		{"a block that a plan left empty", "kubernetes_service", "{metadata: [{name: s}], spec: []}", `{apiVersion:"v1" kind:"Service" metadata:{name:"s"}}`},
		{"a block that is no list", "kubernetes_service", "{metadata: {name: s}, spec: {type: NodePort}}", `{apiVersion:"v1" kind:"Service" metadata:{name:"s"} spec:{type:"NodePort"}}`},
		{"a spec that is not decided", "kubernetes_service", "{metadata: [{name: s}], spec: " + undecided + "}", `{apiVersion:"v1" kind:"Service" metadata:{name:"s"} spec:?}`},
		{"arguments of the resource alone", "kubernetes_service", "{metadata: [{name: s}], wait_for_load_balancer: true, timeouts: {create: 1m}}", `{apiVersion:"v1" kind:"Service" metadata:{name:"s"}}`},
		{
			"blocks that stand for lists", "kubernetes_pod",
			"{metadata: [{name: p, labels: {my_app: a}, annotations: {my_note: b}}], spec: [{host_network: true, restart_policy: null, volume: [], container: [{name: c, image_pull_policy: Always, env: [{name: A_B, value: x_y}]}, {name: d}]}]}",
			`{apiVersion:"v1" kind:"Pod" metadata:{name:"p" labels:{my_app:"a"} annotations:{my_note:"b"}} spec:{hostNetwork:true containers:[{name:"c" imagePullPolicy:"Always" env:[{name:"A_B" value:"x_y"}]} {name:"d"}]}}`,
		},
		{
			"blocks that stand for an object", "kubernetes_deployment",
			"{metadata: [{name: d}], spec: [{selector: [{match_labels: {my_app: a}}], template: [{spec: [{affinity: [{node_affinity: [{required_during_scheduling_ignored_during_execution: [{node_selector_term: [{match_expressions: [{key: my_zone, operator: In, values: [a_b]}]}]}]}]}]}]}]}]}",
			`{apiVersion:"apps/v1" kind:"Deployment" metadata:{name:"d"} spec:{selector:{matchLabels:{my_app:"a"}} template:{spec:{affinity:{nodeAffinity:{requiredDuringSchedulingIgnoredDuringExecution:{nodeSelectorTerms:[{matchExpressions:[{key:"my_zone" operator:"In" values:["a_b"]}]}]}}}}}}}`,
		},
		{
			"a map that is no block", "kubernetes_pod", "{metadata: [{name: p}], spec: {security_context: {run_as_user: 1}}}",
			`{apiVersion:"v1" kind:"Pod" metadata:{name:"p"} spec:{securityContext:{runAsUser:1}}}`,
		},
		{
			"a list of texts under the name of blocks", "kubernetes_pod", "{metadata: [{name: p}], spec: [{to: [a_b], host_aliases: [{ip: 10.0.0.1, hostnames: [c_d]}], finalizers: [e_f]}]}",
			`{apiVersion:"v1" kind:"Pod" metadata:{name:"p"} spec:{to:["a_b"] hostAliases:[{ip:"10.0.0.1" hostnames:["c_d"]}] finalizers:["e_f"]}}`,
		},
		{
			"ports of a policy", "kubernetes_network_policy", "{metadata: [{name: np}], spec: [{egress: [{ports: [{port: '443', end_port: '500', protocol: TCP}, {port: https}, {port: 80}]}]}]}",
			`{apiVersion:"networking.k8s.io/v1" kind:"NetworkPolicy" metadata:{name:"np"} spec:{egress:[{ports:[{port:443 endPort:500 protocol:"TCP"} {port:"https"} {port:80}]}]}}`,
		},
		{
			"another number in a text", "kubernetes_pod", "{metadata: [{name: p}], spec: [{priority: '1'}]}",
			`{apiVersion:"v1" kind:"Pod" metadata:{name:"p"} spec:{priority:"1"}}`,
		},
		{
			"a name with a gap", "kubernetes_pod", "{metadata: [{name: p}], spec: [{a__b: 1, c_: 2}]}",
			`{apiVersion:"v1" kind:"Pod" metadata:{name:"p"} spec:{aB:1 c:2}}`,
		},
		{
			"a ConfigMap", "kubernetes_config_map", "{metadata: [{name: c}], data: {a_b: x}, binary_data: {b_c: YQ==}}",
			`{apiVersion:"v1" kind:"ConfigMap" metadata:{name:"c"} data:{a_b:"x"} binaryData:{b_c:"YQ=="}}`,
		},
		{
			"a manifest", "kubernetes_manifest", "{manifest: {apiVersion: v1, kind: Service, metadata: {name: s}, spec: {my_field: 1}}}",
			`{apiVersion:"v1" kind:"Service" metadata:{name:"s"} spec:{my_field:1}}`,
		},
		{"a manifest that is none", "kubernetes_manifest", "{manifest: {kind: Service}}", ""},
		{"a manifest that is not decided", "kubernetes_manifest", "{manifest: " + undecided + "}", ""},
		{
			"manifests in a text", "kubectl_manifest", `{yaml_body: "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"}`,
			`{apiVersion:"v1" kind:"Service" metadata:{name:"s"}} {apiVersion:"v1" kind:"Pod" metadata:{name:"p"}}`,
		},
		{"a text that is not decided", "kubectl_manifest", "{yaml_body: " + undecided + "}", ""},
	} {
		var parts []string
		for _, o := range kube.FromTerraform(resource(t, tc.typ, tc.body)) {
			parts = append(parts, written(o.Root))
		}
		if got := strings.Join(parts, " "); got != tc.want {
			t.Errorf("%s:\n%s\nwant\n%s", tc.name, got, tc.want)
		}
	}
}

// TestSecretsOfTerraform checks that what is secret in a resource is secret in its objects.
func TestSecretsOfTerraform(t *testing.T) {
	sensitive := func(o *kubernetes.Object, path ...string) bool { return o.Root.Get(path...).Sensitive }
	secret := kube.FromTerraform(resource(t, "kubernetes_secret", "{metadata: [{name: s}], data: {k: x}, type: Opaque}"))[0]
	if !sensitive(secret, "stringData") || sensitive(secret, "type") {
		t.Error("a Secret's data is not sensitive, or its type is")
	}
	source := kube.ReadConfigSource(kube.FromTerraform(resource(t, "kubernetes_secret_v1",
		"{metadata: [{name: s}], data: {plain: bG9jYWw=}, binary_data: {coded: cmVkaXM=}}"))[0])
	for key, want := range map[string]string{"plain": "bG9jYWw=", "coded": "redis"} {
		if v, _ := source.Get(key); v.Text != want {
			t.Errorf("%s is %q, not %q", key, v.Text, want)
		}
	}
	configMap := kube.FromTerraform(resource(t, "kubernetes_config_map", "{metadata: [{name: c}], data: {k: x}}"))[0]
	if sensitive(configMap, "data") {
		t.Error("a ConfigMap's data is sensitive")
	}
	const manifest = `{yaml_body: "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: x}\n"}`
	plain := kube.FromTerraform(resource(t, "kubectl_manifest", manifest))[0]
	if !sensitive(plain, "stringData", "k") || sensitive(plain, "metadata", "name") {
		t.Error("the value of a Secret in a text is not sensitive, or its name is")
	}
	res := resource(t, "kubectl_manifest", manifest)
	res.Body.Get("yaml_body").Sensitive = true
	if marked := kube.FromTerraform(res)[0]; !sensitive(marked, "metadata", "name") {
		t.Error("what stands in a sensitive text is not sensitive")
	}
}

// TestPlacesInTexts checks that what stands in a text has the place of the text.
func TestPlacesInTexts(t *testing.T) {
	res := resource(t, "kubectl_manifest", `{yaml_body: "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}\n"}`)
	body := res.Body.Get("yaml_body")
	body.Callers = []source.Range{{File: "caller.tf", Start: source.Pos{Line: 7, Column: 1}}}
	body.Via = []located.Step{{Range: source.Range{File: "locals.tf"}}}
	root := kube.FromTerraform(res)[0].Root
	name := root.Get("spec", "containers").Items()[0].Get("name")
	if name.Range != body.Range || len(name.Callers) != 1 || len(name.Via) != 1 || root.Get("spec").Map[0].KeyRange != body.Range {
		t.Errorf("the text stands at %+v, a value in it at %+v", body.Range, name)
	}
}

func TestHelmRelease(t *testing.T) {
	for _, tc := range []struct{ name, body, namespace, want string }{
		{"the least", "{name: r}", "", "[]"},
		{"a namespace", "{name: r, namespace: shop}", "shop", "[]"},
		{"a namespace that is not decided", "{name: r, namespace: " + undecided + "}", "", "[]"},
		{
			"values that are set", "{name: r, set: [{name: db.host, value: a}, {name: " + undecided + ", value: b}], set_sensitive: [{name: db.port, value: c}]}", "",
			`[{name:"db_host" value:"a"} {name:"db_port" value:!"c"}]`,
		},
		{
			"a text of values", `{name: r, values: ["db: {hosts: [a, b], port: 1}\nhost: c\n", "` + undecided + `", "[", "plain"]}`, "",
			`[{name:"db_hosts_0" value:"a"} {name:"db_hosts_1" value:"b"} {name:"host" value:"c"} {name:"" value:"plain"}]`,
		},
	} {
		objects := kube.FromTerraform(resource(t, "helm_release", tc.body))
		if len(objects) != 1 {
			t.Errorf("%s: %d objects", tc.name, len(objects))
			continue
		}
		o := objects[0]
		w := kube.ReadWorkload(o)
		if w == nil || o.Name != "r" || o.Namespace != tc.namespace || !o.Root.Get("metadata", "name").Is("r") || o.Root.Get("metadata", "namespace").IsNull() != (tc.namespace == "") {
			t.Errorf("%s: %s", tc.name, written(o.Root))
			continue
		}
		if got := written(w.Containers()[0].Get("env")); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	res := resource(t, "helm_release", "{name: r, set: [{name: a, value: b}]}")
	res.Body.Get("set").Items()[0].Get("value").Sensitive = true
	if env := kube.ReadWorkload(kube.FromTerraform(res)[0]).Containers()[0].Get("env"); written(env) != `[{name:"a" value:!"b"}]` {
		t.Errorf("a sensitive value that is set: %s", written(env))
	}
}
