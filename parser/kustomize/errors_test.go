package kustomize_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/parser/source"
)

// Errors tell the kind of mistake and its place, and nothing that the files hold: the
// word hunter2 stands wherever kustomize quotes.
func TestErrors(t *testing.T) {
	const object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
	tests := map[string]struct {
		kustomization, a, p, want string
	}{
		"a patch of nothing": {
			"resources: [a.yaml]\npatches: [{path: p.yaml}]\n", object, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: hunter2}\n",
			`kustomization.yaml: render-error: build overlay: no resource matches strategic merge patch "ConfigMap.v1/x": no matches for Id ConfigMap.v1/x; failed to find unique target for patch ConfigMap.v1/x`,
		},
		"a patch that is none": {
			"resources: [a.yaml]\npatches: [{path: p.yaml, target: {kind: ConfigMap}}]\n", object, "hunter2",
			"kustomization.yaml: render-error: build overlay: a patch is neither a strategic merge patch nor a JSON patch",
		},
		"a patch that is none in the kustomization": {
			"resources: [a.yaml]\npatches: [{patch: hunter2, target: {kind: ConfigMap}}]\n", object, "",
			"kustomization.yaml: render-error: build overlay: a patch is neither a strategic merge patch nor a JSON patch",
		},
		"a patch and a path": {
			"resources: [a.yaml]\npatches: [{patch: hunter2, path: p.yaml}]\n", object, object,
			"kustomization.yaml: render-error: build overlay: a patch has both a patch and a path",
		},
		"a JSON patch without a target": {
			"resources: [a.yaml]\npatches: [{path: p.yaml}]\n", object, "- {op: add, path: /data, value: {a: hunter2}}\n",
			"kustomization.yaml: render-error: build overlay: a JSON patch has no target",
		},
		"a JSON patch of what is not there": {
			"resources: [a.yaml]\npatches: [{path: p.yaml, target: {kind: ConfigMap}}]\n", object, "- {op: replace, path: /data/a/b, value: hunter2}\n",
			"kustomization.yaml: render-error: build overlay: the replace operation of a JSON patch does not apply: the object has no /data/a/b",
		},
		"a test of a JSON patch": {
			"resources: [a.yaml]\npatches: [{path: p.yaml, target: {kind: ConfigMap}}]\n", object + "data: {a: b}\n", "- {op: test, path: /data/a, value: hunter2}\n",
			"kustomization.yaml: render-error: build overlay: the test operation of a JSON patch fails for /data/a",
		},
		"a literal without a value": {
			"secretGenerator: [{name: s, literals: [hunter2]}]\n", "", "",
			"kustomization.yaml: render-error: build overlay: a literal of a generator is not of the form key=value",
		},
		"a key twice": {
			"secretGenerator: [{name: s, literals: [a=hunter2, a=hunter2]}]\n", "", "",
			"kustomization.yaml: render-error: build overlay: two sources of a generator have the same key",
		},
		"a file of variables that is no text": {
			"secretGenerator: [{name: s, envs: [a.yaml]}]\n", "hunter2=x\xff\n", "",
			"kustomization.yaml: render-error: build overlay: a file of variables is no UTF-8 text",
		},
		"an object without a name": {
			"resources: [a.yaml]\n", "apiVersion: v1\nkind: Secret\nmetadata: {annotations: {a: hunter2}}\n", "",
			"a.yaml: render-error: build overlay: an object has no metadata.name",
		},
		"an object without a kind": {
			"resources: [a.yaml]\n", "apiVersion: v1\nmetadata: {name: a, annotations: {a: hunter2}}\n", "",
			"a.yaml: render-error: build overlay: an object has no kind",
		},
		"an index out of bounds": {
			"resources: [a.yaml]\nreplacements:\n- source: {kind: ConfigMap, fieldPath: data.a, options: {delimiter: x, index: 7}}\n  targets: [{select: {kind: ConfigMap}}]\n", object + "data: {a: hunter2}\n", "",
			"kustomization.yaml: render-error: build overlay: options.index 7 is out of bounds",
		},
		"a source that is not there": {
			"resources: [a.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: c, fieldPath: data.x}\n  targets: [{select: {kind: ConfigMap}}]\n", object + "data: {a: hunter2}\n", "",
			"kustomization.yaml: render-error: build overlay: field data.x is missing in the source of a replacement, ConfigMap/c",
		},
		"a target that is not there": {
			"resources: [a.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: c}\n  targets: [{select: {kind: ConfigMap}, fieldPaths: ['data.[name=hunter2].x']}]\n", object, "",
			"kustomization.yaml: render-error: build overlay: unable to find a field in the target of a replacement",
		},
		"a selector": {
			"resources: [a.yaml]\npatches: [{path: p.yaml, target: {name: 'hunter2['}}]\n", object, object,
			"kustomization.yaml: render-error: build overlay: a selector is no regular expression",
		},
		"a field that is not known": {
			"resorces: [hunter2]\n", "", "",
			`kustomization.yaml:1:1: render-error: read kustomization: there is no field "resorces", did you mean "resources"?`,
		},
		"a field in a field that is not known": {
			"resources: [a.yaml]\npatches:\n- patch: hunter2\n  taget: {kind: ConfigMap}\n", object, "",
			`kustomization.yaml:4:3: render-error: read kustomization: field patches has no field "taget", did you mean "target"?`,
		},
		"a field in an embedded one that is not known": {
			"secretGenerator:\n- name: a\n  litrals: [hunter2]\n", "", "",
			`kustomization.yaml:3:3: render-error: read kustomization: field secretGenerator has no field "litrals", did you mean "literals"?`,
		},
		"a field that is like none": {
			"resources: [a.yaml]\nspec: hunter2\n", object, "",
			`kustomization.yaml:2:1: render-error: read kustomization: there is no field "spec"`,
		},
		"a field that is not known behind an alias": {
			"commonLabels: &a {x: hunter2}\nmetadata: *a\n", "", "",
			`kustomization.yaml: render-error: read kustomization: there is no field "x"`,
		},
		"a field in another case": {
			"ReSources: [a.yaml]\nnamePrefix: [hunter2]\n", object, "",
			"kustomization.yaml: render-error: read kustomization: field namePrefix holds a list where a string is expected",
		},
		"a field that is no word": {
			"'hunter2 hunter2': a\n", "", "",
			"kustomization.yaml: render-error: read kustomization: it has a field that is not known",
		},
		"a field of another kind": {
			"resources: hunter2\n", "", "",
			"kustomization.yaml: render-error: read kustomization: field resources holds a string where a list is expected",
		},
		"a number where there is none": {
			"namePrefix: 31337\n", "", "",
			"kustomization.yaml: render-error: read kustomization: field namePrefix holds a number where a string is expected",
		},
		"a text where there is a map": {
			"patches: [hunter2]\n", "", "",
			"kustomization.yaml: render-error: read kustomization: field patches holds a string where a map is expected",
		},
		"a text in an embedded field": {
			"secretGenerator: [{name: s, literals: hunter2}]\n", "", "",
			"kustomization.yaml: render-error: read kustomization: field secretGenerator.literals holds a string where a list is expected",
		},
		"a text where there is a bool": {
			"generatorOptions: {disableNameSuffixHash: hunter2}\n", "", "",
			"kustomization.yaml: render-error: read kustomization: field generatorOptions.disableNameSuffixHash holds a string where true or false is expected",
		},
		"a number with a fraction": {
			"replicas: [{name: a, count: 31337.5}]\n", "", "",
			"kustomization.yaml: render-error: read kustomization: field replicas.count holds a number where a whole number is expected",
		},
		"a list instead of it all": {
			"- hunter2\n", "", "",
			"kustomization.yaml: render-error: read kustomization: it holds a list where a map is expected",
		},
		"malformed YAML": {
			"resources: [\n  'hunter2\n", "", "",
			"kustomization.yaml:3:1: render-error: read kustomization: invalid Kustomization: yaml: line 3: found unexpected end of stream",
		},
		"an alias without an anchor": {
			"a: b\nresources: *hunter2\n", "", "",
			"kustomization.yaml: render-error: read kustomization: malformed YAML: an alias has no anchor",
		},
		"a plugin of another kind": {
			"transformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: x}\n  patch: [hunter2]\n", "", "",
			"kustomization.yaml:2:3: render-error: read transformer PatchTransformer: field patch holds a list where a string is expected",
		},
		"an address with a password and a token": {
			"resources: ['https://user:hunter2@example.com/org/repo?token=hunter2#hunter2']\n", "", "",
			"kustomization.yaml:1:13: unread: read resource https://example.com/org/repo: egresslint reads nothing from the network; lint the output of kustomize build to cover it",
		},
		"an address with a revision": {
			"resources: ['https://user:hunter2@example.com/org/repo//base?ref=release/v1.2-3', 'https://example.com/r?ref=v1&sshkey=hunter2', 'https://example.com/r?ref=hunter2%20', 'https://example.com/r?sig=hunter2']\n", "", "",
			"kustomization.yaml:1:13: unread: read resource https://example.com/org/repo//base?ref=release/v1.2-3: egresslint reads nothing from the network; lint the output of kustomize build to cover it\n" +
				"kustomization.yaml:1:83: unread: read resource https://example.com/r: egresslint reads nothing from the network; lint the output of kustomize build to cover it\n" +
				"kustomization.yaml:1:130: unread: read resource https://example.com/r: egresslint reads nothing from the network; lint the output of kustomize build to cover it\n" +
				"kustomization.yaml:1:170: unread: read resource https://example.com/r: egresslint reads nothing from the network; lint the output of kustomize build to cover it",
		},
		"an entry that is no path": {
			"resources: [\"password: hunter2\", \"hunter2\\nhunter2\"]\n", "", "",
			"kustomization.yaml:1:13: render-error: read resource: no such file or directory\n" +
				"kustomization.yaml:1:34: unread: read resource: it is no plain path to a file of the tree",
		},
		"a file of git": {
			"secretGenerator: [{name: s, files: [.git/config]}]\n", "", "",
			"kustomization.yaml:1:37: unread: read file .git/config: no such file or directory; what is generated from it is not known",
		},
		"a generator that merges into nothing": {
			"configMapGenerator: [{name: calico-config, namespace: kube-system, behavior: merge, literals: [a=hunter2]}]\n", "", "",
			"kustomization.yaml: render-error: build overlay: a generator merges into ConfigMap calico-config, which is not there",
		},
		"a key that is a map": {
			"resources: [a.yaml]\ncommonLabels:\n  a: {{ hunter2 }}\n", object, "",
			"kustomization.yaml: render-error: read kustomization: malformed YAML: a key is a map; put {{ }} in quotes",
		},
		"something new": {
			"resources: [a.yaml]\nvars: [{name: hunter2, objref: {kind: 'hunter2 x', name: c}, fieldref: {fieldPath: a}}]\nsortOptions: {order: hunter2}\n", object, "",
			"kustomization.yaml: render-error: build overlay: a variable is taken from a field that is not there",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := diagnostics(load(source.NewTree(tree("kustomization.yaml", test.kustomization, "a.yaml", test.a, "p.yaml", test.p, ".git/config", "hunter2"))))
			if diff := cmp.Diff(test.want+"\n", got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if strings.Contains(got, "hunter2") || strings.Contains(got, "31337") {
				t.Errorf("a value is shown:\n%s", got)
			}
		})
	}
}
