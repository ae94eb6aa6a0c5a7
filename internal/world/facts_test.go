package world

import (
	"context"
	"net/netip"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// objects reads manifests, in which the text "UNKNOWN why" stands for what the files do
// not decide.
func objects(t *testing.T, text string) []*kubernetes.Object {
	t.Helper()
	list, diagnostics := kubernetes.Parse("app.yaml", []byte(text))
	if len(diagnostics) > 0 {
		t.Fatalf("parse manifests: %s", diagnostics[0].Message)
	}
	for _, o := range list {
		o.Root = undecide(o.Root)
	}
	return list
}

func undecide(v *located.Value) *located.Value {
	c := *v
	if why, ok := strings.CutPrefix(v.Str, "UNKNOWN"); ok {
		c = located.Value{Kind: located.Unknown, Range: v.Range, Reason: strings.TrimSpace(why)}
	}
	c.List, c.Map = nil, nil
	for _, item := range v.List {
		c.List = append(c.List, undecide(item))
	}
	for _, f := range v.Map {
		f.Value = undecide(f.Value)
		c.Map = append(c.Map, f)
	}
	return &c
}

// value reads a value, as objects does.
func value(t *testing.T, text string) *located.Value {
	t.Helper()
	return objects(t, "{apiVersion: v1, kind: Value, metadata: {name: x}, spec: "+text+"}")[0].Root.Get("spec")
}

// workload reads a Deployment with that metadata and spec of its pods.
func workload(t *testing.T, metadata, spec string) *kube.Workload {
	t.Helper()
	o := objects(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: shop}, spec: {template: {metadata: "+metadata+", spec: "+spec+"}}}")[0]
	return kube.ReadWorkload(o)
}

// in is a vSwitch in a zone, with the CIDR that its name says.
func in(zone, cidr string) Member {
	v := &alicloud.VSwitch{Key: cidr, Name: cidr, Zone: zone, Reason: "the CIDR of " + cidr + " is not in the files"}
	if prefix, err := netip.ParsePrefix(cidr); err == nil {
		v.CIDR = prefix
	}
	return Member{VSwitch: v}
}

// named are the names of members' vSwitches.
func named(list []Member) string {
	var names []string
	for _, m := range list {
		names = append(names, m.VSwitch.Name)
	}
	return strings.Join(names, " ")
}

// roots evaluates Terraform, folder by folder.
func roots(t *testing.T, folders map[string]string) []*terraform.Root {
	t.Helper()
	files := fstest.MapFS{}
	var names []string
	for dir, text := range folders {
		name := path.Join(dir, "main.tf")
		files[name] = &fstest.MapFile{Data: []byte(text)}
		names = append(names, name)
	}
	list, diagnostics := terraform.Load(context.Background(), source.NewTree(files), names, terraform.Options{})
	for _, d := range diagnostics {
		if d.Fatal() {
			t.Fatalf("load Terraform: %s", d.Message)
		}
	}
	return list
}

// build binds manifests to the clusters of a Terraform root and finds out what they need.
func build(t *testing.T, hcl, manifests string, options Options) (*Facts, []*World, *Notes) {
	t.Helper()
	input := Input{Objects: objects(t, manifests), Options: options}
	if hcl != "" {
		input.Roots = roots(t, map[string]string{"infra": hcl})
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
