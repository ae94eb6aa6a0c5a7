package comment_test

import (
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/comment"
	"github.com/egresslint/egresslint/parser/source"
)

func TestSubjects(t *testing.T) {
	hcl := source.File{Name: "main.tf", Kind: source.Terraform}
	yaml := source.File{Name: "a.yaml", Kind: source.YAML}
	chart := source.File{Name: "templates/a.yaml", Kind: source.YAML, Chart: true}
	tests := []struct {
		name string
		file source.File
		text string
		line int
		want string // steps are parted by >
	}{
		{"a block", hcl, "resource \"a\" \"b\" {\n  c = 1\n}\n", 1, "resource a b "},
		{"an argument", hcl, "resource \"a\" \"b\" {\n  c = 1\n}\n", 2, "resource a b >c "},
		{"the value makes no difference", hcl, "resource \"a\" \"b\" {\n  c = [\"${x}\", { y = 1 }]\n}\n", 2, "resource a b >c "},
		{"an element", hcl, "resource \"a\" \"b\" {\n  c = [\n    1,\n    2,\n  ]\n}\n", 4, "resource a b >c >2 "},
		{"a key of an object", hcl, "locals {\n  a = {\n    b = 1\n    \"c\" = { d = 2 }\n  }\n}\n", 4, "locals >a >c "},
		{"an only nested block", hcl, "r \"a\" {\n  n {\n    p = 1\n  }\n}\n", 3, "r a >n >p "},
		{"one of several nested blocks", hcl, "r \"a\" {\n  n {\n    p = 1\n    q = 1\n  }\n  n {\n    p = 2\n    q = 1\n  }\n}\n", 8, "r a >n p = 2>q "},
		{"after a nested block", hcl, "r \"a\" {\n  n {}\n  m = f(1,\n    2)\n  p = 1\n}\n", 5, "r a >p "},
		{"broken", hcl, "r \"a\" {\n}}}\n  p = (((\n", 3, "p "},
		{"nothing", hcl, "\n", 1, ""},
		{"no such line", yaml, "a: 1\n", 9, ""},
		{"JSON", source.File{Name: "a.json", Kind: source.JSON}, "{}", 1, ""},

		{"a document", yaml, "kind: Pod\nmetadata:\n  name: a\n  namespace: b\nspec: 1\n", 1, "Pod/b/a"},
		{"a key", yaml, "kind: Pod\nmetadata: {name: a}\nspec:\n  x: 1\n  y: 2 # z\n", 5, "Pod//{name: a}>spec>y"},
		{"the second document", yaml, "kind: A\nmetadata:\n  name: a\nspec: 1\n---\nkind: B\nmetadata:\n  name: b\nspec: 1\n", 9, "B//b>spec"},
		{"an item with a name", yaml, "a:\n- x: 1\n- y: 1\n  name: n # z\n  z:\n  - 1\n", 5, ">a>- n>z"},
		{"an item without", yaml, "a:\n  - x: 1\n    z: 2\n", 3, ">a>- x: 1>z"},
		{"a text is no key", yaml, "a: |\n  name: x\n  b: 1\nc:\n  d: 1\n", 5, ">c>d"},
		{"no object", yaml, "a: 1\nb: 2\n", 1, ">a"},
		{"a template", chart, "kind: Pod\nmetadata:\n  name: {{ .Release.Name }}-a\n{{- if .x }}\nspec:\n  y: {{ .y }}\n{{- end }}\n", 6, "Pod//{{ .Release.Name }}-a>spec>y"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := comment.Subjects(tt.file, []byte(tt.text))(tt.line)
			if got := strings.ReplaceAll(got, "\n", ">"); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// However deep something stands, and however long what is around it is, its name is short.
func TestSubjectsAreShort(t *testing.T) {
	deep := strings.Repeat("a"+strings.Repeat("b", 1000)+" {\n", 5000)
	for name, f := range map[string]source.File{"hcl": {Name: "a.tf", Kind: source.Terraform}, "yaml": {Name: "a.yaml", Kind: source.YAML}} {
		if got := comment.Subjects(f, []byte(deep))(5000); len(got) > 64*300 {
			t.Errorf("%s: %d bytes", name, len(got))
		}
	}
}
