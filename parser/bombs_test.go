package parser_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/source"
)

const goodManifest = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: good\ndata:\n  host: db.example.com\n"

// withData is a manifest with the given data.
func withData(data string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: bomb\ndata:\n" + data
}

// lines repeats a line with a number in it.
func lines(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// definition is a definition of a custom resource with the lines of a schema.
func definition(schema string) string {
	return "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: bombs.example.com\nspec:\n  versions:\n  - name: v1\n    schema:\n      openAPIV3Schema:\n" + schema
}

// overlays are kustomizations that all build the same manifest.
func overlays(n int, manifest string) map[string]string {
	files := map[string]string{"bomb.yaml": manifest}
	for i := range n {
		files[fmt.Sprintf("bomb%d/kustomization.yaml", i)] = "resources: [../bomb.yaml]\n"
	}
	return files
}

// aliases are anchors of lists of the anchor before.
func aliases(levels, each int) string {
	var b strings.Builder
	b.WriteString("  a0: &a0 [x, x, x]\n")
	for i := range levels {
		ref := fmt.Sprintf("*a%d", i)
		fmt.Fprintf(&b, "  a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(ref+", ", each), ", "))
	}
	return b.String()
}

// TestManifestBombs checks that manifests which are too much end in a diagnostic that
// names a file of them, and take nothing else with them.
func TestManifestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	many := func(n int, format, text string) map[string]string {
		files := make(map[string]string)
		for i := range n {
			files[fmt.Sprintf(format, i)] = text
		}
		return files
	}
	for name, files := range map[string]map[string]string{
		"many files":      many(8, "bomb%d.yaml", withData(lines("  k%d: some text\n", 300_000))),
		"many documents":  many(8, "bomb%d.yaml", strings.Repeat("---\n"+withData(lines("  k%d: v\n", 100)), 3000)),
		"many lists":      many(6, "bomb%d.json", `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"x":[`+strings.Repeat("1,", 400_000)+`1]}}]}`),
		"much other text": many(14, "bomb%d.yaml", "a:\n"+lines("- text %d, which is of no object\n", 200_000)),
		"much of schemas": many(14, "bomb%d.yaml", definition(lines("        k%d: text of a schema that cannot be passed over\n", 120_000)+"        description: \"\nnot indented\"\n")),
		"many overlays":   overlays(25, withData("  x:\n"+lines("  - v%d\n", 100_000))),
		"many values":     {"bomb.yaml": withData(lines("  k%d: v\n", 600_000))},
		"dense":           {"bomb.yaml": withData("  x: [" + strings.Repeat("1,", 3_000_000) + "1]\n")},
		"dense json":      {"bomb.json": `{"apiVersion":"v1","kind":"ConfigMap","data":{"x":[` + strings.Repeat("1,", 3_000_000) + `1]}}`},
		"aliases":         {"bomb.yaml": withData(aliases(20, 10))},
		"merges":          {"bomb.yaml": withData("  a: &a {" + lines("k%d: v, ", 1000) + "}\n" + lines("  b%d: {<<: *a}\n", 2000))},
		"nesting":         {"bomb.yaml": withData("  x: " + strings.Repeat("[", 100_000) + "\n")},
		"nesting in json": {"bomb.json": `{"apiVersion":"v1","kind":"ConfigMap","data":` + strings.Repeat(`{"a":`, 100_000)},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{"good.yaml": {Data: []byte(goodManifest)}}
			for name, text := range files {
				fsys[name] = &fstest.MapFile{Data: []byte(text)}
			}
			result, err := parser.Parse(context.Background(), source.NewTree(fsys), parser.Options{Paths: []string{"."}})
			if err != nil {
				t.Fatal(err)
			}
			checkSurvives(t, result)
		})
	}
}

// checkSurvives checks that a limit was reached in a file of the bomb, and that what
// has nothing to do with it was read.
func checkSurvives(t *testing.T, result *parser.Result) {
	t.Helper()
	limits := 0
	for _, d := range result.Diagnostics {
		if d.Kind == source.LimitReached {
			limits++
			if !strings.HasPrefix(d.Range.File, "bomb") {
				t.Errorf("the limit is that of %q: %s", d.Range.File, d.Message)
			}
		}
		t.Logf("%v %s", d.Range, d.Message)
	}
	if limits > 1 {
		t.Errorf("the limit is told %d times", limits)
	}
	if limits == 0 {
		t.Errorf("no limit was reached: %v", result.Diagnostics)
	}
	for _, o := range result.Objects {
		if o.Name == "good" && o.Root.Get("data", "host").Str == "db.example.com" {
			return
		}
	}
	t.Errorf("the good object is not among %d", len(result.Objects))
}

// TestSchemasAreLight checks that the schemas of an operator's custom resources, which
// say nothing of what is deployed, keep nothing else from being read.
func TestSchemasAreLight(t *testing.T) {
	schema := definition(lines("        k%d: a line of a schema that goes on for long\n", 60_000))
	fsys := fstest.MapFS{
		"kustomization.yaml": {Data: []byte("resources: [base.yaml]\n")},
		"base.yaml":          {Data: []byte(goodManifest)},
	}
	for i := range 30 {
		fsys[fmt.Sprintf("install/v%d.yaml", i)] = &fstest.MapFile{Data: []byte(schema)}
	}
	result, err := parser.Parse(context.Background(), source.NewTree(fsys), parser.Options{Paths: []string{"."}})
	if err != nil || len(result.Diagnostics) > 0 || len(result.Objects) != 31 {
		t.Errorf("there are %d objects, not 31: %v, %v", len(result.Objects), result.Diagnostics, err)
	}
}
