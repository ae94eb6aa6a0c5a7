package kubernetes_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// list prints objects in short.
func list(objects []*kubernetes.Object) string {
	var b strings.Builder
	for _, o := range objects {
		fmt.Fprintf(&b, "%s %s %s/%s @%d:%d\n", o.APIVersion, o.Kind, o.Namespace, o.Name, o.Root.Range.Start.Line, o.Root.Range.Start.Column)
	}
	return b.String()
}

func TestParse(t *testing.T) {
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
	tests := []struct {
		name        string
		file        string // x.yaml if empty
		data        string
		objects     string
		diagnostics string
	}{
		{
			name:    "documents",
			data:    "# first\n---\n" + pod + "---\n# only a comment\n---\n\n--- # third\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d\n  namespace: ns\n---",
			objects: "v1 Pod /p @5:18\napps/v1 Deployment ns/d @14:9\n",
		},
		{name: "comments and white space only", data: "# a\n\n  # b\n"},
		{name: "markers only", data: "---\n---\n...\n"},
		{name: "empty", data: "", diagnostics: "x.yaml: parse-error: read file: it is empty\n"},
		{name: "binary", data: "\x00", diagnostics: "x.yaml: parse-error: read file: it is binary, not text\n"},
		{name: "not UTF-8", data: "a: \xff", diagnostics: "x.yaml:1:4: parse-error: read file: it is not UTF-8 text\n"},
		{
			name:    "a marker inside a block scalar is text",
			data:    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: |\n    ---\n    b\n---\n" + pod,
			objects: "v1 ConfigMap /c @3:18\nv1 Pod /p @11:18\n",
		},
		{
			name:        "a bad document keeps no other from being read",
			data:        pod + "---\na: b: c\n---\nx: [1\n---\n" + pod,
			objects:     "v1 Pod /p @3:18\nv1 Pod /p @11:18\n",
			diagnostics: "x.yaml:5:5: parse-error: parse YAML: mapping values are not allowed in this context\nx.yaml:8:1: parse-error: parse YAML: did not find expected ',' or ']'\n",
		},
		{
			name:        "tab",
			data:        "apiVersion: v1\nmetadata:\n\tname: x\n",
			diagnostics: "x.yaml:3:1: parse-error: parse YAML: a tab is not allowed here; indent with spaces\n",
		},
		{
			name:        "template",
			data:        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}-x\n",
			diagnostics: "x.yaml:4:28: parse-error: parse YAML: did not find expected key; this looks like a template, which has to be rendered first\n",
		},
		{
			name:        "a value that is all template",
			data:        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n",
			diagnostics: "x.yaml:4:10: parse-error: read manifest: a key is a map or a list, not text; this looks like a template, which has to be rendered first\n",
		},
		{
			name:        "control character",
			data:        "a: b\nc: d\x01\n",
			diagnostics: "x.yaml:2:5: parse-error: parse YAML: control characters are not allowed\n",
		},
		{
			name:        "unknown anchor",
			data:        "a: 1\nb: *x\n",
			diagnostics: "x.yaml:2:4: parse-error: parse YAML: an alias (*) refers to no anchor before it; put text that begins with an asterisk in quotes\n",
		},
		{
			name:        "version directive",
			data:        "%YAML 1.2\n---\n" + pod,
			objects:     "v1 Pod /p @5:18\n",
			diagnostics: "x.yaml:1:1: parse-error: parse YAML: found incompatible YAML document\n",
		},
		{
			name:        "a document that kubectl does not read",
			data:        pod + "...\n" + pod + "---\n" + pod + "--- {apiVersion: v1, kind: Pod, metadata: {name: q}}\n---\n" + pod + "...\n# comment\n",
			objects:     "v1 Pod /p @3:18\nv1 Pod /p @11:18\nv1 Pod /p @16:18\n",
			diagnostics: "x.yaml:5:1: invalid-object: read manifest: kubectl does not read this part of the file; start it with a line that is only \"---\"\nx.yaml:12:5: invalid-object: read manifest: kubectl does not read this part of the file; start it with a line that is only \"---\"\n",
		},
		{
			name:    "document start with a value on its line",
			data:    "--- {apiVersion: v1, kind: Pod, metadata: {name: q}}\n",
			objects: "v1 Pod /q @1:50\n",
		},
		{
			name: "other YAML",
			data: "a: .nan\n---\n- apiVersion: v1\n  kind: Pod\n---\njust text\n---\n~: 1\n---\napiVersion: 1\nkind: Pod\n---\nkind: Pod\n---\napiVersion: v1\nkind: \"\"\na: 1\na: 2\n",
		},
		{
			name: "kustomize input",
			data: "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n---\napiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n",
		},
		{
			name:    "lists",
			data:    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n- apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: v1, kind: Pod, metadata: {name: b}}\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicyList\nitems:\n- metadata: {name: c, namespace: ns}\n---\napiVersion: v1\nkind: List\nitems: []\n",
			objects: "v1 Pod /a @6:20\nv1 Pod /b @10:50\nnetworking.k8s.io/v1 NetworkPolicy ns/c @15:20\n",
		},
		{
			name:    "a kind that only sounds like a list",
			data:    "apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {items: [1]}\n",
			objects: "example.com/v1 AllowList /a @3:18\n",
		},
		{
			name:        "bad items",
			data:        "apiVersion: v1\nkind: List\nitems:\n- text\n- kind: Pod\n  apiVersion: 1\n- a: b\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n",
			objects:     "v1 Pod /a @8:48\n",
			diagnostics: "x.yaml:4:3: invalid-object: read item: it is not an object\nx.yaml:5:3: invalid-object: read item: it has no apiVersion or no kind\nx.yaml:7:3: invalid-object: read item: it has no apiVersion or no kind\n",
		},
		{
			name:        "metadata",
			data:        "apiVersion: v1\nkind: Pod\n---\napiVersion: v1\nkind: Pod\nmetadata: x\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: 1, namespace: true}\n---\napiVersion: v1\nkind: Pod\nmetadata: {labels: {}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}\n---\napiVersion: v1\nkind: Pod\nmetadata:\n",
			objects:     "v1 Pod / @2:7\nv1 Pod / @5:7\nv1 Pod true/1 @10:18\nv1 Pod / @13:7\nv1 Pod / @18:26\nv1 Pod / @21:7\n",
			diagnostics: "x.yaml:2:7: invalid-object: read Pod: it has no metadata\nx.yaml:6:1: invalid-object: read Pod: metadata is not a map\nx.yaml:10:18: invalid-object: read Pod: metadata.name is not a string; put it in quotes\nx.yaml:10:32: invalid-object: read Pod: metadata.namespace is not a string; put it in quotes\nx.yaml:13:7: invalid-object: read Pod: it has no metadata.name\nx.yaml:22:1: invalid-object: read Pod: metadata is not a map\n",
		},
		{
			name:    "files that are written like objects",
			data:    "apiVersion: v1\nkind: Config\nclusters: []\n---\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n",
			objects: "v1 Config / @2:7\nkubelet.config.k8s.io/v1beta1 KubeletConfiguration / @6:7\n",
		},
		{
			name:        "duplicate keys",
			data:        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, name: b}\nspec: {x: &a {b: 1}, y: {<<: *a, b: 2}, z: {b: 2, <<: *a}}\nkind: Service\n---\nx: 1\nx: 2\n",
			objects:     "v1 Service /b @3:27\n",
			diagnostics: "x.yaml:3:21: invalid-object: read manifest: the key \"name\" is set twice in one map; the last one counts\nx.yaml:5:1: invalid-object: read manifest: the key \"kind\" is set twice in one map; the last one counts\n",
		},
		{
			name:        "what JSON has no room for",
			data:        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nx: .inf\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\nx:\n  [a]: b\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n~: b\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n<<: b\n",
			diagnostics: "x.yaml:4:4: parse-error: read value: an infinite number, or one that is not a number, has no place in a manifest\nx.yaml:10:3: parse-error: read manifest: a key is a map or a list, not text\nx.yaml:15:1: parse-error: read manifest: a key is null\nx.yaml:20:5: parse-error: read manifest: the merge key << needs a map or a list of maps\n",
		},
		{
			name:    "the kind is merged in",
			data:    "x: &x {apiVersion: v1, kind: Pod}\n<<: *x\nmetadata: {name: a}\n",
			objects: "v1 Pod /a @3:18\n",
		},
		{
			name:    "JSON",
			file:    "x.json",
			data:    "{\n\t\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n\t\"metadata\": {\"name\": \"\\ud83d\\ude00\"}\n}\n{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"b\"}}]}\n",
			objects: "v1 Pod /😀 @3:23\nv1 Pod /b @5:105\n",
		},
		{name: "other JSON", file: "x.json", data: "{\"a\": [1, 2]}\n[3]\n"},
		{name: "a JSON list", file: "x.json", data: "[{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}]"},
		{
			name:    "JSON documents",
			data:    "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: b,}}\n",
			objects: "v1 Pod /a @1:58\nv1 Pod /b @3:46\n",
		},
		{
			name:        "bad JSON",
			file:        "x.json",
			data:        "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Pod\"\n  \"metadata\": {}\n}",
			diagnostics: "x.json:4:3: parse-error: parse JSON: invalid character '\"' after object key:value pair\n",
		},
		{
			name:        "JSON without an end",
			file:        "x.json",
			data:        "{\"a\": [1,\n 2",
			diagnostics: "x.json:2:3: parse-error: parse JSON: the file ends in the middle of a value\n",
		},
		{name: "JSON with comments that is no manifest", file: "tsconfig.json", data: "// a\n{\n  /* b */ \"c\": \"d // \\\" e\", // f\n  \"g\": [1, 2,],\n}\n"},
		{
			name:        "a manifest with comments in JSON",
			file:        "x.json",
			data:        "{\n  // a\n  \"apiVersion\": \"v1\"}",
			diagnostics: "x.json:2:3: parse-error: parse JSON: invalid character '/' looking for beginning of object key string\n",
		},
		{
			name:        "JSON that neither reads",
			file:        "x.yaml",
			data:        "{\"a\": 1,, }",
			diagnostics: "x.yaml:1:9: parse-error: parse YAML: did not find expected node content\n",
		},
		{
			name:        "a JSON number that is too large",
			file:        "x.json",
			data:        "{\"a\": 1e999}",
			diagnostics: "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := tt.file
			if file == "" {
				file = "x.yaml"
			}
			objects, diagnostics := kubernetes.Parse(file, []byte(tt.data))
			if diff := cmp.Diff(tt.objects, list(objects)); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.diagnostics, messages(diagnostics)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
			for _, o := range objects {
				if o.File != file || o.Root.Range.File != file {
					t.Errorf("%s: file %q, %v", o.Name, o.File, o.Root.Range)
				}
			}
		})
	}
}

