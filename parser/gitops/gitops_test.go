package gitops_test

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/egresslint/egresslint/parser/gitops"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// holding has the directories of a tree that hold a file of a name.
type holding struct {
	tree *source.Tree
	name string
}

func (h holding) Has(dir string) bool {
	_, err := h.tree.Stat(path.Join(dir, h.name))
	return err == nil
}

// find reads the manifests of an archive that lie in no chart, and finds what their
// objects deploy.
func find(files fs.FS) ([]gitops.Deployment, []source.Diagnostic) {
	tree := source.NewTree(files)
	found, _ := tree.Walk([]string{"."}, source.WalkOptions{})
	var objects []*kubernetes.Object
	manifests := make(map[string]bool)
	for _, f := range found {
		if data, err := tree.ReadFile(f.Name); err == nil && f.Kind == source.YAML && !f.Chart {
			parsed, _ := kubernetes.Parse(f.Name, data)
			objects = append(objects, parsed...)
			manifests[f.Name] = len(parsed) > 0
		}
	}
	return gitops.Find(gitops.Tree{
		Source: tree, Files: found, Charts: holding{tree, "Chart.yaml"}, Overlays: holding{tree, "kustomization.yaml"}, Manifests: manifests,
	}, objects)
}

// outline renders deployments and what is unknown.
func outline(deployments []gitops.Deployment, diagnostics []source.Diagnostic) string {
	var b strings.Builder
	for _, d := range deployments {
		fmt.Fprintf(&b, "%s (%d)", d.By, d.Index)
		if d.Namespace != "" {
			fmt.Fprintf(&b, " in %s", d.Namespace)
		}
		if d.Destination != "" {
			fmt.Fprintf(&b, " on %s", d.Destination)
		}
		switch {
		case d.Release != nil:
			fmt.Fprintf(&b, ": release %s/%s of %s", d.Release.Namespace, d.Release.Name, d.Release.Chart)
			if d.Release.NoDefaults {
				b.WriteString(" without defaults")
			}
			for _, v := range d.Release.Values {
				if b.WriteString("\n  values " + v.File); v.Root != nil {
					leaves(&b, "", v.Root)
				}
			}
		case d.Overlay != nil:
			fmt.Fprintf(&b, ": overlay %s %v", d.Overlay.Dir, d.Overlay.Resources)
			for _, v := range []*located.Value{d.Overlay.Namespace, d.Overlay.NamePrefix, d.Overlay.NameSuffix} {
				text, _ := v.Text()
				fmt.Fprintf(&b, " %q", text)
			}
			fmt.Fprintf(&b, " %v", d.Overlay.Components)
			for _, p := range d.Overlay.Patches {
				fmt.Fprintf(&b, "\n  patch %q %v", p.Text.Str, p.Target)
			}
		default:
			fmt.Fprintf(&b, ": files %v", d.Files)
		}
		b.WriteByte('\n')
	}
	for _, d := range diagnostics {
		fmt.Fprintf(&b, "%s: %s: %s\n", d.Range, d.Kind, strings.ReplaceAll(d.Message, "; egresslint reads nothing from the network; render it and lint the result to cover it", "; ..."))
	}
	return b.String()
}

func leaves(b *strings.Builder, path string, v *located.Value) {
	switch v.Kind {
	case located.Map:
		for _, f := range v.Map {
			leaves(b, path+"."+f.Key, f.Value)
		}
	case located.List:
		for i, e := range v.List {
			leaves(b, fmt.Sprintf("%s[%d]", path, i), e)
		}
	default:
		text, ok := v.Text()
		if !ok {
			text = "null"
		}
		fmt.Fprintf(b, " %s=%s@%s", strings.TrimPrefix(path, "."), text, v.Range)
	}
}

const application = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: app}
spec:
  destination: {namespace: shop, name: %s}
  source: %s
`

func TestFind(t *testing.T) {
	tests := map[string]struct {
		files string
		want  string
	}{
		"values in the order in which they count": {
			"-- c/Chart.yaml --\n-- c/values-a.yaml --\n-- live/b.yaml --\n-- app.yaml --\n" + `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: app, namespace: argocd}
