package kube_test

import (
	"fmt"
	"testing"

	"github.com/egresslint/egresslint/internal/kube"
)

func TestKindsOfWorkloads(t *testing.T) {
	for _, tc := range []struct{ name, manifest, want string }{
		{"a namespace of its own", "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: {}", "shop/p[Pod] Pod/p"},
		{"no namespace", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {}", "default/p[Pod] Pod/p"},
		{"a generated name", "apiVersion: v1\nkind: Pod\nmetadata: {generateName: p-}\nspec: {}", "default/p-[Pod] Pod/p-"},
		{"a name before a generated one", "apiVersion: v1\nkind: Pod\nmetadata: {name: p, generateName: p-}\nspec: {}", "default/p[Pod] Pod/p"},
		{"a CronJob", "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec: {jobTemplate: {spec: {template: {spec: {}}}}}", "default/c[CronJob] CronJob/c"},
		{"a template without a spec", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {}}", ""},
		{"a spec that is not decided", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: " + undecided + "}", ""},
		{"another kind", "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {template: {spec: {}}}", ""},
	} {
		got := ""
		if w := kube.ReadWorkload(object(t, tc.manifest)); w != nil {
			got = w.ID() + " " + w.Display()
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestLabelsOfControllers checks what labels a controller adds, and that only what is
// certain of them is taken for known.
func TestLabelsOfControllers(t *testing.T) {
	const pods = "template: {metadata: {labels: {app: a, tier: " + undecided + "}}, spec: {}}"
	for _, tc := range []struct{ manifest, want string }{
		{"kind: Job\nspec: {" + pods + "}", "map[app:a batch.kubernetes.io/job-name:w job-name:w] [controller-uid batch.kubernetes.io/controller-uid tier]"},
		{"kind: StatefulSet\nspec: {replicas: 1, " + pods + "}", "map[app:a apps.kubernetes.io/pod-index:0 statefulset.kubernetes.io/pod-name:w-0] [controller-revision-hash tier]"},
		{"kind: StatefulSet\nspec: {replicas: 2, " + pods + "}", "map[app:a] [controller-revision-hash statefulset.kubernetes.io/pod-name apps.kubernetes.io/pod-index tier]"},
		{"kind: StatefulSet\nspec: {replicas: " + undecided + ", " + pods + "}", "map[app:a] [controller-revision-hash statefulset.kubernetes.io/pod-name apps.kubernetes.io/pod-index tier]"},
		{"kind: ReplicaSet\nspec: {replicas: 1, " + pods + "}", "map[app:a] [pod-template-hash tier]"},
		{"kind: ReplicationController\nspec: {" + pods + "}", "map[app:a] [tier]"},
	} {
		w := kube.ReadWorkload(object(t, "apiVersion: v1\nmetadata: {name: w}\n"+tc.manifest))
		if got := fmt.Sprintf("%v %v", w.Labels, w.Undecided); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.manifest, got, tc.want)
		}
	}
}

func TestPod(t *testing.T) {
	for _, tc := range []struct{ name, spec, want string }{
		{"no containers", "{}", "host false more false []"},
		{"on the node's network", "{hostNetwork: true}", "host true more false []"},
		{"perhaps on the node's network", "{hostNetwork: " + undecided + "}", "host false more false []"},
		{"in words not on the node's network", "{hostNetwork: false}", "host false more false []"},
		{"ports", "{containers: [{ports: [{name: h, containerPort: 80, protocol: UDP}]}, {ports: [{containerPort: 81}]}]}", "host false more false [{h 80 UDP false} { 81  false}]"},
		{"ports of what is over", "{initContainers: [{ports: [{containerPort: 80}]}, {restartPolicy: " + undecided + ", ports: [{containerPort: 81}]}]}", "host false more false []"},
		{"ports of a sidecar", "{initContainers: [{restartPolicy: Always, ports: [{containerPort: 80}]}]}", "host false more false [{ 80  true}]"},
		{"a container with a policy of its own", "{containers: [{restartPolicy: Never, ports: [{containerPort: 80}]}]}", "host false more false [{ 80  false}]"},
	} {
		p := workload(t, tc.spec).Pod()
		if got := fmt.Sprintf("host %t more %t %v", p.HostNetwork, p.MorePorts, p.Ports); got != tc.want || p.MoreLabels {
			t.Errorf("%s: %s, more labels %t; want %s", tc.name, got, p.MoreLabels, tc.want)
		}
	}
	if p := workload(t, "{containers: "+undecided+"}").Pod(); !p.MorePorts {
		t.Error("the ports of containers are known that are not")
	}
	release := kube.ReadWorkload(object(t, "apiVersion: egresslint.io/v1alpha1\nkind: HelmRelease\nmetadata: {name: r}\nspec: {template: {spec: {}}}"))
	if p := release.Pod(); !p.MoreLabels || !p.MorePorts {
		t.Errorf("all is known of the pods of a chart that nobody rendered: %+v", p)
	}
}

func TestContainers(t *testing.T) {
	names := ""
	for _, c := range workload(t, "{containers: [{name: c}], initContainers: [{name: i}]}").Containers() {
		name, _ := c.Get("name").Text()
		names += name + " "
	}
	if names != "i c " {
		t.Errorf("the containers are %s", names)
	}
}

func TestHostAlias(t *testing.T) {
	w := workload(t, "{hostAliases: [{ip: 10.0.0.1, hostnames: ["+undecided+", a.example.com, B.example.com]}, {ip: 10.0.0.2, hostnames: [a.example.com, c.example.com]}, {ip: "+undecided+", hostnames: [d.example.com]}]}")
	for host, want := range map[string]string{
		"a.example.com": "10.0.0.1 true", "b.example.com": "10.0.0.1 true", "c.example.com": "10.0.0.2 true",
		"d.example.com": "invalid IP false", "e.example.com": "invalid IP false", "": "invalid IP false",
	} {
		a, ok := w.HostAlias(host)
		if got := fmt.Sprint(a, ok); got != want {
			t.Errorf("%q is %s, want %s", host, got, want)
		}
	}
}

func TestSelectedBy(t *testing.T) {
	w := kube.ReadWorkload(object(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: a, tier: web}}\nspec: {}"))
	for _, tc := range []struct {
		selector map[string]string
		want     bool
	}{
		{nil, true},
		{map[string]string{"app": "a"}, true},
		{map[string]string{"app": "a", "tier": "web"}, true},
		{map[string]string{"app": "b"}, false},
		{map[string]string{"app": "a", "zone": "x"}, false},
	} {
		if w.SelectedBy(tc.selector) != tc.want {
			t.Errorf("%v selects it: %t", tc.selector, !tc.want)
		}
	}
}

func TestAnnotation(t *testing.T) {
	w := kube.ReadWorkload(object(t, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, annotations: {a: controller}}\nspec: {template: {metadata: {annotations: {b: pods}}, spec: {}}}"))
	if !w.Annotation("b").Is("pods") || !w.Annotation("a").IsNull() {
		t.Errorf("annotations of the pods: %+v, of the controller: %+v", w.Annotation("b"), w.Annotation("a"))
	}
}
