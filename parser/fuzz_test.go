package parser_test

import (
	"bytes"
	"context"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/source"
)

// FuzzParseTree checks that no contents of the files of a tree make Parse panic or
// hang, and that what it says is about places that are there.
func FuzzParseTree(f *testing.F) {
	f.Add(
		"variable \"token\" {\n  sensitive = true\n  default   = \"x\"\n}\nresource \"alicloud_vpc\" \"v\" {\n  count    = 2\n  vpc_name = \"${var.token}-${count.index}\"\n  dynamic \"a\" {\n    for_each = range(3)\n    content { v = a.value }\n  }\n}\n",
		"token = \"y\"\n",
		goodManifest+"---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: b2s=}\n",
		"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [base.yaml]\nnamePrefix: a-\n",
		"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  host: {{ .Values.host | quote }}\n",
		"host: db\n",
		`{"format_version":"1.2","terraform_version":"1.9.0","planned_values":{"root_module":{"resources":[{"address":"alicloud_vpc.v","mode":"managed","type":"alicloud_vpc","name":"v","provider_name":"registry.terraform.io/aliyun/alicloud","values":{"vpc_name":"x"},"sensitive_values":{"vpc_name":true}}]}},"configuration":{"root_module":{}}}`,
	)
	f.Add("locals {\n  a = [for a in range(1000) : [for b in range(1000) : \"${a}${b}\"]]\n}\n", "", "a: &a [*a]\n", "resources: [.]\n", "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}", "a: *b\n", "{\"format_version\": 1}")
	f.Add("a {\n", "a = [\n", "a: !!int b\n", "generators: [\"a\\nb\"]\n", "{{", "{", "{\"format_version\":\"1.2\",\"planned_values\":[")
	f.Fuzz(func(t *testing.T, configuration, variables, manifest, kustomization, template, values, plan string) {
		fsys := fstest.MapFS{
			"infra/main.tf":                 {Data: []byte(configuration)},
			"infra/prod.tfvars":             {Data: []byte(variables)},
			"k8s/a.yaml":                    {Data: []byte(manifest)},
			"overlay/kustomization.yaml":    {Data: []byte(kustomization)},
			"overlay/base.yaml":             {Data: []byte(goodManifest)},
			"chart/Chart.yaml":              {Data: []byte("apiVersion: v2\nname: chart\nversion: 1.0.0\n")},
			"chart/values.yaml":             {Data: []byte(values)},
			"chart/templates/template.yaml": {Data: []byte(template)},
			"plan.json":                     {Data: []byte(plan)},
		}
		tree := source.NewTree(fsys)
		result, err := parser.Parse(context.Background(), tree, parser.Options{Paths: []string{"."}})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range result.Diagnostics {
			if d.Kind == "" || d.Message == "" || d.Range.File == "" {
				t.Errorf("%v is not whole", d)
			}
			checkRange(t, fsys, d.Range)
		}
	})
}

// checkRange checks that a range lies in its file.
func checkRange(t *testing.T, fsys fstest.MapFS, r source.Range) {
	t.Helper()
	f := fsys[r.File]
	if f == nil {
		if _, err := fsys.Stat(r.File); err != nil {
			t.Errorf("there is no file %q", r.File)
		}
		return
	}
	lines := bytes.Split(f.Data, []byte("\n"))
	for _, p := range []source.Pos{r.Start, r.End} {
		switch {
		case p == (source.Pos{}): // of the file as a whole
		case p.Line < 1 || p.Line > len(lines):
			t.Errorf("%v: the file has %d lines", r, len(lines))
		case p.Column < 1 || p.Column > utf8.RuneCount(lines[p.Line-1])+2:
			t.Errorf("%v: the line has %d characters", r, utf8.RuneCount(lines[p.Line-1]))
		}
	}
}