spec:
  destination: {namespace: shop, name: prod}
  sources:
  - path: c
    helm:
      releaseName: api
      parameters: [{name: 'a\.b.c', value: "1"}, {name: d, value: "1", forceString: true}, {name: 'e[0]', value: x}]
      values: "x: 1"
      valueFiles: [values-a.yaml, $live/live/b.yaml, /live/*.yaml, absent/*.yaml]
  - {ref: live, repoURL: https://git.example.com/live.git}
`,
			`application argocd/app (0) on prod: release shop/api of c
  values c/values-a.yaml
  values live/b.yaml
  values live/b.yaml
  values  x=1@app.yaml:11:15
  values  a.b.c=1@app.yaml:10:44
  values  d=1@app.yaml:10:67
app.yaml:10:99: unread: follow application argocd/app: parameter e[0] is not applied: only names of map keys are
`,
		},
		"a values file that is not there": {
			"-- c/Chart.yaml --\n-- app.yaml --\n" + fmt.Sprintf(application, "in-cluster", "{path: c, helm: {valueFiles: [live.yaml]}}"),
			"app.yaml:6:41: unread: follow application app: values file live.yaml is not among the files; the chart is not rendered without it\n",
		},
		"a values file that need not be there": {
			"-- c/Chart.yaml --\n-- app.yaml --\n" + fmt.Sprintf(application, "in-cluster", "{path: c, helm: {ignoreMissingValueFiles: true, valueFiles: [live.yaml]}}"),
			"application app (0): release shop/app of c\n",
		},
		"a path from a folder above": {
			"-- projects/one/apps/web/kustomization.yaml --\n-- projects/one/argocd/app.yaml --\n" +
				fmt.Sprintf(application, "x", "{path: apps/web, kustomize: {namePrefix: a-, namespace: ns, patches: [{patch: p, target: {kind: Service}}]}}"),
			"application app (0) in shop on x: overlay projects/one/apps/web [] \"ns\" \"a-\" \"\" []\n  patch \"p\" Service.[noVer].[noGrp]/[noName].[noNs]:a=:l=\n",
		},
		"a path that holds something else": {
			"-- apps/web/kustomization.yaml --\n-- app.yaml --\n" + fmt.Sprintf(application, "x", "{path: apps/web, repoURL: 'https://u:p@git.example.com/a', helm: {releaseName: a}}"),
			"app.yaml:6:18: unread: follow application app: path apps/web of https://git.example.com/a is not among the files; ...\n",
		},
		"a path that leads out": {
			"-- x/y.yaml --\n-- app.yaml --\n" + fmt.Sprintf(application, "x", "{path: ../../etc}"),
			"app.yaml:6:18: unread: follow application app: path ../../etc of a repository that it does not name is not among the files; ...\n",
		},
		"the whole repository": {"-- app.yaml --\n" + fmt.Sprintf(application, "x", "{path: .}"), ""},
		"a folder": {
			"-- m/a.yaml --\n-- m/b/c.yaml --\n-- m/b/d.json --\n-- app.yaml --\n" + fmt.Sprintf(application, "x", "{path: m, directory: {recurse: true, exclude: '{a.yaml,x}'}}"),
			"application app (0) in shop on x: files [m/b/c.yaml m/b/d.json]\n",
		},
		"a plugin": {
			"-- m/a.yaml --\n-- app.yaml --\n" + fmt.Sprintf(application, "x", "{path: m, plugin: {name: p}}"),
			"app.yaml:6:29: unread: follow application app: plugins are not run; lint what they write to cover it\n",
		},
		"parameters of files": {
			"-- c/Chart.yaml --\n-- env/eu/prod.json --\n{\"cluster\": {\"name\": \"one\"}}\n-- set.yaml --\n" + `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: set}
spec:
  generators:
  - git: {files: [{path: "env/**/*.json"}], values: {who: "{{path[1]}}-{{path.filename}}"}}
  template:
    metadata: {name: "{{cluster.name}}"}
    spec: {source: {path: c, helm: {valuesObject: {dir: "{{path}}", who: "{{values.who}}", base: "{{path.basename}}", other: "{{other}}"}}}}
`,
			"application one (0): release /one of c\n  values  dir=env/eu@set.yaml:6:10 who=eu-prod.json@set.yaml:6:59 base=eu@set.yaml:6:10 other={{other}}@set.yaml:9:126\n",
		},
		"a template that does too much": {
			"-- c/Chart.yaml --\n-- set.yaml --\n" + `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: set}
