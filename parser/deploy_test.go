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
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// web is a kustomization with a workload and the policy that selects it.
const web = `-- web/kustomization.yaml --
namePrefix: old-
images: [{name: web, newName: registry.example.com/web, newTag: "1"}]
labels: [{pairs: {team: red}, includeTemplates: true}]
resources: [web.yaml]
-- web/web.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {matchLabels: {app: web}}}
`

func application(kustomize string) string {
	return web + `-- app.yaml --
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: app}
spec:
  source:
    path: web
    kustomize:
` + kustomize
}

func kustomization(spec string) string {
	return `-- flux.yaml --
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux}
spec:
  sourceRef: {kind: GitRepository, name: r}
` + spec
}

// What Argo CD and Flux change of a kustomization, as they do it, and where it says so.
func TestChangesOfDeployments(t *testing.T) {
	tests := map[string]struct {
		files string
		want  string
	}{
		"labels, in selectors too": {application("      commonLabels: {team: blue}\n"), `
old-web labels team=blue@app.yaml:8:28
old-web selects app=web@web/web.yaml:6:33 team=blue@app.yaml:8:28
old-web pods app=web@web/web.yaml:8:30 team=blue@app.yaml:8:28
old-web image registry.example.com/web:1
old-web labels team=blue@app.yaml:8:28
old-web selects app=web@web/web.yaml:14:41 team=blue@app.yaml:8:28
`},
		"labels, of objects alone": {application("      commonLabels: {tier: web}\n      labelWithoutSelector: true\n"), `
old-web labels team=red@web/kustomization.yaml:3:25 tier=web@app.yaml:8:28
old-web selects app=web@web/web.yaml:6:33
old-web pods app=web@web/web.yaml:8:30 team=red@web/kustomization.yaml:3:25
old-web image registry.example.com/web:1
old-web labels team=red@web/kustomization.yaml:3:25 tier=web@app.yaml:8:28
old-web selects app=web@web/web.yaml:14:41
`},
		"labels, of pods too": {application("      commonLabels: {tier: web}\n      labelWithoutSelector: true\n      labelIncludeTemplates: true\n"), `
old-web labels team=red@web/kustomization.yaml:3:25 tier=web@app.yaml:8:28
old-web selects app=web@web/web.yaml:6:33
old-web pods app=web@web/web.yaml:8:30 team=red@web/kustomization.yaml:3:25 tier=web@app.yaml:8:28
old-web image registry.example.com/web:1
old-web labels team=red@web/kustomization.yaml:3:25 tier=web@app.yaml:8:28
old-web selects app=web@web/web.yaml:14:41
`},
		"a prefix, an image and replicas, in the place of those that there are": {
			application("      namePrefix: new-\n      images: [web=other.example.com/web:2]\n      replicas: [{name: web, count: 3}]\n"), `
new-web labels team=red@web/kustomization.yaml:3:25
new-web selects app=web@web/web.yaml:6:33
new-web pods app=web@web/web.yaml:8:30 team=red@web/kustomization.yaml:3:25
new-web image other.example.com/web:2
new-web replicas 3@app.yaml:10:37
new-web labels team=red@web/kustomization.yaml:3:25
new-web selects app=web@web/web.yaml:14:41
`,
		},
		"the tag of an image": {application("      images: [\"web:2\"]\n      commonAnnotations: {a: b}\n"), `
old-web labels team=red@web/kustomization.yaml:3:25
old-web annotations a=b@app.yaml:9:30
old-web selects app=web@web/web.yaml:6:33
old-web pods app=web@web/web.yaml:8:30 team=red@web/kustomization.yaml:3:25
old-web annotations of pods a=b@app.yaml:9:30
old-web image registry.example.com/web:2
old-web labels team=red@web/kustomization.yaml:3:25
old-web annotations a=b@app.yaml:9:30
old-web selects app=web@web/web.yaml:14:41
`},
		"what Flux puts on objects": {web + kustomization("  path: web\n  images: [{name: web, newTag: \"3\"}]\n  commonMetadata: {labels: {team: blue}, annotations: {a: b}}\n"), `
old-web labels team=blue@flux.yaml:8:35
old-web annotations a=b@flux.yaml:8:59
old-web selects app=web@web/web.yaml:6:33
old-web pods app=web@web/web.yaml:8:30 team=red@web/kustomization.yaml:3:25
old-web image registry.example.com/web:3
old-web labels team=blue@flux.yaml:8:35
old-web annotations a=b@flux.yaml:8:59
old-web selects app=web@web/web.yaml:14:41
`},
		"what Flux puts on manifests": {
			"-- m/a.yaml --\n" + configMap("a") + kustomization("  path: m\n  commonMetadata: {labels: {a: b}}\n"), `
a labels a=b@flux.yaml:7:32
`,
		},
		"what Flux puts on a release": {
			"-- c/Chart.yaml --\napiVersion: v2\nname: c\nversion: 0.1.0\n-- c/templates/a.yaml --\n" + configMap("a") + `-- flux.yaml --
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: c}
spec:
  chart: {spec: {chart: c, sourceRef: {kind: GitRepository, name: r}}}
  commonMetadata: {labels: {a: b}}
`, `
a labels a=b@flux.yaml:6:32
`,
		},
		"what is not known": {application(`      commonLabels: {a: "${ARGOCD_APP_NAME}", b: c}
      commonAnnotations: {d: $ARGOCD_APP_NAME}
      labelWithoutSelector: true
      images: [web:$TAG, "web=*:2"]
      replicas: [{name: web, count: many}]
      surprise: true
`), `
old-web labels team=red@web/kustomization.yaml:3:25 b=c@app.yaml:8:50
old-web annotations d=$ARGOCD_APP_NAME@app.yaml:9:30
old-web selects app=web@web/web.yaml:6:33
old-web pods app=web@web/web.yaml:8:30 team=red@web/kustomization.yaml:3:25
old-web annotations of pods d=$ARGOCD_APP_NAME@app.yaml:9:30
old-web image registry.example.com/web:1
old-web labels team=red@web/kustomization.yaml:3:25 b=c@app.yaml:8:50
old-web annotations d=$ARGOCD_APP_NAME@app.yaml:9:30
old-web selects app=web@web/web.yaml:14:41
app.yaml:8:25: follow application app: label a is not applied: its value is not known
app.yaml:11:16: follow application app: image web:$TAG is not applied: it is not known
app.yaml:11:26: follow application app: image web=*:2 is not applied: it is not known
app.yaml:12:37: follow application app: replicas of web are not applied: their number is not known
app.yaml:13:7: follow application app: kustomize.surprise is not applied
`},
		"a variable in an annotation": {application("      commonAnnotations: {d: $ARGOCD_APP_NAME}\n      commonAnnotationsEnvsubst: true\n"), `
old-web labels team=red@web/kustomization.yaml:3:25
old-web selects app=web@web/web.yaml:6:33
old-web pods app=web@web/web.yaml:8:30 team=red@web/kustomization.yaml:3:25
old-web image registry.example.com/web:1
old-web labels team=red@web/kustomization.yaml:3:25
old-web selects app=web@web/web.yaml:14:41
app.yaml:8:30: follow application app: annotation d is not applied: its value is not known
`},
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
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), changes(result)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// changes renders what deployments change of objects, with places, and what they do
// not.
func changes(result *parser.Result) string {
	var b strings.Builder
	for _, o := range result.Objects {
		if strings.Contains(o.APIVersion, "argoproj.io") || strings.Contains(o.APIVersion, "fluxcd.io") {
			continue
		}
		pairs := func(what string, path ...string) {
			v := o.Root.Get(path...)
			if len(v.Map) == 0 {
				return
			}
			fmt.Fprintf(&b, "%s %s", o.Name, what)
			for _, f := range v.Map {
				text, _ := f.Value.Text()
				fmt.Fprintf(&b, " %s=%s@%s", f.Key, text, f.Value.Range)
			}
			b.WriteByte('\n')
		}
		pairs("labels", "metadata", "labels")
		pairs("annotations", "metadata", "annotations")
		pairs("selects", "spec", "selector", "matchLabels")
		pairs("selects", "spec", "podSelector", "matchLabels")
		pairs("pods", "spec", "template", "metadata", "labels")
		pairs("annotations of pods", "spec", "template", "metadata", "annotations")
		for _, c := range o.Root.Get("spec", "template", "spec", "containers").Items() {
			fmt.Fprintf(&b, "%s image %s\n", o.Name, c.Get("image").Str)
		}
		if v := o.Root.Get("spec", "replicas"); v.Kind == located.Number && v.Str != "1" {
			fmt.Fprintf(&b, "%s replicas %s@%s\n", o.Name, v.Str, v.Range)
		}
	}
	for _, d := range result.Diagnostics {
		fmt.Fprintf(&b, "%s: %s\n", d.Range, d.Message)
	}
	return b.String()
}
