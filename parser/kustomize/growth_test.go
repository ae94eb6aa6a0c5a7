package kustomize_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/parser/source"
)

// repeated is text for each number below count, with the number and the next in it.
func repeated(count int, format string) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, format, i, i+1)
	}
	return b.String()
}

func tree(files ...string) fstest.MapFS {
	m := make(fstest.MapFS)
	for i := 0; i < len(files); i += 2 {
		m[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return m
}

// What multiplies is refused before kustomize runs, and the file is named.
func TestGrowth(t *testing.T) {
	const object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
	long := strings.Repeat("x", 1<<20)
	growing := repeated(60, "- source: {kind: ConfigMap, name: c, fieldPath: data.a}\n  targets:\n"+
		"  - {select: {kind: ConfigMap}, fieldPaths: [data.a], options: {delimiter: '/', index: 99}} # %d %d\n")
	tests := map[string]struct {
		files fstest.MapFS
		file  string
	}{
		"replacements of a field by itself twice": {tree(
			"kustomization.yaml", "resources: [a.yaml]\nreplacements:\n"+growing,
			"a.yaml", object+"data: {a: xxxx}\n"), "kustomization.yaml"},
		"in a base": {tree(
			"kustomization.yaml", "resources: [base]\n",
			"base/kustomization.yaml", "resources: [a.yaml]\nreplacements:\n"+growing,
			"base/a.yaml", object+"data: {a: xxxx}\n"), "base/kustomization.yaml"},
		"in a component": {tree(
			"kustomization.yaml", "resources: [a.yaml]\ncomponents: [c]\n",
			"c/kustomization.yaml", "kind: Component\nreplacements:\n"+growing,
			"a.yaml", object+"data: {a: xxxx}\n"), "c/kustomization.yaml"},
		"in a file": {tree(
			"kustomization.yaml", "resources: [a.yaml]\nreplacements: [{path: r.yaml}]\n",
			"r.yaml", growing, "a.yaml", object+"data: {a: xxxx}\n"), "kustomization.yaml"},
		"in a transformer": {tree(
			"kustomization.yaml", "resources: [a.yaml]\ntransformers: [t.yaml]\n",
			"t.yaml", plugin("ReplacementTransformer", "replacements:\n"+growing),
			"a.yaml", object+"data: {a: xxxx}\n"), "kustomization.yaml"},
		"by turns of two fields": {tree(
			"kustomization.yaml", "resources: [a.yaml]\nreplacements:\n"+repeated(60,
				"- source: {kind: ConfigMap, name: c, fieldPath: data.a%d}\n  targets:\n"+
					"  - {select: {kind: ConfigMap}, fieldPaths: [data.a%[2]d], options: {create: true}}\n"+
					"  - {select: {kind: ConfigMap}, fieldPaths: [data.a%[2]d], options: {delimiter: '/', index: 99}}\n"),
			"a.yaml", object+"data: {a0: xxxx}\n"), "kustomization.yaml"},
		"of a map that is put into itself": {tree(
			"kustomization.yaml", "resources: [a.yaml]\nreplacements:\n"+repeated(60,
				"- source: {kind: ConfigMap, name: c, fieldPath: data}\n  targets:\n"+
					"  - {select: {name: c}, fieldPaths: [data.a%d], options: {create: true}} # %d\n"),
			"a.yaml", object+"data: {a: xxxx}\n"), "kustomization.yaml"},
		"of a kind that an alias hides": {tree(
			"kustomization.yaml", "resources: [a.yaml]\nreplacements:\n"+growing,
			"a.yaml", "apiVersion: v1\nmetadata: {name: c, annotations: {k: &k ConfigMap}}\nkind: *k\ndata: {a: xxxx}\n"), "kustomization.yaml"},
		"by a static value": {tree(
			"kustomization.yaml", "resources: [a.yaml]\nreplacements:\n"+repeated(400,
				"- sourceValue: "+long[:1<<12]+"\n  targets:\n  - {select: {kind: ConfigMap}, fieldPaths: ['data.*']} # %d %d\n"),
			"a.yaml", object+"data:\n"+keys(200)), "kustomization.yaml"},
		"copies of a JSON patch": {tree(
			"kustomization.yaml", "resources: [a.yaml]\npatches: [{path: p.yaml, target: {kind: ConfigMap}}]\n",
			"p.yaml", repeated(60, "- {op: copy, from: /data, path: /data/k%d} # %d\n"),
			"a.yaml", object+"data: {a: xxxx}\n"), "kustomization.yaml"},
		"copies of a JSON patch in the kustomization": {tree(
			"kustomization.yaml", "resources: [a.yaml]\npatches:\n- target: {kind: ConfigMap}\n  patch: |-\n"+
				repeated(60, "    - {op: copy, from: /data, path: /data/k%d} # %d\n"),
			"a.yaml", object+"data: {a: xxxx}\n"), "kustomization.yaml"},
		"copies of a JSON patch of a transformer": {tree(
			"kustomization.yaml", "resources: [a.yaml]\ntransformers: [t.yaml]\n",
			"t.yaml", plugin("PatchJson6902Transformer", "target: {kind: ConfigMap, name: c, version: v1}\njsonOp: |\n"+
				repeated(60, "  - {op: copy, from: /data, path: /data/k%d} # %d\n")),
			"a.yaml", object+"data: {a: xxxx}\n"), "kustomization.yaml"},
		"copies of a schema that is left out at first": {tree(
			"kustomization.yaml", "resources: [a.yaml]\npatches:\n"+
				"- {target: {kind: CustomResourceDefinition, name: old.example.com}, path: name.yaml}\n- {target: {kind: CustomResourceDefinition, name: new.example.com}, path: p.yaml}\n",
			"name.yaml", "- {op: replace, path: /metadata/name, value: new.example.com}\n",
			"p.yaml", "- {op: add, path: /spec/versions/0/schema/openAPIV3Schema/y, value: z}\n"+
				repeated(300, "- {op: copy, from: /spec/versions/0/schema/openAPIV3Schema, path: /metadata/annotations/k%d} # %d\n"),
			"a.yaml", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: old.example.com, annotations: {}}\nspec:\n  versions:\n  - schema:\n"+
				"      openAPIV3Schema:\n        x: "+long+"\n"), "kustomization.yaml"},
		"a label on many objects": {tree(
			"kustomization.yaml", "resources: [a.yaml]\ncommonLabels: {a: "+long+"}\n",
			"a.yaml", repeated(100, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d} # %d\n---\n")), "kustomization.yaml"},
		"a patch of many objects": {tree(
			"kustomization.yaml", "resources: [a.yaml]\npatches: [{path: p.yaml, target: {kind: ConfigMap}}]\n",
			"p.yaml", object+"data: {a: "+long+"}\n",
			"a.yaml", repeated(300, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d} # %d\n---\n")), "kustomization.yaml"},
		"a variable in itself": {tree(
			"kustomization.yaml", "resources: [a.yaml]\nconfigurations: [v.yaml]\nvars:\n"+
				"- {name: A, objref: {apiVersion: v1, kind: ConfigMap, name: c}, fieldref: {fieldPath: data.a}}\n",
			"v.yaml", "varReference:\n"+repeated(40, "- {path: 'data/a', kind: ConfigMap, group: '', version: v%d} # %d\n"),
			"a.yaml", object+"data: {a: $(A)$(A)xxxx}\n"), "kustomization.yaml"},
		"a long anchor": {tree(
			"kustomization.yaml", "resources: [a.yaml]\n",
			"a.yaml", object+"data:\n  a: &a "+long+"\n"+repeated(100, "  k%d: *a # %d\n")), "kustomization.yaml"},
		"a long anchor in a kustomization": {tree(
			"kustomization.yaml", "commonAnnotations:\n  a: &a "+long+"\n"+repeated(100, "  k%d: *a # %d\n")), "kustomization.yaml"},
		"a long anchor in a patch": {tree(
			"kustomization.yaml", "resources: [a.yaml]\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: c}\n    data:\n      a: &a "+long+"\n"+
				repeated(100, "      k%d: *a # %d\n"),
			"a.yaml", object), "kustomization.yaml"},
		"definitions in a circle": {tree(
			"kustomization.yaml", "resources: [a.yaml]\ncrds: [c.json]\n",
			"c.json", `{"a": {"Schema": {"properties": {"kind": {}, "apiVersion": {}, "metadata": {}, "x": {"$ref": "a"}}}}}`,
			"a.yaml", object), "kustomization.yaml"},
		"a schema in a circle": {tree(
			"kustomization.yaml", "resources: [a.yaml]\nopenapi: {path: s.json}\n",
			"s.json", `{"definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"}}}`,
			"a.yaml", object), "kustomization.yaml"},
		"very many kustomizations": {doubling(17), "level17/kustomization.yaml"},
		"very many objects": {tree(
			"kustomization.yaml", "resources: [a.yaml]\n",
			"a.yaml", repeated(20_001, "{apiVersion: v1, kind: A, metadata: {name: a%d}} # %d\n---\n")), "kustomization.yaml"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := load(source.NewTree(test.files))
			var limits []source.Diagnostic
			for _, d := range r.diagnostics {
				if d.Kind == source.LimitReached {
					limits = append(limits, d)
				}
			}
			if len(limits) != 1 || limits[0].Range.File != test.file || len(r.objects) > 1 {
				t.Errorf("%d objects, diagnostics:\n%.2000s", len(r.objects), diagnostics(r))
			}
			if len(limits) > 0 {
				t.Log(limits[0].Message)
			}
		})
	}
}

// What people write is far below the limits, also where they write much of it.
func TestGrowthOfOrdinary(t *testing.T) {
	const workloads = 60
	var replacements strings.Builder
	for i := range 80 {
		fmt.Fprintf(&replacements, `- source: {kind: Service, name: web, fieldPath: metadata.name}
  targets:
  - select: {kind: Certificate}
    fieldPaths: [spec.dnsNames.0, spec.dnsNames.1]
    options: {delimiter: '.', index: %d, create: true}
  - select: {kind: Deployment}
    fieldPaths:
    - spec.template.spec.containers.[name=app].env.[name=HOST].value
    - spec.template.spec.containers.*.image
    - metadata.annotations.[cert-manager.io/inject-ca-from]
    options: {delimiter: '/', index: %d}
- source: {kind: Deployment, name: app0, fieldPath: spec.template.metadata.labels}
  targets:
  - {select: {kind: Deployment, name: app1}, fieldPaths: [spec.selector.matchLabels]}
`, i%3, i%2)
	}
	r := load(source.NewTree(tree(
		"kustomization.yaml", "resources: [a.yaml]\nnamespace: prod\nnamePrefix: p-\ncommonLabels: {app: shop, team: payments}\n"+
			"images: [{name: app, newName: registry.example.com/shop/app, newTag: v1.2.3}]\npatches:\n- path: p.yaml\n  target: {kind: Deployment}\nreplacements:\n"+replacements.String(),
		"p.yaml", "- {op: add, path: /metadata/annotations/a, value: b}\n- {op: copy, from: /metadata/labels, path: /metadata/annotations/c}\n- {op: remove, path: /metadata/annotations/c}\n",
		"a.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: cert}\nspec: {dnsNames: [a.b.c, d.e.f]}\n---\n"+
			repeated(workloads, `apiVersion: apps/v1
kind: Deployment
metadata: {name: app%d, labels: {n: "%d"}, annotations: {cert-manager.io/inject-ca-from: a/b}}
spec:
  template:
    metadata: {labels: {app: x}}
    spec:
      containers:
      - {name: app, image: a/b, env: [{name: HOST, value: a/b}, {name: PORT, value: "80"}], args: ["--host=$(HOST)"]}
---
`))))
	if d := diagnostics(r); d != "" || len(r.objects) != workloads+2 {
		t.Errorf("%d objects, diagnostics:\n%s", len(r.objects), d)
	}
}