spec:
  goTemplate: true
  generators: [{list: {elements: [{a: b}]}}]
  template:
    metadata: {name: "{{ range .x }}{{ end }}"}
`,
			"set.yaml:8:22: unread: follow application set set: its template is not filled in: loops and named templates are not followed in \"{{ range .x }}{{ end }}\"\n",
		},
		"a template that grows": {
			"-- set.yaml --\n" + `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: set}
spec:
  goTemplate: true
  generators: [{list: {elements: [{a: b}]}}]
  template:
    metadata: {name: '{{ $x := print .a .a }}{{ $x }}'}
`,
			"set.yaml:8:22: unread: follow application set set: its template is not filled in: a parameter is not known in \"{{ $x := print .a .a }}{{ $x }}\"\n",
		},
		"a template that looks at much": {
			"-- set.yaml --\n" + `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: set}
spec:
  goTemplate: true
  generators: [{list: {elements: [{a: "` + strings.Repeat("x", 500_000) + `"}]}}]
  template:
    metadata: {name: '` + strings.Repeat("{{ $x := quote .a }}", 2000) + `'}
`,
			"set.yaml:8:22: limit-reached: follow application set set: its template is not filled in: its functions make, and it writes, more than 64 MiB\n",
		},
		"a template with a literal that may be secret": {
			"-- set.yaml --\n" + `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: set}
spec:
  goTemplate: true
  generators: [{list: {elements: [{a: b}]}}]
  template:
    metadata: {name: 'hunter2 {{ .b }} {{ print "hunter2" }}'}
`,
			"set.yaml:8:22: unread: follow application set set: its template is not filled in: a parameter is not known in \"{{ .b }}\"\n",
		},
		"a set with a patch of its template": {
			"-- c/Chart.yaml --\n-- set.yaml --\n" + `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: set}
spec:
  generators: [{list: {elements: [{a: b}]}}]
  templatePatch: 'spec: {}'
  template: {metadata: {name: '{{a}}'}, spec: {source: {path: c}}}
`,
			"set.yaml:6:18: unread: follow application set set: it has a templatePatch, which is not applied; lint what it generates to cover it\n",
		},
		"capabilities": {
			"-- c/Chart.yaml --\n-- app.yaml --\n" + fmt.Sprintf(application, "x", "{path: c, helm: {kubeVersion: '1.30', skipCrds: true}}"),
			"application app (0) on x: release shop/app of c\napp.yaml:6:28: unread: follow application app: helm.kubeVersion is not applied\n",
		},
		"old patches of Flux": {
			"-- m/kustomization.yaml --\n-- flux.yaml --\n" + `apiVersion: kustomize.toolkit.fluxcd.io/v1beta1
kind: Kustomization
metadata: {name: m}
spec: {path: ./m, sourceRef: {kind: GitRepository, name: r}, patchesStrategicMerge: [{kind: Pod}]}
`,
			`kustomization m (0): overlay m [] "" "" "" []
flux.yaml:4:85: unread: follow kustomization m: patchesStrategicMerge is not applied; write it as patches
`,
		},
		"a set that says more": {
			"-- set.yaml --\n" + `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: set}
