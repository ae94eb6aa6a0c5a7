package kustomize_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/egresslint/egresslint/parser/source"
)

func diagnostics(r result) string {
	var b strings.Builder
	for _, d := range r.diagnostics {
		fmt.Fprintf(&b, "%s: %s: %s\n", d.Range, d.Kind, d.Message)
	}
	return b.String()
}

func TestLimits(t *testing.T) {
	const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
	tests := map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"a base that is used twice on each of many levels": {doubling(40), "level40/kustomization.yaml: limit-reached: build overlay: it reads more than 64 MiB, counting a base each time it is used\n"},
		"anchors that stand for too much in a resource": {
			fstest.MapFS{
				"kustomization.yaml": {Data: []byte("resources: [a.yaml]\n")},
				"a.yaml":             {Data: []byte(configMap + "data:\n" + laughs(9))},
			},
			"kustomization.yaml:1:13: limit-reached: read resource a.yaml: its anchors stand for more than 1000000 values\n",
		},
		"anchors that stand for too much in a kustomization": {
			fstest.MapFS{"kustomization.yaml": {Data: []byte("commonLabels:\n" + laughs(9))}},
			"kustomization.yaml: limit-reached: read kustomization: its anchors stand for more than 1000000 values\n",
		},
		"a map with too many keys": {
			fstest.MapFS{
				"kustomization.yaml": {Data: []byte("resources: [a.yaml]\n")},
				"a.yaml":             {Data: []byte(configMap + "data:\n" + keys(20_001))},
			},
			"kustomization.yaml:1:13: limit-reached: read resource a.yaml: a map in it has more than 20000 keys\n",
		},
		"an anchor in itself": {
			fstest.MapFS{
				"kustomization.yaml": {Data: []byte("resources: [a.yaml]\n")},
				"a.yaml":             {Data: []byte(configMap + "data: &a\n  b: *a\n")},
			},
			"kustomization.yaml:1:13: limit-reached: read resource a.yaml: its anchors stand for more than 1000000 values\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := load(source.NewTree(test.files))
			if diff := cmp.Diff(test.want, diagnostics(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// doubling is a chain of kustomizations that each use the one below twice.
func doubling(levels int) fstest.MapFS {
	files := fstest.MapFS{
		"level0/kustomization.yaml": {Data: []byte("resources: [cm.yaml]\n")},
		"level0/cm.yaml":            {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")},
	}
	for i := 1; i <= levels; i++ {
		for _, side := range []string{"a", "b"} {
			files[fmt.Sprintf("level%d/%s/kustomization.yaml", i, side)] = &fstest.MapFile{
				Data: fmt.Appendf(nil, "resources: [../../level%d]\nnamePrefix: %s-\n", i-1, side),
			}
		}
		files[fmt.Sprintf("level%d/kustomization.yaml", i)] = &fstest.MapFile{Data: []byte("resources: [a, b]\n")}
	}
	return files
}

// laughs is a map whose anchors stand for 9 times as many values on each line.
func laughs(levels int) string {
	var b strings.Builder
	b.WriteString("  l0: &l0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i <= levels; i++ {
		fmt.Fprintf(&b, "  l%d: &l%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*l%d, ", i-1), 9), ", "))
	}
	return b.String()
}

func keys(count int) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, "  k%d: v\n", i)
	}
	return b.String()
}

// kustomize writes warnings to standard error; none may reach the user of a linter.
func TestQuiet(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/texts.txtar")
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, logged := os.Stderr, log.Writer()
	os.Stderr = w
	log.SetOutput(w)
	result := load(treeOf(archive))
	os.Stderr = stderr
	log.SetOutput(logged)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || len(got) > 0 {
		t.Errorf("standard error has %q, %v", got, err)
	}
	if len(result.objects) == 0 {
		t.Error("nothing was built")
	}
}

// The same tree gives the same result, whatever was built before.
func TestDeterministic(t *testing.T) {
	for _, name := range []string{"patches", "texts", "generators", "outside", "labels"} {
		archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		first := outline(load(treeOf(archive)))
		for range 5 {
			if again := outline(load(treeOf(archive))); !bytes.Equal(first, again) {
				t.Fatalf("%s differs:\n%s", name, cmp.Diff(string(first), string(again)))
			}
		}
	}
}

// Only the files of the walk decide what is built; what they use is read anyway.
func TestBuildsWhatWasWalked(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/diamond.txtar")
	if err != nil {
		t.Fatal(err)
	}
	tree := treeOf(archive)
	files, _ := tree.Walk([]string{"a", "base"}, source.WalkOptions{})
	r := loadFiles(tree, files)
	if len(r.overlays) != 1 || r.overlays[0].dir != "a" || len(r.objects) != 1 || r.objects[0].Name != "a-c" {
		t.Errorf("built %v", r.overlays)
	}
	files, _ = tree.Walk([]string{"both"}, source.WalkOptions{})
	if r := loadFiles(tree, files); !r.consumed["base/cm.yaml"] || len(r.objects) != 3 {
		t.Errorf("built %v of %v", r.overlays, r.consumed)
	}
}