func TestParseLimits(t *testing.T) {
	head := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
	bomb := head + "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), i-1)
	}
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	chain := head + "a0: &a0 " + nested(150) + "\na1: " + strings.Repeat("[", 60) + "*a0" + strings.Repeat("]", 60) + "\n"
	tests := []struct {
		name, file, data string
		objects          int
		diagnostics      string
	}{
		{"alias bomb", "x.yaml", bomb, 0, "x.yaml:9:45: limit-reached: read manifest: the file holds more than 1000000 values\n"},
		{"alias bomb in the keys to merge", "x.yaml", bomb + "z: {<<: *a8}\n", 0, "x.yaml:9:45: limit-reached: read manifest: the file holds more than 1000000 values\n"},
		{"wide enough", "x.yaml", head + "a: [" + strings.Repeat("1,", 100_000) + "]\n", 1, ""},
		{"too wide", "x.json", "{\"a\": [" + strings.Repeat("1,", 1_000_000) + "1]}", 0, "x.json:1:2000002: limit-reached: read manifest: the file holds more than 1000000 values\n"},
		{"nested", "x.yaml", head + "a: " + nested(199) + "\n", 1, ""},
		{"nested too deep", "x.yaml", head + "a: " + nested(201) + "\n", 0, "x.yaml:4:204: limit-reached: read manifest: values are nested more than 200 levels deep\n"},
		{"nested too deep by aliases", "x.yaml", chain, 0, "x.yaml:5:65: limit-reached: read manifest: values are nested more than 200 levels deep\n"},
		{"nested very deep", "x.yaml", head + "a: " + nested(100_000) + "\n---\n" + head, 1, "x.yaml:4:204: limit-reached: read manifest: values are nested more than 200 levels deep\n"},
		{"nested block style", "x.yaml", strings.Repeat("- ", 100_000) + "x\n", 0, "x.yaml:1:401: limit-reached: read manifest: values are nested more than 200 levels deep\n"},
		{"nested JSON", "x.json", "{\"a\": " + nested(100_000) + "}", 0, "x.json:1:207: limit-reached: read manifest: values are nested more than 200 levels deep\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			objects, diagnostics := kubernetes.Parse(tt.file, []byte(tt.data))
			if len(objects) != tt.objects || messages(diagnostics) != tt.diagnostics {
				t.Errorf("got %d objects, %s", len(objects), messages(diagnostics))
			}
		})
	}
}

