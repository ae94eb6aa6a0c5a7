package helm_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/egresslint/egresslint/parser/helm"
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

// result is what the charts of a tree render to.
type result struct {
	helm.Result
	consumed map[string]bool
}

func load(tree *source.Tree, opts helm.Options) result {
	return loadIn(context.Background(), tree, opts)
}

// loadIn renders the charts of a tree that no other one uses.
func loadIn(ctx context.Context, tree *source.Tree, opts helm.Options) result {
	files, _ := tree.Walk([]string{"."}, source.WalkOptions{})
	s := helm.Read(ctx, tree, files, opts)
	all := result{consumed: s.Consumed()}
	for _, dir := range s.Charts() {
		r := s.Render(ctx, dir)
		all.Objects = append(all.Objects, r.Objects...)
		all.Diagnostics = append(all.Diagnostics, r.Diagnostics...)
		all.Renderings = append(all.Renderings, r.Renderings...)
	}
	slices.SortStableFunc(all.Diagnostics, source.Diagnostic.Compare)
	all.Diagnostics = slices.Compact(all.Diagnostics)
	return all
}

// outline renders a result: every scalar of every object with its place.
func outline(r result) []byte {
	var b bytes.Buffer
	for _, x := range r.Renderings {
		fmt.Fprintf(&b, "chart %s, release %s, variant %q: %d objects\n", x.Dir, x.Release, x.Variant, x.Objects)
	}
	consumed := make([]string, 0, len(r.consumed))
	for name := range r.consumed {
		consumed = append(consumed, name)
	}
	slices.Sort(consumed)
	for _, name := range consumed {
		fmt.Fprintf(&b, "consumed %s\n", name)
	}
	b.WriteString(diagnostics(r))
	for _, o := range r.Objects {
		fmt.Fprintf(&b, "\n%s %s/%s from %s, %s, at %s\n", o.Kind, o.Namespace, o.Name, o.From, o.File, o.Root.Range)
		leaves(&b, "", o.Root)
	}
	return b.Bytes()
}

func diagnostics(r result) string {
	var b strings.Builder
	for _, d := range r.Diagnostics {
		fmt.Fprintf(&b, "%s: %s: %s\n", d.Range, d.Kind, d.Message)
	}
	return b.String()
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
		fmt.Fprintf(b, "  %s = %q  %s-%d", strings.TrimPrefix(path, "."), text, v.Range, v.Range.End.Column)
		for _, via := range v.Via {
			fmt.Fprintf(b, " via %s", via.Range)
		}
		b.WriteByte('\n')
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
			got := outline(load(treeOf(archive), helm.Options{}))
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