spec:
  generators:
  - {git: {directories: [{path: absent/*}], repoURL: https://git.example.com/a}}
  - {list: {elements: [{a: b}]}, selector: {matchLabels: {a: b}}}
  - {list: {elements: [{a: b}], template: {spec: {}}}}
  - {matrix: {generators: [{list: {}}]}}
`,
			`set.yaml:6:25: unread: follow application set set: no directories of https://git.example.com/a are among the files that its generator names; ...
set.yaml:7:44: unread: follow application set set: generators with a selector are not followed
set.yaml:8:43: unread: follow application set set: generators with a template of their own are not followed
set.yaml:9:14: unread: follow application set set: a matrix of 1 generators is not followed, only one of 2
`,
		},
		"a Kustomization of Flux over a folder": {
			"-- m/a.yaml --\n" + configMap + "-- m/values.yaml --\na: b\n-- m/o/kustomization.yaml --\n-- m/o/x.yaml --\n" + configMap + "-- flux.yaml --\n" + `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: m, namespace: flux-system}
spec: {path: ./m, sourceRef: {kind: GitRepository, name: r}, targetNamespace: ns}
`,
			"kustomization flux-system/m (0): overlay m [m/a.yaml m/o] \"ns\" \"\" \"\" []\n",
		},
		"a Kustomization of Flux that changes nothing": {
			"-- m/a.yaml --\n" + configMap + "-- flux.yaml --\n" + `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: m, namespace: flux-system}
spec: {path: ./m, sourceRef: {kind: GitRepository, name: r}}
`,
			"kustomization flux-system/m (0): files [m/a.yaml]\n",
		},
		"another source of Flux": {
			"-- m/a.yaml --\n" + configMap + "-- flux.yaml --\n" + `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: m}
spec: {path: ./m, sourceRef: {kind: OCIRepository, name: r}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: other}
spec: {path: ./absent, sourceRef: {kind: GitRepository, name: r}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: r}
spec: {url: https://git.example.com/r}
`,
			`flux.yaml:4:37: unread: follow kustomization m: path ./m is in a source of kind OCIRepository; ...
flux.yaml:9:14: unread: follow kustomization other: path ./absent of https://git.example.com/r is not among the files; ...
`,
		},
		"a HelmRelease": {
			"-- c/Chart.yaml --\n-- c/live.yaml --\n-- values.yaml --\n" + `apiVersion: v1
kind: ConfigMap
metadata: {name: v, namespace: shop}
data:
  values.yaml: |
    # values
    host: a.example.com
  port: "8443"
-- release.yaml --
` + `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: api, namespace: shop}
spec:
  targetNamespace: live
  chart: {spec: {chart: ./c, sourceRef: {kind: GitRepository, name: r}, valuesFiles: [c/live.yaml]}}
  valuesFrom:
  - {kind: ConfigMap, name: v}
  - {kind: ConfigMap, name: v, valuesKey: port, targetPath: db.port}
  - {kind: Secret, name: s}
  - {kind: ConfigMap, name: absent, optional: true}
  values: {a: 1}
`,
			`helm release shop/api (0): release live/live-api of c without defaults
  values c/live.yaml
  values  host=a.example.com@values.yaml:7:11
  values  db.port=8443@values.yaml:8:9
  values  a=1@release.yaml:12:15
release.yaml:10:26: unread: follow helm release shop/api: values in Secret s are not read; the chart is rendered without them
`,
		},
		"a HelmRelease of something elsewhere": {
			"-- c/Chart.yaml --\n-- release.yaml --\n" + `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: a}
spec: {chart: {spec: {chart: c, sourceRef: {kind: HelmRepository, name: r}}}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: b}
spec: {chartRef: {kind: OCIRepository, name: r}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: c}
spec: {chart: {spec: {chart: c, sourceRef: {kind: GitRepository, name: r}}}, valuesFrom: [{kind: ConfigMap, name: absent}]}
`,
			`release.yaml:4:30: unread: follow helm release a: chart c comes from HelmRepository r; ...
release.yaml:9:46: unread: follow helm release b: its chart comes from OCIRepository r; ...
release.yaml:14:115: unread: follow helm release c: ConfigMap absent with the key values.yaml is not among the files; the chart is not rendered without it
`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			archive := txtar.Parse([]byte(test.files))
			files := make(fstest.MapFS)
			for _, f := range archive.Files {
				files[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			if diff := cmp.Diff(test.want, outline(find(files))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"

// What Flux fills in, and what it does not.
func TestSubstitution(t *testing.T) {
	tests := map[string]struct {
		spec, value string
		want        string // kind, text, place
	}{
		"a variable":                     {"substitute: {A: b}", "${A}", "b at f.yaml:4:90"},
		"a part of a text":               {"substitute: {A: b}", "x-${A}-y", "x-b-y at c.yaml:5:6"},
		"a number":                       {`substitute: {A: "80"}`, "${A}", "number 80 at f.yaml:4:90"},
		"a number in quotes":             {`substitute: {A: "80"}`, "'${A} '", "80  at c.yaml:5:6"},
		"a default":                      {"substitute: {B: b}", "${A:=c}", "c at c.yaml:5:6"},
		"an empty value and a default":   {`substitute: {A: ""}`, "${A:-c}", "c at c.yaml:5:6"},
		"no value":                       {"substitute: {B: b}", "${A}", "${A} at c.yaml:5:6"},
		"a dollar before it":             {"substitute: {A: b}", "$${A}", "${A} at c.yaml:5:6"},
		"no variables":                   {"substitute: {}", "${A:=c}", "${A:=c} at c.yaml:5:6"},
		"a default that may not be used": {"substituteFrom: [{kind: Secret, name: s}]", "${A:=c}", "${A:=c} at c.yaml:5:6"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{
				"m/kustomization.yaml": {},
				"f.yaml": {Data: []byte("apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: f}\n" +
					"spec: {path: ./m, sourceRef: {kind: GitRepository, name: r}, postBuild: {" + test.spec + "}}\n")},
			}
			deployments, _ := find(files)
			if len(deployments) != 1 {
				t.Fatalf("%d deployments", len(deployments))
			}
			objects, _ := kubernetes.Parse("c.yaml", []byte(configMap+"data:\n  a: "+test.value+"\n"))
			o := objects[0]
			if s := deployments[0].Substitution; s != nil {
				var err error
				if o, err = s.Apply(o, gitops.NewBudget()); err != nil {
					t.Fatal(err)
				}
			}
			v := o.Root.Get("data", "a")
			text, _ := v.Text()
			if v.Kind == located.Number {
				text = "number " + text
			}
			if got := text + " at " + v.Range.String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// Whatever stands in such objects, it does not stop a run, and what is found is in
// the tree.
func FuzzFind(f *testing.F) {
	f.Add(fmt.Sprintf(application, "x", "{path: c, helm: {values: 'a: b', parameters: [{name: a.b, value: c}]}}"))
	f.Add("apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s}\nspec:\n  goTemplate: true\n  generators: [{matrix: {generators: [{list: {elements: [{a: b}]}}, {git: {directories: [{path: '*'}]}}]}}]\n" +
		"  template: {metadata: {name: '{{ .a }}'}, spec: {source: {path: '{{ .path.path }}'}}}\n")
	f.Add("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\nspec: {chart: {spec: {chart: c, sourceRef: {kind: GitRepository}}}, values: {a: b}}\n")
	f.Add("apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec: {path: o, sourceRef: {kind: GitRepository}, patches: [{patch: a}], postBuild: {substitute: {A: b}}}\n")
	f.Fuzz(func(t *testing.T, manifest string) {
		files := fstest.MapFS{
			"c/Chart.yaml": {}, "o/kustomization.yaml": {}, "m/a.yaml": {Data: []byte(configMap)}, "app.yaml": {Data: []byte(manifest)},
		}
		deployments, diagnostics := find(files)
		for _, d := range deployments {
			names := d.Files
			if d.Release != nil {
				names = append(names, d.Release.Chart)
			}
			if d.Overlay != nil {
				names = append(names, d.Overlay.Dir)
			}
			for _, name := range names {
				if _, err := fs.Stat(files, name); err != nil {
					t.Errorf("%s deploys %q: %v", d.By, name, err)
				}
			}
			if d.Substitution != nil {
				if _, err := d.Substitution.Apply(d.Object, gitops.NewBudget()); err != nil {
					t.Errorf("%s: %v", d.By, err)
				}
			}
		}
		for _, d := range diagnostics {
			if d.Kind != source.Unread && d.Kind != source.LimitReached {
				t.Errorf("%s: %s", d.Kind, d.Message)
			}
		}
	})
}