func TestJSONErrorPositions(t *testing.T) {
	for _, text := range []string{
		"{\"a\": 1  ^\"b\": 2}", "{\"a\": ^x}", "[1, 2 ^x]", "[1, tru^, 2]", "{\"a\" ^1}", "{^a: 1}", "{\"a\": \"b^\n\"}", "{\"a\": 0^1}",
		"[1 ^2]", "{\"a\": 1}^}", "{\"a\": 1,^, }", "{\"a\": \"\\^q\"}", "[null^x]", "   {\"a\": -^}", "{\"aé\": \"\\^x\"}",
		"{}\n{\"a\":\n ^x}", "{\"a\": [1, {\"b\": ^", "[1^}",
	} {
		before, after, _ := strings.Cut(text, "^")
		want := source.Pos{Line: 1 + strings.Count(before, "\n"), Column: 1 + len([]rune(before[strings.LastIndex(before, "\n")+1:]))}
		objects, diagnostics := kubernetes.Parse("x.json", []byte(before+after))
		if len(objects) != 0 || len(diagnostics) != 1 || diagnostics[0].Range.Start != want || diagnostics[0].Kind != source.ParseError {
			t.Errorf("%q: got %swant %v", text, messages(diagnostics), want)
		}
	}
}

func TestParseConcurrently(t *testing.T) {
	data := []byte(document(strings.Join([]string{"a: &x {b: c}", "d: *x", "e: yes"}, "\n")))
	want, _ := kubernetes.Parse("x.yaml", data)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, _ := kubernetes.Parse("x.yaml", data)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	wg.Wait()
}

