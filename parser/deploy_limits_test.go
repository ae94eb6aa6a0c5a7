package parser_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/source"
)

func applicationSet(spec string) string {
	return "-- set.yaml --\napiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: set}\nspec:\n" + spec
}

// fluxIn is an object of Flux with a name and a namespace.
func fluxIn(kind, name, spec string) string {
	group := "kustomize.toolkit.fluxcd.io/v1"
	if kind == "HelmRelease" {
		group = "helm.toolkit.fluxcd.io/v2"
	}
	return fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: %s, namespace: flux}\nspec:\n  sourceRef: {kind: GitRepository, name: r}\n%s", group, kind, name, spec)
}

const chart = "-- c/Chart.yaml --\napiVersion: v2\nname: c\nversion: 0.1.0\n-- c/templates/a.yaml --\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"{{ .Values.name }}\"}\n-- c/values.yaml --\nname: default\n"

// generated is a kustomization that makes a ConfigMap with a fixed name.
const generated = "-- vars/kustomization.yaml --\nconfigMapGenerator: [{name: vars, namespace: flux, files: [values.yaml], literals: [team=shop]}]\ngeneratorOptions: {disableNameSuffixHash: true}\n-- vars/values.yaml --\nname: set\n"

// Deployments that need each other, or that are too large, too deep or broken.
func TestDeployments(t *testing.T) {
	deep := strings.Repeat("{{if true}}", 2000)
	wide := strings.Repeat("v", 20_000)
	tests := map[string]struct {
		files string
		want  string // objects, then diagnostics
	}{
		"variables that are found later": {
			generated + "-- m/a.yaml --\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"${team}\"}\n-- flux.yaml --\n" +
				fluxIn("Kustomization", "m", "  path: m\n  postBuild: {substituteFrom: [{kind: ConfigMap, name: vars}]}\n"), `
Kustomization flux/m
ConfigMap /shop
ConfigMap flux/vars
`,
		},
		"values that are found later": {
			generated + chart + "-- flux.yaml --\n" + fluxIn("HelmRelease", "c",
				"  chart: {spec: {chart: c, sourceRef: {kind: GitRepository, name: r}}}\n  valuesFrom: [{kind: ConfigMap, name: vars}]\n"), `
HelmRelease flux/c
ConfigMap flux/vars
ConfigMap flux/set
`,
		},
		"a folder that deploys itself and cannot be built": {
			"-- apps/a.yaml --\n" + configMap("a") + "-- apps/b.yaml --\n" + configMap("a") + "-- apps/flux.yaml --\n" +
				fluxIn("Kustomization", "apps", "  path: apps\n  targetNamespace: shop\n"), `
Kustomization flux/apps
render-error apps/b.yaml: build overlay: may not add resource with an already registered id: ConfigMap.v1/a
`,
		},
		"a folder that something else deploys in a namespace": {
			"-- apps/a.yaml --\n" + configMap("a") + "-- flux.yaml --\n" + fluxIn("Kustomization", "apps", "  path: apps\n  targetNamespace: shop\n"), `
Kustomization flux/apps
ConfigMap shop/a
`,
		},
		"a folder that deploys itself in a namespace": {
			"-- apps/a.yaml --\n" + configMap("a") + "-- apps/flux.yaml --\n" + fluxIn("Kustomization", "apps", "  path: apps\n  targetNamespace: shop\n"), `
ConfigMap shop/a
Kustomization shop/apps
`,
		},
		"templates nested too deep": {
			"-- a/a.yaml --\n" + configMap("a") + applicationSet("  goTemplate: true\n  generators: [{list: {elements: [{x: b}]}}]\n"+
				"  template: {metadata: {name: b}, spec: {source: {path: a}, junk: '"+deep+"'}}\n"), `
ConfigMap /a
ApplicationSet /set
limit-reached set.yaml:7:31: follow application set set: its template is not filled in: its actions are nested deeper than 1000 levels
`,
		},
		"a chart nested too deep": {
			chart + "-- c/templates/b.yaml --\n" + configMap("b") + "---\n" + deep + "\n", `
ConfigMap /default
limit-reached c/templates/b.yaml:5:1: render chart: its actions are nested deeper than 1000 levels
`,
		},
		"values nested too deep that nothing parses": {
			chart + "-- c/values.yaml --\nname: default\ntext: '" + deep + "'\n", `
ConfigMap /default
`,
		},
		"a text that gets too long": {
			"-- a/a.yaml --\n" + configMap("a") + applicationSet("  generators: [{list: {elements: [{x: "+wide+"}]}}]\n"+
				"  template: {metadata: {name: b}, spec: {source: {path: a}, junk: '"+strings.Repeat("{{x}}", 100)+"'}}\n"), `
ConfigMap /a
ApplicationSet /set
limit-reached set.yaml:6:31: follow application set set: its template is not filled in: a text gets longer than 1 MiB
`,
		},
		"a Go template that gets too long": {
			"-- a/a.yaml --\n" + configMap("a") + applicationSet("  goTemplate: true\n  generators: [{list: {elements: [{x: "+wide+"}]}}]\n"+
				"  template: {metadata: {name: b}, spec: {source: {path: a}, junk: '"+strings.Repeat("{{.x}}", 100)+"'}}\n"), `
ConfigMap /a
ApplicationSet /set
limit-reached set.yaml:7:31: follow application set set: its template is not filled in: a text gets longer than 1 MiB
`,
		},
		"variables that fill in too much": {
			"-- m/a.yaml --\n" + configMap("a") + "data: {a: '" + strings.Repeat("${a}", 100) + "'}\n-- flux.yaml --\n" +
				fluxIn("Kustomization", "m", "  path: m\n  postBuild: {substitute: {a: "+wide+"}}\n"), `
Kustomization flux/m
ConfigMap /a
limit-reached flux.yaml:3:18: follow kustomization flux/m: fill in its variables in m/a.yaml: a text gets longer than 1 MiB
`,
		},
		"a matrix whose second generator gives nothing": {
			applicationSet("  generators: [{matrix: {generators: [{list: {elements: [" + strings.Repeat("{a: b},", 1500) + "]}}, {list: {elements: []}}]}}]\n" +
				"  template: {metadata: {name: b}, spec: {source: {path: a}}}\n"), `
ApplicationSet /set
limit-reached set.yaml:5:39: follow application set set: the first generator of a matrix gives more than 1000 sets of parameters; the rest is left out
`,
		},
		"globs with too many alternatives": {
			"-- a/" + strings.Repeat("a", 60) + ".yaml --\n" + configMap("a") + "-- app.yaml --\n" +
				"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  source:\n    path: a\n    directory: {include: '" + strings.Repeat("{a,aa}", 40) + "z'}\n", `
ConfigMap /a
Application /a
limit-reached app.yaml:7:26: follow application a: use glob "` + strings.Repeat("{a,aa}", 40) + `z": its alternatives stand for more than 1000 patterns
`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := make(fstest.MapFS)
			for _, f := range txtar.Parse([]byte(test.files)).Files {
				files[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			result, err := parser.Parse(context.Background(), source.NewTree(files), parser.Options{Paths: []string{"."}})
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, o := range result.Objects {
				fmt.Fprintf(&b, "%s %s/%s\n", o.Kind, o.Namespace, o.Name)
			}
			for _, d := range result.Diagnostics {
				fmt.Fprintf(&b, "%s %s: %s\n", d.Kind, d.Range, d.Message)
			}
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Objects that deploy the same manifests again and again.
func TestTooManyDeployments(t *testing.T) {
	var elements strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&elements, "{x: n%d},", i)
	}
	set := func(i int) string {
		return fmt.Sprintf("apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: set%d}\nspec:\n  generators: [{list: {elements: [%s]}}]\n"+
			"  template: {metadata: {name: '{{x}}'}, spec: {destination: {namespace: 's%d-{{x}}'}, source: {path: a}}}\n", i, elements.String(), i)
	}
	for name, test := range map[string]struct {
		sets, objects int
		want          string
	}{
		"deployments": {6, 1, "follow application n0: the objects of Argo CD and Flux deploy more than 5000 times; the rest is left out"},
		"objects":     {1, 201, "follow application n0: the objects of Argo CD and Flux deploy more than 200000 objects; what it says of the rest is left out"},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{"a/a.yaml": {Data: []byte(strings.Repeat("---\n"+configMap("a"), test.objects))}}
			for i := range test.sets {
				files[fmt.Sprintf("set%d.yaml", i)] = &fstest.MapFile{Data: []byte(set(i))}
			}
			result, err := parser.Parse(context.Background(), source.NewTree(files), parser.Options{Paths: []string{"."}})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range result.Diagnostics {
				if d.Kind == source.LimitReached {
					got = append(got, d.Message)
				}
			}
			if len(got) != 1 || got[0] != test.want {
				t.Errorf("got %.300q, want %q", got, test.want)
			}
		})
	}
}

// One set makes no more applications than the documentation says.
func TestTooManyApplications(t *testing.T) {
	set := "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: set}\nspec:\n  generators: [{list: {elements: [" +
		strings.Repeat("{x: a},", 1001) + "]}}]\n  template: {metadata: {name: '{{x}}'}, spec: {source: {path: a}}}\n"
	files := fstest.MapFS{"a/a.yaml": {Data: []byte(configMap("a"))}, "set.yaml": {Data: []byte(set)}}
	result, err := parser.Parse(context.Background(), source.NewTree(files), parser.Options{Paths: []string{"."}})
	if err != nil {
		t.Fatal(err)
	}
	want := "follow application set set: it makes more than 1000 applications; the rest is left out"
	if d := result.Diagnostics; len(d) != 1 || d[0].Kind != source.LimitReached || d[0].Message != want {
		t.Errorf("got %v, want limit-reached: %s", d, want)
	}
}
