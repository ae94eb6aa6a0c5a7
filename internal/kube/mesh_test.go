package kube_test

import (
	"fmt"
	"testing"

	"github.com/egresslint/egresslint/internal/kube"
)

func meshEntry(t *testing.T, spec string) *kube.MeshEntry {
	t.Helper()
	return kube.ReadMeshEntry(object(t, "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: e, namespace: mesh}\nspec: "+spec))
}

func TestReadMeshEntry(t *testing.T) {
	for _, tc := range []struct{ name, spec, want string }{
		{"one port", "{ports: [{number: 443}]}", "port 443 moved map[] static false"},
		{"several ports", "{ports: [{number: 443}, {number: 80}]}", "port 0 moved map[] static false"},
		{"a port that is moved", "{ports: [{number: 443, targetPort: 8443}]}", "port 443 moved map[443:true] static false"},
		{"a port that is said twice", "{ports: [{number: 443, targetPort: 443}]}", "port 443 moved map[] static false"},
		{"addresses of its own", "{endpoints: [{address: 10.0.0.1}]}", "port 0 moved map[] static true"},
		{"pods", "{workloadSelector: {labels: {app: x}}}", "port 0 moved map[] static true"},
		{"no addresses", "{endpoints: []}", "port 0 moved map[] static false"},
	} {
		e := meshEntry(t, tc.spec)
		if got := fmt.Sprintf("port %d moved %v static %t", e.Port, e.Moved, e.Static); got != tc.want {
			t.Errorf("%s: %s", tc.name, got)
		}
	}
}

func TestMeshEntrySeenFrom(t *testing.T) {
	for _, tc := range []struct {
		spec       string
		own, other bool
	}{
		{"{}", true, true},
		{"{exportTo: []}", true, true},
		{"{exportTo: ['*']}", true, true},
		{"{exportTo: ['.']}", true, false},
		{"{exportTo: [shop]}", false, true},
		{"{exportTo: [shop, '.']}", true, true},
		{"{exportTo: [else]}", false, false},
		{"{exportTo: [" + undecided + "]}", false, false},
	} {
		e := meshEntry(t, tc.spec)
		if e.SeenFrom("mesh") != tc.own || e.SeenFrom("shop") != tc.other {
			t.Errorf("%s: seen from its own namespace %t, from another %t", tc.spec, e.SeenFrom("mesh"), e.SeenFrom("shop"))
		}
	}
}

func TestMeshEntryNames(t *testing.T) {
	for _, tc := range []struct {
		spec, host string
		want       bool
	}{
		{"{hosts: [a.example.com]}", "a.example.com", true},
		{"{hosts: [A.Example.com]}", "a.example.com", true},
		{"{hosts: [b.example.com]}", "a.example.com", false},
		{"{hosts: [example.com]}", "a.example.com", false},
		{"{hosts: [.example.com]}", "a.example.com", false},
		{"{hosts: ['*.example.com']}", "a.example.com", true},
		{"{hosts: ['*.example.org']}", "a.example.com", false},
		{"{hosts: ['*']}", "a.example.com", false}, // names no host that somebody meant
		{"{hosts: [" + undecided + "]}", "a.example.com", false},
		{"{}", "a.example.com", false},
	} {
		if got := meshEntry(t, tc.spec).Names(tc.host); got != tc.want {
			t.Errorf("%s names %s: %t", tc.spec, tc.host, got)
		}
	}
	if meshEntry(t, "{hosts: ["+undecided+"]}").Names("") {
		t.Error("a host that is not decided is an empty one")
	}
}