// An overlay of very many lines is built without marks; fields are then looked
// up by their paths.
func TestManyLines(t *testing.T) {
	var resource strings.Builder
	const documents, comments = 400, 250
	for i := range documents {
		fmt.Fprintf(&resource, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%04d}\ndata: {k: v%d}\n%s---\n", i, i, strings.Repeat("#\n", comments))
	}
	r := load(source.NewTree(fstest.MapFS{
		"kustomization.yaml": {Data: []byte("resources: [all.yaml]\nnamespace: many\n")},
		"all.yaml":           {Data: []byte(resource.String())},
	}))
	if len(r.objects) != documents {
		t.Fatalf("%d objects, %s", len(r.objects), diagnostics(r))
	}
	for i, o := range r.objects {
		got := fmt.Sprint(o.File, " ", o.Root.Range, " ", o.Root.Get("data", "k").Range, " ", o.Root.Get("metadata", "namespace").Range)
		want := fmt.Sprintf("all.yaml all.yaml:%d:18 all.yaml:%d:11 kustomization.yaml:2:12", (comments+5)*i+3, (comments+5)*i+4)
		if got != want {
			t.Fatalf("%s: %s, want %s", o.Name, got, want)
		}
	}
}

// A large object on one line, as tools write JSON, is as fast as one on many.
func TestOneLine(t *testing.T) {
	var data strings.Builder
	const entries = 5_000
	for i := range entries {
		fmt.Fprintf(&data, `"k%d": "väl%d", `, i, i)
	}
	text := `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {` + data.String() + `"last": "x"}}`
	r := load(source.NewTree(fstest.MapFS{
		"kustomization.yaml": {Data: []byte("resources: [all.json]\n")},
		"all.json":           {Data: []byte(text)},
	}))
	if len(r.objects) != 1 {
		t.Fatal(diagnostics(r))
	}
	want := source.Pos{Line: 1, Column: 1 + utf8.RuneCountInString(text[:strings.LastIndex(text, `"x"`)])}
	if got := r.objects[0].Root.Get("data", "last").Range.Start; got != want {
		t.Errorf("the last value is at %v, want %v", got, want)
	}
}

// A directory that looks like an address does not make kustomize run git. What
// kustomize takes for an address whatever the tree holds is left alone.
func TestNoNetwork(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // there is no git
	files := fstest.MapFS{
		"kustomization.yaml":                     {Data: []byte("resources:\n- github.com/org/repo\n- https:/example.com/x.yaml\n- git@host/x\n")},
		"github.com/org/repo/kustomization.yaml": {Data: []byte("resources: [cm.yaml]\n")},
		"github.com/org/repo/cm.yaml":            {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")},
		"https:/example.com/x.yaml":              {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n")},
		"git@host/x":                             {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")},
	}
	r := load(source.NewTree(files))
	const advice = ": egresslint reads nothing from the network; lint the output of kustomize build to cover it\n"
	want := "kustomization.yaml:3:3: unread: read resource https:/example.com/x.yaml" + advice +
		"kustomization.yaml:4:3: unread: read resource git@host/x" + advice
	if d := diagnostics(r); d != want || len(r.objects) != 1 {
		t.Errorf("%d objects, diagnostics:\n%s", len(r.objects), d)
	}
}

// No kustomization, resource or patch may bring the process down.
func FuzzLoad(f *testing.F) {
	f.Add("resources: [a.yaml]\nnamespace: x\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: null}\n")
	f.Add("resources: [a.yaml, ../x]\npatches: [{path: p.yaml, target: {kind: Pod}}]\n", "---\nkind: List\napiVersion: v1\nitems: []\n", "- op: add\n  path: /a\n  value: {}\n")
	f.Add("configMapGenerator: [{name: x, files: [a.yaml], literals: [a=b]}]\nimages: [{name: a, newTag: v}]\n", "a: &a [*a]", "")
	f.Fuzz(func(t *testing.T, kustomization, resource, patch string) {
		r := load(source.NewTree(fstest.MapFS{
			"kustomization.yaml": {Data: []byte(kustomization)},
			"a.yaml":             {Data: []byte(resource)},
			"p.yaml":             {Data: []byte(patch)},
		}))
		for _, d := range r.diagnostics {
			if strings.Contains(d.Message, "internal error") {
				t.Errorf("%v", d)
			}
		}
		for _, o := range r.objects {
			if o.Root.Range.IsZero() {
				t.Errorf("%s has no place", o.Name)
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	archive, err := txtar.ParseFile("testdata/patches.txtar")
	if err != nil {
		b.Fatal(err)
	}
	tree := treeOf(archive)
	for b.Loop() {
		load(tree)
	}
}
