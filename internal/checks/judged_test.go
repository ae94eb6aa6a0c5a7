package checks_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/checks"
	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/source"
)

// reading is what is read of files, by name.
func reading(t *testing.T, files map[string]string) *checks.Checks {
	t.Helper()
	fsys := make(fstest.MapFS)
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	tree := source.NewTree(fsys)
	parsed, err := parser.Parse(context.Background(), tree, parser.Options{Paths: []string{"."}})
	if err != nil {
		t.Fatal(err)
	}
	return &checks.Checks{Run: &checks.Run{Tree: tree, Parsed: parsed}}
}

func pod(name string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\nspec:\n  containers: []\n", name)
}

const (
	chart = "apiVersion: v2\nname: c\nversion: 1.0.0\n"
	vpc   = "resource \"alicloud_vpc\" \"a\" {\n  cidr_block = \"10.0.0.0/8\"\n}\n"
)

func TestJudged(t *testing.T) {
	const unrendered = "not-judged c/templates/a.yaml: is no longer judged (1 object of what was c/a.yaml): it is part of the chart in c, which does not render it\n"
	toChart := map[string]string{"c/templates/a.yaml": "c/a.yaml"}
	withChart := func(template string) map[string]string {
		return map[string]string{"c/Chart.yaml": chart, "c/templates/a.yaml": template}
	}
	tests := map[string]struct {
		before, now map[string]string
		former      map[string]string
		want        string
	}{
		"the same": {map[string]string{"a.yaml": pod("a"), "a.tf": vpc}, map[string]string{"a.yaml": pod("a"), "a.tf": vpc}, nil, ""},
		"a template that renders nothing": {
			map[string]string{"c/a.yaml": pod("a")}, withChart("{{ if false }}\n" + pod("a") + "{{ end }}\n"), toChart, unrendered,
		},
		"and something else": {
			map[string]string{"c/a.yaml": pod("a")}, withChart(pod("other") + "---\n{{ if false }}\n" + pod("a") + "{{ end }}\n"), toChart, unrendered,
		},
		"with a kind that is made": {
			map[string]string{"c/a.yaml": pod("a")}, withChart("{{ if false }}\nkind: {{ \"Pod\" }}\n{{ end }}\n"), toChart, unrendered,
		},
		"a template that renders it": {map[string]string{"c/a.yaml": pod("a")}, withChart(pod("{{ .Release.Name }}")), toChart, ""},
		"a chart that no longer renders it": {
			withChart("{{ if not .Values.quiet }}\n" + pod("a") + "{{ end }}\n"),
			map[string]string{"c/Chart.yaml": chart, "c/values.yaml": "quiet: true\n", "c/templates/a.yaml": "{{ if not .Values.quiet }}\n" + pod("a") + "{{ end }}\n"},
			nil,
			"not-judged c/templates/a.yaml: is no longer judged (1 object): it is part of the chart in c, which does not render it\n",
		},
		"a chart that renders one of two": {
			withChart("{{ if .Values.x }}\n" + pod("a") + "{{ else }}\n" + pod("b") + "{{ end }}\n"),
			map[string]string{"c/Chart.yaml": chart, "c/values.yaml": "x: true\n", "c/templates/a.yaml": "{{ if .Values.x }}\n" + pod("a") + "{{ else }}\n" + pod("b") + "{{ end }}\n"},
			nil, "",
		},
		"a manifest beside a chart": {
			map[string]string{"c/a.yaml": pod("a")},
			map[string]string{"c/a.yaml": pod("a"), "c/Chart.yaml": chart},
			nil,
			"not-judged c/a.yaml: is no longer judged (1 object): it is part of the chart in c, which does not render it\n",
		},
		"a file that cannot be read": {
			map[string]string{"a.tf": vpc},
			map[string]string{"a.tf": vpc + "locals {\n  a = " + strings.Repeat("[", 5000)},
			nil,
			"not-judged a.tf: is no longer judged (1 resource): not all of it can be read\n",
		},
		"an object of a patch": {
			map[string]string{"a.yaml": pod("a"), "b.yaml": pod("b")},
			map[string]string{"a.yaml": pod("a"), "b.yaml": pod("b"), "kustomization.yaml": "resources: [b.yaml]\npatches: [{path: a.yaml, target: {name: b}}]\n"},
			nil,
			"not-judged a.yaml: is no longer judged (1 object): a kustomization uses it, and no overlay that can be built has it\n",
		},
		"a module call": {
			map[string]string{"a.tf": "module \"m\" {\n  source = \"./m\"\n}\n", "m/a.tf": vpc},
			map[string]string{"a.tf": "module \"m\" {\n  source = \"./m\"\n  count = 0\n}\n", "m/a.tf": vpc},
			nil,
			"not-judged a.tf: is no longer judged (1 module call): no instance of it is left, as its count or for_each, or that of a module, says\n" +
				"not-judged m/a.tf: is no longer judged (1 resource): a.tf:1 calls m as a module, so that it is no root, and no instance is left\n",
		},
		"a folder of tests": {
			map[string]string{"m/a.tf": vpc, "b.tf": vpc},
			map[string]string{"tests/a.tf": vpc, "b.tf": vpc},
			map[string]string{"tests/a.tf": "m/a.tf"},
			"not-judged tests/a.tf: is no longer judged (1 resource of what was m/a.tf): its folder is one of tests\n",
		},
		"an object that takes another name": {map[string]string{"a.yaml": pod("a")}, map[string]string{"a.yaml": pod("b")}, nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			between := &checks.Between{Former: test.former, Changed: make(map[string]bool)}
			for name, text := range test.now {
				between.Changed[name] = test.before[name] != text
			}
			got := checks.Compare(reading(t, test.before), reading(t, test.now), between)
			if diff := cmp.Diff(test.want, render(got)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}
