package kube_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// undecided is the text that stands for a value which the files do not decide.
const undecided = "UNDECIDED"

// withUndecided returns v with each [undecided] in it made one.
func withUndecided(v *located.Value) *located.Value {
	if v.Kind == located.String && v.Str == undecided {
		return &located.Value{Kind: located.Unknown, Range: v.Range, Reason: "nobody knows"}
	}
	c := *v
	c.List, c.Map = slices.Clone(v.List), slices.Clone(v.Map)
	for i := range c.List {
		c.List[i] = withUndecided(c.List[i])
	}
	for i := range c.Map {
		c.Map[i].Value = withUndecided(c.Map[i].Value)
	}
	return &c
}

// value reads a YAML document.
func value(t *testing.T, yaml string) *located.Value {
	t.Helper()
	v, ok := kubernetes.ParseValue("main.tf", []byte(yaml))
	if !ok {
		t.Fatalf("read value:\n%s", yaml)
	}
	return withUndecided(v)
}

// object reads the one object of a manifest.
func object(t *testing.T, manifest string) *kubernetes.Object {
	t.Helper()
	objects, _ := kubernetes.Parse("app.yaml", []byte(manifest))
	if len(objects) != 1 {
		t.Fatalf("read manifest: %d objects\n%s", len(objects), manifest)
	}
	objects[0].Root = withUndecided(objects[0].Root)
	return objects[0]
}