func TestFromValue(t *testing.T) {
	str := func(s string, line int) *located.Value {
		at := source.Pos{Line: line, Column: 1}
		return &located.Value{Kind: located.String, Str: s, Range: source.Range{File: "main.tf", Start: at, End: at}}
	}
	object := func(fields ...located.Field) *located.Value {
		return &located.Value{Kind: located.Map, Map: fields, Range: source.Range{File: "main.tf"}}
	}
	name := str("n", 3)
	name.Callers = []source.Range{{File: "caller.tf"}}
	unknown := &located.Value{Kind: located.Unknown, Reason: "var.x has no value", Range: source.Range{File: "main.tf", Start: source.Pos{Line: 4, Column: 1}}}
	version, kind := located.Field{Key: "apiVersion", Value: str("v1", 1)}, located.Field{Key: "kind", Value: str("Pod", 2)}

	root := object(version, kind, located.Field{Key: "metadata", Value: object(located.Field{Key: "name", Value: name})})
	o, ok := kubernetes.FromValue(root, "main.tf")
	if !ok || o.APIVersion != "v1" || o.Kind != "Pod" || o.Name != "n" || o.File != "main.tf" {
		t.Fatalf("got %+v, %v", o, ok)
	}
	if o.Root.Range.Start.Line != 3 || !cmp.Equal(o.Root.Callers, name.Callers) {
		t.Errorf("root stands at %v, called from %v", o.Root.Range, o.Root.Callers)
	}
	if o.KindRange().Start.Line != 2 {
		t.Errorf("kind stands at %v", o.KindRange())
	}
	if !cmp.Equal(root.Range, source.Range{File: "main.tf"}) {
		t.Errorf("the caller's value was changed: %v", root.Range)
	}

	o, ok = kubernetes.FromValue(object(version, kind, located.Field{Key: "metadata", Value: object(located.Field{Key: "name", Value: unknown})}), "main.tf")
	if !ok || o.Name != "" || o.Root.Range.Start.Line != 4 {
		t.Errorf("with an unknown name: %+v, %v", o, ok)
	}
	for i, v := range []*located.Value{
		nil, unknown, object(), object(version), object(kind), str("x", 1),
		object(version, located.Field{Key: "kind", Value: unknown}),
		object(kind, located.Field{Key: "apiVersion", Value: str("", 1)}),
	} {
		if o, ok := kubernetes.FromValue(v, "main.tf"); ok {
			t.Errorf("%d: got %+v", i, o)
		}
	}
}
