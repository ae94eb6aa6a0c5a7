package kubernetes_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/parser/kubernetes"
)

// A definition of custom resources has no schemas, however it is written, and all else
// of it and behind it stands where it is written.
func TestSchemas(t *testing.T) {
	const head = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: widgets.example.com\nspec:\n"
	const versions = head + "  versions:\n  - schema:\n      openAPIV3Schema:\n"
	tests := []struct {
		name, file, data string
		objects          string
		last             string // the value and the place of the field last
	}{
		{
			name:    "of a version",
			data:    versions + "        type: object\n\n# not indented\n        description: |\n          many\n\n           words\n    name: v1\n  last: a\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\n",
			objects: "apiextensions.k8s.io/v1 CustomResourceDefinition /widgets.example.com @4:9\nv1 Pod /p @21:18\n",
			last:    "a@17:9",
		},
		{
			name:    "with lines that end as on Windows",
			data:    strings.ReplaceAll(versions+"        type: object\n        properties: {a: {type: string}}\n  last: a\n", "\n", "\r\n"),
			objects: "apiextensions.k8s.io/v1 CustomResourceDefinition /widgets.example.com @4:9\n",
			last:    "a@11:9",
		},
		{
			name:    "of all versions",
			data:    head + "  validation:\n    openAPIV3Schema:\n      type: object\n  last: a\n",
			objects: "apiextensions.k8s.io/v1 CustomResourceDefinition /widgets.example.com @4:9\n",
			last:    "a@9:9",
		},
		{
			name:    "with an anchor that is referred to",
			data:    versions + "        description: &text words\n  last: *text\n",
			objects: "apiextensions.k8s.io/v1 CustomResourceDefinition /widgets.example.com @4:9\n",
			last:    "words@9:28",
		},
		{
			name:    "with text that is not indented",
			data:    versions + "        description: \"many\nwords\"\n        type: object\n  last: a\n",
			objects: "apiextensions.k8s.io/v1 CustomResourceDefinition /widgets.example.com @4:9\n",
			last:    "a@12:9",
		},
		{
			name:    "in JSON",
			file:    "x.json",
			data:    `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"w"},"spec":{"versions":[{"schema":{"openAPIV3Schema":{"type":"object"}}}],"last":"a"}}`,
			objects: "apiextensions.k8s.io/v1 CustomResourceDefinition /w @1:94\n",
			last:    "a@1:176",
		},
		{
			name:    "in a list",
			data:    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: apiextensions.k8s.io/v1\n  kind: CustomResourceDefinition\n  metadata: {name: w}\n  spec:\n    versions:\n    - schema:\n        openAPIV3Schema:\n          type: object\n    last: a\n",
			objects: "apiextensions.k8s.io/v1 CustomResourceDefinition /w @6:20\n",
			last:    "a@12:11",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := test.file
			if file == "" {
				file = "x.yaml"
			}
			objects, diagnostics := kubernetes.Parse(file, []byte(test.data))
			if len(diagnostics) > 0 {
				t.Errorf("diagnostics: %v", diagnostics)
			}
			if diff := cmp.Diff(test.objects, list(objects)); diff != "" {
				t.Fatalf("objects (-want +got):\n%s", diff)
			}
			spec := objects[0].Root.Get("spec")
			schema := spec.Get("validation", "openAPIV3Schema")
			for _, v := range spec.Get("versions").List {
				schema = v.Get("schema", "openAPIV3Schema")
			}
			if !schema.IsNull() || schema.Range.IsZero() {
				t.Errorf("there is a schema: %v", schema)
			}
			last := spec.Get("last")
			if got := last.Str + "@" + strings.SplitN(last.Range.String(), ":", 2)[1]; !strings.HasPrefix(got, test.last) {
				t.Errorf("the last field is %s, not %s", got, test.last)
			}
		})
	}
}

// A ConfigMap may hold the text of a schema, which is no schema of its own.
func TestSchemaOfNoDefinition(t *testing.T) {
	objects, _ := kubernetes.Parse("x.yaml", []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  openAPIV3Schema:\n    kind: CustomResourceDefinition\n    a: b\n"))
	if len(objects) != 1 || objects[0].Root.Get("data", "openAPIV3Schema", "a").Str != "b" {
		t.Errorf("the data is not there: %v", objects)
	}
}

// The bytes of schemas that are passed over count for less than those that are parsed,
// but not if the document has to be parsed with them.
func TestParsedBytes(t *testing.T) {
	const head = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: w}\nspec:\n  validation:\n    openAPIV3Schema:\n"
	schema := strings.Repeat("      a line of a schema\n", 1000)
	bad := schema + "      \"\nnot indented\"\n"
	if n := kubernetes.Find("x.yaml", []byte(head+schema)).Parsed; n > len(schema)/4 {
		t.Errorf("of a schema with %d bytes %d count", len(schema), n)
	}
	if n := kubernetes.Find("x.yaml", []byte(head+bad)).Parsed; n < len(bad) {
		t.Errorf("of %d bytes that are parsed only %d count", len(bad), n)
	}
}
