package comment_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/parser/comment"
	"github.com/egresslint/egresslint/parser/source"
)

// find returns the comments of a file as "line:column text -> first-last".
func find(f source.File, text string) []string {
	var got []string
	for _, c := range comment.Find(f, []byte(text)) {
		got = append(got, fmt.Sprintf("%d:%d %s -> %d-%d", c.Range.Start.Line, c.Range.Start.Column, c.Text, c.First, c.Last))
	}
	return got
}

func TestFind(t *testing.T) {
	hcl := source.File{Name: "main.tf", Kind: source.Terraform}
	yaml := source.File{Name: "a.yaml", Kind: source.YAML}
	chart := source.File{Name: "templates/a.yaml", Kind: source.YAML, Chart: true}
	tests := []struct {
		name string
		file source.File
		text string
		want []string
	}{
		{"hcl: on the line", hcl, "a = 1 # one\nb = 2 // two\nc = /* three */ 3\n", []string{
			"1:9 one -> 1-1", "2:10 two -> 2-2", "3:8 three -> 3-3",
		}},
		{"hcl: above, stacked", hcl, "# one\n// two\n/* three */\na = 1\n", []string{
			"1:3 one -> 4-4", "2:4 two -> 4-4", "3:4 three -> 4-4",
		}},
		{"hcl: an empty line between", hcl, "# one\n\na = 1\n", []string{"1:3 one -> 0-0"}},
		{"hcl: at the end", hcl, "a = 1\n# one", []string{"2:3 one -> 0-0"}},
		{"hcl: before a closing brace", hcl, "b {\n  a = 1\n  # one\n}\n", []string{"3:5 one -> 4-4"}},
		{"hcl: several lines", hcl, "/*\n * one\n * two */\na = 1\n", []string{"2:4 one -> 4-4", "3:4 two -> 4-4"}},
		{"hcl: an empty line inside", hcl, "/* one\n\n two */\na = 1\n", []string{"1:4 one -> 4-4", "3:2 two -> 4-4"}},
		{"hcl: blocks", hcl, "# one\nresource \"a\" \"b\" { # two\n  # three\n  c {\n    d = 1\n  }\n}\n", []string{
			"1:3 one -> 2-7", "2:22 two -> 2-7", "3:5 three -> 4-6",
		}},
		{"hcl: an argument of several lines", hcl, "a = [ # one\n  1, # two\n]\n", []string{"1:9 one -> 1-3", "2:8 two -> 2-2"}},
		{"hcl: on one line, and an object", hcl, "# one\na { b = 1 }\nc = {\n  # two\n  d = {\n    e = f(\n      1)\n  }\n} # three\n", []string{
			"1:3 one -> 2-2", "4:5 two -> 5-8", "9:5 three -> 9-9",
		}},
		{"hcl: nested deeper than a stack", hcl, "a = 1 # one\nb = " + strings.Repeat("[", 1<<16), []string{"1:9 one -> 1-1"}},
		{"hcl: texts are none", hcl, "a = \"# one\"\nb = <<EOT\n# two\nEOT\nc = \"${ /* three */ 1 }\"\n", []string{"5:12 three -> 5-5"}},
		{"hcl: wide characters", hcl, "a = \"名前👩‍👩‍👧\" # one\r\n", []string{"1:17 one -> 1-1"}},
		{"hcl: byte order mark", hcl, "\ufeff# one\na = 1\n", []string{"1:3 one -> 2-2"}},
		{"hcl: broken", hcl, "# one\nresource {{{\n a = = 1 # two\n", []string{"1:3 one -> 2-3", "3:12 two -> 3-3"}},
		{"hcl: nothing in it", hcl, "#\n/**/\na = 1", nil},
		{"json has none", source.File{Name: "a.tf.json", Kind: source.Terraform}, "# one\n", nil},

		{"yaml: on the line and above", yaml, "a: 1\nb: 2 # one\n# two\n# three\nc: 3\n\n# four\n\nd: 4\n", []string{
			"2:8 one -> 2-2", "3:3 two -> 5-5", "4:3 three -> 5-5", "7:3 four -> 0-0",
		}},
		{"yaml: entries and items", yaml, "x: 1\na: # one\n  b:\n  # two\n  - c: 1\n    d: 2\n  - # three\n    e: 1\n  f: 1\ng:\n- h: # four\n  - 1\n- 2\ni: 1", []string{
			"2:6 one -> 2-9", "4:5 two -> 5-6", "7:7 three -> 7-8", "11:8 four -> 11-12",
		}},
		{"yaml: items as far in as their key", yaml, "x: 1\n# one\na:\n- 1\n- 2\nb: 1", []string{"2:3 one -> 3-5"}},
		{"yaml: documents", yaml, "# one\n\n---\n# two\na: 1 # three\nb: 1\n# four\n---\na: 1\nb: 1 # five\n--- # six\na: 1\nb: 1\n", []string{
			"1:3 one -> 1-7", "4:3 two -> 1-7", "5:8 three -> 1-7", "7:3 four -> 8-10", "10:8 five -> 10-10", "11:7 six -> 11-14",
		}},
		{"yaml: texts are none", yaml, "a: '# one'\nb: \"x \\\" # two\n  # three\"\nc: x#four # five\nd: |\n  # six\n\n  # seven\n# eight\ne: it's # nine\nf: [\"a # ten\", 'b'] # eleven\n", []string{
			"4:13 five -> 4-4", "9:3 eight -> 10-10", "10:11 nine -> 10-10", "11:23 eleven -> 11-11",
		}},
		{"yaml: texts of several lines", yaml, "z: 1\na: # one\n- b: |- # two\n    # three\n  c: 1\n- >2\n   # four\n# five\nd: !!str |\n # six\n", []string{
			"2:6 one -> 2-7", "3:11 two -> 3-5", "8:3 five -> 9-10",
		}},
		{"yaml: brackets", yaml, "z: 1\na: [ # one\n  1, # two\n  # three\n  2\n]\nb: 1 # four\n", []string{
			"2:8 one -> 2-6", "3:8 two -> 3-3", "4:5 three -> 5-5", "7:8 four -> 7-7",
		}},
		{"yaml: broken", yaml, "a: \"open\n# not one\n---\nb: 1 # two\n", []string{"4:8 two -> 3-5"}},
		{"yaml: braces are no template", yaml, "z: 1\na: {{b: 1}: \"}}\"} # one\n", []string{"2:21 one -> 2-2"}},

		{
			"chart: actions", chart,
			"{{- if .Values.a }}\n# one\n{{- with \"# no\" }}\nkind: X # two\nspec:\n  # three\n  {{- if .b }}\n  egress:\n    - x\n  {{- end }}\n  y: {{ .z | default \"# no\" }} # four\n" +
				"  # five\n  {{- toYaml .x | nindent 2 }}\n  s: |\n    # no\n{{ .x }}\n    # no\n  t: 1 # six\n{{- end }}\n",
			[]string{
				"2:3 one -> 1-20", "4:11 two -> 1-20", "6:5 three -> 7-9", "11:34 four -> 11-11", "12:5 five -> 13-13", "18:10 six -> 18-18",
			},
		},
		{"chart: what an action writes", chart, "kind: X\na: # one\n  b: # two\n{{ toYaml .x | indent 4 }}\n  {{- include \"y\" . | nindent 2 }}\nc: 1\n", []string{
			"2:6 one -> 2-5", "3:8 two -> 3-4",
		}},
		{
			"chart: comments of the template", chart,
			"kind: X\n{{- /* one */ -}}\nspec: 1 {{/* two */}}\nz: 1\n{{/*\nthree\n  four */}}\ny: \"{{ .x | quote }}\" # five\nx: {{ include\n  \"# no\" }} # six\n",
			[]string{
				"2:8 one -> 3-3", "3:14 two -> 3-3", "6:1 three -> 8-8", "7:3 four -> 8-8", "8:25 five -> 8-8", "10:15 six -> 10-10",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, find(tt.file, tt.text)); diff != "" {
				t.Errorf("comments differ (-want +got):\n%s\n%s", diff, tt.text)
			}
		})
	}
}

// Whatever is in a file, what is found lies in it.
func FuzzFind(f *testing.F) {
	f.Add("a = 1 # one\n/* two\n*/ b {\n}\n")
	f.Add("a: |2-\n   # x\n- 'b' # one\n{{/* x */}}\n---\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
		for _, file := range []source.File{
			{Name: "a.tf", Kind: source.Terraform},
			{Name: "a.yaml", Kind: source.YAML},
			{Name: "templates/a.yaml", Kind: source.YAML, Chart: true},
		} {
			for _, c := range comment.Find(file, []byte(text)) {
				r := c.Range
				if r.Start.Line < 1 || r.Start.Line > len(lines) || r.End.Line != r.Start.Line {
					t.Fatalf("%s: %+v lies on no line", file.Name, c)
				}
				if !strings.Contains(lines[r.Start.Line-1], c.Text) {
					t.Errorf("%s: %q is not on line %d", file.Name, c.Text, r.Start.Line)
				}
				if c.First < 0 || c.Last < c.First || c.Last > len(lines) || (c.First == 0) != (c.Last == 0) {
					t.Errorf("%s: %+v is about lines that are not there", file.Name, c)
				}
			}
		}
	})
}
