package parser_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/source"
)

func configMap(name string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n", name)
}

func repository() fstest.MapFS {
	return fstest.MapFS{
		"live/main.tf":              {Data: []byte("module \"net\" {\n  source = \"../modules/net\"\n}\n")},
		"live/prod.tfvars":          {Data: []byte("a = 1\n")},
		"modules/net/main.tf":       {Data: []byte("resource \"alicloud_vpc\" \"main\" {\n  cidr_block = \"10.0.0.0/8\"\n}\n")},
		"k8s/a.yaml":                {Data: []byte(configMap("a") + "---\n" + configMap("b"))},
		"k8s/c.json":                {Data: []byte(`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}`)},
		"k8s/values.yaml":           {Data: []byte("replicas: 3\n")},
		"package.json":              {Data: []byte(`{"name": "x", broken`)},
		"report.json":               {Data: []byte(`{"apiVersion": "egresslint.io/v1alpha1", "kind": "Report"}`)},
		"chart/Chart.yaml":          {Data: []byte("apiVersion: v2\nname: c\nversion: 0.1.0\n")},
		"chart/templates/cm.yaml":   {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n")},
		"broken/broken.yaml":        {Data: []byte("kind: [\n")},
		"broken/template.yaml":      {Data: []byte("a: [\n")},
		"broken/empty.yaml":         {Data: nil},
		"broken/like-manifest.json": {Data: []byte(`{"apiVersion": "v1", "kind": `)},
		"broken/broken.tf":          {Data: []byte("resource {{\n")},
	}
}

// outline is what the tests compare of a result.
type outline struct {
	Objects     []string
	Resources   []string
	Diagnostics []string // by place
	Files       parser.Files
}

func parse(t *rapid.T, files fstest.MapFS, overlay map[string]string, opts parser.Options) outline {
	tree := source.NewTree(files)
	for name, data := range overlay {
		tree.Overlay(name, []byte(data))
	}
	result, err := parser.Parse(context.Background(), tree, opts)
	if err != nil {
		t.Fatal(err)
	}
	o := outline{Files: result.Files}
	for _, object := range result.Objects {
		o.Objects = append(o.Objects, object.File+" "+object.Name)
	}
	for _, root := range result.Roots {
		for _, r := range root.Resources {
			o.Resources = append(o.Resources, root.Dir+" "+root.Variant+" "+r.Address)
		}
	}
	for _, d := range result.Diagnostics {
		if d.Fatal() {
			o.Diagnostics = append(o.Diagnostics, d.Range.File)
		}
	}
	o.Diagnostics = slices.Compact(o.Diagnostics)
	return o
}

// What a tree holds, however the paths are ordered and whatever else runs.
func TestParse(t *testing.T) {
	tests := map[string]struct {
		paths   []string
		exclude []string
		overlay map[string]string
		want    outline
	}{
		"everything": {
			paths: []string{"live", "modules", "k8s", "package.json", "report.json", "chart", "broken"},
			want: outline{
				Objects:     []string{"k8s/a.yaml a", "k8s/a.yaml b", "k8s/c.json c", "chart/templates/cm.yaml c"},
				Resources:   []string{"live prod module.net.alicloud_vpc.main"},
				Diagnostics: []string{"broken/broken.tf", "broken/broken.yaml", "broken/like-manifest.json"},
				Files:       parser.Files{Terraform: 3, Variables: 1, YAML: 7, JSON: 2, Skipped: 1},
			},
		},
		"what is referred to need not be named": {
			paths: []string{"live"},
			want: outline{
				Resources: []string{"live prod module.net.alicloud_vpc.main"},
				Files:     parser.Files{Terraform: 1, Variables: 1},
			},
		},
		"excluded": {
			paths: []string{"k8s"}, exclude: []string{"k8s/*.json"},
			want: outline{Objects: []string{"k8s/a.yaml a", "k8s/a.yaml b"}, Files: parser.Files{YAML: 2}},
		},
		"standard input": {
			paths:   []string{"k8s", "k8s/new.yaml"},
			overlay: map[string]string{"k8s/a.yaml": configMap("z"), "k8s/new.yaml": configMap("w")},
			want: outline{
				Objects: []string{"k8s/a.yaml z", "k8s/c.json c", "k8s/new.yaml w"},
				Files:   parser.Files{YAML: 3, JSON: 1},
			},
		},
		"nothing": {paths: []string{"package.json"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				opts := parser.Options{Paths: rapid.Permutation(tt.paths).Draw(t, "paths"), Exclude: tt.exclude}
				if diff := cmp.Diff(tt.want, parse(t, repository(), tt.overlay, opts)); diff != "" {
					t.Fatalf("result differs (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestParseEmpty(t *testing.T) {
	for path, want := range map[string]bool{"package.json": true, "k8s/values.yaml": true, "k8s": false, "live": false} {
		result, err := parser.Parse(context.Background(), source.NewTree(repository()), parser.Options{Paths: []string{path}})
		if err != nil {
			t.Fatal(err)
		}
		if result.Empty() != want {
			t.Errorf("%s: empty is %v", path, result.Empty())
		}
	}
}

func TestParseCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	result, err := parser.Parse(ctx, source.NewTree(repository()), parser.Options{Paths: []string{"k8s"}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", result, err)
	}
}

func BenchmarkParse(b *testing.B) {
	files := make(fstest.MapFS)
	for i := range 500 {
		files[fmt.Sprintf("k8s/%d.yaml", i)] = &fstest.MapFile{Data: []byte(configMap("a") + "data:\n  key: value\n")}
	}
	for b.Loop() {
		if _, err := parser.Parse(context.Background(), source.NewTree(files), parser.Options{Paths: []string{"k8s"}}); err != nil {
			b.Fatal(err)
		}
	}
}
