package kustomize_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"golang.org/x/tools/txtar"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/kustomize"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func treeOf(archive *txtar.Archive) *source.Tree {
	files := make(fstest.MapFS)
	for _, f := range archive.Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return source.NewTree(files)
}

// result is what the kustomizations of a tree build.
type result struct {
	objects     []*kubernetes.Object
	consumed    map[string]bool
	diagnostics []source.Diagnostic
	overlays    []overlay
}

// overlay is a kustomization that no other one uses.
type overlay struct {
	dir     string
	objects int
}

func load(tree *source.Tree) result {
	files, _ := tree.Walk([]string{"."}, source.WalkOptions{})
	return loadFiles(tree, files)
}

// loadFiles builds every kustomization among files that no other one uses, at the same
// time.
func loadFiles(tree *source.Tree, files []source.File) result {
	ctx := context.Background()
	s := kustomize.Read(ctx, tree, files)
	dirs := s.Overlays()
	objects, diagnostics := make([][]*kubernetes.Object, len(dirs)), make([][]source.Diagnostic, len(dirs))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, dir := range dirs {
		group.Go(func() error {
			objects[i], diagnostics[i] = s.Build(ctx, dir)
			return nil
		})
	}
	_ = group.Wait() // no build returns an error
	r := result{consumed: s.Consumed(), diagnostics: s.Diagnostics()}
	for i, dir := range dirs {
		r.objects = append(r.objects, objects[i]...)
		r.diagnostics = append(r.diagnostics, diagnostics[i]...)
		r.overlays = append(r.overlays, overlay{dir, len(objects[i])})
	}
	slices.SortStableFunc(r.diagnostics, source.Diagnostic.Compare)
	r.diagnostics = slices.Compact(r.diagnostics)
	return r
}

// outline renders a result: every scalar of every object with its place.
func outline(r result) []byte {
	var b bytes.Buffer
	for _, o := range r.overlays {
		fmt.Fprintf(&b, "overlay %s: %d objects\n", o.dir, o.objects)
	}
	consumed := make([]string, 0, len(r.consumed))
	for name := range r.consumed {
		consumed = append(consumed, name)
	}
	slices.Sort(consumed)
	for _, name := range consumed {
		fmt.Fprintf(&b, "consumed %s\n", name)
	}
	for _, d := range r.diagnostics {
		fmt.Fprintf(&b, "%s: %s: %s\n", d.Range, d.Kind, d.Message)
	}
	for _, o := range r.objects {
		fmt.Fprintf(&b, "\n%s %s/%s from %s, %s, at %s\n", o.Kind, o.Namespace, o.Name, o.From, o.File, o.Root.Range)
		leaves(&b, "", o.Root)
	}
	return b.Bytes()
}

func leaves(b *bytes.Buffer, path string, v *located.Value) {
	switch {
	case v.Kind == located.Map && len(v.Map) > 0:
		for _, f := range v.Map {
			leaves(b, path+"."+f.Key, f.Value)
		}
	case v.Kind == located.List && len(v.List) > 0:
		for i, e := range v.List {
			leaves(b, fmt.Sprintf("%s[%d]", path, i), e)
		}
	default:
		text, _ := v.Text()
		fmt.Fprintf(b, "  %s = %q  %s-%d\n", strings.TrimPrefix(path, "."), text, v.Range, v.Range.End.Column)
	}
}

func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := outline(load(treeOf(archive)))
			golden := strings.TrimSuffix(name, ".txtar") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		})
	}
}
