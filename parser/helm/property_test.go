package helm_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/source"
)

// A value that a template only passes on is where the last values file that sets it
// says, also where the template quotes it or writes it as part of a map.
func TestPlacesProperty(t *testing.T) {
	keys := []string{"alpha", "beta", "gamma", "delta"}
	text := rapid.SampledFrom([]string{"a.example.com", "10.0.0.0/8", "redis://cache:6379", "plain", "1500", "true"})
	rapid.Check(t, func(t *rapid.T) {
		want := make(map[string]string)
		valuesOf := func(name string, set []string) *fstest.MapFile {
			var b strings.Builder
			b.WriteString("# values\nmap:\n")
			for i, k := range set {
				fmt.Fprintf(&b, "  %s: %q\n", k, text.Draw(t, name+" "+k))
				want[k] = fmt.Sprintf("%s:%d:%d", name, i+3, len(k)+5)
			}
			return &fstest.MapFile{Data: []byte(b.String())}
		}
		files := chartOf(nil)
		files["c/values.yaml"] = valuesOf("c/values.yaml", keys)
		prod := rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 1, len(keys), rapid.ID[string]).Draw(t, "prod")
		files["c/values-prod.yaml"] = valuesOf("c/values-prod.yaml", prod)

		var template strings.Builder
		template.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n")
		if rapid.Bool().Draw(t, "whole") {
			template.WriteString("  {{- toYaml .Values.map | nindent 2 }}\n")
		} else {
			for _, k := range keys {
				how := rapid.SampledFrom([]string{
					"{{ .Values.map.%s | quote }}", `"{{ .Values.map.%s }}"`, "{{ $.Values.map.%s | toString | quote }}",
					"{{ with .Values.map }}{{ .%s | quote }}{{ end }}", `{{ required "needed" .Values.map.%s | quote }}`,
				}).Draw(t, "how "+k)
				fmt.Fprintf(&template, "  %s: "+how+"\n", k, k)
			}
		}
		files["c/templates/c.yaml"] = &fstest.MapFile{Data: []byte(template.String())}
		r := load(source.NewTree(files), helm.Options{})
		if len(r.Objects) != 1 {
			t.Fatalf("%d objects, %s", len(r.Objects), diagnostics(r))
		}
		for _, f := range r.Objects[0].Root.Get("data").Map {
			if got := f.Value.Range.String(); got != want[f.Key] {
				t.Errorf("%s = %s is at %s, want %s\n%s", f.Key, f.Value.Str, got, want[f.Key], template.String())
			}
		}
	})
}