// workload reads a pod with that spec.
func workload(t *testing.T, spec string) *kube.Workload {
	t.Helper()
	return kube.ReadWorkload(object(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: "+spec))
}

// service reads a Service with that spec, annotations and status.
func service(t *testing.T, spec, annotations, status string) *kube.Service {
	t.Helper()
	return kube.ReadService(object(t, "apiVersion: v1\nkind: Service\nmetadata: {name: s, annotations: "+annotations+"}\nspec: "+spec+"\nstatus: "+status))
}

func TestReadWorkload(t *testing.T) {
	const pods = `{template: {metadata: {labels: {app: api}}, spec: {containers: [{name: c, image: x}]}}}`
	for _, tc := range []struct {
		name, manifest string
		hostNetwork    truth.Truth
		dnsPolicy      string
		labels         map[string]string
		undecided      []string
	}{
		{
			"a Deployment", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: " + pods,
			truth.No, "ClusterFirst",
			map[string]string{"app": "api"},
			[]string{"pod-template-hash"},
		},
		{
			"a StatefulSet of one pod", "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: " + pods,
			truth.No, "ClusterFirst",
			map[string]string{"app": "api", "statefulset.kubernetes.io/pod-name": "db-0", "apps.kubernetes.io/pod-index": "0"},
			[]string{"controller-revision-hash"},
		},
		{
			"a StatefulSet of several", "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {replicas: 3, template: {spec: {containers: []}}}",
			truth.No, "ClusterFirst",
			map[string]string{},
			[]string{"controller-revision-hash", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"},
		},
		{
			"on the node's network", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostNetwork: true, dnsPolicy: Default}",
			truth.Yes, "Default",
			map[string]string{},
			nil,
		},
		{
			"not decided", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostNetwork: perhaps, dnsPolicy: Nothing}",
			truth.Maybe, "",
			map[string]string{},
			nil,
		},
	} {
		w := kube.ReadWorkload(object(t, tc.manifest))
		if w == nil {
			t.Errorf("%s: no workload", tc.name)
			continue
		}
		labels := map[string]string(w.Labels)
		same := len(labels) == len(tc.labels)
		for key, value := range tc.labels {
			same = same && labels[key] == value
		}
		if w.HostNetwork != tc.hostNetwork || w.DNSPolicy != tc.dnsPolicy || !same || !slices.Equal(w.Undecided, tc.undecided) {
			t.Errorf("%s: hostNetwork %s, dnsPolicy %q, labels %v, undecided %v", tc.name, w.HostNetwork, w.DNSPolicy, labels, w.Undecided)
		}
	}
	if w := kube.ReadWorkload(object(t, "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {}")); w != nil {
		t.Error("a Service runs pods")
	}
}

func TestTargetPort(t *testing.T) {
	w := kube.ReadWorkload(object(t, `apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  initContainers: [{name: i, ports: [{name: http, containerPort: 1}]}]
  containers: [{name: c, ports: [{name: http, containerPort: 8080}, {name: dns, containerPort: 53, protocol: UDP}]}]
`))
	for _, tc := range []struct {
		target, protocol string
		want             int
	}{{"9090", "TCP", 9090}, {"http", "TCP", 8080}, {"http", "UDP", 0}, {"dns", "UDP", 53}, {"grpc", "TCP", 0}} {
		if got := w.TargetPort(kube.ServicePort{Target: tc.target, Protocol: tc.protocol}); got != tc.want {
			t.Errorf("%s/%s is port %d, want %d", tc.target, tc.protocol, got, tc.want)
		}
	}
}

func TestMatches(t *testing.T) {
	w := kube.ReadWorkload(object(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: shop}\nspec: {}"))
	for pattern, want := range map[string]bool{
		"*": true, "shop/api": true, "Shop/API": true, "shop/*": true, "pod/shop/api": true, "Pod/*/a?i": true,
		"api": false, "shop/web": false, "Deployment/shop/api": false, "other/*": false, "shop/[": false,
	} {
		if w.Matches(pattern) != want {
			t.Errorf("%s matches: %t", pattern, !want)
		}
	}
}

func TestService(t *testing.T) {
	s := kube.ReadService(object(t, `apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector: {app: web}
  ports: [{port: 443, targetPort: https}, {port: 53, protocol: UDP}]
status: {loadBalancer: {ingress: [{ip: 47.1.2.3}]}}
`))
	if s.ID() != "shop/web" || !s.Selects || s.IsLocal() != truth.Yes || s.Direct {
		t.Errorf("%s: selects %t, local %s, direct %t", s.ID(), s.Selects, s.IsLocal(), s.Direct)
	}
	for _, tc := range []struct {
		protocol string
		port     int
		want     bool
	}{{"TCP", 443, true}, {"UDP", 443, false}, {"UDP", 53, true}, {"TCP", 0, true}, {"TCP", 80, false}} {
		if s.Serves(tc.protocol, tc.port) != tc.want {
			t.Errorf("it serves %s %d: %t", tc.protocol, tc.port, !tc.want)
		}
	}
	if found, direct := s.HasAddress(netip.MustParseAddr("47.1.2.3")); !found || direct {
		t.Errorf("its address is found: %t, direct: %t", found, direct)
	}
	if found, _ := s.HasAddress(netip.MustParseAddr("47.1.2.4")); found {
		t.Error("it has another's address")
	}
}

func TestConfigSource(t *testing.T) {
	c := kube.ReadConfigSource(object(t, "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: YQ==, b: '?'}\nstringData: {a: plain}"))
	if v, ok := c.Get("a"); !ok || v.Text != "plain" || !v.Value.Sensitive {
		t.Errorf("a is %+v (%t)", v, ok)
	}
	if _, ok := c.Get("b"); ok {
		t.Error("what is no base64 has a value")
	}
	if text := c.Text("a"); text != "plain" {
		t.Errorf("the text of a is %q", text)
	}
}

func TestMeshEntry(t *testing.T) {
	e := kube.ReadMeshEntry(object(t, `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: e, namespace: mesh}
spec:
  hosts: [api.partner.com, "*.Partner.com"]
  exportTo: ["."]
  ports: [{number: 443, targetPort: 8443}]
`))
	for host, want := range map[string]bool{"api.partner.com": true, "x.partner.com": true, "partner.com": false, "other.com": false} {
		if e.Names(host) != want {
			t.Errorf("it names %s: %t", host, !want)
		}
	}
	if !e.SeenFrom("mesh") || e.SeenFrom("shop") {
		t.Error("it is not seen from its own namespace alone")
	}
	if e.Port != 443 || !e.Moved[443] || e.Static {
		t.Errorf("%+v", e)
	}
	inside := "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: e}\nspec: {location: MESH_INTERNAL, hosts: [a.b]}"
	if kube.ReadMeshEntry(object(t, inside)) != nil {
		t.Error("what is inside of the mesh is outside")
	}
}
