package kustomize_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/parser/source"
)

// A field is where the last file that sets it says it is: the base, a strategic
// merge patch, or a JSON patch, whatever order the fields stand in.
func TestPlacesProperty(t *testing.T) {
	keys := []string{"alpha", "beta", "gamma", "delta", "epsilon"}
	subset := rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 1, len(keys), rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		base := subset.Draw(t, "base")
		merged := subset.Draw(t, "merged")
		patched := rapid.SliceOfDistinct(rapid.SampledFrom(keys), rapid.ID[string]).Draw(t, "patched")
		want := make(map[string]string)
		files := fstest.MapFS{}
		// object writes the object with comments, so that lines differ between files.
		object := func(name string, set []string) {
			var b strings.Builder
			line := 4 + rapid.IntRange(0, 3).Draw(t, "comments of "+name)
			b.WriteString(strings.Repeat("# comment\n", line-4) + "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n")
			for i, k := range set {
				fmt.Fprintf(&b, "  %s: %s-%s\n", k, strings.TrimSuffix(name, ".yaml"), k)
				want[k] = fmt.Sprintf("%s:%d:%d", name, line+1+i, len("  ")+len(k)+len(": ")+1)
			}
			files[name] = &fstest.MapFile{Data: []byte(b.String())}
		}
		object("base.yaml", base)
		object("merge.yaml", merged)
		kustomization := "resources: [base.yaml]\npatches:\n- path: merge.yaml\n"
		if len(patched) > 0 {
			var b strings.Builder
			for i, k := range patched {
				fmt.Fprintf(&b, "- op: add\n  path: /data/%s\n  value: patch-%s\n", k, k)
				want[k] = fmt.Sprintf("patch.yaml:%d:10", 3*i+3)
			}
			files["patch.yaml"] = &fstest.MapFile{Data: []byte(b.String())}
			kustomization += "- path: patch.yaml\n  target: {kind: ConfigMap}\n"
		}
		files["kustomization.yaml"] = &fstest.MapFile{Data: []byte(kustomization)}
		r := load(source.NewTree(files))
		if len(r.objects) != 1 {
			t.Fatalf("%d objects, %s", len(r.objects), diagnostics(r))
		}
		data := r.objects[0].Root.Get("data")
		if len(data.Map) != len(want) {
			t.Fatalf("%d fields, want %d", len(data.Map), len(want))
		}
		for _, f := range data.Map {
			if got := f.Value.Range.String(); got != want[f.Key] {
				t.Errorf("%s = %s is at %s, want %s", f.Key, f.Value.Str, got, want[f.Key])
			}
		}
	})
}
