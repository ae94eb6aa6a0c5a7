package helm_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/source"
)

// Whatever templates and values say, a rendering ends within its limits, says where it
// stops, and finds a way to count what the templates do.
func FuzzRender(f *testing.F) {
	const values = "a: 1\ntext: x.example.com\nlist: [a, b]\nmap: {k: v}\ncall: '{{ tpl .Values.call . }}'\n"
	for _, seed := range []struct{ template, helper string }{
		{service, ""},
		{`{{- $x := "a" }}{{ range until 99 }}{{ $x = print $x $x }}{{ end }}{{ $x }}`, ""},
		{`{{- $m := dict }}{{ $_ := set $m "m" $m }}{{ toYaml $m }}`, `{{ define "n" }}{{ include "n" . }}{{ end }}`},
		{`{{ tpl .Values.call . }}{{ include "n" . | indent 4 }}`, `{{- define "n" -}} {{ range $k, $v := .Values }}{{ $k }}: {{ $v | quote }}{{ end }} {{- end }}`},
		{`{{ with .Values.map }}{{ .k }}{{ else with .text }}{{ . }}{{ end }}{{ block "b" . }}{{ (.Files.Glob "*").AsConfig }}{{ end }}`, ""},
		{`{{ regexReplaceAll "(.)" .Values.text "$1$1" | repeat 99 | replace "x" "xx" }}{{/* c */}}{{- "}}" -}}`, "{{ define `n` }}{{ break }}{{ end }}"},
		{`{{ merge .Values (dict "map" .Values) | toToml }}{{ list (list (list 1)) | toPrettyJson | fromJson }}`, "x"},
	} {
		f.Add([]byte(seed.template), []byte(values), []byte(seed.helper))
	}
	files := []string{"c/templates/t.yaml", "c/templates/_h.tpl", "c/values.yaml", "c/Chart.yaml"}
	f.Fuzz(func(t *testing.T, template, values, helper []byte) {
		tree := source.NewTree(chartOf(map[string]string{
			files[0]: string(template), files[1]: string(helper), files[2]: string(values),
		}))
		r := load(tree, helm.Options{})
		for _, d := range r.Diagnostics {
			if !slices.Contains(files, d.Range.File) {
				t.Errorf("%v is at no file of the chart", d)
			}
			if strings.Contains(d.Message, "internal error") || strings.Contains(d.Message, "cannot be counted") || len(d.Message) > 1000 {
				t.Errorf("%v", d)
			}
		}
		for _, o := range r.Objects {
			if !slices.Contains(files, o.Root.Range.File) {
				t.Errorf("%s is at %s", o.Name, o.Root.Range)
			}
		}
	})
}
