package helm_test

import (
	"bytes"
	"fmt"
	"log"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

const service = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}-{{ .Release.Namespace }}\n  {{- with .Values.namespace }}\n  namespace: {{ . }}\n  {{- end }}\nspec:\n  externalName: {{ .Values.host }}\n"

func chartOf(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{"c/Chart.yaml": {Data: []byte("apiVersion: v2\nname: c\nversion: 1.0.0\n")}}
	for name, data := range files {
		out[name] = &fstest.MapFile{Data: []byte(data)}
	}
	return out
}

// A release that is configured takes the place of the variants.
func TestReleases(t *testing.T) {
	tree := source.NewTree(chartOf(map[string]string{
		"c/values.yaml":         "host: default.example.com\n",
		"c/values-prod.yaml":    "host: prod.example.com\n",
		"c/templates/s.yaml":    service,
		"c/templates/role.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n",
		"env/a.yaml":            "host: a.example.com\n",
		"env/b.yaml":            "namespace: own\n",
	}))
	set, ok := kubernetes.ParseValue("apps/release.yaml", []byte("# set elsewhere\nhost: set.example.com\n"))
	if !ok {
		t.Fatal("the values cannot be read")
	}
	r := load(tree, helm.Options{Releases: []helm.Release{
		{Name: "one", Namespace: "apps", Chart: "c", Values: helm.Files("env/a.yaml")},
		{Chart: "./c", Values: append(helm.Files("env/a.yaml", "env/b.yaml"), helm.Values{Root: set})},
	}})
	var got strings.Builder
	for _, o := range r.Objects {
		host := o.Root.Get("spec", "externalName")
		text, _ := host.Text()
		fmt.Fprintf(&got, "%s %s/%s %s at %s from %s\n", o.Kind, o.Namespace, o.Name, text, host.Range, o.From)
	}
	want := `ClusterRole /r  at  from release one of chart c (a.yaml)
Service apps/one-apps a.example.com at env/a.yaml:1:7 from release one of chart c (a.yaml)
ClusterRole /r  at  from release c of chart c
Service own/c-default set.example.com at apps/release.yaml:2:7 from release c of chart c
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s%s", diff, diagnostics(r))
	}
	if !r.consumed["env/a.yaml"] || !r.consumed["c/templates/s.yaml"] {
		t.Errorf("consumed %v", r.consumed)
	}
}

// A chart in an archive is rendered too; its lines are not in the tree.
func TestArchive(t *testing.T) {
	archive := packed(t, [][2]string{
		{"db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 1.2.3\n"},
		{"db/values.yaml", "host: db.example.com\n"},
		{"db/templates/s.yaml", service},
	})
	r := load(source.NewTree(chartOf(map[string]string{
		"c/values.yaml":         "db: {host: over.example.com}\n",
		"c/charts/db-1.2.3.tgz": archive,
	})), helm.Options{})
	if len(r.Objects) != 1 || len(r.Diagnostics) != 0 {
		t.Fatalf("%d objects, %s", len(r.Objects), diagnostics(r))
	}
	if o := r.Objects[0]; o.File != "c/charts/db-1.2.3.tgz" || o.Root.Get("spec", "externalName").Str != "over.example.com" || o.Root.Range.File != o.File {
		t.Errorf("%s at %s: %v", o.File, o.Root.Range, plain(o.Root))
	}
}

// The same tree gives the same result, even where charts ask for random texts.
func TestDeterministic(t *testing.T) {
	random := chartOf(map[string]string{"c/templates/r.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: r}\ndata:\n" +
		"  a: {{ randAlphaNum 40 }}\n  b: {{ uuidv4 }}\n  c: {{ now | unixEpoch | quote }}\n  d: {{ shuffle \"abcdefgh\" }}\n  e: {{ randInt 1 1000000 | quote }}\n" +
		"  f: {{ (genCA \"ca\" 365).Cert | b64enc }}\n  g: {{ genPrivateKey \"rsa\" | b64enc }}\n  h: {{ htpasswd \"a\" \"b\" | b64enc }}\n"})
	trees := []*source.Tree{source.NewTree(random)}
	for _, name := range []string{"basic", "subcharts", "shapes", "failing"} {
		archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		trees = append(trees, treeOf(archive))
	}
	for _, tree := range trees {
		first := outline(load(tree, helm.Options{}))
		for range 3 {
			if again := outline(load(tree, helm.Options{})); !bytes.Equal(first, again) {
				t.Fatalf("differs:\n%s", cmp.Diff(string(first), string(again)))
			}
		}
	}
}

// Helm writes warnings to the log; none may reach the user of a linter.
func TestQuiet(t *testing.T) {
	var written bytes.Buffer
	logged := log.Writer()
	log.SetOutput(&written)
	defer log.SetOutput(logged)
	r := load(source.NewTree(chartOf(map[string]string{
		"c/values.yaml":       "a: {b: c}\nhost: x.example.com\n",
		"c/values-x.yaml":     "a: text\n",
		"c/requirements.yaml": "dependencies: []\n",
		"c/templates/s.yaml":  service,
	})), helm.Options{})
	if written.Len() > 0 || len(r.Objects) != 1 {
		t.Errorf("the log has %q; %s", written.String(), diagnostics(r))
	}
}

// Every place of an object is in a file of the chart, whatever the templates do.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		service,
		"{{- define \"x\" }}\n  {{- if .Values.a }}\na: {{ .Values.host }}\n{{- end }}{{ end -}}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {{- include \"x\" . | nindent 2 }}\n",
		"{{ range $i, $x := until 3 }}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p{{ $i }}, labels: {{ toYaml $.Values | nindent 2 }}}\n{{ else }}x{{ end }}",
		"{{/* comment */}}{{ with .Values.list }}{{ toYaml . }}{{ end }}{{ tpl \"{{ .Release.Name }}\" . }}",
		"a: {{ `}}` }} {{ '}' }} {{ \"}}\\\"\" -}} \n b",
	} {
		f.Add(seed, "a: 1\nhost: x.example.com\nlist: [a.b, c]\n")
	}
	f.Fuzz(func(t *testing.T, template, values string) {
		tree := source.NewTree(chartOf(map[string]string{"c/templates/t.yaml": template, "c/values.yaml": values}))
		r := load(tree, helm.Options{})
		for _, d := range r.Diagnostics {
			if strings.Contains(d.Message, "internal error") {
				t.Errorf("%v", d)
			}
		}
		for _, o := range r.Objects {
			if o.Root.Range.File != "c/templates/t.yaml" && o.Root.Range.File != "c/values.yaml" {
				t.Errorf("%s is at %s", o.Name, o.Root.Range)
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	archive, err := txtar.ParseFile("testdata/basic.txtar")
	if err != nil {
		b.Fatal(err)
	}
	tree := treeOf(archive)
	for b.Loop() {
		load(tree, helm.Options{})
	}
}

// What "tpl" parses may be put together by templates.
func TestTpl(t *testing.T) {
	const name = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"%s\"}\n"
	tests := map[string]struct {
		call string
		want string // the name, or diagnostics
	}{
		"a value":           {`{{ tpl .Values.host . }}`, "x.example.com"},
		"a quoted text":     {`{{ tpl "{{ .Release.Name }}) }}" . }}`, "c) }}"},
		"a raw text":        {"{{- tpl `{{ .Release.Name }}` $ -}}", "c"},
		"in parentheses":    {`{{ (tpl (printf "%s" .Values.host) .) | upper }}`, "X.EXAMPLE.COM"},
		"behind a pipe":     {`{{. | tpl .Values.host}}`, "x.example.com"},
		"in a condition":    {`{{ if eq (tpl .Values.host $) "x.example.com" }}yes{{ end }}`, "yes"},
		"in itself":         {`{{ tpl (tpl .Values.twice .) . }}`, "x.example.com"},
		"in a named one":    {`{{ define "n" }}{{ tpl .Values.host . }}{{ end }}{{ include "n" . }}`, "x.example.com"},
		"over lines":        {"{{ tpl\n  .Values.host\n  . }}", "x.example.com"},
		"a field of a dict": {`{{ tpl (dict "a" "b").a . }}`, "b"},
		"no text":           {`{{ tpl .Values.list . }}`, `c/templates/t.yaml:3:19: render-error: render chart: wrong type for value; expected string; got []interface {}`},
		"nested too deep":   {`{{ tpl (repeat 2000 "{{ if true }}") . }}`, `c/templates/t.yaml:3:19: limit-reached: render chart: its actions are nested deeper than 1000 levels`},
		"too deep in itself": {
			`{{ tpl "{{ tpl (repeat 2000 .Values.open) . }}" . }}`,
			`c/templates/t.yaml:3:19: limit-reached: render chart: its actions are nested deeper than 1000 levels`,
		},
	}
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			r := load(source.NewTree(chartOf(map[string]string{
				"c/values.yaml":      "host: x.example.com\nopen: '{{ if true }}'\ntwice: '{{ \"{{ .Values.host }}\" }}'\nlist: [a]\n",
				"c/templates/t.yaml": strings.Replace(name, "%s", test.call, 1),
			})), helm.Options{})
			got := ""
			for _, d := range r.Diagnostics {
				got += fmt.Sprintf("%s: %s: %s", d.Range, d.Kind, d.Message)
			}
			for _, o := range r.Objects {
				got += o.Name
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
